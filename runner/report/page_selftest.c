/* The selftest: what the records tell of it, and the file that lies beside them. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "host/last_selftest.h"
#include "report/page_parts.h"
#include "selftest/selftest.h"

static void say_records(const struct study *s, struct text *out)
{
    text_add(out, "<p>The last selftest of the machine and build, as the records tell it:</p>\n<ul>");
    for (size_t i = 0; i < s->records.count; i++) {
        const char *said = s->records.list[i].details.selftest;
        size_t times = 0;
        bool first = true;
        for (size_t k = 0; k < s->records.count; k++) {
            bool same = s->records.list[k].details.selftest == said; /* of a pool */
            times += same;
            first &= !same || k >= i;
        }
        if (!first)
            continue;
        text_add(out, "<li>");
        html_text(out, said);
        text_add(out, " (%zu of %zu records)</li>", times, s->records.count);
    }
    text_add(out, "</ul>\n");
}

static const char *text_at(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));
    return s ? s : "";
}

static double number_at(const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    return json_is_number(v) ? json_number_value(v) : NAN;
}

static void add_checks(const json_t *whole, struct text *out)
{
    static const struct table_column COLUMNS[] = {
        {"load", "known load", "", false, TABLE_BOTH, 0},  {"figure", "figure", "", false, TABLE_BOTH, 0},
        {"unit", "unit", "", false, TABLE_BOTH, 0},        {"expected", "expected", "", true, TABLE_BOTH, 0},
        {"measured", "measured", "", true, TABLE_BOTH, 0}, {"verdict", "verdict", "", false, TABLE_BOTH, 0},
        {"reason", "reason", "", false, TABLE_BOTH, 0},
    };
    struct table t = table_new("selftest", "Selftest: known loads, as they were measured", COLUMNS, ARRAY_LEN(COLUMNS));
    const json_t *check;
    size_t i;
    json_array_foreach(json_object_get(whole, "checks"), i, check)
    {
        table_row(&t, NULL);
        table_text(&t, text_at(check, "load"));
        table_text(&t, text_at(check, "figure"));
        table_text(&t, text_at(check, "unit"));
        table_number(&t, number_at(check, "expected"), 0, NULL);
        table_number(&t, number_at(check, "measured"), 0, NULL);
        table_text(&t, text_at(check, "verdict"));
        table_text(&t, text_at(check, "reason"));
    }
    html_table(out, &t);
    table_free(&t);
}

int page_selftest(const struct study *s, const char *path, struct text *out, struct err *e)
{
    json_error_t why;
    say_records(s, out);
    if (!path)
        return 0;
    json_t *whole = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
    if (!whole)
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': line %d: %s", path, why.line, why.text);
    int failed = 0;
    if (strcmp(text_at(whole, "schema"), SELFTEST_SCHEMA) != 0)
        failed = err_set(e, ERR_USAGE, -EINVAL, "'%s': its schema is '%s'; this tare reads %s", path,
                         text_at(whole, "schema"), SELFTEST_SCHEMA);
    else
        add_checks(whole, out);
    json_decref(whole);
    return failed;
}

#include "report.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "record.h"
#include "timing.h"

#define ROWS_MAX  16
#define NOTES_MAX 16

/* The columns, NaN where there is no figure. */
enum column { AVG, P50, P95, TIMES, RSS, USS, PSS, PSS_TIMES, ANON_KERNEL, PEAK, COLUMNS };

static const struct {
    const char *head;
    int width;
    int decimals;
    double scale; /* from the record's unit */
} COLUMN[COLUMNS] = {
    [AVG] = {"avg ms", 9, 3, 1e3},
    [P50] = {"p50 ms", 9, 3, 1e3},
    [P95] = {"p95 ms", 9, 3, 1e3},
    [TIMES] = {"x threads", 10, 2, 1},
    [RSS] = {"RSS MiB", 9, 1, 1.0 / (1 << 20)},
    [USS] = {"USS MiB", 9, 1, 1.0 / (1 << 20)},
    [PSS] = {"PSS MiB", 9, 1, 1.0 / (1 << 20)},
    [PSS_TIMES] = {"x threads", 10, 2, 1},
    [ANON_KERNEL] = {"anon+kernel", 12, 1, 1.0 / (1 << 20)},
    [PEAK] = {"peak MiB", 9, 1, 1.0 / (1 << 20)},
};

struct row {
    char name[64];
    bool filled[2]; /* by a record of the profile */
    bool emulated;  /* its times are no measure */
    double value[COLUMNS];
};

/* What is said under the table: the names that share a reason, each once. */
struct note {
    struct text names, reason;
};

struct table {
    struct row row[ROWS_MAX];
    size_t rows;
    struct note note[NOTES_MAX];
    size_t notes;
};

static const json_t *at(const json_t *object, const char *path)
{
    char key[64];
    while (object && *path) {
        size_t len = strcspn(path, ".");
        text_format(key, sizeof(key), "%.*s", (int)len, path);
        object = json_object_get(object, key);
        path += len;
        path += *path == '.';
    }
    return object;
}

static double number_at(const json_t *record, const char *path)
{
    const json_t *v = at(record, path);
    return json_is_number(v) ? json_number_value(v) : NAN;
}

static const char *text_at(const json_t *record, const char *path)
{
    const char *s = json_string_value(at(record, path));
    return s ? s : "";
}

/* Whether the comma-separated names hold this one. */
static bool names_hold(const struct text *names, const char *name)
{
    size_t len = strlen(name);
    for (const char *p = names->data; p && *p; p += strcspn(p, ","), p += *p ? 2 : 0)
        if (strncmp(p, name, len) == 0 && (p[len] == ',' || p[len] == '\0'))
            return true;
    return false;
}

static void note(struct table *t, const char *name, const char *reason)
{
    size_t i = 0;
    while (i < t->notes && strcmp(t->note[i].reason.data, reason) != 0)
        i++;
    if (i == NOTES_MAX)
        return;
    struct note *n = &t->note[i];
    if (i == t->notes) {
        t->notes++;
        text_add(&n->reason, "%s", reason);
    }
    if (*name && !names_hold(&n->names, name))
        text_add(&n->names, "%s%s", n->names.len ? ", " : "", name);
}

static struct row *row_of(struct table *t, const char *name)
{
    for (size_t i = 0; i < t->rows; i++)
        if (strcmp(t->row[i].name, name) == 0)
            return &t->row[i];
    if (t->rows == ROWS_MAX) {
        note(t, name, "the table has no room for it");
        return NULL;
    }
    struct row *r = &t->row[t->rows++];
    text_format(r->name, sizeof(r->name), "%.60s", name);
    for (int c = 0; c < COLUMNS; c++)
        r->value[c] = NAN;
    return r;
}

static void note_isolation(struct table *t, const json_t *record)
{
    size_t i;
    const json_t *check;
    const char *grade = text_at(record, "isolation.grade");
    json_array_foreach(at(record, "isolation.checks"), i, check)
    {
        if (json_is_false(json_object_get(check, "ok")) && strcmp(text_at(check, "level"), "recorded") != 0)
            note(t, text_at(check, "name"), text_at(check, "reason"));
    }
    if (strcmp(grade, "full") != 0 && *grade) {
        char line[200];
        text_format(
            line, sizeof(line),
            "isolation is %.20s on this host, for the reasons above; 'make run-vm' weighs the same cells in a VM "
            "with a full slice",
            grade);
        note(t, "", line);
    }
}

static void note_timing(struct table *t, struct row *r, const json_t *record)
{
    char line[200];
    const char *by = timing_record_emulated_by(record);
    if (!by)
        return;
    r->emulated = true;
    text_format(line, sizeof(line),
                "the times are emulated, by %.80s: they show order, not size, and no ratio is made of them (memory is "
                "not emulated)",
                by);
    note(t, "", line);
}

static void note_termination(struct table *t, const json_t *record)
{
    char cell[64];
    struct text why = {0};
    if (strcmp(text_at(record, "termination.reason"), "ok") == 0)
        return;
    text_format(cell, sizeof(cell), "%.20s %.20s", text_at(record, "scenario.mode"),
                text_at(record, "scenario.profile"));
    text_add(&why, "%s: %s", text_at(record, "termination.reason"), text_at(record, "termination.detail"));
    note(t, cell, why.data);
    text_free(&why);
}

static void take_record(struct table *t, const json_t *record)
{
    char name[64];
    const char *start = text_at(record, "scenario.mp_start_method");
    const char *mode = text_at(record, "scenario.mode");
    text_format(name, sizeof(name), "%.15s%s%.12s, %.10s", mode, *start ? " " : "", start,
                text_at(record, "runtime.name"));
    struct row *r = row_of(t, name);
    if (!r)
        return;
    bool memory = strcmp(text_at(record, "scenario.profile"), "memory") == 0;
    if (r->filled[memory])
        note(t, name, "there are several records of it; the last one is shown");
    r->filled[memory] = true;
    note_termination(t, record);
    if (memory) {
        r->value[RSS] = number_at(record, "memory.parent_and_workers.rss.avg");
        r->value[USS] = number_at(record, "memory.parent_and_workers.uss.avg");
        r->value[PSS] = number_at(record, "memory.parent_and_workers.pss.avg");
        r->value[ANON_KERNEL] =
            number_at(record, "memory.slice.anon.avg") + number_at(record, "memory.slice.kernel.avg");
        r->value[PEAK] = number_at(record, "memory.slice.peak");
    } else {
        r->value[AVG] = number_at(record, "result.avg_iter_s");
        r->value[P50] = number_at(record, "result.p50_iter_s");
        r->value[P95] = number_at(record, "result.p95_iter_s");
        note_timing(t, r, record);
    }
    note_isolation(t, record);
}

static int load_record(const char *path, json_t **ret, struct err *e)
{
    json_error_t why;
    json_t *record = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
    if (!record && why.line < 0) /* it could not be opened */
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': %s", path, why.text);
    if (!record)
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': line %d: %s", path, why.line, why.text);
    if (strcmp(text_at(record, "schema"), RECORD_SCHEMA) != 0) {
        int failed = err_set(e, ERR_USAGE, -EINVAL, "'%s': its schema is '%s'; this tare reads %s", path,
                             text_at(record, "schema"), RECORD_SCHEMA);
        json_decref(record);
        return failed;
    }
    *ret = record;
    return 0;
}

static void take_ratios(struct table *t)
{
    const struct row *threads = NULL;
    for (size_t i = 0; !threads && i < t->rows; i++)
        if (strncmp(t->row[i].name, "threads", 7) == 0)
            threads = &t->row[i];
    for (size_t i = 0; threads && i < t->rows; i++) {
        if (!threads->emulated && !t->row[i].emulated)
            t->row[i].value[TIMES] = t->row[i].value[AVG] / threads->value[AVG];
        t->row[i].value[PSS_TIMES] = t->row[i].value[PSS] / threads->value[PSS];
    }
}

static void print_table(const struct table *t, struct text *out)
{
    text_add(out, "%-30s", "");
    for (int c = 0; c < COLUMNS; c++)
        text_add(out, "%*s", COLUMN[c].width + 1, COLUMN[c].head);
    text_add(out, "\n");
    for (size_t i = 0; i < t->rows; i++) {
        text_add(out, "%-30s", t->row[i].name);
        for (int c = 0; c < COLUMNS; c++) {
            double scaled = t->row[i].value[c] * COLUMN[c].scale;
            if (isfinite(scaled)) /* a ratio to nothing is none */
                text_add(out, "%*.*f", COLUMN[c].width + 1, COLUMN[c].decimals, scaled);
            else
                text_add(out, "%*s", COLUMN[c].width + 1, "-");
        }
        text_add(out, "\n");
    }
    if (t->notes)
        text_add(out, "\n");
    for (size_t i = 0; i < t->notes; i++)
        text_add(out, "* %s%s%s\n", t->note[i].names.len ? t->note[i].names.data : "", t->note[i].names.len ? ": " : "",
                 t->note[i].reason.data);
}

int report_table(char *const *paths, size_t count, struct text *out, struct err *e)
{
    struct table t = {0};
    int failed = 0;
    for (size_t i = 0; failed == 0 && i < count; i++) {
        json_t *record = NULL;
        failed = load_record(paths[i], &record, e);
        if (failed == 0)
            take_record(&t, record);
        json_decref(record);
    }
    if (failed == 0) {
        take_ratios(&t);
        print_table(&t, out);
    }
    for (size_t i = 0; i < t.notes; i++) {
        text_free(&t.note[i].names);
        text_free(&t.note[i].reason);
    }
    return failed;
}

/* The selftest's report as JSON. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/json_put.h"
#include "base/text.h"
#include "base/version.h"
#include "host/last_selftest.h"
#include "selftest/selftest.h"

static json_t *text_or_null(const char *text)
{
    return *text ? json_of_bytes(text) : json_null();
}

static json_t *integer_or_null(bool has, int64_t value)
{
    return has ? json_integer(value) : json_null();
}

static json_t *json_of_result(const struct selftest_result *r)
{
    const struct selftest_check *c = r->check;
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:s, s:o}", "load", c->load, "what", selftest_load(c->load),
        "figure", selftest_figure_name(c->figure), "unit", selftest_figure_unit(c->figure), "verdict",
        selftest_verdict_names[r->verdict], "expected", integer_or_null(r->has_expected, r->expected), "measured",
        integer_or_null(r->has_measured, r->measured), "tolerance_below", integer_or_null(r->has_expected, r->below),
        "tolerance_above", integer_or_null(r->has_expected, r->above), "tolerance_why", c->why, "reason",
        text_or_null(r->reason));
}

static json_t *json_of_slice(const struct selftest_report *report)
{
    return json_pack("{s:s, s:o, s:s, s:b}", "provenance", report->provenance, "provenance_reason",
                     text_or_null(report->slice_reason), "cpus", report->cpus, "exclusive", report->exclusive);
}

int selftest_json(const struct selftest_report *report, struct text *out, struct err *e)
{
    json_t *checks = json_array();
    for (size_t i = 0; i < report->results; i++)
        (void)json_array_append_new(checks, json_of_result(&report->result[i]));
    json_t *counts = json_pack("{s:I, s:I, s:I}", "passed", (json_int_t)report->count[SELFTEST_PASS], "failed",
                               (json_int_t)report->count[SELFTEST_FAIL], "unavailable",
                               (json_int_t)report->count[SELFTEST_UNAVAILABLE]);
    json_t *whole = json_pack("{s:s, s:s, s:o, s:s, s:b, s:o, s:o, s:o}", "schema", SELFTEST_SCHEMA, "at", report->at,
                              "tool", json_of_tool(), "boot_id", report->boot_id, "emulated", report->emulated, "slice",
                              json_of_slice(report), "counts", counts, "checks", checks);
    char *dump = whole ? json_dumps(whole, JSON_INDENT(2)) : NULL;
    json_decref(whole);
    if (!dump)
        return err_set(e, ERR_OURS, -EIO, "cannot write the selftest's report as JSON");
    text_add(out, "%s\n", dump);
    free(dump);
    return 0;
}

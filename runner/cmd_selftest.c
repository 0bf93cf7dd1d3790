#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/command.h"
#include "base/err.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cell/config.h"
#include "cell/scenarios.h"
#include "host/last_selftest.h"
#include "report/table.h"
#include "selftest/planted.h"
#include "selftest/selftest.h"

/* A report that cannot be stored is still shown; records will say that there is none. */
static void show(const struct selftest_report *report, bool as_json)
{
    cleanup_text struct text words = {0}, json = {0};
    struct err kept = {0};
    selftest_json(report, &json);
    if (last_selftest_keep(&json, &kept) != 0)
        terminal_say("selftest: it is not kept for the records: %s", kept.text);
    if (!as_json)
        selftest_text(report, &words);
    (void)fputs(as_json ? json.data : words.data, stdout);
}

/* --- whether --why names what is planted -------------------------------------------------------------------------- */

static const struct table_column COLUMNS[] = {
    TABLE_TEXT("pattern", "pattern"), TABLE_TEXT("planted", "planted"),
    TABLE_TEXT("named", "named"),     TABLE_NUMBER("share_percent", "share", "%"),
    TABLE_TEXT("verdict", "ok"),
};

static const char *or_none(const char *id)
{
    return id && *id ? id : "none";
}

static void add_row(const struct planted_result *r, struct table *t)
{
    table_row(t, NULL);
    table_texts(t, r->planted->pattern, or_none(r->planted->cause),
                r->verdict == PLANTED_UNAVAILABLE ? "" : or_none(r->named));
    table_number(t, 100 * r->share, 0, NULL);
    table_text(t, planted_verdict_names[r->verdict]);
}

static void add_reasons(const struct planted_report *report, size_t width, struct text *out)
{
    const char *before = "\n";
    for (size_t i = 0; i < report->results; i++) {
        const struct planted_result *r = &report->result[i];
        cleanup_text struct text line = {0};
        if (!*r->reason)
            continue;
        text_add(&line, "* %s is %s: %s", r->planted->pattern, planted_verdict_names[r->verdict], r->reason);
        text_add(out, "%s", before);
        terminal_wrap(line.data, 0, width, 2, out);
        before = "";
    }
}

static void planted_text(const struct planted_report *report, size_t width, struct text *out)
{
    cleanup_table struct table t = table_new("planted", "", COLUMNS, ARRAY_LEN(COLUMNS));
    cleanup_text struct text head = {0};
    text_add(&head, "%" PRId64 " threads on CPUs %s%s, Python %s, %s", report->workers, report->cpus,
             report->emulated ? " (emulated)" : "", report->version, report->interpreter);
    terminal_wrap(head.data, 0, width, 2, out);
    if (!report->frame_pointers)
        terminal_wrap("It was built without frame pointers: causes are named by the innermost function alone "
                      "(scripts/build-python --config diag)",
                      0, width, 2, out);
    text_add(out, "\n");
    for (size_t i = 0; i < report->results; i++)
        add_row(&report->result[i], &t);
    table_as_text(&t, width, out);
    add_reasons(report, width, out);
    text_add(out, "\ntare selftest --why: %zu ok, %zu misnamed, %zu unavailable\n", report->count[PLANTED_OK],
             report->count[PLANTED_MISNAMED], report->count[PLANTED_UNAVAILABLE]);
}

static int judge_why(const struct config *c, struct err *e)
{
    struct planted_report report;
    cleanup_text struct text out = {0};
    int failed = planted_run(&c->cell, c->host.only, &report, e);
    scenarios_free();
    if (failed != 0)
        return err_wrap(e, "--why");
    int status = report.interrupted_by                ? 128 + report.interrupted_by
                 : report.count[PLANTED_MISNAMED] > 0 ? ERR_SAID_NO
                                                      : 0;
    if (c->host.json)
        planted_json(&report, &out);
    else
        planted_text(&report, terminal_width(STDOUT_FILENO), &out);
    if (!report.interrupted_by)
        (void)fputs(out.data, stdout);
    planted_free(&report);
    return status;
}

int cmd_selftest(struct config *c, struct err *e)
{
    static struct selftest_report report;
    if (c->why)
        return judge_why(c, e);
    if (c->host.only || strcmp(c->cell.runtime, "auto") != 0)
        return err_set(e, ERR_USAGE, -EINVAL, "--%s goes with --why alone", c->host.only ? "only" : "runtime");
    TRY(selftest_run(&c->cell, &report, e));
    if (report.interrupted_by)
        return 128 + report.interrupted_by;
    show(&report, c->host.json);
    return report.count[SELFTEST_FAIL] > 0 ? ERR_SAID_NO : 0;
}

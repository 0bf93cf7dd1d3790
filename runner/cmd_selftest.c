#include <errno.h>
#include <stdio.h>

#include "base/command.h"
#include "base/text.h"
#include "cell/config.h"
#include "cell/manual.h"
#include "host/last_selftest.h"
#include "selftest/selftest.h"

/* What cannot be kept is still shown: a reader of the records will see that there was none. */
static int show(const struct selftest_report *report, bool as_json, struct err *e)
{
    struct text json = {0}, words = {0};
    struct err kept = {0};
    int failed = selftest_json(report, &json, e);
    if (failed == 0 && last_selftest_keep(&json, &kept) != 0)
        (void)fprintf(stderr, "tare: selftest: it is not kept for the records: %s\n", kept.text);
    if (failed == 0 && !as_json)
        selftest_text(report, &words);
    if (failed == 0)
        (void)fputs(as_json ? json.data : words.data, stdout);
    text_free(&json);
    text_free(&words);
    return failed;
}

int cmd_selftest(int argc, char **argv, struct err *e)
{
    struct config c;
    static struct selftest_report report;
    int failed = config_begin(CONFIG_SELFTEST, argc, argv, &c, e);
    if (failed == 0 && c.positional)
        failed = err_set(e, ERR_USAGE, -EINVAL, "'%s': 'tare selftest' takes no name", c.positional);
    if (failed == 0 && c.help)
        return manual_print(CONFIG_SELFTEST, NULL, NULL);
    if (failed == 0)
        failed = cell_complete(&c.cell, e);
    if (failed == 0)
        failed = selftest_run(&c.cell, &report, e);
    if (failed == 0 && report.interrupted_by)
        return 128 + report.interrupted_by;
    if (failed == 0)
        failed = show(&report, c.host.json, e);
    return failed != 0 ? failed : report.count[SELFTEST_FAIL] > 0 ? ERR_SAID_NO : 0;
}

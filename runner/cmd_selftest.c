#include <errno.h>
#include <stdio.h>

#include "base/command.h"
#include "base/err.h"
#include "base/text.h"
#include "cell/config.h"
#include "cell/manual.h"
#include "host/last_selftest.h"
#include "selftest/selftest.h"

/* A report that cannot be stored is still shown; records will say that there is none. */
static int show(const struct selftest_report *report, bool as_json, struct err *e)
{
    cleanup_text struct text words = {0}, json = {0};
    struct err kept = {0};
    TRY(selftest_json(report, &json, e));
    if (last_selftest_keep(&json, &kept) != 0)
        (void)fprintf(stderr, "tare: selftest: it is not kept for the records: %s\n", kept.text);
    if (!as_json)
        selftest_text(report, &words);
    (void)fputs(as_json ? json.data : words.data, stdout);
    return 0;
}

int cmd_selftest(int argc, char **argv, struct err *e)
{
    struct config c;
    static struct selftest_report report;
    TRY(config_begin(CONFIG_SELFTEST, argc, argv, &c, e));
    if (c.positional)
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': 'tare selftest' takes no name", c.positional);
    if (c.help)
        return manual_print(CONFIG_SELFTEST, NULL, NULL);
    TRY(cell_complete(&c.cell, e));
    TRY(selftest_run(&c.cell, &report, e));
    if (report.interrupted_by)
        return 128 + report.interrupted_by;
    TRY(show(&report, c.host.json, e));
    return report.count[SELFTEST_FAIL] > 0 ? ERR_SAID_NO : 0;
}

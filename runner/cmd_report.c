#include <errno.h>
#include <stdio.h>

#include "base/err.h"
#include "base/text.h"
#include "command.h"
#include "config.h"
#include "records.h"
#include "records_csv.h"

static int print_help(void)
{
    struct text help = {0};
    text_add(&help,
             "tare report [OPTION]... DIR\n"
             "Every record of DIR (or the one record that it is) as a row of a table: what it is, the keys of its\n"
             "cell, every figure. A figure that the record does not have is empty; the last column says why.\n\n");
    config_help(CONFIG_REPORT, NULL, &help);
    (void)fputs(help.data, stdout);
    text_free(&help);
    return 0;
}

int cmd_report(int argc, char **argv, struct err *e)
{
    struct config c;
    struct records records = {0};
    struct text out = {0};
    int failed = config_parse(CONFIG_REPORT, argc, argv, &c, e);
    if (failed != 0)
        return failed;
    if (c.help)
        return print_help();
    if (!c.positional)
        return err_set(e, ERR_USAGE, -EINVAL, "it takes a record or a folder of records ('tare report --help')");
    failed = records_read(&records, c.positional, e);
    if (failed == 0) {
        records_csv(&records, &out);
        (void)fwrite(out.data, 1, out.len, stdout);
    }
    text_free(&out);
    records_free(&records);
    return failed;
}

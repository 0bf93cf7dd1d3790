#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/text.h"
#include "command.h"
#include "config/config.h"
#include "report/records.h"
#include "report/records_csv.h"
#include "report/report.h"

static int print_help(void)
{
    struct text help = {0};
    text_add(
        &help,
        "tare report [OPTION]... RECORD|DIR...\n"
        "One table of these records, and of those in these folders: a row a cell, its times beside its memory, with\n"
        "the ratios to threads. As CSV a row a record: what it is, the keys of its cell, every figure; a figure\n"
        "that the record does not have is empty, and the last column says why.\n\n");
    config_help(CONFIG_REPORT, NULL, &help);
    (void)fputs(help.data, stdout);
    text_free(&help);
    return 0;
}

static int make_table(const struct records *records, struct text *out, struct err *e)
{
    char **path = calloc(records->count + 1, sizeof(*path));
    if (!path)
        return err_set(e, ERR_OURS, -ENOMEM, "no memory for %zu records", records->count);
    for (size_t i = 0; i < records->count; i++)
        path[i] = (char *)records->list[i].path; /* it is only read */
    int failed = report_table(path, records->count, out, e);
    free(path);
    return failed;
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
    if (!c.names)
        return err_set(e, ERR_USAGE, -EINVAL, "it takes records or folders of records ('tare report --help')");
    for (size_t i = 0; failed == 0 && c.names[i]; i++)
        failed = records_read(&records, c.names[i], e);
    if (failed == 0 && c.analysis.table_format == REPORT_CSV)
        records_csv(&records, &out);
    else if (failed == 0)
        failed = make_table(&records, &out, e);
    if (failed == 0)
        (void)fwrite(out.data, 1, out.len, stdout);
    text_free(&out);
    records_free(&records);
    return failed;
}

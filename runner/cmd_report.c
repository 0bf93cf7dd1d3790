#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "command.h"
#include "config/config.h"
#include "paper/paper.h"
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

/* --- --paper --------------------------------------------------------------------------------------------------------
 */

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

/* Made beside its place and put there when it is whole: after a failure nothing is left. */
static int write_paper(const struct config *c, struct err *e)
{
    char draft[PATH_MAX];
    size_t count = 0, len = strlen(c->analysis.paper);
    while (len > 1 && c->analysis.paper[len - 1] == '/')
        len--;
    int n = snprintf(draft, sizeof(draft), "%.*s.tmp.%d", (int)len, c->analysis.paper, (int)getpid());
    if (n < 0 || (size_t)n >= sizeof(draft))
        return err_set(e, ERR_USAGE, -ENAMETOOLONG, "--paper '%.100s…': the name is too long", c->analysis.paper);
    int failed = file_make_dirs(draft);
    if (failed != 0)
        return err_set(e, ERR_USAGE, failed, "--paper '%s': %s", c->analysis.paper, strerror(-failed));
    while (c->names[count])
        count++;
    cleanup_close int fd = open(draft, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct paper_options how = {.draw = true};
    failed =
        fd < 0 ? err_sys(e, ERR_OURS, "'%s'", draft) : paper_write((const char *const *)c->names, count, &how, fd, e);
    if (failed == 0 && rename(draft, c->analysis.paper) != 0)
        failed = errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR
                     ? err_set(e, ERR_USAGE, -EEXIST, "--paper '%s': what is allowed is a new folder or an empty one",
                               c->analysis.paper)
                     : err_sys(e, ERR_OURS, "--paper '%s'", c->analysis.paper);
    if (failed != 0)
        (void)nftw(draft, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
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
    if (failed == 0 && c.analysis.paper)
        failed = write_paper(&c, e);
    if (failed == 0)
        (void)fwrite(out.data, 1, out.len, stdout);
    text_free(&out);
    records_free(&records);
    return failed;
}

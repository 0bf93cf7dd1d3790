#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/text.h"
#include "command.h"
#include "report.h"

static const char HELP[] = "tare table RECORD|DIR...\n"
                           "One table of the records in these files, and in the *.json of these folders: a row a mode, "
                           "its times beside\nits memory, with the ratios to threads.\n";

static void keep(struct text *list, const char *path)
{
    text_add(list, "%s", path);
    text_add_bytes(list, "", 1);
}

/* Adds a file, or the records that a folder holds, in the order of their names, which is that of time. */
static int add(const char *name, struct text *list, size_t *count, struct err *e)
{
    char pattern[PATH_MAX];
    struct stat st;
    glob_t found;
    if (stat(name, &st) != 0)
        return err_sys(e, ERR_USAGE, "'%s'", name);
    if (!S_ISDIR(st.st_mode)) {
        keep(list, name);
        *count += 1;
        return 0;
    }
    int n = snprintf(pattern, sizeof(pattern), "%s/*.json", name);
    if (n < 0 || (size_t)n >= sizeof(pattern) || glob(pattern, 0, NULL, &found) != 0)
        return err_set(e, ERR_USAGE, -ENOENT, "'%s': no record in it (*.json)", name);
    for (size_t i = 0; i < found.gl_pathc; i++)
        keep(list, found.gl_pathv[i]);
    *count += found.gl_pathc;
    globfree(&found);
    return 0;
}

static int print_table(const struct text *list, size_t count, struct err *e)
{
    struct text table = {0};
    char **paths = calloc(count + 1, sizeof(*paths));
    if (!paths)
        return err_set(e, ERR_OURS, -ENOMEM, "out of memory");
    char *path = list->data;
    for (size_t i = 0; i < count; i++, path += strlen(path) + 1)
        paths[i] = path;
    int failed = report_table(paths, count, &table, e);
    if (failed == 0)
        (void)fputs(table.data, stdout);
    text_free(&table);
    free(paths);
    return failed;
}

int cmd_table(int argc, char **argv, struct err *e)
{
    struct text list = {0};
    size_t count = 0;
    int failed = 0;
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        (void)fputs(HELP, stdout);
        return 0;
    }
    if (argc < 2 || argv[1][0] == '-')
        return err_set(e, ERR_USAGE, -EINVAL, "it takes records or folders of records ('tare table --help')");
    for (int i = 1; failed == 0 && i < argc; i++)
        failed = add(argv[i], &list, &count, e);
    if (failed == 0)
        failed = print_table(&list, count, e);
    text_free(&list);
    return failed;
}

#include "report/paper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "report/draw.h"
#include "report/drawings.h"
#include "report/paper_parts.h"
#include "report/tex.h"

void paper_head(const struct study *s, const char *what, struct text *out)
{
    text_add(out, "%% %s, from %zu records of tare; a change by hand is found by 'tare verify'.\n", what,
             s->records.count);
}

static int check_empty(int dirfd, struct err *e)
{
    const struct dirent *entry;
    int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir)
        return err_sys(e, ERR_USAGE, "the folder for the paper's files");
    while ((entry = readdir(dir)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            return err_set(e, ERR_USAGE, -EEXIST,
                           "the folder for the paper's files has '%.200s' in it: what is allowed is an empty one",
                           entry->d_name);
    return 0;
}

static int make_folder(int dirfd, const char *name, int *ret, struct err *e)
{
    if (mkdirat(dirfd, name, 0755) != 0)
        return err_sys(e, ERR_OURS, "cannot make '%s'", name);
    *ret = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (*ret < 0 || fchmod(*ret, 0755) != 0)
        return err_sys(e, ERR_OURS, "'%s'", name);
    return 0;
}

static void add_table(const struct study *s, const struct table *t, struct text *out)
{
    paper_head(s, t->title, out);
    if (t->rows > 0)
        tex_table(t, out);
    else
        tex_text(out, t->empty ? t->empty : "");
}

void paper_tables(const struct study *s, const struct tables *t, struct text *out)
{
    for (size_t i = 0; i < TABLES; i++) {
        text_add(out, "%s", i ? "\n" : "");
        add_table(s, &t->of[i], out);
    }
}

static int write_table(const struct study *s, const struct table *t, int dirfd, struct err *e)
{
    char name[NAME_MAX];
    cleanup_text struct text csv = {0}, tex = {0};
    table_csv(t, &csv);
    add_table(s, t, &tex);
    text_format(name, sizeof(name), "%s.csv", t->name);
    int failed = file_create_at(dirfd, name, csv.data, csv.len, e);
    text_format(name, sizeof(name), "%s.tex", t->name);
    if (failed == 0)
        failed = file_create_at(dirfd, name, tex.data, tex.len, e);
    return failed;
}

static int write_tables(const struct study *s, const struct tables *t, int dirfd, struct err *e)
{
    cleanup_close int fd = -1;
    int failed = make_folder(dirfd, "tables", &fd, e);
    for (size_t i = 0; failed == 0 && i < TABLES; i++)
        failed = write_table(s, &t->of[i], fd, e);
    return failed;
}

static int write_figures(const struct study *s, bool draw, int dirfd, struct err *e)
{
    cleanup_close int fd = -1;
    struct drawings all = drawings_make(s);
    int failed = make_folder(dirfd, "figures", &fd, e);
    if (failed == 0)
        failed = draw_files(&all, fd, draw ? DRAW_SVG | DRAW_PDF | DRAW_PNG : DRAW_DATA, e);
    drawings_free(&all);
    return failed;
}

static int write_all(const struct study *s, const struct paper_options *o, int dirfd, struct err *e)
{
    struct tables tables = tables_make(s);
    cleanup_text struct text numbers = {0}, appendix = {0};
    paper_numbers(s, &numbers);
    paper_appendix(s, &tables, o, &appendix);
    int failed = file_create_at(dirfd, "numbers.tex", numbers.data, numbers.len, e);
    if (failed == 0)
        failed = file_create_at(dirfd, "appendix.tex", appendix.data, appendix.len, e);
    if (failed == 0)
        failed = write_tables(s, &tables, dirfd, e);
    if (failed == 0)
        failed = write_figures(s, o->draw, dirfd, e);
    tables_free(&tables);
    return failed;
}

int paper_write(const struct study *s, const struct paper_options *o, int dirfd, struct err *e)
{
    int failed = check_empty(dirfd, e);
    return failed == 0 ? write_all(s, o, dirfd, e) : failed;
}

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "command.h"
#include "meter.h"
#include "plan.h"
#include "report.h"
#include "run.h"
#include "show.h"

#define OUT_DEFAULT "out"

/* A matrix on its way. */
struct matrix {
    struct cell cell[PLAN_CELLS_MAX];
    struct runtime runtime[PLAN_CELLS_MAX];
    char *path[PLAN_CELLS_MAX]; /* of the records written, owned */
    size_t cells, runtimes, records;
    const char *dir;
    size_t failed; /* cells whose workload did not end well */
    int interrupted_by;
};

static int print_help(void)
{
    struct text help = {0};
    text_add(&help,
             "tare matrix PLAN [OPTION]...\n"
             "Runs the plan's cells one after the other, each in a fresh slice, writes a record each into --out\n"
             "(default '" OUT_DEFAULT
             "') and prints one table of them. What the options say holds for every cell.\n\n");
    for (const struct plan *p = plans; p->name; p++)
        text_add(&help, "  %-24s %s\n", p->name, p->summary);
    text_add(&help, "\n");
    config_help(CONFIG_MATRIX, NULL, &help);
    (void)fputs(help.data, stdout);
    text_free(&help);
    return 0;
}

static int list_plans(void)
{
    for (const struct plan *p = plans; p->name; p++)
        (void)printf("%s  %s\n", p->name, p->summary);
    return 0;
}

static int find_runtimes(struct matrix *m, struct err *e)
{
    for (m->runtimes = 0; m->runtimes < m->cells; m->runtimes++) {
        int failed = runtime_find(&m->cell[m->runtimes], &m->runtime[m->runtimes], e);
        if (failed != 0)
            return failed;
    }
    return 0;
}

static void free_runtimes(struct matrix *m)
{
    while (m->runtimes > 0)
        runtime_free(&m->runtime[--m->runtimes]);
}

/* No interpreter to be had is no reason to weigh nothing: the native runtime shows what the system itself costs. */
static int find_or_fall_back(struct matrix *m, struct err *e)
{
    int failed = find_runtimes(m, e);
    if (failed != -ENOENT || strcmp(m->cell[0].runtime, "auto") != 0)
        return failed;
    (void)fprintf(stderr, "tare: matrix: %s; going on with the native runtime\n", e->text);
    free_runtimes(m);
    for (size_t i = 0; i < m->cells; i++)
        m->cell[i].runtime = "native";
    *e = (struct err){0};
    return find_runtimes(m, e);
}

static int keep_record(struct matrix *m, const struct record *r, struct err *e)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s.json", m->dir, r->id) < 0)
        abort();
    int failed = record_save(r, path, e);
    if (failed != 0)
        free(path);
    else
        m->path[m->records++] = path;
    return failed;
}

static int run_one(struct matrix *m, size_t i, struct session *session, struct meter *meter, struct err *e)
{
    struct record record;
    struct text shown = {0};
    int failed = run_cell(session, &m->cell[i], &m->runtime[i], meter_cell(meter, i), &record, e);
    meter_clear(meter);
    if (failed != 0)
        return err_wrap(e, "cell %zu of %zu", i + 1, m->cells);
    show_record(&record, &shown);
    (void)printf("%s%s\n", i ? "\n" : "", shown.data);
    (void)fflush(stdout);
    text_free(&shown);
    m->failed += record.termination != TERMINATION_OK;
    m->interrupted_by = record.interrupted_by;
    failed = keep_record(m, &record, e);
    if (failed == 0 && *record.trouble)
        failed = err_set(e, ERR_OURS, -EBUSY, "%s", record.trouble);
    record_free(&record);
    return failed;
}

static int run_all(struct matrix *m, struct err *e)
{
    struct session session;
    struct meter meter;
    int failed = session_open(&m->cell[0], &session, e);
    if (failed != 0)
        return failed;
    meter_open(&meter, m->cell, m->cells);
    for (size_t i = 0; failed == 0 && !m->interrupted_by && i < m->cells; i++)
        failed = run_one(m, i, &session, &meter, e);
    int left = session_close(&session, failed == 0 ? e : NULL);
    return failed != 0 ? failed : left;
}

static int print_table(const struct matrix *m, struct err *e)
{
    struct text table = {0};
    int failed = report_table(m->path, m->records, &table, e);
    if (failed == 0)
        (void)printf("%s* records: %s\n", table.data, m->dir);
    text_free(&table);
    return failed;
}

static int run_matrix(struct matrix *m, struct err *e)
{
    int failed = file_make_dirs(m->dir);
    if (failed != 0) {
        errno = -failed;
        return err_sys(e, ERR_USAGE, "--out '%s': cannot make the folder", m->dir);
    }
    failed = find_or_fall_back(m, e);
    if (failed == 0)
        failed = run_all(m, e);
    if (failed == 0 && m->records > 0)
        failed = print_table(m, e);
    if (failed != 0)
        return failed;
    if (m->interrupted_by)
        return 128 + m->interrupted_by;
    if (m->failed)
        return err_set(e, ERR_WORKLOAD, -ECANCELED, "%zu of %zu cells did not end well; the table says why", m->failed,
                       m->cells);
    return 0;
}

int cmd_matrix(int argc, char **argv, struct err *e)
{
    struct config c;
    struct matrix m = {0};
    int failed = config_parse(CONFIG_MATRIX, argc, argv, &c, e);
    if (failed != 0)
        return failed;
    if (c.help)
        return print_help();
    if (!c.positional)
        return list_plans();
    failed = plan_cells(c.positional, &c.cell, m.cell, &m.cells, e);
    if (failed != 0)
        return failed;
    m.dir = c.output.dir ? c.output.dir : OUT_DEFAULT;
    int status = run_matrix(&m, e);
    free_runtimes(&m);
    for (size_t i = 0; i < m.records; i++)
        free(m.path[i]);
    return status;
}

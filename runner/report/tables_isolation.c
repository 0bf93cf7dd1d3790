/* What was asked of the host and what it gave, cell by cell. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "report/tables.h"

/* The grades of a cell's invocations, each once. */
static void say_grades(const struct study_cell *c, struct text *out)
{
    text_add(out, "%s", "");
    for (size_t i = 0; i < c->count; i++) {
        bool told = false;
        for (size_t k = 0; k < i; k++)
            told |= strcmp(c->invocation[k]->grade, c->invocation[i]->grade) == 0;
        if (!told)
            text_add(out, "%s%s", out->len ? ", " : "",
                     *c->invocation[i]->grade ? c->invocation[i]->grade : "not told");
    }
}

/* A check that does not hold, and in how many invocations it does not for the same reason. */
struct broken {
    const struct unmet *of;
    size_t times;
};

/* Each once, in the order in which they came up; of one pool, so that pointers tell. The caller frees the list. */
static struct broken *broken_of(const struct study_cell *c, size_t *count)
{
    struct broken *list = NULL;
    size_t n = 0;
    for (size_t i = 0; i < c->count; i++) {
        const struct invocation_details *d = &c->invocation[i]->details;
        for (size_t u = 0; u < d->unmets; u++) {
            size_t k = 0;
            while (k < n && (list[k].of->name != d->unmet[u].name || list[k].of->reason != d->unmet[u].reason))
                k++;
            if (k == n) {
                list = xgrow(list, n, sizeof(*list));
                list[n++] = (struct broken){&d->unmet[u], 0};
            }
            list[k].times++;
        }
    }
    *count = n;
    return list;
}

static void add_verdict(struct table *t, const struct study_cell *c, const char *grades, const struct unmet *u,
                        double times)
{
    tables_add_name(t, c);
    table_text(t, c->profile);
    table_text(t, grades);
    table_text(t, u ? u->name : "every check holds");
    table_text(t, u ? u->level : "");
    table_text(t, u ? u->reason : "");
    table_number(t, times, 0, NULL);
}

struct table tables_isolation(const struct study *s)
{
    static const struct table_column COLUMNS[] = {TABLES_NAME,
                                                  {"profile", "profile", "", false, TABLE_BOTH, 0},
                                                  {"grade", "grade", "", false, TABLE_BOTH, 0},
                                                  {"check", "does not hold", "", false, TABLE_BOTH, 0},
                                                  {"level", "level", "", false, TABLE_BOTH, 0},
                                                  {"reason", "reason", "", false, TABLE_BOTH, 0},
                                                  {"times", "in runs", "", true, TABLE_BOTH, 0}};
    struct table t = table_new("isolation", "Checks of the isolation that do not hold", COLUMNS, ARRAY_LEN(COLUMNS));
    for (size_t i = 0; i < s->cells; i++) {
        const struct study_cell *c = &s->cell[i];
        struct text grades = {0};
        size_t count = 0;
        cleanup_free struct broken *broken = broken_of(c, &count);
        say_grades(c, &grades);
        for (size_t k = 0; k < count; k++)
            add_verdict(&t, c, grades.data, broken[k].of, (double)broken[k].times);
        if (count == 0)
            add_verdict(&t, c, grades.data, NULL, NAN);
        text_free(&grades);
    }
    return t;
}

/* How many checks of this level do not hold, in the invocation in which most of them do not. */
static size_t most_unmet(const struct study_cell *c, bool required)
{
    size_t most = 0;
    for (size_t i = 0; i < c->count; i++) {
        const struct invocation_details *d = &c->invocation[i]->details;
        size_t n = 0;
        for (size_t k = 0; k < d->unmets; k++)
            n += (strcmp(d->unmet[k].level, "recorded") != 0) == required;
        most = n > most ? n : most;
    }
    return most;
}

struct table tables_verdicts(const struct study *s)
{
    static const struct table_column COLUMNS[] = {TABLES_NAME,
                                                  {"profile", "profile", "", false, TABLE_BOTH, 0},
                                                  {"grade", "isolation", "", false, TABLE_BOTH, 0},
                                                  {"checks", "checks", "", true, TABLE_BOTH, 0},
                                                  {"required_unmet", "required, not met", "", true, TABLE_BOTH, 0},
                                                  {"recorded_unmet", "recorded, not met", "", true, TABLE_BOTH, 0}};
    struct table t = table_new("verdicts", "Isolation of each cell", COLUMNS, ARRAY_LEN(COLUMNS));
    for (size_t i = 0; i < s->cells; i++) {
        const struct study_cell *c = &s->cell[i];
        struct text grades = {0};
        say_grades(c, &grades);
        tables_add_name(&t, c);
        table_text(&t, c->profile);
        table_text(&t, grades.data);
        table_number(&t, (double)c->invocation[0]->details.checks, 0, NULL);
        table_number(&t, (double)most_unmet(c, true), 0, NULL);
        table_number(&t, (double)most_unmet(c, false), 0, NULL);
        text_free(&grades);
    }
    return t;
}

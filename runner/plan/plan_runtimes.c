#include "plan/plan_runtimes.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cell/config.h"
#include "cell/runtime.h"
#include "plan/plan.h"
#include "run/command.h"

void plan_runtimes_free(struct plan_runtimes *r)
{
    for (size_t i = 0; i < r->count; i++)
        runtime_free(&r->found[i]);
    free(STEAL(r->found));
    free(STEAL(r->of));
    for (size_t i = 0; i < r->cells; i++)
        free(r->program[i]);
    free(STEAL(r->program));
    r->cells = 0;
    r->count = 0;
}

static bool is_auto(const struct cell *c)
{
    return !c->argv && strcmp(c->runtime, "auto") == 0;
}

/* Whether both cells get the same runtime. */
static bool same_runtime(const struct cell *a, const struct cell *b)
{
    bool same = a->environment.count == b->environment.count; /* the environment switches features of a build */
    for (size_t i = 0; same && i < a->environment.count; i++)
        same = strcmp(a->environment.word[i], b->environment.word[i]) == 0;
    return same && !a->argv && a->scenario == b->scenario && a->mode == b->mode && a->gil == b->gil &&
           strcmp(a->runtime, b->runtime) == 0;
}

/* Leaves out a cell whose interpreter lacks what it asks for; the other cells stay. */
static int leave_out(struct plan_cell *cell, struct err *e)
{
    cell->not_run = xstrdup(e->text);
    *e = (struct err){0};
    return 0;
}

static int find_runtime(struct plan *plan, size_t cell, struct plan_runtimes *r, struct err *e)
{
    const struct cell *c = &plan->cell[cell].cell;
    char path[PATH_MAX];
    if (c->argv) {
        TRY(run_command_find(plan->cell[cell].run[0], path, e));
        r->program[cell] = xstrdup(path);
        return 0;
    }
    for (size_t i = 0; i < cell; i++) {
        if (plan->cell[i].not_run || !same_runtime(&plan->cell[i].cell, c))
            continue;
        r->of[cell] = r->of[i];
        const int lacks = runtime_check_knobs(c, &r->found[r->of[cell]], e);
        return lacks == -ENOTSUP ? leave_out(&plan->cell[cell], e) : lacks;
    }
    struct runtime *at = &r->found[r->count];
    int failed = runtime_find(c, at, e);
    if (failed == -ENOTSUP)
        return leave_out(&plan->cell[cell], e);
    if (failed != 0)
        return failed;
    r->of[cell] = r->count++;
    return 0;
}

/* Prints each reason once; if no cell is left, the first is the error. */
static int tell_left_out(const struct plan *plan, size_t *at, struct err *e)
{
    size_t n = 0;
    for (size_t i = 0; i < plan->cells; i++)
        n += plan->cell[i].not_run != NULL;
    *at = 0;
    if (n > 0 && n == plan->cells)
        return err_set(e, ERR_USAGE, -ENOTSUP, "%s", plan->cell[0].not_run);
    for (size_t i = 0; i < plan->cells; i++)
        if (plan->cell[i].not_run)
            terminal_say("matrix: cell '%s' is not run: %s", plan->cell[i].id, plan->cell[i].not_run);
    return 0;
}

static int find_runtimes(struct plan *plan, struct plan_runtimes *r, size_t *at, struct err *e)
{
    *r = (struct plan_runtimes){.found = xcalloc(plan->cells, sizeof(*r->found)),
                                .of = xcalloc(plan->cells, sizeof(*r->of)),
                                .program =
                                    xcalloc(plan->cells, sizeof(*r->program)), /* NOLINT(bugprone-sizeof-expression) */
                                .cells = plan->cells};
    for (size_t i = 0; i < plan->cells; i++)
        free(STEAL(plan->cell[i].not_run));
    for (*at = 0; *at < plan->cells; ++*at)
        TRY(find_runtime(plan, *at, r, e));
    return tell_left_out(plan, at, e);
}

static bool can_go_native(const struct plan *plan)
{
    for (size_t i = 0; i < plan->cells; i++) {
        const struct cell *c = &plan->cell[i].cell;
        if (is_auto(c) && (c->mode == MODE_INTERPRETERS || !c->scenario->command[RUNTIME_NATIVE][0]))
            return false;
    }
    return true;
}

int plan_runtimes_find(struct plan *plan, struct plan_runtimes *ret, struct err *e)
{
    size_t at = 0;
    int failed = find_runtimes(plan, ret, &at, e);
    if (failed == -ENOENT && is_auto(&plan->cell[at].cell) && can_go_native(plan)) {
        terminal_say("matrix: %s; going on with the native runtime", e->text);
        plan_runtimes_free(ret);
        *e = (struct err){0};
        for (size_t i = 0; i < plan->cells; i++)
            if (is_auto(&plan->cell[i].cell))
                plan->cell[i].cell.runtime = "native";
        failed = find_runtimes(plan, ret, &at, e);
    }
    return failed == 0 ? 0 : err_wrap(e, "cell '%s'", plan->cell[at].id);
}

const struct runtime *plan_runtimes_of(const struct plan_runtimes *r, size_t cell)
{
    return &r->found[r->of[cell]];
}

#include "plan.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"
#include "scenarios.h"

const struct plan plans[] = {
    {"seed", "the original's four cells: threads and processes, overhead and memory, with its defaults"},
    {"seed-short", "the same cells with fewer iterations, where time is emulated or short"},
    {NULL, NULL},
};

/* The four cells, the two that are compared next to each other. */
static const struct {
    enum mode mode;
    enum profile profile;
    int64_t short_iterations; /* of seed-short: the fewest that still give every figure */
} SEED[] = {
    {MODE_THREADS, PROFILE_OVERHEAD, 20},
    {MODE_PROCESSES, PROFILE_OVERHEAD, 20},
    {MODE_THREADS, PROFILE_MEMORY, 3},
    {MODE_PROCESSES, PROFILE_MEMORY, 3},
};

static int unknown_plan(const char *name, struct err *e)
{
    struct text names = {0};
    for (const struct plan *p = plans; p->name; p++)
        text_add(&names, "%s%s", names.len ? ", " : "", p->name);
    (void)err_set(e, ERR_USAGE, -ENOENT, "'%s' is no plan; what is allowed is %s", name, names.data);
    text_free(&names);
    return -ENOENT;
}

/* A knob that is given for every cell goes to those of its profile. */
static void drop_other_profiles_knobs(const struct scenario *s, enum profile profile, struct config_knobs *knobs)
{
    size_t kept = 0;
    for (size_t i = 0; i < knobs->count; i++) {
        const struct scenario_knob *k = scenario_knob_find(s, knobs->item[i].name);
        if (!k || (k->profiles >> profile & 1))
            knobs->item[kept++] = knobs->item[i];
    }
    knobs->count = kept;
}

int plan_cells(const char *name, const struct cell *given, struct cell *cells, size_t *count, struct err *e)
{
    bool brief = strcmp(name, "seed-short") == 0;
    const struct cell unset = cell_unset();
    const struct scenario *scenario = NULL;
    if (!brief && strcmp(name, "seed") != 0)
        return unknown_plan(name, e);
    int missing = scenarios_find("scenario1", &scenario, e);
    if (missing != 0)
        return missing;
    for (size_t i = 0; i < ARRAY_LEN(SEED); i++) {
        struct cell c = *given;
        c.scenario = scenario;
        c.mode = SEED[i].mode;
        c.profile = SEED[i].profile;
        drop_other_profiles_knobs(scenario, SEED[i].profile, &c.later);
        if (brief && c.iterations == unset.iterations)
            c.iterations = SEED[i].short_iterations;
        if (brief && c.warmup == unset.warmup)
            c.warmup = 1;
        int failed = cell_complete(&c, e);
        if (failed != 0)
            return failed;
        cells[i] = c;
    }
    *count = ARRAY_LEN(SEED);
    return 0;
}

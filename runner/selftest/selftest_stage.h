/* selftest_stage: one known load in its slice: what was read of it, and what each figure of that is. For selftest_*.c.
 */
#ifndef TARE_SELFTEST_STAGE_H
#define TARE_SELFTEST_STAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cpulist.h"
#include "launch/sample.h"
#include "record/accounts.h"
#include "run/session.h"
#include "selftest/loads.h"
#include "selftest/selftest.h"

/* What is read of one state. */
struct reading {
    struct sample sample;
    struct accounts accounts; /* owned */
};

/* One load in its slice. */
struct stage {
    struct session *session;
    const struct cell *cell;
    const char *program, *dir;
    const char *name; /* of the load */
    struct slice *slice;
    struct sampler *sampler;
    struct load load;
    struct reading before, after;
    struct selftest_scale scale;
    bool exclusive;      /* the slice's CPUs are taken from everybody else */
    bool loaded;         /* both states were read */
    bool has_clocks;     /* scale.clocks_usec and ceiling_usec */
    int64_t found, left; /* processes; -1: not looked for */
    struct cpulist used; /* CPUs that the load was on */
    char lacks[240];     /* what the machine has not got for this load; "" otherwise */
    char trouble[300];   /* why there are no figures; "" otherwise */
};

/* What the slice cannot have of this figure, whatever the load; NULL: it has it. */
const char *stage_lacking(const struct stage *s, enum selftest_figure f);
/* Whether the figure is of memory.stat, which lags behind. */
bool stage_lags(enum selftest_figure f);
/* The verdict of one check, the load having been there or not. A figure that nothing is lacking for and that was not
 * read fails. */
struct selftest_result stage_judge(const struct stage *s, const struct selftest_check *c);

#endif

/* selftest_stage: one known load in its slice: what was read, and the figures from it. Private to selftest_*.c. */
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

/* The readings of one state. */
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
    bool exclusive;      /* the slice has its CPUs exclusively */
    bool loaded;         /* both states were read */
    bool has_clocks;     /* scale.clocks_usec and ceiling_usec */
    int64_t found, left; /* processes; -1: not looked for */
    struct cpulist used; /* CPUs that the load used */
    char lacks[240];     /* what the machine lacks for this load; else "" */
    char trouble[300];   /* why there are no figures; else "" */
};

/* Why the slice cannot have this figure with any load; NULL: it can. */
const char *stage_lacking(const struct stage *s, enum selftest_figure f);
/* Whether the figure comes from memory.stat, which lags. */
bool stage_lags(enum selftest_figure f);
/* The verdict of one check. A figure that was not read although nothing is lacking fails. */
struct selftest_result stage_judge(const struct stage *s, const struct selftest_check *c);

#endif

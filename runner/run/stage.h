/* stage: what one invocation holds while it runs, which run.c makes and ends; and what observe.c writes of it into the
 * record: what was requested, and what a run left: stamps, samples, refusals, costs. */
#ifndef TARE_STAGE_H
#define TARE_STAGE_H

#include "cell/workload.h"
#include "host/disturbance.h"
#include "host/energy.h"
#include "launch/counters.h"
#include "launch/ledger.h"
#include "launch/refusals.h"
#include "launch/relay.h"
#include "launch/shm_objects.h"
#include "launch/spawn.h"
#include "launch/watch.h"
#include "record/accounts.h"
#include "record/growth.h"
#include "run/command.h"
#include "run/session.h"

struct run_tracing;

struct stage {
    struct session *session;
    const struct runtime *runtime;     /* NULL for a command */
    const struct run_command *command; /* NULL for a scenario */
    struct run_tracing *tracing;       /* NULL: it is not traced */
    struct record *record;
    struct ledger_map ledger; /* closed for a command */
    struct confine *confine;  /* NULL: not confined */
    struct refusals refusals;
    struct workload_words argv, environment;
    struct spawn_spec spec;
    struct slice *slice;
    struct sampler *sampler;
    struct accounts baseline;               /* a borrowed slice's */
    struct inherited *inherited;            /* before and after, owned; NULL: not inspected */
    struct disturbance_reading undisturbed; /* before the slice was made */
    struct disturbance_pressure pressure_before, pressure;
    struct counters *counters;    /* NULL: not asked for, or the slice is not its own */
    struct energy_reading energy; /* with --counters: before the workload */
    struct child child;
    struct shm_objects *shm; /* for the host's /dev/shm; NULL: the workload has its own */
    struct relay relay;      /* for a confined command's output into files */
    struct watch_result watched;
    char tmpdir[64]; /* the workload's $TMPDIR; "": none */
    int unknown;     /* negative errno if its end is unknown; else 0 */
    int messages[2]; /* pipe of the workload's messages: read end, write end */
    int null_fd, pids_events_fd, partition_fd, cpu_stat_fd;
    int64_t slice_at_ns, removed_at_ns;
    long long steal_ticks;
    bool has_steal;
    struct growth_target target; /* of --until-slope */
    size_t readings_asked;       /* how many of the readings have been asked whether they suffice */
};

/* Whether to inspect the run: not for a command without a record, which nobody would read. */
bool observe_is_inspected(const struct stage *s);

/* Before the run: what was requested. */
void observe_describe_start(struct stage *s, const struct cell *cell);

/* With --counters: what was counted of the slice, which is still there, and the energy meanwhile. */
void observe_describe_counters(struct stage *s);

/* What the filter refused, and packets without a route. Call it while the init lives. */
void observe_describe_refused(struct stage *s);

/* After the slice is removed and all processes reaped: stamps, samples, figures, disturbances. */
void observe_take(struct stage *s);

#endif

/* outcome: what a run leaves, put into its record: how it was asked for, its stamps and samples, what was refused, what
 * it cost. run.c says when; nothing is started or ended here. */
#ifndef TARE_OUTCOME_H
#define TARE_OUTCOME_H

#include "cell/workload.h"
#include "host/disturbance.h"
#include "launch/ledger.h"
#include "launch/refusals.h"
#include "launch/relay.h"
#include "launch/shm_objects.h"
#include "launch/spawn.h"
#include "launch/watch.h"
#include "record/accounts.h"
#include "run/run.h"

struct err;

/* What one cell holds while it runs. */
struct stage {
    struct session *session;
    const struct runtime *runtime;     /* NULL for a command */
    const struct run_command *command; /* NULL for a scenario */
    struct record *record;
    struct ledger_map ledger; /* closed for a command */
    struct confine *confine;  /* NULL: not confined */
    struct refusals refusals;
    struct workload_words argv, environment;
    struct spawn_spec spec;
    struct slice *slice;
    struct sampler *sampler;
    struct accounts_baseline baseline;
    struct inherited *inherited;            /* before and after, owned; NULL: not inspected */
    struct disturbance_reading undisturbed; /* before the slice was made */
    struct disturbance_pressure pressure_before, pressure;
    struct child child;
    struct shm_objects *shm; /* of the host's /dev/shm; NULL: the workload has one of its own */
    struct relay relay; /* of a confined command's output into files */
    struct watch_result watched;
    char tmpdir[64]; /* the workload's $TMPDIR; "" not made */
    int unknown;     /* negative errno of why nobody knows how it ended; 0: it is known */
    int messages[2]; /* the pipe of the workload's messages: read end, write end */
    int null_fd, pids_events_fd, partition_fd, cpu_stat_fd;
    int64_t slice_at_ns, removed_at_ns;
    long long steal_ticks;
    bool has_steal;
};

/* A command without a record is not looked at: nobody would read it, and it may be short. */
bool outcome_is_inspected(const struct stage *s);

/* Before anything runs: what was asked for. */
void outcome_describe_start(struct stage *s, const struct cell *cell);

/* What the filter refused, and what found no way out of the namespace. While its init is there. */
void outcome_describe_refused(struct stage *s);

/* Once the slice is gone and everybody has been waited for: stamps, samples, figures and what surrounded them.
 * -ENOMEM and the like (ours). */
int outcome_take(struct stage *s, struct err *e);

#endif

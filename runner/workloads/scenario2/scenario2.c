/* scenario2 in C: one set behind one lock: the cost of shared state in operating system and hardware.
 *
 * For duration_ms each worker draws an id, takes the lock, inserts the id if it is new, and releases the lock. The lock
 * is a robust pthread mutex, so that the others notice if its owner dies; with processes, lock and set are in shared
 * memory. --share is for Python: here the set is always a table in memory. */
#include "workloads/driver.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/err.h"
#include "launch/ledger.h"
#include "workloads/splitmix.h"
#include "workloads/table.h"
#include "workloads/tally.h"

#include <errno.h>
#include <string.h>

#define WORKERS_MAX 256

enum { KNOB_DURATION_MS, KNOB_ID_SPACE, KNOB_SEED, KNOB_SHARE };

static const char *const SHARES[] = {"manager", "shm", NULL};

static const struct option_row KNOBS[] = {
    [KNOB_DURATION_MS] = {.name = "--duration-ms", .min = 1, .max = 3600000},
    [KNOB_ID_SPACE] = {.name = "--id-space", .min = 1, .max = 1 << 30},
    [KNOB_SEED] = {.name = "--seed", .max = INT64_MAX},
    [KNOB_SHARE] = {.name = "--share", .words = SHARES, .optional = true},
};

/* The shared area, zeroed before each iteration. The table's slots follow. */
struct shared {
    _Alignas(128) pthread_mutex_t lock;
    struct tally tally[WORKERS_MAX];
};

static struct totals totals;

static size_t area_bytes(const struct options *opt)
{
    return sizeof(struct shared) + table_bytes(opt->knob[KNOB_ID_SPACE]);
}

static struct table table_of(const struct bench *b)
{
    return (struct table){.slot = (uint32_t *)((struct shared *)b->area + 1),
                          .bits = table_bits(b->opt.knob[KNOB_ID_SPACE])};
}

static int reset(struct bench *b, struct err *e)
{
    struct shared *shared = b->area;
    pthread_mutexattr_t attr;
    (void)pthread_mutexattr_init(&attr);
    (void)pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    if (b->opt.mode == MODE_PROCESSES)
        (void)pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    int number = pthread_mutex_init(&shared->lock, &attr);
    (void)pthread_mutexattr_destroy(&attr);
    return number == 0 ? 0 : err_set(e, ERR_WORKLOAD, -number, "pthread_mutex_init: %s", strerror(number));
}

/* One attempt. Returns 0, or the exit status of a worker that cannot go on. */
static int attempt(struct bench *b, const struct table *table, uint32_t id, int fault_status(const struct options *),
                   struct tally *mine)
{
    struct shared *shared = b->area;
    int64_t before_ns = clock_now_ns();
    int number = pthread_mutex_lock(&shared->lock);
    mine->end_ns = clock_now_ns();
    if (number != 0) /* EOWNERDEAD: its owner died. Unlocking it now makes it unusable for all (ENOTRECOVERABLE) */
    {
        if (number == EOWNERDEAD)
            (void)pthread_mutex_unlock(&shared->lock);
        return STATUS_BEREFT;
    }
    int status = fault_status ? fault_status(&b->opt) : 0;
    if (status != 0)
        return status; /* with the lock */
    bool is_new = table_insert(table, id);
    (void)pthread_mutex_unlock(&shared->lock);
    mine->lock_wait_ns += (uint64_t)(mine->end_ns - before_ns);
    mine->attempts++;
    mine->inserts += is_new;
    mine->duplicates += !is_new;
    return 0;
}

static int work(struct bench *b, uint64_t index, uint64_t *result)
{
    const struct table table = table_of(b);
    const uint64_t space = b->opt.knob[KNOB_ID_SPACE];
    uint64_t state = splitmix_worker_seed(b->opt.knob[KNOB_SEED], index);
    uint64_t first = state;
    struct tally mine = {.first_id = splitmix_id(&first, space)};
    int status = 0;
    *result = 0;
    if (!gate_pass(&b->gate))
        return 1; /* the main process has gone */
    mine.start_ns = clock_now_ns();
    int64_t deadline_ns = mine.start_ns + bench_hold_ns(b);
    if (index == 0 && b->opt.fault != FAULT_NONE)
        status = attempt(b, &table, splitmix_id(&state, space), worker_fault, &mine);
    while (status == 0 && mine.end_ns < deadline_ns)
        status = attempt(b, &table, splitmix_id(&state, space), NULL, &mine);
    ((struct shared *)b->area)->tally[index] = mine;
    return status;
}

static int underway(struct bench *b, struct err *e)
{
    int64_t allowed_ms = (int64_t)(b->opt.knob[KNOB_DURATION_MS] + b->opt.grace_ms);
    return team_wait(b, 0, b->size, clock_now_ns() + allowed_ms * NS_PER_MS, e);
}

static int settle(struct bench *b, bool measured, struct err *e)
{
    struct totals ignored = {0};
    const struct table table = table_of(b);
    const struct shared *shared = b->area;
    return tally_take(shared->tally, b->opt.workers, table_count(&table, b->area_fd, sizeof(*shared)),
                      measured ? &totals : &ignored, e);
}

static void report(struct bench *b, struct ledger *l)
{
    (void)b;
    tally_report(&totals, l);
    tally_report_mean(&totals, l, "avg_lock_wait_ns", totals.lock_wait_ns);
}

static void print(const struct bench *b)
{
    tally_print(((const struct shared *)b->area)->tally, b->opt.workers);
}

static const struct scenario SCENARIO2 = {
    .name = "scenario2",
    .knobs = KNOBS,
    .knob_count = ARRAY_LEN(KNOBS),
    .workers_max = WORKERS_MAX,
    .is_gated = true,
    .hold_knob = KNOB_DURATION_MS,
    .area_bytes = area_bytes,
    .reset = reset,
    .work = work,
    .underway = underway,
    .settle = settle,
    .report = report,
    .print = print,
};

int main(int argc, char **argv)
{
    return driver_main(&SCENARIO2, argc, argv);
}

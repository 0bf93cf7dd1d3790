/* scenario1 in C: the operating system's cost for the same iterations as scenario1.py. */
#include "workloads/driver.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "launch/ledger.h"
#include "workloads/hash.h"

enum { KNOB_WORK_ITERS, KNOB_HOLD_MS, KNOB_LIFECYCLE, KNOB_OF_PYTHON };
enum { LIFECYCLE_FRESH, LIFECYCLE_POOL };

static const char *const LIFECYCLES[] = {"fresh", "pool", NULL};

/* C imports nothing: each has its default here. */
static const char *const ORIGINAL[] = {"original", NULL}, *const NONE[] = {"none", NULL}, *const NO[] = {"no", NULL};

static const struct option_row KNOBS[] = {
    [KNOB_WORK_ITERS] = {.name = "--work-iters", .max = UINT32_MAX},
    [KNOB_HOLD_MS] = {.name = "--hold-ms", .max = UINT32_MAX},
    [KNOB_LIFECYCLE] = {.name = "--lifecycle", .words = LIFECYCLES, .optional = true, .fallback = LIFECYCLE_FRESH},
    [KNOB_OF_PYTHON] = {.name = "--main-imports", .words = ORIGINAL, .optional = true},
    {.name = "--preload", .words = NONE, .optional = true},
    {.name = "--gc-freeze", .words = NO, .optional = true},
    {.name = "--lazy-imports", .words = NO, .optional = true},
};

static bool is_pooled(const struct options *opt)
{
    return opt->knob[KNOB_LIFECYCLE] == LIFECYCLE_POOL;
}

static int hold(struct bench *b, uint64_t *result)
{
    *result = hash_loop(HASH_ROUND_STEPS);
    if (!gate_pass(&b->gate))
        return 1; /* the main process has gone */
    int64_t deadline_ns = clock_now_ns() + bench_hold_ns(b);
    do
        *result = hash_loop(HASH_ROUND_STEPS);
    while (clock_now_ns() < deadline_ns);
    return 0;
}

static int work(struct bench *b, uint64_t index, uint64_t *result)
{
    int status = index == 0 ? worker_fault(&b->opt) : 0;
    if (status != 0)
        return status;
    if (bench_is_gated(b))
        return hold(b, result);
    *result = hash_loop(b->opt.knob[KNOB_WORK_ITERS]);
    return 0;
}

/* A process's result stays in the process: there the main process computes it after the measurement. It is the same in
 * every worker and round. */
static void report(struct bench *b, struct ledger *l)
{
    if (b->opt.mode == MODE_THREADS || b->pool)
        l->check = b->worker[b->size - 1].result;
    else
        l->check = hash_loop(bench_is_gated(b) ? HASH_ROUND_STEPS : b->opt.knob[KNOB_WORK_ITERS]);
}

static const struct scenario SCENARIO1 = {
    .name = "scenario1",
    .knobs = KNOBS,
    .knob_count = ARRAY_LEN(KNOBS),
    .hold_knob = KNOB_HOLD_MS,
    .pooled = is_pooled,
    .work = work,
    .report = report,
};

int main(int argc, char **argv)
{
    return driver_main(&SCENARIO1, argc, argv);
}

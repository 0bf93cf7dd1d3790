/* scenario0 in C: scenario1's iterations with empty workers: the cost of the instrument itself. */
#include "workloads/driver.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "launch/ledger.h"

#include <errno.h>
#include <time.h>

enum { KNOB_HOLD_MS };

static const struct option_row KNOBS[] = {
    [KNOB_HOLD_MS] = {.name = "--hold-ms", .max = UINT32_MAX},
};

static bool is_gated(const struct options *opt)
{
    return opt->profile == PROFILE_MEMORY;
}

static int work(struct bench *b, uint64_t index, uint64_t *result)
{
    int status = index == 0 ? worker_fault(&b->opt) : 0;
    *result = 0;
    if (status != 0 || !is_gated(&b->opt))
        return status;
    if (!gate_pass(&b->gate))
        return 1; /* the main process has gone */
    struct timespec until = clock_timespec(clock_now_ns() + (int64_t)b->opt.knob[KNOB_HOLD_MS] * NS_PER_MS);
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        ;
    return 0;
}

static void report(struct bench *b, struct ledger *l)
{
    (void)b;
    l->check = 0; /* nothing was computed */
}

static int64_t hold_ns(const struct options *opt)
{
    return (int64_t)opt->knob[KNOB_HOLD_MS] * NS_PER_MS;
}

static const struct scenario SCENARIO0 = {
    .name = "scenario0",
    .knobs = KNOBS,
    .knob_count = ARRAY_LEN(KNOBS),
    .gated = is_gated,
    .hold_ns = hold_ns,
    .work = work,
    .report = report,
};

int main(int argc, char **argv)
{
    return driver_main(&SCENARIO0, argc, argv);
}

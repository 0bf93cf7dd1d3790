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

static int work(struct bench *b, uint64_t index, uint64_t *result)
{
    int status = index == 0 ? worker_fault(&b->opt) : 0;
    *result = 0;
    if (status != 0 || !bench_is_gated(b))
        return status;
    if (!gate_pass(&b->gate))
        return 1; /* the main process has gone */
    struct timespec until = clock_timespec(clock_now_ns() + bench_hold_ns(b));
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        ;
    return 0;
}

static const struct scenario SCENARIO0 = {
    .name = "scenario0",
    .knobs = KNOBS,
    .knob_count = ARRAY_LEN(KNOBS),
    .hold_knob = KNOB_HOLD_MS,
    .work = work,
};

int main(int argc, char **argv)
{
    return driver_main(&SCENARIO0, argc, argv);
}

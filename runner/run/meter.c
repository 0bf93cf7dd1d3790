#include "run/meter.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/terminal.h"

/* The expected time of the later cells: by the duration of an iteration of their profile, else by their hold time or
 * the current cell's iterations. */
static double later_ns(const struct meter *m)
{
    double sum_ns = 0;
    for (size_t i = m->at + 1; i < m->count; i++) {
        const struct cell *c = &m->cells[i];
        int64_t one_ns = m->iteration_ns[c->profile];
        if (one_ns == 0)
            one_ns = c->profile != PROFILE_OVERHEAD ? cell_knobs_ms(c) * NS_PER_MS
                                                    : m->iteration_ns[m->cells[m->at].profile];
        sum_ns += (double)one_ns * (double)(c->iterations + c->warmup);
    }
    return sum_ns;
}

static void show(void *arg, uint64_t warmup_done, uint64_t iterations_done)
{
    struct meter *m = arg;
    const struct cell *c = &m->cells[m->at];
    int64_t all = c->warmup + c->iterations;
    int64_t done = (int64_t)(warmup_done + iterations_done);
    char left[48] = "";
    if (done > 0) {
        m->iteration_ns[c->profile] = (clock_now_ns() - m->since_ns) / done;
        double left_ns = (double)m->iteration_ns[c->profile] * (double)(all - done) + later_ns(m);
        int64_t left_s = left_ns < 0 ? 0 : left_ns < 1e18 ? (int64_t)left_ns / NS_PER_S : NS_PER_S;
        (void)snprintf(left, sizeof(left), ", about %" PRId64 " min %02" PRId64 " s left", left_s / 60, left_s % 60);
    }
    (void)fprintf(stderr, "\r\033[Kcell %zu of %zu, %s %s: %" PRIu64 " of %" PRId64 " iterations%s", m->at + 1,
                  m->count, mode_names[c->mode], profile_names[c->profile], iterations_done, c->iterations, left);
}

void meter_open(struct meter *m, const struct cell *cells, size_t count)
{
    *m = (struct meter){.cells = cells, .count = count};
    if (isatty(STDERR_FILENO) && !terminal_is_quiet())
        m->progress.show = show;
}

const struct progress *meter_cell(struct meter *m, size_t at)
{
    if (!m->progress.show)
        return NULL;
    m->at = at;
    m->since_ns = clock_now_ns();
    m->progress.arg = m;
    return &m->progress;
}

void meter_clear(const struct meter *m)
{
    if (m->progress.show)
        (void)fputs("\r\033[K", stderr);
}

/* swept: records of a plan that sweeps workers, in blocks, in the test's own folder. */
#ifndef TARE_TESTS_SWEPT_H
#define TARE_TESTS_SWEPT_H

#include <stdlib.h>

#include "analysis/stats_usl.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "tests/unit/fixture.h"

/* A cell. What an iteration takes is `seconds`; rate: of what its scenario reports, 0: nothing. */
struct made {
    const char *scenario, *mode, *runtime;
    int workers, work; /* work: a knob; 0: it has none; EMPTIED: it is 0, and nothing is done */
    double seconds, rate;
};

#define EMPTIED (-1)

/* plan: the digest of it. */
static inline void write_record_of(const char *plan, const struct made *m, size_t cell, int block)
{
    cleanup_text struct text t = {0}, path = {0};
    const int serial = block * 64 + (int)cell;
    text_add(
        &t,
        "{\"schema\": \"tare.record/1\", \"id\": \"20261125T%02d%02d%02dZ-%08x\", \"started_at\": "
        "\"2026-11-25T00:00:00Z\", \"plan\": {\"name\": \"made\", \"sha256\": \"%s\", \"seed\": 7, \"cell\": \"c%zu\", "
        "\"block\": %d}, \"scenario\": {\"name\": \"%s\", \"mode\": \"%s\", \"profile\": \"overhead\", ",
        serial / 3600, serial / 60 % 60, serial % 60, (unsigned)serial, plan, cell, block + 1, m->scenario, m->mode);
    if (m->work == EMPTIED)
        text_add(&t, "\"work_iters\": 0, \"empty_by\": \"work_iters\", ");
    else if (m->work)
        text_add(&t, "\"work_iters\": %d, ", m->work);
    text_add(&t,
             "\"workers\": %d, \"iterations\": 24, \"warmup\": 2}, \"host\": {\"emulated\": false}, \"isolation\": "
             "{\"grade\": \"partial\"}, \"runtime\": {\"name\": \"%s\", \"free_threaded\": "
             "true}, \"slice\": {\"cpus_effective\": \"0-3\"}, \"termination\": {\"reason\": \"ok\", \"detail\": "
             "null}, \"iterations\": {\"start_ns\": [1], \"end_ns\": [2]}, "
             "\"result\": {\"avg_iter_s\": %.17g",
             m->workers, m->runtime, m->seconds);
    if (m->rate > 0)
        text_add(&t, ", \"ops_per_s\": %.17g", m->rate);
    text_add(&t, "}}");
    text_add(&path, "/%02d-c%zu.json", block + 1, cell);
    fixture_write(fixture_root, path.data, t.data);
}

static inline void write_record(const struct made *m, size_t cell, int block)
{
    write_record_of("ab", m, cell, block);
}

#define SIGMA 0.08
#define KAPPA 0.01

/* Processes lose a tenth of each further worker; threads that by the law besides. */
static inline double process_s(int workers)
{
    return 0.010 * (1 + 0.1 * (workers - 1));
}

static inline double thread_s(int workers)
{
    return 1.2 * process_s(workers) * stats_usl_at(SIGMA, KAPPA, workers);
}

static const int COUNTS[] = {1, 2, 3, 4};

static inline size_t planted(struct made *m, size_t counts, double start_s)
{
    size_t n = 0;
    for (size_t i = 0; i < counts; i++) {
        const int w = COUNTS[i];
        m[n++] = (struct made){"scenario1", "threads", "3.14t", w, 1000, thread_s(w) + w * start_s, 0};
        m[n++] = (struct made){"scenario1", "processes", "3.14t", w, 1000, process_s(w) + 10 * w * start_s, 0};
    }
    for (size_t i = 0; start_s > 0 && i < counts; i++) {
        const int w = COUNTS[i];
        m[n++] = (struct made){"scenario1", "threads", "3.14t", w, EMPTIED, w * start_s, 0};
        m[n++] = (struct made){"scenario1", "processes", "3.14t", w, EMPTIED, 10 * w * start_s, 0};
    }
    return n;
}

#endif

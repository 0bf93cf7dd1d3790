/* shelf: records of a small plan, made by hand, in a folder: what a report is made of. */
#ifndef TARE_TESTS_SHELF_H
#define TARE_TESTS_SHELF_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tests/unit/fixture.h"

/* One cell of it. */
struct shelf_cell {
    const char *mode, *start, *runtime; /* start "" none */
    bool free_threaded, memory;
    int workers;
    double ms;      /* of an iteration */
    double pss_mib; /* of profile memory; below 0: no sample has it */
    int invocations;
    int failed;           /* of them, the last */
    const char *emulated; /* "true" or "false"; NULL: false */
    const char *gil;      /* as it was asked for; NULL: not */
};

/* Iterations of the invocation k: 24 about the time, a few percent apart, in a fixed pattern. */
static inline double shelf_iteration_ns(const struct shelf_cell *c, int k, int i)
{
    return c->ms * 1e6 * (1 + 0.01 * (double)(k * 3 % 7) + 0.02 * (double)(i * 7 % 5));
}

static inline void shelf_iterations(struct text *t, const struct shelf_cell *c, int k)
{
    double at = 1e9, sum = 0;
    struct text end = {0};
    text_add(t, "\"iterations\": {\"start_ns\": [");
    for (int i = 0; i < 24; i++) {
        double ns = shelf_iteration_ns(c, k, i);
        text_add(t, "%s%.0f", i ? "," : "", at);
        text_add(&end, "%s%.0f", i ? "," : "", at + ns);
        at += ns + 1000;
        sum += ns;
    }
    text_add(t,
             "], \"end_ns\": [%s]}, \"result\": {\"total_wall_s\": %.9f, \"avg_iter_s\": %.9f, \"p50_iter_s\": %.9f, "
             "\"p95_iter_s\": null, \"p95_iter_s_reason\": \"not asked for\"}",
             end.data, (at - 1e9) / 1e9, sum / 24e9, sum / 24e9);
    text_free(&end);
}

/* A rollup at every second tick. */
static inline void shelf_memory(struct text *t, const struct shelf_cell *c, int k)
{
    double mib = 1 << 20, pss = c->pss_mib * mib * (1 + 0.01 * (double)(k * 3 % 7));
    if (pss < 0) {
        text_add(t,
                 ", \"memory\": {\"parent_and_workers\": {\"pss\": null, \"pss_reason\": \"no sample fell into it\"}}");
        return;
    }
    text_add(t,
             ", \"memory\": {\"parent_and_workers\": {\"pss\": {\"avg\": %.0f}, \"uss\": {\"avg\": %.0f}, \"rss\": "
             "{\"avg\": %.0f}}, \"slice\": {\"anon\": {\"avg\": %.0f}, \"kernel\": {\"avg\": %.0f}, \"peak\": %.0f}, "
             "\"samples\": [",
             pss, 0.8 * pss, 3 * pss, 0.9 * pss, 0.1 * pss, 1.5 * pss);
    for (int i = 0; i < 6; i++) {
        text_add(
            t, "%s{\"at_ns\": %d, \"current\": %.0f, \"anon\": %.0f, \"file\": %.0f, \"kernel\": %.0f, \"shmem\": %.0f",
            i ? "," : "", 1000000000 + i * 10000000, 2 * pss, pss, 0.5 * pss, 0.1 * pss, 0.2 * pss);
        if (i % 2 == 0)
            text_add(t, ", \"all_pids\": {\"pss\": %.0f, \"rss\": %.0f}", 1.1 * pss, 4 * pss);
        text_add(t, "}");
    }
    text_add(t, "]}");
}

/* Invocation k of the cell, as number `serial` of the plan. The caller frees it. */
static inline struct text shelf_record(const struct shelf_cell *c, int serial, int k)
{
    struct text t = {0};
    bool ok = k < c->invocations - c->failed;
    text_add(
        &t,
        "{\"schema\": \"tare.record/1\", \"id\": \"20261125T00%02d00Z-%08x\", \"started_at\": "
        "\"2026-11-25T00:%02d:00Z\", "
        "\"tool\": {\"version\": \"0.1.0\", \"commit\": \"0badcafe\"}, \"plan\": {\"name\": \"shelf\", \"seed\": 7, "
        "\"elapsed_ns\": 3000000000}, \"scenario\": {\"name\": \"scenario1\", \"mode\": \"%s\", \"profile\": \"%s\", ",
        serial, (unsigned)serial, serial, c->mode, c->memory ? "memory" : "overhead");
    if (c->gil)
        text_add(&t, "\"gil\": \"%s\", ", c->gil);
    if (*c->start)
        text_add(&t, "\"mp_start_method\": \"%s\", ", c->start);
    text_add(
        &t,
        "\"workers\": %d, \"iterations\": 24, \"warmup\": 2}, \"runtime\": {\"name\": \"%s\", \"version\": \"3.14.6\", "
        "\"free_threaded\": %s, \"path\": \"/opt/%d\"}, \"host\": {\"kernel_release\": \"6.12\", \"cpu_model\": \"Q & "
        "R <9>\", "
        "\"os\": \"Debian\", \"emulated\": %s}, \"isolation\": {\"grade\": \"partial\", \"checks\": [{\"name\": \"born "
        "in "
        "the slice\", \"level\": \"required\", \"ok\": true}, {\"name\": \"no OOM kill\", \"level\": \"required\", "
        "\"ok\": "
        "false, \"reason\": \"v1 holds it\"}]}, \"termination\": {\"reason\": \"%s\", \"detail\": %s}, ",
        c->workers, c->runtime, c->free_threaded ? "true" : "false", serial, c->emulated ? c->emulated : "false",
        ok ? "ok" : "oom", ok ? "null" : "\"the slice's memory.max was reached\"");
    shelf_iterations(&t, c, k);
    if (c->memory)
        shelf_memory(&t, c, k);
    text_add(&t, ", \"instrument\": {\"selftest\": null, \"selftest_reason\": \"none was run here\"}}");
    return t;
}

static const struct shelf_cell SHELF[] = {
    {"threads", "", "3.14t", true, false, 8, 2, 0, 5, 0, NULL, NULL},
    {"threads", "", "3.14t", true, false, 2, 1, 0, 5, 0, NULL, NULL},
    {"processes", "forkserver", "3.14", false, false, 8, 5, 0, 5, 0, NULL, NULL},
    {"processes", "forkserver", "3.14", false, false, 2, 2, 0, 5, 1, NULL, NULL},
    {"threads", "", "native", false, false, 8, 0.01, 0, 5, 0, NULL, NULL},
    {"threads", "", "3.14t", true, true, 8, 1000, 30, 5, 0, NULL, NULL},
    {"processes", "forkserver", "3.14", false, true, 8, 1010, 75, 5, 0, NULL, NULL},
};
#define SHELF_CELLS (sizeof(SHELF) / sizeof(SHELF[0]))

/* The plan's folder below an open fixture: flat, or as a bundle has it, a folder a cell. */
static inline void shelf_write(const char *root, const struct shelf_cell *cell, size_t cells, bool as_bundle)
{
    int serial = 0;
    for (int k = 0; k < 5; k++)
        for (size_t i = 0; i < cells; i++) {
            char path[80];
            if (k >= cell[i].invocations)
                continue;
            struct text t = shelf_record(&cell[i], serial++, k);
            if (as_bundle)
                text_format(path, sizeof(path), "/data/records/cell-%zu/%d.json", cells - i, k + 1);
            else
                text_format(path, sizeof(path), "/%04d-cell-%zu.json", k + 1, cells - i);
            fixture_write(root, path, t.data);
            text_free(&t);
        }
}

#endif

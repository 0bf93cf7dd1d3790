/* selftest: what the instrument has to read of loads that are known beforehand, and whether it did. selftest.c, the
 * table and the judging, is pure; selftest_run.c measures; host/last_selftest.h keeps the last one for the records. */
#ifndef TARE_SELFTEST_H
#define TARE_SELFTEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cell;
struct err;
struct text;

#define SELFTEST_CHECKS_MAX 64

/* The figure that is checked: its rise from the state before the load to the state with it, unless said. */
enum selftest_figure {
    SELFTEST_RSS, /* /proc/PID/smaps_rollup, summed over the load and its children */
    SELFTEST_USS,
    SELFTEST_PSS,
    SELFTEST_PSS_ALL, /* the same over every process of the slice */
    SELFTEST_CURRENT, /* memory.current */
    SELFTEST_ANON,    /* memory.stat */
    SELFTEST_FILE,
    SELFTEST_SHMEM,
    SELFTEST_PEAK,         /* memory.peak in the end, over memory.current before */
    SELFTEST_CPU,          /* cpu.stat usage_usec */
    SELFTEST_CPUS_OUTSIDE, /* CPUs that the load was on and may not be; a count */
    SELFTEST_CPUS_USED,    /* CPUs that the load was on; a count */
    SELFTEST_FOUND,        /* processes that are still there when the load's own has ended */
    SELFTEST_LEFT,         /* whether any is there after they were ended */
    SELFTEST_FIGURES,
};

/* Where the expectation comes from. */
enum selftest_truth {
    SELFTEST_FIXED,   /* the table's number */
    SELFTEST_CPUS,    /* the number of benchmark CPUs */
    SELFTEST_CLOCKS,  /* what the load's own CPU clocks summed up to */
    SELFTEST_CEILING, /* the benchmark CPUs times the time that the load took: more there is not to be had */
};

/* A row of the table. The tolerance is below + above in the figure's unit, times the benchmark CPUs where per_cpu, and
 * `batches` times what the kernel charges in one go on top. */
struct selftest_check {
    const char *load; /* of workloads/known_loads.c */
    enum selftest_figure figure;
    enum selftest_truth truth;
    int64_t expected, below, above;
    int batches;
    bool per_cpu;
    const char *why; /* the tolerance */
};

extern const struct selftest_check selftest_checks[]; /* those of a load stand together */
size_t selftest_count(void);

/* What a load is, in a few words; NULL: there is none of this name. */
const char *selftest_load(const char *name);
const char *selftest_figure_name(enum selftest_figure f); /* with its source: "memory.stat anon" */
const char *selftest_figure_unit(enum selftest_figure f);

enum selftest_verdict { SELFTEST_FAIL, SELFTEST_UNAVAILABLE, SELFTEST_PASS, SELFTEST_VERDICTS };
const char *selftest_verdict_name(enum selftest_verdict v); /* "FAIL", "unavailable", "pass" */

struct selftest_result {
    const struct selftest_check *check;
    enum selftest_verdict verdict;
    int64_t expected, below, above; /* what is allowed is expected - below … expected + above */
    bool has_expected, has_measured;
    int64_t measured;
    char reason[300]; /* why it is unavailable, or was not measured; "" otherwise */
};

/* The machine's part of expectations and tolerances. */
struct selftest_scale {
    int64_t cpus;         /* benchmark CPUs */
    int64_t batch_bytes;  /* what memory's figures may lag behind: 64 pages a CPU */
    int64_t clocks_usec;  /* of SELFTEST_CLOCKS */
    int64_t ceiling_usec; /* of SELFTEST_CEILING */
    bool emulated;        /* the CPUs are software: what their host takes away counts as time that was used here */
    bool alone;           /* nobody else may use the benchmark CPUs, and they are balanced: a load can fill them */
};

/* Expectation and tolerance of a check on this machine; no verdict yet. */
struct selftest_result selftest_expect(const struct selftest_check *check, const struct selftest_scale *scale);
/* The verdict of a measured figure. */
void selftest_judge(struct selftest_result *r, int64_t measured);

struct selftest_report {
    char at[32]; /* UTC, ISO 8601 */
    char boot_id[64];
    char provenance[16], slice_reason[1000];
    char cpus[256]; /* the benchmark's */
    bool exclusive, emulated;
    struct selftest_result result[SELFTEST_CHECKS_MAX];
    size_t results;
    size_t count[SELFTEST_VERDICTS];
    int interrupted_by; /* a signal: the rest was not run; 0 otherwise */
};

void selftest_add(struct selftest_report *report, const struct selftest_result *result);
void selftest_text(const struct selftest_report *report, struct text *out);
/* The report as JSON (SELFTEST_SCHEMA), one newline at its end. */
int selftest_json(const struct selftest_report *report, struct text *out, struct err *e);

/* Runs every load in a slice as `tare run` would make it for the cell. *ret is complete whatever came of the checks.
 * With --isolation strict -ENOTSUP (host) where a full slice is not to be had. */
int selftest_run(const struct cell *cell, struct selftest_report *ret, struct err *e);

#endif

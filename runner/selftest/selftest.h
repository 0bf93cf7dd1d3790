/* selftest: checks the instrument against known loads. selftest.c, with the table and the verdicts, is pure;
 * selftest_run.c measures; host/last_selftest.h stores the result for the records. */
#ifndef TARE_SELFTEST_H
#define TARE_SELFTEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cell;
struct err;
struct text;

#define SELFTEST_CHECKS_MAX 64

/* The checked figure: its increase from the state before the load to the state with it, except where noted. */
enum selftest_figure {
    SELFTEST_RSS, /* /proc/PID/smaps_rollup, summed over the load and its children */
    SELFTEST_USS,
    SELFTEST_PSS,
    SELFTEST_PSS_ALL, /* the same over every process of the slice */
    SELFTEST_CURRENT, /* memory.current */
    SELFTEST_ANON,    /* memory.stat */
    SELFTEST_FILE,
    SELFTEST_SHMEM,
    SELFTEST_PEAK,         /* memory.peak at the end less memory.current before */
    SELFTEST_CPU,          /* cpu.stat usage_usec */
    SELFTEST_CPUS_OUTSIDE, /* count of forbidden CPUs that the load used */
    SELFTEST_CPUS_USED,    /* count of CPUs that the load used */
    SELFTEST_FOUND,        /* processes that exist after the load's own has ended */
    SELFTEST_LEFT,         /* whether any exists after they were killed */
    SELFTEST_FIGURES,
};

/* Where the expectation comes from. */
enum selftest_truth {
    SELFTEST_FIXED,   /* the table's number */
    SELFTEST_CPUS,    /* the number of benchmark CPUs */
    SELFTEST_CLOCKS,  /* the sum of the load's own CPU clocks */
    SELFTEST_CEILING, /* the benchmark CPUs times the load's duration: the maximum */
};

/* A row of the table. The tolerance is from -below to +above in the figure's unit, times the benchmark CPUs if per_cpu,
 * plus `batches` times the kernel's charge batch. */
struct selftest_check {
    const char *load; /* of workloads/known_loads.c */
    enum selftest_figure figure;
    enum selftest_truth truth;
    int64_t expected, below, above;
    int batches;
    bool per_cpu;
    const char *why; /* the reason for the tolerance */
};

extern const struct selftest_check selftest_checks[]; /* grouped by load */
extern const size_t selftest_count;

/* A short description of a load; NULL: unknown name. */
const char *selftest_load(const char *name);

struct selftest_figure_words {
    const char *name, *unit; /* name: with its source: "memory.stat anon" */
};
extern const struct selftest_figure_words selftest_figures[];

enum selftest_verdict { SELFTEST_FAIL, SELFTEST_UNAVAILABLE, SELFTEST_PASS, SELFTEST_VERDICTS };
extern const char *const selftest_verdict_names[]; /* "FAIL", "unavailable", "pass" */

struct selftest_result {
    const struct selftest_check *check;
    enum selftest_verdict verdict;
    int64_t expected, below, above; /* allowed: expected - below … expected + above */
    bool has_expected, has_measured;
    int64_t measured;
    char reason[300]; /* why it is unavailable or was not measured; else "" */
};

/* The machine's part of expectations and tolerances. */
struct selftest_scale {
    int64_t cpus;         /* benchmark CPUs */
    int64_t batch_bytes;  /* the lag of memory figures: 64 pages per CPU */
    int64_t clocks_usec;  /* for SELFTEST_CLOCKS */
    int64_t ceiling_usec; /* for SELFTEST_CEILING */
    bool emulated;        /* the CPUs are emulated: time that the host takes away seems used */
    bool alone;           /* the benchmark CPUs are exclusive and load-balanced: a load can fill them */
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
    int interrupted_by; /* the signal that stopped it; else 0 */
};

void selftest_add(struct selftest_report *report, const struct selftest_result *result);
void selftest_text(const struct selftest_report *report, struct text *out);
/* The report as JSON (SELFTEST_SCHEMA), one newline at its end. */
void selftest_json(const struct selftest_report *report, struct text *out);

/* Runs every load in a slice as `tare run` makes it for the cell. *ret is complete whatever the verdicts are. -ENOTSUP
 * (host): --isolation strict, and the host gives no full slice. */
int selftest_run(const struct cell *cell, struct selftest_report *ret, struct err *e);

#endif

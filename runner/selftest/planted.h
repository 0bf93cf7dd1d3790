/* planted: work whose threads lose their speed-up to one thing that is known, and whether a diagnostic run (run/why.h)
 * names that one. planted.c, with the table and the judgement, is pure; planted_run.c measures. */
#ifndef TARE_PLANTED_H
#define TARE_PLANTED_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cell;
struct err;
struct text;
struct why;

#define PLANTED_SCHEMA "tare.selftest-why/1"

#define PLANTED_SHARE   0.6  /* the least share of what is lost that a planted cause has to be */
#define PLANTED_STRETCH 1.1  /* below it threads lose too little to a cause for it to be named */
#define PLANTED_CROWDED 0.25 /* above it the threads run by turns: others have their CPUs */
#define PLANTED_SAMPLES 200  /* below it "no cause" is no knowledge */

struct planted {
    const char *scenario, *pattern; /* of its knob "pattern" */
    const char *cause;              /* the cause's id; NULL: threads lose nothing that processes do not */
    const char *or_cause;           /* one that says as much of the same thing; NULL: there is none */
};

extern const struct planted planted_causes[];
extern const size_t planted_count;

enum planted_verdict { PLANTED_MISNAMED, PLANTED_UNAVAILABLE, PLANTED_OK, PLANTED_VERDICTS };
extern const char *const planted_verdict_names[]; /* "MISNAMED", "unavailable", "ok" */

struct planted_result {
    const struct planted *planted;
    enum planted_verdict verdict;
    char named[48]; /* the first cause's id; "": none was named */
    double share;   /* of what is lost, 0 to 1: the planted cause's; where none is planted the first one's. NaN: none */
    double stretch; /* of struct why; NaN: unknown */
    char reason[320]; /* why it is not ok; "": it is */
};

/* What a diagnostic run says of a row. ok: the planted cause is named first and is PLANTED_SHARE of what is lost, or
 * none is planted and none is named. Unavailable: nothing is named, and threads lose nothing here either, by their own
 * time for the same work (struct why, stretch); there were too few samples to tell; or it would be misnamed, and for
 * PLANTED_CROWDED of their time threads that could run had no CPU. So is a shared reference count, unless it is ok,
 * where samples do not tell of atomic instructions (struct why, no_atomic). */
void planted_judge(const struct planted *p, const struct why *why, struct planted_result *ret);

/* Of a row that was judged where time is emulated: that nothing is named while threads take longer is no fault. The
 * CPUs are threads of the emulator, and what its host takes from them counts as work. */
void planted_allow_for_emulation(struct planted_result *r);

/* A row that could not be run. */
void planted_give_up(const struct planted *p, const char *reason, struct planted_result *ret);

struct planted_report {
    char at[32]; /* UTC, ISO 8601 */
    char interpreter[PATH_MAX], version[32];
    bool frame_pointers, emulated;
    char cpus[256]; /* the benchmark's */
    int64_t workers;
    struct planted_result *result; /* owned */
    size_t results;
    size_t count[PLANTED_VERDICTS];
    int interrupted_by; /* the signal that stopped it; else 0 */
};

/* Runs these rows (only: their patterns, comma-separated; NULL: every one) with as many workers as there are benchmark
 * CPUs, from 2 to 8: timed, then traced. given: its CPUs, isolation and runtime count. -EPERM, … (host): the caller may
 * not trace, or there is no free-threaded interpreter. -EINVAL (usage): the runtime that was named has a GIL, or a
 * pattern is none. The caller ends *ret with planted_free(). */
int planted_run(const struct cell *given, const char *only, struct planted_report *ret, struct err *e);
void planted_free(struct planted_report *report);

/* The report as JSON (PLANTED_SCHEMA, tare-selftest-why.schema.json), one newline at its end. */
void planted_json(const struct planted_report *report, struct text *out);

#endif

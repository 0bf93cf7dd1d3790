/* verdict: what was asked of the host, what it gave, what verified it, and the resulting grade. Pure. */
#ifndef TARE_VERDICT_H
#define TARE_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "cgroups/slice.h"

/* How well the workload was isolated. */
enum grade { GRADE_NONE, GRADE_BORROWED, GRADE_PARTIAL, GRADE_FULL };

/* meaning: for somebody who reads it for the first time: no sentence, no stop. */
struct grade_words {
    const char *name, *meaning;
};
extern const struct grade_words verdict_grades[];

/* What depends on a check. */
enum level {
    LEVEL_REQUIRED, /* if it fails, the grade is not full */
    LEVEL_RECORDED, /* shown beside the figures; does not affect the grade: it depends on the host (a VM has no
                       governor) or on the workload (eight threads on three CPUs preempt each other) */
};

extern const char *const verdict_levels[]; /* "required", "recorded" */

struct check {
    char name[40];
    enum level level;
    char requested[256];
    char achieved[256];
    char verified_by[80]; /* the file or call that showed it */
    bool ok;
    char reason[260]; /* why it is not ok; else "" */
};

#define VERDICT_CHECKS_MAX 64

/* Starts as {0}. */
struct verdict {
    enum grade grade;
    struct check check[VERDICT_CHECKS_MAX];
    size_t count;
};

/* Adds a check. Long texts are cut. */
void verdict_add(struct verdict *v, enum level level, const char *name, bool ok, const char *requested,
                 const char *achieved, const char *verified_by, const char *reason);

/* Sets the grade: none without a slice; borrowed if the container is the slice; full if every required check passed;
 * else partial. */
void verdict_grade(struct verdict *v, enum slice_provenance provenance);

/* The first required check that failed, or NULL. */
const struct check *verdict_first_failed(const struct verdict *v);

#endif

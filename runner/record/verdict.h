/* verdict: what was asked of the host, what was achieved and what verified it; and the grade that follows. Pure. */
#ifndef TARE_VERDICT_H
#define TARE_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "cgroups/slice.h"

/* How far the workload was on its own. */
enum grade { GRADE_NONE, GRADE_BORROWED, GRADE_PARTIAL, GRADE_FULL };

const char *grade_name(enum grade g);

/* What it means, for somebody who reads it for the first time: no sentence, no stop. */
const char *grade_meaning(enum grade g);

/* What hangs on a check. */
enum level {
    LEVEL_REQUIRED, /* without it the slice is not full */
    LEVEL_RECORDED, /* told beside the figures; it takes nothing from the grade */
};

const char *level_name(enum level l);

struct check {
    char name[40];
    enum level level;
    char requested[256];
    char achieved[256];
    char verified_by[80]; /* the file or call that it was read back from */
    bool ok;
    char reason[260]; /* why it is not ok; "" where it is */
};

#define VERDICT_CHECKS_MAX 64

/* Starts as {0}. */
struct verdict {
    enum grade grade;
    struct check check[VERDICT_CHECKS_MAX];
    size_t count;
};

/* Adds a check, of the level that verdict.c's table gives its name: the grade follows from that one place. A name that
 * is not in it (a setting of the slice, by its file; a layer of confinement) is required. Texts that are too long are
 * cut. */
void verdict_add(struct verdict *v, const char *name, bool ok, const char *requested, const char *achieved,
                 const char *verified_by, const char *reason);

/* The grade: none without a slice, borrowed where the container is the slice; of an own slice full where every
 * required check is ok, else partial. */
void verdict_grade(struct verdict *v, enum slice_provenance provenance);

/* The first required check that is not ok, or NULL. */
const struct check *verdict_first_failed(const struct verdict *v);

#endif

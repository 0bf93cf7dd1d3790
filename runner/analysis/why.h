/* why: what --why found of a cell, as it is kept: tare.why/1 (tare-why.schema.json), in NAME.why.json beside the record
 * NAME.json of the timed run. */
#ifndef TARE_ANALYSIS_WHY_H
#define TARE_ANALYSIS_WHY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/causes.h"
#include "analysis/flame.h"
#include "base/text.h"
#include "record/record.h"

struct err;
struct json_t;

#define WHY_SCHEMA    "tare.why/1"
#define WHY_BYTES_MAX ((size_t)16 << 20) /* of its file */
#define WHY_PERIOD_NS 999000 /* between two samples of a CPU: off the beat of what wakes up each millisecond */

struct why {
    char id[RECORD_ID_MAX]; /* of the diagnostic run */
    char of[RECORD_ID_MAX]; /* of the timed one */
    int64_t workers, iterations;
    struct causes causes;
    struct flame flame;        /* of the same threads and iterations */
    struct trace_probe *probe; /* and which of them could not be set */
    size_t probes;
    struct text interpreter; /* that it was traced in, of the same source and with frame pointers; "": the timed one */
    double slowdown;         /* median of its iterations / median of the timed ones; NaN: unknown */
    double stretch;          /* what a thread works and loses in an iteration / what one alone does; NaN: unknown */
    int interrupted_by;      /* of a run that a signal ended: which; it has nothing else */
    uint64_t events, lost;   /* that were read; that the kernel or tare dropped */
    bool has_page_faults;
    uint64_t page_faults;
    const char *no_python, *no_kernel; /* why no function of Python, of the kernel, has a name; NULL: they have */
    struct text strangers;             /* files without their symbols, one a line */
    struct text no_atomic; /* why samples do not tell of an atomic instruction (launch/sight.h); "": they do */
    struct json_t *read;   /* of why_read(): what the texts point into; NULL: it was run */
};

void why_free(struct why *w);

/* Functions whose files lie below a folder are told as if that were another: a copy as its original. */
void why_move_files(struct why *w, const char *from, const char *to);

/* Appends the record as JSON; the tree of it is the caller's. */
struct json_t *why_json(const struct why *w);

/* Reads a record back. Its file is hostile until shown otherwise. -ENOENT: there is none, and e is not set. -EINVAL
 * (usage): it is no whole tare.why/1: one line with the file and the member. The caller ends *ret with why_free(). */
int why_read(const char *path, struct why *ret, struct err *e);
/* The same of a file's bytes; path: as it is told. */
int why_parse(const char *path, const struct text *bytes, struct why *ret, struct err *e);

/* Which figure of a record that was read does not follow from the others of it (sums, shares, the order of the causes,
 * the verdict); NULL: all do. A constant text. */
const char *why_contradiction(const struct why *w);

#endif

/* reproduce: runs a bundle's plan again on this machine, in a process `tare matrix`, and judges each claim by the new
 * records. The result is the counter-record (reproduction.h). */
#ifndef TARE_REPRODUCE_H
#define TARE_REPRODUCE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "archive/tmpdir.h"
#include "bundle/bundle.h"
#include "bundle/verify.h"
#include "cell/config.h"
#include "record/records.h"

struct err;
struct json_t;

enum reproduce_where { REPRODUCE_HOST, REPRODUCE_IMAGE, REPRODUCE_VM };

#define REPRODUCE_TERMS_SOURCE "ACM Artifact Review and Badging, version 1.1 (24 August 2020)"
#define REPRODUCE_TERMS_NOTE                                                                                           \
    "The role is declared and nothing checked it. Replicability takes another team and another setup without the "     \
    "author's artefacts, which running a bundle again can never show. This is evidence, not a badge."

/* "repeatability (same team, same experimental setup)", … */
extern const char *const reproduce_terms[];

/* A smoke run's size; at most the plan's. */
#define SMOKE_INVOCATIONS 5 /* the fewest that give an interval */
#define SMOKE_ITERATIONS  5
#define SMOKE_WARMUP      1

/* The caller ends it with reproduction_free(), also after a failure. */
struct reproduction {
    const struct config *c; /* of the command; its positional is the bundle */
    enum reproduce_where where;
    bool smoke, trust, is_slurm;
    struct verification verified; /* of the original, which is open if it is intact or --force was given */
    struct temporary staged;      /* the bundle's plan, and what it carries, as they were verified: what is run */
    char out[PATH_MAX - 64];
    int out_fd;                  /* open since before the run */
    bool granted;                /* something in the plan or plan.lock needs trust */
    int64_t invocations;         /* requested here, per cell */
    size_t planned, run, failed; /* invocations requested; with a record; of these, failed */
    struct records records;      /* the new ones; before the run, those in the folder */
    const char **sha256;         /* of each record's file as read; owned */
    struct judgement *judgement; /* one per claim, by the new records */
    char (*another)[160];        /* by record: why its cell counts as not run: it weighed another program */
};

/* Does all steps. 0: ret has a judgement for each claim. -EBADMSG (said no): the bundle is damaged and force is not
 * set; ret->verified has the findings. -ESTALE (said no): it was changed after it was verified. -EEXIST (usage): a
 * record in the folder is one of the bundle. -EPERM (usage): the plan needs trust; each point is a line on standard
 * error. Host errors: the host lacks the chosen place to run in. Our errors: the plan was not run to its end; the same
 * command continues it. Positive: the exit status of the tare matrix that refused the plan and printed why. */
int reproduce(const struct config *c, enum reproduce_where where, struct reproduction *ret, struct err *e);

void reproduction_free(struct reproduction *r);

/* For a run in an image: whether it is the one in the bundle, rather than one named by its records. */
bool reproduction_in_held_image(const struct reproduction *r);

/* Runs the plan into r->out by a process, and waits for it. */
int reproduce_run(struct reproduction *r, struct err *e);

void reproduction_text(const struct reproduction *r, struct text *out);

/* Write the counter-record (reproduction.h) into the folder of the new records; or give it as JSON, which the caller
 * owns. */
int reproduction_write(const struct reproduction *r, struct err *e);
int reproduction_json(const struct reproduction *r, struct json_t **ret, struct err *e);

#endif

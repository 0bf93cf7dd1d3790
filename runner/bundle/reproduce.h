/* reproduce: runs a bundle's plan again on this machine and judges each claim by the new records. `tare matrix`, as a
 * process of its own, does the measuring. The result is the counter-record (reproduction.h). */
#ifndef TARE_REPRODUCE_H
#define TARE_REPRODUCE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bundle/bundle.h"
#include "bundle/verify.h"
#include "cell/config.h"
#include "record/records.h"

struct err;
struct json_t;

enum reproduce_where { REPRODUCE_HOST, REPRODUCE_IMAGE, REPRODUCE_VM };

const char *reproduce_where_name(enum reproduce_where w); /* "host", "image", "vm" */

#define REPRODUCE_TERMS_SOURCE "ACM Artifact Review and Badging, version 1.1 (24 August 2020)"
#define REPRODUCE_TERMS_NOTE                                                                                           \
    "The role is declared and nothing checked it. Replicability takes another team and another setup without the "     \
    "author's artefacts, which running a bundle again can never show. This is evidence, not a badge."

/* "same-team", "different-team", "undeclared"; of an enum role. */
const char *reproduce_role_name(int64_t role);

/* "repeatability (same team, same experimental setup)", … */
const char *reproduce_term(int64_t role);

struct reproduce_options {
    const char *path; /* the bundle */
    enum reproduce_where where;
    bool smoke, force, trust; /* trust: --trust-plan */
    int64_t engine, role;     /* enum engine, enum role */
    const struct config_words *sbatch;
    const char *out; /* NULL: made of the plan's name and the digest */
};

/* Of a smoke run; within what the plan has. */
#define SMOKE_INVOCATIONS 5 /* the fewest that give an interval */
#define SMOKE_ITERATIONS  5
#define SMOKE_WARMUP      1

/* Ended with reproduction_free(), also after a failure. */
struct reproduction {
    const struct reproduce_options *o;
    struct verification verified; /* of the original, which is open in it where it is whole or --force was given */
    char out[PATH_MAX - 64];
    int out_fd;                  /* the same, held from before the run */
    bool granted;                /* something of the plan or of plan.lock takes trust */
    int64_t invocations;         /* of each cell, that were asked for here */
    size_t planned, run, failed; /* invocations asked for; with a record; of these, that did not end well */
    struct records records;      /* the new ones; those that were there before the run until it has changed them */
    const char **sha256;         /* of each of their files, as it was read; owned */
    struct judgement *judgement; /* one a claim of the original's, by the new records */
};

/* Goes through all of it. 0: each claim is judged in ret. -EBADMSG (said no): the bundle is not whole and force is not
 * set; ret->verified has the findings. -EEXIST (usage): a record in the folder is one of the bundle's. -EPERM (usage):
 * the plan says of this host what trust would take; each is on a line of standard error. Host: what it was to run in is
 * not here. Ours: the plan was not run to its end, and the same command goes on. Positive: the exit status of the tare
 * matrix that refused the plan and said why. */
int reproduce(const struct reproduce_options *o, struct reproduction *ret, struct err *e);

void reproduction_free(struct reproduction *r);

/* Of a run in an image: whether it is the one that the bundle holds, and not one that its records name. */
bool reproduction_in_held_image(const struct reproduction *r);

/* Runs the plan into r->out, each by a process, and waits. */
int reproduce_run(struct reproduction *r, struct err *e);

/* How many claims have each verdict. */
void reproduction_count(const struct reproduction *r, size_t of[CLAIM_VERDICTS]);

/* 0: a claim was judged, and each that was is SUPPORTED; or nothing is claimed. Else 1 (ERR_SAID_NO). */
int reproduction_status(const struct reproduction *r);

void reproduction_text(const struct reproduction *r, struct text *out);

/* The counter-record (reproduction.h): written into the folder of the new records; the same as JSON, the caller's. */
int reproduction_write(const struct reproduction *r, struct err *e);
int reproduction_json(const struct reproduction *r, struct json_t **ret, struct err *e);

#endif

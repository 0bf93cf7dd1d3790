/* bundle: what a bundle's payload says, read into memory: the plan, its claims, how it was packed, its records. It does
 * not matter yet whether any of it is right; what cannot be read is an error. */
#ifndef TARE_BUNDLE_H
#define TARE_BUNDLE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "archive/findings.h"
#include "archive/parcel.h"
#include "archive/scratch.h"
#include "bundle/claims.h"
#include "plan/folder.h"
#include "plan/plan.h"
#include "plan/trust.h"
#include "record/records.h"

struct err;
struct json_t;
struct stat;

#define BUNDLE_DATA    "data"
#define BUNDLE_PLAN    "plan.yml"
#define BUNDLE_LOCK    "plan.lock"
#define BUNDLE_CLAIMS  "claims.yml"
#define BUNDLE_IMAGES  "env/versions.lock"
#define BUNDLE_LICENSE "LICENSE"
#define BUNDLE_RECORDS "records/"
#define BUNDLE_PAPER   "paper/"

#define BUNDLE_RECORD_MAX  (32U << 20) /* bytes: a memory run of half an hour has one */
#define BUNDLE_SOURCE_MAX  (1U << 20)  /* of plan, claims, pack.json */
#define BUNDLE_LICENSE_MAX (1U << 20)

/* Starts as {0}; ended with bundle_free(). */
struct bundle {
    char path[PATH_MAX / 2]; /* of the payload's folder */
    int fd;
    struct folder_plan bound;
    struct plan plan;
    struct text plan_bytes;
    struct claims claims;
    struct judgement *judgement; /* one a claim */
    struct json_t *pack;         /* env/pack.json, of the schema */
    struct json_t *reproduction; /* reproduction.json, of a bundle that reproduces another; else NULL */
    struct records records;      /* by id, with all that is made of them; path: inside the payload,
                                    "records/CELL/0001.json" */
    /* what of the plan is there */
    size_t cells, blocks; /* blocks: that the plan asks for */
    size_t run, failed;   /* invocations of those blocks with a record; of these, that did not end well */
    size_t missing;       /* without one */
    bool noise;           /* A and A' */
    int64_t date_s;       /* pack.json's */
    const char *top;      /* "tare-NAME": the one folder in the tar; owned */
};

/* Reads the payload in this folder, each record once. read: its records where they were read already, with what
 * bundle_wants() says and by their paths inside the payload; they are the bundle's then; NULL: they are read here.
 * derived: gets what does not follow from a record's raw samples (evidence.h); NULL: it is not looked for. Errors
 * (usage) name the file inside of it. */
int bundle_load(const char *path, struct records *read, struct findings *derived, struct bundle *ret, struct err *e);

/* Asks the reader for all that a bundle's documents are made of. */
void bundle_wants(struct records *r);
void bundle_free(struct bundle *b);

/* What of the host the plan, its scenarios and the options in plan.lock would take (plan/trust.h); label: how the
 * plan's text is called. */
int bundle_grants(const struct bundle *b, const char *label, struct trust_grants *ret, struct err *e);

/* Where the record of a plan's invocation is in the payload: its cell's folder has the cell's id, the characters that a
 * bundle's paths do not have replaced by '-', cut at 80 and numbered where that makes it another cell's. label: as
 * folder_record_name() has it. Returns buf. */
const char *bundle_record_path(const struct plan *plan, size_t cell, uint64_t block, int label,
                               char buf[PARCEL_PATH_MAX + 1]);

/* The cell's number in the plan; plan->cells where it has none of this id. */
size_t bundle_cell(const struct plan *plan, const char *id);

/* "A": 1, "A'": 2, else 0. */
int bundle_label(const char *label);

/* The invocations that the plan asks for and no record is of, one a line ("CELL, block 3"), at most max of them. */
void bundle_missing(const struct bundle *b, size_t max, struct text *out);

/* --- a tar or a folder, opened; whole up to its manifests, or not at all
 * ---------------------------------------------- */

/* Ended with bundle_close(), also after a failure. */
struct opened_bundle {
    struct scratch unpacked;
    int root_fd;
    char data[PATH_MAX]; /* the payload's folder */
    struct bundle bundle;
    struct findings findings; /* what is not whole */
};

/* Opens the tar or folder that a bundle is at that path, and neither a device nor a FIFO. -EINVAL and the like (usage).
 * st: what it is. */
int bundle_open_path(const char *path, struct stat *st, struct err *e);

/* Unpacks a tar and reads what the bundle says. What is not whole is a finding, and where `broken` is false also an
 * error. -EINVAL (usage): there is no bundle at that path, or what it says cannot be read. */
int bundle_open(const char *path, bool broken, struct opened_bundle *ret, struct err *e);
void bundle_close(struct opened_bundle *o);

#endif

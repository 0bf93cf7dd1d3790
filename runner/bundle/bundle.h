/* bundle: a bundle's payload read into memory (plan, claims, how it was packed, records), and the opening of the tar or
 * folder that it is in. Pack, verify, sign, push and reproduce start here. What cannot be read is an error; whether
 * what was read is right is for verify to say. The caller owns what is returned. */
#ifndef TARE_BUNDLE_H
#define TARE_BUNDLE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "archive/filelist.h"
#include "archive/findings.h"
#include "archive/tmpdir.h"
#include "bundle/claims.h"
#include "plan/folder.h"
#include "plan/plan.h"
#include "plan/trust.h"
#include "record/records.h"

struct err;
struct json_t;

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
    char *top;            /* "tare-NAME": the one folder in the tar */
};

/* Reads the payload in this folder, each record once. read: its records where they were read already, with what
 * bundle_wants() says and by their paths inside the payload; they are the bundle's then; NULL: they are read here.
 * derived: gets what does not follow from a record's raw samples (rederive.h); NULL: it is not looked for. Errors
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
                               char buf[FILELIST_PATH_MAX + 1]);

/* The cell's number in the plan; plan->cells where it has none of this id. */
size_t bundle_cell(const struct plan *plan, const char *id);

/* "A": 1, "A'": 2, else 0. */
int bundle_label(const char *label);

/* When the newest record was begun, "" of none; a record's own. What is written follows from what was measured. */
const char *bundle_newest(const struct records *r);

/* Lines of pack's and verify's on what there is and what is claimed. */
void bundle_summary(const struct bundle *b, struct text *said);

/* The invocations that the plan asks for and no record is of, one a line ("CELL, block 3"), at most max of them. */
void bundle_missing(const struct bundle *b, size_t max, struct text *out);

/* --- a tar or a folder, opened; whole up to its manifests, or not at all
 * ---------------------------------------------- */

/* Starts as BUNDLE_UNOPENED; ended with bundle_close(), also after a failure. */
struct opened_bundle {
    struct tmpdir unpacked; /* a tar's files; its path is "" of a folder */
    int tar_fd;             /* -1: it is a folder */
    int root_fd;
    char folder[PATH_MAX / 2], data[PATH_MAX]; /* the bag's and the payload's */
    char top[FILELIST_PATH_MAX + 1];           /* of a tar; else "" */
    struct filelist all;                       /* the bag's files */
    struct bundle bundle;                      /* as bundle_load() gives it */
    struct findings findings;                  /* what is not whole */
};
#define BUNDLE_UNOPENED                                                                                                \
    ((struct opened_bundle){.unpacked = {.fd = -1}, .tar_fd = -1, .root_fd = -1, .bundle = {.fd = -1}})
#define cleanup_opened __attribute__((cleanup(bundle_close)))

/* Unpacks a tar and lists the files; what a bundle may not have is a finding. -EINVAL and the like (usage): there is no
 * bundle at that path. */
int bundle_open_files(const char *path, struct opened_bundle *ret, struct err *e);

/* The same, holds the files against the manifests and reads what the bundle says. -EINVAL (usage): it is not whole, or
 * what it says cannot be read. */
int bundle_open(const char *path, struct opened_bundle *ret, struct err *e);
void bundle_close(struct opened_bundle *o);

#endif

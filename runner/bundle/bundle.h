/* bundle: opens a bundle's tar or folder and reads its payload (plan, claims, pack.json, records). Pack, verify, sign,
 * push and reproduce start here. Unreadable content is an error; whether the content is right is for verify. The caller
 * owns what is returned. */
#ifndef TARE_BUNDLE_H
#define TARE_BUNDLE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "archive/filelist.h"
#include "archive/findings.h"
#include "archive/spool.h"
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

/* Starts as {0}; the owner ends it with bundle_free(). */
struct bundle {
    char path[PATH_MAX / 2]; /* of the payload's folder */
    int fd;
    struct folder_plan bound;
    struct plan plan;
    struct text plan_bytes;
    struct claims claims;
    struct judgement *judgement; /* one per claim */
    struct json_t *pack;         /* env/pack.json */
    struct json_t *reproduction; /* reproduction.json of a bundle that reproduces another; else NULL */
    struct records records;      /* by id; path: inside the payload, "records/CELL/0001.json" */
    /* coverage of the plan */
    size_t cells, blocks; /* that the plan asks for */
    size_t run, failed;   /* invocations with a record; of these, failed ones */
    size_t missing;       /* invocations without a record */
    size_t whys;          /* records beside which lies what --why found (OUTPUT_WHY) */
    bool noise;           /* A and A' */
    int64_t date_s;       /* pack.json's */
    char *top;            /* "tare-NAME": the one folder in the tar */
};

/* The records of a payload: those that were read already, with what bundle_wants() asks for and payload paths, which
 * the bundle takes over; or its files. One of both is NULL. */
struct bundle_records {
    struct records *read;
    const struct filelist *payload;
    struct findings *derived; /* receives what does not follow from a record's raw samples (rederive.h); NULL: not
                               * checked */
};

/* Reads the payload in this folder, each record once. Errors (usage) name the file inside. */
int bundle_load(const char *path, const struct bundle_records *from, struct bundle *ret, struct err *e);

/* Asks the reader of records for all that a bundle's documents need. */
void bundle_wants(struct records *r);
void bundle_free(struct bundle *b);

/* What the plan, its scenarios and the options in plan.lock need from the host (plan/trust.h); label: name of the
 * plan's text in messages. */
int bundle_grants(const struct bundle *b, const char *label, struct trust_grants *ret, struct err *e);

/* The carried file that an invocation of a command was not made with, by its record; NULL: it was made with all. */
const struct carried_one *bundle_other_file(const struct bundle *b, const struct invocation *one);

/* The payload path of an invocation's record, in its cell's folder. label: as in folder_record_name(). Returns buf. */
const char *bundle_record_path(const struct plan *plan, size_t cell, uint64_t block, int label,
                               char buf[FILELIST_PATH_MAX + 1]);

/* The payload path of what --why found of a record, by the record's. Returns buf. */
const char *bundle_why_path(const char *record, char buf[FILELIST_PATH_MAX + 1]);

/* "A": 1, "A'": 2, else 0. */
int bundle_label(const char *label);

/* The start time of the newest record, owned by it; "": no records. */
const char *bundle_newest(const struct records *r);

/* Appends the lines on coverage and claims that pack and verify print. */
void bundle_summary(const struct bundle *b, struct text *said);

/* Appends the invocations without a record, one per line ("CELL, block 3"), at most max. */
void bundle_missing(const struct bundle *b, size_t max, struct text *out);

/* --- opening a tar or a folder ------------------------------------------------------------------------------------ */

/* Starts as BUNDLE_UNOPENED; the owner ends it with bundle_close(), also after a failure. */
struct opened_bundle {
    struct temporary unpacked; /* a tar's files without the records; path "" for a folder */
    struct spool records;      /* a tar's */
    int tar_fd;                /* -1: a folder */
    int root_fd;
    char folder[PATH_MAX / 2], data[PATH_MAX]; /* the bag's and the payload's */
    char top[FILELIST_PATH_MAX + 1];           /* for a tar; else "" */
    struct filelist all, payload;              /* the bag's files, and those of them below data/ */
    struct bundle bundle;                      /* by bundle_load() */
    struct findings findings;                  /* what is wrong with the files */
};
#define BUNDLE_UNOPENED                                                                                                \
    ((struct opened_bundle){                                                                                           \
        .unpacked = {.fd = -1}, .records = SPOOL_UNOPENED, .tar_fd = -1, .root_fd = -1, .bundle = {.fd = -1}})
#define cleanup_opened __attribute__((cleanup(bundle_close)))

/* Unpacks a tar and lists the files; forbidden content is a finding. -EINVAL and the like (usage): no bundle at that
 * path. */
int bundle_open_files(const char *path, struct opened_bundle *ret, struct err *e);

/* The same, then checks the files against the manifests and reads the content. -EINVAL (usage): it is damaged, or the
 * content cannot be read. */
int bundle_open(const char *path, struct opened_bundle *ret, struct err *e);
void bundle_close(struct opened_bundle *o);

#endif

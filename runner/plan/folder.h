/* folder: where a plan's records are. One folder holds one plan:
 *
 *   plan.yml    the plan, byte for byte
 *   plan.lock   its SHA-256, the seed, the options that were given for every cell, what it names by its path, with
 * SHA-256 scenarios/, programs/   copies of these (cell/carried.h) .lock       held (flock) by whoever runs the plan
 *   NNNN-ID.json     a record: block NNNN of cell ID; with --aa NNNN-ID-A.json and NNNN-ID-A2.json
 *   aside/      what was in a record's place and is none: nothing is thrown away
 *   slurm/      the batch scripts, what the jobs printed, and not-run-ID: why a node cannot run cell ID */
#ifndef TARE_FOLDER_H
#define TARE_FOLDER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "cell/carried.h"
#include "cell/config.h"

struct err;

#define FOLDER_PATH_MAX (PATH_MAX - 512) /* every name in it fits into PATH_MAX */

struct folder {
    char path[FOLDER_PATH_MAX];
    int fd;       /* the folder; -1: only looked at */
    int lock_fd;  /* -1: not locked by us */
    size_t there; /* length of the part of path that existed before folder_open() */
    bool bound;   /* this process wrote plan.lock, */
    bool copied;  /* and plan.yml, */
    bool carries; /* and scenarios/ or programs/ */
};

/* The plan that a folder is bound to. */
struct folder_plan {
    char sha256[65]; /* of the plan's file */
    char name[64];
    int64_t seed; /* below 0: none yet */
    bool drawn;   /* the seed was drawn just now and is not written yet */
    bool noise;   /* --aa: each cell runs as A and as A' */
    struct config_given given;
    struct carried carried; /* what it names by its path; of folder_read() it is what the folder holds */
    struct text words;      /* the text that the two above point into; empty if the caller owns it */
};

/* Makes the folder and locks it. -EBUSY (usage): another tare matrix runs in it; the message says which. -ENOTDIR,
 * -EPERM (a lock file that tare did not make), … (usage). The caller ends it with folder_close(). */
int folder_open(const char *path, struct folder *ret, struct err *e);

/* Removes what folder_open() and folder_bind() made, the folders above it too, unless the plan has begun: a refused
 * plan leaves nothing behind. The caller still closes the folder. */
void folder_take_back(struct folder *f);

/* Opens a folder for reading, without the lock. The folder need not exist. */
int folder_look(const char *path, struct folder *ret, struct err *e);

/* Opens the folder of folder_look(), without the lock: from now on all is read and written in this very folder,
 * whatever is put in its place. -ENOENT, …; -EPERM: through another user's link (beneath_open_folder(); all usage). */
int folder_hold(struct folder *f, struct err *e);

/* Locks a folder that is held. Errors as folder_open(). */
int folder_lock(struct folder *f, struct err *e);

void folder_close(struct folder *f);

/* Whether the path is a folder bound to a plan. */
bool folder_is_bound(const char *path);

/* Whether the plan has begun: a record or a Slurm job is in the folder. */
bool folder_is_begun(const struct folder *f);

/* Reads what the folder is bound to, and the plan. -EINVAL (usage): plan.lock is malformed, or plan.yml was changed.
 * The caller ends *ret with folder_plan_free() and *bytes with text_free(). */
int folder_read(const struct folder *f, struct folder_plan *ret, struct text *bytes, struct err *e);

/* Reads plan.lock alone; f must outlive *ret. -ENOENT: there is none, and e is not set. */
int folder_read_lock(const struct folder *f, struct folder_plan *ret, struct err *e);

/* Binds the folder to a plan, or checks that it is bound to it. A missing seed in *wanted is filled in from plan.lock,
 * else drawn. The scenarios of wanted->carried are copied. -EEXIST (usage): bound to another plan that has begun; the
 * message says how they differ. write false: writes nothing. */
int folder_bind(struct folder *f, struct folder_plan *wanted, const struct text *bytes, bool write, struct err *e);

void folder_plan_free(struct folder_plan *p);
#define cleanup_folder_plan __attribute__((cleanup(folder_plan_free)))

/* Writes a record's name in the folder into buf and returns it. label: 0 none, 1 A, 2 A'. */
const char *folder_record_name(uint64_t block, const char *cell, int label, char buf[NAME_MAX]);

/* Whether the name looks like a record's. */
bool folder_is_record_name(const char *name);

/* Opens aside/, and makes it if needed. Returns a descriptor, which the caller closes, or a negative errno. */
int folder_aside(const struct folder *f, struct err *e);

/* Moves a file into aside/ under a free name, and writes that ("aside/...") to kept. */
int folder_set_aside(const struct folder *f, const char *name, char kept[NAME_MAX], struct err *e);

#endif

/* folder: where a plan's records are. One folder holds one plan:
 *
 *   plan.yml    the plan, byte for byte
 *   plan.lock   its SHA-256, the seed, the options that were given for every cell, what it names by its path, with
 * SHA-256 scenarios/, programs/   copies of these (cell/carried.h) .lock       held (flock) by whoever runs the plan
 *   NNNN-ID.json     a record: block NNNN of cell ID; with --aa NNNN-ID-A.json and NNNN-ID-A2.json
 *   aside/      what was in a record's place and is none: nothing is thrown away
 *   slurm/      the batch scripts, and what the jobs printed */
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

#define FOLDER_PATH_MAX (PATH_MAX - 512) /* so that every name in it fits into PATH_MAX */

struct folder {
    char path[FOLDER_PATH_MAX];
    int fd;       /* what is written goes below it; -1: it is only looked at */
    int lock_fd;  /* -1: not ours */
    size_t there; /* of path: what was there before folder_open() */
    bool bound;   /* plan.lock was written by this process, */
    bool copied;  /* and plan.yml, */
    bool carries; /* and scenarios/ or programs/ */
};

/* What a folder is bound to. */
struct folder_plan {
    char sha256[65]; /* of the plan's bytes */
    char name[64];
    int64_t seed; /* below 0: none yet */
    bool drawn;   /* the seed has just been, and is written nowhere */
    bool noise;   /* --aa: each cell is run as A and A' */
    struct config_given given;
    struct carried carried; /* what it names by its path; of folder_read() it is what the folder holds */
    struct text words;      /* what these two point into; empty where they are the caller's */
};

/* Makes the folder and takes its lock. -EBUSY (usage): another tare matrix runs in it, and the message says which.
 * -ENOTDIR, -EPERM (a lock that is none of tare's) and the like (usage). The caller ends it with folder_close(). */
int folder_open(const char *path, struct folder *ret, struct err *e);

/* Takes back what folder_open() and folder_bind() made, the folders above it too, unless the plan has begun since: a
 * plan that was refused leaves nothing behind. The folder has still to be closed. */
void folder_take_back(struct folder *f);

/* Looks at a folder without the lock, which need not be there. */
int folder_look(const char *path, struct folder *ret, struct err *e);

/* Holds a folder that was looked at, to write into it without the lock. -ENOENT and the like (usage). */
int folder_hold(struct folder *f, struct err *e);

void folder_close(struct folder *f);

/* Whether path is a folder that is bound to a plan. */
bool folder_is_bound(const char *path);

/* Whether something of a plan is in it: a record, or what Slurm was handed. */
bool folder_is_begun(const struct folder *f);

/* What the folder is bound to and its plan's bytes. -EINVAL (usage): plan.lock is broken, or plan.yml was changed.
 * The caller ends *ret with folder_plan_free() and *bytes with text_free(). */
int folder_read(const struct folder *f, struct folder_plan *ret, struct text *bytes, struct err *e);

/* What a folder's plan.lock says, with nothing else looked at; f has to stay. -ENOENT: it has none, and e is not set.
 */
int folder_read_lock(const struct folder *f, struct folder_plan *ret, struct err *e);

/* Binds the folder to a plan, or sees that it is: a seed that wanted lacks is filled in from there, else drawn.
 * -EEXIST (usage): it is another's, which has begun, by what they differ in. Writes nothing where write is false. What
 * wanted->carried names is copied from where it was found. */
int folder_bind(struct folder *f, struct folder_plan *wanted, const struct text *bytes, bool write, struct err *e);

void folder_plan_free(struct folder_plan *p);

/* The name of a record in the folder. label: 0 none, 1 A, 2 A'. Returns buf. */
const char *folder_record_name(uint64_t block, const char *cell, int label, char buf[NAME_MAX]);

/* Whether a file of this name is a record's by its looks. */
bool folder_is_record_name(const char *name);

/* aside/, made where it is not there, as a descriptor of the caller's; a negative errno. */
int folder_aside(const struct folder *f, struct err *e);

/* Moves a file into aside/, under a name that is free there, and writes that to kept ("aside/..."). */
int folder_set_aside(const struct folder *f, const char *name, char kept[NAME_MAX], struct err *e);

#endif

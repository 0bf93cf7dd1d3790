/* carried: the folder of a scenario that did not come with tare, or a file that a command names by its path, as plan
 * folders and bundles carry it, so that the records come with what was weighed. A folder has regular files with plain
 * names, bounded in number and size, and one digest identifies it; a command's file is alone in a folder. */
#ifndef TARE_CARRIED_H
#define TARE_CARRIED_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"

struct err;

#define CARRIED_FOLDER    "scenarios" /* its place in a plan's folder and in a bundle's payload */
#define CARRIED_PROGRAMS  "programs"  /* the same, of commands' files */
#define CARRIED_MAX       64          /* scenarios and commands' files of one plan that are named by their paths */
#define CARRIED_FILES_MAX 1000
#define CARRIED_BYTES_MAX (64ULL << 20) /* of all files */
#define CARRIED_DEPTH_MAX 8
#define CARRIED_PATH_MAX  120 /* bytes: a bundle's paths have 200 */

struct carried_file {
    char path[CARRIED_PATH_MAX + 1]; /* relative to the folder */
    uint64_t size_bytes;
    char sha256[DIGEST_HEX];
};

/* A folder's files, sorted bytewise by path. Starts as {0}; ended with carried_free(). */
struct carried_files {
    struct carried_file *file;
    size_t count;
    uint64_t bytes;
    char sha256[DIGEST_HEX]; /* of the lines "SHA256  PATH", as sha256sum(1) prints them */
};

/* Lists the folder, without hidden files, __pycache__ and folders that hold a plan. In a copy these are refused,
 * because an interpreter might read what no digest covers. -EINVAL, … (usage): a link, a device, a name with a
 * character other than [A-Za-z0-9._-], two names that differ in letter case alone, or more than the limits; the message
 * names it. */
int carried_list(const char *folder, bool copy, struct carried_files *ret, struct err *e);
/* The same for these files alone, given as one relative path per line. ret starts as {0}; the caller ends it, also
 * after a failure. */
int carried_list_named(const char *folder, const char *paths, struct carried_files *ret, struct err *e);
void carried_free(struct carried_files *c);
#define cleanup_carried __attribute__((cleanup(carried_free)))

/* Copies the listed files into a new folder below dirfd. Programs (ELF, #!) become executable, because bundles keep no
 * modes. -ESTALE (usage): a file has changed since it was listed. */
int carried_copy(const struct carried_files *c, const char *from, int dirfd, const char *to, struct err *e);

/* In a copy of one's own: makes the programs executable, and all files readable, since the workload runs as another
 * user and the umask may be a closed one. */
int carried_set_modes(const struct carried_files *c, const char *folder, struct err *e);

/* What a plan names by its path, and the copy of it. */
struct carried_one {
    bool of_command;                 /* a file that a command names; else a scenario */
    const char *word;                /* as the plan names it; borrowed */
    const char *from;                /* the folder it was read from; NULL: unknown. Borrowed */
    char name[32];                   /* the scenario's; "" for a command's file */
    char file[CARRIED_PATH_MAX + 1]; /* its scenario.yml, or the command's file, in the folder */
    char sha256[DIGEST_HEX];         /* of the folder */
    uint64_t bytes;                  /* of a command's file on this host; else 0 */
};

/* What one plan carries, and where the copies are: FOLDER/scenarios/NAME-SHA256[:12], FOLDER/programs/SHA256[:12]. */
struct carried {
    const char *folder; /* NULL: no copies. Borrowed */
    bool alone;         /* nothing else is looked for on this host, to copy or to run it */
    struct carried_one of[CARRIED_MAX];
    size_t count;
};

/* The scenario of this word, or the command's file; NULL: it is none of them. */
const struct carried_one *carried_find(const struct carried *c, const char *word, bool of_command);

/* "scenarios/primes-0123456789ab", "programs/0123456789ab". Returns buf. */
const char *carried_place(const struct carried_one *s, char *buf, size_t cap);

/* Whether the i-th lies where an earlier one does: two words may name one thing. */
bool carried_is_repeated(const struct carried *c, size_t i);

/* Whether the copy lies where it is said to lie: no link leads elsewhere. */
bool carried_is_there(const struct carried *c, const struct carried_one *one);

/* Finds the file that a command's word with a slash names on this host: its folder (dir) and its name and digest (ret;
 * word is set, from is left). -ENOENT: it is no regular file, or that of an installed program, and e is not set.
 * -EINVAL and the like (usage): it cannot be carried. */
int carried_find_file(const char *word, char dir[PATH_MAX], struct carried_one *ret, struct err *e);

/* The absolute path of a command's file in its copy, whose digest is compared. -ENOENT, -EINVAL (usage). */
int carried_open_file(const struct carried *c, const struct carried_one *one, char path[PATH_MAX], struct err *e);

/* Whether a program at this absolute path belongs to an installation, which a copy of one file would not be: it is
 * below /usr (but not /usr/local) and the like, or in a folder bin with a folder lib beside it. */
bool carried_is_installed(const char *path);

/* Whether a file with this digest is the one that is carried; a scenario's is not looked at. */
bool carried_is_file(const struct carried_one *one, const char *sha256);

#endif

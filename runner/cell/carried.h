/* carried: the folder of a scenario that did not come with tare, as plan folders and bundles carry it, so that the
 * records come with what was weighed. It has regular files with plain names, bounded in number and size, and one digest
 * identifies it. */
#ifndef TARE_CARRIED_H
#define TARE_CARRIED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"

struct err;

#define CARRIED_FOLDER    "scenarios" /* its place in a plan's folder and in a bundle's payload */
#define CARRIED_MAX       16          /* scenarios per plan that are named by their paths */
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

/* In a folder of our own with an unpacked bundle, which keeps no modes: makes the listed programs executable and all
 * files readable, because the workload runs as another user. */
int carried_set_modes(const struct carried_files *c, const char *folder, struct err *e);

/* A scenario that a plan names by its path, and its copy. */
struct carried_scenario {
    const char *word;                /* as the plan names it; borrowed */
    const char *from;                /* the folder it was read from; NULL: unknown. Borrowed */
    char name[32];                   /* the scenario's */
    char file[CARRIED_PATH_MAX + 1]; /* its scenario.yml, relative to the folder */
    char sha256[DIGEST_HEX];
};

/* The carried scenarios of a plan, and the place of their copies: FOLDER/scenarios/NAME-SHA256[:12]. */
struct carried {
    const char *folder; /* NULL: no copies. Borrowed */
    bool alone;         /* other scenarios are not looked for on this host */
    struct carried_scenario of[CARRIED_MAX];
    size_t count;
};

/* Finds a scenario by the plan's word for it; NULL: none. */
const struct carried_scenario *carried_find(const struct carried *c, const char *word);

/* Writes "scenarios/primes-0123456789ab". Returns buf. */
const char *carried_place(const struct carried_scenario *s, char *buf, size_t cap);

#endif

/* trust: who owns a plan, and which of its settings only this host can grant. What a plan weighs is taken from
 * anybody's plan; what reaches past the slice into the host only from the user's own, or with --trust-plan. */
#ifndef TARE_TRUST_H
#define TARE_TRUST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "cell/carried.h"
#include "cell/config.h"

struct err;
struct stat;

/* Whether a file or folder is the caller's own. If not, `why` says that another user owns it, or that others may write
 * to it. */
bool trust_is_own(const struct stat *st, char *why, size_t cap);

/* Whether a plan's file, below dirfd (AT_FDCWD: the working directory), lies in a bundle's payload: in a folder whose
 * parent has a bagit.txt (RFC 8493). */
bool trust_is_bundled(int dirfd, const char *plan_path);

/* A foreign plan, examined before anything in it is resolved. */
struct trust_plan {
    const char *label; /* the plan's name in messages */
    const struct text *bytes;
    const struct carried *carried; /* copies of its scenarios and programs, no setting of the host; NULL: none */
};

/* The settings that the host would have to grant, one per line: "PLACE: KEY: VALUE: " and what it reaches. Starts as
 * {0}; ended with trust_grants_free(). */
struct trust_grants {
    struct text lines;
    size_t count;
};

static inline void trust_grants_free(struct trust_grants *g)
{
    text_free(&g->lines);
}
#define cleanup_grants __attribute__((cleanup(trust_grants_free)))

/* Appends those of a plan and of its scenarios' copies. It opens nothing but the copies. -EINVAL (usage): the plan or a
 * copy cannot be read. */
int trust_of_plan(const struct trust_plan *p, struct trust_grants *ret, struct err *e);

/* Appends those among the options that the plan's folder sets for all cells; `label` names them. */
void trust_of_options(const char *label, const struct config_given *given, struct trust_grants *ret);

/* Prints each on standard error, as taken or not taken by `command`. -EPERM (usage): there are some, and trusted is
 * false. why: whose plan it is. */
int trust_settle(const struct trust_grants *g, const char *command, const char *plan, const char *why, bool trusted,
                 struct err *e);

#endif

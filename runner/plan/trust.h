/* trust: whose a plan is, and which of its settings only the host can grant. What is weighed is taken from anybody's
 * plan; what reaches past the slice into the host is taken from the user's own, and of another's by --trust-plan alone.
 */
#ifndef TARE_TRUST_H
#define TARE_TRUST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "cell/carried.h"
#include "cell/config.h"

struct err;
struct stat;

/* Why a file or folder is not the caller's own, into why: another owns it, or others may write to it. */
bool trust_is_own(const struct stat *st, char *why, size_t cap);

/* Whether a plan's file lies in the payload of a bundle: in a folder whose own folder has a bagit.txt (RFC 8493). */
bool trust_is_bundled(const char *plan_path);

/* A plan that is not the user's own, as it is looked through before anything in it is resolved. */
struct trust_plan {
    const char *label; /* how messages call its text */
    const struct text *bytes;
    const struct carried *carried; /* copies of its scenarios and programs, no setting of the host; NULL: none */
};

/* The settings that the host would have to grant, a line each: "PLACE: KEY: VALUE: " and what it reaches. Starts as
 * {0}; ended with text_free(&lines). */
struct trust_grants {
    struct text lines;
    size_t count;
};

/* Appends those of a plan's file and of its scenarios' copies. Nothing is opened but the copies. -EINVAL (usage): the
 * plan, or a copy, cannot be read. */
int trust_of_plan(const struct trust_plan *p, struct trust_grants *ret, struct err *e);

/* Appends those of the options that the plan's folder says of all cells, which are called by `label`. */
void trust_of_options(const char *label, const struct config_given *given, struct trust_grants *ret);

/* Prints each on a line of standard error as command's, as taken or as not taken. -EPERM (usage): there are some and
 * trusted is false; why: whose the plan is. */
int trust_settle(const struct trust_grants *g, const char *command, const char *plan, const char *why, bool trusted,
                 struct err *e);

#endif

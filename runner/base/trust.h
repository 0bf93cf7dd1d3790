/* trust: what root takes from a file: only what nobody but root could have put there or changed. */
#ifndef TARE_TRUST_H
#define TARE_TRUST_H

#include <stdbool.h>
#include <stddef.h>

struct err;

/* Whether root may believe, or execute, what lies at a path: each folder on the way, each link and the thing itself
 * belong to root, and nobody else may write to them. A sticky folder as /tmp is passed where the next name in it is
 * root's, since nobody else can then replace that (unlink(2), EPERM); it is not trusted itself. What is not there yet
 * has to be in a trusted folder. Whoever is not root may name what he likes: the answer is 0. -EPERM (host): the
 * message says which folder or file, and why. -ENAMETOOLONG, -EACCES, … (host). */
int trust_path(const char *path, struct err *e);

/* The first of this name on PATH that can be executed, absolute. Empty and relative entries of PATH are passed over.
 * Root passes over those that it does not trust. -ENOENT (host): there is none; -EPERM (host): there is none but such,
 * and the message says why of the first. */
int trust_find_program(const char *name, char *buf, size_t cap, struct err *e);

/* The value of an environment variable that names a file or a folder; NULL where it is not set, is empty, or is not
 * trusted, which is said on stderr, once a variable. */
const char *trust_variable(const char *name);

#endif

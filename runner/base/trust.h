/* trust: whether root may use a file: only if nobody but root could have placed or changed it. */
#ifndef TARE_TRUST_H
#define TARE_TRUST_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct err;

/* Whether root may read or execute the file at a path: each folder on the way, each link and the file belong to root,
 * and nobody else may write to them. A sticky folder such as /tmp may be on the way if the next name in it is root's,
 * because nobody else can replace that (unlink(2), EPERM). A missing file needs a trusted folder. For other users the
 * answer is always 0. -EPERM (host): the message says which folder or file, and why. -ENAMETOOLONG, -EACCES, … (host).
 */
int trust_path(const char *path, struct err *e);

/* The absolute path of the first executable of this name on PATH. Empty and relative entries of PATH are skipped; for
 * root, also those that it does not trust. -ENOENT (host): none. -EPERM (host): only untrusted ones; the message says
 * why the first is. */
int trust_find_program(const char *name, char *buf, size_t cap, struct err *e);

#define TRUST_VALUE_MAX (PATH_MAX - 512) /* what is made of it fits into PATH_MAX */

/* The value of an environment variable that names a file or folder, of at most TRUST_VALUE_MAX bytes. NULL: unset or
 * empty; longer, or not trusted, which prints a line on stderr, once per variable. */
const char *trust_variable(const char *name);

#endif

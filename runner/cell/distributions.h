/* distributions: the Python packages installed for an interpreter: in its venv, or in its installation. The interpreter
 * lists them in confinement; their names and versions are untrusted text, and each field is checked. */
#ifndef TARE_DISTRIBUTIONS_H
#define TARE_DISTRIBUTIONS_H

#include <stdbool.h>
#include <stddef.h>

#define DISTRIBUTIONS_MAX 1000

struct distribution {
    char name[128];         /* normalised (PEP 503): a-z, 0-9 and single hyphens */
    char version[64];       /* letters, digits and . ! + _ */
    char record_sha256[65]; /* of its RECORD, which has each file's hash; "": no RECORD */
};

/* Starts as {0}; distributions_free() ends it. */
struct distributions {
    struct distribution *list; /* sorted by name; of two with one name the first in the order of sys.path */
    size_t count;
    size_t omitted;   /* those above DISTRIBUTIONS_MAX or above the limit of RECORD bytes; a folder that is too long
                         counts once */
    size_t refused;   /* malformed *.dist-info: an odd name, a link, a RECORD that is not a regular file; and packages
                         without a RECORD: *.egg-info, *.egg-link, *.egg, as most of Debian's */
    char why_not[80]; /* why they are unknown; "": they are known */
};

/* Reads an interpreter's packages, without running its site module or a .pth file. It does not look outside of the
 * prefix, also not by links. If there cannot be any, it does not start the interpreter. */
void distributions_read(const char *interpreter, struct distributions *ret);

/* Parses the listing program's answer; pure. false: it is incomplete. */
bool distributions_take(const char *answer, struct distributions *ret);

void distributions_free(struct distributions *d);

#endif

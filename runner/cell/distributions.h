/* distributions: the Python packages that an interpreter finds installed: of its venv, or of the installation that it
 * belongs to. They are foreign text, told by the interpreter in confinement and taken by one rule each. */
#ifndef TARE_DISTRIBUTIONS_H
#define TARE_DISTRIBUTIONS_H

#include <stdbool.h>
#include <stddef.h>

#define DISTRIBUTIONS_MAX 1000

struct distribution {
    char name[128];         /* normalised (PEP 503): of a-z, 0-9 and single hyphens */
    char version[64];       /* of letters, digits and . ! + _ */
    char record_sha256[65]; /* of its RECORD, which has the hash of each of its files; "": it has none */
};

/* Starts as {0}; distributions_free() ends it. */
struct distributions {
    struct distribution *list; /* sorted by name; of two of a name the first: by folder as sys.path has them */
    size_t count;
    size_t omitted;   /* above DISTRIBUTIONS_MAX, or above what is read of all RECORDs; a folder too long to read whole:
                         one */
    size_t refused;   /* *.dist-info that are no such: an odd name, a link, a RECORD that is no plain file; and what has
                       * no RECORD to know it by: *.egg-info, *.egg-link, *.egg, as most of Debian's */
    char why_not[80]; /* why they are not known; "": they are */
};

/* Reads those of the interpreter. Neither its site module nor a .pth file is run. What lies outside of the prefix, by a
 * link too, is not looked at. Where there is nothing to ask of, nothing is started. */
void distributions_read(const char *interpreter, struct distributions *ret);

/* Takes the answer of the program that lists them; pure. false: it was cut off. */
bool distributions_take(const char *answer, struct distributions *ret);

void distributions_free(struct distributions *d);

#endif

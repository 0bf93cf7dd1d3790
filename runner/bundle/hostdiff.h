/* hostdiff: the fields in which this machine differs from that of the records. Verify computes it; verify and reproduce
 * print it. */
#ifndef TARE_HOSTDIFF_H
#define TARE_HOSTDIFF_H

#include <stddef.h>

struct json_t;
struct records;
struct text;

struct hostdiff_field {
    char *field, *theirs, *here; /* "cpu_model"; theirs: all values, "A; B"; owned */
};

/* Starts as {0}; the owner ends it with hostdiff_free(). */
struct hostdiff {
    struct hostdiff_field *list;
    size_t count, fields; /* fields: how many were compared */
    size_t varying;       /* entries in which the records differ among themselves */
};

/* Compares hosts, a list of records' sections "host", with host_capture() under sysroot ("" the real one). Ignores
 * volatile fields, and those that one side does not know. */
void hostdiff_take(const struct json_t *hosts, const char *sysroot, struct hostdiff *ret);

/* Compares what records were made on with that of the records of the same cells that were made here: the version, the
 * SHA-256 and the build of an interpreter or a command's program, and Python's packages. A package that one side lacks
 * differs; what one side does not know is left out. */
void hostdiff_take_runtimes(const struct records *theirs, const struct records *here, struct hostdiff *ret);

/* Appends a line for each of the first 20 differences, made printable, and how many more there are (all: where to find
 * them). theirs: a prefix for their value. */
void hostdiff_text(const struct hostdiff *d, const char *theirs, const char *all, struct text *out);

/* Puts {fields, varying, differences: [{field, theirs, here}]} into the object. */
void hostdiff_put(const struct hostdiff *d, struct json_t *object);

void hostdiff_free(struct hostdiff *d);

#endif

/* hostdiff: the fields in which this machine differs from the one that records were made on. Verify takes it; verify
 * and reproduce show it. */
#ifndef TARE_HOSTDIFF_H
#define TARE_HOSTDIFF_H

#include <stddef.h>

struct json_t;
struct text;

struct hostdiff_field {
    char *field, *theirs, *here; /* "cpu_model"; theirs: each that there is, "A; B"; owned */
};

/* Starts as {0}; ended with hostdiff_free(). */
struct hostdiff {
    struct hostdiff_field *list;
    size_t count, fields; /* fields: how many were compared */
    size_t varying;       /* of the list: in which the records differ among themselves */
};

/* Compares the hosts of the records (each their section "host"; a list) with what host_capture() finds under sysroot
 * ("" the real one). What changes from moment to moment is not compared, and neither is what one of the two does not
 * know. */
void hostdiff_take(const struct json_t *hosts, const char *sysroot, struct hostdiff *ret);

/* A line each of the first `most`, as people read them, printable whatever the records hold, and that there are more,
 * which `all` has. theirs: stands before their value. */
void hostdiff_text(const struct hostdiff *d, const char *theirs, size_t most, const char *all, struct text *out);

/* Puts {fields, varying, differences: [{field, theirs, here}]} into the object. */
void hostdiff_put(const struct hostdiff *d, struct json_t *object);

void hostdiff_free(struct hostdiff *d);

#endif

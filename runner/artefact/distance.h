/* distance: in what this machine differs from the one that records were made on, field by field. */
#ifndef TARE_DISTANCE_H
#define TARE_DISTANCE_H

#include <stddef.h>

struct json_t;

struct distance_field {
    char *field, *theirs, *here; /* "cpu_model"; owned */
};

/* Starts as {0}; ended with distance_free(). */
struct distance {
    struct distance_field *list;
    size_t count, fields; /* fields: how many were compared */
};

/* Compares the host of a record (its section "host") with what host_capture() finds under sysroot ("" the real one).
 * What changes from moment to moment is not compared, and neither is what one of the two does not know. */
void distance_measure(const struct json_t *host, const char *sysroot, struct distance *ret);

void distance_free(struct distance *d);

#endif

/* distance: in what this machine differs from the one that records were made on, field by field. */
#ifndef TARE_DISTANCE_H
#define TARE_DISTANCE_H

#include <stddef.h>

struct json_t;

struct distance_field {
    char *field, *theirs, *here; /* "cpu_model"; theirs: each that there is, "A; B"; owned */
};

/* Starts as {0}; ended with distance_free(). */
struct distance {
    struct distance_field *list;
    size_t count, fields; /* fields: how many were compared */
    size_t varying;       /* of the list: in which the records differ among themselves */
};

/* Compares the hosts of the records (each their section "host"; a list) with what host_capture() finds under sysroot
 * ("" the real one). What changes from moment to moment is not compared, and neither is what one of the two does not
 * know. */
void distance_measure(const struct json_t *hosts, const char *sysroot, struct distance *ret);

void distance_free(struct distance *d);

#endif

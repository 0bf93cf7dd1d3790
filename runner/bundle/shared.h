/* shared: files that came with tare. */
#ifndef TARE_SHARED_H
#define TARE_SHARED_H

#include <stddef.h>

struct err;

/* The path of share/NAME beside the program in a build tree, of PREFIX/share/tare/NAME once installed. -ENOENT (ours).
 */
int shared_find(const char *name, char *buf, size_t cap, struct err *e);

#endif

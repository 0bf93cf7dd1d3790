/* limits: turns struct slice_limits into file values, writes them, and reads back what took effect. For slice.c, tree.c
 * and partition.c. */
#ifndef TARE_LIMITS_H
#define TARE_LIMITS_H

#include <stddef.h>

#include "cgroups/controller.h"
#include "cgroups/setting.h"

struct err;

/* Fills one setting (file and requested) for each limit asked for. settings has room for SLICE_SETTINGS_MAX. -EINVAL
 * (usage): the text of a CPU list does not fit. */
int limits_plan(const struct slice_limits *limits, struct slice_setting *settings, size_t *count, struct err *e);

/* The controller that a setting's file belongs to. */
enum slice_controller limits_controller(const struct slice_setting *s);

/* Writes the file and reads it back into achieved, ok and reason. */
void limits_write(int dirfd, struct slice_setting *s);

/* Reads the file without writing it, into achieved, ok and reason. Returns ok. */
bool limits_verify(int dirfd, struct slice_setting *s);

#endif

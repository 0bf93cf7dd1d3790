/* limits: struct slice_limits to values for files, and the files read back to what took effect. */
#ifndef TARE_LIMITS_H
#define TARE_LIMITS_H

#include <stddef.h>

#include "cgroups/controller.h"
#include "cgroups/setting.h"

struct err;

/* One setting for each limit that is asked for, with file and requested filled in. settings has room for
 * SLICE_SETTINGS_MAX. -EINVAL: a list too scattered to write. */
int limits_plan(const struct slice_limits *limits, struct slice_setting *settings, size_t *count, struct err *e);

/* The controller that a setting's file belongs to. */
enum slice_controller limits_controller(const struct slice_setting *s);

/* Writes the file and reads it back: achieved, ok and reason are then set. */
void limits_write(int dirfd, struct slice_setting *s);

/* Reads the file of a directory that has it already: achieved, ok and reason are then set. Returns ok. */
bool limits_verify(int dirfd, struct slice_setting *s);

#endif

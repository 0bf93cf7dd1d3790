/* profile: a set of limits in libcgroup's own format (cgconfig.conf(5)), so that its tools can make the same group.
 * Pure. Our own parser, because libcgroup's (cgroup_config_load_config) creates the groups at once and returns no
 * values. */
#ifndef TARE_PROFILE_H
#define TARE_PROFILE_H

#include <stddef.h>

struct err;

struct profile_value {
    char file[64];   /* "memory.max" */
    char value[256]; /* without its quotes */
};

#define PROFILE_VALUES_MAX 32

struct limit_profile {
    char group[128];
    struct profile_value value[PROFILE_VALUES_MAX];
    size_t count;
};

/* Reads the first group of the file. Sections mount, default and template, and the group's perm, are skipped. -EINVAL
 * (usage): malformed; the message names the line. -ENOENT (usage): no group. -E2BIG (usage): more than
 * PROFILE_VALUES_MAX values. On failure *ret is untouched. */
int profile_parse(const char *text, struct limit_profile *ret, struct err *e);

#endif

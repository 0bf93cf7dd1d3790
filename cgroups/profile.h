/* profile: a set of limits in libcgroup's own format (cgconfig.conf(5)), so that its tools can make the same group.
 * Pure, on text: libcgroup parses such a file only to make its groups at once, at the top of the hierarchy
 * (cgroup_config_load_config), and hands no value of it out. */
#ifndef TARE_PROFILE_H
#define TARE_PROFILE_H

#include <stddef.h>

struct err;

struct profile_value {
    char file[64];   /* "memory.max" */
    char value[256]; /* as it stands there, quotes taken off */
};

#define PROFILE_VALUES_MAX 32

struct limit_profile {
    char group[128];
    struct profile_value value[PROFILE_VALUES_MAX];
    size_t count;
};

/* The first group of the file; mount, default and template sections, and the group's perm, are passed over.
 * -EINVAL (usage): not of that form, said with its line; -ENOENT (usage): no group in it; -E2BIG: too many values. */
int profile_parse(const char *text, struct limit_profile *ret, struct err *e);

/* What the profile gives a file, or NULL. */
const char *profile_find(const struct limit_profile *p, const char *file);

#endif

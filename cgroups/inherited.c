#include "cgroups/inherited.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "cgroups/cgfile.h"
#include "cgroups/root.h"
#include "cgroups/search.h"

#define V1_NO_LIMIT ((uint64_t)1 << 62) /* v1 writes "no limit" as the largest number of whole pages */

/* A walk through one hierarchy, from dir up to point. */
struct walk {
    const char *sysroot;
    int version;
    char point[PATH_MAX];
    char dir[PATH_MAX];
};

static bool read_value(const struct walk *w, const char *name, char *buf, size_t cap)
{
    slice_read_in(w->sysroot, w->dir, name, buf, cap);
    return buf[0] != '\0';
}

/* false if the file does not exist or sets no limit. */
static bool read_number(const struct walk *w, const char *name, uint64_t *ret)
{
    char text[64];
    return read_value(w, name, text, sizeof(text)) && cgfile_value(text, ret) == 0 && *ret != CGFILE_MAX;
}

static void take(const struct walk *w, const char *name, double value, struct inherited_limit *l)
{
    if (l->limited && l->value <= value)
        return;
    l->limited = true;
    l->value = value;
    (void)snprintf(l->file, sizeof(l->file), "%.*s/%s", (int)(sizeof(l->file) - 64), w->dir, name);
}

/* "200000 100000": quota and period in microseconds; "max 100000": no limit. */
static void take_cpu_max(const struct walk *w, struct inherited_limit *l)
{
    char text[64];
    unsigned long long quota = 0, period = 0;
    if (read_value(w, "cpu.max", text, sizeof(text)) && sscanf(text, "%llu %llu", &quota, &period) == 2 && period > 0)
        take(w, "cpu.max", (double)quota / (double)period, l);
}

/* A quota of -1 means no limit; read_number() refuses it. */
static void take_cfs_quota(const struct walk *w, struct inherited_limit *l)
{
    uint64_t quota = 0, period = 0;
    if (read_number(w, "cpu.cfs_quota_us", &quota) && read_number(w, "cpu.cfs_period_us", &period) && period > 0)
        take(w, "cpu.cfs_quota_us", (double)quota / (double)period, l);
}

static void count_throttled(const struct walk *w, struct inherited *to)
{
    char text[4096];
    uint64_t n = 0;
    if (!read_value(w, "cpu.stat", text, sizeof(text)) || cgfile_key(text, "nr_throttled", &n) != 0)
        return;
    if (!to->counted)
        (void)snprintf(to->throttled_file, sizeof(to->throttled_file), "%.*s/cpu.stat",
                       (int)(sizeof(to->throttled_file) - 64), w->dir);
    to->counted = true;
    to->nr_throttled += n;
}

static void look_at_cpu(const struct walk *w, struct inherited *to)
{
    to->cpus.known = true;
    if (w->version == 2)
        take_cpu_max(w, &to->cpus);
    else
        take_cfs_quota(w, &to->cpus);
    count_throttled(w, to);
}

static void look_at_memory(const struct walk *w, struct inherited *to)
{
    uint64_t bytes = 0;
    to->memory.known = true;
    const char *name = w->version == 2 ? "memory.max" : "memory.limit_in_bytes";
    if (read_number(w, name, &bytes) && (w->version == 2 || bytes < V1_NO_LIMIT))
        take(w, name, (double)bytes, &to->memory);
}

static void look_at_pids(const struct walk *w, struct inherited *to)
{
    uint64_t tasks = 0;
    to->pids.known = true;
    if (read_number(w, "pids.max", &tasks))
        take(w, "pids.max", (double)tasks, &to->pids);
}

/* What to read for each controller. */
static const struct kind {
    const char *controller;
    void (*look)(const struct walk *w, struct inherited *to);
} KINDS[] = {
    {"cpu", look_at_cpu},
    {"memory", look_at_memory},
    {"pids", look_at_pids},
};

/* Reads every directory from dir up to the mount point, inclusive. */
static void climb(struct walk w, const struct kind *k, struct inherited *to)
{
    if (!text_is_below(w.dir, w.point))
        return;
    for (;;) {
        k->look(&w, to);
        if (strlen(w.dir) <= strlen(w.point))
            return;
        *strrchr(w.dir, '/') = '\0';
    }
}

static void climb_v2(const char *sysroot, const struct slice_root *root, const struct kind *k, struct inherited *to)
{
    char listed[CGFILE_CAP];
    struct walk w = {.sysroot = sysroot, .version = 2};
    const char *from = root->path[0] ? root->path : root->own;
    if (root->mount[0] == '\0' || from[0] == '\0')
        return;
    slice_read_in(sysroot, root->mount, "cgroup.controllers", listed, sizeof(listed));
    if (!text_has_word(listed, " \n", k->controller))
        return;
    text_format(w.point, sizeof(w.point), "%s", root->mount);
    text_format(w.dir, sizeof(w.dir), "%s", from);
    climb(w, k, to);
}

static void climb_v1(const char *sysroot, const char *mountinfo, const struct kind *k, struct inherited *to)
{
    struct cgmount m;
    char cgroup[CGFILE_CAP];
    char own[PATH_MAX];
    struct walk w = {.sysroot = sysroot, .version = 1};
    slice_read_in(sysroot, "/proc/self", "cgroup", cgroup, sizeof(cgroup));
    if (mounts_own_cgroup(cgroup, k->controller, own, sizeof(own)) != 0)
        return;
    while (mounts_next(&mountinfo, &m)) {
        if (m.version != 1 || !text_has_word(m.options, ",", k->controller) ||
            mounts_directory(&m, own, w.dir, sizeof(w.dir)) != 0)
            continue;
        text_format(w.point, sizeof(w.point), "%s", m.point);
        climb(w, k, to);
        return;
    }
}

void inherited_read(const char *sysroot, const struct slice_root *root, struct inherited *ret)
{
    const char *prefix = sysroot ? sysroot : "";
    cleanup_text struct text mountinfo = {0};
    *ret = (struct inherited){0};
    (void)file_read_all(prefix, "/proc/self/mountinfo", &mountinfo);
    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
        climb_v2(prefix, root, &KINDS[i], ret);
        climb_v1(prefix, mountinfo.data ? mountinfo.data : "", &KINDS[i], ret);
    }
}

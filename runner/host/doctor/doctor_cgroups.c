/* The doctor's facts of the cgroup file systems. Pure under a sysroot; makes nothing, and does not ask systemd. */
#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/beneath.h"
#include "base/cleanup.h"
#include "base/facts.h"
#include "base/file.h"
#include "base/text.h"
#include "cgroups/mounts.h"
#include "host/doctor/doctor.h"

static const char *const CONTROLLERS[] = {"cpuset", "memory", "pids"};

static bool exists(const char *sysroot, const char *dir, const char *name)
{
    char path[PATH_MAX];
    return text_fits(path, sizeof(path), "%s/%s", dir, name) && beneath_exists(sysroot, path);
}

/* The last cgroup2 mount whose files are visible: later mounts hide earlier ones. */
static bool find_mount(const char *sysroot, const char *mountinfo, struct cgmount *ret)
{
    struct cgmount m;
    bool found = false;
    while (mounts_next(&mountinfo, &m)) {
        if (m.version != 2 || !exists(sysroot, m.point, "cgroup.controllers"))
            continue;
        *ret = m;
        found = true;
    }
    return found;
}

/* Whether a v1 mount has the controller, and where. */
static bool find_v1(const char *mountinfo, const char *controller, char *point, size_t cap)
{
    struct cgmount m;
    bool found = false;
    while (mounts_next(&mountinfo, &m)) {
        if (m.version != 1 || !text_has_word(m.options, ",", controller))
            continue;
        (void)snprintf(point, cap, "%.100s", m.point);
        found = true;
    }
    return found;
}

static void capture_controller(const char *listed, const char *mountinfo, const char *name, struct facts *ret)
{
    char key[64], point[128];
    text_format(key, sizeof(key), "cgroup2.%s", name);
    if (text_has_word(listed, " \n", name))
        facts_text(ret, key, "available");
    else if (find_v1(mountinfo, name, point, sizeof(point)))
        facts_absent(ret, key, "v1 holds it, mounted at %s", point);
    else
        facts_absent(ret, key, "not among the controllers of cgroup v2 (%s)", *listed ? listed : "none");
}

static void capture_v1(const char *mountinfo, struct facts *ret)
{
    static const char *const ALL[] = {"cpu", "cpuacct", "cpuset", "memory", "pids", "blkio"};
    cleanup_text struct text held = {0};
    char point[128];
    text_add(&held, "%s", "");
    for (size_t i = 0; i < ARRAY_LEN(ALL); i++)
        if (find_v1(mountinfo, ALL[i], point, sizeof(point)))
            text_add(&held, "%s%s", held.len ? " " : "", ALL[i]);
    facts_text(ret, "cgroup1", held.data);
}

/* A cgroup to look for files in (the hierarchy's root lacks them): our own, else the first below the root with the
 * memory controller, else the first; "": none. */
static void find_sample(const char *sysroot, const struct cgmount *m, char *ret, size_t cap)
{
    char cgroup[8192], path[PATH_MAX];
    ret[0] = '\0';
    if (file_read(sysroot, "/proc/self/cgroup", cgroup, sizeof(cgroup)) > 0 &&
        mounts_own_cgroup(cgroup, "", path, sizeof(path)) == 0 && mounts_directory(m, path, ret, cap) == 0 &&
        exists(sysroot, ret, "cgroup.kill"))
        return;
    cleanup_dir DIR *dir = beneath_open_dir(sysroot, m->point);
    ret[0] = '\0';
    for (struct dirent *d = dir ? readdir(dir) : NULL; d; d = readdir(dir)) {
        if (d->d_name[0] == '.' || d->d_type != DT_DIR)
            continue;
        text_format(path, sizeof(path), "%.2000s/%s", m->point, d->d_name);
        bool has_memory = exists(sysroot, path, "memory.current");
        if (!*ret || has_memory)
            (void)snprintf(ret, cap, "%s", path);
        if (has_memory)
            return;
    }
}

static bool kernel_from(const struct facts *f, int major, int minor)
{
    int have_major = 0, have_minor = 0;
    if (sscanf(facts_word(f, "kernel_release"), "%d.%d", &have_major, &have_minor) != 2)
        return false;
    return have_major > major || (have_major == major && have_minor >= minor);
}

/* By the file in a cgroup (distributions backport them), or by the kernel's version. */
static void capture_files(const char *sysroot, const struct cgmount *m, struct facts *ret)
{
    char dir[PATH_MAX];
    find_sample(sysroot, m, dir, sizeof(dir));
    bool has_memory = *dir && exists(sysroot, dir, "memory.current");
    facts_bool(ret, "cgroup_kill", (*dir && exists(sysroot, dir, "cgroup.kill")) || kernel_from(ret, 5, 14));
    facts_bool(ret, "memory_peak", (has_memory && exists(sysroot, dir, "memory.peak")) || kernel_from(ret, 5, 19));
    /* always since 6.1 (mm/memcontrol.c: "swapaccount" is deprecated); before, by the command line */
    const char *line = facts_word(ret, "kernel_cmdline");
    bool counted = kernel_from(ret, 6, 1) || !text_has_word(line, " \n", "swapaccount=0");
    facts_bool(ret, "swap_accounting", has_memory ? exists(sysroot, dir, "memory.swap.max") : counted);
}

void doctor_capture_cgroups(const char *sysroot, struct facts *ret)
{
    static const char *const FILES[] = {"cgroup_kill", "memory_peak", "swap_accounting"};
    cleanup_text struct text mountinfo = {0};
    struct cgmount m = {0};
    char listed[512] = "", path[PATH_MAX + 32];
    (void)file_read_all(sysroot, "/proc/self/mountinfo", &mountinfo);
    const char *text = mountinfo.data ? mountinfo.data : "";
    bool mounted = find_mount(sysroot, text, &m);
    if (mounted) {
        text_format(path, sizeof(path), "%s/cgroup.controllers", m.point);
        if (file_read(sysroot, path, listed, sizeof(listed)) < 0)
            listed[0] = '\0';
        facts_text(ret, "cgroup2.mount", m.point);
        capture_files(sysroot, &m, ret);
    } else {
        facts_absent(ret, "cgroup2.mount", "no cgroup2 file system is mounted");
        for (size_t i = 0; i < ARRAY_LEN(FILES); i++)
            facts_absent(ret, FILES[i], "no cgroup2 file system is mounted");
    }
    for (size_t i = 0; i < ARRAY_LEN(CONTROLLERS); i++)
        capture_controller(listed, text, CONTROLLERS[i], ret);
    capture_v1(text, ret);
}

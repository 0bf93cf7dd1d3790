#include "cgroups/slice.h"

#include <errno.h>
#include <fcntl.h>
#include <libcgroup.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "cgroups/cgdir.h"
#include "cgroups/cpuset.h"
#include "cgroups/limits.h"
#include "cgroups/partition.h"
#include "cgroups/root.h"
#include "cgroups/search.h"
#include "cgroups/tree_internal.h"

#define DESTROY_NS      (2 * NS_PER_S)
#define LIBCGROUP_CHARS 100 /* CG_CONTROL_VALUE_MAX: it refuses longer values, with a message on stderr */

static void log_nothing(void *userdata, int level, const char *fmt, va_list ap)
{
    (void)userdata;
    (void)level;
    (void)fmt;
    (void)ap;
}

/* Initialises libcgroup once. cgroup_init() would install a logger that prints to stdout, where our results go, unless
 * one is set. */
static bool libcgroup_is_ready(void)
{
    static enum { UNTRIED, READY, FAILED } state;
    if (state == UNTRIED) {
        cgroup_set_logger(log_nothing, CGROUP_LOG_ERROR, NULL);
        state = cgroup_init() == 0 ? READY : FAILED;
    }
    return state == READY;
}

/* Whether libcgroup would use our mount: on a hybrid host it silently uses a controller's v1 hierarchy, and of two
 * cgroup2 mounts it knows only the first. */
static bool libcgroup_holds(const char *controller, const char *mount)
{
    cleanup_free char *point = NULL;
    return libcgroup_is_ready() && cgroup_get_subsys_mount_point(controller, &point) == 0 && point &&
           strcmp(point, mount) == 0;
}

static bool add_value(struct cgroup *group, const struct slice_setting *s)
{
    const char *name = slice_controller_names[limits_controller(s)];
    struct cgroup_controller *c = cgroup_get_controller(group, name);
    if (!c)
        c = cgroup_add_controller(group, name);
    return c && cgroup_add_value_string(c, s->file, s->requested) == 0;
}

/* Adds a setting to libcgroup's group; makes the group if there is none. */
static bool add_setting(const struct slice *s, const struct slice_setting *set, struct cgroup **group)
{
    const char *mount = s->tree->root.mount;
    if (strlen(set->requested) >= LIBCGROUP_CHARS ||
        !libcgroup_holds(slice_controller_names[limits_controller(set)], mount))
        return false;
    if (!*group)
        *group = cgroup_new_cgroup(s->path + strlen(mount) + 1);
    return *group && add_value(*group, set);
}

/* Writes the limits through libcgroup. false: it did not write all of them. Not cgroup_create_cgroup(): that reads the
 * mount table twice, makes every directory from / on for each controller, writes the subtree_control of ancestors that
 * need not be ours, and accepts a directory that exists already. */
static bool limit_by_libcgroup(const struct slice *s)
{
    bool complete = true;
    struct cgroup *group = NULL;
    for (size_t i = 0; i < s->count; i++)
        if (&s->settings[i] != s->partition_setting &&
            s->tree->root.controller[limits_controller(&s->settings[i])].available)
            complete = add_setting(s, &s->settings[i], &group) && complete;
    if (group && cgroup_modify_cgroup(group) != 0)
        complete = false;
    cgroup_free(&group);
    return complete;
}

/* Reads back what libcgroup wrote. What it did not write, or what did not take effect, is written again directly, which
 * also gives the reason. */
static void settle(struct slice *s, const struct slice_limits *limits)
{
    bool complete = limit_by_libcgroup(s);
    for (size_t i = 0; i < s->count; i++) {
        struct slice_setting *set = &s->settings[i];
        const struct slice_availability *a = &s->tree->root.controller[limits_controller(set)];
        if (!a->available)
            text_format(set->reason, sizeof(set->reason), "%s", a->reason);
        else if (set == s->partition_setting) /* its CPUs come earlier in the list */
            partition_make(s->tree, s->path, s->dirfd, limits, set, &s->partition);
        else if (!complete || !limits_verify(s->dirfd, set))
            limits_write(s->dirfd, set);
    }
}

/* If the run makes a single slice, the run's directory is the slice. It exists already and holds the run's lock. */
static int create_own(struct slice *s, const struct slice_limits *limits, struct err *e)
{
    const struct slice_tree *t = s->tree;
    if (!text_fits(s->path, sizeof(s->path), "%s/%s%s%s", slice_tree_path(t), t->name, t->whole ? "" : "/",
                   t->whole ? "" : s->name))
        return err_set(e, ERR_HOST, -ENAMETOOLONG, "its path below '%s' is too long", slice_tree_path(t));
    if (!t->whole && mkdirat(t->run_fd, s->name, 0755) != 0)
        return err_sys(e, ERR_HOST, "cannot make '%s'", s->path);
    s->dirfd = openat(t->run_fd, t->whole ? "." : s->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->dirfd < 0) {
        int failed = err_sys(e, ERR_OURS, "cannot open '%s'", s->path);
        if (!t->whole)
            (void)unlinkat(t->run_fd, s->name, AT_REMOVEDIR);
        return failed;
    }
    settle(s, limits);
    return 0;
}

/* The container is the slice: its limits cannot be changed, only read. */
static int look_at_borrowed(struct slice *s, struct err *e)
{
    text_format(s->path, sizeof(s->path), "%s", s->tree->root.path);
    s->dirfd = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->dirfd < 0)
        return err_sys(e, ERR_HOST, "cannot open '%s'", s->path);
    for (size_t i = 0; i < s->count; i++) {
        struct slice_setting *set = &s->settings[i];
        if (!limits_verify(s->dirfd, set))
            text_format(set->reason, sizeof(set->reason),
                        "borrowed: the container's own, which it was started with (docker run --cpuset-cpus, "
                        "--cpuset-mems, --memory, --memory-swap, --pids-limit)");
    }
    return 0;
}

static int look_at_none(struct slice *s)
{
    for (size_t i = 0; i < s->count; i++)
        text_format(s->settings[i].reason, sizeof(s->settings[i].reason), "%s",
                    s->tree->root.controller[limits_controller(&s->settings[i])].reason);
    return 0;
}

static int fill(struct slice *s, const struct slice_limits *limits, struct err *e)
{
    TRY(limits_plan(limits, s->settings, &s->count, e));
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->settings[i].file, "cpuset.cpus.partition") == 0)
            s->partition_setting = &s->settings[i];
    if (s->own)
        return create_own(s, limits, e);
    return s->tree->root.provenance == SLICE_BORROWED ? look_at_borrowed(s, e) : look_at_none(s);
}

static void release(struct slice *s)
{
    close_fd(&s->dirfd);
    free(s);
}

int slice_create(struct slice_tree *tree, const char *name, const struct slice_limits *limits, struct slice **ret,
                 struct err *e)
{
    if (!slice_is_file_name(name))
        return err_set(e, ERR_USAGE, -EINVAL, "slice '%s': not a valid directory name", name);
    struct slice *s = malloc(sizeof(*s));
    if (!s)
        return err_set(e, ERR_OURS, -ENOMEM, "out of memory");
    memset(s, 0, offsetof(struct slice, settings));
    s->tree = tree;
    s->own = tree->own;
    s->dirfd = -1;
    text_format(s->name, sizeof(s->name), "%s", name);
    int failed = fill(s, limits, e);
    if (failed != 0) {
        release(s);
        (void)err_wrap(e, "slice '%s'", name);
        return failed;
    }
    *ret = s;
    return 0;
}

int slice_effective_cpus(const struct slice *s, struct cpulist *ret)
{
    return s->dirfd < 0 ? -ENOENT : cpuset_read(s->dirfd, "cpuset.cpus.effective", ret);
}

const struct slice_setting *slice_check_partition(struct slice *s)
{
    struct slice_setting *set = s->partition_setting;
    if (set && strcmp(set->requested, set->achieved) == 0)
        (void)limits_verify(s->dirfd, set);
    return set;
}

int slice_common_cpus(const struct slice *s, struct cpulist *ret)
{
    return cpuset_common(s->tree->root.mount, ret);
}

int slice_populated(const struct slice *s)
{
    return s->own ? cgdir_populated(s->dirfd) : -EOPNOTSUPP;
}

int slice_kill(struct slice *s, int timeout_ms, struct err *e)
{
    if (!s->own)
        return err_set(e, ERR_HOST, -EOPNOTSUPP, "slice '%s': cannot kill: the cgroup is not our own", s->name);
    return err_code(e, ERR_OURS, cgdir_kill(s->dirfd, clock_now_ns() + timeout_ms * NS_PER_MS),
                    "slice '%s': cannot end the processes in '%s'", s->name, s->path);
}

int slice_destroy(struct slice **slice, struct err *e)
{
    struct slice *s = STEAL(*slice);
    if (!s)
        return 0;
    const struct slice_tree *t = s->tree;
    int failed = !s->own ? 0
                         : cgdir_remove(t->whole ? t->root_fd : t->run_fd, t->whole ? t->name : s->name,
                                        clock_now_ns() + DESTROY_NS);
    if (err_code(e, ERR_OURS, failed, "slice '%s': cannot remove '%s'", s->name, s->path) != 0)
        (void)err_remedy(e, "rmdir removes it once it is empty");
    partition_release(t, s->path, &s->partition);
    release(s);
    return failed;
}

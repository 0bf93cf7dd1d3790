/* One run's place in the hierarchy: makes its directory, moves the caller in, and undoes both. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/cpulist.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "cgroups/cgdir.h"
#include "cgroups/limits.h"
#include "cgroups/search.h"
#include "cgroups/tree_internal.h"

#define SUPERVISOR   "supervisor"
#define REMOVE_NS    (2 * NS_PER_S)
#define PAUSE_NS     (NS_PER_MS / 20) /* a start holds the lock for some 0.2 ms */
#define PAUSE_MAX_NS (10 * NS_PER_MS)

bool slice_is_file_name(const char *name)
{
    return name[0] != '\0' && name[0] != '.' && !strpbrk(name, "/\n") && strlen(name) < 200;
}

const struct slice_root *slice_tree_root(const struct slice_tree *tree)
{
    return &tree->root;
}

const char *slice_tree_path(const struct slice_tree *t)
{
    return t->root.provenance == SLICE_CREATED && !t->nested ? t->root.mount : t->root.path;
}

const struct slice_setting *slice_tree_supervisor_cpus(const struct slice_tree *tree)
{
    return tree->has_supervisor_cpus ? &tree->supervisor_cpus : NULL;
}

/* With a time limit: another program may hold the lock. Each pause is twice as long as the one before. */
int slice_lock(int fd)
{
    int64_t pause_ns = PAUSE_NS;
    int64_t deadline_ns = clock_now_ns() + SLICE_LOCK_S * NS_PER_S;
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return -errno;
        if (clock_now_ns() > deadline_ns)
            return -EBUSY;
        struct timespec t = clock_timespec(pause_ns);
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
        pause_ns = pause_ns * 2 < PAUSE_MAX_NS ? pause_ns * 2 : PAUSE_MAX_NS;
    }
    return 0;
}

static int lock_base(struct slice_tree *t, struct err *e)
{
    int failed = slice_lock(t->base_fd);
    t->locked = failed == 0;
    if (failed == -EBUSY)
        return err_set(e, ERR_HOST, failed, "another process has held the lock of '%s' for %d s (lslocks shows which)",
                       t->root.path, SLICE_LOCK_S);
    return err_code(e, ERR_HOST, failed, "cannot lock '%s'", t->root.path);
}

void slice_unlock(int fd)
{
    (void)flock(fd, LOCK_UN);
}

static int open_directory(const char *path, int *ret, struct err *e)
{
    *ret = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *ret < 0 ? err_sys(e, ERR_HOST, "cannot open '%s'", path) : 0;
}

static int make_directory(int parent_fd, const char *name, int *ret, struct err *e)
{
    if (mkdirat(parent_fd, name, 0755) != 0) {
        int failed = err_sys(e, ERR_HOST, "cannot make '%s'", name);
        if (failed == -EEXIST)
            (void)err_remedy(e, "a run of this id exists; tare clean removes what a killed run left");
        return failed;
    }
    *ret = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*ret >= 0)
        return 0;
    int failed = err_sys(e, ERR_OURS, "cannot open '%s'", name);
    (void)unlinkat(parent_fd, name, AT_REMOVEDIR);
    return failed;
}

static int open_root(struct slice_tree *t, struct err *e)
{
    TRY(open_directory(slice_base_path(t), &t->base_fd, e));
    TRY(lock_base(t, e));
    if (t->nested && mkdir(t->root.path, 0755) != 0 && errno != EEXIST)
        return err_sys(e, ERR_HOST, "cannot make '%s'", t->root.path);
    return open_directory(slice_tree_path(t), &t->root_fd, e);
}

bool slice_root_leaves_caller(const struct slice_root *root)
{
    bool own = root->provenance != SLICE_BORROWED && root->provenance != SLICE_NONE;
    return !own || (root->caller_stays && !text_is_below(root->own, root->path));
}

/* "0" means the writer (cgroup-v2.rst). Moving waits for an RCU grace period, some 20 ms, once per run. */
static int move_in(struct slice_tree *t, struct err *e)
{
    if (slice_root_leaves_caller(&t->root))
        return 0;
    TRY(make_directory(t->run_fd, SUPERVISOR, &t->supervisor_fd, e));
    if (t->root.own[0] == '\0')
        return err_set(e, ERR_HOST, -EACCES, "our own cgroup is not below '%s', so tare could not move back from '%s'",
                       t->root.mount, t->root.path);
    int failed = err_code(e, ERR_HOST, file_write_at(t->supervisor_fd, "cgroup.procs", "0"),
                          "cannot move from '%s' into '%s'", t->root.own, t->root.path);
    if (failed == -EACCES)
        (void)err_remedy(e, "run as root, or start tare inside the delegated directory");
    t->moved = failed == 0;
    return failed;
}

static void confine_supervisor(struct slice_tree *t, const struct cpulist *housekeeping)
{
    struct slice_limits limits = {.cpus = *housekeeping};
    struct slice_setting planned[SLICE_SETTINGS_MAX];
    size_t count = 0;
    int failed = limits_plan(&limits, planned, &count, NULL);
    if (count == 0)
        return;
    const struct slice_availability *cpuset = &t->root.controller[SLICE_CPUSET];
    t->has_supervisor_cpus = true;
    t->supervisor_cpus = planned[0];
    if (failed != 0)
        text_format(t->supervisor_cpus.reason, sizeof(t->supervisor_cpus.reason),
                    "the list has too many separate CPUs to write");
    else if (!t->own)
        text_format(t->supervisor_cpus.reason, sizeof(t->supervisor_cpus.reason), "no cgroup of our own (%s)",
                    slice_provenance_names[t->root.provenance]);
    else if (!cpuset->available)
        text_format(t->supervisor_cpus.reason, sizeof(t->supervisor_cpus.reason), "%s", cpuset->reason);
    else
        limits_write(t->supervisor_fd, &t->supervisor_cpus);
}

/* The caller moves before the controllers are enabled: it may be the process in the root. */
static int build(struct slice_tree *t, struct err *e)
{
    struct stat st;
    TRY(open_root(t, e));
    TRY(make_directory(t->root_fd, t->name, &t->run_fd, e));
    t->made_run = true;
    /* Held until close: it tells leftovers.c that the run lives. */
    TRY(err_code(e, ERR_OURS, slice_lock(t->run_fd), "cannot lock '%s'", t->name));
    if (fstat(t->nested ? t->root_fd : t->run_fd, &st) != 0)
        return err_sys(e, ERR_OURS, "cannot look at '%s'", t->name);
    t->first = st.st_ino; /* of our first directory below base, for the mark (enable.c) */
    if ((t->spare_fd = fcntl(t->run_fd, F_DUPFD_CLOEXEC, 3)) < 0)
        return err_sys(e, ERR_OURS, "cannot reserve a descriptor");
    TRY(move_in(t, e));
    TRY(slice_shelter(t, e));
    return slice_enable(t, e);
}

/* Moves the caller back; if its old cgroup is gone or takes no processes, to the nearest that does. */
static int move_back(struct slice_tree *t, struct err *e)
{
    const struct {
        int from_fd;
        const char *path;
    } places[] = {{AT_FDCWD, t->root.own}, {t->base_fd, SLICE_SHELTER}, {t->base_fd, "."}, {AT_FDCWD, t->root.mount}};
    int failed = 0;
    for (size_t i = 0; t->moved && i < ARRAY_LEN(places); i++) {
        cleanup_close int fd = openat(places[i].from_fd, places[i].path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        failed = fd < 0 ? -errno : file_write_at(fd, "cgroup.procs", "0");
        t->moved = failed != 0;
    }
    return err_code(e, ERR_OURS, failed, "cannot move back into '%s'", t->root.own);
}

static int remove_run(struct slice_tree *t, struct err *e)
{
    int64_t deadline_ns = clock_now_ns() + REMOVE_NS;
    int failed = t->whole ? 0 : cgdir_remove_empty(t->run_fd, SUPERVISOR, deadline_ns);
    if (failed == 0)
        failed = cgdir_remove_empty(t->root_fd, t->name, deadline_ns);
    if (err_code(e, ERR_OURS, failed, "cannot remove '%s/%s'", slice_tree_path(t), t->name) == 0)
        return 0;
    return err_remedy(e, "tare clean removes it once it is empty");
}

/* Undoes what was done, also of a half-built tree. Without the lock the controllers stay enabled, because another run
 * may be about to use them; the last run, or tare clean, disables them. */
static int undo(struct slice_tree *t, struct err *e)
{
    int failed = 0;
    close_fd(&t->supervisor_fd); /* undoing needs two descriptors at a time */
    close_fd(&t->spare_fd);
    if (t->made_run) {
        if (t->locked)
            slice_disable(t);
        failed = move_back(t, e);
        if (t->locked)
            slice_unshelter(t);
        int left = remove_run(t, failed == 0 ? e : NULL);
        failed = failed == 0 ? left : failed;
    }
    if (t->nested && t->base_fd >= 0) /* EBUSY: another run is in it and will remove it */
        (void)cgdir_remove_empty(t->base_fd, strrchr(t->root.path, '/') + 1, clock_now_ns() + REMOVE_NS);
    return failed;
}

static void release(struct slice_tree *t)
{
    close_fd(&t->run_fd); /* undo() closed the others */
    close_fd(&t->root_fd);
    if (t->base_fd >= 0) {
        slice_unlock(t->base_fd);
        (void)close(t->base_fd);
    }
    free(t);
}

int slice_tree_open(const struct slice_root *root, const char *run_id, const struct cpulist *housekeeping,
                    struct slice_tree **ret, struct err *e)
{
    if (!slice_is_file_name(run_id))
        return err_set(e, ERR_USAGE, -EINVAL, "run id '%s': not a valid directory name", run_id);
    struct slice_tree *t = xcalloc(1, sizeof(*t));
    slice_root_copy(&t->root, root);
    t->base_fd = t->root_fd = t->run_fd = t->supervisor_fd = t->spare_fd = -1;
    t->own = root->provenance != SLICE_BORROWED && root->provenance != SLICE_NONE;
    t->whole = t->own && root->one_slice && slice_root_leaves_caller(root);
    t->nested = root->provenance == SLICE_CREATED && !t->whole;
    text_format(t->name, sizeof(t->name), "tare-%s", run_id);
    int failed = t->own ? build(t, e) : 0;
    if (failed != 0) {
        (void)undo(t, NULL);
        release(t);
        (void)err_wrap(e, "cgroup of run '%s'", run_id);
        return failed;
    }
    if (housekeeping && (t->moved || !t->own))
        confine_supervisor(t, housekeeping);
    if (t->own)
        slice_unlock(t->base_fd);
    t->locked = false;
    *ret = t;
    return 0;
}

int slice_tree_close(struct slice_tree **tree, struct err *e)
{
    struct slice_tree *t = STEAL(*tree);
    if (!t)
        return 0;
    int unlocked = t->own ? lock_base(t, e) : 0;
    int failed = t->own ? undo(t, unlocked == 0 ? e : NULL) : 0;
    failed = unlocked != 0 ? unlocked : failed;
    release(t);
    return failed;
}

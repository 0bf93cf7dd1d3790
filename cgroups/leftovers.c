#include "cgroups/leftovers.h"

#include <ctype.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "cgroups/cgdir.h"
#include "cgroups/partition.h"
#include "cgroups/root.h"
#include "cgroups/search.h"
#include "cgroups/tree_internal.h"

#define REMOVE_NS (10 * NS_PER_S)
#define DEPTH_MAX 64

/* The walk through the hierarchy. */
struct walk {
    const struct slice_root *root;
    bool dry_run;
    leftover_fn *fn;
    void *context;
    char path[PATH_MAX];
    int depth;
    int depth_max;
    int alive;              /* runs found alive */
    int64_t alive_until_ns; /* how long stays_alive() looks again; 0: not started */
};

/* The form of record_make_id(): tare-20260102T030405Z-0a1b2c3d. */
static bool is_run(const char *name)
{
    static const char SHAPE[] = "tare-ddddddddTddddddZ-xxxxxxxx";
    if (strlen(name) != sizeof(SHAPE) - 1)
        return false;
    for (size_t i = 0; i < sizeof(SHAPE) - 1; i++) {
        unsigned char c = (unsigned char)name[i];
        if (SHAPE[i] == 'd' ? !isdigit(c) : SHAPE[i] == 'x' && i > 20 ? !isxdigit(c) : c != (unsigned char)SHAPE[i])
            return false;
    }
    return true;
}

static int open_below(int dirfd, const char *name)
{
    return openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* The locks of a run inside a container are not visible outside its cgroup namespace. Its runner is, in supervisor; if
 * the pid namespace hides it, its pid reads 0. */
static void look_for_runner(pid_t pid, void *found)
{
    char path[64], comm[32];
    text_format(path, sizeof(path), "/proc/%d/comm", (int)pid);
    if (pid == 0 || (file_read("", path, comm, sizeof(comm)) > 0 && strcmp(comm, "tare") == 0))
        *(bool *)found = true;
}

static bool is_alive(int run_fd)
{
    bool has_runner = false;
    if (flock(run_fd, LOCK_EX | LOCK_NB) != 0)
        return true;
    cleanup_close int fd = open_below(run_fd, "supervisor");
    if (fd >= 0)
        (void)cgdir_each_process(fd, look_for_runner, &has_runner);
    return has_runner;
}

/* A killed process keeps its locks and its cgroup until it is gone, which takes a while for the init of a pid
 * namespace. So a clean right after a kill looks again, for one second in all. Meanwhile runs that start or end wait
 * for the root's lock (slice_lock()). */
static bool stays_alive(struct walk *w, int run_fd)
{
    while (is_alive(run_fd)) {
        if (w->alive_until_ns == 0)
            w->alive_until_ns = clock_now_ns() + NS_PER_S;
        if (clock_now_ns() > w->alive_until_ns)
            return true;
        (void)poll(NULL, 0, 20);
    }
    return false;
}

/* --- counting ---------------------------------------------------------------------------------------------------- */

static int count_dead(const int *dirs, size_t count)
{
    int dead = 0;
    for (size_t i = 0; i < count; i++) {
        cleanup_dir DIR *children = cgdir_children(dirs[i]);
        for (const struct dirent *d; (d = cgdir_next_child(children));) {
            cleanup_close int fd = is_run(d->d_name) ? open_below(dirs[i], d->d_name) : -1;
            dead += fd >= 0 && !is_alive(fd);
        }
    }
    return dead;
}

/* A run that has just made its directory has not locked it yet, but holds the lock of the base: so a second look, under
 * that lock, decides. */
int leftovers_count(const struct slice_root *root)
{
    bool created = root->provenance == SLICE_CREATED;
    cleanup_close int base_fd = open(created ? root->mount : root->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_close int nested_fd = created ? open_below(base_fd, SLICE_CREATED_NAME) : -1;
    const int dirs[] = {base_fd, nested_fd};
    bool again = count_dead(dirs, ARRAY_LEN(dirs)) > 0 && slice_lock(base_fd) == 0;
    return again ? count_dead(dirs, ARRAY_LEN(dirs)) : 0;
}

/* --- removing ---------------------------------------------------------------------------------------------------- */

static void count_one(pid_t pid, void *context)
{
    (void)pid;
    (*(int *)context)++;
}

static int count_processes(int dirfd)
{
    int count = 0;
    (void)cgdir_each_process(dirfd, count_one, &count);
    return count;
}

/* The parent is locked, so that no run has a new directory without a lock. */
static void clean_run(struct walk *w, int parent_fd, const char *name)
{
    struct leftover l = {.path = w->path, .state = LEFTOVER_ALIVE};
    struct stat st;
    cleanup_close int fd = open_below(parent_fd, name);
    if (fd < 0 || fstat(fd, &st) != 0)
        return; /* gone meanwhile */
    l.owner = st.st_uid;
    if (st.st_uid != geteuid()) {
        l.state = LEFTOVER_FOREIGN;
    } else if (!stays_alive(w, fd)) {
        l.processes = count_processes(fd);
        l.failed = w->dry_run ? 0 : cgdir_remove(parent_fd, name, clock_now_ns() + REMOVE_NS);
        l.state = l.failed == 0 ? LEFTOVER_REMOVED : LEFTOVER_STUCK;
    }
    w->alive += l.state == LEFTOVER_ALIVE || l.state == LEFTOVER_FOREIGN;
    w->fn(&l, w->context);
}

/* Undoes what dead runs enabled and moved in a directory. For /tare.slice the mark is on the mount point. */
static void put_back(const struct walk *w, int dirfd)
{
    struct slice_tree t = {
        .own = true, .base_fd = dirfd, .root_fd = dirfd, .run_fd = -1, .supervisor_fd = -1, .spare_fd = -1};
    bool at_top = strcmp(w->path, w->root->mount) == 0;
    cleanup_close int root_fd = at_top ? open_below(dirfd, SLICE_CREATED_NAME) : -1;
    t.nested = root_fd >= 0;
    t.root.provenance = t.nested ? SLICE_CREATED : SLICE_DELEGATED;
    text_format(t.root.path, sizeof(t.root.path), "%s%s", w->path, root_fd >= 0 ? "/" SLICE_CREATED_NAME : "");
    if (root_fd >= 0)
        t.root_fd = root_fd;
    slice_disable(&t);
    slice_unshelter(&t);
    if (w->alive == 0)
        partition_forget(dirfd);
    if (root_fd >= 0 && access("/run/systemd/system", F_OK) != 0) /* under systemd it is a unit */
        (void)cgdir_remove_empty(dirfd, SLICE_CREATED_NAME, clock_now_ns() + NS_PER_S);
}

static void visit(struct walk *w, int dirfd);

static void visit_child(struct walk *w, int dirfd, const char *name)
{
    size_t len = strlen(w->path);
    if (len + 1 + strlen(name) >= sizeof(w->path))
        return;
    text_format(w->path + len, sizeof(w->path) - len, "/%s", name);
    if (is_run(name)) {
        clean_run(w, dirfd, name);
    } else if (w->depth < w->depth_max) {
        cleanup_close int fd = open_below(dirfd, name);
        if (fd >= 0)
            visit(w, fd);
    }
    w->path[len] = '\0';
}

/* Without the lock a run that is just starting would look dead. In the mount point, which is not tare's, it looks only
 * at runs (of one slice each) and /tare.slice. */
static void visit(struct walk *w, int dirfd)
{
    const bool picks = w->root->provenance == SLICE_CREATED && w->depth == 0;
    int failed = slice_lock(dirfd);
    if (failed != 0) {
        w->fn(&(struct leftover){.path = w->path, .state = LEFTOVER_STUCK, .failed = failed}, w->context);
        return;
    }
    w->depth++;
    cleanup_dir DIR *children = cgdir_children(dirfd);
    for (const struct dirent *d; (d = cgdir_next_child(children));)
        if (!picks || is_run(d->d_name) || strcmp(d->d_name, SLICE_CREATED_NAME) == 0)
            visit_child(w, dirfd, d->d_name);
    if (!w->dry_run)
        put_back(w, dirfd);
    slice_unlock(dirfd);
    w->depth--;
}

/* systemd makes the scopes of scope_enter() below its manager's own cgroup (systemd.special(7)). */
static void name_slice_of_scopes(const struct slice_root *root, char *path, size_t cap)
{
    unsigned uid = geteuid();
    if (uid == 0)
        text_format(path, cap, "%s/" SLICE_CREATED_NAME, root->mount);
    else
        text_format(path, cap, "%s/user.slice/user-%u.slice/user@%u.service/" SLICE_CREATED_NAME, root->mount, uid,
                    uid);
}

void leftovers_clean(const struct slice_root *root, bool dry_run, leftover_fn *fn, void *context)
{
    const bool created = root->provenance == SLICE_CREATED;
    struct walk w = {.root = root,
                     .dry_run = dry_run,
                     .fn = fn,
                     .context = context,
                     .depth_max = created                               ? 2
                                  : root->provenance == SLICE_DELEGATED ? 1
                                                                        : DEPTH_MAX};
    if (root->provenance == SLICE_BORROWED || root->provenance == SLICE_NONE)
        return;
    if (root->provenance == SLICE_SCOPE)
        name_slice_of_scopes(root, w.path, sizeof(w.path));
    else
        text_format(w.path, sizeof(w.path), "%s", created ? root->mount : root->path);
    cleanup_close int fd = open(w.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        visit(&w, fd);
}

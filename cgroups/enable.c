/* Enables the controllers from the root down to a run's directory, and restores the former state. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "cgroups/cgdir.h"
#include "cgroups/cgfile.h"
#include "cgroups/root.h"
#include "cgroups/search.h"
#include "cgroups/tree_internal.h"

/* Attribute of base: "<first> controller…", what runs of tare enabled there. So the last run can undo what the first
 * did, even if that was killed. User attributes on cgroup2: Linux 5.7. */
#define MARK    "user.tare.enabled"
#define SUBTREE "cgroup.subtree_control"

static unsigned named_in(const char *words)
{
    unsigned set = 0;
    for (unsigned c = 0; c < SLICE_CONTROLLERS; c++)
        if (text_has_word(words, " \n", slice_controller_names[c]))
            set |= 1u << c;
    return set;
}

static unsigned enabled_in(int dirfd)
{
    char listed[CGFILE_CAP];
    return file_read_at(dirfd, SUBTREE, listed, sizeof(listed)) < 0 ? 0 : named_in(listed);
}

static unsigned available(const struct slice_tree *t)
{
    unsigned set = 0;
    for (unsigned c = 0; c < SLICE_CONTROLLERS; c++)
        if (t->root.controller[c].available)
            set |= 1u << c;
    return set;
}

/* Writes " +memory" or " -memory" for each of the set in one write. */
static int write_subtree(int dirfd, unsigned set, char sign)
{
    char words[128] = "";
    size_t len = 0;
    for (unsigned c = 0; c < SLICE_CONTROLLERS; c++) {
        if (set >> c & 1) {
            text_format(words + len, sizeof(words) - len, " %c%s", sign, slice_controller_names[c]);
            len = strlen(words);
        }
    }
    return set == 0 ? 0 : file_write_at(dirfd, SUBTREE, words);
}

/* The "no internal processes" rule of cgroup-v2.rst. Names the first of the processes that prevent enabling. */
static int root_is_busy(const struct slice_tree *t, struct err *e)
{
    char procs[CGFILE_CAP], path[64], comm[32], first[80] = "gone by now";
    int count = 0;
    ssize_t n = file_read_at(t->base_fd, "cgroup.procs", procs, sizeof(procs));
    for (const char *p = n > 0 ? procs : NULL; p; p = strchr(p + 1, '\n'))
        count++;
    if (count > 0) {
        int pid = (int)strtol(procs, NULL, 10);
        text_format(path, sizeof(path), "/proc/%d/comm", pid);
        text_format(first, sizeof(first), "pid %d '%s'", pid, file_read("", path, comm, sizeof(comm)) < 0 ? "?" : comm);
    }
    if (n < 0) /* the list may be too long */
        (void)err_set(e, ERR_HOST, -EBUSY, "'%s' holds other processes", t->root.path);
    else
        (void)err_set(e, ERR_HOST, -EBUSY, "'%s' holds %d other process%s (%s)", t->root.path, count,
                      count == 1 ? "" : "es", first);
    (void)err_remedy(e, "a cgroup that enables controllers must hold no process: move them into a child directory, or "
                        "name an empty cgroup; under systemd-run, let 'exec tare' replace the shell");
    return -EBUSY;
}

/* A controller that cannot be enabled is no failure: "+cpu" fails while a realtime process runs, cpuset fails in a
 * threaded tree. EBUSY concerns the directory, and so all controllers. */
static int enable(struct slice_tree *t, int dirfd, const char *where, struct err *e)
{
    unsigned set = available(t);
    int failed = write_subtree(dirfd, set, '+');
    for (unsigned c = 0; failed != 0 && failed != -EBUSY && c < SLICE_CONTROLLERS; c++) {
        struct slice_availability *a = &t->root.controller[c];
        int one = a->available ? write_subtree(dirfd, 1u << c, '+') : 0;
        if (one == 0)
            continue;
        a->available = false;
        (void)snprintf(a->reason, sizeof(a->reason), "the kernel would not enable it in %s: %s", where, strerror(-one));
    }
    return failed == -EBUSY ? root_is_busy(t, e) : 0;
}

/* Returns the controllers that the mark names, and reads its first number into t->first. */
static unsigned read_mark(struct slice_tree *t)
{
    char mark[256];
    ssize_t n = fgetxattr(t->base_fd, MARK, mark, sizeof(mark) - 1);
    if (n <= 0)
        return 0;
    mark[n] = '\0';
    (void)sscanf(mark, "%" SCNu64, &t->first);
    return named_in(mark);
}

static void write_mark(struct slice_tree *t)
{
    char mark[256];
    unsigned set = read_mark(t) | t->enabled;
    text_format(mark, sizeof(mark), "%" PRIu64, t->first);
    for (unsigned c = 0; c < SLICE_CONTROLLERS; c++) {
        size_t len = strlen(mark);
        if (set >> c & 1)
            text_format(mark + len, sizeof(mark) - len, " %s", slice_controller_names[c]);
    }
    (void)fsetxattr(t->base_fd, MARK, mark, strlen(mark), 0); /* without the mark only this run can undo it */
}

int slice_enable(struct slice_tree *t, struct err *e)
{
    if (available(t) == 0)
        return 0;
    unsigned before = enabled_in(t->base_fd);
    int failed = enable(t, t->base_fd, slice_base_path(t), e);
    t->enabled = enabled_in(t->base_fd) & ~before;
    if (t->enabled != 0)
        write_mark(t);
    TRY(failed);
    if (t->nested)
        TRY(enable(t, t->root_fd, t->root.path, e));
    return t->whole ? 0 : enable(t, t->run_fd, "the run's directory", e); /* whole: it holds the processes itself */
}

/* Whether another directory than ours lies there, not older than the inode; also if that is unknown. */
static bool holds_another(int dirfd, const char *ours, uint64_t later_than, const char *but)
{
    cleanup_dir DIR *children = cgdir_children(dirfd);
    const struct dirent *d = cgdir_next_child(children);
    while (d && (strcmp(d->d_name, ours) == 0 || d->d_ino < later_than || strcmp(d->d_name, but) == 0))
        d = cgdir_next_child(children);
    return d || errno != 0;
}

/* Whether another user may rely on what was enabled: another run, or a directory made since. A cgroup's inode is its
 * 64-bit id, which only grows (kernfs_new_node). */
static bool is_shared(const struct slice_tree *t)
{
    const char *ours = t->nested ? strrchr(t->root.path, '/') + 1 : t->name;
    return (t->nested && holds_another(t->root_fd, t->name, 0, "")) ||
           holds_another(t->base_fd, ours, t->first, slice_is_delegated(t) ? SLICE_SHELTER : "");
}

/* Falls back to one write per controller: one that is in use must not prevent the others. */
static void disable(int dirfd, unsigned set)
{
    if (write_subtree(dirfd, set, '-') == 0)
        return;
    for (unsigned c = 0; c < SLICE_CONTROLLERS; c++)
        (void)write_subtree(dirfd, set & 1u << c, '-');
}

void slice_disable(struct slice_tree *t)
{
    unsigned set = t->enabled | read_mark(t);
    if (set == 0 || is_shared(t))
        return;
    disable(t->run_fd, enabled_in(t->run_fd));
    if (t->nested)
        disable(t->root_fd, enabled_in(t->root_fd));
    disable(t->base_fd, set);
    (void)fremovexattr(t->base_fd, MARK);
}

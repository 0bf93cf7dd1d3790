/* Enables the controllers from the root down to a run's directory, and restores the former state. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

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

static unsigned controllers_in(int dirfd, const char *file)
{
    char listed[CGFILE_CAP];
    unsigned set = 0;
    if (file_read_at(dirfd, file, listed, sizeof(listed)) < 0)
        return 0;
    for (unsigned c = 0; c < SLICE_CONTROLLERS; c++)
        if (cgfile_has_word(listed, slice_controller_name((enum slice_controller)c)))
            set |= 1u << c;
    return set;
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
            text_format(words + len, sizeof(words) - len, " %c%s", sign,
                        slice_controller_name((enum slice_controller)c));
            len = strlen(words);
        }
    }
    return set == 0 ? 0 : file_write_at(dirfd, SUBTREE, words);
}

struct crowd {
    bool unread; /* the list could not be read: it may be too long */
    int count;
    char first[80];
};

/* The processes that prevent enabling: their count, and pid and name of the first. */
static void count_procs(int dirfd, struct crowd *ret)
{
    char procs[CGFILE_CAP];
    char comm_path[64];
    char comm[32] = "?";
    *ret = (struct crowd){0};
    ssize_t n = file_read_at(dirfd, "cgroup.procs", procs, sizeof(procs));
    ret->unread = n < 0;
    if (n <= 0)
        return;
    for (const char *p = procs; p; p = strchr(p + 1, '\n'))
        ret->count++;
    int pid = (int)strtol(procs, NULL, 10);
    text_format(comm_path, sizeof(comm_path), "/proc/%d/comm", pid);
    if (file_read("", comm_path, comm, sizeof(comm)) < 0)
        text_format(comm, sizeof(comm), "?");
    text_format(ret->first, sizeof(ret->first), "pid %d '%s'", pid, comm);
}

/* The "no internal processes" rule of cgroup-v2.rst. */
static int root_is_busy(const struct slice_tree *t, struct err *e)
{
    struct crowd crowd;
    count_procs(t->base_fd, &crowd);
    int code = crowd.unread
                   ? err_set(e, ERR_HOST, -EBUSY, "'%s' holds other processes", t->root.path)
                   : err_set(e, ERR_HOST, -EBUSY, "'%s' holds %d other process%s (%s)", t->root.path, crowd.count,
                             crowd.count == 1 ? "" : "es", crowd.count > 0 ? crowd.first : "gone by now");
    (void)err_remedy(e, "a cgroup that enables controllers must hold no process: move them into a child directory, or "
                        "name an empty cgroup; under systemd-run, let 'exec tare' replace the shell");
    return code;
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
    unsigned set = 0;
    ssize_t n = fgetxattr(t->base_fd, MARK, mark, sizeof(mark) - 1);
    if (n <= 0)
        return 0;
    mark[n] = '\0';
    for (unsigned c = 0; c < SLICE_CONTROLLERS; c++)
        if (cgfile_has_word(mark, slice_controller_name((enum slice_controller)c)))
            set |= 1u << c;
    (void)sscanf(mark, "%" SCNu64, &t->first);
    return set;
}

static void write_mark(struct slice_tree *t)
{
    char mark[256];
    unsigned set = read_mark(t) | t->enabled;
    text_format(mark, sizeof(mark), "%" PRIu64, t->first);
    for (unsigned c = 0; c < SLICE_CONTROLLERS; c++) {
        size_t len = strlen(mark);
        if (set >> c & 1)
            text_format(mark + len, sizeof(mark) - len, " %s", slice_controller_name((enum slice_controller)c));
    }
    (void)fsetxattr(t->base_fd, MARK, mark, strlen(mark), 0); /* without the mark only this run can undo it */
}

int slice_enable(struct slice_tree *t, struct err *e)
{
    if (available(t) == 0)
        return 0;
    unsigned before = controllers_in(t->base_fd, SUBTREE);
    int failed = enable(t, t->base_fd, slice_base_path(t), e);
    t->enabled = controllers_in(t->base_fd, SUBTREE) & ~before;
    if (t->enabled != 0)
        write_mark(t);
    if (failed == 0 && t->nested)
        failed = enable(t, t->root_fd, t->root.path, e);
    if (t->whole) /* it holds the processes itself */
        return failed;
    return failed != 0 ? failed : enable(t, t->run_fd, "the run's directory", e);
}

struct others {
    const char *ours;
    uint64_t later_than;
    bool sheltered; /* ignore the leaf that slice_shelter() made */
};

static int is_other(const char *name, uint64_t inode, void *context)
{
    const struct others *o = context;
    return strcmp(name, o->ours) != 0 && inode >= o->later_than && !(o->sheltered && strcmp(name, SLICE_SHELTER) == 0);
}

/* Whether another user may rely on what was enabled: another run, or a directory made since. A cgroup's inode is its
 * 64-bit id, which only grows (kernfs_new_node). */
static bool is_shared(const struct slice_tree *t)
{
    struct others runs = {.ours = t->name, .later_than = 0};
    struct others later = {.ours = t->nested ? strrchr(t->root.path, '/') + 1 : t->name,
                           .later_than = t->first,
                           .sheltered = slice_is_delegated(t)};
    if (t->nested && cgdir_each_child(t->root_fd, is_other, &runs) != 0)
        return true;
    return cgdir_each_child(t->base_fd, is_other, &later) != 0;
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
    disable(t->run_fd, controllers_in(t->run_fd, SUBTREE));
    if (t->nested)
        disable(t->root_fd, controllers_in(t->root_fd, SUBTREE));
    disable(t->base_fd, set);
    (void)fremovexattr(t->base_fd, MARK);
}

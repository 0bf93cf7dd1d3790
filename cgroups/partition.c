#include "cgroups/partition.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "cgroups/cgfile.h"
#include "cgroups/cpuset.h"
#include "cgroups/limits.h"
#include "cgroups/tree_internal.h"

#define PARTITION "cpuset.cpus.partition"
#define EXCLUSIVE "cpuset.cpus.exclusive"
#define CPUS      "cpuset.cpus"
#define MARK                                                                                                           \
    "user.tare.exclusive" /* attribute of an ancestor: what runs of tare claimed there, for partition_forget() */

static void read_mark(int dirfd, struct cpulist *ret)
{
    char list[CGFILE_CAP];
    ssize_t n = fgetxattr(dirfd, MARK, list, sizeof(list) - 1);
    *ret = (struct cpulist){0};
    if (n > 0) {
        list[n] = '\0';
        (void)cpulist_parse(list, ret);
    }
}

static void write_mark(int dirfd, const struct cpulist *claimed)
{
    char list[CGFILE_CAP];
    int len = cpulist_format(claimed, list, sizeof(list));
    if (len > 0)
        (void)fsetxattr(dirfd, MARK, list, (size_t)len,
                        0); /* without it a killed run's claim stays, which is harmless */
    else
        (void)fremovexattr(dirfd, MARK);
}

/* Adds the CPUs to cpuset.cpus.exclusive of one directory. Returns 1: added them, 0: all were there already (and stay
 * at release), or a negative errno. */
static int claim(int dirfd, const struct cpulist *cpus)
{
    struct cpulist have = {0};
    int failed = cpuset_read(dirfd, EXCLUSIVE, &have);
    if (failed != 0 || cpulist_subset(cpus, &have))
        return failed;
    struct cpulist with = cpuset_either(&have, cpus);
    failed = cpuset_write(dirfd, EXCLUSIVE, &with);
    if (failed != 0)
        return failed;
    read_mark(dirfd, &have);
    with = cpuset_either(&have, cpus);
    write_mark(dirfd, &with);
    return 1;
}

static void unclaim(int dirfd, const struct cpulist *cpus)
{
    struct cpulist have = {0};
    if (cpuset_read(dirfd, EXCLUSIVE, &have) == 0) {
        struct cpulist without = cpulist_minus(&have, cpus);
        (void)cpuset_write(dirfd, EXCLUSIVE, &without);
    }
    read_mark(dirfd, &have);
    have = cpulist_minus(&have, cpus);
    write_mark(dirfd, &have);
}

void partition_forget(int dirfd)
{
    struct cpulist claimed;
    read_mark(dirfd, &claimed);
    if (cpulist_count(&claimed) > 0)
        unclaim(dirfd, &claimed);
}

/* Top down: a directory can claim only what its parent has. */
static int claim_all(const struct slice_tree *t, const char *path, struct partition_claims *p, char *why, size_t cap)
{
    struct cpuset_way w = cpuset_way(t->root.mount, path);
    for (;;) {
        cleanup_close int fd = cpuset_next(&w);
        int done = fd < 0 ? fd : claim(fd, &p->cpus);
        if (fd == -ENOENT)
            return 0;
        if (done == -ENOENT)
            (void)snprintf(why, cap, "the kernel has no %s (Linux 6.7)", EXCLUSIVE);
        else if (done < 0)
            (void)snprintf(why, cap, "%.*s: cannot claim them in " EXCLUSIVE ": %s", (int)(w.end < 120 ? w.end : 120),
                           w.path, done == -EINVAL ? "another cgroup has some of them for its own" : strerror(-done));
        if (done < 0)
            return done;
        p->claimed |= done == 1 ? 1u << (w.level - 1) : 0;
    }
}

static void unclaim_all(const struct slice_tree *t, const char *path, struct partition_claims *p)
{
    struct cpuset_way w = cpuset_way(t->root.mount, path);
    for (;;) {
        cleanup_close int fd = cpuset_next(&w);
        if (fd >= 0 && p->claimed >> (w.level - 1) & 1)
            unclaim(fd, &p->cpus);
        if (fd < 0 && w.path[w.end] != '/')
            break;
    }
    p->claimed = 0;
}

/* --- nested partitions -------------------------------------------------------------------------------------------- */

/* From an existing one down to a slice: for kernels before Linux 6.7, and for users to whom an administrator gave a
 * partition, because remote partitions need CAP_SYS_ADMIN. */

static bool is_partition(int dirfd)
{
    char kind[160];
    return file_read_at(dirfd, PARTITION, kind, sizeof(kind)) > 0 && strcmp(kind, "root") == 0;
}

/* The level of the nearest partition above path, the CPUs that it has left, and how many levels the path has. The
 * hierarchy's root (level 0) always is one. */
static unsigned find_anchor(const struct slice_tree *t, const char *path, struct cpulist *left, unsigned *levels)
{
    unsigned level = 0;
    struct cpuset_way w = cpuset_way(t->root.mount, path);
    *left = (struct cpulist){0};
    (void)cpuset_common(t->root.mount, left);
    for (;;) {
        cleanup_close int fd = cpuset_next(&w);
        *levels = w.level;
        if (fd < 0)
            return level;
        if (w.path[w.end] == '/' && is_partition(fd) && cpuset_read(fd, "cpuset.cpus.effective", left) == 0)
            level = w.level;
    }
}

static void drop_first(struct cpulist *set)
{
    int first = cpulist_next(set, 0);
    if (first >= 0)
        set->word[first / 64] &= ~((uint64_t)1 << (first % 64));
}

/* Makes it a member again, with no CPUs of its own: make_link() refuses a directory that had some. */
static void unmake_link(int dirfd)
{
    (void)file_write_at(dirfd, PARTITION, "member");
    (void)file_write_at(dirfd, CPUS, "\n");
}

static int make_link(int dirfd, const struct cpulist *cpus, char *said, size_t cap)
{
    struct cpulist have = {0};
    int failed = cpuset_read(dirfd, CPUS, &have);
    if (failed == 0 && cpulist_count(&have) > 0)
        failed = -EBUSY;
    if (failed == 0)
        failed = cpuset_write(dirfd, CPUS, cpus);
    if (failed != 0) {
        (void)snprintf(said, cap, "%s", failed == -EBUSY ? "it has CPUs of its own" : strerror(-failed));
        return failed;
    }
    failed = file_write_at(dirfd, PARTITION, "root");
    if (failed == 0 && is_partition(dirfd))
        return 0;
    ssize_t unread = failed == 0 ? file_read_at(dirfd, PARTITION, said, cap) : failed;
    if (unread < 0)
        (void)snprintf(said, cap, "%s", strerror((int)-unread));
    unmake_link(dirfd);
    return failed != 0 ? failed : -ENOTSUP;
}

/* Top down: a partition takes its CPUs from its parent. Each level keeps one CPU of *spare, and the last one is for the
 * runner: Linux 6.12 does not let a partition take all CPUs of a parent that has other processes below it. */
static int make_links(const struct slice_tree *t, const char *path, unsigned anchor, const struct cpulist *cpus,
                      struct cpulist *spare, uint32_t *chained, char *why, size_t cap)
{
    char said[160] = "";
    struct cpuset_way w = cpuset_way(t->root.mount, path);
    for (;;) {
        cleanup_close int fd = cpuset_next(&w);
        if (fd < 0 || w.path[w.end] != '/')
            return fd < 0 ? fd : 0;
        struct cpulist with = cpuset_either(cpus, spare);
        int failed = w.level > anchor ? make_link(fd, &with, said, sizeof(said)) : 0;
        if (failed != 0) {
            (void)snprintf(why, cap, "%.*s as a partition: %.60s", (int)(w.end < 50 ? w.end : 50),
                           w.path + (w.end < 50 ? 0 : w.end - 50), said);
            return failed;
        }
        if (w.level > anchor) {
            *chained |= 1u << (w.level - 1);
            drop_first(spare);
        }
    }
}

/* Makes them members again, from the bottom up. path must no longer be a partition. */
static void chain_release(const struct slice_tree *t, const char *path, uint32_t *chained)
{
    for (unsigned level = CPUSET_LEVELS_MAX; level > 0 && *chained != 0; level--) {
        if (!(*chained >> (level - 1) & 1))
            continue;
        struct cpuset_way w = cpuset_way(t->root.mount, path);
        cleanup_close int fd = cpuset_next(&w);
        while (fd >= 0 && w.level < level) {
            (void)close(fd);
            fd = cpuset_next(&w);
        }
        if (fd >= 0)
            unmake_link(fd);
        *chained &= ~(1u << (level - 1));
    }
}

/* Makes every directory between path and the nearest partition above it a partition. Each gets `cpus` and one CPU more,
 * on which its own processes run. *chained gets one bit per directory. On failure: a negative errno, the reason in why,
 * and nothing is changed. */
static int chain_make(const struct slice_tree *t, const char *path, const struct cpulist *cpus, uint32_t *chained,
                      char *why, size_t cap)
{
    struct cpulist left;
    unsigned levels = 0, anchor = find_anchor(t, path, &left, &levels);
    struct cpulist spare = cpulist_minus(&left, cpus);
    unsigned links = levels - anchor - 1;
    if (!cpulist_subset(cpus, &left) || cpulist_count(&spare) < links + 1) {
        (void)snprintf(why, cap, "the nearest partition above has too few CPUs (needed: these, and %u to spare)",
                       links + 1);
        return -ENOSPC;
    }
    while (cpulist_count(&spare) > links) /* the lower ones stay with the anchor's own processes */
        drop_first(&spare);
    *chained = 0;
    int failed = make_links(t, path, anchor, cpus, &spare, chained, why, cap);
    if (failed != 0)
        chain_release(t, path, chained);
    return failed;
}

/* --- one slice's ----------------------------------------------------------------------------------------------- */

void partition_release(const struct slice_tree *t, const char *path, struct partition_claims *p)
{
    if (p->claimed == 0 && p->chained == 0)
        return;
    int failed = slice_lock(t->base_fd);
    if (failed != 0) /* goes on: kept, the CPUs would be lost to everybody */
        (void)fprintf(stderr, "tare: released CPUs without a lock of '%s': %s\n", t->root.path, strerror(-failed));
    unclaim_all(t, path, p);
    chain_release(t, path, &p->chained);
    slice_unlock(t->base_fd);
}

/* Whether no CPU would be left. The kernel would refuse that too, but with a less clear message. */
static bool takes_all(const struct slice_tree *t, const struct cpulist *cpus)
{
    struct cpulist there = {0};
    return cpuset_common(t->root.mount, &there) == 0 && cpulist_subset(&there, cpus);
}

/* The kernel reads back "root invalid (why)" if it accepted the word but cannot comply. It would comply later, in the
 * middle of a run: so the request is withdrawn. */
static void refuse(int dirfd, struct slice_setting *s, int failed)
{
    char said[160];
    text_format(said, sizeof(said), "%.150s", failed != 0 ? strerror(-failed) : s->achieved);
    (void)file_write_at(dirfd, PARTITION, "member");
    (void)limits_verify(dirfd, s);
    (void)snprintf(s->reason, sizeof(s->reason), "the kernel refused it: %s", said);
}

static void take(int dirfd, struct slice_setting *s)
{
    int failed = file_write_at(dirfd, PARTITION, s->requested);
    if (!limits_verify(dirfd, s) || failed != 0)
        refuse(dirfd, s, failed);
}

/* First tries a remote partition, claimed in every ancestor. Without CAP_SYS_ADMIN the kernel takes the claims but
 * refuses the partition; then, or before Linux 6.7, tries a chain of partitions. */
static void make(const struct slice_tree *t, const char *path, int dirfd, struct slice_setting *s,
                 struct partition_claims *p)
{
    char why[120] = "";
    char why_no_chain[120] = "";
    if (claim_all(t, path, p, why, sizeof(why)) == 0) {
        take(dirfd, s);
        (void)snprintf(why, sizeof(why), "%.119s", s->reason);
    }
    if (s->ok)
        return;
    unclaim_all(t, path, p);
    if (chain_make(t, path, &p->cpus, &p->chained, why_no_chain, sizeof(why_no_chain)) == 0) {
        take(dirfd, s);
        return;
    }
    (void)limits_verify(dirfd, s);
    (void)snprintf(s->reason, sizeof(s->reason), "%s; %s", why, why_no_chain);
}

void partition_make(const struct slice_tree *t, const char *path, int dirfd, const struct slice_limits *limits,
                    struct slice_setting *s, struct partition_claims *ret)
{
    *ret = (struct partition_claims){.cpus = limits->cpus};
    if (cpulist_count(&limits->cpus) == 0 || takes_all(t, &limits->cpus)) {
        (void)limits_verify(dirfd, s);
        s->ok = limits->partition == SLICE_PARTITION_AUTO;
        if (s->ok)
            text_format(s->requested, sizeof(s->requested), "root unless it takes every CPU");
        (void)snprintf(s->reason, sizeof(s->reason), "it would take every CPU of the host (leave one out of --cpus)");
        return;
    }
    int failed = slice_lock(t->base_fd);
    if (failed != 0) {
        (void)limits_verify(dirfd, s);
        s->ok = false;
        (void)snprintf(s->reason, sizeof(s->reason), "cannot lock '%.100s': %s", t->root.path, strerror(-failed));
        return;
    }
    make(t, path, dirfd, s, ret);
    slice_unlock(t->base_fd);
    if (!s->ok)
        partition_release(t, path, ret);
}

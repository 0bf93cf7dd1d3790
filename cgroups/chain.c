#include "cgroups/chain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "cgroups/cpuset.h"
#include "cgroups/tree_internal.h"

#define PARTITION "cpuset.cpus.partition"
#define CPUS      "cpuset.cpus"

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

int chain_make(const struct slice_tree *t, const char *path, const struct cpulist *cpus, uint32_t *chained, char *why,
               size_t cap)
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

/* From the bottom up. */
void chain_release(const struct slice_tree *t, const char *path, uint32_t *chained)
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

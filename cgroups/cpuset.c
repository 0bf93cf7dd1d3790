#include "cgroups/cpuset.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#define LIST_CAP 8192

struct cpuset_way cpuset_way(const char *mount, const char *path)
{
    struct cpuset_way w = {.end = strlen(mount)};
    text_format(w.path, sizeof(w.path), "%s", path);
    return w;
}

int cpuset_next(struct cpuset_way *w)
{
    if (w->path[w->end] != '/')
        return -ENOENT;
    size_t len = strcspn(w->path + w->end + 1, "/");
    char kept = w->path[w->end + 1 + len];
    w->path[w->end + 1 + len] = '\0';
    int fd = w->level < CPUSET_LEVELS_MAX ? open(w->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int failed = fd < 0 && w->level < CPUSET_LEVELS_MAX ? -errno : -ELOOP;
    w->path[w->end + 1 + len] = kept;
    w->end += 1 + len;
    w->level++;
    return fd >= 0 ? fd : failed;
}

int cpuset_read(int dirfd, const char *file, struct cpulist *ret)
{
    char list[LIST_CAP];
    ssize_t len = file_read_at(dirfd, file, list, sizeof(list));
    return len < 0 ? (int)len : cpulist_parse(list, ret);
}

int cpuset_common(const char *mount, struct cpulist *ret)
{
    cleanup_close int fd = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -errno : cpuset_read(fd, "cpuset.cpus.effective", ret);
}

int cpuset_write(int dirfd, const char *file, const struct cpulist *set)
{
    char list[LIST_CAP];
    int len = cpulist_format(set, list, sizeof(list) - 1);
    if (len <= 0) /* the kernel ignores a write of 0 bytes */
        text_format(list, sizeof(list), "\n");
    return len < 0 ? len : file_write_at(dirfd, file, list);
}

struct cpulist cpuset_either(const struct cpulist *a, const struct cpulist *b)
{
    struct cpulist both = *a;
    for (size_t i = 0; i < ARRAY_LEN(both.word); i++)
        both.word[i] |= b->word[i];
    return both;
}

#include "base/overlap.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/mountinfo.h"
#include "base/text.h"

#define DEPTH_MAX 4096 /* a path of PATH_MAX has no more names */

/* --- by the folders above ---------------------------------------------------------------------------------------- */

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool is_above(const struct stat *outer, int inner)
{
    struct stat st, last = {0};
    cleanup_close int at = openat(inner, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (int depth = 0; at >= 0 && depth < DEPTH_MAX && fstat(at, &st) == 0; depth++) {
        if (is_same(outer, &st))
            return true;
        if (depth > 0 && is_same(&st, &last)) /* the root: its ".." is itself */
            return false;
        last = st;
        int up = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
        (void)close(at);
        at = up;
    }
    return false;
}

/* --- by file systems --------------------------------------------------------------------------------------------- */

/* The part of path below folder: "" for the folder itself, "/x" for a file in it; NULL: not below. */
static const char *below(const char *path, const char *folder)
{
    size_t len = strcmp(folder, "/") == 0 ? 0 : strlen(folder);
    return !text_is_below(path, len ? folder : "") ? NULL : strcmp(path + len, "/") == 0 ? "" : path + len;
}

/* A folder's path here and its path in its file system. */
struct place {
    char path[PATH_MAX];
    char device[32];
    char inside[2 * PATH_MAX];
};

static bool find_place(const char *mounts, int fd, struct place *ret)
{
    char self[64];
    struct statx st;
    struct mountinfo m;
    text_format(self, sizeof(self), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(self, ret->path, sizeof(ret->path) - 1);
    if (n <= 0 || statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) != 0 || !(st.stx_mask & STATX_MNT_ID))
        return false;
    ret->path[n] = '\0';
    while (mountinfo_next(&mounts, &m)) {
        const char *rest = m.id == st.stx_mnt_id ? below(ret->path, m.point) : NULL;
        if (!rest)
            continue;
        text_format(ret->device, sizeof(ret->device), "%s", m.device);
        text_format(ret->inside, sizeof(ret->inside), "%s%s", strcmp(m.root, "/") == 0 ? "" : m.root, rest);
        if (!*ret->inside)
            text_format(ret->inside, sizeof(ret->inside), "/");
        return true;
    }
    return false;
}

/* Whether the tree of this device contains the place. */
static bool shows(const char *device, const char *tree, const struct place *inner)
{
    return strcmp(device, inner->device) == 0 && below(inner->inside, tree);
}

static bool shows_by_mounts(int outer, int inner)
{
    cleanup_text struct text mounts = {0};
    struct place o, i;
    struct mountinfo m;
    bool found = false;
    if (file_read_all("", "/proc/self/mountinfo", &mounts) == 0 && mounts.data && find_place(mounts.data, outer, &o) &&
        find_place(mounts.data, inner, &i)) {
        found = shows(o.device, o.inside, &i);
        for (const char *rest = mounts.data; !found && mountinfo_next(&rest, &m);)
            found = below(m.point, o.path) && shows(m.device, m.root, &i);
    }
    return found;
}

bool overlap_contains(int outer, int inner)
{
    struct stat st;
    return fstat(outer, &st) == 0 && (is_above(&st, inner) || shows_by_mounts(outer, inner));
}

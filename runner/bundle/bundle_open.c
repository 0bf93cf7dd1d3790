#include "bundle/bundle_open.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/source.h"
#include "bundle/bag.h"

static int open_tar(struct opened_bundle *o, int fd, struct err *e)
{
    char top[PARCEL_PATH_MAX + 1];
    int failed = scratch_begin(NULL, &o->unpacked, e);
    if (failed == 0)
        failed = parcel_unpack(fd, o->unpacked.fd, top, &o->findings, e);
    if (failed == 0 && (o->root_fd = fcntl(o->unpacked.fd, F_DUPFD_CLOEXEC, 0)) < 0)
        failed = err_sys(e, ERR_OURS, "'%s'", o->unpacked.path);
    text_format(o->data, sizeof(o->data), "%s/" BUNDLE_DATA, o->unpacked.path);
    return failed;
}

int bundle_open_path(const char *path, struct stat *st, struct err *e)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOTDIR)
        fd = source_open(AT_FDCWD, path, true, st);
    else if (fd < 0 || fstat(fd, st) != 0)
        fd = -errno;
    if (fd == -ENOTSUP)
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': what is allowed is a tar, a tar.zst or a folder", path);
    return fd >= 0 ? fd : err_set(e, ERR_USAGE, fd, "'%s': %s", path, strerror(-fd));
}

static int open_root(struct opened_bundle *o, const char *path, struct err *e)
{
    struct stat st = {0};
    cleanup_close int fd = bundle_open_path(path, &st, e);
    if (fd < 0)
        return fd;
    if (strlen(path) > sizeof(o->bundle.path) - 8)
        return err_set(e, ERR_USAGE, -ENAMETOOLONG, "'%.100s...': its path is too long", path);
    if (S_ISREG(st.st_mode))
        return open_tar(o, fd, e) == 0 ? 0 : err_wrap(e, "'%s'", path);
    text_format(o->data, sizeof(o->data), "%s/" BUNDLE_DATA, path);
    o->root_fd = STEAL_FD(fd);
    return 0;
}

static int check_whole(struct opened_bundle *o, const char *path, bool broken, struct err *e)
{
    struct parcel all = {0};
    char first[600];
    int failed = faccessat(o->root_fd, BAG_DECLARATION, F_OK, AT_SYMLINK_NOFOLLOW) == 0
                     ? parcel_read_folder(o->root_fd, &all, &o->findings, e)
                     : err_set(e, ERR_USAGE, -EINVAL, "'%s': it is no bundle: it has no " BAG_DECLARATION, path);
    if (failed == 0)
        failed = bag_check(o->root_fd, &all, &o->findings, e);
    parcel_free(&all);
    if (failed == 0 && o->findings.count > 0 && !broken)
        failed = err_set(e, ERR_USAGE, -EINVAL, "'%s' is broken: %s ('tare verify' tells all)", path,
                         finding_line(&o->findings.list[0], first, sizeof(first)));
    return failed;
}

int bundle_open(const char *path, bool broken, struct opened_bundle *ret, struct err *e)
{
    *ret = (struct opened_bundle){.root_fd = -1, .bundle = {.fd = -1}};
    int failed = open_root(ret, path, e);
    if (failed == 0)
        failed = check_whole(ret, path, broken, e);
    if (failed == 0 && bundle_load(ret->data, NULL, NULL, &ret->bundle, e) != 0)
        failed = err_wrap(e, "'%s'", path);
    return failed;
}

void bundle_close(struct opened_bundle *o)
{
    bundle_free(&o->bundle);
    findings_free(&o->findings);
    if (o->root_fd >= 0)
        (void)close(STEAL_FD(o->root_fd));
    scratch_end(&o->unpacked);
}

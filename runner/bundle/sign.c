#include "bundle/sign.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/findings.h"
#include "archive/parcel.h"
#include "archive/scratch.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/source.h"
#include "base/text.h"
#include "bundle/bag.h"
#include "bundle/bundle.h"
#include "bundle/minisig.h"
#include "launch/spawn.h"

#define KEY_MAX 4096 /* bytes of a key's file */

/* What a signing holds. */
struct signing {
    const char *path, *key;
    struct scratch unpacked;
    char folder[PATH_MAX]; /* the bag's */
    int root_fd;
    bool tar;
    char top[PARCEL_PATH_MAX + 1];
    struct parcel all;
    struct findings findings;
    struct bundle bundle;
};

static void end(struct signing *s)
{
    bundle_free(&s->bundle);
    parcel_free(&s->all);
    findings_free(&s->findings);
    if (s->root_fd >= 0)
        (void)close(s->root_fd);
    scratch_end(&s->unpacked);
}

static int open_bag(struct signing *s, struct err *e)
{
    struct stat st;
    cleanup_close int fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) != 0)
        return err_sys(e, ERR_USAGE, "it cannot be read");
    text_format(s->folder, sizeof(s->folder), "%.4000s", s->path);
    s->tar = S_ISREG(st.st_mode);
    if ((st.st_mode & 0222) == 0)
        return err_set(e, ERR_USAGE, -EACCES, "it is read-only, and the signature goes into it (chmod u+w)");
    if (!s->tar && !S_ISDIR(st.st_mode))
        return err_set(e, ERR_USAGE, -EINVAL, "what is allowed is a tar or a folder");
    if (!s->tar) {
        s->root_fd = STEAL_FD(fd);
        return 0;
    }
    size_t len = strlen(s->path);
    if (len > 4 && strcmp(s->path + len - 4, ".zst") == 0)
        return err_set(e, ERR_USAGE, -EINVAL, "what is signed is the tar, before it is compressed");
    int failed = scratch_begin(NULL, &s->unpacked, e);
    if (failed == 0)
        failed = parcel_unpack(fd, s->unpacked.fd, s->top, &s->findings, e);
    text_format(s->folder, sizeof(s->folder), "%s", s->unpacked.path);
    s->root_fd = fcntl(s->unpacked.fd, F_DUPFD_CLOEXEC, 0);
    return failed;
}

/* Nothing is vouched for that is not whole. */
static int check_bag(struct signing *s, struct err *e)
{
    char first[600];
    int failed = faccessat(s->root_fd, BAG_DECLARATION, F_OK, AT_SYMLINK_NOFOLLOW) == 0
                     ? parcel_read_folder(s->root_fd, &s->all, &s->findings, e)
                     : err_set(e, ERR_USAGE, -EINVAL, "it is no bundle: it has no " BAG_DECLARATION);
    if (failed == 0)
        failed = bag_check(s->root_fd, &s->all, &s->findings, e);
    if (failed == 0 && s->findings.count > 0)
        failed = err_set(e, ERR_USAGE, -EINVAL, "it is broken: %s ('tare verify' tells all)",
                         finding_line(&s->findings.list[0], first, sizeof(first)));
    return failed;
}

static int load_bundle(struct signing *s, struct err *e)
{
    char data[PATH_MAX + 16];
    text_format(data, sizeof(data), "%s/" BUNDLE_DATA, s->folder);
    if (strlen(data) >= sizeof(s->bundle.path))
        return err_set(e, ERR_USAGE, -ENAMETOOLONG, "its path is too long");
    return bundle_load(data, NULL, NULL, &s->bundle, e) == 0 ? 0 : err_wrap(e, "it is no bundle that can be read");
}

/* Its exit status as a shell has it; what it prints goes to `to`, or to stderr. -ENOENT and the like (host): it cannot
 * be started. */
static int run_minisign(char *const argv[], const char *to, struct err *e)
{
    struct child child;
    struct child_end end;
    cleanup_close int opened = to ? open(to, O_WRONLY | O_CLOEXEC) : -1;
    if (to && opened < 0)
        return err_sys(e, ERR_OURS, "'%s'", to);
    int failed = spawn_companion(argv, to ? opened : STDERR_FILENO, &child);
    if (failed != 0)
        return err_set(e, ERR_HOST, failed, "minisign: %s (apt-get install minisign)", strerror(-failed));
    failed = spawn_wait(&child, &end, e);
    return failed != 0 ? failed : end.signalled ? 128 + end.signal : end.exit_status;
}

/* minisign asks for the key's password itself, on the terminal. */
int sign_file(const char *message, const char *name, const char *key, struct err *e)
{
    char signature[PATH_MAX + 80], digest[DIGEST_HEX], comment[192];
    text_format(signature, sizeof(signature), "%s.minisig", message);
    int failed = digest_file(message, digest);
    if (failed != 0)
        return err_set(e, ERR_USAGE, failed, "'%s': %s", message, strerror(-failed));
    text_format(comment, sizeof(comment), "%.80s sha256 %s", name, digest);
    char *const argv[] = {"minisign", "-S",
                          "-s",       (char *)key,
                          "-m",       (char *)message,
                          "-x",       signature,
                          "-c",       "signature of a bundle of tare",
                          "-t",       comment,
                          NULL};
    int status = run_minisign(argv, NULL, e);
    if (status <= 0)
        return status;
    if (status == 127)
        return err_set(e, ERR_HOST, -ENOENT, "minisign cannot be run (apt-get install minisign)");
    return err_set(e, ERR_USAGE, -EPERM, "minisign did not sign with '%s'; it says why above", key);
}

static int sign_manifest(const struct signing *s, struct err *e)
{
    char message[PATH_MAX + 64];
    text_format(message, sizeof(message), "%s/" BAG_TAG_MANIFEST, s->folder);
    return sign_file(message, BAG_TAG_MANIFEST, s->key, e);
}

/* With the date that it was packed with: nothing else of it changes. */
static int write_tar(struct signing *s, struct err *e)
{
    struct file_draft draft;
    struct parcel all = {0};
    int failed = parcel_read_folder(s->root_fd, &all, &s->findings, e);
    if (failed == 0)
        failed = file_draft_open(s->path, &draft, e);
    if (failed == 0) {
        failed = parcel_write_tar(&all, s->root_fd, *s->top ? s->top : s->bundle.top, s->bundle.date_s,
                                  fileno(draft.stream), e);
        if (failed != 0)
            file_draft_abandon(&draft);
        else
            failed = file_draft_commit(&draft, e);
    }
    parcel_free(&all);
    return failed;
}

static int find_minisign(struct err *e)
{
    char *const argv[] = {"minisign", "-v", NULL};
    return run_minisign(argv, "/dev/null", e) == 0
               ? 0
               : err_set(e, ERR_HOST, -ENOENT, "minisign cannot be run (apt-get install minisign)");
}

int sign_check(const char *option, const char *key, struct err *e)
{
    struct text t = {0};
    int failed = scratch_read(AT_FDCWD, key, KEY_MAX, &t);
    if (failed != 0)
        (void)err_set(e, ERR_USAGE, failed, "%s '%s': %s", option, key, source_fault(failed));
    else if (!minisig_is_secret_key(t.data))
        failed = err_set(e, ERR_USAGE, -EINVAL, "%s '%s': it is no secret key of minisign's ('minisign -G' makes one)",
                         option, key);
    else
        failed = find_minisign(e);
    explicit_bzero(t.data, t.len);
    text_free(&t);
    return failed;
}

int sign(const char *path, const char *key, struct err *e)
{
    char target[PATH_MAX];
    struct signing s = {.path = target, .key = key, .root_fd = -1, .bundle = {.fd = -1}};
    int failed = sign_check("--key", key, e);
    if (failed == 0 && !realpath(path, target)) /* a link stays one, and its target is signed */
        failed = err_sys(e, ERR_USAGE, "'%s'", path);
    if (failed != 0)
        return failed;
    failed = open_bag(&s, e);
    if (failed == 0)
        failed = check_bag(&s, e);
    if (failed == 0)
        failed = load_bundle(&s, e);
    if (failed == 0)
        failed = sign_manifest(&s, e);
    if (failed == 0 && s.tar)
        failed = write_tar(&s, e);
    end(&s);
    return failed == 0 ? 0 : err_wrap(e, "'%s'", path);
}

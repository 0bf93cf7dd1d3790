#include "bundle/sign.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/filelist.h"
#include "archive/files.h"
#include "archive/tar.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/source.h"
#include "base/temporary.h"
#include "base/text.h"
#include "bundle/bag.h"
#include "bundle/bundle.h"
#include "bundle/minisig.h"
#include "launch/spawn.h"

#define MADE    "signature"
#define WAIT_MS (30 * 1000)

/* The signature goes into the bundle, so it must be writable, and a tar or a folder; not compressed. */
static int check_place(const char *path, struct err *e)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return err_sys(e, ERR_USAGE, "'%s': it cannot be read", path);
    if ((st.st_mode & 0222) == 0)
        return err_set(e, ERR_USAGE, -EACCES, "'%s': it is read-only, and the signature goes into it (chmod u+w)",
                       path);
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': what is allowed is a tar or a folder", path);
    if (S_ISREG(st.st_mode) && text_ends_with(path, ".zst"))
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': what is signed is the tar, before it is compressed", path);
    return 0;
}

/* Runs minisign with its output on stderr. Returns its exit status as a shell gives it. -ENOENT and the like (host): it
 * cannot be started. */
static int run_minisign(char *const argv[], struct err *e)
{
    struct child child;
    struct child_end end;
    int failed = spawn_companion(argv, STDERR_FILENO, &child);
    if (failed != 0)
        return err_set(e, ERR_HOST, failed, "minisign: %s (apt-get install minisign)", strerror(-failed));
    TRY(spawn_wait(&child, &end, e));
    return end.signalled ? 128 + end.signal : end.exit_status;
}

/* minisign asks for the key's password on the terminal. It writes into a folder of our own, because it would follow a
 * link at the signature's place; the signature is then moved there. */
int sign_file(const char *message, const char *name, const char *key, struct err *e)
{
    char place[PATH_MAX + 80], made[PATH_MAX + 80], digest[DIGEST_HEX], comment[192];
    struct temporary room __attribute__((cleanup(temporary_remove))) = TEMPORARY_NONE;
    cleanup_text struct text signature = {0};
    text_format(place, sizeof(place), "%s.minisig", message);
    TRY(err_code(e, ERR_USAGE, digest_file(message, digest), "'%s'", message));
    TRY(temporary_make(temporary_base(), ".tare-", &room, e));
    text_format(made, sizeof(made), "%s/" MADE, room.path);
    text_format(comment, sizeof(comment), "%.80s sha256 %s", name, digest);
    char *const argv[] = {"minisign", "-S",
                          "-s",       (char *)key,
                          "-m",       (char *)message,
                          "-x",       made,
                          "-c",       "signature of a bundle of tare",
                          "-t",       comment,
                          NULL};
    int status = run_minisign(argv, e);
    if (status < 0)
        return status;
    if (status == 127)
        return err_set(e, ERR_HOST, -ENOENT, "minisign cannot be run (apt-get install minisign)");
    if (status > 0)
        return err_set(e, ERR_USAGE, -EPERM, "minisign did not sign with '%s'; it says why above", key);
    TRY(err_code(e, ERR_OURS, files_read(room.fd, MADE, MINISIG_SIGNATURE_MAX, &signature), "what minisign wrote"));
    char folder[PATH_MAX], signed_name[NAME_MAX + 16];
    const char *slash = strrchr(message, '/');
    text_format(folder, sizeof(folder), "%.*s", slash ? (int)(slash - message) + 1 : 1, slash ? message : ".");
    text_format(signed_name, sizeof(signed_name), "%s.minisig", slash ? slash + 1 : message);
    cleanup_close int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(e, ERR_USAGE, "'%s'", folder);
    return file_replace_at(fd, signed_name, place, signature.data, signature.len, e);
}

/* Writes the tar again with its original date, so that only the signature is new. */
static int write_tar(struct opened_bundle *o, const char *path, struct err *e)
{
    TRY(filelist_add(&o->all, o->root_fd, BAG_SIGNATURE, e));
    const struct tar_spec tar = {&o->all, o->root_fd, *o->top ? o->top : o->bundle.top, o->bundle.date_s};
    return tar_save(&tar, path, NULL, e);
}

static int find_minisign(struct err *e)
{
    char *const argv[] = {"minisign", "-v", NULL};
    cleanup_text struct text version = {0};
    return spawn_capture(argv, WAIT_MS, &version) == 0
               ? 0
               : err_set(e, ERR_HOST, -ENOENT, "minisign cannot be run (apt-get install minisign)");
}

int sign_check(const char *option, const char *key, struct err *e)
{
    cleanup_text struct text t = {0};
    int failed = files_read(AT_FDCWD, key, MINISIG_KEY_MAX, &t);
    bool secret = failed == 0 && minisig_is_secret_key(t.data);
    explicit_bzero(t.data, t.len);
    if (failed != 0)
        return err_set(e, ERR_USAGE, failed, "%s '%s': %s", option, key, source_fault(failed));
    if (!secret)
        return err_set(e, ERR_USAGE, -EINVAL, "%s '%s': it is no secret key of minisign's ('minisign -G' makes one)",
                       option, key);
    return find_minisign(e);
}

int sign(const char *path, const char *key, struct err *e)
{
    char target[PATH_MAX], message[PATH_MAX];
    cleanup_opened struct opened_bundle o = BUNDLE_UNOPENED;
    TRY(sign_check("--key", key, e));
    if (!realpath(path, target)) /* for a link, its target is signed */
        return err_sys(e, ERR_USAGE, "'%s'", path);
    TRY(check_place(target, e));
    TRY(bundle_open(target, &o, e)); /* refuses a damaged bundle */
    text_format(message, sizeof(message), "%s/" BAG_TAG_MANIFEST, o.folder);
    TRY(sign_file(message, BAG_TAG_MANIFEST, key, e));
    return o.tar_fd >= 0 ? write_tar(&o, target, e) : 0;
}

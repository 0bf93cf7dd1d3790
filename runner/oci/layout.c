#include "oci/layout.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/files.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json_put.h"
#include "base/text.h"

#define REF_NAME "org.opencontainers.image.ref.name"
#define PREFIX   "sha256:"
#define NAME_LEN 128

/* --- the folder -------------------------------------------------------------------------------------------------- */

static int write_new(int layout, const char *name, const char *bytes, size_t len, struct err *e)
{
    char draft[NAME_LEN];
    text_format(draft, sizeof(draft), "%s.%d", name, (int)getpid());
    (void)unlinkat(layout, draft, 0);
    int failed = files_write(layout, draft, bytes, len, e);
    if (failed == 0 && renameat(layout, draft, layout, name) != 0)
        failed = err_sys(e, ERR_HOST, "%s", name);
    if (failed != 0)
        (void)unlinkat(layout, draft, 0);
    return failed;
}

/* Releases the reference to o. */
static int write_json(int layout, const char *name, json_t *o, struct err *e)
{
    cleanup_text struct text t = {0};
    json_text(o, &t);
    return write_new(layout, name, t.data, t.len, e);
}

const char *oci_digest_hex(const char *digest)
{
    size_t len = strlen(PREFIX);
    return strncmp(digest, PREFIX, len) == 0 && digest_is_hex(digest + len) ? digest + len : NULL;
}

json_t *oci_descriptor(const char *type, const char *hex, uint64_t size_bytes)
{
    char digest[sizeof(PREFIX) + DIGEST_HEX];
    text_format(digest, sizeof(digest), PREFIX "%s", hex);
    return json_pack("{s:s, s:s, s:I}", "mediaType", type, "digest", digest, "size", (json_int_t)size_bytes);
}

static json_t *index_of(const json_t *descriptor)
{
    json_t *o = json_pack("{s:i, s:s, s:[]}", "schemaVersion", 2, "mediaType", OCI_INDEX, "manifests");
    if (descriptor)
        (void)json_array_append_new(json_object_get(o, "manifests"), json_deep_copy(descriptor));
    return o;
}

static int begin(int layout, struct err *e)
{
    if (files_make_folders(layout, OCI_BLOBS) != 0)
        return err_sys(e, ERR_HOST, OCI_BLOBS);
    TRY(write_new(layout, OCI_LAYOUT_FILE, OCI_LAYOUT_TEXT, strlen(OCI_LAYOUT_TEXT), e));
    return write_json(layout, OCI_INDEX_FILE, index_of(NULL), e);
}

static bool is_empty(int fd)
{
    cleanup_dir DIR *dir = fdopendir(dup(fd));
    size_t entries = 0;
    while (dir && readdir(dir))
        entries++;
    return entries == 2; /* . and .. */
}

int oci_layout_open(const char *path, bool make, int *ret, struct err *e)
{
    if (make && mkdir(path, 0755) != 0 && errno != EEXIST)
        return err_sys(e, ERR_USAGE, "'%s'", path);
    cleanup_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(e, ERR_USAGE, "'%s'", path);
    if (make && is_empty(fd))
        TRY(begin(fd, e));
    if (faccessat(fd, OCI_LAYOUT_FILE, R_OK, 0) != 0)
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': not an OCI layout: it has no " OCI_LAYOUT_FILE, path);
    *ret = STEAL_FD(fd);
    return 0;
}

/* --- blobs ------------------------------------------------------------------------------------------------------- */

static int blob_name(const char *digest, char buf[NAME_LEN], struct err *e)
{
    const char *hex = oci_digest_hex(digest);
    if (!hex)
        return err_set(e, ERR_USAGE, -EINVAL, "digest '%.80s': what is allowed is sha256: and 64 hexadecimal digits",
                       digest);
    text_format(buf, NAME_LEN, OCI_BLOBS "%s", hex);
    return 0;
}

int oci_put_bytes(int layout, const char *bytes, size_t len, char hex[DIGEST_HEX], struct err *e)
{
    char name[NAME_LEN];
    digest_bytes(bytes, len, hex);
    text_format(name, sizeof(name), OCI_BLOBS "%s", hex);
    return write_new(layout, name, bytes, len, e);
}

/* Copies to the end; returns digest and size. */
static int copy(int from, int to, char hex[DIGEST_HEX], uint64_t *size_bytes)
{
    char chunk[1 << 16];
    struct digest *d = digest_begin();
    int failed = 0;
    ssize_t n = 0;
    *size_bytes = 0;
    while (failed == 0 && (n = file_read_fd(from, -1, chunk, sizeof(chunk))) > 0) {
        digest_add(d, chunk, (size_t)n);
        *size_bytes += (uint64_t)n;
        failed = file_write_fd(to, chunk, (size_t)n);
    }
    digest_end(d, hex);
    return n < 0 ? (int)n : failed;
}

int oci_put_file(int layout, int fd, char hex[DIGEST_HEX], uint64_t *size_bytes, struct err *e)
{
    char name[NAME_LEN], draft[NAME_LEN];
    text_format(draft, sizeof(draft), OCI_BLOBS "draft.%d", (int)getpid());
    cleanup_close int to = openat(layout, draft, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (to < 0 || lseek(fd, 0, SEEK_SET) != 0)
        return err_sys(e, ERR_HOST, "%s", draft);
    int failed = copy(fd, to, hex, size_bytes);
    text_format(name, sizeof(name), OCI_BLOBS "%s", hex);
    if (failed == 0 && renameat(layout, draft, layout, name) != 0)
        failed = -errno;
    if (failed == 0)
        return 0;
    (void)unlinkat(layout, draft, 0);
    return err_code(e, ERR_HOST, failed, "%s", draft);
}

int oci_get_bytes(int layout, const char *digest, struct text *ret, struct err *e)
{
    char name[NAME_LEN], hex[DIGEST_HEX];
    size_t before = ret->len;
    TRY(blob_name(digest, name, e));
    TRY(err_code(e, ERR_USAGE, files_read(layout, name, before + OCI_MANIFEST_MAX, ret), "%s", name));
    digest_bytes(ret->data + before, ret->len - before, hex);
    if (strcmp(hex, digest + strlen(PREFIX)) != 0)
        return err_set(e, ERR_SAID_NO, -EBADMSG, "%s: its bytes have the digest %s", name, hex);
    return 0;
}

int oci_get_file(int layout, const char *digest, uint64_t size_bytes, int fd, struct err *e)
{
    char name[NAME_LEN], hex[DIGEST_HEX];
    uint64_t size = 0;
    TRY(blob_name(digest, name, e));
    cleanup_close int from = openat(layout, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (from < 0)
        return err_sys(e, ERR_USAGE, "%s", name);
    TRY(err_code(e, ERR_HOST, copy(from, fd, hex, &size), "%s", name));
    if (size != size_bytes || strcmp(hex, digest + strlen(PREFIX)) != 0)
        return err_set(e, ERR_SAID_NO, -EBADMSG, "%s: it has %llu bytes of the digest %s, and its manifest says %llu",
                       name, (unsigned long long)size, hex, (unsigned long long)size_bytes);
    return 0;
}

/* --- the index --------------------------------------------------------------------------------------------------- */

static int read_index(int layout, json_t **ret, struct err *e)
{
    cleanup_text struct text t = {0};
    TRY(err_code(e, ERR_USAGE, files_read(layout, OCI_INDEX_FILE, OCI_MANIFEST_MAX, &t), OCI_INDEX_FILE));
    cleanup_json json_t *o = json_object_of(t.data, t.len);
    if (!json_is_array(json_object_get(o, "manifests")))
        return err_set(e, ERR_USAGE, -EINVAL, OCI_INDEX_FILE ": it is no index of an OCI layout");
    *ret = json_incref(o);
    return 0;
}

void oci_index_text(const json_t *descriptor, struct text *ret)
{
    json_text(index_of(descriptor), ret);
}

int oci_set_only(int layout, const json_t *descriptor, struct err *e)
{
    return write_json(layout, OCI_INDEX_FILE, index_of(descriptor), e);
}

static const char *tag_of(const json_t *descriptor)
{
    return json_word(json_object_get(descriptor, "annotations"), REF_NAME);
}

int oci_tag(int layout, const char *tag, const json_t *descriptor, struct err *e)
{
    json_t *index = NULL;
    TRY(read_index(layout, &index, e));
    json_t *list = json_object_get(index, "manifests"), *one = json_deep_copy(descriptor);
    for (size_t i = json_array_size(list); i-- > 0;)
        if (strcmp(tag_of(json_array_get(list, i)), tag) == 0)
            (void)json_array_remove(list, i);
    if (!json_is_object(json_object_get(one, "annotations")))
        json_put(one, "annotations", json_object());
    json_put(json_object_get(one, "annotations"), REF_NAME, json_string(tag));
    (void)json_array_append_new(list, one);
    return write_json(layout, OCI_INDEX_FILE, index, e);
}

static int refuse_tag(const char *tag, const json_t *list, struct err *e)
{
    cleanup_text struct text known = {0};
    size_t i;
    const json_t *one = NULL;
    json_array_foreach(list, i, one) if (*tag_of(one)) text_add(&known, "%s%s", known.len ? ", " : "", tag_of(one));
    if (!known.data)
        return err_set(e, ERR_USAGE, -ENOENT, "it has no tag");
    return tag ? err_set(e, ERR_USAGE, -ENOENT, "no tag '%s': what is there is %s", tag, known.data)
               : err_set(e, ERR_USAGE, -ENOENT, "which? It has several tags: %s", known.data);
}

int oci_find(int layout, const char *tag, json_t **ret, struct err *e)
{
    cleanup_json json_t *index = NULL;
    size_t i, found = 0;
    json_t *one = NULL, *it = NULL;
    TRY(read_index(layout, &index, e));
    const json_t *list = json_object_get(index, "manifests");
    json_array_foreach(list, i, one)
    {
        bool named = !tag || strcmp(tag_of(one), tag) == 0 || strcmp(json_word(one, "digest"), tag) == 0;
        bool referrers = !tag && strncmp(tag_of(one), "sha256-", 7) == 0;
        if (!named || referrers || (it && json_equal(json_object_get(it, "digest"), json_object_get(one, "digest"))))
            continue;
        it = one;
        found++;
    }
    if (found != 1)
        return refuse_tag(tag, list, e);
    *ret = json_incref(it);
    return 0;
}

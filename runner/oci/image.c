#include "oci/image.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "archive/filelist.h"
#include "archive/files.h"
#include "archive/findings.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/json_put.h"
#include "base/text.h"
#include "oci/layout.h"

#define LAYOUT IMAGE_LAYOUT "/"
#define NAMED  IMAGE_NAMED "/"
#define BLOBS  LAYOUT OCI_BLOBS
#define INDEX  LAYOUT OCI_INDEX_FILE

static bool begins(const char *path, const char *with)
{
    return strncmp(path, with, strlen(with)) == 0;
}

bool oci_image_has(const char *path)
{
    return begins(path, LAYOUT) || begins(path, NAMED);
}

/* Reads a JSON object of the payload; the caller owns it. NULL: the reason is in *why. */
static json_t *load(int data_fd, const char *path, const char **why)
{
    cleanup_text struct text t = {0};
    int failed = files_read(data_fd, path, OCI_MANIFEST_MAX, &t);
    *why = failed == -EFBIG ? "it is larger than 4 MiB" : failed != 0 ? strerror(-failed) : "it is not a JSON object";
    return failed == 0 ? json_object_of(t.data, t.len) : NULL;
}

/* --- its identity ------------------------------------------------------------------------------------------------ */

/* The digits of a descriptor's digest. -EINVAL: none. */
static int take_digits(const json_t *descriptor, char ret[DIGEST_HEX])
{
    const char *hex = oci_digest_hex(json_word(descriptor, "digest"));
    if (!hex)
        return -EINVAL;
    text_format(ret, DIGEST_HEX, "%s", hex);
    return 0;
}

int oci_image_read(int data_fd, struct oci_image *ret, struct err *e)
{
    char path[FILELIST_PATH_MAX];
    const char *why = NULL;
    *ret = (struct oci_image){.there = false};
    if (faccessat(data_fd, INDEX, F_OK, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)
        return 0;
    cleanup_json json_t *index = load(data_fd, INDEX, &why);
    if (!index)
        return err_set(e, ERR_USAGE, -EINVAL, INDEX ": %s", why);
    if (take_digits(json_array_get(json_object_get(index, "manifests"), 0), ret->manifest) != 0)
        return err_set(e, ERR_USAGE, -EINVAL, INDEX ": it names no manifest by its digest");
    text_format(path, sizeof(path), BLOBS "%s", ret->manifest);
    cleanup_json json_t *manifest = load(data_fd, path, &why);
    if (!manifest)
        return err_set(e, ERR_USAGE, -EINVAL, "%s: %s", path, why);
    if (take_digits(json_object_get(manifest, "config"), ret->config) != 0)
        return err_set(e, ERR_USAGE, -EINVAL, "%s: it names no config by its digest", path);
    ret->there = true;
    return 0;
}

bool oci_image_is(const struct oci_image *l, int data_fd, const char *digest)
{
    char path[FILELIST_PATH_MAX];
    const char *at = strrchr(digest, '@'), *hex = oci_digest_hex(at ? at + 1 : digest);
    if (!l->there || !hex)
        return false;
    text_format(path, sizeof(path), NAMED "%s", hex);
    return strcmp(hex, l->manifest) == 0 || strcmp(hex, l->config) == 0 ||
           faccessat(data_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

bool oci_image_leads_to(const json_t *o, const struct oci_image *l, const struct filelist *payload)
{
    char path[FILELIST_PATH_MAX];
    size_t i;
    const json_t *one = NULL;
    const char *config = oci_digest_hex(json_word(json_object_get(o, "config"), "digest"));
    if (config)
        return strcmp(config, l->config) == 0;
    json_array_foreach(json_object_get(o, "manifests"), i, one)
    {
        const char *hex = oci_digest_hex(json_word(one, "digest"));
        if (!hex)
            continue;
        text_format(path, sizeof(path), NAMED "%s", hex);
        /* The named file is checked itself; digests cannot form a cycle. */
        if (strcmp(hex, l->manifest) == 0 || (payload && filelist_find(payload, path)))
            return true;
    }
    return false;
}

const char *oci_layer_type(int dirfd, const char *path)
{
    static const unsigned char GZIP[] = {0x1f, 0x8b}, ZSTD[] = {0x28, 0xb5, 0x2f, 0xfd}; /* RFC 1952, RFC 8878 */
    unsigned char first[4] = {0};
    cleanup_close int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 || read(fd, first, sizeof(first)) < 0)
        return NULL;
    return memcmp(first, GZIP, sizeof(GZIP)) == 0   ? "application/vnd.oci.image.layer.v1.tar+gzip"
           : memcmp(first, ZSTD, sizeof(ZSTD)) == 0 ? "application/vnd.oci.image.layer.v1.tar+zstd"
                                                    : "application/vnd.oci.image.layer.v1.tar";
}

/* --- checks ------------------------------------------------------------------------------------------------------ */

struct checking {
    const struct filelist *payload;
    int data_fd;
    struct findings *findings;
    bool *seen; /* per file of the payload: something refers to it */
};

#define BROKEN(c, ...) findings_add((c)->findings, FINDING_INTEGRITY, __VA_ARGS__)

/* NULL: a finding was added. */
static json_t *load_of(struct checking *c, const struct listed_file *file)
{
    const char *why = NULL;
    json_t *o = file ? load(c->data_fd, file->path, &why) : NULL;
    if (file && !o)
        BROKEN(c, file->path, "%s", why);
    return o;
}

/* Finds a file and marks it as seen; from: the file that needs it. NULL: a finding was added. */
static const struct listed_file *see(struct checking *c, const char *path, const char *from)
{
    const struct listed_file *file = filelist_find(c->payload, path);
    if (file)
        c->seen[file - c->payload->file] = true;
    else
        BROKEN(c, path, "it is missing, and %s needs it", from);
    return file;
}

/* The file that a descriptor in `from` describes; NULL: missing, or with other bytes. */
static const struct listed_file *follow(struct checking *c, const char *from, const char *what,
                                        const json_t *descriptor)
{
    char path[FILELIST_PATH_MAX];
    const char *hex = oci_digest_hex(json_word(descriptor, "digest"));
    const json_t *size = json_object_get(descriptor, "size");
    if (!hex || !json_is_integer(size)) {
        BROKEN(c, from, "its %s has no digest (sha256:...) with a size", what);
        return NULL;
    }
    text_format(path, sizeof(path), BLOBS "%s", hex);
    const struct listed_file *file = see(c, path, from);
    if (file && (json_integer_value(size) < 0 || (uint64_t)json_integer_value(size) != file->size_bytes))
        BROKEN(c, from, "it says that its %s %.80s has %" JSON_INTEGER_FORMAT " bytes, but the file has %" PRIu64, what,
               json_word(descriptor, "digest"), json_integer_value(size), file->size_bytes);
    return file && strcmp(file->sha256, hex) == 0 ? file : NULL;
}

static void expect_type(struct checking *c, const char *from, const char *what, const char *said, const char *type)
{
    if (strcmp(said, type) != 0)
        BROKEN(c, from, "its %s has the media type '%.100s', but is %s", what, said, type);
}

/* The index must be what the manifest gives, byte for byte. */
static const struct listed_file *check_index(struct checking *c)
{
    char hex[DIGEST_HEX];
    cleanup_text struct text t = {0};
    const struct listed_file *file = see(c, INDEX, "the image");
    cleanup_json json_t *index = load_of(c, file);
    const json_t *list = json_object_get(index, "manifests");
    if (!index)
        return NULL;
    if (json_array_size(list) != 1) {
        BROKEN(c, INDEX, "it lists %zu manifests instead of one", json_array_size(list));
        return NULL;
    }
    const struct listed_file *manifest = follow(c, INDEX, "manifest", json_array_get(list, 0));
    if (!manifest)
        return NULL;
    cleanup_json json_t *one = oci_descriptor(OCI_MANIFEST, manifest->sha256, manifest->size_bytes);
    oci_index_text(one, &t);
    digest_bytes(t.data, t.len, hex);
    if (strcmp(hex, file->sha256) != 0)
        BROKEN(c, INDEX, "it is not the index that its manifest gives");
    return manifest;
}

/* OCI Image Specification, config.md: rootfs.diff_ids, "in order from first to last": the digest of each layer's tar.
 */
static void check_config(struct checking *c, const struct listed_file *file, const json_t *layers)
{
    size_t i = 0;
    const json_t *one = NULL;
    cleanup_json json_t *config = load_of(c, file);
    if (!config)
        return;
    const json_t *rootfs = json_object_get(config, "rootfs"), *ids = json_object_get(rootfs, "diff_ids");
    if (!*json_word(config, "architecture") || !*json_word(config, "os") ||
        strcmp(json_word(rootfs, "type"), "layers") != 0)
        BROKEN(c, file->path, "it is not an image's config: architecture, os or rootfs of layers is missing");
    else if (!json_is_array(ids) || json_array_size(ids) != json_array_size(layers))
        BROKEN(c, file->path, "it has %zu layers, but its manifest has %zu", json_array_size(ids),
               json_array_size(layers));
    else
        json_array_foreach(layers, i, one)
        {
            const char *type = json_word(one, "mediaType"), *id = json_string_value(json_array_get(ids, i));
            bool plain = strcmp(type, "application/vnd.oci.image.layer.v1.tar") == 0;
            if (!id || !oci_digest_hex(id) || (plain && strcmp(id, json_word(one, "digest")) != 0))
                BROKEN(c, file->path, "its layer %zu is not the manifest's", i + 1);
        }
}

static void check_layers(struct checking *c, const char *from, const json_t *layers)
{
    size_t i;
    const json_t *one = NULL;
    if (!json_is_array(layers))
        BROKEN(c, from, "it has no list of layers");
    json_array_foreach(layers, i, one)
    {
        const struct listed_file *file = follow(c, from, "layer", one);
        const char *type = file ? oci_layer_type(c->data_fd, file->path) : NULL;
        if (type)
            expect_type(c, from, "layer", json_word(one, "mediaType"), type);
    }
}

static void check_manifest(struct checking *c, const struct listed_file *file)
{
    cleanup_json json_t *o = load_of(c, file);
    if (!o)
        return;
    const json_t *config = json_object_get(o, "config"), *layers = json_object_get(o, "layers");
    if (json_integer_value(json_object_get(o, "schemaVersion")) != 2)
        BROKEN(c, file->path, "its schemaVersion is not 2");
    if (json_object_get(o, "mediaType") && strcmp(json_word(o, "mediaType"), OCI_MANIFEST) != 0)
        BROKEN(c, file->path, "its mediaType is not " OCI_MANIFEST);
    expect_type(c, file->path, "config", json_word(config, "mediaType"), IMAGE_CONFIG_TYPE);
    check_layers(c, file->path, layers);
    check_config(c, follow(c, file->path, "config", config), layers);
}

/* The file's name must be its digest. */
static void check_name(struct checking *c, const struct listed_file *file)
{
    const char *name = strrchr(file->path, '/') + 1;
    if (strcmp(name, file->sha256) != 0)
        BROKEN(c, file->path, "its bytes have the digest sha256:%s", file->sha256);
}

static void check_named(struct checking *c, const struct listed_file *file, const struct oci_image *l)
{
    cleanup_json json_t *o = load_of(c, file);
    check_name(c, file);
    if (o && l->there && !oci_image_leads_to(o, l, c->payload))
        BROKEN(c, file->path, "it does not lead to the image in " IMAGE_LAYOUT);
}

/* Checks each file of the image alone, and that something refers to it. */
static void check_each(struct checking *c, const struct oci_image *l)
{
    for (size_t i = 0; i < c->payload->count; i++) {
        const struct listed_file *file = &c->payload->file[i];
        if (begins(file->path, BLOBS))
            check_name(c, file);
        if (begins(file->path, NAMED))
            check_named(c, file, l);
        else if (begins(file->path, LAYOUT) && !c->seen[i])
            BROKEN(c, file->path, "nothing in the image refers to it");
    }
}

void oci_image_check(const struct filelist *payload, int data_fd, struct findings *f)
{
    char hex[DIGEST_HEX];
    struct oci_image l = {.there = false};
    struct err ignored = {0};
    bool any = false;
    for (size_t i = 0; i < payload->count; i++)
        any = any || oci_image_has(payload->file[i].path);
    if (!any)
        return;
    cleanup_free bool *seen = xcalloc(payload->count, sizeof(*seen));
    struct checking c = {payload, data_fd, f, seen};
    const struct listed_file *declared = see(&c, LAYOUT OCI_LAYOUT_FILE, "the image");
    digest_bytes(OCI_LAYOUT_TEXT, strlen(OCI_LAYOUT_TEXT), hex);
    if (declared && strcmp(hex, declared->sha256) != 0)
        findings_add(f, FINDING_INTEGRITY, declared->path,
                     "it does not declare an OCI image layout 1.0.0 as tare does");
    const struct listed_file *manifest = check_index(&c);
    if (manifest)
        check_manifest(&c, manifest);
    (void)oci_image_read(data_fd, &l, &ignored); /* unreadable files are findings already */
    check_each(&c, &l);
}

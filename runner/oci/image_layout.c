#include "oci/image_layout.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/findings.h"
#include "archive/parcel.h"
#include "archive/scratch.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"
#include "oci/oci_layout.h"

#define LAYOUT IMAGE_LAYOUT "/"
#define NAMED  IMAGE_NAMED "/"
#define BLOBS  LAYOUT OCI_BLOBS
#define INDEX  LAYOUT OCI_INDEX_FILE
#define PREFIX "sha256:"

static bool begins(const char *path, const char *with)
{
    return strncmp(path, with, strlen(with)) == 0;
}

bool image_layout_has(const char *path)
{
    return begins(path, LAYOUT) || begins(path, NAMED);
}

static const char *text_at(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

const char *image_digest_hex(const char *digest)
{
    size_t len = strlen(PREFIX);
    return begins(digest, PREFIX) && strlen(digest) == len + DIGEST_HEX - 1 &&
                   strspn(digest + len, "0123456789abcdef") == DIGEST_HEX - 1
               ? digest + len
               : NULL;
}

/* Reads a JSON object of the payload. The caller's; NULL: why says why. */
static json_t *load(int data_fd, const char *path, const char **why)
{
    struct text t = {0};
    json_error_t ignored;
    int failed = scratch_read(data_fd, path, OCI_MANIFEST_MAX, &t);
    json_t *o = failed == 0 ? json_loadb(t.data, t.len, JSON_REJECT_DUPLICATES, &ignored) : NULL;
    *why = failed == -EFBIG ? "it is larger than 4 MiB" : failed != 0 ? strerror(-failed) : "it is no JSON object";
    if (o && !json_is_object(o)) {
        json_decref(o);
        o = NULL;
    }
    text_free(&t);
    return o;
}

/* --- which one it is --------------------------------------------------------------------------------------------- */

/* Of the descriptor under a key the digits. -EINVAL: there is none. */
static int take_digits(const json_t *descriptor, char ret[DIGEST_HEX])
{
    const char *hex = image_digest_hex(text_at(descriptor, "digest"));
    if (!hex)
        return -EINVAL;
    text_format(ret, DIGEST_HEX, "%s", hex);
    return 0;
}

int image_layout_read(int data_fd, struct image_layout *ret, struct err *e)
{
    char path[PARCEL_PATH_MAX];
    const char *why = NULL;
    *ret = (struct image_layout){.there = false};
    if (faccessat(data_fd, INDEX, F_OK, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)
        return 0;
    json_t *index = load(data_fd, INDEX, &why);
    if (!index)
        return err_set(e, ERR_USAGE, -EINVAL, INDEX ": %s", why);
    int failed = take_digits(json_array_get(json_object_get(index, "manifests"), 0), ret->manifest);
    json_decref(index);
    if (failed != 0)
        return err_set(e, ERR_USAGE, failed, INDEX ": it names no manifest by its digest");
    text_format(path, sizeof(path), BLOBS "%s", ret->manifest);
    json_t *manifest = load(data_fd, path, &why);
    if (!manifest)
        return err_set(e, ERR_USAGE, -EINVAL, "%s: %s", path, why);
    failed = take_digits(json_object_get(manifest, "config"), ret->config);
    json_decref(manifest);
    if (failed != 0)
        return err_set(e, ERR_USAGE, failed, "%s: it names no config by its digest", path);
    ret->there = true;
    return 0;
}

bool image_layout_is(const struct image_layout *l, int data_fd, const char *digest)
{
    char path[PARCEL_PATH_MAX];
    const char *at = strrchr(digest, '@'), *hex = image_digest_hex(at ? at + 1 : digest);
    if (!l->there || !hex)
        return false;
    text_format(path, sizeof(path), NAMED "%s", hex);
    return strcmp(hex, l->manifest) == 0 || strcmp(hex, l->config) == 0 ||
           faccessat(data_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

bool image_layout_leads_to(const json_t *o, const struct image_layout *l, const struct parcel *payload)
{
    char path[PARCEL_PATH_MAX];
    size_t i;
    const json_t *one = NULL;
    const char *config = image_digest_hex(text_at(json_object_get(o, "config"), "digest"));
    if (config)
        return strcmp(config, l->config) == 0;
    json_array_foreach(json_object_get(o, "manifests"), i, one)
    {
        const char *hex = image_digest_hex(text_at(one, "digest"));
        if (!hex)
            continue;
        text_format(path, sizeof(path), NAMED "%s", hex);
        /* What is named is checked itself; no digest can lead round to itself. */
        if (strcmp(hex, l->manifest) == 0 || (payload && parcel_find(payload, path)))
            return true;
    }
    return false;
}

const char *image_layer_type(int dirfd, const char *path)
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

/* --- all of it --------------------------------------------------------------------------------------------------- */

struct checking {
    const struct parcel *payload;
    int data_fd;
    struct findings *findings;
    bool *seen; /* one a file of the payload: something leads to it */
};

/* NULL: a finding of it, or that it is not there, was made. */
static json_t *load_of(struct checking *c, const struct parcel_file *file)
{
    const char *why = NULL;
    json_t *o = file ? load(c->data_fd, file->path, &why) : NULL;
    if (file && !o)
        findings_add(c->findings, FINDING_INTEGRITY, file->path, "%s", why);
    return o;
}

/* from: what needs it. */
static const struct parcel_file *see(struct checking *c, const char *path, const char *from)
{
    const struct parcel_file *file = parcel_find(c->payload, path);
    if (file)
        c->seen[file - c->payload->file] = true;
    else
        findings_add(c->findings, FINDING_INTEGRITY, path, "it is not there, and %s needs it", from);
    return file;
}

/* The file that a descriptor in `from` describes, as far as it does; NULL: it is not there, or other bytes are. */
static const struct parcel_file *follow(struct checking *c, const char *from, const char *what,
                                        const json_t *descriptor)
{
    char path[PARCEL_PATH_MAX];
    const char *hex = image_digest_hex(text_at(descriptor, "digest"));
    const json_t *size = json_object_get(descriptor, "size");
    if (!hex || !json_is_integer(size)) {
        findings_add(c->findings, FINDING_INTEGRITY, from, "its %s has no digest (sha256:...) with a size", what);
        return NULL;
    }
    text_format(path, sizeof(path), BLOBS "%s", hex);
    const struct parcel_file *file = see(c, path, from);
    if (file && (json_integer_value(size) < 0 || (uint64_t)json_integer_value(size) != file->size_bytes))
        findings_add(c->findings, FINDING_INTEGRITY, from,
                     "its %s %.80s has %" JSON_INTEGER_FORMAT " bytes by it, and %" PRIu64 " are there", what,
                     text_at(descriptor, "digest"), json_integer_value(size), file->size_bytes);
    return file && strcmp(file->sha256, hex) == 0 ? file : NULL;
}

static void expect_type(struct checking *c, const char *from, const char *what, const char *said, const char *type)
{
    if (strcmp(said, type) != 0)
        findings_add(c->findings, FINDING_INTEGRITY, from, "its %s has the media type '%.100s', and it is of %s", what,
                     said, type);
}

/* The index is what follows from the one manifest, byte for byte. */
static const struct parcel_file *check_index(struct checking *c)
{
    char digest[80], hex[DIGEST_HEX];
    struct text t = {0};
    const struct parcel_file *file = see(c, INDEX, "the image"), *manifest = NULL;
    json_t *index = load_of(c, file);
    const json_t *list = json_object_get(index, "manifests");
    if (index && json_array_size(list) != 1)
        findings_add(c->findings, FINDING_INTEGRITY, INDEX, "it lists %zu manifests, and an image has one",
                     json_array_size(list));
    else if (index)
        manifest = follow(c, INDEX, "manifest", json_array_get(list, 0));
    json_decref(index);
    if (!manifest)
        return NULL;
    text_format(digest, sizeof(digest), PREFIX "%s", manifest->sha256);
    json_t *one = json_pack("{s:s, s:s, s:I}", "mediaType", OCI_MANIFEST, "digest", digest, "size",
                            (json_int_t)manifest->size_bytes);
    oci_index_text(one, &t);
    json_decref(one);
    if (digest_bytes(t.data, t.len, hex) != 0 || strcmp(hex, file->sha256) != 0)
        findings_add(c->findings, FINDING_INTEGRITY, INDEX, "it is not the index that its manifest gives");
    text_free(&t);
    return manifest;
}

/* OCI Image Specification, config.md: rootfs.diff_ids, "in order from first to last": one a layer, of its tar. */
static void check_config(struct checking *c, const struct parcel_file *file, const json_t *layers)
{
    size_t i;
    const json_t *one = NULL;
    json_t *config = load_of(c, file);
    if (!config)
        return;
    const json_t *rootfs = json_object_get(config, "rootfs"), *ids = json_object_get(rootfs, "diff_ids");
    if (!*text_at(config, "architecture") || !*text_at(config, "os") || strcmp(text_at(rootfs, "type"), "layers") != 0)
        findings_add(c->findings, FINDING_INTEGRITY, file->path,
                     "it is no config of an image: it has no architecture, os and rootfs of layers");
    else if (!json_is_array(ids) || json_array_size(ids) != json_array_size(layers))
        findings_add(c->findings, FINDING_INTEGRITY, file->path, "it is of %zu layers, and its manifest has %zu",
                     json_array_size(ids), json_array_size(layers));
    else
        json_array_foreach(layers, i, one)
        {
            const char *type = text_at(one, "mediaType"), *id = json_string_value(json_array_get(ids, i));
            bool plain = strcmp(type, "application/vnd.oci.image.layer.v1.tar") == 0;
            if (!id || !image_digest_hex(id) || (plain && strcmp(id, text_at(one, "digest")) != 0))
                findings_add(c->findings, FINDING_INTEGRITY, file->path, "its layer %zu is not the manifest's", i + 1);
        }
    json_decref(config);
}

static void check_layers(struct checking *c, const char *from, const json_t *layers)
{
    size_t i;
    const json_t *one = NULL;
    if (!json_is_array(layers))
        findings_add(c->findings, FINDING_INTEGRITY, from, "it has no list of layers");
    json_array_foreach(layers, i, one)
    {
        const struct parcel_file *file = follow(c, from, "layer", one);
        const char *type = file ? image_layer_type(c->data_fd, file->path) : NULL;
        if (type)
            expect_type(c, from, "layer", text_at(one, "mediaType"), type);
    }
}

static void check_manifest(struct checking *c, const struct parcel_file *file)
{
    json_t *o = load_of(c, file);
    if (!o)
        return;
    const json_t *config = json_object_get(o, "config"), *layers = json_object_get(o, "layers");
    if (json_integer_value(json_object_get(o, "schemaVersion")) != 2)
        findings_add(c->findings, FINDING_INTEGRITY, file->path, "its schemaVersion is not 2");
    if (json_object_get(o, "mediaType") && strcmp(text_at(o, "mediaType"), OCI_MANIFEST) != 0)
        findings_add(c->findings, FINDING_INTEGRITY, file->path, "its mediaType is not " OCI_MANIFEST);
    expect_type(c, file->path, "config", text_at(config, "mediaType"), IMAGE_CONFIG_TYPE);
    check_layers(c, file->path, layers);
    check_config(c, follow(c, file->path, "config", config), layers);
    json_decref(o);
}

/* A file whose name is its digest. */
static void check_name(struct checking *c, const struct parcel_file *file)
{
    const char *name = strrchr(file->path, '/') + 1;
    if (strcmp(name, file->sha256) != 0)
        findings_add(c->findings, FINDING_INTEGRITY, file->path, "its bytes have the digest sha256:%s", file->sha256);
}

static void check_named(struct checking *c, const struct parcel_file *file, const struct image_layout *l)
{
    json_t *o = load_of(c, file);
    check_name(c, file);
    if (o && l->there && !image_layout_leads_to(o, l, c->payload))
        findings_add(c->findings, FINDING_INTEGRITY, file->path, "it does not lead to the image in " IMAGE_LAYOUT);
    json_decref(o);
}

/* Of all files of the image what can be said of each alone; which is none of its. */
static void check_each(struct checking *c, const struct image_layout *l)
{
    for (size_t i = 0; i < c->payload->count; i++) {
        const struct parcel_file *file = &c->payload->file[i];
        if (begins(file->path, BLOBS))
            check_name(c, file);
        if (begins(file->path, NAMED))
            check_named(c, file, l);
        else if (begins(file->path, LAYOUT) && !c->seen[i])
            findings_add(c->findings, FINDING_INTEGRITY, file->path, "nothing of the image leads to it");
    }
}

void image_layout_check(const struct parcel *payload, int data_fd, struct findings *f)
{
    char hex[DIGEST_HEX];
    struct image_layout l = {.there = false};
    struct err ignored = {0};
    bool any = false;
    for (size_t i = 0; i < payload->count; i++)
        any = any || image_layout_has(payload->file[i].path);
    if (!any)
        return;
    struct checking c = {payload, data_fd, f, calloc(payload->count, sizeof(bool))};
    if (!c.seen)
        abort();
    const struct parcel_file *declared = see(&c, LAYOUT OCI_LAYOUT_FILE, "the image");
    if (declared &&
        (digest_bytes(OCI_LAYOUT_TEXT, strlen(OCI_LAYOUT_TEXT), hex) != 0 || strcmp(hex, declared->sha256) != 0))
        findings_add(f, FINDING_INTEGRITY, declared->path,
                     "it does not declare an OCI image layout 1.0.0 as tare does");
    const struct parcel_file *manifest = check_index(&c);
    if (manifest)
        check_manifest(&c, manifest);
    (void)image_layout_read(data_fd, &l, &ignored); /* what cannot be read is a finding already */
    check_each(&c, &l);
    free(c.seen);
}

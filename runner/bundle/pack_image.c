/* The image that a bundle holds. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/filelist.h"
#include "archive/files.h"
#include "archive/findings.h"
#include "archive/tmpdir.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/json_put.h"
#include "base/text.h"
#include "bundle/bundle.h"
#include "bundle/pack.h"
#include "oci/image.h"
#include "oci/layout.h"
#include "oci/skopeo.h"

#define FETCHED         "image"
#define DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define PREFIX          "sha256:"
#define MANY            " (a bundle's files have at most 1 GiB each, 4 GiB in all: a paper's image can be smaller)"

/* A manifest or index: bytes, digest, and parsed. */
struct document {
    struct text bytes;
    char hex[DIGEST_HEX];
    json_t *o;
};

/* The state while an image is packed; ended with end(). */
struct taking {
    const struct bundle *b;
    const char *ref;
    struct temporary work;
    int from;                 /* the folder that skopeo made; -1: none yet */
    struct document fetched;  /* the manifest as fetched */
    struct document manifest; /* the manifest as packed */
    struct document listed;   /* what the name refers to at its source: an index, or another manifest of the image */
    struct oci_image layout;
};

static void document_free(struct document *d)
{
    text_free(&d->bytes);
    json_decref(d->o);
}

static void end(struct taking *t)
{
    document_free(&t->fetched);
    document_free(&t->manifest);
    document_free(&t->listed);
    close_fd(&t->from);
    tmpdir_remove(&t->work);
}

/* Computes the digest and parses the bytes. -EINVAL: not a JSON object. */
static int document_read(struct document *d)
{
    d->o = json_object_of(d->bytes.data, d->bytes.len);
    digest_bytes(d->bytes.data, d->bytes.len, d->hex);
    return d->o ? 0 : -EINVAL;
}

static int refuse(const struct taking *t, int code, const char *why, struct err *e)
{
    return err_set(e, ERR_USAGE, code, "--with-image '%.300s': %s", t->ref, why);
}

/* --- out of its place -------------------------------------------------------------------------------------------- */

static int fetch(struct taking *t, const char *beside, struct err *e)
{
    char folder[PATH_MAX];
    TRY(tmpdir_make(beside, &t->work, e));
    text_format(folder, sizeof(folder), "%s/" FETCHED, t->work.path);
    if (skopeo_fetch(t->ref, t->work.path, folder, e) != 0)
        return err_wrap(e, "--with-image");
    t->from = openat(t->work.fd, FETCHED, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (t->from < 0)
        return err_sys(e, ERR_OURS, "'%s'", folder);
    int failed = files_read(t->from, "manifest.json", OCI_MANIFEST_MAX, &t->fetched.bytes);
    if (failed == 0)
        failed = document_read(&t->fetched);
    return failed == 0 ? 0 : refuse(t, failed, "its manifest cannot be read, or is larger than 4 MiB", e);
}

/* The name of a descriptor's blob file; NULL: no SHA-256. */
static const char *blob_of(const json_t *descriptor)
{
    return oci_digest_hex(json_word(descriptor, "digest"));
}

/* The config at 0, then the layers; NULL after the last. */
static const json_t *part(const struct taking *t, size_t i)
{
    return i == 0 ? json_object_get(t->fetched.o, "config")
                  : json_array_get(json_object_get(t->fetched.o, "layers"), i - 1);
}

static uint64_t packed_already(const struct bundle *b)
{
    uint64_t bytes = 0;
    cleanup_filelist struct filelist payload = {0};
    cleanup_findings struct findings f = {0};
    struct err ignored = {0};
    (void)filelist_read(b->fd, &payload, &f, &ignored);
    for (size_t i = 0; i < payload.count; i++)
        bytes += payload.file[i].size_bytes;
    return bytes;
}

/* Checks that all blobs exist and fit into a bundle. */
static int weigh(const struct taking *t, struct err *e)
{
    uint64_t total = packed_already(t->b);
    struct stat st;
    char size[32], why[200];
    for (size_t i = 0; part(t, i); i++) {
        const char *hex = blob_of(part(t, i));
        if (!hex || fstatat(t->from, hex, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
            return refuse(t, -EINVAL, "one of its blobs is missing, or its digest is not SHA-256", e);
        total += (uint64_t)st.st_size;
        if ((uint64_t)st.st_size <= FILELIST_FILE_MAX && total <= FILELIST_TOTAL_MAX)
            continue;
        bool one = (uint64_t)st.st_size > FILELIST_FILE_MAX;
        (void)text_bytes(one ? (uint64_t)st.st_size : total, size, sizeof(size));
        text_format(why, sizeof(why), one ? "one of its layers has %s" MANY : "with it the bundle has at least %s" MANY,
                    size);
        return refuse(t, -EFBIG, why, e);
    }
    return 0;
}

/* --- its manifest ------------------------------------------------------------------------------------------------ */

/* A descriptor of the same blob with this media type; NULL: no media type, or the other descriptor has no size. */
static json_t *retyped(const char *type, const json_t *descriptor)
{
    const json_t *size = json_object_get(descriptor, "size");
    return type && json_is_integer(size) ? oci_descriptor(type, blob_of(descriptor), (uint64_t)json_integer_value(size))
                                         : NULL;
}

/* Makes an OCI manifest from Docker's (schema 2), which has the same content; its config is valid for OCI. Its layers'
 * media types are unreliable: those from an archive are not compressed. */
static int convert(struct taking *t, struct err *e)
{
    cleanup_json json_t *layers = json_array();
    for (size_t i = 1; part(t, i); i++) {
        json_t *layer = retyped(oci_layer_type(t->from, blob_of(part(t, i))), part(t, i));
        if (!layer || json_array_append_new(layers, layer) != 0)
            return refuse(t, -EINVAL, "one of its layers cannot be read", e);
    }
    json_t *o = json_pack("{s:i, s:s, s:o, s:O}", "schemaVersion", 2, "mediaType", OCI_MANIFEST, "config",
                          retyped(IMAGE_CONFIG_TYPE, part(t, 0)), "layers", layers);
    if (!o)
        return refuse(t, -EINVAL, "its manifest lacks sizes", e);
    json_text(o, &t->manifest.bytes);
    return 0;
}

static int make_manifest(struct taking *t, struct err *e)
{
    if (!part(t, 0))
        return refuse(t, -EINVAL,
                      "its manifest names no config: it is not an image, or in Docker's first format ('skopeo copy "
                      "--format oci' converts that)",
                      e);
    TRY(weigh(t, e));
    if (strcmp(json_word(t->fetched.o, "mediaType"), DOCKER_MANIFEST) == 0)
        TRY(convert(t, e));
    else
        text_add_bytes(&t->manifest.bytes, t->fetched.bytes.data, t->fetched.bytes.len);
    if (document_read(&t->manifest) != 0)
        return err_set(e, ERR_OURS, -EINVAL, "a manifest of ours cannot be read");
    t->layout.there = true;
    text_format(t->layout.manifest, sizeof(t->layout.manifest), "%s", t->manifest.hex);
    text_format(t->layout.config, sizeof(t->layout.config), "%s", blob_of(part(t, 0)));
    return 0;
}

/* --- what the records call it ------------------------------------------------------------------------------------ */

static void digest_in(const struct invocation *one, char *buf, size_t cap, bool *in_one)
{
    cleanup_json json_t *image = invocation_section(one, "image");
    (void)snprintf(buf, cap, "%s", json_word(image, "digest"));
    *in_one = *json_word(image, "digest") || *json_word(image, "content_sha256");
}

static int keep(const struct taking *t, const struct document *d, struct err *e)
{
    char path[FILELIST_PATH_MAX];
    text_format(path, sizeof(path), IMAGE_NAMED "/%s", d->hex);
    return faccessat(t->b->fd, path, F_OK, 0) == 0 ? 0 : files_write(t->b->fd, path, d->bytes.data, d->bytes.len, e);
}

/* Fetches what the name refers to at its source: an index of several machines' images, or the manifest that a layer
 * store was given. Only once, and only if a record names a digest that is not known yet. */
static int look_up(struct taking *t, struct err *e)
{
    if (t->listed.o)
        return 0;
    if (skopeo_manifest(t->ref, t->work.path, &t->listed.bytes, e) != 0)
        return err_wrap(e, "--with-image");
    return document_read(&t->listed) == 0 ? 0 : refuse(t, -EINVAL, "its manifest cannot be read", e);
}

/* Whether it leads to the image, directly or by the fetched manifest. */
static bool listed_leads_to_it(const struct taking *t)
{
    struct oci_image by_fetched = t->layout;
    text_format(by_fetched.manifest, sizeof(by_fetched.manifest), "%s", t->fetched.hex);
    return oci_image_leads_to(t->listed.o, &t->layout, NULL) || oci_image_leads_to(t->listed.o, &by_fetched, NULL);
}

/* Finds what the digest in a record refers to, and keeps that document unless it is the packed manifest or config. */
static int explain(struct taking *t, const char *hex, bool *known, struct err *e)
{
    *known = strcmp(hex, t->layout.manifest) == 0 || strcmp(hex, t->layout.config) == 0;
    if (*known)
        return 0;
    if ((*known = strcmp(hex, t->fetched.hex) == 0))
        return keep(t, &t->fetched, e);
    TRY(look_up(t, e));
    *known = strcmp(hex, t->listed.hex) == 0 && listed_leads_to_it(t);
    if (!*known)
        return 0;
    TRY(keep(t, &t->listed, e));
    return oci_image_leads_to(t->listed.o, &t->layout, NULL) ? 0 : keep(t, &t->fetched, e);
}

static int refuse_other(const struct taking *t, const char *record, const char *digest, struct err *e)
{
    const char *where = strncmp(digest, "localhost/", strlen("localhost/")) == 0 ? "containers-storage:"
                        : strchr(digest, '@')                                    ? "docker://"
                                                                                 : "docker-daemon:";
    return err_set(e, ERR_USAGE, -ESTALE,
                   "--with-image '%.300s': it is not the records' image: its id is " PREFIX "%s, its manifest " PREFIX
                   "%s, and %.150s was made in %.200s (name that one, as %s%.200s)",
                   t->ref, t->layout.config, t->layout.manifest, record, digest, where, digest);
}

static int hold_against_records(struct taking *t, struct err *e)
{
    char digest[512], before[512] = "";
    bool known = true, in_one = false;
    for (size_t i = 0; i < t->b->records.count; i++) {
        digest_in(&t->b->records.list[i], digest, sizeof(digest), &in_one);
        if (!*digest || strcmp(digest, before) == 0)
            continue;
        const char *at = strstr(digest, PREFIX);
        TRY(explain(t, at ? at + strlen(PREFIX) : digest, &known, e));
        if (!known)
            return refuse_other(t, t->b->records.list[i].path, digest, e);
        text_format(before, sizeof(before), "%s", digest);
    }
    return 0;
}

/* --- into the bundle --------------------------------------------------------------------------------------------- */

static int move_blobs(const struct taking *t, int layout, struct err *e)
{
    char to[FILELIST_PATH_MAX];
    for (size_t i = 0; part(t, i); i++) {
        const char *hex = blob_of(part(t, i));
        text_format(to, sizeof(to), OCI_BLOBS "%s", hex);
        /* A layer may occur twice. */
        if (renameat(t->from, hex, layout, to) != 0 && faccessat(layout, to, F_OK, 0) != 0)
            return err_sys(e, ERR_HOST, "%s", to);
    }
    return 0;
}

static int write_layout(const struct taking *t, struct err *e)
{
    char path[PATH_MAX], hex[DIGEST_HEX];
    const struct text *bytes = &t->manifest.bytes;
    cleanup_close int layout = -1;
    text_format(path, sizeof(path), "%s/" IMAGE_LAYOUT, t->b->path);
    TRY(oci_layout_open(path, true, &layout, e));
    TRY(move_blobs(t, layout, e));
    TRY(oci_put_bytes(layout, bytes->data, bytes->len, hex, e));
    cleanup_json json_t *one = oci_descriptor(OCI_MANIFEST, hex, bytes->len);
    return oci_set_only(layout, one, e);
}

/* Applies the rules that the recipient's verify applies. */
static int check(const struct taking *t, struct err *e)
{
    cleanup_filelist struct filelist payload = {0};
    cleanup_findings struct findings f = {0};
    char why[700];
    TRY(filelist_read(t->b->fd, &payload, &f, e));
    oci_image_check(&payload, t->b->fd, &f);
    if (f.count == 0)
        return 0;
    text_format(why, sizeof(why), "a bundle cannot hold this image: %.200s: %.400s", f.list[0].file, f.list[0].text);
    return refuse(t, -EINVAL, why, e);
}

int pack_image(const struct bundle *b, const char *ref, const char *beside, struct err *e)
{
    __attribute__((cleanup(end))) struct taking t = {.b = b, .ref = ref, .work = {.fd = -1}, .from = -1};
    TRY(fetch(&t, beside, e));
    TRY(make_manifest(&t, e));
    TRY(hold_against_records(&t, e));
    TRY(write_layout(&t, e));
    return check(&t, e);
}

/* --- in words ---------------------------------------------------------------------------------------------------- */

int pack_image_summary(const struct bundle *b, struct text *said, struct err *e)
{
    char digest[512];
    struct oci_image l;
    size_t named = 0, untold = 0;
    bool in_one = false;
    TRY(oci_image_read(b->fd, &l, e));
    if (!l.there)
        return 0;
    for (size_t i = 0; i < b->records.count; i++) {
        digest_in(&b->records.list[i], digest, sizeof(digest), &in_one);
        named += *digest != '\0';
        untold += !*digest && in_one;
    }
    text_add(said, "image: " PREFIX "%s (manifest " PREFIX "%s)\n", l.config, l.manifest);
    if (named)
        text_add(said, "  %zu of %zu records name it\n", named, b->records.count);
    if (untold)
        text_add(said, "  %zu records were made in an image of unknown digest, maybe in another one\n", untold);
    if (named + untold == 0)
        text_add(said, "  no record was made in an image, so none contradicts it\n");
    return 0;
}

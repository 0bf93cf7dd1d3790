#include "bundle/push.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/findings.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "bundle/bundle.h"
#include "bundle/derive.h"
#include "bundle/reproduction.h"
#include "oci/oci_layout.h"
#include "oci/place.h"

#define EMPTY_TYPE   "application/vnd.oci.empty.v1+json"
#define EMPTY_BYTES  "{}"
#define EMPTY_BASE64 "e30="
#define LATEST       "latest"

static const char *text_at(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

/* Parses a manifest or an index of somebody's. */
static int parse(const struct text *t, const char *what, json_t **ret, struct err *e)
{
    json_error_t why;
    *ret = json_loadb(t->data, t->len, JSON_REJECT_DUPLICATES, &why);
    return json_is_object(*ret) ? 0 : err_set(e, ERR_USAGE, -EINVAL, "%s: it is no JSON object", what);
}

/* The bundle's digest and size in its manifest. -EINVAL (usage): it is no bundle's. */
static int layer_of(const json_t *manifest, const char *what, const char **digest, uint64_t *size, struct err *e)
{
    const json_t *layers = json_object_get(manifest, "layers"), *layer = json_array_get(layers, 0);
    const json_t *bytes = json_object_get(layer, "size");
    if (strcmp(text_at(manifest, "artifactType"), PUSH_TYPE) != 0 || json_array_size(layers) != 1 ||
        strcmp(text_at(layer, "mediaType"), PUSH_TYPE) != 0 || !json_is_integer(bytes) || json_integer_value(bytes) < 0)
        return err_set(e, ERR_USAGE, -EINVAL,
                       "%s: it is no bundle: its artifactType is '%.100s', a bundle's " PUSH_TYPE, what,
                       text_at(manifest, "artifactType"));
    *digest = text_at(layer, "digest");
    *size = (uint64_t)json_integer_value(bytes);
    return 0;
}

/* --- push -------------------------------------------------------------------------------------------------------- */

static json_t *annotations_of(const struct bundle *b)
{
    char created[32];
    json_t *o = json_pack("{s:O, s:s, s:O, s:s}", "org.opencontainers.image.title", json_object_get(b->pack, "title"),
                          "org.opencontainers.image.created", derive_time(b->date_s, created),
                          "org.opencontainers.image.licenses", json_object_get(b->pack, "license"),
                          "org.opencontainers.image.description",
                          b->reproduction ? "a bundle of tare that reproduces another" : "a bundle of tare");
    return o;
}

/* Without its bytes: the blobs are in the layout then. */
static int make_manifest(const struct oci_place *p, const struct bundle *b, int fd, const char *sha256, json_t **ret,
                         struct err *e)
{
    char config[DIGEST_HEX], layer[DIGEST_HEX], config_digest[80], layer_digest[80], title[PATH_MAX];
    uint64_t size = 0;
    int failed = oci_put_bytes(p->layout, EMPTY_BYTES, strlen(EMPTY_BYTES), config, e);
    if (failed == 0)
        failed = oci_put_file(p->layout, fd, layer, &size, e);
    if (failed == 0 && strcmp(layer, sha256) != 0)
        failed = err_set(e, ERR_USAGE, -ESTALE, "the bundle was changed meanwhile");
    if (failed != 0)
        return failed;
    text_format(config_digest, sizeof(config_digest), "sha256:%s", config);
    text_format(layer_digest, sizeof(layer_digest), "sha256:%s", layer);
    text_format(title, sizeof(title), "%s.tar", b->top);
    *ret = json_pack("{s:i, s:s, s:s, s:{s:s, s:s, s:i, s:s}, s:[{s:s, s:s, s:I, s:{s:s}}], s:o}", "schemaVersion", 2,
                     "mediaType", OCI_MANIFEST, "artifactType", PUSH_TYPE, "config", "mediaType", EMPTY_TYPE, "digest",
                     config_digest, "size", (int)strlen(EMPTY_BYTES), "data", EMPTY_BASE64, "layers", "mediaType",
                     PUSH_TYPE, "digest", layer_digest, "size", (json_int_t)size, "annotations",
                     "org.opencontainers.image.title", title, "annotations", annotations_of(b));
    return *ret ? 0 : err_set(e, ERR_OURS, -ENOMEM, "no memory for a manifest");
}

/* The descriptor of the bundle that this one reproduces. hex: its manifest's digest. */
static int find_subject(const struct oci_place *p, const struct bundle *b, const char *subject, json_t **ret,
                        char hex[DIGEST_HEX], struct err *e)
{
    struct text t = {0};
    json_t *manifest = NULL;
    const char *digest = "";
    char own[80];
    uint64_t size = 0;
    if (!b->reproduction)
        return err_set(e, ERR_USAGE, -EINVAL, "--subject: the bundle reproduces none: it has no " REPRODUCTION_FILE);
    int failed = place_manifest(p, subject, &t, hex, e);
    if (failed == 0)
        failed = parse(&t, subject, &manifest, e);
    if (failed == 0)
        failed = layer_of(manifest, subject, &digest, &size, e);
    if (failed == 0 &&
        (strncmp(digest, "sha256:", 7) != 0 || strcmp(digest + 7, reproduction_of(b->reproduction)) != 0))
        failed = err_set(e, ERR_USAGE, -EINVAL, "%s: it is the bundle %s, and what is reproduced is sha256:%s", subject,
                         digest, reproduction_of(b->reproduction));
    if (failed == 0) {
        text_format(own, sizeof(own), "sha256:%s", hex);
        *ret = json_pack("{s:s, s:s, s:I}", "mediaType", OCI_MANIFEST, "digest", own, "size", (json_int_t)t.len);
    }
    json_decref(manifest);
    text_free(&t);
    return failed == 0 ? 0 : err_wrap(e, "--subject");
}

/* The index under the referrers tag, as it is; an empty one where there is none. */
static int read_referrers(const struct oci_place *p, const char *tag, json_t **ret, struct err *e)
{
    char hex[DIGEST_HEX];
    struct text t = {0};
    int failed = place_manifest(p, tag, &t, hex, e);
    if (failed == -ENOENT && e->kind == ERR_USAGE) {
        *e = (struct err){0};
        *ret = json_pack("{s:i, s:s, s:[]}", "schemaVersion", 2, "mediaType", OCI_INDEX, "manifests");
        failed = 0;
    } else if (failed == 0) {
        failed = parse(&t, tag, ret, e);
    }
    if (failed == 0 && !json_is_array(json_object_get(*ret, "manifests"))) {
        json_decref(*ret);
        failed = err_set(e, ERR_USAGE, -EINVAL, "%s: it is no index of referrers", tag);
    }
    text_free(&t);
    return failed;
}

static int list_referrer(const struct oci_place *p, const char *subject_hex, json_t *descriptor, struct err *e)
{
    char tag[80], hex[DIGEST_HEX];
    uint64_t size = 0;
    json_t *index = NULL;
    int failed = read_referrers(p, place_referrers_tag(subject_hex, tag), &index, e);
    if (failed != 0) {
        json_decref(descriptor);
        return failed;
    }
    json_t *list = json_object_get(index, "manifests");
    for (size_t i = json_array_size(list); i-- > 0;)
        if (strcmp(text_at(json_array_get(list, i), "digest"), text_at(descriptor, "digest")) == 0)
            (void)json_array_remove(list, i);
    (void)json_array_append_new(list, descriptor);
    return place_put(p, tag, index, OCI_INDEX, hex, &size, e);
}

static int open_tar(const char *path, struct opened_bundle *o, int *ret, char sha256[DIGEST_HEX], struct err *e)
{
    struct stat st;
    char plain[DIGEST_HEX] = "";
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) != 0)
        return err_sys(e, ERR_USAGE, "'%s'", path);
    if (!S_ISREG(st.st_mode))
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': what is pushed is a bundle's tar ('tare pack' writes one)", path);
    int failed = bundle_open(path, false, o, e);
    if (failed == 0 && (failed = digest_fd(fd, sha256)) != 0)
        failed = err_set(e, ERR_USAGE, failed, "'%s': %s", path, strerror(-failed));
    if (failed == 0 && lseek(fd, 0, SEEK_SET) == 0)
        failed = parcel_digest_uncompressed(fd, plain, e);
    if (failed == 0 && strcmp(plain, sha256) != 0)
        failed = err_set(e, ERR_USAGE, -EINVAL, "'%s': what is pushed is the tar, before it is compressed", path);
    if (failed == 0)
        *ret = STEAL_FD(fd);
    return failed;
}

/* With the place open, and the bundle. */
static int put(const struct oci_place *p, const struct bundle *b, int fd, const char *subject, struct pushed *ret,
               struct text *said, struct err *e)
{
    char hex[DIGEST_HEX] = "", digest[80], name[PLACE_NAME_MAX];
    json_t *of = NULL, *manifest = NULL;
    uint64_t size = 0;
    const char *tag = *p->ref.tag ? p->ref.tag : LATEST;
    int failed = subject ? find_subject(p, b, subject, &of, hex, e) : 0;
    if (failed == 0)
        failed = make_manifest(p, b, fd, ret->bundle_sha256, &manifest, e);
    if (failed != 0) {
        json_decref(of);
        return failed;
    }
    if (of)
        (void)json_object_set_new(manifest, "subject", of);
    json_t *annotations = json_incref(json_object_get(manifest, "annotations"));
    failed = place_put(p, tag, manifest, OCI_MANIFEST, ret->manifest_sha256, &size, e);
    text_format(digest, sizeof(digest), "sha256:%s", ret->manifest_sha256);
    if (failed == 0 && subject)
        failed =
            list_referrer(p, hex,
                          json_pack("{s:s, s:s, s:I, s:s, s:O}", "mediaType", OCI_MANIFEST, "digest", digest, "size",
                                    (json_int_t)size, "artifactType", PUSH_TYPE, "annotations", annotations),
                          e);
    json_decref(annotations);
    if (failed == 0)
        text_add(said, "%s\nmanifest %s\n", place_name(p, tag, name), digest);
    if (failed == 0 && subject)
        text_add(said, "attached to sha256:%s, under the tag sha256-%s\n", hex, hex);
    else if (failed == 0 && b->reproduction)
        text_add(said, "it reproduces sha256:%s, and is attached to nothing (--subject TAG does it)\n",
                 reproduction_of(b->reproduction));
    return failed;
}

int push(const char *path, const char *ref, const char *subject, struct pushed *ret, struct text *said, struct err *e)
{
    struct opened_bundle o = {.root_fd = -1, .bundle = {.fd = -1}};
    struct oci_place p = {.layout = -1};
    struct oci_reference parsed;
    cleanup_close int fd = -1;
    *ret = (struct pushed){0};
    int failed = oci_reference_parse(ref, &parsed, e);
    if (failed == 0 && strncmp(parsed.tag, "sha256:", 7) == 0)
        failed = err_set(e, ERR_USAGE, -EINVAL, "'%s': what is pushed gets a tag; its digest follows", ref);
    if (failed == 0)
        failed = open_tar(path, &o, &fd, ret->bundle_sha256, e);
    if (failed == 0)
        failed = place_open(ref, true, &p, e);
    if (failed == 0)
        failed = put(&p, &o.bundle, fd, subject, ret, said, e);
    place_close(&p);
    bundle_close(&o);
    return failed;
}

/* --- pull -------------------------------------------------------------------------------------------------------- */

/* The listed manifest itself says what it is and what it is attached to: not every list has it. */
static int tell_referrer(const struct oci_place *p, const char *digest, const char *subject_hex, struct text *said,
                         struct err *e)
{
    char hex[DIGEST_HEX];
    struct text t = {0};
    json_t *o = NULL;
    int failed = place_manifest(p, digest, &t, hex, e);
    if (failed == 0)
        failed = parse(&t, digest, &o, e);
    const char *subject = text_at(json_object_get(o, "subject"), "digest");
    if (failed == 0 && strcmp(text_at(o, "artifactType"), PUSH_TYPE) == 0 && strncmp(subject, "sha256:", 7) == 0 &&
        strcmp(subject + 7, subject_hex) == 0) {
        cleanup_free char *own = text_printable(digest);
        cleanup_free char *bundle = text_printable(text_at(json_array_get(json_object_get(o, "layers"), 0), "digest"));
        text_add(said, "attached: %.80s, the bundle %.80s\n", own, bundle);
    }
    json_decref(o);
    text_free(&t);
    return failed;
}

/* What is attached to a manifest. That there is nothing is no error. */
static int tell_referrers(const struct oci_place *p, const char *hex, struct text *said, struct err *e)
{
    char tag[80];
    size_t i;
    const json_t *one = NULL;
    json_t *index = NULL;
    int failed = read_referrers(p, place_referrers_tag(hex, tag), &index, e);
    if (failed != 0)
        return failed;
    json_array_foreach(json_object_get(index, "manifests"), i, one)
    {
        const char *type = text_at(one, "artifactType");
        if (failed == 0 && (!*type || strcmp(type, PUSH_TYPE) == 0))
            failed = tell_referrer(p, text_at(one, "digest"), hex, said, e);
    }
    json_decref(index);
    return failed;
}

static int write_layer(const struct oci_place *p, const char *digest, uint64_t size, const char *output, struct err *e)
{
    struct file_draft draft;
    int failed = file_draft_open(output, &draft, e);
    if (failed != 0)
        return failed;
    failed = oci_get_file(p->layout, digest, size, fileno(draft.stream), e);
    if (failed == 0)
        return file_draft_commit(&draft, e);
    file_draft_abandon(&draft);
    return failed;
}

static int get(const struct oci_place *p, const char *output, struct pushed *ret, struct text *said, struct err *e)
{
    struct text t = {0};
    json_t *manifest = NULL;
    const char *digest = "";
    uint64_t size = 0;
    char fetched[80];
    int failed = place_manifest(p, p->ref.tag, &t, ret->manifest_sha256, e);
    if (failed == 0)
        failed = parse(&t, "the manifest", &manifest, e);
    if (failed == 0)
        failed = layer_of(manifest, "what is there", &digest, &size, e);
    text_format(fetched, sizeof(fetched), "sha256:%s", ret->manifest_sha256);
    if (failed == 0)
        failed = place_fetch(p, fetched, e); /* the very one that was looked at */
    if (failed == 0)
        failed = write_layer(p, digest, size, output, e);
    if (failed == 0)
        text_format(ret->bundle_sha256, sizeof(ret->bundle_sha256), "%s", digest + strlen("sha256:"));
    if (failed == 0)
        failed = tell_referrers(p, ret->manifest_sha256, said, e);
    json_decref(manifest);
    text_free(&t);
    return failed;
}

int pull(const char *ref, const char *output, struct pushed *ret, struct text *said, struct err *e)
{
    struct oci_place p = {.layout = -1};
    *ret = (struct pushed){0};
    int failed = scratch_check_output(output, e);
    if (failed == 0)
        failed = place_open(ref, false, &p, e);
    if (failed == 0)
        failed = get(&p, output, ret, said, e);
    place_close(&p);
    return failed;
}

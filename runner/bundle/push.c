#include "bundle/push.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/files.h"
#include "archive/tar.h"
#include "archive/tmpdir.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json_put.h"
#include "base/source.h"
#include "base/text.h"
#include "bundle/attest.h"
#include "bundle/bundle.h"
#include "bundle/derive.h"
#include "bundle/reproduction.h"
#include "oci/layout.h"
#include "oci/place.h"

#define EMPTY_TYPE   "application/vnd.oci.empty.v1+json"
#define EMPTY_BYTES  "{}"
#define EMPTY_BASE64 "e30="
#define LATEST       "latest"

/* Reads the manifest or index with this tag or digest. hex: its digest. len: its size in bytes; NULL is allowed. */
static int get_json(const struct oci_place *p, const char *tag, json_t **ret, char hex[DIGEST_HEX], size_t *len,
                    struct err *e)
{
    cleanup_text struct text t = {0};
    TRY(place_manifest(p, tag, &t, hex, e));
    if (len)
        *len = t.len;
    *ret = json_object_of(t.data, t.len);
    return *ret ? 0 : err_set(e, ERR_USAGE, -EINVAL, "%s: it is not a JSON object", *tag ? tag : "the manifest");
}

/* Reads the bundle's digest and size from its manifest. -EINVAL (usage): it is not a bundle's manifest. */
static int layer_of(const json_t *manifest, const char *what, const char **digest, uint64_t *size, struct err *e)
{
    const json_t *layers = json_object_get(manifest, "layers"), *layer = json_array_get(layers, 0);
    const json_t *bytes = json_object_get(layer, "size");
    if (strcmp(json_word(manifest, "artifactType"), PUSH_TYPE) != 0 || json_array_size(layers) != 1 ||
        strcmp(json_word(layer, "mediaType"), PUSH_TYPE) != 0 || !json_is_integer(bytes) ||
        json_integer_value(bytes) < 0)
        return err_set(e, ERR_USAGE, -EINVAL,
                       "%s: it is no bundle: its artifactType is '%.100s', a bundle's " PUSH_TYPE, what,
                       json_word(manifest, "artifactType"));
    *digest = json_word(layer, "digest");
    *size = (uint64_t)json_integer_value(bytes);
    return 0;
}

/* --- push -------------------------------------------------------------------------------------------------------- */

static json_t *annotations_of(const struct bundle *b)
{
    char created[32];
    return json_pack("{s:O, s:s, s:O, s:s}", "org.opencontainers.image.title", json_object_get(b->pack, "title"),
                     "org.opencontainers.image.created", derive_time(b->date_s, created),
                     "org.opencontainers.image.licenses", json_object_get(b->pack, "license"),
                     "org.opencontainers.image.description",
                     b->reproduction ? "a bundle of tare that reproduces another" : "a bundle of tare");
}

/* Makes the manifest of an artifact of one layer, whose descriptor it takes over, and stores its empty configuration.
 * The manifest itself is not stored yet. */
static int make_manifest(const struct oci_place *p, const char *type, json_t *layer, json_t **ret, struct err *e)
{
    char config[DIGEST_HEX];
    digest_bytes(EMPTY_BYTES, strlen(EMPTY_BYTES), config);
    json_t *empty = oci_descriptor(EMPTY_TYPE, config, strlen(EMPTY_BYTES));
    json_put_text(empty, "data", EMPTY_BASE64);
    *ret = json_pack("{s:i, s:s, s:s, s:o, s:[o]}", "schemaVersion", 2, "mediaType", OCI_MANIFEST, "artifactType", type,
                     "config", empty, "layers", layer);
    return oci_put_bytes(p->layout, EMPTY_BYTES, strlen(EMPTY_BYTES), config, e);
}

static int make_bundle(const struct oci_place *p, const struct bundle *b, int fd, const char *sha256, json_t **ret,
                       struct err *e)
{
    char layer[DIGEST_HEX];
    uint64_t size = 0;
    TRY(oci_put_file(p->layout, fd, layer, &size, e));
    if (strcmp(layer, sha256) != 0)
        return err_set(e, ERR_USAGE, -ESTALE, "the bundle was changed meanwhile");
    cleanup_free char *title = text_printf("%s.tar", b->top);
    json_t *tar = oci_descriptor(PUSH_TYPE, layer, size);
    json_put(tar, "annotations", json_pack("{s:s}", "org.opencontainers.image.title", title));
    TRY(make_manifest(p, PUSH_TYPE, tar, ret, e));
    json_put(*ret, "annotations", annotations_of(b));
    return 0;
}

/* What is attached has a tag of its own: under that of the bundle it would take the bundle's place. subject_hex: the
 * digest of the bundle's manifest. -EINVAL (usage): no tag was named, or it is the bundle's. */
static int check_own_tag(const struct oci_place *p, const char *subject_hex, struct err *e)
{
    char hex[DIGEST_HEX];
    cleanup_text struct text ignored = {0};
    if (!*p->ref.tag)
        return err_set(e, ERR_USAGE, -EINVAL,
                       "what is attached takes a tag of its own: name one behind the place, as in oci:FOLDER:TAG");
    int failed = place_manifest(p, p->ref.tag, &ignored, hex, e);
    if (failed == -ENOENT && e->kind == ERR_USAGE) {
        *e = (struct err){0};
        return 0;
    }
    if (failed != 0 || strcmp(hex, subject_hex) != 0)
        return failed;
    return err_set(e, ERR_USAGE, -EINVAL,
                   "what is attached takes a tag of its own: '%s' is that of the bundle that it is attached to",
                   p->ref.tag);
}

/* Makes the descriptor of the bundle `sha256` that something is attached to; relation: what that does with it. hex: the
 * digest of its manifest. */
static int find_subject(const struct oci_place *p, const char *subject, const char *relation, const char *sha256,
                        json_t **ret, char hex[DIGEST_HEX], struct err *e)
{
    cleanup_json json_t *manifest = NULL;
    const char *digest = "";
    uint64_t size = 0;
    size_t len = 0;
    if (get_json(p, subject, &manifest, hex, &len, e) != 0 || layer_of(manifest, subject, &digest, &size, e) != 0)
        return err_wrap(e, "--subject");
    const char *digits = oci_digest_hex(digest);
    if (!digits || strcmp(digits, sha256) != 0)
        return err_set(e, ERR_USAGE, -EINVAL, "--subject: %s: it is the bundle %s, and %s sha256:%s", subject, digest,
                       relation, sha256);
    TRY(check_own_tag(p, hex, e));
    *ret = oci_descriptor(OCI_MANIFEST, hex, len);
    return 0;
}

/* Reads the index under the referrers tag; without one, makes an empty index. */
static int read_referrers(const struct oci_place *p, const char *tag, json_t **ret, struct err *e)
{
    char hex[DIGEST_HEX];
    cleanup_json json_t *index = NULL;
    int failed = get_json(p, tag, &index, hex, NULL, e);
    if (failed == -ENOENT && e->kind == ERR_USAGE) {
        *e = (struct err){0};
        index = json_pack("{s:i, s:s, s:[]}", "schemaVersion", 2, "mediaType", OCI_INDEX, "manifests");
    } else if (failed != 0) {
        return failed;
    }
    if (!json_is_array(json_object_get(index, "manifests")))
        return err_set(e, ERR_USAGE, -EINVAL, "%s: it is no index of referrers", tag);
    *ret = json_incref(index);
    return 0;
}

static int list_referrer(const struct oci_place *p, const char *subject_hex, json_t *descriptor, struct err *e)
{
    char tag[80], hex[DIGEST_HEX];
    uint64_t size = 0;
    json_t *index = NULL;
    TRY(read_referrers(p, place_referrers_tag(subject_hex, tag), &index, e));
    json_t *list = json_object_get(index, "manifests");
    for (size_t i = json_array_size(list); i-- > 0;)
        if (strcmp(json_word(json_array_get(list, i), "digest"), json_word(descriptor, "digest")) == 0)
            (void)json_array_remove(list, i);
    (void)json_array_append(list, descriptor);
    return place_put(p, tag, index, OCI_INDEX, hex, &size, e);
}

/* Only an uncompressed tar is pushed: its digest is the bundle's. */
static int check_tar(const char *path, const struct opened_bundle *o, char sha256[DIGEST_HEX], struct err *e)
{
    char plain[DIGEST_HEX] = "";
    int failed = lseek(o->tar_fd, 0, SEEK_SET) == 0 ? digest_fd(o->tar_fd, sha256) : -errno;
    TRY(err_code(e, ERR_USAGE, failed, "'%s'", path));
    TRY(tar_digest_uncompressed(o->tar_fd, plain, e));
    return strcmp(plain, sha256) == 0
               ? 0
               : err_set(e, ERR_USAGE, -EINVAL, "'%s': what is pushed is the tar, before it is compressed", path);
}

/* Stores a manifest under a tag, and lists it with what is attached to its subject. hex: the digest of the subject's
 * manifest; NULL: it has none. */
static int put_manifest(const struct oci_place *p, const char *tag, json_t *manifest, const char *hex,
                        struct pushed *ret, struct text *said, struct err *e)
{
    char name[PLACE_NAME_MAX];
    uint64_t size = 0;
    TRY(place_put(p, tag, json_incref(manifest), OCI_MANIFEST, ret->manifest_sha256, &size, e));
    if (hex) {
        cleanup_json json_t *listed = oci_descriptor(OCI_MANIFEST, ret->manifest_sha256, size);
        const json_t *annotations = json_object_get(manifest, "annotations");
        json_put_text(listed, "artifactType", json_word(manifest, "artifactType"));
        if (annotations)
            json_put(listed, "annotations", json_deep_copy(annotations));
        TRY(list_referrer(p, hex, listed, e));
    }
    text_add(said, "%s\nmanifest sha256:%s\n", place_name(p, tag, name), ret->manifest_sha256);
    if (hex)
        text_add(said, "attached to sha256:%s, under the tag sha256-%s\n", hex, hex);
    return 0;
}

/* Stores an open bundle in an open place. */
static int put(const struct oci_place *p, const struct opened_bundle *o, const char *subject, struct pushed *ret,
               struct text *said, struct err *e)
{
    char hex[DIGEST_HEX] = "";
    cleanup_json json_t *subject_of = NULL, *manifest = NULL;
    const json_t *reproduction = o->bundle.reproduction;
    const char *tag = *p->ref.tag ? p->ref.tag : LATEST;
    if (subject && !reproduction)
        return err_set(e, ERR_USAGE, -EINVAL, "--subject: the bundle reproduces none: it has no " REPRODUCTION_FILE);
    if (subject)
        TRY(find_subject(p, subject, "what is reproduced is", reproduction_of(reproduction), &subject_of, hex, e));
    TRY(make_bundle(p, &o->bundle, o->tar_fd, ret->bundle_sha256, &manifest, e));
    if (subject)
        json_put(manifest, "subject", json_incref(subject_of));
    TRY(put_manifest(p, tag, manifest, subject ? hex : NULL, ret, said, e));
    if (!subject && reproduction)
        text_add(said, "it reproduces sha256:%s, and is attached to nothing (--subject TAG does it)\n",
                 reproduction_of(reproduction));
    return 0;
}

/* --- a statement about a bundle ---------------------------------------------------------------------------------- */

/* OCI image-spec 1.1, "Guidelines for Artifact Usage": the statement is the one layer of a manifest that has the
 * bundle's manifest as its subject. */
static int put_statement(const struct oci_place *p, const struct text *bytes, const char *subject, const char *sha256,
                         struct pushed *ret, struct text *said, struct err *e)
{
    char hex[DIGEST_HEX], layer[DIGEST_HEX];
    cleanup_json json_t *subject_of = NULL, *manifest = NULL;
    TRY(find_subject(p, subject, "the statement is about", sha256, &subject_of, hex, e));
    TRY(oci_put_bytes(p->layout, bytes->data, bytes->len, layer, e));
    json_t *statement = oci_descriptor(ATTEST_MEDIA_TYPE, layer, bytes->len);
    TRY(make_manifest(p, ATTEST_MEDIA_TYPE, statement, &manifest, e));
    json_put(manifest, "subject", json_incref(subject_of));
    return put_manifest(p, p->ref.tag, manifest, hex, ret, said, e);
}

/* Whether a file is JSON, which a tar never begins as: a tar begins with a name of [A-Za-z0-9._-]. */
static bool is_json_file(const char *path)
{
    char first = 0;
    struct stat st;
    cleanup_close int fd = source_open(AT_FDCWD, path, true, &st);
    return fd >= 0 && S_ISREG(st.st_mode) && read(fd, &first, 1) == 1 && first == '{';
}

static int push_statement(const char *path, const char *ref, const char *subject, struct pushed *ret, struct text *said,
                          struct err *e)
{
    cleanup_text struct text bytes = {0};
    cleanup_json json_t *statement = NULL;
    cleanup_place struct oci_place p = PLACE_UNOPENED;
    int failed = files_read(AT_FDCWD, path, ATTEST_MAX, &bytes);
    if (failed != 0)
        return err_set(e, ERR_USAGE, failed, "'%s': %s", path, source_fault(failed));
    if (attest_parse(bytes.data, bytes.len, &statement, ret->bundle_sha256, e) != 0)
        return err_wrap(e, "'%s'", path);
    if (!subject)
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': a statement is attached to its bundle by --subject TAG", path);
    TRY(place_open(ref, true, &p, e));
    return put_statement(&p, &bytes, subject, ret->bundle_sha256, ret, said, e);
}

/* As place_referrers_tag() makes it of a digest. */
static bool is_referrers_tag(const char *tag)
{
    return strncmp(tag, "sha256-", 7) == 0 && strspn(tag + 7, "0123456789abcdef") == DIGEST_HEX - 1 &&
           tag[7 + DIGEST_HEX - 1] == '\0';
}

int push(const char *path, const char *ref, const char *subject, struct pushed *ret, struct text *said, struct err *e)
{
    cleanup_opened struct opened_bundle o = BUNDLE_UNOPENED;
    cleanup_place struct oci_place p = PLACE_UNOPENED;
    struct oci_reference parsed;
    struct stat st;
    *ret = (struct pushed){0};
    TRY(oci_reference_parse(ref, &parsed, e));
    if (strncmp(parsed.tag, "sha256:", 7) == 0)
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': what is pushed gets a tag; its digest follows", ref);
    if (is_referrers_tag(parsed.tag))
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': what is pushed gets another tag: this one lists what is attached",
                       ref);
    if (is_json_file(path))
        return push_statement(path, ref, subject, ret, said, e);
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': what is pushed is a bundle's tar ('tare pack' writes one)", path);
    TRY(bundle_open(path, &o, e));
    TRY(check_tar(path, &o, ret->bundle_sha256, e));
    TRY(place_open(ref, true, &p, e));
    return put(&p, &o, subject, ret, said, e);
}

/* --- pull -------------------------------------------------------------------------------------------------------- */

/* Whether a listed manifest is of this type and attached to this bundle. It says so itself: not every list does. */
static bool is_attached(const json_t *manifest, const char *type, const char *subject_hex)
{
    const char *subject = oci_digest_hex(json_word(json_object_get(manifest, "subject"), "digest"));
    return strcmp(json_word(manifest, "artifactType"), type) == 0 && subject && strcmp(subject, subject_hex) == 0;
}

/* Whether a list's entry may be of this type. */
static bool may_be(const json_t *entry, const char *type)
{
    const char *said = json_word(entry, "artifactType");
    return !*said || strcmp(said, type) == 0;
}

static int tell_referrer(const struct oci_place *p, const char *digest, const char *subject_hex, struct text *said,
                         struct err *e)
{
    char hex[DIGEST_HEX];
    cleanup_json json_t *o = NULL;
    TRY(get_json(p, digest, &o, hex, NULL, e));
    bool is_statement = is_attached(o, ATTEST_MEDIA_TYPE, subject_hex);
    if (!is_statement && !is_attached(o, PUSH_TYPE, subject_hex))
        return 0;
    cleanup_free char *own = text_printable(digest);
    cleanup_free char *bundle = text_printable(json_word(json_array_get(json_object_get(o, "layers"), 0), "digest"));
    text_add(said, "attached: %.80s, the %s %.80s\n", own, is_statement ? "statement" : "bundle", bundle);
    return 0;
}

/* Lists what is attached to a manifest; nothing attached is not an error. */
static int tell_referrers(const struct oci_place *p, const char *hex, struct text *said, struct err *e)
{
    char tag[80];
    size_t i;
    const json_t *one = NULL;
    cleanup_json json_t *index = NULL;
    TRY(read_referrers(p, place_referrers_tag(hex, tag), &index, e));
    json_array_foreach(json_object_get(index, "manifests"), i, one)
    {
        if (may_be(one, PUSH_TYPE) || may_be(one, ATTEST_MEDIA_TYPE))
            TRY(tell_referrer(p, json_word(one, "digest"), hex, said, e));
    }
    return 0;
}

static int write_layer(const struct oci_place *p, const char *digest, uint64_t size, const char *output, struct err *e)
{
    struct file_draft draft;
    TRY(file_draft_open(output, &draft, e));
    return file_draft_end(&draft, oci_get_file(p->layout, digest, size, fileno(draft.stream), e), e);
}

/* Fetches the bundle of a manifest, which has this name in the place. digest: receives the bundle's. */
static int fetch(const struct oci_place *p, const char *name, const json_t *manifest, const char *output,
                 const char **digest, struct err *e)
{
    uint64_t size = 0;
    TRY(layer_of(manifest, "what is there", digest, &size, e));
    TRY(place_fetch(p, name, e));
    return write_layer(p, *digest, size, output, e);
}

static int get(const struct oci_place *p, const char *output, struct pushed *ret, struct text *said, struct err *e)
{
    cleanup_json json_t *manifest = NULL;
    const char *digest = "";
    char fetched[80]; /* by digest, so that it is the manifest that was checked */
    TRY(get_json(p, p->ref.tag, &manifest, ret->manifest_sha256, NULL, e));
    text_format(fetched, sizeof(fetched), "sha256:%s", ret->manifest_sha256);
    TRY(fetch(p, fetched, manifest, output, &digest, e));
    text_format(ret->bundle_sha256, sizeof(ret->bundle_sha256), "%s", digest + strlen("sha256:"));
    return tell_referrers(p, ret->manifest_sha256, said, e);
}

int pull(const char *ref, const char *output, struct pushed *ret, struct text *said, struct err *e)
{
    cleanup_place struct oci_place p = PLACE_UNOPENED;
    *ret = (struct pushed){0};
    TRY(tar_check_output(output, e));
    TRY(place_open(ref, false, &p, e));
    return get(&p, output, ret, said, e);
}

/* --- the bundle and what is attached to it ------------------------------------------------------------------------ */

#define FETCHED "bundle.tar"

struct walk {
    const struct oci_place *p;
    struct temporary room;
    pull_fn *take;
    void *to;
};

/* A failure to fetch is the bundle's and is handed over; else it is that of whoever takes it. */
static int hand_over(const struct walk *w, const char *name, const json_t *manifest, struct err *e)
{
    char path[PATH_MAX];
    const char *digest = "";
    struct err why = {0};
    text_format(path, sizeof(path), "%s/" FETCHED, w->room.path);
    if (fetch(w->p, name, manifest, path, &digest, &why) != 0)
        return w->take(name, NULL, why.text, w->to, e);
    int failed = w->take(name, path, NULL, w->to, e);
    (void)unlinkat(w->room.fd, FETCHED, 0);
    return failed;
}

static int hand_over_referrer(const struct walk *w, const char *digest, const char *subject_hex, struct err *e)
{
    char hex[DIGEST_HEX];
    struct err why = {0};
    cleanup_json json_t *manifest = NULL;
    cleanup_free char *name = text_printable(digest);
    if (!oci_digest_hex(digest))
        return w->take(name, NULL, "the list of what is attached names no digest", w->to, e);
    if (get_json(w->p, digest, &manifest, hex, NULL, &why) != 0)
        return w->take(name, NULL, why.text, w->to, e);
    return is_attached(manifest, PUSH_TYPE, subject_hex) ? hand_over(w, digest, manifest, e) : 0;
}

static int walk(const struct walk *w, struct err *e)
{
    char hex[DIGEST_HEX], tag[80], name[80];
    size_t i;
    const json_t *one = NULL;
    cleanup_json json_t *manifest = NULL, *index = NULL;
    TRY(get_json(w->p, w->p->ref.tag, &manifest, hex, NULL, e));
    text_format(name, sizeof(name), "sha256:%s", hex);
    TRY(hand_over(w, name, manifest, e));
    TRY(read_referrers(w->p, place_referrers_tag(hex, tag), &index, e));
    const json_t *list = json_object_get(index, "manifests");
    if (json_array_size(list) > PULL_ATTACHED_MAX)
        return err_set(e, ERR_USAGE, -E2BIG, "%s: it lists %zu manifests; what is allowed is %d", tag,
                       json_array_size(list), PULL_ATTACHED_MAX);
    json_array_foreach(list, i, one)
    {
        if (may_be(one, PUSH_TYPE))
            TRY(hand_over_referrer(w, json_word(one, "digest"), hex, e));
    }
    return 0;
}

int pull_attached(const char *ref, pull_fn *take, void *to, struct err *e)
{
    cleanup_place struct oci_place p = PLACE_UNOPENED;
    struct walk w = {&p, {.fd = -1}, take, to};
    TRY(place_open(ref, false, &p, e));
    TRY(tmpdir_make(NULL, &w.room, e));
    int failed = walk(&w, e);
    tmpdir_remove(&w.room);
    return failed;
}

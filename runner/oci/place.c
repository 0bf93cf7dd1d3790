#include "oci/place.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/json_put.h"
#include "base/text.h"
#include "oci/oci_layout.h"
#include "oci/skopeo.h"

#define FETCHED "fetched"

int place_open(const char *ref, bool make, struct oci_place *ret, struct err *e)
{
    *ret = (struct oci_place){.layout = -1};
    char path[sizeof(ret->scratch.path) + 8];
    int failed = oci_reference_parse(ref, &ret->ref, e);
    if (failed != 0 || !ret->ref.registry)
        return failed != 0 ? failed : oci_layout_open(ret->ref.place, make, &ret->layout, e);
    failed = scratch_begin(NULL, &ret->scratch, e);
    text_format(path, sizeof(path), "%s/oci", ret->scratch.path);
    return failed == 0 ? oci_layout_open(path, true, &ret->layout, e) : failed;
}

void place_close(struct oci_place *p)
{
    if (p->layout >= 0)
        (void)close(STEAL_FD(p->layout));
    scratch_end(&p->scratch);
}

const char *place_name(const struct oci_place *p, const char *tag, char buf[PLACE_NAME_MAX])
{
    const char *between = strncmp(tag, "sha256:", 7) == 0 ? "@" : ":";
    text_format(buf, PLACE_NAME_MAX, "%s%s%s%s", p->ref.registry ? "" : "oci:", p->ref.place, between, tag);
    return buf;
}

static const char *layout_name(const struct oci_place *p, const char *tag, char buf[PLACE_NAME_MAX])
{
    text_format(buf, PLACE_NAME_MAX, "oci:%s/oci:%s", p->scratch.path, tag);
    return buf;
}

const char *place_referrers_tag(const char *hex, char buf[80])
{
    (void)snprintf(buf, 80, "sha256-%s", hex);
    return buf;
}

static int check_digest(const char *tag, const struct text *t, char hex[DIGEST_HEX], struct err *e)
{
    if (digest_bytes(t->data, t->len, hex) != 0)
        return err_set(e, ERR_OURS, -ENOMEM, "no digest");
    if (strncmp(tag, "sha256:", 7) == 0 && strcmp(tag + 7, hex) != 0)
        return err_set(e, ERR_SAID_NO, -EBADMSG, "%s: the registry's bytes have the digest %s", tag, hex);
    return 0;
}

/* What failed for want of skopeo can be done without a registry. */
static int told(int failed, struct err *e)
{
    return failed == -ENOENT && e->kind == ERR_HOST ? err_remedy(e, "oci:FOLDER needs none") : failed;
}

int place_manifest(const struct oci_place *p, const char *tag, struct text *ret, char hex[DIGEST_HEX], struct err *e)
{
    char name[PLACE_NAME_MAX];
    json_t *descriptor = NULL;
    if (p->ref.registry) {
        int failed = skopeo_manifest(place_name(p, tag, name), NULL, ret, e);
        return failed == 0 ? check_digest(tag, ret, hex, e) : told(failed, e);
    }
    int failed = oci_find(p->layout, *tag ? tag : NULL, &descriptor, e);
    const char *said = json_string_value(json_object_get(descriptor, "digest")), *digest = said ? said : "";
    if (failed == 0)
        failed = oci_get_bytes(p->layout, digest, ret, e);
    if (failed == 0)
        failed = check_digest(digest, ret, hex, e);
    json_decref(descriptor);
    return failed == 0 ? 0 : err_wrap(e, "'%s'", p->ref.place);
}

/* What is said of a manifest where it is listed. */
static json_t *descriptor_of(const json_t *o, const char *type, const char *hex, uint64_t size)
{
    char digest[80];
    (void)snprintf(digest, sizeof(digest), "sha256:%s", hex);
    json_t *d = json_pack("{s:s, s:s, s:I}", "mediaType", type, "digest", digest, "size", (json_int_t)size);
    if (json_object_get(o, "artifactType"))
        (void)json_object_set(d, "artifactType", json_object_get(o, "artifactType"));
    return d;
}

int place_put(const struct oci_place *p, const char *tag, json_t *o, const char *type, char hex[DIGEST_HEX],
              uint64_t *size_bytes, struct err *e)
{
    char from[PLACE_NAME_MAX], to[PLACE_NAME_MAX];
    struct text t = {0};
    json_text(json_incref(o), &t);
    int failed = oci_put_bytes(p->layout, t.data, t.len, hex, e);
    *size_bytes = t.len;
    text_free(&t);
    json_t *d = failed == 0 ? descriptor_of(o, type, hex, *size_bytes) : NULL;
    if (failed == 0)
        failed = oci_tag(p->layout, tag, d, e);
    json_decref(d);
    json_decref(o);
    if (failed != 0 || !p->ref.registry)
        return failed;
    return told(skopeo_copy(layout_name(p, tag, from), place_name(p, tag, to), strcmp(type, OCI_INDEX) == 0, e), e);
}

int place_fetch(const struct oci_place *p, const char *tag, struct err *e)
{
    char from[PLACE_NAME_MAX], to[PLACE_NAME_MAX];
    return p->ref.registry ? skopeo_copy(place_name(p, tag, from), layout_name(p, FETCHED, to), false, e) : 0;
}

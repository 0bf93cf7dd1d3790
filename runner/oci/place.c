#include "oci/place.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "archive/tmpdir.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/json_put.h"
#include "base/text.h"
#include "oci/layout.h"
#include "oci/skopeo.h"

#define FETCHED "fetched"

int place_open(const char *ref, bool make, struct oci_place *ret, struct err *e)
{
    *ret = PLACE_UNOPENED;
    char path[sizeof(ret->unpacked.path) + 8];
    TRY(oci_reference_parse(ref, &ret->ref, e));
    if (!ret->ref.registry)
        return oci_layout_open(ret->ref.place, make, &ret->layout, e);
    TRY(tmpdir_make(NULL, &ret->unpacked, e));
    text_format(path, sizeof(path), "%s/oci", ret->unpacked.path);
    return oci_layout_open(path, true, &ret->layout, e);
}

void place_close(struct oci_place *p)
{
    close_fd(&p->layout);
    tmpdir_remove(&p->unpacked);
}

const char *place_name(const struct oci_place *p, const char *tag, char buf[PLACE_NAME_MAX])
{
    const char *between = strncmp(tag, "sha256:", 7) == 0 ? "@" : ":";
    text_format(buf, PLACE_NAME_MAX, "%s%s%s%s", p->ref.registry ? "" : "oci:", p->ref.place, between, tag);
    return buf;
}

static const char *layout_name(const struct oci_place *p, const char *tag, char buf[PLACE_NAME_MAX])
{
    text_format(buf, PLACE_NAME_MAX, "oci:%s/oci:%s", p->unpacked.path, tag);
    return buf;
}

const char *place_referrers_tag(const char *hex, char buf[80])
{
    (void)snprintf(buf, 80, "sha256-%s", hex);
    return buf;
}

static int check_digest(const char *tag, const struct text *t, char hex[DIGEST_HEX], struct err *e)
{
    digest_bytes(t->data, t->len, hex);
    if (strncmp(tag, "sha256:", 7) == 0 && strcmp(tag + 7, hex) != 0)
        return err_set(e, ERR_SAID_NO, -EBADMSG, "%s: the registry's bytes have the digest %s", tag, hex);
    return 0;
}

/* Adds the remedy if skopeo is missing. Returns failed. */
static int told(int failed, struct err *e)
{
    return failed == -ENOENT && e->kind == ERR_HOST ? err_remedy(e, "oci:FOLDER works without it") : failed;
}

static int find_in_layout(const struct oci_place *p, const char *tag, struct text *ret, char hex[DIGEST_HEX],
                          struct err *e)
{
    cleanup_json json_t *descriptor = NULL;
    TRY(oci_find(p->layout, *tag ? tag : NULL, &descriptor, e));
    TRY(oci_get_bytes(p->layout, json_word(descriptor, "digest"), ret, e));
    return check_digest(json_word(descriptor, "digest"), ret, hex, e);
}

int place_manifest(const struct oci_place *p, const char *tag, struct text *ret, char hex[DIGEST_HEX], struct err *e)
{
    char name[PLACE_NAME_MAX];
    if (!p->ref.registry)
        return find_in_layout(p, tag, ret, hex, e) == 0 ? 0 : err_wrap(e, "'%s'", p->ref.place);
    int failed = skopeo_manifest(place_name(p, tag, name), NULL, ret, e);
    return failed == 0 ? check_digest(tag, ret, hex, e) : told(failed, e);
}

int place_put(const struct oci_place *p, const char *tag, json_t *o, const char *type, char hex[DIGEST_HEX],
              uint64_t *size_bytes, struct err *e)
{
    char from[PLACE_NAME_MAX], to[PLACE_NAME_MAX];
    cleanup_text struct text t = {0};
    cleanup_json json_t *artifact = json_incref(json_object_get(o, "artifactType"));
    json_text(o, &t);
    TRY(oci_put_bytes(p->layout, t.data, t.len, hex, e));
    *size_bytes = t.len;
    cleanup_json json_t *listed = oci_descriptor(type, hex, t.len);
    if (artifact)
        json_put(listed, "artifactType", json_incref(artifact));
    TRY(oci_tag(p->layout, tag, listed, e));
    if (!p->ref.registry)
        return 0;
    return told(skopeo_copy(layout_name(p, tag, from), place_name(p, tag, to), strcmp(type, OCI_INDEX) == 0, e), e);
}

int place_fetch(const struct oci_place *p, const char *tag, struct err *e)
{
    char from[PLACE_NAME_MAX], to[PLACE_NAME_MAX];
    return p->ref.registry ? skopeo_copy(place_name(p, tag, from), layout_name(p, FETCHED, to), false, e) : 0;
}

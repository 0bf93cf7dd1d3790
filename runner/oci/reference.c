#include "oci/reference.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "oci/layout.h"

static const char OCI[] = "oci:", DOCKER[] = "docker://";

static int refuse(const char *text, struct err *e)
{
    return err_set(e, ERR_USAGE, -EINVAL,
                   "'%.200s': what is allowed is oci:FOLDER[:TAG] or docker://HOST/REPO:TAG (or @sha256:DIGEST)", text);
}

/* distribution-spec 1.1, "Pulling manifests": [a-zA-Z0-9_][a-zA-Z0-9._-]{0,127} */
static bool is_tag(const char *tag)
{
    static const char ALLOWED[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    size_t len = strlen(tag);
    return len >= 1 && len <= 128 && strspn(tag, ALLOWED) == len && *tag != '.' && *tag != '-';
}

/* Splits "PLACE:TAG" or "PLACE@sha256:…". */
static int take(const char *text, const char *place, struct oci_reference *ret, struct err *e)
{
    const char *at = strstr(place, "@sha256:"), *slash = strrchr(place, '/');
    const char *colon = strrchr(slash ? slash : place, ':'), *cut = at ? at : colon;
    size_t len = cut ? (size_t)(cut - place) : strlen(place);
    if (len == 0 || len >= sizeof(ret->place) - 16 || (cut && strlen(cut + 1) >= sizeof(ret->tag)))
        return refuse(text, e);
    text_format(ret->place, sizeof(ret->place), "%s%.*s", ret->registry ? DOCKER : "", (int)len, place);
    text_format(ret->tag, sizeof(ret->tag), "%s", cut ? cut + 1 : "");
    return (!cut && !ret->registry) || (at ? oci_digest_hex(ret->tag) != NULL : is_tag(ret->tag)) ? 0 : refuse(text, e);
}

int oci_reference_parse(const char *text, struct oci_reference *ret, struct err *e)
{
    *ret = (struct oci_reference){.registry = strncmp(text, DOCKER, strlen(DOCKER)) == 0};
    if (!ret->registry && strncmp(text, OCI, strlen(OCI)) != 0)
        return refuse(text, e);
    const char *place = text + (ret->registry ? strlen(DOCKER) : strlen(OCI));
    if (ret->registry && (*place == '/' || !strchr(place, '/')))
        return refuse(text, e);
    return take(text, place, ret, e);
}

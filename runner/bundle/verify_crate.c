/* What a bundle's ro-crate-metadata.json says of its files. */
#include <jansson.h>
#include <string.h>

#include "archive/findings.h"
#include "archive/parcel.h"
#include "archive/scratch.h"
#include "base/json_scan.h"
#include "base/text.h"
#include "bundle/derive.h"
#include "bundle/verify_derived.h"

#define CRATE_MAX  (64U << 20)
#define ENTITY_MAX (1U << 16)

/* What it is held against. */
struct held {
    const struct parcel *payload;
    struct findings *findings;
};

/* A file that the crate says something else of is named itself: that the crate is another one is little help. */
static const char *take_entity(struct json_span key, struct json_span value, void *to)
{
    const struct held *h = to;
    json_error_t ignored;
    json_t *o = value.len <= ENTITY_MAX ? json_loadb(value.data, value.len, 0, &ignored) : NULL;
    const char *id = json_string_value(json_object_get(o, "@id")),
               *type = json_string_value(json_object_get(o, "@type"));
    const char *sha256 = json_string_value(json_object_get(o, "sha256"));
    (void)key;
    if (id && type && strcmp(type, "File") == 0) {
        const struct parcel_file *file = parcel_find(h->payload, id);
        if (!file)
            findings_add(h->findings, FINDING_INTEGRITY, id, CRATE_FILE " describes it, and it is not there");
        else if (!sha256 || strcmp(sha256, file->sha256) != 0)
            findings_add(h->findings, FINDING_INTEGRITY, id, "its SHA-256 is %s, and " CRATE_FILE " says %.64s",
                         file->sha256, sha256 ? sha256 : "none");
    }
    json_decref(o);
    return NULL;
}

static const char *take_graph(struct json_span key, struct json_span value, void *to)
{
    struct json_scan_error why;
    if (key.len != strlen("@graph") || memcmp(key.data, "@graph", key.len) != 0)
        return NULL;
    return json_scan_array(value, take_entity, to, &why) == 0 ? NULL : "@graph is no list";
}

void verify_crate(const struct parcel *payload, int data_fd, struct findings *f)
{
    struct text t = {0};
    struct held h = {payload, f};
    struct json_scan_error why = {NULL, NULL};
    if (scratch_read(data_fd, CRATE_FILE, CRATE_MAX, &t) != 0)
        findings_add(f, FINDING_INTEGRITY, CRATE_FILE, "it is not there, or larger than 64 MiB");
    else if (json_scan_object((struct json_span){t.data, t.len}, take_graph, &h, &why) != 0)
        findings_add(f, FINDING_INTEGRITY, CRATE_FILE, "%s", why.why);
    text_free(&t);
}

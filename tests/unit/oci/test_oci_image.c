/* The image that a bundle holds, as far as no skopeo is needed: its layout and its names. */
#include "oci/image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/filelist.h"
#include "archive/files.h"
#include "archive/findings.h"
#include "archive/tmpdir.h"
#include "base/err.h"
#include "base/text.h"
#include "oci/layout.h"

#define LAYER_TYPE "application/vnd.oci.image.layer.v1.tar"
#define OTHER      "00000000000000000000000000000000000000000000000000000000000000ff"

/* An image of one layer, put together by the words of the specification; gone with the test. */
struct held {
    struct temporary s;
    int layout;
    char layer[DIGEST_HEX], config[DIGEST_HEX], manifest[DIGEST_HEX];
    struct findings findings;
    struct err err;
};

static void put(struct held *h, const char *text, char hex[DIGEST_HEX])
{
    assert_int_equal(oci_put_bytes(h->layout, text, strlen(text), hex, &h->err), 0);
}

static void name_only(struct held *h, const char *hex, size_t size)
{
    char digest[80];
    text_format(digest, sizeof(digest), "sha256:%s", hex);
    json_t *one = json_pack("{s:s, s:s, s:I}", "mediaType", OCI_MANIFEST, "digest", digest, "size", (json_int_t)size);
    assert_int_equal(oci_set_only(h->layout, one, &h->err), 0);
    json_decref(one);
}

/* An image with this layer's bytes and media type. */
static void fill(struct held *h, const char *layer, const char *type)
{
    char text[1000];
    put(h, layer, h->layer);
    text_format(text, sizeof(text),
                "{\"architecture\": \"amd64\", \"os\": \"linux\", \"rootfs\": {\"type\": \"layers\", \"diff_ids\": "
                "[\"sha256:%s\"]}}",
                h->layer);
    put(h, text, h->config);
    size_t config_size = strlen(text);
    text_format(text, sizeof(text),
                "{\"schemaVersion\": 2, \"config\": {\"mediaType\": \"" IMAGE_CONFIG_TYPE
                "\", \"digest\": \"sha256:%s\", \"size\": %zu}, \"layers\": [{\"mediaType\": \"%s\", \"digest\": "
                "\"sha256:%s\", \"size\": %zu}]}",
                h->config, config_size, type, h->layer, strlen(layer));
    put(h, text, h->manifest);
    name_only(h, h->manifest, strlen(text));
}

static int open_held(void **state)
{
    char path[PATH_MAX];
    struct held *h = calloc(1, sizeof(*h));
    if (!h || tmpdir_make(NULL, &h->s, &h->err) != 0 || mkdirat(h->s.fd, "env", 0755) != 0)
        return -1;
    text_format(path, sizeof(path), "%s/" IMAGE_LAYOUT, h->s.path);
    *state = h;
    return oci_layout_open(path, true, &h->layout, &h->err);
}

static int close_held(void **state)
{
    struct held *h = *state;
    findings_free(&h->findings);
    (void)close(h->layout);
    tmpdir_remove(&h->s);
    free(h);
    return 0;
}

static size_t check(struct held *h)
{
    struct filelist payload = {0};
    findings_free(&h->findings);
    assert_int_equal(filelist_read(h->s.fd, &payload, &h->findings, &h->err), 0);
    assert_int_equal(h->findings.count, 0);
    oci_image_check(&payload, h->s.fd, &h->findings);
    filelist_free(&payload);
    return h->findings.count;
}

static void a_whole_image_has_no_finding_and_is_told_by_both_its_digests(void **state)
{
    struct held *h = *state;
    struct oci_image l;
    char name[200];
    fill(h, "a tar", LAYER_TYPE);
    assert_int_equal(check(h), 0);
    assert_int_equal(oci_image_read(h->s.fd, &l, &h->err), 0);
    assert_true(l.there);
    assert_string_equal(l.manifest, h->manifest);
    assert_string_equal(l.config, h->config);
    text_format(name, sizeof(name), "host:5000/a/b@sha256:%s", h->manifest);
    assert_true(oci_image_is(&l, h->s.fd, name));
    text_format(name, sizeof(name), "sha256:%s", h->config);
    assert_true(oci_image_is(&l, h->s.fd, name));
    assert_false(oci_image_is(&l, h->s.fd, h->config)); /* digits alone are no digest */
    assert_false(oci_image_is(&l, h->s.fd, "x@sha256:" OTHER));
    assert_false(oci_image_is(&l, h->s.fd, ""));
}

static void no_image_is_no_fault(void **state)
{
    struct temporary s;
    struct oci_image l;
    struct filelist none = {0};
    struct findings f = {0};
    struct err e = {0};
    (void)state;
    assert_int_equal(tmpdir_make(NULL, &s, &e), 0);
    assert_int_equal(oci_image_read(s.fd, &l, &e), 0);
    assert_false(l.there);
    oci_image_check(&none, s.fd, &f);
    assert_int_equal(f.count, 0);
    tmpdir_remove(&s);
}

static void a_layer_is_what_its_first_bytes_say_and_not_its_media_type(void **state)
{
    static const struct {
        const char *bytes, *type;
    } KINDS[] = {{"\x1f\x8b\x08 gzip", LAYER_TYPE "+gzip"},
                 {"\x28\xb5\x2f\xfd zstd", LAYER_TYPE "+zstd"},
                 {"\x1f", LAYER_TYPE},
                 {"", LAYER_TYPE}};
    struct held *h = *state;
    for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++) {
        assert_int_equal(files_write(h->s.fd, "layer", KINDS[i].bytes, strlen(KINDS[i].bytes), &h->err), 0);
        assert_string_equal(oci_layer_type(h->s.fd, "layer"), KINDS[i].type);
        assert_int_equal(unlinkat(h->s.fd, "layer", 0), 0);
    }
    assert_null(oci_layer_type(h->s.fd, "layer"));
    fill(h, "a tar", LAYER_TYPE "+gzip");
    assert_int_equal(check(h), 1);
    assert_non_null(strstr(h->findings.list[0].file, h->manifest));
    assert_non_null(strstr(h->findings.list[0].text, "its layer has the media type"));
}

static void a_blob_that_nothing_leads_to_is_a_finding(void **state)
{
    struct held *h = *state;
    char hex[DIGEST_HEX];
    fill(h, "a tar", LAYER_TYPE);
    put(h, "more", hex);
    assert_int_equal(check(h), 1);
    assert_non_null(strstr(h->findings.list[0].file, hex));
    assert_string_equal(h->findings.list[0].text, "nothing in the image refers to it");
}

static void a_second_image_in_the_index_is_a_finding(void **state)
{
    struct held *h = *state;
    fill(h, "a tar", LAYER_TYPE);
    json_t *two = json_pack("{s:i, s:[{}, {}]}", "schemaVersion", 2, "manifests");
    char *dumped = json_dumps(two, 0);
    assert_int_equal(unlinkat(h->layout, OCI_INDEX_FILE, 0), 0);
    assert_int_equal(files_write(h->layout, OCI_INDEX_FILE, dumped, strlen(dumped), &h->err), 0);
    assert_true(check(h) > 1); /* and nothing leads to the blobs */
    assert_string_equal(h->findings.list[0].file, IMAGE_LAYOUT "/" OCI_INDEX_FILE);
    assert_non_null(strstr(h->findings.list[0].text, "it lists 2 manifests"));
    free(dumped);
    json_decref(two);
}

static void an_index_or_another_manifest_leads_to_it_by_its_digests_alone(void **state)
{
    static const struct {
        const char *text;
        bool leads;
    } DOCUMENTS[] = {
        {"{\"config\": {\"digest\": \"sha256:%s\"}}", true},
        {"{\"config\": {\"digest\": \"sha256:" OTHER "\"}, \"manifests\": [{\"digest\": \"sha256:%s\"}]}", false},
        {"{\"config\": {\"digest\": \"%s\"}}", false},
        {"{\"manifests\": [{\"digest\": \"sha256:" OTHER "\"}, {\"digest\": \"sha256:%s\"}]}", true},
        {"{\"manifests\": [{\"digest\": \"sha256:" OTHER "\"}], \"x\": \"%s\"}", false},
        {"{\"manifests\": \"sha256:%s\"}", false},
        {"{\"x\": \"%s\"}", false},
    };
    struct oci_image l = {.there = true};
    (void)state;
    memset(l.manifest, 'a', DIGEST_HEX - 1);
    memset(l.config, 'a', DIGEST_HEX - 1);
    for (size_t i = 0; i < sizeof(DOCUMENTS) / sizeof(DOCUMENTS[0]); i++) {
        struct text t = {0};
        const char *at = strstr(DOCUMENTS[i].text, "%s");
        text_add_bytes(&t, DOCUMENTS[i].text, (size_t)(at - DOCUMENTS[i].text));
        text_add(&t, "%s%s", l.config, at + 2);
        json_t *o = json_loads(t.data, 0, NULL);
        assert_non_null(o);
        assert_int_equal(oci_image_leads_to(o, &l, NULL), DOCUMENTS[i].leads);
        json_decref(o);
        text_free(&t);
    }
}

static void what_is_no_sha256_digest_has_no_digits(void **state)
{
    static const char *const WRONG[] = {"",
                                        "sha256",
                                        "sha256:",
                                        "sha256:" OTHER "0",
                                        ("sha512:" OTHER),
                                        OTHER,
                                        "sha256:../../../../../../../../../../../../../../../../../../../../a/b"};
    (void)state;
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++)
        assert_null(oci_digest_hex(WRONG[i]));
    assert_string_equal(oci_digest_hex("sha256:" OTHER), OTHER);
    assert_true(oci_image_has(IMAGE_LAYOUT "/x"));
    assert_true(oci_image_has(IMAGE_NAMED "/x"));
    assert_false(oci_image_has(IMAGE_LAYOUT));
    assert_false(oci_image_has("env/images"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_whole_image_has_no_finding_and_is_told_by_both_its_digests, open_held,
                                        close_held),
        cmocka_unit_test(no_image_is_no_fault),
        cmocka_unit_test_setup_teardown(a_layer_is_what_its_first_bytes_say_and_not_its_media_type, open_held,
                                        close_held),
        cmocka_unit_test_setup_teardown(a_blob_that_nothing_leads_to_is_a_finding, open_held, close_held),
        cmocka_unit_test_setup_teardown(a_second_image_in_the_index_is_a_finding, open_held, close_held),
        cmocka_unit_test(an_index_or_another_manifest_leads_to_it_by_its_digests_alone),
        cmocka_unit_test(what_is_no_sha256_digest_has_no_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Where bundles are pushed to, and what is read of a counter-record. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/err.h"
#include "bundle/push.h"
#include "bundle/reproduce.h"
#include "bundle/reproduction.h"
#include "cell/config.h"
#include "oci/reference.h"
#include "oci/skopeo.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void expect_ref(const char *text, const char *place, const char *tag)
{
    struct oci_reference ref;
    struct err e = {0};
    assert_int_equal(oci_reference_parse(text, &ref, &e), 0);
    assert_string_equal(ref.place, place);
    assert_string_equal(ref.tag, tag);
}

static void a_reference_is_a_place_and_a_tag(void **state)
{
    (void)state;
    expect_ref("oci:folder", "folder", "");
    expect_ref("oci:/a/b:v1", "/a/b", "v1");
    expect_ref("oci:/a:b/c", "/a:b/c", "");
    expect_ref("docker://host:5000/repo:v1.0_x-y", "docker://host:5000/repo", "v1.0_x-y");
    expect_ref("docker://host/a/b@sha256:" HEX, "docker://host/a/b", "sha256:" HEX);
}

static void what_is_no_reference_gets_what_is_allowed(void **state)
{
    static const char *const WRONG[] = {
        "",
        "folder",
        "oci:",
        "oci::v1",
        "oci:folder:",
        "oci:folder:.v1",
        "docker:",
        "docker://host",
        "docker://h/r",
        "docker://h:5/r",
        "docker://h/r:",
        "docker://h/r:a b",
        "dir:x",
        "docker:///:v1",
        "oci:folder:a@",
        "docker://h/r@sha",
        "docker://h/r@sha256:12",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(*WRONG); i++) {
        struct oci_reference ref;
        struct err e = {0};
        if (oci_reference_parse(WRONG[i], &ref, &e) != -EINVAL)
            fail_msg("'%s' was taken as '%s' '%s'", WRONG[i], ref.place, ref.tag);
        assert_int_equal(e.kind, ERR_USAGE);
        assert_non_null(strstr(e.text, "what is allowed is oci:FOLDER[:TAG] or docker://HOST/REPO:TAG"));
    }
}

static void only_the_loopback_itself_is_spoken_to_without_tls(void **state)
{
    (void)state;
    assert_true(skopeo_is_loopback("docker://127.0.0.1:5000/x:y"));
    assert_true(skopeo_is_loopback("docker://localhost/x:y"));
    assert_true(skopeo_is_loopback("docker://[::1]:5000/x:y"));
    assert_false(skopeo_is_loopback("docker://localhost.example/x:y"));
    assert_false(skopeo_is_loopback("docker://127.0.0.1.example/x:y"));
    assert_false(skopeo_is_loopback("docker://registry.example/localhost/x:y"));
    assert_false(skopeo_is_loopback("oci:localhost/x:y"));
}

#define COUNTER(schema, hex, smoke)                                                                                    \
    "{\"schema\": \"" schema "\", \"original\": {\"sha256\": \"" hex "\"}, \"rerun\": {\"smoke\": " smoke              \
    "}, \"claims\": [], \"records\": []}"

static int parse(const char *text, json_t **ret, struct err *e)
{
    return reproduction_parse(text, strlen(text), ret, e);
}

static void a_counter_record_tells_of_what_it_is_and_how_much(void **state)
{
    json_t *o = NULL;
    struct err e = {0};
    (void)state;
    assert_int_equal(parse(COUNTER("tare.reproduction/1", HEX, "{}"), &o, &e), 0);
    assert_string_equal(reproduction_of(o), HEX);
    assert_true(reproduction_is_smoke(o));
    json_decref(o);
    assert_int_equal(parse(COUNTER("tare.reproduction/1", HEX, "null"), &o, &e), 0);
    assert_false(reproduction_is_smoke(o));
    json_decref(o);
}

static void what_is_no_counter_record_is_refused_with_the_fault(void **state)
{
    static const char *const WRONG[][2] = {
        {"", "line 1"},
        {"[]", "reproduction.json: "},
        {COUNTER("tare.reproduction/2", HEX, "null"), "this tare reads tare.reproduction/1"},
        {COUNTER("tare.reproduction/1", "12", "null"), "is no SHA-256"},
        {"{\"schema\": \"tare.reproduction/1\"}", "original"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(*WRONG); i++) {
        json_t *o = NULL;
        struct err e = {0};
        assert_int_equal(parse(WRONG[i][0], &o, &e), -EINVAL);
        if (!strstr(e.text, WRONG[i][1]))
            fail_msg("'%s' lacks '%s'", e.text, WRONG[i][1]);
    }
}

static void words_are_those_of_acm_and_never_replicability(void **state)
{
    (void)state;
    assert_string_equal(reproduce_terms[ROLE_SAME_TEAM], "repeatability (same team, same experimental setup)");
    assert_string_equal(reproduce_terms[ROLE_DIFFERENT_TEAM],
                        "reproducibility (different team, same experimental setup)");
    assert_non_null(strstr(reproduce_terms[ROLE_UNDECLARED], "was not declared"));
    for (int64_t role = ROLE_UNDECLARED; role <= ROLE_DIFFERENT_TEAM; role++)
        assert_null(strstr(reproduce_terms[role], "replicab"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reference_is_a_place_and_a_tag),
        cmocka_unit_test(what_is_no_reference_gets_what_is_allowed),
        cmocka_unit_test(only_the_loopback_itself_is_spoken_to_without_tls),
        cmocka_unit_test(a_counter_record_tells_of_what_it_is_and_how_much),
        cmocka_unit_test(what_is_no_counter_record_is_refused_with_the_fault),
        cmocka_unit_test(words_are_those_of_acm_and_never_replicability),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

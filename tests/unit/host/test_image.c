/* image: what the build of an image left in it, and what its engine hands in; never more than these say. */
#include "host/image.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/facts.h"
#include "tests/unit/fixture.h"

#define DIGEST "sha256:d7e12182ce18b85b93007c1dedf31f2d29e01ccf3182cc4017c709b6259bc132"

static char root[PATH_MAX];
static struct facts facts;

static int open_image(void **state)
{
    (void)state;
    return fixture_open("containers/image", root, sizeof(root));
}

static int close_image(void **state)
{
    (void)state;
    facts_free(&facts);
    fixture_close(root);
    return 0;
}

static const char *text(const char *key)
{
    const struct fact *f = facts_find(&facts, key);
    if (!f || f->kind != FACT_TEXT)
        fail_msg("'%s' is no text: %s", key, f && f->text ? f->text : "no such fact");
    return f->text;
}

static int64_t number(const char *key)
{
    const struct fact *f = facts_find(&facts, key);
    if (!f || f->kind != FACT_INT)
        fail_msg("'%s' is no number: %s", key, f && f->text ? f->text : "no such fact");
    return f->integer;
}

static void assert_absent(const char *key, const char *why)
{
    const struct fact *f = facts_find(&facts, key);
    assert_non_null(f);
    assert_int_equal(f->kind, FACT_ABSENT);
    if (!strstr(f->text, why))
        fail_msg("'%s' does not say '%s'", f->text, why);
}

static void an_image_is_what_its_build_left_in_it(void **state)
{
    (void)state;
    image_capture(root, DIGEST, &facts);
    assert_string_equal(text("digest"), DIGEST);
    assert_string_equal(text("content_sha256"), "00000000000000000000000000000000000000000000000000000000000000aa");
    assert_string_equal(text("base_name"), "tare-base:trixie");
    assert_string_equal(text("suite"), "trixie");
    assert_string_equal(text("compiler"), "gcc (Debian 14.2.0-19) 14.2.0");
    assert_string_equal(text("revision"), "0123456789ab");
    assert_int_equal(number("python_pgo"), 1);
    assert_int_equal(number("source_date_epoch"), 1760000000);
    assert_int_equal(number("packages"), 2);
}

/* The oracle is sha256sum(1). */
static void the_packages_hash_is_that_of_their_list(void **state)
{
    (void)state;
    image_capture(root, NULL, &facts);
    assert_string_equal(text("packages_sha256"), "c2b462f1568b7eaf457330a6a6bf1a19cb22a4079056344a983d150d56d6add4");
}

static void what_the_build_was_not_told_is_absent_with_that_reason(void **state)
{
    (void)state;
    image_capture(root, NULL, &facts);
    assert_absent("base_digest", "the build of this image did not record it");
}

static void a_digest_that_nobody_handed_in_is_absent_and_the_remedy_is_named(void **state)
{
    (void)state;
    image_capture(root, NULL, &facts);
    assert_absent("digest", "unknown inside a container unless it is passed in");
    facts_free(&facts);
    image_capture(root, "", &facts);
    assert_absent("digest", "-e TARE_IMAGE_DIGEST=");
}

static void a_digest_may_have_the_image_s_name_before_it(void **state)
{
    (void)state;
    image_capture(root, "example.org/tare@" DIGEST, &facts);
    assert_string_equal(text("digest"), "example.org/tare@" DIGEST);
}

static void what_is_no_digest_is_not_taken_for_one(void **state)
{
    static const char *const BAD[] = {"latest",   "sha256:", "sha256:d7e1", "sha512:" DIGEST,
                                      DIGEST "0", "@",       "sha256:G"};
    (void)state;
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        image_capture(root, BAD[i], &facts);
        assert_absent("digest", "what is allowed is sha256:<64 hex digits>");
        assert_absent("digest", BAD[i]);
        facts_free(&facts);
    }
}

static void packages_that_were_changed_since_the_build_have_no_hash(void **state)
{
    (void)state;
    fixture_write(root, "/var/lib/dpkg/status", "Package: base-files\n\nPackage: vim\n");
    image_capture(root, NULL, &facts);
    assert_absent("packages_sha256", "packages were changed after the image was built");
    assert_absent("packages", "/var/lib/dpkg/status");
}

static void a_list_of_packages_that_is_gone_has_no_hash(void **state)
{
    (void)state;
    fixture_remove(root, "/usr/local/share/tare/image/packages");
    image_capture(root, NULL, &facts);
    assert_absent("packages_sha256", "No such file");
}

static void outside_of_an_image_there_is_one_fact_and_it_says_so(void **state)
{
    (void)state;
    fixture_remove(root, "/usr/local/share/tare/image/facts");
    image_capture(root, DIGEST, &facts);
    assert_int_equal(facts.count, 1);
    assert_absent("image", "not in an image of tare");
}

int main(void)
{
#define image_test(f) cmocka_unit_test_setup_teardown(f, open_image, close_image)
    const struct CMUnitTest tests[] = {
        image_test(an_image_is_what_its_build_left_in_it),
        image_test(the_packages_hash_is_that_of_their_list),
        image_test(what_the_build_was_not_told_is_absent_with_that_reason),
        image_test(a_digest_that_nobody_handed_in_is_absent_and_the_remedy_is_named),
        image_test(a_digest_may_have_the_image_s_name_before_it),
        image_test(what_is_no_digest_is_not_taken_for_one),
        image_test(packages_that_were_changed_since_the_build_have_no_hash),
        image_test(a_list_of_packages_that_is_gone_has_no_hash),
        image_test(outside_of_an_image_there_is_one_fact_and_it_says_so),
    };
    return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}

/* What of the Python packages differs between records of a bundle and those that were made of it here. */
#include "bundle/hostdiff.h"

#include "base/err.h"
#include "base/text.h"
#include "record/records.h"
#include "tests/unit/fixture.h"
#include "tests/unit/near.h"

#include <limits.h>
#include <string.h>

static int made;

/* A record of a plan's cell in a folder. */
static void shelve_runtime(const char *folder, const char *cell, const char *runtime)
{
    char path[64];
    struct text t = {0};
    text_add(&t,
             "{\"schema\": \"tare.record/1\", \"id\": \"id-%d\", \"host\": {}, \"plan\": {\"cell\": \"%s\"}, "
             "\"scenario\": {\"name\": \"x\", \"mode\": \"threads\"}, \"runtime\": {%s}, "
             "\"termination\": {\"reason\": \"ok\"}, \"result\": {\"avg_iter_s\": 1}}",
             made, cell, runtime);
    text_format(path, sizeof(path), "/%s/%d.json", folder, made++);
    fixture_write(fixture_root, path, t.data);
    text_free(&t);
}

/* packages: JSON, or "null". */
static void shelve(const char *folder, const char *cell, const char *packages)
{
    struct text t = {0};
    text_add(&t, "\"name\": \"3.14t\", \"packages\": %s%s", packages,
             strcmp(packages, "null") == 0 ? ", \"packages_reason\": \"who knows\"" : ", \"packages_omitted\": 0");
    shelve_runtime(folder, cell, t.data);
    text_free(&t);
}

/* "field: theirs; here|": all that differs. */
static void expect(const char *wanted)
{
    struct records side[2] = {0};
    struct hostdiff d = {0};
    struct text said = {0};
    static const char *const FOLDERS[] = {"theirs", "here"};
    for (int i = 0; i < 2; i++) {
        struct err e = {0};
        char path[PATH_MAX + 16];
        text_format(path, sizeof(path), "%s/%s", fixture_root, FOLDERS[i]);
        if (records_read(&side[i], path, &e) != 0)
            fail_msg("%s", e.text);
    }
    hostdiff_take_runtimes(&side[0], &side[1], &d);
    text_add(&said, "%s", "");
    for (size_t i = 0; i < d.count; i++)
        text_add(&said, "%s: %s; %s|", d.list[i].field, d.list[i].theirs, d.list[i].here);
    assert_string_equal(said.data ? said.data : "", wanted);
    text_free(&said);
    hostdiff_free(&d);
    records_free(&side[0]);
    records_free(&side[1]);
}

#define NUMPY(version) "{\"numpy\": {\"version\": \"" version "\"}}"

static void another_version_is_told_once(void **state)
{
    (void)state;
    shelve("theirs", "a", NUMPY("2.1"));
    shelve("here", "a", NUMPY("2.2"));
    shelve("here", "a", NUMPY("2.2"));
    expect("3.14t packages.numpy.version: 2.1; 2.2|");
}

static void what_one_side_lacks_differs(void **state)
{
    (void)state;
    shelve("theirs", "a", "{\"left\": {\"version\": \"1\"}}");
    shelve("here", "a", "{\"right\": {\"version\": \"1\"}}");
    expect("3.14t packages.right.version: not installed; 1|3.14t packages.left.version: 1; not installed|");
}

static void the_same_and_what_is_not_known_do_not(void **state)
{
    (void)state;
    shelve("theirs", "a", NUMPY("2.1"));
    shelve("here", "a", NUMPY("2.1"));
    shelve("theirs", "b", "null");
    shelve("here", "b", NUMPY("2.2"));
    expect("");
}

static void another_interpreter_of_the_same_name_and_another_program_are_told(void **state)
{
    (void)state;
    shelve_runtime("theirs", "a",
                   "\"name\": \"3.14\", \"version\": \"3.14.5\", \"sha256\": \"aa\", "
                   "\"build\": {\"features\": \"plain\"}");
    shelve_runtime("here", "a",
                   "\"name\": \"3.14\", \"version\": \"3.14.6\", \"sha256\": \"bb\", "
                   "\"build\": {\"features\": \"pgo\"}");
    shelve_runtime("theirs", "sum", "\"name\": \"command\", \"sha256\": \"cc\"");
    shelve_runtime("here", "sum", "\"name\": \"command\", \"sha256\": \"dd\"");
    shelve_runtime("theirs", "same", "\"name\": \"command\", \"sha256\": \"cc\"");
    shelve_runtime("here", "same", "\"name\": \"command\", \"sha256\": \"cc\"");
    expect("3.14 version: 3.14.5; 3.14.6|3.14 sha256: aa; bb|3.14 build.features: plain; pgo|sum sha256: cc; dd|");
}

int main(void)
{
#define TEST(name) fixture_rooted(name)
    const struct CMUnitTest tests[] = {
        TEST(another_version_is_told_once),
        TEST(what_one_side_lacks_differs),
        TEST(the_same_and_what_is_not_known_do_not),
        TEST(another_interpreter_of_the_same_name_and_another_program_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

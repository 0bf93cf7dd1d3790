/* What an interpreter's own map says of its functions: it is the weighed program's to write. */
#include "launch/frames.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "tests/unit/fixture.h"

#define NOBODY 65534

/* This process is the traced one: its map lies in the /tmp that it sees. */
static const char *map_path(void)
{
    static char path[64];
    text_format(path, sizeof(path), "/tmp/perf-%d.map", (int)getpid());
    return path;
}

static int remove_map(void **state)
{
    (void)state;
    (void)unlink(map_path());
    return 0;
}

static struct frames *frames_of(const struct text *map)
{
    assert_int_equal(file_replace(map_path(), map->data, map->len, NULL), 0);
    struct frames *f = frames_open(getpid());
    frames_read_python(f);
    return f;
}

static void a_function_has_the_name_that_its_interpreter_gave_it(void **state)
{
    cleanup_text struct text map = {0};
    (void)state;
    text_add(&map, "10 8 py::work:/a/w.py\n20 8 other\nnonsense\n");
    struct frames *f = frames_of(&map);
    assert_null(frames_no_python(f));
    assert_string_equal(frames_at(f, 0x12, false).name, "work");
    assert_string_equal(frames_at(f, 0x12, false).file, "/a/w.py");
    assert_int_equal(frames_at(f, 0x12, false).place, FRAME_PYTHON);
    assert_int_equal(frames_at(f, 0x22, false).place, FRAME_UNKNOWN);
    assert_int_not_equal(access(map_path(), F_OK), 0); /* nothing is left */
    frames_free(f);
}

/* The record of --why has a thousand of them, and has to be read again. */
static void a_name_of_any_length_is_kept_short(void **state)
{
    cleanup_text struct text map = {0};
    (void)state;
    text_add(&map, "10 8 py::");
    for (int i = 0; i < 1 << 20; i++)
        text_add_bytes(&map, "n", 1);
    text_add(&map, ":/");
    for (int i = 0; i < 1 << 20; i++)
        text_add_bytes(&map, "f", 1);
    text_add(&map, "\n");
    struct frames *f = frames_of(&map);
    assert_in_range(strlen(frames_at(f, 0x12, false).name), 200, 512);
    assert_in_range(strlen(frames_at(f, 0x12, false).file), 1000, 4096);
    frames_free(f);
}

static void more_functions_than_any_program_has_are_not_read(void **state)
{
    cleanup_text struct text map = {0};
    (void)state;
    for (int i = 0; i < (1 << 20) + 2; i++)
        text_add_bytes(&map, "1 1 py::\n", 9);
    struct frames *f = frames_of(&map);
    assert_non_null(strstr(frames_no_python(f), "names more functions than are read"));
    frames_free(f);
}

static void a_map_of_another_users_is_not_believed(void **state)
{
    cleanup_text struct text map = {0};
    (void)state;
    if (geteuid() != 0)
        fixture_skip("only root can give a file to another user");
    text_add(&map, "10 8 py::forged:/a/w.py\n");
    assert_int_equal(file_replace(map_path(), map.data, map.len, NULL), 0);
    assert_int_equal(chown(map_path(), NOBODY, NOBODY), 0);
    struct frames *f = frames_open(getpid());
    frames_read_python(f);
    assert_non_null(strstr(frames_no_python(f), "is another user's"));
    assert_int_equal(frames_at(f, 0x12, false).place, FRAME_UNKNOWN);
    assert_int_equal(access(map_path(), F_OK), 0); /* and is his */
    frames_free(f);
}

#define own_map(test) cmocka_unit_test_setup_teardown(test, remove_map, remove_map)

int main(void)
{
    const struct CMUnitTest tests[] = {
        own_map(a_function_has_the_name_that_its_interpreter_gave_it),
        own_map(a_name_of_any_length_is_kept_short),
        own_map(more_functions_than_any_program_has_are_not_read),
        own_map(a_map_of_another_users_is_not_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

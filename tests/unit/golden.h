/* golden: a text against tests/golden/NAME.txt; with UPDATE_GOLDEN=1 in the environment the file is written anew. */
#ifndef TARE_TESTS_GOLDEN_H
#define TARE_TESTS_GOLDEN_H

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/text.h"
#include "tests/unit/fixture.h"

/* Where two texts part: the line's number, both lines to stderr. */
static inline void golden_say_difference(const char *name, const char *got, const char *wanted)
{
    unsigned line = 1;
    while (*got && *got == *wanted) {
        line += *got == '\n';
        got++;
        wanted++;
    }
    while (line > 1 && got[-1] != '\n') {
        got--;
        wanted--;
    }
    (void)fprintf(stderr, "%s.txt, line %u\n  is:     %.*s\n  wanted: %.*s\n", name, line, (int)strcspn(got, "\n"), got,
                  (int)strcspn(wanted, "\n"), wanted);
}

static inline void golden_check(const char *name, const char *text)
{
    char path[PATH_MAX];
    struct text wanted = {0};
    const char *update = getenv("UPDATE_GOLDEN");
    text_format(path, sizeof(path), "%s/golden/%s.txt", fixture_tests_dir(), name);
    if (update && strcmp(update, "1") == 0)
        assert_int_equal(file_replace(path, text, strlen(text), NULL), 0);
    assert_int_equal(file_read_all("", path, &wanted), 0);
    bool same = wanted.data && strcmp(text, wanted.data) == 0;
    if (!same && wanted.data)
        golden_say_difference(name, text, wanted.data);
    text_free(&wanted);
    assert_true(same);
}

/* Every line has at most `width` characters (UTF-8). */
static inline void golden_fits(const char *text, size_t width)
{
    for (size_t len; *text; text += len + (text[len] == '\n')) {
        size_t characters = 0;
        len = strcspn(text, "\n");
        for (size_t i = 0; i < len; i++)
            characters += ((unsigned char)text[i] & 0xc0) != 0x80;
        if (characters > width)
            fail_msg("%zu characters: %.*s", characters, (int)len, text);
    }
}

#endif

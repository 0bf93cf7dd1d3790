/* interpreters: the places of this host where Python interpreters lie, in the order in which they are looked through:
 * the cache of scripts/build-python, uv's folder, pyenv's, PATH. runtime.c asks what lies there what it is. */
#ifndef TARE_INTERPRETERS_H
#define TARE_INTERPRETERS_H

#include <stdbool.h>
#include <stddef.h>

/* The name of a build: "3.14", or "3.14t" for the free-threaded one. */
struct interpreter_name {
    int major, minor;
    bool free_threaded;
};

/* Reads "3.14" or "3.14t". false: it is not such a name. */
bool interpreter_name_parse(const char *text, struct interpreter_name *ret);

/* Whether tare can weigh it: CPython from 3.12 on, free-threaded from 3.13 on. */
bool interpreter_name_is_supported(const struct interpreter_name *name);

/* One file that may be an interpreter; place: "the cache /x", "uv", "pyenv", "PATH". true: look no further. */
typedef bool interpreter_look(const char *path, const char *place, void *context);

/* Looks at each file of this name ("python3.14t"; with * and ?, as glob(7) has it) in each place; of one place with
 * several builds the newest file first. Files that cannot be executed are passed over. place_end, which may be NULL, is
 * called after each place that was looked through. Returns whether look said true. */
bool interpreters_each(const char *file, interpreter_look *look, void (*place_end)(const char *place, void *context),
                       void *context);

/* The same of what scripts/build-python --config made: a path names these, no name does, so that "3.14" is never a
 * build with a JIT. look's answer is not heeded. */
void interpreters_variants(const char *file, interpreter_look *look, void *context);

#endif

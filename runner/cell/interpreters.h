/* interpreters: the places where Python interpreters lie, in search order: the cache of scripts/build-python, uv's
 * folder, pyenv's, PATH. runtime.c asks each file what it is. */
#ifndef TARE_INTERPRETERS_H
#define TARE_INTERPRETERS_H

#include <stdbool.h>

/* A build's name: "3.14", or "3.14t" for the free-threaded one. */
struct interpreter_name {
    int major, minor;
    bool free_threaded;
};

/* Reads "3.14" or "3.14t". false: it is not such a name. */
bool interpreter_name_parse(const char *text, struct interpreter_name *ret);

/* Whether tare can weigh it: CPython from 3.12 on, free-threaded from 3.13 on. */
bool interpreter_name_is_supported(const struct interpreter_name *name);

/* Looks at a file that may be an interpreter. Returns true to stop the search. */
typedef bool interpreter_look(const char *path, void *context);

/* Calls look for each executable file of this name ("python3.14t"; glob(7)'s * and ? are allowed) in each place; in a
 * place with several builds the newest file first. It calls place_end (NULL is allowed) after each place: "the cache
 * /x", "uv", "pyenv", "PATH". Returns whether look returned true. */
bool interpreters_each(const char *file, interpreter_look *look, void (*place_end)(const char *place, void *context),
                       void *context);

/* The same for the builds of scripts/build-python --config, whatever look returns. Only a path names these, so that
 * "3.14" never means a build with a JIT. */
void interpreters_variants(const char *file, interpreter_look *look, void *context);

/* Whether scripts/build-python made this file, without --config. */
bool interpreters_is_built(const char *path);

#endif

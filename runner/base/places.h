/* places: where in a YAML text everything stands, so that a message can name line and column. The library that reads
 * plans into structures forgets that once it has read them. */
#ifndef TARE_PLACES_H
#define TARE_PLACES_H

#include <stddef.h>

struct err;

/* A value: of a key in a mapping, or an entry of a list. */
struct place {
    char *path;                  /* "cells[0].each.workers[1]": owned */
    char *key;                   /* the last key of the path: inside it */
    size_t key_line, key_column; /* of the key, from 1; of an entry as its value's */
    size_t line, column;         /* of the value, from 1 */
};

/* Starts as {0}; ended by places_free(). */
struct places {
    const char *name; /* of the text, as messages call it; the caller's */
    struct place *list;
    size_t count, cap;
};

/* Reads a text of `len` bytes: one document, a mapping. -EINVAL (usage): it is no YAML, it is empty, it has several
 * documents, a key that is no word, or is too deep; the message names the place. */
int places_read(const char *name, const char *bytes, size_t len, struct places *ret, struct err *e);

/* The place of a path; NULL: the text has no such thing. */
const struct place *places_find(const struct places *p, const char *path);

/* The first key of this name whose own place is at or behind this one. */
const struct place *places_key_behind(const struct places *p, const char *key, size_t line, size_t column);

/* Puts "NAME:LINE:COLUMN: " before the message, the place of the value of this path; without one "NAME: ". */
int places_blame(const struct places *p, const char *path, struct err *e);

void places_free(struct places *p);

#endif

/* records: a collection of records, read from files and folders. */
#ifndef TARE_RECORDS_H
#define TARE_RECORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/figure.h"
#include "base/json_scan.h"
#include "record/invocation.h"

struct err;

/* Starts as {0}, or with what the reader is to keep; ended with records_free(). */
struct records {
    struct invocation *list;
    size_t count;
    size_t others; /* .json files of a folder that are no records */
    struct reader reader;
    const char *only_label; /* those of this label alone; NULL: all */
    /* Called with each record that is added, while its text is at hand; NULL: not. */
    void (*each)(const struct invocation *one, struct json_span text, void *to);
    void *to;
};

/* Adds the record of this file; or of every *.json of this folder, in the order of their names; or else of its folder
 * "records" or "data/records" (a bundle's), and of the folders below that. A file given by name has to be a record; in
 * a folder, JSON of another schema is counted in `others`. -EINVAL (usage): cut off, of a newer schema, of a wrong
 * type, not finite, of a figure that is declared as another than in a record before, nested too deeply, a record twice
 * (its id), no record at all: one line with the file and the place. -ENOENT, …: it cannot be read. */
int records_read(struct records *r, const char *path, struct err *e);

/* The same of each of these paths. */
int records_read_all(struct records *r, const char *const *paths, size_t count, struct err *e);

/* The same of one file. 1: it was added, or is not of only_label; 0: JSON of another schema. -EINVAL (usage): it is no
 * whole record; -ENOTSUP (usage): one of a newer schema; other errors: it cannot be opened. Twins are not looked for.
 */
int records_read_file(struct records *r, const char *path, struct err *e);

/* By id, which is by time. */
void records_sort(struct records *r);

/* Forgets the one that was added last. */
void records_drop(struct records *r);

/* Forgets all but those of cells whose key has this value. */
void records_keep(struct records *r, const char *key, const char *value);

void records_free(struct records *r);

/* What a figure is: as its records declare it, else by its name. */
struct figure_about records_about(const struct records *r, const char *name);

/* The index of a figure's name, or -1. */
int records_figure(const struct records *r, const char *name);

#endif

/* records: a collection of records, read from files and folders. */
#ifndef TARE_RECORDS_H
#define TARE_RECORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/figure.h"
#include "base/json_scan.h"
#include "record/invocation.h"

struct err;

/* Starts as {0}, or with the reader's settings; ended with records_free(). */
struct records {
    struct invocation *list;
    size_t count;
    struct reader reader;
    const char *only_label; /* keep only this label's; NULL: all */
    /* Called for each added record, with its text; not by records_take(). NULL is allowed. */
    void (*each)(const struct invocation *one, struct json_span text, void *to);
    void *to;
};

/* Adds the record in a file, or the records of a folder: every *.json in it, in the order of their names; without any,
 * those in its folder "records" or "data/records" (a bundle's) and in the folders below that. A file must be a record;
 * in a folder, JSON of another schema is passed over. -EINVAL (usage): cut off, a newer schema, a wrong type, not
 * finite, nested too deeply, a figure that an earlier record declares differently, two records with one id, or no
 * record at all; one line names the file and the place. -ENOENT, …: it cannot be read. */
int records_read(struct records *r, const char *path, struct err *e);

/* The same for several paths. */
int records_read_all(struct records *r, const char *const *paths, size_t count, struct err *e);

/* The same for one file. 1: it was added, or has another label than only_label. 0: JSON of another schema. -EINVAL
 * (usage): not a complete record. -ENOTSUP (usage): a newer schema. Other errors: it cannot be opened. It does not look
 * for two records with one id. */
int records_read_file(struct records *r, const char *path, struct err *e);

/* The same for a file whose content the caller has put into r->reader.text. path: for messages, and the record's. */
int records_take(struct records *r, const char *path, struct err *e);

/* -EINVAL (usage): two records have one id; a copy would count as another invocation. */
int records_refuse_twins(const struct records *r, struct err *e);

/* Sorts by id, which is by time. */
void records_sort(struct records *r);

/* Removes the last record. */
void records_drop(struct records *r);

/* Keeps only the records whose cell has this value for the key. */
void records_keep(struct records *r, const char *key, const char *value);

/* Adds every figure of every record as CSV (RFC 4180), one row per record. The columns: the record's identity, the
 * cells' keys, each figure. An absent value is an empty field, and the last column gives the reason of the row's first
 * one. */
void records_csv(const struct records *r, struct text *out);

void records_free(struct records *r);
#define cleanup_records __attribute__((cleanup(records_free)))

/* Their different environments; the caller ends them with keysets_free(). */
struct keysets records_environments(const struct records *r);

/* Describes a figure: as its records declare it, else by its name. */
struct figure_about records_about(const struct records *r, const char *name);

/* The index of a figure's name, or -1. */
int records_figure(const struct records *r, const char *name);

#endif

/* output: where a command's records go: a file, a folder, standard output. */
#ifndef TARE_OUTPUT_H
#define TARE_OUTPUT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "cell/config.h"
#include "record/record.h"

struct err;
struct text;

/* Where records go, held from before the run to after it: whoever swaps a name for a link meanwhile leads nothing
 * astray. */
struct output_places {
    const struct output *asked;
    int json_fd; /* the folder of the file; -1: there is none */
    char json[NAME_MAX + 1];
    int dir_fd;       /* -1: there is none */
    size_t dir_there; /* of the folder's path: what was there before */
};

/* Whether a record will be written anywhere. */
bool output_wanted(const struct output *out);
bool output_on_stdout(const struct output *out);

/* Opens, before anything runs, where records will go, makes the folder, and tries to write there. -EACCES and the like
 * (usage); -EPERM (usage): what the cell may write to (--rw) shows a place of theirs. The caller ends it with
 * output_close(), and keeps out. */
int output_open(const struct output *out, const struct cell *cell, struct output_places *ret, struct err *e);

/* -EPERM (usage) where --rw of the cell shows the folder, or is shown by it; where file is not NULL, where it shows
 * that file of the folder. said: the output as the user named it. */
int output_refuse_writable(const struct cell *cell, int dirfd, const char *file, const char *said, struct err *e);

/* Writes the record into the folder and the file, where they are named; standard output is the caller's. */
int output_save(const struct record *r, const struct output_places *places, struct err *e);

/* What --why leaves beside a record: NAME.why.json beside NAME.json. */
#define OUTPUT_WHY ".why.json"

/* Whether a file of this name is that. */
bool output_is_why(const char *name);

/* Its name, or path, by that of its record, which has room for sizeof(OUTPUT_WHY) more in buf. */
void output_why_of(const char *record, char *buf, size_t cap);

/* Writes what belongs to a record of --why beside it, where records are written: in the folder, and beside the file. */
int output_save_why(const char *id, const struct text *content, const struct output_places *places, struct err *e);

/* A folder that was made and got nothing goes with it. */
void output_close(struct output_places *places);

#endif

/* output: writes a command's records: into a file, a folder, or standard output. */
#ifndef TARE_OUTPUT_H
#define TARE_OUTPUT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "cell/config.h"
#include "record/record.h"

struct err;
struct text;

/* Where records go. The descriptors are held through the whole run, so that nobody can redirect a record by swapping a
 * name for a link. */
struct output_places {
    const struct output *asked;
    int json_fd; /* the folder of the file; -1: none */
    char json[NAME_MAX + 1];
    int dir_fd;       /* -1: none */
    size_t dir_there; /* length of the part of the folder's path that existed before */
};

/* Whether a record will be written anywhere. */
bool output_wanted(const struct output *out);
bool output_on_stdout(const struct output *out);

/* Before the run: makes the folder, opens where records will go, and tries to write there. -EACCES, … (usage). -EPERM
 * (usage): the workload could write there (--rw). The caller ends it with output_close(), and keeps `out` until then.
 */
int output_open(const struct output *out, const struct cell *cell, struct output_places *ret, struct err *e);

/* -EPERM (usage): a --rw path of the cell contains the folder or lies in it; with file (NULL is allowed) also if it
 * contains that file of the folder. said: the output as the user named it. */
int output_refuse_writable(const struct cell *cell, int dirfd, const char *file, const char *said, struct err *e);

/* -EINVAL (usage): `output`, which `option` named, is the scenario's file or a program of it, and would replace that.
 */
int output_refuse_scenario(const char *option, const char *output, const struct scenario *s, struct err *e);

/* Writes the record into the folder and the file, if they are named. Standard output is left to the caller. */
int output_save(const struct record *r, const struct output_places *places, struct err *e);

/* What --why leaves beside a record: NAME.why.json beside NAME.json. */
#define OUTPUT_WHY ".why.json"

/* Whether a file of this name is that. */
bool output_is_why(const char *name);

/* Its name, or path, by that of its record, which has room for sizeof(OUTPUT_WHY) more in buf. */
void output_why_of(const char *record, char *buf, size_t cap);

/* Writes what belongs to a record of --why beside it, where records are written: in the folder, and beside the file. */
int output_save_why(const char *id, const struct text *content, const struct output_places *places, struct err *e);

/* Closes the places, and removes a folder that output_open() made and that is still empty. */
void output_close(struct output_places *places);

#endif

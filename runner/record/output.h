/* output: where a command's records go: a file, a folder, standard output. */
#ifndef TARE_OUTPUT_H
#define TARE_OUTPUT_H

#include <stdbool.h>

#include "config/config.h"
#include "record/record.h"

struct err;

/* Whether a record will be written anywhere. */
bool output_wanted(const struct output *out);
bool output_on_stdout(const struct output *out);

/* Tries, before anything runs, where records will go, and leaves nothing there. -EACCES and the like (usage). */
int output_probe(const struct output *out, struct err *e);

/* Writes the record into the folder, which it makes, and the file, where they are named; standard output is the
 * caller's. */
int output_save(const struct record *r, const struct output *out, struct err *e);

#endif

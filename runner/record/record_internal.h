/* What the files of one record.json are to one another. */
#ifndef TARE_RECORD_INTERNAL_H
#define TARE_RECORD_INTERNAL_H

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>

#include "record/record.h"

/* Takes the value over. What cannot be written is found by ferror() at the end. flags: jansson's of encoding. */
void record_write_value(FILE *out, json_t *value, size_t flags);

/* `,"memory": {...}`, a line a sample, so that a long run's never stand in memory as a tree. */
void record_write_memory(const struct record *r, FILE *out);

/* `,"growth": {...}`, of profile growth alone. */
void record_write_growth(const struct record *r, FILE *out);

#endif

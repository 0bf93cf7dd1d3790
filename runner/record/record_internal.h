/* record_internal: shared by the files that write record.json. */
#ifndef TARE_RECORD_INTERNAL_H
#define TARE_RECORD_INTERNAL_H

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>

#include "record/record.h"

/* Writes the value and releases it. Failures show in ferror() at the end. flags: jansson's encoding flags. */
void record_write_value(FILE *out, json_t *value, size_t flags);

/* Writes `,"memory": {...}`, one line per sample: a long run's samples never stand in memory as a tree. */
void record_write_memory(const struct record *r, FILE *out);

/* Writes `,"growth": {...}` for profile growth; nothing for the others. */
void record_write_growth(const struct record *r, FILE *out);

#endif

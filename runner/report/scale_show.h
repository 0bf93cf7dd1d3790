/* scale_show: what `scaling` found, as tables, in words, as text and as JSON. Computes nothing. */
#ifndef TARE_SCALE_SHOW_H
#define TARE_SCALE_SHOW_H

#include <stddef.h>

#include "analysis/scaling.h"
#include "report/table.h"

#define SCALE_SCHEMA "tare.scale/1"

struct json_t;
struct text;

/* Adds what a curve is called: of one sweep its mode and interpreter; of several what its cells have in common. */
void scale_curve_name(const struct scaling *s, const struct scaling_curve *c, struct text *out);

/* A row for each mode and number of workers. The scaling has to outlive it, as that of all that follows. */
struct table scale_table_speed_up(const struct scaling *s);

/* A row for each number of threads and part of what they lose. */
struct table scale_table_losses(const struct scaling *s);

/* For who has never seen such a split: a sentence a line, at the most threads; "" where nothing is split. What has to
 * be said with it is a line each that begins with "* ". */
void scale_say(const struct scaling *s, struct text *out);

/* Tables, notes and words. width: characters of a line. */
void scale_text(const struct scaling *s, size_t width, struct text *out);

/* Schema tare.scale/1 (tare-scale.schema.json): every number in full, what is none is null with its reason. why: the
 * tare.why/1 of the most threads, which it takes over; NULL: there is none, for the reason no_why. */
void scale_json(const struct scaling *s, struct json_t *why, const char *no_why, struct text *out);

#endif

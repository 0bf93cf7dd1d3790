/* drawing: one figure as its data and the gnuplot commands that draw it, in one style for all. Pure. */
#ifndef TARE_DRAWING_H
#define TARE_DRAWING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct drawing {
    char *name;       /* of [a-z0-9-]: its files' */
    char *title;      /* a sentence without its stop */
    char *alt;        /* what there is to be seen, in words */
    char *cell;       /* the id of the cell that it shows; NULL: several */
    struct text data; /* NAME.dat: a line of column names, then lines of numbers and ids, for gnuplot and pgfplots */
    struct text plot; /* gnuplot's commands, which read NAME.dat */
    double width_cm, height_cm;
};

/* All of its texts are owned. Starts as {0}. */
struct drawings {
    struct drawing *list;
    size_t count;
    size_t left_out; /* cells: above DRAWING_ROWS_MAX, so many that nothing is drawn of them; 0: all is drawn */
};

/* What a figure has side by side at most, 327 cm high: cairo's images have up to 32,767 points, and PNGs 100 a cm. */
#define DRAWING_ROWS_MAX 270
/* Then this is said, of left_out and that. */
#define DRAWING_NONE "Nothing is drawn: %zu cells side by side are more than the %d that one figure holds"

void drawings_free(struct drawings *d);

/* A new one at the end, with these texts, which are a line each, and the style's commands in its plot; valid until the
 * next is added. */
struct drawing *drawing_add(struct drawings *d, const char *name, const char *title);

/* As many digits as it takes to read the same number back; "nan" for none, which both programs leave out. */
void drawing_number(struct text *data, double value);

/* A text for gnuplot in single quotes, in which nothing is expanded. An apostrophe becomes a typographic one: gnuplot
 * ends the text at a doubled one that is its first character or follows another (its scanner.c), and what comes after
 * would be commands. */
void drawing_quote(struct text *plot, const char *text);

/* Truth: the values span a decade, all of them above 0; not finite ones do not count. */
bool drawing_spans_decades(const double *value, size_t count);

/* Okabe and Ito's palette, which the colour-blind tell apart (Color Universal Design, 2008), without the yellow:
 * "#0072B2" and so on, over again after seven. */
const char *drawing_colour(size_t i);

#endif

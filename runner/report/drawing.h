/* drawing: a figure as data and gnuplot commands, in one common style. Pure. */
#ifndef TARE_DRAWING_H
#define TARE_DRAWING_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct drawing {
    char *name;       /* of [a-z0-9-]; names its files */
    char *title;      /* a sentence without full stop */
    char *alt;        /* the alternative text: what the figure shows */
    char *cell;       /* the id of the cell shown; NULL: several */
    struct text data; /* NAME.dat: a line of column names, then lines of numbers and ids, for gnuplot and pgfplots */
    struct text plot; /* gnuplot commands that read NAME.dat */
    struct text svg;  /* as gnuplot_svg() drew it; data NULL: it did not */
    double width_cm, height_cm;
};

/* Owns all its texts. Starts as {0}. */
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
#define cleanup_drawings __attribute__((cleanup(drawings_free)))

/* Appends a drawing with these texts, each on one line, and the common style in its plot. It is valid until the next
 * one is added. */
struct drawing *drawing_add(struct drawings *d, const char *name, const char *title);

/* Adds a blank and a number with enough digits to read back the same value; "nan" for none, which gnuplot and pgfplots
 * leave out.
 */
void drawing_number(struct text *data, double value);

/* Adds a text in single quotes, in which gnuplot expands nothing. An apostrophe becomes a typographic one: gnuplot ends
 * the text at a doubled apostrophe that is its first character or follows another (its scanner.c), and would execute
 * what follows. */
void drawing_quote(struct text *plot, const char *text);

/* How far what is drawn reaches along an axis. Starts as DRAWING_NO_SPAN; values that are not finite do not count. */
struct drawing_span {
    double low, high;
};
#define DRAWING_NO_SPAN ((struct drawing_span){INFINITY, -INFINITY})
void drawing_widen(struct drawing_span *s, double value);

/* Whether it is a decade and all of it above 0. */
bool drawing_spans_decades(const struct drawing_span *s);

/* The i-th colour ("#0072B2") of Okabe and Ito's palette for colour-blind readers (Color Universal Design, 2008)
 * without yellow; it repeats after seven. */
const char *drawing_colour(size_t i);

#endif

#include "report/drawing.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"

static const char STYLE[] = "reset\n"
                            "set encoding utf8\n"
                            "set datafile columnheaders\n"
                            "set datafile missing 'nan'\n"
                            "set border 3 linewidth 0.75\n"
                            "set tics nomirror out scale 0.6\n"
                            "set key outside top center horizontal samplen 2 width 1 noenhanced\n"
                            "set style fill solid 0.35 noborder\n"
                            "set errorbars small\n"
                            "end_of(name) = column(name)\n"
                            "set grid xtics ytics linecolor rgb '#aaaaaa' linewidth 0.4 dashtype 3\n";

void drawings_free(struct drawings *d)
{
    for (size_t i = 0; i < d->count; i++) {
        free(d->list[i].name);
        free(d->list[i].title);
        free(d->list[i].alt);
        free(d->list[i].cell);
        text_free(&d->list[i].data);
        text_free(&d->list[i].plot);
        text_free(&d->list[i].svg);
    }
    free(d->list);
    *d = (struct drawings){0};
}

struct drawing *drawing_add(struct drawings *d, const char *name, const char *title)
{
    d->list = xgrow(d->list, d->count, sizeof(*d->list));
    struct drawing *one = &d->list[d->count++];
    char *line = xstrdup(title);
    *one = (struct drawing){.name = xstrdup(name), .title = line, .width_cm = 15, .height_cm = 7};
    for (char *c = line; *c; c++) /* gnuplot would take a second line as a command */
        *c = (char)((unsigned char)*c < ' ' || *c == '\\' || *c == '`' ? ' ' : *c);
    text_add(&one->plot, "# %s. Drawn by gnuplot 5.4 or newer: gnuplot -p %s.gp\n%s", one->title, name, STYLE);
    return one;
}

void drawing_number(struct text *data, double value)
{
    text_add(data, isfinite(value) ? " " : " nan");
    if (isfinite(value))
        text_add_exact(data, value);
}

void drawing_quote(struct text *plot, const char *text)
{
    text_add(plot, "'");
    for (; *text; text++) {
        bool control = (unsigned char)*text < ' ' || *text == 127;
        if (*text == '\'')
            text_add(plot, "\u2019");
        else
            text_add_bytes(plot, control ? " " : text, 1);
    }
    text_add(plot, "'");
}

void drawing_widen(struct drawing_span *s, double value)
{
    s->low = isfinite(value) ? fmin(s->low, value) : s->low;
    s->high = isfinite(value) ? fmax(s->high, value) : s->high;
}

bool drawing_spans_decades(const struct drawing_span *s)
{
    return s->low > 0 && s->high >= 10 * s->low;
}

const char *drawing_colour(size_t i)
{
    static const char *const COLOURS[] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#777777"};
    return COLOURS[i % ARRAY_LEN(COLOURS)];
}

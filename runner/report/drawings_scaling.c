/* A figure over the number of workers: a line for each set of cells that differ in that alone. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/cells.h"
#include "base/cleanup.h"
#include "report/drawings.h"

/* Cells that differ in their workers alone. */
struct curve {
    const struct study_cell **cell; /* ascending by workers, as the study has them; owned */
    size_t cells;
};

static size_t curves_of(const struct study *s, bool memory, struct curve *ret)
{
    size_t n = 0;
    for (size_t i = 0; i < s->cells; i++) {
        const struct study_cell *c = &s->cell[i];
        size_t k = 0;
        if (study_is_memory(c) != memory || isnan(c->workers))
            continue;
        while (k < n && !cells_alike(ret[k].cell[0]->cell, c->cell, "workers"))
            k++;
        if (k == n)
            ret[n++] = (struct curve){calloc(s->cells, sizeof(*ret->cell)), 0}; /* NOLINT(bugprone-sizeof-expression) */
        if (!ret[k].cell)
            abort();
        ret[k].cell[ret[k].cells++] = c;
    }
    return n;
}

/* The label without its workers. */
static void say_curve(const struct curve *l, struct text *out)
{
    const char *label = l->cell[0]->label, *workers = strstr(label, ", workers ");
    text_add(out, "%.*s", workers ? (int)(workers - label) : (int)strlen(label), label);
    if (workers)
        text_add(out, "%s", workers + 10 + strcspn(workers + 10, ","));
}

static int compare_values(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static size_t workers_of(const struct curve *curve, size_t curves, double *ret)
{
    size_t n = 0, kept = 0;
    for (size_t i = 0; i < curves; i++)
        for (size_t k = 0; k < curve[i].cells; k++)
            ret[n++] = curve[i].cell[k]->workers;
    qsort(ret, n, sizeof(*ret), compare_values);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || ret[i] != ret[kept - 1])
            ret[kept++] = ret[i];
    return kept;
}

static void add_value(struct drawing *d, const struct study *s, const struct curve *l, double workers,
                      const char *figure, double **value)
{
    const struct study_figure *f = NULL;
    double at[3] = {NAN, NAN, NAN};
    for (size_t i = 0; i < l->cells; i++)
        if (l->cell[i]->workers == workers)
            f = study_figure(s, l->cell[i], figure);
    if (f && f->used) {
        double scale = study_unit(s, figure).scale;
        at[0] = f->is.mean.at * scale;
        at[1] = f->is.mean.why_not ? at[0] : f->is.mean.low * scale;
        at[2] = f->is.mean.why_not ? at[0] : f->is.mean.high * scale;
    }
    for (size_t i = 0; i < ARRAY_LEN(at); i++) {
        text_add(&d->data, " ");
        drawing_number(&d->data, at[i]);
        *(*value)++ = at[i];
    }
}

static void draw(struct drawings *all, const struct study *s, const struct curve *curve, size_t curves,
                 const double *workers, size_t count, const char *figure)
{
    struct study_unit u = study_unit(s, figure);
    struct text name = {0}, title = {0}, alt = {0};
    cleanup_free double *value = calloc(3 * curves * count + 1, sizeof(*value));
    double *next = value;
    if (!value)
        abort();
    text_add(&name, "scaling-%s", strcmp(figure, "pss_bytes") == 0 ? "memory" : "time");
    text_add(&title, "Scaling by workers: %s", u.title);
    struct drawing *d = drawing_add(all, name.data, title.data);
    text_add(&d->data, "workers");
    for (size_t i = 0; i < curves; i++)
        text_add(&d->data, " mean_%zu low_%zu high_%zu", i + 1, i + 1, i + 1);
    text_add(&d->data, "\n");
    for (size_t k = 0; k < count; k++) {
        drawing_number(&d->data, workers[k]);
        for (size_t i = 0; i < curves; i++)
            add_value(d, s, &curve[i], workers[k], figure, &next);
        text_add(&d->data, "\n");
    }
    text_add(&alt, "%s over %zu numbers of workers, from %g to %g, a line each for ", u.title, count, workers[0],
             workers[count - 1]);
    drawings_y_axis(d, value, (size_t)(next - value));
    text_add(&d->plot, "set logscale x 2\nset xlabel 'workers'\nset ylabel '%s [%s]'\nset xtics (", u.title, u.unit);
    for (size_t k = 0; k < count; k++)
        text_add(&d->plot, "%s%g", k ? ", " : "", workers[k]);
    text_add(&d->plot, ")\nplot ");
    for (size_t i = 0; i < curves; i++) {
        struct text label = {0};
        say_curve(&curve[i], &label);
        text_add(&alt, "%s%s", i ? ", " : "", label.data);
        text_add(
            &d->plot,
            "%s'%s%s' using 'workers':'mean_%zu':'low_%zu':'high_%zu' with yerrorlines pointtype %zu pointsize 0.6 "
            "linewidth 1.5 linecolor rgb '%s' title ",
            i ? ", \\\n     " : "", i ? "" : name.data, i ? "" : ".dat", i + 1, i + 1, i + 1, 5 + 2 * (i % 5),
            drawing_colour(i));
        drawing_quote(&d->plot, label.data);
        text_free(&label);
    }
    text_add(&d->plot, "\n");
    text_add(&alt, ".");
    d->alt = STEAL(alt.data);
    text_free(&name);
    text_free(&title);
}

void drawings_scaling(struct drawings *d, const struct study *s)
{
    for (int memory = 0; memory <= 1; memory++) {
        cleanup_free struct curve *curve = calloc(s->cells + 1, sizeof(*curve));
        cleanup_free double *workers = calloc(s->cells + 1, sizeof(*workers));
        if (!curve || !workers)
            abort();
        size_t curves = curves_of(s, memory, curve), count = workers_of(curve, curves, workers);
        if (count > 1)
            draw(d, s, curve, curves, workers, count, memory ? "pss_bytes" : "avg_iter_s");
        for (size_t i = 0; i < curves; i++)
            free(curve[i].cell);
    }
}

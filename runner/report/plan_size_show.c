/* A recommended plan size as text and as JSON. */
#include <math.h>

#include "analysis/analysis.h"
#include "analysis/number.h"
#include "analysis/plan_size.h"
#include "base/figure.h"
#include "base/json_put.h"
#include "base/terminal.h"
#include "base/text.h"

/* --- words ------------------------------------------------------------------------------------------------------ */

/* Writes a standard deviation in percent of the mean. */
static const char *spread(const struct size_row *row, double variance, char buf[64])
{
    return number_rough(100 * sqrt(fmax(0, variance)) / fabs(row->part.mean), buf, 64);
}

static void add_spread(const struct size_row *row, struct text *out)
{
    char a[64], b[64];
    if (row->of_iterations)
        text_add(out, "  spread: %s%% of the mean between invocations, %s%% among the iterations of one\n",
                 spread(row, row->part.t2[1], a), spread(row, row->part.t2[0], b));
    else
        text_add(out, "  spread: %s%% of the mean between invocations\n", spread(row, row->part.t2[0], a));
    if (!row->of_iterations)
        return;
    text_add(out, "  iterations: %s", stats_steady_names[row->steady]);
    if (row->skipped)
        text_add(out, " (up to %zu left out here, before the steady state)", row->skipped);
    if (!isnan(row->autocorrelation))
        text_add(out, "; correlation with the next one %.2f%s", row->autocorrelation,
                 row->autocorrelation > row->independent
                     ? ", more than of independent ones: further iterations tell less than their number"
                     : "");
    text_add(out, "\n");
}

static void add_pilot(const struct size_row *row, struct text *out)
{
    char half[64];
    text_add(out, "  pilot: %zu invocation%s", row->invocations, row->invocations == 1 ? "" : "s");
    if (row->of_iterations)
        text_add(out, " of %zu iterations", row->iterations);
    if (row->failed)
        text_add(out, " (%zu more did not end well)", row->failed);
    if (row->half_width_why)
        text_add(out, "; no interval: %s\n", row->half_width_why);
    else
        text_add(out, "; half-width %s%% of the mean\n", number_rough(100 * row->half_width, half, sizeof(half)));
    if (row->invocations >= 2 && row->invocations < PLAN_SIZE_PILOT)
        text_add(out, "  a pilot of %d invocations and more tells the spread better\n", PLAN_SIZE_PILOT);
}

static void add_recommended(const struct size_row *row, double precision, struct text *out)
{
    text_add(out, "  for %.3g%%: %zu invocations", 100 * precision, row->want_invocations);
    if (row->want_iterations)
        text_add(out, " of %zu iteration%s%s", row->want_iterations, row->want_iterations == 1 ? "" : "s",
                 row->skipped ? ", besides their warm-up" : "");
    if (!isnan(row->total_s))
        text_add(out, ", %.3g s in all", row->total_s);
    text_add(out, "\n");
}

static void add_wanted(const struct size_row *row, double precision, struct text *out)
{
    if (row->why_not)
        text_add(out, "  no recommendation: %s\n", row->why_not);
    else
        add_recommended(row, precision, out);
    char within[32];
    text_format(within, sizeof(within), "%.3g%%", 100 * precision);
    if (figure_is_slope(row->figure))
        (void)text_bytes(ANALYSIS_GROWTH_MARGIN, within, sizeof(within));
    if (row->compare_invocations)
        text_add(out, "  to tell two such cells the same or apart within %s: %zu invocations a side\n", within,
                 row->compare_invocations);
    if (row->iterations_why && !row->why_not)
        text_add(out, "  (the iterations are %s)\n", row->iterations_why);
}

void plan_size_text(const struct plan_size *p, size_t width, struct text *out)
{
    cleanup_text struct text lines = {0};
    for (size_t i = 0; i < p->rows; i++) {
        const struct size_row *row = &p->row[i];
        text_add(&lines, "%s%s, %s\n", i ? "\n" : "", row->label, row->figure);
        add_pilot(row, &lines);
        if (!row->part.why_not && row->invocations > 1 && fabs(row->part.mean) > 0)
            add_spread(row, &lines);
        add_wanted(row, p->precision, &lines);
    }
    terminal_wrap_lines(lines.data, width, 4, out);
}

/* --- JSON ------------------------------------------------------------------------------------------------------ */

static json_t *components_json(const struct size_row *row)
{
    json_t *list = json_array();
    for (size_t i = 0; !row->part.why_not && i < row->part.levels; i++) {
        json_t *one =
            json_pack("{s:s, s:f, s:f, s:f}", "level", row->of_iterations && i == 0 ? "iteration" : "invocation",
                      "repetitions", row->part.r[i], "s2", row->part.s2[i], "t2", row->part.t2[i]);
        (void)json_array_append_new(list, one);
    }
    return list;
}

static json_t *row_json(const struct size_row *row)
{
    static const char NO_ITERATIONS[] = "the figure is one of the invocation";
    const char *why = row->of_iterations ? row->why_not : NO_ITERATIONS;
    json_t *o = json_object();
    json_put_text(o, "cell", row->label);
    json_put_text(o, "figure", row->figure);
    json_put_int(o, "pilot_invocations", (int64_t)row->invocations);
    json_put_int(o, "pilot_failed", (int64_t)row->failed);
    json_put_int_or(o, "pilot_iterations", row->iterations > 0, (int64_t)row->iterations,
                    row->of_iterations ? "no iteration was finished" : NO_ITERATIONS);
    json_put_real(o, "mean", row->part.mean, row->why_not);
    json_put_real(o, "half_width", row->half_width, row->half_width_why);
    json_put(o, "components", components_json(row));
    json_put_text(o, "steady_state", row->of_iterations ? stats_steady_names[row->steady] : NULL);
    json_put_int(o, "iterations_left_out", (int64_t)row->skipped);
    json_put_real(o, "autocorrelation", row->autocorrelation,
                  row->of_iterations ? "too few iterations" : NO_ITERATIONS);
    json_put_real(o, "overhead_s", row->overhead_s,
                  row->of_iterations ? "the records do not say what an invocation takes besides its iterations"
                                     : NO_ITERATIONS);
    json_put_int_or(o, "iterations", row->want_iterations > 0, (int64_t)row->want_iterations, why);
    json_put_text(o, "iterations_note", row->iterations_why);
    json_put_int_or(o, "invocations", row->want_invocations > 0, (int64_t)row->want_invocations, row->why_not);
    json_put_real(o, "total_s", row->total_s, why);
    json_put_int_or(o, "compare_invocations", row->compare_invocations > 0, (int64_t)row->compare_invocations,
                    row->why_not ? row->why_not : "out of reach: more than 100000 invocations");
    return o;
}

void plan_size_json(const struct plan_size *p, struct text *out)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < p->rows; i++)
        (void)json_array_append_new(rows, row_json(&p->row[i]));
    json_text_indented(
        json_pack("{s:s, s:f, s:o}", "schema", PLAN_SIZE_SCHEMA, "precision", p->precision, "cells", rows), 0, out);
}

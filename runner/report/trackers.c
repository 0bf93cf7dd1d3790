#include "report/trackers.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "analysis/compare.h"
#include "analysis/number.h"
#include "base/err.h"
#include "base/json_put.h"
#include "base/text.h"

/* The plan's id of the cell; "": none, or not the same for all its invocations. */
static const char *plan_id(const struct summary_cell *c)
{
    for (size_t i = 1; i < c->count; i++)
        if (strcmp(c->invocation[i]->plan_cell, c->invocation[0]->plan_cell) != 0)
            return "";
    return c->count ? c->invocation[0]->plan_cell : "";
}

/* A cell's lasting name over commits: its id in the plan, if no other cell has it. */
static const char *name_of(const struct summary *s, const struct summary_cell *c)
{
    const char *id = plan_id(c);
    for (size_t i = 0; i < s->cells; i++)
        if (&s->cell[i] != c && strcmp(plan_id(&s->cell[i]), id) == 0)
            return c->id;
    return *id ? id : c->id;
}

/* The cell's main figure; NULL: no number, or an emulated time. */
static const struct summary_figure *figure_of(const struct summary *s, const struct summary_cell *c,
                                              struct figure_about *about)
{
    const struct cell_group one = summary_group(c);
    const struct cell_pair pair = {&one, &one};
    const char *name = compare_own_figure(&s->records, &s->records, &pair);
    const struct summary_figure *f = summary_figure(s, c, name);
    *about = records_about(&s->records, name);
    if (!f || !isfinite(f->is.mean.at) || (c->emulated && about->kind != FIGURE_MEMORY))
        return NULL;
    return f;
}

/* --- GitHub ------------------------------------------------------------------------------------------------------- */

static json_t *github_entry(const struct summary *s, const struct summary_cell *c, const struct summary_figure *f,
                            const struct figure_about *about)
{
    const struct stats_interval *mean = &f->is.mean;
    const struct number_spelled n = number_interval(mean, about->scale);
    json_t *entry = json_object();
    char text[200];
    text_format(text, sizeof(text), "%.127s: %.60s", name_of(s, c), about->name);
    json_put_text(entry, "name", text);
    json_put_text(entry, "unit", *about->shown ? about->shown : about->unit);
    json_put_real(entry, "value", mean->at * about->scale, "");
    if (!mean->why_not) {
        text_format(text, sizeof(text), "95%% [%s, %s]", n.low, n.high);
        json_put_text(entry, "range", text);
    }
    text_format(text, sizeof(text), "%s, over %zu invocation%s%s%s", about->title, f->used, f->used == 1 ? "" : "s",
                mean->why_not ? "; no interval: " : "", mean->why_not ? mean->why_not : "");
    json_put_text(entry, "extra", text);
    return entry;
}

/* --- Bencher ------------------------------------------------------------------------------------------------------ */

static json_t *bencher_measures(const struct summary_figure *f, const struct figure_about *about)
{
    const struct stats_interval *mean = &f->is.mean;
    json_t *metric = json_object(), *measures = json_object();
    json_put_real(metric, "value", mean->at, "");
    if (!mean->why_not) {
        json_put_real(metric, "lower_value", mean->low, "");
        json_put_real(metric, "upper_value", mean->high, "");
    }
    json_put(measures, about->name, metric);
    return measures;
}

/* --- both --------------------------------------------------------------------------------------------------------- */

static bool is_wanted(enum report_format format, enum figure_better better)
{
    return format == REPORT_BENCHER || better == (format == REPORT_GITHUB_BIGGER ? BETTER_MORE : BETTER_LESS);
}

static int refuse_none(enum report_format format, struct err *e)
{
    const char *what = format == REPORT_BENCHER ? "with a number"
                       : format == REPORT_GITHUB_SMALLER
                           ? "of which less is better (--format github-bigger has those of which more is)"
                           : "of which more is better (--format github-smaller has those of which less is)";
    return err_set(e, ERR_USAGE, -ENODATA, "no cell of these records is run for a figure %s", what);
}

int trackers_json(const struct summary *s, enum report_format format, struct text *out, struct err *e)
{
    cleanup_json json_t *whole = format == REPORT_BENCHER ? json_object() : json_array();
    for (size_t i = 0; i < s->cells; i++) {
        const struct summary_cell *c = &s->cell[i];
        struct figure_about about;
        const struct summary_figure *f = figure_of(s, c, &about);
        if (!f || !is_wanted(format, about.better))
            continue;
        if (format == REPORT_BENCHER)
            json_put(whole, name_of(s, c), bencher_measures(f, &about));
        else
            (void)json_array_append_new(whole, github_entry(s, c, f, &about));
    }
    if (json_array_size(whole) + json_object_size(whole) == 0)
        return refuse_none(format, e);
    json_text_indented(json_incref(whole), 0, out);
    return 0;
}

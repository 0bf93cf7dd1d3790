#include "report/scale_show.h"

#include <math.h>
#include <string.h>

#include "analysis/number.h"
#include "base/cleanup.h"
#include "base/json_put.h"
#include "base/terminal.h"
#include "base/text.h"

/* Hundredths of a worker, unless the intervals bear more. */
static int decimals_of(const struct stats_interval *got)
{
    const int own = number_decimals(got, 1);
    return own < 2 ? 2 : own > 3 ? 3 : own;
}

void scale_curve_name(const struct scaling *s, const struct scaling_curve *c, struct text *out)
{
    const struct summary_cell *cell = c->point[0].cell;
    if (s->sweeps > 1)
        summary_curve_name(cell, out);
    else
        text_add(out, "%s%s%s, %s", cell->mode, *cell->start ? " " : "", cell->start, cell->runtime);
}

/* --- tables ------------------------------------------------------------------------------------------------------- */

struct table scale_table_speed_up(const struct scaling *s)
{
    static const struct table_column COLUMNS[] = {
        TABLE_TEXT("curve", "mode"),
        TABLE_NUMBER("workers", "workers", ""),
        TABLE_NUMBER("speed_up", "speed-up", ""),
        TABLE_INTERVAL("speed_up", "[95%]", "", 1),
        {"efficiency", "efficiency", "%", true, TABLE_BOTH, 2},
    };
    struct table t =
        table_new("speed-up", "Speed-up by workers, over the fewest of the same mode", COLUMNS, ARRAY_LEN(COLUMNS));
    for (size_t i = 0; i < s->sweeps; i++)
        for (size_t k = 0; k < s->sweep[i].curves; k++) {
            const struct scaling_curve *c = &s->sweep[i].curve[k];
            for (size_t p = 0; p < c->points; p++) {
                const struct scaling_point *one = &c->point[p];
                cleanup_text struct text name = {0};
                scale_curve_name(s, c, &name);
                table_row(&t, one->cell->id);
                table_text(&t, name.data);
                table_number(&t, one->workers, 0, NULL);
                table_estimate(&t, &one->speed_up, 1, p == 0 ? 0 : decimals_of(&one->speed_up));
                table_number(&t, p == 0 ? NAN : 100 * one->speed_up.at / one->workers, 0, one->speed_up.why_not);
            }
        }
    return t;
}

static void add_part(struct table *t, const char *curve, const struct scaling_loss *l, const char *cell,
                     const char *part, const struct stats_interval *i)
{
    table_row(t, cell);
    table_text(t, curve);
    table_number(t, l->workers, 0, NULL);
    table_text(t, part);
    table_estimate(t, i, 1, decimals_of(&l->got));
}

static void add_loss(struct table *t, const char *curve, const struct scaling_split *split,
                     const struct scaling_loss *l)
{
    const char *cell = split->threads->point[0].cell->id;
    add_part(t, curve, l, cell, "got", &l->got);
    add_part(t, curve, l, cell, "lost", &l->lost);
    for (int p = 0; p < SCALING_PARTS; p++) {
        const struct stats_interval *part = &l->part[p];
        cleanup_free char *name =
            text_printf("%s%s", scaling_is_within_sharing((enum scaling_part)p) ? "  - " : "- ", scaling_part_names[p]);
        if (!isnan(part->at))
            add_part(t, curve, l, cell, name, part);
    }
}

static size_t splits_of(const struct scaling *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->sweeps; i++)
        for (size_t k = 0; k < s->sweep[i].splits; k++)
            n += s->sweep[i].split[k].losses > 0;
    return n;
}

struct table scale_table_losses(const struct scaling *s)
{
    static const struct table_column COLUMNS[] = {
        TABLE_TEXT("curve", "mode"),
        TABLE_NUMBER("workers", "threads", ""),
        TABLE_TEXT("part", "part"),
        TABLE_NUMBER("worth", "threads' worth", ""),
        TABLE_INTERVAL("worth", "[95%]", "", 0),
    };
    struct table t = table_new("losses", "Where the speed-up of threads is lost", COLUMNS, ARRAY_LEN(COLUMNS));
    const bool several = splits_of(s) > 1;
    for (size_t i = 0; i < s->sweeps; i++)
        for (size_t k = 0; k < s->sweep[i].splits; k++) {
            const struct scaling_split *split = &s->sweep[i].split[k];
            cleanup_text struct text name = {0};
            scale_curve_name(s, split->threads, &name);
            for (size_t l = 0; l < split->losses; l++)
                add_loss(&t, several ? name.data : "", split, &split->loss[l]);
        }
    return t;
}

/* --- words -------------------------------------------------------------------------------------------------------- */

/* What a part is called in a sentence, where it is a loss, where it is the contrary, and where neither is shown. */
static const struct {
    const char *lost, *gained, *neither;
} PHRASES[SCALING_PARTS] = {
    [SCALING_CEILING] = {" is lost by processes too (ceiling)", " is gained by processes too (ceiling)",
                         "a ceiling for processes"},
    [SCALING_SHARING] = {" is lost because threads share one interpreter (sharing tax)",
                         " is gained: threads lose less than processes (sharing tax below 0)", "a sharing tax"},
    [SCALING_START] = {" goes into starting and joining the threads (start)",
                       " is gained: starting threads costs less of it than with one (start)", "a cost of starting"},
};

static void say_number(double value, int decimals, struct text *out)
{
    char buf[64];
    text_add(out, "%s", number_text(value, decimals, buf, sizeof(buf)));
}

static void say_part(const struct stats_interval *i, enum scaling_part p, int decimals, struct text *out)
{
    say_number(fabs(i->at), decimals, out);
    text_add(out, "%s", i->at < 0 ? PHRASES[p].gained : PHRASES[p].lost);
}

/* Whether it is neither shown a loss nor a gain, or would be written as 0. */
static bool is_open(const struct stats_interval *i, int decimals)
{
    return fabs(i->at) < 0.5 * pow(10, -decimals) || (!i->why_not && i->low <= 0 && i->high >= 0);
}

static void say_parts(const struct scaling_loss *l, int decimals, struct text *out)
{
    size_t shown = 0, open = 0;
    for (int p = 0; p < SCALING_PARTS; p++) {
        const struct stats_interval *i = &l->part[p];
        if (scaling_is_within_sharing((enum scaling_part)p) || isnan(i->at))
            continue;
        if (is_open(i, decimals)) {
            open++;
            continue;
        }
        text_add(out, "%s", shown++ ? ", " : ": ");
        say_part(i, (enum scaling_part)p, decimals, out);
    }
    for (int p = 0, told = 0; open > 0 && p < SCALING_PARTS; p++) {
        const struct stats_interval *i = &l->part[p];
        if (scaling_is_within_sharing((enum scaling_part)p) || isnan(i->at) || !is_open(i, decimals))
            continue;
        text_add(out, "%s%s (", told == 0 ? (shown ? "; not shown: " : "; not shown are: ") : ", ", PHRASES[p].neither);
        told++;
        say_number(i->at, decimals, out);
        text_add(out, ")");
    }
}

static void say_fit(const struct scaling_split *s, const struct scaling_loss *l, int decimals, struct text *out)
{
    const struct scaling_fit *f = &s->fit;
    const double kappa = f->kappa.at;
    if (*f->why_not) {
        text_add(out, "The sharing tax is not split into serial and coherency: %s.\n", f->why_not);
        return;
    }
    text_add(out, "Of the sharing tax ");
    say_number(l->part[SCALING_SERIAL].at, decimals, out);
    text_add(out, " is serial (one thread at a time: sigma %.3g) and ", f->sigma.at);
    say_number(l->part[SCALING_COHERENCY].at, decimals, out);
    text_add(out, " coherency (each with each other: kappa %.2g)", kappa);
    if (kappa > 0 && f->sigma.at < 1)
        text_add(out, "; by that law alone the most is got at about %.0f threads", sqrt((1 - f->sigma.at) / kappa));
    text_add(out, ".\n");
}

static void say_split(const struct scaling_split *s, const char *named, struct text *out)
{
    if (named)
        text_add(out, "%s: ", named);
    if (*s->why_not) {
        text_add(out, "What threads lose is not split: %s.\n", s->why_not);
        return;
    }
    const struct scaling_loss *l = &s->loss[s->losses - 1];
    const int decimals = decimals_of(&l->got);
    text_add(out, "At %.0f threads you get ", l->workers);
    say_number(l->got.at, decimals, out);
    text_add(out, " of %.0f", l->workers);
    say_parts(l, decimals, out);
    text_add(out, ".\n");
    if (l->got.why_not)
        text_add(out, "None of this is shown to differ from chance, since there are no intervals: %s.\n",
                 l->got.why_not);
    say_fit(s, l, decimals, out);
}

void scale_say(const struct scaling *s, struct text *out)
{
    size_t splits = 0;
    for (size_t i = 0; i < s->sweeps; i++)
        splits += s->sweep[i].splits;
    for (size_t i = 0; i < s->sweeps; i++)
        for (size_t k = 0; k < s->sweep[i].splits; k++) {
            cleanup_text struct text name = {0};
            scale_curve_name(s, s->sweep[i].split[k].threads, &name);
            say_split(&s->sweep[i].split[k], splits > 1 ? name.data : NULL, out);
        }
}

static void note_split(const struct scaling_split *s, struct text *out)
{
    const struct scaling_loss *l = s->losses ? &s->loss[s->losses - 1] : NULL;
    const struct stats_interval *one = &s->one;
    const struct number_spelled n = number_interval(one, 1);
    if (!l)
        return;
    text_add(out, "* one thread does %s times the work of one process", n.at);
    if (!one->why_not)
        text_add(out, " (%s to %s)", n.low, n.high);
    text_add(out, "; each mode's speed-up is over its own one\n");
    if (strcmp(s->threads->point[0].cell->runtime, s->processes->point[0].cell->runtime) != 0)
        text_add(out, "* the processes ran on %s and the threads on %s: the tax has the difference of both in it\n",
                 s->processes->point[0].cell->runtime, s->threads->point[0].cell->runtime);
    if (s->no_start)
        text_add(out, "* no start: %s\n", s->no_start);
    if (s->start_of_another)
        text_add(out,
                 "* start is scenario0's, whose processes import next to nothing: what starting takes because this "
                 "program imports more is in the other parts (a knob with 'empty' in its scenario.yml tells it)\n");
    if (l->workers > l->cpus)
        text_add(out, "* %.0f workers had %.0f CPU%s: the ceiling has their waiting for one in it\n", l->workers,
                 l->cpus, l->cpus > 1 ? "s" : "");
    if (!*s->fit.why_not)
        text_add(out,
                 "* fit of the tax (universal scalability law, %zu numbers of workers): R2 %.4f, off by %.1f %%; "
                 "Amdahl's law alone: sigma %.3g, R2 %.4f\n",
                 s->fit.points, s->fit.law.r2, 100 * s->fit.law.rms, s->fit.law.amdahl, s->fit.law.amdahl_r2);
}

static void notes_of(const struct scaling *s, struct text *out)
{
    for (size_t i = 0; i < s->sweeps; i++) {
        const struct scaling_sweep *one = &s->sweep[i];
        if (one->curves)
            summary_note_gil(one->curve[0].point[0].cell, out);
        if (one->curves && one->curve[0].shared)
            text_add(out, "* the workers share the work (%s): strong scaling\n", one->curve[0].shared);
        for (size_t k = 0; k < one->splits; k++)
            note_split(&one->split[k], out);
    }
}

/* --- text --------------------------------------------------------------------------------------------------------- */

void scale_text(const struct scaling *s, size_t width, struct text *out)
{
    cleanup_table struct table up = scale_table_speed_up(s), losses = scale_table_losses(s);
    cleanup_text struct text notes = {0}, words = {0};
    table_as_text(&up, width, out);
    if (losses.rows) {
        text_add(out, "\n%s\n", losses.title);
        table_as_text(&losses, width, out);
    }
    notes_of(s, &notes);
    scale_say(s, &words);
    if (notes.len)
        text_add(out, "\n");
    terminal_wrap_lines(notes.data, width, 2, out);
    if (words.len)
        text_add(out, "\n");
    terminal_wrap_lines(words.data, width, 0, out);
}

/* --- JSON --------------------------------------------------------------------------------------------------------- */

static json_t *json_of_curve(const struct scaling_curve *c)
{
    json_t *o = json_object(), *points = json_array();
    const struct summary_cell *first = c->point[0].cell;
    json_put_text(o, "mode", first->mode);
    json_put_text_or(o, "mp_start_method", first->start, "it has none");
    json_put_text(o, "runtime", first->runtime);
    json_put_text_or(o, "shared_knob", c->shared, "each worker does the same work");
    for (size_t k = 0; k < c->points; k++) {
        json_t *point = json_object();
        json_put_int(point, "workers", (int64_t)c->point[k].workers);
        json_put_text(point, "cell", c->point[k].cell->id);
        json_put(point, "speed_up", table_interval_json(&c->point[k].speed_up));
        (void)json_array_append_new(points, point);
    }
    json_put(o, "points", points);
    return o;
}

static json_t *json_of_loss(const struct scaling_loss *l)
{
    static const char *const KEYS[SCALING_PARTS] = {"ceiling", "sharing", "serial", "coherency", "start"};
    json_t *o = json_object();
    json_put_int(o, "workers", (int64_t)l->workers);
    json_put_real(o, "cpus", l->cpus, "the record does not tell");
    json_put(o, "got", table_interval_json(&l->got));
    json_put(o, "lost", table_interval_json(&l->lost));
    for (int p = 0; p < SCALING_PARTS; p++)
        json_put(o, KEYS[p], table_interval_json(&l->part[p]));
    return o;
}

static json_t *json_of_split(const struct scaling_split *s)
{
    json_t *o = json_object(), *losses = json_array(), *fit = json_object();
    const char *why = *s->fit.why_not ? s->fit.why_not : "nothing was fitted";
    for (size_t i = 0; i < s->losses; i++)
        (void)json_array_append_new(losses, json_of_loss(&s->loss[i]));
    json_put_text(o, "threads", s->threads->point[0].cell->id);
    json_put_text_or(o, "processes", s->processes ? s->processes->point[0].cell->id : NULL, s->why_not);
    json_put_text_or(o, "not_split", s->why_not, "it is split");
    json_put_text_or(o, "start_by",
                     !s->has_start         ? NULL
                     : s->start_of_another ? "scenario0"
                                           : "the same program",
                     s->no_start ? s->no_start : "it is not split");
    json_put(o, "losses", losses);
    if (s->losses) {
        json_put(o, "one_thread_over_one_process", table_interval_json(&s->one));
        json_put_text_or(fit, "refused", s->fit.why_not, "the law holds");
        json_put(fit, "sigma", table_interval_json(&s->fit.sigma));
        json_put(fit, "kappa", table_interval_json(&s->fit.kappa));
        json_put_real(fit, "r2", s->fit.law.r2, why);
        json_put_real(fit, "rms_log", s->fit.law.rms, why);
        json_put_real(fit, "amdahl_sigma", s->fit.law.amdahl, why);
        json_put_real(fit, "amdahl_r2", s->fit.law.amdahl_r2, why);
        json_put(o, "fit", fit);
    } else {
        json_decref(fit);
    }
    return o;
}

void scale_json(const struct scaling *s, struct json_t *why, const char *no_why, struct text *out)
{
    json_t *whole = json_object(), *sweeps = json_array();
    for (size_t i = 0; i < s->sweeps; i++) {
        const struct scaling_sweep *one = &s->sweep[i];
        json_t *o = json_object(), *curves = json_array(), *splits = json_array();
        for (size_t k = 0; k < one->curves; k++)
            (void)json_array_append_new(curves, json_of_curve(&one->curve[k]));
        for (size_t k = 0; k < one->splits; k++)
            (void)json_array_append_new(splits, json_of_split(&one->split[k]));
        json_put_text(o, "scenario", one->scenario);
        json_put_text(o, "figure", one->figure);
        json_put(o, "curves", curves);
        json_put(o, "splits", splits);
        (void)json_array_append_new(sweeps, o);
    }
    json_put(whole, "schema", json_string(SCALE_SCHEMA));
    json_put(whole, "confidence", json_real(ANALYSIS_CONFIDENCE));
    json_put(whole, "sweeps", sweeps);
    if (why)
        json_put(whole, "why", why);
    else
        json_put_absent(whole, "why", no_why);
    json_text_indented(whole, JSON_SORT_KEYS, out);
}

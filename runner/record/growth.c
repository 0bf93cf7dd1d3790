#include "record/growth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/figure.h"
#include "base/stats_trend.h"
#include "base/text.h"
#include "launch/sample.h"

/* A figure: the record's key, the column of the ledger's readings that has it (-1: none), what a part of PSS is called,
 * and the class of the slice's samples. */
static const struct {
    const char *key;
    int column;
    const char *part;
    enum sample_class class;
} FIGURE[GROWTH_FIGURES] = {
    [GROWTH_PSS] = {.key = "pss_bytes", .column = LEDGER_PSS},
    [GROWTH_LIVE] = {"live_bytes", LEDGER_LIVE, "live objects", 0},
    [GROWTH_CYCLES] = {"cycles_bytes", LEDGER_CYCLES, "uncollected cycles", 0},
    [GROWTH_FREE] = {"free_bytes", LEDGER_FREE, "arenas and free lists", 0},
    [GROWTH_STACKS] = {"stacks_bytes", LEDGER_STACKS, "thread stacks", 0},
    [GROWTH_CHILDREN] = {"children_bytes", LEDGER_CHILDREN, "children's own pages", 0},
    [GROWTH_FILES] = {"files_bytes", LEDGER_FILES, "mapped files", 0},
    [GROWTH_REST] = {"rest_bytes", -1, "not told apart", 0},
    [GROWTH_PAGE_TABLES] = {"page_tables_bytes", LEDGER_PAGE_TABLES, "page tables", 0},
    [GROWTH_ANON] = {"anon_bytes", -1, NULL, SAMPLE_ANON},
    [GROWTH_CACHE] = {"cache_bytes", -1, NULL, SAMPLE_FILE},
    [GROWTH_KERNEL] = {"kernel_bytes", -1, NULL, SAMPLE_KERNEL},
};

const char *growth_figure_key(enum growth_figure f)
{
    return FIGURE[f].key;
}

const char *const growth_shape_names[] = {"unknown", "grows", "shrinks", "flat", "plateau"};

/* --- what is asked for -------------------------------------------------------------------------------------------- */

static double wanted(const struct growth_target *target, const double *pss, size_t n)
{
    double mean = 0;
    for (size_t i = 0; i < n; i++)
        mean += pss[i] / (double)n;
    return target->share > 0 ? target->share * mean : target->bytes;
}

uint64_t growth_enough(const struct ledger_map *ledger, const struct growth_target *target, size_t *asked)
{
    struct ledger_reading reading[LEDGER_READINGS];
    double pss[LEDGER_READINGS] = {0};
    const size_t n = ledger_readings(ledger, reading), most = ledger->iteration_capacity / ledger->reading_stride;
    for (size_t i = 0; i < n; i++)
        pss[i] = reading[i].bytes[LEDGER_PSS] == LEDGER_UNKNOWN ? NAN : (double)reading[i].bytes[LEDGER_PSS];
    for (size_t look = *asked + 1; look <= n; look++) {
        *asked = look;
        if (!stats_trend_is_look(look, most))
            continue;
        const double half = wanted(target, pss, look) / GROWTH_PER * (double)ledger->reading_stride;
        if (stats_trend_will_do(pss, look, half, GROWTH_CONFIDENCE))
            return 2 * look * ledger->reading_stride;
    }
    return 0;
}

/* --- slopes ------------------------------------------------------------------------------------------------------- */

/* Evenly spaced values, and the number of iterations from one to the next. */
struct series {
    double *y; /* owned */
    size_t n;
    double iterations;
};

static void set_why(struct growth_slope *s, const char *why)
{
    text_format(s->why_not, sizeof(s->why_not), "%s", why);
}

static struct growth_slope no_slope(const char *why)
{
    struct growth_slope none = {NAN, NAN, NAN, ""};
    set_why(&none, why);
    return none;
}

static struct growth_slope slope_of(const struct series *s)
{
    if (s->n < GROWTH_FEWEST)
        return no_slope("there are too few readings");
    const struct stats_trend t = stats_trend(s->y, s->n, GROWTH_CONFIDENCE);
    const double scale = GROWTH_PER / s->iterations;
    struct growth_slope ret = {t.slope * scale, t.low * scale, t.high * scale, ""};
    set_why(&ret, t.why_not ? t.why_not : "");
    return ret;
}

/* Whether any reading has a value in this column. */
static bool is_read(const struct growth *g, int column)
{
    for (size_t i = 0; i < g->readings; i++)
        if (g->reading[i].bytes[column] != LEDGER_UNKNOWN)
            return true;
    return false;
}

/* PSS minus its parts. NaN: this reading lacks a part that other readings have. */
static double rest_of(const struct growth *g, size_t i)
{
    const struct ledger_reading *r = &g->reading[i];
    if (r->bytes[LEDGER_PSS] == LEDGER_UNKNOWN)
        return NAN;
    double rest = (double)r->bytes[LEDGER_PSS];
    for (int f = GROWTH_LIVE; f < GROWTH_REST; f++) {
        const int64_t part = r->bytes[FIGURE[f].column];
        if (part != LEDGER_UNKNOWN)
            rest -= (double)part;
        else if (is_read(g, FIGURE[f].column))
            return NAN;
    }
    return rest;
}

static double value_of(const struct growth *g, enum growth_figure f, size_t i)
{
    if (f == GROWTH_REST)
        return rest_of(g, i);
    const int64_t bytes = g->reading[i].bytes[FIGURE[f].column];
    return bytes == LEDGER_UNKNOWN ? NAN : (double)bytes;
}

/* The values of the readings from..to that have this figure. Returns NULL, or why they make no series. */
static const char *series_of(const struct growth *g, enum growth_figure f, size_t from, size_t to, struct series *s)
{
    size_t first = 0, last = 0, step = 0;
    s->y = xcalloc(to - from + 1, sizeof(*s->y));
    for (size_t i = from; i < to; i++) {
        const double value = value_of(g, f, i);
        if (!isfinite(value))
            continue;
        if (s->n == 1)
            step = i - first;
        else if (s->n > 1 && i - last != step)
            return "a reading is missing";
        first = s->n == 0 ? i : first;
        last = i;
        s->y[s->n++] = value;
    }
    if (s->n > 1 && last + step < to)
        return "the last readings do not have it";
    s->iterations = (double)(step > 0 ? step : 1) * (double)g->stride;
    return s->n == 0 ? "no reading of the second half has it" : NULL;
}

/* The number of readings from one with the split to the next; 0: unknown. */
static size_t split_period(const struct growth *g)
{
    size_t first = g->readings;
    for (size_t i = 0; i < g->readings; i++) {
        if (g->reading[i].bytes[LEDGER_LIVE] == LEDGER_UNKNOWN)
            continue;
        if (first < g->readings)
            return i - first;
        first = i;
    }
    return 0;
}

static struct growth_slope slope_of_readings(const struct growth *g, enum growth_figure f, size_t from, size_t to)
{
    struct series s = {0};
    const char *why = series_of(g, f, from, to, &s);
    if (!why &&
        s.n == to - from) /* the split forks, and pages that were copied for that are there at the next reading */
        stats_trend_take_out(s.y, s.n, split_period(g));
    const struct growth_slope ret = why ? no_slope(why) : slope_of(&s);
    free(s.y);
    return ret;
}

/* No slope. The reason is the workload's, made printable; if it gave none, the fallback. */
static struct growth_slope unread(const struct ledger_map *ledger, enum ledger_memory which, const char *otherwise)
{
    char why[LEDGER_WHY_MAX] = "";
    if (ledger)
        ledger_reading_why(ledger, which, why);
    cleanup_free char *printable = text_printable(why);
    return no_slope(*why && printable ? printable : otherwise);
}

/* --- the runner's samples ----------------------------------------------------------------------------------------- */

/* A sample's value of this figure. NaN: it has none. */
static double sampled(const struct sample *s, enum growth_figure f)
{
    if (f == GROWTH_PSS)
        return s->has_rollup && !s->members_partial ? (double)s->members.pss_bytes : NAN;
    return s->has_class[FIGURE[f].class] ? (double)s->class_bytes[FIGURE[f].class] : NAN;
}

/* The slope over the samples in the second half of the measured iterations. The samples are evenly spaced in time, and
 * so are the iterations of a steady workload. */
static struct growth_slope slope_of_samples(const struct growth_sources *from, enum growth_figure f, const char *absent)
{
    struct series s = {.y = xcalloc(from->sample_count + 1, sizeof(*s.y))};
    const size_t begin = from->iterations / 2;
    int64_t first_ns = 0, last_ns = 0;
    for (size_t i = 0; begin < from->iterations && i < from->sample_count; i++) {
        const struct sample *one = &from->samples[i];
        const double value = sampled(one, f);
        if (!isfinite(value) || one->at_ns < from->start_ns[begin] || one->at_ns > from->end_ns[from->iterations - 1])
            continue;
        first_ns = s.n == 0 ? one->at_ns : first_ns;
        last_ns = one->at_ns;
        s.y[s.n++] = value;
    }
    struct growth_slope ret = no_slope(absent);
    if (s.n > 1 && last_ns > first_ns) {
        const double tail_ns = (double)(from->end_ns[from->iterations - 1] - from->start_ns[begin]);
        const double between_ns = (double)(last_ns - first_ns) / (double)(s.n - 1);
        s.iterations = between_ns * (double)(from->iterations - begin) / tail_ns;
        ret = slope_of(&s);
    }
    free(s.y);
    return ret;
}

/* --- the whole ---------------------------------------------------------------------------------------------------- */

static enum growth_shape shape_of(const struct growth *g)
{
    const struct growth_slope *pss = &g->slope[GROWTH_PSS];
    if (!isfinite(pss->low))
        return GROWTH_UNKNOWN;
    if (pss->low > 0)
        return GROWTH_GROWS;
    if (pss->high < 0)
        return GROWTH_SHRINKS;
    return g->from > 0 && slope_of_readings(g, GROWTH_PSS, 0, g->from).low > 0 ? GROWTH_PLATEAU : GROWTH_FLAT;
}

static struct growth_slope slope_or_reason(const struct growth_sources *from, const struct growth *g,
                                           enum growth_figure f)
{
    const struct growth_slope slope = slope_of_readings(g, f, g->from, g->readings);
    if (f == GROWTH_REST)
        return slope;
    const enum ledger_memory which = (enum ledger_memory)FIGURE[f].column;
    if (!is_read(g, FIGURE[f].column))
        return unread(from->ledger, which, "the workload does not read it");
    return isfinite(slope.bytes) ? slope : unread(from->ledger, which, slope.why_not);
}

void growth_derive(const struct growth_sources *from, struct growth *g)
{
    g->has_been_asked = true;
    g->iterations = from->iterations;
    g->from = g->readings / 2;
    static const char NONE[] = "the workload takes no readings of its own";
    for (int f = GROWTH_PSS; f < GROWTH_ANON; f++)
        g->slope[f] = g->readings == 0 ? no_slope(NONE) : slope_or_reason(from, g, (enum growth_figure)f);
    if (g->readings == 0)
        g->slope[GROWTH_PSS] = slope_of_samples(from, GROWTH_PSS, NONE);
    for (int f = GROWTH_ANON; f < GROWTH_FIGURES; f++)
        g->slope[f] = slope_of_samples(from, (enum growth_figure)f,
                                       from->no_class ? from->no_class : "no sample of the second half has it");
    g->shape = shape_of(g);
    const double before = g->from > 0 ? value_of(g, GROWTH_PSS, 0) : NAN;
    g->rose_bytes = g->from > 0 ? value_of(g, GROWTH_PSS, g->from - 1) - before : NAN;
    double pss[LEDGER_READINGS] = {0};
    for (size_t i = g->from; i < g->readings; i++)
        pss[i - g->from] = value_of(g, GROWTH_PSS, i);
    g->wanted_bytes = from->target && g->readings > 0 ? wanted(from->target, pss, g->readings - g->from) : NAN;
}

void growth_take(const struct growth_sources *from, struct growth *ret)
{
    ret->stride = (int64_t)from->ledger->reading_stride;
    ret->readings = ledger_readings(from->ledger, ret->reading);
    growth_derive(from, ret);
}

/* --- the sentence ------------------------------------------------------------------------------------------------- */

/* Three digits of a number of a unit, two behind the point at most. */
static void add_number(double value, struct text *out)
{
    const int digits = fabs(value) >= 100 ? 0 : fabs(value) >= 10 ? 1 : 2;
    text_add(out, "%.*f", digits, fabs(value) < 0.005 ? 0 : value);
}

static void add_bytes(const char *before, double bytes, struct text *out)
{
    const struct figure_unit u = figure_unit_of(bytes);
    text_add(out, "%s", before);
    add_number(bytes / u.bytes, out);
    text_add(out, " %s", u.name);
}

#define SAID_FROM 0.005 /* smaller parts of the slope are left out */

static void add_part(const struct growth *g, enum growth_figure f, struct figure_unit u, const char *before,
                     struct text *out)
{
    text_add(out, "%s%s ", before, FIGURE[f].part);
    add_number(g->slope[f].bytes / u.bytes, out);
}

/* ": live objects 0.99, not told apart 0.01; stacks unknown" */
static void say_parts(const struct growth *g, struct figure_unit u, struct text *out)
{
    const double whole = fabs(g->slope[GROWTH_PSS].bytes);
    const char *before = ": ";
    size_t unknown = 0;
    for (int f = GROWTH_LIVE; f <= GROWTH_REST; f++) {
        const double part = g->slope[f].bytes;
        unknown += isfinite(part) ? 0 : 1;
        if (!isfinite(part) || (fabs(part) < SAID_FROM * whole && f != GROWTH_REST))
            continue;
        add_part(g, (enum growth_figure)f, u, before, out);
        before = ", ";
    }
    before = "; unknown: ";
    for (int f = GROWTH_LIVE; unknown > 0 && f <= GROWTH_REST; f++)
        if (!isfinite(g->slope[f].bytes)) {
            text_add(out, "%s%s", before, FIGURE[f].part);
            before = ", ";
        }
    if (isfinite(g->slope[GROWTH_PAGE_TABLES].bytes) && fabs(g->slope[GROWTH_PAGE_TABLES].bytes) >= SAID_FROM * whole)
        add_part(g, GROWTH_PAGE_TABLES, u, "; besides PSS: ", out);
}

void growth_say(const struct growth *g, struct text *out)
{
    const struct growth_slope *pss = &g->slope[GROWTH_PSS];
    const bool is_level = g->shape == GROWTH_FLAT || g->shape == GROWTH_PLATEAU;
    if (g->shape == GROWTH_UNKNOWN) {
        text_add(out, "growth unknown: %s", pss->why_not);
        return;
    }
    const double bound = fmax(fabs(pss->low), fabs(pss->high));
    const struct figure_unit u = figure_unit_of(is_level ? bound : pss->bytes);
    const double sign = g->shape == GROWTH_SHRINKS ? -1 : 1;
    text_add(out, "%s", is_level ? "flat: within +-" : sign < 0 ? "shrinks by " : "grows by ");
    add_number((is_level ? bound : sign * pss->bytes) / u.bytes, out);
    text_add(out, " %s", u.name);
    if (!is_level) {
        text_add(out, " (");
        add_number((sign < 0 ? -pss->high : pss->low) / u.bytes, out);
        text_add(out, " to ");
        add_number((sign < 0 ? -pss->low : pss->high) / u.bytes, out);
        text_add(out, ")");
    }
    text_add(out, " per 1,000 iterations");
    if (!is_level)
        say_parts(g, u, out);
    if (g->shape == GROWTH_PLATEAU && g->rose_bytes > 0)
        add_bytes(", after it rose by ", g->rose_bytes, out);
    if (isfinite(g->wanted_bytes) && (pss->high - pss->low) / 2 > g->wanted_bytes) {
        add_bytes("; +-", g->wanted_bytes, out);
        text_add(out, " was wanted: more iterations");
    }
}

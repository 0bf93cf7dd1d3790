#include "analysis/words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analysis/number.h"
#include "base/text.h"

/* Of a multiple. */
static const char *const TIMES[FIGURE_KINDS] = {
    [FIGURE_TIME] = "as long", [FIGURE_MEMORY] = "as much", [FIGURE_RATE] = "the rate", [FIGURE_COUNT] = "as much"};

/* A time or rate with an unusual better direction is called "more" or "less", not "slower" or "faster". */
static bool is_of_speed(const struct figure_about *about)
{
    return (about->kind == FIGURE_TIME && about->better == BETTER_LESS) ||
           (about->kind == FIGURE_RATE && about->better == BETTER_MORE);
}

static const char *direction(const struct figure_about *about, bool greater)
{
    if (!is_of_speed(about))
        return greater ? "more" : "less";
    return greater == (about->kind == FIGURE_RATE) ? "faster" : "slower";
}

/* "45 % faster" may be 0.55 of the time or 1.45 of the speed: what is that far apart is told in times. */
static bool is_far(const struct stats_interval *r, const struct figure_about *about)
{
    const double factor = is_of_speed(about) ? 1.25 : 2;
    return r->at >= factor || r->at <= 1 / factor;
}

static const char *say_times(const struct stats_interval *r, const struct figure_about *about, char *buf)
{
    const struct number_spelled n = number_interval(r, 1);
    (void)snprintf(buf, WORDS_MAX_VERDICT, "%s times %s (%s to %s)", n.at, TIMES[about->kind], n.low, n.high);
    return buf;
}

static const char *say_percent(const struct stats_interval *r, const struct figure_about *about, char *buf)
{
    char at[64], low[64], high[64];
    bool greater = r->at > 1;
    int d = number_decimals(r, 100);
    double near = greater ? r->low - 1 : 1 - r->high, far = greater ? r->high - 1 : 1 - r->low;
    (void)snprintf(buf, WORDS_MAX_VERDICT, "%s %% %s (%s to %s %%)",
                   number_text(100 * fabs(r->at - 1), d, at, sizeof(at)), direction(about, greater),
                   number_text(100 * near, d, low, sizeof(low)), number_text(100 * far, d, high, sizeof(high)));
    return buf;
}

/* In the unit of its farther end. */
static struct figure_unit unit_of(const struct stats_interval *d)
{
    return figure_unit_of(d->why_not ? d->at : fmax(fabs(d->low), fabs(d->high)));
}

void words_difference(const struct stats_interval *d, struct text *at, struct text *interval)
{
    const struct figure_unit u = unit_of(d);
    const struct number_spelled n = number_interval(d, 1 / u.bytes);
    if (!isnan(d->at))
        text_add(at, "%s%s %s", d->at > 0 ? "+" : "", n.at, u.name);
    if (!d->why_not)
        text_add(interval, "[%s, %s]", n.low, n.high);
}

static const char *say_difference(const struct stats_interval *d, char *buf)
{
    const struct figure_unit u = unit_of(d);
    const bool more = d->at > 0;
    const struct stats_interval turned = {-d->at, -d->high, -d->low, d->confidence, d->why_not};
    const struct number_spelled n = number_interval(more ? d : &turned, 1 / u.bytes);
    (void)snprintf(buf, WORDS_MAX_VERDICT, "%s %s %s (%s to %s)", n.at, u.name, more ? "more" : "less", n.low, n.high);
    return buf;
}

/* From here on a half width of a ratio says no more by being larger: runs that follow one another closely, of many rows
 * compared at once, make it as large as you like. */
#define HALF_WIDTH_TOLD 10

static const char *say_unclear(const struct analysis_verdict *v, char *buf)
{
    char half[64];
    const char *what = v->of_nodes ? "nodes" : "runs";
    const struct figure_unit u = v->is_difference ? figure_unit_of(v->half_width) : (struct figure_unit){"%", 0.01};
    int n = 0;
    if (v->is_few)
        n = snprintf(buf, WORDS_MAX_VERDICT, "cannot tell: %zu runs may miss a slow mode", v->used);
    else if (!v->is_difference && isfinite(v->half_width) && v->half_width > HALF_WIDTH_TOLD)
        n = snprintf(buf, WORDS_MAX_VERDICT, "cannot tell: more than ±%d %% at %zu %s", 100 * HALF_WIDTH_TOLD, v->used,
                     what);
    else if (isfinite(v->half_width))
        n = snprintf(buf, WORDS_MAX_VERDICT, "cannot tell: ±%s %s at %zu %s",
                     number_rough(v->half_width / u.bytes, half, sizeof(half)), u.name, v->used, what);
    else
        n = snprintf(buf, WORDS_MAX_VERDICT, "cannot tell: no bounds at %zu %s", v->used, what);
    size_t used = n > 0 ? (size_t)n : 0;
    if (v->runs > v->used)
        (void)snprintf(buf + used, WORDS_MAX_VERDICT - used, "; about %zu %s would do", number_enough(v->runs), what);
    else if (v->is_noise)
        (void)snprintf(buf + used, WORDS_MAX_VERDICT - used, "; this host's noise is in it");
    return buf;
}

const char *words_verdict(const struct analysis_verdict *v, const struct figure_about *about, double margin,
                          char buf[WORDS_MAX_VERDICT])
{
    char unit[32];
    switch (v->word) {
    case ANALYSIS_GREATER:
    case ANALYSIS_LESS:
        if (v->is_difference)
            return say_difference(&v->ratio, buf);
        if (v->ratio.why_not) /* a side is 0 throughout */
            text_format(buf, WORDS_MAX_VERDICT, "%s (%s 0)", direction(about, v->word == ANALYSIS_GREATER),
                        v->word == ANALYSIS_GREATER ? "from" : "to");
        else
            (void)(is_far(&v->ratio, about) ? say_times : say_percent)(&v->ratio, about, buf);
        return buf;
    case ANALYSIS_SAME:
        if (v->is_difference)
            (void)snprintf(buf, WORDS_MAX_VERDICT, "same within %s",
                           text_bytes((uint64_t)v->tolerance, unit, sizeof(unit)));
        else
            (void)snprintf(buf, WORDS_MAX_VERDICT, "same within %.3g %%", 100 * margin);
        return buf;
    case ANALYSIS_UNCLEAR:
        return say_unclear(v, buf);
    case ANALYSIS_UNKNOWN:
        break;
    }
    text_format(buf, WORDS_MAX_VERDICT, "no interval");
    return buf;
}

void words_times(const struct analysis_verdict *v, double margin, const char *b, const char *a, struct text *out)
{
    static const struct figure_about TIME = {.kind = FIGURE_TIME, .better = BETTER_LESS};
    bool differs = v->word == ANALYSIS_GREATER || v->word == ANALYSIS_LESS;
    bool far = differs && is_far(&v->ratio, &TIME);
    char said[WORDS_MAX_VERDICT];
    struct analysis_verdict turned = *v;
    if (far && v->word == ANALYSIS_LESS) { /* a factor: how many times as fast */
        turned.word = ANALYSIS_GREATER;
        turned.ratio.at = 1 / v->ratio.at;
        turned.ratio.low = 1 / v->ratio.high;
        turned.ratio.high = 1 / v->ratio.low;
    }
    (void)words_verdict(&turned, &TIME, margin, said);
    const char *bounds = strstr(said, " (");
    if (!differs || !bounds) {
        text_add(out, "%s and %s: %s", b, a, said);
        return;
    }
    int len = (int)(bounds - said);
    if (far && v->word == ANALYSIS_LESS)
        text_add(out, "%s is %.*s times faster than %s%s", b, (int)strcspn(said, " "), said, a, bounds);
    else if (far)
        text_add(out, "%s takes %.*s as %s%s", b, len, said, a, bounds);
    else
        text_add(out, "%s is %.*s than %s%s", b, len, said, a, bounds);
}

#include "analysis/bisect.h"

#include <math.h>

/* --- the design -------------------------------------------------------------------------------------------------- */

/* The last of the list, and then halves: of n candidates ceil(log2(n)) comparisons tell one. */
static size_t steps_of(size_t count)
{
    size_t steps = 1;
    for (size_t left = count - 1; left > 1; left = (left + 1) / 2)
        steps++;
    return steps;
}

struct bisect_design bisect_design(double error, size_t count, int64_t first, int64_t most)
{
    struct bisect_design d = {.error = error, .steps = steps_of(count)};
    for (int64_t n = first; n < most && d.looks < BISECT_LOOKS_MAX - 1; n *= 2)
        d.at[d.looks++] = n;
    d.at[d.looks++] = most;
    return d;
}

double bisect_confidence(const struct bisect_design *d, size_t cells)
{
    return 1 - 2 * d->error / (double)(d->steps * d->looks * cells);
}

/* --- the claim --------------------------------------------------------------------------------------------------- */

bool bisect_claim_parse(const char *text, struct compare_condition *ret)
{
    return compare_condition(text, ret, NULL) == 0 && ret->kind <= CONDITION_GROWTH &&
           (ret->kind != CONDITION_GROWTH || (ret->share > 0 && ret->share <= (double)INT64_MAX));
}

/* --- a look ------------------------------------------------------------------------------------------------------ */

/* 1 where a greater figure is what the claim says, else -1. */
static int direction(const struct compare_condition *c, const struct figure_about *about)
{
    bool up = c->kind >= CONDITION_MEMORY || (c->kind == CONDITION_FASTER) == (about->better == BETTER_MORE);
    return up ? 1 : -1;
}

/* One row's logarithm (of a slope its difference) in the claim's direction, beyond the share; half: of the interval. */
struct beyond {
    double at, half;
    bool known;
};

static struct beyond beyond(const struct bisect_row *row, const struct compare_condition *c, double confidence)
{
    struct beyond b = {NAN, NAN, false};
    const struct analysis_ratio *r = &row->ratio;
    if (r->why_not || r->zero_side || !isfinite(r->log) || !(r->variance >= 0))
        return b;
    b.at = direction(c, &row->about) * r->log - (r->is_difference ? c->share : log1p(c->share));
    b.half = r->variance > 0 ? stats_student(1 - (1 - confidence) / 2, r->df) * sqrt(r->variance) : 0;
    b.known = isfinite(b.half);
    return b;
}

/* About how many invocations a side make the interval end at the share: the half-width goes with 1/sqrt(n), and t with
 * the degrees of freedom, which for few invocations is taken into account. */
static size_t runs_for(const struct analysis_ratio *r, const struct beyond *b, double confidence)
{
    const double used = (double)r->a_used;
    for (size_t more = r->a_used; b->known && more > 0 && more <= ANALYSIS_RUNS_MAX; more += more / 20 + 1) {
        const double n = (double)more, t = stats_student(1 - (1 - confidence) / 2, r->df * n / used);
        if (t * sqrt(r->variance * used / n) < fabs(b->at))
            return more;
    }
    return 0;
}

static enum bisect_word word_of(const struct beyond *b)
{
    if (!b->known || fabs(b->at) <= b->half)
        return BISECT_CANNOT_TELL;
    return b->at > 0 ? BISECT_HOLDS : BISECT_DOES_NOT_HOLD;
}

/* Which row a finding is told by: one that holds before one that cannot tell before one that does not; of the same the
 * one that is farthest in the claim's direction. */
static bool comes_before(enum bisect_word a, const struct beyond *x, enum bisect_word b, const struct beyond *y)
{
    static const int RANK[] = {[BISECT_HOLDS] = 0, [BISECT_CANNOT_TELL] = 1, [BISECT_DOES_NOT_HOLD] = 2};
    return RANK[a] != RANK[b] ? RANK[a] < RANK[b] : !(x->at <= y->at);
}

struct bisect_finding bisect_judge(const struct bisect_row *row, size_t rows, const struct compare_condition *claim,
                                   const struct bisect_design *d)
{
    const double confidence = bisect_confidence(d, rows);
    struct beyond first = beyond(&row[0], claim, confidence);
    struct bisect_finding f = {.word = word_of(&first)};
    for (size_t i = 1; i < rows; i++) {
        const struct beyond b = beyond(&row[i], claim, confidence);
        const enum bisect_word word = word_of(&b);
        if (!comes_before(word, &b, f.word, &first))
            continue;
        f.word = word;
        f.row = i;
        first = b;
    }
    f.ratio = analysis_interval(&row[f.row].ratio, confidence);
    if (f.word == BISECT_CANNOT_TELL)
        f.runs = runs_for(&row[f.row].ratio, &first, confidence);
    return f;
}

/* --- the search -------------------------------------------------------------------------------------------------- */

size_t bisect_next(const struct bisect_search *s)
{
    if (s->ended || bisect_is_found(s))
        return 0;
    return s->bad == 0 ? s->count - 1 : s->good + (s->bad - s->good) / 2;
}

void bisect_take(struct bisect_search *s, enum bisect_word word)
{
    const size_t at = bisect_next(s);
    if (word == BISECT_HOLDS)
        s->bad = at;
    else if (s->bad == 0)
        s->ended = true;
    else
        s->good = at;
}

bool bisect_is_found(const struct bisect_search *s)
{
    return s->bad > 0 && s->bad == s->good + 1;
}

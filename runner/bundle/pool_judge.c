/* The verdicts of a pool: each claim by the machines of each class of hardware, and by all of them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "analysis/stats_effects.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "bundle/pool.h"

#define DIFFER_P    0.05
#define ALL_CLASSES SIZE_MAX

/* --- effects of machines ------------------------------------------------------------------------------------------ */

/* What is pooled: a unit is a machine, or a run where all are of one machine. */
struct units {
    double *y, *v;
    size_t *class_of;
    size_t count;
    bool of_runs;
    const char *why; /* why the first reproduction without an effect has none; NULL: each has one */
};

static void units_free(struct units *u)
{
    free(u->y);
    free(u->v);
    free(u->class_of);
}
#define cleanup_units __attribute__((cleanup(units_free)))

static const char *why_no_effect(const struct claim_effect *f)
{
    if (!f->is_run)
        return f->why;
    if (f->found.why_not)
        return isfinite(f->at) && isfinite(f->variance) ? NULL : f->found.why_not;
    if (!isfinite(f->at) && f->found.at <= 0)
        return f->found.at < 0 ? "the mean is below 0, and there is no logarithm of it"
                               : "the mean is 0, and there is no logarithm of it";
    return isfinite(f->at) && isfinite(f->variance) ? NULL : "it has no interval";
}

static void add_unit(struct units *u, double y, double v, size_t class_of)
{
    u->y[u->count] = y;
    u->v[u->count] = v;
    u->class_of[u->count++] = class_of;
}

/* The mean over the runs of one machine. Its variance is that of the runs' own, or as far as they are apart if that is
 * more: runs of one machine differ by more than their invocations tell. */
static void add_machine(struct units *u, const struct pool_result *r, size_t machine, size_t of_class, size_t effect)
{
    double sum = 0, squares = 0, own = 0, n = 0;
    size_t class_of = 0;
    for (size_t i = 0; i < r->members; i++) {
        const struct pool_member *m = &r->member[i];
        if (m->state != POOL_COUNTED || m->machine != machine || (of_class != ALL_CLASSES && m->class_ != of_class) ||
            why_no_effect(&m->effect[effect]))
            continue;
        double y = m->effect[effect].at;
        class_of = m->class_;
        n++;
        squares += n > 1 ? (y - sum / (n - 1)) * (y - sum / (n - 1)) * (n - 1) / n : 0; /* Welford 1962 */
        sum += y;
        own += m->effect[effect].variance;
    }
    if (n > 0)
        add_unit(u, sum / n, fmax(own / n / n, n > 1 ? squares / (n - 1) / n : 0), class_of);
}

static void add_runs(struct units *u, const struct pool_result *r, size_t of_class, size_t effect)
{
    for (size_t i = 0; i < r->members; i++) {
        const struct pool_member *m = &r->member[i];
        if (m->state == POOL_COUNTED && (of_class == ALL_CLASSES || m->class_ == of_class) &&
            !why_no_effect(&m->effect[effect]))
            add_unit(u, m->effect[effect].at, m->effect[effect].variance, m->class_);
    }
}

static struct units take_units(const struct pool_result *r, size_t of_class, size_t effect)
{
    struct units u = {.y = xcalloc(r->members + 1, sizeof(double)),
                      .v = xcalloc(r->members + 1, sizeof(double)),
                      .class_of = xcalloc(r->members + 1, sizeof(size_t))};
    for (size_t i = 0; i < r->members && !u.why; i++)
        if (r->member[i].state == POOL_COUNTED && (of_class == ALL_CLASSES || r->member[i].class_ == of_class))
            u.why = why_no_effect(&r->member[i].effect[effect]);
    for (size_t machine = 0; machine < r->machines; machine++)
        add_machine(&u, r, machine, of_class, effect);
    if (u.count == 1) {
        u.count = 0;
        add_runs(&u, r, of_class, effect);
        u.of_runs = u.count > 1;
    }
    return u;
}

/* --- estimates ---------------------------------------------------------------------------------------------------- */

static struct stats_interval in_unit(struct stats_interval i, bool on_logs)
{
    if (on_logs)
        return (struct stats_interval){exp(i.at), exp(i.low), exp(i.high), i.confidence, i.why_not};
    return i;
}

/* A logarithm and back is off in the last digits: what is at an edge but for these is at it. */
static double at_edge(double x, double edge)
{
    return fabs(x - edge) <= 1e-12 * fabs(edge) ? edge : x;
}

static struct stats_interval at_edges(const struct claim *c, struct stats_interval i)
{
    double min = claim_min(c);
    i.low = at_edge(at_edge(i.low, min), c->max);
    i.high = at_edge(at_edge(i.high, min), c->max);
    return i;
}

static void take_verdict(const struct claim *c, const struct units *u, struct pool_estimate *ret)
{
    if (u->count == 0) {
        ret->verdict = CLAIM_NOT_RUN;
        (void)snprintf(ret->why, sizeof(ret->why), "%s", u->why ? u->why : "no machine has it");
        return;
    }
    ret->verdict = CLAIM_INCONCLUSIVE;
    if (u->of_runs || u->count == 1) {
        (void)snprintf(ret->why, sizeof(ret->why), "one machine, which tells nothing of another: a prediction takes %d",
                       STATS_EFFECTS_PREDICTION_MIN);
    } else if (ret->prediction.why_not) {
        (void)snprintf(ret->why, sizeof(ret->why), "%zu machines: a prediction of the next one takes %d", u->count,
                       STATS_EFFECTS_PREDICTION_MIN);
    } else {
        struct judgement j = claim_judge_interval(c, ret->prediction);
        ret->verdict = j.verdict;
        if (j.verdict == CLAIM_INCONCLUSIVE)
            (void)snprintf(ret->why, sizeof(ret->why), "the prediction interval lies across the edge");
    }
}

/* An order's intervals hold jointly, as in claim_effect(). */
static struct pool_estimate estimate(const struct claim *c, const struct units *u)
{
    struct pool_estimate f = {.of_runs = u->of_runs};
    f.p = stats_effects(u->y, u->v, u->count, 1 - (1 - ANALYSIS_CONFIDENCE) / (double)claim_effects(c));
    if (u->of_runs)
        f.p.prediction =
            stats_no_interval(f.p.mean.at, ANALYSIS_CONFIDENCE, "runs of one machine predict no other machine");
    f.mean = in_unit(f.p.mean, claim_is_on_logs(c));
    f.prediction = at_edges(c, in_unit(f.p.prediction, claim_is_on_logs(c)));
    f.mean.confidence = f.prediction.confidence = ANALYSIS_CONFIDENCE;
    take_verdict(c, u, &f);
    return f;
}

/* --- classes ------------------------------------------------------------------------------------------------------ */

/* The p of all classes that have a machine having one mean. */
static double classes_p(const struct units *u, size_t classes)
{
    cleanup_free size_t *number = xcalloc(classes + 1, sizeof(*number)), *of = xcalloc(u->count + 1, sizeof(*of));
    size_t there = 0;
    for (size_t i = 0; i < u->count; i++) {
        if (number[u->class_of[i]] == 0)
            number[u->class_of[i]] = ++there;
        of[i] = number[u->class_of[i]] - 1;
    }
    return u->of_runs ? NAN : stats_effects_classes_p(u->y, of, u->count, there);
}

static bool has_verdict(const struct pool_result *r, const struct pool_part *part, enum claim_verdict v)
{
    for (size_t k = 0; k < r->classes; k++)
        if (part->of_class[k].verdict == v)
            return true;
    return false;
}

static struct pool_part pool_part(const struct pool_result *r, const struct claim *c, size_t effect)
{
    struct pool_part part = {.of_class = xcalloc(r->classes + 1, sizeof(*part.of_class))};
    cleanup_units struct units all = take_units(r, ALL_CLASSES, effect);
    part.all = estimate(c, &all);
    part.classes_p = classes_p(&all, r->classes);
    for (size_t k = 0; k < r->classes; k++) {
        cleanup_units struct units some = take_units(r, k, effect);
        part.of_class[k] = estimate(c, &some);
    }
    part.differ = part.classes_p < DIFFER_P ||
                  (has_verdict(r, &part, CLAIM_SUPPORTED) && has_verdict(r, &part, CLAIM_CONTRADICTED));
    return part;
}

/* --- a claim ------------------------------------------------------------------------------------------------------ */

/* An absolute value means something within a class of hardware alone. */
static bool is_by_class(const struct pool_result *r, const struct claim *c, const struct pool_claim *found)
{
    bool differ = c->kind == CLAIM_VALUE && r->classes > 1;
    for (size_t i = 0; i < found->parts; i++)
        differ |= found->part[i].differ;
    return differ;
}

static struct pool_claim pool_one(const struct pool_result *r, const struct claim *c, size_t first)
{
    struct pool_claim found = {.parts = claim_effects(c)};
    found.part = xcalloc(found.parts + 1, sizeof(*found.part));
    found.of_class = xcalloc(r->classes + 1, sizeof(*found.of_class));
    for (size_t i = 0; i < found.parts; i++) {
        found.part[i] = pool_part(r, c, first + i);
        if (i == 0 || claim_is_worse(found.part[i].all.verdict, found.part[found.shown].all.verdict))
            found.shown = i;
        for (size_t k = 0; k < r->classes; k++)
            if (i == 0 || claim_is_worse(found.part[i].of_class[k].verdict, found.of_class[k]))
                found.of_class[k] = found.part[i].of_class[k].verdict;
    }
    found.by_class = is_by_class(r, c, &found);
    found.verdict = found.part[found.shown].all.verdict;
    found.why = found.part[found.shown].all.why;
    return found;
}

/* Why a value of the claim is not of the original's hardware; NULL: it is. Where the original was given the records
 * tell, else reproduction.json alone. */
static const char *why_withheld(const struct pool_result *r, const struct pool_member *m, size_t claim)
{
    const char *theirs = r->reference && r->reference->state == POOL_ORIGINAL ? r->reference->hardware : NULL;
    bool known = theirs && m->hardware && strcmp(m->hardware, POOL_SEVERAL_KINDS) != 0 &&
                 strcmp(theirs, POOL_SEVERAL_KINDS) != 0;
    if (known)
        return strcmp(m->hardware, theirs) != 0
                   ? "its hardware is not the original's, and the claim is an absolute value"
                   : NULL;
    return m->said[claim].withheld
               ? "by its own word its hardware is not the original's, and the claim is an absolute value"
               : NULL;
}

/* Takes the value of a claim from those on other hardware than the original's. */
static void withhold(struct pool_result *r, size_t claim, size_t effect)
{
    for (size_t i = 0; i < r->members; i++) {
        struct pool_member *m = &r->member[i];
        if (m->state != POOL_COUNTED || claim >= m->claim_count || !m->effect[effect].is_run)
            continue;
        const char *why = why_withheld(r, m, claim);
        m->effect[effect].is_run = !why;
        if (why)
            text_format(m->effect[effect].why, sizeof(m->effect[effect].why), "%s", why);
    }
}

void pool_judge(struct pool_result *r)
{
    size_t first = 0;
    r->claim = xcalloc(r->claims.count + 1, sizeof(*r->claim));
    for (size_t i = 0; i < r->claims.count; i++) {
        if (r->claims.list[i].kind == CLAIM_VALUE)
            withhold(r, i, first);
        r->claim[i] = pool_one(r, &r->claims.list[i], first);
        first += claim_effects(&r->claims.list[i]);
    }
}

const char *pool_verdict_name(const struct pool_claim *c)
{
    return c->by_class ? "BY MACHINE CLASS" : claim_verdict_names[c->verdict];
}

int pool_status(const struct pool_result *r)
{
    size_t of[CLAIM_VERDICTS] = {0};
    if (r->refused > 0 || r->counted == 0)
        return ERR_SAID_NO;
    for (size_t i = 0; i < r->claims.count; i++)
        for (size_t k = 0; k < (r->claim[i].by_class ? r->classes : 1); k++)
            of[r->claim[i].by_class ? r->claim[i].of_class[k] : r->claim[i].verdict]++;
    return claims_status(r->claims.count, of);
}

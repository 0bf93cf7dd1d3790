/* One cell and one figure: both sides' invocations, node by node where they have several, and the ratio. */
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "compare/compare_internal.h"
#include "stats/stats.h"
#include "stats/stats_bootstrap.h"
#include "stats/stats_levels.h"
#include "stats/stats_modes.h"

#define NODES_MAX 64

/* Values of one side, those of a node together: node i has value[from[i]] … value[from[i + 1] - 1]. */
struct by_node {
    const char *node[NODES_MAX + 1];
    size_t from[NODES_MAX + 2];
    size_t nodes;
    double *value; /* owned */
    size_t count;
    bool overflow; /* more nodes than are told apart */
};

/* --- one side
 * ------------------------------------------------------------------------------------------------------------ */

static size_t node_index(struct by_node *s, const char *node)
{
    size_t i = 0;
    while (i < s->nodes && strcmp(s->node[i], node) != 0)
        i++;
    if (i == NODES_MAX) {
        s->overflow = true;
        return 0;
    }
    if (i == s->nodes)
        s->node[s->nodes++] = node;
    return i;
}

/* Counts what cannot be used, and says why. */
static bool is_usable(const struct invocation *i, int index, struct compare_side *side)
{
    struct figure f =
        index < 0 ? (struct figure){NAN, "the record has no such figure"} : invocation_figure(i, (size_t)index);
    if (i->ok && !isnan(f.value))
        return true;
    side->failed += !i->ok;
    side->missing += i->ok;
    side->why_not = i->ok ? f.why_not : *i->detail ? i->detail : i->termination;
    return false;
}

static struct by_node take_side(const struct records *r, const struct cell_group *g, const char *figure,
                                struct compare_side *side)
{
    struct by_node s = {.value = calloc(g->count + 1, sizeof(double))};
    int index = records_figure(r, figure);
    cleanup_free size_t *node = calloc(g->count + 1, sizeof(*node));
    cleanup_free double *plain = calloc(g->count + 1, sizeof(*plain));
    if (!s.value || !node || !plain)
        abort();
    side->cell = g->cell;
    for (size_t i = 0; i < g->count; i++) {
        if (!is_usable(g->invocation[i], index, side))
            continue;
        node[s.count] = node_index(&s, g->invocation[i]->node);
        plain[s.count++] = invocation_figure(g->invocation[i], (size_t)index).value;
    }
    size_t at = 0;
    for (size_t n = 0; n < s.nodes; n++) {
        s.from[n] = at;
        for (size_t i = 0; i < s.count; i++)
            if (node[i] == n)
                s.value[at++] = plain[i];
    }
    s.from[s.nodes] = at;
    return s;
}

static void summarise(const struct by_node *s, const struct compare_options *o, struct compare_side *side)
{
    side->used = s->count;
    side->value = calloc(s->count + 1, sizeof(*side->value));
    if (!side->value)
        abort();
    side->mean = side->median = side->dip_p = NAN;
    if (s->count == 0)
        return;
    memcpy(side->value, s->value, s->count * sizeof(*s->value));
    side->median = stats_median(side->value, s->count); /* sorts it */
    side->mean = gsl_stats_mean(side->value, 1, s->count);
    side->outliers = stats_outliers(side->value, s->count, NULL, 0);
    if (s->count >= 10)
        side->dip_p = stats_dip_p(stats_dip(side->value, s->count), s->count, 1000, o->seed);
}

static void take_steady(const struct cell_group *g, struct compare_side *side)
{
    cleanup_free enum stats_steady *class = calloc(g->count + 1, sizeof(*class));
    size_t n = 0;
    if (!class)
        abort();
    for (size_t i = 0; i < g->count; i++)
        if (g->invocation[i]->ok && g->invocation[i]->iteration_s)
            class[n++] = stats_steady_state(g->invocation[i]->iteration_s, g->invocation[i]->iterations).class;
    side->has_steady = n > 0;
    side->steady = stats_steady_of_all(class, n);
}

/* --- nodes
 * ----------------------------------------------------------------------------------------------------------------- */

static bool names_none(const struct by_node *s)
{
    return s->nodes == 0 || (s->nodes == 1 && !*s->node[0]);
}

/* The strata: a node each that both sides have; all together where no node is known or none is common. */
static size_t make_strata(const struct by_node *a, const struct by_node *b, struct stats_stratum *strata,
                          struct compare_row *row)
{
    size_t n = 0, common = 0;
    for (size_t i = 0; i < a->nodes; i++) {
        for (size_t k = 0; k < b->nodes; k++) {
            if (strcmp(a->node[i], b->node[k]) != 0)
                continue;
            size_t a_count = a->from[i + 1] - a->from[i], b_count = b->from[k + 1] - b->from[k];
            strata[n++] = (struct stats_stratum){a->value + a->from[i], b->value + b->from[k], a_count, b_count};
            common++;
        }
    }
    if (a->overflow || b->overflow)
        row->node_note = "more nodes than are told apart: they are taken together";
    else if (common == 0 && (names_none(a) || names_none(b)))
        row->node_note = a->count && b->count ? "one side does not name its node: all are taken together" : NULL;
    else if (common == 0)
        row->node_note = "the sides ran on different nodes: the ratio is one of node and change together";
    else if (common < a->nodes || common < b->nodes)
        row->node_note = "a node that one side alone has is left out of the ratio";
    if (common == 0 || a->overflow || b->overflow) {
        strata[0] = (struct stats_stratum){a->value, b->value, a->count, b->count};
        return 1;
    }
    row->nodes = common > 1 ? common : 0;
    return n;
}

/* The tree of nodes and invocations that is resampled; of `unit` there is room for all nodes. */
static struct stats_unit tree_of(const struct stats_stratum *strata, size_t n, bool b, struct stats_unit *unit)
{
    for (size_t i = 0; i < n; i++)
        unit[i] =
            (struct stats_unit){.value = b ? strata[i].b : strata[i].a, .n = b ? strata[i].b_count : strata[i].a_count};
    return (struct stats_unit){.unit = unit, .n = n};
}

/* Student's t is for 2 to 20 invocations, the bootstrap for more; of nodes it is for five and more, since below that
 * resampling them tells nothing, and each is compared with itself. */
static bool takes_bootstrap(const struct compare_options *o, const struct stats_stratum *strata, size_t n)
{
    size_t fewest = 0;
    for (size_t i = 0; i < n; i++)
        fewest += strata[i].a_count < strata[i].b_count ? strata[i].a_count : strata[i].b_count;
    if (n > 1 && n < STATS_INTERVAL_MIN)
        return false;
    return o->method == COMPARE_BOOTSTRAP || (o->method == COMPARE_AUTO && (n > 1 || fewest > 20));
}

static void take_ratio(const struct stats_stratum *strata, size_t n, const struct compare_options *o,
                       struct compare_row *row)
{
    struct stats_log_ratio welch = stats_log_ratio(strata, n);
    row->p = welch.p;
    row->ratio95 = stats_ratio_interval(&welch, 0.95);
    row->ratio90 = stats_ratio_interval(&welch, 0.90);
    row->bootstrapped = !welch.why_not && takes_bootstrap(o, strata, n);
    if (!row->bootstrapped)
        return;
    struct stats_unit unit_a[NODES_MAX + 1], unit_b[NODES_MAX + 1];
    struct stats_unit a = tree_of(strata, n, false, unit_a), b = tree_of(strata, n, true, unit_b);
    struct stats_bootstrap how = {o->seed, o->resamples};
    row->ratio95 = stats_bootstrap_ratio(&a, &b, how, 0.95);
    row->ratio90 = stats_bootstrap_ratio(&a, &b, how, 0.90);
}

void compare_figures(const struct records *ra, const struct records *rb, const struct cell_pair *pair,
                     const char *figure, const struct compare_options *o, struct compare_row *row)
{
    struct stats_stratum strata[NODES_MAX + 1];
    int known = records_figure(ra, figure) >= 0 ? records_figure(ra, figure) : records_figure(rb, figure);
    const struct figure_name *names = records_figure(ra, figure) >= 0 ? ra->name : rb->name;
    row->more_is_less = known >= 0 && names[known].more_is_less;
    struct by_node a = take_side(ra, pair->a, figure, &row->a), b = take_side(rb, pair->b, figure, &row->b);
    summarise(&a, o, &row->a);
    summarise(&b, o, &row->b);
    take_steady(pair->a, &row->a);
    take_steady(pair->b, &row->b);
    take_ratio(strata, make_strata(&a, &b, strata, row), o, row);
    row->shift = stats_hodges_lehmann(row->a.value, row->a.used, row->b.value, row->b.used);
    row->dominance = stats_cliffs_delta(row->a.value, row->a.used, row->b.value, row->b.used);
    free(a.value);
    free(b.value);
}

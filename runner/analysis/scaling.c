#include "analysis/scaling.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "analysis/cells.h"
#include "analysis/stats_usl.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/cpulist.h"
#include "base/text.h"

#define TIME      "avg_iter_s"
#define EMPTY     "scenario0" /* what it does besides starting and joining its workers is nothing */
#define EMPTY_BY  "empty_by"  /* the same of any other scenario: the knobs that say so */
#define ALONE     "mode,mp_start_method,runtime,workers"
#define SAME_CELL "name,iterations,warmup"

const char *const scaling_part_names[] = {"ceiling", "sharing tax", "serial", "coherency", "start"};

bool scaling_is_within_sharing(enum scaling_part p)
{
    return p == SCALING_SERIAL || p == SCALING_COHERENCY;
}

/* --- curves ------------------------------------------------------------------------------------------------------- */

/* The key whose product with the workers both have, and in which alone they differ besides; NULL: there is none. */
static const char *shared_key(const struct summary_cell *a, const struct summary_cell *b)
{
    for (size_t i = 0; i < a->cell->count; i++) {
        const struct pair *p = &a->cell->list[i];
        const char *other = keyset_find(b->cell, p->key);
        char *end, *other_end;
        char but[128];
        if (!other || strcmp(p->key, "workers") == 0 || strcmp(other, p->value) == 0 ||
            strlen(p->key) > sizeof(but) - sizeof("workers,"))
            continue;
        const double own = strtod(p->value, &end), others = strtod(other, &other_end);
        text_format(but, sizeof(but), "workers,%s", p->key);
        if (!*end && !*other_end && fabs(own * a->workers - others * b->workers) < 0.5 && own > 0 &&
            cells_alike(a->cell, b->cell, but))
            return p->key;
    }
    return NULL;
}

static bool takes(const struct scaling_curve *c, const struct summary_cell *cell, const char **shared)
{
    const struct summary_cell *first = c->point[0].cell;
    *shared = NULL;
    if (c->points > 0 && c->point[c->points - 1].workers >= cell->workers)
        return false;
    if (!c->shared && cells_alike(first->cell, cell->cell, "workers"))
        return true;
    *shared = shared_key(first, cell);
    return *shared && (c->points == 1 || (c->shared && strcmp(c->shared, *shared) == 0));
}

/* Those of equal work a worker first: of a plan that has every number with every work each is a curve of its own. */
static struct scaling_curve *curve_of(struct scaling_sweep *s, const struct summary_cell *cell, const char **shared)
{
    struct scaling_curve *found = NULL;
    const char *key;
    *shared = NULL;
    for (size_t i = 0; i < s->curves; i++) {
        if (!takes(&s->curve[i], cell, &key))
            continue;
        if (!key) {
            *shared = NULL;
            return &s->curve[i];
        }
        found = &s->curve[i];
        *shared = key;
    }
    return found;
}

static void add_cell(struct scaling_sweep *s, const struct summary_cell *cell)
{
    const char *shared;
    struct scaling_curve *c = curve_of(s, cell, &shared);
    if (!c) {
        s->curve = xgrow(s->curve, s->curves, sizeof(*s->curve));
        c = &s->curve[s->curves++];
        *c = (struct scaling_curve){NULL, 0, NULL};
    }
    c->point = xgrow(c->point, c->points, sizeof(*c->point));
    c->point[c->points++] = (struct scaling_point){.cell = cell, .workers = cell->workers};
    c->shared = shared ? shared : c->shared;
}

/* Of equal work a worker, else of work that is shared; sweeps: there is none yet. */
static size_t sweep_of(const struct scaling *all, const struct summary_cell *cell)
{
    const char *key;
    for (size_t i = 0; i < all->sweeps; i++)
        if (cells_agree(all->sweep[i].curve[0].point[0].cell->cell, cell->cell, ALONE))
            return i;
    for (size_t i = 0; i < all->sweeps; i++)
        if (curve_of(&all->sweep[i], cell, &key))
            return i;
    return all->sweeps;
}

static bool is_empty(const struct summary_cell *c)
{
    return keyset_find(c->cell, EMPTY_BY) || strcmp(c->scenario, EMPTY) == 0;
}

/* Whether it tells of workers; what starting them takes is told with the others, where there are others. */
static bool scales(const struct scaling *all, const struct scaling_sweep *s)
{
    if (all->sweeps > 1 && is_empty(s->curve[0].point[0].cell))
        return false;
    for (size_t i = 0; i < s->curves; i++)
        if (s->curve[i].points > 1)
            return true;
    return false;
}

static void sweep_free(struct scaling_sweep *s)
{
    for (size_t i = 0; i < s->curves; i++)
        free(s->curve[i].point);
    for (size_t i = 0; i < s->splits; i++)
        free(s->split[i].loss);
    free(s->curve);
    free(s->split);
}

/* By workers: a curve of shared work is begun by its fewest. */
static int compare_workers(const void *a, const void *b)
{
    const struct summary_cell *x = *(const struct summary_cell *const *)a, *y = *(const struct summary_cell *const *)b;
    if (x->workers < y->workers || x->workers > y->workers)
        return x->workers < y->workers ? -1 : 1;
    return (x > y) - (x < y); /* as the summary has them */
}

static void find_sweeps(const struct summary *s, struct scaling *ret)
{
    cleanup_free const struct summary_cell **cell = xcalloc(s->cells, sizeof(const struct summary_cell *));
    size_t n = 0, kept = 0;
    for (size_t i = 0; i < s->cells; i++)
        if (!summary_is_memory(&s->cell[i]) && !isnan(s->cell[i].workers))
            cell[n++] = &s->cell[i];
    qsort(cell, n, sizeof(*cell), compare_workers);         /* NOLINT(bugprone-sizeof-expression): pointers */
    if (n == 0 || cell[0]->workers >= cell[n - 1]->workers) /* one number of workers is over nothing */
        return;
    for (size_t i = 0; i < n; i++) {
        const size_t k = sweep_of(ret, cell[i]);
        if (k == ret->sweeps) {
            ret->sweep = xgrow(ret->sweep, ret->sweeps, sizeof(*ret->sweep));
            ret->sweep[ret->sweeps++] = (struct scaling_sweep){.scenario = cell[i]->scenario};
        }
        add_cell(&ret->sweep[k], cell[i]);
    }
    cleanup_free bool *keep = xcalloc(ret->sweeps, sizeof(*keep));
    for (size_t i = 0; i < ret->sweeps; i++)
        keep[i] = scales(ret, &ret->sweep[i]);
    for (size_t i = 0; i < ret->sweeps; i++)
        if (keep[i])
            ret->sweep[kept++] = ret->sweep[i];
        else
            sweep_free(&ret->sweep[i]);
    ret->sweeps = kept;
}

/* One number of workers is over nothing. */
static void drop_points(struct scaling_sweep *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->curves; i++)
        if (s->curve[i].points > 1)
            s->curve[kept++] = s->curve[i];
        else
            free(s->curve[i].point);
    s->curves = kept;
}

static int compare_curves(const void *a, const void *b)
{
    const struct summary_cell *x = ((const struct scaling_curve *)a)->point[0].cell,
                              *y = ((const struct scaling_curve *)b)->point[0].cell;
    return (x > y) - (x < y);
}

/* --- what is known of the cells ----------------------------------------------------------------------------------- */

/* One figure of one cell. */
struct input {
    const struct summary_cell *cell;
    size_t figure;
    struct cell_values values;
    double log; /* mean; NaN without any */
};

/* All that a sweep's numbers are made of, each once. */
struct inputs {
    const struct summary *s;
    struct input *list; /* owned */
    size_t count;
    bool one_run;        /* one run of one plan gave all of them */
    const char *why_not; /* two of them are not compared; NULL: all are */
};

static double mean_log(const struct cell_values *v)
{
    double sum = 0;
    for (size_t i = 0; i < v->count; i++)
        sum += log(v->list[i].value) / (double)v->count;
    return v->count ? sum : NAN;
}

static size_t input_of(struct inputs *in, const struct summary_cell *cell, size_t figure)
{
    const struct cell_group group = summary_group(cell);
    const char *name = in->s->records.reader.name[figure].name;
    for (size_t i = 0; i < in->count; i++)
        if (in->list[i].cell == cell && in->list[i].figure == figure)
            return i;
    if (in->count > 0) {
        const struct cell_group first = summary_group(in->list[0].cell);
        const char *why = summary_incomparable(in->s, in->list[0].cell, cell, name);
        in->one_run &= in->list[0].cell == cell || cells_are_of_one_run(&first, &group);
        in->why_not = in->why_not ? in->why_not : why;
    }
    in->list = xgrow(in->list, in->count, sizeof(*in->list));
    struct input *one = &in->list[in->count];
    *one = (struct input){cell, figure, cells_values(&in->s->records, &group, name), NAN};
    one->log = mean_log(&one->values);
    return in->count++;
}

static void inputs_free(struct inputs *in)
{
    for (size_t i = 0; i < in->count; i++)
        cell_values_free(&in->list[i].values);
    free(in->list);
}

/* The interval of what has these derivatives by the inputs' logarithms. On logarithms: of exp(at). */
static struct stats_interval interval_of(const struct inputs *in, double at, const double *weight, size_t family,
                                         bool on_logs)
{
    const double confidence = 1 - (1 - ANALYSIS_CONFIDENCE) / (double)(family ? family : 1);
    cleanup_free struct analysis_term *term = xcalloc(in->count, sizeof(*term));
    for (size_t i = 0; i < in->count; i++)
        term[i] = (struct analysis_term){in->list[i].values.list, in->list[i].values.count, weight[i]};
    const struct analysis_contrast c = analysis_contrast(term, in->count, in->one_run);
    const double shown = on_logs ? exp(at) : at;
    if (in->why_not || isnan(at))
        return stats_no_interval(NAN, ANALYSIS_CONFIDENCE,
                                 in->why_not ? in->why_not : "a cell has no invocation with the figure");
    if (c.why_not)
        return stats_no_interval(shown, ANALYSIS_CONFIDENCE, c.why_not);
    const double half = c.variance > 0 ? stats_student((1 + confidence) / 2, c.df) * sqrt(c.variance) : 0;
    return (struct stats_interval){shown, on_logs ? exp(at - half) : at - half, on_logs ? exp(at + half) : at + half,
                                   ANALYSIS_CONFIDENCE, NULL};
}

/* --- speed-up ----------------------------------------------------------------------------------------------------- */

/* The figure that tells how much work a sweep does in a time, and whether that is a time. */
struct measure {
    size_t figure;
    bool is_time;
};

static bool find_measure(const struct summary *s, const struct scaling_sweep *sweep, struct measure *ret)
{
    int rate = summary_rate(s, sweep->curve[0].point[0].cell), time = records_figure(&s->records, TIME);
    *ret = (struct measure){(size_t)(rate < 0 ? time : rate), rate < 0};
    return rate >= 0 || time >= 0;
}

/* ln of how much work the k-th point does in a time, over the first's, from its figure's logarithm. */
static double log_work(const struct scaling_curve *c, const struct measure *m, size_t k, double log_first,
                       double log_own)
{
    const double more = c->shared ? 1 : c->point[k].workers / c->point[0].workers;
    return m->is_time ? log(more) + log_first - log_own : log_own - log_first;
}

static void take_speed_ups(struct inputs *in, struct scaling_sweep *s, const struct measure *m)
{
    size_t family = 0;
    for (size_t i = 0; i < s->curves; i++)
        for (size_t k = 0; k < s->curve[i].points; k++)
            (void)input_of(in, s->curve[i].point[k].cell, m->figure);
    for (size_t i = 0; i < s->curves; i++)
        family += s->curve[i].points - 1;
    for (size_t i = 0; i < s->curves; i++) {
        struct scaling_curve *c = &s->curve[i];
        const size_t first = input_of(in, c->point[0].cell, m->figure);
        const double one = log(c->point[0].workers);
        const bool ran = isfinite(in->list[first].log);
        c->point[0].speed_up = stats_no_interval(ran ? c->point[0].workers : NAN, ANALYSIS_CONFIDENCE,
                                                 ran ? "the others are over it" : "no run of it ended well");
        for (size_t k = 1; k < c->points; k++) {
            cleanup_free double *weight = xcalloc(in->count, sizeof(*weight));
            const size_t own = input_of(in, c->point[k].cell, m->figure);
            weight[first] = m->is_time ? 1 : -1;
            weight[own] = -weight[first];
            c->point[k].speed_up =
                interval_of(in, one + log_work(c, m, k, in->list[first].log, in->list[own].log), weight, family, true);
        }
    }
}

/* --- the loss of threads ------------------------------------------------------------------------------------------ */

/* A curve's point, and where in the inputs its numbers are. */
struct place {
    size_t point;
    size_t work, time, empty; /* time, empty: if there is a start */
};

enum { THREADS, PROCESSES, SIDES };

/* Both curves at the numbers of workers that both have; the first is one worker. */
struct pairing {
    const struct measure *measure;
    const struct scaling_curve *curve[SIDES];
    struct place *place[SIDES];
    size_t count;
    bool has_start, start_of_another; /* another program's, scenario0's */
};

enum { GOT, WHOLE, PART, PER_POINT = PART + SCALING_PARTS };

/* What of a curve's k-th point is left when starting its workers takes no time, over the first's. */
static double without_start(const struct pairing *p, int side, size_t k, const double *log_of)
{
    const struct place *one[2] = {&p->place[side][0], &p->place[side][k]};
    double factor[2] = {1, 1};
    for (size_t i = 0; p->has_start && i < 2; i++)
        factor[i] = 1 / (1 - exp(log_of[one[i]->empty] - log_of[one[i]->time]));
    return factor[1] / factor[0];
}

static double speed_up_of(const struct pairing *p, int side, size_t k, const double *log_of)
{
    const struct place *place = p->place[side];
    return exp(log_work(p->curve[side], p->measure, place[k].point, log_of[place[0].work], log_of[place[k].work]));
}

static const struct scaling_point *point_of(const struct pairing *p, int side, size_t k)
{
    return &p->curve[side]->point[p->place[side][k].point];
}

/* All numbers of a split from the logarithms: PER_POINT for each number of workers but the first, then sigma and kappa.
 */
static void work_out(const struct pairing *p, const double *log_of, double *ret, struct stats_usl *fit)
{
    cleanup_free double *y = xcalloc(p->count, sizeof(*y)), *workers = xcalloc(p->count, sizeof(*workers));
    y[0] = workers[0] = 1;
    for (size_t k = 1; k < p->count; k++) {
        double *n = &ret[(k - 1) * PER_POINT];
        const double got = speed_up_of(p, THREADS, k, log_of), t = got * without_start(p, THREADS, k, log_of),
                     c = speed_up_of(p, PROCESSES, k, log_of) * without_start(p, PROCESSES, k, log_of);
        workers[k] = point_of(p, THREADS, k)->workers;
        y[k] = c / t;
        n[GOT] = got;
        n[WHOLE] = workers[k] - got;
        n[PART + SCALING_CEILING] = workers[k] - c;
        n[PART + SCALING_SHARING] = c - t;
        n[PART + SCALING_START] = t - got;
    }
    *fit = (struct stats_usl){.rms = NAN, .r2 = NAN, .amdahl = NAN, .amdahl_rms = NAN, .amdahl_r2 = NAN};
    if (p->count >= STATS_USL_MIN)
        *fit = stats_usl_fit(workers, y, p->count);
    for (size_t k = 1; k < p->count; k++) {
        double *n = &ret[(k - 1) * PER_POINT];
        const double s = fit->free_sigma, q = fit->free_kappa * workers[k];
        n[PART + SCALING_SERIAL] = n[PART + SCALING_SHARING] * s / (s + q);
        n[PART + SCALING_COHERENCY] = n[PART + SCALING_SHARING] * q / (s + q);
    }
    ret[(p->count - 1) * PER_POINT] = fit->free_sigma;
    ret[(p->count - 1) * PER_POINT + 1] = fit->free_kappa;
}

/* The derivatives of all numbers by each input's logarithm: central differences, whose error is about the square of the
 * step. weight[number * inputs + input]; the caller frees it. */
static double *derivatives(const struct pairing *p, const struct inputs *in, const double *log_of, size_t numbers)
{
    const double step = 1e-5;
    struct stats_usl ignored;
    double *weight = xcalloc(numbers * in->count, sizeof(*weight));
    cleanup_free double *moved = xcalloc(in->count, sizeof(*moved)), *up = xcalloc(numbers, sizeof(*up)),
                        *down = xcalloc(numbers, sizeof(*down));
    memcpy(moved, log_of, in->count * sizeof(*moved));
    for (size_t i = 0; i < in->count; i++) {
        moved[i] = log_of[i] + step;
        work_out(p, moved, up, &ignored);
        moved[i] = log_of[i] - step;
        work_out(p, moved, down, &ignored);
        moved[i] = log_of[i];
        for (size_t n = 0; n < numbers; n++) {
            const double slope = (up[n] - down[n]) / (2 * step);
            weight[n * in->count + i] = fabs(slope) > 1e-9 ? slope : 0; /* the rest is rounding */
        }
    }
    return weight;
}

/* --- the fit's say ------------------------------------------------------------------------------------------------ */

static struct stats_interval bounded(struct stats_interval i, double at)
{
    i.at = at;
    i.low = fmin(fmax(i.low, 0), at);
    i.high = fmax(i.high, at);
    return i;
}

#define UNFIT 0.02 /* of a value: less is no reason to doubt a curve */

/* Why the curve does not split the tax, or "". It does not hold where it misses a tax by more than that tax's own
 * interval leaves. */
static void judge_fit(const struct pairing *p, const struct stats_usl *u, const struct scaling_loss *loss,
                      struct scaling_fit *ret)
{
    const struct scaling_loss *last = &loss[p->count - 2], *worst = u->worst_at ? &loss[u->worst_at - 1] : last;
    const struct stats_interval *tax = &last->part[SCALING_SHARING];
    const double processes = worst->workers - worst->part[SCALING_CEILING].at,
                 threads = processes - worst->part[SCALING_SHARING].at;
    const struct stats_interval *off = &worst->part[SCALING_SHARING];
    const double half = off->why_not ? NAN : (off->high - off->low) / 2 / threads;
    ret->why_not[0] = '\0';
    if (p->count < STATS_USL_MIN)
        text_format(ret->why_not, sizeof(ret->why_not),
                    "%zu numbers of workers, and it takes %d: two more than the one they are over would fix a curve of "
                    "two parameters, and nothing would test it",
                    p->count, STATS_USL_MIN);
    else if (tax->why_not)
        text_format(ret->why_not, sizeof(ret->why_not), "the tax has no interval: %s", tax->why_not);
    else if (tax->low <= 0)
        text_format(ret->why_not, sizeof(ret->why_not), "no tax is shown at %g workers that could be split",
                    last->workers);
    else if (u->worst > UNFIT && u->worst > half)
        text_format(ret->why_not, sizeof(ret->why_not),
                    "the law does not hold: at %g workers it is %.0f %% off, and the runs leave %.0f %%",
                    worst->workers, 100 * u->worst, 100 * half);
}

static void take_fit(const struct pairing *p, const struct inputs *in, const struct stats_usl *u, const double *weight,
                     struct scaling_split *ret)
{
    struct scaling_fit *f = &ret->fit;
    const size_t at = (p->count - 1) * PER_POINT;
    *f = (struct scaling_fit){.law = *u, .points = p->count};
    judge_fit(p, u, ret->loss, f);
    f->sigma = f->kappa = stats_no_interval(NAN, ANALYSIS_CONFIDENCE, "the tax is not split");
    if (!*f->why_not) {
        f->sigma = bounded(interval_of(in, u->free_sigma, &weight[at * in->count], 2, false), u->sigma);
        f->kappa = bounded(interval_of(in, u->free_kappa, &weight[(at + 1) * in->count], 2, false), u->kappa);
    }
    for (size_t k = 0; k < ret->losses; k++) {
        struct stats_interval *part = ret->loss[k].part;
        const double s = u->sigma, q = u->kappa * ret->loss[k].workers, tax = part[SCALING_SHARING].at;
        if (*f->why_not || !(s + q > 0)) {
            part[SCALING_SERIAL] = part[SCALING_COHERENCY] =
                stats_no_interval(NAN, ANALYSIS_CONFIDENCE, "the tax is not split");
            continue;
        }
        part[SCALING_SERIAL] = bounded(part[SCALING_SERIAL], tax * s / (s + q));
        part[SCALING_COHERENCY] = bounded(part[SCALING_COHERENCY], tax * q / (s + q));
    }
}

/* --- one split ---------------------------------------------------------------------------------------------------- */

static double cpus_of(const struct summary_cell *c)
{
    const char *list = keyset_find(c->invocation[0]->environment, "slice.cpus_effective");
    struct cpulist set;
    return list && *list && cpulist_parse(list, &set) == 0 ? (double)cpulist_count(&set) : NAN;
}

static void take_losses(const struct pairing *p, const struct inputs *in, struct scaling_split *ret)
{
    const size_t numbers = (p->count - 1) * PER_POINT + 2, family = (p->count - 1) * (p->has_start ? 3 : 2);
    cleanup_free double *log_of = xcalloc(in->count, sizeof(*log_of)), *number = xcalloc(numbers, sizeof(*number));
    struct stats_usl u;
    for (size_t i = 0; i < in->count; i++)
        log_of[i] = in->list[i].log;
    work_out(p, log_of, number, &u);
    cleanup_free double *weight = derivatives(p, in, log_of, numbers);
    ret->loss = xcalloc(p->count, sizeof(*ret->loss));
    ret->losses = p->count - 1;
    for (size_t k = 1; k < p->count; k++) {
        struct scaling_loss *l = &ret->loss[k - 1];
        const struct scaling_point *own = point_of(p, THREADS, k);
        const size_t at = (k - 1) * PER_POINT;
        l->workers = own->workers;
        l->cpus = cpus_of(own->cell);
        l->got = own->speed_up;
        l->lost = l->got;
        l->lost.at = l->workers - l->got.at;
        l->lost.low = l->workers - l->got.high;
        l->lost.high = l->workers - l->got.low;
        for (int part = 0; part < SCALING_PARTS; part++)
            l->part[part] = interval_of(in, number[at + PART + (size_t)part],
                                        &weight[(at + PART + (size_t)part) * in->count], family, false);
        if (!p->has_start)
            l->part[SCALING_START] = stats_no_interval(NAN, ANALYSIS_CONFIDENCE, ret->no_start);
    }
    take_fit(p, in, &u, weight, ret);
}

/* Whether it is of the same program, whose processes import the same, with nothing to do. */
static bool is_emptied(const struct summary_cell *one, const struct summary_cell *c)
{
    const char *keys = keyset_find(one->cell, EMPTY_BY);
    if (!keys || strcmp(one->scenario, c->scenario) != 0)
        return false;
    cleanup_free char *but = text_printf(SAME_CELL "," EMPTY_BY ",%s", keys);
    return cells_agree(one->cell, c->cell, but);
}

/* The cell that starts and joins as many workers of the same mode and does nothing in them: the same program's, else
 * scenario0's. */
static const struct summary_cell *empty_of(const struct summary *s, const struct summary_cell *c)
{
    const char *lifecycle = keyset_find(c->cell, "lifecycle");
    const struct summary_cell *other = NULL;
    if (lifecycle && strcmp(lifecycle, "fresh") != 0)
        return NULL;
    for (size_t i = 0; i < s->cells; i++) {
        const struct summary_cell *one = &s->cell[i];
        if (is_emptied(one, c))
            return one;
        if (strcmp(one->scenario, EMPTY) == 0 && cells_agree(one->cell, c->cell, SAME_CELL))
            other = one;
    }
    return other;
}

/* Adds the points that both curves have. Returns why that is not enough, or NULL. */
static const char *pair_points(struct pairing *p)
{
    const struct scaling_curve *t = p->curve[THREADS], *c = p->curve[PROCESSES];
    for (size_t i = 0; i < t->points; i++)
        for (size_t k = 0; k < c->points; k++)
            if (t->point[i].workers >= c->point[k].workers && t->point[i].workers <= c->point[k].workers) {
                p->place[THREADS][p->count].point = i;
                p->place[PROCESSES][p->count++].point = k;
            }
    if (p->count == 0 || point_of(p, THREADS, 0)->workers > 1)
        return "there is no cell with one worker of both that the others could be over";
    return p->count < 2 ? "no number of workers above 1 is there of both" : NULL;
}

bool scaling_has_start(const char *figure)
{
    return strcmp(figure, TIME) == 0 || strcmp(figure, "calls_per_s") == 0;
}

/* Whether cells tell of every point what starting takes; only then are they inputs. */
static bool find_starts(const struct summary *s, struct pairing *p, struct inputs *in, size_t time)
{
    for (int n = 0; n < 2 * SIDES; n++) /* looks, then takes */
        for (size_t k = 0; k < p->count; k++) {
            struct place *place = &p->place[n % SIDES][k];
            const struct summary_cell *cell = point_of(p, n % SIDES, k)->cell, *empty = empty_of(s, cell);
            if (!empty)
                return false;
            if (n < SIDES)
                continue;
            place->time = input_of(in, cell, time);
            place->empty = input_of(in, empty, time);
            p->start_of_another |= strcmp(empty->scenario, cell->scenario) != 0;
        }
    return true;
}

/* Whether in every cell some of the time is left for work. */
static bool leave_work(const struct pairing *p, const struct inputs *in)
{
    bool does = true;
    for (int side = 0; side < SIDES; side++)
        for (size_t k = 0; k < p->count; k++)
            does &= in->list[p->place[side][k].empty].log < in->list[p->place[side][k].time].log;
    return does;
}

static bool all_are_measured(const struct inputs *in)
{
    for (size_t i = 0; i < in->count; i++)
        if (isnan(in->list[i].log) || isinf(in->list[i].log))
            return false;
    return in->count > 0;
}

/* How much work one thread does in the time of one process. */
static struct stats_interval of_one(const struct pairing *p, const struct inputs *in)
{
    cleanup_free double *weight = xcalloc(in->count, sizeof(*weight));
    const size_t t = p->place[THREADS][0].work, c = p->place[PROCESSES][0].work;
    weight[t] = p->measure->is_time ? -1 : 1;
    weight[c] = -weight[t];
    return interval_of(in, weight[t] * (in->list[t].log - in->list[c].log), weight, 1, true);
}

/* Returns why it cannot be, or NULL. */
static const char *split(const struct summary *s, struct pairing *p, struct scaling_split *ret)
{
    struct inputs in = {.s = s, .one_run = true};
    const int time = records_figure(&s->records, TIME);
    const char *why = pair_points(p);
    for (size_t k = 0; !why && k < p->count; k++)
        for (int side = 0; side < SIDES; side++)
            p->place[side][k].work = input_of(&in, point_of(p, side, k)->cell, p->measure->figure);
    const bool is_in_it = scaling_has_start(s->records.reader.name[p->measure->figure].name);
    p->has_start = !why && is_in_it && time >= 0 && find_starts(s, p, &in, (size_t)time);
    ret->no_start = p->has_start ? NULL
                    : is_in_it   ? "no cells with nothing to do tell what starting takes: it is in the other parts"
                                 : "the rate is by a clock of the scenario's own, which can leave starting out";
    if (!why && p->has_start && all_are_measured(&in) && !leave_work(p, &in))
        why = "starting and joining the workers takes as long as all of it: give them more to do";
    why = why                     ? why
          : in.why_not            ? in.why_not
          : all_are_measured(&in) ? NULL
                                  : "a cell has no invocation that ended well";
    if (!why) {
        ret->has_start = p->has_start;
        ret->start_of_another = p->has_start && p->start_of_another;
        ret->one = of_one(p, &in);
        take_losses(p, &in, ret);
    }
    inputs_free(&in);
    return why;
}

/* Processes of the same interpreter, else of another; where its own sweep has none, of another that agrees on all that
 * both have: what sets threads apart, as sharing, processes need not have. */
static const struct scaling_curve *processes_of(const struct scaling *all, const struct scaling_sweep *own,
                                                const struct scaling_curve *threads)
{
    const struct summary_cell *of = threads->point[0].cell;
    const struct scaling_curve *found = NULL;
    unsigned best = 0;
    for (size_t k = 0; k < all->sweeps; k++) {
        const struct scaling_sweep *s = &all->sweep[k];
        for (size_t i = 0; i < s->curves; i++) {
            const struct summary_cell *c = s->curve[i].point[0].cell;
            if (strcmp(c->mode, "processes") != 0 || strcmp(c->runtime, "native") == 0 ||
                (s != own && !cells_agree(of->cell, c->cell, ALONE)))
                continue;
            const unsigned fits = 1U + (s == own ? 2U : 0) + (strcmp(c->runtime, of->runtime) == 0 ? 1U : 0);
            found = fits > best ? &s->curve[i] : found;
            best = fits > best ? fits : best;
        }
    }
    return found;
}

static void take_split(const struct summary *s, const struct measure *m, struct scaling_split *ret)
{
    if (!ret->processes) {
        text_format(ret->why_not, sizeof(ret->why_not), "there are no processes of the same work beside the threads");
        return;
    }
    const size_t most = ret->threads->points;
    cleanup_free struct place *thread = xcalloc(most, sizeof(*thread)), *process = xcalloc(most, sizeof(*process));
    struct pairing p = {.measure = m, .curve = {ret->threads, ret->processes}, .place = {thread, process}};
    const char *why = split(s, &p, ret);
    text_format(ret->why_not, sizeof(ret->why_not), "%s", why ? why : "");
}

static void take_splits(const struct summary *s, const struct measure *m, const struct scaling *all,
                        struct scaling_sweep *ret)
{
    for (size_t i = 0; i < ret->curves; i++) {
        const struct scaling_curve *c = &ret->curve[i];
        const struct summary_cell *cell = c->point[0].cell;
        if (strcmp(cell->mode, "threads") != 0 || strcmp(cell->runtime, "native") == 0)
            continue;
        ret->split = xgrow(ret->split, ret->splits, sizeof(*ret->split));
        ret->split[ret->splits] = (struct scaling_split){.threads = c, .processes = processes_of(all, ret, c)};
        take_split(s, m, &ret->split[ret->splits++]);
    }
}

/* --- all of it ---------------------------------------------------------------------------------------------------- */

void scaling_make(const struct summary *s, struct scaling *ret)
{
    *ret = (struct scaling){NULL, 0};
    find_sweeps(s, ret);
    for (size_t i = 0; i < ret->sweeps; i++) {
        drop_points(&ret->sweep[i]);
        qsort(ret->sweep[i].curve, ret->sweep[i].curves, sizeof(*ret->sweep[i].curve), compare_curves);
    }
    for (size_t i = 0; i < ret->sweeps; i++) {
        struct scaling_sweep *one = &ret->sweep[i];
        struct inputs in = {.s = s, .one_run = true};
        struct measure m;
        if (find_measure(s, one, &m)) {
            one->figure = s->records.reader.name[m.figure].name;
            take_speed_ups(&in, one, &m);
            take_splits(s, &m, ret, one);
        }
        inputs_free(&in);
    }
}

void scaling_free(struct scaling *s)
{
    for (size_t i = 0; i < s->sweeps; i++)
        sweep_free(&s->sweep[i]);
    free(s->sweep);
    *s = (struct scaling){NULL, 0};
}

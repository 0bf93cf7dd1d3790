/* scaling: how much more work more workers do, mode by mode, and where the speed-up of threads is lost. From any
 * records whose cells differ in their workers. Computes, and prints nothing.
 *
 * Of W workers that do the work of `got`, the parts of what is lost are in the same unit, workers' worth of work, and
 * add up exactly:
 *
 *     W = got + ceiling + sharing + start
 *     ceiling = W - P(W)             what independent processes of the same work lose too
 *     sharing = P(W) - T(W)          what threads lose beyond processes; = serial + coherency, by the fit's curve
 *     start   = T(W) - got           that threads are created and joined
 *
 * got is threads' work in the same time, over that of one thread. P and T are the same of processes and of threads,
 * without what an iteration takes with nothing in its workers: the same program's of the same mode and workers
 * (`empty` in scenario.yml), else scenario0's, whose processes import next to nothing: what the program's own import is
 * in the other two then. There is no start without either, and all of it is in the other two; nor of a rate by a clock
 * of the scenario's own. Intervals
 * are Student's t on the blocks' (or nodes') own values of the parts, linear in the cells' mean logarithms (the delta
 * method): analysis_contrast(). */
#ifndef TARE_SCALING_H
#define TARE_SCALING_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/stats_interval.h"
#include "analysis/stats_usl.h"
#include "analysis/summary.h"

/* One number of workers of a mode. */
struct scaling_point {
    const struct summary_cell *cell;
    double workers;
    struct stats_interval speed_up; /* over the curve's first, which is 1 worker's worth for each that it has; all of
                                     * the sweep's hold together in 95 of 100 */
};

/* Cells that differ in their workers alone; or, of work that is shared (strong scaling), also in one knob whose product
 * with the workers is the same in all of them. */
struct scaling_curve {
    struct scaling_point *point; /* ascending by workers; owned */
    size_t points;
    const char *shared; /* that knob's key; NULL: each worker does the same work (weak scaling) */
};

enum scaling_part { SCALING_CEILING, SCALING_SHARING, SCALING_SERIAL, SCALING_COHERENCY, SCALING_START, SCALING_PARTS };

extern const char *const scaling_part_names[]; /* "ceiling", "sharing tax", "serial", "coherency", "start" */

/* Whether it is a part of the sharing tax, and not of the whole. */
bool scaling_is_within_sharing(enum scaling_part p);

/* What is lost at one number of workers. */
struct scaling_loss {
    double workers;
    double cpus; /* that they had; NaN: the records do not tell */
    struct stats_interval got, lost;
    struct stats_interval part[SCALING_PARTS]; /* at is NaN for what could not be told, and why_not says why. All
                                                * ceilings, taxes and starts of a split hold together in 95 of 100 */
};

/* y of the sharing tax, P/T, by the universal scalability law (stats_usl.h). */
struct scaling_fit {
    struct stats_interval sigma, kappa;
    struct stats_usl law; /* its numbers are NaN where nothing was fitted */
    size_t points;
    char why_not[160]; /* why the tax is not split by it; "" it is */
};

struct scaling_split {
    const struct scaling_curve *threads, *processes;
    struct scaling_loss *loss; /* one for each number of workers above 1 that both have; owned */
    size_t losses;
    bool has_start, start_of_another; /* start_of_another: by scenario0, not by the same program */
    const char *no_start;             /* why there is none, or NULL */
    struct stats_interval one; /* work of one thread in the time of one process: what the mode costs before it scales */
    struct scaling_fit fit;
    char why_not[160]; /* why there are no losses; "" there are */
};

/* Cells of the same scenario and settings, in one or several modes. */
struct scaling_sweep {
    const char *scenario, *figure; /* figure: the rate, or avg_iter_s */
    struct scaling_curve *curve;   /* of two points and more; owned */
    size_t curves;
    struct scaling_split *split; /* one for each curve of threads on an interpreter; owned */
    size_t splits;
};

struct scaling {
    struct scaling_sweep *sweep; /* those with a curve of two points and more */
    size_t sweeps;
};

/* Whether what starting takes is in a figure: it is by the iteration's clock, as the time of one, and as the rate of
 * calls that is made of these. */
bool scaling_has_start(const char *figure);

/* The summary has to outlive it. Ended with scaling_free(). */
void scaling_make(const struct summary *s, struct scaling *ret);
void scaling_free(struct scaling *s);
#define cleanup_scaling __attribute__((cleanup(scaling_free)))

#endif

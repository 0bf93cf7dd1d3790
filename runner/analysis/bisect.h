/* bisect: which of a list in order is the first that a claim holds of, as "slower by more than 5 %". Pure.
 *
 * Each step compares one of the list with the first of it, in blocks of fresh invocations of both, and looks at them
 * when there are so many, and again when there are twice as many. A look decides where the whole interval lies on one
 * side of the claim's share; it never decides on "cannot tell".
 *
 * Error rate: a step that decides wrongly has an interval whose end is beyond the truth, at one of its looks, in one of
 * its cells. Each end of each interval misses the truth with the probability error / (steps * looks * cells) at most,
 * so that all decisions of the bisection are right with the probability 1 - error (Bonferroni over looks, the simplest
 * group-sequential plan: Jennison and Turnbull, Group Sequential Methods, 2000, chapter 2). That a later step is chosen
 * by what earlier ones said does not matter: each has invocations of its own. */
#ifndef TARE_BISECT_H
#define TARE_BISECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/analysis.h"
#include "analysis/compare.h"
#include "base/figure.h"

#define BISECT_LOOKS_MAX 24

enum bisect_word {
    BISECT_CANNOT_TELL, /* not yet, or not with as many as are allowed */
    BISECT_HOLDS,
    BISECT_DOES_NOT_HOLD,
};

/* How much is looked at, and how strictly. */
struct bisect_design {
    double error;                 /* of all decisions together, as 0.05 */
    size_t steps;                 /* comparisons at most: that of the last of the list, and of halves of the rest */
    size_t looks;                 /* of a step */
    int64_t at[BISECT_LOOKS_MAX]; /* invocations a side at each look, ascending */
};

/* Looks at `first` invocations, at twice as many and so on, the last at `most`. Of `count` >= 2 in the list; first from
 * STATS_INTERVAL_MIN on, most from first on. */
struct bisect_design bisect_design(double error, size_t count, int64_t first, int64_t most);

/* The confidence of the two-sided interval of one of `cells` cells at one look. */
double bisect_confidence(const struct bisect_design *d, size_t cells);

/* Reads a claim, one of the conditions of --fail-if: "slower:5%", "faster:0.1", "memory:10%" or "growth:64K", the last
 * above 0. false: it is none of these. */
bool bisect_claim_parse(const char *text, struct compare_condition *ret);

/* A cell of a step: the candidate against the first of the list. */
struct bisect_row {
    struct analysis_ratio ratio; /* of a slope the difference */
    struct figure_about about;
};

/* What a look says. */
struct bisect_finding {
    enum bisect_word word;
    size_t row;                  /* that decides: the one that holds it, or that is the least clear, or the nearest */
    struct stats_interval ratio; /* of that row, candidate over first: at the confidence of bisect_confidence() */
    size_t runs;                 /* of BISECT_CANNOT_TELL: about so many invocations a side would tell; 0: none would */
};

/* The claim holds where it holds of one cell at least; it does not where it does of none. rows >= 1. A row without an
 * interval cannot tell. */
struct bisect_finding bisect_judge(const struct bisect_row *row, size_t rows, const struct compare_condition *claim,
                                   const struct bisect_design *d);

/* Where the bisection stands. Starts as {.count = …}. */
struct bisect_search {
    size_t count;
    size_t good,
        bad;    /* the last of which the claim is known not to hold, the first of which it does; bad 0: none yet */
    bool ended; /* it holds of the last neither */
};

/* Which is compared next, by its number in the list from 0; 0: nothing is, bisect_is_found() tells whether one was
 * found. */
size_t bisect_next(const struct bisect_search *s);

/* Takes what was decided of the one that bisect_next() named; word is not BISECT_CANNOT_TELL. */
void bisect_take(struct bisect_search *s, enum bisect_word word);

/* Whether bad is the first of which the claim holds. */
bool bisect_is_found(const struct bisect_search *s);

#endif

/* cells: groups records by the cell that they measure. Pure. */
#ifndef TARE_CELLS_H
#define TARE_CELLS_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/analysis.h"
#include "record/records.h"

struct json_t;

/* One cell and its invocations, in the order of reading. cell: the record's description; if several cells of a plan
 * share it, with the settings in which they differ (cpus, iterations, isolation, the build, ...), or else with the
 * cell's name in the plan. */
struct cell_group {
    const struct keyset *cell;
    const struct invocation **invocation;
    size_t count;
};

struct cell_groups {
    struct cell_group *list;
    size_t count;
};

/* Groups are in the order of cells_compare(). halves: the halves of an A/A plan are separate cells, which have the key
 * "half". Out of memory aborts. */
struct cell_groups cells_group(const struct records *r, bool halves);
void cells_free(struct cell_groups *g);

/* The order of cells: by scenario, profile, mode, start method, runtime (3.14t before 3.14, native last) and workers;
 * then by the rest. */
int cells_compare(const struct keyset *a, const struct keyset *b);

/* Whether both are the same cell, apart from the keys in this comma-separated list (NULL: none). */
bool cells_alike(const struct keyset *a, const struct keyset *b, const char *but);

/* Whether the keys that both have are equal, apart from those in the list: a knob that only one mode has does not
 * matter. */
bool cells_agree(const struct keyset *a, const struct keyset *b, const char *but);

/* Cells by what they have: those that another agrees with are found without a comparison of each with each. */
struct cells_index;

/* The list, the cells and `but` (as above) must outlive it. Ended with cells_index_free(). */
struct cells_index *cells_index_new(const struct keyset *const *cell, size_t count, const char *but);
void cells_index_free(struct cells_index *x);

/* The numbers of the cells that agree with this one and have no key that this one lacks, apart from those in the list.
 * The index owns them until the next call. */
const size_t *cells_index_find(struct cells_index *x, const struct keyset *cell, size_t *count);

/* Whether one run gave both. Of `tare exec` with several commands: its name of the run is in all. Of a plan: they share
 * its file and seed, no cell of the plan occurs twice in a block, and neither side ended before the other began, or in
 * the same second (two runs with the same --seed may follow each other that closely). Then the plan's blocks are pairs,
 * whether the records came in one folder or in two. */
bool cells_are_of_one_run(const struct cell_group *a, const struct cell_group *b);

/* One figure of a cell. */
struct cell_values {
    struct analysis_value *list; /* of the successful invocations that have the figure, in order of time; owned */
    size_t count;
    size_t failed;       /* failed invocations; left out */
    size_t missing;      /* successful ones without the figure; left out */
    const char *why_not; /* the reason of the last one left out; NULL: none */
};

/* The values of a figure, by its name. A figure that no record has is missing in all. Ended with cell_values_free(). */
struct cell_values cells_values(const struct records *r, const struct cell_group *g, const char *figure);
void cell_values_free(struct cell_values *v);
#define cleanup_values __attribute__((cleanup(cell_values_free)))

/* The class of the iterations' series over all that ended well, read with_steady. */
enum stats_steady cells_steady(const struct cell_group *g);

/* Their summary: of slopes the one of slopes. seed: as of analysis_summary(). */
struct analysis_summary cells_summary(const struct cell_values *v, const char *figure, uint64_t seed);

/* B against A: of slopes their difference, the same up to growth_margin, of all else the ratio. one_run: as of
 * cells_are_of_one_run(). noise: NULL is allowed. */
struct analysis_ratio cells_effect(const struct cell_values *a, const struct cell_values *b,
                                   const struct figure_about *about, bool one_run, double growth_margin,
                                   const struct analysis_noise *noise);

/* The values of a field: {value: how many have it}, in the order of the sets; `absent` where a set lacks it. The caller
 * owns it. */
struct json_t *cells_field(const struct keysets *e, const char *key, const char *absent);

/* The keys in which these cells differ, ascending. The caller frees the list. */
const char **cells_differing(const struct keyset *const *all, size_t count, size_t *keys);

/* The keys that every name begins with: scenario, mode, start method, runtime, profile, or a command's words; ended by
 * NULL. */
extern const char *const cells_first_keys[];

/* A cell's name for readers: those, and every other of these keys. The caller frees it. */
char *cells_label(const struct keyset *cell, const char *const *key, size_t keys);

#endif

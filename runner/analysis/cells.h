/* cells: records grouped into the cells of which they are invocations. Pure. */
#ifndef TARE_CELLS_H
#define TARE_CELLS_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/analysis.h"
#include "record/records.h"

/* One cell: its invocations in the order in which the records were read. cell: what the record says of it; and, of a
 * plan that has several such, the settings in which these differ (cpus, iterations, isolation, the build, ...), or else
 * the plan's own name of it. */
struct cell_group {
    const struct keyset *cell;
    const struct invocation **invocation;
    size_t count;
};

struct cell_groups {
    struct cell_group *list;
    size_t count;
};

/* In the order of cells_compare(). Running out of memory aborts. */
struct cell_groups cells_group(const struct records *r);
/* The same, the halves of an A/A plan apart: their cells have the key "half". */
struct cell_groups cells_group_halves(const struct records *r);
void cells_free(struct cell_groups *g);

/* The order in which cells are told: by scenario, profile, mode, start method, runtime (3.14t before 3.14, native last)
 * and workers; then by all else. */
int cells_compare(const struct keyset *a, const struct keyset *b);

/* The same cell, but for keys of this comma-separated list (NULL: none). */
bool cells_alike(const struct keyset *a, const struct keyset *b, const char *but);

/* Whether what both have is the same, but for keys of that list: a knob that one mode alone has parts nothing. */
bool cells_agree(const struct keyset *a, const struct keyset *b, const char *but);

/* cells_agree(), and a has no other key that b lacks. */
bool cells_agree_on_all_of(const struct keyset *a, const struct keyset *b, const char *but);

/* Whether one run of one plan gave both: the plan's file and the seed that the run was shuffled with are the same, no
 * cell of the plan is there twice in a block, and neither side ended before the other began, or in the same second: two
 * runs with a seed that the user named may follow each other that closely. Then the plan's blocks are pairs, however
 * the records were handed over: in one folder or in two. */
bool cells_are_of_one_run(const struct cell_group *a, const struct cell_group *b);

/* One figure of a cell. */
struct cell_values {
    struct analysis_value *list; /* of the invocations that ended well and have it, in the order of time; owned */
    size_t count;
    size_t failed;       /* invocations that did not end well: left out */
    size_t missing;      /* that ended well and have no such figure: left out */
    const char *why_not; /* of the last of those two; NULL: there is none */
};

/* figure: its name; one that no record has is missing in all of them. Ended with cell_values_free(). */
struct cell_values cells_values(const struct records *r, const struct cell_group *g, const char *figure);
void cell_values_free(struct cell_values *v);

/* How people call a cell: the scenario, mode, start method, runtime and profile, and every other key whose value is not
 * the same in all of these cells. The caller frees it. */
char *cells_label(const struct keyset *cell, const struct keyset *const *all, size_t count);

#endif

/* plan: a plan's YAML (schema tare.plan/1) -> its complete cells. On the host it looks only for the scenarios and the
 * commands' files that the plan names. */
#ifndef TARE_PLAN_H
#define TARE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json_put.h"
#include "base/text.h"
#include "cell/carried.h"
#include "cell/config.h"
#include "run/command.h"

struct err;
struct yaml;

#define PLAN_SCHEMA            "tare.plan/1"
#define PLAN_ID_MAX            128
#define PLAN_NAME_MAX          64
#define PLAN_FOLDER_MAX        80
#define PLAN_CELLS_MAX         10000
#define PLAN_INVOCATIONS_MAX   100000
#define PLAN_MAX_INVOCATIONS   30 /* where --until-precise gives up by default */
#define PLAN_SEED_MAX          JSON_WHOLE_MAX
#define PLAN_PRECISION_ALLOWED "a ratio above 0 and below 1, as 2% or 0.02"

enum plan_order { ORDER_BLOCKS, ORDER_LISTED };

struct plan_cell {
    char id[PLAN_ID_MAX]; /* unique in its plan; of [A-Za-z0-9._=+-], because it names a file */
    char *folder;         /* of its records in a bundle: plan_plain_name() of its id, and ".2" and so on behind it where
                           * earlier cells have the same one. Owned */
    struct cell cell;     /* the plan owns its texts, or the owner of the given options */
    const char **run; /* a command's words as they are run: of a carried file its copy. The plan's; NULL: no command */
    struct run_file *file; /* a command's files that are carried; the plan's */
    size_t files;
    char *not_run; /* what its interpreter lacks, so that it is left out; NULL: nothing known. Owned */
};

struct plan {
    struct text bytes;          /* the file's content */
    struct yaml *file;          /* owns the texts here */
    const char *name, *summary; /* summary: "" if there is none */
    int64_t seed;               /* below 0: none */
    int64_t invocations, max_invocations;
    double precision; /* the plan ends at this half-width of the 95% interval over the mean; 0: not asked for */
    enum plan_order order;
    struct plan_cell *cell;
    size_t cells;
    const struct plan_cell **by_id; /* the same, in the order of their ids, whatever their letters' case. Owned */
    struct carried carried;         /* what it names by its path, as it was found */
    struct text not_carried;        /* commands' files that cannot be, a line each with the reason */
    char **kept;                    /* texts that `carried` and the cells point to */
    size_t kept_count;
};

/* Reads a plan and makes its cells. It takes over the bytes, also on failure. label: the plan's name in messages.
 * given: the user's options for every cell, which override the plan. carried: copies of what the plan names by paths,
 * which are read instead; NULL: a new plan of the user's own, whose commands' files are looked for on this host. label,
 * given and carried must outlive the plan. -EINVAL, -E2BIG (usage): a schema error, a value that is not allowed, an
 * impossible cell (the message has the exclusion for it), an exclusion that takes nothing out, two ids that are equal
 * or differ in letter case alone, or more than PLAN_CELLS_MAX cells; one line names the place. The caller ends *ret
 * with plan_free(). */
int plan_parse(const char *label, struct text *bytes, const struct config_given *given, const struct carried *carried,
               struct plan *ret, struct err *e);

/* The number of the cell with this id; the number of cells: there is none. */
size_t plan_find_cell(const struct plan *p, const char *id);

/* A name as a part of a path that any file system takes: its first PLAN_FOLDER_MAX characters, with '-' for those that
 * are not of [A-Za-z0-9._-] and for a first '.'. */
void plan_plain_name(const char *name, char buf[PLAN_FOLDER_MAX + 1]);

/* "2%" or "0.02" -> 0.02. -EINVAL: it is not PLAN_PRECISION_ALLOWED. */
int plan_parse_precision(const char *text, double *ret);

/* Appends the end of a cell's id for the n-th runtime of --each-runtime (from 0): "-3.14t"; for a path its last part,
 * with its number if another runtime has the same, "-2-python3". If fewer are given it appends nothing. */
void plan_add_each_runtime(const struct config_given *given, size_t n, struct text *id);

void plan_free(struct plan *p);

#endif

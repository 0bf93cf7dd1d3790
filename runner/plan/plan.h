/* plan: a plan's YAML (schema tare.plan/1) -> its cells, each complete, with everything decided. Nothing is looked up
 * on the host but the scenarios and the commands' files that it names. */
#ifndef TARE_PLAN_H
#define TARE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
#define PLAN_MAX_INVOCATIONS   30                /* where --until-precise gives up, if nobody says otherwise */
#define PLAN_SEED_MAX          ((1LL << 53) - 1) /* what JSON's numbers hold exactly (RFC 8259, 6) */
#define PLAN_PRECISION_ALLOWED "a ratio above 0 and below 1, as 2% or 0.02"

enum plan_order { ORDER_BLOCKS, ORDER_LISTED };

struct plan_cell {
    char id[PLAN_ID_MAX]; /* unique in its plan; of [A-Za-z0-9._=+-], so that it can name a file */
    char *folder;         /* of its records in a bundle: plan_plain_name() of its id, and ".2" and so on behind it where
                           * earlier cells have the same one. Owned */
    struct cell cell;     /* its texts are the plan's, or whose the given options are */
    const char **run; /* a command's words as they are run: of a carried file its copy. The plan's; NULL: no command */
    struct run_file *file; /* a command's files that are carried; the plan's */
    size_t files;
    char *not_run; /* what of it its interpreter lacks, so that it is left out; NULL: nothing that is known. Owned */
};

struct plan {
    struct text bytes;          /* of its file */
    struct yaml *file;          /* what the texts here belong to */
    const char *name, *summary; /* summary: "" where it has none */
    int64_t seed;               /* below 0: it names none */
    int64_t invocations, max_invocations;
    double precision; /* half-width of a 95% interval over its mean that ends it; 0: not asked for */
    enum plan_order order;
    struct plan_cell *cell;
    size_t cells;
    const struct plan_cell **by_id; /* the same, in the order of their ids, whatever their letters' case. Owned */
    struct carried carried;         /* what it names by its path, as it was found */
    struct text not_carried;        /* commands' files that cannot be, a line each with the reason */
    char **kept;                    /* texts that `carried` and the cells point to */
    size_t kept_count;
};

/* Reads a plan (bytes are taken over in any case) and makes its cells. label is how messages call its text; given: what
 * the user's options say of every cell, which goes before what the plan says. carried: copies of what it names by its
 * path, which is read from there; NULL: it is the user's own and new, and of it the files that commands name are looked
 * for on this host. label, given and carried have to stay. -EINVAL, -E2BIG (usage): one line with the place: a schema
 * error, a value that is not allowed, a cell that cannot be (with the exclusion that takes it out), an exclusion that
 * takes nothing out, two cells whose ids are one or differ in letter case alone, more than PLAN_CELLS_MAX cells. The
 * caller ends *ret with plan_free(). */
int plan_parse(const char *label, struct text *bytes, const struct config_given *given, const struct carried *carried,
               struct plan *ret, struct err *e);

/* The number of the cell with this id; the number of cells: there is none. */
size_t plan_find_cell(const struct plan *p, const char *id);

/* A name as a part of a path that any file system takes: its first PLAN_FOLDER_MAX characters, with '-' for those that
 * are not of [A-Za-z0-9._-] and for a first '.'. */
void plan_plain_name(const char *name, char buf[PLAN_FOLDER_MAX + 1]);

/* "2%" or "0.02" -> 0.02. -EINVAL: it is not PLAN_PRECISION_ALLOWED. */
int plan_parse_precision(const char *text, double *ret);

/* Appends what the n-th of --each-runtime (from 0) puts behind a cell's id: "-3.14t"; of a path its last part, and its
 * number where that is another's too, "-2-python3". Nothing where fewer are given. */
void plan_add_each_runtime(const struct config_given *given, size_t n, struct text *id);

void plan_free(struct plan *p);

#endif

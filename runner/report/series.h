/* series: commands beside each other: what their invocations took, as a table, in words, and as a file. */
#ifndef TARE_SERIES_H
#define TARE_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/analysis.h"

#define SERIES_SCHEMA "tare.exec/1"

struct err;
struct text;

/* One command's measured invocations. */
struct series {
    const char *name;
    char *const *value;            /* of each parameter; NULL: it has none of this one */
    struct analysis_value *wall_s; /* in the order of time */
    size_t count;
    size_t failed;   /* of them, with an exit status other than 0 */
    int exit_status; /* the last of those */
    double cpu_s;    /* the sum over those that tell it */
    size_t with_cpu; /* how many do */
    bool has_peak;
    uint64_t peak_bytes; /* the greatest */
    char peak_reason[240];
    int64_t periods, throttled, throttled_usec; /* of --cpu-max; periods 0: it was not asked for, or not told */
    int64_t high;                               /* times that --memory-high was reached */
    bool has_high;
};

struct series_set {
    struct series *list;
    size_t count;
    char *const *parameter; /* names */
    size_t parameters;
    uint64_t seed;           /* of the order within a block */
    const char *emulated_by; /* whose times are none; NULL: they are */
};

/* For a terminal of so many characters: a row a command; each but the first compared with the first, in the blocks that
 * both were run in, all comparisons as one family (analysis.h); what has to be said with it. Only of commands that have
 * an invocation. */
void series_text(const struct series_set *set, size_t width, struct text *out);

/* Whether a file's name ends as one of the formats that there are. -EINVAL (usage). */
int series_check_name(const char *path, struct err *e);

/* The same table in the format of the file's name. */
void series_write(const struct series_set *set, const char *path, struct text *out);

#endif

/* series: compares commands by their invocations, as a table, in words, and as a file. */
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
    char *const *value;            /* by parameter; NULL: the command does not have it */
    struct analysis_value *wall_s; /* in order of time */
    size_t count;
    size_t failed;   /* those with an exit status other than 0 */
    int exit_status; /* the last such status */
    double cpu_s;    /* the sum over the invocations that report it */
    size_t with_cpu; /* the number of these */
    bool has_peak;
    uint64_t peak_bytes; /* the largest */
    char peak_reason[240];
    int64_t periods, throttled, throttled_usec; /* of --cpu-max; periods 0: not asked for, or not reported */
    int64_t high;                               /* how often --memory-high was reached */
    bool has_high;
};

struct series_set {
    struct series *list;
    size_t count;
    char *const *parameter; /* names */
    size_t parameters;
    uint64_t seed;           /* of the order within blocks */
    const char *emulated_by; /* the emulator, if times do not count; else NULL */
};

/* Adds a table for a terminal of this width, a row per command, each but the first compared with the first over the
 * blocks that both ran in, all as one family (analysis.h), and notes. Every command needs an invocation. */
void series_text(const struct series_set *set, size_t width, struct text *out);

/* Checks that a file's name has a known format's ending. -EINVAL (usage). */
int series_check_name(const char *path, struct err *e);

/* Adds the same table in the format of the file's name. */
void series_write(const struct series_set *set, const char *path, struct text *out);

#endif

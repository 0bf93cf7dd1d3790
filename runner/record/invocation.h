/* invocation: one record read back for analysis, what of it is needed and no more. A record is one invocation of a
 * cell. Its file is hostile until shown otherwise. */
#ifndef TARE_INVOCATION_H
#define TARE_INVOCATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/figure.h"
#include "base/keyset.h"
#include "base/stats_series.h"
#include "base/text.h"

struct err;
struct json_t;
struct memo;

/* What is comparable with its like alone. */
enum record_kind {
    RECORD_SLICED,   /* in a slice of its own: graded full or partial */
    RECORD_BORROWED, /* the container was the slice */
    RECORD_UNSLICED, /* without one */
    RECORD_EMULATED, /* on an emulated CPU, whatever the slice */
};

const char *record_kind_name(enum record_kind k);

/* A figure of one record. */
struct figure {
    double value;        /* NaN where there is none */
    const char *why_not; /* then the record's reason, else NULL */
};

/* A row of the figures that are known; a record's result can have more, which are found when it is read. */
struct figure_name {
    const char *name;          /* as --figure takes it: the unit at its end */
    struct figure_about about; /* as the first record that declares it has it */
    const char *declared_by;   /* that record's path; NULL: none does, and its name says what it is */
};

/* A check of the isolation that does not hold. */
struct unmet {
    const char *name, *level, *reason; /* of the pool */
};

/* Memory at a moment of an invocation, in bytes; NaN where it was not read then. */
struct memory_point {
    double at_s; /* since its first sample */
    double anon, file, kernel, shmem, current;
    double pss, rss; /* sums over every process of the slice */
};

/* What a report tells of an invocation besides its figures. */
struct invocation_details {
    struct unmet *unmet;
    size_t unmets, checks;      /* checks: of how many */
    struct memory_point *point; /* only with_points */
    size_t points;
    double elapsed_s;     /* all of it, from the slice's making to its end; NaN: the record does not tell */
    size_t bytes;         /* of the record's file */
    double foreign_share; /* of the benchmark CPUs' time: what others had of it; NaN: it is not told */
    double missed_share;  /* of the ticks at which memory was to be sampled; NaN: it was not, or is not told */
    const char *plan;     /* the plan's name; "" none */
    const char *selftest; /* what the last selftest of this machine and build said, or why there is none */
};

struct invocation {
    const char *path, *id, *started_at;
    const struct keyset *cell;                /* scenario keys that make it, and the runtime's name; see cells.h */
    const struct keyset *environment;         /* what may explain a difference: host, runtime, tool, slice, settings */
    const char *node;                         /* the machine's name; "" where the record tells none */
    const char *plan_cell;                    /* the cell's id in its plan; "" of none */
    const char *plan_sha256;                  /* of its plan's file; "" of none */
    const char *plan_seed;                    /* that its run of the plan was shuffled with, as digits; "" of none */
    uint64_t block;                           /* of its plan, from 1; 0 of none */
    const char *label;                        /* of a plan that runs each cell as two, "A" and "A'"; else "" */
    const char *grade, *termination, *detail; /* detail: why it did not end well, or "" */
    bool ok;                                  /* termination "ok": its figures count */
    enum record_kind kind;
    const char *emulated_by; /* of RECORD_EMULATED: the emulator, as the record names it */
    struct figure *figure;   /* reader.names of them; later ones are absent */
    size_t figures;
    enum stats_steady steady; /* only with_steady: of its iterations */
    double *iteration_s;      /* only with_iterations: measured iterations in the order of time; owned */
    size_t iterations;
    double overhead_s; /* only with_iterations: what the invocation took beside its iterations; NaN unknown */
    struct invocation_details details; /* only with_details; its lists are owned */
    struct pair *section;              /* only with_sections: name and text of those that documents quote; owned */
    size_t sections;
};

/* What is kept of each record besides, set before reading: of a file that is read once all is taken that is asked for.
 * And what the records that are read one after another have in common. Starts as {0}; ended with reader_free(). */
struct reader {
    bool with_steady;         /* the class of the iterations' series */
    bool with_iterations;     /* every iteration */
    bool with_details;        /* the details */
    bool with_points;         /* with the details, memory at every moment */
    bool with_sections;       /* the text of the sections that documents quote: invocation_section() */
    struct figure_name *name; /* in the order in which they came up: the index of an invocation's figures */
    size_t names;
    struct pool *pool; /* of all texts of the invocations */
    struct memo *memo; /* what of their sections is the same, read once */
    struct text text;  /* of the file that was read last */
};

void reader_free(struct reader *r);

/* The index of a figure's name, or -1. */
int reader_figure(const struct reader *r, const char *name);

/* Reads the record of this file. 1: it is in *ret, which the caller ends with invocation_free(), and its text in
 * r->text; 0: JSON of another schema, where is_named is false. -EINVAL (usage): it is no whole record, cut off, of a
 * wrong type, not finite, of a figure that is declared as another than in a record before, nested too deeply: one line
 * with the file and the place. -ENOTSUP (usage): of a newer schema. Others (usage): it cannot be opened. */
int invocation_read(struct reader *r, const char *path, bool is_named, struct invocation *ret, struct err *e);

void invocation_free(struct invocation *i);

/* How the settings are named among the pairs of the environment: what says how a scenario was run, and not what. */
#define INVOCATION_SETTING "scenario."

/* The key of its environment that tells a build of the interpreter from the plain one. */
#define INVOCATION_BUILD "runtime.build.features"

/* Whether a fact of the host changes from run to run on the same machine, and explains nothing: load, boot, steal. */
bool invocation_is_of_the_moment(const char *key);

/* The figure of an invocation; absent with a reason where it has none of this index. */
struct figure invocation_figure(const struct invocation *i, size_t index);

/* The section "tool", "runtime", "host", "image", "scenario", "confinement", "plan" or "cpu" as JSON, the caller's;
 * NULL: the record has none, null, or one above 1 MiB, or it was not read with_sections. */
struct json_t *invocation_section(const struct invocation *i, const char *name);

/* Its text, of the reader's pool: the same pointer where two records have the same; NULL as above. */
const char *invocation_section_text(const struct invocation *i, const char *name);

#endif

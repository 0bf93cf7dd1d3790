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
    RECORD_EMULATED, /* on an emulated CPU, with whatever slice */
};

extern const char *const record_kind_names[];

/* A figure of one record. */
struct figure {
    double value;        /* NaN: absent */
    const char *why_not; /* why it is absent; else NULL */
};

/* A figure's name and description. The reader adds those that a record's result brings. */
struct figure_name {
    const char *name;          /* as for --figure, with the unit at its end */
    struct figure_about about; /* from the first record that declares it */
    const char *declared_by;   /* that record's path; NULL: no record declares it, and its name decides */
};

/* An isolation check that failed. */
struct unmet {
    const char *name, *level, *reason; /* the pool owns them */
};

/* The memory at one moment of an invocation, in bytes; NaN: not read at that moment. */
struct memory_point {
    double at_s; /* seconds since the first sample */
    double anon, file, kernel, shmem;
    double pss, rss; /* sums over every process of the slice */
};

/* What reports show of an invocation besides its figures. */
struct invocation_details {
    struct unmet *unmet;
    size_t unmets, checks;      /* the failed checks, and all checks */
    struct memory_point *point; /* with_points only */
    size_t points;
    double elapsed_s;     /* from the creation of the slice to its removal; NaN: not recorded */
    size_t bytes;         /* the size of the record's file */
    double foreign_share; /* of the benchmark CPUs' time, what others used; NaN: not recorded */
    double missed_share;  /* of the ticks or walks that were due, those that were missed; NaN: not sampled, or not
                             recorded */
    const char *plan;     /* the plan's name; "" none */
    const char *selftest; /* the last selftest's result on this machine with this build, or why there is none */
};

struct invocation {
    const char *path, *id, *started_at;
    const struct keyset *cell;        /* the scenario's keys without settings, and the runtime's name; see cells.h */
    const struct keyset *environment; /* what may explain a difference: host, runtime, tool, slice, settings */
    const char *node;                 /* the machine's name; "": not recorded */
    const char *plan_cell;            /* the cell's id in its plan; "": no plan */
    const char *plan_sha256;          /* of the plan's file; "": no plan */
    const char *plan_seed;            /* the seed that shuffled the plan, as digits; "": no plan */
    uint64_t block;                   /* of the plan, or of several commands; from 1; 0: neither */
    const char *series;               /* of several commands: what all of one run share; else "" */
    const char *label;                /* "A" or "A'", if the plan runs each cell twice (--aa); else "" */
    const char *grade, *termination, *detail; /* detail: why it failed; "" if it did not */
    bool ok;                                  /* termination is "ok", so that its figures count */
    enum record_kind kind;
    const char *emulated_by; /* RECORD_EMULATED only: the emulator's name in the record */
    struct figure *figure;   /* by index of reader.name; figures that came later are absent */
    size_t figures;
    enum stats_steady steady; /* with_steady only: the class of the iterations' series */
    double *iteration_s;      /* with_iterations only: the measured iterations in order of time; owned */
    size_t iterations;
    double overhead_s; /* with_iterations only: the invocation's time minus its iterations; NaN: unknown */
    struct invocation_details details; /* with_details only; its lists are owned */
    const char *boot;                  /* with_sections only: which boot of its machine it ran in; "": not recorded */
    struct pair *section;              /* with_sections only: name and text of the quoted sections; owned */
    size_t sections;
};

/* Reads records one after another. The caller first sets what to keep of each besides its figures: a file is read once.
 * The reader holds what the records have in common. Starts as {0}; ended with reader_free(). */
struct reader {
    bool with_steady;         /* the class of the iterations' series */
    bool with_iterations;     /* every iteration */
    bool with_details;        /* the details */
    bool with_points;         /* memory at every moment; needs with_details */
    bool with_sections;       /* the text of some sections, for invocation_section() */
    struct figure_name *name; /* in order of appearance: an invocation's figures use these indexes */
    size_t names;
    struct pool *pool; /* holds all texts of the invocations */
    struct memo *memo; /* holds what the records' sections share */
    struct text text;  /* the last file's content */
};

void reader_free(struct reader *r);

/* Returns the index of a figure's name, or -1. */
int reader_figure(const struct reader *r, const char *name);

/* Reads one file. Returns 1: the record is in *ret, which the caller ends with invocation_free(), and its text in
 * r->text. 0: JSON of another schema (never if is_named). -EINVAL (usage): cut off, a wrong type, not finite, nested
 * too deeply, or a figure that an earlier record declares differently; one line names the file and the place. -ENOTSUP
 * (usage): a newer schema. Other errors (usage): the file cannot be opened. */
int invocation_read(struct reader *r, const char *path, bool is_named, struct invocation *ret, struct err *e);

/* The same of what r->text holds. path: for messages. */
int invocation_take(struct reader *r, const char *path, bool is_named, struct invocation *ret, struct err *e);

void invocation_free(struct invocation *i);

/* The prefix of the scenario's settings (how it was run, not what) among the environment's pairs. */
#define INVOCATION_SETTING "scenario."

/* The environment's key that distinguishes a build of the interpreter from the plain one. */
#define INVOCATION_BUILD "runtime.build.features"

/* Whether a fact of the host (load, boot id, steal) changes from run to run on one machine, so that it explains
 * nothing. */
bool invocation_is_of_the_moment(const char *key);

/* An invocation's figure by its index; absent with a reason if it has none. */
struct figure invocation_figure(const struct invocation *i, size_t index);

/* Parses the section "tool", "runtime", "host", "image", "scenario", "confinement", "plan" or "cpu"; the caller owns
 * it. The host is without the facts of the moment. NULL: the section is missing, null or above 1 MiB, or the reader has
 * no with_sections. */
struct json_t *invocation_section(const struct invocation *i, const char *name);

/* Its text, of the reader's pool: the same pointer where two records have the same; NULL as above. */
const char *invocation_section_text(const struct invocation *i, const char *name);

#endif

/* causes: what the threads of a traced run lost their time to, by the events of a trace. A pure function of what it is
 * given: no kernel, no files. */
#ifndef TARE_CAUSES_H
#define TARE_CAUSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/cause_rules.h"
#include "launch/trace.h"

struct text;

/* A cause is named only if it costs at least this share of the time that threads work or lose; less is noise of the
 * samples. */
#define CAUSE_NAMED_SHARE   0.03
#define CAUSE_NAMED_SAMPLES 10 /* and at least the time that so many of them stand for */

/* What was spent on a stack, as it counts in struct causes. */
struct cause_spent {
    int64_t own_ns, lost_ns; /* lost_ns: with what one thread alone spends on it, too */
};

struct causes_request {
    const struct trace_event *event; /* by time */
    size_t events;
    const struct cause_stack *stack; /* by number */
    size_t stacks;
    const int64_t *start_ns, *end_ns; /* of the measured iterations, by time: only what happened in them counts */
    size_t iterations;
    int64_t period_ns; /* between two samples of a CPU, as asked for */
    const struct trace_probe *probe;
    size_t probes; /* what one with `missing` tells does not count */
    bool is_cut;   /* of what happened from cut_ns on not all is among the events: nothing of it counts */
    int64_t cut_ns;
    const struct causes *alone; /* of the same work by one thread: what that spends on a CPU is not lost; NULL: none */
    struct cause_spent *spent;  /* of each stack, zeros before; NULL: nobody asks */
};

/* One cause. The texts of the table are static; those of the program are copies. */
struct cause {
    const char *id;              /* snake_case: "reference_counts_merged" */
    char title[160];             /* what it is, in the field's words */
    const char *remedy, *source; /* one line; a link */
    char *function, *file;       /* the Python function that loses most by it; NULL: none was seen */
    int64_t line;          /* of the file, where its definition begins; 0: not known, as causes_find() leaves it */
    double function_share; /* its share of this cause, 0 to 1 */
    char *path;            /* the C functions on the way that loses most, the innermost first: "f < g < h" */
    int64_t lost_ns;       /* waits, and time on a CPU that is spent on nothing else */
    int64_t cpu_ns;        /* the part of it on a CPU outside of a wait, by samples; beyond one thread's alone */
    double share;          /* of all lost time, 0 to 1 */
    uint64_t count;        /* waits that were seen from begin to end, or calls of what only is counted */
    bool has_waits;        /* the next two are known */
    double wait_p50_ns, wait_p95_ns;
};

/* All times are sums over the threads, in the measured iterations. thread_ns = own + lost + runnable; idle is beside
 * it. */
struct causes {
    struct cause *list; /* by lost time, the largest first; unattributed time is no row */
    size_t count;
    int64_t sample_ns;       /* what a sample stands for: the period, or more where samples are missing */
    int64_t thread_ns;       /* in which threads had something to do */
    int64_t own_ns;          /* on a CPU with the program's own work */
    int64_t lost_ns;         /* to the causes, and what is not attributed */
    int64_t unattributed_ns; /* blocked, and by no rule of the table */
    int64_t runnable_ns;     /* could run, but had no CPU */
    int64_t idle_ns;         /* waited for other threads, a queue, a timer: the program's own wish */
    size_t threads;          /* that were seen in them */
    uint64_t samples;        /* of who runs */
    double python_share;     /* of these, those whose stack reaches a Python function; NaN without samples */
    char *unattributed_path; /* the way that loses most of it; NULL: there is none */
};

/* Whether any event fell into the measured iterations. False: no figure of c is known. */
bool causes_saw_any(const struct causes *c);

/* Finds the causes. The caller ends *ret with causes_free(). */
void causes_find(const struct causes_request *request, struct causes *ret);
void causes_free(struct causes *c);

/* The first cause, or NULL if what it costs is less than CAUSE_NAMED_SHARE and
 * CAUSE_NAMED_SAMPLES ask for. */
const struct cause *causes_first(const struct causes *c);

#endif

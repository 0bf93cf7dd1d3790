/* trace: where the threads of a running child are and what they wait for. Opens the kernel's events from outside: user
 * probes on functions, samples of who runs, and each thread's leaving and returning to a CPU, each with its stack. */
#ifndef TARE_TRACE_H
#define TARE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct cpulist;
struct err;
struct frames;

#define TRACE_STACK_MAX 96 /* frames that are kept of a stack, those of the kernel included */

/* A function whose calls are recorded. */
struct trace_probe {
    const char *symbol;
    bool is_paired;    /* its return too */
    char missing[160]; /* why it is not recorded; "": it is */
};

enum trace_kind {
    TRACE_ENTER,    /* a probed function was called; has a stack */
    TRACE_LEAVE,    /* it returned */
    TRACE_RUNS,     /* a sample: the thread was on a CPU; has a stack */
    TRACE_OUT,      /* it left its CPU; has a stack */
    TRACE_BLOCKED,  /* it left its CPU to wait */
    TRACE_RUNNABLE, /* it left its CPU, but could have gone on: another one's turn, or sched_yield(2) */
    TRACE_IN,       /* it got a CPU again */
    TRACE_END,      /* it ended */
};

struct trace_event {
    int64_t at_ns;  /* CLOCK_MONOTONIC */
    int32_t tid;    /* in the caller's pid namespace */
    uint32_t stack; /* the number of its stack; only where it has one */
    uint16_t probe; /* of TRACE_ENTER and TRACE_LEAVE: the number in the list of probes */
    uint16_t kind;  /* enum trace_kind */
};

/* The frames of a stack, the innermost first: addresses. The kernel's come first. */
struct trace_stack {
    const uint64_t *address;
    size_t count, in_kernel;
};

/* What was recorded. It lives as long as its trace, and is whole after trace_stop(). */
struct trace_seen {
    struct trace_event *event; /* all, by time */
    size_t events;
    uint64_t lost; /* how many are missing: the reader was late, or there were more than are kept */
    bool is_cut;   /* there were more than are kept: from cut_ns on they are not whole */
    int64_t cut_ns;
    bool has_page_faults; /* of all its threads */
    uint64_t page_faults;
    struct frames *frames; /* what lies at the addresses of its stacks */
};

struct trace;

/* Why this host or this caller cannot trace. 0: it can. -EPERM, -ENOENT, … (host): one line with its remedy. */
int trace_possible(struct err *e);

/* Stops the child (SIGSTOP), opens the events of all its threads, which all later ones of it inherit, and lets it go
 * on. A probe is a breakpoint in the file: every process of this host that maps the file pays for it, on all CPUs and
 * of all users, some microseconds a call; only the child's are kept. cpus: those that it may use. files: where the
 * probed functions are looked for, one path a line, as seen from here. period_ns: between two samples of a CPU. probes:
 * the caller keeps them; what cannot be recorded is told in each. A thread of the caller's reads the events until
 * trace_stop(). The caller ends *ret with trace_free(). On failure the child goes on untraced. */
int trace_start(pid_t pid, const struct cpulist *cpus, const char *files, struct trace_probe *probes, size_t count,
                int64_t period_ns, struct trace **ret, struct err *e);

/* Ends the recording: call it before the child is reaped. Afterwards the rest can be asked. */
void trace_stop(struct trace *t);
void trace_free(struct trace *t); /* NULL is allowed */

const struct trace_seen *trace_seen(const struct trace *t);

struct trace_stack trace_stack(const struct trace *t, uint32_t stack);

#endif

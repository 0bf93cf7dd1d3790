/* loads: runs a known load (workloads/known_loads.c) in a process and steps it from state to state. For selftest_run.c.
 */
#ifndef TARE_LOADS_H
#define TARE_LOADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "launch/spawn.h"

struct err;

#define LOADS_SAID_MAX 16384

struct load_spec {
    const char *program; /* the path of known-loads */
    const char *name;
    int cpus;        /* how many it may use */
    const char *dir; /* for temporary files */
    int cgroup_fd;   /* the slice's directory, or -1 */
    const struct cpulist *affinity;
    int signal_fd; /* signalfd(2) of the signals that end the selftest */
};

struct load {
    struct child child;
    int go_fd, said_fd, signal_fd;
    char said[LOADS_SAID_MAX]; /* all its output */
    size_t len, from, next;    /* from…next: the output of the current state */
};

/* Starts it; it enters its first state by itself. The caller ends it with load_end() or load_abandon(). */
int load_start(const struct load_spec *spec, struct load *ret, struct err *e);

/* Waits until the next state is ready. -ECHILD: it ended before. -ETIMEDOUT: not ready after timeout_ms. -EINTR: a
 * signal ended the selftest. */
int load_ready(struct load *l, int timeout_ms, struct err *e);

/* Lets it go on to the next state. */
void load_go(struct load *l);

/* The value that it printed for a key in the current state; false: none. */
bool load_word(const struct load *l, const char *key, char *buf, size_t cap);
bool load_number(const struct load *l, const char *key, int64_t *ret);

/* The pids of its process and of the children that it reported, at most cap. Returns how many. */
size_t load_pids(const struct load *l, int *pids, size_t cap);

/* Lets it go on and waits for its end. -ECHILD: it did not exit 0. -ETIMEDOUT, -EINTR as above. Releases the load in
 * any case. */
int load_end(struct load *l, int timeout_ms, struct err *e);
/* Kills and releases it, unless it is released already. */
void load_abandon(struct load *l);

#endif

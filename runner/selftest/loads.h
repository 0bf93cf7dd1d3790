/* loads: a known load (workloads/known_loads.c) in its own process, taken from state to state. */
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
    int cpus;        /* that it may use */
    const char *dir; /* for temporary files */
    int cgroup_fd;   /* the slice's directory, or -1 */
    const struct cpulist *affinity;
    int signal_fd; /* signalfd(2) of what ends the selftest */
};

struct load {
    struct child child;
    int go_fd, said_fd, signal_fd;
    char said[LOADS_SAID_MAX]; /* in all; */
    size_t len, from, next;    /* from…next: what it said of the present state */
};

/* Starts it; it goes to its first state by itself. The caller ends it with load_end() or load_abandon(). */
int load_start(const struct load_spec *spec, struct load *ret, struct err *e);

/* Waits until the next state stands. -ECHILD: it ended before; -ETIMEDOUT: it does not stand after timeout_ms; -EINTR:
 * the user has ended the selftest. */
int load_ready(struct load *l, int timeout_ms, struct err *e);

/* Lets it go on. */
void load_go(struct load *l);

/* What it said of the present state under a key; false: nothing. */
bool load_word(const struct load *l, const char *key, char *buf, size_t cap);
bool load_number(const struct load *l, const char *key, int64_t *ret);

/* Its process and those that it said are its children, at most cap. */
size_t load_pids(const struct load *l, int *pids, size_t cap);

/* Lets it go on and waits for its end. -ECHILD: it did not exit 0; -ETIMEDOUT, -EINTR as above. The load is then
 * released in any case. */
int load_end(struct load *l, int timeout_ms, struct err *e);
/* Kills and releases it; nothing where it was released before. */
void load_abandon(struct load *l);

#endif

/* relay: passes what a confined command prints into the caller's file through a pipe. With the file itself, the command
 * could reopen it by /proc/self/fd, read it and truncate it (proc(5)). */
#ifndef TARE_RELAY_H
#define TARE_RELAY_H

#include <stdbool.h>

struct err;

#define RELAY_PIPES 2 /* standard output, standard error */

struct relay {
    int from[RELAY_PIPES]; /* read ends, non-blocking; -1: none, or ended */
    int into[RELAY_PIPES]; /* write ends, for the child; -1: none */
    int file[RELAY_PIPES]; /* the caller's descriptor */
    int failed;            /* errno of the first write to a file that failed */
};

#define RELAY_NONE ((struct relay){.from = {-1, -1}, .into = {-1, -1}, .file = {-1, -1}})

/* Replaces each of *out and *error that is a regular file by a pipe; the same pipe if both are one file, to keep the
 * order. 0 or a negative errno (ours). The caller ends *ret with relay_close(). */
int relay_open(struct relay *ret, int *out, int *error, struct err *e);

/* After the child's start: closes the write ends. */
void relay_started(struct relay *r);

/* Copies what is in a pipe that is readable or at its end. */
void relay_take(struct relay *r, int pipe);

/* Copies the rest without waiting for more. 0, or the negative errno of the first failed write: the file is incomplete.
 */
int relay_finish(struct relay *r);

void relay_close(struct relay *r);

#endif

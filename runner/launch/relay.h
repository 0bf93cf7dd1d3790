/* relay: what a confined command prints into a file of the caller's goes through a pipe: by /proc/self/fd the file
 * itself could be opened anew, read, and cut (proc(5)). */
#ifndef TARE_RELAY_H
#define TARE_RELAY_H

#include <stdbool.h>

struct err;

#define RELAY_PIPES 2 /* standard output, standard error */

struct relay {
    int from[RELAY_PIPES]; /* the pipes' ends that are read, non-blocking; -1: none, or no more comes */
    int into[RELAY_PIPES]; /* those that are written, the child's; -1: none */
    int file[RELAY_PIPES]; /* the caller's descriptor */
    int failed;            /* errno of the first write to a file that failed */
};

#define RELAY_NONE ((struct relay){.from = {-1, -1}, .into = {-1, -1}, .file = {-1, -1}})

/* Puts a pipe in place of each of *out and *error that is a regular file, the same one where both are one file, so that
 * their order stays. Returns 0 or a negative errno (ours); ended with relay_close(). */
int relay_open(struct relay *ret, int *out, int *error, struct err *e);

/* Closes the ends that the child has. */
void relay_started(struct relay *r);

/* Takes what is in a pipe, which is readable or at its end. */
void relay_take(struct relay *r, int pipe);

/* Takes all that is left, without waiting for more. Returns 0, or the negative errno of a write that failed: then the
 * file has not got all. */
int relay_finish(struct relay *r);

void relay_close(struct relay *r);

#endif

/* standard: descriptors 0, 1 and 2, and the stack limit, as tare's programs need them. */
#ifndef TARE_STANDARD_H
#define TARE_STANDARD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Opens /dev/null on each of 0, 1 and 2 that is closed. Otherwise the next open file would become a child's standard
 * input, or receive messages. Called first in main. 0 or a negative errno. */
int standard_open(void);

/* The least stack limit, in bytes: paths and files of /proc are read into arrays on the stack. */
#define STANDARD_STACK_MIN ((size_t)1 << 20)

/* Whether the stack limit (getrlimit(2)) suffices; if not, prints one line on standard error. It is not raised, because
 * the weighed program would inherit it. */
bool standard_stack_suffices(void);

struct err;

/* The most that is read from a pipe, in bytes. */
#define STANDARD_INPUT_MAX ((size_t)256 << 20)

/* Lets several programs read standard input one after the other, each from its present position. A file needs nothing;
 * a pipe or a socket is read to its end now, into a sealed memfd that replaces it; /dev/null replaces a terminal, since
 * what is typed cannot be had twice. *from is for standard_input_again(); -1: a device such as /dev/null, the same for
 * all. -ENOTSUP (usage): another device. -E2BIG (usage): more than STANDARD_INPUT_MAX. */
int standard_input_keep(off_t *from, struct err *e);

/* Call it before each reader. */
void standard_input_again(off_t from);

/* Replaces standard output by /dev/null. 0 or a negative errno (ours). */
int standard_silence(struct err *e);

#endif

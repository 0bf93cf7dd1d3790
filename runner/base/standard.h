/* standard: descriptors 0, 1 and 2 are there before any other is opened. */
#ifndef TARE_STANDARD_H
#define TARE_STANDARD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Opens /dev/null on each of them that is closed. Otherwise the next file that is opened would be taken for standard
 * input by whatever is started, or messages would be written into it. First thing in main. Returns 0 or a negative
 * errno. */
int standard_open(void);

/* The least stack limit, in bytes: paths and files of /proc are read into arrays there. */
#define STANDARD_STACK_MIN ((size_t)1 << 20)

/* Whether the stack limit is that (getrlimit(2)); where it is not, one line on standard error says so. It is not
 * raised: what is weighed would inherit it. */
bool standard_stack_suffices(void);

struct err;

/* What a pipe may bring, in bytes. */
#define STANDARD_INPUT_MAX ((size_t)256 << 20)

/* Makes standard input one that several can read, one after the other, each from where it is now: a file is as it is,
 * of a pipe or a socket all is read now, to its end, into a sealed memfd that takes its place. *from is for
 * standard_input_again(); -1: a device that gives everybody the same, as /dev/null does. -ENOTSUP (usage): a terminal,
 * or another device; -E2BIG (usage): more than STANDARD_INPUT_MAX. */
int standard_input_keep(off_t *from, struct err *e);

/* Before each who reads it. */
void standard_input_again(off_t from);

/* Standard output goes nowhere from here on. -errno (ours). */
int standard_silence(struct err *e);

#endif

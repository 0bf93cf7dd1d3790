/* workload: what a workload is started with: its arguments, its environment, a temporary folder of its own. */
#ifndef TARE_WORKLOAD_H
#define TARE_WORKLOAD_H

#include <stddef.h>

#include "config.h"
#include "runtime.h"

struct err;

#define WORKLOAD_WORDS_MAX 40

/* A NULL-ended list of owned words, as execve(2) takes them. */
struct workload_words {
    char *word[WORKLOAD_WORDS_MAX];
    size_t count;
};

/* mp_start: the start method, "" where the mode has none. Ended with workload_words_free(). */
struct workload_words workload_argv(const struct runtime *runtime, const struct cell *cell, const char *mp_start);

/* PATH and HOME of the caller, nothing else of its environment: the same wherever it is run from. */
struct workload_words workload_environment(const char *tmpdir, int ledger_fd);

void workload_words_free(struct workload_words *w);

/* Goes through the folders that workload_tmpdir_make() made and nobody removed, where their run holds no lock on them
 * any more, removes them, and calls fn for each: failed is 0 or why it is still there, a negative errno. */
void workload_tmpdirs_clean(void (*fn)(const char *path, int failed, void *context), void *context);

/* Makes a folder of its own below $TMPDIR or /tmp; removed with everything in it by workload_tmpdir_remove(), which
 * takes
 * "" for none. */
int workload_tmpdir_make(char *path, size_t cap, struct err *e);
void workload_tmpdir_remove(const char *path);

#endif

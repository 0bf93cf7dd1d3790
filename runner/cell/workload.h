/* workload: what a workload is started with: its arguments, its environment, a temporary folder of its own. */
#ifndef TARE_WORKLOAD_H
#define TARE_WORKLOAD_H

#include <stddef.h>

#include "cell/config.h"
#include "cell/runtime.h"
#include "launch/confine_request.h"

struct err;

/* A NULL-ended list of owned words, as execve(2) takes them. */
struct workload_words {
    char **word;
    size_t count;
};

/* The scenario's command, what every workload is told, and the scenario's knobs in their order.
 * mp_start: the start method, "" where the mode has none. Ended with workload_words_free(). */
struct workload_words workload_argv(const struct runtime *runtime, const struct cell *cell, const char *mp_start);

/* PATH and HOME of the caller, nothing else of its environment, so that it is the same wherever it is run from; then
 * what the cell names (--env). */
struct workload_words workload_environment(const struct cell *cell, const char *tmpdir, int ledger_fd);

/* The same for a command of the user's, which also gets TERM; unconfined all of the caller's. */
struct workload_words workload_command_environment(const struct cell *cell);

void workload_words_free(struct workload_words *w);

/* The confinement that the cell asks for; not of CONFINEMENT_OFF. needed: as in confine_request.h; it has to stay. */
struct confine_request workload_confinement(const struct cell *cell, const char *const *needed, size_t count);

/* Goes through the folders that workload_tmpdir_make() or scratch_begin() made and nobody removed, where their run
 * holds no lock on them any more, removes them (dry_run: does not), and calls fn for each: failed is 0 or why it is
 * still there, a negative errno. */
/* The same in a folder, where also what file_draft_open() and file_draft_folder() made may be left (file_sweep()). */
void workload_folder_clean(const char *base, bool dry_run, void (*fn)(const char *path, int failed, void *context),
                           void *context);
/* The same in $TMPDIR, or /tmp. */
void workload_tmpdirs_clean(bool dry_run, void (*fn)(const char *path, int failed, void *context), void *context);

/* Makes a folder of its own below $TMPDIR or /tmp; removed with everything in it by workload_tmpdir_remove(), which may
 * be called where there is none. One at a time. */
int workload_tmpdir_make(char *path, size_t cap, struct err *e);
void workload_tmpdir_remove(void);

#endif

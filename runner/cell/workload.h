/* workload: a workload's arguments, environment and temporary folder. */
#ifndef TARE_WORKLOAD_H
#define TARE_WORKLOAD_H

#include <stddef.h>

#include "cell/config.h"
#include "cell/runtime.h"
#include "launch/confine_request.h"

struct err;

/* A list of owned words, ended by NULL, for execve(2). */
struct workload_words {
    char **word;
    size_t count;
};

/* The scenario's command, the options of every workload, and the scenario's knobs in their order. mp_start: the start
 * method; "": the mode has none. Ended with workload_words_free(). */
struct workload_words workload_argv(const struct runtime *runtime, const struct cell *cell, const char *mp_start);

/* The caller's PATH and HOME and nothing else of its environment, so that every caller gives the same; then the cell's
 * variables (--env). */
struct workload_words workload_environment(const struct cell *cell, const char *tmpdir, int ledger_fd);

/* The same for a user's command, with TERM, too; without confinement the caller's whole environment. */
struct workload_words workload_command_environment(const struct cell *cell);

void workload_words_free(struct workload_words *w);

/* The confinement that the cell asks for; not for CONFINEMENT_OFF. needed: as in confine_request.h; it must outlive the
 * result. */
struct confine_request workload_confinement(const struct cell *cell, const char *const *needed, size_t count);

/* Removes the leftover folders of workload_tmpdir_make() and tmpdir_make(), those whose run no longer holds their lock
 * (dry_run: removes nothing). Calls fn for each; failed: 0, or a negative errno that says why it is still there. */
/* The same in another folder, with the leftovers of file_draft_open() and file_folder_open() (file_sweep()). */
void workload_folder_clean(const char *base, bool dry_run, void (*fn)(const char *path, int failed, void *context),
                           void *context);
/* The same in $TMPDIR or /tmp. */
void workload_tmpdirs_clean(bool dry_run, void (*fn)(const char *path, int failed, void *context), void *context);

/* Makes a private folder below $TMPDIR or /tmp. workload_tmpdir_remove() removes it with its content; without a folder
 * it does nothing. One at a time. */
int workload_tmpdir_make(char *path, size_t cap, struct err *e);
void workload_tmpdir_remove(void);

#endif

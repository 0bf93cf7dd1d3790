/* handover: submits a campaign's unfinished invocations to Slurm as arrays of jobs, and waits for them. */
#ifndef TARE_HANDOVER_H
#define TARE_HANDOVER_H

#include <stdbool.h>
#include <stddef.h>

struct campaign;
struct err;
struct text;

/* Joins the jobs that an earlier tare left, then submits and waits until nothing is missing. *run: the invocations that
 * got a record meanwhile. *interrupted_by: the signal that ended the waiting, or 0; the jobs go on, and a message says
 * so. Errors: (host) Slurm does not answer; (workload) a job left no record. */
int handover_run(struct campaign *c, size_t *run, int *interrupted_by, struct err *e);

/* A job's note, kept in the folder, that its node cannot run the cell, and why: it leaves no record. */
void handover_note_left_out(const struct campaign *c, size_t cell, const char *why);

/* Takes the jobs' notes: a cell of which there is no record, and that a node could not run, is left out
 * (plan_cell.not_run), so that it is neither submitted nor waited for again. again: forgets them instead, so that the
 * nodes are asked anew. */
void handover_take_left_out(struct campaign *c, bool again);

/* Adds the batch script that would be submitted now; nothing if nothing is left to run. */
int handover_script(struct campaign *c, struct text *out, struct err *e);

#endif

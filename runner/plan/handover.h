/* handover: submits a campaign's unfinished invocations to Slurm as arrays of jobs, and waits for them. */
#ifndef TARE_HANDOVER_H
#define TARE_HANDOVER_H

#include <stddef.h>

struct campaign;
struct err;
struct text;

/* Joins the jobs that an earlier tare left, then submits and waits until nothing is missing. *run: the invocations that
 * got a record meanwhile. *interrupted_by: the signal that ended the waiting, or 0; the jobs go on, and a message says
 * so. Errors: (host) Slurm does not answer; (workload) a job left no record. */
int handover_run(struct campaign *c, size_t *run, int *interrupted_by, struct err *e);

/* Adds the batch script that would be submitted now; nothing if nothing is left to run. */
int handover_script(struct campaign *c, struct text *out, struct err *e);

#endif

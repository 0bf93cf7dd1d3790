/* handover: what of a campaign has no record yet, given to Slurm as arrays of jobs, and waited for. */
#ifndef TARE_HANDOVER_H
#define TARE_HANDOVER_H

#include <stddef.h>

struct campaign;
struct err;
struct text;

/* Joins the jobs that an earlier tare left, then submits and waits, round by round, until nothing is missing. *run: how
 * many invocations have a record that had none; *interrupted_by: the signal that ended the waiting, or 0 (the jobs go
 * on, which is said). Errors: host where Slurm does not answer, workload where a job left no record. */
int handover_run(struct campaign *c, size_t *run, int *interrupted_by, struct err *e);

/* Adds the batch script that would be submitted now; nothing where nothing is left to run. */
int handover_script(struct campaign *c, struct text *out, struct err *e);

#endif

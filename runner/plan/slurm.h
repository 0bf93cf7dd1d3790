/* slurm: invocations as an array of jobs: the batch script, its submission, what has become of it. Slurm runs a job
 * again whose node is lost (--requeue); nothing here does. */
#ifndef TARE_SLURM_H
#define TARE_SLURM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cell/config.h"

struct err;
struct text;

struct slurm_array {
    int folder_fd;                      /* the same, held */
    const char *folder;                 /* absolute; on a file system that the nodes share */
    const char *plan;                   /* its name */
    const char *tare;                   /* absolute path of the program */
    const struct config_words *options; /* the user's, for sbatch: they come last, so that they overrule */
    const uint64_t *task;               /* ascending numbers for --task */
    size_t tasks;
};

/* Adds the batch script of the tasks base … base + 2^32, whose array indices are their distance from base. */
void slurm_script(const struct slurm_array *a, uint64_t base, struct text *out);

/* Whether there is an sbatch to submit with. -ENOENT (host): none on PATH. */
int slurm_find(struct err *e);

/* Submits the tasks, in as many arrays as the cluster's MaxArraySize makes of them, and adds the jobs' ids to jobs, a
 * blank between two. The scripts are kept in folder/slurm. -EIO (host): sbatch refused, in its own words. */
int slurm_submit(const struct slurm_array *a, struct text *jobs, struct err *e);

/* Whether any of the jobs is still pending or running; said: "3 running on n1 n2, 4 pending". -EAGAIN (host): the
 * controller does not answer. */
int slurm_jobs(const char *jobs, bool *alive, struct text *said, struct err *e);

#endif

/* slurm: runs invocations as an array of jobs: writes the batch script, submits it, and asks for the jobs' states.
 * Slurm itself reruns a job whose node fails (--requeue). */
#ifndef TARE_SLURM_H
#define TARE_SLURM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cell/config.h"

struct err;
struct text;

struct slurm_array {
    int folder_fd;                      /* the folder's descriptor */
    const char *folder;                 /* its absolute path, on a file system that the nodes share */
    const char *plan;                   /* the plan's name */
    const char *tare;                   /* absolute path of the program */
    const struct config_words *options; /* the user's options for sbatch; they come last and override */
    const uint64_t *task;               /* ascending numbers for --task */
    size_t tasks;
};

/* Adds the batch script of the tasks base … base + 2^32; an array index is a task's offset from base. */
void slurm_script(const struct slurm_array *a, uint64_t base, struct text *out);

/* Looks for sbatch. -ENOENT (host): none on PATH. */
int slurm_find(struct err *e);

/* Submits the tasks, in as many arrays as the cluster's MaxArraySize requires, and adds the jobs' ids to jobs,
 * separated by blanks. The scripts are kept in folder/slurm. -EIO (host): sbatch refused; the message has its words. */
int slurm_submit(const struct slurm_array *a, struct text *jobs, struct err *e);

/* Asks whether any of the jobs is pending or running; said: "3 running on n1 n2, 4 pending". -EAGAIN (host): the
 * controller does not answer. */
int slurm_jobs(const char *jobs, bool *alive, struct text *said, struct err *e);

#endif

/* campaign_cluster: a campaign on a cluster: what is not done yet is handed to Slurm and waited for. */
#ifndef TARE_CAMPAIGN_CLUSTER_H
#define TARE_CAMPAIGN_CLUSTER_H

#include <stddef.h>

struct campaign;
struct err;
struct text;

/* Submits what is missing, or joins the jobs of a tare that was ended, and waits until each has left its record or
 * ended without one; then reads the folder. *run: how many there are now that there were not. *interrupted_by: the
 * signal that ended the waiting (the jobs go on); 0: none. -EIO (host): there is no Slurm here, or it refused; -ENODATA
 * (workload): jobs ended without a record. */
int campaign_on_cluster(struct campaign *c, size_t *run, int *interrupted_by, struct err *e);

/* Adds the batch script that would be submitted now; nothing where nothing is left to run. */
int campaign_cluster_script(struct campaign *c, struct text *out, struct err *e);

#endif

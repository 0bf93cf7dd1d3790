/* campaign_show: what a campaign would do: the order, what is done of it, how long the rest will take. */
#ifndef TARE_CAMPAIGN_SHOW_H
#define TARE_CAMPAIGN_SHOW_H

struct campaign;
struct err;
struct text;

/* Adds the plan's head, a line an invocation in the order of their running, and the estimate. */
void campaign_describe(struct campaign *c, struct text *out);

/* `tare matrix --dry-run`: prints that, and with --engine slurm the batch script. Returns 0. */
int campaign_show_order(struct campaign *c, struct err *e);

#endif

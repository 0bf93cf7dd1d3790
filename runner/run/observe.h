/* observe: what a run leaves, put into its record: how it was asked for, its stamps and samples, what was refused, what
 * it cost. run.c says when; nothing is started or ended here. */
#ifndef TARE_OBSERVE_H
#define TARE_OBSERVE_H

#include "run/stage.h"

struct err;

/* A command without a record is not looked at: nobody would read it, and it may be short. */
bool observe_is_inspected(const struct stage *s);

/* Before anything runs: what was asked for. */
void observe_describe_start(struct stage *s, const struct cell *cell);

/* What the filter refused, and what found no way out of the namespace. While its init is there. */
void observe_describe_refused(struct stage *s);

/* Once the slice is gone and everybody has been waited for: stamps, samples, figures and what surrounded them.
 * -ENOMEM and the like (ours). */
int observe_take(struct stage *s, struct err *e);

#endif

/* observe: writes into the record what was requested and what a run left: stamps, samples, refusals, costs. run.c calls
 * it; it starts and ends nothing. */
#ifndef TARE_OBSERVE_H
#define TARE_OBSERVE_H

#include "run/stage.h"

struct err;

/* Whether to inspect the run: not for a command without a record, which nobody would read. */
bool observe_is_inspected(const struct stage *s);

/* Before the run: what was requested. */
void observe_describe_start(struct stage *s, const struct cell *cell);

/* With --counters: what was counted of the slice, which is still there, and the energy meanwhile. */
void observe_describe_counters(struct stage *s);

/* What the filter refused, and packets without a route. Call it while the init lives. */
void observe_describe_refused(struct stage *s);

/* After the slice is removed and all processes reaped: stamps, samples, figures, disturbances. */
void observe_take(struct stage *s);

#endif

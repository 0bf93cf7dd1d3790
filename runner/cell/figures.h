/* figures: what a workload reported of itself besides its stamps, held against what its scenario declares. */
#ifndef TARE_FIGURES_H
#define TARE_FIGURES_H

struct err;
struct facts;
struct ledger_map;
struct scenario;

/* Whether every figure in the ledger is declared. -EPROTO (workload) with the first that is not. */
int figures_check(const struct ledger_map *ledger, const struct scenario *scenario, struct err *e);

/* The declared figures in the scenario's order; what was not reported is absent with a reason. */
void figures_take(const struct ledger_map *ledger, const struct scenario *scenario, struct facts *out);

#endif

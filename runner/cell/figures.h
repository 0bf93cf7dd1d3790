/* figures: the figures that a workload reported, checked against its scenario's declarations. */
#ifndef TARE_FIGURES_H
#define TARE_FIGURES_H

struct err;
struct facts;
struct ledger_map;
struct scenario;

/* Checks that every figure in the ledger is declared. -EPROTO (workload) names the first that is not. */
int figures_check(const struct ledger_map *ledger, const struct scenario *scenario, struct err *e);

/* Takes the declared figures in the scenario's order; unreported ones are absent with a reason. */
void figures_take(const struct ledger_map *ledger, const struct scenario *scenario, struct facts *out);

#endif

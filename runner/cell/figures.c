#include "cell/figures.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/facts.h"
#include "cell/scenario.h"
#include "launch/ledger.h"

int figures_check(const struct ledger_map *ledger, const struct scenario *scenario, struct err *e)
{
    struct ledger_figure figure[LEDGER_FIGURES];
    size_t count = ledger_figures(ledger, figure);
    for (size_t i = 0; i < count; i++)
        if (!scenario_figure_find(scenario, figure[i].name))
            return err_set(e, ERR_WORKLOAD, -EPROTO,
                           "ledger: figure '%s' is none that its scenario declares (figures: "
                           "in scenario.yml)",
                           figure[i].name);
    return 0;
}

void figures_take(const struct ledger_map *ledger, const struct scenario *scenario, struct facts *out)
{
    struct ledger_figure figure[LEDGER_FIGURES];
    size_t count = ledger_figures(ledger, figure);
    for (size_t n = 0; n < scenario->figures; n++) {
        const char *name = scenario->figure[n].name;
        size_t i = 0;
        while (i < count && strcmp(figure[i].name, name) != 0)
            i++;
        if (i == count)
            facts_absent(out, name, "the workload did not report it");
        else if (figure[i].kind == LEDGER_FIGURE_INTEGER)
            facts_int(out, name, figure[i].integer);
        else
            facts_real(out, name, figure[i].real);
    }
}

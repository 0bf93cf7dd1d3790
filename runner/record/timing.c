#include "record/timing.h"

#include "base/facts.h"

const char *timing_emulated_by(const struct facts *host)
{
    const struct fact *emulated = facts_find(host, "emulated"), *by = facts_find(host, "emulated_by");
    if (!emulated || emulated->kind != FACT_BOOL || !emulated->truth)
        return NULL;
    return by && by->kind == FACT_TEXT ? by->text : "an emulator that is not named";
}

#include "record/timing.h"

#include <jansson.h>
#include <string.h>

#include "base/facts.h"

#define UNNAMED "an emulator that is not named"

const char *timing_emulated_by(const struct facts *host)
{
    const struct fact *emulated = facts_find(host, "emulated"), *by = facts_find(host, "emulated_by");
    if (!emulated || emulated->kind != FACT_BOOL || !emulated->truth)
        return NULL;
    return by && by->kind == FACT_TEXT ? by->text : UNNAMED;
}

static const char *emulated_by(const json_t *section, const char *key)
{
    const char *by = json_string_value(json_object_get(section, key));
    if (!json_is_true(json_object_get(section, "emulated")))
        return NULL;
    return by ? by : UNNAMED;
}

const char *timing_record_emulated_by(const json_t *record)
{
    const json_t *timing = json_object_get(record, "timing");
    return timing ? emulated_by(timing, "by") : emulated_by(json_object_get(record, "host"), "emulated_by");
}

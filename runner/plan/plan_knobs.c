#include "plan/plan_knobs.h"

#include <string.h>

#include "base/err.h"
#include "cell/scenarios.h"

static void add_name(const char *name, struct plan_options *options)
{
    for (size_t i = 0; i < options->count; i++)
        if (strcmp(options->name[i], name) == 0)
            return;
    if (options->count < PLAN_OPTIONS_MAX)
        options->name[options->count++] = name;
}

static void add_scenario(const char *named, const struct carried *carried, struct plan_options *options)
{
    const struct scenario *s = NULL;
    struct err ignored = {0};
    if (!named || scenarios_find_carried(carried, named, &s, &ignored) != 0)
        return;
    for (size_t i = 0; i < s->knobs; i++)
        add_name(s->knob[i].name, options);
}

/* The scenario is the first option of an entry, and of this reading the only one. */
static void add_entry(const struct plan_entry *entry, const struct carried *carried, struct plan_options *options)
{
    add_scenario(entry->value[0], carried, options);
    for (unsigned i = 0; entry->each && i < entry->each->of[0].count; i++)
        add_scenario(entry->each->of[0].value[i], carried, options);
}

void plan_knobs_add(const char *label, const struct text *bytes, const struct carried *carried,
                    struct plan_options *options)
{
    struct text copy = {0};
    struct plan_file f;
    struct err ignored = {0};
    text_add_bytes(&copy, bytes->data ? bytes->data : "", bytes->len);
    if (plan_file_parse(label, &copy, NULL, &f, &ignored) != 0)
        return;
    if (f.said->defaults)
        add_entry(f.said->defaults, carried, options);
    for (unsigned i = 0; i < f.said->cells_count; i++)
        add_entry(&f.said->cells[i], carried, options);
    plan_file_free(&f);
}

bool plan_knobs_is_one(const char *option)
{
    return strcmp(option, "scenario") != 0 && !config_has_option(CONFIG_PLAN, option);
}

bool plan_knobs_go_with(const struct cell *cell, const char *option)
{
    const struct cell unset = cell_unset();
    const struct scenario *s = cell->scenario;
    const struct scenario_knob *k = s ? scenario_knob_find(s, option) : NULL;
    struct cell c = *cell;
    if (!k)
        return false;
    if (c.mode == unset.mode)
        c.mode = s->mode;
    if (c.profile == unset.profile)
        c.profile = scenario_profile_default(s);
    if (!c.runtime)
        c.runtime = "auto";
    return cell_knob_counts(&c, (size_t)(k - s->knob)) && (k->profiles >> c.profile & 1);
}

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/figure.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cell/config_internal.h"
#include "cell/manual.h"

/* A row for --help, with the defaults of the profiles; for a scenario with its own ones. */
struct shown_row {
    struct option_row row; /* with the defaults of overhead and memory */
    int64_t if_growth;
};

static struct shown_row row_of(const struct option_row *row, const struct scenario *s)
{
    struct shown_row shown = {*row, config_default(row, PROFILE_GROWTH)};
    struct option_row *r = &shown.row;
    int64_t *of[PROFILES_COUNT] = {&r->if_overhead, &r->if_memory, &shown.if_growth};
    struct err ignored = {0};
    if (!s)
        return shown;
    for (unsigned p = 0; p < PROFILES_COUNT; p++)
        for (size_t i = 0; i < s->profile[p].count; i++) {
            struct cell cell = {0};
            const struct scenario_default *d = &s->profile[p].fallback[i];
            if (strcmp(d->option, row->name) == 0 && cell_set(&cell, d->option, d->value, &ignored) == 0)
                *of[p] = *config_number(&cell, row);
        }
    if (row->choices == mode_names)
        r->if_overhead = r->if_memory = shown.if_growth = s->mode;
    if (row->choices == profile_names)
        r->if_overhead = r->if_memory = shown.if_growth = scenario_profile_default(s);
    for (unsigned p = 0; p < PROFILES_COUNT; p++)
        if (!s->profile[p].offered)
            *of[p] = *of[scenario_profile_default(s)];
    return shown;
}

static void list_row(const struct option_row *row, const struct scenario *s, struct text *out)
{
    const bool of_modes = s && row->choices == mode_names, of_profiles = s && row->choices == profile_names;
    text_add_names(out, row->choices, of_modes ? s->modes : of_profiles ? scenario_profiles(s) : UINT_MAX);
}

/* "(1 to 4096; default 8)", "(auto, strict or off; default auto)" */
static void help_allowed(const struct shown_row *shown, const struct scenario *s, struct text *out)
{
    const struct option_row *row = &shown->row;
    if (row->kind != INTEGER && row->kind != CHOICE)
        return;
    text_add(out, " (");
    if (row->kind == INTEGER)
        text_add(out, "%lld to %lld", (long long)row->low, (long long)row->high);
    else
        list_row(row, s, out);
    if (row->kind == CHOICE && *row->choices[row->if_overhead])
        text_add(out, "; default %s", row->choices[row->if_overhead]);
    if (row->kind == INTEGER && row->if_overhead != UNSET)
        text_add(out, "; default %lld", (long long)row->if_overhead);
    if (row->if_memory != row->if_overhead)
        text_add(out, ", profile memory %lld", (long long)row->if_memory);
    if (row->kind == INTEGER && row->if_overhead != UNSET && shown->if_growth != row->if_memory)
        text_add(out, ", profile growth %lld", (long long)shown->if_growth);
    text_add(out, ")");
}

static void add_does(const struct shown_row *shown, const struct scenario *s, struct text *out)
{
    const char *help = shown->row.help, *figures = strstr(help, CONFIG_FIGURES);
    text_add(out, "%.*s", figures ? (int)(figures - help) : (int)strlen(help), help);
    if (figures) {
        figure_list(out);
        text_add(out, "%s", figures + strlen(CONFIG_FIGURES));
    }
    help_allowed(shown, s, out);
}

void config_does(const struct option_row *row, struct text *out)
{
    const struct shown_row shown = row_of(row, NULL);
    add_does(&shown, NULL, out);
}

static void help_row(const char *name, const char *value, const struct text *right, struct text *out)
{
    cleanup_text struct text left = {0};
    text_add(&left, "  --%s%s%s", name, value ? " " : "", value ? value : "");
    text_add(out, "%-26s ", left.data);
    terminal_wrap(right->data, left.len > 26 ? left.len + 1 : 27, MANUAL_WIDTH, 27, out);
}

/* "; with --mode processes" */
static void help_company(const char *option, const char *const *names, unsigned bits, struct text *out)
{
    unsigned all = 0;
    for (unsigned i = 0; names[i]; i++)
        all |= 1U << i;
    if ((bits & all) == all)
        return;
    text_add(out, "; with --%s ", option);
    text_add_names(out, names, bits);
}

static void help_knob(const struct scenario *s, const struct scenario_knob *k, struct text *out)
{
    cleanup_text struct text right = {0};
    char value[SCENARIO_WORD_MAX];
    text_format(value, sizeof(value), "%s", *k->unit ? k->unit : scenario_knob_is_word(k) ? "which" : "n");
    for (char *c = value; *c; c++)
        *c = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
    text_add(&right, "%s (", k->help);
    scenario_knob_allowed(k, &right);
    text_add(&right, "; default %s", k->fallback[scenario_profile_default(s)]);
    for (unsigned p = PROFILE_MEMORY; p < PROFILES_COUNT; p++)
        if (s->profile[p].offered && strcmp(k->fallback[scenario_profile_default(s)], k->fallback[p]) != 0)
            text_add(&right, ", profile %s %s", profile_names[p], k->fallback[p]);
    help_company("mode", mode_names, k->modes, &right);
    help_company("profile", profile_names, k->profiles, &right);
    help_company("runtime", runtime_kind_names, k->kinds, &right);
    help_company("mp-start", start_names, k->starts, &right);
    if (k->since_choices)
        text_add(&right, "; ");
    if (k->since_choices)
        text_add_names(&right, k->choice, k->since_choices);
    if (k->since)
        text_add(&right, "%s of Python 3.%u and newer", k->since_choices ? "" : ";", k->since);
    text_add(&right, ")");
    help_row(k->name, value, &right, out);
}

void config_help(enum config_command command, const struct scenario *scenario, struct text *out)
{
    for (size_t i = 0; i < config_row_count; i++) {
        if (!(config_rows[i].commands & command))
            continue;
        const struct shown_row shown = row_of(&config_rows[i], scenario);
        cleanup_text struct text right = {0};
        add_does(&shown, scenario, &right);
        help_row(shown.row.name, shown.row.value, &right, out);
    }
    for (size_t i = 0; scenario && i < scenario->knobs; i++)
        help_knob(scenario, &scenario->knob[i], out);
}

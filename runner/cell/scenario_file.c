/* A scenario.yml (schema tare.scenario/1) -> struct scenario. Pure, on text. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/figure.h"
#include "base/text.h"
#include "base/yaml.h"
#include "cell/config.h"

#define COMMAND_WORD_MAX 512

/* --- what a file may say ----------------------------------------------------------------------------------------- */

static const struct yaml_shape WORD = {.kind = YAML_TEXT, .max = SCENARIO_WORD_MAX - 1};
static const struct yaml_shape LINE = {.kind = YAML_TEXT, .max = SCENARIO_LINE_MAX - 1};
static const struct yaml_shape ARGUMENT = {.kind = YAML_TEXT, .max = COMMAND_WORD_MAX};
static const struct yaml_shape CHOICES = {.kind = YAML_LIST, .min = 1, .max = SCENARIO_CHOICES_MAX, .entry = &WORD};
static const struct yaml_shape THREE = {.kind = YAML_LIST, .min = 1, .max = 3, .entry = &WORD};
static const struct yaml_shape PAIR = {.kind = YAML_LIST, .min = 1, .max = 2, .entry = &WORD};
static const struct yaml_shape ARGUMENTS = {.kind = YAML_LIST, .min = 1, .max = SCENARIO_WORDS_MAX, .entry = &ARGUMENT};

static const struct yaml_shape PROFILE =
    YAML_KEYS(YAML_MAY("iterations", WORD), YAML_MAY("warmup", WORD), YAML_MAY("workers", WORD),
              YAML_MAY("mem-sample", WORD), YAML_MAY("mem-interval-ms", WORD), YAML_MAY("pids-max", WORD),
              YAML_MAY("memory-max", WORD), YAML_MAY("timeout", WORD));
static const struct yaml_shape PROFILES =
    YAML_KEYS(YAML_MAY("overhead", PROFILE), YAML_MAY("memory", PROFILE), YAML_MAY("growth", PROFILE));
static const struct yaml_shape COMMANDS = YAML_KEYS(YAML_MAY("python", ARGUMENTS), YAML_MAY("native", ARGUMENTS));
static const struct yaml_shape KNOB = YAML_KEYS(
    YAML_NEEDS("name", WORD), YAML_NEEDS("type", WORD), YAML_MAY("unit", WORD), YAML_NEEDS("help", LINE),
    YAML_MAY("min", WORD), YAML_MAY("max", WORD), YAML_MAY("choices", CHOICES), YAML_NEEDS("default", WORD),
    YAML_MAY("default-overhead", WORD), YAML_MAY("default-memory", WORD), YAML_MAY("default-growth", WORD),
    YAML_MAY("empty", WORD), YAML_MAY("modes", THREE), YAML_MAY("profiles", THREE), YAML_MAY("runtimes", PAIR),
    YAML_MAY("starts", THREE), YAML_MAY("python", WORD), YAML_MAY("python-choices", CHOICES));
static const struct yaml_shape FIGURE =
    YAML_KEYS(YAML_NEEDS("name", WORD), YAML_MAY("unit", WORD), YAML_MAY("help", LINE), YAML_MAY("title", LINE),
              YAML_MAY("kind", WORD), YAML_MAY("better", WORD));
static const struct yaml_shape KNOBS = {.kind = YAML_LIST, .max = SCENARIO_KNOBS_MAX, .entry = &KNOB};
static const struct yaml_shape FIGURES = {.kind = YAML_LIST, .max = SCENARIO_FIGURES_MAX, .entry = &FIGURE};
static const struct yaml_shape TOP =
    YAML_KEYS(YAML_NEEDS("schema", WORD), YAML_NEEDS("name", WORD), YAML_NEEDS("summary", LINE),
              YAML_NEEDS("modes", THREE), YAML_MAY("mode", WORD), YAML_NEEDS("profiles", PROFILES),
              YAML_MAY("knobs", KNOBS), YAML_NEEDS("commands", COMMANDS), YAML_MAY("figures", FIGURES));

/* --- modes and profiles ------------------------------------------------------------------------------------------ */

#define LETTERS "abcdefghijklmnopqrstuvwxyz0123456789"

/* Checks a text that is printed on one line. */
static int check_line(const struct yaml_node *n, struct err *e)
{
    for (const char *c = n->text; *c; c++)
        if ((unsigned char)*c < ' ')
            return yaml_refuse(n, -EINVAL, e, "it is to be one line");
    return 0;
}

static bool is_word(const char *text, const char *letters)
{
    return strchr("abcdefghijklmnopqrstuvwxyz", *text) && strspn(text, letters) == strlen(text);
}

/* Takes the bits of a list of names; without a list all. */
static int take_bits(const struct yaml_node *list, const char *const *names, unsigned *ret, struct err *e)
{
    *ret = list ? 0 : UINT_MAX;
    for (size_t i = 0; list && i < list->count; i++) {
        unsigned bit = 0;
        TRY(yaml_choice(&list->child[i], names, &bit, e));
        *ret |= 1U << bit;
    }
    return 0;
}

static int take_modes(const struct yaml_node *top, struct scenario *s, struct err *e)
{
    const struct yaml_node *modes = yaml_get(top, "modes"), *mode = yaml_get(top, "mode");
    unsigned which = 0;
    TRY(take_bits(modes, mode_names, &s->modes, e));
    TRY(yaml_choice(mode ? mode : &modes->child[0], mode_names, &which, e));
    s->mode = (enum mode)which;
    return s->modes >> which & 1 ? 0 : yaml_refuse(mode, -EINVAL, e, "mode '%s' is none of modes", mode->text);
}

/* Asks the table of the options that all scenarios have. 1: it has no such option. 0: it has, and the value, if given,
 * is allowed. -EINVAL: it is not; e says why. */
static int common(const char *option, const char *value, struct err *e)
{
    struct cell scratch = cell_unset();
    if (!config_has_option(CONFIG_RUN, option))
        return 1;
    return value ? cell_set(&scratch, option, value, e) : 0;
}

static int take_profile(const struct yaml_node *said, struct scenario_profile *p, struct err *e)
{
    p->offered = true;
    for (size_t i = 0; i < said->count; i++) {
        const struct yaml_node *value = &said->child[i];
        if (common(value->key, value->text, e) != 0)
            return yaml_blame(value, e);
        struct scenario_default *d = &p->fallback[p->count++];
        text_format(d->option, sizeof(d->option), "%s", value->key);
        text_format(d->value, sizeof(d->value), "%s", value->text);
    }
    return 0;
}

static int take_profiles(const struct yaml_node *profiles, struct scenario *s, struct err *e)
{
    if (profiles->count == 0)
        return yaml_refuse(profiles, -EINVAL, e,
                           "there has to be one at least: overhead: {}, memory: {} or growth: {}");
    for (unsigned i = 0; i < PROFILES_COUNT; i++) {
        const struct yaml_node *said = yaml_get(profiles, profile_names[i]);
        if (said)
            TRY(take_profile(said, &s->profile[i], e));
    }
    return 0;
}

/* --- knobs ------------------------------------------------------------------------------------------------------- */

static int take_name(const struct yaml_node *n, const struct scenario *s, struct scenario_knob *k, struct err *e)
{
    static const char *const OURS[] = {"pids", "fault", "help", "empty-by",
                                       NULL}; /* workloads, or records, have them */
    if (!is_word(n->text, LETTERS "-"))
        return yaml_refuse(n, -EINVAL, e,
                           "'%s': what is allowed is a letter, then letters, digits and dashes, in lower case",
                           n->text);
    if (common(n->text, NULL, NULL) <= 0 || text_is_among(n->text, OURS))
        return yaml_refuse(n, -EINVAL, e, "'%s' is an option that all scenarios have; give the knob another name",
                           n->text);
    for (size_t i = 0; i < s->knobs; i++)
        if (strcmp(s->knob[i].name, n->text) == 0)
            return yaml_refuse(n, -EINVAL, e, "'%s' is a knob already", n->text);
    text_format(k->name, sizeof(k->name), "%s", n->text);
    text_format(k->key, sizeof(k->key), "%s", n->text);
    for (char *dash = strchr(k->key, '-'); dash; dash = strchr(dash, '-'))
        *dash = '_';
    return 0;
}

static int take_choices(const struct yaml_node *said, struct scenario_knob *k, struct err *e)
{
    const struct yaml_node *choices = yaml_get(said, "choices");
    if (yaml_get(said, "min") || yaml_get(said, "max") || !choices)
        return yaml_refuse(yaml_get(said, "type"), -EINVAL, e, "%s choices, and neither min nor max",
                           k->type == SCENARIO_CHOICE ? "a choice has" : "modules have");
    for (size_t i = 0; i < choices->count; i++) {
        text_format(k->word[i], sizeof(k->word[i]), "%s", choices->child[i].text);
        k->choice[i] = k->word[i];
    }
    return 0;
}

/* Takes min and max. Each must be a number of the knob's type, with the other at its widest. */
static int take_range(const struct yaml_node *said, struct scenario_knob *k, struct err *e)
{
    const struct yaml_node *min = yaml_get(said, "min"), *max = yaml_get(said, "max");
    bool real = k->type == SCENARIO_REAL;
    if (!min || !max || yaml_get(said, "choices"))
        return yaml_refuse(yaml_get(said, "type"), -EINVAL, e, "%s has min and max, and no choices",
                           real ? "a real" : "an integer");
    struct scenario_knob wide = *k;
    text_format(wide.low, sizeof(wide.low), real ? "-1e300" : "-9223372036854775808");
    text_format(wide.high, sizeof(wide.high), real ? "1e300" : "9223372036854775807");
    for (int i = 0; i < 2; i++) {
        const struct yaml_node *edge = i == 0 ? min : max;
        if (scenario_knob_check(&wide, edge->text, NULL) != 0)
            return yaml_refuse(edge, -EINVAL, e, "%s '%s' is no %s", edge->key, edge->text,
                               real ? "number" : "whole number");
    }
    text_format(k->low, sizeof(k->low), "%s", min->text);
    text_format(k->high, sizeof(k->high), "%s", max->text);
    return scenario_knob_check(k, min->text, NULL) == 0
               ? 0
               : yaml_refuse(min, -EINVAL, e, "min %s is above max %s", min->text, max->text);
}

/* n NULL: it is not given. */
static int check_value(const struct yaml_node *n, const struct scenario_knob *k, struct err *e)
{
    return n && scenario_knob_check(k, n->text, e) != 0 ? yaml_blame(n, e) : 0;
}

static int take_defaults(const struct yaml_node *said, struct scenario_knob *k, struct err *e)
{
    static const char *const OWN[PROFILES_COUNT] = {"default-overhead", "default-memory", "default-growth"};
    for (unsigned i = 0; i < PROFILES_COUNT; i++) {
        const struct yaml_node *all = yaml_get(said, "default"), *own = yaml_get(said, OWN[i]);
        TRY(check_value(all, k, e));
        TRY(check_value(own, k, e));
        text_format(k->fallback[i], sizeof(k->fallback[i]), "%s", own ? own->text : all->text);
    }
    text_format(k->empty, sizeof(k->empty), "%s", yaml_text(said, "empty"));
    return check_value(yaml_get(said, "empty"), k, e);
}

/* "3.15" */
static int take_since(const struct yaml_node *version, struct scenario_knob *k, struct err *e)
{
    uint64_t minor = 0;
    if (version && (strncmp(version->text, "3.", 2) != 0 || text_to_u64(version->text + 2, &minor) != 0 || minor == 0 ||
                    minor > 99))
        return yaml_refuse(version, -EINVAL, e, "'%s': what is allowed is a version of Python, as 3.15", version->text);
    k->since = (unsigned)minor;
    return 0;
}

static int take_knob(const struct yaml_node *said, struct scenario *s, struct err *e)
{
    static const char *const TYPES[] = {"integer", "real", "choice", "modules", NULL};
    struct scenario_knob *k = &s->knob[s->knobs];
    unsigned type = 0;
    TRY(take_name(yaml_get(said, "name"), s, k, e));
    TRY(yaml_choice(yaml_get(said, "type"), TYPES, &type, e));
    k->type = (enum scenario_knob_type)type;
    TRY(scenario_knob_is_word(k) ? take_choices(said, k, e) : take_range(said, k, e));
    TRY(take_defaults(said, k, e));
    TRY(take_bits(yaml_get(said, "modes"), mode_names, &k->modes, e));
    TRY(take_bits(yaml_get(said, "profiles"), profile_names, &k->profiles, e));
    TRY(take_bits(yaml_get(said, "runtimes"), runtime_kind_names, &k->kinds, e));
    TRY(take_bits(yaml_get(said, "starts"), start_names, &k->starts, e));
    TRY(take_since(yaml_get(said, "python"), k, e));
    const struct yaml_node *since = yaml_get(said, "python-choices");
    if (since && !k->since)
        return yaml_refuse(since, -EINVAL, e, "without python there is no version that these choices are of");
    if (since && k->type != SCENARIO_CHOICE)
        return yaml_refuse(since, -EINVAL, e, "a choice has these, and no other type");
    TRY(since ? take_bits(since, k->choice, &k->since_choices, e) : 0);
    TRY(check_line(yaml_get(said, "help"), e));
    text_format(k->help, sizeof(k->help), "%s", yaml_text(said, "help"));
    text_format(k->unit, sizeof(k->unit), "%s", yaml_text(said, "unit"));
    s->knobs++;
    return 0;
}

/* --- commands and figures ---------------------------------------------------------------------------------------- */

static int check_braces(const struct yaml_node *word, struct err *e)
{
    static const char *const KNOWN[] = {"{python}", "{dir}", "{lib}"};
    for (const char *brace = strchr(word->text, '{'); brace; brace = strchr(brace + 1, '{')) {
        size_t i = 0;
        while (i < ARRAY_LEN(KNOWN) && strncmp(brace, KNOWN[i], strlen(KNOWN[i])) != 0)
            i++;
        if (i == ARRAY_LEN(KNOWN))
            return yaml_refuse(word, -EINVAL, e, "'%s': what is allowed in braces is {python}, {dir} and {lib}",
                               word->text);
    }
    return 0;
}

static int take_command(const struct yaml_node *words, enum runtime_kind kind, struct scenario *s, struct err *e)
{
    for (size_t i = 0; words && i < words->count; i++) {
        const struct yaml_node *word = &words->child[i];
        bool first = kind == RUNTIME_PYTHON && i == 0;
        if (first != (strcmp(word->text, "{python}") == 0) || (!first && strstr(word->text, "{python}")))
            return yaml_refuse(word, -EINVAL, e,
                               "'%s': {python} is the first word of the python command, and stands nowhere else",
                               word->text);
        TRY(check_braces(word, e));
        s->command[kind][i] = xstrdup(word->text);
    }
    return 0;
}

static int take_commands(const struct yaml_node *commands, struct scenario *s, struct err *e)
{
    if (commands->count == 0)
        return yaml_refuse(commands, -EINVAL, e, "there has to be one at least: python or native");
    for (unsigned kind = 0; kind < RUNTIME_KINDS_COUNT; kind++)
        TRY(take_command(yaml_get(commands, runtime_kind_names[kind]), (enum runtime_kind)kind, s, e));
    return 0;
}

static int take_figure(const struct yaml_node *said, struct scenario *s, struct err *e)
{
    const struct yaml_node *name = yaml_get(said, "name"), *kind = yaml_get(said, "kind");
    const struct yaml_node *better = yaml_get(said, "better");
    struct scenario_figure *f = &s->figure[s->figures];
    if (kind && !text_is_among(kind->text, figure_kind_names))
        return yaml_refuse(kind, -EINVAL, e, "'%s': what is allowed is time, memory, rate or count", kind->text);
    if (better && !text_is_among(better->text, figure_better_names))
        return yaml_refuse(better, -EINVAL, e, "'%s': what is allowed is less, more or none", better->text);
    if (!is_word(name->text, LETTERS "_"))
        return yaml_refuse(name, -EINVAL, e,
                           "'%s': what is allowed is a letter, then letters, digits and _, in lower case", name->text);
    if (scenario_figure_find(s, name->text))
        return yaml_refuse(name, -EINVAL, e, "'%s' is a figure already", name->text);
    text_format(f->name, sizeof(f->name), "%s", name->text);
    text_format(f->unit, sizeof(f->unit), "%s", yaml_text(said, "unit"));
    text_format(f->help, sizeof(f->help), "%s", yaml_text(said, "help"));
    text_format(f->title, sizeof(f->title), "%s", yaml_text(said, "title"));
    text_format(f->kind, sizeof(f->kind), "%s", yaml_text(said, "kind"));
    text_format(f->better, sizeof(f->better), "%s", yaml_text(said, "better"));
    s->figures++;
    return 0;
}

/* --- the file ---------------------------------------------------------------------------------------------------- */

static int take(const struct yaml_node *top, struct scenario *s, struct err *e)
{
    const struct yaml_node *name = yaml_get(top, "name"), *summary = yaml_get(top, "summary");
    const struct yaml_node *knobs = yaml_get(top, "knobs"), *figures = yaml_get(top, "figures");
    if (!is_word(name->text, LETTERS "-_"))
        return yaml_refuse(name, -EINVAL, e,
                           "'%s': what is allowed is a letter, then letters, digits, - and _, in lower case",
                           name->text);
    text_format(s->name, sizeof(s->name), "%s", name->text);
    text_format(s->summary, sizeof(s->summary), "%s", summary->text);
    TRY(check_line(summary, e));
    TRY(take_modes(top, s, e));
    TRY(take_profiles(yaml_get(top, "profiles"), s, e));
    for (size_t i = 0; knobs && i < knobs->count; i++)
        TRY(take_knob(&knobs->child[i], s, e));
    TRY(take_commands(yaml_get(top, "commands"), s, e));
    for (size_t i = 0; figures && i < figures->count; i++)
        TRY(take_figure(&figures->child[i], s, e));
    return 0;
}

int scenario_parse(const char *name, const char *bytes, size_t len, struct scenario **ret, struct err *e)
{
    cleanup_yaml struct yaml *y = NULL;
    TRY(yaml_read(name, bytes, len, &y, e));
    TRY(yaml_check_schema(yaml_root(y), SCENARIO_SCHEMA, e));
    TRY(yaml_check(yaml_root(y), &TOP, e));
    cleanup_scenario struct scenario *s = xcalloc(1, sizeof(*s));
    TRY(take(yaml_root(y), s, e));
    *ret = STEAL(s);
    return 0;
}

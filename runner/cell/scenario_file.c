#include "cell/scenario_file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/figure.h"
#include "base/places.h"
#include "base/text.h"
#include "cell/scenario_said.h"

/* A file on its way to a scenario. */
struct reading {
    const struct places *places;
    scenario_common *common;
    struct scenario *s;
    struct err *e;
};

static int blame(const struct reading *r, const char *path, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static int blame(const struct reading *r, const char *path, const char *fmt, ...)
{
    char what[400];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    (void)err_set(r->e, ERR_USAGE, -EINVAL, "%s", what);
    (void)places_blame(r->places, path, r->e);
    return -EINVAL;
}

/* "knobs[2].default" */
static const char *path_of(char *buf, size_t cap, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static const char *path_of(char *buf, size_t cap, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(buf, cap, fmt, ap);
    va_end(ap);
    return buf;
}

/* What is printed in a line of its own. */
static int check_line(const struct reading *r, const char *text, const char *path)
{
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < ' ')
            return blame(r, path, "it is to be one line");
    return 0;
}

static bool is_word(const char *text, const char *letters)
{
    return strchr("abcdefghijklmnopqrstuvwxyz", *text) && strspn(text, letters) == strlen(text);
}

#define LETTERS "abcdefghijklmnopqrstuvwxyz0123456789"

/* The bits of a list of names; all where there is no list. */
static int take_bits(const struct reading *r, const struct words *words, const char *const *names, const char *path,
                     unsigned *ret)
{
    char entry[80];
    struct text allowed = {0};
    *ret = words->count ? 0 : UINT_MAX;
    for (unsigned i = 0; i < words->count; i++) {
        unsigned n = 0;
        while (names[n] && strcmp(names[n], words->word[i]) != 0)
            n++;
        if (names[n]) {
            *ret |= 1U << n;
            continue;
        }
        scenario_list_bits(names, UINT_MAX, &allowed);
        (void)blame(r, path_of(entry, sizeof(entry), "%s[%u]", path, i), "'%s': what is allowed is %s", words->word[i],
                    allowed.data);
        text_free(&allowed);
        return -EINVAL;
    }
    return 0;
}

static int take_modes(const struct reading *r, const struct said *said)
{
    struct scenario *s = r->s;
    int failed = take_bits(r, &said->modes, mode_names, "modes", &s->modes);
    for (unsigned i = 0; failed == 0 && mode_names[i]; i++)
        if (strcmp(mode_names[i], said->mode ? said->mode : said->modes.word[0]) == 0 && s->modes >> i & 1) {
            s->mode = (enum mode)i;
            return 0;
        }
    return failed ? failed : blame(r, "mode", "mode '%s' is none of modes", said->mode);
}

static int take_profile(const struct reading *r, const struct said_profile *said, enum profile which)
{
    const struct {
        const char *option, *value;
    } SAID[] = {
#define X(field, option) {option, said->field},
        PROFILE_OPTIONS(X)
#undef X
    };
    char path[80];
    struct scenario_profile *p = &r->s->profile[which];
    p->offered = true;
    for (size_t i = 0; i < ARRAY_LEN(SAID); i++) {
        if (!SAID[i].value)
            continue;
        if (r->common(SAID[i].option, SAID[i].value, r->e) != 0) {
            (void)places_blame(
                r->places, path_of(path, sizeof(path), "profiles.%s.%s", profile_names[which], SAID[i].option), r->e);
            return -EINVAL;
        }
        struct scenario_default *d = &p->otherwise[p->count++];
        text_format(d->option, sizeof(d->option), "%s", SAID[i].option);
        text_format(d->value, sizeof(d->value), "%s", SAID[i].value);
    }
    return 0;
}

static int take_profiles(const struct reading *r, const struct said *said)
{
    if (!said->profiles->of[PROFILE_OVERHEAD] && !said->profiles->of[PROFILE_MEMORY])
        return blame(r, "profiles", "there has to be one at least: overhead: {} or memory: {}");
    for (unsigned i = 0; i < PROFILES_COUNT; i++) {
        int failed = said->profiles->of[i] ? take_profile(r, said->profiles->of[i], (enum profile)i) : 0;
        if (failed != 0)
            return failed;
    }
    return 0;
}

/* --- knobs */

static int take_name(const struct reading *r, const struct said_knob *said, const char *path, struct scenario_knob *k)
{
    static const char *const OURS[] = {"pids", "fault", "help"}; /* what workloads are told besides */
    bool taken = r->common(said->name, NULL, NULL) <= 0;
    for (size_t i = 0; i < ARRAY_LEN(OURS); i++)
        taken = taken || strcmp(OURS[i], said->name) == 0;
    if (!is_word(said->name, LETTERS "-"))
        return blame(r, path, "'%s': what is allowed is a letter, then letters, digits and dashes, in lower case",
                     said->name);
    if (taken)
        return blame(r, path, "'%s' is an option that all scenarios have; give the knob another name", said->name);
    for (size_t i = 0; i < r->s->knobs; i++)
        if (strcmp(r->s->knob[i].name, said->name) == 0)
            return blame(r, path, "'%s' is a knob already", said->name);
    text_format(k->name, sizeof(k->name), "%s", said->name);
    for (size_t i = 0; k->name[i]; i++)
        k->key[i] = k->name[i];
    for (char *dash = strchr(k->key, '-'); dash; dash = strchr(dash, '-'))
        *dash = '_';
    return 0;
}

static int take_type(const struct reading *r, const struct said_knob *said, const char *path, struct scenario_knob *k)
{
    static const char *const TYPES[] = {"integer", "real", "choice"};
    for (unsigned i = 0; i < ARRAY_LEN(TYPES); i++) {
        if (strcmp(TYPES[i], said->type) != 0)
            continue;
        k->type = (enum scenario_knob_type)i;
        return 0;
    }
    return blame(r, path, "'%s': what is allowed is integer, real or choice", said->type);
}

static int take_choices(const struct reading *r, const struct said_knob *said, const char *path,
                        struct scenario_knob *k)
{
    if (said->min || said->max || !said->choices.count)
        return blame(r, path, "a choice has choices, and neither min nor max");
    for (unsigned i = 0; i < said->choices.count; i++) {
        text_format(k->word[i], sizeof(k->word[i]), "%s", said->choices.word[i]);
        k->choice[i] = k->word[i];
    }
    return 0;
}

/* min and max: each is a number of the type where the other is taken for the widest. */
static int take_range(const struct reading *r, const struct said_knob *said, const char *path, struct scenario_knob *k)
{
    if (!said->min || !said->max || said->choices.count)
        return blame(r, path, "%s has min and max, and no choices", k->type == SCENARIO_REAL ? "a real" : "an integer");
    struct scenario_knob wide = *k;
    bool real = k->type == SCENARIO_REAL;
    text_format(wide.low, sizeof(wide.low), real ? "-1e300" : "-9223372036854775808");
    text_format(wide.high, sizeof(wide.high), real ? "1e300" : "9223372036854775807");
    text_format(wide.name, sizeof(wide.name), "min");
    if (scenario_knob_check(&wide, said->min, NULL) != 0)
        return blame(r, path, "min '%s' is no %s", said->min, real ? "number" : "whole number");
    if (scenario_knob_check(&wide, said->max, NULL) != 0)
        return blame(r, path, "max '%s' is no %s", said->max, real ? "number" : "whole number");
    text_format(k->low, sizeof(k->low), "%s", said->min);
    text_format(k->high, sizeof(k->high), "%s", said->max);
    if (scenario_knob_check(k, said->min, NULL) != 0)
        return blame(r, path, "min %s is above max %s", said->min, said->max);
    return 0;
}

static int take_default(const struct reading *r, const char *value, const char *path, struct scenario_knob *k,
                        unsigned profile)
{
    if (scenario_knob_check(k, value, r->e) != 0) {
        (void)places_blame(r->places, path, r->e);
        return -EINVAL;
    }
    text_format(k->otherwise[profile], sizeof(k->otherwise[profile]), "%s", value);
    return 0;
}

static int take_defaults(const struct reading *r, const struct said_knob *said, const char *at, struct scenario_knob *k)
{
    const char *const own[PROFILES_COUNT] = {said->if_overhead, said->if_memory};
    char path[80];
    for (unsigned i = 0; i < PROFILES_COUNT; i++) {
        (void)path_of(path, sizeof(path), "%s.default", at);
        int failed = take_default(r, said->otherwise, path, k, i);
        (void)path_of(path, sizeof(path), "%s.default-%s", at, profile_names[i]);
        if (failed == 0 && own[i])
            failed = take_default(r, own[i], path, k, i);
        if (failed != 0)
            return failed;
    }
    return 0;
}

static int take_company(const struct reading *r, const struct said_knob *said, const char *at, struct scenario_knob *k)
{
    char path[80];
    int failed = take_bits(r, &said->modes, mode_names, path_of(path, sizeof(path), "%s.modes", at), &k->modes);
    if (failed == 0)
        failed =
            take_bits(r, &said->profiles, profile_names, path_of(path, sizeof(path), "%s.profiles", at), &k->profiles);
    if (failed == 0)
        failed = take_bits(r, &said->runtimes, runtime_kind_names, path_of(path, sizeof(path), "%s.runtimes", at),
                           &k->kinds);
    return failed;
}

static int take_knob(const struct reading *r, const struct said_knob *said, unsigned i)
{
    struct scenario_knob *k = &r->s->knob[i];
    char at[32], path[80];
    (void)path_of(at, sizeof(at), "knobs[%u]", i);
    int failed = take_name(r, said, path_of(path, sizeof(path), "%s.name", at), k);
    if (failed == 0)
        failed = take_type(r, said, path_of(path, sizeof(path), "%s.type", at), k);
    if (failed == 0)
        failed = k->type == SCENARIO_CHOICE ? take_choices(r, said, path, k) : take_range(r, said, path, k);
    if (failed == 0)
        failed = take_defaults(r, said, at, k);
    if (failed == 0)
        failed = take_company(r, said, at, k);
    if (failed == 0)
        failed = check_line(r, said->help, path_of(path, sizeof(path), "%s.help", at));
    if (failed == 0) {
        text_format(k->help, sizeof(k->help), "%s", said->help);
        text_format(k->unit, sizeof(k->unit), "%s", said->unit ? said->unit : "");
        r->s->knobs++;
    }
    return failed;
}

/* --- commands and figures */

static int check_braces(const struct reading *r, const char *word, const char *path)
{
    static const char *const KNOWN[] = {"{python}", "{dir}", "{lib}"};
    for (const char *brace = strchr(word, '{'); brace; brace = strchr(brace + 1, '{')) {
        size_t i = 0;
        while (i < ARRAY_LEN(KNOWN) && strncmp(brace, KNOWN[i], strlen(KNOWN[i])) != 0)
            i++;
        if (i == ARRAY_LEN(KNOWN))
            return blame(r, path, "'%s': what is allowed in braces is {python}, {dir} and {lib}", word);
    }
    return 0;
}

static int take_command(const struct reading *r, const struct words *words, enum runtime_kind kind)
{
    char path[80];
    for (unsigned i = 0; i < words->count; i++) {
        const char *word = words->word[i];
        (void)path_of(path, sizeof(path), "commands.%s[%u]", runtime_kind_names[kind], i);
        bool first = kind == RUNTIME_PYTHON && i == 0;
        if (first != (strcmp(word, "{python}") == 0) || (!first && strstr(word, "{python}")))
            return blame(r, path, "'%s': {python} is the first word of the python command, and stands nowhere else",
                         word);
        if (check_braces(r, word, path) != 0)
            return -EINVAL;
        r->s->command[kind][i] = strdup(word);
        if (!r->s->command[kind][i])
            abort();
    }
    return 0;
}

static int take_commands(const struct reading *r, const struct said *said)
{
    const struct words *of = said->commands->of;
    if (!of[RUNTIME_PYTHON].count && !of[RUNTIME_NATIVE].count)
        return blame(r, "commands", "there has to be one at least: python or native");
    int failed = take_command(r, &of[RUNTIME_PYTHON], RUNTIME_PYTHON);
    return failed ? failed : take_command(r, &of[RUNTIME_NATIVE], RUNTIME_NATIVE);
}

/* Whether it says of the figure what there is a word for. */
static int check_about(const struct reading *r, const struct said_figure *said, unsigned i)
{
    char path[80];
    enum figure_kind kind;
    enum figure_better better;
    (void)path_of(path, sizeof(path), "figures[%u].kind", i);
    if (said->kind && !figure_kind_of(said->kind, &kind))
        return blame(r, path, "'%s': what is allowed is time, memory, rate or count", said->kind);
    (void)path_of(path, sizeof(path), "figures[%u].better", i);
    if (said->better && !figure_better_of(said->better, &better))
        return blame(r, path, "'%s': what is allowed is less, more or none", said->better);
    return 0;
}

static int take_figure(const struct reading *r, const struct said_figure *said, unsigned i)
{
    char path[80];
    int failed = check_about(r, said, i);
    struct scenario_figure *f = &r->s->figure[i];
    (void)path_of(path, sizeof(path), "figures[%u].name", i);
    if (failed != 0)
        return failed;
    if (!is_word(said->name, LETTERS "_"))
        return blame(r, path, "'%s': what is allowed is a letter, then letters, digits and _, in lower case",
                     said->name);
    if (scenario_figure_find(r->s, said->name))
        return blame(r, path, "'%s' is a figure already", said->name);
    text_format(f->name, sizeof(f->name), "%s", said->name);
    text_format(f->unit, sizeof(f->unit), "%s", said->unit ? said->unit : "");
    text_format(f->help, sizeof(f->help), "%s", said->help ? said->help : "");
    text_format(f->title, sizeof(f->title), "%s", said->title ? said->title : "");
    text_format(f->kind, sizeof(f->kind), "%s", said->kind ? said->kind : "");
    text_format(f->better, sizeof(f->better), "%s", said->better ? said->better : "");
    r->s->figures++;
    return 0;
}

static int take(const struct reading *r, const struct said *said)
{
    struct scenario *s = r->s;
    if (strcmp(said->schema, SCENARIO_SCHEMA) != 0)
        return blame(r, "schema", "schema '%s': this tare reads " SCENARIO_SCHEMA, said->schema);
    if (!is_word(said->name, LETTERS "-_"))
        return blame(r, "name", "'%s': what is allowed is a letter, then letters, digits, - and _, in lower case",
                     said->name);
    text_format(s->name, sizeof(s->name), "%s", said->name);
    text_format(s->summary, sizeof(s->summary), "%s", said->summary);
    int failed = check_line(r, said->summary, "summary");
    if (failed == 0)
        failed = take_modes(r, said);
    if (failed == 0)
        failed = take_profiles(r, said);
    for (unsigned i = 0; failed == 0 && i < said->knobs_count; i++)
        failed = take_knob(r, &said->knobs[i], i);
    if (failed == 0)
        failed = take_commands(r, said);
    for (unsigned i = 0; failed == 0 && i < said->figures_count; i++)
        failed = take_figure(r, &said->figures[i], i);
    return failed;
}

int scenario_parse(const char *name, const char *bytes, size_t len, scenario_common *common, struct scenario **ret,
                   struct err *e)
{
    struct places places;
    struct said *said = NULL;
    int failed = places_read(name, bytes, len, &places, e);
    if (failed != 0)
        return failed;
    failed = said_load(&places, bytes, len, &said, e);
    if (failed == 0) {
        struct reading r = {.places = &places, .common = common, .s = calloc(1, sizeof(*r.s)), .e = e};
        if (!r.s)
            abort();
        failed = take(&r, said);
        if (failed == 0)
            *ret = r.s;
        else
            scenario_free(r.s);
        said_free(said);
    }
    places_free(&places);
    return failed;
}

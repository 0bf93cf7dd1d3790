#include "cell/scenario.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/facts.h"
#include "base/text.h"
#include "launch/ledger.h"

const char *const mode_names[] = {"threads", "processes", "interpreters", NULL};
const char *const profile_names[] = {"overhead", "memory", "growth", NULL};
const char *const runtime_kind_names[] = {"python", "native", NULL};
const char *const start_names[] = {"fork", "forkserver", "spawn", NULL};

bool scenario_is_path(const char *named)
{
    return strpbrk(named, "/.");
}

void scenario_free(struct scenario *s)
{
    if (!s)
        return;
    for (size_t k = 0; k < RUNTIME_KINDS_COUNT; k++)
        for (size_t i = 0; i < SCENARIO_WORDS_MAX; i++)
            free(s->command[k][i]);
    free(s);
}

const struct scenario_knob *scenario_knob_find(const struct scenario *s, const char *name)
{
    for (size_t i = 0; i < s->knobs; i++)
        if (strcmp(s->knob[i].name, name) == 0)
            return &s->knob[i];
    return NULL;
}

static bool real_of(const char *text, double *ret)
{
    char *end = NULL;
    if (!*text || strspn(text, "0123456789.eE+-") != strlen(text))
        return false;
    *ret = strtod(text, &end);
    return !*end && isfinite(*ret);
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"

/* Whether it is like "a,b.c": only names and dots, because the text becomes import statements. */
static bool is_modules(const char *value)
{
    for (const char *at = value;; at++) {
        if (!*at || !strchr(LETTERS, *at))
            return false;
        at += strspn(at, LETTERS "0123456789");
        if (!*at)
            return true;
        if (*at != '.' && *at != ',')
            return false;
    }
}

bool scenario_can_be_empty(const struct scenario *s)
{
    for (size_t i = 0; i < s->knobs; i++)
        if (*s->knob[i].empty)
            return true;
    return false;
}

bool scenario_knob_needs_since(const struct scenario_knob *k, const char *value, enum profile profile)
{
    const int choice = text_index(value, k->choice);
    return (choice >= 0 && k->since_choices >> choice & 1) ||
           (k->since && !k->since_choices && strcmp(value, k->fallback[profile]) != 0);
}

bool scenario_knob_is_word(const struct scenario_knob *k)
{
    return k->type == SCENARIO_CHOICE || k->type == SCENARIO_MODULES;
}

static bool is_allowed(const struct scenario_knob *k, const char *value)
{
    int64_t low, high, n;
    double real_low, real_high, real;
    switch (k->type) {
    case SCENARIO_INTEGER: /* the workload gets the text unchanged */
        return strspn(value, "-0123456789") == strlen(value) && text_to_i64(k->low, &low) == 0 &&
               text_to_i64(k->high, &high) == 0 && text_to_i64(value, &n) == 0 && n >= low && n <= high;
    case SCENARIO_REAL:
        return real_of(k->low, &real_low) && real_of(k->high, &real_high) && real_of(value, &real) &&
               real >= real_low && real <= real_high;
    case SCENARIO_CHOICE:
        return text_is_among(value, k->choice);
    case SCENARIO_MODULES:
        return text_is_among(value, k->choice) || is_modules(value);
    }
    return false;
}

void scenario_knob_allowed(const struct scenario_knob *k, struct text *out)
{
    const char *words[SCENARIO_CHOICES_MAX + 2];
    size_t n = 0;
    for (; k->choice[n]; n++)
        words[n] = k->choice[n];
    if (k->type == SCENARIO_MODULES)
        words[n++] = "MODULE,...";
    words[n] = NULL;
    if (scenario_knob_is_word(k))
        text_add_names(out, words, UINT_MAX);
    else
        text_add(out, "%s to %s", k->low, k->high);
}

int scenario_knob_check(const struct scenario_knob *k, const char *value, struct err *e)
{
    static const char *const WHAT[] = {
        [SCENARIO_INTEGER] = "a whole number from ",
        [SCENARIO_REAL] = "a number from ",
        [SCENARIO_CHOICE] = "",
        [SCENARIO_MODULES] = "",
    };
    const size_t max = k->type == SCENARIO_MODULES ? SCENARIO_LINE_MAX : SCENARIO_WORD_MAX;
    cleanup_text struct text allowed = {0};
    if (strlen(value) < max && is_allowed(k, value))
        return 0;
    scenario_knob_allowed(k, &allowed);
    return err_set(e, ERR_USAGE, -EINVAL, "--%s '%s': what is allowed is %s%s", k->name, value, WHAT[k->type],
                   allowed.data);
}

unsigned scenario_profiles(const struct scenario *s)
{
    unsigned profiles = 0;
    for (unsigned p = 0; p < PROFILES_COUNT; p++)
        profiles |= (unsigned)s->profile[p].offered << p;
    return profiles;
}

enum profile scenario_profile_default(const struct scenario *s)
{
    unsigned p = 0;
    while (p + 1 < PROFILES_COUNT && !s->profile[p].offered)
        p++;
    return (enum profile)p;
}

const struct scenario_figure *scenario_figure_find(const struct scenario *s, const char *name)
{
    for (size_t i = 0; i < s->figures; i++)
        if (strcmp(s->figure[i].name, name) == 0)
            return &s->figure[i];
    return NULL;
}

char *scenario_word(const struct scenario *s, const char *word, const char *python)
{
    const struct {
        const char *name, *value;
    } FILLED[] = {{"{python}", python}, {"{dir}", s->dir}, {"{lib}", s->lib}};
    struct text out = {0};
    while (*word) {
        size_t i = 0;
        while (i < ARRAY_LEN(FILLED) && strncmp(word, FILLED[i].name, strlen(FILLED[i].name)) != 0)
            i++;
        if (i < ARRAY_LEN(FILLED)) {
            text_add(&out, "%s", FILLED[i].value ? FILLED[i].value : "");
            word += strlen(FILLED[i].name);
        } else {
            text_add_bytes(&out, word++, 1);
        }
    }
    if (!out.data)
        text_add(&out, "%s", "");
    return out.data;
}

/* --- its figures ------------------------------------------------------------------------------------------------- */

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

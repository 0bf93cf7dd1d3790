#include "cell/commands.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"

#define NAME_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

struct parameter {
    char *name, **value;
    size_t count;
};

struct parameters {
    struct parameter *list;
    size_t count;
};

/* A command as given, which may contain "{NAME}". */
struct pattern {
    char *const *word; /* not ended by NULL */
    size_t words;
    const char *name; /* NULL: not given */
};

struct patterns {
    struct pattern *list;
    size_t count;
};

/* --- parameters -------------------------------------------------------------------------------------------------- */

static void parameters_free(struct parameters *p)
{
    for (size_t i = 0; i < p->count; i++) {
        for (size_t k = 0; k < p->list[i].count; k++)
            free(p->list[i].value[k]);
        free(p->list[i].value);
        free(p->list[i].name);
    }
    free(p->list);
}

static void add_value(struct parameter *p, char *value)
{
    p->value = xgrow(p->value, p->count, sizeof(*p->value)); /* NOLINT(bugprone-sizeof-expression): pointers */
    p->value[p->count++] = value;
}

/* Reads a decimal number and counts its decimals. Returns what follows; NULL: no number. */
static const char *read_number(const char *at, double *ret, int *decimals)
{
    size_t sign = *at == '-', whole = strspn(at + sign, "0123456789");
    const char *end = at + sign + whole;
    size_t part = end[0] == '.' && end[1] != '.' ? strspn(end + 1, "0123456789") : 0;
    *decimals = (int)part > *decimals ? (int)part : *decimals;
    end += part ? part + 1 : 0;
    *ret = strtod(at, NULL);
    return whole && end - at <= 15 ? end : NULL;
}

/* Adds the values of a range. Returns 0 if the item is not a range; below 0 if the range is not allowed. */
static int add_range(struct parameter *p, const char *item, const char *given, struct err *e)
{
    double low, high, step = 1;
    int decimals = 0;
    const char *at = read_number(item, &low, &decimals);
    if (!at || strncmp(at, "..", 2) != 0)
        return 0;
    at = read_number(at + 2, &high, &decimals);
    if (at && strncmp(at, "..", 2) == 0)
        at = read_number(at + 2, &step, &decimals);
    if (!at || *at || !(step > 0))
        return err_set(e, ERR_USAGE, -EINVAL,
                       "--parameter '%s': '%s' is no range; what is allowed is FROM..TO or FROM..TO..STEP, in numbers",
                       given, item);
    double steps = floor(fabs(high - low) / step + 1e-9);
    if (steps >= COMMANDS_MAX)
        return err_set(e, ERR_USAGE, -E2BIG, "--parameter '%s': '%s' is %.0f values; what is allowed is up to %d",
                       given, item, steps + 1, COMMANDS_MAX);
    for (int i = 0; i <= (int)steps; i++)
        add_value(p, text_printf("%.*f", decimals, low + (high < low ? -step : step) * i));
    return 1;
}

static int take_parameter(struct parameters *all, const char *given, struct err *e)
{
    size_t len = strspn(given, NAME_LETTERS);
    if (len == 0 || given[len] != '=' || !given[len + 1])
        return err_set(e, ERR_USAGE, -EINVAL,
                       "--parameter '%s': what is allowed is NAME=VALUE,..., as n=1,2,4 or n=1..8", given);
    all->list = xgrow(all->list, all->count, sizeof(*all->list));
    struct parameter *p = &all->list[all->count++];
    *p = (struct parameter){.name = text_printf("%.*s", (int)len, given)};
    for (size_t i = 0; i + 1 < all->count; i++)
        if (strcmp(all->list[i].name, p->name) == 0)
            return err_set(e, ERR_USAGE, -EINVAL, "--parameter '%s': %s has its values already", given, p->name);
    for (const char *at = given + len + 1; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        cleanup_free char *item = text_printf("%.*s", (int)strcspn(at, ","), at);
        int is_range = add_range(p, item, given, e);
        if (is_range < 0)
            return is_range;
        if (!is_range)
            add_value(p, STEAL(item));
    }
    return 0;
}

/* The index of the parameter whose "{NAME}" begins here; all->count: none. */
static size_t named_at(const struct parameters *all, const char *at)
{
    for (size_t i = 0; *at == '{' && i < all->count; i++) {
        size_t len = strlen(all->list[i].name);
        if (strncmp(at + 1, all->list[i].name, len) == 0 && at[1 + len] == '}')
            return i;
    }
    return all->count;
}

static bool has_parameter(const struct parameters *all, size_t which, const char *text)
{
    for (; text && *text; text++)
        if (named_at(all, text) == which)
            return true;
    return false;
}

/* Fills in the parameters; NULL gives NULL. value: by parameter; NULL keeps its "{NAME}". */
static char *filled(const struct parameters *all, const char *const *value, const char *text)
{
    struct text out = {0};
    if (!text)
        return NULL;
    text_add_bytes(&out, "", 0);
    while (*text) {
        size_t which = named_at(all, text);
        if (which < all->count && value[which]) {
            text_add(&out, "%s", value[which]);
            text += strlen(all->list[which].name) + 2;
        } else {
            text_add_bytes(&out, text++, 1);
        }
    }
    return out.data;
}

/* --- commands as they were given --------------------------------------------------------------------------------- */

static int add_pattern(struct patterns *all, char *const *word, size_t words, struct err *e)
{
    if (words == 0)
        return err_set(
            e, ERR_USAGE, -EINVAL,
            "'--' parts commands, and there is none on one side of it (--command takes one with a '--' of its "
            "own)");
    all->list = xgrow(all->list, all->count, sizeof(*all->list));
    all->list[all->count++] = (struct pattern){.word = word, .words = words};
    return 0;
}

static int take_words(struct patterns *all, char *const *argv, struct err *e)
{
    for (size_t from = 0, i = 0;; i++) {
        if (argv[i] && strcmp(argv[i], "--") != 0)
            continue;
        TRY(add_pattern(all, argv + from, i - from, e));
        if (!argv[i])
            return 0;
        from = i + 1;
    }
}

static int take_patterns(const struct invocations *asked, struct patterns *ret, struct err *e)
{
    const struct config_words *strings = &asked->command;
    if (asked->argv && strings->count)
        return err_set(e, ERR_USAGE, -EINVAL,
                       "'%s': commands are given by --command or behind the options, not by both", asked->argv[0]);
    if (!asked->argv && !strings->count)
        return err_set(e, ERR_USAGE, -EINVAL,
                       "no command given: tare exec [OPTION]... [--] COMMAND [ARG]... [-- COMMAND [ARG]...]...");
    if (asked->shell && !strings->count)
        return err_set(e, ERR_USAGE, -EINVAL, "--shell '%s' goes with --command", asked->shell);
    if (asked->shell && strchr(asked->shell, '/') && access(asked->shell, X_OK) != 0)
        return err_sys(e, ERR_USAGE, "--shell '%s'", asked->shell);
    if (asked->argv)
        TRY(take_words(ret, asked->argv, e));
    for (size_t i = 0; i < strings->count; i++)
        TRY(add_pattern(ret, (char *const *)(void *)&strings->word[i], 1, e));
    if (asked->name.count > ret->count)
        return err_set(e, ERR_USAGE, -EINVAL, "--name '%s': there are more names than commands (%zu)",
                       asked->name.word[ret->count], ret->count);
    for (size_t i = 0; i < asked->name.count; i++)
        ret->list[i].name = asked->name.word[i];
    return 0;
}

/* --- each with its values ---------------------------------------------------------------------------------------- */

static bool is_in(const struct parameters *all, size_t which, const struct pattern *p, const struct invocations *asked)
{
    bool is = has_parameter(all, which, asked->prepare) || has_parameter(all, which, asked->cleanup);
    for (size_t i = 0; !is && i < p->words; i++)
        is = has_parameter(all, which, p->word[i]);
    return is;
}

static int refuse_unused(const struct parameters *all, const struct patterns *patterns, const struct invocations *asked,
                         struct err *e)
{
    for (size_t i = 0; i < all->count; i++) {
        bool is_used = false;
        for (size_t k = 0; k < patterns->count; k++)
            is_used |= is_in(all, i, &patterns->list[k], asked);
        if (!is_used)
            return err_set(e, ERR_USAGE, -EINVAL, "--parameter '%s': no command has {%s} in it", all->list[i].name,
                           all->list[i].name);
    }
    return 0;
}

/* The command's name: as given, with the values that distinguish it; else its words. */
static char *name_of(const struct parameters *all, const struct pattern *p, const struct invocations *asked,
                     const char *const *value, char *const *argv)
{
    struct text name = {0};
    cleanup_free char *given = filled(all, value, p->name);
    text_add_bytes(&name, "", 0);
    if (given)
        text_add(&name, "%s", given);
    else if (asked->command.count)
        text_add(&name, "%s", argv[2]);
    for (size_t i = 0; !given && !asked->command.count && argv[i]; i++) {
        text_add(&name, "%s", i ? " " : "");
        text_add_shell_word(&name, argv[i]);
    }
    for (size_t i = 0; i < all->count; i++) {
        bool told = given ? has_parameter(all, i, p->name) : false;
        for (size_t k = 0; !given && k < p->words; k++)
            told |= has_parameter(all, i, p->word[k]);
        if (value[i] && !told)
            text_add(&name, " %s=%s", all->list[i].name, value[i]);
    }
    for (char *at = name.data; *at; at++)
        if ((unsigned char)*at < 0x20)
            *at = ' ';
    return name.data;
}

/* Makes the name unique: the second of a name becomes "NAME (2)". */
static char *apart(const struct commands *all, char *name)
{
    cleanup_free char *base = name;
    for (size_t n = 1;; n++) {
        char *tried = n == 1 ? xstrdup(base) : text_printf("%s (%zu)", base, n);
        bool taken = false;
        for (size_t i = 0; i < all->count; i++)
            taken |= strcmp(all->list[i].name, tried) == 0;
        if (!taken)
            return tried;
        free(tried);
    }
}

static void add_command(struct commands *ret, const struct parameters *all, const struct pattern *p,
                        const struct invocations *asked, const char *const *value)
{
    size_t n = 0;
    char **argv = xcalloc(p->words + 3, sizeof(*argv)); /* NOLINT(bugprone-sizeof-expression): pointers */
    if (asked->command.count) {
        argv[n++] = xstrdup(asked->shell ? asked->shell : "/bin/sh");
        argv[n++] = xstrdup("-c");
    }
    for (size_t i = 0; i < p->words; i++)
        argv[n++] = filled(all, value, p->word[i]);
    struct command one = {
        .name = apart(ret, name_of(all, p, asked, value, argv)),
        .argv = argv,
        .prepare = filled(all, value, asked->prepare),
        .cleanup = filled(all, value, asked->cleanup),
        .value = xcalloc(all->count, sizeof(*one.value)), /* NOLINT(bugprone-sizeof-expression): pointers */
    };
    for (size_t i = 0; i < all->count; i++)
        one.value[i] = xstrdup(value[i]);
    ret->list = xgrow(ret->list, ret->count, sizeof(*ret->list));
    ret->list[ret->count++] = one;
}

/* Moves to the next values of the command's parameters; the last parameter changes fastest. false: there are no more.
 */
static bool advance(const struct parameters *all, const char **value, size_t *at)
{
    for (size_t i = all->count; i > 0; i--) {
        if (!value[i - 1])
            continue;
        at[i - 1] = (at[i - 1] + 1) % all->list[i - 1].count;
        value[i - 1] = all->list[i - 1].value[at[i - 1]];
        if (at[i - 1] > 0)
            return true;
    }
    return false;
}

static int add_each(struct commands *ret, const struct parameters *all, const struct pattern *p,
                    const struct invocations *asked, struct err *e)
{
    cleanup_free const char **value = xcalloc(all->count, sizeof(*value)); /* NOLINT(bugprone-sizeof-expression) */
    cleanup_free size_t *at = xcalloc(all->count, sizeof(*at));
    for (size_t i = 0; i < all->count; i++)
        value[i] = is_in(all, i, p, asked) ? all->list[i].value[0] : NULL;
    do {
        if (ret->count == COMMANDS_MAX)
            return err_set(e, ERR_USAGE, -E2BIG, "--parameter: they make more than %d commands", COMMANDS_MAX);
        add_command(ret, all, p, asked, value);
    } while (advance(all, value, at));
    return 0;
}

static int make(const struct invocations *asked, struct parameters *all, struct patterns *patterns,
                struct commands *ret, struct err *e)
{
    TRY(take_patterns(asked, patterns, e));
    for (size_t i = 0; i < asked->parameter.count; i++)
        TRY(take_parameter(all, asked->parameter.word[i], e));
    TRY(refuse_unused(all, patterns, asked, e));
    for (size_t i = 0; i < patterns->count; i++)
        TRY(add_each(ret, all, &patterns->list[i], asked, e));
    ret->parameter = xcalloc(all->count, sizeof(*ret->parameter)); /* NOLINT(bugprone-sizeof-expression): pointers */
    for (; ret->parameters < all->count; ret->parameters++)
        ret->parameter[ret->parameters] = xstrdup(all->list[ret->parameters].name);
    return 0;
}

int commands_make(const struct invocations *asked, struct commands *ret, struct err *e)
{
    struct parameters all = {0};
    struct patterns patterns = {0};
    *ret = (struct commands){0};
    int failed = make(asked, &all, &patterns, ret, e);
    if (failed != 0) {
        ret->parameters = all.count; /* the values are there, the names not yet */
        commands_free(ret);
    }
    parameters_free(&all);
    free(patterns.list);
    return failed;
}

void commands_free(struct commands *c)
{
    for (size_t i = 0; i < c->count; i++) {
        struct command *one = &c->list[i];
        for (char **word = one->argv; *word; word++)
            free(*word);
        for (size_t k = 0; k < c->parameters; k++)
            free(one->value[k]);
        free(one->argv);
        free(one->value);
        free(one->name);
        free(one->prepare);
        free(one->cleanup);
    }
    for (size_t i = 0; c->parameter && i < c->parameters; i++)
        free(c->parameter[i]);
    free(c->parameter);
    free(c->list);
    *c = (struct commands){0};
}

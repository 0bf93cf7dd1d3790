#include "host/doctor/cmdline.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"
#include "host/reading.h"

#define BLANKS " \t\n"

/* A part of a text, not owned. */
struct span {
    const char *at;
    size_t len;
};

/* --- words of a command line ------------------------------------------------------------------------------------ */

/* As next_arg() of lib/cmdline.c: a quote may start and end anywhere in a word. */
static struct span next_word(const char **line)
{
    const char *p = *line + strspn(*line, BLANKS);
    struct span word = {.at = p};
    for (bool quoted = false; *p && (quoted || !strchr(BLANKS, *p)); p++)
        quoted ^= *p == '"';
    word.len = (size_t)(p - word.at);
    *line = p;
    return word;
}

static struct span name_of(struct span word)
{
    const char *equals = memchr(word.at, '=', word.len);
    return (struct span){word.at, equals ? (size_t)(equals - word.at) : word.len};
}

static int plain(char c)
{
    return c == '-' ? '_' : c;
}

/* As parameqn() of kernel/params.c. */
static bool is_same_name(struct span a, struct span b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (plain(a.at[i]) != plain(b.at[i]))
            return false;
    return true;
}

/* --- values ----------------------------------------------------------------------------------------------------- */

static bool is_text(struct span s, const char *text)
{
    return strlen(text) == s.len && strncmp(s.at, text, s.len) == 0;
}

/* 1 or 0 for the usual words of kstrtobool(); -1 for others, although that would read "never" as "no". */
static int truth_of(struct span value)
{
    static const char *const WORDS[2][7] = {{"0", "n", "N", "no", "off", "false", NULL},
                                            {"1", "y", "Y", "yes", "on", "true", NULL}};
    for (int truth = 0; truth < 2; truth++)
        for (const char *const *word = WORDS[truth]; *word; word++)
            if (is_text(value, *word))
                return truth;
    return -1;
}

/* Without the '=' and the quotes around it. */
static struct span value_of(struct span word)
{
    struct span value = {word.at + name_of(word).len, word.len - name_of(word).len};
    if (value.len > 0) {
        value.at++;
        value.len--;
    }
    if (value.len >= 2 && value.at[0] == '"' && value.at[value.len - 1] == '"') {
        value.at++;
        value.len -= 2;
    }
    return value;
}

static bool is_same_value(struct span a, struct span b)
{
    bool has_a = name_of(a).len < a.len, has_b = name_of(b).len < b.len;
    struct span x = value_of(a), y = value_of(b);
    if (has_a != has_b)
        return false;
    if (x.len == y.len && strncmp(x.at, y.at, x.len) == 0)
        return true;
    return truth_of(x) >= 0 && truth_of(x) == truth_of(y);
}

enum cmdline_state cmdline_compare(const char *running, const char *flag, struct text *here)
{
    struct span want = {flag, strlen(flag)}, have = {"", 0};
    for (;;) {
        struct span word = next_word(&running);
        if (word.len == 0 || is_text(word, "--"))
            break;
        if (is_same_name(name_of(word), name_of(want)))
            have = word;
    }
    text_add(here, "%.*s", (int)have.len, have.at);
    if (have.len == 0)
        return CMDLINE_ABSENT;
    return is_same_value(have, want) ? CMDLINE_AS_LOCKED : CMDLINE_DIFFERENT;
}

/* --- the lock --------------------------------------------------------------------------------------------------- */

/* Parses "FLAG # LEVEL: WHY"; false: malformed. */
static bool parse_line(const char *line, struct cmdline_flag *ret)
{
    static const char *const LEVELS[] = {"boot", "recommended", "recorded", NULL}; /* of enum cmdline_level */
    const struct span flag = next_word(&line);
    char level[16];
    int why = 0;
    if (sscanf(line, " # %15[a-z]: %n", level, &why) != 1 || why == 0 || !line[why] || !text_is_among(level, LEVELS))
        return false;
    *ret = (struct cmdline_flag){.flag = text_printf("%.*s", (int)flag.len, flag.at),
                                 .id = text_printf("cmdline.%.*s", (int)name_of(flag).len, flag.at),
                                 .remedy = text_printf("boot with %.*s", (int)flag.len, flag.at),
                                 .level = (enum cmdline_level)text_index(level, LEVELS),
                                 .why = xstrdup(line + why)};
    return true;
}

static bool is_listed(const struct cmdline_lock *lock, const char *id)
{
    for (size_t i = 0; i < lock->flags; i++)
        if (is_same_name((struct span){lock->flag[i].id, strlen(lock->flag[i].id)}, (struct span){id, strlen(id)}))
            return true;
    return false;
}

int cmdline_lock_parse(const char *text, struct cmdline_lock *ret, struct err *e)
{
    cleanup_free char *lines = xstrdup(text);
    char *rest = lines;
    *ret = (struct cmdline_lock){0};
    for (int n = 1; rest; n++) {
        struct cmdline_flag flag;
        const char *line = reading_tidy(strsep(&rest, "\n"));
        if (*line == '\0' || *line == '#')
            continue;
        const bool good = parse_line(line, &flag), again = good && is_listed(ret, flag.id);
        if (good) {
            ret->flag = xgrow(ret->flag, ret->flags, sizeof(*ret->flag));
            ret->flag[ret->flags++] = flag;
        }
        if (good && !again)
            continue;
        cmdline_lock_free(ret);
        return err_set(e, ERR_USAGE, -EINVAL, "line %d: '%s': %s", n, line,
                       again ? "this flag is listed twice"
                             : "what is allowed is FLAG # LEVEL: WHY, with the level boot, recommended or recorded");
    }
    return 0;
}

void cmdline_lock_free(struct cmdline_lock *lock)
{
    for (size_t i = 0; i < lock->flags; i++) {
        free(lock->flag[i].flag);
        free(lock->flag[i].id);
        free(lock->flag[i].remedy);
        free(lock->flag[i].why);
    }
    free(lock->flag);
    *lock = (struct cmdline_lock){0};
}

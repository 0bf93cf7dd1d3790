#include "cgroups/profile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

/* A word, quoted or not, or one of { } = ; "" at the end of the text. */
struct token {
    char text[256];
    bool quoted;
};

struct reader {
    const char *at;
    int line;
    struct token token;
    bool cut; /* a word was too long, or a quote was not closed */
};

static void skip_blanks(struct reader *r)
{
    for (; *r->at && strchr(" \t\r\n#", *r->at); r->at++) {
        if (*r->at == '#')
            r->at += strcspn(r->at, "\n");
        if (*r->at == '\0')
            return;
        r->line += *r->at == '\n';
    }
}

static void next(struct reader *r)
{
    skip_blanks(r);
    const char *begin = r->at;
    bool quoted = *begin == '"';
    size_t len = quoted ? strcspn(++begin, "\"\n") : strcspn(begin, " \t\r\n#{}=;\"");
    if (!quoted && len == 0 && *begin)
        len = 1;
    r->cut = len >= sizeof(r->token.text) || (quoted && begin[len] != '"');
    r->token.quoted = quoted;
    (void)snprintf(r->token.text, sizeof(r->token.text), "%.*s", (int)(r->cut ? 0 : len), begin);
    r->at = begin + len + (quoted && !r->cut);
}

static bool is(const struct reader *r, const char *mark)
{
    return !r->token.quoted && strcmp(r->token.text, mark) == 0;
}

static bool is_word(const struct reader *r)
{
    return !r->cut && (r->token.quoted || (*r->token.text && !strchr("{}=;", *r->token.text)));
}

static int refuse(const struct reader *r, const char *wanted, struct err *e)
{
    return err_set(e, ERR_USAGE, -EINVAL, "line %d: expected %s, found '%.60s' (cgconfig.conf(5))", r->line, wanted,
                   r->token.text);
}

static int expect(struct reader *r, const char *mark, const char *wanted, struct err *e)
{
    if (!is(r, mark))
        return refuse(r, wanted, e);
    next(r);
    return 0;
}

/* Skips a block, from its '{' past its '}'. */
static int pass_over(struct reader *r, struct err *e)
{
    int depth = 0;
    do {
        if (!is(r, "{") && depth == 0)
            return refuse(r, "'{'", e);
        depth += is(r, "{") - is(r, "}");
        next(r);
    } while (depth > 0 && (*r->token.text || r->token.quoted));
    return depth == 0 ? 0 : refuse(r, "'}'", e);
}

/* file = value; */
static int take_value(struct reader *r, struct limit_profile *p, struct err *e)
{
    struct profile_value v;
    if (p->count == PROFILE_VALUES_MAX)
        return err_set(e, ERR_USAGE, -E2BIG, "line %d: more than %d values", r->line, PROFILE_VALUES_MAX);
    if (!is_word(r) || strlen(r->token.text) >= sizeof(v.file))
        return refuse(r, "a file's name", e);
    (void)snprintf(v.file, sizeof(v.file), "%.*s", (int)sizeof(v.file) - 1, r->token.text);
    next(r);
    TRY(expect(r, "=", "'='", e));
    if (!is_word(r))
        return refuse(r, "a value", e);
    (void)snprintf(v.value, sizeof(v.value), "%s", r->token.text);
    next(r);
    TRY(expect(r, ";", "';'", e));
    p->value[p->count++] = v;
    return 0;
}

/* controller { file = value; … } */
static int take_controller(struct reader *r, struct limit_profile *p, struct err *e)
{
    bool permissions = is(r, "perm");
    if (!is_word(r))
        return refuse(r, "a controller's name", e);
    next(r);
    if (permissions)
        return pass_over(r, e);
    TRY(expect(r, "{", "'{'", e));
    while (!is(r, "}")) {
        TRY(take_value(r, p, e));
    }
    next(r);
    return 0;
}

static int take_group(struct reader *r, struct limit_profile *p, struct err *e)
{
    next(r);
    if (!is_word(r))
        return refuse(r, "the group's name", e);
    (void)snprintf(p->group, sizeof(p->group), "%.127s", r->token.text);
    next(r);
    TRY(expect(r, "{", "'{'", e));
    while (!is(r, "}")) {
        TRY(take_controller(r, p, e));
    }
    return 0;
}

int profile_parse(const char *text, struct limit_profile *ret, struct err *e)
{
    struct reader r = {.at = text, .line = 1};
    struct limit_profile p = {0};
    for (next(&r); *r.token.text || r.cut;) {
        if (is(&r, "group")) {
            TRY(take_group(&r, &p, e));
            *ret = p;
            return 0;
        }
        bool named = is(&r, "template");
        if (!named && !is(&r, "mount") && !is(&r, "default") && !is(&r, "namespace"))
            return refuse(&r, "a group", e);
        next(&r);
        if (named)
            next(&r);
        TRY(pass_over(&r, e));
    }
    return err_set(e, ERR_USAGE, -ENOENT, "no group found (cgconfig.conf(5))");
}

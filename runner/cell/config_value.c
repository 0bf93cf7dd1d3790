#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/suggest.h"
#include "base/text.h"
#include "cell/config_internal.h"

int64_t *config_number(void *options, const struct option_row *row)
{
    return (int64_t *)(void *)((char *)options + row->offset);
}

bool config_is_number(enum kind kind)
{
    return kind == CHOICE || kind == INTEGER || kind == BYTES || kind == SECONDS || kind == YES;
}

bool config_takes_value(enum kind kind)
{
    return kind != YES && kind != NO && kind != HELP;
}

static void format_limit(const struct option_row *row, int64_t limit, char *buf, size_t cap)
{
    if (row->kind == BYTES)
        (void)text_bytes((uint64_t)limit, buf, cap);
    else if (row->kind == SECONDS)
        (void)snprintf(buf, cap, "%g", (double)limit / 1000);
    else
        (void)snprintf(buf, cap, "%lld", (long long)limit);
}

static int refuse(const struct option_row *row, const char *value, struct err *e)
{
    cleanup_text struct text allowed = {0};
    char low[32], high[32];
    if (row->kind == CHOICE) {
        text_add_names(&allowed, row->choices, UINT_MAX);
    } else {
        format_limit(row, row->low, low, sizeof(low));
        format_limit(row, row->high, high, sizeof(high));
        text_add(&allowed, "%s from %s%s",
                 row->kind == INTEGER ? "a whole number"
                 : row->kind == BYTES ? "a size such as 512M"
                                      : "seconds",
                 low, row->high == INT64_MAX ? " up" : "");
        if (row->high != INT64_MAX)
            text_add(&allowed, " to %s", high);
    }
    char near[SUGGEST_TEXT_MAX];
    struct suggest known = SUGGEST(value);
    if (row->kind == CHOICE)
        suggest_offer_list(&known, allowed.data);
    return err_set(e, ERR_USAGE, -EINVAL, "--%s '%s': what is allowed is %s%s", row->name, value, allowed.data,
                   suggest_text(&known, "", near));
}

static int parse_number(const struct option_row *row, const char *value, int64_t *ret)
{
    int64_t n = 0;
    uint64_t bytes = 0;
    if (row->kind == CHOICE) {
        n = *value ? text_index(value, row->choices) : -1;
        *ret = n >= 0 ? n : *ret;
        return n >= 0 ? 0 : -EINVAL;
    }
    if (row->kind == INTEGER) {
        if (text_to_i64(value, &n) != 0)
            return -EINVAL;
    } else if (row->kind == BYTES) {
        if (text_to_bytes(value, &bytes) != 0 || bytes > INT64_MAX)
            return -EINVAL;
        n = (int64_t)bytes;
    } else {
        char *end = NULL;
        double seconds = strtod(value, &end);
        if (end == value || *end || !isfinite(seconds) || fabs(seconds) > 1e9)
            return -EINVAL;
        n = llround(seconds * 1000);
    }
    if (n < row->low || n > row->high)
        return -ERANGE;
    *ret = n;
    return 0;
}

bool config_names_place(const char *value)
{
    static const char *const PLACES[] = {"FILE", "DIR", "PATH", "FOLDER", "MAIN.TEX", NULL};
    for (const char *const *place = PLACES; value && *place; place++)
        if (text_has_word(value, "|", *place))
            return true;
    return false;
}

static int check_text(const struct option_row *row, const char *value, struct err *e)
{
    if (!*value)
        return err_set(e, ERR_USAGE, -EINVAL, "--%s '': it takes %s", row->name, row->value);
    if (strcmp(value, "-") != 0 || !config_names_place(row->value) || text_has_word(row->value, "|", "-"))
        return 0;
    return err_set(e, ERR_USAGE, -EINVAL, "--%s '-': it takes %s (a file or folder of that name is ./-)", row->name,
                   row->value);
}

static int take_word(struct config_words *words, const struct option_row *row, const char *value, struct err *e)
{
    if (words->count == CONFIG_WORDS_MAX)
        return err_set(e, ERR_USAGE, -E2BIG, "--%s '%s': it can be given %d times", row->name, value, CONFIG_WORDS_MAX);
    words->word[words->count++] = value;
    return 0;
}

int config_take(void *options, const struct option_row *row, const char *value, struct err *e)
{
    if (row->kind == TEXT || row->kind == LIST)
        TRY(check_text(row, value, e));
    switch (row->kind) {
    case CHOICE:
    case INTEGER:
    case BYTES:
    case SECONDS:
        return parse_number(row, value, config_number(options, row)) == 0 ? 0 : refuse(row, value, e);
    case YES:
    case NO:
        *config_number(options, row) = row->kind == YES;
        return 0;
    case TEXT:
        *(const char **)(void *)((char *)options + row->offset) = value;
        return 0;
    case LIST:
        return take_word((struct config_words *)(void *)((char *)options + row->offset), row, value, e);
    case HELP:
        *(bool *)((char *)options + row->offset) = true;
        return 0;
    }
    return -EINVAL;
}

#include "base/suggest.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Keeps three rows of the distance matrix: the current and the two before it. */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][SUGGEST_WORD_MAX + 1], n = strlen(a), m = strlen(b);
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *row = rows[i % 3], *up = rows[(i + 2) % 3], *up2 = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            row[j] = least(least(up[j], row[j - 1]) + 1, up[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], up2[j - 2] + 1);
        }
    }
    return rows[n % 3][m];
}

void suggest_offer(struct suggest *s, const char *name)
{
    size_t len = strlen(s->word);
    if (len == 0 || len > SUGGEST_WORD_MAX || strlen(name) > SUGGEST_WORD_MAX)
        return;
    bool begins = len >= 3 && strncmp(s->word, name, len) == 0;
    size_t d = begins ? 0 : distance(s->word, name);
    if (d > (len < 6 ? 1 : len / 3) || (*s->nearest && d >= s->distance))
        return;
    suggest_take(s, name);
    s->distance = d;
}

void suggest_take(struct suggest *s, const char *name)
{
    text_format(s->nearest, sizeof(s->nearest), "%s", name);
    s->distance = 0;
}

void suggest_offer_list(struct suggest *s, const char *names)
{
    char name[SUGGEST_WORD_MAX + 1];
    for (const char *at = names; at && *at; at += strspn(at, ", ")) {
        size_t len = strcspn(at, ", ");
        if (len < sizeof(name) && strncmp(at, "or ", 3) != 0) {
            text_format(name, sizeof(name), "%.*s", (int)len, at);
            suggest_offer(s, name);
        }
        at += len;
    }
}

const char *suggest_text(const struct suggest *s, const char *prefix, char buf[SUGGEST_TEXT_MAX])
{
    text_format(buf, SUGGEST_TEXT_MAX, "%s", "");
    if (*s->nearest)
        text_format(buf, SUGGEST_TEXT_MAX, "; did you mean '%s%s'?", prefix, s->nearest);
    return buf;
}

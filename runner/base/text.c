#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void text_reserve(struct text *t, size_t more)
{
    if (t->len + more + 1 <= t->cap)
        return;
    size_t cap = (t->len + more + 1) * 2;
    char *data = realloc(t->data, cap);
    if (!data)
        abort();
    t->data = data;
    t->cap = cap;
}

static void text_vadd(struct text *t, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    const size_t room = t->cap - t->len;
    int n = vsnprintf(room ? t->data + t->len : NULL, room, fmt, ap);
    if (n < 0)
        abort();
    if ((size_t)n >= room) {
        text_reserve(t, (size_t)n);
        (void)vsnprintf(t->data + t->len, (size_t)n + 1, fmt, again);
    }
    va_end(again);
    t->len += (size_t)n;
}

void text_add(struct text *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    text_vadd(t, fmt, ap);
    va_end(ap);
}

char *text_vprintf(const char *fmt, va_list ap)
{
    struct text t = {0};
    text_vadd(&t, fmt, ap);
    return t.data;
}

char *text_printf(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *made = text_vprintf(fmt, ap);
    va_end(ap);
    return made;
}

void text_add_bytes(struct text *t, const char *bytes, size_t len)
{
    text_reserve(t, len);
    if (len > 0) /* bytes may be NULL if len is 0 */
        memcpy(t->data + t->len, bytes, len);
    t->len += len;
    t->data[t->len] = '\0';
}

void text_add_shell_word(struct text *t, const char *word)
{
    static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/=+:,@%";
    if (*word && strspn(word, PLAIN) == strlen(word)) {
        text_add(t, "%s", word);
        return;
    }
    text_add(t, "'");
    for (; *word; word++)
        text_add_bytes(t, *word == '\'' ? "'\\''" : word, *word == '\'' ? 4 : 1);
    text_add(t, "'");
}

void text_free(struct text *t)
{
    free(t->data);
    *t = (struct text){0};
}

/* 0 if only white space is left, else -EINVAL. */
static int at_end(const char *p)
{
    while (isspace((unsigned char)*p))
        p++;
    return *p == '\0' ? 0 : -EINVAL;
}

int text_to_i64(const char *text, int64_t *ret)
{
    char *end = NULL;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (end == text)
        return -EINVAL;
    if (errno == ERANGE)
        return -ERANGE;
    if (at_end(end) != 0)
        return -EINVAL;
    *ret = v;
    return 0;
}

int text_digits(const char *text, const char **end, uint64_t *ret)
{
    char *behind = NULL;
    if (!isdigit((unsigned char)*text)) /* strtoull() accepts white space and a sign */
        return -EINVAL;
    errno = 0;
    unsigned long long v = strtoull(text, &behind, 10);
    if (errno == ERANGE)
        return -ERANGE;
    *end = behind;
    *ret = v;
    return 0;
}

int text_to_u64(const char *text, uint64_t *ret)
{
    uint64_t v = 0;
    while (isspace((unsigned char)*text))
        text++;
    int failed = text_digits(text + (*text == '+'), &text, &v);
    if (failed == 0)
        failed = at_end(text);
    if (failed == 0)
        *ret = v;
    return failed;
}

int text_to_bytes(const char *text, uint64_t *ret)
{
    static const char UNITS[] = "KMGT";
    const char *end = NULL;
    uint64_t v = 0;
    int failed = text_digits(text, &end, &v);
    if (failed != 0)
        return failed;
    const char *unit = *end ? strchr(UNITS, toupper((unsigned char)*end)) : NULL;
    if (unit) {
        unsigned shift = 10 * (unsigned)(unit - UNITS + 1);
        if (v > UINT64_MAX >> shift)
            return -ERANGE;
        v <<= shift;
        end++;
        end += *end == 'i';
    }
    end += *end == 'B';
    if (*end)
        return -EINVAL;
    *ret = v;
    return 0;
}

const char *text_bytes(uint64_t bytes, char *buf, size_t cap)
{
    static const char *const UNITS[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double v = (double)bytes; /* 1023.95 and more would print as 1024.0 */
    size_t u = 0;
    while (v >= 1023.95 && u + 1 < sizeof(UNITS) / sizeof(UNITS[0])) {
        v /= 1024;
        u++;
    }
    (void)snprintf(buf, cap, u == 0 ? "%.0f %s" : "%.1f %s", v, UNITS[u]);
    return buf;
}

/* The length of the character at p; 0: not UTF-8. RFC 3629, section 4. */
static size_t utf8_length(const unsigned char *p)
{
    static const struct {
        unsigned char first, last, low, high; /* first bytes; second bytes */
        unsigned char length;
    } SEQUENCES[] = {
        {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
        {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    if (*p < 0x80)
        return 1;
    for (size_t i = 0; i < sizeof(SEQUENCES) / sizeof(SEQUENCES[0]); i++) {
        if (*p < SEQUENCES[i].first || *p > SEQUENCES[i].last)
            continue;
        if (p[1] < SEQUENCES[i].low || p[1] > SEQUENCES[i].high)
            return 0;
        for (size_t k = 2; k < SEQUENCES[i].length; k++)
            if ((p[k] & 0xc0) != 0x80)
                return 0;
        return SEQUENCES[i].length;
    }
    return 0;
}

/* Whether a character controls a terminal or the layout: controls, line and paragraph separators, direction marks
 * (Unicode UAX 9, 2) and the byte order mark. p: one whole character of so many bytes. */
static bool steers(const unsigned char *p, size_t bytes)
{
    unsigned c = bytes == 1 ? *p : *p & (0xffU >> (bytes + 1));
    for (size_t i = 1; i < bytes; i++)
        c = c << 6 | (p[i] & 0x3fU);
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || c == 0x200e || c == 0x200f ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

char *text_printable(const char *bytes)
{
    struct text t = {0};
    text_add_bytes(&t, "", 0);
    for (size_t n; *bytes; bytes += n) {
        const unsigned char *at = (const unsigned char *)bytes;
        n = utf8_length(at);
        if (n > 0 && !steers(at, n)) {
            text_add_bytes(&t, bytes, n);
            continue;
        }
        n = n == 0 ? 1 : n;
        for (size_t i = 0; i < n; i++)
            text_add(&t, "\\x%02x", at[i]);
    }
    return t.data;
}

bool text_is_printable(const char *bytes)
{
    for (size_t n; *bytes; bytes += n) {
        n = utf8_length((const unsigned char *)bytes);
        if (n == 0 || steers((const unsigned char *)bytes, n))
            return false;
    }
    return true;
}

void text_blank(char *text)
{
    for (size_t n; *text; text += n) {
        n = utf8_length((const unsigned char *)text);
        const bool is_character = n > 0;
        n = is_character ? n : 1;
        if (!is_character || steers((const unsigned char *)text, n))
            memset(text, is_character ? ' ' : '?', n);
    }
}

char *text_of_bytes(const char *bytes)
{
    struct text t = {0};
    text_add_bytes(&t, "", 0);
    for (;;) {
        size_t plain = 0, n;
        while ((n = utf8_length((const unsigned char *)bytes + plain)) > 0 && bytes[plain] &&
               !(bytes[plain] == '\\' && bytes[plain + 1] == 'x'))
            plain += n;
        text_add_bytes(&t, bytes, plain);
        bytes += plain;
        if (!*bytes)
            return t.data;
        text_add(&t, "\\x%02x", (unsigned char)*bytes++);
    }
}

void text_add_exact(struct text *t, double value)
{
    char number[40];
    int digits = 15;
    do
        text_format(number, sizeof(number), "%.*g", digits, value);
    while (strtod(number, NULL) != value && digits++ < 17);
    text_add(t, "%s", number);
}

#define SECONDS_MAX 1e15 /* 30 million years, as only a wrong record has; below it the hours fit an integer */

void text_add_seconds(struct text *t, double seconds)
{
    if (!(fabs(seconds) < SECONDS_MAX)) {
        text_add(t, "%.3g h", seconds / 3600);
        return;
    }
    long long s = (long long)(seconds + 0.5);
    if (s >= 3600)
        text_add(t, "%lld h %02lld min", s / 3600, s % 3600 / 60);
    else if (s >= 60)
        text_add(t, "%lld min %02lld s", s / 60, s % 60);
    else if (seconds >= 0.001 && seconds < 0.95)
        text_add(t, "%.2g s", seconds);
    else
        text_add(t, "%lld s", s);
}

void text_add_names(struct text *t, const char *const *names, unsigned bits)
{
    unsigned left = 0;
    for (unsigned i = 0; names[i]; i++)
        left += (bits >> i & 1) && *names[i];
    const unsigned all = left;
    for (unsigned i = 0; names[i]; i++)
        if ((bits >> i & 1) && *names[i]) {
            text_add(t, "%s%s", left == all ? "" : left > 1 ? ", " : " or ", names[i]);
            left--;
        }
}

int text_index(const char *word, const char *const *list)
{
    for (int i = 0; list[i]; i++)
        if (strcmp(word, list[i]) == 0)
            return i;
    return -1;
}

bool text_is_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

bool text_is_among(const char *word, const char *const *list)
{
    return text_index(word, list) >= 0;
}

bool text_has_word(const char *words, const char *separators, const char *word)
{
    const size_t len = strlen(word);
    size_t n = 0;
    for (const char *p = words + strspn(words, separators); *p; p += n, p += strspn(p, separators)) {
        n = strcspn(p, separators);
        if (n == len && memcmp(p, word, len) == 0)
            return true;
    }
    return false;
}

char *text_line(char **rest)
{
    char *line = strsep(rest, "\n");
    while (line && !*line)
        line = strsep(rest, "\n");
    return line;
}

const char *text_after(const char *text, const char *key, char mark)
{
    const size_t len = strlen(key);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, len) == 0 && line[len] == mark)
            return line + len + 1;
    }
    return NULL;
}

bool text_ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), tail = strlen(end);
    return len > tail && strcmp(text + len - tail, end) == 0;
}

bool text_is_below(const char *path, const char *dir)
{
    size_t len = strlen(dir);
    return strncmp(path, dir, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

bool text_fits(char *buf, size_t cap, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(buf, cap, fmt, ap);
    va_end(ap);
    return n >= 0 && (size_t)n < cap;
}

void text_format(char *buf, size_t cap, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(buf, cap, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= cap)
        abort();
}

/* Eight bytes a step, each mixed in as FNV-1a mixes in one (draft-eastlake-fnv): a section of a record has thousands.
 */
uint64_t text_hash(uint64_t hash, const char *text)
{
    const size_t len = strlen(text) + 1;
    for (size_t i = 0; i < len; i += sizeof(uint64_t)) {
        uint64_t word = 0;
        memcpy(&word, text + i, len - i < sizeof(word) ? len - i : sizeof(word));
        hash = (hash ^ word) * 0x100000001b3;
        hash ^= hash >> 32;
    }
    return hash;
}

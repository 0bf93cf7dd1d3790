#include "base/json_scan.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/err.h"

bool json_span_is(struct json_span span, const char *word)
{
    return span.len == strlen(word) && memcmp(span.data, word, span.len) == 0;
}

/* The position of the scan, and where to report a failure. */
struct scan {
    const char *p, *end;
    struct json_scan_error *error;
};

/* At the end of the text the fault is the end, whatever was expected there. */
static int fail(struct scan *s, const char *at, const char *why)
{
    *s->error = (struct json_scan_error){at, at < s->end ? why : "it ends in the middle: the file is cut off"};
    return -EINVAL;
}

static void skip_blanks(struct scan *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\t' || *s->p == '\r'))
        s->p++;
}

/* From an opening quote past the closing one: the next with an even number of backslashes before it. */
static int skip_string(struct scan *s)
{
    const char *begin = s->p++;
    for (;;) {
        const char *quote = memchr(s->p, '"', (size_t)(s->end - s->p));
        if (!quote)
            return fail(s, begin, "a string does not end: the file is cut off");
        size_t escapes = 0;
        while (quote[-1 - (ptrdiff_t)escapes] == '\\')
            escapes++;
        s->p = quote + 1;
        if (escapes % 2 == 0)
            return 0;
    }
}

static bool is_of_literal(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' || c == '-' ||
           c == '.';
}

/* A number, true, false or null. */
static int skip_literal(struct scan *s)
{
    static const char *const WORDS[] = {"true", "false", "null"};
    const char *begin = s->p;
    while (s->p < s->end && is_of_literal(*s->p))
        s->p++;
    size_t len = (size_t)(s->p - begin);
    if (len == 0)
        return fail(s, begin, "a value is missing");
    if (*begin == '-' ? len > 1 && begin[1] >= '0' && begin[1] <= '9' : *begin >= '0' && *begin <= '9')
        return 0;
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++)
        if (strlen(WORDS[i]) == len && memcmp(begin, WORDS[i], len) == 0)
            return 0;
    return fail(s, s->p < s->end ? begin : s->end,
                "neither a number nor a word of JSON (NaN and Infinity are not allowed)");
}

/* Skips numbers and the commas between them, most of a record, at once. Returns whether there were any. */
static bool skip_numbers(struct scan *s)
{
    const char *p = s->p, *end = s->end;
    while (p < end && ((unsigned)(*p - '0') < 10 || *p == ','))
        p++;
    if (p > s->p && p[-1] != ',')
        while (p < end && is_of_literal(*p))
            p++;
    bool any = p > s->p;
    s->p = p;
    return any;
}

static int skip_value(struct scan *s)
{
    char open[JSON_SCAN_DEPTH];
    size_t depth = 0;
    do {
        skip_blanks(s);
        if (depth > 0 && skip_numbers(s))
            continue;
        if (s->p >= s->end)
            return fail(s, s->end, "a value is missing");
        char c = *s->p;
        int failed = 0;
        if (c == '{' || c == '[') {
            if (depth == JSON_SCAN_DEPTH)
                return fail(s, s->p, "it is nested too deeply");
            open[depth++] = c == '{' ? '}' : ']';
            s->p++;
        } else if (c == '}' || c == ']') {
            if (depth == 0 || open[--depth] != c)
                return fail(s, s->p, "a bracket that was not opened");
            s->p++;
        } else if (c == '"') {
            failed = skip_string(s);
        } else if (depth > 0 && (c == ',' || c == ':')) {
            s->p++;
        } else {
            failed = skip_literal(s);
        }
        if (failed != 0)
            return failed;
    } while (depth > 0);
    return 0;
}

/* Whether the next character is c; skips it. */
static bool takes(struct scan *s, char c)
{
    skip_blanks(s);
    if (s->p >= s->end || *s->p != c)
        return false;
    s->p++;
    return true;
}

/* A member of an object, or an element of an array. */
static int scan_one(struct scan *s, bool is_member, json_scan_fn *take, void *to)
{
    struct json_span key = {NULL, 0}, value;
    skip_blanks(s);
    if (is_member) {
        if (s->p >= s->end || *s->p != '"')
            return fail(s, s->p, "a key is missing");
        key.data = s->p + 1;
        TRY(skip_string(s));
        key.len = (size_t)(s->p - key.data) - 1;
        if (!takes(s, ':'))
            return fail(s, s->p, "a ':' is missing");
        skip_blanks(s);
    }
    value.data = s->p;
    TRY(skip_value(s));
    value.len = (size_t)(s->p - value.data);
    const char *why = take(key, value, to);
    return why ? fail(s, is_member ? key.data : value.data, why) : 0;
}

/* Skips a byte order mark (RFC 8259, section 8.1: a reader may ignore it). Returns why the text cannot be JSON if the
 * mark is UTF-16's; else NULL. */
static const char *skip_mark(struct scan *s)
{
    size_t len = (size_t)(s->end - s->p);
    if (len >= 3 && memcmp(s->p, "\xef\xbb\xbf", 3) == 0)
        s->p += 3;
    else if (len >= 2 && (memcmp(s->p, "\xff\xfe", 2) == 0 || memcmp(s->p, "\xfe\xff", 2) == 0))
        return "it is UTF-16; what is allowed is UTF-8";
    return NULL;
}

/* otherwise: why a text that begins with something else is refused. */
static int scan_all(struct scan *s, bool of_members, const char *otherwise, json_scan_fn *take, void *to)
{
    const char close = of_members ? '}' : ']';
    if (!takes(s, of_members ? '{' : '[')) {
        *s->error = (struct json_scan_error){s->p, s->p < s->end ? otherwise : "it is empty"};
        return -EINVAL;
    }
    if (!takes(s, close)) {
        do {
            TRY(scan_one(s, of_members, take, to));
        } while (takes(s, ','));
        if (!takes(s, close))
            return fail(s, s->p, "a ',' is missing");
    }
    skip_blanks(s);
    return s->p == s->end ? 0 : fail(s, s->p, "there is something after its end");
}

int json_scan_object(struct json_span text, json_scan_fn *take, void *to, struct json_scan_error *why)
{
    struct scan s = {text.data, text.data + text.len, why};
    const char *encoding = skip_mark(&s);
    return scan_all(&s, true, encoding ? encoding : "it is not a JSON object", take, to);
}

int json_scan_array(struct json_span text, json_scan_fn *take, void *to, struct json_scan_error *why)
{
    struct scan s = {text.data, text.data + text.len, why};
    return scan_all(&s, false, "it is not a JSON array", take, to);
}

/* An optional sign and digits. Not strtoll(), which accepts blanks and reads past the end. */
static bool take_integer(struct scan *s, long long *ret)
{
    bool negative = s->p < s->end && *s->p == '-';
    unsigned long long n = 0;
    s->p += negative;
    const char *begin = s->p, *safe = s->end - begin > 18 ? begin + 18 : s->end; /* 18 digits cannot overflow */
    for (; s->p < safe && *s->p >= '0' && *s->p <= '9'; s->p++)
        n = n * 10 + (unsigned long long)(*s->p - '0');
    for (; s->p < s->end && *s->p >= '0' && *s->p <= '9'; s->p++)
        if (__builtin_mul_overflow(n, 10ULL, &n) || __builtin_add_overflow(n, (unsigned long long)(*s->p - '0'), &n))
            return false;
    *ret = negative ? -(long long)n : (long long)n;
    return s->p > begin && n <= 0x7fffffffffffffffULL;
}

struct search {
    const char *const *name;
    struct json_span *found;
    size_t count;
};

static const char *take_named(struct json_span key, struct json_span value, void *to)
{
    const struct search *s = to;
    for (size_t i = 0; i < s->count; i++)
        if (json_span_is(key, s->name[i]))
            s->found[i] = value;
    return NULL;
}

void json_scan_members(struct json_span object, const char *const *name, struct json_span *found, size_t count)
{
    struct search s = {name, found, count};
    struct json_scan_error ignored;
    if (object.data && json_scan_object(object, take_named, &s, &ignored) != 0)
        memset(found, 0, count * sizeof(*found));
}

long json_scan_integers(struct json_span array, long long *ret, size_t cap)
{
    struct json_scan_error ignored = {NULL, NULL};
    struct scan s = {array.data, array.data + array.len, &ignored};
    size_t n = 0;
    if (!takes(&s, '['))
        return -EINVAL;
    if (takes(&s, ']'))
        return 0;
    do {
        long long value = 0;
        skip_blanks(&s);
        if (!take_integer(&s, &value))
            return -EINVAL;
        if (n < cap)
            ret[n] = value;
        n++;
    } while (takes(&s, ','));
    return takes(&s, ']') ? (long)n : -EINVAL;
}

size_t json_scan_line(struct json_span text, const char *at)
{
    size_t line = 1;
    for (const char *p = text.data; p && p < at && p < text.data + text.len; p++)
        line += *p == '\n';
    return line;
}

#include "host/reading.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/beneath.h"
#include "base/cleanup.h"
#include "base/facts.h"
#include "base/file.h"
#include "base/text.h"

ssize_t reading_head(const char *root, const char *path, char *buf, size_t cap)
{
    cleanup_close int fd = beneath_open_root(root, path, O_RDONLY);
    ssize_t len = fd < 0 ? fd : file_read_fd(fd, -1, buf, cap - 1);
    if (len >= 0)
        buf[len] = '\0';
    return len;
}

char *reading_tidy(char *text)
{
    text += strspn(text, " \t\r\n");
    size_t len = strlen(text);
    while (len > 0 && isspace((unsigned char)text[len - 1]))
        text[--len] = '\0';
    for (char *p = text; *p; p++)
        if (iscntrl((unsigned char)*p))
            *p = ' ';
    return text;
}

bool reading_field(const char *text, const char *names, char *ret, size_t cap)
{
    for (const char *name = names; *name; name += strspn(name, "|")) {
        size_t len = strcspn(name, "|");
        for (const char *line = text; *line; line += strspn(line, "\n")) {
            size_t end = strcspn(line, "\n");
            const char *rest = line + len;
            if (end > len && strncmp(line, name, len) == 0) {
                rest += strspn(rest, " \t");
                if (*rest == ':' || *rest == '=') {
                    (void)snprintf(ret, cap, "%.*s", (int)(line + end - rest - 1), rest + 1);
                    return true;
                }
            }
            line += end;
        }
        name += len;
    }
    return false;
}

static void absent_field(const struct reading *r, struct facts *ret)
{
    facts_absent(ret, r->key, "%s has no such field here", r->path);
}

void take_text(const struct reading *r, char *text, struct facts *ret)
{
    facts_text(ret, r->key, reading_tidy(text));
}

void take_list(const struct reading *r, char *text, struct facts *ret)
{
    text = reading_tidy(text);
    facts_text(ret, r->key, strcmp(text, "(null)") == 0 ? "" : text);
}

/* what: what it should be. */
static bool read_whole(const struct reading *r, char *text, const char *what, int64_t *n, struct facts *ret)
{
    const bool is_whole = text_to_i64(text, n) == 0;
    if (!is_whole)
        facts_absent(ret, r->key, "%s says '%.60s', which is %s", r->path, reading_tidy(text), what);
    return is_whole;
}

void take_int(const struct reading *r, char *text, struct facts *ret)
{
    int64_t n = 0;
    if (read_whole(r, text, "not a number", &n, ret))
        facts_int(ret, r->key, n);
}

void take_bool(const struct reading *r, char *text, struct facts *ret)
{
    int64_t n = 0;
    if (read_whole(r, text, "neither 0 nor 1", &n, ret))
        facts_bool(ret, r->key, n != 0);
}

void take_chosen(const struct reading *r, char *text, struct facts *ret)
{
    char *open = strchr(text, '[');
    char *close = open ? strchr(open, ']') : NULL;
    if (!close) {
        facts_absent(ret, r->key, "%s says '%.60s', with nothing in brackets", r->path, reading_tidy(text));
        return;
    }
    *close = '\0';
    facts_text(ret, r->key, open + 1);
}

void take_field(const struct reading *r, char *text, struct facts *ret)
{
    char value[4096];
    if (reading_field(text, r->field, value, sizeof(value)))
        facts_text(ret, r->key, reading_tidy(value));
    else
        absent_field(r, ret);
}

void take_kib_field(const struct reading *r, char *text, struct facts *ret)
{
    char value[64];
    long long kib = 0;
    if (reading_field(text, r->field, value, sizeof(value)) && sscanf(value, "%lld kB", &kib) == 1)
        facts_int(ret, r->key, kib * 1024);
    else
        absent_field(r, ret);
}

void take_assignment(const struct reading *r, char *text, struct facts *ret)
{
    char value[512];
    if (!reading_field(text, r->field, value, sizeof(value))) {
        absent_field(r, ret);
        return;
    }
    char *from = reading_tidy(value), *to = value;
    char quote = '\0';
    if (*from == '"' || *from == '\'')
        quote = *from++;
    for (; *from && *from != quote; from++) {
        if (*from == '\\' && quote != '\'' && from[1])
            from++;
        *to++ = *from;
    }
    *to = '\0';
    facts_text(ret, r->key, value);
}

/* /proc/loadavg always has two digits after a full stop (fs/proc/loadavg.c); parsed without the locale. */
void take_load(const struct reading *r, char *text, struct facts *ret)
{
    unsigned whole[3], cents[3];
    int column = r->field[0] - '0';
    if (sscanf(text, "%u.%2u %u.%2u %u.%2u", &whole[0], &cents[0], &whole[1], &cents[1], &whole[2], &cents[2]) == 6)
        facts_real(ret, r->key, whole[column] + cents[column] / 100.0);
    else
        facts_absent(ret, r->key, "%s says '%.60s', which is not a load", r->path, reading_tidy(text));
}

void reading_take(const char *sysroot, const struct reading *r, struct facts *ret)
{
    char text[READING_HEAD_MAX];
    ssize_t n = reading_head(sysroot, r->path, text, sizeof(text));
    if (n >= 0)
        r->take(r, text, ret);
    else if (n == -ENOENT && r->missing)
        facts_absent(ret, r->key, "no %s, as on %s", r->path, r->missing);
    else
        facts_absent(ret, r->key, "%s: %s", r->path, strerror((int)-n));
}

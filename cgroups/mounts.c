#include "cgroups/mounts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

/* Positions of the mountinfo fields used here. Any number of optional fields ends with a lone "-"; type, source and
 * file system options follow. */
enum { FIELD_ROOT = 3, FIELD_POINT = 4, FIELD_MOUNT_OPTIONS = 5, FIELD_OPTIONAL = 6 };

struct span {
    const char *at;
    size_t len;
};

static struct span next_field(const char **p, const char *end)
{
    const char *from = *p;
    while (from < end && *from == ' ')
        from++;
    const char *to = from;
    while (to < end && *to != ' ') /* not memchr(): gcc 14 warns that end - from is negative */
        to++;
    *p = to;
    return (struct span){from, (size_t)(to - from)};
}

static bool span_is(struct span s, const char *word)
{
    return s.len == strlen(word) && memcmp(s.at, word, s.len) == 0;
}

static bool is_octal(const char *p, size_t left)
{
    return left >= 4 && p[0] == '\\' && p[1] >= '0' && p[1] <= '3' && p[2] >= '0' && p[2] <= '7' && p[3] >= '0' &&
           p[3] <= '7';
}

/* mountinfo writes space, tab, newline and backslash as \040, \011, \012, \134 (proc(5)). */
static bool decode(struct span s, char *ret, size_t cap)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; n++) {
        if (n + 1 >= cap)
            return false;
        const char *p = s.at + i;
        bool escaped = is_octal(p, s.len - i);
        ret[n] = (char)(escaped ? (p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0') : *p);
        i += escaped ? 4 : 1;
    }
    ret[n] = '\0';
    return true;
}

static bool parse_line(const char *line, const char *end, struct cgmount *ret)
{
    struct span head[FIELD_OPTIONAL];
    char mount_options[PATH_MAX];
    for (size_t i = 0; i < ARRAY_LEN(head); i++)
        head[i] = next_field(&line, end);
    struct span optional = next_field(&line, end);
    while (optional.len > 0 && !span_is(optional, "-"))
        optional = next_field(&line, end);
    struct span type = next_field(&line, end);
    ret->version = span_is(type, "cgroup") ? 1 : span_is(type, "cgroup2") ? 2 : 0;
    if (ret->version == 0)
        return false;
    (void)next_field(&line, end); /* the source */
    if (!decode(next_field(&line, end), ret->options, sizeof(ret->options)) ||
        !decode(head[FIELD_MOUNT_OPTIONS], mount_options, sizeof(mount_options)) ||
        !decode(head[FIELD_ROOT], ret->root, sizeof(ret->root)) ||
        !decode(head[FIELD_POINT], ret->point, sizeof(ret->point)))
        return false;
    ret->writable = mounts_has_option(mount_options, "rw") && !mounts_has_option(ret->options, "ro");
    return true;
}

bool mounts_next(const char **text, struct cgmount *ret)
{
    while (**text) {
        const char *line = *text;
        const char *end = strchrnul(line, '\n');
        *text = *end ? end + 1 : end;
        if (parse_line(line, end, ret))
            return true;
    }
    return false;
}

bool mounts_has_option(const char *options, const char *word)
{
    size_t len = strlen(word);
    for (const char *p = options; *p; p += *p == ',') {
        size_t n = strcspn(p, ",");
        if (n == len && memcmp(p, word, len) == 0)
            return true;
        p += n;
    }
    return false;
}

int mounts_own_cgroup(const char *text, char *ret, size_t cap)
{
    for (const char *line = text; *line;) {
        const char *end = strchrnul(line, '\n');
        if (strncmp(line, "0::", 3) == 0) {
            int n = snprintf(ret, cap, "%.*s", (int)(end - line - 3), line + 3);
            return n < 0 || (size_t)n >= cap ? -ENAMETOOLONG : 0;
        }
        line = *end ? end + 1 : end;
    }
    return -ENOENT;
}

int mounts_directory(const struct cgmount *m, const char *cgroup, char *ret, size_t cap)
{
    const char *below = cgroup;
    if (cgroup[0] != '/')
        return -ENOENT;
    if (strcmp(m->root, "/") != 0) {
        size_t len = strlen(m->root);
        if (strncmp(cgroup, m->root, len) != 0 || (cgroup[len] != '/' && cgroup[len] != '\0'))
            return -ENOENT;
        below = cgroup + len;
    }
    if (strcmp(below, "/") == 0)
        below = "";
    int n = snprintf(ret, cap, "%s%s", m->point, below);
    return n < 0 || (size_t)n >= cap ? -ENAMETOOLONG : 0;
}

#include "base/mountinfo.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* The fixed fields of a line. Optional ones follow, up to a lone "-"; then type, source and the file system's options.
 */
enum { ID, PARENT, DEVICE, ROOT, POINT, OPTIONS, OPTIONAL };

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

static bool is_octal(const char *p, size_t left)
{
    return left >= 4 && p[0] == '\\' && p[1] >= '0' && p[1] <= '3' && p[2] >= '0' && p[2] <= '7' && p[3] >= '0' &&
           p[3] <= '7';
}

/* The kernel writes space, tab, newline and backslash as \040, \011, \012 and \134. false: empty, or it does not fit.
 */
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
    return n > 0;
}

static bool parse_line(const char *line, const char *end, struct mountinfo *ret)
{
    struct span head[OPTIONAL] = {0};
    for (size_t i = 0; i < ARRAY_LEN(head); i++)
        head[i] = next_field(&line, end);
    struct span optional = next_field(&line, end);
    while (optional.len > 0 && !(optional.len == 1 && *optional.at == '-'))
        optional = next_field(&line, end);
    struct span type = next_field(&line, end);
    (void)next_field(&line, end); /* the source */
    struct span fs_options = next_field(&line, end);
    if (head[ID].len == 0)
        return false;
    ret->id = strtoull(head[ID].at, NULL, 10);
    return decode(head[DEVICE], ret->device, sizeof(ret->device)) && decode(head[ROOT], ret->root, sizeof(ret->root)) &&
           decode(head[POINT], ret->point, sizeof(ret->point)) &&
           decode(head[OPTIONS], ret->options, sizeof(ret->options)) && decode(type, ret->type, sizeof(ret->type)) &&
           decode(fs_options, ret->fs_options, sizeof(ret->fs_options));
}

bool mountinfo_next(const char **text, struct mountinfo *ret)
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

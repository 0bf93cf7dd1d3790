#include "cgroups/mounts.h"

#include <errno.h>
#include <string.h>

#include "base/mountinfo.h"
#include "base/text.h"

/* Moves to the next line whose type begins with "cgroup", or to the end, without decoding the others, which most mounts
 * of a host are. A blank within a field is \\040, so this text can only stand before the type. */
static void skip_others(const char **text)
{
    const char *found = strstr(*text, " - cgroup");
    const char *line = found ? found : *text + strlen(*text);
    while (found && line > *text && line[-1] != '\n')
        line--;
    *text = line;
}

bool mounts_next(const char **text, struct cgmount *ret)
{
    struct mountinfo m;
    for (skip_others(text); mountinfo_next(text, &m); skip_others(text)) {
        ret->version = strcmp(m.type, "cgroup") == 0 ? 1 : strcmp(m.type, "cgroup2") == 0 ? 2 : 0;
        if (ret->version == 0)
            continue;
        ret->writable = text_has_word(m.options, ",", "rw") && !text_has_word(m.fs_options, ",", "ro");
        text_format(ret->root, sizeof(ret->root), "%s", m.root);
        text_format(ret->point, sizeof(ret->point), "%s", m.point);
        text_format(ret->options, sizeof(ret->options), "%s", m.fs_options);
        return true;
    }
    return false;
}

int mounts_own_cgroup(const char *text, const char *controller, char *ret, size_t cap)
{
    char names[256];
    for (const char *line = text; *line;) {
        const char *end = strchrnul(line, '\n');
        const char *from = memchr(line, ':', (size_t)(end - line));
        const char *to = from ? memchr(from + 1, ':', (size_t)(end - from - 1)) : NULL;
        if (to && to - from <= (ptrdiff_t)sizeof(names)) {
            text_format(names, sizeof(names), "%.*s", (int)(to - from - 1), from + 1);
            if (*controller ? text_has_word(names, ",", controller) : !*names) {
                return text_fits(ret, cap, "%.*s", (int)(end - to - 1), to + 1) ? 0 : -ENAMETOOLONG;
            }
        }
        line = *end ? end + 1 : end;
    }
    return -ENOENT;
}

int mounts_directory(const struct cgmount *m, const char *cgroup, char *ret, size_t cap)
{
    const char *root = strcmp(m->root, "/") == 0 ? "" : m->root;
    if (cgroup[0] != '/' || !text_is_below(cgroup, root))
        return -ENOENT;
    const char *below = cgroup + strlen(root);
    if (strcmp(below, "/") == 0)
        below = "";
    return text_fits(ret, cap, "%s%s", m->point, below) ? 0 : -ENAMETOOLONG;
}

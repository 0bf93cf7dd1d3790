#include "run/definition.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/source.h"
#include "base/text.h"

#define SOURCE_BYTES ((size_t)4 << 20)
#define DEPTH_MAX    16
#define TAB          8 /* as Python's tokenizer has it (The Python Language Reference, 2.1.8) */

/* A part of the source, or of a name. */
struct word {
    const char *at;
    size_t len;
};

/* The definitions that a line lies in. */
struct scope {
    size_t indent[DEPTH_MAX];
    bool fits[DEPTH_MAX]; /* it and all around it are those of the name */
    size_t depth;
};

static bool is_word(struct word w, const char *text)
{
    return w.len == strlen(text) && memcmp(w.at, text, w.len) == 0;
}

/* "outer.<locals>.inner" gives outer, inner. 0: it has none, too many, or one that no `def` makes. */
static size_t parts_of(const char *name, struct word part[DEPTH_MAX])
{
    size_t count = 0;
    for (const char *at = name; *at; at += *at == '.') {
        const struct word w = {at, strcspn(at, ".")};
        at += w.len;
        if (is_word(w, "<locals>"))
            continue;
        if (w.len == 0 || *w.at == '<' || count == DEPTH_MAX)
            return 0;
        part[count++] = w;
    }
    return count;
}

/* Takes a word and the blanks behind it off the line, if it begins with that. */
static bool take_word(const char **line, const char *word)
{
    const size_t len = strlen(word);
    if (strncmp(*line, word, len) != 0 || ((*line)[len] != ' ' && (*line)[len] != '\t'))
        return false;
    *line += len;
    *line += strspn(*line, " \t");
    return true;
}

/* The name that a line without its indentation defines; len 0: none. */
static struct word defined_by(const char *line)
{
    (void)take_word(&line, "async");
    if (!take_word(&line, "def") && !take_word(&line, "class"))
        return (struct word){line, 0};
    return (struct word){line, strcspn(line, " \t([:\r\n")};
}

static size_t indent_of(const char **line)
{
    size_t indent = 0;
    for (; **line == ' ' || **line == '\t'; ++*line)
        indent = **line == ' ' ? indent + 1 : (indent / TAB + 1) * TAB;
    return indent;
}

/* Whether this line defines the function. */
static bool take_line(struct scope *s, const char *line, const struct word *part, size_t parts)
{
    const size_t indent = indent_of(&line);
    if (*line == '\n' || *line == '\r' || *line == '#' || !*line)
        return false;
    while (s->depth > 0 && s->indent[s->depth - 1] >= indent)
        s->depth--;
    const struct word name = defined_by(line);
    if (name.len == 0 || s->depth == DEPTH_MAX)
        return false;
    const bool around = s->depth == 0 || s->fits[s->depth - 1];
    const bool fits = around && s->depth < parts && name.len == part[s->depth].len &&
                      memcmp(name.at, part[s->depth].at, name.len) == 0;
    s->indent[s->depth] = indent;
    s->fits[s->depth++] = fits;
    return fits && s->depth == parts && strncmp(line, "class", 5) != 0;
}

int64_t definition_in(const char *source, const char *name)
{
    struct word part[DEPTH_MAX];
    struct scope scope = {.depth = 0};
    int64_t number = 0, found = 0;
    size_t times = 0;
    const size_t parts = parts_of(name, part);
    for (const char *line = source; parts > 0 && *line; line += *line == '\n') {
        number++;
        if (take_line(&scope, line, part, parts)) {
            found = number;
            times++;
        }
        line += strcspn(line, "\n");
    }
    return times == 1 ? found : 0;
}

int64_t definition_line(const char *path, const char *name)
{
    struct stat st;
    cleanup_text struct text source = {0};
    if (*path != '/')
        return 0;
    /* The weighed program chooses the path: opening a device that it names could do something. */
    cleanup_close int fd = source_open(AT_FDCWD, path, true, &st);
    if (fd < 0 || st.st_size == 0) /* those of /proc have no size */
        return 0;
    return file_append_fd(fd, SOURCE_BYTES, &source) == 0 && source.data ? definition_in(source.data, name) : 0;
}

#include "base/terminal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

static enum terminal_color asked_color;
static bool is_quiet, is_verbose;

void terminal_begin(enum terminal_color color, bool quiet, bool verbose)
{
    asked_color = color;
    is_quiet = quiet;
    is_verbose = verbose;
}

bool terminal_is_quiet(void)
{
    return is_quiet;
}

static void print_line(FILE *to, const char *line)
{
    cleanup_text struct text shown = {0};
    if (isatty(fileno(to)))
        terminal_wrap(line, 0, terminal_width(fileno(to)), 2, &shown);
    (void)fprintf(to, "%s%s", shown.data ? shown.data : line, shown.data ? "" : "\n");
}

void terminal_say(const char *fmt, ...)
{
    va_list ap;
    cleanup_text struct text line = {0};
    va_start(ap, fmt);
    cleanup_free char *said = text_vprintf(fmt, ap);
    va_end(ap);
    text_blank(said);
    text_add(&line, "tare: %s", said);
    print_line(stderr, line.data);
}

void terminal_print(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    cleanup_free char *line = text_vprintf(fmt, ap);
    va_end(ap);
    print_line(stdout, line);
}

size_t terminal_width(int fd)
{
    struct winsize size = {0};
    return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40 ? size.ws_col : 80;
}

static bool takes_color(int fd)
{
    const char *term = getenv("TERM"), *none = getenv("NO_COLOR");
    return isatty(fd) && !(none && *none) && term && strcmp(term, "dumb") != 0;
}

struct terminal_look terminal_look_of(int fd)
{
    bool colored = asked_color == COLOR_ALWAYS || (asked_color == COLOR_AUTO && takes_color(fd));
    return (struct terminal_look){.width = terminal_width(fd), .colored = colored, .verbose = is_verbose};
}

void terminal_hued(const struct terminal_look *look, enum hue hue, const char *word, struct text *out)
{
    static const char *const SGR[HUES] = {[HUE_GOOD] = "32", [HUE_MIDDLING] = "33", [HUE_BAD] = "31"};
    if (look->colored)
        text_add(out, "\033[%sm%s\033[0m", SGR[hue], word);
    else
        text_add(out, "%s", word);
}

void terminal_wrap(const char *words, size_t column, size_t width, size_t indent, struct text *out)
{
    size_t gap = 0;     /* blanks before the word */
    bool begun = false; /* the line has a word */
    while (*words) {
        size_t len = strcspn(words, " "), characters = 0;
        for (size_t i = 0; i < len; i++)
            characters += ((unsigned char)words[i] & 0xc0) != 0x80;
        if (begun && column + gap + characters > width) {
            text_add(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (begun) {
            text_add(out, "%*s", (int)gap, "");
            column += gap;
        }
        text_add_bytes(out, words, len);
        column += characters;
        begun = true;
        words += len;
        gap = strspn(words, " ");
        words += gap;
    }
    text_add(out, "\n");
}

void terminal_add_line(struct text *out, size_t width, size_t indent, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    cleanup_free char *line = text_vprintf(fmt, ap);
    va_end(ap);
    text_add(out, "%*s", (int)indent, "");
    terminal_wrap(line, indent, width, indent + 2, out);
}

void terminal_wrap_lines(const char *lines, size_t width, size_t indent, struct text *out)
{
    for (size_t len; lines && *lines; lines += len + (lines[len] == '\n')) {
        len = strcspn(lines, "\n");
        const size_t blanks = strspn(lines, " ");
        cleanup_free char *line = text_printf("%.*s", (int)(len - blanks), lines + blanks);
        text_add_bytes(out, lines, blanks);
        terminal_wrap(line, blanks, width, indent, out);
    }
}

void terminal_wrap_columns(const char *lines, size_t width, struct text *out)
{
    for (size_t len; lines && *lines; lines += len + (lines[len] == '\n')) {
        len = strcspn(lines, "\n");
        const size_t blanks = strspn(lines, " ");
        cleanup_free char *line = text_printf("%.*s", (int)len, lines);
        const char *gap = blanks < len ? strstr(line + blanks, "  ") : NULL;
        const size_t column = gap ? (size_t)(gap - line) + strspn(gap, " ") : blanks;
        text_add_bytes(out, line, column);
        terminal_wrap(line + column, column, width, column, out);
    }
}

/* terminal: what is printed for people: how wide, in which colours, and whether at all. A command decides it once,
 * after its options are read; the texts are made without looking here again. */
#ifndef TARE_TERMINAL_H
#define TARE_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

struct text;

enum terminal_color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* Colour stands beside a word that says the same, never alone. */
enum hue { HUE_GOOD, HUE_MIDDLING, HUE_BAD, HUES };

/* How a text is to look. A value. */
struct terminal_look {
    size_t width; /* characters of a line */
    bool colored;
    bool verbose; /* all that there is to say */
};

/* Takes --color, --quiet and --verbose. A quiet command writes no progress (terminal_is_quiet()). */
void terminal_begin(enum terminal_color color, bool quiet, bool verbose);
bool terminal_is_quiet(void);

/* The look of a text that goes to this descriptor: its terminal's width, 80 where it is none or does not tell; coloured
 * with --color always, or where it is a terminal, TERM is not "dumb", and NO_COLOR (no-color.org) is unset or empty. */
struct terminal_look terminal_look_of(int fd);

/* Characters in a line of the terminal that fd is; 80 where it is none or does not tell. */
size_t terminal_width(int fd);

/* Adds a word in its colour (ECMA-48's SGR), or as it is. */
void terminal_hued(const struct terminal_look *look, enum hue hue, const char *word, struct text *out);

/* Adds words in lines of so many characters (of UTF-8), broken at blanks, those after the first indented by so many
 * blanks, an end of line behind the last. column: characters that the line has already. */
void terminal_wrap(const char *words, size_t column, size_t width, size_t indent, struct text *out);

/* The same of each line of these, which keeps the blanks that it begins with. NULL is allowed: nothing. */
void terminal_wrap_lines(const char *lines, size_t width, size_t indent, struct text *out);

#endif

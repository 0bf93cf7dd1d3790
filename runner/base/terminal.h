/* terminal: width, colour and verbosity of what is printed for people. A command sets them once, after its options are
 * read. */
#ifndef TARE_TERMINAL_H
#define TARE_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

struct text;

enum terminal_color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* Colour always comes with a word that says the same. */
enum hue { HUE_GOOD, HUE_MIDDLING, HUE_BAD, HUES };

/* Prints "tare: ", the text and a newline on standard error; on a terminal, which would break the line within words, in
 * lines of its width. What would steer the terminal, as in a name that somebody else chose, is blanked. */
void terminal_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Prints the text and a newline on standard output; on a terminal likewise in lines of its width. */
void terminal_print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* How to print a text. */
struct terminal_look {
    size_t width; /* characters of a line */
    bool colored;
    bool verbose; /* print everything */
};

/* Takes --color, --quiet and --verbose. A quiet command prints no progress. */
void terminal_begin(enum terminal_color color, bool quiet, bool verbose);
bool terminal_is_quiet(void);

/* The look for this descriptor: its terminal's width, or 80; colour with --color always, or if it is a terminal, TERM
 * is set and not "dumb", and NO_COLOR (no-color.org) is unset or empty. */
struct terminal_look terminal_look_of(int fd);

/* The width of the terminal fd in characters; 80 if fd is not a terminal, or its width is unknown or below 40. */
size_t terminal_width(int fd);

/* Adds a word, in its colour (ECMA-48's SGR) if the look has colour. */
void terminal_hued(const struct terminal_look *look, enum hue hue, const char *word, struct text *out);

/* Adds words in lines of `width` characters (UTF-8), broken at blanks, with a final newline; between breaks the blanks
 * stay as they are. All lines but the first are indented by `indent` blanks. column: characters already in the first
 * line. */
void terminal_wrap(const char *words, size_t column, size_t width, size_t indent, struct text *out);

/* The same for each of these lines, which keep their leading blanks. NULL is allowed and adds nothing. */
void terminal_wrap_lines(const char *lines, size_t width, size_t indent, struct text *out);

/* Adds `indent` blanks and these words, wrapped; further lines have two blanks more. */
void terminal_add_line(struct text *out, size_t width, size_t indent, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Lines of two columns (ASCII), which two blanks or more part: the second is wrapped within itself. NULL is allowed. */
void terminal_wrap_columns(const char *lines, size_t width, struct text *out);

#endif

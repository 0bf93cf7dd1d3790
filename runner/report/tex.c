#include "report/tex.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/table.h"

#define PAGE_ROWS 40 /* rows of a tabular; more make a longtable */
#define LONG_TEXT 24 /* characters beyond which a column wraps */

/* --- texts ------------------------------------------------------------------------------------------------------ */

/* The escape of a character; NULL: LaTeX prints it unchanged. */
static const char *escaped(char c)
{
    static const char *const AS[128] = {
        ['\\'] = "\\textbackslash{}",
        ['{'] = "\\{",
        ['}'] = "\\}",
        ['$'] = "\\$",
        ['&'] = "\\&",
        ['#'] = "\\#",
        ['%'] = "\\%",
        ['_'] = "\\_",
        ['^'] = "\\textasciicircum{}",
        ['~'] = "\\textasciitilde{}",
        ['<'] = "\\textless{}",
        ['>'] = "\\textgreater{}",
        ['|'] = "\\textbar{}",
        ['"'] = "\\textquotedbl{}",
        ['\''] = "\\textquotesingle{}",
        ['`'] = "\\textasciigrave{}",
    };
    return (unsigned char)c < ARRAY_LEN(AS) ? AS[(unsigned char)c] : NULL;
}

/* Adds one UTF-8 character that is not ASCII; returns its length. JSON made the record's texts valid. */
static size_t add_character(struct text *out, const char *text)
{
    static const struct {
        const char *character, *tex;
    } KNOWN[] = {{"…", "\\ldots{}"}, {"×", "$\\times$"}, {"µ", "$\\mu$"},
                 {"–", "--"},        {"±", "$\\pm$"},    {"÷", "$\\div$"}};
    unsigned char first = (unsigned char)*text;
    size_t len = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
    unsigned code = len == 1 ? first : first & (0xffU >> (len + 1));
    for (size_t i = 0; i < ARRAY_LEN(KNOWN); i++)
        if (strncmp(text, KNOWN[i].character, strlen(KNOWN[i].character)) == 0) {
            text_add(out, "%s", KNOWN[i].tex);
            return strlen(KNOWN[i].character);
        }
    for (size_t i = 1; i < len; i++) {
        if (((unsigned char)text[i] & 0xc0) != 0x80) { /* cut off */
            len = i;
            break;
        }
        code = code << 6 | ((unsigned char)text[i] & 0x3f);
    }
    text_add(out, "[U+%04X]", code);
    return len;
}

static bool is_plain(char c)
{
    return c >= ' ' && c < 127 && !escaped(c);
}

void tex_text(struct text *out, const char *text)
{
    for (;;) {
        size_t plain = 0;
        while (is_plain(text[plain]))
            plain++;
        text_add_bytes(out, text, plain);
        text += plain;
        if (!*text)
            return;
        if ((unsigned char)*text >= 0x80) {
            text += add_character(out, text);
            continue;
        }
        const char *as = escaped(*text++);
        text_add(out, "%s", as ? as : " ");
    }
}

void tex_between(struct text *out, const char *before, const char *text, const char *after)
{
    text_add(out, "%s", before);
    tex_text(out, text);
    text_add(out, "%s", after);
}

void tex_macro(struct text *out, const char *words)
{
    static const char *const DIGITS[] = {"Zero", "One", "Two",   "Three", "Four",
                                         "Five", "Six", "Seven", "Eight", "Nine"};
    bool begins = true;
    for (; *words; words++) {
        unsigned char c = (unsigned char)*words;
        const char letter = (char)(begins ? toupper(c) : c);
        if (isdigit(c))
            text_add_bytes(out, DIGITS[c - '0'], strlen(DIGITS[c - '0']));
        else if (c < 0x80 && isalpha(c))
            text_add_bytes(out, &letter, 1);
        begins = c >= 0x80 || !isalpha(c);
    }
}

/* --- tables ----------------------------------------------------------------------------------------------------- */

static size_t widest(const struct table *t, size_t column)
{
    const size_t head = strlen(t->column[column].head), longest = t->filled[column].longest;
    return head > longest ? head : longest;
}

/* Wrapping columns share the rest of the line in proportion to their content. */
static void add_columns(const struct table *t, struct text *out)
{
    double sum = 0;
    for (size_t i = 0; i < t->columns; i++)
        if (table_shows(t, i) && !table_is_right(&t->column[i]) && widest(t, i) > LONG_TEXT)
            sum += (double)widest(t, i) > 90 ? 90 : (double)widest(t, i);
    text_add(out, "{@{}");
    for (size_t i = 0; i < t->columns; i++) {
        double width = (double)widest(t, i) > 90 ? 90 : (double)widest(t, i);
        if (!table_shows(t, i))
            continue;
        if (table_is_right(&t->column[i]))
            text_add(out, "r");
        else if (width > LONG_TEXT)
            text_add(out, "p{%.2f\\linewidth}", 0.75 * width / (sum > 60 ? sum : 60));
        else
            text_add(out, "l");
    }
    text_add(out, "@{}}\n");
}

static void add_head(const struct table *t, struct text *out)
{
    bool first = true;
    text_add(out, "\\toprule\n");
    for (size_t i = 0; i < t->columns; i++) {
        if (!table_shows(t, i))
            continue;
        tex_between(out, first ? "" : " & ", t->column[i].head, "");
        if (*t->column[i].unit) /* "%" would begin a comment; a scenario's own is any word */
            tex_between(out, " [", t->column[i].unit, "]");
        first = false;
    }
    text_add(out, " \\\\\n\\midrule\n");
}

void tex_table(const struct table *t, struct text *out)
{
    bool is_long = t->rows > PAGE_ROWS;
    if (t->rows == 0)
        return;
    text_add(out, "%% \\usepackage{booktabs}%s\n", is_long ? ", and \\usepackage{longtable}" : "");
    text_add(out, "\\begin{%s}", is_long ? "longtable" : "tabular");
    add_columns(t, out);
    add_head(t, out);
    if (is_long)
        text_add(out, "\\endhead\n");
    for (size_t row = 0; row < t->rows; row++) {
        bool first = true;
        for (size_t i = 0; i < t->columns; i++) {
            cleanup_text struct text cell = {0};
            const char *text = table_at(t, row, i)->text;
            if (!table_shows(t, i))
                continue;
            tex_text(&cell, text ? text : "--");
            /* "[" behind the end of a row would be its optional argument. */
            text_add(out, "%s%s", first ? "" : " & ", first && cell.data && *cell.data == '[' ? "{}" : "");
            text_add_bytes(out, cell.data, cell.len);
            first = false;
        }
        text_add(out, " \\\\\n");
    }
    text_add(out, "\\bottomrule\n\\end{%s}\n", is_long ? "longtable" : "tabular");
}

/* A table for a terminal: columns apart by two blanks, as wide as what is in them, and no value cut. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/table.h"

#define COLUMNS_MAX 32
#define GAP         2
#define EASY        30 /* characters that a text keeps while other columns may leave */
#define LEAST       12 /* that it keeps in any case */

/* How wide each column is; 0: it is left out. */
struct layout {
    size_t width[COLUMNS_MAX];
    size_t gap;
};

/* Characters of UTF-8. */
static size_t characters(const char *text, size_t bytes)
{
    size_t n = 0;
    for (size_t i = 0; i < bytes && text[i]; i++)
        n += ((unsigned char)text[i] & 0xc0) != 0x80;
    return n;
}

/* Bytes of the first so many characters. */
static size_t bytes_of(const char *text, size_t count)
{
    size_t i = 0;
    for (size_t n = 0; text[i]; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80 && n++ == count)
            break;
    return i;
}

/* Bytes of the text's first line in so many characters: up to a blank; a longer word is broken after a sign between
 * words, else where the line ends. *next: where the following line begins. */
static size_t line_of(const char *text, size_t width, const char **next)
{
    size_t fits = bytes_of(text, width), end = fits;
    if (!text[fits]) {
        *next = text + fits;
        return fits;
    }
    while (end > 0 && text[end] != ' ')
        end--;
    if (end == 0) {
        end = fits;
        while (end > 1 && !strchr("-/=,_.:", text[end - 1]))
            end--;
        end = end > 1 ? end : fits;
    }
    *next = text + end + (text[end] == ' ');
    return end;
}

static size_t longest_word(const char *text)
{
    size_t most = 0;
    while (*text) {
        size_t len = strcspn(text, " "), n = characters(text, len);
        most = n > most ? n : most;
        text += len + (text[len] == ' ');
    }
    return most;
}

static char *head_of(const struct table_column *c)
{
    struct text head = {0};
    text_add(&head, "%s%s%s", c->head, *c->unit ? " " : "", c->unit);
    return head.data;
}

static char *shown_of(const struct table *t, size_t row, size_t column)
{
    const char *text = table_at(t, row, column)->text;
    return text_printable(text ? text : "-");
}

/* The fewest characters in which a head takes no more than two lines. */
static size_t width_of_head(const char *head)
{
    for (size_t width = longest_word(head);; width++) {
        const char *rest = head;
        (void)line_of(rest, width, &rest);
        (void)line_of(rest, width, &rest);
        if (!*rest)
            return width;
    }
}

static size_t natural_width(const struct table *t, size_t column)
{
    cleanup_free char *head = head_of(&t->column[column]);
    size_t most = width_of_head(head);
    for (size_t row = 0; row < t->rows; row++) {
        cleanup_free char *text = shown_of(t, row, column);
        size_t n = characters(text, strlen(text));
        most = n > most ? n : most;
    }
    return most;
}

/* --- what fits -----------------------------------------------------------------------------------------------------
 */

static size_t total(const struct table *t, const struct layout *l)
{
    size_t sum = 0;
    for (size_t i = 0; i < t->columns; i++)
        if (l->width[i])
            sum += l->width[i] + (sum ? l->gap : 0);
    return sum;
}

/* Takes what is too much from the widest text that has more than `least` characters. false: there is none. */
static bool shrink(const struct table *t, struct layout *l, size_t width, size_t least)
{
    size_t widest = t->columns, excess = total(t, l) - width;
    for (size_t i = 0; i < t->columns; i++)
        if (!table_is_right(&t->column[i]) && l->width[i] > least &&
            (widest == t->columns || l->width[i] > l->width[widest]))
            widest = i;
    if (widest == t->columns)
        return false;
    size_t room = l->width[widest] - least;
    l->width[widest] -= excess < room ? excess : room;
    return true;
}

/* Leaves out the column of the greatest rank. false: what is left stays. */
static bool leave_out(const struct table *t, struct layout *l)
{
    size_t at = t->columns;
    for (size_t i = 0; i < t->columns; i++)
        if (l->width[i] && t->column[i].rank > 0 && (at == t->columns || t->column[i].rank > t->column[at].rank))
            at = i;
    if (at < t->columns)
        l->width[at] = 0;
    return at < t->columns;
}

static struct layout lay_out(const struct table *t, size_t width)
{
    struct layout l = {.gap = GAP};
    if (t->columns > COLUMNS_MAX)
        abort();
    for (size_t i = 0; i < t->columns; i++)
        l.width[i] = table_shows(t, i) ? natural_width(t, i) : 0;
    while (total(t, &l) > width)
        if (!shrink(t, &l, width, EASY) && !leave_out(t, &l) && !shrink(t, &l, width, LEAST))
            break;
    return l;
}

/* --- lines ---------------------------------------------------------------------------------------------------------
 */

static void pad(struct text *out, size_t count)
{
    text_add(out, "%*s", (int)count, "");
}

static void end_line(struct text *out)
{
    while (out->len > 0 && out->data[out->len - 1] == ' ')
        out->data[--out->len] = '\0';
    text_add(out, "\n");
}

/* A row of texts, on as many lines as the longest of them takes. The texts are left as they are. */
static void add_lines(const struct table *t, const struct layout *l, char *const *texts, struct text *out)
{
    const char *rest[COLUMNS_MAX] = {NULL};
    bool more = true;
    for (size_t i = 0; i < t->columns; i++)
        rest[i] = texts[i] ? texts[i] : "";
    while (more) {
        bool begun = false;
        more = false;
        for (size_t i = 0; i < t->columns; i++) {
            const char *text = rest[i];
            if (!l->width[i])
                continue;
            size_t len = line_of(text, l->width[i], &rest[i]), fill = l->width[i] - characters(text, len);
            pad(out, begun ? l->gap : 0);
            pad(out, table_is_right(&t->column[i]) ? fill : 0);
            text_add_bytes(out, text, len);
            pad(out, table_is_right(&t->column[i]) ? 0 : fill);
            more |= *rest[i] != '\0';
            begun = true;
        }
        end_line(out);
    }
}

void table_as_text(const struct table *t, size_t width, struct text *out)
{
    char *texts[COLUMNS_MAX] = {NULL};
    struct layout l = lay_out(t, width);
    for (size_t row = 0; row <= t->rows; row++) {
        for (size_t i = 0; i < t->columns; i++)
            texts[i] = !l.width[i] ? NULL : row == 0 ? head_of(&t->column[i]) : shown_of(t, row - 1, i);
        add_lines(t, &l, texts, out);
        for (size_t i = 0; i < t->columns; i++)
            free(STEAL(texts[i]));
    }
}

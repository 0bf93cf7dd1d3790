#include "report/why_compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/terminal.h"
#include "report/table.h"
#include "report/why_section.h"

/* A cause on both sides: what all threads together lose to it in an iteration, in ms; NaN: nothing is known there. */
struct change {
    const char *title; /* of either's causes */
    double a_ms, b_ms;
};

struct changes {
    struct change *list; /* by how much they changed, the most first; owned */
    size_t count;
};

static double in_iteration(const struct why *w, int64_t lost_ns)
{
    return causes_saw_any(&w->causes) && w->iterations > 0 ? (double)lost_ns / 1e6 / (double)w->iterations : NAN;
}

/* A cause that a side has not costs nothing there. */
static struct change *change_of(struct changes *c, const struct why *a, const struct why *b, const char *title)
{
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->list[i].title, title) == 0)
            return &c->list[i];
    c->list = xgrow(c->list, c->count, sizeof(*c->list));
    c->list[c->count] = (struct change){title, in_iteration(a, 0), in_iteration(b, 0)};
    return &c->list[c->count++];
}

static int by_change(const void *a, const void *b)
{
    const struct change *x = a, *y = b;
    const double of_x = fabs(x->b_ms - x->a_ms), of_y = fabs(y->b_ms - y->a_ms);
    return (of_x < of_y) - (of_x > of_y);
}

static struct changes changes_of(const struct why *a, const struct why *b)
{
    struct changes c = {0};
    for (size_t i = 0; i < a->causes.count; i++)
        change_of(&c, a, b, a->causes.list[i].title)->a_ms = in_iteration(a, a->causes.list[i].lost_ns);
    for (size_t i = 0; i < b->causes.count; i++)
        change_of(&c, a, b, b->causes.list[i].title)->b_ms = in_iteration(b, b->causes.list[i].lost_ns);
    struct change *rest = change_of(&c, a, b, "not attributed");
    rest->a_ms = in_iteration(a, a->causes.unattributed_ns);
    rest->b_ms = in_iteration(b, b->causes.unattributed_ns);
    qsort(c.list, c.count, sizeof(*c.list), by_change);
    return c;
}

static void add_table(const struct changes *c, const char *label, size_t width, struct text *out)
{
    static const struct table_column COLUMNS[] = {
        TABLE_TEXT("cause", "cause"),
        TABLE_NUMBER("a_ms", "A", "ms"),
        TABLE_NUMBER("b_ms", "B", "ms"),
        TABLE_NUMBER("change_ms", "B - A", "ms"),
    };
    cleanup_table struct table t = table_new("why", "", COLUMNS, ARRAY_LEN(COLUMNS));
    cleanup_free char *head = text_printf("\nWhat threads lose in an iteration, all together, by --why: %s\n", label);
    for (size_t i = 0; i < c->count; i++) {
        const struct change *one = &c->list[i];
        table_row(&t, NULL);
        table_text(&t, one->title);
        table_number(&t, one->a_ms, 2, "no event was seen");
        table_number(&t, one->b_ms, 2, "no event was seen");
        table_number(&t, one->b_ms - one->a_ms, 2, "no event was seen");
    }
    terminal_wrap_lines(head, width, 2, out);
    table_as_text(&t, width, out);
}

static void say(const struct changes *c, size_t width, struct text *out)
{
    cleanup_text struct text words = {0};
    const struct change *most = &c->list[0];
    const double by = most->b_ms - most->a_ms;
    if (!isfinite(by))
        text_add(&words, "* what changed is not known: no event was seen on one of the sides\n");
    else if (by == 0)
        text_add(&words, "* nothing changed\n");
    else
        text_add(&words, "* what %s most in B: %s, by %.2f ms of an iteration\n", by < 0 ? "shrank" : "grew",
                 most->title, fabs(by));
    text_add(&words, "* of one diagnostic run a side: without intervals\n");
    terminal_wrap_lines(words.data, width, 2, out);
}

/* 1: that of the cell's latest record is in *ret; 0: there is none. */
static int latest(const struct records *r, const struct keyset *cell, struct why *ret, struct text *notes,
                  struct err *e)
{
    const struct invocation *of = NULL;
    struct why one;
    for (size_t i = 0; i < r->count; i++) {
        int is = r->list[i].cell == cell ? why_read_beside(&r->list[i], &one, notes, e) : 0;
        if (is < 0 && of)
            why_free(ret);
        if (is < 0)
            return is;
        if (is == 0)
            continue;
        if (of && strcmp(of->id, r->list[i].id) > 0) {
            why_free(&one);
            continue;
        }
        if (of)
            why_free(ret);
        *ret = one;
        of = &r->list[i];
    }
    return of != NULL;
}

static int compare_row(const struct records *a, const struct records *b, const struct compare_row *row, size_t width,
                       struct text *out, struct text *notes, struct err *e)
{
    struct why of_a, of_b;
    int is = latest(a, row->a.cell, &of_a, notes, e);
    if (is <= 0)
        return is;
    is = latest(b, row->b.cell, &of_b, notes, e);
    if (is > 0) {
        struct changes c = changes_of(&of_a, &of_b);
        add_table(&c, row->label, width, out);
        say(&c, width, out);
        free(c.list);
        why_free(&of_b);
    }
    why_free(&of_a);
    return is < 0 ? is : 0;
}

int why_compare_text(const struct records *a, const struct records *b, const struct comparison *c, size_t width,
                     struct text *out, struct text *notes, struct err *e)
{
    for (size_t i = 0; i < c->rows; i++) {
        const struct compare_row *row = &c->row[i];
        bool is_told = false; /* of another figure of the same cells */
        for (size_t k = 0; k < i; k++)
            is_told |= c->row[k].a.cell == row->a.cell && c->row[k].b.cell == row->b.cell;
        TRY(is_told ? 0 : compare_row(a, b, row, width, out, notes, e));
    }
    return 0;
}

#include "report/summary_show.h"

#include "base/cleanup.h"
#include "base/json_put.h"
#include "base/terminal.h"
#include "report/scale_show.h"

static void add_bullets(const struct summary *s, bool memory, struct text *out)
{
    cleanup_free char *lines = summary_answer(s, memory);
    if (!*lines)
        return;
    text_add(out, "\n%s\n\n", memory ? "### Memory" : "### Time");
    for (char *rest = lines, *line; (line = text_line(&rest));)
        text_add(out, "- %s.\n", line);
}

void summary_markdown(const struct summary *s, const struct tables *t, struct text *out)
{
    text_add(out, "## The answer\n\n%zu record%s of %zu cell%s.\n", s->records.count, s->records.count == 1 ? "" : "s",
             s->cells, s->cells == 1 ? "" : "s");
    add_bullets(s, false, out);
    add_bullets(s, true, out);
    for (size_t i = 0; i < TABLES; i++) {
        if (i == TABLES_FIGURES || i == TABLES_ENVIRONMENT || (t->of[i].rows == 0 && !t->of[i].empty))
            continue;
        text_add(out, "\n## %s\n\n", t->of[i].title);
        if (t->of[i].rows)
            table_markdown(&t->of[i], out);
        else
            text_add(out, "%s\n", t->of[i].empty);
    }
}

/* If cells differ in their workers: adds what threads lose. */
static void add_scaling(const struct summary *s, size_t width, struct text *out)
{
    cleanup_scaling struct scaling all;
    cleanup_text struct text said = {0};
    scaling_make(s, &all);
    scale_say(&all, &said);
    if (said.len)
        text_add(out, "\n");
    terminal_wrap_lines(said.data, width, 4, out);
}

void summary_text(const struct summary *s, const struct tables *t, size_t width, struct text *out)
{
    static const enum tables_of SHOWN[] = {TABLES_TIME, TABLES_MEMORY, TABLES_OWN};
    cleanup_text struct text notes = {0};
    size_t before = out->len;
    for (size_t i = 0; i < ARRAY_LEN(SHOWN); i++) {
        const struct table *one = &t->of[SHOWN[i]];
        if (one->rows == 0)
            continue;
        text_add(out, "%s%s\n", out->len > before ? "\n" : "", one->title);
        table_as_text(one, width, out);
    }
    summary_notes(s, &notes);
    if (notes.len) {
        text_add(out, "\n");
        terminal_wrap_lines(notes.data, width, 2, out);
    }
    for (int memory = 0; s->cells > 1 && memory <= 1; memory++) {
        cleanup_free char *lines = summary_answer(s, memory);
        if (*lines)
            text_add(out, "\n");
        terminal_wrap_lines(lines, width, 4, out);
    }
    add_scaling(s, width, out);
}

/* --- A summary as JSON -------------------------------------------------------------------------------------------- */

static json_t *answer_json(const struct summary *s)
{
    json_t *lines = json_array();
    for (int memory = 0; memory <= 1; memory++) {
        cleanup_free char *said = summary_answer(s, memory);
        for (char *rest = said, *line; (line = text_line(&rest));)
            (void)json_array_append_new(lines, json_of_bytes(line));
    }
    return lines;
}

void summary_json(const struct summary *s, const struct tables *t, struct text *out)
{
    json_t *whole = json_object();
    json_put(whole, "schema", json_string(REPORT_SCHEMA));
    json_put(whole, "records", json_integer((json_int_t)s->records.count));
    json_put(whole, "cells", json_integer((json_int_t)s->cells));
    json_put(whole, "answer", answer_json(s));
    for (size_t i = 0; i < TABLES; i++)
        json_put(whole, t->of[i].name, table_json(&t->of[i]));
    json_text_indented(whole, JSON_SORT_KEYS, out);
}

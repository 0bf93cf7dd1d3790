#include "report/study_show.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/terminal.h"

static void add_bullets(const struct study *s, bool memory, struct text *out)
{
    cleanup_free char *lines = study_answer(s, memory);
    char *rest = NULL;
    if (!*lines)
        return;
    text_add(out, "\n%s\n\n", memory ? "### Memory" : "### Time");
    for (char *line = strtok_r(lines, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        text_add(out, "- %s.\n", line);
}

void study_markdown(const struct study *s, const struct tables *t, struct text *out)
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

void study_wrap(char *lines, size_t width, size_t indent, struct text *out)
{
    char *rest = NULL;
    for (char *line = lines ? strtok_r(lines, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest))
        terminal_wrap(line, 0, width, indent, out);
}

void study_text(const struct study *s, const struct tables *t, size_t width, struct text *out)
{
    static const enum tables_of SHOWN[] = {TABLES_TIME, TABLES_MEMORY, TABLES_OWN};
    struct text notes = {0};
    size_t before = out->len;
    for (size_t i = 0; i < ARRAY_LEN(SHOWN); i++) {
        const struct table *one = &t->of[SHOWN[i]];
        if (one->rows == 0)
            continue;
        text_add(out, "%s%s\n", out->len > before ? "\n" : "", one->title);
        table_as_text(one, width, out);
    }
    study_notes(s, &notes);
    if (notes.len) {
        text_add(out, "\n");
        study_wrap(notes.data, width, 2, out);
    }
    text_free(&notes);
    for (int memory = 0; s->cells > 1 && memory <= 1; memory++) {
        cleanup_free char *lines = study_answer(s, memory);
        if (*lines)
            text_add(out, "\n");
        study_wrap(lines, width, 4, out);
    }
}

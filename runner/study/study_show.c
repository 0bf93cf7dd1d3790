#include "study/study_show.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define WIDTH 100

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

static void wrap(const char *words, struct text *out)
{
    size_t column = 0;
    while (*words) {
        size_t len = strcspn(words, " ");
        if (column + 1 + len > WIDTH && column > 0) {
            text_add(out, "\n    ");
            column = 4;
        } else if (column > 0) {
            text_add(out, " ");
            column++;
        }
        text_add(out, "%.*s", (int)len, words);
        column += len;
        words += len;
        words += strspn(words, " ");
    }
    text_add(out, "\n");
}

void study_words(const struct study *s, struct text *out)
{
    for (int memory = 0; memory <= 1; memory++) {
        cleanup_free char *lines = study_answer(s, memory);
        char *rest = NULL;
        for (char *line = strtok_r(lines, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
            wrap(line, out);
    }
}

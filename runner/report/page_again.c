/* How to run it again: the commands that make such records. */
#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "report/page_parts.h"

/* A word of a shell's. */
static void add_word(struct text *line, const char *word)
{
    static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/=+:,@%";
    if (*word && strspn(word, PLAIN) == strlen(word)) {
        text_add(line, " %s", word);
        return;
    }
    text_add(line, " '");
    for (; *word; word++)
        text_add_bytes(line, *word == '\'' ? "'\\''" : word, *word == '\'' ? 4 : 1);
    text_add(line, "'");
}

/* "tare run scenario1 --mode threads --workers 8": the cell's keys are the options' names. */
static void add_option(struct text *line, const struct pair *p)
{
    static const struct {
        const char *key, *option;
    } NAMED[] = {{"mp_start_method", "mp-start"}};
    const char *name = p->key;
    for (size_t i = 0; i < ARRAY_LEN(NAMED); i++)
        if (strcmp(p->key, NAMED[i].key) == 0)
            name = NAMED[i].option;
    if (strcmp(p->value, "false") == 0)
        text_add(line, " --no-");
    else
        text_add(line, " --");
    for (; *name; name++)
        text_add(line, "%c", *name == '_' ? '-' : *name);
    if (strcmp(p->value, "true") != 0 && strcmp(p->value, "false") != 0)
        add_word(line, p->value);
}

static void add_run(const struct study_cell *c, struct text *line)
{
    static const char *const SETTINGS[] = {"scenario.iterations", "scenario.warmup"};
    if (c->count > 1)
        text_add(line, "for i in $(seq %zu); do ", c->count);
    text_add(line, "tare run");
    add_word(line, c->scenario);
    for (size_t i = 0; i < c->cell->count; i++)
        if (strcmp(c->cell->list[i].key, "name") != 0)
            add_option(line, &c->cell->list[i]);
    for (size_t i = 0; i < ARRAY_LEN(SETTINGS); i++) {
        const char *value = pairs_find(c->invocation[0]->environment, SETTINGS[i]);
        if (value) {
            text_add(line, " --%s", strchr(SETTINGS[i], '.') + 1);
            add_word(line, value);
        }
    }
    text_add(line, " --out out/again%s\n", c->count > 1 ? "; done" : "");
}

/* argv: a JSON array, as the record has it. */
static void add_exec(const struct study_cell *c, const char *argv, struct text *line)
{
    json_t *words = json_loads(argv, JSON_ALLOW_NUL, NULL);
    text_add(line, "tare exec --repeat %zu%s --out out/again --", c->count, study_is_memory(c) ? " --mem-sample" : "");
    for (size_t i = 0; i < json_array_size(words); i++) {
        const char *word = json_string_value(json_array_get(words, i));
        add_word(line, word ? word : "");
    }
    text_add(line, "\n");
    json_decref(words);
}

static bool is_in_halves(const struct study *s, const char *plan)
{
    for (size_t i = 0; i < s->records.count; i++)
        if (*s->records.list[i].label && strcmp(s->records.list[i].details.plan, plan) == 0)
            return true;
    return false;
}

void page_again(const struct study *s, struct text *out)
{
    struct text lines = {0};
    text_add(&lines, "%s", "");
    for (size_t i = 0; i < s->records.count; i++) {
        const struct invocation_details *d = &s->records.list[i].details;
        bool told = !*d->plan;
        for (size_t k = 0; !told && k < i; k++)
            told = strcmp(s->records.list[k].details.plan, d->plan) == 0;
        if (told)
            continue;
        text_add(&lines, "tare matrix DIR/plan.yml");
        if (*d->seed)
            text_add(&lines, " --seed %s", d->seed);
        if (is_in_halves(s, d->plan))
            text_add(&lines, " --aa");
        text_add(&lines, " --out out/again\n");
    }
    for (size_t i = 0; i < s->cells; i++) {
        const struct study_cell *c = &s->cell[i];
        const char *argv = pairs_find(c->cell, "argv");
        if (*c->invocation[0]->details.plan)
            continue;
        if (argv)
            add_exec(c, argv, &lines);
        else
            add_run(c, &lines);
    }
    text_add(&lines, "tare compare DIR out/again # DIR: the folder of these records; cell by cell\n");
    text_add(out, "<pre tabindex=\"0\"><code>");
    html_text(out, lines.data);
    text_add(out, "</code></pre>\n");
    text_free(&lines);
}

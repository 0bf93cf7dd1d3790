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

static void add_run(const struct study_cell *c, const char *folder, struct text *line)
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
    text_add(line, " --out %s%s\n", folder, c->count > 1 ? "; done" : "");
}

/* argv: a JSON array, as the record has it. */
static void add_exec(const struct study_cell *c, const char *argv, const char *folder, struct text *line)
{
    json_t *words = json_loads(argv, JSON_ALLOW_NUL, NULL);
    text_add(line, "tare exec --repeat %zu%s --out %s --", c->count, study_is_memory(c) ? " --mem-sample" : "", folder);
    for (size_t i = 0; i < json_array_size(words); i++) {
        const char *word = json_string_value(json_array_get(words, i));
        add_word(line, word ? word : "");
    }
    text_add(line, "\n");
    json_decref(words);
}

static bool is_of_same_plan(const struct invocation *a, const struct invocation *b)
{
    return strcmp(a->details.plan, b->details.plan) == 0 && strcmp(a->plan_sha256, b->plan_sha256) == 0;
}

static bool is_first_of_its_plan(const struct study *s, size_t at)
{
    const struct invocation *list = s->records.list;
    bool is = *list[at].details.plan != '\0';
    for (size_t k = 0; is && k < at; k++)
        is = !is_of_same_plan(&list[k], &list[at]);
    return is;
}

static bool is_in_halves(const struct study *s, const struct invocation *one)
{
    for (size_t i = 0; i < s->records.count; i++)
        if (*s->records.list[i].label && is_of_same_plan(&s->records.list[i], one))
            return true;
    return false;
}

static void add_plan(const struct study *s, const struct invocation *one, bool is_one_of_several, const char *folder,
                     struct text *lines)
{
    cleanup_free char *plan = text_printable(one->details.plan);
    text_add(lines, "tare matrix DIR/plan.yml");
    if (*one->details.seed)
        text_add(lines, " --seed %s", one->details.seed);
    if (is_in_halves(s, one))
        text_add(lines, " --aa");
    text_add(lines, is_one_of_several ? " --out %s # the plan %s\n" : " --out %s\n", folder, plan);
}

static bool is_of_a_plan(const struct study_cell *c)
{
    return *c->invocation[0]->details.plan != '\0';
}

/* A folder holds one plan: each has its own, and so have the cells of none. */
void page_again(const struct study *s, struct text *out)
{
    size_t plans = 0, others = 0, folders = 0;
    cleanup_text struct text lines = {0};
    char folder[40] = "out/again";
    for (size_t i = 0; i < s->records.count; i++)
        plans += is_first_of_its_plan(s, i);
    for (size_t i = 0; i < s->cells; i++)
        others += !is_of_a_plan(&s->cell[i]);
    const bool several = plans + (others > 0) > 1;
    for (size_t i = 0; i < s->records.count; i++) {
        if (!is_first_of_its_plan(s, i))
            continue;
        if (several)
            text_format(folder, sizeof(folder), "out/again-%zu", ++folders);
        add_plan(s, &s->records.list[i], several, folder, &lines);
    }
    if (several && others)
        text_format(folder, sizeof(folder), "out/again-%zu", ++folders);
    for (size_t i = 0; i < s->cells; i++) {
        const struct study_cell *c = &s->cell[i];
        const char *argv = pairs_find(c->cell, "argv");
        if (is_of_a_plan(c))
            continue;
        if (argv)
            add_exec(c, argv, folder, &lines);
        else
            add_run(c, folder, &lines);
    }
    text_add(&lines,
             several ? "# each with those that it repeats, cell by cell; DIR: the folder of these records\n" : "");
    for (size_t i = 1; i <= folders; i++)
        text_add(&lines, "tare compare DIR out/again-%zu\n", i);
    if (!several)
        text_add(&lines, "tare compare DIR out/again # DIR: the folder of these records; cell by cell\n");
    text_add(out, "<pre tabindex=\"0\"><code>");
    html_text(out, lines.data);
    text_add(out, "</code></pre>\n");
}

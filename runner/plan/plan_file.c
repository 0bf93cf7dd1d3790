#include "plan/plan_file.h"

#include <cyaml/cyaml.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"

#define WORD_MAX    4096
#define LIST_MAX    4096
#define ENTRIES_MAX 4096

/* A schema for the options that there are, built when they are known. */
struct schema {
    cyaml_schema_field_t each[PLAN_OPTIONS_MAX + 1];
    cyaml_schema_field_t defaults[PLAN_OPTIONS_MAX + 1];
    cyaml_schema_field_t entry[PLAN_OPTIONS_MAX + 3];
    cyaml_schema_value_t entry_value;
    cyaml_schema_field_t top[12];
    cyaml_schema_value_t top_value;
};

static const cyaml_schema_value_t WORD = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, WORD_MAX)};

#define OPTIONAL (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)

static cyaml_schema_field_t word_field(const char *key, size_t offset)
{
    return (cyaml_schema_field_t){
        .key = key, .data_offset = (uint32_t)offset, .value = {CYAML_VALUE_STRING(OPTIONAL, char, 1, WORD_MAX)}};
}

static void build_options(struct schema *s, const struct plan_options *options)
{
    for (size_t i = 0; i < options->count; i++) {
        size_t list = offsetof(struct plan_each, of) + i * sizeof(struct plan_list);
        s->each[i] = (cyaml_schema_field_t){
            .key = options->name[i],
            .data_offset = (uint32_t)(list + offsetof(struct plan_list, value)),
            .count_offset = (uint32_t)(list + offsetof(struct plan_list, count)),
            .count_size = sizeof(unsigned),
            .value = {CYAML_VALUE_SEQUENCE(OPTIONAL, char *, &WORD, 1, LIST_MAX)},
        };
        s->defaults[i] = word_field(options->name[i], offsetof(struct plan_entry, value) + i * sizeof(char *));
        s->entry[i] = s->defaults[i];
    }
    s->entry[options->count] = word_field("id", offsetof(struct plan_entry, id));
    s->entry[options->count + 1] =
        (cyaml_schema_field_t)CYAML_FIELD_MAPPING_PTR("each", OPTIONAL, struct plan_entry, each, s->each);
}

static void build(struct schema *s, const struct plan_options *options)
{
    *s = (struct schema){0};
    build_options(s, options);
    s->entry_value = (cyaml_schema_value_t){CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct plan_entry, s->entry)};
    const cyaml_schema_field_t top[] = {
        CYAML_FIELD_STRING_PTR("schema", CYAML_FLAG_POINTER, struct plan_said, schema, 1, WORD_MAX),
        CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, struct plan_said, name, 1, WORD_MAX),
        CYAML_FIELD_STRING_PTR("summary", OPTIONAL, struct plan_said, summary, 1, WORD_MAX),
        CYAML_FIELD_STRING_PTR("seed", OPTIONAL, struct plan_said, seed, 1, WORD_MAX),
        CYAML_FIELD_STRING_PTR("invocations", OPTIONAL, struct plan_said, invocations, 1, WORD_MAX),
        CYAML_FIELD_STRING_PTR("order", OPTIONAL, struct plan_said, order, 1, WORD_MAX),
        CYAML_FIELD_STRING_PTR("until-precise", OPTIONAL, struct plan_said, until_precise, 1, WORD_MAX),
        CYAML_FIELD_STRING_PTR("max-invocations", OPTIONAL, struct plan_said, max_invocations, 1, WORD_MAX),
        CYAML_FIELD_MAPPING_PTR("defaults", OPTIONAL, struct plan_said, defaults, s->defaults),
        CYAML_FIELD_SEQUENCE("cells", CYAML_FLAG_POINTER, struct plan_said, cells, &s->entry_value, 1, ENTRIES_MAX),
        CYAML_FIELD_SEQUENCE("exclude", OPTIONAL, struct plan_said, exclude, &s->entry_value, 0, ENTRIES_MAX),
        CYAML_FIELD_END,
    };
    memcpy(s->top, top, sizeof(top));
    s->top_value = (cyaml_schema_value_t){CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct plan_said, s->top)};
}

/* --- what the library says, in one line ------------------------------------------------------------------------- */

/* Its message, and the place that its first line of backtrace names: of what it had read last. */
struct complaint {
    char what[400];
    size_t line, column;
};

static void hear(cyaml_log_t level, void *context, const char *fmt, va_list args)
{
    struct complaint *c = context;
    char said[400];
    (void)level;
    (void)vsnprintf(said, sizeof(said), fmt, args);
    said[strcspn(said, "\n")] = '\0';
    const char *place = strstr(said, "(line: ");
    if (place && c->line == 0)
        (void)sscanf(place, "(line: %zu, column: %zu)", &c->line, &c->column);
    if (strncmp(said, "Load: ", 6) == 0 && strcmp(said, "Load: Backtrace:") != 0 && !*c->what)
        text_format(c->what, sizeof(c->what), "%.390s", said + 6);
}

static bool inside(const char *path, const char *of)
{
    return strncmp(path, of, strlen(of)) == 0;
}

/* What may stand where this key stands. */
static void allowed_at(const struct place *at, const struct schema *s, struct text *out)
{
    const cyaml_schema_field_t *fields = s->top;
    if (inside(at->path, "cells[") || inside(at->path, "exclude["))
        fields = strstr(at->path, ".each.") ? s->each : s->entry;
    else if (inside(at->path, "defaults."))
        fields = s->defaults;
    for (const cyaml_schema_field_t *f = fields; f->key; f++)
        text_add(out, "%s%s", out->len ? ", " : "", f->key);
}

static int refuse_key(const struct places *p, const struct complaint *c, const struct schema *s, const char *key,
                      struct err *e)
{
    const struct place *at = places_key_behind(p, key, c->line, c->column);
    struct text allowed = {0};
    if (!at)
        return err_set(e, ERR_USAGE, -EINVAL, "%s:%zu:%zu: '%s' is no key here", p->name, c->line, c->column, key);
    allowed_at(at, s, &allowed);
    (void)err_set(e, ERR_USAGE, -EINVAL, "%s:%zu:%zu: '%s' is no key here; what is allowed is %s", p->name,
                  at->key_line, at->key_column, key, allowed.data);
    text_free(&allowed);
    return -EINVAL;
}

static int refuse_twice(const struct places *p, const struct complaint *c, const char *key, struct err *e)
{
    const struct place *at = places_key_behind(p, key, c->line, c->column);
    return err_set(e, ERR_USAGE, -EINVAL, "%s:%zu:%zu: '%s' is given twice", p->name, at ? at->key_line : c->line,
                   at ? at->key_column : c->column, key);
}

static int refuse(const struct places *p, const struct complaint *c, const struct schema *s, cyaml_err_t why,
                  struct err *e)
{
    static const char UNKNOWN[] = "Unexpected key: ", TWICE[] = "Mapping field already seen: ";
    static const char MISSING[] = "Missing required mapping field: ";
    const char *remedy = "";
    if (inside(c->what, UNKNOWN))
        return refuse_key(p, c, s, c->what + strlen(UNKNOWN), e);
    if (inside(c->what, TWICE))
        return refuse_twice(p, c, c->what + strlen(TWICE), e);
    if (inside(c->what, MISSING))
        return err_set(e, ERR_USAGE, -EINVAL, "%s: it has no '%s' (a plan has schema, name and cells)", p->name,
                       c->what + strlen(MISSING));
    if (strstr(c->what, "Expecting STRING") && strstr(c->what, "SEQUENCE_START"))
        remedy = " (a list, of which the product takes each, goes below 'each')";
    else if (strstr(c->what, "Expecting SEQUENCE"))
        remedy = " (one value alone is a list too: [value])";
    else if (strstr(c->what, "STRING length < 1"))
        remedy = " (a key without a value; leave it out)";
    return err_set(e, ERR_USAGE, -EINVAL, "%s:%zu:%zu: %s%s", p->name, c->line ? c->line : 1, c->column ? c->column : 1,
                   *c->what ? c->what : cyaml_strerror(why), remedy);
}

static cyaml_config_t config_of(struct complaint *c, bool lenient)
{
    return (cyaml_config_t){
        .log_fn = hear,
        .log_ctx = c,
        .mem_fn = cyaml_mem,
        .log_level = CYAML_LOG_ERROR,
        .flags = lenient ? CYAML_CFG_IGNORE_UNKNOWN_KEYS : CYAML_CFG_DEFAULT,
    };
}

static int load(struct plan_file *f, const struct plan_options *options, struct err *e)
{
    static const struct plan_options FIRST = {.name = {"scenario"}, .count = 1, .others = true};
    struct schema s;
    struct complaint c = {0};
    options = options ? options : &FIRST;
    cyaml_config_t config = config_of(&c, options->others);
    build(&s, options);
    cyaml_err_t failed = cyaml_load_data((const uint8_t *)f->bytes.data, f->bytes.len, &config, &s.top_value,
                                         (cyaml_data_t **)&f->said, NULL);
    if (failed != CYAML_OK)
        return refuse(&f->places, &c, &s, failed, e);
    if (strcmp(f->said->schema, PLAN_SCHEMA) == 0)
        return 0;
    (void)err_set(e, ERR_USAGE, -EINVAL, "schema '%s': this tare reads " PLAN_SCHEMA, f->said->schema);
    (void)places_blame(&f->places, "schema", e);
    return -EINVAL;
}

int plan_file_parse(const char *name, struct text *bytes, const struct plan_options *options, struct plan_file *ret,
                    struct err *e)
{
    struct plan_file f = {.bytes = *bytes};
    *bytes = (struct text){0};
    int failed = places_read(name, f.bytes.data ? f.bytes.data : "", f.bytes.len, &f.places, e);
    if (failed == 0)
        failed = load(&f, options, e);
    if (failed != 0) {
        plan_file_free(&f);
        return failed;
    }
    *ret = f;
    return 0;
}

static void free_entry(struct plan_entry *entry)
{
    for (size_t i = 0; i < PLAN_OPTIONS_MAX; i++)
        free(entry->value[i]);
    for (size_t i = 0; entry->each && i < PLAN_OPTIONS_MAX; i++) {
        for (unsigned n = 0; n < entry->each->of[i].count; n++)
            free(entry->each->of[i].value[n]);
        free(entry->each->of[i].value);
    }
    free(entry->each);
    free(entry->id);
}

/* Not by the library, whose schema was of the options at hand: its allocator is realloc(3) (cyaml_mem). */
static void free_said(struct plan_said *s)
{
    char *const words[] = {s->schema,      s->name,  s->summary,       s->seed,
                           s->invocations, s->order, s->until_precise, s->max_invocations};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        free(words[i]);
    if (s->defaults)
        free_entry(s->defaults);
    for (unsigned i = 0; i < s->cells_count; i++)
        free_entry(&s->cells[i]);
    for (unsigned i = 0; i < s->exclude_count; i++)
        free_entry(&s->exclude[i]);
    free(s->defaults);
    free(s->cells);
    free(s->exclude);
    free(s);
}

void plan_file_free(struct plan_file *f)
{
    if (f->said)
        free_said(STEAL(f->said));
    places_free(&f->places);
    text_free(&f->bytes);
}

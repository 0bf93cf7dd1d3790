#include "cell/schema.h"

#include <cyaml/cyaml.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"

/* What the library said first, and the place that its first line of backtrace names: of what it had read last. */
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

static int refuse(const struct places *p, size_t line, size_t column, const char *what, struct err *e)
{
    return err_set(e, ERR_USAGE, -EINVAL, "%s:%zu:%zu: %s", p->name, line ? line : 1, column ? column : 1, what);
}

/* The fields that may stand beside the one at this path ("knobs[0].name"); NULL: the path leaves the schema. */
static const cyaml_schema_field_t *fields_at(const cyaml_schema_value_t *value, const char *path)
{
    for (;;) {
        if (value->type == CYAML_SEQUENCE) {
            path += strcspn(path, "]");
            path += strspn(path, "].");
            value = value->sequence.entry;
            continue;
        }
        if (value->type != CYAML_MAPPING)
            return NULL;
        size_t len = strcspn(path, ".[");
        if (!path[len])
            return value->mapping.fields;
        const cyaml_schema_field_t *f = value->mapping.fields;
        while (f->key && (strlen(f->key) != len || strncmp(f->key, path, len) != 0))
            f++;
        if (!f->key)
            return NULL;
        path += len + (path[len] == '.');
        value = &f->value;
    }
}

static int refuse_key(const struct places *p, const struct complaint *c, const cyaml_schema_value_t *schema,
                      const char *key, struct err *e)
{
    const struct place *at = places_key_behind(p, key, c->line, c->column);
    const cyaml_schema_field_t *f = at ? fields_at(schema, at->path) : NULL;
    struct text what = {0};
    text_add(&what, "'%s' is no key here%s", key, f ? "; what is allowed is " : "");
    for (size_t i = 0; f && f[i].key; i++)
        text_add(&what, "%s%s", i ? ", " : "", f[i].key);
    (void)refuse(p, at ? at->key_line : c->line, at ? at->key_column : c->column, what.data, e);
    text_free(&what);
    return -EINVAL;
}

static int refuse_twice(const struct places *p, const struct complaint *c, const char *key, struct err *e)
{
    const struct place *at = places_key_behind(p, key, c->line, c->column);
    char what[160];
    text_format(what, sizeof(what), "'%.100s' is given twice", key);
    return refuse(p, at ? at->key_line : c->line, at ? at->key_column : c->column, what, e);
}

/* What the library's messages mean to whoever wrote the file; %lu is the number in them. */
static const struct {
    const char *begins, *means;
} MEANINGS[] = {
    {"Expecting SEQUENCE", "what is allowed here is a list, as [a, b]"},
    {"Expecting STRING", "what is allowed here is one value, no list and no keys"},
    {"Expecting MAPPING", "what is allowed here are keys with values"},
    {"STRING length < 1", "a value is missing here (or leave the key out)"},
    {"STRING length > ", "at most %lu bytes are allowed here"},
    {"Excessive entries (", "at most %lu entries are allowed here"},
    {"Insufficient entries (", "an entry is missing here (or leave the key out)"},
};

static int refuse_value(const struct places *p, const struct complaint *c, cyaml_err_t why, struct err *e)
{
    char what[480];
    text_format(what, sizeof(what), "%s", *c->what ? c->what : cyaml_strerror(why));
    for (size_t i = 0; i < sizeof(MEANINGS) / sizeof(MEANINGS[0]); i++) {
        unsigned long limit = 0;
        size_t len = strlen(MEANINGS[i].begins);
        if (strncmp(c->what, MEANINGS[i].begins, len) != 0)
            continue;
        (void)sscanf(c->what + len, "%lu", &limit);
        const char *number = strstr(MEANINGS[i].means, "%lu");
        if (number)
            text_format(what, sizeof(what), "%.*s%lu%s", (int)(number - MEANINGS[i].means), MEANINGS[i].means, limit,
                        number + 3);
        else
            text_format(what, sizeof(what), "%s", MEANINGS[i].means);
    }
    if (why == CYAML_ERR_ALIAS)
        text_format(what, sizeof(what), "an alias: anchors and aliases are not read here, write it out");
    return refuse(p, c->line, c->column, what, e);
}

static const char *behind(const char *text, const char *beginning)
{
    size_t len = strlen(beginning);
    return strncmp(text, beginning, len) == 0 ? text + len : NULL;
}

static int tell(const struct places *p, const struct complaint *c, const cyaml_schema_value_t *schema, cyaml_err_t why,
                struct err *e)
{
    char what[480];
    const char *key;
    if ((key = behind(c->what, "Unexpected key: ")))
        return refuse_key(p, c, schema, key, e);
    if ((key = behind(c->what, "Mapping field already seen: ")))
        return refuse_twice(p, c, key, e);
    if (!(key = behind(c->what, "Missing required mapping field: ")))
        return refuse_value(p, c, why, e);
    text_format(what, sizeof(what), "'%s' is missing here", key);
    return refuse(p, c->line, c->column, what, e);
}

static cyaml_config_t config_of(struct complaint *c)
{
    return (cyaml_config_t){
        .log_fn = hear, .log_ctx = c, .mem_fn = cyaml_mem, .log_level = CYAML_LOG_ERROR, .flags = CYAML_CFG_NO_ALIAS};
}

int schema_load(const struct places *places, const char *bytes, size_t len, const struct cyaml_schema_value *schema,
                void **ret, struct err *e)
{
    struct complaint c = {0};
    cyaml_config_t config = config_of(&c);
    cyaml_data_t *data = NULL;
    cyaml_err_t why = cyaml_load_data((const uint8_t *)bytes, len, &config, schema, &data, NULL);
    if (why != CYAML_OK)
        return tell(places, &c, schema, why, e);
    if (!data)
        return refuse(places, 1, 1, "it is empty", e);
    *ret = data;
    return 0;
}

void schema_free(const struct cyaml_schema_value *schema, void *data)
{
    struct complaint c = {0};
    cyaml_config_t config = config_of(&c);
    (void)cyaml_free(&config, schema, data, 0);
}

/* What a cell is, and the environment that it ran in, as pairs of texts. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "record/records_internal.h"

struct builder {
    struct pool *pool;
    struct pair *list;
    size_t count, cap;
};

static void add_pair(struct builder *b, const char *key, const char *value)
{
    if (b->count == b->cap) {
        b->cap = b->cap ? 2 * b->cap : 64;
        b->list = realloc(b->list, b->cap * sizeof(*b->list));
        if (!b->list)
            abort();
    }
    b->list[b->count++] = (struct pair){pool_keep(b->pool, key), pool_keep(b->pool, value)};
}

static const struct pairs *finish(struct builder *b)
{
    const struct pairs *set = pool_keep_pairs(b->pool, b->list, b->count);
    free(b->list);
    return set;
}

/* Null stands for itself with its reason. */
static void add_json(struct builder *b, const char *key, const json_t *value, const char *reason)
{
    char *dumped = NULL;
    struct text absent = {0};
    if (json_is_string(value)) {
        add_pair(b, key, json_string_value(value));
        return;
    }
    if (json_is_null(value))
        text_add(&absent, "unavailable%s%s%s", reason ? " (" : "", reason ? reason : "", reason ? ")" : "");
    else
        dumped = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
    add_pair(b, key, json_is_null(value) ? absent.data : dumped ? dumped : "");
    text_free(&absent);
    free(dumped);
}

static bool is_reason(const char *key)
{
    size_t len = strlen(key);
    return len > 7 && strcmp(key + len - 7, "_reason") == 0;
}

bool records_is_of_the_moment(const char *key)
{
    static const char *const KEYS[] = {"load_1min", "load_5min", "load_15min", "boot_id", "steal_ticks", NULL};
    return text_is_among(key, KEYS);
}

static void add_section(struct builder *b, const char *prefix, json_t *object)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        char whole[256], with[136];
        if (is_reason(key) || records_is_of_the_moment(key) || strlen(prefix) + strlen(key) + 2 > sizeof(whole))
            continue;
        text_format(whole, sizeof(whole), "%s.%s", prefix, key);
        text_format(with, sizeof(with), "%.120s_reason", key);
        if (json_is_object(value) && strlen(whole) < 128)
            add_section(b, whole, value);
        else
            add_json(b, whole, value, json_string_value(json_object_get(object, with)));
    }
}

/* Of the scenario what says how it was run, and not what: two runs of a cell may differ in it. */
static bool is_setting(const char *key)
{
    static const char *const KEYS[] = {"file", /* wherever it lay: its SHA-256 tells which it is */
                                       "iterations",
                                       "warmup",
                                       "runtime",
                                       "isolation",
                                       "partition",
                                       "cpus",
                                       "smt",
                                       "numa",
                                       "cwd",
                                       "timeout_ms",
                                       "plan",
                                       "block",
                                       "invocation",
                                       "seed",
                                       "order",
                                       "repeat",
                                       "warmup_invocations",
                                       "prepare",
                                       "cleanup",
                                       NULL};
    return text_is_among(key, KEYS);
}

const struct pairs *record_cell(struct records *r, const struct loaded *l)
{
    json_t *scenario = l->section[SECTION_SCENARIO];
    const json_t *runtime = l->section[SECTION_RUNTIME];
    struct builder b = {.pool = r->pool};
    const char *key, *name = json_string_value(json_object_get(runtime, "name"));
    json_t *value;
    json_object_foreach(scenario, key, value)
    {
        if (!is_reason(key) && !is_setting(key) && !json_is_null(value))
            add_json(&b, key, value, NULL);
    }
    add_pair(&b, "runtime", name ? name : "");
    return finish(&b);
}

static void add_settings(struct builder *b, json_t *scenario)
{
    const char *key;
    json_t *value;
    json_object_foreach(scenario, key, value)
    {
        char whole[136];
        text_format(whole, sizeof(whole), RECORDS_SETTING "%.120s", key);
        bool says = strcmp(key, "runtime") != 0 && strcmp(key, "invocation") != 0; /* that one is each record's own */
        if (is_setting(key) && says && !json_is_null(value))
            add_json(b, whole, value, NULL);
    }
}

const struct pairs *record_environment(struct records *r, const struct loaded *l)
{
    static const enum section ORDER[] = {SECTION_TOOL,  SECTION_RUNTIME,   SECTION_HOST,       SECTION_IMAGE,
                                         SECTION_SLICE, SECTION_ISOLATION, SECTION_CONFINEMENT};
    struct builder b = {.pool = r->pool};
    for (size_t i = 0; i < ARRAY_LEN(ORDER); i++)
        add_section(&b, section_names[ORDER[i]], l->section[ORDER[i]]);
    add_settings(&b, l->section[SECTION_SCENARIO]);
    return finish(&b);
}

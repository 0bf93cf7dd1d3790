#include "base/json_put.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/facts.h"
#include "base/text.h"
#include "base/version.h"

const char *json_word(const json_t *object, const char *key)
{
    const char *word = json_string_value(json_object_get(object, key));
    return word ? word : "";
}

json_t *json_object_of(const char *bytes, size_t len)
{
    json_t *o = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(o))
        return o;
    json_decref(o);
    return NULL;
}

static void add_dump(json_t *o, size_t flags, struct text *out)
{
    char *dumped = json_dumps(o, flags);
    if (!dumped)
        abort();
    text_add_bytes(out, dumped, strlen(dumped));
    text_add_bytes(out, "\n", 1);
    free(dumped);
    json_decref(o);
}

void json_text(json_t *o, struct text *out)
{
    add_dump(o, JSON_SORT_KEYS | JSON_INDENT(1) | JSON_ENSURE_ASCII, out);
}

void json_text_indented(json_t *o, size_t flags, struct text *out)
{
    add_dump(o, flags | JSON_INDENT(2), out);
}

json_t *json_of_bytes(const char *bytes)
{
    cleanup_free char *text = text_of_bytes(bytes);
    return json_string(text);
}

json_t *json_of_lines(const char *lines)
{
    json_t *list = json_array();
    for (const char *p = lines; *p; p += strcspn(p, "\n"), p += *p == '\n')
        (void)json_array_append_new(list, json_stringn(p, strcspn(p, "\n")));
    return list;
}

json_t *json_of_tool(void)
{
    return json_pack("{s:s, s:s, s:s}", "name", "tare", "version", TARE_VERSION, "commit", TARE_COMMIT);
}

void json_put(json_t *object, const char *key, json_t *value)
{
    if (!value || json_object_set_new(object, key, value) != 0)
        abort(); /* out of memory */
}

void json_put_text(json_t *object, const char *key, const char *value)
{
    json_put(object, key, value ? json_of_bytes(value) : json_null());
}

void json_put_int(json_t *object, const char *key, int64_t value)
{
    json_put(object, key, json_integer(value));
}

void json_put_absent(json_t *object, const char *key, const char *reason)
{
    char with[128];
    text_format(with, sizeof(with), "%s_reason", key);
    json_put(object, key, json_null());
    json_put_text(object, with, reason ? reason : "there is none");
}

void json_put_text_or(json_t *object, const char *key, const char *value, const char *why_not)
{
    if (value && *value)
        json_put_text(object, key, value);
    else
        json_put_absent(object, key, why_not);
}

void json_put_int_or(json_t *object, const char *key, bool is_there, int64_t value, const char *why_not)
{
    if (is_there)
        json_put_int(object, key, value);
    else
        json_put_absent(object, key, why_not);
}

void json_put_real(json_t *object, const char *key, double value, const char *why_not)
{
    if (isfinite(value))
        json_put(object, key, json_real(value));
    else
        json_put_absent(object, key, why_not);
}

void json_put_fact(json_t *object, const char *key, const struct fact *f)
{
    switch (f->kind) {
    case FACT_ABSENT:
        json_put_absent(object, key, f->text);
        break;
    case FACT_INT:
        json_put_int(object, key, f->integer);
        break;
    case FACT_REAL:
        json_put_real(object, key, f->real, "not a finite number");
        break;
    case FACT_BOOL:
        json_put(object, key, json_boolean(f->truth));
        break;
    case FACT_TEXT:
        json_put_text(object, key, f->text);
        break;
    }
}

void json_put_facts(json_t *object, const struct facts *facts)
{
    for (size_t i = 0; i < facts->count; i++) {
        const struct fact *f = &facts->list[i];
        const char *dot = strchr(f->key, '.');
        if (!dot) {
            json_put_fact(object, f->key, f);
            continue;
        }
        char outer[sizeof(f->key)];
        text_format(outer, sizeof(outer), "%.*s", (int)(dot - f->key), f->key);
        json_t *inner = json_object_get(object, outer);
        if (!inner) {
            inner = json_object();
            json_put(object, outer, inner);
        }
        json_put_fact(inner, dot + 1, f);
    }
}

json_t *json_of_facts(const struct facts *facts)
{
    json_t *o = json_object();
    json_put_facts(o, facts);
    return o;
}

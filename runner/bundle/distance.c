#include "bundle/distance.h"

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/facts.h"
#include "base/text.h"
#include "host/host.h"
#include "record/records.h"

#define VALUES_TOLD 8

/* "a.b" in {a: {b: …}}. */
static const json_t *find(const json_t *o, const char *key)
{
    char part[64];
    while (o && *key) {
        size_t len = strcspn(key, ".");
        text_format(part, sizeof(part), "%.*s", (int)(len < 60 ? len : 60), key);
        o = json_object_get(o, part);
        key += len + (key[len] == '.');
    }
    return o;
}

/* As people read it; NULL: neither text, number nor truth. */
static char *theirs_text(const json_t *v)
{
    struct text t = {0};
    if (json_is_string(v))
        text_add(&t, "%.300s", json_string_value(v));
    else if (json_is_integer(v))
        text_add(&t, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    else if (json_is_real(v))
        text_add(&t, "%.6g", json_real_value(v));
    else if (json_is_boolean(v))
        text_add(&t, "%s", json_is_true(v) ? "yes" : "no");
    return t.data;
}

static char *here_text(const struct fact *f)
{
    struct text t = {0};
    if (f->kind == FACT_TEXT)
        text_add(&t, "%.300s", f->text);
    else if (f->kind == FACT_INT)
        text_add(&t, "%lld", (long long)f->integer);
    else if (f->kind == FACT_REAL)
        text_add(&t, "%.6g", f->real);
    else if (f->kind == FACT_BOOL)
        text_add(&t, "%s", f->truth ? "yes" : "no");
    return t.data;
}

/* Takes the texts over. */
static void add_difference(struct distance *ret, const char *field, char *theirs, char *here)
{
    ret->list = reallocarray(ret->list, ret->count + 1, sizeof(*ret->list));
    if (!ret->list)
        abort();
    struct distance_field *one = &ret->list[ret->count++];
    one->field = strdup(field);
    one->theirs = theirs;
    one->here = here;
    if (!one->field)
        abort();
}

/* What the hosts have of a field, each value once and in the order of the records. */
struct values {
    char **list;
    size_t count;
};

static void take_value(struct values *v, char *text)
{
    size_t i = 0;
    while (text && i < v->count && strcmp(v->list[i], text) != 0)
        i++;
    if (!text || i < v->count) {
        free(text);
        return;
    }
    v->list = reallocarray(v->list, v->count + 1, sizeof(*v->list));
    if (!v->list)
        abort();
    v->list[v->count++] = text;
}

/* The caller's. */
static char *all_values(const struct values *v)
{
    struct text t = {0};
    for (size_t i = 0; i < v->count && i < VALUES_TOLD; i++)
        text_add(&t, "%s%s", i ? "; " : "", v->list[i]);
    if (v->count > VALUES_TOLD)
        text_add(&t, "; and %zu more", v->count - VALUES_TOLD);
    return t.data;
}

static void compare(const struct fact *f, const json_t *hosts, struct distance *ret)
{
    struct values theirs = {0};
    size_t i;
    const json_t *host = NULL;
    cleanup_free char *here = here_text(f);
    json_array_foreach(hosts, i, host)
    {
        take_value(&theirs, theirs_text(find(host, f->key)));
    }
    if (here && theirs.count > 0) {
        ret->fields++;
        ret->varying += theirs.count > 1;
        if (theirs.count > 1 || strcmp(theirs.list[0], here) != 0)
            add_difference(ret, f->key, all_values(&theirs), STEAL(here));
    }
    for (i = 0; i < theirs.count; i++)
        free(theirs.list[i]);
    free(theirs.list);
}

void distance_measure(const json_t *hosts, const char *sysroot, struct distance *ret)
{
    struct facts facts = {0};
    host_capture(sysroot, &facts);
    for (size_t i = 0; i < facts.count; i++)
        if (!records_is_of_the_moment(facts.list[i].key))
            compare(&facts.list[i], hosts, ret);
    facts_free(&facts);
}

void distance_free(struct distance *d)
{
    for (size_t i = 0; i < d->count; i++) {
        free(d->list[i].field);
        free(d->list[i].theirs);
        free(d->list[i].here);
    }
    free(d->list);
    *d = (struct distance){0};
}

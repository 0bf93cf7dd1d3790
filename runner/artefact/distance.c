#include "artefact/distance.h"

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/facts.h"
#include "base/text.h"
#include "host/host.h"
#include "report/records.h"

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

static void compare(const struct fact *f, const json_t *host, struct distance *ret)
{
    cleanup_free char *theirs = theirs_text(find(host, f->key));
    cleanup_free char *here = here_text(f);
    if (!theirs || !here)
        return;
    ret->fields++;
    if (strcmp(theirs, here) != 0)
        add_difference(ret, f->key, STEAL(theirs), STEAL(here));
}

void distance_measure(const json_t *host, const char *sysroot, struct distance *ret)
{
    struct facts facts = {0};
    host_capture(sysroot, &facts);
    for (size_t i = 0; i < facts.count; i++)
        if (!records_is_of_the_moment(facts.list[i].key))
            compare(&facts.list[i], host, ret);
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

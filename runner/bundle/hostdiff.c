#include "bundle/hostdiff.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/facts.h"
#include "base/json_put.h"
#include "base/text.h"
#include "host/host.h"
#include "record/records.h"

#define VALUES_TOLD 8
#define SHOWN_MAX   20 /* differences, in a text */

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

/* The value as text; NULL: not a text, number or boolean. */
static char *value_text(const json_t *v)
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

/* Takes the texts over. */
static void add_difference(struct hostdiff *ret, const char *field, char *theirs, char *here)
{
    ret->list = xgrow(ret->list, ret->count, sizeof(*ret->list));
    ret->list[ret->count++] = (struct hostdiff_field){xstrdup(field), theirs, here};
}

/* The caller's. */
static char *all_values(json_t *values)
{
    struct text t = {0};
    size_t told = 0;
    const char *value;
    json_t *unused;
    json_object_foreach(values, value, unused)
    {
        if (told++ < VALUES_TOLD)
            text_add(&t, "%s%s", told > 1 ? "; " : "", value);
    }
    if (told > VALUES_TOLD)
        text_add(&t, "; and %zu more", told - VALUES_TOLD);
    return t.data;
}

static void compare(const char *key, const json_t *ours, const json_t *hosts, struct hostdiff *ret)
{
    cleanup_json json_t *theirs = json_object(); /* the distinct values, in the order of the records */
    size_t i;
    const json_t *host = NULL;
    cleanup_free char *here = value_text(find(ours, key));
    json_array_foreach(hosts, i, host)
    {
        cleanup_free char *value = value_text(find(host, key));
        if (value)
            (void)json_object_set_new_nocheck(theirs, value, json_true());
    }
    if (!here || json_object_size(theirs) == 0)
        return;
    ret->fields++;
    ret->varying += json_object_size(theirs) > 1;
    if (json_object_size(theirs) > 1 || !json_object_get(theirs, here))
        add_difference(ret, key, all_values(theirs), STEAL(here));
}

void hostdiff_take(const json_t *hosts, const char *sysroot, struct hostdiff *ret)
{
    cleanup_facts struct facts facts = {0};
    host_capture(sysroot, &facts);
    cleanup_json json_t *ours = json_of_facts(&facts);
    for (size_t i = 0; i < facts.count; i++)
        if (!invocation_is_of_the_moment(facts.list[i].key))
            compare(facts.list[i].key, ours, hosts, ret);
}

/* --- runtimes ----------------------------------------------------------------------------------------------------- */

#define PACKAGES "runtime.packages."

/* done: the fields that were compared so far, so that cells of one interpreter are told once. */
static void compare_field(json_t *done, const char *field, const char *theirs, const char *here, struct hostdiff *ret)
{
    if (json_object_get(done, field))
        return;
    (void)json_object_set_new_nocheck(done, field, json_true());
    ret->fields++;
    if (strcmp(theirs, here) != 0)
        add_difference(ret, field, xstrdup(theirs), xstrdup(here));
}

/* The keys of a's packages; what b has of them, or that it has not, is compared. */
static void compare_packages(const struct invocation *a, const struct invocation *b, bool a_is_here, json_t *done,
                             struct hostdiff *ret)
{
    const char *runtime = keyset_word(a->cell, "runtime");
    for (size_t i = 0; i < a->environment->count; i++) {
        const struct pair *p = &a->environment->list[i];
        const char *other = keyset_text(b->environment, p->key, "not installed");
        char field[256];
        if (strncmp(p->key, PACKAGES, strlen(PACKAGES)) != 0 || strncmp(p->value, "unavailable", 11) == 0)
            continue;
        (void)snprintf(field, sizeof(field), "%.31s %.200s", runtime, p->key + strlen("runtime."));
        compare_field(done, field, a_is_here ? other : p->value, a_is_here ? p->value : other, ret);
    }
}

/* What it ran on, besides: an interpreter by its name, the program of a command by its cell's. */
static void compare_runtimes(const struct invocation *theirs, const struct invocation *own, json_t *done,
                             struct hostdiff *ret)
{
    static const char *const KEYS[] = {"version", "sha256", "build.features"};
    const char *name = keyset_find(own->cell, "runtime");
    name = name && strcmp(name, "command") != 0 ? name : own->plan_cell;
    for (size_t i = 0; i < ARRAY_LEN(KEYS); i++) {
        char key[32], field[256];
        text_format(key, sizeof(key), "runtime.%s", KEYS[i]);
        text_format(field, sizeof(field), "%.128s %s", name, KEYS[i]);
        const char *of = keyset_find(theirs->environment, key), *here = keyset_find(own->environment, key);
        if (of && here && strncmp(of, "unavailable", 11) != 0 && strncmp(here, "unavailable", 11) != 0)
            compare_field(done, field, of, here, ret);
    }
}

static bool knows_packages(const struct invocation *i)
{
    return keyset_find(i->environment, "runtime.packages_omitted") != NULL;
}

void hostdiff_take_runtimes(const struct records *theirs, const struct records *here, struct hostdiff *ret)
{
    cleanup_json json_t *done = json_object();
    cleanup_keysets struct keysets seen = {0};
    for (size_t i = 0; i < here->count; i++) {
        const struct invocation *own = &here->list[i], *other = NULL;
        const size_t before = seen.count;
        keysets_add(&seen, own->environment);
        if (seen.count == before) /* of a pool: nearly all have the same */
            continue;
        for (size_t k = 0; k < theirs->count && !other; k++)
            if (*own->plan_cell && strcmp(theirs->list[k].plan_cell, own->plan_cell) == 0)
                other = &theirs->list[k];
        if (!other)
            continue;
        compare_runtimes(other, own, done, ret);
        if (!knows_packages(own) || !knows_packages(other))
            continue;
        compare_packages(own, other, true, done, ret);
        compare_packages(other, own, false, done, ret);
    }
}

void hostdiff_text(const struct hostdiff *d, const char *theirs, const char *all, struct text *out)
{
    if (d->varying > 0)
        text_add(out, "  the records are not all of one machine: in %zu of these they differ among themselves\n",
                 d->varying);
    for (size_t i = 0; i < d->count && i < SHOWN_MAX; i++) {
        cleanup_free char *of = text_printable(d->list[i].theirs), *here = text_printable(d->list[i].here);
        cleanup_free char *field = text_printable(d->list[i].field); /* of a package: its record's word */
        text_add(out, "  %s: %s%s; here %s\n", field, theirs, of, here);
    }
    if (d->count > SHOWN_MAX)
        text_add(out, "  and %zu more (%s has all)\n", d->count - SHOWN_MAX, all);
}

void hostdiff_put(const struct hostdiff *d, json_t *object)
{
    json_t *list = json_array();
    for (size_t i = 0; i < d->count; i++) {
        const struct hostdiff_field *f = &d->list[i];
        (void)json_array_append_new(list, json_pack("{s:o, s:o, s:o}", "field", json_of_bytes(f->field), "theirs",
                                                    json_of_bytes(f->theirs), "here", json_of_bytes(f->here)));
    }
    json_put_int(object, "fields", (int64_t)d->fields);
    json_put_int(object, "varying", (int64_t)d->varying);
    json_put(object, "differences", list);
}

void hostdiff_free(struct hostdiff *d)
{
    for (size_t i = 0; i < d->count; i++) {
        free(d->list[i].field);
        free(d->list[i].theirs);
        free(d->list[i].here);
    }
    free(d->list);
    *d = (struct hostdiff){0};
}

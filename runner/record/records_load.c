/* The sections of a record as trees, checked: each loaded once, only what is asked for. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "record/records_internal.h"

#define SECTION_MAX (1U << 20)

int record_refuse_at(const struct record_text *text, enum section s, const char *key, const char *what, struct err *e)
{
    char why[200];
    text_format(why, sizeof(why), "%s%s%.60s is %s", section_names[s], *key ? "." : "", key, what);
    return record_refuse(text, text->section[s].data, why, e);
}

static int load_span(const struct record_text *text, struct json_span span, json_t **ret, struct err *e)
{
    json_error_t why;
    char line[sizeof(why.text) + 8];
    if (span.len > SECTION_MAX) /* as a tree it takes fifty times as much */
        return record_refuse(text, span.data, "a section above 1 MiB that is neither stamps nor samples", e);
    *ret = json_loadb(span.data, span.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    if (*ret)
        return 0;
    text_format(line, sizeof(line), "%s", why.text);
    const char *at = why.position >= 0 && (size_t)why.position <= span.len ? span.data + why.position : span.data;
    return record_refuse(text, at, line, e);
}

/* The members of a section by name, each loaded; the others are not looked at. */
struct wanted {
    const char *const *only; /* ends with NULL; NULL: all */
    json_t *into;
    const struct record_text *text;
    struct err *e;
    bool failed;
};

static const char *take_member(struct json_span key, struct json_span value, void *to)
{
    struct wanted *w = to;
    char name[128];
    json_t *loaded = NULL;
    if (key.len >= sizeof(name))
        return "a key of more than 127 bytes";
    text_format(name, sizeof(name), "%.*s", (int)key.len, key.data);
    if (w->only && !text_is_among(name, w->only))
        return NULL;
    if (json_object_get(w->into, name))
        return "a key that is there already";
    w->failed = load_span(w->text, value, &loaded, w->e) != 0;
    if (w->failed || json_object_set_new(w->into, name, loaded) != 0)
        return "it cannot be read";
    return NULL;
}

bool record_lacks(struct json_span span)
{
    return !span.data || (span.len == 4 && memcmp(span.data, "null", 4) == 0);
}

/* An object with these members, empty where the record has no such section or null for it; the caller's. */
static int load(const struct record_text *text, enum section s, const char *const *only, json_t **ret, struct err *e)
{
    struct json_scan_error why = {NULL, NULL};
    struct wanted w = {only, json_object(), text, e, false};
    struct json_span span = text->section[s];
    if (!w.into)
        abort();
    if (record_lacks(span)) {
        *ret = w.into;
        return 0;
    }
    if (*span.data != '{') {
        json_decref(w.into);
        return record_refuse_at(text, s, "", "no object", e);
    }
    if (json_scan_object(span, take_member, &w, &why) != 0) {
        json_decref(w.into);
        return w.failed ? -EINVAL : record_refuse(text, why.at, why.why, e);
    }
    *ret = w.into;
    return 0;
}

/* A text that may be null or missing: "" then. */
int record_take_text(struct records *r, const struct record_text *text, enum section s, const json_t *from,
                     const char *key, const char **ret, struct err *e)
{
    const json_t *v = json_object_get(from, key);
    if (v && !json_is_string(v) && !json_is_null(v))
        return record_refuse_at(text, s, key, "no text", e);
    *ret = pool_keep(r->pool, json_is_string(v) ? json_string_value(v) : "");
    return 0;
}

/* A member of the record itself. */
int record_take_top(struct records *r, const struct record_text *text, enum section s, const char **ret, struct err *e)
{
    json_t *v = NULL;
    *ret = pool_keep(r->pool, "");
    if (!text->section[s].data)
        return 0;
    int failed = load_span(text, text->section[s], &v, e);
    if (failed == 0 && !json_is_string(v) && !json_is_null(v))
        failed = record_refuse_at(text, s, "", "no text", e);
    if (failed == 0 && json_is_string(v))
        *ret = pool_keep(r->pool, json_string_value(v));
    json_decref(v);
    return failed;
}

/* --- quoted sections ---------------------------------------------------------------------------------------------- */

void record_quote(struct records *r, const struct record_text *text, struct invocation *ret)
{
    static const enum section QUOTED[] = {SECTION_TOOL,     SECTION_RUNTIME,     SECTION_HOST, SECTION_IMAGE,
                                          SECTION_SCENARIO, SECTION_CONFINEMENT, SECTION_PLAN, SECTION_CPU};
    ret->section = calloc(ARRAY_LEN(QUOTED), sizeof(*ret->section));
    if (!ret->section)
        abort();
    for (size_t i = 0; i < ARRAY_LEN(QUOTED); i++) {
        struct json_span span = text->section[QUOTED[i]];
        if (record_lacks(span) || span.len > SECTION_MAX)
            continue;
        struct text copy = {0};
        text_add_bytes(&copy, span.data, span.len);
        ret->section[ret->sections++] = (struct pair){section_names[QUOTED[i]], pool_keep(r->pool, copy.data)};
        text_free(&copy);
    }
}

json_t *invocation_section(const struct invocation *i, const char *name)
{
    json_error_t ignored;
    for (size_t k = 0; k < i->sections; k++)
        if (strcmp(i->section[k].key, name) == 0)
            return json_loads(i->section[k].value, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &ignored);
    return NULL;
}

/* --- trees -------------------------------------------------------------------------------------------------------- */

void record_unload(struct loaded *l)
{
    for (int i = 0; i < SECTIONS; i++)
        json_decref(l->section[i]);
}

int record_load(const struct record_text *text, bool with_iterations, struct loaded *l, struct err *e)
{
    static const char *const SLICE[] = {"provenance", "cpus_effective", "cpus_by", NULL};
    static const char *const CONFINEMENT[] = {"level", "network", NULL};
    static const char *const ISOLATION[] = {"grade", NULL};
    static const char *const MEMORY[] = {"parent_and_workers", "all_pids", "slice", "missed_ticks", "walks",
                                         "missed_walks",       NULL};
    static const char *const TOOL[] = {"version", "commit", NULL};
    static const char *const PLAN[] = {"node", "label", "cell", "block", "name", "sha256", "seed", "elapsed_ns", NULL};
    static const char *const TIMING[] = {"emulated", "by", NULL};
    static const char *const INSTRUMENT[] = {"prepare_ns", "slice_to_exec_ns", "exec_to_exit_ns", "exit_to_removed_ns",
                                             NULL};
    static const struct {
        enum section s;
        const char *const *only;
    } WANTED[] = {
        {SECTION_TOOL, TOOL},           {SECTION_SCENARIO, NULL}, {SECTION_RUNTIME, NULL},
        {SECTION_HOST, NULL},           {SECTION_IMAGE, NULL},    {SECTION_SLICE, SLICE},
        {SECTION_ISOLATION, ISOLATION}, {SECTION_RESULT, NULL},   {SECTION_CONFINEMENT, CONFINEMENT},
        {SECTION_MEMORY, MEMORY},       {SECTION_CPU, NULL},      {SECTION_TERMINATION, NULL},
        {SECTION_PLAN, PLAN},           {SECTION_TIMING, TIMING}, {SECTION_INSTRUMENT, INSTRUMENT},
    };
    int failed = 0;
    for (size_t i = 0; failed == 0 && i < ARRAY_LEN(WANTED); i++)
        if (WANTED[i].s != SECTION_INSTRUMENT || with_iterations)
            failed = load(text, WANTED[i].s, WANTED[i].only, &l->section[WANTED[i].s], e);
    return failed;
}

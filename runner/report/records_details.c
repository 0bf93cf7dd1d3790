/* What a report tells of an invocation besides its figures: checks that do not hold, memory over time, what it took. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "report/records_internal.h"

static int load(const struct record_text *text, enum section s, json_t **ret, struct err *e)
{
    json_error_t why;
    struct json_span span = text->section[s];
    *ret = span.data ? json_loadb(span.data, span.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why) : json_null();
    return *ret ? 0 : record_refuse(text, span.data, why.text, e);
}

static const char *kept(struct records *r, const json_t *object, const char *key, const char *otherwise)
{
    const char *s = json_string_value(json_object_get(object, key));
    return pool_keep(r->pool, s ? s : otherwise);
}

static double number(const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    return json_is_number(v) ? json_number_value(v) : NAN;
}

static void take_checks(struct records *r, const json_t *isolation, struct invocation_details *d)
{
    const json_t *checks = json_object_get(isolation, "checks"), *check;
    size_t i;
    d->checks = json_array_size(checks);
    d->unmet = calloc(d->checks + 1, sizeof(*d->unmet));
    if (!d->unmet)
        abort();
    json_array_foreach(checks, i, check)
    {
        if (json_is_false(json_object_get(check, "ok")))
            d->unmet[d->unmets++] = (struct unmet){kept(r, check, "name", ""), kept(r, check, "level", ""),
                                                   kept(r, check, "reason", "the record gives no reason")};
    }
}

/* Of every process where the sample has them, else of the parent and its workers. */
static void take_point(const json_t *sample, double begin_ns, struct memory_point *ret)
{
    const json_t *sums = json_object_get(sample, "all_pids");
    if (!sums)
        sums = json_object_get(sample, "parent_and_workers");
    *ret = (struct memory_point){(number(sample, "at_ns") - begin_ns) / 1e9,
                                 number(sample, "anon"),
                                 number(sample, "file"),
                                 number(sample, "kernel"),
                                 number(sample, "shmem"),
                                 number(sample, "current"),
                                 number(sums, "pss"),
                                 number(sums, "rss")};
}

static void take_points(const json_t *memory, struct invocation_details *d)
{
    const json_t *samples = json_object_get(memory, "samples"), *sample;
    double begin_ns = number(json_array_get(samples, 0), "at_ns");
    size_t i;
    d->point = calloc(json_array_size(samples) + 1, sizeof(*d->point));
    if (!d->point)
        abort();
    json_array_foreach(samples, i, sample)
    {
        take_point(sample, begin_ns, &d->point[d->points]);
        d->points += isfinite(d->point[d->points].at_s) ? 1 : 0;
    }
}

static void take_instrument(struct records *r, const json_t *instrument, struct invocation_details *d)
{
    const json_t *selftest = json_object_get(instrument, "selftest");
    struct text said = {0};
    if (json_is_object(selftest))
        text_add(&said, "%.40s: %.0f passed, %.0f failed, %.0f unavailable",
                 json_string_value(json_object_get(selftest, "at")) ? json_string_value(json_object_get(selftest, "at"))
                                                                    : "at no known time",
                 number(selftest, "passed"), number(selftest, "failed"), number(selftest, "unavailable"));
    else
        text_add(&said, "%s", kept(r, instrument, "selftest_reason", "the record tells of none"));
    d->selftest = pool_keep(r->pool, said.data);
    text_free(&said);
}

static const char *seed_of(struct records *r, const json_t *plan)
{
    const json_t *seed = json_object_get(plan, "seed");
    char text[32] = "";
    if (json_is_integer(seed))
        text_format(text, sizeof(text), "%lld", (long long)json_integer_value(seed));
    return pool_keep(r->pool, text);
}

int record_take_details(struct records *r, const struct record_text *text, struct invocation *ret, struct err *e)
{
    static const enum section WANTED[] = {SECTION_ISOLATION, SECTION_MEMORY, SECTION_PLAN, SECTION_INSTRUMENT};
    json_t *section[SECTIONS] = {NULL};
    struct invocation_details *d = &ret->details;
    int failed = 0;
    for (size_t i = 0; failed == 0 && i < ARRAY_LEN(WANTED); i++)
        failed = load(text, WANTED[i], &section[WANTED[i]], e);
    if (failed == 0) {
        take_checks(r, section[SECTION_ISOLATION], d);
        take_points(section[SECTION_MEMORY], d);
        take_instrument(r, section[SECTION_INSTRUMENT], d);
        d->elapsed_s = number(section[SECTION_PLAN], "elapsed_ns") / 1e9;
        d->plan = kept(r, section[SECTION_PLAN], "name", "");
        d->seed = seed_of(r, section[SECTION_PLAN]);
        d->bytes = text->whole.len;
    }
    for (size_t i = 0; i < ARRAY_LEN(WANTED); i++)
        json_decref(section[WANTED[i]]);
    return failed;
}

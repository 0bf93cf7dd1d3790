/* What a report tells of an invocation besides its figures: checks that do not hold, memory over time, what it took. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "record/records_internal.h"

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
static void take_point(const json_t *sample, struct memory_point *ret)
{
    const json_t *sums = json_object_get(sample, "all_pids");
    if (!sums)
        sums = json_object_get(sample, "parent_and_workers");
    *ret = (struct memory_point){number(sample, "at_ns") / 1e9, number(sample, "anon"),  number(sample, "file"),
                                 number(sample, "kernel"),      number(sample, "shmem"), number(sample, "current"),
                                 number(sums, "pss"),           number(sums, "rss")};
}

/* The samples of a record, one by one: as a tree all of them take fifty times their text. */
struct samples {
    struct invocation_details *into;
    bool kept; /* else they are counted */
    size_t count, cap;
    double begin_s;
};

static const char *take_sample(struct json_span key, struct json_span value, void *to)
{
    struct samples *s = to;
    struct invocation_details *d = s->into;
    json_error_t why;
    (void)key;
    s->count++;
    if (!s->kept)
        return NULL;
    json_t *sample = json_loadb(value.data, value.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    if (!sample)
        return "a sample that is no JSON";
    if (d->points == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 64;
        d->point = reallocarray(d->point, s->cap, sizeof(*d->point));
        if (!d->point)
            abort();
    }
    struct memory_point *point = &d->point[d->points];
    take_point(sample, point);
    json_decref(sample);
    s->begin_s = s->count == 1 ? point->at_s : s->begin_s;
    point->at_s -= s->begin_s;
    d->points += isfinite(point->at_s);
    return NULL;
}

static const char *find_samples(struct json_span key, struct json_span value, void *to)
{
    struct json_span *span = to;
    if (key.len == 7 && memcmp(key.data, "samples", 7) == 0)
        *span = value;
    return NULL;
}

static double share_of(double missed, double taken)
{
    return missed + taken > 0 ? missed / (missed + taken) : NAN;
}

/* Of ticks or of walks, whichever was missed more. The samples are counted where a tick was missed. */
static int take_samples(const struct record_text *text, const json_t *memory, bool kept, struct invocation_details *d,
                        struct err *e)
{
    struct samples s = {.into = d, .kept = kept, .begin_s = NAN};
    struct json_span span = {NULL, 0};
    struct json_scan_error why = {NULL, NULL};
    double missed = number(memory, "missed_ticks");
    d->missed_share = share_of(number(memory, "missed_walks"), number(memory, "walks"));
    if (record_lacks(text->section[SECTION_MEMORY]) || (!kept && !(missed > 0)))
        return 0;
    if (json_scan_object(text->section[SECTION_MEMORY], find_samples, &span, &why) != 0 ||
        (!record_lacks(span) && json_scan_array(span, take_sample, &s, &why) != 0))
        return record_refuse(text, why.at, why.why, e);
    d->missed_share = fmax(d->missed_share, share_of(missed, (double)s.count)); /* fmax leaves NaN out */
    return 0;
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

int record_take_details(struct records *r, const struct record_text *text, const struct loaded *l,
                        struct invocation *ret, struct err *e)
{
    static const enum section WANTED[] = {SECTION_ISOLATION, SECTION_INSTRUMENT};
    json_t *section[SECTIONS] = {NULL};
    struct invocation_details *d = &ret->details;
    const json_t *plan = l->section[SECTION_PLAN];
    int failed = 0;
    for (size_t i = 0; failed == 0 && i < ARRAY_LEN(WANTED); i++)
        failed = load(text, WANTED[i], &section[WANTED[i]], e);
    if (failed == 0) {
        take_checks(r, section[SECTION_ISOLATION], d);
        take_instrument(r, section[SECTION_INSTRUMENT], d);
        d->elapsed_s = number(plan, "elapsed_ns") / 1e9;
        d->plan = kept(r, plan, "name", "");
        d->seed = seed_of(r, plan);
        d->bytes = text->whole.len;
        failed = take_samples(text, l->section[SECTION_MEMORY], r->with_points, d, e);
    }
    for (size_t i = 0; i < ARRAY_LEN(WANTED); i++)
        json_decref(section[WANTED[i]]);
    return failed;
}

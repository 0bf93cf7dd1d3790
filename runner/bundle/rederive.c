#include "bundle/rederive.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "archive/findings.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_put.h"
#include "base/stats.h"
#include "base/text.h"
#include "launch/memory.h"

#define SECTION_MAX (1U << 20)
#define SAMPLE_MAX  4096 /* bytes of a sample's text */

/* --- members ----------------------------------------------------------------------------------------------------- */

/* Parses a value. NULL: missing, null, malformed or too long. */
static json_t *load(struct json_span span, size_t max)
{
    json_error_t ignored;
    if (!span.data || span.len > max)
        return NULL;
    json_t *v = json_loadb(span.data, span.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &ignored);
    if (json_is_null(v)) {
        json_decref(v);
        return NULL;
    }
    return v;
}

/* A record's text and path, and where its findings go. */
struct held {
    struct json_span text;
    const char *path;
    struct findings *findings;
};

/* Adds a finding: a result that does not follow from the raw samples. */
#define WRONG(v, ...) findings_add((v)->findings, FINDING_DERIVATION, (v)->path, __VA_ARGS__)

/* --- raw samples ------------------------------------------------------------------------------------------------- */

struct raw {
    int64_t *start_ns, *end_ns;
    int64_t *ready_ns; /* zeros if the record has none */
    size_t iterations;
    struct sample *sample;
    size_t samples;
};

static void raw_free(struct raw *r)
{
    free(r->start_ns);
    free(r->end_ns);
    free(r->ready_ns);
    free(r->sample);
}

static void take_list(struct json_span list, size_t n, long long *ns, int64_t **ret)
{
    _Static_assert(sizeof(*ns) == sizeof(**ret), "stamps are read in place");
    *ret = xcalloc(n, sizeof(**ret));
    if (list.data && json_scan_integers(list, ns, n) == (long)n)
        memcpy(*ret, ns, n * sizeof(*ns));
}

static bool take_stamps(struct json_span iterations, struct raw *ret)
{
    static const char *const NAMES[] = {"start_ns", "end_ns", "ready_ns"};
    struct json_span found[ARRAY_LEN(NAMES)] = {{NULL, 0}};
    json_scan_members(iterations, NAMES, found, ARRAY_LEN(NAMES));
    const struct json_span start = found[0], end = found[1], ready = found[2];
    long n = start.data ? json_scan_integers(start, NULL, 0) : -EINVAL;
    if (n < 0 || !end.data || json_scan_integers(end, NULL, 0) != n ||
        (ready.data && json_scan_integers(ready, NULL, 0) != n))
        return false;
    cleanup_free long long *ns = xcalloc((size_t)n, sizeof(*ns));
    ret->iterations = (size_t)n;
    take_list(start, ret->iterations, ns, &ret->start_ns);
    take_list(end, ret->iterations, ns, &ret->end_ns);
    take_list(ready, ret->iterations, ns, &ret->ready_ns);
    return true;
}

static int64_t integer(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static bool take_sums(const json_t *from, struct sample_sums *sums, uint32_t *count, bool *partial)
{
    if (!from)
        return false;
    *sums = (struct sample_sums){.rss_bytes = (uint64_t)integer(from, "rss"),
                                 .uss_bytes = (uint64_t)integer(from, "uss"),
                                 .pss_bytes = (uint64_t)integer(from, "pss")};
    *count = (uint32_t)integer(from, "pids");
    *partial = json_is_true(json_object_get(from, "partial"));
    return true;
}

static void take_sample(const json_t *o, struct sample *ret)
{
    *ret = (struct sample){.at_ns = integer(o, "at_ns"),
                           .late_ns = integer(o, "late_ns"),
                           .cost_ns = integer(o, "cost_ns"),
                           .walk_ns = integer(o, "walk_ns"),
                           .failed_reads = (uint32_t)integer(o, "failed_reads")};
    for (int c = 0; c < SAMPLE_CLASSES; c++) {
        ret->has_class[c] = json_is_integer(json_object_get(o, sample_class_names[c]));
        ret->class_bytes[c] = (uint64_t)integer(o, sample_class_names[c]);
    }
    ret->has_rollup =
        take_sums(json_object_get(o, "parent_and_workers"), &ret->members, &ret->members_count, &ret->members_partial);
    (void)take_sums(json_object_get(o, "all_pids"), &ret->all, &ret->all_count, &ret->all_partial);
}

static const char *take_element(struct json_span key, struct json_span value, void *to)
{
    struct raw *r = to;
    cleanup_json json_t *o = load(value, SAMPLE_MAX);
    (void)key;
    if (!json_is_object(o))
        return "a sample that is not an object";
    r->sample = xgrow(r->sample, r->samples, sizeof(*r->sample));
    take_sample(o, &r->sample[r->samples++]);
    return NULL;
}

/* --- what follows from them -------------------------------------------------------------------------------------- */

static bool is_close(double a, double b)
{
    return fabs(a - b) <= 1e-12 * fmax(fabs(a), fabs(b));
}

static void hold_time(const struct held *v, const json_t *result, const char *key, double derived)
{
    const json_t *said = json_object_get(result, key);
    if (json_is_number(said) && !isnan(derived) && is_close(json_number_value(said), derived))
        return;
    if ((!said || json_is_null(said)) && isnan(derived))
        return;
    if (json_is_number(said))
        WRONG(v, "result.%s is %.17g, but its iterations give %.17g", key, json_number_value(said), derived);
    else
        WRONG(v, "result.%s is not a number, but its iterations give %.17g", key, derived);
}

static void hold_integer(const struct held *v, const json_t *object, const char *where, const char *key,
                         uint64_t derived)
{
    const json_t *said = json_object_get(object, key);
    if (json_is_integer(said) && (uint64_t)json_integer_value(said) == derived)
        return;
    if (json_is_integer(said))
        WRONG(v, "%s%s is %" JSON_INTEGER_FORMAT ", but its samples give %" PRIu64, where, key,
              json_integer_value(said), derived);
    else
        WRONG(v, "%s%s is not a whole number, but its samples give %" PRIu64, where, key, derived);
}

/* Checks a range, which must be null if no sample has a value. */
static void hold_range(const struct held *v, const json_t *parent, const char *where, const char *key,
                       const struct stats_range *derived)
{
    char inner[80];
    const json_t *said = json_object_get(parent, key);
    text_format(inner, sizeof(inner), "memory.%s.%s.", where, key);
    if (derived->n == 0 && (!said || json_is_null(said)))
        return;
    if (derived->n == 0) {
        WRONG(v, "memory.%s.%s has figures, but no sample has any", where, key);
        return;
    }
    hold_integer(v, said, inner, "min", derived->min);
    hold_integer(v, said, inner, "max", derived->max);
    hold_integer(v, said, inner, "avg", stats_range_mean(derived));
}

static void hold_sums(const struct held *v, const json_t *memory, const char *where, const struct memory_sums *derived)
{
    const json_t *parent = json_object_get(memory, where);
    hold_range(v, parent, where, "rss", &derived->rss);
    hold_range(v, parent, where, "uss", &derived->uss);
    hold_range(v, parent, where, "pss", &derived->pss);
}

/* The memory section without its samples, and these. */
static json_t *memory_of(struct json_span section, struct json_span *samples)
{
    static const char *const KEYS[] = {
        "samples",      "parent_and_workers", "all_pids", "slice",        "samples_in_iterations", "partial_samples",
        "failed_reads", "tick_cost_ns",       "late_ns",  "walk_cost_ns", "weighted_by",           "plateau"};
    struct json_span found[ARRAY_LEN(KEYS)] = {{NULL, 0}};
    json_t *o = json_object();
    json_scan_members(section, KEYS, found, ARRAY_LEN(KEYS));
    *samples = found[0];
    for (size_t i = 1; i < ARRAY_LEN(KEYS); i++) {
        json_t *v = load(found[i], SECTION_MAX);
        if (v)
            json_put(o, KEYS[i], v);
    }
    return o;
}

static void hold_summary(const struct held *v, const json_t *said, const struct memory_summary *m)
{
    const json_t *slice = json_object_get(said, "slice");
    hold_sums(v, said, "parent_and_workers", &m->members);
    hold_sums(v, said, "all_pids", &m->all);
    for (int c = 0; c < SAMPLE_CLASSES; c++)
        hold_range(v, slice, "slice", sample_class_names[c], &m->class[c]);
}

/* Checks "memory.KEY.p50" and its max. */
static void hold_ns(const struct held *v, const json_t *memory, const char *key, int64_t p50, int64_t max)
{
    char where[60];
    text_format(where, sizeof(where), "memory.%s.", key);
    hold_integer(v, json_object_get(memory, key), where, "p50", (uint64_t)p50);
    hold_integer(v, json_object_get(memory, key), where, "max", (uint64_t)max);
}

static void hold_plateau(const struct held *v, const json_t *memory, const struct raw *r)
{
    const json_t *plateau = json_object_get(memory, "plateau");
    if (!json_is_object(plateau))
        return;
    struct memory_summary m =
        memory_plateau(r->sample, r->samples, r->ready_ns, r->end_ns, r->iterations, integer(plateau, "hold_ns"));
    hold_summary(v, plateau, &m);
    hold_integer(v, plateau, "memory.plateau.", "samples", m.in_iterations);
}

static void hold_memory(const struct held *v, const json_t *memory, const struct raw *r)
{
    const char *weighted_by = json_string_value(json_object_get(memory, "weighted_by"));
    bool by_time = weighted_by && strcmp(weighted_by, memory_weight_time) == 0;
    struct memory_summary m = memory_summarise(r->sample, r->samples, r->start_ns, r->end_ns, r->iterations,
                                               by_time ? MEMORY_BY_TIME : MEMORY_BY_SAMPLE);
    hold_summary(v, memory, &m);
    hold_integer(v, memory, "memory.", "samples_in_iterations", m.in_iterations);
    hold_integer(v, memory, "memory.", "partial_samples", m.partial);
    hold_integer(v, memory, "memory.", "failed_reads", m.failed_reads);
    hold_plateau(v, memory, r);
    if (r->samples == 0)
        return;
    hold_ns(v, memory, "tick_cost_ns", m.tick_cost_p50_ns, m.tick_cost_max_ns);
    hold_ns(v, memory, "late_ns", m.late_p50_ns, m.late_max_ns);
    if (m.walk_cost_max_ns >= 0)
        hold_ns(v, memory, "walk_cost_ns", m.walk_cost_p50_ns, m.walk_cost_max_ns);
}

static bool is_null(struct json_span span)
{
    return !span.data || json_span_is(span, "null");
}

static void derive_memory(const struct held *v, struct json_span section, struct raw *r)
{
    struct json_span samples = {NULL, 0};
    struct json_scan_error why = {NULL, NULL};
    if (is_null(section))
        return;
    cleanup_json json_t *memory = memory_of(section, &samples);
    if (!is_null(samples) && json_scan_array(samples, take_element, r, &why) != 0)
        WRONG(v, "memory.samples, line %zu: %s", json_scan_line(v->text, why.at), why.why);
    else if (!is_null(samples))
        hold_memory(v, memory, r);
    else if (json_is_object(json_object_get(json_object_get(memory, "parent_and_workers"), "pss")))
        WRONG(v, "memory has figures but no samples");
}

void rederive_record(const char *path, struct json_span text, struct findings *f)
{
    static const char *const NAMES[] = {"result", "iterations", "memory"};
    struct json_span found[ARRAY_LEN(NAMES)] = {{NULL, 0}};
    const struct held record = {text, path, f}, *v = &record;
    __attribute__((cleanup(raw_free))) struct raw r = {0};
    json_scan_members(text, NAMES, found, ARRAY_LEN(NAMES));
    cleanup_json json_t *result = load(found[0], SECTION_MAX);
    if (!take_stamps(found[1], &r)) {
        WRONG(v, "iterations: start_ns and end_ns are not lists of equally many whole numbers");
        return;
    }
    struct stats_iterations derived = stats_of_iterations(r.start_ns, r.end_ns, r.iterations);
    hold_time(v, result, "avg_iter_s", derived.mean_s);
    /* an old record gives its single iteration's time as the median, too */
    bool is_of_before = r.iterations == 1 && json_is_number(json_object_get(result, "p50_iter_s"));
    hold_time(v, result, "p50_iter_s", is_of_before ? derived.mean_s : derived.median_s);
    hold_time(v, result, "p95_iter_s", derived.p95_s);
    derive_memory(v, found[2], &r);
}

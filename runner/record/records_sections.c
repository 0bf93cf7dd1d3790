/* What analyses take from a record's sections. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "record/records_internal.h"

static int check_there(const struct record_text *text, struct err *e)
{
    static const enum section NEEDED[] = {SECTION_ID, SECTION_SCENARIO, SECTION_HOST, SECTION_RESULT,
                                          SECTION_TERMINATION};
    char why[80];
    for (size_t i = 0; i < ARRAY_LEN(NEEDED); i++) {
        text_format(why, sizeof(why), "it has no '%s'", section_names[NEEDED[i]]);
        if (record_lacks(text->section[NEEDED[i]]))
            return record_refuse(text, NULL, why, e);
    }
    return 0;
}

/* Where the clock was an emulator's, whatever else is true: a record tells it by timing.emulated, an older one by
 * host.emulated. */
static enum record_kind kind_of(const struct loaded *l, const char *grade)
{
    const char *provenance = json_string_value(json_object_get(l->section[SECTION_SLICE], "provenance"));
    if (json_is_true(json_object_get(l->section[SECTION_TIMING], "emulated")) ||
        json_is_true(json_object_get(l->section[SECTION_HOST], "emulated")))
        return RECORD_EMULATED;
    if (strcmp(grade, "borrowed") == 0 || (provenance && strcmp(provenance, "borrowed") == 0))
        return RECORD_BORROWED;
    if (strcmp(grade, "none") == 0 || (provenance && strcmp(provenance, "none") == 0))
        return RECORD_UNSLICED;
    return RECORD_SLICED;
}

/* Who emulated the clock; an older record tells it of its host. */
static const char *emulator_of(struct records *r, const struct loaded *l)
{
    const json_t *by = json_object_get(l->section[SECTION_TIMING], "by");
    if (!by)
        by = json_object_get(l->section[SECTION_HOST], "emulated_by");
    return pool_keep(r->pool, json_is_string(by) ? json_string_value(by) : "an emulator that is not named");
}

/* The name of the machine, by whichever key the record gives it, and what of its plan it is: cell, block, half of A/A.
 */
static int take_place(struct records *r, const struct record_text *text, const struct loaded *l, struct invocation *ret,
                      struct err *e)
{
    static const struct {
        enum section s;
        const char *key;
    } NODES[] = {{SECTION_PLAN, "node"}, {SECTION_HOST, "node"}, {SECTION_HOST, "hostname"}};
    int failed = record_take_text(r, text, SECTION_PLAN, l->section[SECTION_PLAN], "label", &ret->label, e);
    const json_t *block = json_object_get(l->section[SECTION_PLAN], "block");
    if (failed == 0)
        failed = record_take_text(r, text, SECTION_PLAN, l->section[SECTION_PLAN], "cell", &ret->plan_cell, e);
    if (failed == 0)
        failed = record_take_text(r, text, SECTION_PLAN, l->section[SECTION_PLAN], "sha256", &ret->plan_sha256, e);
    if (failed == 0 && block && !json_is_null(block) && (!json_is_integer(block) || json_integer_value(block) < 1))
        failed = record_refuse_at(text, SECTION_PLAN, "block", "no whole number from 1", e);
    ret->block = (uint64_t)json_integer_value(block);
    ret->node = pool_keep(r->pool, "");
    for (size_t i = 0; failed == 0 && !*ret->node && i < ARRAY_LEN(NODES); i++)
        failed = record_take_text(r, text, NODES[i].s, l->section[NODES[i].s], NODES[i].key, &ret->node, e);
    if (failed == 0 && !*ret->node)
        failed = record_take_top(r, text, SECTION_NODE, &ret->node, e);
    return failed;
}

static int take_words(struct records *r, const struct record_text *text, const struct loaded *l, struct invocation *ret,
                      struct err *e)
{
    const json_t *end = l->section[SECTION_TERMINATION];
    int failed = record_take_top(r, text, SECTION_ID, &ret->id, e);
    if (failed == 0)
        failed = record_take_top(r, text, SECTION_STARTED_AT, &ret->started_at, e);
    if (failed == 0)
        failed = record_take_text(r, text, SECTION_ISOLATION, l->section[SECTION_ISOLATION], "grade", &ret->grade, e);
    if (failed == 0)
        failed = record_take_text(r, text, SECTION_TERMINATION, end, "reason", &ret->termination, e);
    if (failed == 0)
        failed = record_take_text(r, text, SECTION_TERMINATION, end, "detail", &ret->detail, e);
    if (failed == 0)
        failed = take_place(r, text, l, ret, e);
    if (failed == 0 && !*ret->id)
        failed = record_refuse(text, text->section[SECTION_ID].data, "its id is empty", e);
    return failed;
}

/* --- figures
 * -------------------------------------------------------------------------------------------------------------- */

/* The known ones besides the result's own, in the order of the table that they make. "a+b" is a sum. */
static const struct {
    const char *name;
    enum section s;
    const char *path;
} FIGURES[] = {
    {"rss_bytes", SECTION_MEMORY, "parent_and_workers.rss"},
    {"uss_bytes", SECTION_MEMORY, "parent_and_workers.uss"},
    {"pss_bytes", SECTION_MEMORY, "parent_and_workers.pss"},
    {"all_pids_pss_bytes", SECTION_MEMORY, "all_pids.pss"},
    {"current_bytes", SECTION_MEMORY, "slice.current"},
    {"anon_bytes", SECTION_MEMORY, "slice.anon"},
    {"file_bytes", SECTION_MEMORY, "slice.file"},
    {"kernel_bytes", SECTION_MEMORY, "slice.kernel"},
    {"peak_bytes", SECTION_MEMORY, "slice.peak"},
    {"cpu_usage_usec", SECTION_CPU, "usage_usec"},
    {"cpu_user_usec", SECTION_CPU, "user_usec"},
    {"cpu_system_usec", SECTION_CPU, "system_usec"},
};

static void set_figure(struct records *r, struct invocation *ret, const char *name, struct figure f)
{
    size_t at = records_name(r, name);
    if (at >= ret->figures) {
        ret->figure = realloc(ret->figure, (at + 1) * sizeof(*ret->figure));
        if (!ret->figure)
            abort();
        for (; ret->figures <= at; ret->figures++)
            ret->figure[ret->figures] = (struct figure){NAN, "the record has no such figure"};
    }
    ret->figure[at] = f;
}

/* A number; of a range its mean; null with the reason beside it. */
static int figure_of(struct records *r, const json_t *parent, const char *key, struct figure *ret)
{
    char with[136];
    const json_t *v = json_object_get(parent, key);
    const json_t *n = json_is_object(v) ? json_object_get(v, "avg") : v;
    text_format(with, sizeof(with), "%.120s_reason", key);
    const char *why = json_string_value(json_object_get(parent, with));
    if (json_is_number(n))
        *ret = (struct figure){json_number_value(n), NULL};
    else if (!v || json_is_null(v))
        *ret = (struct figure){NAN, pool_keep(r->pool, why ? why : "the record has no such figure")};
    else
        return -EINVAL;
    return 0;
}

static int take_known(struct records *r, const struct record_text *text, const struct loaded *l, size_t i,
                      struct invocation *ret, struct err *e)
{
    const json_t *parent = l->section[FIGURES[i].s];
    struct figure f;
    char outer[64];
    const char *dot = strchr(FIGURES[i].path, '.'), *key = dot ? dot + 1 : FIGURES[i].path;
    if (dot) {
        text_format(outer, sizeof(outer), "%.*s", (int)(dot - FIGURES[i].path), FIGURES[i].path);
        parent = json_object_get(parent, outer);
    }
    if (figure_of(r, parent, key, &f) != 0)
        return record_refuse_at(text, FIGURES[i].s, FIGURES[i].path, "neither a number nor null", e);
    set_figure(r, ret, FIGURES[i].name, f);
    return 0;
}

/* What the record declares of a figure that was not seen before. A word that is none counts as not declared. */
static void take_declared(struct records *r, const json_t *declared, const char *name)
{
    const json_t *one = json_object_get(declared, name);
    const char *word[4] = {"title", "unit", "kind", "better"};
    if (!json_is_object(one) || records_figure(r, name) >= 0)
        return;
    for (size_t i = 0; i < ARRAY_LEN(word); i++) {
        const char *said = json_string_value(json_object_get(one, word[i]));
        cleanup_free char *printable = said && strlen(said) <= 120 ? text_printable(said) : NULL;
        word[i] = printable ? pool_keep(r->pool, printable) : NULL;
    }
    size_t at = records_name(r, name);
    r->name[at].about = figure_about_declared(r->name[at].name, word[0], word[1], word[2], word[3]);
}

/* result.figures: those that the scenario reports, and what they are. */
static int take_scenarios_own(struct records *r, const struct record_text *text, const json_t *result,
                              struct invocation *ret, struct err *e)
{
    const json_t *figures = json_object_get(result, "figures"), *value = NULL;
    const char *key = NULL;
    struct figure f;
    json_object_foreach((json_t *)figures, key, value)
    {
        size_t len = strlen(key);
        if (len > 120 || (len > 7 && strcmp(key + len - 7, "_reason") == 0))
            continue;
        if (figure_of(r, figures, key, &f) != 0)
            return record_refuse_at(text, SECTION_RESULT, key, "neither a number nor null", e);
        take_declared(r, json_object_get(result, "figures_declared"), key);
        set_figure(r, ret, key, f);
    }
    return 0;
}

/* Every number of the result is a figure: other scenarios have others. */
static int take_results(struct records *r, const struct record_text *text, json_t *result, struct invocation *ret,
                        struct err *e)
{
    static const char *const OURS[] = {"total_wall_s", "avg_iter_s", "p50_iter_s", "p95_iter_s", NULL};
    const char *key;
    json_t *value;
    struct figure f;
    for (size_t i = 0; OURS[i]; i++) {
        if (figure_of(r, result, OURS[i], &f) != 0)
            return record_refuse_at(text, SECTION_RESULT, OURS[i], "neither a number nor null", e);
        set_figure(r, ret, OURS[i], f);
    }
    json_object_foreach(result, key, value)
    {
        bool is_one = json_is_number(value) || (json_is_null(value) && records_figure(r, key) >= 0);
        if (is_one && !text_is_among(key, OURS) && figure_of(r, result, key, &f) == 0)
            set_figure(r, ret, key, f);
    }
    return take_scenarios_own(r, text, result, ret, e);
}

/* --- iterations
 * ----------------------------------------------------------------------------------------------------------- */

struct stamps {
    struct json_span start, end;
};

static const char *take_stamps(struct json_span key, struct json_span value, void *to)
{
    struct stamps *s = to;
    if (key.len == 8 && memcmp(key.data, "start_ns", 8) == 0)
        s->start = value;
    if (key.len == 6 && memcmp(key.data, "end_ns", 6) == 0)
        s->end = value;
    return NULL;
}

static int take_iterations(const struct record_text *text, struct invocation *ret, struct err *e)
{
    struct stamps s = {{NULL, 0}, {NULL, 0}};
    struct json_scan_error why = {NULL, NULL};
    struct json_span span = text->section[SECTION_ITERATIONS];
    if (!span.data)
        return record_refuse(text, NULL, "it has no 'iterations'", e);
    if (json_scan_object(span, take_stamps, &s, &why) != 0)
        return record_refuse(text, why.at, why.why, e);
    long n = s.start.data ? json_scan_integers(s.start, NULL, 0) : -EINVAL;
    if (n < 0 || !s.end.data || json_scan_integers(s.end, NULL, 0) != n)
        return record_refuse_at(text, SECTION_ITERATIONS, "start_ns, end_ns", "not as many whole numbers each", e);
    cleanup_free long long *ns = calloc(2 * (size_t)n + 1, sizeof(*ns));
    ret->iteration_s = calloc((size_t)n + 1, sizeof(*ret->iteration_s));
    if (!ns || !ret->iteration_s)
        abort();
    (void)json_scan_integers(s.start, ns, (size_t)n);
    (void)json_scan_integers(s.end, ns + n, (size_t)n);
    ret->iterations = (size_t)n;
    for (long i = 0; i < n; i++) {
        if (ns[i] < 0 || ns[n + i] < ns[i])
            return record_refuse_at(text, SECTION_ITERATIONS, "end_ns", "before start_ns somewhere", e);
        ret->iteration_s[i] = (double)(ns[n + i] - ns[i]) / 1e9;
    }
    return 0;
}

/* What an invocation takes beside its measured iterations: slice, start-up, warm-up, what lies between iterations,
 * removal. All of it as it was measured, less the iterations. */
static double overhead_of(const struct loaded *l, const struct invocation *one)
{
    static const char *const PARTS[] = {"prepare_ns", "slice_to_exec_ns", "exec_to_exit_ns", "exit_to_removed_ns"};
    const json_t *instrument = l->section[SECTION_INSTRUMENT];
    const json_t *elapsed = json_object_get(l->section[SECTION_PLAN], "elapsed_ns");
    double sum_s = json_is_number(elapsed) ? json_number_value(elapsed) / 1e9 : 0;
    for (size_t i = 0; !json_is_number(elapsed) && i < ARRAY_LEN(PARTS); i++) {
        const json_t *ns = json_object_get(instrument, PARTS[i]);
        if (!json_is_number(ns))
            return NAN;
        sum_s += json_number_value(ns) / 1e9;
    }
    for (size_t i = 0; i < one->iterations; i++)
        sum_s -= one->iteration_s[i];
    return sum_s > 0 ? sum_s : NAN;
}

/* An invocation of one iteration has a mean: a median and quantiles of it would be the same number by another name. */
static bool is_of_one(const struct record_text *text)
{
    struct stamps s = {{NULL, 0}, {NULL, 0}};
    struct json_scan_error why = {NULL, NULL};
    struct json_span span = text->section[SECTION_ITERATIONS];
    if (!span.data || span.len > 200 || json_scan_object(span, take_stamps, &s, &why) != 0) /* 200: two stamps */
        return false;
    return s.start.data && json_scan_integers(s.start, NULL, 0) == 1;
}

static void leave_out_quantiles(struct records *r, struct invocation *ret)
{
    static const char *const QUANTILES[] = {"p50_iter_s", "p95_iter_s"};
    for (size_t i = 0; i < ARRAY_LEN(QUANTILES); i++)
        set_figure(r, ret, QUANTILES[i], (struct figure){NAN, "one iteration has no quantiles"});
}

static int take_all(struct records *r, const struct record_text *text, struct loaded *l, struct invocation *ret,
                    struct err *e)
{
    int failed = check_there(text, e);
    if (failed == 0)
        failed = record_load(text, r->with_iterations, l, e);
    if (failed == 0)
        failed = take_words(r, text, l, ret, e);
    if (failed != 0)
        return failed;
    ret->path = pool_keep(r->pool, text->path);
    ret->ok = strcmp(ret->termination, "ok") == 0;
    ret->kind = kind_of(l, ret->grade);
    ret->emulated_by = ret->kind == RECORD_EMULATED ? emulator_of(r, l) : NULL;
    ret->cell = record_cell(r, l);
    ret->environment = record_environment(r, l);
    failed = take_results(r, text, l->section[SECTION_RESULT], ret, e);
    if (failed == 0 && is_of_one(text))
        leave_out_quantiles(r, ret);
    for (size_t i = 0; failed == 0 && i < ARRAY_LEN(FIGURES); i++)
        failed = take_known(r, text, l, i, ret, e);
    if (failed == 0 && (r->with_iterations || r->with_steady)) {
        failed = take_iterations(text, ret, e);
        ret->overhead_s = overhead_of(l, ret);
    }
    if (failed == 0 && r->with_steady)
        ret->steady = stats_steady_state(ret->iteration_s, ret->iterations).class;
    if (failed == 0 && !r->with_iterations) {
        free(ret->iteration_s);
        ret->iteration_s = NULL;
    }
    if (failed == 0 && r->with_sections)
        record_quote(r, text, ret);
    if (failed == 0 && r->with_details)
        failed = record_take_details(r, text, l, ret, e);
    return failed;
}

int record_take(struct records *r, const struct record_text *text, struct invocation *ret, struct err *e)
{
    struct loaded l = {{NULL}};
    int failed = take_all(r, text, &l, ret, e);
    record_unload(&l);
    return failed;
}

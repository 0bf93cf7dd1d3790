#include "bundle/claims.h"

#include "base/figure.h"
#include "tests/unit/near.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/stats_interval.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "record/records.h"

#define HEAD "schema: tare.claims/1\nclaims:\n"

/* --- records made here -------------------------------------------------------------------------------------------- */

static struct records records;

static void add_record(const char *cell, const char *figure, double value, const char *workers)
{
    static const char *const NO = "";
    struct pair *list = calloc(1, sizeof(*list));
    records.reader.pool = records.reader.pool ? records.reader.pool : pool_new();
    int known = records_figure(&records, figure);
    if (known < 0) {
        records.reader.name = realloc(records.reader.name, (records.reader.names + 1) * sizeof(*records.reader.name));
        records.reader.name[records.reader.names] =
            (struct figure_name){.name = pool_keep(records.reader.pool, figure)};
        records.reader.name[records.reader.names].about = figure_about(records.reader.name[records.reader.names].name);
        known = (int)records.reader.names++;
    }
    list[0] = (struct pair){pool_keep(records.reader.pool, "workers"), pool_keep(records.reader.pool, workers)};
    struct figure *f = calloc((size_t)known + 1, sizeof(*f));
    for (int i = 0; i < known; i++)
        f[i] = (struct figure){NAN, NULL};
    f[known] = (struct figure){value, isnan(value) ? "it was not sampled" : NULL};
    records.list = realloc(records.list, (records.count + 1) * sizeof(*records.list));
    records.list[records.count++] = (struct invocation){.path = NO,
                                                        .id = NO,
                                                        .started_at = NO,
                                                        .cell = pool_keep_keyset(records.reader.pool, list, 1),
                                                        .environment = NULL,
                                                        .node = NO,
                                                        .plan_cell = pool_keep(records.reader.pool, cell),
                                                        .plan_sha256 = NO,
                                                        .plan_seed = NO,
                                                        .series = NO,
                                                        .label = NO,
                                                        .grade = NO,
                                                        .termination = "ok",
                                                        .detail = NO,
                                                        .ok = true,
                                                        .kind = RECORD_SLICED,
                                                        .figure = f,
                                                        .figures = (size_t)known + 1};
    struct invocation *one = &records.list[records.count - 1];
    one->environment = one->cell;
    free(list);
}

static void add_cell(const char *cell, const char *figure, const char *workers, const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add_record(cell, figure, values[i], workers);
}

#define ADD(cell, figure, workers, ...)                                                                                \
    add_cell(cell, figure, workers, (const double[]){__VA_ARGS__},                                                     \
             sizeof((const double[]){__VA_ARGS__}) / sizeof(double))

static int forget(void **state)
{
    (void)state;
    records_free(&records);
    return 0;
}

/* --- claims ------------------------------------------------------------------------------------------------------- */

static int parse(const char *text, struct claims *c, struct err *e)
{
    struct text bytes = {0};
    text_add(&bytes, "%s", text);
    *e = (struct err){0};
    return claims_parse("claims.yml", &bytes, c, e);
}

static struct judgement judge(const char *kind, const char *rest)
{
    char text[800];
    struct claims c;
    struct err e;
    text_format(text, sizeof(text), HEAD "  - id: C1\n    text: it is so\n    %s\n    %s\n", kind, rest);
    if (parse(text, &c, &e) != 0)
        fail_msg("%s", e.text);
    struct judgement j = claim_judge(&c.list[0], &records);
    claims_free(&c);
    return j;
}

static void add_two(void)
{
    ADD("slow", "avg_iter_s", "1", 2.00, 2.02, 1.98, 2.01, 1.99);
    ADD("fast", "avg_iter_s", "1", 1.00, 1.01, 0.99, 1.005, 0.995);
}

#define RATIO "ratio: {of: slow, to: fast, figure: avg_iter_s}"

static void a_ratio_wholly_within_is_supported_and_wholly_outside_contradicted(void **state)
{
    (void)state;
    add_two();
    struct judgement j = judge(RATIO, "expect: {min: 1.5}\n    tolerance: 0");
    assert_int_equal(j.verdict, CLAIM_SUPPORTED);
    assert_near(j.found.at, 2, 0.001);
    assert_true(j.found.low > 1.9 && j.found.high < 2.1);
    assert_int_equal(judge(RATIO, "expect: {min: 2.5}\n    tolerance: 0.5").verdict, CLAIM_CONTRADICTED);
    assert_int_equal(judge(RATIO, "expect: {max: 1.5}\n    tolerance: 0.5").verdict, CLAIM_CONTRADICTED);
    assert_int_equal(judge(RATIO, "expect: {min: 1.9, max: 2.1}\n    tolerance: 0").verdict, CLAIM_SUPPORTED);
}

/* Before, an interval no wider than the tolerance left it to the estimate: at the edge half of all were SUPPORTED. */
static void across_the_edge_it_is_inconclusive_whatever_the_width(void **state)
{
    (void)state;
    add_two();
    struct judgement j = judge(RATIO, "expect: {min: 1.999}");
    assert_int_equal(j.verdict, CLAIM_INCONCLUSIVE);
    assert_string_equal(j.why, "the interval lies across the edge");
    j = judge(RATIO, "expect: {min: 1.999}\n    tolerance: 0.10");
    assert_int_equal(j.verdict, CLAIM_INCONCLUSIVE);
    assert_string_equal(j.why, "the interval lies across the edge (the claim's tolerance decides nothing any more)");
}

static void equal_cells_are_in_no_order(void **state)
{
    (void)state;
    ADD("one", "avg_iter_s", "1", 1.00, 1.01, 0.99, 1.005, 0.995, 1.002);
    ADD("two", "avg_iter_s", "1", 1.01, 0.99, 1.00, 0.996, 1.004, 1.003);
    assert_int_equal(judge("order: {cells: [one, two], figure: avg_iter_s}", "tolerance: 0.10").verdict,
                     CLAIM_INCONCLUSIVE);
    assert_int_equal(judge("order: {cells: [two, one], figure: avg_iter_s}", "tolerance: 0.10").verdict,
                     CLAIM_INCONCLUSIVE);
    assert_int_equal(judge("ratio: {of: two, to: one, figure: avg_iter_s}", "expect: {min: 0.98, max: 1.02}").verdict,
                     CLAIM_SUPPORTED);
}

static void without_five_invocations_it_is_inconclusive(void **state)
{
    (void)state;
    ADD("slow", "avg_iter_s", "1", 2, 2.1, 2.05, 2.02);
    ADD("fast", "avg_iter_s", "1", 1, 1.1, 1.05, 1.02);
    struct judgement j = judge(RATIO, "expect: {min: 1.5}\n    tolerance: 0.10");
    assert_int_equal(j.verdict, CLAIM_INCONCLUSIVE);
    assert_string_equal(j.why, "no interval: fewer than 5 invocations on a side");
    assert_near(j.found.at, 1.96, 0.05);
}

static void what_was_not_run_says_why(void **state)
{
    (void)state;
    ADD("fast", "avg_iter_s", "1", 1, 1.1, 1.05, 1.02, 1.01);
    struct judgement j = judge(RATIO, "expect: {min: 1.5}\n    tolerance: 0.10");
    assert_int_equal(j.verdict, CLAIM_NOT_RUN);
    assert_string_equal(j.why, "slow: none of its invocations was run");
    ADD("slow", "avg_iter_s", "1", NAN);
    assert_string_equal(judge(RATIO, "expect: {min: 1.5}\n    tolerance: 0.10").why, "slow: it was not sampled");
    records.list[records.count - 1].ok = false;
    records.list[records.count - 1].detail = "killed in iteration 3";
    assert_string_equal(judge(RATIO, "expect: {min: 1.5}\n    tolerance: 0.10").why, "slow: killed in iteration 3");
}

static void emulated_times_are_no_measure_and_emulated_bytes_are(void **state)
{
    (void)state;
    add_two();
    ADD("slow", "pss_bytes", "1", 5e6, 5.1e6, 5.2e6, 5.05e6, 5.1e6);
    for (size_t i = 0; i < records.count; i++)
        records.list[i].kind = RECORD_EMULATED;
    struct judgement j = judge(RATIO, "expect: {min: 1.5}\n    tolerance: 0.10");
    assert_int_equal(j.verdict, CLAIM_NOT_RUN);
    assert_string_equal(j.why, "slow: its times are emulated and no measure");
    j = judge("bound: {of: slow, figure: pss_bytes}", "expect: {max: 6000000}\n    tolerance: 0.10");
    assert_int_equal(j.verdict, CLAIM_SUPPORTED);
}

/* R: exp(t.test(log(c(2.00, 2.02, 1.98, 2.01, 1.99)))$conf.int): 1.98041346299 to 2.01967925953 about 1.9999499985. */
static void a_bound_has_students_interval_of_the_geometric_mean(void **state)
{
    (void)state;
    add_two();
    struct judgement j = judge("bound: {of: slow, figure: avg_iter_s}", "expect: {max: 2.1}\n    tolerance: 0.10");
    assert_int_equal(j.verdict, CLAIM_SUPPORTED);
    assert_near(j.found.at, 1.9999499985, 1e-9);
    assert_near(j.found.high, 2.01967925953, 1e-9);
    assert_int_equal(judge("value: {of: slow, figure: avg_iter_s}", "expect: {max: 1.9}\n    tolerance: 0.1").verdict,
                     CLAIM_CONTRADICTED);
}

/* R: t.test(c(-20, 10, 40, 5, 15, -10) * 1024): mean 6826.667, -15629.2499135 to 29282.5832468. Slopes may be 0 and
 * below. */
static void slopes_have_an_arithmetic_mean_and_are_in_order_by_differences(void **state)
{
    char buf[80];
    (void)state;
    ADD("flat", "growth_pss_bytes", "1", -20480, 10240, 40960, 5120, 15360, -10240);
    ADD("leak", "growth_pss_bytes", "1", 200e3, 210e3, 190e3, 205e3, 195e3, 202e3);
    struct judgement j = judge("bound: {of: flat, figure: growth_pss_bytes}", "expect: {max: 65536}");
    assert_int_equal(j.verdict, CLAIM_SUPPORTED);
    assert_near(j.found.at, 6826.667, 1e-3);
    assert_near(j.found.low, -15629.2499, 0.01);
    assert_near(j.found.high, 29282.5832, 0.01);
    j = judge("order: {cells: [flat, leak], figure: growth_pss_bytes}", "");
    assert_int_equal(j.verdict, CLAIM_SUPPORTED);
    assert_near(j.found.at, 200333.333 - 6826.667, 1e-3);
    j = judge("order: {cells: [leak, flat], figure: growth_pss_bytes}", "");
    assert_int_equal(j.verdict, CLAIM_CONTRADICTED);
    const struct claim c = {.kind = CLAIM_ORDER, .figure = "growth_pss_bytes", .min = NAN, .max = NAN};
    assert_near(claim_min(&c), 0, 0);
    assert_false(claim_is_on_logs(&c));
    const char *found = claim_found(&c, &j, &records, buf, sizeof(buf));
    assert_non_null(strstr(found, " B ["));
    j = judge("ratio: {of: leak, to: flat, figure: growth_pss_bytes}", "expect: {min: 2}");
    assert_int_equal(j.verdict, CLAIM_INCONCLUSIVE); /* of what is not above 0 there is no ratio */
}

static void an_order_is_what_all_neighbours_say_and_shows_the_least_ratio(void **state)
{
    (void)state;
    add_two();
    ADD("slowest", "avg_iter_s", "1", 2.50, 2.52, 2.48, 2.51, 2.49);
    struct judgement j = judge("order: {cells: [fast, slow, slowest], figure: avg_iter_s}", "tolerance: 0.10");
    assert_int_equal(j.verdict, CLAIM_SUPPORTED);
    assert_near(j.found.at, 1.25, 0.001);
    j = judge("order: {cells: [fast, slowest, slow], figure: avg_iter_s}", "tolerance: 0.10");
    assert_int_equal(j.verdict, CLAIM_CONTRADICTED);
    assert_near(j.found.at, 0.8, 0.001);
    assert_int_equal(judge("order: {cells: [fast, slow, nobody], figure: avg_iter_s}", "tolerance: 0.1").verdict,
                     CLAIM_NOT_RUN);
}

/* Python's statistics.linear_regression of the logarithms; the interval by its formula, t(0.975; 4). */
static void an_exponent_is_the_slope_of_the_logarithms(void **state)
{
    (void)state;
    const double x[] = {1, 1, 2, 2, 4, 4}, y[] = {1.02, 0.99, 2.05, 1.97, 3.9, 4.1};
    struct stats_interval i = stats_log_slope(x, y, 6, 0.95);
    assert_null(i.why_not);
    assert_near(i.at, 0.9962571128009878, 1e-12);
    assert_near(i.low, 0.9462198792032743, 1e-9);
    assert_near(i.high, 1.0462943463987013, 1e-9);
    assert_string_equal(stats_log_slope(x, y, 4, 0.95).why_not, "fewer than 5 invocations");
    assert_string_equal(stats_log_slope(x, y, 2, 0.95).why_not, "the cells do not differ in it: there is no exponent");
    const double zero[] = {0, 1, 1, 1, 1, 1};
    assert_string_equal(stats_log_slope(x, zero, 6, 0.95).why_not, "a figure is not above 0: there is no exponent");
}

static void scaling_is_judged_by_the_exponent(void **state)
{
    (void)state;
    ADD("one", "avg_iter_s", "1", 1.02, 0.99);
    ADD("two", "avg_iter_s", "2", 2.05, 1.97);
    ADD("four", "avg_iter_s", "4", 3.9, 4.1);
    static const char KIND[] = "scaling: {cells: [one, two, four], by: workers, figure: avg_iter_s}";
    struct judgement j = judge(KIND, "expect: {min: 0.9, max: 1.1}\n    tolerance: 0.10");
    assert_int_equal(j.verdict, CLAIM_SUPPORTED);
    assert_near(j.found.at, 0.9962571128009878, 1e-12);
    assert_int_equal(judge(KIND, "expect: {max: 0.5}\n    tolerance: 0.10").verdict, CLAIM_CONTRADICTED);
    j = judge("scaling: {cells: [one, two], by: height, figure: avg_iter_s}", "expect: {max: 1}\n    tolerance: 0.1");
    assert_int_equal(j.verdict, CLAIM_NOT_RUN);
    assert_string_equal(j.why, "one: its scenario has no number of that key");
}

static void one_half_of_an_a_a_plan_counts(void **state)
{
    (void)state;
    add_two();
    add_two();
    for (size_t i = 0; i < records.count; i++)
        records.list[i].label = i < 10 ? "A" : "A'";
    struct judgement both = judge(RATIO, "expect: {min: 1.5}\n    tolerance: 0.10");
    records.count = 10;
    struct judgement half = judge(RATIO, "expect: {min: 1.5}\n    tolerance: 0.10");
    assert_near(both.found.low, half.found.low, 0);
    for (size_t i = 10; i < 20; i++)
        free(records.list[i].figure);
}

/* --- files -------------------------------------------------------------------------------------------------------- */

#define CLAIM(id, rest) "  - id: " id "\n    text: t\n" rest

static void what_is_wrong_in_a_file_is_said_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *fault;
    } FILES[] = {
        {"schema: tare.claims/2\nclaims: []\n",
         "claims.yml:1:9: schema 'tare.claims/2': this tare reads tare.claims/1"},
        {"schema: tare.claims/1\n", "'claims' is missing here"},
        {HEAD CLAIM("C1", "    tolerance: 0.1\n"),
         "claims.yml:3:5: the claim 'C1' is of no kind: what is allowed is one of "
         "ratio, order, bound, scaling, value"},
        {HEAD CLAIM("C1", "    bound: {of: a, figure: f}\n    value: {of: a, figure: f}\n    tolerance: 0.1\n"),
         "the claim 'C1' is of several kinds"},
        {HEAD CLAIM("C1", "    bound: {of: a, figure: f}\n    tolerance: 0.1\n"),
         "the claim 'C1' expects nothing: 'expect' with 'min' or 'max' is missing"},
        {HEAD CLAIM("C1", "    bound: {of: a, figure: f}\n    expect: {min: 2, max: 1}\n    tolerance: 0.1\n"),
         "claims.yml:6:13: the claim 'C1' expects a min above its max"},
        {HEAD CLAIM("C1", "    bound: {of: a, figure: f}\n    expect: {min: two}\n    tolerance: 0.1\n"),
         "claims.yml:6:19: min 'two': what is allowed is a number, as 1.5"},
        {HEAD CLAIM("C1", "    bound: {of: a, figure: f}\n    expect: {min: 1e999}\n    tolerance: 0.1\n"),
         "min '1e999': what is allowed is a number"},
        {HEAD CLAIM("C1", "    bound: {of: a, figure: f}\n    expect: {min: 1}\n    tolerance: -1\n"),
         "'-1': what is allowed is a share from 0 to 10, as 0.10"},
        {HEAD CLAIM("C 1", "    bound: {of: a, figure: f}\n    expect: {min: 1}\n    tolerance: 1\n"),
         "claims.yml:3:9: 'C 1': what is allowed is letters, digits"},
        {HEAD CLAIM("C1", "    order: {cells: [a, b], figure: f}\n    expect: {min: 1}\n    tolerance: 1\n"),
         "an order expects nothing else; leave 'expect' out"},
        {HEAD CLAIM("C1", "    order: {cells: [a], figure: f}\n    tolerance: 1\n"), "an entry is missing here"},
        {HEAD CLAIM("C1", "    bound: {of: a, figure: f, to: b}\n    expect: {min: 1}\n    tolerance: 1\n"),
         "'to' is not a key here; what is allowed is of, figure"},
        {HEAD CLAIM("C1", "    bound: {of: a, figure: f}\n    expect: {min: 1}\n    tolerance: 1\n")
             CLAIM("C1", "    bound: {of: a, figure: f}\n    expect: {min: 1}\n    tolerance: 1\n"),
         "claims.yml:8:9: 'C1' is a claim already"},
    };
    for (size_t i = 0; i < ARRAY_LEN(FILES); i++) {
        struct claims c;
        struct err e;
        assert_int_not_equal(parse(FILES[i].text, &c, &e), 0);
        if (!strstr(e.text, FILES[i].fault))
            fail_msg("%zu: %s\nwanted: %s", i, e.text, FILES[i].fault);
        assert_int_equal(e.kind, ERR_USAGE);
    }
}

static void a_file_of_none_is_valid(void **state)
{
    (void)state;
    struct claims c;
    struct err e;
    assert_int_equal(parse("schema: tare.claims/1\nclaims: []\n", &c, &e), 0);
    assert_int_equal(c.count, 0);
    claims_free(&c);
}

static void words_are_as_people_read_them(void **state)
{
    (void)state;
    char buf[96];
    struct claims c;
    struct err e;
    assert_int_equal(parse(HEAD CLAIM("C1", "    bound: {of: a, figure: pss_bytes}\n    expect: {max: 62914560}\n"
                                            "    tolerance: 0.1\n")
                               CLAIM("C2", "    ratio: {of: a, to: b, figure: f}\n    expect: {min: 1.5, max: 2}\n"
                                           "    tolerance: 0.1\n"),
                           &c, &e),
                     0);
    assert_string_equal(claim_expected(&c.list[0], &records, buf, sizeof(buf)), "at most 60.0 MiB");
    assert_string_equal(claim_expected(&c.list[1], &records, buf, sizeof(buf)), "1.5 to 2");
    const struct judgement j = {.found = {.at = 1.75, .low = 1.7, .high = 1.8}};
    assert_string_equal(claim_found(&c.list[1], &j, &records, buf, sizeof(buf)), "1.75 [1.7, 1.8]");
    claims_free(&c);
}

static void a_figure_of_no_record_is_said_with_its_place_once_its_cell_has_run(void **state)
{
    (void)state;
    struct claims c;
    struct err e;
    assert_int_equal(
        parse(HEAD CLAIM("C1", "    bound: {of: a, figure: bogus}\n    expect: {max: 1}\n    tolerance: 0.1\n"), &c,
              &e),
        0);
    ADD("b", "pss_bytes", "1", 1.0);
    assert_int_equal(claims_check_figures(&c, &records, &e), 0);
    ADD("a", "pss_bytes", "1", 1.0);
    assert_int_equal(claims_check_figures(&c, &records, &e), -EINVAL);
    assert_string_equal(e.text,
                        "claims.yml:5:28: the claim 'C1' names 'bogus', which is no figure of the records: they "
                        "have pss_bytes");
    claims_free(&c);
}

/* --- effects ------------------------------------------------------------------------------------------------------ */

static struct claim_effect effect(const char *kind, const char *rest, size_t part, size_t *parts)
{
    char text[800];
    struct claims c;
    struct err e;
    text_format(text, sizeof(text), HEAD "  - id: C1\n    text: it is so\n    %s\n    %s\n", kind, rest);
    if (parse(text, &c, &e) != 0)
        fail_msg("%s", e.text);
    struct claim_effect f = claim_effect(&c.list[0], &records, part);
    *parts = claim_effects(&c.list[0]);
    claims_free(&c);
    return f;
}

/* The interval is what the variance gives, by t with df degrees of freedom. */
static void assert_is_of_its_variance(const struct claim_effect *f, double df)
{
    assert_true(f->is_run);
    assert_near(f->at, log(f->found.at), 1e-12);
    assert_near(log(f->found.high / f->found.low) / 2, stats_student(0.975, df) * sqrt(f->variance), 1e-9);
}

static void an_effect_has_the_variance_that_its_interval_is_made_of(void **state)
{
    (void)state;
    size_t parts = 0;
    add_two();
    struct claim_effect mean = effect("bound: {of: slow, figure: avg_iter_s}", "expect: {max: 3}", 0, &parts);
    assert_int_equal(parts, 1);
    assert_is_of_its_variance(&mean, 4);
    struct claim_effect none = effect("bound: {of: nowhere, figure: avg_iter_s}", "expect: {max: 3}", 0, &parts);
    assert_false(none.is_run);
    assert_string_equal(none.why, "nowhere: none of its invocations was run");
}

static void an_order_has_an_effect_for_each_pair_of_neighbours(void **state)
{
    (void)state;
    size_t parts = 0;
    add_two();
    struct claim_effect f = effect("order: {cells: [fast, slow, fast], figure: avg_iter_s}", "", 1, &parts);
    assert_int_equal(parts, 2);
    assert_near(f.at, -log(2), 0.01);
}

static void an_exponents_effect_is_the_exponent_itself(void **state)
{
    (void)state;
    size_t parts = 0;
    ADD("w1", "avg_iter_s", "1", 1.00, 1.01, 0.99);
    ADD("w2", "avg_iter_s", "2", 2.00, 2.02, 1.98);
    ADD("w4", "avg_iter_s", "4", 4.00, 4.04, 3.96);
    struct claim_effect f =
        effect("scaling: {cells: [w1, w2, w4], by: workers, figure: avg_iter_s}", "expect: {max: 2}", 0, &parts);
    assert_near(f.at, 1, 0.01);
    assert_near((f.found.high - f.found.low) / 2, stats_student(0.975, 7) * sqrt(f.variance), 1e-12);
}

static void an_exponent_of_as_many_invocations_as_parameters_has_no_variance(void **state)
{
    (void)state;
    size_t parts = 0;
    static const char KIND[] = "scaling: {cells: [w1, w2], by: workers, figure: avg_iter_s}";
    ADD("w1", "avg_iter_s", "1", 1.00);
    ADD("w2", "avg_iter_s", "2", 2.00);
    struct claim_effect f = effect(KIND, "expect: {max: 2}", 0, &parts);
    assert_true(isnan(f.variance));
    assert_int_equal(judge(KIND, "expect: {max: 2}").verdict, CLAIM_INCONCLUSIVE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(an_exponent_of_as_many_invocations_as_parameters_has_no_variance, forget),
        cmocka_unit_test_teardown(an_effect_has_the_variance_that_its_interval_is_made_of, forget),
        cmocka_unit_test_teardown(an_order_has_an_effect_for_each_pair_of_neighbours, forget),
        cmocka_unit_test_teardown(an_exponents_effect_is_the_exponent_itself, forget),
        cmocka_unit_test_teardown(a_ratio_wholly_within_is_supported_and_wholly_outside_contradicted, forget),
        cmocka_unit_test_teardown(across_the_edge_it_is_inconclusive_whatever_the_width, forget),
        cmocka_unit_test_teardown(equal_cells_are_in_no_order, forget),
        cmocka_unit_test_teardown(without_five_invocations_it_is_inconclusive, forget),
        cmocka_unit_test_teardown(what_was_not_run_says_why, forget),
        cmocka_unit_test_teardown(emulated_times_are_no_measure_and_emulated_bytes_are, forget),
        cmocka_unit_test_teardown(a_bound_has_students_interval_of_the_geometric_mean, forget),
        cmocka_unit_test_teardown(slopes_have_an_arithmetic_mean_and_are_in_order_by_differences, forget),
        cmocka_unit_test_teardown(an_order_is_what_all_neighbours_say_and_shows_the_least_ratio, forget),
        cmocka_unit_test(an_exponent_is_the_slope_of_the_logarithms),
        cmocka_unit_test_teardown(scaling_is_judged_by_the_exponent, forget),
        cmocka_unit_test_teardown(one_half_of_an_a_a_plan_counts, forget),
        cmocka_unit_test(what_is_wrong_in_a_file_is_said_with_its_place),
        cmocka_unit_test(a_file_of_none_is_valid),
        cmocka_unit_test_teardown(a_figure_of_no_record_is_said_with_its_place_once_its_cell_has_run, forget),
        cmocka_unit_test(words_are_as_people_read_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

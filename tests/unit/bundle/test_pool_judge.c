#include "bundle/pool.h"

#include "base/cleanup.h"
#include "base/err.h"
#include "base/json_put.h"
#include "tests/unit/near.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- reproductions made here: no file, each with the effects that are planted ------------------------------------- */

#define ORIGINAL "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static struct pool_result pool;

static int forget(void **state)
{
    (void)state;
    pool_result_free(&pool);
    return 0;
}

static struct pool_member *add(const char *name, const char *machine, const char *hardware)
{
    pool.member = realloc(pool.member, (pool.members + 1) * sizeof(*pool.member));
    struct pool_member *m = &pool.member[pool.members++];
    *m = (struct pool_member){.name = strdup(name),
                              .of = strdup(ORIGINAL),
                              .role = "undeclared",
                              .where = "host",
                              .records = 1,
                              .hardware = strdup(hardware),
                              .prints = json_pack("{s:b}", name, 1),
                              .machines = json_pack("{s:b}", machine, 1)};
    return m;
}

/* An effect on the scale of logarithms, with the standard error. */
static void effect(struct pool_member *m, double ratio, double stderr_of_log)
{
    m->effect = realloc(m->effect, (m->effects + 1) * sizeof(*m->effect));
    m->effect[m->effects++] = (struct claim_effect){
        .found = {ratio, ratio * exp(-2 * stderr_of_log), ratio * exp(2 * stderr_of_log), 0.95, NULL},
        .at = log(ratio),
        .variance = stderr_of_log * stderr_of_log,
        .is_run = true};
}

static void take(const char *name, const char *machine, const char *hardware, double ratio)
{
    effect(add(name, machine, hardware), ratio, 0.02);
}

static const struct pool_claim *judge(const char *claim)
{
    struct err e = {0};
    struct text bytes = {0};
    text_add(&bytes, "schema: tare.claims/1\nclaims:\n  - id: C1\n    text: it is so\n    %s\n", claim);
    if (claims_parse("claims.yml", &bytes, &pool.claims, &e) != 0)
        fail_msg("%s", e.text);
    pool_sort_out(&pool);
    pool_judge(&pool);
    return &pool.claim[0];
}

#define RATIO "ratio: {of: a, to: b, figure: avg_iter_s}\n    expect: {min: 1.5}"

/* --- verdicts ----------------------------------------------------------------------------------------------------- */

static void a_claim_is_supported_where_the_next_machine_is_expected_within(void **state)
{
    (void)state;
    take("1", "m1", "x", 2.0);
    take("2", "m2", "x", 2.1);
    take("3", "m3", "x", 1.9);
    take("4", "m4", "x", 2.05);
    const struct pool_claim *c = judge(RATIO);
    assert_string_equal(pool_verdict_name(c), "SUPPORTED");
    assert_int_equal(pool_status(&pool), 0);
    assert_int_equal(c->part[0].all.p.machines, 4);
    assert_near(c->part[0].all.mean.at, pow(2.0 * 2.1 * 1.9 * 2.05, 0.25), 1e-12);
}

static void a_mean_within_with_a_next_machine_outside_is_inconclusive(void **state)
{
    (void)state;
    take("1", "m1", "x", 2.0);
    take("2", "m2", "x", 1.6);
    take("3", "m3", "x", 2.2);
    take("4", "m4", "x", 2.4);
    take("5", "m5", "x", 1.9);
    const struct pool_claim *c = judge(RATIO);
    assert_true(c->part[0].all.mean.low > 1.5);
    assert_true(c->part[0].all.prediction.low < 1.5);
    assert_string_equal(pool_verdict_name(c), "INCONCLUSIVE");
    assert_string_equal(c->why, "the prediction interval lies across the edge");
    assert_int_equal(pool_status(&pool), ERR_SAID_NO);
}

static void a_next_machine_wholly_outside_contradicts(void **state)
{
    (void)state;
    take("1", "m1", "x", 1.00);
    take("2", "m2", "x", 1.02);
    take("3", "m3", "x", 0.99);
    assert_string_equal(pool_verdict_name(judge(RATIO)), "CONTRADICTED");
}

static void two_machines_predict_nothing(void **state)
{
    (void)state;
    take("1", "m1", "x", 2.0);
    take("2", "m2", "x", 2.0);
    const struct pool_claim *c = judge(RATIO);
    assert_string_equal(pool_verdict_name(c), "INCONCLUSIVE");
    assert_string_equal(c->why, "2 machines: a prediction of the next one takes 3");
    assert_non_null(c->part[0].all.prediction.why_not);
}

static void runs_of_one_machine_are_one_machine(void **state)
{
    (void)state;
    for (size_t i = 0; i < 9; i++)
        take((const char[]){(char)('a' + (int)i), 0}, i < 7 ? "m1" : i == 7 ? "m2" : "m3", "x", 2.0 + 0.01 * (double)i);
    const struct pool_claim *c = judge(RATIO);
    assert_int_equal(pool.machines, 3);
    assert_int_equal(c->part[0].all.p.machines, 3);
    double first = 0; /* the mean over the seven runs weighs as each of the others */
    for (size_t i = 0; i < 7; i++)
        first += log(2.0 + 0.01 * (double)i) / 7;
    assert_near(c->part[0].all.p.mean.at, (first + log(2.07) + log(2.08)) / 3, 1e-12);
}

static void many_runs_of_one_machine_alone_predict_no_other(void **state)
{
    (void)state;
    take("1", "m1", "x", 2.0);
    take("2", "m1", "x", 2.1);
    take("3", "m1", "x", 1.9);
    const struct pool_claim *c = judge(RATIO);
    assert_true(c->part[0].all.of_runs);
    assert_string_equal(pool_verdict_name(c), "INCONCLUSIVE");
    assert_non_null(strstr(c->why, "one machine"));
    assert_null(c->part[0].all.mean.why_not);
}

/* A boot that two name, and a name that two others have, make one machine of all. */
static void machines_are_told_by_whatever_two_share(void **state)
{
    (void)state;
    take("1", "m1", "x", 2.0);
    take("2", "m2", "x", 2.0);
    take("3", "m3", "x", 2.0);
    json_put(add("4", "m1", "x")->machines, "m3", json_true());
    effect(&pool.member[3], 2.0, 0.02);
    (void)judge(RATIO);
    assert_int_equal(pool.machines, 2);
    assert_int_equal(pool.member[0].machine, pool.member[2].machine);
    assert_int_equal(pool.member[0].machine, pool.member[3].machine);
    assert_true(pool.member[1].machine < 2 && pool.member[1].machine != pool.member[0].machine);
}

/* --- classes ------------------------------------------------------------------------------------------------------ */

static void add_classes(double second)
{
    take("1", "m1", "x", 3.0);
    take("2", "m2", "x", 3.1);
    take("3", "m3", "x", 2.95);
    take("4", "m4", "y", second);
    take("5", "m5", "y", second * 1.02);
    take("6", "m6", "y", second * 0.99);
}

/* Boot ids and names are in every record that was published. */
static void whoever_claims_the_machines_of_signed_ones_does_not_make_them_one(void **state)
{
    (void)state;
    struct pool_member *claims_all = add("1", "m1", "x");
    json_put(claims_all->machines, "m2", json_true());
    json_put(claims_all->machines, "m3", json_true());
    for (int i = 1; i <= 3; i++) {
        char name[8], machine[8];
        text_format(name, sizeof(name), "s%d", i);
        text_format(machine, sizeof(machine), "m%d", i);
        add(name, machine, "x")->signature = VERIFY_SIGNED;
    }
    for (size_t i = 0; i < pool.members; i++)
        effect(&pool.member[i], 3.0 + (double)i / 100, 0.02);
    const struct pool_claim *c = judge(RATIO);
    assert_int_equal(pool.machines, 3);
    assert_int_equal(c->part[0].all.p.machines, 3);
    assert_string_equal(pool_verdict_name(c), "SUPPORTED");
}

static void classes_that_differ_have_a_verdict_each(void **state)
{
    (void)state;
    add_classes(1.1);
    const struct pool_claim *c = judge(RATIO);
    assert_string_equal(pool_verdict_name(c), "BY MACHINE CLASS");
    assert_int_equal(c->of_class[0], CLAIM_SUPPORTED);
    assert_int_equal(c->of_class[1], CLAIM_CONTRADICTED);
    assert_int_equal(pool_status(&pool), ERR_SAID_NO);
}

static void classes_that_differ_and_both_support_exit_with_0(void **state)
{
    (void)state;
    add_classes(2.0);
    const struct pool_claim *c = judge(RATIO);
    assert_string_equal(pool_verdict_name(c), "BY MACHINE CLASS");
    assert_int_equal(c->of_class[1], CLAIM_SUPPORTED);
    assert_int_equal(pool_status(&pool), 0);
}

static void classes_that_agree_are_one(void **state)
{
    (void)state;
    add_classes(3.02);
    const struct pool_claim *c = judge(RATIO);
    assert_int_equal(pool.classes, 2);
    assert_string_equal(pool_verdict_name(c), "SUPPORTED");
    assert_true(c->part[0].classes_p > 0.05);
}

static void an_absolute_value_is_of_each_class_alone(void **state)
{
    (void)state;
    add_classes(3.02);
    const struct pool_claim *c = judge("value: {of: a, figure: avg_iter_s}\n    expect: {min: 1.5}");
    assert_string_equal(pool_verdict_name(c), "BY MACHINE CLASS");
}

/* --- orders ------------------------------------------------------------------------------------------------------- */

static void an_order_has_the_verdict_of_its_worst_ratio(void **state)
{
    (void)state;
    const char *const names[] = {"1", "2", "3"};
    for (size_t i = 0; i < 3; i++) {
        struct pool_member *m = add(names[i], names[i], "x");
        effect(m, 2.0 + 0.01 * (double)i, 0.01);
        effect(m, 0.5 + 0.001 * (double)i, 0.01);
    }
    const struct pool_claim *c = judge("order: {cells: [a, b, c], figure: avg_iter_s}");
    assert_int_equal(c->parts, 2);
    assert_int_equal(c->shown, 1);
    assert_int_equal(c->part[0].all.verdict, CLAIM_SUPPORTED);
    assert_string_equal(pool_verdict_name(c), "CONTRADICTED");
    assert_near(c->part[0].all.p.mean.confidence, 0.975, 1e-12); /* two intervals hold jointly */
}

/* --- what does not count ------------------------------------------------------------------------------------------ */

static void a_record_counts_once_and_the_originals_never(void **state)
{
    (void)state;
    take("1", "m1", "x", 2.0);
    take("2", "m2", "x", 2.0);
    json_put(pool.member[0].prints, "id R1", json_true());
    json_put(pool.member[1].prints, "id R1", json_true());
    take("3", "m3", "x", 2.0);
    json_put(pool.member[2].prints, "times T", json_true());
    struct pool_member *original = add("0", "m0", "x");
    free(original->of);
    original->of = NULL;
    text_format(original->sha256, sizeof(original->sha256), ORIGINAL);
    json_put(original->prints, "times T", json_true());
    effect(original, 2.0, 0.02);
    (void)judge(RATIO);
    assert_int_equal(pool.counted, 1);
    assert_int_equal(pool.member[1].state, POOL_TWIN);
    assert_string_equal(pool.member[1].why, "1 of its 1 records are those of 1, which counts already");
    assert_int_equal(pool.member[2].state, POOL_REFUSED);
    assert_non_null(strstr(pool.member[2].why, "the original's"));
    assert_int_equal(pool.member[3].state, POOL_ORIGINAL);
}

/* Whoever copies a record of a signed reproduction, and comes first, puts out nobody but himself. */
static void a_signature_that_holds_goes_before_whatever_comes_first(void **state)
{
    (void)state;
    take("stranger", "m1", "x", 2.0);
    take("other", "m2", "x", 2.0);
    pool.member[1].of[0] = 'b';
    take("alice", "m3", "x", 2.0);
    pool.member[2].signature = VERIFY_SIGNED;
    text_format(pool.member[2].claims_sha256, sizeof(pool.member[2].claims_sha256), "hers");
    json_put(pool.member[0].prints, "id R1", json_true());
    json_put(pool.member[2].prints, "id R1", json_true());
    pool.member[0].of[0] = 'b'; /* two of another bundle, before hers */
    (void)judge(RATIO);
    assert_string_equal(pool.original, ORIGINAL);
    assert_ptr_equal(pool.reference, &pool.member[2]);
    assert_int_equal(pool.member[2].state, POOL_COUNTED);
    assert_int_equal(pool.counted, 1);
}

static void a_twin_of_a_signed_one_is_left_out_though_it_comes_first(void **state)
{
    (void)state;
    take("stranger", "m1", "x", 2.0);
    take("alice", "m2", "x", 2.0);
    pool.member[1].signature = VERIFY_SIGNED;
    json_put(pool.member[0].prints, "id R1", json_true());
    json_put(pool.member[1].prints, "id R1", json_true());
    (void)judge(RATIO);
    assert_int_equal(pool.member[0].state, POOL_TWIN);
    assert_string_equal(pool.member[0].why, "1 of its 1 records are those of alice, which counts already");
    assert_int_equal(pool.member[1].state, POOL_COUNTED);
}

/* --- what is withheld --------------------------------------------------------------------------------------------- */

#define VALUE "value: {of: a, figure: avg_iter_s}\n    expect: {min: 1.5}"

static void add_original(const char *hardware)
{
    struct pool_member *original = add("0", "m0", hardware);
    free(original->of);
    original->of = NULL;
    text_format(original->sha256, sizeof(original->sha256), ORIGINAL);
    effect(original, 2.0, 0.02);
}

static void withhold_all(void)
{
    for (size_t i = 0; i < pool.members; i++) {
        struct pool_member *m = &pool.member[i];
        m->claim_count = 1;
        m->said = calloc(1, sizeof(*m->said));
        m->said[0].withheld = m->of != NULL;
    }
}

static const struct pool_claim *judge_withheld(const char *original_hardware, const char *claim)
{
    take("1", "m1", "x", 1.00);
    take("2", "m2", "x", 1.02);
    take("3", "m3", "x", 0.99);
    if (original_hardware)
        add_original(original_hardware);
    withhold_all();
    return judge(claim);
}

static void a_value_is_not_withheld_on_the_originals_own_hardware(void **state)
{
    (void)state;
    assert_string_equal(pool_verdict_name(judge_withheld("x", VALUE)), "CONTRADICTED");
}

static void a_value_is_withheld_on_other_hardware(void **state)
{
    (void)state;
    const struct pool_claim *c = judge_withheld("y", VALUE);
    assert_string_equal(pool_verdict_name(c), "NOT RUN");
    assert_non_null(strstr(c->why, "its hardware is not the original's"));
}

static void a_value_of_other_hardware_does_not_count_whatever_its_own_word(void **state)
{
    (void)state;
    for (int i = 1; i <= 4; i++) {
        char name[8];
        (void)snprintf(name, sizeof(name), "%d", i);
        take(name, name, i == 4 ? "another" : "x", 2.0 + 0.01 * i);
    }
    add_original("x");
    withhold_all();
    for (size_t i = 0; i < pool.members; i++)
        pool.member[i].said[0].withheld = false;
    const struct pool_claim *c = judge(VALUE);
    assert_int_equal(c->part[0].of_class[0].verdict, CLAIM_SUPPORTED);
    assert_int_equal(c->part[0].of_class[1].verdict, CLAIM_NOT_RUN);
}

static void without_the_original_its_own_word_is_taken(void **state)
{
    (void)state;
    const struct pool_claim *c = judge_withheld(NULL, VALUE);
    assert_string_equal(pool_verdict_name(c), "NOT RUN");
    assert_non_null(strstr(c->why, "by its own word its hardware is not the original's"));
}

static void nothing_but_a_value_is_withheld(void **state)
{
    (void)state;
    assert_string_equal(pool_verdict_name(judge_withheld("y", RATIO)), "CONTRADICTED");
}

/* --- figures that do not vary ------------------------------------------------------------------------------------- */

static void a_constant_at_the_edge_is_within_whatever_its_logarithm_rounds_to(void **state)
{
    (void)state;
    static const double AT[] = {3, 7, 512, 1e6, 0.1};
    for (size_t i = 0; i < ARRAY_LEN(AT); i++) {
        char claim[120];
        pool_result_free(&pool);
        for (size_t k = 0; k < 3; k++)
            effect(add((const char[]){(char)('a' + (int)k), 0}, (const char[]){(char)('a' + (int)k), 0}, "x"), AT[i],
                   0);
        text_format(claim, sizeof(claim), "bound: {of: a, figure: f_s}\n    expect: {min: %.17g, max: %.17g}", AT[i],
                    AT[i]);
        assert_string_equal(pool_verdict_name(judge(claim)), "SUPPORTED");
    }
}

static void a_mean_of_0_is_not_pooled_and_it_says_why(void **state)
{
    (void)state;
    effect(add("1", "m1", "x"), 0, 0);
    assert_true(isinf(pool.member[0].effect[0].at));
    const struct pool_claim *c = judge("bound: {of: a, figure: throttled_s}\n    expect: {max: 0}");
    assert_string_equal(pool_verdict_name(c), "NOT RUN");
    assert_string_equal(c->why, "the mean is 0, and there is no logarithm of it");
}

/* --- names of classes --------------------------------------------------------------------------------------------- */

static void every_class_has_a_name_of_its_own(void **state)
{
    (void)state;
    char name[16];
    cleanup_text struct text said = {0};
    for (size_t i = 0; i < 26 + 26 * 26 + 2; i++) {
        text_format(name, sizeof(name), "%zu", i);
        take(name, name, name, 2.0);
    }
    withhold_all();
    for (size_t i = 0; i < pool.members; i++)
        pool.member[i].said[0].expected = strdup("it");
    for (size_t i = 0; i < pool.members; i++)
        pool.member[i].said[0].unit = strdup("s");
    (void)judge(RATIO);
    pool_text(&pool, 80, &said);
    assert_non_null(strstr(said.data, "class A: 0: machines: 1\n"));
    assert_non_null(strstr(said.data, "class Z: 25: machines: 1\n"));
    assert_non_null(strstr(said.data, "class AA: 26: machines: 1\n"));
    assert_non_null(strstr(said.data, "class ZZ: 701: machines: 1\n"));
    assert_non_null(strstr(said.data, "class AAA: 702: machines: 1\n"));
    assert_non_null(strstr(said.data, "class AAB: 703: machines: 1\n"));
}

static void reproductions_of_another_bundle_or_of_none_are_refused(void **state)
{
    (void)state;
    take("1", "m1", "x", 2.0);
    take("2", "m2", "x", 2.0);
    pool.member[1].of[0] = 'b';
    take("3", "m3", "x", 2.0);
    free(pool.member[2].of);
    pool.member[2].of = NULL;
    take("4", "m4", "x", 2.0);
    text_format(pool.member[3].claims_sha256, sizeof(pool.member[3].claims_sha256), "other");
    (void)judge(RATIO);
    assert_int_equal(pool.counted, 1);
    assert_int_equal(pool.refused, 3);
    assert_non_null(strstr(pool.member[1].why, "another bundle"));
    assert_non_null(strstr(pool.member[2].why, "reproduces no bundle"));
    assert_string_equal(pool.member[3].why, "its claims are not those of 1");
    assert_int_equal(pool_status(&pool), ERR_SAID_NO);
}

static void a_reproduction_without_an_interval_is_left_out_of_the_mean(void **state)
{
    (void)state;
    add_classes(3.02);
    struct pool_member *m = add("7", "m7", "x");
    effect(m, 90, 0.02);
    m->effect[0].found = stats_no_interval(90, 0.95, "fewer than 5 invocations");
    m->effect[0].variance = NAN;
    const struct pool_claim *c = judge(RATIO);
    assert_int_equal(pool.counted, 7);
    assert_int_equal(c->part[0].all.p.machines, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_claim_is_supported_where_the_next_machine_is_expected_within, forget),
        cmocka_unit_test_teardown(a_mean_within_with_a_next_machine_outside_is_inconclusive, forget),
        cmocka_unit_test_teardown(a_next_machine_wholly_outside_contradicts, forget),
        cmocka_unit_test_teardown(two_machines_predict_nothing, forget),
        cmocka_unit_test_teardown(runs_of_one_machine_are_one_machine, forget),
        cmocka_unit_test_teardown(many_runs_of_one_machine_alone_predict_no_other, forget),
        cmocka_unit_test_teardown(machines_are_told_by_whatever_two_share, forget),
        cmocka_unit_test_teardown(whoever_claims_the_machines_of_signed_ones_does_not_make_them_one, forget),
        cmocka_unit_test_teardown(classes_that_differ_have_a_verdict_each, forget),
        cmocka_unit_test_teardown(classes_that_differ_and_both_support_exit_with_0, forget),
        cmocka_unit_test_teardown(classes_that_agree_are_one, forget),
        cmocka_unit_test_teardown(an_absolute_value_is_of_each_class_alone, forget),
        cmocka_unit_test_teardown(an_order_has_the_verdict_of_its_worst_ratio, forget),
        cmocka_unit_test_teardown(a_record_counts_once_and_the_originals_never, forget),
        cmocka_unit_test_teardown(reproductions_of_another_bundle_or_of_none_are_refused, forget),
        cmocka_unit_test_teardown(a_signature_that_holds_goes_before_whatever_comes_first, forget),
        cmocka_unit_test_teardown(a_twin_of_a_signed_one_is_left_out_though_it_comes_first, forget),
        cmocka_unit_test_teardown(a_value_is_not_withheld_on_the_originals_own_hardware, forget),
        cmocka_unit_test_teardown(a_value_is_withheld_on_other_hardware, forget),
        cmocka_unit_test_teardown(a_value_of_other_hardware_does_not_count_whatever_its_own_word, forget),
        cmocka_unit_test_teardown(without_the_original_its_own_word_is_taken, forget),
        cmocka_unit_test_teardown(nothing_but_a_value_is_withheld, forget),
        cmocka_unit_test_teardown(a_constant_at_the_edge_is_within_whatever_its_logarithm_rounds_to, forget),
        cmocka_unit_test_teardown(a_mean_of_0_is_not_pooled_and_it_says_why, forget),
        cmocka_unit_test_teardown(every_class_has_a_name_of_its_own, forget),
        cmocka_unit_test_teardown(a_reproduction_without_an_interval_is_left_out_of_the_mean, forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "analysis/bisect.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "tests/unit/near.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#define MOST  48
#define LIST  6
#define TIMES ((size_t)(NEAR_SLOW ? 200 : 1000))

/* --- a simulated list --------------------------------------------------------------------------------------------- */

/* What the list is: by how much each is slower than the first, and how far invocations scatter. */
struct world {
    double ratio[LIST];
    double sd;      /* of one invocation's logarithm */
    double drift;   /* of a block's, which both sides share */
    bool is_skewed; /* a slow run now and then, as machines have them */
};

struct outcome {
    size_t named; /* the first bad one; 0: none */
    bool told;    /* every step was decided */
    size_t runs;  /* invocations, both sides */
};

static double scatter(gsl_rng *rng, const struct world *w)
{
    if (w->is_skewed)
        return w->sd * (gsl_ran_exponential(rng, 1) - 1);
    return gsl_ran_gaussian(rng, w->sd);
}

static enum bisect_word step(gsl_rng *rng, const struct world *w, const struct compare_condition *claim, size_t at,
                             const struct bisect_design *d, size_t *runs)
{
    struct analysis_value a[MOST], b[MOST];
    for (size_t i = 0; i < MOST; i++) {
        double block = gsl_ran_gaussian(rng, w->drift);
        a[i] = (struct analysis_value){exp(block + scatter(rng, w)), NULL, i + 1};
        b[i] = (struct analysis_value){w->ratio[at] * exp(block + scatter(rng, w)), NULL, i + 1};
    }
    for (size_t look = 0; look < d->looks; look++) {
        size_t n = (size_t)d->at[look];
        const struct bisect_row row = {analysis_ratio(a, n, b, n, true, 0, NULL), figure_about("avg_iter_s")};
        struct bisect_finding f = bisect_judge(&row, 1, claim, d);
        if (f.word == BISECT_CANNOT_TELL && look + 1 < d->looks)
            continue;
        *runs += 2 * n;
        return f.word;
    }
    return BISECT_CANNOT_TELL;
}

static struct outcome bisect(gsl_rng *rng, const struct world *w, double error)
{
    const struct bisect_design d = bisect_design(error, LIST, 6, MOST);
    const struct compare_condition claim = {"slower:5%", CONDITION_SLOWER, 0.05};
    struct bisect_search s = {.count = LIST};
    struct outcome o = {.told = true};
    for (size_t at = bisect_next(&s); at && o.told; at = bisect_next(&s)) {
        enum bisect_word word = step(rng, w, &claim, at, &d, &o.runs);
        o.told = word != BISECT_CANNOT_TELL;
        if (o.told)
            bisect_take(&s, word);
    }
    o.named = o.told && bisect_is_found(&s) ? s.bad : 0;
    return o;
}

/* Of many bisections: how often one was named that is not `bad` (0: any), how often `bad` was, and the mean runs. */
struct rates {
    double wrong, right, runs;
};

static struct rates rates_of(const struct world *w, double error, size_t bad, unsigned long seed)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    struct rates r = {0};
    gsl_rng_set(rng, seed);
    for (size_t i = 0; i < TIMES; i++) {
        struct outcome o = bisect(rng, w, error);
        r.wrong += o.named && o.named != bad;
        r.right += o.named && o.named == bad;
        r.runs += (double)o.runs;
    }
    gsl_rng_free(rng);
    return (struct rates){r.wrong / (double)TIMES, r.right / (double)TIMES, r.runs / (double)TIMES};
}

#define STRAY(p) (3 * sqrt((p) * (1 - (p)) / (double)TIMES))

static void a_list_of_the_same_names_an_innocent_no_more_often_than_asked(void **state)
{
    static const struct world WORLDS[] = {
        {{1, 1, 1, 1, 1, 1}, 0.03, 0, false},
        {{1, 1, 1, 1, 1, 1}, 0.30, 0.1, false},
        {{1, 1, 1, 1, 1, 1}, 0.20, 0, true},
        /* The least favourable ones: slower, and by just no more than the claim says. */
        {{1, 1, 1, 1, 1, 1.0499}, 0.03, 0, false},
        {{1, 1.0499, 1.0499, 1.0499, 1.0499, 1.0499}, 0.03, 0, false},
        {{1, 1.0499, 1.0499, 1.0499, 1.0499, 1.0499}, 0.20, 0.2, true},
    };
    static const double ERRORS[] = {0.05, 0.20};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(WORLDS); i++)
        for (size_t k = 0; k < ARRAY_LEN(ERRORS); k++) {
            double wrong = rates_of(&WORLDS[i], ERRORS[k], 0, 11 + i).wrong;
            if (wrong > ERRORS[k] + STRAY(ERRORS[k]))
                fail_msg("world %zu, error %g: an innocent was named in %g", i, ERRORS[k], wrong);
        }
}

static void a_planted_ten_percent_is_found_wherever_it_is(void **state)
{
    (void)state;
    for (size_t bad = 1; bad < LIST; bad++) {
        struct world w = {{1, 1, 1, 1, 1, 1}, 0.03, 0.05, false};
        for (size_t i = bad; i < LIST; i++)
            w.ratio[i] = 1.1;
        struct rates r = rates_of(&w, 0.05, bad, 23 + bad);
        if (r.right < 0.95 || r.wrong > 0.05 + STRAY(0.05))
            fail_msg("planted at %zu: found in %g, another in %g, after %g runs", bad, r.right, r.wrong, r.runs);
        print_message("+10 %% planted at %zu of %d, 3 %% scatter: found in %.3f, another in %.3f, %.0f runs\n", bad + 1,
                      LIST, r.right, r.wrong, r.runs);
    }
}

/* The proof that the test above can fail: looks at the level of a single one name innocents. */
static void looks_without_a_corrected_level_name_innocents(void **state)
{
    (void)state;
    const struct world w = {{1, 1, 1, 1, 1, 1.0499}, 0.03, 0, false};
    const struct bisect_design corrected = bisect_design(0.05, LIST, 6, MOST);
    double uncorrected = 0.05 * (double)(corrected.steps * corrected.looks);
    assert_true(rates_of(&w, uncorrected, 0, 5).wrong > 0.05 + STRAY(0.05));
}

/* --- one look ----------------------------------------------------------------------------------------------------- */

static struct bisect_row row_of(double ratio, double stderror, const char *figure)
{
    return (struct bisect_row){{.method = ANALYSIS_PAIRS,
                                .log = log(ratio),
                                .variance = stderror * stderror,
                                .df = 19,
                                .a_used = 20,
                                .b_used = 20},
                               figure_about(figure)};
}

static struct bisect_finding judged(const struct bisect_row *row, size_t rows, const char *text)
{
    struct compare_condition claim;
    const struct bisect_design d = bisect_design(0.05, 2, 20, 20);
    assert_true(bisect_claim_parse(text, &claim));
    return bisect_judge(row, rows, &claim, &d);
}

static void a_look_decides_where_the_interval_leaves_the_share_out(void **state)
{
    (void)state;
    const struct bisect_row slow = row_of(1.10, 0.01, "avg_iter_s"), same = row_of(1.00, 0.01, "avg_iter_s"),
                            near = row_of(1.06, 0.01, "avg_iter_s");
    assert_int_equal(judged(&slow, 1, "slower:5%").word, BISECT_HOLDS);
    assert_int_equal(judged(&same, 1, "slower:5%").word, BISECT_DOES_NOT_HOLD);
    struct bisect_finding f = judged(&near, 1, "slower:5%");
    assert_int_equal(f.word, BISECT_CANNOT_TELL);
    assert_true(f.ratio.low < 1.05 && f.ratio.high > 1.05);
    /* ln(1.06/1.05) = 0.00948, each invocation's sd 0.0447, t(0.95; 60) = 1.67: (1.67 * 0.0447 / 0.00948)^2 = 62 */
    assert_true(f.runs >= 58 && f.runs <= 68);
}

static void a_rate_is_slower_when_it_falls_and_memory_grows(void **state)
{
    (void)state;
    const struct bisect_row rate = row_of(1 / 1.10, 0.01, "steps_per_s"), memory = row_of(1.2, 0.01, "pss_bytes"),
                            fast = row_of(1 / 1.10, 0.01, "avg_iter_s");
    assert_int_equal(judged(&rate, 1, "slower:5%").word, BISECT_HOLDS);
    assert_int_equal(judged(&rate, 1, "faster:5%").word, BISECT_DOES_NOT_HOLD);
    assert_int_equal(judged(&fast, 1, "faster:5%").word, BISECT_HOLDS);
    assert_int_equal(judged(&memory, 1, "memory:10%").word, BISECT_HOLDS);
}

static void growth_is_of_slopes_and_by_their_difference(void **state)
{
    struct bisect_row leak = row_of(1, 2000, "growth_pss_bytes"), flat = leak, near = leak;
    struct compare_condition growth, memory;
    (void)state;
    leak.ratio.is_difference = flat.ratio.is_difference = near.ratio.is_difference = true;
    leak.ratio.log = 100e3;
    flat.ratio.log = -1e3;
    near.ratio.log = 66e3;
    assert_int_equal(judged(&leak, 1, "growth:64K").word, BISECT_HOLDS);
    assert_int_equal(judged(&flat, 1, "growth:64K").word, BISECT_DOES_NOT_HOLD);
    struct bisect_finding f = judged(&near, 1, "growth:64K");
    assert_int_equal(f.word, BISECT_CANNOT_TELL);
    assert_near(f.ratio.at, 66e3, 1e-6);
    assert_true(f.runs > 20);
    assert_true(bisect_claim_parse("growth:64K", &growth) && bisect_claim_parse("memory:5%", &memory));
    assert_near(growth.share, 65536, 1e-9);
    assert_true(compare_concerns(&growth, &leak.about) && !compare_concerns(&memory, &leak.about));
    const struct figure_about pss = figure_about("pss_bytes"), time = figure_about("avg_iter_s");
    assert_false(compare_concerns(&growth, &pss) || compare_concerns(&growth, &time));
    static const char *const NONE[] = {"growth", "growth:", "growth:0", "growth:5%", "growth:-1K"};
    for (size_t k = 0; k < ARRAY_LEN(NONE); k++)
        assert_false(bisect_claim_parse(NONE[k], &growth));
}

static void of_several_cells_one_is_enough_and_an_unclear_one_keeps_it_open(void **state)
{
    (void)state;
    const struct bisect_row rows[] = {row_of(1, 0.01, "avg_iter_s"), row_of(1.2, 0.01, "avg_iter_s"),
                                      row_of(1.05, 0.01, "avg_iter_s")};
    struct bisect_finding f = judged(rows, 3, "slower:5%");
    assert_int_equal(f.word, BISECT_HOLDS);
    assert_int_equal(f.row, 1);
    const struct bisect_row open[] = {rows[0], rows[2]};
    f = judged(open, 2, "slower:5%");
    assert_int_equal(f.word, BISECT_CANNOT_TELL);
    assert_int_equal(f.row, 1);
    struct bisect_row without = row_of(1.5, 0.01, "avg_iter_s");
    without.ratio.why_not = "too few";
    f = judged(&without, 1, "slower:5%");
    assert_int_equal(f.word, BISECT_CANNOT_TELL);
    assert_int_equal(f.runs, 0);
}

static void each_cell_step_and_look_has_its_part_of_the_error(void **state)
{
    (void)state;
    const struct bisect_design d = bisect_design(0.05, 6, 6, 48);
    assert_int_equal(d.steps, 4);
    assert_int_equal(d.looks, 4);
    assert_int_equal(d.at[0], 6);
    assert_int_equal(d.at[3], 48);
    assert_near(bisect_confidence(&d, 2), 1 - 2 * 0.05 / (4 * 4 * 2), 1e-12);
    const struct bisect_design odd = bisect_design(0.05, 2, 5, 12);
    assert_int_equal(odd.steps, 1);
    assert_int_equal(odd.looks, 3);
    assert_int_equal(odd.at[2], 12);
}

/* --- the search --------------------------------------------------------------------------------------------------- */

static void every_place_is_found_within_the_steps_that_the_error_is_parted_by(void **state)
{
    (void)state;
    for (size_t count = 2; count <= 70; count++)
        for (size_t bad = 1; bad <= count; bad++) { /* count: none of them */
            struct bisect_search s = {.count = count};
            size_t steps = 0;
            for (size_t at = bisect_next(&s); at; at = bisect_next(&s), steps++)
                bisect_take(&s, at >= bad ? BISECT_HOLDS : BISECT_DOES_NOT_HOLD);
            assert_true(steps <= bisect_design(0.05, count, 6, 6).steps);
            assert_int_equal(bisect_is_found(&s), bad < count);
            if (bad < count)
                assert_int_equal(s.bad, bad);
        }
}

static void what_is_no_claim_is_refused(void **state)
{
    static const char *const NONE[] = {"",           "slower", "slower:",    "slower:x",
                                       "slower:-1%", "growth", "memory:nan", "Slower:5%"};
    (void)state;
    struct compare_condition c;
    for (size_t i = 0; i < ARRAY_LEN(NONE); i++)
        assert_false(bisect_claim_parse(NONE[i], &c));
    assert_true(bisect_claim_parse("slower:0", &c));
    struct figure_about count = figure_about("retries"), time = figure_about("avg_iter_s");
    assert_false(compare_concerns(&c, &count));
    assert_true(compare_concerns(&c, &time));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_of_the_same_names_an_innocent_no_more_often_than_asked),
        cmocka_unit_test(a_planted_ten_percent_is_found_wherever_it_is),
        cmocka_unit_test(looks_without_a_corrected_level_name_innocents),
        cmocka_unit_test(a_look_decides_where_the_interval_leaves_the_share_out),
        cmocka_unit_test(a_rate_is_slower_when_it_falls_and_memory_grows),
        cmocka_unit_test(growth_is_of_slopes_and_by_their_difference),
        cmocka_unit_test(of_several_cells_one_is_enough_and_an_unclear_one_keeps_it_open),
        cmocka_unit_test(each_cell_step_and_look_has_its_part_of_the_error),
        cmocka_unit_test(every_place_is_found_within_the_steps_that_the_error_is_parted_by),
        cmocka_unit_test(what_is_no_claim_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

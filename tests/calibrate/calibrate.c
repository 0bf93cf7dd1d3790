/* calibrate: the error rates of the rules that tare judges by, as Markdown tables on standard output.
 *
 *     calibrate SECTION    ratios, families, claims, rest; seeds are fixed
 *
 * Exit 1: a rate is beyond its bound; the line that names it goes to standard error. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "bundle/claims.h"
#include "record/records.h"
#include "tests/calibrate/rates.h"

static const size_t SIZES[] = {5, 10, 20, 30, 100};
static gsl_rng *rng;
static int broken;

/* What is measured strays by chance: three of its standard errors are allowed beyond the bound. */
static void hold(const char *what, size_t n, double rate, double low, double high, size_t times)
{
    const double stray = 3 * sqrt(0.03 * 0.97 / (double)times);
    if (rate >= low - stray && rate <= high + stray)
        return;
    (void)fprintf(stderr, "calibrate: %s, n = %zu: %.4f lies outside of %.3f to %.3f\n", what, n, rate, low, high);
    broken = 1;
}

/* --- ratios ------------------------------------------------------------------------------------------------------- */

static void print_coverage(bool in_blocks)
{
    enum { TIMES = 20000 };
    (void)printf("\n### Coverage of the 95%% interval of a ratio of 1.05: %s\n\n",
                 in_blocks ? "blocks as pairs" : "Welch");
    (void)printf("In per cent: covered (interval above the truth / below it).\n\n| |");
    for (size_t k = 0; k < ARRAY_LEN(SIZES); k++)
        (void)printf(" n = %zu |", SIZES[k]);
    (void)printf("\n|---|---|---|---|---|---|\n");
    for (int s = 0; s < SHAPES; s++) {
        (void)printf("| %s |", SHAPE_NAMES[s]);
        for (size_t k = 0; k < ARRAY_LEN(SIZES); k++) {
            const struct trial t = {.shape = (enum shape)s,
                                    .n = SIZES[k],
                                    .ratio = 1.05,
                                    .slow_a = SHAPE_SLOW_SHARE,
                                    .slow_b = SHAPE_SLOW_SHARE,
                                    .in_blocks = in_blocks};
            struct coverage c = rate_coverage(rng, &t, TIMES);
            (void)printf(" %.1f (%.1f/%.1f) |", 100 * c.covered, 100 * c.above, 100 * c.below);
            hold(SHAPE_NAMES[s], SIZES[k], c.covered, 0.93, s < SHAPE_BIMODAL ? 0.97 : 1, TIMES);
        }
        (void)printf("\n");
    }
}

static void print_cells(void)
{
    enum { TIMES = 10000 };
    (void)printf("\n### Coverage of the 95%% interval of one cell's geometric mean\n\n| |");
    for (size_t k = 0; k < ARRAY_LEN(SIZES); k++)
        (void)printf(" n = %zu |", SIZES[k]);
    (void)printf("\n|---|---|---|---|---|---|\n");
    for (int s = 0; s < SHAPES; s++) {
        (void)printf("| %s |", SHAPE_NAMES[s]);
        for (size_t k = 0; k < ARRAY_LEN(SIZES); k++) {
            struct cell_rates c = rate_cell(rng, (enum shape)s, SIZES[k], 0, false, TIMES);
            (void)printf(" %.1f |", 100 * c.covered);
            hold(SHAPE_NAMES[s], SIZES[k], c.covered,
                 s < SHAPE_GAMMA    ? 0.93
                 : s == SHAPE_GAMMA ? 0.92
                                    : 0,
                 0.97, TIMES);
        }
        (void)printf("\n");
    }
}

/* --- families ----------------------------------------------------------------------------------------------------- */

/* One table: the share of comparisons in which at least one row is wrong. */
static void print_family(const char *title, struct trial t, bool same, double bound, size_t times)
{
    static const size_t CELLS[] = {1, 15};
    (void)printf("\n### %s\n\n| |", title);
    for (size_t c = 0; c < ARRAY_LEN(CELLS); c++)
        for (size_t k = 0; k < ARRAY_LEN(SIZES); k++)
            (void)printf(" %zu cell%s, n = %zu |", CELLS[c], CELLS[c] == 1 ? "" : "s", SIZES[k]);
    (void)printf("\n|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (int s = 0; s < SHAPES; s++) {
        if (t.slow_a < t.slow_b && s != SHAPE_BIMODAL)
            continue;
        (void)printf("| %s |", SHAPE_NAMES[s]);
        for (size_t c = 0; c < ARRAY_LEN(CELLS); c++)
            for (size_t k = 0; k < ARRAY_LEN(SIZES); k++) {
                t.shape = (enum shape)s;
                t.n = SIZES[k];
                t.cells = CELLS[c];
                struct family f = rate_family(rng, &t, times);
                double rate = same ? f.same : f.differs;
                (void)printf(" %.1f |", 100 * rate);
                hold(title, SIZES[k], rate, 0, bound, times);
            }
        (void)printf("\n");
    }
}

/* --- claims ------------------------------------------------------------------------------------------------------- */

static struct figure *figures;
static struct records claimed;

/* n invocations of each of two cells, as records that were read back. */
static void make_records(size_t n)
{
    static const char *const CELL[] = {"base", "other"};
    claimed = (struct records){.pool = pool_new()};
    claimed.name = calloc(1, sizeof(*claimed.name));
    claimed.list = calloc(2 * n, sizeof(*claimed.list));
    figures = calloc(2 * n, sizeof(*figures));
    if (!claimed.name || !claimed.list || !figures)
        abort();
    claimed.names = 1;
    claimed.name[0].name = pool_keep(claimed.pool, "avg_iter_s");
    claimed.name[0].about = figure_about("avg_iter_s");
    for (size_t i = 0; i < 2 * n; i++) {
        struct pair mode = {pool_keep(claimed.pool, "mode"), pool_keep(claimed.pool, CELL[i / n])};
        const struct keyset *cell = pool_keep_keyset(claimed.pool, &mode, 1);
        char id[32];
        (void)snprintf(id, sizeof(id), "%08zu", i);
        claimed.list[i] = (struct invocation){.path = "",
                                              .id = pool_keep(claimed.pool, id),
                                              .started_at = "",
                                              .cell = cell,
                                              .environment = cell,
                                              .node = "",
                                              .plan_cell = pool_keep(claimed.pool, CELL[i / n]),
                                              .block = i % n + 1,
                                              .label = "",
                                              .grade = "",
                                              .termination = "ok",
                                              .detail = "",
                                              .ok = true,
                                              .kind = RECORD_SLICED,
                                              .figure = &figures[i],
                                              .figures = 1};
    }
    claimed.count = 2 * n;
}

static void forget_records(void)
{
    free(figures);
    free(claimed.list);
    free(claimed.name);
    pool_free(claimed.pool);
}

static const char CLAIMS[] =
    "schema: tare.claims/1\nclaims:\n"
    "- {id: ratio, text: t, ratio: {of: other, to: base, figure: avg_iter_s}, expect: {min: 1.5}}\n"
    "- {id: most, text: t, ratio: {of: other, to: base, figure: avg_iter_s}, expect: {max: 1.5}}\n"
    "- {id: order, text: t, order: {cells: [base, other], figure: avg_iter_s}}\n";

/* How often a claim is SUPPORTED where the truth lies at its edge. */
static double rate_claim(const struct claims *c, size_t index, enum shape s, size_t n, size_t times)
{
    const double ratio = index == 2 ? 1 : 1.5;
    size_t supported = 0;
    for (size_t t = 0; t < times; t++) {
        for (size_t i = 0; i < 2 * n; i++)
            figures[i].value = shape_draw(rng, s, SHAPE_SLOW_SHARE) * (i < n ? 1 : ratio);
        supported += claim_judge(&c->list[index], &claimed).verdict == CLAIM_SUPPORTED;
    }
    return (double)supported / (double)times;
}

static void print_claims(void)
{
    enum { TIMES = 4000 };
    static const char *const WHAT[] = {"ratio, min at the truth", "ratio, max at the truth",
                                       "order of two equal cells"};
    struct claims c = {0};
    struct text bytes = {0};
    struct err e = {0};
    text_add(&bytes, "%s", CLAIMS);
    if (claims_parse("claims.yml", &bytes, &c, &e) != 0) {
        (void)fprintf(stderr, "calibrate: %s\n", e.text);
        broken = 1;
        return;
    }
    (void)printf("\n### Claims SUPPORTED by chance, in per cent: the truth lies at the edge\n\n| | |");
    for (size_t k = 0; k < ARRAY_LEN(SIZES); k++)
        (void)printf(" n = %zu |", SIZES[k]);
    (void)printf("\n|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < ARRAY_LEN(WHAT); i++)
        for (int s = 0; s < SHAPES; s++) {
            (void)printf("| %s | %s |", WHAT[i], SHAPE_NAMES[s]);
            for (size_t k = 0; k < ARRAY_LEN(SIZES); k++) {
                make_records(SIZES[k]);
                double rate = rate_claim(&c, i, (enum shape)s, SIZES[k], TIMES);
                forget_records();
                (void)printf(" %.1f |", 100 * rate);
                hold(WHAT[i], SIZES[k], rate, 0, 0.03, TIMES);
            }
            (void)printf("\n");
        }
    claims_free(&c);
}

/* --- the rest ----------------------------------------------------------------------------------------------------- */

static void print_nodes(void)
{
    enum { TIMES = 20000 };
    (void)printf("\n### Coverage over nodes whose change differs by 3%%\n\n|");
    for (size_t k = 2; k <= 10; k++)
        (void)printf(" %zu nodes |", k);
    (void)printf("\n|---|---|---|---|---|---|---|---|---|\n|");
    for (size_t k = 2; k <= 10; k++) {
        double rate = rate_nodes(rng, k, TIMES);
        (void)printf(" %.1f |", 100 * rate);
        hold("nodes", k, rate, 0.92, 0.97, TIMES);
    }
    (void)printf("\n");
}

static void print_serial(void)
{
    enum { TIMES = 10000 };
    static const double RHO[] = {0, 0.25, 0.5, 0.75};
    (void)printf("\n### Neighbours in time that correlate: coverage (without widening; how often widened)\n\n| |");
    for (size_t k = 0; k < ARRAY_LEN(SIZES); k++)
        (void)printf(" n = %zu |", SIZES[k]);
    (void)printf("\n|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < ARRAY_LEN(RHO); i++) {
        (void)printf("| AR(1), %.2f |", RHO[i]);
        for (size_t k = 0; k < ARRAY_LEN(SIZES); k++) {
            struct serial_rates r = rate_serial(rng, RHO[i], SIZES[k], TIMES);
            (void)printf(" %.1f (%.1f; %.1f) |", 100 * r.covered, 100 * r.without, 100 * r.widened);
            hold("serial correlation", SIZES[k], r.covered, i == 0 ? 0.93 : SIZES[k] >= 20 ? 0.88 : 0, 0.97, TIMES);
        }
        (void)printf("\n");
    }
}

static void print_noise(void)
{
    enum { TIMES = 10000 };
    static const struct {
        size_t cells, n;
    } AA[] = {{1, 5}, {1, 20}, {15, 5}, {15, 20}};
    static const double TAU[] = {0, 0.02, 0.04};
    (void)printf("\n### Noise: a true +5%%, 20 a side, cv 5%%, after an A/A: found (covered; A/A showed noise)\n\n"
                 "| runs differ by | A/A of 1 cell, n = 5 | 1 cell, n = 20 | 15 cells, n = 5 | 15 cells, n = 20 |\n"
                 "|---|---|---|---|---|\n");
    for (size_t i = 0; i < ARRAY_LEN(TAU); i++) {
        (void)printf("| %.0f%% |", 100 * TAU[i]);
        for (size_t k = 0; k < ARRAY_LEN(AA); k++) {
            struct noise_rates r = rate_noise(rng, AA[k].cells, AA[k].n, TAU[i], TIMES);
            (void)printf(" %.1f (%.1f; %.1f) |", 100 * r.found, 100 * r.covered, 100 * r.shown);
            if (i == 0)
                hold("power with a noise file", AA[k].n, r.found, 0.80, 1, TIMES);
        }
        (void)printf("\n");
    }
}

static void print_notes(void)
{
    enum { TIMES = 1000 };
    static const double PAGE[] = {0, 0.05, 0.0167, 0.005};
    static const char *const WHAT[] = {"as they are", "rounded to 1 sd", "rounded to a third of it", "to a tenth"};
    (void)printf("\n### Notes on clean normal values: outliers, several modes\n\n| |");
    for (size_t k = 0; k < ARRAY_LEN(SIZES); k++)
        (void)printf(" n = %zu |", SIZES[k]);
    (void)printf("\n|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < ARRAY_LEN(PAGE); i++) {
        (void)printf("| %s |", WHAT[i]);
        for (size_t k = 0; k < ARRAY_LEN(SIZES); k++) {
            struct cell_rates r = rate_cell(rng, SHAPE_NORMAL, SIZES[k], PAGE[i], true, TIMES);
            (void)printf(" %.1f, %.1f |", 100 * r.outliers, 100 * r.several);
            hold("outliers", SIZES[k], r.outliers, 0, 0.07, TIMES);
            hold("several modes", SIZES[k], r.several, 0, 0.05, TIMES);
        }
        (void)printf("\n");
    }
}

int main(int argc, char **argv)
{
    const char *section = argc == 2 ? argv[1] : "";
    const struct trial plain = {.ratio = 1, .slow_a = SHAPE_SLOW_SHARE, .slow_b = SHAPE_SLOW_SHARE};
    struct trial five = plain, slower = plain;
    five.ratio = 1.05;
    slower.slow_b = 2 * SHAPE_SLOW_SHARE;
    rng = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(rng, 20261129);
    if (strcmp(section, "ratios") == 0) {
        print_coverage(false);
        print_coverage(true);
        print_cells();
    } else if (strcmp(section, "families") == 0) {
        print_family("A/A: at least one row called different, in per cent", plain, false, 0.06, 4000);
        print_family("A true 5%: at least one row called the same within 2%, in per cent", five, true, 0.01, 4000);
        print_family("A slow mode of 10% in A and 20% in B (5%): called the same within 2%, in per cent", slower, true,
                     0.01, 20000);
    } else if (strcmp(section, "claims") == 0) {
        print_claims();
    } else if (strcmp(section, "rest") == 0) {
        print_nodes();
        print_serial();
        print_noise();
        print_notes();
    } else {
        (void)fprintf(stderr, "calibrate: what is allowed is ratios, families, claims or rest\n");
        return 2;
    }
    gsl_rng_free(rng);
    return broken;
}

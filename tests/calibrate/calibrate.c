/* calibrate: the error rates of the rules that tare judges by, as Markdown tables on standard output.
 *
 *     calibrate SECTION    ratios, families, claims, rest, slopes; seeds are fixed
 *
 * Exit 1: a rate is beyond its bound; the line that names it goes to standard error. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "tests/calibrate/claimed.h"
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
    for (int s = 0; s <= SHAPES; s++) {
        if (t.slow_a < t.slow_b ? s != SHAPE_BIMODAL && s != SHAPE_CONSTANTS : s == SHAPE_CONSTANTS)
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
                /* constants: 1% of each row, 5% of all */
                hold(title, SIZES[k], rate, 0, s == SHAPE_CONSTANTS && CELLS[c] > 1 ? 0.05 : bound, times);
            }
        (void)printf("\n");
    }
}

/* --- claims ------------------------------------------------------------------------------------------------------- */

static void print_claims(void)
{
    enum { TIMES = 4000 };
    static const char *const WHAT[] = {"ratio, min at the truth", "ratio, max at the truth",
                                       "order of two equal cells"};
    struct claims c = {0};
    struct err e = {0};
    if (claimed_parse(&c, &e) != 0) {
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
                double rate = rate_claim(rng, &c, i, (enum shape)s, SIZES[k], TIMES);
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

/* Flat ones, and ones that differ by twice what may be called the same. */
static void print_slopes(void)
{
    enum { TIMES = 1000, TOLERANCE = 64 };
    (void)printf("\n### Slopes of profile growth: the difference is covered; A/A of 15 cells: one is called different; "
                 "128 KiB apart: one is called the same within 64 KiB\n\n| |");
    for (size_t k = 0; k < ARRAY_LEN(SIZES); k++)
        (void)printf(" n = %zu |", SIZES[k]);
    (void)printf("\n|---|---|---|---|---|---|\n");
    for (int s = 0; s < SLOPES; s++) {
        (void)printf("| %s |", SLOPES_NAMES[s]);
        for (size_t k = 0; k < ARRAY_LEN(SIZES); k++) {
            const enum slopes of = (enum slopes)s;
            struct slope_rates flat = rate_slopes(rng, of, 0, 15, SIZES[k], TOLERANCE, TIMES),
                               apart = rate_slopes(rng, of, 2 * TOLERANCE, 15, SIZES[k], TOLERANCE, TIMES);
            (void)printf(" %.1f; %.1f; %.1f |", 100 * flat.covered, 100 * flat.differs, 100 * apart.same);
            hold(SLOPES_NAMES[s], SIZES[k], flat.covered, 0.93, s == SLOPES_NORMAL ? 0.97 : 1, TIMES);
            hold("slopes called different", SIZES[k], flat.differs, 0, 0.06, TIMES);
            hold("slopes called the same", SIZES[k], apart.same, 0, 0.01, TIMES);
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
    } else if (strcmp(section, "slopes") == 0) {
        print_slopes();
    } else {
        (void)fprintf(stderr, "calibrate: what is allowed is ratios, families, claims, rest or slopes\n");
        return 2;
    }
    gsl_rng_free(rng);
    return broken;
}

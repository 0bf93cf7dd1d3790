/* claimed: how often a claim is SUPPORTED by chance. Shared by `make calibrate` and tests/unit/test_calibrate.c. */
#ifndef TARE_TESTS_CLAIMED_H
#define TARE_TESTS_CLAIMED_H

#include <stdio.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/text.h"
#include "bundle/claims.h"
#include "record/records.h"
#include "tests/calibrate/shapes.h"

/* n invocations of each of two cells, as records that were read back; *ret: their figures, to be drawn anew each time.
 */
static inline struct records claimed_make(size_t n, struct figure **ret)
{
    static const char *const CELL[] = {"base", "other"};
    struct figure *figures = *ret = xcalloc(2 * n, sizeof(*figures));
    struct records claimed = {.reader.pool = pool_new(),
                              .reader.name = xcalloc(1, sizeof(struct figure_name)),
                              .reader.names = 1,
                              .list = xcalloc(2 * n, sizeof(*claimed.list)),
                              .count = 2 * n};
    claimed.reader.name[0].name = pool_keep(claimed.reader.pool, "avg_iter_s");
    claimed.reader.name[0].about = figure_about("avg_iter_s");
    for (size_t i = 0; i < 2 * n; i++) {
        struct pair mode = {pool_keep(claimed.reader.pool, "mode"), pool_keep(claimed.reader.pool, CELL[i / n])};
        const struct keyset *cell = pool_keep_keyset(claimed.reader.pool, &mode, 1);
        char id[32]; /* one run of a plan: the cells take turns, block by block, in seconds of their own */
        (void)snprintf(id, sizeof(id), "%016zu", 2 * (i % n) + i / n);
        claimed.list[i] = (struct invocation){.path = "",
                                              .id = pool_keep(claimed.reader.pool, id),
                                              .started_at = "",
                                              .cell = cell,
                                              .environment = cell,
                                              .node = "",
                                              .plan_cell = pool_keep(claimed.reader.pool, CELL[i / n]),
                                              .plan_sha256 = "plan",
                                              .plan_seed = "1",
                                              .series = "",
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
    return claimed;
}

static const char CLAIMED[] =
    "schema: tare.claims/1\nclaims:\n"
    "- {id: ratio, text: t, ratio: {of: other, to: base, figure: avg_iter_s}, expect: {min: 1.5}}\n"
    "- {id: most, text: t, ratio: {of: other, to: base, figure: avg_iter_s}, expect: {max: 1.5}}\n"
    "- {id: order, text: t, order: {cells: [base, other], figure: avg_iter_s}}\n";

/* The three claims, each about both cells. The caller ends *ret with claims_free(). */
static inline int claimed_parse(struct claims *ret, struct err *e)
{
    struct text bytes = {0};
    text_add(&bytes, "%s", CLAIMED);
    return claims_parse("claims.yml", &bytes, ret, e);
}

/* How often a claim is SUPPORTED where the truth lies at its edge. */
static inline double rate_claim(gsl_rng *rng, const struct claims *c, size_t index, enum shape s, size_t n,
                                size_t times)
{
    const double ratio = index == 2 ? 1 : 1.5;
    struct figure *figures;
    struct records claimed = claimed_make(n, &figures);
    size_t supported = 0;
    for (size_t t = 0; t < times; t++) {
        for (size_t i = 0; i < 2 * n; i++)
            figures[i].value = shape_draw(rng, s, SHAPE_SLOW_SHARE) * (i < n ? 1 : ratio);
        supported += claim_judge(&c->list[index], &claimed).verdict == CLAIM_SUPPORTED;
    }
    free(figures);
    free(claimed.list);
    free(claimed.reader.name);
    pool_free(claimed.reader.pool);
    return (double)supported / (double)times;
}

#endif

#include "plan/estimate.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "plan/tally.h"

double *estimate_cells(const struct tally *t)
{
    double *mean_s = xcalloc(t->cells, sizeof(*mean_s));
    cleanup_free size_t *n = xcalloc(t->cells, sizeof(*n));
    for (size_t i = 0; i < t->blocks * t->units; i++) {
        size_t cell = tally_cell(t, i % t->units);
        if (!t->one[i].file || !isfinite(t->one[i].elapsed_s))
            continue;
        n[cell]++;
        mean_s[cell] += (t->one[i].elapsed_s - mean_s[cell]) / (double)n[cell];
    }
    for (size_t c = 0; c < t->cells; c++)
        if (n[c] == 0)
            mean_s[c] = t->elsewhere_s ? t->elsewhere_s[c] : NAN;
    return mean_s;
}

double estimate_other(const double *cell_s, size_t cells)
{
    double sum = 0;
    size_t n = 0;
    for (size_t c = 0; c < cells; c++) {
        n += isnan(cell_s[c]) ? 0 : 1;
        sum += isnan(cell_s[c]) ? 0 : cell_s[c];
    }
    return n ? sum / (double)n : NAN;
}

struct estimate estimate_left(const struct tally *t, uint64_t blocks)
{
    struct estimate e = {0};
    cleanup_free double *cell_s = estimate_cells(t);
    double other_s = estimate_other(cell_s, t->cells);
    for (uint64_t b = 0; b < blocks; b++)
        for (size_t u = 0; u < t->units; u++) {
            const struct tally_one *one = tally_at(t, b, u);
            if ((one && one->file) || !tally_is_run(t, u))
                continue;
            double s = cell_s[tally_cell(t, u)];
            e.left++;
            e.unknown += isnan(s) ? 1 : 0;
            e.seconds += isnan(s) ? other_s : s;
        }
    return e;
}

void estimate_say(const struct estimate *e, struct text *out)
{
    text_add(out, "%s", e->left == 0 ? "nothing" : isnan(e->seconds) ? "unknown" : "about ");
    if (e->left > 0 && !isnan(e->seconds))
        text_add_seconds(out, e->seconds);
}

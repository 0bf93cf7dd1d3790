#include "plan/campaign_show.h"

#include <math.h>
#include <stdio.h>

#include "base/text.h"
#include "plan/campaign_cluster.h"
#include "plan/campaign_open.h"
#include "plan/estimate.h"

static void describe_head(const struct campaign *c, struct text *out)
{
    const struct plan *p = &c->plan;
    text_add(out, "plan %s: %zu cell%s%s, %lld block%s of %zu", p->name, p->cells, p->cells == 1 ? "" : "s",
             c->bound.noise ? ", each as A and A'" : "", (long long)c->blocks, c->blocks == 1 ? "" : "s",
             c->tally.units);
    if (p->order == ORDER_LISTED)
        text_add(out, ", in the plan's order\n");
    else if (c->bound.drawn)
        text_add(out, ", shuffled with a seed that is drawn anew unless one is named, as --seed %lld\n",
                 (long long)c->bound.seed);
    else
        text_add(out, ", shuffled with the seed %lld\n", (long long)c->bound.seed);
    if (p->precision > 0)
        text_add(out, "more blocks, %lld at most, until each cell's 95%% interval is within %g%% of its mean\n",
                 (long long)p->max_invocations, p->precision * 100);
    text_add(out, "folder %s\n\n", c->folder.path);
}

static void describe_one(const struct campaign *c, uint64_t block, size_t unit, size_t number, struct text *out)
{
    const struct tally_one *one = tally_at(&c->tally, block, unit);
    const char *label = tally_label_name(tally_label(&c->tally, unit));
    double seconds = one && one->file ? one->elapsed_s : estimate_cell(&c->tally, tally_cell(&c->tally, unit));
    text_add(out, "%6zu  block %-4llu %-50s %-3s", number, (unsigned long long)block + 1,
             c->plan.cell[tally_cell(&c->tally, unit)].id, label ? label : "");
    text_add(out, "%s", one && one->file ? one->failed ? " failed, " : " done, " : " ");
    if (isfinite(seconds))
        estimate_say_seconds(seconds, out);
    else
        text_add(out, "unknown");
    text_add(out, "\n");
}

void campaign_describe(struct campaign *c, struct text *out)
{
    struct estimate left = estimate_left(&c->tally, (uint64_t)c->blocks);
    size_t number = 0;
    describe_head(c, out);
    for (uint64_t b = 0; b < (uint64_t)c->blocks; b++) {
        campaign_order(c, b);
        for (size_t p = 0; p < c->tally.units; p++)
            describe_one(c, b, c->order[p], ++number, out);
    }
    text_add(out, "\n%zu of %zu invocations to run, time: ", left.left, number);
    estimate_say(&left, out);
    if (left.unknown && left.left)
        text_add(out, " (%zu of them of cells that nothing here has measured)", left.unknown);
    text_add(out, "\n");
}

int campaign_show_order(struct campaign *c, struct err *e)
{
    cleanup_text struct text out = {0};
    int failed = 0;
    campaign_describe(c, &out);
    if (c->engine == ENGINE_SLURM)
        failed = campaign_cluster_script(c, &out, e);
    if (failed == 0)
        (void)fputs(out.data, stdout);
    return failed;
}

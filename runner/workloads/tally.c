#include "workloads/tally.h"

#include "base/clock.h"
#include "base/err.h"
#include "launch/ledger.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

static int worker_adds_up(const struct tally *t, size_t i, struct err *e)
{
    if (t->attempts == 0)
        return err_set(e, ERR_WORKLOAD, -EPROTO, "worker %zu made no attempt (is its time too short?)", i);
    if (t->attempts == t->inserts + t->duplicates)
        return 0;
    return err_set(e, ERR_WORKLOAD, -EPROTO,
                   "the counts do not add up: worker %zu made %" PRIu64 " attempts, %" PRIu64 " inserts, %" PRIu64
                   " duplicates",
                   i, t->attempts, t->inserts, t->duplicates);
}

int tally_take(const struct tally *tally, size_t count, uint64_t distinct, struct totals *totals, struct err *e)
{
    struct totals sum = {.span_ns = 0};
    int64_t start_ns = INT64_MAX;
    int64_t end_ns = 0;
    for (size_t i = 0; i < count; i++) {
        const struct tally *t = &tally[i];
        TRY(worker_adds_up(t, i, e));
        sum.attempts += t->attempts;
        sum.inserts += t->inserts;
        sum.lock_wait_ns += t->lock_wait_ns;
        sum.put_ns += t->put_ns;
        sum.ack_wait_ns += t->ack_wait_ns;
        sum.check += t->first_id;
        start_ns = t->start_ns < start_ns ? t->start_ns : start_ns;
        end_ns = t->end_ns > end_ns ? t->end_ns : end_ns;
    }
    if (sum.inserts != distinct)
        return err_set(e, ERR_WORKLOAD, -EPROTO,
                       "the counts do not add up: %" PRIu64 " inserts, %" PRIu64 " distinct ids in the set",
                       sum.inserts, distinct);
    totals->attempts += sum.attempts;
    totals->inserts += sum.inserts;
    totals->lock_wait_ns += sum.lock_wait_ns;
    totals->put_ns += sum.put_ns;
    totals->ack_wait_ns += sum.ack_wait_ns;
    totals->span_ns += end_ns - start_ns;
    totals->check = sum.check;
    return 0;
}

void tally_report(const struct totals *totals, struct ledger *l)
{
    double attempts = (double)totals->attempts;
    double inserts = (double)totals->inserts;
    double span_s = (double)totals->span_ns / (double)NS_PER_S;
    l->check = totals->check;
    ledger_figure_integer(l, "attempts", (int64_t)totals->attempts);
    ledger_figure_integer(l, "inserts", (int64_t)totals->inserts);
    ledger_figure_real(l, "dup_rate_pct", 100 * (attempts - inserts) / attempts);
    if (totals->span_ns <= 0)
        return;
    ledger_figure_real(l, "ops_per_s", attempts / span_s);
    ledger_figure_real(l, "inserts_per_s", inserts / span_s);
}

void tally_report_mean(const struct totals *totals, struct ledger *l, const char *name, uint64_t sum_ns)
{
    ledger_figure_real(l, name, (double)sum_ns / (double)totals->attempts);
}

void tally_print(const struct tally *tally, size_t count)
{
    printf("worker_attempts:");
    for (size_t i = 0; i < count; i++)
        printf(" %" PRIu64, tally[i].attempts);
    printf("\n");
}

/* scenario3 in C: sharded writers: the operating system's cost for a request and its answer.
 *
 * For duration_ms each of the --workers producers draws an id, sends it to the writer of its shard (id mod writers),
 * and waits for the acknowledgement, which says whether the id was new. Each writer keeps its shard's ids in its own
 * table, without a lock. Threads and processes both use pipes, or a ring in shared memory with futexes. */
#include "workloads/driver.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/err.h"
#include "launch/ledger.h"
#include "workloads/scenario3/transport.h"
#include "workloads/splitmix.h"
#include "workloads/table.h"
#include "workloads/tally.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

enum { KNOB_DURATION_MS, KNOB_ID_SPACE, KNOB_SEED, KNOB_WRITERS, KNOB_TRANSPORT };

static const char *const TRANSPORTS[] = {"pipe", "ring", NULL};

static const struct option_row KNOBS[] = {
    [KNOB_DURATION_MS] = {.name = "--duration-ms", .min = 1, .max = 3600000},
    [KNOB_ID_SPACE] = {.name = "--id-space", .min = 1, .max = 1 << 30},
    [KNOB_SEED] = {.name = "--seed", .max = INT64_MAX},
    [KNOB_WRITERS] = {.name = "--writers", .min = 1, .max = WRITERS_MAX},
    [KNOB_TRANSPORT] = {.name = "--transport", .words = TRANSPORTS, .optional = true},
};

/* A writer's counts. */
struct served {
    _Alignas(128) uint64_t requests;
    uint64_t inserts;
};

/* The shared area, zeroed before each iteration. The writers' tables follow. */
struct shared {
    struct channels channels;
    struct tally tally[PRODUCERS_MAX];
    struct served served[WRITERS_MAX];
};

/* The main process writes these into the area before each iteration. */
static int request_pipe[WRITERS_MAX][2];
static int answer_pipe[PRODUCERS_MAX][2];
static int keep_fd[2 * (WRITERS_MAX + PRODUCERS_MAX)];
static struct totals totals;

static uint64_t size(const struct options *opt)
{
    return opt->workers + opt->knob[KNOB_WRITERS]; /* the producers come first */
}

/* A shard's id space: a table stores ids divided by the number of shards. */
static uint64_t shard_space(const struct options *opt)
{
    return opt->knob[KNOB_ID_SPACE] / opt->knob[KNOB_WRITERS] + 1;
}

static size_t area_bytes(const struct options *opt)
{
    return sizeof(struct shared) + opt->knob[KNOB_WRITERS] * table_bytes(shard_space(opt));
}

static struct table table_of(const struct bench *b, uint64_t writer)
{
    char *tables = (char *)((struct shared *)b->area + 1);
    return (struct table){.slot = (void *)(tables + writer * table_bytes(shard_space(&b->opt))),
                          .bits = table_bits(shard_space(&b->opt))};
}

/* --- the main process, before ---------------------------------------------------------------------------------- */

static int pipes_make(int (*ends)[2], uint64_t count, struct bench *b, struct err *e)
{
    for (uint64_t i = 0; i < count; i++) {
        if (pipe2(ends[i], O_CLOEXEC) < 0)
            return err_sys(e, ERR_WORKLOAD, "pipe");
        keep_fd[b->keep_count++] = ends[i][0];
        keep_fd[b->keep_count++] = ends[i][1];
    }
    return 0;
}

static int prepare(struct bench *b, struct err *e)
{
    b->keep_fd = keep_fd;
    int code = pipes_make(request_pipe, b->opt.knob[KNOB_WRITERS], b, e);
    return code == 0 ? pipes_make(answer_pipe, b->opt.workers, b, e) : code;
}

static int reset(struct bench *b, struct err *e)
{
    struct channels *c = &((struct shared *)b->area)->channels;
    (void)e;
    for (uint64_t i = 0; i < b->opt.knob[KNOB_WRITERS]; i++) {
        c->request_r[i] = request_pipe[i][0];
        c->request_w[i] = request_pipe[i][1];
    }
    for (uint64_t i = 0; i < b->opt.workers; i++) {
        c->answer_r[i] = answer_pipe[i][0];
        c->answer_w[i] = answer_pipe[i][1];
    }
    return 0;
}

/* --- the workers ------------------------------------------------------------------------------------------------ */

static const struct transport *transport_of(const struct bench *b)
{
    static const struct transport *const transports[] = {&transport_pipe, &transport_ring};
    return transports[b->opt.knob[KNOB_TRANSPORT]];
}

/* One attempt. Returns 0, or the exit status of a producer that cannot go on. */
static int attempt(struct bench *b, uint64_t me, uint32_t id, bool with_fault, struct tally *mine)
{
    struct channels *c = &((struct shared *)b->area)->channels;
    const struct transport *transport = transport_of(b);
    bool is_new;
    int64_t before_ns = clock_now_ns();
    if (!transport->put(c, id % b->opt.knob[KNOB_WRITERS], (struct request){.producer = (uint32_t)me, .id = id}))
        return STATUS_BEREFT;
    int64_t sent_ns = clock_now_ns();
    int status = with_fault ? worker_fault(&b->opt) : 0;
    if (status != 0)
        return status; /* with a request on its way */
    if (!transport->await(c, me, &is_new))
        return STATUS_BEREFT;
    mine->end_ns = clock_now_ns();
    mine->put_ns += (uint64_t)(sent_ns - before_ns);
    mine->ack_wait_ns += (uint64_t)(mine->end_ns - sent_ns);
    mine->attempts++;
    mine->inserts += is_new;
    mine->duplicates += !is_new;
    return 0;
}

static int produce(struct bench *b, uint64_t me)
{
    const uint64_t space = b->opt.knob[KNOB_ID_SPACE];
    uint64_t state = splitmix_worker_seed(b->opt.knob[KNOB_SEED], me);
    uint64_t first = state;
    struct tally mine = {.first_id = splitmix_id(&first, space), .start_ns = clock_now_ns()};
    int64_t deadline_ns = mine.start_ns + bench_hold_ns(b);
    bool with_fault = me == 0 && b->opt.fault != FAULT_NONE;
    int status = 0;
    do {
        status = attempt(b, me, splitmix_id(&state, space), with_fault, &mine);
        with_fault = false;
    } while (status == 0 && mine.end_ns < deadline_ns);
    ((struct shared *)b->area)->tally[me] = mine;
    return status;
}

static int serve(struct bench *b, uint64_t me)
{
    struct shared *shared = b->area;
    const struct transport *transport = transport_of(b);
    const struct table table = table_of(b, me);
    const uint32_t shards = (uint32_t)b->opt.knob[KNOB_WRITERS];
    struct served mine = {.requests = 0};
    struct request request;
    for (;;) {
        if (!transport->get(&shared->channels, me, &request))
            return STATUS_BEREFT;
        if (request.producer == REQUEST_END)
            break;
        bool is_new = table_insert(&table, request.id / shards);
        mine.requests++;
        mine.inserts += is_new;
        if (!transport->answer(&shared->channels, request.producer, is_new))
            return STATUS_BEREFT;
    }
    shared->served[me] = mine;
    return 0;
}

static int work(struct bench *b, uint64_t index, uint64_t *result)
{
    *result = 0;
    if (!gate_pass(&b->gate))
        return 1; /* the main process has gone */
    return index < b->opt.workers ? produce(b, index) : serve(b, index - b->opt.workers);
}

/* --- the main process, after ------------------------------------------------------------------------------------ */

/* Ends the writers once all producers have ended. */
static int underway(struct bench *b, struct err *e)
{
    struct channels *c = &((struct shared *)b->area)->channels;
    int64_t grace_ns = (int64_t)b->opt.grace_ms * NS_PER_MS;
    if (team_wait(b, 0, b->opt.workers, clock_now_ns() + bench_hold_ns(b) + grace_ns, e) < 0)
        return e->code;
    for (uint64_t i = 0; i < b->opt.knob[KNOB_WRITERS]; i++)
        if (!transport_of(b)->put(c, i, (struct request){.producer = REQUEST_END}))
            return err_sys(e, ERR_WORKLOAD, "cannot tell writer %" PRIu64 " to end", i);
    return team_wait(b, b->opt.workers, b->size, clock_now_ns() + grace_ns, e);
}

static int settle(struct bench *b, bool measured, struct err *e)
{
    const struct shared *shared = b->area;
    struct totals ignored = {0};
    uint64_t attempts = 0;
    uint64_t requests = 0;
    uint64_t inserts = 0;
    uint64_t distinct = 0;
    for (uint64_t i = 0; i < b->opt.workers; i++)
        attempts += shared->tally[i].attempts;
    for (uint64_t i = 0; i < b->opt.knob[KNOB_WRITERS]; i++) {
        const struct table table = table_of(b, i);
        requests += shared->served[i].requests;
        inserts += shared->served[i].inserts;
        distinct += table_count(&table, b->area_fd, sizeof(*shared) + i * table_bytes(shard_space(&b->opt)));
    }
    if (requests != attempts || inserts != distinct)
        return err_set(e, ERR_WORKLOAD, -EPROTO,
                       "the counts do not add up: %" PRIu64 " attempts, %" PRIu64 " of them served by the writers, "
                       "%" PRIu64 " inserts, %" PRIu64 " distinct ids in their sets",
                       attempts, requests, inserts, distinct);
    return tally_take(shared->tally, b->opt.workers, distinct, measured ? &totals : &ignored, e);
}

static void report(struct bench *b, struct ledger *l)
{
    (void)b;
    tally_report(&totals, l);
    tally_report_mean(&totals, l, "avg_queue_put_ns", totals.put_ns);
    tally_report_mean(&totals, l, "avg_ack_wait_ns", totals.ack_wait_ns);
}

static void print(const struct bench *b)
{
    tally_print(((const struct shared *)b->area)->tally, b->opt.workers);
}

static const struct scenario SCENARIO3 = {
    .name = "scenario3",
    .knobs = KNOBS,
    .knob_count = ARRAY_LEN(KNOBS),
    .workers_max = PRODUCERS_MAX,
    .size = size,
    .is_gated = true,
    .hold_knob = KNOB_DURATION_MS,
    .area_bytes = area_bytes,
    .prepare = prepare,
    .reset = reset,
    .work = work,
    .underway = underway,
    .settle = settle,
    .report = report,
    .print = print,
};

int main(int argc, char **argv)
{
    return driver_main(&SCENARIO3, argc, argv);
}

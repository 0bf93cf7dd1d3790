#include "workloads/driver.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/err.h"
#include "launch/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

#define EXIT_FAILED 70 /* EX_SOFTWARE of sysexits.h */

/* --- the bench ----------------------------------------------------------------------------------------------- */

/* A memfd, also for threads: spawned processes can map it, and SEEK_DATA shows which parts were written. */
static int area_make(struct bench *b, int area_fd, struct err *e)
{
    b->area_fd = area_fd >= 0 ? area_fd : memfd_create("tare-area", MFD_CLOEXEC);
    if (b->area_fd < 0 || (area_fd < 0 && ftruncate(b->area_fd, (off_t)b->area_bytes) < 0))
        return err_sys(e, ERR_WORKLOAD, "shared memory of %zu bytes", b->area_bytes);
    b->area = mmap(NULL, b->area_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, b->area_fd, 0);
    if (b->area != MAP_FAILED)
        return 0;
    b->area = NULL;
    return err_sys(e, ERR_WORKLOAD, "mmap of %zu bytes", b->area_bytes);
}

/* Every iteration begins with untouched memory. */
static int area_clear(struct bench *b, struct err *e)
{
    if (fallocate(b->area_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)b->area_bytes) == 0)
        return 0;
    return err_sys(e, ERR_WORKLOAD, "cannot empty %zu bytes of shared memory", b->area_bytes);
}

void workers_reset(struct bench *b)
{
    for (uint64_t i = 0; i < b->size; i++) {
        struct worker *w = &b->worker[i];
        *w = (struct worker){.bench = b, .index = i, .pid_fd = -1};
        atomic_init(&w->ended, false);
    }
}

static int bench_equip(struct bench *b, int area_fd, struct err *e)
{
    const struct scenario *s = b->scenario;
    b->size = s->size ? s->size(&b->opt) : b->opt.workers;
    b->worker = calloc(b->size, sizeof(*b->worker));
    if (!b->worker)
        return err_sys(e, ERR_WORKLOAD, "%" PRIu64 " workers", b->size);
    workers_reset(b);
    b->area_bytes = s->area_bytes ? s->area_bytes(&b->opt) : 0;
    return b->area_bytes > 0 ? area_make(b, area_fd, e) : 0;
}

int bench_make(struct bench *b, const struct scenario *scenario, int argc, char **argv, int area_fd, struct err *e)
{
    *b = (struct bench){
        .scenario = scenario,
        .argc = argc,
        .argv = argv,
        .gate = {-1, -1, -1, -1},
        .area_fd = -1,
        .ended_fd = -1,
        .server_fd = -1,
    };
    TRY(options_parse(argc, argv, scenario->knobs, scenario->knob_count, &b->opt, e));
    if (scenario->workers_max > 0 && b->opt.workers > scenario->workers_max)
        return err_set(e, ERR_USAGE, -EINVAL, "--workers '%" PRIu64 "': not a number from 1 to %" PRIu64,
                       b->opt.workers, scenario->workers_max);
    b->team = team_of(&b->opt);
    return bench_equip(b, area_fd, e);
}

/* --- an iteration -------------------------------------------------------------------------------------------- */

int workers_start(struct bench *b, struct ledger *pids, struct err *e)
{
    for (uint64_t i = 0; i < b->size; i++) {
        TRY(b->team->start(b, i, e));
        if (pids && b->worker[i].pid > 0) {
            ledger_set_worker(pids, i, b->worker[i].pid);
            ledger_set_worker_count(pids, i + 1);
        }
    }
    return 0;
}

/* Starts all, and joins all: what the clock measures. */
static int workers_run(struct bench *b, struct ledger *l, struct err *e)
{
    bool write_pids = b->opt.pids && !b->pool; /* a pool's workers stay in the ledger */
    TRY(workers_start(b, write_pids ? l : NULL, e));
    if (bench_is_gated(b) && gate_open(b, e) < 0)
        return e->code;
    if (b->scenario->underway && b->scenario->underway(b, e) < 0)
        return e->code;
    for (uint64_t i = 0; i < b->size; i++) {
        TRY(b->team->join(b, i, e));
        if (write_pids)
            ledger_set_worker(l, i, 0); /* the process is gone */
    }
    return 0;
}

static int iterate(struct bench *b, struct ledger *l, int64_t *start_ns, int64_t *end_ns, struct err *e)
{
    workers_reset(b);
    if (b->area && area_clear(b, e) < 0)
        return e->code;
    if (b->scenario->reset && b->scenario->reset(b, e) < 0)
        return e->code;
    b->ready_ns = 0;
    *start_ns = clock_now_ns();
    TRY(workers_run(b, l, e));
    *end_ns = clock_now_ns();
    if (!b->pool)
        ledger_set_worker_count(l, 0);
    for (uint64_t i = 0; i < b->size; i++)
        TRY(b->team->verdict(b, i, e));
    return 0;
}

static int settle(struct bench *b, bool measured, struct err *e)
{
    return b->scenario->settle ? b->scenario->settle(b, measured, e) : 0;
}

/* --- the run ------------------------------------------------------------------------------------------------- */

static int warm_up(struct bench *b, struct ledger *l, struct err *e)
{
    int64_t start_ns = 0;
    int64_t end_ns = 0;
    ledger_set_phase(l, LEDGER_WARMUP);
    for (uint64_t i = 0; i < b->opt.warmup; i++) {
        if (iterate(b, l, &start_ns, &end_ns, e) < 0 || settle(b, false, e) < 0)
            return err_wrap(e, "warm-up iteration %" PRIu64, i);
        __atomic_store_n(&l->warmup_done, i + 1, __ATOMIC_RELEASE);
    }
    return 0;
}

static int measure(struct bench *b, struct ledger *l, struct err *e)
{
    int64_t start_ns = 0;
    int64_t end_ns = 0;
    l->hold_ns = bench_is_gated(b) ? bench_hold_ns(b) : 0;
    ledger_set_phase(l, LEDGER_MEASURING);
    TRY(main_fault(&b->opt, e));
    l->wall_start_ns = clock_now_ns();
    for (uint64_t i = 0; i < b->opt.iterations; i++) {
        if (iterate(b, l, &start_ns, &end_ns, e) < 0)
            return err_wrap(e, "iteration %" PRIu64, i);
        ledger_ready(l, i, b->ready_ns);
        ledger_stamp(l, i, start_ns, end_ns);
        if (settle(b, true, e) < 0)
            return err_wrap(e, "iteration %" PRIu64, i);
    }
    l->wall_end_ns = clock_now_ns();
    return 0;
}

static int bench_prepare(struct bench *b, const struct ledger *l, struct err *e)
{
    if (b->opt.iterations > l->iteration_capacity || (b->opt.pids && b->size > l->worker_capacity))
        return err_set(e, ERR_USAGE, -ENOSPC, "the ledger has room for %" PRIu64 " iterations and %" PRIu64 " workers",
                       l->iteration_capacity, l->worker_capacity);
    if (b->scenario->underway && b->opt.mode == MODE_THREADS) {
        b->ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (b->ended_fd < 0)
            return err_sys(e, ERR_WORKLOAD, "eventfd");
    }
    return bench_is_gated(b) ? gate_make(&b->gate, e) : 0;
}

static int run(struct bench *b, struct ledger *l, struct err *e)
{
    int code = bench_prepare(b, l, e);
    if (code == 0 && b->scenario->prepare)
        code = b->scenario->prepare(b, e);
    if (code == 0 && b->scenario->pooled && b->scenario->pooled(&b->opt))
        code = pool_make(b, l, e);
    if (code == 0)
        code = warm_up(b, l, e);
    if (code == 0)
        code = measure(b, l, e);
    if (code == 0) {
        if (b->scenario->report)
            b->scenario->report(b, l);
        ledger_set_phase(l, LEDGER_DONE);
    }
    b->team->abandon(b);
    return code;
}

/* --- by hand ------------------------------------------------------------------------------------------------- */

static void print_figure(const struct ledger_figure *f)
{
    if (f->kind == LEDGER_FIGURE_INTEGER)
        printf("%s: %" PRId64 "\n", f->name, f->integer);
    else
        printf("%s: %.3f\n", f->name, f->real);
}

/* The runner computes the other statistics. */
static void print_summary(const struct ledger_map *map)
{
    const struct ledger *l = map->page;
    struct ledger_figure figure[LEDGER_FIGURES];
    double total_ns = 0;
    uint64_t n = ledger_iterations_done(map);
    for (uint64_t i = 0; i < n; i++)
        total_ns += (double)(ledger_ends(map)[i] - ledger_starts(map)[i]);
    printf("total_wall_s: %.6f\navg_iter_s: %.9f\ncheck: %" PRIu64 "\n",
           (double)(l->wall_end_ns - l->wall_start_ns) / 1e9, total_ns / 1e9 / (double)n, l->check);
    size_t figures = ledger_figures(map, figure);
    for (size_t i = 0; i < figures; i++)
        print_figure(&figure[i]);
}

/* --- main ---------------------------------------------------------------------------------------------------- */

static int report_failure(const struct scenario *s, struct ledger *l, const struct err *e)
{
    (void)fprintf(stderr, "%s: %s\n", s->name, e->text);
    if (l)
        ledger_fail(l, "%s", e->text);
    return EXIT_FAILED;
}

/* It lives as long as the process: the threads of a failed run may still use it while the process ends. */
static struct bench bench;

static int main_by_hand(const struct scenario *s, int argc, char **argv)
{
    struct ledger_map map = {.fd = -1};
    struct err e = {0};
    if (bench_make(&bench, s, argc, argv, -1, &e) < 0 ||
        ledger_create(bench.opt.iterations, bench.size, false, &map, &e) < 0 || run(&bench, map.page, &e) < 0)
        return report_failure(s, NULL, &e);
    print_summary(&map);
    if (s->print)
        s->print(&bench);
    ledger_close(&map);
    return 0;
}

int driver_main(const struct scenario *scenario, int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--spawned") == 0)
        return worker_spawned(scenario, argc, argv);
    if (!getenv(LEDGER_ENV))
        return main_by_hand(scenario, argc, argv);
    struct err e = {0};
    struct ledger *l = ledger_attach();
    if (!l)
        return EXIT_FAILED;
    l->main_pid = (uint64_t)getpid();
    l->gil = LEDGER_GIL_NONE;
    if (bench_make(&bench, scenario, argc, argv, -1, &e) < 0 || run(&bench, l, &e) < 0)
        return report_failure(scenario, l, &e);
    return 0;
}

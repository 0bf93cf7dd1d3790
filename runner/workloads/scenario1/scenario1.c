/* scenario1 in C: what the operating system alone asks for the same iterations that scenario1.py does.
 *
 *   scenario1 --mode threads|processes --profile overhead|memory --iterations N --warmup N --workers N --work-iters N
 *             --hold-ms N [--mp-start fork|forkserver|spawn] --pids 0|1 [--fault F]
 *
 * It reports into the ledger named in $TARE_LEDGER_FD; without one it keeps its own and prints a summary. It exits with
 * 0, or with 70 and the reason in the ledger's error and on stderr.
 *
 * --fault is for the tests of the runner. In the first worker: worker-raise fails (exit status 1), worker-exit leaves
 * with status 3, worker-kill sends SIGKILL to its process (with threads: to all of it), hang waits for ever. In the
 * main process, before the first measured iteration: main-raise fails, daemon leaves a process in a session of its own
 * behind that sleeps for 600 s, fork-bomb forks sleepers up to 4096, eat-memory takes 1 GiB in steps of 1 MiB; the last
 * three then go on with the run if they are let. */
#include "scenario1.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "ledger.h"
#include "workloads/hash.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define EXIT_FAILED 70 /* EX_SOFTWARE of sysexits.h */

/* --- options ------------------------------------------------------------------------------------------------- */

static const char *const MODES[] = {"threads", "processes", "interpreters", NULL};
static const char *const PROFILES[] = {"overhead", "memory", NULL};
static const char *const MP_STARTS[] = {"fork", "forkserver", "spawn", NULL};
static const char *const FAULTS[] = {"none", "worker-raise", "worker-exit", "worker-kill", "main-raise",
                                     "hang", "daemon",       "fork-bomb",   "eat-memory",  NULL};

struct option_row {
    const char *name;
    size_t offset;
    const char *const *words; /* NULL: a number between min and max */
    uint64_t min;
    uint64_t max;
    bool required;
};

static const struct option_row OPTIONS[] = {
    {"--mode", offsetof(struct options, mode), MODES, 0, 0, true},
    {"--profile", offsetof(struct options, profile), PROFILES, 0, 0, true},
    {"--iterations", offsetof(struct options, iterations), NULL, 1, UINT32_MAX, true},
    {"--warmup", offsetof(struct options, warmup), NULL, 0, UINT32_MAX, true},
    {"--workers", offsetof(struct options, workers), NULL, 1, 1 << 16, true},
    {"--work-iters", offsetof(struct options, work_iters), NULL, 0, UINT32_MAX, true},
    {"--hold-ms", offsetof(struct options, hold_ms), NULL, 0, UINT32_MAX, true},
    {"--mp-start", offsetof(struct options, mp_start), MP_STARTS, 0, 0, false},
    {"--pids", offsetof(struct options, pids), NULL, 0, 1, true},
    {"--fault", offsetof(struct options, fault), FAULTS, 0, 0, false},
};

_Static_assert(ARRAY_LEN(OPTIONS) <= 32, "the options that were given are bits of a uint32_t");

static int option_value(const struct option_row *row, const char *text, uint64_t *ret, struct err *e)
{
    if (!row->words) {
        if (text_to_u64(text, ret) == 0 && *ret >= row->min && *ret <= row->max)
            return 0;
        return err_set(e, ERR_USAGE, -EINVAL, "%s '%s': not a number from %" PRIu64 " to %" PRIu64, row->name, text,
                       row->min, row->max);
    }
    for (uint64_t k = 0; row->words[k]; k++) {
        if (strcmp(text, row->words[k]) == 0) {
            *ret = k;
            return 0;
        }
    }
    return err_set(e, ERR_USAGE, -EINVAL, "%s '%s': no such choice", row->name, text);
}

static const struct option_row *option_find(const char *name)
{
    for (size_t k = 0; k < ARRAY_LEN(OPTIONS); k++)
        if (strcmp(name, OPTIONS[k].name) == 0)
            return &OPTIONS[k];
    return NULL;
}

static int options_complete(const struct options *opt, uint32_t given, struct err *e)
{
    for (size_t k = 0; k < ARRAY_LEN(OPTIONS); k++)
        if (OPTIONS[k].required && !(given >> k & 1))
            return err_set(e, ERR_USAGE, -EINVAL, "%s is missing", OPTIONS[k].name);
    if (opt->mode == MODE_INTERPRETERS)
        return err_set(e, ERR_USAGE, -ENOTSUP,
                       "--mode interpreters: there are no interpreters in C (choose threads or processes)");
    return 0;
}

static int options_parse(int argc, char **argv, struct options *ret, struct err *e)
{
    *ret = (struct options){.mp_start = MP_START_FORKSERVER}; /* CPython 3.14's default */
    uint32_t given = 0;
    for (int k = 1; k < argc; k += 2) {
        const struct option_row *row = option_find(argv[k]);
        if (!row)
            return err_set(e, ERR_USAGE, -EINVAL, "'%s': no such option", argv[k]);
        if (k + 1 == argc)
            return err_set(e, ERR_USAGE, -EINVAL, "%s needs a value", row->name);
        int code = option_value(row, argv[k + 1], (uint64_t *)((char *)ret + row->offset), e);
        if (code < 0)
            return code;
        given |= UINT32_C(1) << (row - OPTIONS);
    }
    return options_complete(ret, given, e);
}

/* --- an iteration -------------------------------------------------------------------------------------------- */

static const struct team *team_of(const struct options *opt)
{
    if (opt->mode == MODE_THREADS)
        return &team_threads;
    static const struct team *const by_mp_start[] = {
        [MP_START_FORK] = &team_fork, [MP_START_FORKSERVER] = &team_forkserver, [MP_START_SPAWN] = &team_spawn};
    return by_mp_start[opt->mp_start];
}

static void workers_reset(struct bench *b)
{
    for (uint64_t i = 0; i < b->opt.workers; i++) {
        struct worker *w = &b->worker[i];
        w->bench = b;
        w->index = i;
        w->pid = 0;
        w->status = 0;
        w->result = 0;
        atomic_init(&w->ended, false);
    }
}

/* Starts all, and joins all: what the clock measures. */
static int workers_run(struct bench *b, const struct team *team, struct ledger *l, struct err *e)
{
    for (uint64_t i = 0; i < b->opt.workers; i++) {
        if (team->start(b, i, e) < 0)
            return e->code;
        if (b->opt.pids && b->worker[i].pid > 0) {
            ledger_set_worker(l, i, b->worker[i].pid);
            ledger_set_worker_count(l, i + 1);
        }
    }
    if (b->opt.profile == PROFILE_MEMORY && gate_open(b, team, e) < 0)
        return e->code;
    for (uint64_t i = 0; i < b->opt.workers; i++) {
        if (team->join(b, i, e) < 0)
            return e->code;
        if (b->opt.pids)
            ledger_set_worker(l, i, 0); /* or the runner would look for a process that has gone */
    }
    return 0;
}

static int iterate(struct bench *b, struct ledger *l, int64_t *start_ns, int64_t *end_ns, struct err *e)
{
    const struct team *team = team_of(&b->opt);
    workers_reset(b);
    *start_ns = clock_now_ns();
    if (workers_run(b, team, l, e) < 0)
        return e->code;
    *end_ns = clock_now_ns();
    ledger_set_worker_count(l, 0);
    for (uint64_t i = 0; i < b->opt.workers; i++)
        if (team->verdict(b, i, e) < 0)
            return e->code;
    return 0;
}

/* --- the run ------------------------------------------------------------------------------------------------- */

static int warm_up(struct bench *b, struct ledger *l, struct err *e)
{
    int64_t start_ns = 0;
    int64_t end_ns = 0;
    ledger_set_phase(l, LEDGER_WARMUP);
    for (uint64_t i = 0; i < b->opt.warmup; i++) {
        if (iterate(b, l, &start_ns, &end_ns, e) < 0)
            return err_wrap(e, "warm-up iteration %" PRIu64, i);
        __atomic_store_n(&l->warmup_done, i + 1, __ATOMIC_RELEASE);
    }
    return 0;
}

static int measure(struct bench *b, struct ledger *l, struct err *e)
{
    int64_t start_ns = 0;
    int64_t end_ns = 0;
    ledger_set_phase(l, LEDGER_MEASURING);
    if (main_fault(&b->opt, e) < 0)
        return e->code;
    l->wall_start_ns = clock_now_ns();
    for (uint64_t i = 0; i < b->opt.iterations; i++) {
        if (iterate(b, l, &start_ns, &end_ns, e) < 0)
            return err_wrap(e, "iteration %" PRIu64, i);
        ledger_stamp(l, i, start_ns, end_ns);
    }
    l->wall_end_ns = clock_now_ns();
    return 0;
}

/* What a worker's loop gives. A process's result stays in the process, so there the main process computes it, after the
 * measuring; it is the same in every worker and every round. */
static uint64_t check_value(const struct bench *b)
{
    if (b->opt.mode == MODE_THREADS)
        return b->worker[b->opt.workers - 1].result;
    return hash_loop(b->opt.profile == PROFILE_MEMORY ? HASH_ROUND_STEPS : b->opt.work_iters);
}

/* It lives as long as the process: the threads of a failed run may still use it while the process ends. */
static struct bench bench = {.gate = {-1, -1, -1, -1}, .server_fd = -1};

static int bench_prepare(struct bench *b, const struct options *opt, const struct ledger *l, struct err *e)
{
    b->opt = *opt;
    b->worker = calloc(opt->workers + 1, sizeof(*b->worker));
    if (!b->worker) {
        (void)err_sys(e, ERR_WORKLOAD, "%" PRIu64 " workers", opt->workers);
        return -ENOMEM;
    }
    if (opt->iterations > l->iteration_capacity || (opt->pids && opt->workers > l->worker_capacity))
        return err_set(e, ERR_USAGE, -ENOSPC, "the ledger has room for %" PRIu64 " iterations and %" PRIu64 " workers",
                       l->iteration_capacity, l->worker_capacity);
    return opt->profile == PROFILE_MEMORY ? gate_make(&b->gate, e) : 0;
}

static int run(const struct options *opt, struct ledger *l, struct err *e)
{
    struct bench *b = &bench;
    int code = bench_prepare(b, opt, l, e);
    if (code < 0)
        return code;
    code = warm_up(b, l, e);
    if (code == 0)
        code = measure(b, l, e);
    if (code == 0) {
        l->check = check_value(b);
        ledger_set_phase(l, LEDGER_DONE);
    }
    team_of(opt)->abandon(b);
    return code;
}

/* --- by hand ------------------------------------------------------------------------------------------------- */

/* The rest of the statistics is the runner's. */
static void print_summary(const struct ledger_map *map)
{
    const struct ledger *l = map->page;
    double total_ns = 0;
    uint64_t n = ledger_iterations_done(map);
    for (uint64_t i = 0; i < n; i++)
        total_ns += (double)(ledger_ends(map)[i] - ledger_starts(map)[i]);
    printf("total_wall_s: %.6f\navg_iter_s: %.9f\ncheck: %" PRIu64 "\n",
           (double)(l->wall_end_ns - l->wall_start_ns) / 1e9, total_ns / 1e9 / (double)n, l->check);
}

/* --- main ---------------------------------------------------------------------------------------------------- */

static int report_failure(struct ledger *l, const struct err *e)
{
    (void)fprintf(stderr, "scenario1: %s\n", e->text);
    if (l)
        ledger_fail(l, "%s", e->text);
    return EXIT_FAILED;
}

static int main_by_hand(int argc, char **argv)
{
    struct options opt;
    struct ledger_map map = {.fd = -1};
    struct err e = {0};
    if (options_parse(argc, argv, &opt, &e) < 0 || ledger_create(opt.iterations, opt.workers, &map, &e) < 0 ||
        run(&opt, map.page, &e) < 0)
        return report_failure(NULL, &e);
    print_summary(&map);
    ledger_close(&map);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--worker") == 0)
        return worker_spawned(argc, argv);
    if (!getenv(LEDGER_ENV))
        return main_by_hand(argc, argv);
    struct options opt;
    struct err e = {0};
    struct ledger *l = ledger_attach();
    if (!l)
        return EXIT_FAILED;
    l->main_pid = (uint64_t)getpid();
    l->gil = LEDGER_GIL_NONE;
    if (options_parse(argc, argv, &opt, &e) < 0 || run(&opt, l, &e) < 0)
        return report_failure(l, &e);
    return 0;
}

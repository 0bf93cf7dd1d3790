/* ledger: the shared memory between runner and workload: phase, iteration stamps, worker pids, figures of its own.
 *
 * An anonymous memfd that the workload inherits as the descriptor named in $TARE_LEDGER_FD and maps shared. All numbers
 * are in the machine's own byte order and stand on their natural alignment, so that a workload in any language can
 * write them with single stores (Python: memoryview(mmap).cast("Q")). The byte offsets below are the interface. Only
 * the workload's main process writes; the runner reads, and writes nothing after it has started the workload. The
 * workload is not trusted: the runner checks every count against the capacities that it set itself. */
#ifndef TARE_LEDGER_H
#define TARE_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEDGER_ENV       "TARE_LEDGER_FD"
#define LEDGER_MAGIC     0x0034524547444c54ULL /* "TLDGER4\0" on a little-endian machine */
#define LEDGER_ERROR_MAX 2048

/* Figures that a workload may give, and the bytes of a figure's name with its NUL. */
#define LEDGER_FIGURES     32
#define LEDGER_FIGURE_NAME 32

/* Room for worker processes that a workload has beside the workers that it was told to start (scenario3's writers). */
#define LEDGER_SPARE_WORKERS 256

enum ledger_phase {
    LEDGER_STARTING = 0,
    LEDGER_WARMUP = 1,
    LEDGER_MEASURING = 2,
    LEDGER_DONE = 3,   /* every measured iteration is stamped */
    LEDGER_FAILED = 4, /* error says why */
};

enum ledger_gil { LEDGER_GIL_UNKNOWN = 0, LEDGER_GIL_OFF = 1, LEDGER_GIL_ON = 2, LEDGER_GIL_NONE = 3 /* no Python */ };

enum ledger_figure_kind { LEDGER_FIGURE_UNSET = 0, LEDGER_FIGURE_INTEGER = 1, LEDGER_FIGURE_REAL = 2 };

/* A figure of the workload's own: one number of the whole run, its unit in its name (avg_lock_wait_ns). */
struct ledger_figure {
    char name[LEDGER_FIGURE_NAME]; /*  0: of a-z, 0-9 and _, at least one, ended by NUL */
    uint64_t kind;                 /* 32: enum ledger_figure_kind */
    union {                        /* 40 */
        int64_t integer;
        double real; /* finite: what is not known is left out */
    };
};

struct ledger {
    uint64_t magic;               /*   0: LEDGER_MAGIC, by the runner */
    uint64_t size_bytes;          /*   8: of the whole mapping, by the runner */
    uint64_t iteration_capacity;  /*  16: entries of each stamp array, by the runner */
    uint64_t worker_capacity;     /*  24: entries of the worker array, by the runner */
    uint64_t starts_offset;       /*  32: byte offset of int64_t start_ns[iteration_capacity], by the runner */
    uint64_t ends_offset;         /*  40: byte offset of int64_t end_ns[iteration_capacity], by the runner */
    uint64_t workers_offset;      /*  48: byte offset of uint64_t worker_pid[worker_capacity], by the runner */
    uint64_t phase;               /*  56: enum ledger_phase */
    uint64_t gil;                 /*  64: enum ledger_gil, as the interpreter says at its start */
    uint64_t warmup_done;         /*  72: warm-up iterations finished */
    uint64_t iterations_done;     /*  80: measured iterations finished; written after both stamps of each */
    int64_t wall_start_ns;        /*  88: CLOCK_MONOTONIC before the first measured iteration */
    int64_t wall_end_ns;          /*  96: CLOCK_MONOTONIC after the last */
    uint64_t main_pid;            /* 104: the workload's main process, in its own pid namespace */
    uint64_t worker_count;        /* 112: workers of the running iteration that have pids of their own; 0 for threads */
    uint64_t check;               /* 120: what the last worker's hash loop gave, to compare the implementations */
    char error[LEDGER_ERROR_MAX]; /* 128: why it failed, UTF-8, ended by NUL */
    uint64_t figure_count;        /* 2176: figures given; more than LEDGER_FIGURES says that some found no room */
    struct ledger_figure figure[LEDGER_FIGURES]; /* 2184: 48 bytes each */
    uint64_t ready_offset; /* 3720: byte offset of int64_t ready_ns[iteration_capacity], by the runner */
    int64_t hold_ns;       /* 3728: how long every worker goes on after the start signal; 0: there is none */
    uint64_t gil_last;     /* 3736: enum ledger_gil, as the interpreter says after each iteration */
    uint64_t gil_turned;   /* 3744: after which iteration it first said otherwise than at its start, counted from 1 with
                            * the warm-up; 0: it never did */
};

_Static_assert(offsetof(struct ledger, phase) == 56, "the offsets are the interface");
_Static_assert(offsetof(struct ledger, error) == 128, "the offsets are the interface");
_Static_assert(offsetof(struct ledger, figure_count) == 2176, "the offsets are the interface");
_Static_assert(offsetof(struct ledger, figure) == 2184, "the offsets are the interface");
_Static_assert(offsetof(struct ledger, ready_offset) == 3720, "the offsets are the interface");
_Static_assert(offsetof(struct ledger, hold_ns) == 3728, "the offsets are the interface");
_Static_assert(offsetof(struct ledger, gil_turned) == 3744, "the offsets are the interface");
_Static_assert(offsetof(struct ledger_figure, kind) == 32, "the offsets are the interface");
_Static_assert(offsetof(struct ledger_figure, integer) == 40, "the offsets are the interface");
_Static_assert(sizeof(struct ledger_figure) == 48, "the offsets are the interface");

/* --- the runner's side --------------------------------------------------------------------------------------- */

struct err;

/* The runner's hold on a ledger. */
struct ledger_map {
    struct ledger *page; /* NULL once closed */
    int fd;              /* CLOEXEC; the child gets a duplicate without it */
    uint64_t size_bytes;
    uint64_t iteration_capacity;
    uint64_t worker_capacity;
};

/* Makes the memfd (sealed against resizing), maps it and fills in the head. -ENOMEM and the like from the kernel.
 * The caller ends it with ledger_close(). */
int ledger_create(uint64_t iterations, uint64_t workers, struct ledger_map *ret, struct err *e);
void ledger_close(struct ledger_map *map);

/* Acquire loads of what changes during the run; each is checked against the capacities, never trusted. */
enum ledger_phase ledger_phase(const struct ledger_map *map);
uint64_t ledger_iterations_done(const struct ledger_map *map);
uint64_t ledger_warmup_done(const struct ledger_map *map); /* at most UINT32_MAX: no capacity bounds it */

/* The main process and the running workers, at most cap pids. Returns how many were written. */
size_t ledger_members(const struct ledger_map *map, int *pids, size_t cap);

/* The stamps of the iterations done: arrays of ledger_iterations_done() entries inside the map. */
const int64_t *ledger_starts(const struct ledger_map *map);
const int64_t *ledger_ends(const struct ledger_map *map);

/* When all workers of each iteration were ready, just before their start signal; 0 where the workload does not tell. */
const int64_t *ledger_readies(const struct ledger_map *map);

/* Copies the workload's figures, in its order, at most cap. Each that comes out is sound: a name of its own, ended, of
 * the right letters; an integer or a finite real. What is not is left out, and ledger_check() says which and why.
 * Returns how many were written. */
size_t ledger_figures(const struct ledger_map *map, struct ledger_figure *out, size_t cap);

/* No hold is longer (30 years): what is added to it stays within 64 bits. */
#define LEDGER_HOLD_MAX_NS ((int64_t)1000000000 * 1000000000)

/* When the workload ran, CLOCK_MONOTONIC: no stamp of it is from another time. */
struct ledger_run {
    int64_t from_ns, to_ns;
};

/* Whether what the workload reported can be. Its stamps: every start at or before its end, every end at or before the
 * next start, all within wall_start_ns … wall_end_ns, and those within the run; as many as expected; all workers ready,
 * where it tells, between an iteration's start and its end, and a hold of 0 to LEDGER_HOLD_MAX_NS. Its figures: as many
 * as there is room for, each of them sound. -EPROTO (of the workload) with the field that is not. */
int ledger_check(const struct ledger_map *map, uint64_t expected, const struct ledger_run *run, struct err *e);

/* Of a workload that did not end well: how many iterations from the first on have stamps that can be. */
uint64_t ledger_sound_iterations(const struct ledger_map *map, const struct ledger_run *run);

/* wall_end_ns - wall_start_ns. false: one of them cannot be, as in a run that was not finished. */
bool ledger_wall_ns(const struct ledger_map *map, const struct ledger_run *run, int64_t *ret);

/* --- a C workload's side ------------------------------------------------------------------------------------- */

/* Maps the ledger named in the environment. Returns NULL and prints why to stderr where there is none. */
struct ledger *ledger_attach(void);

void ledger_set_phase(struct ledger *l, enum ledger_phase phase);
/* Stamps measured iteration i (0-based). */
void ledger_stamp(struct ledger *l, uint64_t i, int64_t start_ns, int64_t end_ns);
/* Tells when all workers of measured iteration i were ready. Before ledger_stamp() of that iteration. */
void ledger_ready(struct ledger *l, uint64_t i, int64_t ready_ns);
void ledger_set_worker(struct ledger *l, uint64_t slot, int pid);
void ledger_set_worker_count(struct ledger *l, uint64_t count);
/* Gives a figure, or gives it anew. Never fails here: what cannot be (a name too long or of other letters, a real that
 * is not finite, one more than LEDGER_FIGURES) the runner finds, and the run fails with it as its reason. */
void ledger_figure_integer(struct ledger *l, const char *name, int64_t value);
void ledger_figure_real(struct ledger *l, const char *name, double value);
/* Writes the reason, then the phase LEDGER_FAILED. */
void ledger_fail(struct ledger *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif

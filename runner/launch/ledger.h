/* ledger: the shared memory in which a workload reports to the runner: phase, iteration stamps, worker pids, figures.
 *
 * An anonymous memfd that the workload inherits as the descriptor named in $TARE_LEDGER_FD and maps shared. Numbers
 * have the machine's byte order and natural alignment, so that a workload in any language can write them with single
 * stores (Python: memoryview(mmap).cast("Q")). The byte offsets below are the interface. Of the workload only the main
 * process writes. The runner fills in the head before the start; after it the runner writes `enough` alone
 * (ledger_end_after()), and reads the rest. The workload is not trusted: the runner checks every count against its own
 * capacities. */
#ifndef TARE_LEDGER_H
#define TARE_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEDGER_ENV       "TARE_LEDGER_FD"
#define LEDGER_MAGIC     0x0034524547444c54ULL /* "TLDGER4\0" on a little-endian machine */
#define LEDGER_ERROR_MAX 2048

/* The number of figures, and the bytes of a name with its NUL. */
#define LEDGER_FIGURES     32
#define LEDGER_FIGURE_NAME 32

/* The readings of profile growth that a ledger has room for, evenly spaced over the iterations. */
#define LEDGER_READINGS 256

/* What a reading has, in bytes. Of the workload's main process and all its descendants; what is asked of an interpreter
 * is the main process's. All but LEDGER_PSS and LEDGER_PAGE_TABLES are parts of LEDGER_PSS, and no two overlap. */
enum ledger_memory {
    LEDGER_PSS,         /* Pss_Anon of smaps_rollup, summed over the processes, and LEDGER_FILES */
    LEDGER_LIVE,        /* objects and blocks in use, less LEDGER_CYCLES */
    LEDGER_CYCLES,      /* garbage that a collection would give back */
    LEDGER_FREE,        /* what the allocators hold besides: arenas, free lists, rounding; a difference of figures of
                         * different sources, as LEDGER_CYCLES is: either may be below 0 */
    LEDGER_STACKS,      /* thread stacks, of ended threads too where the C library keeps them */
    LEDGER_CHILDREN,    /* pages of the child processes' own: un-shared copies and new ones */
    LEDGER_FILES,       /* mapped page cache and shared memory of the main process, and what a child alone maps of it */
    LEDGER_PAGE_TABLES, /* VmPTE of /proc/PID/status: the kernel's, not in PSS */
    LEDGER_MEMORIES
};

extern const char *const ledger_memory_names[LEDGER_MEMORIES]; /* "pss", "live", ... */

#define LEDGER_UNKNOWN INT64_MIN /* no value in this reading */
#define LEDGER_WHY_MAX 120

struct ledger_reading {
    int64_t iteration; /* measured iterations done by then, from 1 */
    int64_t at_ns;     /* CLOCK_MONOTONIC */
    int64_t bytes[LEDGER_MEMORIES];
};

/* Room for processes beyond the requested workers (scenario3's writers). */
#define LEDGER_SPARE_WORKERS 256

enum ledger_phase {
    LEDGER_STARTING = 0,
    LEDGER_WARMUP = 1,
    LEDGER_MEASURING = 2,
    LEDGER_DONE = 3,   /* every measured iteration is stamped */
    LEDGER_FAILED = 4, /* error says why */
};

enum ledger_gil {
    LEDGER_GIL_UNKNOWN = 0,
    LEDGER_GIL_OFF = 1,
    LEDGER_GIL_ON = 2,
    LEDGER_GIL_NONE = 3,    /* no Python */
    LEDGER_GIL_DIFFERS = 4, /* at the end: as at the start, but otherwise in a worker process or another interpreter */
};

enum ledger_figure_kind { LEDGER_FIGURE_UNSET = 0, LEDGER_FIGURE_INTEGER = 1, LEDGER_FIGURE_REAL = 2 };

/* A figure of the workload: one number for the whole run, with the unit in its name (avg_lock_wait_ns). */
struct ledger_figure {
    char name[LEDGER_FIGURE_NAME]; /*  0: of a-z, 0-9 and _, at least one, ended by NUL */
    uint64_t kind;                 /* 32: enum ledger_figure_kind */
    union {                        /* 40 */
        int64_t integer;
        double real; /* finite; leave unknown figures out */
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
    uint64_t worker_count;        /* 112: workers of the current iteration with own pids; 0 for threads */
    uint64_t check;               /* 120: the result of the last worker's hash loop, to compare implementations */
    char error[LEDGER_ERROR_MAX]; /* 128: why it failed, UTF-8, ended by NUL */
    uint64_t figure_count;        /* 2176: figures given; above LEDGER_FIGURES: some did not fit */
    struct ledger_figure figure[LEDGER_FIGURES]; /* 2184: 48 bytes each */
    uint64_t ready_offset; /* 3720: byte offset of int64_t ready_ns[iteration_capacity], by the runner */
    int64_t hold_ns;       /* 3728: how long each worker runs after the start signal; 0: no hold */
    uint64_t gil_last;     /* 3736: enum ledger_gil, as the interpreter says after each iteration */
    uint64_t gil_turned;   /* 3744: after which iteration it first said otherwise than at its start, counted from 1 with
                            * the warm-up; 0: it never did */
    uint64_t readings_offset; /* 3752: byte offset of struct ledger_reading[LEDGER_READINGS], by the runner */
    uint64_t reading_stride;  /* 3760: iterations from one reading to the next, by the runner; 0: none are asked for */
    uint64_t readings_done;   /* 3768: readings taken; written after each */
    uint64_t enough; /* 3776: measured iterations after which to end, by the runner while it measures; 0: all */
    char reading_why[LEDGER_MEMORIES]
                    [LEDGER_WHY_MAX]; /* 3784: why readings lack it, UTF-8, ended by NUL; "": they have it */
};

_Static_assert(offsetof(struct ledger, phase) == 56, "the offsets are the interface");
_Static_assert(offsetof(struct ledger, error) == 128, "the offsets are the interface");
_Static_assert(offsetof(struct ledger, figure_count) == 2176, "the offsets are the interface");
_Static_assert(offsetof(struct ledger, figure) == 2184, "the offsets are the interface");
_Static_assert(offsetof(struct ledger, ready_offset) == 3720, "the offsets are the interface");
_Static_assert(offsetof(struct ledger, hold_ns) == 3728, "the offsets are the interface");
_Static_assert(offsetof(struct ledger, gil_turned) == 3744, "the offsets are the interface");
_Static_assert(offsetof(struct ledger, readings_offset) == 3752, "the offsets are the interface");
_Static_assert(offsetof(struct ledger, reading_why) == 3784, "the offsets are the interface");
_Static_assert(sizeof(struct ledger_reading) == 80, "the offsets are the interface");
_Static_assert(offsetof(struct ledger_figure, kind) == 32, "the offsets are the interface");
_Static_assert(offsetof(struct ledger_figure, integer) == 40, "the offsets are the interface");
_Static_assert(sizeof(struct ledger_figure) == 48, "the offsets are the interface");

/* --- the runner's side --------------------------------------------------------------------------------------- */

struct err;

/* The runner's mapping of a ledger. */
struct ledger_map {
    struct ledger *page; /* NULL once closed */
    int fd;              /* CLOEXEC; the child gets a duplicate without it */
    uint64_t size_bytes;
    uint64_t iteration_capacity;
    uint64_t worker_capacity;
    uint64_t reading_stride;
    uint64_t enough; /* as told by ledger_end_after() */
};

/* Makes the memfd (sealed against resizing), maps it and fills in the head. -ENOMEM and the like from the kernel.
 * growth: with room for readings, every so many iterations that LEDGER_READINGS of them suffice. The caller ends it
 * with ledger_close(). */
int ledger_create(uint64_t iterations, uint64_t workers, bool growth, struct ledger_map *ret, struct err *e);
void ledger_close(struct ledger_map *map);

/* Acquire loads of what changes during the run, each limited to the capacities. */
enum ledger_phase ledger_phase(const struct ledger_map *map);
uint64_t ledger_iterations_done(const struct ledger_map *map);
uint64_t ledger_warmup_done(const struct ledger_map *map); /* at most UINT32_MAX: no capacity bounds it */

/* The main process and the running workers, at most cap pids. Returns how many were written. */
size_t ledger_members(const struct ledger_map *map, int *pids, size_t cap);

/* The stamps of the iterations done: arrays of ledger_iterations_done() entries inside the map. */
const int64_t *ledger_starts(const struct ledger_map *map);
const int64_t *ledger_ends(const struct ledger_map *map);

/* When all workers of each iteration were ready, just before their start signal; 0: not reported. */
const int64_t *ledger_readies(const struct ledger_map *map);

/* Copies the workload's valid figures, in order: unique names of allowed letters, ended by NUL; integers or finite
 * reals. Invalid ones are left out; ledger_check() reports them. Returns how many were written. */
size_t ledger_figures(const struct ledger_map *map, struct ledger_figure out[LEDGER_FIGURES]);

/* Copies the sound readings, in order, at most LEDGER_READINGS, each every reading_stride iterations, none before the
 * one before it or wall_start_ns, and none later than now. Returns how many. ledger_check() reports what is not
 * sound. */
size_t ledger_readings(const struct ledger_map *map, struct ledger_reading *out);

/* Copies the workload's reason why readings lack this, bytes of any kind; "" where it gave none. */
void ledger_reading_why(const struct ledger_map *map, enum ledger_memory which, char out[LEDGER_WHY_MAX]);

/* Tells the workload to end after so many measured iterations; ledger_check() then expects any number from there up. */
void ledger_end_after(struct ledger_map *map, uint64_t iterations);

/* The longest hold (30 years): sums with it fit into 64 bits. */
#define LEDGER_HOLD_MAX_NS ((int64_t)1000000000 * 1000000000)

/* When the workload ran (CLOCK_MONOTONIC); all its stamps must lie within. */
struct ledger_run {
    int64_t from_ns, to_ns;
};

/* Checks what the workload reported. Stamps: each start is at or before its end, each end at or before the next start,
 * all within wall_start_ns … wall_end_ns, and those within the run; as many as expected, or
 * from what ledger_end_after() told up. Ready stamps, if reported, lie
 * between start and end of their iteration; the hold is 0 to LEDGER_HOLD_MAX_NS. Readings: as ledger_readings() has
 * them, up to wall_end_ns. Figures: no more than LEDGER_FIGURES,
 * all valid. -EPROTO (workload): the message names the bad field. */
int ledger_check(const struct ledger_map *map, uint64_t expected, const struct ledger_run *run, struct err *e);

/* After a failed workload: how many iterations, counted from the first, have valid stamps. */
uint64_t ledger_sound_iterations(const struct ledger_map *map, const struct ledger_run *run);

/* wall_end_ns - wall_start_ns. false: one of them is invalid, as in an unfinished run. */
bool ledger_wall_ns(const struct ledger_map *map, const struct ledger_run *run, int64_t *ret);

/* --- a C workload's side ------------------------------------------------------------------------------------- */

/* Maps the ledger named in the environment; NULL on failure, with the reason on stderr. */
struct ledger *ledger_attach(void);

void ledger_set_phase(struct ledger *l, enum ledger_phase phase);
/* Stamps measured iteration i (0-based). */
void ledger_stamp(struct ledger *l, uint64_t i, int64_t start_ns, int64_t end_ns);
/* Reports when all workers of measured iteration i were ready. Call it before ledger_stamp(). */
void ledger_ready(struct ledger *l, uint64_t i, int64_t ready_ns);
void ledger_set_worker(struct ledger *l, uint64_t slot, int pid);
void ledger_set_worker_count(struct ledger *l, uint64_t count);
/* Sets a figure. Never fails: the runner detects what is invalid (a long name, other letters, a real that is not
 * finite, more than LEDGER_FIGURES) and fails the run with that reason. */
void ledger_figure_integer(struct ledger *l, const char *name, int64_t value);
void ledger_figure_real(struct ledger *l, const char *name, double value);
/* Writes the reason, then the phase LEDGER_FAILED. */
void ledger_fail(struct ledger *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif

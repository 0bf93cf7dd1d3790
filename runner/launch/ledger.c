#include "launch/ledger.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* A mistyped count must give a message, not allocate gigabytes. */
#define LEDGER_SIZE_MAX ((uint64_t)1 << 30)

_Static_assert(sizeof(struct ledger) % 8 == 0, "the arrays after the head are aligned to 8 bytes");

const char *const ledger_memory_names[LEDGER_MEMORIES] = {"pss",    "live",     "cycles", "free",
                                                          "stacks", "children", "files",  "page_tables"};

/* --- the layout ---------------------------------------------------------------------------------------------- */

/* Fills in the head for these capacities. -EOVERFLOW: above LEDGER_SIZE_MAX. */
static int ledger_lay_out(uint64_t iterations, uint64_t workers, bool growth, struct ledger *head)
{
    const uint64_t readings_bytes = growth ? LEDGER_READINGS * sizeof(struct ledger_reading) : 0;
    uint64_t readings_offset;
    uint64_t stamps_bytes;
    uint64_t workers_bytes;
    uint64_t ends_offset;
    uint64_t workers_offset;
    uint64_t ready_offset;
    uint64_t size_bytes;
    if (__builtin_mul_overflow(iterations, sizeof(int64_t), &stamps_bytes) ||
        __builtin_mul_overflow(workers, sizeof(uint64_t), &workers_bytes) ||
        __builtin_add_overflow(sizeof(struct ledger), stamps_bytes, &ends_offset) ||
        __builtin_add_overflow(ends_offset, stamps_bytes, &workers_offset) ||
        __builtin_add_overflow(workers_offset, workers_bytes, &ready_offset) ||
        __builtin_add_overflow(ready_offset, stamps_bytes, &readings_offset) ||
        __builtin_add_overflow(readings_offset, readings_bytes, &size_bytes) || size_bytes > LEDGER_SIZE_MAX)
        return -EOVERFLOW;
    *head = (struct ledger){
        .magic = LEDGER_MAGIC,
        .size_bytes = size_bytes,
        .iteration_capacity = iterations,
        .worker_capacity = workers,
        .starts_offset = sizeof(struct ledger),
        .ends_offset = ends_offset,
        .workers_offset = workers_offset,
        .ready_offset = ready_offset,
        .readings_offset = growth ? readings_offset : 0,
        .reading_stride = growth ? (iterations + LEDGER_READINGS - 1) / LEDGER_READINGS : 0,
    };
    return 0;
}

static void *ledger_at(struct ledger *l, uint64_t offset)
{
    return (char *)l + offset;
}

/* --- the runner's side --------------------------------------------------------------------------------------- */

/* A sealed memfd of this size. Its pages are allocated now: memory is charged to whoever touches it first, and the
 * ledger must not count in the slice's figures. Also, a lack of memory is then an error instead of SIGBUS. */
static int ledger_make_fd(uint64_t size_bytes, struct err *e)
{
    cleanup_close int fd = memfd_create("tare-ledger", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return err_sys(e, ERR_OURS, "ledger: memfd_create");
    if (ftruncate(fd, (off_t)size_bytes) < 0)
        return err_sys(e, ERR_OURS, "ledger: ftruncate to %" PRIu64 " bytes", size_bytes);
    if (fallocate(fd, 0, 0, (off_t)size_bytes) < 0)
        return err_sys(e, ERR_OURS, "ledger: fallocate of %" PRIu64 " bytes", size_bytes);
    if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
        return err_sys(e, ERR_OURS, "ledger: cannot seal the memfd");
    return STEAL_FD(fd);
}

int ledger_create(uint64_t iterations, uint64_t workers, bool growth, struct ledger_map *ret, struct err *e)
{
    struct ledger head;
    if (ledger_lay_out(iterations, workers, growth, &head) < 0)
        return err_set(e, ERR_USAGE, -EOVERFLOW,
                       "ledger: %" PRIu64 " iterations and %" PRIu64 " workers do not fit into %" PRIu64 " MiB",
                       iterations, workers, LEDGER_SIZE_MAX >> 20);
    cleanup_close int fd = ledger_make_fd(head.size_bytes, e);
    if (fd < 0)
        return fd;
    void *page = mmap(NULL, head.size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED)
        return err_sys(e, ERR_OURS, "ledger: mmap of %" PRIu64 " bytes", head.size_bytes);
    memcpy(page, &head, sizeof(head));
    *ret = (struct ledger_map){
        .page = page,
        .fd = STEAL_FD(fd),
        .size_bytes = head.size_bytes,
        .iteration_capacity = iterations,
        .worker_capacity = workers,
        .reading_stride = head.reading_stride,
    };
    return 0;
}

void ledger_close(struct ledger_map *map)
{
    if (!map->page)
        return;
    (void)munmap(map->page, map->size_bytes);
    (void)close(map->fd);
    *map = (struct ledger_map){.fd = -1};
}

static uint64_t at_most(uint64_t value, uint64_t limit)
{
    return value < limit ? value : limit;
}

enum ledger_phase ledger_phase(const struct ledger_map *map)
{
    uint64_t phase = __atomic_load_n(&map->page->phase, __ATOMIC_ACQUIRE);
    return phase <= LEDGER_FAILED ? (enum ledger_phase)phase : LEDGER_FAILED;
}

uint64_t ledger_iterations_done(const struct ledger_map *map)
{
    return at_most(__atomic_load_n(&map->page->iterations_done, __ATOMIC_ACQUIRE), map->iteration_capacity);
}

uint64_t ledger_warmup_done(const struct ledger_map *map)
{
    return at_most(__atomic_load_n(&map->page->warmup_done, __ATOMIC_ACQUIRE), UINT32_MAX);
}

/* The runner computes the places of the arrays from its own capacities: the workload can change the offsets in the
 * page. */
const int64_t *ledger_starts(const struct ledger_map *map)
{
    return ledger_at(map->page, sizeof(struct ledger));
}

const int64_t *ledger_ends(const struct ledger_map *map)
{
    return ledger_starts(map) + map->iteration_capacity;
}

static const uint64_t *ledger_workers(const struct ledger_map *map)
{
    return (const uint64_t *)(ledger_ends(map) + map->iteration_capacity);
}

const int64_t *ledger_readies(const struct ledger_map *map)
{
    return (const int64_t *)(ledger_workers(map) + map->worker_capacity);
}

/* Adds a valid pid once: a duplicate would be counted twice. */
static size_t members_add(int *pids, size_t count, size_t cap, uint64_t pid)
{
    if (pid == 0 || pid > INT_MAX || count == cap)
        return count;
    for (size_t i = 0; i < count; i++)
        if (pids[i] == (int)pid)
            return count;
    pids[count] = (int)pid;
    return count + 1;
}

size_t ledger_members(const struct ledger_map *map, int *pids, size_t cap)
{
    uint64_t workers = at_most(__atomic_load_n(&map->page->worker_count, __ATOMIC_ACQUIRE), map->worker_capacity);
    const uint64_t *worker_pid = ledger_workers(map);
    size_t count = members_add(pids, 0, cap, __atomic_load_n(&map->page->main_pid, __ATOMIC_ACQUIRE));
    for (uint64_t i = 0; i < workers; i++)
        count = members_add(pids, count, cap, __atomic_load_n(&worker_pid[i], __ATOMIC_ACQUIRE));
    return count;
}

#define BAD_REPORT(e, ...) err_set(e, ERR_WORKLOAD, -EPROTO, "ledger: " __VA_ARGS__)

/* The allowed range of an iteration's stamps. */
struct between {
    int64_t from_ns, to_ns;
    char from[48]; /* the field that gave from_ns */
};

/* Checks iteration i and moves the range behind it. */
static int stamp_check(const struct ledger_map *map, uint64_t i, struct between *b, struct err *e)
{
    const int64_t start_ns = ledger_starts(map)[i], end_ns = ledger_ends(map)[i];
    if (start_ns < b->from_ns)
        return BAD_REPORT(e, "start_ns[%" PRIu64 "] is %" PRId64 ", before %s at %" PRId64, i, start_ns, b->from,
                          b->from_ns);
    if (end_ns < start_ns)
        return BAD_REPORT(e, "end_ns[%" PRIu64 "] is %" PRId64 ", before its start_ns at %" PRId64, i, end_ns,
                          start_ns);
    if (end_ns > b->to_ns)
        return BAD_REPORT(e, "end_ns[%" PRIu64 "] is %" PRId64 ", after the end at %" PRId64, i, end_ns, b->to_ns);
    const int64_t ready_ns = ledger_readies(map)[i];
    if (ready_ns != 0 && (ready_ns < start_ns || ready_ns > end_ns))
        return BAD_REPORT(e, "ready_ns[%" PRIu64 "] is %" PRId64 ", outside of its iteration: %" PRId64 " to %" PRId64,
                          i, ready_ns, start_ns, end_ns);
    b->from_ns = end_ns;
    text_format(b->from, sizeof(b->from), "end_ns[%" PRIu64 "]", i);
    return 0;
}

static int wall_check(const struct ledger_map *map, const struct ledger_run *run, struct err *e)
{
    const int64_t start_ns = map->page->wall_start_ns, end_ns = map->page->wall_end_ns;
    if (start_ns < run->from_ns)
        return BAD_REPORT(e, "wall_start_ns is %" PRId64 ", before the workload's start at %" PRId64, start_ns,
                          run->from_ns);
    if (end_ns < start_ns)
        return BAD_REPORT(e, "wall_end_ns is %" PRId64 ", before wall_start_ns at %" PRId64, end_ns, start_ns);
    if (end_ns > run->to_ns)
        return BAD_REPORT(e, "wall_end_ns is %" PRId64 ", after the workload's end at %" PRId64, end_ns, run->to_ns);
    return 0;
}

uint64_t ledger_sound_iterations(const struct ledger_map *map, const struct ledger_run *run)
{
    struct err ignored = {0};
    struct between b = {.from_ns = run->from_ns, .to_ns = run->to_ns};
    uint64_t done = ledger_iterations_done(map), i = 0;
    while (i < done && stamp_check(map, i, &b, &ignored) == 0)
        i++;
    return i;
}

bool ledger_wall_ns(const struct ledger_map *map, const struct ledger_run *run, int64_t *ret)
{
    struct err ignored = {0};
    if (wall_check(map, run, &ignored) != 0)
        return false;
    *ret = map->page->wall_end_ns - map->page->wall_start_ns;
    return true;
}

static int stamps_check(const struct ledger_map *map, uint64_t expected, const struct ledger_run *run, struct err *e)
{
    uint64_t done =
        __atomic_load_n(&map->page->iterations_done, __ATOMIC_ACQUIRE); /* not limited: too many is an error */
    const bool is_early = map->enough > 0 && done >= map->enough && done < expected;
    if ((done != expected && !is_early) || done > map->iteration_capacity)
        return BAD_REPORT(
            e, "iterations_done is %" PRIu64 ", where %" PRIu64 " are expected and there is room for %" PRIu64, done,
            expected, map->iteration_capacity);
    if (map->page->hold_ns < 0 || map->page->hold_ns > LEDGER_HOLD_MAX_NS)
        return BAD_REPORT(e, "hold_ns is %" PRId64 ", where 0 to %" PRId64 " are allowed", map->page->hold_ns,
                          LEDGER_HOLD_MAX_NS);
    TRY(wall_check(map, run, e));
    struct between b = {.from_ns = map->page->wall_start_ns, .to_ns = run->to_ns, .from = "wall_start_ns"};
    for (uint64_t i = 0; i < done; i++)
        TRY(stamp_check(map, i, &b, e));
    if (map->page->wall_end_ns < b.from_ns)
        return BAD_REPORT(e, "wall_end_ns is %" PRId64 ", before %s at %" PRId64, map->page->wall_end_ns, b.from,
                          b.from_ns);
    return 0;
}

/* --- readings */

/* What is wrong with the reading, which is the i-th; NULL: nothing. */
static const char *reading_fault(const struct ledger_map *map, const struct ledger_reading *r, uint64_t i,
                                 const struct ledger_run *allowed)
{
    if (r->iteration != (int64_t)((i + 1) * map->reading_stride))
        return "it is not of the iteration that is next to be read";
    if (r->at_ns < allowed->from_ns)
        return i > 0 ? "its time lies before that of the one before it" : "its time lies before wall_start_ns";
    if (r->at_ns > allowed->to_ns)
        return "its time lies after the end";
    for (size_t m = 0; m < LEDGER_MEMORIES; m++)
        if (r->bytes[m] < 0 && r->bytes[m] != LEDGER_UNKNOWN && m != LEDGER_FREE && m != LEDGER_CYCLES)
            return "a number of bytes is below 0";
    return NULL;
}

/* Copies, because the workload can still write to the page. to_ns: the latest time of one. e gets the first error. */
static size_t readings_take(const struct ledger_map *map, int64_t to_ns, struct ledger_reading *sound, struct err *e)
{
    const struct ledger_reading *reading =
        (const struct ledger_reading *)(ledger_readies(map) + map->iteration_capacity);
    struct ledger_run allowed = {map->page->wall_start_ns, to_ns};
    uint64_t given = __atomic_load_n(&map->page->readings_done, __ATOMIC_ACQUIRE);
    given = map->reading_stride > 0 ? at_most(given, LEDGER_READINGS) : 0;
    for (uint64_t i = 0; i < given; i++) {
        sound[i] = reading[i];
        const char *fault = reading_fault(map, &sound[i], i, &allowed);
        allowed.from_ns = sound[i].at_ns;
        if (!fault)
            continue;
        (void)BAD_REPORT(e, "reading[%" PRIu64 "] (iteration %" PRId64 "): %s", i, sound[i].iteration, fault);
        return i;
    }
    return given;
}

size_t ledger_readings(const struct ledger_map *map, struct ledger_reading *out)
{
    struct err ignored = {0};
    return readings_take(map, clock_now_ns(), out, &ignored);
}

void ledger_reading_why(const struct ledger_map *map, enum ledger_memory which, char out[LEDGER_WHY_MAX])
{
    memcpy(out, map->page->reading_why[which], LEDGER_WHY_MAX);
    out[LEDGER_WHY_MAX - 1] = '\0';
}

void ledger_end_after(struct ledger_map *map, uint64_t iterations)
{
    map->enough = iterations;
    __atomic_store_n(&map->page->enough, iterations, __ATOMIC_RELEASE);
}

static int readings_check(const struct ledger_map *map, struct err *e)
{
    struct ledger_reading sound[LEDGER_READINGS];
    struct err fault = {0};
    (void)readings_take(map, map->page->wall_end_ns, sound, &fault);
    return fault.code == 0 ? 0 : err_set(e, fault.kind, fault.code, "%s", fault.text);
}

/* --- figures */

static bool figure_name_is_sound(const char *name)
{
    size_t len = strnlen(name, LEDGER_FIGURE_NAME);
    return len > 0 && len < LEDGER_FIGURE_NAME && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

/* What is wrong with a figure, or NULL. before: the valid ones before it. */
static const char *figure_fault(const struct ledger_figure *f, const struct ledger_figure *before, size_t count)
{
    if (!figure_name_is_sound(f->name))
        return "its name is not 1 to 31 of a-z, 0-9 and _";
    for (size_t i = 0; i < count; i++)
        if (strcmp(before[i].name, f->name) == 0)
            return "it is given twice";
    if (f->kind == LEDGER_FIGURE_UNSET)
        return "it has no value";
    if (f->kind > LEDGER_FIGURE_REAL)
        return "it is neither an integer nor a real";
    return f->kind == LEDGER_FIGURE_REAL && !isfinite(f->real) ? "it is not a finite number" : NULL;
}

/* Checks a copy, because the workload can still write to the page. e gets the first error. */
static size_t figures_take(const struct ledger_map *map, struct ledger_figure *sound, struct err *e)
{
    const struct ledger *l = map->page;
    uint64_t given = at_most(__atomic_load_n(&l->figure_count, __ATOMIC_ACQUIRE), LEDGER_FIGURES);
    size_t count = 0;
    for (uint64_t i = 0; i < given; i++) {
        struct ledger_figure f = l->figure[i];
        const char *fault = figure_fault(&f, sound, count);
        if (!fault)
            sound[count++] = f;
        else if (e->code == 0)
            (void)BAD_REPORT(e, "figure[%" PRIu64 "] ('%.*s'): %s", i, LEDGER_FIGURE_NAME - 1, f.name, fault);
    }
    return count;
}

size_t ledger_figures(const struct ledger_map *map, struct ledger_figure out[LEDGER_FIGURES])
{
    struct err ignored = {0};
    return figures_take(map, out, &ignored);
}

static int figures_check(const struct ledger_map *map, struct err *e)
{
    struct ledger_figure sound[LEDGER_FIGURES];
    struct err fault = {0};
    uint64_t given = __atomic_load_n(&map->page->figure_count, __ATOMIC_ACQUIRE);
    if (given > LEDGER_FIGURES)
        return BAD_REPORT(e, "figure_count is %" PRIu64 ", where there is room for %d", given, LEDGER_FIGURES);
    (void)figures_take(map, sound, &fault);
    return fault.code == 0 ? 0 : err_set(e, fault.kind, fault.code, "%s", fault.text);
}

int ledger_check(const struct ledger_map *map, uint64_t expected, const struct ledger_run *run, struct err *e)
{
    TRY(stamps_check(map, expected, run, e));
    TRY(figures_check(map, e));
    return readings_check(map, e);
}

/* --- a C workload's side ------------------------------------------------------------------------------------- */

/* Whether the head is as ledger_create() writes it for these capacities, and the file is large enough. */
static bool ledger_head_is_sound(const struct ledger *l, uint64_t file_bytes)
{
    struct ledger made;
    return l->magic == LEDGER_MAGIC &&
           ledger_lay_out(l->iteration_capacity, l->worker_capacity, l->reading_stride > 0, &made) == 0 &&
           made.size_bytes <= file_bytes && l->size_bytes == made.size_bytes &&
           l->starts_offset == made.starts_offset && l->ends_offset == made.ends_offset &&
           l->workers_offset == made.workers_offset && l->ready_offset == made.ready_offset &&
           l->readings_offset == made.readings_offset && l->reading_stride == made.reading_stride;
}

static struct ledger *ledger_map_fd(int fd)
{
    struct stat st;
    if (fstat(fd, &st) < 0 || st.st_size < (off_t)sizeof(struct ledger)) {
        (void)fprintf(stderr, "ledger: descriptor %d is not a ledger\n", fd);
        return NULL;
    }
    size_t size_bytes = (size_t)st.st_size;
    void *page = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED) {
        (void)fprintf(stderr, "ledger: mmap: %s\n", strerror(errno));
        return NULL;
    }
    if (!ledger_head_is_sound(page, size_bytes)) {
        (void)fprintf(stderr, "ledger: descriptor %d is not a ledger of this version\n", fd);
        (void)munmap(page, size_bytes);
        return NULL;
    }
    return page;
}

struct ledger *ledger_attach(void)
{
    const char *name = getenv(LEDGER_ENV);
    uint64_t fd;
    if (!name) {
        (void)fprintf(stderr, "ledger: $%s is not set\n", LEDGER_ENV);
        return NULL;
    }
    if (text_to_u64(name, &fd) < 0 || fd > INT_MAX) {
        (void)fprintf(stderr, "ledger: $%s is not a descriptor: '%s'\n", LEDGER_ENV, name);
        return NULL;
    }
    struct ledger *l = ledger_map_fd((int)fd);
    if (l)
        (void)close((int)fd); /* the mapping stays; workers need not inherit the descriptor */
    return l;
}

void ledger_set_phase(struct ledger *l, enum ledger_phase phase)
{
    __atomic_store_n(&l->phase, (uint64_t)phase, __ATOMIC_RELEASE);
}

void ledger_stamp(struct ledger *l, uint64_t i, int64_t start_ns, int64_t end_ns)
{
    if (i >= l->iteration_capacity)
        return;
    ((int64_t *)ledger_at(l, l->starts_offset))[i] = start_ns;
    ((int64_t *)ledger_at(l, l->ends_offset))[i] = end_ns;
    __atomic_store_n(&l->iterations_done, i + 1, __ATOMIC_RELEASE);
}

void ledger_ready(struct ledger *l, uint64_t i, int64_t ready_ns)
{
    if (i < l->iteration_capacity)
        ((int64_t *)ledger_at(l, l->ready_offset))[i] = ready_ns;
}

void ledger_set_worker(struct ledger *l, uint64_t slot, int pid)
{
    if (slot >= l->worker_capacity)
        return;
    uint64_t *worker_pid = ledger_at(l, l->workers_offset);
    __atomic_store_n(&worker_pid[slot], (uint64_t)pid, __ATOMIC_RELEASE);
}

void ledger_set_worker_count(struct ledger *l, uint64_t count)
{
    __atomic_store_n(&l->worker_count, count, __ATOMIC_RELEASE);
}

/* The slot of this name, or a new one; NULL: no room. A long name is stored without its NUL, so that the runner detects
 * it. */
static struct ledger_figure *figure_slot(struct ledger *l, const char *name)
{
    uint64_t count = l->figure_count;
    for (uint64_t i = 0; i < count && i < LEDGER_FIGURES; i++)
        if (strncmp(l->figure[i].name, name, LEDGER_FIGURE_NAME) == 0)
            return &l->figure[i];
    __atomic_store_n(&l->figure_count, count + 1, __ATOMIC_RELEASE);
    if (count >= LEDGER_FIGURES)
        return NULL;
    memcpy(l->figure[count].name, name, strnlen(name, LEDGER_FIGURE_NAME));
    return &l->figure[count];
}

static void set_figure(struct ledger *l, const char *name, struct ledger_figure value)
{
    struct ledger_figure *f = figure_slot(l, name);
    if (!f)
        return;
    f->integer = value.integer; /* or the bits of the real */
    __atomic_store_n(&f->kind, value.kind, __ATOMIC_RELEASE);
}

void ledger_figure_integer(struct ledger *l, const char *name, int64_t value)
{
    set_figure(l, name, (struct ledger_figure){.kind = LEDGER_FIGURE_INTEGER, .integer = value});
}

void ledger_figure_real(struct ledger *l, const char *name, double value)
{
    set_figure(l, name, (struct ledger_figure){.kind = LEDGER_FIGURE_REAL, .real = value});
}

void ledger_fail(struct ledger *l, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(l->error, sizeof(l->error), fmt, ap);
    va_end(ap);
    ledger_set_phase(l, LEDGER_FAILED);
}

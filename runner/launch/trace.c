#include "launch/trace.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/beneath.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/cpulist.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "launch/frames.h"
#include "launch/perf_event.h"

#define RING_ORDER 9 /* 2 MiB a CPU with pages of 4 KiB: some 10,000 stacks */
#define RING_LEAST 5 /* for a user who may lock little memory */
#define DRAIN_MS   10
#define STOP_MS    2000

/* What the weighed program can make grow. */
#define EVENTS_MAX    ((size_t)8 << 20)  /* 24 bytes each */
#define ADDRESSES_MAX ((size_t)32 << 20) /* of all stacks, 8 bytes each */

/* A CPU, and the event whose ring all others of it share. */
struct cpu_ring {
    int cpu, ring_fd; /* -1: none yet */
};

/* What an opened event tells, found again by the kernel's number of it. */
struct source {
    uint64_t id;
    int fd;
    enum trace_kind kind;
    uint16_t probe;
};

struct stack {
    size_t at;
    uint16_t count, in_kernel;
};

struct trace {
    struct trace_seen seen;
    pid_t pid;
    int *fd;
    size_t fds;
    struct perf_ring *ring;
    size_t rings;
    struct source *source;
    size_t sources;
    int *fault_fd; /* those of fd that count page faults */
    size_t faults;
    bool faults_refused; /* on some CPU, for some thread */
    uint64_t *address;   /* of all stacks */
    size_t addresses, address_cap;
    struct stack *stack;
    size_t stacks;
    uint32_t *bucket; /* of the stacks' hash: number + 1 */
    size_t buckets;
    pthread_t reader;
    bool has_reader;
    atomic_bool ending;
};

/* --- stacks, each kept once --------------------------------------------------------------------------------------- */

static uint64_t hash_of(const uint64_t *address, size_t count)
{
    uint64_t hash = 14695981039346656037ULL; /* FNV-1a, by words */
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ address[i]) * 1099511628211ULL;
    return hash ^ hash >> 29;
}

static void grow_buckets(struct trace *t)
{
    const size_t wanted = t->buckets ? 2 * t->buckets : 1024;
    free(t->bucket);
    t->bucket = xcalloc(wanted, sizeof(*t->bucket));
    t->buckets = wanted;
    for (size_t i = 0; i < t->stacks; i++) {
        size_t at = hash_of(t->address + t->stack[i].at, t->stack[i].count) & (wanted - 1);
        while (t->bucket[at])
            at = (at + 1) & (wanted - 1);
        t->bucket[at] = (uint32_t)i + 1;
    }
}

static void keep_addresses(struct trace *t, const uint64_t *address, size_t count)
{
    if (t->addresses + count > t->address_cap) {
        t->address_cap = t->address_cap ? 2 * t->address_cap : 65536;
        t->address = reallocarray(t->address, t->address_cap, sizeof(*t->address));
        if (!t->address)
            abort();
    }
    memcpy(t->address + t->addresses, address, count * sizeof(*address));
    t->addresses += count;
}

static uint32_t stack_number(struct trace *t, const uint64_t *address, size_t count, size_t in_kernel)
{
    if (2 * (t->stacks + 1) > t->buckets)
        grow_buckets(t);
    size_t at = hash_of(address, count) & (t->buckets - 1);
    for (; t->bucket[at]; at = (at + 1) & (t->buckets - 1)) {
        const struct stack *s = &t->stack[t->bucket[at] - 1];
        if (s->count == count && s->in_kernel == in_kernel &&
            memcmp(t->address + s->at, address, count * sizeof(*address)) == 0)
            return t->bucket[at] - 1;
    }
    t->stack = xgrow(t->stack, t->stacks, sizeof(*t->stack));
    t->stack[t->stacks] = (struct stack){t->addresses, (uint16_t)count, (uint16_t)in_kernel};
    keep_addresses(t, address, count);
    t->bucket[at] = (uint32_t)++t->stacks;
    return (uint32_t)t->stacks - 1;
}

/* --- records ------------------------------------------------------------------------------------------------------ */

/* PERF_SAMPLE_IDENTIFIER | TID | TIME, then PERF_SAMPLE_CALLCHAIN (perf_event_open(2), PERF_RECORD_SAMPLE). */
struct sample_head {
    struct perf_event_header header;
    uint64_t id;
    uint32_t pid, tid;
    uint64_t at_ns;
    uint64_t count; /* of the addresses that follow; not for TRACE_LEAVE */
};

/* What ends every record that is no sample (sample_id_all). */
struct record_tail {
    uint32_t pid, tid;
    uint64_t at_ns, id;
};

/* PERF_RECORD_EXIT. A thread that ends leaves its CPU unseen. */
struct end_head {
    struct perf_event_header header;
    uint32_t pid, parent_pid, tid, parent_tid;
    uint64_t at_ns;
};

struct mapping_head {
    struct perf_event_header header;
    uint32_t pid, tid;
    uint64_t from, size, offset;
    uint32_t major, minor;
    uint64_t inode, generation;
    uint32_t prot, flags;
};

static bool is_full(const struct trace *t)
{
    return t->seen.events >= EVENTS_MAX || t->addresses >= ADDRESSES_MAX;
}

/* Also by the events that still come of earlier times: the rings are read one after another. */
static void drop_event(struct trace *t, int64_t at_ns)
{
    t->seen.lost++;
    t->seen.cut_ns = t->seen.is_cut && t->seen.cut_ns < at_ns ? t->seen.cut_ns : at_ns;
    t->seen.is_cut = true;
}

static void keep_event(struct trace *t, const struct trace_event *event)
{
    if (is_full(t)) {
        drop_event(t, event->at_ns);
        return;
    }
    t->seen.event = xgrow(t->seen.event, t->seen.events, sizeof(*t->seen.event));
    t->seen.event[t->seen.events++] = *event;
}

static const struct source *source_of(const struct trace *t, uint64_t id)
{
    for (size_t i = 0; i < t->sources; i++)
        if (t->source[i].id == id)
            return &t->source[i];
    return NULL;
}

/* At a function's entry its frame is not made yet, so that a walk along frame pointers misses its caller: the return
 * address is the word on top of the stack, on x86. Records: u64 size, the bytes, u64 how many of them are valid. */
static uint64_t caller_of(const struct sample_head *s, size_t at)
{
    uint64_t said[3] = {0};
#ifdef __x86_64__
    if (at + sizeof(said) <= s->header.size)
        memcpy(said, (const unsigned char *)s + at, sizeof(said));
#else
    (void)s;
    (void)at;
#endif
    return said[0] == sizeof(uint64_t) && said[2] == sizeof(uint64_t) ? said[1] : 0;
}

static uint32_t take_stack(struct trace *t, const struct sample_head *s, bool is_entry)
{
    uint64_t kept[TRACE_STACK_MAX + 1];
    const unsigned char *from = (const unsigned char *)s + sizeof(*s);
    const size_t room = (s->header.size - sizeof(*s)) / sizeof(uint64_t);
    const size_t count = s->count < room ? (size_t)s->count : room;
    const uint64_t caller = is_entry ? caller_of(s, sizeof(*s) + count * sizeof(uint64_t)) : 0;
    size_t n = 0, in_kernel = 0;
    bool kernel = false;
    for (size_t i = 0; i < count && n < TRACE_STACK_MAX; i++) {
        uint64_t address;
        memcpy(&address, from + i * sizeof(address), sizeof(address));
        if (address >= PERF_CONTEXT_MAX) { /* what follows is of the kernel or of the user */
            kernel = address == PERF_CONTEXT_KERNEL;
            continue;
        }
        if (n == 1 && caller != 0 && address != caller) /* newer kernels have it in the chain already */
            kept[n++] = caller;
        kept[n++] = address;
        in_kernel += kernel;
    }
    if (n == 1 && caller != 0)
        kept[n++] = caller;
    return stack_number(t, kept, n, in_kernel);
}

static void take_sample(struct trace *t, const struct perf_event_header *record)
{
    const struct sample_head *s = (const void *)record;
    const size_t least = offsetof(struct sample_head, count);
    const struct source *source = record->size >= least && (pid_t)s->pid == t->pid ? source_of(t, s->id) : NULL;
    if (!source)
        return;
    if (is_full(t)) {
        drop_event(t, (int64_t)s->at_ns);
        return;
    }
    struct trace_event event = {
        .at_ns = (int64_t)s->at_ns, .tid = (int32_t)s->tid, .probe = source->probe, .kind = (uint16_t)source->kind};
    if (source->kind != TRACE_LEAVE && record->size >= sizeof(*s))
        event.stack = take_stack(t, s, source->kind == TRACE_ENTER);
    keep_event(t, &event);
}

static void take_switch(struct trace *t, const struct perf_event_header *record)
{
    const struct record_tail *tail = (const void *)(record + 1);
    if (record->size < sizeof(*record) + sizeof(*tail) || (pid_t)tail->pid != t->pid)
        return;
    const bool out = record->misc & PERF_RECORD_MISC_SWITCH_OUT;
    const bool runnable = record->misc & PERF_RECORD_MISC_SWITCH_OUT_PREEMPT;
    keep_event(t, &(struct trace_event){.at_ns = (int64_t)tail->at_ns,
                                        .tid = (int32_t)tail->tid,
                                        .kind = !out       ? TRACE_IN
                                                : runnable ? TRACE_RUNNABLE
                                                           : TRACE_BLOCKED});
}

static void take_end(struct trace *t, const struct perf_event_header *record)
{
    const struct end_head *end = (const void *)record;
    if (record->size >= sizeof(*end) && (pid_t)end->pid == t->pid)
        keep_event(t, &(struct trace_event){.at_ns = (int64_t)end->at_ns, .tid = (int32_t)end->tid, .kind = TRACE_END});
}

static void take_mapping(struct trace *t, const struct perf_event_header *record)
{
    const struct mapping_head *m = (const void *)record;
    char path[PATH_MAX];
    if (record->size <= sizeof(*m) || (pid_t)m->pid != t->pid)
        return;
    const size_t room = record->size - sizeof(*m) < sizeof(path) ? record->size - sizeof(*m) : sizeof(path) - 1;
    memcpy(path, (const char *)record + sizeof(*m), room);
    path[room < sizeof(path) ? room : sizeof(path) - 1] = '\0';
    t->seen.lost += !frames_keep(t->seen.frames, &(struct frames_mapping){m->from, m->size, m->offset, m->inode, path});
}

static void take_record(const struct perf_event_header *record, void *context)
{
    struct trace *t = context;
    if (record->type == PERF_RECORD_SAMPLE)
        take_sample(t, record);
    else if (record->type == PERF_RECORD_SWITCH)
        take_switch(t, record);
    else if (record->type == PERF_RECORD_EXIT)
        take_end(t, record);
    else if (record->type == PERF_RECORD_MMAP2)
        take_mapping(t, record);
    else if (record->type == PERF_RECORD_LOST && record->size >= 3 * sizeof(uint64_t))
        t->seen.lost += ((const uint64_t *)(const void *)record)[2];
}

static void drain(struct trace *t)
{
    for (size_t i = 0; i < t->rings; i++)
        if (perf_ring_drain(&t->ring[i], take_record, t) != 0)
            t->seen.lost++;
}

static void *read_rings(void *arg)
{
    struct trace *t = arg;
    while (!atomic_load(&t->ending)) {
        drain(t);
        (void)poll(NULL, 0, DRAIN_MS);
    }
    return NULL;
}

/* --- opening ------------------------------------------------------------------------------------------------------ */

static struct perf_event_attr attr_of(uint32_t type, uint64_t config)
{
    return (struct perf_event_attr){
        .type = type,
        .config = config,
        .sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TID | PERF_SAMPLE_TIME,
        .inherit = 1,
        .sample_id_all = 1,
        .use_clockid = 1,
        .clockid = CLOCK_MONOTONIC,
    };
}

static int refuse(const struct perf_event_attr *attr, int code, const char *what, struct err *e)
{
    struct perf_event_rights rights;
    cleanup_text struct text reason = {0};
    perf_event_rights_read("", &rights);
    perf_event_reason(&rights, attr, 0, code, &reason);
    return err_set(e, ERR_HOST, code, "%s: %s", what, reason.data);
}

/* Opens an event of one thread on one CPU and keeps it. Its records go to the CPU's ring. */
static int open_event(struct trace *t, struct perf_event_attr *attr, int tid, int cpu, int ring_fd)
{
    int fd = perf_event_open(attr, tid, cpu, -1, 0);
    if (fd < 0)
        return fd;
    t->fd = xgrow(t->fd, t->fds, sizeof(*t->fd));
    t->fd[t->fds++] = fd;
    if (ring_fd >= 0 && ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, ring_fd) != 0)
        return -errno;
    return fd;
}

static int keep_source(struct trace *t, int fd, enum trace_kind kind, size_t probe)
{
    struct source s = {.fd = fd, .kind = kind, .probe = (uint16_t)probe};
    if (ioctl(fd, PERF_EVENT_IOC_ID, &s.id) != 0)
        return -errno;
    t->source = xgrow(t->source, t->sources, sizeof(*t->source));
    t->source[t->sources++] = s;
    return 0;
}

/* Who leaves a CPU, with the stack; and by the same event who comes and goes, and what is mapped. */
static int open_switches(struct trace *t, int tid, int cpu, int *ring_fd, unsigned order)
{
    struct perf_event_attr attr = attr_of(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES);
    attr.sample_type |= PERF_SAMPLE_CALLCHAIN;
    attr.sample_period = 1;
    attr.context_switch = 1;
    attr.task = 1;
    attr.mmap = attr.mmap2 = 1;
    int fd = open_event(t, &attr, tid, cpu, *ring_fd);
    if (fd < 0)
        return fd;
    if (*ring_fd < 0) {
        t->ring = xgrow(t->ring, t->rings, sizeof(*t->ring));
        int failed = perf_ring_open(fd, order, &t->ring[t->rings]);
        if (failed != 0)
            return failed;
        t->rings++;
        *ring_fd = fd;
    }
    return keep_source(t, fd, TRACE_OUT, 0);
}

static int open_clock(struct trace *t, int tid, int cpu, int ring_fd, int64_t period_ns)
{
    struct perf_event_attr attr = attr_of(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK);
    attr.sample_type |= PERF_SAMPLE_CALLCHAIN;
    attr.sample_period = (uint64_t)period_ns;
    int fd = open_event(t, &attr, tid, cpu, ring_fd);
    return fd < 0 ? fd : keep_source(t, fd, TRACE_RUNS, 0);
}

/* Counts only. A kernel that refuses this leaves the number unknown. */
static void open_faults(struct trace *t, int tid, int cpu)
{
    struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_PAGE_FAULTS, .inherit = 1};
    int fd = open_event(t, &attr, tid, cpu, -1);
    if (fd < 0) {
        t->faults_refused = true;
        return;
    }
    t->fault_fd = xgrow(t->fault_fd, t->faults, sizeof(*t->fault_fd));
    t->fault_fd[t->faults++] = fd;
}

/* Of every process on the CPU: a user probe is not inherited by a thread that is made later, since the kernel then
 * looks for its path in that thread's memory (kernel/events/core.c, perf_uprobe_event_init()). The reader drops what
 * other processes of the same interpreter do. */
static int open_probe(struct trace *t, const struct cpu_ring *to, size_t probe, const char *path, uint64_t offset,
                      bool is_return)
{
    uint32_t type = 0;
    unsigned bit = 0;
    int failed = perf_event_pmu("", "uprobe", &type);
    if (failed == 0 && is_return)
        failed = perf_event_format_bit("", "uprobe", "retprobe", &bit);
    if (failed != 0)
        return failed;
    struct perf_event_attr attr = attr_of(type, is_return ? 1ULL << bit : 0);
    attr.inherit = 0;
    attr.sample_period = 1;
    attr.uprobe_path = (uint64_t)(uintptr_t)path;
    attr.probe_offset = offset;
    if (!is_return) {
        attr.sample_type |= PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_STACK_USER;
        attr.sample_stack_user = sizeof(uint64_t);
        attr.exclude_callchain_kernel = 1;
    }
    int fd = open_event(t, &attr, -1, to->cpu, to->ring_fd);
    return fd < 0 ? fd : keep_source(t, fd, is_return ? TRACE_LEAVE : TRACE_ENTER, probe);
}

static void note_missing(struct trace_probe *p, const char *why)
{
    (void)snprintf(p->missing, sizeof(p->missing), "%s", why);
}

/* A probe that cannot be set on every CPU, or without that of its return, is none: what of it is set costs no more. */
static void give_up_probe(struct trace *t, size_t probe, struct trace_probe *p, int code)
{
    const struct perf_event_attr attr = attr_of(PERF_TYPE_MAX, 0); /* a PMU of its own */
    struct perf_event_rights rights;
    cleanup_text struct text reason = {0};
    perf_event_rights_read("", &rights);
    perf_event_reason(&rights, &attr, 0, code, &reason);
    note_missing(p, code == -ENOENT ? "the kernel has no user probes (CONFIG_UPROBE_EVENTS)" : reason.data);
    for (size_t i = 0; i < t->sources; i++)
        if (t->source[i].probe == probe && (t->source[i].kind == TRACE_ENTER || t->source[i].kind == TRACE_LEAVE))
            (void)ioctl(t->source[i].fd, PERF_EVENT_IOC_DISABLE, 0);
}

static int open_probes(struct trace *t, const struct cpu_ring *to, const char *files, struct trace_probe *probes,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t offset = 0;
        struct trace_probe *p = &probes[i];
        if (*p->missing)
            continue;
        cleanup_free char *path = frames_find(t->seen.frames, files, p->symbol, &offset);
        if (!path) {
            note_missing(p, "the interpreter and its libraries have no symbol of this name");
            continue;
        }
        int failed = open_probe(t, to, i, path, offset, false);
        if (failed == 0 && p->is_paired)
            failed = open_probe(t, to, i, path, offset, true);
        if (failed == -EMFILE || failed == -ENFILE)
            return failed;
        if (failed != 0)
            give_up_probe(t, i, p, failed);
    }
    return 0;
}

/* --- the child stands still meanwhile ----------------------------------------------------------------------------- */

/* The state of a process: the letter behind its name in parentheses (proc(5), stat); 'X': there is none. -1: it cannot
 * be read, errno tells why. */
static int state_of(pid_t pid)
{
    char path[64], said[512];
    text_format(path, sizeof(path), "/proc/%d/stat", (int)pid);
    const ssize_t len = file_read("", path, said, sizeof(said));
    if (len < 0 && len != -ENOENT && len != -ESRCH) {
        errno = (int)-len;
        return -1;
    }
    if (len < 0)
        return 'X';
    const char *end = strrchr(said, ')');
    return end && end[1] == ' ' ? end[2] : 'X';
}

static int stop_child(pid_t pid, struct err *e)
{
    const int64_t deadline_ns = clock_now_ns() + STOP_MS * NS_PER_MS;
    if (kill(pid, SIGSTOP) != 0)
        return err_sys(e, ERR_OURS, "cannot stop the workload to open its events");
    for (int state = state_of(pid); state != 'T'; state = state_of(pid)) {
        if (state < 0)
            return err_sys(e, ERR_OURS, "cannot read the state of the workload (/proc/%d/stat)", (int)pid);
        if (state == 'X' || state == 'Z')
            return err_set(e, ERR_WORKLOAD, -ESRCH, "the workload ended before its events were open");
        if (clock_now_ns() > deadline_ns)
            return err_set(e, ERR_OURS, -ETIMEDOUT, "the workload did not stop within %d ms", STOP_MS);
        (void)poll(NULL, 0, 1);
    }
    return 0;
}

/* What is asked of trace_start(). */
struct wanted {
    const struct cpulist *cpus;
    const char *files;
    struct trace_probe *probe;
    size_t probes;
    int64_t period_ns;
    unsigned order; /* of each ring's size */
};

static int open_thread(struct trace *t, int tid, struct cpu_ring *ring, size_t rings, const struct wanted *w)
{
    for (size_t i = 0; i < rings; i++) {
        TRY(open_switches(t, tid, ring[i].cpu, &ring[i].ring_fd, w->order));
        TRY(open_clock(t, tid, ring[i].cpu, ring[i].ring_fd, w->period_ns));
        open_faults(t, tid, ring[i].cpu);
    }
    return 0;
}

static int open_all(struct trace *t, DIR *threads, struct cpu_ring *ring, size_t rings, const struct wanted *w)
{
    for (struct dirent *d = readdir(threads); d; d = readdir(threads)) {
        int64_t tid;
        if (text_to_i64(d->d_name, &tid) == 0)
            TRY(open_thread(t, (int)tid, ring, rings, w));
    }
    for (size_t i = 0; i < rings; i++)
        TRY(open_probes(t, &ring[i], w->files, w->probe, w->probes));
    return 0;
}

static void close_events(struct trace *t)
{
    for (size_t i = 0; i < t->rings; i++)
        perf_ring_close(&t->ring[i]);
    for (size_t i = 0; i < t->fds; i++)
        (void)close(t->fd[i]);
    void *const held[] = {t->fd, t->ring, t->source, t->fault_fd};
    for (size_t i = 0; i < ARRAY_LEN(held); i++)
        free(held[i]);
    t->fd = t->fault_fd = NULL;
    t->ring = NULL;
    t->source = NULL;
    t->fds = t->rings = t->sources = t->faults = 0;
    t->faults_refused = false;
}

static int open_rings(struct trace *t, DIR *threads, const struct wanted *w)
{
    size_t rings = 0;
    cleanup_free struct cpu_ring *ring = xcalloc(cpulist_count(w->cpus), sizeof(*ring));
    for (int cpu = cpulist_next(w->cpus, 0); cpu >= 0; cpu = cpulist_next(w->cpus, cpu + 1))
        ring[rings++] = (struct cpu_ring){cpu, -1};
    return open_all(t, threads, ring, rings, w);
}

/* All rings are of one size: if the first took what the user may lock, the last would get none. */
static int open_events(struct trace *t, struct wanted *w, struct err *e)
{
    const struct perf_event_attr told = attr_of(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK);
    char path[64];
    text_format(path, sizeof(path), "/proc/%d/task", (int)t->pid);
    cleanup_dir DIR *threads = opendir(path);
    if (!threads)
        return err_sys(e, ERR_OURS, "%s", path);
    int failed = open_rings(t, threads, w);
    while (failed == -EDQUOT && w->order > RING_LEAST) {
        close_events(t);
        rewinddir(threads);
        w->order--;
        failed = open_rings(t, threads, w);
    }
    return failed == 0 ? 0 : refuse(&told, failed, "cannot trace the workload", e);
}

static int start_reader(struct trace *t, struct err *e)
{
    int failed = pthread_create(&t->reader, NULL, read_rings, t);
    if (failed != 0)
        return err_set(e, ERR_OURS, -failed, "no thread to read the events: %s", strerror(failed));
    t->has_reader = true;
    return 0;
}

int trace_start(pid_t pid, const struct cpulist *cpus, const char *files, struct trace_probe *probes, size_t count,
                int64_t period_ns, struct trace **ret, struct err *e)
{
    struct trace *t = xcalloc(1, sizeof(*t));
    t->pid = pid;
    int failed = stop_child(pid, e);
    if (failed == 0) {
        t->seen.frames = frames_open(pid);
        failed = open_events(t, &(struct wanted){cpus, files, probes, count, period_ns, RING_ORDER}, e);
    }
    if (failed == 0)
        failed = start_reader(t, e);
    (void)kill(pid, SIGCONT);
    if (failed != 0)
        trace_free(t);
    else
        *ret = t;
    return failed;
}

int trace_possible(struct err *e)
{
    struct perf_event_attr attr = attr_of(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK);
    attr.sample_period = NS_PER_MS;
    attr.disabled = 1;
    cleanup_close int fd = perf_event_open(&attr, getpid(), -1, -1, 0);
    if (fd < 0)
        return refuse(&attr, fd, "threads cannot be traced", e);
    uint32_t type = 0;
    return perf_event_pmu("", "uprobe", &type) == 0
               ? 0
               : err_set(e, ERR_HOST, -ENOENT,
                         "threads cannot be traced: the kernel has no user probes (CONFIG_UPROBE_EVENTS)");
}

/* --- the end ------------------------------------------------------------------------------------------------------ */

static int by_time(const void *a, const void *b)
{
    const struct trace_event *x = a, *y = b;
    if (x->at_ns != y->at_ns)
        return x->at_ns < y->at_ns ? -1 : 1;
    return (x->kind > y->kind) - (x->kind < y->kind);
}

static void sum_faults(struct trace *t)
{
    t->seen.has_page_faults = t->faults > 0 && !t->faults_refused;
    for (size_t i = 0; i < t->faults; i++) {
        uint64_t count = 0;
        if (read(t->fault_fd[i], &count, sizeof(count)) != sizeof(count))
            t->seen.has_page_faults = false;
        t->seen.page_faults += count;
    }
}

void trace_stop(struct trace *t)
{
    if (!t->has_reader)
        return;
    atomic_store(&t->ending, true);
    (void)pthread_join(t->reader, NULL);
    t->has_reader = false;
    for (size_t i = 0; i < t->fds; i++)
        (void)ioctl(t->fd[i], PERF_EVENT_IOC_DISABLE, 0);
    drain(t);
    sum_faults(t);
    if (t->seen.events > 0)
        qsort(t->seen.event, t->seen.events, sizeof(*t->seen.event), by_time);
    frames_read_python(t->seen.frames);
}

void trace_free(struct trace *t)
{
    if (!t)
        return;
    trace_stop(t);
    close_events(t);
    frames_free(t->seen.frames);
    void *const held[] = {t->seen.event, t->address, t->stack, t->bucket};
    for (size_t i = 0; i < ARRAY_LEN(held); i++)
        free(held[i]);
    free(t);
}

const struct trace_seen *trace_seen(const struct trace *t)
{
    return &t->seen;
}

struct trace_stack trace_stack(const struct trace *t, uint32_t stack)
{
    if (stack >= t->stacks)
        return (struct trace_stack){0};
    const struct stack *s = &t->stack[stack];
    return (struct trace_stack){t->address + s->at, s->count, s->in_kernel};
}

#include "launch/counters.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/cpulist.h"
#include "base/facts.h"
#include "base/file.h"
#include "base/text.h"

/* The kernel's own names of them: perf_event_open(2), "config". */
static const struct {
    const char *name;
    uint32_t type;
    uint64_t config;
} EVENTS[] = {
    {"instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS},
    {"cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES},
    {"cache_misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES},
    {"branch_misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES},
    {"context_switches", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES},
    {"migrations", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS},
    {"page_faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS},
};

struct counter {
    int *fd;   /* of each CPU; NULL: it could not be opened */
    char *why; /* then; owned */
};

/* Of the descriptors they may have a quarter of those beyond what the start of a cell takes, which is some twenty: the
 * sampler has half of all (sample.c), and the figures are optional. */
#define START_TAKES 64
#define SHARE       4

struct counters {
    size_t cpus, held, held_max; /* descriptors */
    struct counter event[ARRAY_LEN(EVENTS)];
};

static void close_all(struct counter *c, size_t cpus)
{
    for (size_t i = 0; c->fd && i < cpus; i++)
        close_fd(&c->fd[i]);
    free(STEAL(c->fd));
}

static void refuse(struct counter *c, size_t cpus, struct perf_event_attr *attr, int code)
{
    struct perf_event_rights rights;
    struct text why = {0};
    perf_event_rights_read("", &rights);
    perf_event_reason(&rights, attr, PERF_FLAG_PID_CGROUP, code, &why);
    close_all(c, cpus);
    c->why = why.data;
}

static void open_one(size_t event, int cgroup_fd, const struct cpulist *cpus, struct counters *c)
{
    struct counter *ret = &c->event[event];
    struct perf_event_attr attr = {
        .type = EVENTS[event].type, .config = EVENTS[event].config, .read_format = PERF_EVENT_COUNT_FORMAT};
    size_t n = 0;
    if (c->held + c->cpus > c->held_max) {
        ret->why = text_printf(
            "it takes a descriptor for each of %zu CPUs, and of the %zu that counters may have %zu are taken "
            "(raise the limit of open files: ulimit -n)",
            c->cpus, c->held_max, c->held);
        return;
    }
    ret->fd = xcalloc(c->cpus, sizeof(*ret->fd));
    for (size_t i = 0; i < c->cpus; i++)
        ret->fd[i] = -1;
    for (int cpu = cpulist_next(cpus, 0); cpu >= 0; cpu = cpulist_next(cpus, cpu + 1)) {
        int fd = perf_event_open(&attr, cgroup_fd, cpu, -1, PERF_FLAG_PID_CGROUP);
        if (fd < 0) {
            refuse(ret, c->cpus, &attr, fd);
            return;
        }
        ret->fd[n++] = fd;
    }
    c->held += c->cpus;
}

struct counters *counters_open(int cgroup_fd, const struct cpulist *cpus)
{
    struct counters *c = xcalloc(1, sizeof(*c));
    const size_t descriptors = file_descriptors_max();
    c->cpus = cpulist_count(cpus);
    c->held_max = descriptors > START_TAKES ? (descriptors - START_TAKES) / SHARE : 0;
    for (size_t i = 0; i < ARRAY_LEN(EVENTS); i++)
        open_one(i, cgroup_fd, cpus, c);
    return c;
}

void counters_close(struct counters **c)
{
    if (!*c)
        return;
    for (size_t i = 0; i < ARRAY_LEN(EVENTS); i++) {
        close_all(&(*c)->event[i], (*c)->cpus);
        free((*c)->event[i].why);
    }
    free(STEAL(*c));
}

bool counters_sum(const struct perf_count *of_cpu, size_t cpus, double *ret, double *share)
{
    double sum = 0, enabled_ns = 0, running_ns = 0;
    for (size_t i = 0; i < cpus; i++) {
        double scaled = 0;
        if (of_cpu[i].enabled_ns > 0 && !perf_count_scaled(&of_cpu[i], &scaled))
            return false;
        sum += scaled;
        enabled_ns += (double)of_cpu[i].enabled_ns;
        running_ns += (double)of_cpu[i].running_ns;
    }
    if (enabled_ns <= 0)
        return false;
    *ret = sum;
    *share = running_ns / enabled_ns;
    return true;
}

static void describe_one(const struct counters *c, size_t event, struct facts *ret)
{
    const char *name = EVENTS[event].name;
    const struct counter *counter = &c->event[event];
    double sum = 0, share = 0;
    char key[64];
    if (!counter->fd) {
        facts_absent(ret, name, "%s", counter->why ? counter->why : "it could not be opened");
        return;
    }
    cleanup_free struct perf_count *of_cpu = xcalloc(c->cpus, sizeof(*of_cpu));
    for (size_t i = 0; i < c->cpus; i++) {
        int failed = perf_event_read(counter->fd[i], &of_cpu[i]);
        if (failed == 0)
            continue;
        facts_absent(ret, name, "the count could not be read: %s", strerror(-failed));
        return;
    }
    if (!counters_sum(of_cpu, c->cpus, &sum, &share)) {
        facts_absent(
            ret, name,
            "it never ran: other users had the CPU's counters all the time (multiplexing), or nothing ran in the "
            "slice");
        return;
    }
    facts_int(ret, name, (int64_t)llround(sum));
    text_format(key, sizeof(key), "running_share.%s", name);
    facts_real(ret, key, share);
}

void counters_describe(const struct counters *c, struct facts *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(EVENTS); i++)
        describe_one(c, i, ret);
    facts_int(ret, "cpus", (int64_t)c->cpus);
}

void counters_describe_absent(const char *why, struct facts *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(EVENTS); i++)
        facts_absent(ret, EVENTS[i].name, "%s", why);
}

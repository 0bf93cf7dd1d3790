#include "cgroups/limits.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "cgroups/cgfile.h"

/* How to compare what is read back with what was asked for. */
enum comparison {
    SAME_SET,    /* CPU or node lists */
    WHOLE_PAGES, /* bytes, which the kernel rounds down to pages (page_counter_memparse) */
    SAME_NUMBER,
    SAME_WORD,
};

static const struct limit_file {
    const char *file;
    const char *effective; /* the file to read back */
    enum slice_controller controller;
    enum comparison comparison;
} FILES[] = {
    /* A cpuset that can grant no requested CPU behaves as if it were empty, while cpuset.cpus still reads as written
       (cgroup-v2.rst, "Cpuset Interface Files"): only the effective list tells. */
    {"cpuset.cpus", "cpuset.cpus.effective", SLICE_CPUSET, SAME_SET},
    {"cpuset.mems", "cpuset.mems.effective", SLICE_CPUSET, SAME_SET},
    {"cpuset.cpus.partition", "cpuset.cpus.partition", SLICE_CPUSET, SAME_WORD},
    {"memory.max", "memory.max", SLICE_MEMORY, WHOLE_PAGES},
    {"memory.swap.max", "memory.swap.max", SLICE_MEMORY, SAME_NUMBER},
    {"memory.oom.group", "memory.oom.group", SLICE_MEMORY, SAME_NUMBER},
    {"pids.max", "pids.max", SLICE_PIDS, SAME_NUMBER},
    {"memory.high", "memory.high", SLICE_MEMORY, WHOLE_PAGES},
    {"cpu.max", "cpu.max", SLICE_CPU, SAME_WORD}, /* "QUOTA PERIOD" in us */
};

enum { CPUS, MEMS, PARTITION, MEMORY_MAX, SWAP_MAX, OOM_GROUP, PIDS_MAX, MEMORY_HIGH, CPU_MAX };

_Static_assert(ARRAY_LEN(FILES) <= SLICE_SETTINGS_MAX, "a setting for each file");

static struct slice_setting *add(struct slice_setting *settings, size_t *count, int which)
{
    struct slice_setting *s = &settings[(*count)++];
    *s = (struct slice_setting){.file = FILES[which].file};
    return s;
}

static void add_number(struct slice_setting *settings, size_t *count, int which, uint64_t value)
{
    struct slice_setting *s = add(settings, count, which);
    if (value == CGFILE_MAX)
        text_format(s->requested, sizeof(s->requested), "max");
    else
        text_format(s->requested, sizeof(s->requested), "%" PRIu64, value);
}

static int add_list(struct slice_setting *settings, size_t *count, int which, const struct cpulist *list, struct err *e)
{
    if (cpulist_next(list, 0) < 0)
        return 0;
    struct slice_setting *s = add(settings, count, which);
    if (cpulist_format(list, s->requested, sizeof(s->requested)) < 0)
        return err_set(e, ERR_USAGE, -EINVAL, "%s: a list of %u numbers has too many separate ranges (use fewer)",
                       s->file, cpulist_count(list));
    return 0;
}

int limits_plan(const struct slice_limits *limits, struct slice_setting *settings, size_t *count, struct err *e)
{
    *count = 0;
    TRY(add_list(settings, count, CPUS, &limits->cpus, e));
    TRY(add_list(settings, count, MEMS, &limits->mems, e));
    if (limits->partition != SLICE_PARTITION_NONE)
        text_format(add(settings, count, PARTITION)->requested, sizeof(settings->requested), "%s",
                    limits->partition == SLICE_PARTITION_ISOLATED ? "isolated" : "root");
    if (limits->has_memory_max)
        add_number(settings, count, MEMORY_MAX, limits->memory_max_bytes);
    if (limits->swap_off)
        add_number(settings, count, SWAP_MAX, 0);
    if (limits->oom_group)
        add_number(settings, count, OOM_GROUP, 1);
    if (limits->has_pids_max)
        add_number(settings, count, PIDS_MAX, limits->pids_max);
    if (limits->has_memory_high)
        add_number(settings, count, MEMORY_HIGH, limits->memory_high_bytes);
    if (limits->cpu_quota_usec)
        text_format(add(settings, count, CPU_MAX)->requested, sizeof(settings->requested), "%" PRIu64 " %" PRIu64,
                    limits->cpu_quota_usec, limits->cpu_period_usec);
    return 0;
}

static const struct limit_file *file_of(const struct slice_setting *s)
{
    size_t i = 0;
    while (strcmp(FILES[i].file, s->file) != 0) /* every setting comes from limits_plan() */
        i++;
    return &FILES[i];
}

enum slice_controller limits_controller(const struct slice_setting *s)
{
    return file_of(s)->controller;
}

static bool same_set(const char *requested, const char *achieved)
{
    struct cpulist want;
    struct cpulist have;
    return cpulist_parse(requested, &want) == 0 && cpulist_parse(achieved, &have) == 0 && cpulist_equal(&want, &have);
}

static bool same_number(const char *requested, const char *achieved, uint64_t unit)
{
    uint64_t want = 0;
    uint64_t have = 0;
    if (cgfile_value(requested, &want) != 0 || cgfile_value(achieved, &have) != 0)
        return false;
    /* The kernel reads back values above its range as max. */
    return want == have || want - want % unit == have || (have == CGFILE_MAX && want > INT64_MAX);
}

static bool matches(const struct limit_file *f, const struct slice_setting *s)
{
    switch (f->comparison) {
    case SAME_SET:
        return same_set(s->requested, s->achieved);
    case WHOLE_PAGES:
        return same_number(s->requested, s->achieved, (uint64_t)sysconf(_SC_PAGESIZE));
    case SAME_WORD:
        return strcmp(s->requested, s->achieved) == 0;
    case SAME_NUMBER:
        break;
    }
    return same_number(s->requested, s->achieved, 1);
}

/* /proc/swaps has a line of headings and one for each area in use. */
static bool host_has_swap(void)
{
    char swaps[4096];
    ssize_t len = file_read("", "/proc/swaps", swaps, sizeof(swaps));
    return len == -EFBIG || (len > 0 && strchr(swaps, '\n'));
}

/* memory.swap.max exists only in kernels that account swap (CONFIG_SWAP, and no swapaccount=0). A host without a swap
 * area is ok without it. */
static bool absent(const struct limit_file *f, struct slice_setting *s)
{
    bool swap = f == &FILES[SWAP_MAX];
    s->achieved[0] = '\0';
    s->ok = swap && !host_has_swap();
    (void)snprintf(s->reason, sizeof(s->reason), "the kernel has no %s%s", s->file,
                   s->ok  ? ", and the host no swap"
                   : swap ? ": swap is not accounted (swapoff -a, or boot without swapaccount=0)"
                          : " in this cgroup");
    return s->ok;
}

bool limits_verify(int dirfd, struct slice_setting *s)
{
    const struct limit_file *f = file_of(s);
    ssize_t len = file_read_at(dirfd, f->effective, s->achieved, sizeof(s->achieved));
    if (len == -ENOENT)
        return absent(f, s);
    s->ok = len >= 0 && matches(f, s);
    s->reason[0] = '\0';
    if (len < 0) {
        s->achieved[0] = '\0';
        (void)snprintf(s->reason, sizeof(s->reason), "%s: %s", f->effective, strerror((int)-len));
    } else if (!s->ok) {
        (void)snprintf(s->reason, sizeof(s->reason), "the kernel gave %.80s", s->achieved[0] ? s->achieved : "nothing");
    }
    return s->ok;
}

void limits_write(int dirfd, struct slice_setting *s)
{
    int failed = file_write_at(dirfd, s->file, s->requested);
    if (limits_verify(dirfd, s) || failed == 0 || failed == -ENOENT)
        return;
    (void)snprintf(s->reason, sizeof(s->reason), "the kernel refused it: %s; it stays at %.80s", strerror(-failed),
                   s->achieved[0] ? s->achieved : "nothing");
}

#include "record/accounts.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "cgroups/cgfile.h"
#include "cgroups/root.h"

/* One key of a flat-keyed file. */
struct account {
    const char *file, *key;
    const char *as; /* the record's key */
    enum slice_controller controller;
};

static const struct account ACCOUNTS[] = {
    {"cpu.stat", "usage_usec", "usage_usec", SLICE_CONTROLLERS}, /* the kernel gives it without the controller, too */
    {"cpu.stat", "user_usec", "user_usec", SLICE_CONTROLLERS},
    {"cpu.stat", "system_usec", "system_usec", SLICE_CONTROLLERS},
    {"cpu.stat", "nr_periods", "nr_periods", SLICE_CPU},
    {"cpu.stat", "nr_throttled", "nr_throttled", SLICE_CPU},
    {"cpu.stat", "throttled_usec", "throttled_usec", SLICE_CPU},
    {"memory.events", "low", "low", SLICE_MEMORY},
    {"memory.events", "high", "high", SLICE_MEMORY},
    {"memory.events", "max", "max", SLICE_MEMORY},
    {"memory.events", "oom", "oom", SLICE_MEMORY},
    {"memory.events", "oom_kill", "oom_kill", SLICE_MEMORY},
    {"memory.events", "oom_group_kill", "oom_group_kill", SLICE_MEMORY},
    {"pids.events", "max", "pids_max", SLICE_PIDS},
};

static bool is_of_cpu(const struct account *a)
{
    return strcmp(a->file, "cpu.stat") == 0;
}

/* The content of a file, read once, so that related keys (user_usec and system_usec with usage_usec) come from one
 * reading. */
struct page {
    const char *file; /* NULL: none yet */
    int failed;       /* a negative errno */
    char text[4096];
};

static int read_account(int dirfd, const struct account *a, struct page *page, uint64_t *ret)
{
    if (!page->file || strcmp(page->file, a->file) != 0) {
        ssize_t n = file_read_at(dirfd, a->file, page->text, sizeof(page->text));
        page->file = a->file;
        page->failed = n < 0 ? (int)n : 0;
    }
    return page->failed != 0 ? page->failed : cgfile_key(page->text, a->key, ret);
}

static const char *lacks(const struct slice_root *root, const struct account *a)
{
    if (root->provenance == SLICE_NONE)
        return root->reason;
    if (a->controller < SLICE_CONTROLLERS && !root->controller[a->controller].available)
        return root->controller[a->controller].reason;
    return NULL;
}

static void take(int dirfd, const struct account *a, struct page *page, const struct accounts *baseline,
                 const struct slice_root *root, struct facts *to)
{
    uint64_t value = 0;
    const struct facts *before = !baseline ? NULL : is_of_cpu(a) ? &baseline->cpu : &baseline->events;
    const char *lacking = lacks(root, a);
    int failed = dirfd < 0 || lacking ? -1 : read_account(dirfd, a, page, &value);
    if (lacking)
        facts_absent(to, a->as, "%s", lacking);
    else if (failed != 0)
        facts_absent(to, a->as, "%s has no readable %s on this kernel: %s", a->file, a->key, strerror(-failed));
    else
        facts_int(to, a->as, (int64_t)value - (before ? facts_integer(before, a->as, 0) : 0));
}

void accounts_baseline_read(int slice_dirfd, struct accounts *ret)
{
    char buf[64];
    uint64_t value = 0;
    struct page page = {.file = NULL};
    for (const struct account *a = ACCOUNTS; a < ACCOUNTS + ARRAY_LEN(ACCOUNTS); a++)
        if (read_account(slice_dirfd, a, &page, &value) == 0)
            facts_int(is_of_cpu(a) ? &ret->cpu : &ret->events, a->as, (int64_t)value);
    if (file_read_at(slice_dirfd, "memory.current", buf, sizeof(buf)) > 0 && cgfile_value(buf, &value) == 0)
        facts_int(&ret->peak, "baseline", (int64_t)value);
}

/* memory.peak, and by how much memory.current and memory.stat may differ: both are charged in batches of 64 pages a CPU
 * (mm/memcontrol.c, MEMCG_CHARGE_BATCH; the kernel's own test_kmem.c allows as much). */
static void read_peak(int dirfd, const struct slice_root *root, struct facts *peak)
{
    char buf[64];
    uint64_t value = 0;
    const struct slice_availability *memory = &root->controller[SLICE_MEMORY];
    if (!memory->available) {
        facts_absent(peak, "peak", "%s", memory->reason);
        facts_absent(peak, "uncertainty_bytes", "%s", memory->reason);
        return;
    }
    if (file_read_at(dirfd, "memory.peak", buf, sizeof(buf)) > 0 && cgfile_value(buf, &value) == 0)
        facts_int(peak, "peak", (int64_t)value);
    else
        facts_absent(peak, "peak", "this kernel has no memory.peak (5.19 and newer have)");
    facts_int(peak, "uncertainty_bytes", 64 * sysconf(_SC_PAGESIZE) * sysconf(_SC_NPROCESSORS_ONLN));
}

void accounts_read(int slice_dirfd, const struct accounts *baseline, const struct slice_root *root,
                   struct accounts *ret)
{
    struct page page = {.file = NULL};
    const struct fact *before = baseline ? facts_find(&baseline->peak, "baseline") : NULL;
    read_peak(slice_dirfd, root, &ret->peak);
    if (before)
        facts_int(&ret->peak, "baseline", before->integer);
    for (const struct account *a = ACCOUNTS; a < ACCOUNTS + ARRAY_LEN(ACCOUNTS); a++)
        take(slice_dirfd, a, &page, baseline, root, is_of_cpu(a) ? &ret->cpu : &ret->events);
}

void accounts_free(struct accounts *a)
{
    facts_free(&a->peak);
    facts_free(&a->cpu);
    facts_free(&a->events);
}

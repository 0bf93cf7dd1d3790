#include "base/figure.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define MIB (1.0 / (1 << 20))

const char *const figure_kind_names[] = {"time", "memory", "rate", "count", NULL};
const char *const figure_better_names[] = {"none", "less", "more", NULL};

/* clang-format off */
#define TIME(name, title, shown, scale) {name, title, "s", FIGURE_TIME, BETTER_LESS, shown, scale, 1e-9, NULL}
#define BYTES(name, title, path) {name, title, "B", FIGURE_MEMORY, BETTER_LESS, "MiB", MIB, 1, "memory." path}
#define CPU(key, title) {"cpu_" key, title, "us", FIGURE_TIME, BETTER_LESS, "s", 1e-6, 1, "cpu." key}
#define COUNT(key, title, unit, shown, scale) {key, title, unit, FIGURE_COUNT, BETTER_LESS, shown, scale, 1, "counters." key}

/* The figures of every record, in the order of tables. The kernel counts CPU time in microseconds. */
static const struct figure_about FIGURES[] = {
    TIME("avg_iter_s", "mean time of an iteration", "ms", 1e3),
    TIME("p50_iter_s", "median time of an iteration", "ms", 1e3),
    TIME("p95_iter_s", "95% quantile of an iteration's time", "ms", 1e3),
    TIME("total_wall_s", "wall time of all iterations", "s", 1),
    BYTES("rss_bytes", "RSS, parent and workers", "parent_and_workers.rss"),
    BYTES("uss_bytes", "USS, parent and workers", "parent_and_workers.uss"),
    BYTES("pss_bytes", "PSS, parent and workers", "parent_and_workers.pss"),
    BYTES("all_pids_pss_bytes", "PSS, every process of the slice", "all_pids.pss"),
    BYTES("current_bytes", "memory.current of the slice", "slice.current"),
    BYTES("anon_bytes", "anonymous memory of the slice", "slice.anon"),
    BYTES("file_bytes", "page cache of the slice", "slice.file"),
    BYTES("kernel_bytes", "kernel memory of the slice", "slice.kernel"),
    BYTES("peak_bytes", "memory.peak of the slice", "slice.peak"),
    CPU("usage_usec", "CPU time of the slice"),
    CPU("user_usec", "CPU time in user mode"),
    CPU("system_usec", "CPU time in the kernel"),
    COUNT("instructions", "instructions of the slice", "1", "M", 1e-6),
    COUNT("cycles", "CPU cycles of the slice", "1", "M", 1e-6),
    COUNT("cache_misses", "misses of the last cache", "1", "", 1),
    COUNT("branch_misses", "branches foretold wrongly", "1", "", 1),
    COUNT("context_switches", "context switches of the slice", "1", "", 1),
    COUNT("migrations", "moves from CPU to CPU", "1", "", 1),
    COUNT("page_faults", "page faults of the slice", "1", "", 1),
    COUNT("energy_package_uj", "energy of the whole processor meanwhile", "uJ", "J", 1e-6),
    COUNT("energy_dram_uj", "energy of all memory meanwhile", "uJ", "J", 1e-6),
};
/* clang-format on */

#define GROWTH(key, what)                                                                                              \
    {                                                                                                                  \
        "growth_" key "_bytes", what " per 1,000 iterations", "B", FIGURE_MEMORY, BETTER_LESS, "MiB", MIB, 0, NULL     \
    }

/* The figures of profile growth: record/growth.h. A table of its own, because only FIGURES have columns everywhere. */
static const struct figure_about OF_GROWTH[] = {
    GROWTH("pss", "growth of PSS"),
    GROWTH("live", "growth of live objects"),
    GROWTH("cycles", "growth of uncollected cycles"),
    GROWTH("free", "growth of arenas and free lists"),
    GROWTH("stacks", "growth of thread stacks"),
    GROWTH("children", "growth of children's own pages"),
    GROWTH("files", "growth of mapped files"),
    GROWTH("rest", "growth of PSS that is not told apart"),
    GROWTH("page_tables", "growth of page tables"),
    GROWTH("anon", "growth of the slice's anonymous memory"),
    GROWTH("cache", "growth of the slice's page cache"),
    GROWTH("kernel", "growth of the slice's kernel memory"),
};

/* Longer ends first: "_per_s" also ends with "_s". */
static const struct figure_about ENDS[] = {
    {"_per_s", NULL, "1/s", FIGURE_RATE, BETTER_MORE, "/s", 1, 0, NULL},
    {"_mb_s", NULL, "MB/s", FIGURE_RATE, BETTER_MORE, "MB/s", 1, 0, NULL},
    {"_bytes", NULL, "B", FIGURE_MEMORY, BETTER_LESS, "MiB", MIB, 1, NULL},
    {"_usec", NULL, "us", FIGURE_TIME, BETTER_LESS, "s", 1e-6, 1, NULL},
    {"_us", NULL, "us", FIGURE_TIME, BETTER_LESS, "us", 1, 0, NULL},
    {"_ns", NULL, "ns", FIGURE_TIME, BETTER_LESS, "us", 1e-3, 0, NULL},
    {"_ms", NULL, "ms", FIGURE_TIME, BETTER_LESS, "ms", 1, 0, NULL},
    {"_s", NULL, "s", FIGURE_TIME, BETTER_LESS, "ms", 1e3, 1e-9, NULL},
    {"_pct", NULL, "%", FIGURE_COUNT, BETTER_NONE, "%", 1, 0, NULL},
};

static const struct figure_about *find_in(const struct figure_about *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].name, name) == 0)
            return &list[i];
    return NULL;
}

const struct figure_about *figure_of_records(size_t i)
{
    return i < ARRAY_LEN(FIGURES) ? &FIGURES[i] : NULL;
}

void figure_list(struct text *out)
{
    bool counted = false;
    for (size_t i = 0; i < ARRAY_LEN(FIGURES); i++) {
        bool is_counter = FIGURES[i].path && strncmp(FIGURES[i].path, "counters.", strlen("counters.")) == 0;
        text_add(out, "%s%s%s", i ? ", " : "", is_counter && !counted ? "with --counters " : "", FIGURES[i].name);
        counted |= is_counter;
    }
}

bool figure_is_of_every_record(const char *name)
{
    return find_in(FIGURES, ARRAY_LEN(FIGURES), name) != NULL;
}

bool figure_is_slope(const char *name)
{
    return find_in(OF_GROWTH, ARRAY_LEN(OF_GROWTH), name) != NULL;
}

struct figure_unit figure_unit_of(double bytes)
{
    static const struct figure_unit UNITS[] = {{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}};
    for (size_t i = 0; i < ARRAY_LEN(UNITS); i++)
        if (fabs(bytes) >= UNITS[i].bytes)
            return UNITS[i];
    return (struct figure_unit){"B", 1};
}

bool figure_is_of_bytes(const struct figure_about *about)
{
    return about->kind == FIGURE_MEMORY && (strcmp(about->unit, "B") == 0 || strcmp(about->unit, "bytes") == 0);
}

bool figure_is_like(const struct figure_about *a, const struct figure_about *b)
{
    return a->kind == b->kind && a->better == b->better && strcmp(a->unit, b->unit) == 0;
}

const char *figure_says(const struct figure_about *a, char *buf, size_t cap)
{
    (void)snprintf(buf, cap, "a %s in '%.60s', %s%s", figure_kind_names[a->kind], a->unit,
                   a->better == BETTER_NONE ? "neither better nor worse" : figure_better_names[a->better],
                   a->better == BETTER_NONE ? "" : " is better");
    return buf;
}

struct figure_about figure_about(const char *name)
{
    struct figure_about about = {name, name, "1", FIGURE_COUNT, BETTER_NONE, "", 1, 0, NULL};
    const struct figure_about *own = find_in(FIGURES, ARRAY_LEN(FIGURES), name);
    if (!own)
        own = find_in(OF_GROWTH, ARRAY_LEN(OF_GROWTH), name);
    if (own)
        return *own;
    for (size_t i = 0; i < ARRAY_LEN(ENDS); i++) {
        if (!text_ends_with(name, ENDS[i].name))
            continue;
        about = ENDS[i];
        about.name = about.title = name;
        break;
    }
    return about;
}

/* Takes a declared unit: a known one is printed in its usual scale, any other as it is. */
static void take_unit(struct figure_about *about, const char *unit)
{
    static const struct {
        const char *unit, *shown;
        double scale;
    } SHOWN[] = {{"s", "ms", 1e3},      {"ns", "us", 1e-3}, {"B", "MiB", MIB},
                 {"bytes", "MiB", MIB}, {"1/s", "/s", 1},   {"1", "", 1}};
    about->unit = about->shown = unit;
    about->scale = 1;
    about->resolution = 0; /* the resolution by name is in the unit of the name */
    for (size_t i = 0; i < ARRAY_LEN(SHOWN); i++) {
        if (strcmp(SHOWN[i].unit, unit) != 0)
            continue;
        about->shown = SHOWN[i].shown;
        about->scale = SHOWN[i].scale;
    }
}

struct figure_about figure_about_declared(const char *name, const char *title, const char *unit, const char *kind,
                                          const char *better)
{
    struct figure_about about = figure_about(name);
    if (title && *title)
        about.title = title;
    if (unit && *unit && strcmp(unit, about.unit) != 0)
        take_unit(&about, unit);
    if (kind && text_is_among(kind, figure_kind_names))
        about.kind = (enum figure_kind)text_index(kind, figure_kind_names);
    if (better && text_is_among(better, figure_better_names))
        about.better = (enum figure_better)text_index(better, figure_better_names);
    return about;
}

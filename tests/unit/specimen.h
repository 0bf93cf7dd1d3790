/* specimen: records made by hand, as a run would have left them; ended with specimen_free(). */
#ifndef TARE_TESTS_SPECIMEN_H
#define TARE_TESTS_SPECIMEN_H

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/facts.h"
#include "base/text.h"
#include "record/record.h"
#include "tests/unit/knobs.h"

/* A record and what it points to; not to be moved. */
struct specimen {
    struct record record;
    struct runtime runtime;
    struct facts host;
};

#define SPECIMEN_V1 "v1 holds it; boot with cgroup_no_v1=all"

static inline void specimen_runtime(struct specimen *s, bool free_threaded)
{
    struct runtime *r = &s->runtime;
    text_format(r->name, sizeof(r->name), free_threaded ? "3.14t" : "3.14");
    text_format(r->implementation, sizeof(r->implementation), "cpython");
    text_format(r->version, sizeof(r->version), "3.14.6");
    text_format(r->banner, sizeof(r->banner), "3.14.6%s (main, Nov 22 2026, 11:12:24) [GCC 12.2.0]",
                free_threaded ? " free-threading build" : "");
    text_format(r->path, sizeof(r->path), "/opt/python/bin/python3.14%s", free_threaded ? "t" : "");
    text_format(r->sha256, sizeof(r->sha256), "%064d", 7);
    text_format(r->default_start, sizeof(r->default_start), "forkserver");
    text_add(&r->configure_args, "'CC=gcc'%s", free_threaded ? " '--disable-gil'" : "");
    facts_bool(&r->build, "jit", false);
    facts_absent(&r->build, "pgo", "the build does not say how it was configured");
    facts_text(&r->build, "allocator", free_threaded ? "mimalloc" : "pymalloc");
    facts_text(&r->build, "features", "plain");
    r->free_threaded = free_threaded;
    r->gil_enabled = !free_threaded;
    s->record.gil_enabled = s->record.gil_at_end = !free_threaded;
}

static inline void specimen_cell(struct specimen *s, enum mode mode, enum profile profile, int64_t iterations)
{
    struct cell *c = &s->record.cell;
    *c = cell_unset();
    c->scenario = shipped("scenario1");
    c->mode = mode;
    c->profile = profile;
    c->iterations = iterations;
    if (cell_complete(c, NULL) != 0)
        abort();
}

/* Iterations of 1, 2, … ms, 10 ms apart. */
static inline void specimen_iterations(struct specimen *s, size_t n)
{
    struct record *r = &s->record;
    r->start_ns = calloc(n + 1, sizeof(*r->start_ns));
    r->end_ns = calloc(n + 1, sizeof(*r->end_ns));
    if (!r->start_ns || !r->end_ns)
        abort();
    for (size_t i = 0; i < n; i++) {
        r->start_ns[i] = 5000000000 + (int64_t)i * 10000000;
        r->end_ns[i] = r->start_ns[i] + (int64_t)(i + 1) * 1000000;
    }
    r->iterations = n;
    r->result = stats_of_iterations(r->start_ns, r->end_ns, n);
    r->memory = memory_summarise(NULL, 0, r->start_ns, r->end_ns, n, MEMORY_BY_TIME);
}

/* count samples, 5 ms apart from the first iteration's start on, of which every fifth has process sums. */
static inline void specimen_samples(struct specimen *s, size_t count)
{
    struct record *r = &s->record;
    r->samples = calloc(count + 1, sizeof(*r->samples));
    if (!r->samples)
        abort();
    for (size_t i = 0; i < count; i++) {
        struct sample *one = &r->samples[i];
        *one = (struct sample){.at_ns = 5000000000 + (int64_t)i * 5000000, .late_ns = 60000, .cost_ns = 2000};
        for (int c = 0; c < SAMPLE_CLASSES; c++) {
            one->has_class[c] = true;
            one->class_bytes[c] = (uint64_t)(SAMPLE_CLASSES - c) * 4194304 + i * 4096;
        }
        if (i % 5 != 0)
            continue;
        one->has_rollup = true;
        one->members_count = 1;
        one->all_count = 2;
        one->members = (struct sample_sums){.rss_bytes = 40894464 + i, .uss_bytes = 30000000, .pss_bytes = 37748736};
        one->all = (struct sample_sums){.rss_bytes = 50894464 + i, .uss_bytes = 35000000, .pss_bytes = 41943040};
        one->walk_ns = 400000;
        r->walks++;
    }
    r->sample_count = count;
    r->sampled = true;
    r->memory = memory_summarise(r->samples, count, r->start_ns, r->end_ns, r->iterations, MEMORY_BY_TIME);
}

/* Writes the record to a file whose path has a slash. */
static inline void specimen_save(const struct specimen *s, const char *path)
{
    cleanup_text struct text folder = {0};
    struct err e = {0};
    const char *name = strrchr(path, '/') + 1;
    text_add(&folder, "%.*s", (int)(name - path), path);
    cleanup_close int dirfd = open(folder.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (record_save_at(&s->record, dirfd, name, path, &e) != 0) {
        (void)fprintf(stderr, "%s\n", e.text);
        abort();
    }
}

static inline void specimen_start(struct specimen *s)
{
    struct record *r = &s->record;
    *s = (struct specimen){.record = {.runtime = &s->runtime, .host = &s->host, .stall_ms = 120000}};
    text_format(r->id, sizeof(r->id), "20261122T114043Z-0badcafe");
    text_format(r->started_at, sizeof(r->started_at), "2026-11-22T11:40:43Z");
    facts_text(&s->host, "platform", "Linux-6.12.95-x86_64-with-glibc2.36");
    facts_text(&s->host, "arch", "x86_64");
    facts_int(&s->host, "cpus.online", 16);
    facts_absent(&s->host, "cpus.governor", "there is no cpufreq here");
    facts_bool(&s->host, "emulated", false);
    text_format(r->slice.cpus_requested, sizeof(r->slice.cpus_requested), "1-3");
    text_format(r->slice.cpus_effective, sizeof(r->slice.cpus_effective), "1-3");
    text_format(r->slice.cpus_reason, sizeof(r->slice.cpus_reason), "4 cores; housekeeping on core 0");
    text_format(r->slice.housekeeping, sizeof(r->slice.housekeeping), "0");
    r->rollup_ns = 50000000;
    r->tick_ns = 10000000;
    r->check = 0x89abcdef;
    r->exited = true;
    facts_int(&r->instrument, "prepare_ns", 1234567);
}

static inline void specimen_full_slice(struct specimen *s)
{
    struct record *r = &s->record;
    r->slice.provenance = SLICE_CREATED;
    text_format(r->slice.reason, sizeof(r->slice.reason), "given: not asked for; delegated: no");
    text_format(r->slice.path, sizeof(r->slice.path), "/sys/fs/cgroup/tare.slice/tare-1/cell-0");
    text_format(r->slice.cpus_by, sizeof(r->slice.cpus_by), "cpuset");
    for (int i = 0; i < SLICE_CONTROLLERS; i++)
        r->slice.controller[i].available = true;
    r->slice.setting[0] =
        (struct slice_setting){.file = "cpuset.cpus", .requested = "1-3", .achieved = "1-3", .ok = true};
    r->slice.setting[1] = (struct slice_setting){.file = "memory.max", .requested = "512", .reason = "no such file"};
    r->slice.settings = 2;
    verdict_add(&r->isolation, LEVEL_REQUIRED, "born in the slice", true, "clone3(CLONE_INTO_CGROUP)",
                "/tare.slice/tare-1/cell-0", "/proc/PID/cgroup", "");
    verdict_add(&r->isolation, LEVEL_REQUIRED, "CPU affinity", true, "1-3", "1-3", "sched_getaffinity(2)", "");
    verdict_grade(&r->isolation, r->slice.provenance);
    facts_int(&r->peak, "peak", 50331648);
    facts_int(&r->cpu, "usage_usec", 28123456);
    facts_int(&r->cpu, "user_usec", 27000000);
    facts_int(&r->cpu, "system_usec", 1123456);
    facts_int(&r->cpu, "nr_throttled", 0);
    facts_int(&r->events, "oom_kill", 0);
}

/* As on a hybrid host: a directory, its cpu.stat, and no controller. */
static inline void specimen_partial_slice(struct specimen *s)
{
    struct record *r = &s->record;
    r->slice.provenance = SLICE_CREATED;
    text_format(r->slice.path, sizeof(r->slice.path), "/sys/fs/cgroup/unified/tare.slice/tare-1/cell-1");
    text_format(r->slice.cpus_by, sizeof(r->slice.cpus_by), "affinity");
    for (int i = 0; i < SLICE_CONTROLLERS; i++)
        text_format(r->slice.controller[i].reason, sizeof(r->slice.controller[i].reason), SPECIMEN_V1);
    verdict_add(&r->isolation, LEVEL_REQUIRED, "CPU affinity", true, "1-3", "1-3", "sched_getaffinity(2)", "");
    verdict_add(&r->isolation, LEVEL_REQUIRED, "memory accounting", false, "memory.current, memory.stat", "",
                "cgroup.controllers", SPECIMEN_V1);
    verdict_add(&r->isolation, LEVEL_REQUIRED, "no OOM kill", false, "0", "", "memory.events", SPECIMEN_V1);
    verdict_grade(&r->isolation, r->slice.provenance);
    facts_absent(&r->peak, "peak", SPECIMEN_V1);
    facts_int(&r->cpu, "usage_usec", 9000001);
    facts_int(&r->cpu, "user_usec", 8000000);
    facts_int(&r->cpu, "system_usec", 1000001);
    facts_absent(&r->cpu, "nr_throttled", SPECIMEN_V1);
    facts_absent(&r->events, "oom_kill", SPECIMEN_V1);
}

/* Threads on the free-threaded build, profile memory, in a slice with everything. */
static inline void specimen_threads_memory(struct specimen *s)
{
    specimen_start(s);
    specimen_runtime(s, true);
    specimen_cell(s, MODE_THREADS, PROFILE_MEMORY, 30);
    specimen_full_slice(s);
    specimen_iterations(s, 30);
    specimen_samples(s, 60);
    s->record.has_wall = true;
    s->record.total_wall_s = 30.265476;
}

/* Processes on the GIL build, profile overhead, in a slice without controllers. */
static inline void specimen_processes_overhead(struct specimen *s)
{
    specimen_start(s);
    specimen_runtime(s, false);
    specimen_cell(s, MODE_PROCESSES, PROFILE_OVERHEAD, 20);
    text_format(s->record.mp_start_method, sizeof(s->record.mp_start_method), "forkserver");
    specimen_partial_slice(s);
    specimen_iterations(s, 20);
    s->record.has_wall = true;
    s->record.total_wall_s = 0.25;
    text_format(s->record.memory_reason, sizeof(s->record.memory_reason), "memory is not sampled in this run");
}

/* Killed in its warm-up: nothing measured, nothing said. */
static inline void specimen_failed(struct specimen *s)
{
    specimen_start(s);
    specimen_runtime(s, true);
    specimen_cell(s, MODE_THREADS, PROFILE_MEMORY, 30);
    specimen_full_slice(s);
    specimen_iterations(s, 0);
    specimen_samples(s, 0);
    struct record *r = &s->record;
    r->gil_enabled = -1;
    r->check = 0;
    r->exited = false;
    r->signalled = true;
    r->signal = SIGSEGV;
    r->termination = TERMINATION_SIGNAL;
    text_format(r->detail, sizeof(r->detail), "the workload was ended by signal 11 (Segmentation fault)");
}

/* The same in C, without a slice: too few iterations for a p95. */
static inline void specimen_native(struct specimen *s)
{
    specimen_start(s);
    struct runtime *r = &s->runtime;
    r->native = true;
    text_format(r->name, sizeof(r->name), "native");
    text_format(r->implementation, sizeof(r->implementation), "native");
    text_format(r->version, sizeof(r->version), "2.36");
    text_format(r->banner, sizeof(r->banner), "C, glibc 2.36 [GCC 12.2.0]");
    text_format(r->path, sizeof(r->path), "/usr/libexec/tare/workloads/scenario1");
    text_format(r->sha256, sizeof(r->sha256), "%064d", 8);
    s->record.gil_enabled = s->record.gil_at_end = -1;
    specimen_cell(s, MODE_THREADS, PROFILE_OVERHEAD, 3);
    s->record.cell.runtime = "native";
    s->record.cell.isolation = ISOLATION_OFF;
    s->record.slice.provenance = SLICE_NONE;
    text_format(s->record.slice.reason, sizeof(s->record.slice.reason), "--isolation off");
    verdict_add(&s->record.isolation, LEVEL_REQUIRED, "CPU affinity", true, "1-3", "1-3", "sched_getaffinity(2)", "");
    verdict_grade(&s->record.isolation, SLICE_NONE);
    specimen_iterations(s, 3);
    s->record.has_wall = true;
    s->record.total_wall_s = 0.006;
    text_format(s->record.memory_reason, sizeof(s->record.memory_reason), "memory is not sampled in this run");
}

/* The same run where software emulates the CPU. */
static inline void specimen_emulated(struct specimen *s)
{
    facts_free(&s->host);
    facts_bool(&s->host, "emulated", true);
    facts_text(&s->host, "emulated_by", "QEMU TCG (TARE_VM=tcg)");
}

static inline void specimen_free(struct specimen *s)
{
    record_clear(&s->record);
    runtime_free(&s->runtime);
    facts_free(&s->host);
}

#endif

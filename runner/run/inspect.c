#include "run/inspect.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

void inspect_supervisor(const struct slice_setting *cpus, struct record *record)
{
    struct verdict *v = &record->isolation;
    const struct record_slice *s = &record->slice;
    struct cpulist ours = {0}, its = {0};
    char wanted[256], text[256] = "";
    if (cpus) {
        verdict_add(v, LEVEL_REQUIRED, "runner on its own CPUs", cpus->ok, cpus->requested, cpus->achieved, cpus->file,
                    cpus->reason);
        return;
    }
    bool read = cpulist_of_task(0, &ours) == 0 && cpulist_parse(s->cpus_requested, &its) == 0;
    if (read)
        (void)cpulist_format(&ours, text, sizeof(text));
    struct cpulist shared = cpulist_and(&ours, &its);
    (void)snprintf(wanted, sizeof(wanted), "none of %.240s", s->cpus_requested);
    verdict_add(v, LEVEL_RECORDED, "runner off its CPUs", read && cpulist_count(&shared) == 0, wanted, text,
                "sched_getaffinity(2)", s->cpus_reason);
}

void inspect_born(const struct slice *slice, pid_t pid, bool moved, struct record *record)
{
    struct verdict *v = &record->isolation;
    char path[64];
    char buf[4096];
    char achieved[256];
    const struct record_slice *s = &record->slice;
    const bool borrowed = s->provenance == SLICE_BORROWED;
    if (!slice->own) {
        if (record->cell.isolation != ISOLATION_OFF)
            verdict_add(v, LEVEL_REQUIRED, "slice of its own", false, "a cgroup of its own",
                        borrowed ? "the container's, which the runner shares" : "", "/proc/self/mountinfo", s->reason);
        return;
    }
    text_format(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
    const char *line = file_read("", path, buf, sizeof(buf)) > 0 ? strstr(buf, "0::") : NULL;
    const char *where = line ? line + 3 : "";
    size_t len = strcspn(where, "\n");
    const char *whole = slice->path;
    /* The file has the path below the mount point: the end of the slice's path. */
    bool there = len > 1 && strlen(whole) >= len && strncmp(whole + strlen(whole) - len, where, len) == 0;
    (void)snprintf(achieved, sizeof(achieved), "%.*s", (int)len, where);
    verdict_add(v, LEVEL_REQUIRED, "born in the slice", there && !moved, "clone3(CLONE_INTO_CGROUP)", achieved,
                "/proc/PID/cgroup",
                !there ? "it is elsewhere"
                       : "a filter hides clone3: it was moved there before its exec (docker run --security-opt "
                         "seccomp=images/seccomp.json)");
}

void inspect_cpus(const struct slice *slice, pid_t pid, const struct cpulist *wanted, struct record *record)
{
    struct record_slice *to = &record->slice;
    struct cpulist affinity = {0};
    struct cpulist effective = {0};
    char text[256] = "";
    bool by_cpuset = slice_effective_cpus(slice, &effective) == 0;
    bool read = cpulist_of_task(pid, &affinity) == 0;
    if (read)
        (void)cpulist_format(&affinity, text, sizeof(text));
    text_format(to->cpus_by, sizeof(to->cpus_by), by_cpuset ? "cpuset" : "affinity");
    if (by_cpuset)
        (void)cpulist_format(&effective, to->cpus_effective, sizeof(to->cpus_effective));
    else
        text_format(to->cpus_effective, sizeof(to->cpus_effective), "%s", text);
    bool within = read && cpulist_subset(&affinity, by_cpuset ? &effective : wanted);
    verdict_add(&record->isolation, LEVEL_REQUIRED, "CPU affinity", within, to->cpus_requested, text,
                "sched_getaffinity(2)", read ? "it may run elsewhere" : "the workload ended before it was read");
}

/* Kernel threads bound to a CPU stay on it (cgroup-v2.rst, "cpuset.cpus.partition"). */
static void add_exclusive(const struct slice *slice, const struct cpulist *wanted, struct verdict *v)
{
    struct cpulist common = {0};
    char text[256] = "";
    if (slice_common_cpus(slice, &common) != 0)
        return; /* a container does not see the hierarchy's root */
    struct cpulist shared = cpulist_and(&common, wanted);
    (void)cpulist_format(&common, text, sizeof(text));
    verdict_add(v, LEVEL_REQUIRED, "exclusive of foreign tasks", cpulist_count(&shared) == 0,
                "none of the slice's CPUs left to others", text, "cpuset.cpus.effective of the hierarchy's root",
                "others may run on its CPUs");
}

void inspect_partition(struct slice *slice, const struct watch_result *watched, int64_t start_ns,
                       const struct cpulist *wanted, struct record *record)
{
    const struct slice_setting *now = slice_check_partition(slice);
    for (size_t i = 0; now && i < record->slice.settings; i++) {
        struct slice_setting *set = &record->slice.setting[i];
        if (strcmp(set->file, now->file) != 0)
            continue;
        *set = *now;
        if (watched->partition_lost_ns != 0) {
            set->ok = false;
            text_format(set->achieved, sizeof(set->achieved), "%s", watched->partition_said);
            (void)snprintf(set->reason, sizeof(set->reason), "it was lost %.3f s after the start",
                           (double)(watched->partition_lost_ns - start_ns) / (double)NS_PER_S);
        }
        if (strcmp(set->requested, set->achieved) == 0)
            add_exclusive(slice, wanted, &record->isolation);
    }
}

/* The workload's text: no terminal escapes. */
static void keep_printable(char *text)
{
    for (char *p = text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7F)
            *p = '?';
}

/* The warning, from its category on, and the module that it names. */
static void take_gil_warning(const char *line, struct record *r)
{
    const char *category = strstr(line, "RuntimeWarning"), *at = strstr(line, INSPECT_GIL_WARNS);
    const char *module = at ? at + strlen(INSPECT_GIL_WARNS) : "";
    size_t len = strcspn(module, "'\n");
    if (!at)
        return;
    (void)snprintf(r->gil_warning, sizeof(r->gil_warning), "%s", category && category < at ? category : at);
    (void)snprintf(r->gil_module, sizeof(r->gil_module), "%.*s", (int)len, module);
    keep_printable(r->gil_warning);
    keep_printable(r->gil_module);
}

static int gil_state(uint64_t said)
{
    return said == LEDGER_GIL_ON ? 1 : said == LEDGER_GIL_OFF ? 0 : -1;
}

static void say_gil_off(const struct record *r, bool differs, char *got, size_t cap)
{
    if (r->gil_enabled == 1)
        text_format(got, cap, "on from the start");
    else if (r->gil_at_end == 1 && r->gil_turned)
        text_format(got, cap, "on after iteration %llu", (unsigned long long)r->gil_turned);
    else if (r->gil_at_end == 1)
        text_format(got, cap, "on at the end");
    else if (differs)
        text_format(got, cap, "off in the main process, on in a worker");
    else
        text_format(got, cap, *r->gil_module ? "off in the main process, on elsewhere or at its exit" : "off");
}

static void check_gil(struct record *r, bool differs)
{
    const bool on = r->cell.gil == GIL_ON;
    char got[96] = "", why[sizeof(r->gil_module) + sizeof(r->gil_warning) + 80];
    if (r->gil_at_end < 0)
        text_format(why, sizeof(why), "the workload ended before it said");
    else if (on && differs)
        text_format(why, sizeof(why), "a worker does not heed PYTHON_GIL (the program took it out of the environment)");
    else if (on)
        text_format(why, sizeof(why), "the program does not heed PYTHON_GIL (as with -E or -I)");
    else if (*r->gil_module)
        text_format(why, sizeof(why), "module '%s' turned it on: it does not declare Py_mod_gil (%s)", r->gil_module,
                    r->gil_warning);
    else
        text_format(why, sizeof(why), "no warning of the interpreter names the module that turned it on");
    if (r->gil_at_end >= 0 && on)
        text_format(got, sizeof(got),
                    r->gil_enabled != 1 || r->gil_at_end != 1 ? "off"
                    : differs                                 ? "on in the main process, off in a worker"
                                                              : "on");
    else if (r->gil_at_end >= 0)
        say_gil_off(r, differs, got, sizeof(got));
    verdict_add(&r->isolation, LEVEL_REQUIRED, on ? "GIL stayed on" : "GIL stayed off",
                strcmp(got, on ? "on" : "off") == 0, on ? "on" : "off", got, "sys._is_gil_enabled()", why);
}

void inspect_gil(const struct ledger *page, const char *warning, struct record *r)
{
    r->gil_enabled = gil_state(page->gil);
    const bool differs = page->gil_last == LEDGER_GIL_DIFFERS;
    r->gil_at_end = gil_state(differs ? page->gil : page->gil_last);
    /* The workload writes the page: an impossible number counts as none. */
    r->gil_turned = page->gil_turned <= (uint64_t)(r->cell.warmup + r->cell.iterations) ? page->gil_turned : 0;
    take_gil_warning(warning, r);
    if (r->runtime && (r->runtime->free_threaded || r->cell.gil == GIL_ON))
        check_gil(r, differs);
}

/* Checks that a counter is zero. */
static void add_zero(struct verdict *v, const char *name, const struct facts *facts, const char *key, const char *file,
                     const char *why)
{
    char text[32] = "";
    const struct fact *f = facts_find(facts, key);
    bool read = f && f->kind == FACT_INT;
    if (read)
        text_format(text, sizeof(text), "%lld", (long long)f->integer);
    verdict_add(v, LEVEL_REQUIRED, name, read && f->integer == 0, "0", text, file,
                read           ? why
                : f && f->text ? f->text
                               : "not read");
}

void inspect_end(struct record *record)
{
    struct verdict *v = &record->isolation;
    for (size_t i = 0; i < record->slice.settings; i++) {
        const struct slice_setting *set = &record->slice.setting[i];
        verdict_add(v, LEVEL_REQUIRED, set->file, set->ok, set->requested, set->achieved, set->file, set->reason);
    }
    const struct slice_availability *memory = &record->slice.controller[SLICE_MEMORY];
    verdict_add(v, LEVEL_REQUIRED, "memory accounting", memory->available, "memory.current, memory.stat",
                memory->available ? "there" : "", "cgroup.controllers", memory->reason);
    add_zero(v, "no OOM kill", &record->events, "oom_kill", "memory.events", "the memory limit was hit");
    if (!record->cell.quota.usec) /* with a quota, throttling is expected */
        add_zero(v, "no throttling", &record->cpu, "nr_throttled", "cpu.stat", "a CPU quota held it back");
    inspect_disturbance(record);
    verdict_grade(v, record->slice.provenance);
}

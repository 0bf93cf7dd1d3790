#include "run/stage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/file.h"
#include "cgroups/inherited.h"
#include "host/host.h"
#include "host/last_selftest.h"
#include "run/inspect.h"

#define TICKS_PER_ROLLUP 5 /* the slice's files are cheap, so they are read more often than the rollups */

bool observe_is_inspected(const struct stage *s)
{
    return s->session->recorded || s->record->cell.isolation == ISOLATION_STRICT;
}

void observe_describe_start(struct stage *s, const struct cell *cell)
{
    struct record *r = s->record;
    const struct session *session = s->session;
    r->cell = *cell;
    r->runtime = s->runtime;
    r->host = &session->host;
    r->image = &session->image;
    r->gil_enabled = r->gil_at_end = -1;
    r->command = s->command ? s->command->path : NULL;
    r->argv = !s->command ? NULL : s->command->said ? s->command->said : s->command->argv;
    r->cwd = s->command ? s->command->cwd : NULL;
    if (s->command)
        r->series = s->command->series;
    if (!s->command && cell->mode == MODE_PROCESSES) {
        const char *named = start_method_name((enum start_method)cell->start_method);
        text_format(r->mp_start_method, sizeof(r->mp_start_method), "%s", named ? named : s->runtime->default_start);
    }
    r->sampled = cell->mem_sample;
    r->rollup_ns = cell->mem_interval_ms * NS_PER_MS;
    r->tick_ns = r->rollup_ns / TICKS_PER_ROLLUP;
    if (!r->sampled)
        text_format(r->memory_reason, sizeof(r->memory_reason), "memory is not sampled in this run (--mem-sample)");
    struct record_slice *slice = &r->slice;
    const struct slice_root *root = slice_tree_root(session->tree);
    slice->provenance = root->provenance;
    text_format(slice->reason, sizeof(slice->reason), "%s", root->reason);
    memcpy(slice->controller, root->controller, sizeof(slice->controller));
    (void)cpulist_format(&session->cpus.benchmark, slice->cpus_requested, sizeof(slice->cpus_requested));
    (void)cpulist_format(&session->cpus.housekeeping, slice->housekeeping, sizeof(slice->housekeeping));
    text_format(slice->cpus_reason, sizeof(slice->cpus_reason), "%s", session->cpus.reason);
}

void observe_describe_counters(struct stage *s)
{
    struct record *r = s->record;
    struct energy_reading now;
    if (!r->cell.counters)
        return;
    if (s->counters)
        counters_describe(s->counters, &r->counters);
    else
        counters_describe_absent(r->slice.provenance == SLICE_NONE ? r->slice.reason
                                                                   : "others are in the slice, which is not its own",
                                 &r->counters);
    energy_read("", &now);
    energy_describe(&s->energy, &now, &r->counters);
}

void observe_describe_refused(struct stage *s)
{
    static const char NONE[] = "no filter was asked for (--confine full)";
    struct facts *events = &s->record->events;
    bool filtered = s->confine && s->confine->wants[CONFINE_SECCOMP];
    if (s->refusals.cpus && s->child.listener_fd >= 0)
        refusals_describe(&s->refusals, events);
    else
        facts_absent(events, "seccomp_refused", "%s",
                     filtered ? "the host does not report what the filter refuses" : NONE);
    uint64_t unreachable = 0;
    if (!observe_is_inspected(s))
        return;
    if (s->confine && s->child.init > 0 && s->confine->wants[CONFINE_NETWORK] &&
        inspect_no_routes(s->child.init, &unreachable) == 0)
        facts_int(events, "network_unreachable", (int64_t)unreachable);
    else
        facts_absent(events, "network_unreachable", "it has no network of its own");
}

static void take_ledger(struct stage *s, size_t n)
{
    struct record *r = s->record;
    memcpy(r->start_ns, ledger_starts(&s->ledger), n * sizeof(*r->start_ns));
    memcpy(r->end_ns, ledger_ends(&s->ledger), n * sizeof(*r->end_ns));
    memcpy(r->ready_ns, ledger_readies(&s->ledger), n * sizeof(*r->ready_ns));
    r->iterations = n;
    const struct ledger *page = s->ledger.page;
    const struct ledger_run run = {s->child.started_ns, s->watched.ended_ns};
    int64_t wall_ns = 0;
    r->has_wall = ledger_wall_ns(&s->ledger, &run, &wall_ns) && wall_ns > 0;
    r->total_wall_s = (double)wall_ns / (double)NS_PER_S;
    r->hold_ns = page->hold_ns > 0 && page->hold_ns <= LEDGER_HOLD_MAX_NS ? page->hold_ns : 0;
    r->check = page->check;
    figures_take(&s->ledger, r->cell.scenario, &r->figures);
}

static void take_stamps(struct stage *s)
{
    struct record *r = s->record;
    const struct ledger_run run = {s->child.started_ns, s->watched.ended_ns};
    size_t n = s->command ? 1 : (size_t)ledger_sound_iterations(&s->ledger, &run);
    r->start_ns = xcalloc(n + 1, sizeof(*r->start_ns));
    r->end_ns = xcalloc(n + 1, sizeof(*r->end_ns));
    r->ready_ns = xcalloc(n + 1, sizeof(*r->ready_ns));
    if (s->command) { /* its one iteration, from its exec to its end */
        r->start_ns[0] = s->child.started_ns;
        r->end_ns[0] = s->watched.ended_ns;
        r->iterations = 1;
        r->has_wall = true;
        r->total_wall_s = (double)(r->end_ns[0] - r->start_ns[0]) / (double)NS_PER_S;
    } else {
        take_ledger(s, n);
    }
    r->result = stats_of_iterations(r->start_ns, r->end_ns, n);
}

/* VmHWM, because ru_maxrss survives exec and may be the caller's (proc(5)). */
static void weigh_ourselves(struct facts *instrument)
{
    char buf[4096];
    const char *line = file_read("", "/proc/self/status", buf, sizeof(buf)) > 0 ? strstr(buf, "\nVmHWM:") : NULL;
    if (line)
        facts_int(instrument, "peak_rss_bytes", strtoll(line + 7, NULL, 10) * 1024);
    else
        facts_absent(instrument, "peak_rss_bytes", "/proc/self/status has no VmHWM");
}

static void describe_instrument(struct stage *s)
{
    struct facts *f = &s->record->instrument;
    facts_int(f, "prepare_ns", s->slice_at_ns - s->session->idle_ns);
    facts_int(f, "slice_to_exec_ns", s->child.executed_ns - s->slice_at_ns);
    if (s->watched.why == WATCH_ENDED) {
        facts_int(f, "exec_to_exit_ns", s->watched.ended_ns - s->child.executed_ns);
        facts_int(f, "exit_to_removed_ns", s->removed_at_ns - s->watched.ended_ns);
    } else {
        facts_absent(f, "exec_to_exit_ns", "the workload had to be ended");
        facts_absent(f, "exit_to_removed_ns", "the workload had to be ended");
    }
    if (observe_is_inspected(s)) {
        weigh_ourselves(f);
        last_selftest_tell(f);
    }
    s->session->idle_ns = s->removed_at_ns;
}

static void describe_steal(struct stage *s)
{
    long long now = 0;
    if (s->has_steal && host_steal_ticks("", &now) == 0)
        facts_int(&s->record->cpu, "steal_ticks", now - s->steal_ticks);
    else
        facts_absent(&s->record->cpu, "steal_ticks", "/proc/stat does not say");
}

static void take_growth(struct stage *s)
{
    struct record *r = s->record;
    const struct slice_availability *memory = &r->slice.controller[SLICE_MEMORY];
    if (s->command || r->cell.profile != PROFILE_GROWTH)
        return;
    const struct growth_sources from = {
        .ledger = &s->ledger,
        .target = r->cell.until_slope ? &s->target : NULL,
        .samples = r->samples,
        .sample_count = r->sample_count,
        .start_ns = r->start_ns,
        .end_ns = r->end_ns,
        .iterations = r->iterations,
        .no_class = memory->available ? NULL : memory->reason,
    };
    growth_take(&from, &r->growth);
}

static void take_samples(struct stage *s)
{
    struct record *r = s->record;
    r->samples = STEAL(s->watched.samples);
    r->sample_count = s->watched.count;
    r->missed_ticks = s->watched.missed_ticks;
    r->walks = s->watched.walks;
    r->missed_walks = s->watched.missed_walks;
    r->spared_walks = s->watched.spared_walks;
    r->memory = memory_summarise(r->samples, r->sample_count, r->start_ns, r->end_ns, r->iterations, MEMORY_BY_TIME);
    r->plateau = memory_plateau(r->samples, r->sample_count, r->ready_ns, r->end_ns, r->iterations, r->hold_ns);
}

static void describe_confinement(struct stage *s)
{
    struct record *r = s->record;
    if (!s->confine)
        return;
    facts_int(&r->confinement, "uid", s->confine->user.uid);
    facts_int(&r->confinement, "gid", s->confine->user.gid);
    const struct filter *filter = s->confine->filter;
    if (!filter || !s->session->recorded) /* without a record, nobody reads it */
        return;
    char hex[65];
    digest_bytes(filter->code, filter->instructions * sizeof(*filter->code), hex);
    facts_text(&r->confinement, "seccomp.sha256", hex);
    facts_int(&r->confinement, "seccomp.instructions", (int64_t)filter->instructions);
    facts_text(&r->confinement, "seccomp.filter", filter->text);
}

static void describe_files(struct stage *s)
{
    const struct run_command *c = s->command;
    struct record *r = s->record;
    r->file = c->files > 0 ? xcalloc(c->files, sizeof(*r->file)) : NULL;
    r->files = c->files;
    for (size_t i = 0; i < c->files; i++) {
        r->file[i].word = c->file[i].word;
        int failed = digest_file(c->file[i].path, r->file[i].sha256);
        if (failed != 0)
            text_format(r->file[i].reason, sizeof(r->file[i].reason), "%s", strerror(-failed));
    }
}

static void describe_program(struct stage *s)
{
    char hex[65];
    if (!s->command || !s->session->recorded)
        return;
    int failed = digest_file(s->command->path, hex);
    if (failed == 0)
        facts_text(&s->record->program, "sha256", hex);
    else
        facts_absent(&s->record->program, "sha256", "%s", strerror(-failed));
    describe_files(s);
}

void observe_take(struct stage *s)
{
    if (observe_is_inspected(s)) {
        struct disturbance_reading now;
        disturbance_read("", &s->session->cpus, &now);
        disturbance_describe(&s->session->cpus, &s->undisturbed, &now, &s->pressure_before, &s->pressure,
                             &s->record->disturbance);
        describe_steal(s);
        inherited_read("", slice_tree_root(s->session->tree), &s->inherited[1]);
        inspect_inherited(&s->inherited[0], &s->inherited[1], s->record);
    }
    describe_instrument(s);
    if (!s->command)
        inspect_gil(s->ledger.page, s->watched.line, s->record);
    inspect_end(s->record);
    describe_program(s);
    describe_confinement(s);
    take_stamps(s);
    take_samples(s);
    take_growth(s);
}

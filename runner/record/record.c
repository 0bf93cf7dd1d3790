#include "record/record.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/figure.h"
#include "base/file.h"
#include "base/json_put.h"

const char *const termination_names[] = {"ok", "timeout", "oom", "signal", "workload-error", "interrupted", "stalled"};

const char *record_emulated_by(const struct facts *host)
{
    const char *by = facts_word(host, "emulated_by");
    if (!facts_truth(host, "emulated"))
        return NULL;
    return *by ? by : "an emulator that is not named";
}

struct record *record_new(void)
{
    void *room = mmap(NULL, sizeof(struct record), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED)
        abort();
    return room;
}

void record_clear(struct record *r)
{
    free(STEAL(r->start_ns));
    free(STEAL(r->ready_ns));
    free(STEAL(r->end_ns));
    free(STEAL(r->samples));
    free(STEAL(r->file));
    struct facts *const facts[] = {&r->plan,        &r->figures,   &r->peak,      &r->cpu,
                                   &r->events,      &r->inherited, &r->counters,  &r->disturbance,
                                   &r->confinement, &r->program,   &r->instrument};
    for (size_t i = 0; i < ARRAY_LEN(facts); i++)
        facts_free(facts[i]);
}

void record_free(struct record *r)
{
    if (!r)
        return;
    record_clear(r);
    (void)munmap(r, sizeof(*r));
}

void record_make_id(char id[RECORD_ID_MAX], char started_at[32])
{
    struct timespec now;
    uint32_t salt = 0;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    const struct tm utc = clock_utc(now.tv_sec);
    if (getrandom(&salt, sizeof(salt), 0) != (ssize_t)sizeof(salt))
        salt = (uint32_t)now.tv_nsec ^ (uint32_t)getpid() << 16;
    text_format(id, RECORD_ID_MAX, "%04d%02d%02dT%02d%02d%02dZ-%08x", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                utc.tm_hour, utc.tm_min, utc.tm_sec, (unsigned)salt);
    text_format(started_at, 32, "%04d-%02d-%02dT%02d:%02d:%02dZ", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                utc.tm_hour, utc.tm_min, utc.tm_sec);
}

/* --- the sections --------------------------------------------------------------------------------------------- */

/* The limits that would have ended or slowed the run. */
static void set_bounds(json_t *o, const struct record *r)
{
    const struct cell *c = &r->cell;
    json_put_int_or(o, "cpu_quota_usec", c->quota.usec != 0, c->quota.usec, "none was set");
    if (c->quota.usec)
        json_put_int(o, "cpu_period_usec", c->quota.period_usec);
    json_put_int_or(o, "memory_high_bytes", c->has_memory_high, c->memory_high_bytes, "none was set");
    json_put_int_or(o, "timeout_ms", c->timeout_ms != 0, c->timeout_ms, "none was set");
    json_put_int_or(o, "stall_ms", r->stall_ms != 0, r->stall_ms, r->stall_reason);
}

static void set_cpus(json_t *o, const struct cell *c)
{
    json_put_text(o, "cpus", c->cpus ? c->cpus : "auto");
    json_put_text(o, "smt", smt_names[c->smt]);
    json_put_int_or(o, "numa", c->numa >= 0, c->numa, "no node was asked for");
}

/* The scenario section of `tare exec`: the command. */
static json_t *command_json(const struct record *r)
{
    const struct cell *c = &r->cell;
    json_t *o = json_object();
    json_t *argv = json_array();
    for (size_t i = 0; r->argv[i]; i++)
        (void)json_array_append_new(argv, json_of_bytes(r->argv[i]));
    json_put_text(o, "name", "exec");
    json_put(o, "argv", argv);
    json_put_text(o, "cwd", r->cwd);
    if (r->series.invocation > 0) {
        json_put_int(o, "invocation", r->series.invocation);
        json_put_int(o, "repeat", r->series.repeat);
        json_put_int(o, "warmup_invocations", r->series.warmup);
        json_put_text_or(o, "prepare", r->series.prepare, "none was given");
        json_put_text_or(o, "cleanup", r->series.cleanup, "none was given");
        json_put(o, "ignore_failure", json_boolean(r->series.any_exit));
        if (r->series.block > 0) {
            json_put_int(o, "block", r->series.block);
            json_put_text(o, "series", r->series.id);
        }
    }
    json_put(o, "mem_sample", json_boolean(c->mem_sample));
    json_put_int(o, "mem_interval_ms", c->mem_interval_ms);
    json_put_text(o, "isolation", isolation_names[c->isolation]);
    set_cpus(o, c);
    set_bounds(o, r);
    return o;
}

/* A knob that does not apply to the mode or the runtime is absent. */
static void set_knobs(json_t *o, const struct cell *c)
{
    for (size_t i = 0; i < c->scenario->knobs; i++) {
        const struct scenario_knob *k = &c->scenario->knob[i];
        if (!cell_knob_counts(c, i))
            json_put_absent(o, k->key, "it does not go with this mode or runtime");
        else if (scenario_knob_is_word(k))
            json_put_text(o, k->key, c->knob[i]);
        else if (k->type == SCENARIO_REAL)
            json_put_real(o, k->key, strtod(c->knob[i], NULL), "it is no finite number");
        else
            json_put_int(o, k->key, strtoll(c->knob[i], NULL, 10));
    }
}

/* The knobs by which its workers do nothing but start and end; nothing where they do something. */
static void set_empty(json_t *o, const struct cell *c)
{
    cleanup_text struct text keys = {0};
    for (size_t i = 0; i < c->scenario->knobs; i++) {
        const struct scenario_knob *k = &c->scenario->knob[i];
        if (*k->empty && strcmp(k->empty, c->knob[i]) != 0)
            return;
        if (*k->empty)
            text_add(&keys, "%s%s", keys.len ? "," : "", k->key);
    }
    if (keys.len)
        json_put_text(o, "empty_by", keys.data);
}

static json_t *scenario_json(const struct record *r)
{
    const struct cell *c = &r->cell;
    if (r->command)
        return command_json(r);
    json_t *o = json_object();
    json_put_text(o, "name", c->scenario->name);
    json_put_text(o, "mode", mode_names[c->mode]);
    json_put_text(o, "profile", profile_names[c->profile]);
    json_put_text_or(o, "mp_start_method", r->mp_start_method, "the mode starts no processes");
    json_put_int(o, "workers", c->workers);
    json_put_int(o, "iterations", c->iterations);
    json_put_int(o, "warmup", c->warmup);
    if (c->profile == PROFILE_GROWTH)
        json_put_text_or(o, "until_slope", c->until_slope, "none was asked for");
    set_knobs(o, c);
    set_empty(o, c);
    json_put(o, "mem_sample", json_boolean(c->mem_sample));
    json_put_int(o, "mem_interval_ms", c->mem_interval_ms);
    json_put_text(o, "runtime", c->runtime);
    json_put_text_or(o, "gil", c->gil == GIL_DEFAULT ? NULL : gil_names[c->gil],
                     "it was not asked for: as the build has it");
    json_put_text(o, "isolation", isolation_names[c->isolation]);
    json_put_text(o, "partition", partition_names[c->partition]);
    set_cpus(o, c);
    set_bounds(o, r);
    if (c->scenario->installed)
        return o;
    json_put_text(o, "file", c->scenario->file);
    json_put_text(o, "sha256", c->scenario->sha256);
    json_put_text_or(o, "folder_sha256", c->scenario->content_sha256, c->scenario->content_fault);
    return o;
}

static void set_gil(json_t *o, const struct record *r)
{
    static const char UNSAID[] = "the workload ended before it said", SAME[] = "it stayed as it was at the start";
    const struct {
        const char *key;
        int value;
    } truths[] = {{"gil_enabled", r->gil_enabled}, {"gil_enabled_at_end", r->gil_at_end}};
    for (size_t i = 0; i < ARRAY_LEN(truths); i++)
        if (truths[i].value >= 0)
            json_put(o, truths[i].key, json_boolean(truths[i].value));
        else
            json_put_absent(o, truths[i].key, UNSAID);
    json_put_int_or(o, "gil_turned_after", r->gil_turned != 0, (int64_t)r->gil_turned,
                    r->gil_at_end < 0 ? UNSAID : SAME);
    json_put_text_or(o, "gil_turned_on_by", r->gil_module, "the interpreter warned of no module");
    json_put_text_or(o, "gil_warning", r->gil_warning, "the interpreter did not warn");
}

/* Each package has a key of its own, so that a comparison of two records names the packages that differ. */
static void set_packages(json_t *o, const struct distributions *d)
{
    if (*d->why_not) {
        json_put_absent(o, "packages", d->why_not);
        return;
    }
    json_t *packages = json_object();
    for (size_t i = 0; i < d->count; i++) {
        json_t *one = json_object();
        json_put_text(one, "version", d->list[i].version);
        json_put_text_or(one, "record_sha256", d->list[i].record_sha256, "it has no RECORD");
        json_put(packages, d->list[i].name, one);
    }
    json_put(o, "packages", packages);
    json_put_int(o, "packages_omitted", (int64_t)d->omitted);
    json_put_int(o, "packages_refused", (int64_t)d->refused);
}

static json_t *program_json(const struct record *r)
{
    json_t *o = json_object(), *files = json_object();
    json_put_text(o, "name", "command");
    json_put_text(o, "path", r->command);
    json_put_fact(o, "sha256", facts_find(&r->program, "sha256"));
    for (size_t i = 0; i < r->files; i++)
        json_put_text_or(files, r->file[i].word, *r->file[i].reason ? NULL : r->file[i].sha256, r->file[i].reason);
    if (r->files > 0)
        json_put(o, "files", files);
    else
        json_decref(files);
    return o;
}

static json_t *runtime_json(const struct record *r)
{
    static const char *const OF_PYTHON[] = {
        "free_threaded", "gil_enabled", "gil_enabled_at_end", "gil_turned_after", "gil_turned_on_by", "gil_warning",
        "build",         "packages"};
    const struct runtime *rt = r->runtime;
    if (!rt)
        return program_json(r);
    json_t *o = json_object();
    json_put_text(o, "name", rt->name);
    json_put_text(o, "implementation", rt->implementation);
    json_put_text(o, "version", rt->version);
    json_put_text(o, "banner", rt->banner);
    json_put_text(o, "path", rt->path);
    json_put_text(o, "sha256", rt->sha256);
    if (rt->native) {
        json_put_absent(o, "configure_args", "the native workload is built with tare");
        for (size_t i = 0; i < ARRAY_LEN(OF_PYTHON); i++)
            json_put_absent(o, OF_PYTHON[i], "no Python runs");
        return o;
    }
    json_put_text(o, "configure_args", rt->configure_args.data ? rt->configure_args.data : "");
    json_put(o, "free_threaded", json_boolean(rt->free_threaded));
    set_gil(o, r);
    json_put(o, "build", json_of_facts(&rt->build));
    set_packages(o, &rt->packages);
    return o;
}

static void set_controllers(json_t *o, const struct record_slice *s)
{
    json_t *have = json_array();
    json_t *lack = json_object();
    for (int i = 0; i < SLICE_CONTROLLERS; i++) {
        const char *name = slice_controller_names[i];
        if (s->controller[i].available)
            (void)json_array_append_new(have, json_string(name));
        else
            json_put_text(lack, name, s->controller[i].reason);
    }
    json_put(o, "controllers", have);
    json_put(o, "controllers_unavailable", lack);
}

static json_t *limits_json(const struct record_slice *s)
{
    json_t *o = json_object();
    for (size_t i = 0; i < s->settings; i++) {
        const struct slice_setting *set_to = &s->setting[i];
        json_t *one = json_object();
        json_put_text(one, "requested", set_to->requested);
        json_put_text_or(one, "achieved", set_to->achieved, set_to->reason);
        json_put(one, "ok", json_boolean(set_to->ok));
        json_put_text(one, "reason", *set_to->reason ? set_to->reason : NULL);
        json_put(o, set_to->file, one);
    }
    return o;
}

static json_t *slice_json(const struct record *r)
{
    const struct record_slice *s = &r->slice;
    json_t *o = json_object();
    json_put_text(o, "provenance", slice_provenance_names[s->provenance]);
    json_put_text(o, "provenance_reason", *s->reason ? s->reason : NULL);
    json_put_text_or(o, "path", s->path, s->reason);
    set_controllers(o, s);
    json_put_text(o, "cpus_requested", s->cpus_requested);
    json_put_text(o, "cpus_reason", s->cpus_reason);
    json_put_text(o, "cpus_by", s->cpus_by);
    json_put_text_or(o, "cpus_effective", s->cpus_effective, "could not be read back");
    json_put_text_or(o, "cpus_housekeeping", s->housekeeping, s->cpus_reason);
    json_put(o, "limits", limits_json(s));
    json_put(o, "inherited", json_of_facts(&r->inherited));
    return o;
}

static json_t *isolation_json(const struct verdict *v)
{
    json_t *o = json_object();
    json_t *checks = json_array();
    for (size_t i = 0; i < v->count; i++) {
        const struct check *c = &v->check[i];
        json_t *one = json_pack("{s:o, s:s, s:o, s:o, s:o, s:b}", "name", json_of_bytes(c->name), "level",
                                verdict_levels[c->level], "requested", json_of_bytes(c->requested), "achieved",
                                json_of_bytes(c->achieved), "verified_by", json_of_bytes(c->verified_by), "ok", c->ok);
        json_put_text(one, "reason", c->ok ? NULL : c->reason);
        (void)json_array_append_new(checks, one);
    }
    json_put_text(o, "grade", verdict_grades[v->grade].name);
    json_put(o, "checks", checks);
    return o;
}

static json_t *words_json(const struct config_words *words)
{
    json_t *list = json_array();
    for (size_t i = 0; i < words->count; i++)
        (void)json_array_append_new(list, json_of_bytes(words->word[i]));
    return list;
}

static json_t *confinement_json(const struct record *r)
{
    const struct cell *c = &r->cell;
    json_t *o = json_object();
    json_put_text(o, "level", confinement_names[c->confinement]);
    json_put_text(o, "network", c->network == NETWORK_HOST ? "host" : "none");
    json_put(o, "writable", words_json(&c->writable));
    json_put(o, "allowed", words_json(&c->allowed));
    json_put(o, "environment", words_json(&c->environment));
    json_put_facts(o, &r->confinement);
    return o;
}

/* Describes the scenario's figures, so that a reader of the record needs no scenario.yml. */
static json_t *declared_json(const struct scenario *s)
{
    json_t *o = json_object();
    for (size_t i = 0; i < s->figures; i++) {
        const struct scenario_figure *f = &s->figure[i];
        struct figure_about about = figure_about_declared(f->name, f->title, f->unit, f->kind, f->better);
        json_put(o, f->name,
                 json_pack("{s:o, s:o, s:s, s:s}", "title", json_of_bytes(about.title), "unit",
                           json_of_bytes(about.unit), "kind", figure_kind_names[about.kind], "better",
                           figure_better_names[about.better]));
    }
    return o;
}

static json_t *result_json(const struct record *r)
{
    json_t *o = json_object();
    char why[80];
    text_format(why, sizeof(why),
                r->iterations == 1 ? "%zu iteration is too few (%d)"
                : r->iterations    ? "%zu iterations are too few (%d)"
                                   : "no iteration was finished",
                r->iterations, STATS_P95_MIN);
    json_put_real(o, "total_wall_s", r->has_wall ? r->total_wall_s : NAN, "the measured iterations were not finished");
    json_put_real(o, "avg_iter_s", r->result.mean_s, why);
    json_put_real(o, "p50_iter_s", r->result.median_s, r->iterations == 1 ? "one iteration has no median" : why);
    json_put_real(o, "p95_iter_s", r->result.p95_s, why);
    if (r->figures.count) {
        json_put(o, "figures", json_of_facts(&r->figures));
        json_put(o, "figures_declared", declared_json(r->cell.scenario));
    }
    char check[24] = "";
    if (r->command)
        return o;
    if (r->check)
        text_format(check, sizeof(check), "0x%08llx", (unsigned long long)r->check);
    json_put_text_or(o, "hash_check", check,
                     r->termination == TERMINATION_OK ? "the workload has no check"
                                                      : "the workload ended before it said");
    return o;
}

static json_t *termination_json(const struct record *r)
{
    json_t *o = json_object();
    json_put_text(o, "reason", termination_names[r->termination]);
    json_put_text(o, "detail", *r->detail ? r->detail : NULL);
    json_put_text(o, "trouble", *r->trouble ? r->trouble : NULL);
    json_put_int_or(o, "exit_status", r->exited, r->exit_status,
                    r->signalled ? "it was ended by a signal" : "it never started");
    json_put_int_or(o, "signal", r->signalled, r->signal, "it was not ended by a signal");
    return o;
}

/* Writes the value and releases it. Failures show in ferror() at the end. */
static void write_value(FILE *out, json_t *value, size_t flags)
{
    if (json_dumpf(value, out, flags | JSON_ENCODE_ANY) != 0)
        (void)fputs("null", out); /* the stream failed: ferror() shows it at the end */
    json_decref(value);
}

/* --- memory ------------------------------------------------------------------------------------------------------- */

static void set_range(json_t *o, const char *key, const struct stats_range *range, const char *why_not)
{
    if (range->n)
        json_put(o, key,
                 json_pack("{s:I, s:I, s:I}", "min", (json_int_t)range->min, "max", (json_int_t)range->max, "avg",
                           (json_int_t)stats_range_mean(range)));
    else
        json_put_absent(o, key, why_not);
}

static json_t *sums_json(const struct memory_sums *sums, const char *why_not)
{
    json_t *o = json_object();
    set_range(o, "rss", &sums->rss, why_not);
    set_range(o, "uss", &sums->uss, why_not);
    set_range(o, "pss", &sums->pss, why_not);
    return o;
}

/* Why a class of the slice's memory has no figure. */
static const char *class_reason(const struct record *r)
{
    const struct slice_availability *memory = &r->slice.controller[SLICE_MEMORY];
    if (!memory->available)
        return memory->reason;
    return r->sampled ? "no sample of it fell into a measured iteration" : r->memory_reason;
}

static const char *sums_reason(const struct record *r, bool all)
{
    if (!r->sampled)
        return r->memory_reason;
    if (all && r->slice.provenance == SLICE_NONE)
        return "without a slice nobody lists its processes";
    return "no whole sample of it fell into a measured iteration (more --iterations or a smaller --mem-interval-ms)";
}

static void set_ns(json_t *o, const char *key, int64_t p50, int64_t max, const char *why_not)
{
    if (max < 0)
        json_put_absent(o, key, why_not);
    else
        json_put(o, key, json_pack("{s:I, s:I}", "p50", (json_int_t)p50, "max", (json_int_t)max));
}

static json_t *classes_json(const struct record *r, const struct memory_summary *m)
{
    json_t *o = json_object();
    for (int c = 0; c < SAMPLE_CLASSES; c++)
        set_range(o, sample_class_names[c], &m->class[c], class_reason(r));
    return o;
}

/* The same figures from the moment when all workers are ready until the first one ends. */
static void put_plateau(json_t *o, const struct record *r)
{
    const char *why_not = !r->sampled ? r->memory_reason
                          : r->hold_ns > 0
                              ? NULL
                              : "the workload has no moment from which all its workers go on for a known time";
    if (why_not) {
        json_put_absent(o, "plateau", why_not);
        return;
    }
    json_t *p = json_object();
    json_put_int(p, "hold_ns", r->hold_ns);
    json_put_int(p, "samples", (int64_t)r->plateau.in_iterations);
    json_put(p, "parent_and_workers", sums_json(&r->plateau.members, sums_reason(r, false)));
    json_put(p, "all_pids", sums_json(&r->plateau.all, sums_reason(r, true)));
    json_put(p, "slice", classes_json(r, &r->plateau));
    json_put(o, "plateau", p);
}

static void put_counts(json_t *o, const struct record *r, const char *why_not)
{
    const struct memory_summary *m = &r->memory;
    const struct {
        const char *key;
        uint64_t value;
    } counts[] = {
        {"samples_in_iterations", m->in_iterations},
        {"partial_samples", m->partial},
        {"failed_reads", m->failed_reads},
        {"missed_ticks", r->missed_ticks},
        {"walks", r->walks},
        {"missed_walks", r->missed_walks},
        {"spared_walks", r->spared_walks},
    };
    for (size_t i = 0; i < ARRAY_LEN(counts); i++)
        json_put_int_or(o, counts[i].key, r->sampled, (int64_t)counts[i].value, why_not);
}

static int compare_ns(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The median time from the start of one walk to the start of the next; -1: fewer than two walks. */
static int64_t achieved_period_ns(const struct record *r)
{
    cleanup_free int64_t *gap = xcalloc(r->sample_count + 1, sizeof(*gap));
    const struct sample *before = NULL;
    size_t n = 0;
    for (size_t i = 0; i < r->sample_count; i++) {
        if (!r->samples[i].has_rollup)
            continue;
        if (before)
            gap[n++] = r->samples[i].at_ns - before->at_ns;
        before = &r->samples[i];
    }
    qsort(gap, n, sizeof(*gap), compare_ns);
    return n > 0 ? gap[n / 2] : -1;
}

/* The memory object without its samples, which are streamed. */
static json_t *memory_json(const struct record *r)
{
    const struct memory_summary *m = &r->memory;
    const char *why = r->sampled ? "no tick was taken" : r->memory_reason;
    json_t *o = json_object();
    json_t *slice = classes_json(r, m);
    json_put_text(o, "reason", r->sampled ? NULL : r->memory_reason);
    json_put(o, "parent_and_workers", sums_json(&m->members, sums_reason(r, false)));
    json_put(o, "all_pids", sums_json(&m->all, sums_reason(r, true)));
    json_put_facts(slice, &r->peak);
    json_put(o, "slice", slice);
    json_put_int(o, "tick_ns", r->tick_ns);
    json_put_int(o, "rollup_ns", r->rollup_ns);
    const int64_t achieved_ns = achieved_period_ns(r);
    json_put_int_or(o, "rollup_achieved_ns", achieved_ns >= 0, achieved_ns,
                    r->sampled ? "no two walks were taken" : why);
    json_put_text(o, "weighted_by", r->sampled ? memory_weight_time : NULL);
    put_counts(o, r, why);
    put_plateau(o, r);
    set_ns(o, "tick_cost_ns", m->tick_cost_p50_ns, m->tick_cost_max_ns, why);
    set_ns(o, "walk_cost_ns", m->walk_cost_p50_ns, m->walk_cost_max_ns, r->sampled ? "no walk was taken" : why);
    set_ns(o, "late_ns", m->late_p50_ns, m->late_max_ns, why);
    return o;
}

static json_t *sums_sample_json(const struct sample_sums *sums, uint32_t pids, bool partial)
{
    json_t *o = json_object();
    json_put_int(o, "rss", (int64_t)sums->rss_bytes);
    json_put_int(o, "uss", (int64_t)sums->uss_bytes);
    json_put_int(o, "pss", (int64_t)sums->pss_bytes);
    json_put_int(o, "pids", pids);
    if (partial)
        json_put(o, "partial", json_true());
    return o;
}

static json_t *sample_json(const struct sample *s)
{
    json_t *o = json_object();
    json_put_int(o, "at_ns", s->at_ns);
    json_put_int(o, "late_ns", s->late_ns);
    json_put_int(o, "cost_ns", s->cost_ns);
    for (int c = 0; c < SAMPLE_CLASSES; c++)
        if (s->has_class[c])
            json_put_int(o, sample_class_names[c], (int64_t)s->class_bytes[c]);
    if (s->has_rollup) {
        json_put_int(o, "walk_ns", s->walk_ns);
        json_put(o, "parent_and_workers", sums_sample_json(&s->members, s->members_count, s->members_partial));
        if (s->all_count > 0 || s->all_partial)
            json_put(o, "all_pids", sums_sample_json(&s->all, s->all_count, s->all_partial));
    }
    if (s->failed_reads)
        json_put_int(o, "failed_reads", s->failed_reads);
    return o;
}

/* Writes one line per sample: a long run's samples never stand in memory as a tree. */
static void write_memory(const struct record *r, FILE *out)
{
    (void)fputs(",\n\"memory\": {\n", out);
    write_value(out, memory_json(r), JSON_INDENT(2) | JSON_EMBED);
    if (r->sampled) {
        (void)fputs(",\n  \"samples\": [", out);
        for (size_t i = 0; i < r->sample_count; i++) {
            (void)fputs(i ? ",\n    " : "\n    ", out);
            write_value(out, sample_json(&r->samples[i]), JSON_COMPACT);
        }
        (void)fputs("]\n}", out);
    } else {
        (void)fputs(",\n  \"samples\": null\n}", out);
    }
}

/* --- growth ------------------------------------------------------------------------------------------------------- */

/* One value per reading; null: unknown. */
static json_t *column_json(const struct growth *g, enum ledger_memory m)
{
    json_t *list = json_array();
    for (size_t i = 0; i < g->readings; i++) {
        const int64_t bytes = g->reading[i].bytes[m];
        (void)json_array_append_new(list, bytes == LEDGER_UNKNOWN ? json_null() : json_integer(bytes));
    }
    return list;
}

static json_t *readings_json(const struct growth *g)
{
    json_t *o = json_object(), *iteration = json_array(), *at_ns = json_array();
    for (size_t i = 0; i < g->readings; i++) {
        (void)json_array_append_new(iteration, json_integer(g->reading[i].iteration));
        (void)json_array_append_new(at_ns, json_integer(g->reading[i].at_ns));
    }
    json_put(o, "iteration", iteration);
    json_put(o, "at_ns", at_ns);
    for (int m = 0; m < LEDGER_MEMORIES; m++)
        json_put(o, ledger_memory_names[m], column_json(g, (enum ledger_memory)m));
    return o;
}

static json_t *growth_json(const struct growth *g)
{
    json_t *o = json_object(), *slopes = json_object(), *intervals = json_object();
    for (int f = 0; f < GROWTH_FIGURES; f++) {
        const struct growth_slope *s = &g->slope[f];
        const char *key = growth_figure_key((enum growth_figure)f);
        json_t *interval = json_object();
        json_put_real(interval, "low", s->low, s->why_not);
        json_put_real(interval, "high", s->high, s->why_not);
        json_put_real(slopes, key, s->bytes, s->why_not);
        json_put(intervals, key, interval);
    }
    json_put_int(o, "per_iterations", GROWTH_PER);
    json_put_real(o, "confidence", GROWTH_CONFIDENCE, NULL);
    json_put_text(o, "shape", growth_shape_names[g->shape]);
    json_put(o, "slopes", slopes);
    json_put(o, "intervals", intervals);
    json_put_real(o, "rose_before_bytes", g->rose_bytes, "the first half has no readings of PSS");
    json_put_real(o, "wanted_half_width_bytes", g->wanted_bytes, "no width was asked for (--until-slope)");
    json_put_int(o, "first_reading_of_slopes", (int64_t)g->from);
    json_put_int(o, "iterations_between_readings", g->stride);
    json_put(o, "readings", readings_json(g));
    return o;
}

static void write_growth(const struct record *r, FILE *out)
{
    if (!r->growth.has_been_asked)
        return;
    (void)fputs(",\n\"growth\": ", out);
    write_value(out, growth_json(&r->growth), JSON_COMPACT);
}

/* --- writing it out: section by section, so that a long run's samples never stand in memory as a tree ----------- */

static void write_section(FILE *out, const char *key, json_t *value)
{
    (void)fprintf(out, ",\n\"%s\": ", key);
    write_value(out, value, JSON_INDENT(2));
}

static void write_stamps(FILE *out, const char *key, const int64_t *ns, size_t n)
{
    (void)fprintf(out, "\"%s\": [", key);
    for (size_t i = 0; i < n; i++)
        (void)fprintf(out, "%s%lld", i ? "," : "", (long long)ns[i]);
    (void)fputs("]", out);
}

static void write_timing(const struct record *r, FILE *out)
{
    json_t *o = json_object();
    const char *by = record_emulated_by(r->host);
    json_put(o, "emulated", json_boolean(by != NULL));
    json_put_text_or(o, "by", by, "nothing says that the machine is emulated");
    write_section(out, "timing", o);
}

static void write_image(const struct record *r, FILE *out)
{
    const struct fact *none = r->image ? facts_find(r->image, "image") : NULL;
    if (r->image && !none) {
        write_section(out, "image", json_of_facts(r->image));
        return;
    }
    write_section(out, "image", json_null());
    write_section(out, "image_reason", json_of_bytes(none ? none->text : "it was not looked for"));
}

int record_write(const struct record *r, FILE *out, struct err *e)
{
    (void)fprintf(out, "{\n\"schema\": \"%s\"", RECORD_SCHEMA);
    write_section(out, "id", json_string(r->id));
    write_section(out, "started_at", json_string(r->started_at));
    write_section(out, "tool", json_of_tool());
    write_section(out, "plan", r->plan.count ? json_of_facts(&r->plan) : json_null());
    write_section(out, "scenario", scenario_json(r));
    write_section(out, "runtime", runtime_json(r));
    write_section(out, "host", json_of_facts(r->host));
    write_image(r, out);
    write_section(out, "slice", slice_json(r));
    write_section(out, "confinement", confinement_json(r));
    write_section(out, "isolation", isolation_json(&r->isolation));
    (void)fputs(",\n\"iterations\": {", out);
    write_stamps(out, "start_ns", r->start_ns, r->iterations);
    (void)fputs(", ", out);
    write_stamps(out, "end_ns", r->end_ns, r->iterations);
    if (r->hold_ns > 0) {
        (void)fputs(", ", out);
        write_stamps(out, "ready_ns", r->ready_ns, r->iterations);
    }
    (void)fputs("}", out);
    write_timing(r, out);
    write_section(out, "result", result_json(r));
    write_memory(r, out);
    write_growth(r, out);
    write_section(out, "cpu", json_of_facts(&r->cpu));
    write_section(out, "events", json_of_facts(&r->events));
    write_section(out, "counters", r->counters.count ? json_of_facts(&r->counters) : json_null());
    if (r->counters.count == 0)
        write_section(out, "counters_reason", json_string("they were not asked for (--counters)"));
    write_section(out, "disturbance", json_of_facts(&r->disturbance));
    write_section(out, "termination", termination_json(r));
    write_section(out, "instrument", json_of_facts(&r->instrument));
    (void)fputs("\n}\n", out);
    if (fflush(out) == 0 && !ferror(out))
        return 0;
    if (errno == 0) /* ferror() does not set errno, and code 0 would mean success */
        errno = EIO;
    return err_sys(e, ERR_OURS, "writing the record");
}

int record_save_at(const struct record *r, int dirfd, const char *name, const char *said, struct err *e)
{
    struct file_draft draft = {.dirfd = -1};
    TRY(file_draft_open_at(dirfd, name, said, &draft, e));
    int failed = record_write(r, draft.stream, e);
    if (failed != 0)
        (void)err_wrap(e, "'%s'", draft.path);
    return file_draft_end(&draft, failed, e);
}

int record_exit(const struct record *r, struct err *e)
{
    const struct check *failed = verdict_first_failed(&r->isolation);
    if (r->termination == TERMINATION_INTERRUPTED)
        return 128 + (r->interrupted_by ? r->interrupted_by : 2);
    if (r->termination != TERMINATION_OK)
        return err_set(e, ERR_WORKLOAD, -ECANCELED, "%s: %s", termination_names[r->termination], r->detail);
    if (*r->trouble)
        return err_set(e, ERR_OURS, -EBUSY, "%s", r->trouble);
    if (r->cell.isolation == ISOLATION_STRICT && r->isolation.grade != GRADE_FULL)
        return err_set(e, ERR_HOST, -ENOTSUP, "--isolation strict: %s: wanted %s, got %s: %s",
                       failed ? failed->name : "slice", failed ? failed->requested : "full",
                       failed ? failed->achieved : verdict_grades[r->isolation.grade].name,
                       failed ? failed->reason : "");
    return 0;
}

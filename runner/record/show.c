#include "record/show.h"

#include <inttypes.h>
#include <string.h>

#include "record/record.h"
#include "record/timing.h"

static const char *fact_text(const struct facts *facts, const char *key, const char *otherwise)
{
    const struct fact *f = facts_find(facts, key);
    return f && f->kind == FACT_TEXT ? f->text : otherwise;
}

static const char *python_truth(bool truth)
{
    return truth ? "True" : "False";
}

/* A knob of the memory profile alone stands beside how that one samples. */
static bool is_of_memory(const struct scenario_knob *k)
{
    return !(k->profiles >> PROFILE_OVERHEAD & 1);
}

/* A choice that was left as it is goes unsaid, so that the original's line stays the original's. */
static bool is_said(const struct cell *c, size_t i)
{
    const struct scenario_knob *k = &c->scenario->knob[i];
    bool left = k->type == SCENARIO_CHOICE && strcmp(c->knob[i], k->otherwise[c->profile]) == 0;
    return cell_knob_counts(c, i) && !left;
}

static void show_sampling(const struct cell *c, struct text *out)
{
    for (size_t i = 0; i < c->scenario->knobs; i++)
        if (is_of_memory(&c->scenario->knob[i]) && is_said(c, i))
            text_add(out, "%s: %s  ", c->scenario->knob[i].key, c->knob[i]);
    text_add(out, "mem_sample: %s  mem_interval_ms: %" PRId64 "\n", python_truth(c->mem_sample), c->mem_interval_ms);
}

static void show_environment(const struct record *r, struct text *out)
{
    const struct cell *c = &r->cell;
    text_add(out, "=== environment ===\n");
    text_add(out, "Python (%s): %s\n", r->runtime->implementation, r->runtime->banner);
    text_add(out, "OS: %s, arch %s\n", fact_text(r->host, "platform", "unknown"),
             fact_text(r->host, "arch", "unknown"));
    text_add(out, "Mode: %s\n", mode_name((enum mode)c->mode));
    text_add(out, "Profile: %s\n", profile_name((enum profile)c->profile));
    if (*r->mp_start_method)
        text_add(out, "mp_start_method: %s\n", r->mp_start_method);
    text_add(out, "gil_enabled: %s\n", r->gil_enabled < 0 ? "n/a" : python_truth(r->gil_enabled));
    text_add(out, "workers: %" PRId64 "  iterations: %" PRId64 "  warmup: %" PRId64, c->workers, c->iterations,
             c->warmup);
    for (size_t i = 0; i < c->scenario->knobs; i++)
        if (!is_of_memory(&c->scenario->knob[i]) && is_said(c, i))
            text_add(out, "  %s: %s", c->scenario->knob[i].key, c->knob[i]);
    text_add(out, "\n");
    if (c->profile == PROFILE_MEMORY)
        show_sampling(c, out);
    text_add(out, "===================\n\n");
}

static void show_times(const struct record *r, struct text *out)
{
    if (r->has_wall)
        text_add(out, "total_wall_s: %.6f\n", r->total_wall_s);
    else
        text_add(out, "total_wall_s: unavailable (the measured iterations were not finished)\n");
    text_add(out, "avg_iter_s: %.9f\n", r->result.mean_s);
    text_add(out, "p50_iter_s: %.9f\n", r->result.median_s);
    text_add(out, "p95_iter_s: %.9f\n", r->result.p95_s);
}

/* "rss_min: 1  rss_max: 2  rss_avg: 1", or the reason why there is no such line. */
static void show_range(const char *name, const struct stats_range *range, const char *why_not, struct text *out)
{
    if (!range->n) {
        text_add(out, "%s: unavailable (%s)\n", name, why_not);
        return;
    }
    text_add(out, "%s_min: %" PRIu64 "  %s_max: %" PRIu64 "  %s_avg: %" PRIu64 "\n", name, range->min, name, range->max,
             name, stats_range_mean(range));
}

static void show_processes(const struct record *r, struct text *out)
{
    static const char WHY[] = "no whole sample of it fell into a measured iteration";
    if (!r->sampled) {
        text_add(out, "\nmemory: (disabled)\n");
        return;
    }
    text_add(out, "\n--- memory (bytes) via /proc/PID/smaps_rollup ---\n");
    show_range("rss", &r->memory.members.rss, WHY, out);
    show_range("uss", &r->memory.members.uss, WHY, out);
    show_range("pss", &r->memory.members.pss, WHY, out);
    text_add(out, "---------------------------------------------------\n");
}

static void show_fact(const struct facts *facts, const char *key, const char *label, struct text *out)
{
    const struct fact *f = facts_find(facts, key);
    if (!f)
        return;
    if (f->kind == FACT_INT)
        text_add(out, "%s: %" PRId64 "\n", label, f->integer);
    else
        text_add(out, "%s: unavailable (%s)\n", label, f->text ? f->text : "");
}

static void show_slice_memory(const struct record *r, struct text *out)
{
    const struct slice_availability *memory = &r->slice.controller[SLICE_MEMORY];
    if (!memory->available) {
        text_add(out, "memory: unavailable (%s)\n", memory->reason);
        return;
    }
    if (r->sampled)
        for (int c = SAMPLE_CURRENT; c <= SAMPLE_KERNEL; c++)
            show_range(sample_class_names[c], &r->memory.class[c], "no sample of it fell into a measured iteration",
                       out);
    show_fact(&r->peak, "peak", "peak", out);
    show_fact(&r->peak, "baseline", "baseline", out);
}

/* From this share of ticks on a reader is told what it means. */
#define MISSED_NOTED_PERCENT 5.0

static double percent_of(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

/* How many of the ticks and walks that were due while it measured were missed. */
static void show_missed(const struct record *r, struct text *out)
{
    uint64_t ticks = r->sample_count + r->missed_ticks;
    double share = percent_of(r->missed_ticks, ticks);
    if (ticks == 0)
        return;
    text_add(out, "ticks: %" PRIu64 "  missed: %" PRIu64 " (%.1f %%)\n", ticks, r->missed_ticks, share);
    text_add(out, "process_walks: %" PRIu64 "  missed: %" PRIu64 "  put_off: %" PRIu64 "\n", r->walks, r->missed_walks,
             r->spared_walks);
    if (share > MISSED_NOTED_PERCENT)
        text_add(out,
                 "note: averages rest on %.0f %% of the ticks, each weighted by the time that it stands for; what "
                 "lies between two ticks is not seen\n",
                 100 - share);
}

static void show_slice(const struct record *r, struct text *out)
{
    text_add(out, "--- slice (bytes) via cgroup v2 ---\n");
    if (r->slice.provenance == SLICE_NONE) {
        text_add(out, "unavailable (%s)\n", r->slice.reason);
        return;
    }
    show_slice_memory(r, out);
    if (r->sampled)
        show_range("pss_all_pids", &r->memory.all.pss, "no whole sample of it fell into a measured iteration", out);
    if (r->sampled)
        show_missed(r, out);
    show_fact(&r->cpu, "usage_usec", "cpu_usage_usec", out);
    show_fact(&r->cpu, "user_usec", "cpu_user_usec", out);
    show_fact(&r->cpu, "system_usec", "cpu_system_usec", out);
    show_fact(&r->cpu, "nr_throttled", "nr_throttled", out);
    show_fact(&r->events, "oom_kill", "oom_kill", out);
}

/* The original's lines give times as they are; here it is said what they are not. */
static void show_timing(const struct record *r, struct text *out)
{
    const char *by = timing_emulated_by(r->host);
    if (by)
        text_add(
            out,
            "--- timing: emulated ---\nby %s: the times above show order, not size, and are compared with nothing\n",
            by);
}

static const char *word_of(const struct check *c)
{
    return c->ok ? "ok" : c->level == LEVEL_REQUIRED ? "NO" : "noted";
}

static void show_isolation(const struct record *r, struct text *out)
{
    text_add(out, "--- isolation: %s ---\n", grade_name(r->isolation.grade));
    for (size_t i = 0; i < r->isolation.count; i++) {
        const struct check *c = &r->isolation.check[i];
        text_add(out, "%s: %s / %s  %s", c->name, *c->requested ? c->requested : "-",
                 *c->achieved ? c->achieved : "unavailable", word_of(c));
        if (!c->ok && *c->reason)
            text_add(out, " (%s)", c->reason);
        text_add(out, "\n");
    }
}

/* What the scenario itself reports. */
static void show_figures(const struct record *r, struct text *out)
{
    if (!r->figures.count)
        return;
    text_add(out, "--- %s ---\n", r->cell.scenario->name);
    for (size_t i = 0; i < r->figures.count; i++) {
        const struct fact *f = &r->figures.list[i];
        if (f->kind == FACT_REAL)
            text_add(out, "%s: %.3f\n", f->key, f->real);
        else
            show_fact(&r->figures, f->key, f->key, out);
    }
}

void show_record(const struct record *r, struct text *out)
{
    show_environment(r, out);
    text_add(out, "=== result ===\n");
    show_times(r, out);
    show_processes(r, out);
    show_figures(r, out);
    if (r->termination != TERMINATION_OK)
        text_add(out, "--- termination: %s ---\n%s\n", termination_name(r->termination), r->detail);
    show_timing(r, out);
    show_slice(r, out);
    show_isolation(r, out);
    text_add(out, "==============\n");
}

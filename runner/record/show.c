#include "record/show.h"

#include <inttypes.h>
#include <string.h>

#include "base/terminal.h"

#include "record/record.h"

static const char *fact_text(const struct facts *facts, const char *key, const char *fallback)
{
    const struct fact *f = facts_find(facts, key);
    return f && f->kind == FACT_TEXT ? f->text : fallback;
}

static const char *python_truth(bool truth)
{
    return truth ? "True" : "False";
}

/* A knob of the memory profile alone is shown beside the sampling settings. */
static bool is_of_memory(const struct scenario_knob *k)
{
    return !(k->profiles >> PROFILE_OVERHEAD & 1);
}

/* A choice left at its default is not printed, so that the original benchmark's line stays as it was. */
static bool is_said(const struct cell *c, size_t i)
{
    const struct scenario_knob *k = &c->scenario->knob[i];
    bool left = scenario_knob_is_word(k) && strcmp(c->knob[i], k->fallback[c->profile]) == 0;
    return cell_knob_counts(c, i) && !left;
}

static void show_sampling(const struct cell *c, struct text *out)
{
    for (size_t i = 0; i < c->scenario->knobs; i++)
        if (is_of_memory(&c->scenario->knob[i]) && is_said(c, i))
            text_add(out, "%s: %s  ", c->scenario->knob[i].key, c->knob[i]);
    text_add(out, "mem_sample: %s  mem_interval_ms: %" PRId64 "\n", python_truth(c->mem_sample), c->mem_interval_ms);
}

static void show_command(const struct record *r, struct text *out)
{
    text_add(out, "Command:");
    for (size_t i = 0; r->argv[i]; i++) {
        text_add(out, " ");
        text_add_shell_word(out, r->argv[i]);
    }
    text_add(out, "\nProgram: %s\n===================\n\n", r->command);
}

static void show_environment(const struct record *r, struct text *out)
{
    const struct cell *c = &r->cell;
    text_add(out, "=== environment ===\n");
    if (r->command) {
        show_command(r, out);
        return;
    }
    text_add(out, "Python (%s): %s\n", r->runtime->implementation, r->runtime->banner);
    text_add(out, "OS: %s, arch %s\n", fact_text(r->host, "platform", "unknown"),
             fact_text(r->host, "arch", "unknown"));
    text_add(out, "Mode: %s\n", mode_names[c->mode]);
    text_add(out, "Profile: %s\n", profile_names[c->profile]);
    if (*r->mp_start_method)
        text_add(out, "mp_start_method: %s\n", r->mp_start_method);
    text_add(out, "gil_enabled: %s\n", r->gil_enabled < 0 ? "n/a" : python_truth(r->gil_enabled));
    text_add(out, "workers: %" PRId64 "  iterations: %" PRId64 "  warmup: %" PRId64, c->workers, c->iterations,
             c->warmup);
    for (size_t i = 0; i < c->scenario->knobs; i++)
        if (!is_of_memory(&c->scenario->knob[i]) && is_said(c, i))
            text_add(out, "  %s: %s", c->scenario->knob[i].key, c->knob[i]);
    text_add(out, "\n");
    if (c->profile != PROFILE_OVERHEAD)
        show_sampling(c, out);
    text_add(out, "===================\n\n");
}

static void show_times(const struct record *r, struct text *out)
{
    if (r->has_wall)
        text_add(out, "total_wall_s: %.6f\n", r->total_wall_s);
    else
        text_add(out, "total_wall_s: unavailable (the measured iterations were not finished)\n");
    if (r->command) /* each invocation is a single iteration */
        return;
    text_add(out, "avg_iter_s: %.9f\n", r->result.mean_s);
    text_add(out, "p50_iter_s: %.9f\n", r->result.median_s);
    text_add(out, "p95_iter_s: %.9f\n", r->result.p95_s);
}

/* Prints "rss_min: 1  rss_max: 2  rss_avg: 1", or the reason why there are no such figures. */
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

/* From this share on, a sentence says what missed ticks mean. */
#define MISSED_NOTED_PERCENT 5.0

/* How many of the due ticks and walks were missed during the measurement. */
static void show_missed(const struct record *r, struct text *out)
{
    uint64_t ticks = r->sample_count + r->missed_ticks;
    if (ticks == 0)
        return;
    const double share = 100.0 * (double)r->missed_ticks / (double)ticks;
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
    if (r->cell.quota.usec) {
        text_add(out, "cpu_max: %" PRId64 " %" PRId64 " (%g CPUs)\n", r->cell.quota.usec, r->cell.quota.period_usec,
                 (double)r->cell.quota.usec / (double)r->cell.quota.period_usec);
        show_fact(&r->cpu, "nr_periods", "nr_periods", out);
    }
    show_fact(&r->cpu, "nr_throttled", "nr_throttled", out);
    if (r->cell.quota.usec)
        show_fact(&r->cpu, "throttled_usec", "throttled_usec", out);
    if (r->cell.has_memory_high) {
        text_add(out, "memory_high: %" PRId64 "\n", r->cell.memory_high_bytes);
        show_fact(&r->events, "high", "memory_high_events", out);
    }
    show_fact(&r->events, "oom_kill", "oom_kill", out);
}

/* Whether both are absent for the same reason, so that one line shows both. */
static bool is_absent_alike(const struct fact *a, const struct fact *b)
{
    return a->kind == FACT_ABSENT && b->kind == FACT_ABSENT && strcmp(a->text, b->text) == 0;
}

static void show_absent(const struct facts *f, size_t at, size_t width, struct text *out)
{
    cleanup_text struct text line = {0};
    for (size_t i = 0; i < at; i++)
        if (is_absent_alike(&f->list[i], &f->list[at]))
            return;
    for (size_t i = at; i < f->count; i++)
        if (is_absent_alike(&f->list[at], &f->list[i]))
            text_add(&line, "%s%s", line.len ? ", " : "", f->list[i].key);
    text_add(&line, ": unavailable (%s)", f->list[at].text);
    terminal_wrap(line.data, 0, width, 2, out);
}

void show_counters(const struct facts *counters, size_t width, struct text *out)
{
    char key[80];
    for (size_t i = 0; i < counters->count; i++) {
        const struct fact *f = &counters->list[i];
        if (f->kind == FACT_ABSENT)
            show_absent(counters, i, width, out);
        if (f->kind != FACT_INT || strcmp(f->key, "cpus") == 0 || strcmp(f->key, "energy_window_ns") == 0)
            continue;
        text_format(key, sizeof(key), "running_share.%.60s", f->key);
        const struct fact *share = facts_find(counters, key);
        text_add(out, "%s: %" PRId64, f->key, f->integer);
        if (share && share->real < 1)
            text_add(out, " (counted in %.0f%% of the time, extrapolated)", share->real * 100);
        text_add(out, "\n");
    }
}

/* The original's lines give times as they are; here it is said what they are not. */
static void show_timing(const struct record *r, struct text *out)
{
    const char *by = record_emulated_by(r->host);
    if (by)
        text_add(
            out,
            "--- timing: emulated ---\nby %s: the times above show order, not size, and are compared with nothing\n",
            by);
}

enum word { WORD_NO, WORD_NOTED, WORD_OK };

static enum word word_of(const struct check *c)
{
    return c->ok ? WORD_OK : c->level == LEVEL_REQUIRED ? WORD_NO : WORD_NOTED;
}

static void show_word(enum word w, const struct terminal_look *look, struct text *out)
{
    static const char *const WORDS[] = {[WORD_NO] = "NO", [WORD_NOTED] = "noted", [WORD_OK] = "ok"};
    static const enum hue OF[] = {[WORD_NO] = HUE_BAD, [WORD_NOTED] = HUE_MIDDLING, [WORD_OK] = HUE_GOOD};
    terminal_hued(look, OF[w], WORDS[w], out);
}

/* "NAME: REQUESTED / ACHIEVED" */
static void say_check(const struct check *c, struct text *out)
{
    text_add(out, "%s: %s / %s", c->name, *c->requested ? c->requested : "-",
             *c->achieved ? c->achieved : "unavailable");
}

static void show_check(const struct check *c, const struct terminal_look *look, struct text *out)
{
    say_check(c, out);
    text_add(out, "  ");
    show_word(word_of(c), look, out);
    if (!c->ok && *c->reason)
        text_add(out, " (%s)", c->reason);
    text_add(out, "\n");
}

/* Whether one line shows both: neither could be had, for the same reason. */
static bool is_alike(const struct check *a, const struct check *b)
{
    return word_of(a) == word_of(b) && !*a->achieved && !*b->achieved && *a->reason &&
           strcmp(a->reason, b->reason) == 0;
}

static bool was_told(const struct verdict *v, size_t i)
{
    for (size_t before = 0; before < i; before++)
        if (is_alike(&v->check[before], &v->check[i]))
            return true;
    return false;
}

/* Prints "NO     cpuset.cpus, pids.max: REASON", or a single check with what was wanted and what was found. */
static void show_reason(const struct verdict *v, size_t i, const struct terminal_look *look, struct text *out)
{
    enum { INDENT = 7 };
    const struct check *c = &v->check[i];
    cleanup_text struct text line = {0};
    size_t alike = 1;
    for (size_t later = i + 1; later < v->count; later++)
        alike += is_alike(c, &v->check[later]);
    if (alike == 1)
        say_check(c, &line);
    else
        text_add(&line, "%s", c->name);
    for (size_t later = i + 1; later < v->count; later++)
        if (is_alike(c, &v->check[later]))
            text_add(&line, ", %s", v->check[later].name);
    if (*c->reason)
        text_add(&line, alike == 1 ? " (%s)" : ": %s", c->reason);
    show_word(word_of(c), look, out);
    text_add(out, "%*s", word_of(c) == WORD_NO ? INDENT - 2 : INDENT - 5, "");
    terminal_wrap(line.data, INDENT, look->width, INDENT, out);
}

static void show_reasons(const struct verdict *v, const struct terminal_look *look, struct text *out)
{
    size_t good = 0;
    for (enum word w = WORD_NO; w <= WORD_NOTED; w++)
        for (size_t i = 0; i < v->count; i++)
            if (word_of(&v->check[i]) == w && !was_told(v, i))
                show_reason(v, i, look, out);
    for (size_t i = 0; i < v->count; i++)
        good += v->check[i].ok;
    show_word(WORD_OK, look, out);
    text_add(out, "     %zu of %zu check%s ('--verbose' lists each)\n", good, v->count, v->count == 1 ? "" : "s");
}

static void show_isolation(const struct record *r, const struct terminal_look *look, struct text *out)
{
    const struct verdict *v = &r->isolation;
    text_add(out, "--- isolation: ");
    terminal_hued(look,
                  v->grade == GRADE_FULL   ? HUE_GOOD
                  : v->grade == GRADE_NONE ? HUE_BAD
                                           : HUE_MIDDLING,
                  verdict_grades[v->grade].name, out);
    text_add(out, " ---\n");
    if (v->grade != GRADE_FULL)
        terminal_wrap(verdict_grades[v->grade].meaning, 0, look->width, 0, out);
    for (size_t i = 0; look->verbose && i < v->count; i++)
        show_check(&v->check[i], look, out);
    if (!look->verbose)
        show_reasons(v, look, out);
}

/* The scenario's own figures. */
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

static void show_growth(const struct record *r, const struct terminal_look *look, struct text *out)
{
    cleanup_text struct text sentence = {0};
    if (!r->growth.has_been_asked)
        return;
    growth_say(&r->growth, &sentence);
    text_add(out, "--- growth of PSS ---\n");
    terminal_wrap(sentence.data, 0, look->width, 2, out);
}

void show_record(const struct record *r, const struct terminal_look *look, struct text *out)
{
    show_environment(r, out);
    text_add(out, "=== result ===\n");
    show_times(r, out);
    show_processes(r, out);
    show_figures(r, out);
    show_growth(r, look, out);
    if (r->termination != TERMINATION_OK)
        text_add(out, "--- termination: %s ---\n%s\n", termination_names[r->termination], r->detail);
    show_timing(r, out);
    show_slice(r, out);
    if (r->counters.count) {
        text_add(out, "--- counters of the slice ---\n");
        show_counters(&r->counters, look->width, out);
    }
    show_isolation(r, look, out);
    text_add(out, "==============\n");
}

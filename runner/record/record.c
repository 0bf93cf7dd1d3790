#include "record/record.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "record/timing.h"
#include "version.h"

const char *termination_name(enum termination t)
{
    static const char *const NAMES[] = {"ok", "timeout", "oom", "signal", "workload-error", "interrupted"};
    return NAMES[t];
}

void record_free(struct record *r)
{
    free(STEAL(r->start_ns));
    free(STEAL(r->end_ns));
    free(STEAL(r->samples));
    facts_free(&r->plan);
    facts_free(&r->figures);
    facts_free(&r->peak);
    facts_free(&r->cpu);
    facts_free(&r->events);
    facts_free(&r->inherited);
    facts_free(&r->disturbance);
    facts_free(&r->confinement);
    facts_free(&r->program);
    facts_free(&r->instrument);
}

void record_make_id(char id[RECORD_ID_MAX], char started_at[32])
{
    struct timespec now;
    struct tm utc;
    uint32_t salt = 0;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &utc);
    if (getrandom(&salt, sizeof(salt), 0) != (ssize_t)sizeof(salt))
        salt = (uint32_t)now.tv_nsec ^ (uint32_t)getpid() << 16;
    /* Not strftime(), which reads the time zone first. */
    text_format(id, RECORD_ID_MAX, "%04d%02d%02dT%02d%02d%02dZ-%08x", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                utc.tm_hour, utc.tm_min, utc.tm_sec, (unsigned)salt);
    text_format(started_at, 32, "%04d-%02d-%02dT%02d:%02d:%02dZ", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                utc.tm_hour, utc.tm_min, utc.tm_sec);
}

/* --- jansson, a little shorter -------------------------------------------------------------------------------- */

/* A string of whatever bytes: what is no UTF-8 (a kernel file, a workload's message) is written with its bytes as
 * Latin-1 rather than lost. */
static json_t *string_of(const char *bytes)
{
    json_t *s = json_string(bytes);
    if (s)
        return s;
    struct text latin = {0};
    for (const unsigned char *p = (const unsigned char *)bytes; *p; p++) {
        if (*p < 0x80)
            text_add_bytes(&latin, (const char *)p, 1);
        else
            text_add(&latin, "%c%c", 0xC0 | *p >> 6, 0x80 | (*p & 0x3F));
    }
    s = json_string(latin.data);
    text_free(&latin);
    return s;
}

static void set(json_t *object, const char *key, json_t *value)
{
    if (!value || json_object_set_new(object, key, value) != 0)
        abort(); /* out of memory */
}

static void set_text(json_t *object, const char *key, const char *value)
{
    set(object, key, value ? string_of(value) : json_null());
}

static void set_int(json_t *object, const char *key, int64_t value)
{
    set(object, key, json_integer(value));
}

static void set_absent(json_t *object, const char *key, const char *reason)
{
    char with[128];
    text_format(with, sizeof(with), "%s_reason", key);
    set(object, key, json_null());
    set_text(object, with, reason);
}

static void set_real(json_t *object, const char *key, double value, const char *why_not)
{
    if (isfinite(value))
        set(object, key, json_real(value));
    else
        set_absent(object, key, why_not);
}

static void set_fact(json_t *object, const char *key, const struct fact *f)
{
    switch (f->kind) {
    case FACT_ABSENT:
        set_absent(object, key, f->text);
        break;
    case FACT_INT:
        set_int(object, key, f->integer);
        break;
    case FACT_REAL:
        set_real(object, key, f->real, "not a finite number");
        break;
    case FACT_BOOL:
        set(object, key, json_boolean(f->truth));
        break;
    case FACT_TEXT:
        set_text(object, key, f->text);
        break;
    }
}

/* "a.b" becomes b in the object a. */
static void set_facts(json_t *object, const struct facts *facts)
{
    for (size_t i = 0; i < facts->count; i++) {
        const struct fact *f = &facts->list[i];
        const char *dot = strchr(f->key, '.');
        if (!dot) {
            set_fact(object, f->key, f);
            continue;
        }
        char outer[sizeof(f->key)];
        text_format(outer, sizeof(outer), "%.*s", (int)(dot - f->key), f->key);
        json_t *inner = json_object_get(object, outer);
        if (!inner) {
            inner = json_object();
            set(object, outer, inner);
        }
        set_fact(inner, dot + 1, f);
    }
}

static json_t *object_of_facts(const struct facts *facts)
{
    json_t *o = json_object();
    set_facts(o, facts);
    return o;
}

/* --- the sections --------------------------------------------------------------------------------------------- */

static json_t *tool_json(void)
{
    json_t *o = json_object();
    set_text(o, "name", "tare");
    set_text(o, "version", TARE_VERSION);
    set_text(o, "commit", TARE_COMMIT);
    return o;
}

static void set_timeout(json_t *o, const struct cell *c)
{
    if (c->timeout_ms)
        set_int(o, "timeout_ms", c->timeout_ms);
    else
        set_absent(o, "timeout_ms", "none was set");
}

static void set_cpus(json_t *o, const struct cell *c)
{
    set_text(o, "cpus", c->cpus ? c->cpus : "auto");
    set_text(o, "smt", smt_name((enum smt)c->smt));
    if (c->numa >= 0)
        set_int(o, "numa", c->numa);
    else
        set_absent(o, "numa", "no node was asked for");
}

/* The scenario of `tare exec`: what was run. */
static json_t *command_json(const struct record *r)
{
    const struct cell *c = &r->cell;
    json_t *o = json_object();
    json_t *argv = json_array();
    for (size_t i = 0; r->argv[i]; i++)
        (void)json_array_append_new(argv, string_of(r->argv[i]));
    set_text(o, "name", "exec");
    set(o, "argv", argv);
    set_text(o, "cwd", r->cwd);
    set(o, "mem_sample", json_boolean(c->mem_sample));
    set_int(o, "mem_interval_ms", c->mem_interval_ms);
    set_text(o, "isolation", isolation_name((enum isolation)c->isolation));
    set_cpus(o, c);
    set_timeout(o, c);
    return o;
}

/* A knob that does not go with the mode or the runtime has no value. */
static void set_knobs(json_t *o, const struct cell *c)
{
    for (size_t i = 0; i < c->scenario->knobs; i++) {
        const struct scenario_knob *k = &c->scenario->knob[i];
        if (!cell_knob_counts(c, i))
            set_absent(o, k->key, "it does not go with this mode or runtime");
        else if (k->type == SCENARIO_CHOICE)
            set_text(o, k->key, c->knob[i]);
        else if (k->type == SCENARIO_REAL)
            set_real(o, k->key, strtod(c->knob[i], NULL), "it is no finite number");
        else
            set_int(o, k->key, strtoll(c->knob[i], NULL, 10));
    }
}

/* Whose scenario it is, where it did not come with tare. */
static void set_origin(json_t *o, const struct scenario *s)
{
    if (s->installed)
        return;
    set_text(o, "file", s->file);
    set_text(o, "sha256", s->sha256);
}

static json_t *scenario_json(const struct record *r)
{
    const struct cell *c = &r->cell;
    if (r->command)
        return command_json(r);
    json_t *o = json_object();
    set_text(o, "name", c->scenario->name);
    set_text(o, "mode", mode_name((enum mode)c->mode));
    set_text(o, "profile", profile_name((enum profile)c->profile));
    if (*r->mp_start_method)
        set_text(o, "mp_start_method", r->mp_start_method);
    else
        set_absent(o, "mp_start_method", "the mode starts no processes");
    set_int(o, "workers", c->workers);
    set_int(o, "iterations", c->iterations);
    set_int(o, "warmup", c->warmup);
    set_knobs(o, c);
    set(o, "mem_sample", json_boolean(c->mem_sample));
    set_int(o, "mem_interval_ms", c->mem_interval_ms);
    set_text(o, "runtime", c->runtime);
    set_text(o, "isolation", isolation_name((enum isolation)c->isolation));
    set_text(o, "partition", partition_name((enum partition)c->partition));
    set_cpus(o, c);
    set_timeout(o, c);
    set_origin(o, c->scenario);
    return o;
}

static json_t *runtime_json(const struct record *r)
{
    const struct runtime *rt = r->runtime;
    json_t *o = json_object();
    if (!rt) {
        set_text(o, "name", "command");
        set_text(o, "path", r->command);
        set_fact(o, "sha256", facts_find(&r->program, "sha256"));
        return o;
    }
    set_text(o, "name", rt->name);
    set_text(o, "implementation", rt->implementation);
    set_text(o, "version", rt->version);
    set_text(o, "banner", rt->banner);
    set_text(o, "path", rt->path);
    set_text(o, "sha256", rt->sha256);
    if (rt->native) {
        set_absent(o, "configure_args", "the native workload is built with tare");
        set_absent(o, "free_threaded", "no Python runs");
        set_absent(o, "gil_enabled", "no Python runs");
        return o;
    }
    set_text(o, "configure_args", rt->configure_args.data ? rt->configure_args.data : "");
    set(o, "free_threaded", json_boolean(rt->free_threaded));
    if (r->gil_enabled >= 0)
        set(o, "gil_enabled", json_boolean(r->gil_enabled));
    else
        set_absent(o, "gil_enabled", "the workload ended before it said");
    return o;
}

static json_t *timing_json(const struct facts *host)
{
    json_t *o = json_object();
    const char *by = timing_emulated_by(host);
    set(o, "emulated", json_boolean(by != NULL));
    if (by)
        set_text(o, "by", by);
    else
        set_absent(o, "by", "nothing says that the machine is emulated");
    return o;
}

static void set_controllers(json_t *o, const struct record_slice *s)
{
    json_t *have = json_array();
    json_t *lack = json_object();
    for (int i = 0; i < SLICE_CONTROLLERS; i++) {
        const char *name = slice_controller_name((enum slice_controller)i);
        if (s->controller[i].available)
            (void)json_array_append_new(have, json_string(name));
        else
            set_text(lack, name, s->controller[i].reason);
    }
    set(o, "controllers", have);
    set(o, "controllers_unavailable", lack);
}

static json_t *limits_json(const struct record_slice *s)
{
    json_t *o = json_object();
    for (size_t i = 0; i < s->settings; i++) {
        const struct slice_setting *set_to = &s->setting[i];
        json_t *one = json_object();
        set_text(one, "requested", set_to->requested);
        if (*set_to->achieved)
            set_text(one, "achieved", set_to->achieved);
        else
            set_absent(one, "achieved", set_to->reason);
        set(one, "ok", json_boolean(set_to->ok));
        set_text(one, "reason", *set_to->reason ? set_to->reason : NULL);
        set(o, set_to->file, one);
    }
    return o;
}

static json_t *slice_json(const struct record *r)
{
    const struct record_slice *s = &r->slice;
    json_t *o = json_object();
    set_text(o, "provenance", slice_provenance_name(s->provenance));
    set_text(o, "provenance_reason", *s->reason ? s->reason : NULL);
    if (*s->path)
        set_text(o, "path", s->path);
    else
        set_absent(o, "path", s->reason);
    set_controllers(o, s);
    set_text(o, "cpus_requested", s->cpus_requested);
    set_text(o, "cpus_reason", s->cpus_reason);
    set_text(o, "cpus_by", s->cpus_by);
    if (*s->cpus_effective)
        set_text(o, "cpus_effective", s->cpus_effective);
    else
        set_absent(o, "cpus_effective", "could not be read back");
    if (*s->housekeeping)
        set_text(o, "cpus_housekeeping", s->housekeeping);
    else
        set_absent(o, "cpus_housekeeping", s->cpus_reason);
    set(o, "limits", limits_json(s));
    set(o, "inherited", object_of_facts(&r->inherited));
    return o;
}

static json_t *isolation_json(const struct verdict *v)
{
    json_t *o = json_object();
    json_t *checks = json_array();
    for (size_t i = 0; i < v->count; i++) {
        const struct check *c = &v->check[i];
        json_t *one = json_object();
        set_text(one, "name", c->name);
        set_text(one, "level", level_name(c->level));
        set_text(one, "requested", c->requested);
        set_text(one, "achieved", c->achieved);
        set_text(one, "verified_by", c->verified_by);
        set(one, "ok", json_boolean(c->ok));
        set_text(one, "reason", c->ok ? NULL : c->reason);
        (void)json_array_append_new(checks, one);
    }
    set_text(o, "grade", grade_name(v->grade));
    set(o, "checks", checks);
    return o;
}

static json_t *words_json(const struct config_words *words)
{
    json_t *list = json_array();
    for (size_t i = 0; i < words->count; i++)
        (void)json_array_append_new(list, string_of(words->word[i]));
    return list;
}

static json_t *confinement_json(const struct record *r)
{
    const struct cell *c = &r->cell;
    json_t *o = json_object();
    set_text(o, "level", confinement_name((enum confinement)c->confinement));
    set_text(o, "network", c->network == NETWORK_HOST ? "host" : "none");
    set(o, "writable", words_json(&c->writable));
    set(o, "environment", words_json(&c->environment));
    set_facts(o, &r->confinement);
    return o;
}

static json_t *result_json(const struct record *r)
{
    json_t *o = json_object();
    char why[80];
    text_format(why, sizeof(why), r->iterations ? "%zu iterations are too few (%d)" : "no iteration was finished",
                r->iterations, STATS_P95_MIN);
    set_real(o, "total_wall_s", r->has_wall ? r->total_wall_s : NAN, "the measured iterations were not finished");
    set_real(o, "avg_iter_s", r->result.mean_s, why);
    set_real(o, "p50_iter_s", r->result.median_s, why);
    set_real(o, "p95_iter_s", r->result.p95_s, why);
    if (r->figures.count)
        set(o, "figures", object_of_facts(&r->figures));
    char check[24];
    if (r->command)
        return o;
    text_format(check, sizeof(check), "0x%08llx", (unsigned long long)r->check);
    if (r->check)
        set_text(o, "hash_check", check);
    else
        set_absent(o, "hash_check", "the workload ended before it said");
    return o;
}

static json_t *range_json(const struct stats_range *range)
{
    json_t *o = json_object();
    set_int(o, "min", (int64_t)range->min);
    set_int(o, "max", (int64_t)range->max);
    set_int(o, "avg", (int64_t)stats_range_mean(range));
    return o;
}

static void set_range(json_t *o, const char *key, const struct stats_range *range, const char *why_not)
{
    if (range->n)
        set(o, key, range_json(range));
    else
        set_absent(o, key, why_not);
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
    return "no whole sample of it fell into a measured iteration";
}

static void set_ns(json_t *o, const char *key, int64_t p50, int64_t max, const char *why_not)
{
    if (max < 0) {
        set_absent(o, key, why_not);
        return;
    }
    json_t *one = json_object();
    set_int(one, "p50", p50);
    set_int(one, "max", max);
    set(o, key, one);
}

/* The memory object without its samples, which are streamed. */
static json_t *memory_json(const struct record *r)
{
    const struct memory_summary *m = &r->memory;
    const char *why = r->sampled ? "no tick was taken" : r->memory_reason;
    json_t *o = json_object();
    json_t *slice = json_object();
    set_text(o, "reason", r->sampled ? NULL : r->memory_reason);
    set(o, "parent_and_workers", sums_json(&m->members, sums_reason(r, false)));
    set(o, "all_pids", sums_json(&m->all, sums_reason(r, true)));
    for (int c = 0; c < SAMPLE_CLASSES; c++)
        set_range(slice, sample_class_names[c], &m->class[c], class_reason(r));
    set_facts(slice, &r->peak);
    set(o, "slice", slice);
    set_int(o, "tick_ns", r->tick_ns);
    set_int(o, "rollup_ns", r->rollup_ns);
    if (r->sampled) {
        set_int(o, "samples_in_iterations", (int64_t)m->in_iterations);
        set_int(o, "partial_samples", (int64_t)m->partial);
        set_int(o, "missed_ticks", (int64_t)r->missed_ticks);
        set_int(o, "failed_reads", (int64_t)m->failed_reads);
    } else {
        static const char *const KEYS[] = {"samples_in_iterations", "partial_samples", "missed_ticks", "failed_reads"};
        for (size_t i = 0; i < ARRAY_LEN(KEYS); i++)
            set_absent(o, KEYS[i], why);
    }
    set_ns(o, "tick_cost_ns", m->tick_cost_p50_ns, m->tick_cost_max_ns, why);
    set_ns(o, "late_ns", m->late_p50_ns, m->late_max_ns, why);
    return o;
}

static json_t *termination_json(const struct record *r)
{
    json_t *o = json_object();
    set_text(o, "reason", termination_name(r->termination));
    set_text(o, "detail", *r->detail ? r->detail : NULL);
    set_text(o, "trouble", *r->trouble ? r->trouble : NULL);
    if (r->exited)
        set_int(o, "exit_status", r->exit_status);
    else
        set_absent(o, "exit_status", r->signalled ? "it was ended by a signal" : "it never started");
    if (r->signalled)
        set_int(o, "signal", r->signal);
    else
        set_absent(o, "signal", "it was not ended by a signal");
    return o;
}

static json_t *sums_sample_json(const struct sample_sums *sums, uint32_t pids, bool partial)
{
    json_t *o = json_object();
    set_int(o, "rss", (int64_t)sums->rss_bytes);
    set_int(o, "uss", (int64_t)sums->uss_bytes);
    set_int(o, "pss", (int64_t)sums->pss_bytes);
    set_int(o, "pids", pids);
    if (partial)
        set(o, "partial", json_true());
    return o;
}

static json_t *sample_json(const struct sample *s)
{
    json_t *o = json_object();
    set_int(o, "at_ns", s->at_ns);
    set_int(o, "late_ns", s->late_ns);
    set_int(o, "cost_ns", s->cost_ns);
    for (int c = 0; c < SAMPLE_CLASSES; c++)
        if (s->has_class[c])
            set_int(o, sample_class_names[c], (int64_t)s->class_bytes[c]);
    if (s->has_rollup) {
        set(o, "parent_and_workers", sums_sample_json(&s->members, s->members_count, s->members_partial));
        if (s->all_count > 0 || s->all_partial)
            set(o, "all_pids", sums_sample_json(&s->all, s->all_count, s->all_partial));
    }
    if (s->failed_reads)
        set_int(o, "failed_reads", s->failed_reads);
    return o;
}

/* --- writing it out: section by section, so that a long run's samples never stand in memory as a tree ----------- */

static void write_value(FILE *out, json_t *value, size_t flags)
{
    if (json_dumpf(value, out, flags | JSON_ENCODE_ANY) != 0)
        (void)fputs("null", out); /* the stream has failed: found by ferror() at the end */
    json_decref(value);
}

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

static void write_image(const struct record *r, FILE *out)
{
    const struct fact *none = r->image ? facts_find(r->image, "image") : NULL;
    if (r->image && !none) {
        write_section(out, "image", object_of_facts(r->image));
        return;
    }
    write_section(out, "image", json_null());
    write_section(out, "image_reason", string_of(none ? none->text : "it was not looked for"));
}

int record_write(const struct record *r, FILE *out, struct err *e)
{
    (void)fprintf(out, "{\n\"schema\": \"%s\"", RECORD_SCHEMA);
    write_section(out, "id", json_string(r->id));
    write_section(out, "started_at", json_string(r->started_at));
    write_section(out, "tool", tool_json());
    write_section(out, "plan", r->plan.count ? object_of_facts(&r->plan) : json_null());
    write_section(out, "scenario", scenario_json(r));
    write_section(out, "runtime", runtime_json(r));
    write_section(out, "host", object_of_facts(r->host));
    write_image(r, out);
    write_section(out, "slice", slice_json(r));
    write_section(out, "confinement", confinement_json(r));
    write_section(out, "isolation", isolation_json(&r->isolation));
    (void)fputs(",\n\"iterations\": {", out);
    write_stamps(out, "start_ns", r->start_ns, r->iterations);
    (void)fputs(", ", out);
    write_stamps(out, "end_ns", r->end_ns, r->iterations);
    (void)fputs("}", out);
    write_section(out, "timing", timing_json(r->host));
    write_section(out, "result", result_json(r));
    write_memory(r, out);
    write_section(out, "cpu", object_of_facts(&r->cpu));
    write_section(out, "events", object_of_facts(&r->events));
    write_section(out, "disturbance", object_of_facts(&r->disturbance));
    write_section(out, "termination", termination_json(r));
    write_section(out, "instrument", object_of_facts(&r->instrument));
    (void)fputs("\n}\n", out);
    if (fflush(out) == 0 && !ferror(out))
        return 0;
    if (errno == 0) /* ferror() sets none, and an error of code 0 would pass for success */
        errno = EIO;
    return err_sys(e, ERR_OURS, "writing the record");
}

int record_save(const struct record *r, const char *path, struct err *e)
{
    struct file_draft draft;
    int failed = file_draft_open(path, &draft, e);
    if (failed != 0)
        return failed;
    failed = record_write(r, draft.stream, e);
    if (failed != 0) {
        file_draft_abandon(&draft);
        return err_wrap(e, "'%s'", path);
    }
    return file_draft_commit(&draft, e);
}

int record_probe(const char *path, struct err *e)
{
    struct file_draft draft;
    int failed = file_draft_open(path, &draft, e);
    if (failed != 0) {
        if (e)
            e->kind = ERR_USAGE;
        return failed;
    }
    file_draft_abandon(&draft);
    return 0;
}

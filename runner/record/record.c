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

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/figure.h"
#include "base/file.h"
#include "base/json_put.h"
#include "base/version.h"
#include "record/record_internal.h"
#include "record/timing.h"

const char *termination_name(enum termination t)
{
    static const char *const NAMES[] = {"ok", "timeout", "oom", "signal", "workload-error", "interrupted", "stalled"};
    return NAMES[t];
}

struct record *record_new(struct err *e)
{
    void *room = mmap(NULL, sizeof(struct record), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room != MAP_FAILED)
        return room;
    (void)err_set(e, ERR_OURS, -ENOMEM, "no memory for the record");
    return NULL;
}

void record_clear(struct record *r)
{
    free(STEAL(r->start_ns));
    free(STEAL(r->ready_ns));
    free(STEAL(r->end_ns));
    free(STEAL(r->samples));
    free(STEAL(r->file));
    facts_free(&r->plan);
    facts_free(&r->figures);
    facts_free(&r->peak);
    facts_free(&r->cpu);
    facts_free(&r->events);
    facts_free(&r->inherited);
    facts_free(&r->counters);
    facts_free(&r->disturbance);
    facts_free(&r->confinement);
    facts_free(&r->program);
    facts_free(&r->instrument);
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

static json_t *tool_json(void)
{
    json_t *o = json_object();
    json_put_text(o, "name", "tare");
    json_put_text(o, "version", TARE_VERSION);
    json_put_text(o, "commit", TARE_COMMIT);
    return o;
}

/* What would have ended it, or held it back. */
static void set_bounds(json_t *o, const struct record *r)
{
    if (r->cell.quota.usec) {
        json_put_int(o, "cpu_quota_usec", r->cell.quota.usec);
        json_put_int(o, "cpu_period_usec", r->cell.quota.period_usec);
    } else {
        json_put_absent(o, "cpu_quota_usec", "none was set");
    }
    if (r->cell.has_memory_high)
        json_put_int(o, "memory_high_bytes", r->cell.memory_high_bytes);
    else
        json_put_absent(o, "memory_high_bytes", "none was set");
    json_put_int_or(o, "timeout_ms", r->cell.timeout_ms != 0, r->cell.timeout_ms, "none was set");
    json_put_int_or(o, "stall_ms", r->stall_ms != 0, r->stall_ms, r->stall_reason);
}

static void set_cpus(json_t *o, const struct cell *c)
{
    json_put_text(o, "cpus", c->cpus ? c->cpus : "auto");
    json_put_text(o, "smt", smt_name((enum smt)c->smt));
    json_put_int_or(o, "numa", c->numa >= 0, c->numa, "no node was asked for");
}

/* The scenario of `tare exec`: what was run. */
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
        if (r->series.block > 0)
            json_put_int(o, "block", r->series.block);
    }
    json_put(o, "mem_sample", json_boolean(c->mem_sample));
    json_put_int(o, "mem_interval_ms", c->mem_interval_ms);
    json_put_text(o, "isolation", isolation_name((enum isolation)c->isolation));
    set_cpus(o, c);
    set_bounds(o, r);
    return o;
}

/* A knob that does not go with the mode or the runtime has no value. */
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

/* Whose scenario it is, where it did not come with tare. */
static void set_origin(json_t *o, const struct scenario *s)
{
    if (s->installed)
        return;
    json_put_text(o, "file", s->file);
    json_put_text(o, "sha256", s->sha256);
    json_put_text_or(o, "folder_sha256", s->content_sha256, s->content_fault);
}

static json_t *scenario_json(const struct record *r)
{
    const struct cell *c = &r->cell;
    if (r->command)
        return command_json(r);
    json_t *o = json_object();
    json_put_text(o, "name", c->scenario->name);
    json_put_text(o, "mode", mode_name((enum mode)c->mode));
    json_put_text(o, "profile", profile_name((enum profile)c->profile));
    json_put_text_or(o, "mp_start_method", r->mp_start_method, "the mode starts no processes");
    json_put_int(o, "workers", c->workers);
    json_put_int(o, "iterations", c->iterations);
    json_put_int(o, "warmup", c->warmup);
    if (c->profile == PROFILE_GROWTH)
        json_put_text_or(o, "until_slope", c->until_slope, "none was asked for");
    set_knobs(o, c);
    json_put(o, "mem_sample", json_boolean(c->mem_sample));
    json_put_int(o, "mem_interval_ms", c->mem_interval_ms);
    json_put_text(o, "runtime", c->runtime);
    json_put_text_or(o, "gil", c->gil == GIL_DEFAULT ? NULL : gil_name((enum gil)c->gil),
                     "it was not asked for: as the build has it");
    json_put_text(o, "isolation", isolation_name((enum isolation)c->isolation));
    json_put_text(o, "partition", partition_name((enum partition)c->partition));
    set_cpus(o, c);
    set_bounds(o, r);
    set_origin(o, c->scenario);
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
    if (r->gil_turned)
        json_put(o, "gil_turned_after", json_integer((json_int_t)r->gil_turned));
    else
        json_put_absent(o, "gil_turned_after", r->gil_at_end < 0 ? UNSAID : SAME);
    if (*r->gil_module)
        json_put_text(o, "gil_turned_on_by", r->gil_module);
    else
        json_put_absent(o, "gil_turned_on_by", "the interpreter warned of no module");
    json_put_text_or(o, "gil_warning", r->gil_warning, "the interpreter did not warn");
}

/* A key each, so that who compares two records names the packages that differ. */
static void set_packages(json_t *o, const struct distributions *d)
{
    json_t *packages = json_object();
    for (size_t i = 0; i < d->count; i++) {
        json_t *one = json_object();
        json_put_text(one, "version", d->list[i].version);
        json_put_text_or(one, "record_sha256", d->list[i].record_sha256, "it has no RECORD");
        json_put(packages, d->list[i].name, one);
    }
    if (*d->why_not) {
        json_decref(packages);
        json_put_absent(o, "packages", d->why_not);
        return;
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

static json_t *timing_json(const struct facts *host)
{
    json_t *o = json_object();
    const char *by = timing_emulated_by(host);
    json_put(o, "emulated", json_boolean(by != NULL));
    json_put_text_or(o, "by", by, "nothing says that the machine is emulated");
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
    json_put_text(o, "provenance", slice_provenance_name(s->provenance));
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
        json_t *one = json_object();
        json_put_text(one, "name", c->name);
        json_put_text(one, "level", level_name(c->level));
        json_put_text(one, "requested", c->requested);
        json_put_text(one, "achieved", c->achieved);
        json_put_text(one, "verified_by", c->verified_by);
        json_put(one, "ok", json_boolean(c->ok));
        json_put_text(one, "reason", c->ok ? NULL : c->reason);
        (void)json_array_append_new(checks, one);
    }
    json_put_text(o, "grade", grade_name(v->grade));
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
    json_put_text(o, "level", confinement_name((enum confinement)c->confinement));
    json_put_text(o, "network", c->network == NETWORK_HOST ? "host" : "none");
    json_put(o, "writable", words_json(&c->writable));
    json_put(o, "allowed", words_json(&c->allowed));
    json_put(o, "environment", words_json(&c->environment));
    json_put_facts(o, &r->confinement);
    return o;
}

/* What each of the scenario's figures is, so that who reads the record needs no scenario.yml. */
static json_t *declared_json(const struct scenario *s)
{
    json_t *o = json_object();
    for (size_t i = 0; i < s->figures; i++) {
        const struct scenario_figure *f = &s->figure[i];
        struct figure_about about = figure_about_declared(f->name, f->title, f->unit, f->kind, f->better);
        json_t *one = json_object();
        json_put_text(one, "title", about.title);
        json_put_text(one, "unit", about.unit);
        json_put_text(one, "kind", figure_kind_name(about.kind));
        json_put_text(one, "better", figure_better_name(about.better));
        json_put(o, f->name, one);
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
    json_put_text(o, "reason", termination_name(r->termination));
    json_put_text(o, "detail", *r->detail ? r->detail : NULL);
    json_put_text(o, "trouble", *r->trouble ? r->trouble : NULL);
    json_put_int_or(o, "exit_status", r->exited, r->exit_status,
                    r->signalled ? "it was ended by a signal" : "it never started");
    json_put_int_or(o, "signal", r->signalled, r->signal, "it was not ended by a signal");
    return o;
}

/* --- writing it out: section by section, so that a long run's samples never stand in memory as a tree ----------- */

static void write_section(FILE *out, const char *key, json_t *value)
{
    (void)fprintf(out, ",\n\"%s\": ", key);
    record_write_value(out, value, JSON_INDENT(2));
}

static void write_stamps(FILE *out, const char *key, const int64_t *ns, size_t n)
{
    (void)fprintf(out, "\"%s\": [", key);
    for (size_t i = 0; i < n; i++)
        (void)fprintf(out, "%s%lld", i ? "," : "", (long long)ns[i]);
    (void)fputs("]", out);
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

static void write_counters(const struct record *r, FILE *out)
{
    write_section(out, "counters", r->counters.count ? json_of_facts(&r->counters) : json_null());
    if (r->counters.count == 0)
        write_section(out, "counters_reason", json_string("they were not asked for (--counters)"));
}

int record_write(const struct record *r, FILE *out, struct err *e)
{
    (void)fprintf(out, "{\n\"schema\": \"%s\"", RECORD_SCHEMA);
    write_section(out, "id", json_string(r->id));
    write_section(out, "started_at", json_string(r->started_at));
    write_section(out, "tool", tool_json());
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
    write_section(out, "timing", timing_json(r->host));
    write_section(out, "result", result_json(r));
    record_write_memory(r, out);
    record_write_growth(r, out);
    write_section(out, "cpu", json_of_facts(&r->cpu));
    write_section(out, "events", json_of_facts(&r->events));
    write_counters(r, out);
    write_section(out, "disturbance", json_of_facts(&r->disturbance));
    write_section(out, "termination", termination_json(r));
    write_section(out, "instrument", json_of_facts(&r->instrument));
    (void)fputs("\n}\n", out);
    if (fflush(out) == 0 && !ferror(out))
        return 0;
    if (errno == 0) /* ferror() sets none, and an error of code 0 would pass for success */
        errno = EIO;
    return err_sys(e, ERR_OURS, "writing the record");
}

static int save(const struct record *r, struct file_draft *draft, struct err *e)
{
    int failed = record_write(r, draft->stream, e);
    if (failed == 0)
        return file_draft_commit(draft, e);
    (void)err_wrap(e, "'%s'", draft->path);
    file_draft_abandon(draft);
    return failed;
}

int record_save(const struct record *r, const char *path, struct err *e)
{
    struct file_draft draft = {.dirfd = -1};
    TRY(file_draft_open(path, &draft, e));
    return save(r, &draft, e);
}

int record_save_at(const struct record *r, int dirfd, const char *name, const char *said, struct err *e)
{
    struct file_draft draft = {.dirfd = -1};
    TRY(file_draft_open_at(dirfd, name, said, &draft, e));
    return save(r, &draft, e);
}

int record_exit(const struct record *r, struct err *e)
{
    const struct check *failed = verdict_first_failed(&r->isolation);
    if (r->termination == TERMINATION_INTERRUPTED)
        return 128 + (r->interrupted_by ? r->interrupted_by : 2);
    if (r->termination != TERMINATION_OK)
        return err_set(e, ERR_WORKLOAD, -ECANCELED, "%s: %s", termination_name(r->termination), r->detail);
    if (*r->trouble)
        return err_set(e, ERR_OURS, -EBUSY, "%s", r->trouble);
    if (r->cell.isolation == ISOLATION_STRICT && r->isolation.grade != GRADE_FULL)
        return err_set(e, ERR_HOST, -ENOTSUP, "--isolation strict: %s: wanted %s, got %s: %s",
                       failed ? failed->name : "slice", failed ? failed->requested : "full",
                       failed ? failed->achieved : grade_name(r->isolation.grade), failed ? failed->reason : "");
    return 0;
}

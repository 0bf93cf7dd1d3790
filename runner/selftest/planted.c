#include "selftest/planted.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json_put.h"
#include "base/text.h"
#include "run/why.h"

const struct planted planted_causes[] = {
    {"scenario4", "lock", "thread_lock", NULL},
    {"scenario4", "list", "object_lock", NULL},
    {"scenario4", "dict", "object_lock", NULL},
    {"scenario4", "bound-method", "shared_reference_count", NULL},
    {"scenario4", "refcount", "shared_reference_count", NULL},
    {"causes", "drop", "reference_counts_merged", NULL},
    {"causes", "garbage", "garbage_collection", "world_stopped"},
    {"causes", "global", "object_lock", "code_lock"},
    {"causes", "faults", "memory_map", NULL},
    {"causes", "bandwidth", NULL, NULL},
    {"causes", "pure", NULL, NULL},
};
const size_t planted_count = ARRAY_LEN(planted_causes);

const char *const planted_verdict_names[] = {"MISNAMED", "unavailable", "ok"};

/* --- the judgement ------------------------------------------------------------------------------------------------ */

static bool is_planted(const struct planted *p, const char *id)
{
    return (p->cause && strcmp(id, p->cause) == 0) || (p->or_cause && strcmp(id, p->or_cause) == 0);
}

static void judge_none(const struct causes *c, struct planted_result *r)
{
    if (*r->named)
        text_format(r->reason, sizeof(r->reason), "nothing is planted, and %.0f %% of what is lost is said to be this",
                    100 * r->share);
    else if (c->samples < PLANTED_SAMPLES)
        text_format(r->reason, sizeof(r->reason), "%llu samples are too few to know that there is no cause",
                    (unsigned long long)c->samples);
    r->verdict = *r->named ? PLANTED_MISNAMED : *r->reason ? PLANTED_UNAVAILABLE : PLANTED_OK;
}

static void judge_cause(const struct planted *p, const struct why *why, struct planted_result *r)
{
    const bool is_first = *r->named && is_planted(p, r->named);
    r->verdict = is_first && r->share >= PLANTED_SHARE ? PLANTED_OK : PLANTED_MISNAMED;
    if (r->verdict == PLANTED_OK)
        return;
    if (strcmp(p->cause, "shared_reference_count") == 0 && why->no_atomic.len) {
        r->verdict = PLANTED_UNAVAILABLE; /* what is named in its place says nothing */
        text_format(r->reason, sizeof(r->reason), "samples here do not tell of it: %s", why->no_atomic.data);
    } else if (!*r->named && isfinite(why->stretch) && why->stretch < PLANTED_STRETCH) {
        r->verdict = PLANTED_UNAVAILABLE;
        text_format(
            r->reason, sizeof(r->reason),
            "here a thread takes %.2f times as long for its work beside %lld as alone: there is nothing to name",
            why->stretch, (long long)why->workers - 1);
    } else if (is_first) {
        text_format(r->reason, sizeof(r->reason), "of what is lost it has to be %.0f %% or more", 100 * PLANTED_SHARE);
    } else {
        text_format(r->reason, sizeof(r->reason), "%.0f %% of what is lost is said to be what is planted",
                    100 * r->share);
    }
}

/* Threads that run by turns do not contend as they would side by side, and wait for each other where they do not. */
static void allow_for_others(const struct causes *c, struct planted_result *r)
{
    const double without = c->thread_ns > 0 ? (double)c->runnable_ns / (double)c->thread_ns : 0;
    if (r->verdict != PLANTED_MISNAMED || without <= PLANTED_CROWDED)
        return;
    r->verdict = PLANTED_UNAVAILABLE;
    text_format(r->reason, sizeof(r->reason), "for %.0f %% of their time the threads had no CPU: others use these",
                100 * without);
}

void planted_judge(const struct planted *p, const struct why *why, struct planted_result *ret)
{
    const struct cause *first = causes_first(&why->causes);
    *ret = (struct planted_result){.planted = p, .share = NAN, .stretch = why->stretch};
    if (first)
        text_format(ret->named, sizeof(ret->named), "%s", first->id);
    if (first)
        ret->share = first->share;
    if (p->cause && why->causes.count > 0) { /* of all rows of it: an object's lock has one for each kind of object */
        ret->share = 0;
        for (size_t i = 0; i < why->causes.count; i++)
            ret->share += is_planted(p, why->causes.list[i].id) ? why->causes.list[i].share : 0;
    }
    if (p->cause)
        judge_cause(p, why, ret);
    else
        judge_none(&why->causes, ret);
    allow_for_others(&why->causes, ret);
}

void planted_allow_for_emulation(struct planted_result *r)
{
    if (r->verdict != PLANTED_MISNAMED || *r->named)
        return;
    r->verdict = PLANTED_UNAVAILABLE;
    text_format(
        r->reason, sizeof(r->reason),
        "no cause costs enough to be named, and that a thread takes %.2f times as long is no measure of what it "
        "loses: time is emulated, and what the host takes from the CPUs is not seen",
        r->stretch);
}

void planted_give_up(const struct planted *p, const char *reason, struct planted_result *ret)
{
    *ret = (struct planted_result){.planted = p, .verdict = PLANTED_UNAVAILABLE, .share = NAN, .stretch = NAN};
    (void)snprintf(ret->reason, sizeof(ret->reason), "%s", reason);
}

/* --- the report --------------------------------------------------------------------------------------------------- */

static json_t *json_of_result(const struct planted_result *r)
{
    json_t *o = json_object();
    json_put_text(o, "scenario", r->planted->scenario);
    json_put_text(o, "pattern", r->planted->pattern);
    json_put_text_or(o, "planted", r->planted->cause, "its threads lose nothing that processes do not");
    if (r->planted->or_cause)
        json_put_text(o, "or_planted", r->planted->or_cause);
    json_put_text_or(o, "named", *r->named ? r->named : NULL,
                     r->verdict == PLANTED_UNAVAILABLE ? r->reason : "no cause costs enough");
    json_put_real(o, "share", r->share, "nothing is lost to a cause");
    json_put_real(o, "stretch", r->stretch, "the time of one thread or that of all is not known");
    json_put_text(o, "verdict", planted_verdict_names[r->verdict]);
    if (*r->reason)
        json_put(o, "reason", json_of_bytes(r->reason));
    return o;
}

void planted_json(const struct planted_report *report, struct text *out)
{
    json_t *o = json_object(), *rows = json_array(), *counts = json_object();
    json_put_int(counts, "ok", (int64_t)report->count[PLANTED_OK]);
    json_put_int(counts, "misnamed", (int64_t)report->count[PLANTED_MISNAMED]);
    json_put_int(counts, "unavailable", (int64_t)report->count[PLANTED_UNAVAILABLE]);
    for (size_t i = 0; i < report->results; i++)
        (void)json_array_append_new(rows, json_of_result(&report->result[i]));
    json_put_text(o, "schema", PLANTED_SCHEMA);
    json_put_text(o, "at", report->at);
    json_put(o, "tool", json_of_tool());
    json_put(o, "interpreter", json_of_bytes(report->interpreter));
    json_put_text(o, "version", report->version);
    json_put(o, "frame_pointers", json_boolean(report->frame_pointers));
    json_put(o, "emulated", json_boolean(report->emulated));
    json_put_text(o, "cpus", report->cpus);
    json_put_int(o, "workers", report->workers);
    json_put(o, "counts", counts);
    json_put(o, "rows", rows);
    json_text_indented(o, 0, out);
}

void planted_free(struct planted_report *report)
{
    free(report->result);
    *report = (struct planted_report){0};
}

#include "record/verdict.h"

#include <stdio.h>
#include <string.h>

const char *const verdict_levels[] = {[LEVEL_REQUIRED] = "required", [LEVEL_RECORDED] = "recorded"};

const struct grade_words verdict_grades[] = {
    [GRADE_NONE] = {"none", "no slice: CPUs by affinity, memory and CPU time a process at a time"},
    [GRADE_BORROWED] = {"borrowed",
                        "the slice is the container's own cgroup, on loan: its engine set the limits, which "
                        "tare reads and does not change; what else runs in the container is in it too"},
    [GRADE_PARTIAL] = {"partial", "a slice that lacks what is marked NO"},
    [GRADE_FULL] = {"full", "a slice of its own: the kernel limits and accounts its CPUs, memory and tasks"},
};

void verdict_add(struct verdict *v, enum level level, const char *name, bool ok, const char *requested,
                 const char *achieved, const char *verified_by, const char *reason)
{
    if (v->count == VERDICT_CHECKS_MAX) { /* with a check missing, the grade must not be full */
        struct check *last = &v->check[VERDICT_CHECKS_MAX - 1];
        last->ok = false;
        last->level = LEVEL_REQUIRED;
        (void)snprintf(last->reason, sizeof(last->reason), "there were more checks than a record holds");
        return;
    }
    struct check *c = &v->check[v->count++];
    c->ok = ok;
    c->level = level;
    (void)snprintf(c->name, sizeof(c->name), "%s", name);
    (void)snprintf(c->requested, sizeof(c->requested), "%s", requested);
    (void)snprintf(c->achieved, sizeof(c->achieved), "%s", achieved);
    (void)snprintf(c->verified_by, sizeof(c->verified_by), "%s", verified_by);
    (void)snprintf(c->reason, sizeof(c->reason), "%s", ok ? "" : reason);
}

const struct check *verdict_first_failed(const struct verdict *v)
{
    for (size_t i = 0; i < v->count; i++)
        if (!v->check[i].ok && v->check[i].level == LEVEL_REQUIRED)
            return &v->check[i];
    return NULL;
}

void verdict_grade(struct verdict *v, enum slice_provenance provenance)
{
    static const enum grade BEST[] = {
        [SLICE_GIVEN] = GRADE_FULL,   [SLICE_DELEGATED] = GRADE_FULL,    [SLICE_SCOPE] = GRADE_FULL,
        [SLICE_CREATED] = GRADE_FULL, [SLICE_BORROWED] = GRADE_BORROWED, [SLICE_NONE] = GRADE_NONE,
    };
    v->grade = BEST[provenance];
    if (v->grade == GRADE_FULL && verdict_first_failed(v))
        v->grade = GRADE_PARTIAL;
}

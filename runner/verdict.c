#include "verdict.h"

#include <stdio.h>

const char *grade_name(enum grade g)
{
    static const char *const NAMES[] = {"none", "borrowed", "partial", "full"};
    return NAMES[g];
}

void verdict_add(struct verdict *v, const char *name, bool ok, const char *requested, const char *achieved,
                 const char *verified_by, const char *reason)
{
    if (v->count == VERDICT_CHECKS_MAX) { /* a check that is not shown must not leave the grade full */
        struct check *last = &v->check[VERDICT_CHECKS_MAX - 1];
        last->ok = false;
        (void)snprintf(last->reason, sizeof(last->reason), "there were more checks than a record holds");
        return;
    }
    struct check *c = &v->check[v->count++];
    c->ok = ok;
    (void)snprintf(c->name, sizeof(c->name), "%s", name);
    (void)snprintf(c->requested, sizeof(c->requested), "%s", requested);
    (void)snprintf(c->achieved, sizeof(c->achieved), "%s", achieved);
    (void)snprintf(c->verified_by, sizeof(c->verified_by), "%s", verified_by);
    (void)snprintf(c->reason, sizeof(c->reason), "%s", ok ? "" : reason);
}

const struct check *verdict_first_failed(const struct verdict *v)
{
    for (size_t i = 0; i < v->count; i++)
        if (!v->check[i].ok)
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

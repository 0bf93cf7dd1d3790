#include "record/verdict.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

/* The level of each check. Recorded ones do not affect the grade: they depend on the host (a VM has no governor) or on
 * the workload (eight threads on three CPUs preempt each other). The name must be that of verdict_add() exactly; a name
 * that is not in the table is required. */
static const struct {
    const char *name;
    enum level level;
} LEVELS[] = {
    {"runner on its own CPUs", LEVEL_REQUIRED},
    {"born in the slice", LEVEL_REQUIRED},
    {"slice of its own", LEVEL_REQUIRED}, /* if there is none */
    {"CPU affinity", LEVEL_REQUIRED},
    {"exclusive of foreign tasks", LEVEL_REQUIRED},
    {"memory accounting", LEVEL_REQUIRED},
    {"no OOM kill", LEVEL_REQUIRED},
    {"no throttling", LEVEL_REQUIRED},
    {"CPU quota", LEVEL_REQUIRED}, /* this and the next: of the cgroups above */
    {"no throttling above", LEVEL_REQUIRED},
    {"SMT siblings kept idle", LEVEL_REQUIRED}, /* --smt avoid */
    {"own namespaces", LEVEL_REQUIRED},         /* from here to "standard streams": only if --confine asks for them */
    {"network off", LEVEL_REQUIRED},
    {"read-only root", LEVEL_REQUIRED},
    {"private folders", LEVEL_REQUIRED},
    {"capabilities", LEVEL_REQUIRED},
    {"user", LEVEL_REQUIRED},
    {"no new privileges", LEVEL_REQUIRED},
    {"seccomp filter", LEVEL_REQUIRED},
    {"host's sockets", LEVEL_REQUIRED},
    {"standard streams", LEVEL_REQUIRED},
    {"GIL stayed off", LEVEL_REQUIRED},        /* of a free-threaded interpreter: its label depends on it */
    {"GIL stayed on", LEVEL_REQUIRED},         /* --gil on */
    {"Landlock", LEVEL_RECORDED},              /* not every kernel has it */
    {"no further namespaces", LEVEL_RECORDED}, /* a user namespace has its own limits; the filter refuses them, too */
    {"runner off its CPUs", LEVEL_RECORDED},   /* if no cpuset keeps it off */
    {"memory limit above", LEVEL_RECORDED},
    {"SMT siblings idle", LEVEL_RECORDED},
    {"no foreign work on its CPUs", LEVEL_RECORDED},
    {"no CPU pressure", LEVEL_RECORDED},
    {"no memory pressure", LEVEL_RECORDED},
    {"no steal on its CPUs", LEVEL_RECORDED},
    {"no device IRQs on its CPUs", LEVEL_RECORDED},
    {"no involuntary switches", LEVEL_RECORDED},
    {"no frequency drift", LEVEL_RECORDED},
    {"governor", LEVEL_RECORDED},
    {"turbo", LEVEL_RECORDED},
    {"transparent huge pages", LEVEL_RECORDED},
    {"ASLR", LEVEL_RECORDED},
};

static enum level level_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(LEVELS); i++)
        if (strcmp(LEVELS[i].name, name) == 0)
            return LEVELS[i].level;
    return LEVEL_REQUIRED;
}

const char *level_name(enum level l)
{
    return l == LEVEL_REQUIRED ? "required" : "recorded";
}

static const struct {
    const char *name, *meaning;
} GRADES[] = {
    [GRADE_NONE] = {"none", "no slice: CPUs by affinity, memory and CPU time a process at a time"},
    [GRADE_BORROWED] = {"borrowed",
                        "the slice is the container's own cgroup, on loan: its engine set the limits, which "
                        "tare reads and does not change; what else runs in the container is in it too"},
    [GRADE_PARTIAL] = {"partial", "a slice that lacks what is marked NO"},
    [GRADE_FULL] = {"full", "a slice of its own: the kernel limits and accounts its CPUs, memory and tasks"},
};

const char *grade_name(enum grade g)
{
    return GRADES[g].name;
}

const char *grade_meaning(enum grade g)
{
    return GRADES[g].meaning;
}

void verdict_add(struct verdict *v, const char *name, bool ok, const char *requested, const char *achieved,
                 const char *verified_by, const char *reason)
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
    c->level = level_of(name);
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

#include "cell/profiled.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/source.h"
#include "base/text.h"

#define MEMORY_MIN (1 << 20) /* as for --memory-max */

static void overrule(struct text *said, const struct profile_value *v, const char *by)
{
    text_add(said, "%s = %s of the profile gives way to %s\n", v->file, v->value, by);
}

static int refuse(const struct profile_value *v, const char *allowed, struct err *e)
{
    return err_set(e, ERR_USAGE, -EINVAL, "%s = '%s': what is allowed is %s", v->file, v->value, allowed);
}

static int take_cpus(struct cell *cell, const struct profile_value *v, struct text *said, struct err *e)
{
    struct cpulist list;
    if (cpulist_parse(v->value, &list) != 0 || cpulist_count(&list) == 0)
        return refuse(v, "a list of CPUs such as 0-3,8", e);
    if (cell->cpus)
        overrule(said, v, "--cpus");
    else
        cell->cpus = v->value;
    return 0;
}

static int take_partition(struct cell *cell, const struct profile_value *v, struct text *said, struct err *e)
{
    static const struct {
        const char *word;
        enum partition kind;
    } KINDS[] = {{"root", PARTITION_ROOT}, {"isolated", PARTITION_ISOLATED}, {"member", PARTITION_NONE}};
    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
        if (strcmp(KINDS[i].word, v->value) != 0)
            continue;
        if (cell->partition == PARTITION_AUTO)
            cell->partition = KINDS[i].kind;
        else if (cell->partition != (int64_t)KINDS[i].kind)
            overrule(said, v, "--partition");
        return 0;
    }
    return refuse(v, "root, isolated or member", e);
}

/* *has: whether an option has set it; afterwards, whether anything has. */
static int take_number(int64_t *has, int64_t *number, int64_t low, const struct profile_value *v, const char *option,
                       struct text *said, struct err *e)
{
    uint64_t value = 0;
    if (strcmp(v->value, "max") == 0)
        return 0;
    if (text_to_bytes(v->value, &value) != 0 || value > INT64_MAX || (int64_t)value < low)
        return refuse(v, low == MEMORY_MIN ? "a size from 1M up" : "a whole number from 4 up", e);
    if (*has)
        overrule(said, v, option);
    else
        *number = (int64_t)value;
    *has = 1;
    return 0;
}

static int take_quota(struct cell *cell, const struct profile_value *v, struct text *said, struct err *e)
{
    struct quota quota;
    if (strncmp(v->value, "max", 3) == 0)
        return 0;
    if (quota_parse(v->value, &quota) != 0)
        return refuse(v, QUOTA_ALLOWED, e);
    if (cell->cpu_max) {
        overrule(said, v, "--cpu-max");
    } else {
        cell->cpu_max = v->value;
        cell->quota = quota;
    }
    return 0;
}

static int take(struct cell *cell, const struct profile_value *v, struct text *said, struct err *e)
{
    if (strcmp(v->file, "cpuset.cpus") == 0)
        return take_cpus(cell, v, said, e);
    if (strcmp(v->file, "cpuset.cpus.partition") == 0)
        return take_partition(cell, v, said, e);
    if (strcmp(v->file, "memory.max") == 0)
        return take_number(&cell->has_memory_max, &cell->memory_max_bytes, MEMORY_MIN, v, "--memory-max", said, e);
    if (strcmp(v->file, "memory.high") == 0)
        return take_number(&cell->has_memory_high, &cell->memory_high_bytes, MEMORY_MIN, v, "--memory-high", said, e);
    if (strcmp(v->file, "cpu.max") == 0)
        return take_quota(cell, v, said, e);
    if (strcmp(v->file, "pids.max") == 0)
        return take_number(&cell->has_pids_max, &cell->pids_max, 4, v, "--pids-max", said, e);
    if (strcmp(v->file, "cpuset.mems") == 0)
        overrule(said, v, "the nodes of the CPUs");
    else if (strcmp(v->file, "memory.swap.max") == 0 && strcmp(v->value, "0") != 0)
        overrule(said, v, "0, which is always set");
    else if (strcmp(v->file, "memory.oom.group") == 0 && strcmp(v->value, "1") != 0)
        overrule(said, v, "1, which is always set");
    else if (strcmp(v->file, "memory.swap.max") != 0 && strcmp(v->file, "memory.oom.group") != 0)
        return err_set(e, ERR_USAGE, -EINVAL,
                       "'%s': what is allowed is cpuset.cpus, cpuset.cpus.partition, cpuset.mems, memory.max, "
                       "memory.high, memory.swap.max, memory.oom.group, pids.max, cpu.max",
                       v->file);
    return 0;
}

#define PROFILE_BYTES_MAX (1U << 20)

int profiled_apply(struct cell *cell, struct limit_profile *keep, struct text *said, struct err *e)
{
    if (!cell->profile_file)
        return 0;
    cleanup_text struct text text = {0};
    int failed = source_read(AT_FDCWD, cell->profile_file, true, PROFILE_BYTES_MAX, &text, NULL);
    if (failed == -ENOTSUP || failed == -EFBIG)
        return err_set(e, ERR_USAGE, -EINVAL, "--profile-file '%s': what is allowed is a file of at most 1 MiB",
                       cell->profile_file);
    failed = failed != 0 ? err_set(e, ERR_USAGE, failed, "%s", strerror(-failed)) : profile_parse(text.data, keep, e);
    for (size_t i = 0; failed == 0 && i < keep->count; i++)
        failed = take(cell, &keep->value[i], said, e);
    return failed == 0 ? 0 : err_wrap(e, "--profile-file '%s'", cell->profile_file);
}

int profiled_apply_aloud(struct cell *cell, struct limit_profile *keep, struct err *e)
{
    cleanup_text struct text said = {0};
    int failed = profiled_apply(cell, keep, &said, e);
    if (said.data)
        (void)fprintf(stderr, "tare: --profile-file: %s", said.data);
    return failed;
}

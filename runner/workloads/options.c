#include "workloads/options.h"

#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define WORKERS_MAX (1 << 16)

static const char *const MODES[] = {"threads", "processes", "interpreters", NULL};
static const char *const PROFILES[] = {"overhead", "memory", "growth", NULL};
static const char *const MP_STARTS[] = {"fork", "forkserver", "spawn", NULL};
static const char *const FAULTS[] = {"none", "worker-raise", "worker-exit", "worker-kill", "main-raise",
                                     "hang", "daemon",       "fork-bomb",   "eat-memory",  NULL};

struct common_row {
    struct option_row row;
    size_t offset;
};

static const struct common_row COMMON[] = {
    {{.name = "--mode", .words = MODES}, offsetof(struct options, mode)},
    {{.name = "--profile", .words = PROFILES}, offsetof(struct options, profile)},
    {{.name = "--iterations", .min = 1, .max = UINT32_MAX}, offsetof(struct options, iterations)},
    {{.name = "--warmup", .max = UINT32_MAX}, offsetof(struct options, warmup)},
    {{.name = "--workers", .min = 1, .max = WORKERS_MAX}, offsetof(struct options, workers)},
    {{.name = "--pids", .max = 1}, offsetof(struct options, pids)},
    /* CPython 3.14's default */
    {{.name = "--mp-start", .words = MP_STARTS, .optional = true, .fallback = MP_START_FORKSERVER},
     offsetof(struct options, mp_start)},
    {{.name = "--fault", .words = FAULTS, .optional = true}, offsetof(struct options, fault)},
    {{.name = "--grace-ms", .max = UINT32_MAX, .optional = true, .fallback = 30000},
     offsetof(struct options, grace_ms)},
};

_Static_assert(ARRAY_LEN(COMMON) + OPTIONS_KNOBS <= 32, "the options that were given are bits of a uint32_t");

/* The k-th option: the common ones, then the knobs. NULL after the last. */
static const struct option_row *option_at(size_t k, const struct option_row *knobs, size_t count)
{
    if (k < ARRAY_LEN(COMMON))
        return &COMMON[k].row;
    return k - ARRAY_LEN(COMMON) < count ? &knobs[k - ARRAY_LEN(COMMON)] : NULL;
}

static uint64_t *option_slot(struct options *opt, size_t k)
{
    if (k < ARRAY_LEN(COMMON))
        return (uint64_t *)((char *)opt + COMMON[k].offset);
    return &opt->knob[k - ARRAY_LEN(COMMON)];
}

static int option_value(const struct option_row *row, const char *text, uint64_t *ret, struct err *e)
{
    if (!row->words) {
        if (text_to_u64(text, ret) == 0 && *ret >= row->min && *ret <= row->max)
            return 0;
        return err_set(e, ERR_USAGE, -EINVAL, "%s '%s': not a number from %" PRIu64 " to %" PRIu64, row->name, text,
                       row->min, row->max);
    }
    const int choice = text_index(text, row->words);
    *ret = (uint64_t)choice;
    if (choice >= 0)
        return 0;
    return err_set(e, ERR_USAGE, -EINVAL, "%s '%s': no such choice", row->name, text);
}

static int options_complete(struct options *opt, uint32_t given, const struct option_row *knobs, size_t count,
                            struct err *e)
{
    const struct option_row *row;
    for (size_t k = 0; (row = option_at(k, knobs, count)); k++) {
        if (given >> k & 1)
            continue;
        if (!row->optional)
            return err_set(e, ERR_USAGE, -EINVAL, "%s is missing", row->name);
        *option_slot(opt, k) = row->fallback;
    }
    if (opt->mode == MODE_INTERPRETERS)
        return err_set(e, ERR_USAGE, -ENOTSUP,
                       "--mode interpreters: there are no interpreters in C (choose threads or processes)");
    return 0;
}

int options_parse(int argc, char **argv, const struct option_row *knobs, size_t count, struct options *ret,
                  struct err *e)
{
    *ret = (struct options){0};
    uint32_t given = 0;
    for (int a = 1; a < argc; a += 2) {
        const struct option_row *row;
        size_t k = 0;
        while ((row = option_at(k, knobs, count)) && strcmp(argv[a], row->name) != 0)
            k++;
        if (!row)
            return err_set(e, ERR_USAGE, -EINVAL, "'%s': no such option", argv[a]);
        if (a + 1 == argc)
            return err_set(e, ERR_USAGE, -EINVAL, "%s needs a value", row->name);
        TRY(option_value(row, argv[a + 1], option_slot(ret, k), e));
        given |= UINT32_C(1) << k;
    }
    return options_complete(ret, given, knobs, count, e);
}

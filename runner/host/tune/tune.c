#include "host/tune/tune.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fail_point.h"
#include "base/file.h"
#include "base/text.h"

#ifndef ENOTSUPP
#define ENOTSUPP 524 /* include/linux/errno.h: kernel-internal, but nmi_watchdog returns it */
#endif

const char *const tune_outcome_names[TUNE_OUTCOMES] = {
    [TUNE_PLANNED] = "would change", [TUNE_CHANGED] = "changed", [TUNE_ALREADY] = "already so",
    [TUNE_REFUSED] = "refused",      [TUNE_ABSENT] = "not here", [TUNE_KEPT] = "noted",
    [TUNE_RESTORED] = "restored",    [TUNE_FOREIGN] = "foreign", [TUNE_GONE] = "gone",
};

static int write_knob(void *context, const char *root, const char *path, enum knob_kind kind, const char *content)
{
    (void)context;
    return knob_write(root, path, kind, content);
}

struct tune_host tune_host_of(const char *root)
{
    return (struct tune_host){.root = root, .write = write_knob};
}

static void set_value(char **ret, enum knob_kind kind, const char *content)
{
    char value[KNOB_MAX];
    knob_value(kind, content, value, sizeof(value));
    free(*ret);
    *ret = xstrdup(value);
}

struct tune_step *tune_steps_add(struct tune_steps *steps, const char *id, enum knob_kind kind, const char *path)
{
    steps->step = xgrow(steps->step, steps->steps, sizeof(*steps->step));
    struct tune_step *s = &steps->step[steps->steps++];
    *s = (struct tune_step){.id = id, .kind = kind};
    (void)snprintf(s->path, sizeof(s->path), "%s", path);
    return s;
}

static enum tune_outcome end_step(struct tune_step *s, enum tune_outcome outcome, const char *reason)
{
    (void)snprintf(s->reason, sizeof(s->reason), "%s", reason);
    return outcome;
}

/* The message for an errno, where strerror(3) is not enough. */
static const char *why(int failed)
{
    if (-failed == ENOTSUPP)
        return "this kernel or machine cannot do it";
    if (-failed == EIO)
        return "Input/output error (the kernel or a driver manages this interrupt's CPUs)";
    return strerror(-failed);
}

/* --- apply ------------------------------------------------------------------------------------------------------ */

static bool will_do(const struct tune_step *s, const char *now)
{
    char value[KNOB_MAX];
    int64_t have = 0, want = 0;
    if (knob_same(s->kind, now, s->want))
        return true;
    knob_value(s->kind, now, value, sizeof(value));
    if (s->fine && text_has_word(s->fine, "|", value))
        return true;
    return s->at_least && text_to_i64(now, &have) == 0 && text_to_i64(s->want, &want) == 0 && have >= want;
}

/* Keeps the first old value: a second tune would read what the first one wrote. */
static int note(const struct tune_step *s, const char *now, const char *then, struct journal *j, struct err *e)
{
    const struct journal_record *first = journal_first(j, s->path);
    const struct journal_record r = {
        .path = (char *)s->path,
        .old_bytes = first ? first->old_bytes : (char *)now,
        .new_bytes = (char *)then,
        .kind = s->kind,
        .keep = first ? first->keep && s->keep : s->keep,
    };
    return journal_append(j, &r, e);
}

/* Reads back what the kernel made of a write, which restore will compare. */
static int read_back(const struct tune_host *host, struct tune_step *s, const char *before, int failed,
                     struct journal *j, struct err *e)
{
    char after[KNOB_MAX], reason[160] = "";
    ssize_t n = knob_read(host->root, s->path, after, sizeof(after));
    if (failed != 0 || n < 0 || knob_same(s->kind, after, before)) {
        s->outcome = end_step(s, TUNE_REFUSED,
                              failed != 0 ? why(failed)
                              : n < 0     ? why((int)n)
                                          : "the kernel accepted the write but changed nothing");
        return 0;
    }
    set_value(&s->now, s->kind, after);
    if (knob_same(s->kind, after, s->want)) {
        s->outcome = TUNE_CHANGED;
        return 0;
    }
    (void)snprintf(reason, sizeof(reason), "requested was %.*s", (int)strcspn(s->want, "\n"), s->want);
    s->outcome = end_step(s, TUNE_CHANGED, reason);
    return note(s, before, after, j, e);
}

/* Whether there is nothing to write; sets the outcome. */
static bool is_settled(struct tune_step *s, ssize_t n, const char *now)
{
    if (s->outcome == TUNE_ABSENT)
        return true;
    if (n < 0) {
        s->outcome = end_step(s, n == -ENOENT ? TUNE_ABSENT : TUNE_REFUSED,
                              n == -ENOENT ? "this kernel has no such setting" : why((int)n));
        return true;
    }
    set_value(&s->was, s->kind, now);
    if (s->keep || !will_do(s, now))
        return false;
    s->outcome = TUNE_ALREADY;
    return true;
}

void tune_preview(const char *root, struct tune_steps *steps)
{
    for (size_t i = 0; i < steps->steps; i++) {
        struct tune_step *s = &steps->step[i];
        char now[KNOB_MAX];
        if (is_settled(s, knob_read(root, s->path, now, sizeof(now)), now))
            continue;
        s->outcome = s->keep ? TUNE_KEPT : TUNE_PLANNED;
        if (s->want)
            set_value(&s->now, s->kind, s->want);
    }
}

static int apply_step(const struct tune_host *host, struct tune_step *s, struct journal *j, struct err *e)
{
    char now[KNOB_MAX];
    if (is_settled(s, knob_read(host->root, s->path, now, sizeof(now)), now))
        return 0;
    TRY(s->keep && journal_first(j, s->path) ? 0 : note(s, now, s->keep ? now : s->want, j, e));
    fail_point("setting journalled");
    s->outcome = TUNE_KEPT;
    if (s->keep)
        return 0;
    return read_back(host, s, now, host->write(host->context, host->root, s->path, s->kind, s->want), j, e);
}

int tune_apply(const struct tune_host *host, struct tune_steps *steps, struct journal *j, struct err *e)
{
    for (size_t i = 0; i < steps->steps; i++) {
        TRY(apply_step(host, &steps->step[i], j, e));
    }
    return 0;
}

/* --- restore ---------------------------------------------------------------------------------------------------- */

/* Whether tare set the present value, by any record of the path. */
static bool is_ours(const struct journal *j, const struct journal_record *first, const char *now)
{
    for (size_t i = 0; i < j->records; i++) {
        const struct journal_record *r = &j->record[i];
        if (strcmp(r->path, first->path) == 0 && (r->keep || knob_same(r->kind, now, r->new_bytes)))
            return true;
    }
    return false;
}

/* Interrupts of a removed device stay away; other files return with their CPU. */
static bool never_comes_back(const char *path)
{
    return strncmp(path, "/proc/irq/", strlen("/proc/irq/")) == 0;
}

static void put_back(const struct tune_host *host, const struct journal_record *r, struct tune_step *s)
{
    char after[KNOB_MAX];
    int failed = host->write(host->context, host->root, r->path, r->kind, r->old_bytes);
    ssize_t n = knob_read(host->root, r->path, after, sizeof(after));
    fail_point("setting put back");
    if (n >= 0)
        set_value(&s->now, r->kind, after);
    if (n >= 0 && knob_same(r->kind, after, r->old_bytes))
        s->outcome = TUNE_RESTORED;
    else
        s->outcome = end_step(s, TUNE_REFUSED,
                              failed != 0 ? why(failed)
                              : n < 0     ? why((int)n)
                                          : "the kernel accepted the write but set another value");
}

static void restore_one(const struct tune_host *host, const struct journal *j, const struct journal_record *r,
                        bool force, struct tune_step *s)
{
    char now[KNOB_MAX];
    ssize_t n = knob_read(host->root, r->path, now, sizeof(now));
    set_value(&s->was, r->kind, r->old_bytes);
    if (n < 0) {
        s->outcome = end_step(s, n == -ENOENT && never_comes_back(r->path) ? TUNE_GONE : TUNE_REFUSED, why((int)n));
        return;
    }
    set_value(&s->now, r->kind, now);
    if (knob_same(r->kind, now, r->old_bytes))
        s->outcome = TUNE_ALREADY;
    else if (force || is_ours(j, r, now))
        put_back(host, r, s);
    else
        s->outcome = end_step(s, TUNE_FOREIGN, "changed since by another program; --force restores it anyway");
}

static bool is_done(const struct tune_step *s)
{
    return s->outcome == TUNE_RESTORED || s->outcome == TUNE_ALREADY || s->outcome == TUNE_GONE;
}

/* For settings that depend on each other: writes all refused ones again before it reads any. For the lockup detectors,
 * while both are off, a read of watchdog, soft_watchdog or nmi_watchdog clears what the file would turn on
 * (kernel/watchdog.c, proc_watchdog_common, in 6.12 and before: "on read synchronize the userspace interface"), so that
 * neither can be turned on alone if it is read in between. */
static void try_together(const struct tune_host *host, const struct journal *j, struct tune_steps *steps)
{
    for (size_t i = 0; i < steps->steps; i++) {
        const struct journal_record *r = journal_first(j, steps->step[i].path);
        if (r && steps->step[i].outcome == TUNE_REFUSED)
            (void)host->write(host->context, host->root, r->path, r->kind, r->old_bytes);
    }
    for (size_t i = 0; i < steps->steps; i++) {
        struct tune_step *s = &steps->step[i];
        const struct journal_record *r = journal_first(j, s->path);
        char now[KNOB_MAX];
        if (!r || s->outcome != TUNE_REFUSED || knob_read(host->root, r->path, now, sizeof(now)) < 0 ||
            !knob_same(r->kind, now, r->old_bytes))
            continue;
        s->outcome = end_step(s, TUNE_RESTORED, "");
        set_value(&s->now, r->kind, now);
    }
}

int tune_restore(const struct tune_host *host, struct journal *j, bool force, struct tune_steps *ret, struct err *e)
{
    cleanup_free bool *left = xcalloc(j->records + 1, sizeof(*left));
    for (size_t i = j->records; i-- > 0;) {
        const struct journal_record *r = &j->record[i];
        if (journal_first(j, r->path) == r)
            restore_one(host, j, r, force, tune_steps_add(ret, NULL, r->kind, r->path));
    }
    if (tune_count(ret, TUNE_REFUSED) > 0)
        try_together(host, j, ret);
    for (size_t i = 0; i < ret->steps; i++)
        for (size_t r = 0; r < j->records && !is_done(&ret->step[i]); r++)
            left[r] |= strcmp(j->record[r].path, ret->step[i].path) == 0;
    return journal_reduce(j, left, e);
}

/* --- the rest --------------------------------------------------------------------------------------------------- */

size_t tune_count(const struct tune_steps *steps, enum tune_outcome outcome)
{
    size_t n = 0;
    for (size_t i = 0; i < steps->steps; i++)
        n += steps->step[i].outcome == outcome;
    return n;
}

void tune_steps_free(struct tune_steps *steps)
{
    for (size_t i = 0; i < steps->steps; i++) {
        free(steps->step[i].want);
        free(steps->step[i].was);
        free(steps->step[i].now);
    }
    free(steps->step);
    *steps = (struct tune_steps){0};
}

int tune_boot_id(const char *root, char *buf, size_t cap, struct err *e)
{
    static const char PATH[] = "/proc/sys/kernel/random/boot_id";
    ssize_t n = file_read(root, PATH, buf, cap);
    if (n > 0 && !strpbrk(buf, " \t\n\"\\/"))
        return 0;
    return err_set(e, ERR_HOST, n < 0 ? (int)n : -ENODATA, "%s%s: %s", root, PATH,
                   n < 0 ? strerror((int)-n) : "no boot id");
}

int tune_open_journal(const char *root, bool create, struct journal *ret, struct err *e)
{
    char boot_id[64], path[PATH_MAX];
    TRY(journal_place(root, path, sizeof(path), e));
    TRY(tune_boot_id(root, boot_id, sizeof(boot_id), e));
    return journal_open(path, boot_id, create, ret, e);
}

/* The doctor's findings on the kernel's command line, compared with the locked one. */
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/facts.h"
#include "base/file.h"
#include "base/text.h"
#include "host/doctor/cmdline.h"
#include "host/doctor/doctor.h"

/* share/ beside the program in a build tree, ../share/tare once installed. */
int doctor_load_cmdline(struct cmdline_lock *ret, struct err *e)
{
    static const char *const BESIDE[] = {"share", "../share/tare"};
    char path[PATH_MAX];
    cleanup_text struct text text = {0};
    int failed = file_beside_program(BESIDE, ARRAY_LEN(BESIDE), "cmdline", path, sizeof(path));
    if (failed == 0)
        failed = file_read_all("", path, &text);
    if (failed != 0)
        return err_set(e, ERR_OURS, failed, "cannot read tare's locked command line (share/cmdline)");
    failed = cmdline_lock_parse(text.data ? text.data : "", ret, e);
    if (failed != 0)
        (void)err_wrap(e, "'%s'", path);
    return failed;
}

static struct finding judge_flag(const char *running, const struct cmdline_flag *flag)
{
    cleanup_text struct text here = {0};
    const bool recommended = flag->level == CMDLINE_RECOMMENDED;
    struct finding f = {.id = flag->id,
                        .level = recommended ? DOCTOR_RECOMMENDED : DOCTOR_RECORDED,
                        .why = flag->why,
                        .flag = flag->flag};
    enum cmdline_state state = cmdline_compare(running, flag->flag, &here);
    f.verdict = state == CMDLINE_AS_LOCKED ? DOCTOR_OK : recommended ? DOCTOR_WARNS : DOCTOR_NOTED;
    if (state != CMDLINE_AS_LOCKED)
        f.remedy = flag->remedy;
    if (state == CMDLINE_ABSENT)
        f.reason = xstrdup("absent");
    else
        f.value = STEAL(here.data);
    return f;
}

/* The summary: how many flags are as locked. */
static void append_summary(struct diagnosis *d, size_t as_locked, size_t flags, const char *why_not)
{
    struct finding f = {.id = "cmdline_locked",
                        .level = DOCTOR_RECORDED,
                        .why = "what the VM image boots with, so that the kernel is the same anywhere"};
    if (why_not) {
        f.verdict = DOCTOR_UNKNOWN;
        f.reason = xstrdup(why_not);
    } else {
        f.verdict = as_locked == flags ? DOCTOR_OK : DOCTOR_NOTED;
        f.value = text_printf("%zu of %zu flags as in the VM image", as_locked, flags);
    }
    (void)doctor_add(d, &f);
}

void doctor_judge_cmdline(struct diagnosis *d, const struct facts *facts, const struct cmdline_lock *lock,
                          const char *why_not)
{
    const struct fact *line = facts_find(facts, "kernel_cmdline");
    size_t flags = 0, as_locked = 0;
    if (!why_not && (!line || line->kind != FACT_TEXT))
        why_not = line && line->text ? line->text : "not read";
    for (size_t i = 0; !why_not && i < lock->flags; i++) {
        if (lock->flag[i].level == CMDLINE_BOOT)
            continue;
        struct finding f = judge_flag(line->text, &lock->flag[i]);
        as_locked += doctor_add(d, &f)->verdict == DOCTOR_OK;
        flags++;
    }
    append_summary(d, as_locked, flags, why_not);
}

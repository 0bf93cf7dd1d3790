#include "host/tune/tuning.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/err.h"
#include "base/facts.h"
#include "base/signals.h"
#include "base/text.h"
#include "host/bench_cpus.h"
#include "host/topology.h"

static int apply(const struct cell *cell, struct tuning *t, struct err *e)
{
    struct topology_choice choice;
    struct tune_host host = tune_host_of("");
    TRY(bench_cpus_choose("", cell, NULL, &choice, e));
    TRY(tune_plan("", &choice, NULL, &t->steps, e));
    return tune_apply(&host, &t->steps, &t->journal, e);
}

int tuning_begin(const struct cell *cell, struct tuning *ret, struct err *e)
{
    struct tuning t = {0};
    signals_hold(NULL);
    int failed = tune_open_journal("", true, &t.journal, e);
    if (failed != 0)
        return err_wrap(e, "--tune");
    t.active = true;
    t.stays = t.journal.records > 0;
    failed = apply(cell, &t, e);
    if (failed != 0) {
        (void)tuning_end(&t, NULL);
        return err_wrap(e, "--tune");
    }
    *ret = t;
    return 0;
}

/* Describes the steps from `first` on with the same id: "performance, was powersave (8 of 8 files)". Returns how many.
 */
static size_t describe_id(const struct tuning *t, size_t first, struct text *out)
{
    const struct tune_step *shown = &t->steps.step[first];
    size_t i = first, files = 0, good = 0;
    for (; i < t->steps.steps && t->steps.step[i].id == t->steps.step[first].id; i++) {
        const struct tune_step *s = &t->steps.step[i];
        if (s->outcome == TUNE_KEPT)
            continue;
        files++;
        good += s->outcome == TUNE_CHANGED || s->outcome == TUNE_ALREADY;
        if (shown->outcome != TUNE_CHANGED || s->outcome == TUNE_CHANGED)
            shown = s;
    }
    if (shown->outcome == TUNE_CHANGED)
        text_add(out, "%s, was %s", shown->now, shown->was);
    else if (shown->outcome == TUNE_ALREADY)
        text_add(out, "%s already", shown->was);
    else
        text_add(out, "%s: %s", tune_outcome_names[shown->outcome], shown->reason);
    if (files > 1)
        text_add(out, " (%zu of %zu files)", good, files);
    return i - first;
}

void tuning_describe(const struct tuning *t, struct facts *ret)
{
    if (!t->active)
        return;
    facts_bool(ret, "tuned.stays", t->stays);
    for (size_t i = 0; i < t->steps.steps;) {
        char key[64];
        cleanup_text struct text words = {0};
        text_format(key, sizeof(key), "tuned.%s", t->steps.step[i].id);
        i += describe_id(t, i, &words);
        facts_text(ret, key, words.data);
    }
}

static int put_back(struct tuning *t, struct err *e)
{
    struct tune_host host = tune_host_of("");
    struct tune_steps steps = {0};
    int failed = tune_restore(&host, &t->journal, false, &steps, e);
    for (size_t i = 0; failed == 0 && i < steps.steps; i++) {
        const struct tune_step *s = &steps.step[i];
        if (s->outcome == TUNE_REFUSED || s->outcome == TUNE_FOREIGN)
            failed = err_set(e, ERR_OURS, -EBUSY, "--tune: cannot restore %s: %s ('tare restore' tries again)", s->path,
                             s->reason);
    }
    tune_steps_free(&steps);
    return failed;
}

int tuning_end(struct tuning *t, struct err *e)
{
    if (!t->active)
        return 0;
    int failed = t->stays ? 0 : put_back(t, e);
    journal_close(&t->journal);
    tune_steps_free(&t->steps);
    t->active = false;
    return failed;
}

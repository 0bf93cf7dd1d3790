/* tare tune and tare restore: argv -> a plan or a journal -> the host, and the result of each setting. */
#include <errno.h>
#include <string.h>

#include "base/command.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cell/config.h"
#include "cell/manual.h"
#include "host/bench_cpus.h"
#include "host/topology.h"
#include "host/tune/tune.h"

/* --- what came of it -------------------------------------------------------------------------------------------- */

/* Settings that changed nothing are only counted: a server has hundreds of interrupts. */
static void show_step(const struct tune_step *s)
{
    if (s->outcome == TUNE_ALREADY || s->outcome == TUNE_KEPT)
        return;
    cleanup_text struct text line = {0};
    text_add(&line, "%-12s  ", tune_outcome_names[s->outcome]);
    if (s->id)
        text_add(&line, "%-14s  ", s->id);
    text_add(&line, "%s", s->path);
    if (s->outcome == TUNE_RESTORED)
        text_add(&line, ": %s", s->was);
    else if (s->outcome == TUNE_FOREIGN)
        text_add(&line, ": it was %s and is %s", s->was, s->now);
    else if (s->was && s->now)
        text_add(&line, ": %s -> %s", s->was, s->now);
    if (*s->reason)
        text_add(&line, " (%s)", s->reason);
    terminal_print("%s", line.data);
}

static void show_steps(const char *command, const struct tune_steps *steps, const char *after)
{
    const char *between = ": ";
    cleanup_text struct text sum = {0};
    for (size_t i = 0; i < steps->steps; i++)
        show_step(&steps->step[i]);
    for (int o = 0; o < TUNE_OUTCOMES; o++) {
        size_t n = tune_count(steps, (enum tune_outcome)o);
        if (n == 0 || o == TUNE_KEPT)
            continue;
        text_add(&sum, "%s%zu %s", between, n, tune_outcome_names[o]);
        between = ", ";
    }
    terminal_print("tare %s%s%s", command, sum.data ? sum.data : "", after);
}

static void show_journal(const struct journal *j)
{
    if (*j->set_aside && j->other_boot)
        terminal_print("the journal was another boot's, whose settings ended with it: it is now %s", j->set_aside);
    if (j->torn)
        terminal_print("the journal's last line is cut short: what it announced was never done");
    if (j->damaged > 0)
        terminal_print("the journal has %u line%s that %s damaged or of no setting: what was there before that change "
                       "is not known, and not put back",
                       j->damaged, j->damaged == 1 ? "" : "s", j->damaged == 1 ? "is" : "are");
}

/* --- tune ------------------------------------------------------------------------------------------------------- */

static int apply(const char *root, struct tune_steps *steps, struct err *e)
{
    struct journal journal;
    struct tune_host host = tune_host_of(root);
    if (tune_open_journal(root, true, &journal, e) != 0)
        return err_wrap(e, "nothing was changed");
    show_journal(&journal);
    int failed = tune_apply(&host, steps, &journal, e);
    journal_close(&journal);
    if (failed != 0)
        return err_wrap(e, "stopped after %zu changes ('tare restore' puts them back)",
                        tune_count(steps, TUNE_CHANGED));
    const bool any = tune_count(steps, TUNE_CHANGED) > 0;
    show_steps("tune", steps, any ? "; 'tare restore' puts back what was" : "");
    if (any || tune_count(steps, TUNE_ALREADY) > 0)
        return 0;
    return err_set(e, ERR_HOST, -EPERM, "nothing could be set: each setting above says why");
}

int cmd_tune(struct config *c, struct err *e)
{
    struct topology_choice cpus;
    struct tune_steps steps = {0};
    const char *root = "";
    if (c->help) {
        cleanup_text struct text settings = {0};
        text_add(&settings, "\nThe settings, in the order of writing:\n");
        tune_help(&settings);
        return manual_print(CONFIG_TUNE, NULL, settings.data);
    }
    TRY(config_sysroot(c, &root, e));
    TRY(bench_cpus_choose(root, &c->cell, NULL, &cpus, e));
    int status = tune_plan(root, &cpus, c->host.only, &steps, e);
    if (status == 0 && c->host.dry_run) {
        tune_preview(root, &steps);
        show_steps("tune --dry-run", &steps, "");
    } else if (status == 0) {
        status = apply(root, &steps, e);
    }
    tune_steps_free(&steps);
    return status;
}

/* --- restore ---------------------------------------------------------------------------------------------------- */

static int restore(const char *root, bool force, struct err *e)
{
    struct journal journal;
    struct tune_steps steps = {0};
    struct tune_host host = tune_host_of(root);
    int failed = 0;
    TRY(tune_open_journal(root, false, &journal, e));
    show_journal(&journal);
    if (journal.fd < 0)
        terminal_print("tare restore: nothing %s", journal.damaged > 0 ? "that can be put back" : "to do");
    else
        failed = tune_restore(&host, &journal, force, &steps, e);
    if (steps.steps > 0 || (journal.fd >= 0 && failed == 0))
        show_steps("restore", &steps, steps.steps == 0 ? ": nothing to do" : "");
    if (journal.damaged > 0 && *journal.set_aside)
        terminal_print("the damaged journal is now %s", journal.set_aside);
    size_t left = tune_count(&steps, TUNE_FOREIGN) + tune_count(&steps, TUNE_REFUSED) + journal.damaged;
    journal_close(&journal);
    tune_steps_free(&steps);
    return failed != 0 ? failed : left > 0 ? ERR_HOST : 0;
}

int cmd_restore(struct config *c, struct err *e)
{
    const char *root = "";
    TRY(config_sysroot(c, &root, e));
    return restore(root, c->host.force, e);
}

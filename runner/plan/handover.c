#include "plan/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/beneath.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/signals.h"
#include "base/source.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cell/config.h"
#include "plan/campaign.h"
#include "plan/campaign_meter.h"
#include "plan/slurm.h"
#include "plan/trust.h"
#include "record/record.h"

#define POLLS_A_LOOK 5 /* at the records, of which there may be many */
#define POLL_S       1
#define PATIENCE_S   300 /* a controller that does not answer may be restarting */
#define JOBS_BYTES   4096
#define SETTLE_S     10 /* a shared file system may show a record later than the job's end (nfs(5), ac) */

/* A campaign that Slurm runs. */
struct handover {
    struct campaign *campaign;
    struct campaign_meter meter;
    char folder[PATH_MAX], tare[PATH_MAX]; /* absolute */
    uint64_t *task;                        /* the unfinished tasks */
    size_t tasks;
    struct text jobs;
    int interrupted_by;
};

static int find_paths(struct handover *h, struct err *e)
{
    ssize_t n = readlink("/proc/self/exe", h->tare, sizeof(h->tare) - 1);
    if (n < 0)
        return err_sys(e, ERR_OURS, "/proc/self/exe");
    h->tare[n] = '\0';
    if (realpath(h->campaign->folder.path, h->folder))
        return 0;
    char here[PATH_MAX];
    if (errno != ENOENT || !getcwd(here, sizeof(here)))
        return err_sys(e, ERR_USAGE, "'%s'", h->campaign->folder.path);
    bool absolute = *h->campaign->folder.path == '/'; /* a dry run's folder may not exist */
    return text_fits(h->folder, sizeof(h->folder), "%s%s%s", absolute ? "" : here, absolute ? "" : "/",
                     h->campaign->folder.path)
               ? 0
               : err_set(e, ERR_USAGE, -ENAMETOOLONG, "--out: the name is too long");
}

static void list_missing(struct handover *h)
{
    struct campaign *c = h->campaign;
    free(h->task);
    h->task = xcalloc((size_t)c->blocks * c->tally.units, sizeof(*h->task));
    h->tasks = 0;
    for (uint64_t b = 0; b < (uint64_t)c->blocks; b++) {
        campaign_order(c, b);
        for (size_t p = 0; p < c->tally.units; p++) {
            const struct tally_one *one = tally_at(&c->tally, b, c->order[p]);
            if (tally_is_run(&c->tally, c->order[p]) && (!one || !one->file))
                h->task[h->tasks++] = b * c->tally.units + p;
        }
    }
}

static struct slurm_array array_of(const struct handover *h)
{
    return (struct slurm_array){.folder_fd = h->campaign->folder.fd,
                                .folder = h->folder,
                                .plan = h->campaign->plan.name,
                                .tare = h->tare,
                                .options = &h->campaign->options->sbatch,
                                .task = h->task,
                                .tasks = h->tasks};
}

/* Reads the records. mend: sets broken ones aside, once no job is left. */
static int read_again(struct handover *h, bool mend, struct err *e)
{
    struct campaign *c = h->campaign;
    tally_free(&c->tally);
    c->tally.strangers = 0;
    return tally_read(&c->tally, mend, mend && c->options->retry, e);
}

/* --- what nodes cannot run --- */

#define NOTE_MAX 2000 /* bytes; a message has fewer */

static const char *note_name(const struct plan_cell *cell, char buf[NAME_MAX])
{
    text_format(buf, NAME_MAX, "not-run-%s", cell->id);
    return buf;
}

void handover_note_left_out(const struct campaign *c, size_t cell, const char *why)
{
    char name[NAME_MAX], path[PATH_MAX];
    struct err unnoted = {0};
    cleanup_close int fd = beneath_open(c->folder.fd, "slurm", O_RDONLY | O_DIRECTORY, 0);
    text_format(path, sizeof(path), "%s/slurm/%s", c->folder.path, note_name(&c->plan.cell[cell], name));
    if (fd >= 0 && file_replace_at(fd, name, path, why, strlen(why), &unnoted) != 0)
        terminal_say("matrix: %s", unnoted.text);
}

static bool has_record(const struct tally *t, size_t cell)
{
    for (size_t i = 0; i < t->blocks * t->units; i++)
        if (t->one[i].file && tally_cell(t, i % t->units) == cell)
            return true;
    return false;
}

/* Whoever writes to the folder writes the note. */
static void take_note(struct plan_cell *cell, int fd, const char *name)
{
    cleanup_text struct text why = {0};
    if (source_read(fd, name, false, NOTE_MAX, &why, NULL) != 0 || why.len == 0)
        return;
    cell->not_run = text_printable(why.data);
    terminal_say("matrix: cell '%s' is not run: %s (a node said so; --retry asks again)", cell->id, cell->not_run);
}

void handover_take_left_out(struct campaign *c, bool again)
{
    char name[NAME_MAX];
    cleanup_close int at = c->folder.fd < 0 ? open(c->folder.path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    const int folder = at >= 0 ? at : c->folder.fd;
    cleanup_close int fd = folder >= 0 ? beneath_open(folder, "slurm", O_RDONLY | O_DIRECTORY, 0) : -1;
    for (size_t i = 0; fd >= 0 && i < c->plan.cells; i++) {
        struct plan_cell *cell = &c->plan.cell[i];
        (void)note_name(cell, name);
        if (again)
            (void)unlinkat(fd, name, 0);
        else if (!cell->not_run && faccessat(fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 && !has_record(&c->tally, i))
            take_note(cell, fd, name);
    }
}

/* --- waiting --- */

/* Waits until no job is left. */
static int wait_for_jobs(struct handover *h, struct err *e)
{
    sigset_t ends;
    int64_t answered_ns = clock_now_ns();
    bool alive = *h->jobs.data != '\0';
    signals_of_end(&ends);
    (void)sigprocmask(SIG_BLOCK, &ends, NULL);
    unsigned polls = 0;
    while (alive && h->interrupted_by == 0) {
        cleanup_text struct text said = {0};
        int failed = slurm_jobs(h->jobs.data, &alive, &said, e);
        if (failed == 0)
            answered_ns = clock_now_ns();
        else if (clock_now_ns() - answered_ns > PATIENCE_S * NS_PER_S)
            return err_remedy(e, "the jobs %s may go on: the same command joins them", h->jobs.data);
        else
            alive = true;
        bool looks = h->meter.progress.show && polls++ % POLLS_A_LOOK == 0;
        TRY(looks ? read_again(h, false, e) : 0);
        campaign_meter_wait(&h->meter, (uint64_t)h->campaign->blocks, said.data ? said.data : "Slurm does not answer");
        const int signal = alive ? sigtimedwait(&ends, NULL, &(struct timespec){.tv_sec = POLL_S}) : 0;
        h->interrupted_by = signal > 0 ? signal : 0;
    }
    campaign_meter_clear(&h->meter);
    return 0;
}

/* The file of the job ids, by which a later tare joins the jobs of one that ended. */
static const char *jobs_path(const struct handover *h, char buf[PATH_MAX])
{
    text_format(buf, PATH_MAX, "%s/slurm/jobs", h->folder);
    return buf;
}

static void remember_jobs(const struct handover *h, struct err *e)
{
    char path[PATH_MAX];
    cleanup_close int fd = beneath_open(h->campaign->folder.fd, "slurm", O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        (void)err_code(e, ERR_USAGE, fd, "'%s/slurm'", h->folder);
    else
        (void)file_replace_at(fd, "jobs", jobs_path(h, path), h->jobs.data, h->jobs.len, e);
}

static int join_jobs(struct handover *h, struct err *e)
{
    char path[PATH_MAX];
    bool alive = false;
    cleanup_text struct text said = {0};
    text_free(&h->jobs);
    int failed = source_read(AT_FDCWD, jobs_path(h, path), false, JOBS_BYTES, &h->jobs, NULL);
    if (failed != 0 && failed != -ENOENT)
        return err_set(e, ERR_USAGE, failed, "'%s': %s", path, source_fault(failed));
    h->jobs.data[strcspn(h->jobs.data, "\n")] = '\0';
    TRY(slurm_jobs(h->jobs.data, &alive, &said, e));
    if (!alive)
        return 0;
    terminal_say("matrix: joining the jobs that are there: %s (%s)", h->jobs.data, said.data);
    return wait_for_jobs(h, e);
}

/* --- one round --- */

static int wait_for_records(struct handover *h, struct err *e)
{
    h->tasks = 1;
    for (int s = 0; h->tasks > 0 && s <= SETTLE_S; s++) {
        if (s > 0)
            (void)sleep(1);
        TRY(read_again(h, s == SETTLE_S, e));
        handover_take_left_out(h->campaign, false);
        list_missing(h);
    }
    return 0;
}

/* Submits the missing invocations of the wanted blocks and waits for them. */
static int run_round(struct handover *h, struct err *e)
{
    struct slurm_array array = array_of(h);
    text_free(&h->jobs);
    int failed = slurm_submit(&array, &h->jobs, e);
    if (h->jobs.len)
        remember_jobs(h, failed == 0 ? e : NULL);
    if (failed != 0)
        return failed;
    terminal_say("matrix: %zu invocations are Slurm's: %s", h->tasks, h->jobs.data);
    TRY(wait_for_jobs(h, e));
    if (h->interrupted_by)
        return 0;
    TRY(wait_for_records(h, e));
    if (h->tasks == 0)
        return 0;
    return err_set(e, ERR_WORKLOAD, -ENODATA,
                   "%zu invocations have no record: their jobs ended without one (%s/slurm/*.out say why; the same "
                   "command runs them again)",
                   h->tasks, h->campaign->folder.path);
}

static int run_rounds(struct handover *h, struct err *e)
{
    TRY(find_paths(h, e));
    TRY(join_jobs(h, e));
    if (!h->interrupted_by)
        TRY(read_again(h, true, e));
    while (!h->interrupted_by) {
        list_missing(h);
        if (h->tasks == 0 && !campaign_goes_on(h->campaign))
            break;
        if (h->tasks > 0)
            TRY(run_round(h, e));
    }
    return 0;
}

int handover_run(struct campaign *c, size_t *run, int *interrupted_by, struct err *e)
{
    struct handover h = {.campaign = c};
    size_t before = tally_done(&c->tally, c->tally.blocks);
    campaign_meter_open(&h.meter, &c->tally);
    int failed = run_rounds(&h, e);
    if (h.interrupted_by)
        terminal_say("matrix: the jobs %s go on: the same command joins them, scancel ends them", h.jobs.data);
    *interrupted_by = h.interrupted_by;
    *run = tally_done(&c->tally, c->tally.blocks) - before;
    text_free(&h.jobs);
    free(h.task);
    return failed;
}

int handover_script(struct campaign *c, struct text *out, struct err *e)
{
    struct handover h = {.campaign = c};
    TRY(find_paths(&h, e));
    list_missing(&h);
    if (h.tasks > 0) {
        struct slurm_array array = array_of(&h);
        text_add(out, "\n");
        slurm_script(&array, 0, out);
    }
    free(h.task);
    return 0;
}

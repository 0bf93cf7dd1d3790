#include "plan/campaign_meter.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"
#include "plan/estimate.h"
#include "plan/plan.h"
#include "plan/tally.h"

#define COLUMNS_DEFAULT 80

/* Cut to the terminal's width: a line that wraps is not taken away by the next one. */
static void print_line(const struct text *line)
{
    struct winsize size = {0};
    int columns = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : COLUMNS_DEFAULT;
    (void)fprintf(stderr, "\r\033[K%.*s", columns - 1, line->data);
}

static void add_head(const struct campaign_meter *m, uint64_t blocks, struct text *line)
{
    struct estimate left = estimate_left(m->tally, blocks);
    size_t all = (size_t)blocks * m->tally->units;
    text_add(line, "%zu of %zu done, left: ", all - left.left, all);
    estimate_say(&left, line);
    if (*m->last)
        text_add(line, ", last %s", m->last);
}

static void show(void *arg, uint64_t warmup_done, uint64_t iterations_done)
{
    const struct campaign_meter *m = arg;
    cleanup_text struct text line = {0};
    (void)warmup_done;
    text_add(&line, "block %" PRIu64 " of %" PRIu64 ", ", m->block, m->blocks);
    add_head(m, m->blocks, &line);
    text_add(&line, "; %s%s%s: %" PRIu64 " of %" PRId64 " iterations", m->running->id, m->label ? " " : "",
             m->label ? m->label : "", iterations_done, m->running->cell.iterations);
    print_line(&line);
}

void campaign_meter_open(struct campaign_meter *m, const struct tally *tally)
{
    *m = (struct campaign_meter){.tally = tally};
    if (isatty(STDERR_FILENO))
        m->progress.show = show;
}

const struct progress *campaign_meter_running(struct campaign_meter *m, const struct plan_cell *cell, const char *label,
                                              uint64_t block, uint64_t blocks)
{
    if (!m->progress.show)
        return NULL;
    m->running = cell;
    m->label = label;
    m->block = block;
    m->blocks = blocks;
    m->progress.arg = m;
    show(m, 0, 0);
    return &m->progress;
}

void campaign_meter_ended(struct campaign_meter *m, double figure)
{
    if (!m->progress.show || !m->running)
        return;
    if (!isfinite(figure))
        text_format(m->last, sizeof(m->last), "failed");
    else if (m->running->cell.profile == PROFILE_MEMORY)
        (void)text_bytes((uint64_t)figure, m->last, sizeof(m->last));
    else
        text_format(m->last, sizeof(m->last), "%.3f ms", figure * 1e3);
}

void campaign_meter_wait(struct campaign_meter *m, uint64_t blocks, const char *what)
{
    cleanup_text struct text line = {0};
    if (!m->progress.show)
        return;
    add_head(m, blocks, &line);
    text_add(&line, "; %s", what);
    print_line(&line);
}

void campaign_meter_clear(const struct campaign_meter *m)
{
    if (m->progress.show)
        (void)fputs("\r\033[K", stderr);
}

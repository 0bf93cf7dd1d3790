#include "plan/campaign_meter.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/terminal.h"
#include "base/text.h"
#include "plan/plan.h"
#include "plan/tally.h"

#define LINE_EVERY_S 10
#define CUT_NAME_LOW 12 /* characters of a cell's name that are still of use, with what goes before and behind */

/* The characters (ASCII) that a line has room for. */
static size_t room(void)
{
    return terminal_width(STDERR_FILENO) - 1;
}

/* Cuts the line to the room: the next line would not erase one that wraps. */
static void print_line(const struct text *line)
{
    (void)fprintf(stderr, "\r\033[K%.*s", (int)room(), line->data);
}

static void add_head(const struct campaign_meter *m, uint64_t blocks, struct text *line)
{
    struct estimate left = estimate_left(m->tally, blocks);
    size_t all = tally_wanted(m->tally, blocks);
    text_add(line, "%zu of %zu done, left: ", all - left.left, all);
    estimate_say(&left, line);
}

static void add_last(const struct campaign_meter *m, struct text *line)
{
    if (*m->last)
        text_add(line, ", last %s", m->last);
}

/* What moves stays: a cell's long name is cut, or left out. */
static void add_running(const struct campaign_meter *m, uint64_t iterations_done, struct text *line)
{
    cleanup_free char *name = text_printf("; %s%s%s", m->running->id, m->label ? " " : "", m->label ? m->label : "");
    cleanup_free char *done =
        text_printf(": %" PRIu64 " of %" PRId64 " iterations", iterations_done, m->running->cell.iterations);
    const size_t others = line->len + strlen(done), has = strlen(name);
    if (others + has <= room())
        text_add(line, "%s%s", name, done);
    else if (others + CUT_NAME_LOW <= room())
        text_add(line, "%.*s..%s", (int)(room() - others) - 2, name, done);
    else
        text_add(line, ";%s", done + 1);
}

static void add_where_it_fits(const struct text *part, struct text *line)
{
    if (part->data && line->len + part->len <= room())
        text_add(line, "%s", part->data);
}

static void show(void *arg, uint64_t warmup_done, uint64_t iterations_done)
{
    const struct campaign_meter *m = arg;
    cleanup_text struct text line = {0}, last = {0}, block = {0};
    (void)warmup_done;
    add_head(m, m->blocks, &line);
    add_running(m, iterations_done, &line);
    add_last(m, &last);
    add_where_it_fits(&last, &line);
    text_add(&block, "; block %" PRIu64 " of %" PRIu64, m->block, m->blocks);
    add_where_it_fits(&block, &line);
    print_line(&line);
}

void campaign_meter_open(struct campaign_meter *m, const struct tally *tally)
{
    *m = (struct campaign_meter){.tally = tally, .line_at_ns = clock_now_ns()};
    if (isatty(STDERR_FILENO) && !terminal_is_quiet())
        m->progress.show = show;
}

/* Without a terminal it writes a line now and then, for a log. */
static void log_line(struct campaign_meter *m)
{
    cleanup_text struct text line = {0};
    if (isatty(STDERR_FILENO) || terminal_is_quiet() || clock_now_ns() - m->line_at_ns < LINE_EVERY_S * NS_PER_S)
        return;
    m->line_at_ns = clock_now_ns();
    add_head(m, m->blocks, &line);
    add_last(m, &line);
    (void)fprintf(stderr, "%s\n", line.data);
}

const struct progress *campaign_meter_running(struct campaign_meter *m, const struct plan_cell *cell, const char *label,
                                              uint64_t block, uint64_t blocks)
{
    m->running = cell;
    m->label = label;
    m->block = block;
    m->blocks = blocks;
    if (!m->progress.show)
        return NULL;
    m->progress.arg = m;
    show(m, 0, 0);
    return &m->progress;
}

void campaign_meter_ended(struct campaign_meter *m, const struct tally_one *one)
{
    const double figure = one->figure;
    if (!m->running)
        return;
    if (one->failed || !isfinite(figure))
        text_format(m->last, sizeof(m->last), "%s", one->failed ? "failed" : "without a figure");
    else if (m->running->cell.profile == PROFILE_MEMORY)
        (void)text_bytes((uint64_t)figure, m->last, sizeof(m->last));
    else
        text_format(m->last, sizeof(m->last), "%.3f ms", figure * 1e3);
    log_line(m);
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

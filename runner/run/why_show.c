#include "run/why_show.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/terminal.h"

#define INDENT      7
#define SHOWN_SHARE 0.01 /* a cause of less is summed up in a line */
#define FEW_PYTHON  0.5  /* below this share of the samples Python's frames are not told well */

static double percent_of(int64_t part, int64_t whole)
{
    return whole > 0 ? 100.0 * (double)part / (double)whole : 0;
}

static void add_duration(double ns, struct text *out)
{
    if (ns < 1e3)
        text_add(out, "%.0f ns", ns);
    else if (ns < 1e6)
        text_add(out, "%.1f us", ns / 1e3);
    else if (ns < 1e9)
        text_add(out, "%.1f ms", ns / 1e6);
    else
        text_add(out, "%.2f s", ns / 1e9);
}

/* A line behind the column of shares, wrapped. */
static void add_line(const char *line, size_t width, struct text *out)
{
    text_add(out, "%*s", INDENT, "");
    terminal_wrap(line, INDENT, width, INDENT + 2, out);
}

static void add_where(const struct cause *c, size_t width, struct text *out)
{
    cleanup_text struct text line = {0};
    if (!c->function) {
        add_line("in: no Python function was seen on these stacks", width, out);
        return;
    }
    cleanup_free char *function = text_printable(c->function), *file = text_printable(c->file);
    text_add(&line, "in: %s (%s)", function, file);
    if (c->function_share < 0.95)
        text_add(&line, ", %.0f %% of it", 100 * c->function_share);
    add_line(line.data, width, out);
}

static void add_cost(const struct cause *c, size_t width, struct text *out)
{
    cleanup_text struct text line = {0};
    if (c->has_waits) {
        text_add(&line, "waits: %" PRIu64 ", p50 ", c->count);
        add_duration(c->wait_p50_ns, &line);
        text_add(&line, ", p95 ");
        add_duration(c->wait_p95_ns, &line);
    } else if (c->count > 0) {
        text_add(&line, "calls: %" PRIu64, c->count);
    }
    if (c->cpu_ns > 0)
        text_add(&line, "%s%.0f %% of it on a CPU", line.len ? "; " : "", percent_of(c->cpu_ns, c->lost_ns));
    if (line.len)
        add_line(line.data, width, out);
}

static void add_cause(const struct cause *c, size_t width, struct text *out)
{
    cleanup_text struct text line = {0};
    cleanup_free char *path = text_printable(c->path);
    text_add(out, "%4.0f %% ", 100 * c->share);
    terminal_wrap(c->title, INDENT, width, INDENT + 2, out);
    add_where(c, width, out);
    text_add(&line, "by: %s", path);
    add_line(line.data, width, out);
    add_cost(c, width, out);
    if (*c->remedy) {
        cleanup_text struct text remedy = {0};
        text_add(&remedy, "try: %s", c->remedy);
        add_line(remedy.data, width, out);
        add_line(c->source, width, out);
    }
}

static void add_causes(const struct causes *c, size_t width, struct text *out)
{
    double rest = 0;
    text_add(out, "\n  of what is lost:\n");
    for (size_t i = 0; i < c->count; i++)
        if (c->list[i].share >= SHOWN_SHARE)
            add_cause(&c->list[i], width, out);
        else
            rest += c->list[i].share;
    if (rest > 0)
        text_add(out, "%4.1f %% causes of less than 1 %% each\n", 100 * rest);
    text_add(out, "%4.1f %% not attributed", percent_of(c->unattributed_ns, c->lost_ns));
    if (c->unattributed_path && c->unattributed_ns > 0) {
        cleanup_free char *path = text_printable(c->unattributed_path);
        text_add(out, ", most of it by: %s", path);
    }
    text_add(out, "\n");
}

static void add_unnamed(const char *what, const char *why, size_t width, struct text *out)
{
    cleanup_text struct text line = {0};
    text_add(&line, "  %s: %s", what, why);
    terminal_wrap(line.data, 0, width, 4, out);
}

static void add_times(const struct causes *c, size_t width, struct text *out)
{
    if (!causes_saw_any(c))
        terminal_wrap(
            "  no event fell into the measured iterations: nothing is known (more iterations, or longer ones)", 0,
            width, 4, out);
    else if (c->thread_ns == 0)
        terminal_wrap("  in the measured iterations the threads only waited for each other, for a queue or a timer", 0,
                      width, 4, out);
    else
        text_add(out, "  of the threads' time: %.0f %% own work, %.0f %% lost, %.0f %% without a CPU\n",
                 percent_of(c->own_ns, c->thread_ns), percent_of(c->lost_ns, c->thread_ns),
                 percent_of(c->runnable_ns, c->thread_ns));
    if (causes_first(c))
        add_causes(c, width, out);
    else if (c->thread_ns > 0)
        text_add(out, "  no cause: none costs %.0f %% of the time that threads work or lose\n",
                 100 * CAUSE_NAMED_SHARE);
}

static void add_sight(const struct why *w, size_t width, struct text *out)
{
    cleanup_text struct text line = {0};
    for (size_t i = 0; i < w->probes; i++)
        if (*w->probe[i].missing)
            text_add(&line, "%s%s: %s", line.len ? "; " : "no probe on ", w->probe[i].symbol, w->probe[i].missing);
    if (line.len) {
        text_add(&line, " (stacks alone tell of it)");
        text_add(out, "  ");
        terminal_wrap(line.data, 2, width, 4, out);
    }
    if (w->lost > 0)
        text_add(out, "  %" PRIu64 " of %" PRIu64 " events were lost: shares are of those that were read\n", w->lost,
                 w->lost + w->events);
    if (w->no_kernel)
        add_unnamed("functions of the kernel have no names, so that waiting for the memory map is not told apart",
                    w->no_kernel, width, out);
    if (w->no_python)
        add_unnamed("functions of Python have no names", w->no_python, width, out);
    else if (isfinite(w->causes.python_share) && w->causes.python_share < FEW_PYTHON)
        terminal_wrap("  Python functions are on few of the stacks: the interpreter was built without frame pointers, "
                      "and causes are named by the innermost function alone (scripts/build-python --config diag)",
                      0, width, 4, out);
}

void why_text(const struct why *w, size_t width, struct text *out)
{
    const struct causes *c = &w->causes;
    text_add(out, "\n=== why ===\n");
    text_add(out, "diagnostic run: %" PRId64 " iterations", w->iterations);
    if (isfinite(w->slowdown))
        text_add(out, ", %.2f times as long each as the timed ones", w->slowdown);
    text_add(out, "; no figure above is of it\n");
    add_times(c, width, out);
    add_sight(w, width, out);
}

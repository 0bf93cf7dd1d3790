#include "report/why_show.h"

#include <inttypes.h>
#include <math.h>

#include "base/cleanup.h"
#include "base/terminal.h"

#define INDENT      7    /* behind the column of shares */
#define SHOWN_SHARE 0.01 /* a cause of less is summed up in a line */
#define FEW_PYTHON  0.5  /* below this share of the samples Python's frames are not told well */

double why_percent(int64_t part, int64_t whole)
{
    return whole > 0 ? 100 * (double)part / (double)whole : 0;
}

void why_say_duration(double ns, struct text *out)
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

void why_say_where(const struct cause *c, struct text *out)
{
    if (!c->function) {
        text_add(out, "no Python function was seen on these stacks");
        return;
    }
    cleanup_free char *function = text_printable(c->function), *file = text_printable(c->file);
    text_add(out, "%s (%s", function, file);
    if (c->line > 0)
        text_add(out, ":%" PRId64, c->line);
    text_add(out, ")");
    if (c->function_share < 0.95)
        text_add(out, ", %.0f %% of it", 100 * c->function_share);
}

static void add_cost(const struct cause *c, size_t width, struct text *out)
{
    cleanup_text struct text line = {0};
    if (c->has_waits) {
        text_add(&line, "waits: %" PRIu64 ", p50 ", c->count);
        why_say_duration(c->wait_p50_ns, &line);
        text_add(&line, ", p95 ");
        why_say_duration(c->wait_p95_ns, &line);
    } else if (c->count > 0) {
        text_add(&line, "calls: %" PRIu64, c->count);
    }
    if (c->cpu_ns > 0)
        text_add(&line, "%s%.0f %% of it on a CPU", line.len ? "; " : "", why_percent(c->cpu_ns, c->lost_ns));
    if (line.len)
        terminal_add_line(out, width, INDENT, "%s", line.data);
}

static void add_cause(const struct cause *c, size_t width, struct text *out)
{
    cleanup_text struct text where = {0};
    cleanup_free char *path = text_printable(c->path);
    text_add(out, "%4.0f %% ", 100 * c->share);
    terminal_wrap(c->title, INDENT, width, INDENT + 2, out);
    why_say_where(c, &where);
    terminal_add_line(out, width, INDENT, "in: %s", where.data);
    terminal_add_line(out, width, INDENT, "by: %s", path);
    add_cost(c, width, out);
    if (*c->remedy) {
        terminal_add_line(out, width, INDENT, "try: %s", c->remedy);
        terminal_add_line(out, width, INDENT, "%s", c->source);
    }
}

static void add_causes(const struct causes *c, size_t width, struct text *out)
{
    double rest = 0;
    cleanup_text struct text left = {0};
    text_add(out, "\n  of what is lost:\n");
    for (size_t i = 0; i < c->count; i++)
        if (c->list[i].share >= SHOWN_SHARE)
            add_cause(&c->list[i], width, out);
        else
            rest += c->list[i].share;
    if (rest > 0)
        text_add(out, "%4.1f %% causes of less than 1 %% each\n", 100 * rest);
    text_add(&left, "not attributed");
    if (c->unattributed_path && c->unattributed_ns > 0) {
        cleanup_free char *path = text_printable(c->unattributed_path);
        text_add(&left, ", most of it by: %s", path);
    }
    text_add(out, "%4.1f %% ", why_percent(c->unattributed_ns, c->lost_ns));
    terminal_wrap(left.data, INDENT, width, INDENT + 2, out);
}

void why_say_times(const struct why *w, struct text *out)
{
    const struct causes *c = &w->causes;
    if (!causes_saw_any(c))
        text_add(out,
                 "no event fell into the measured iterations: nothing is known (more iterations, or longer ones)\n");
    else if (c->thread_ns == 0)
        text_add(out, "in the measured iterations the threads only waited for each other, for a queue or a timer\n");
    else
        text_add(out, "of the threads' time: %.0f %% own work, %.0f %% lost, %.0f %% without a CPU\n",
                 why_percent(c->own_ns, c->thread_ns), why_percent(c->lost_ns, c->thread_ns),
                 why_percent(c->runnable_ns, c->thread_ns));
    if (c->thread_ns == 0 || causes_first(c))
        return;
    text_add(out, "no cause: none that is known costs %.0f %% of the time that threads work or lose",
             100 * CAUSE_NAMED_SHARE);
    if (c->unattributed_path && (double)c->unattributed_ns > CAUSE_NAMED_SHARE * (double)c->thread_ns) {
        cleanup_free char *path = text_printable(c->unattributed_path);
        text_add(out, "; %.0f %% of what is lost is not attributed, most of it by: %s",
                 why_percent(c->unattributed_ns, c->lost_ns), path);
    }
    text_add(out, "\n");
}

void why_say_sight(const struct why *w, struct text *out)
{
    size_t missing = 0;
    for (size_t i = 0; i < w->probes; i++)
        if (*w->probe[i].missing)
            text_add(out, "%s%s: %s", missing++ ? "; " : "no probe on ", w->probe[i].symbol, w->probe[i].missing);
    if (missing)
        text_add(out, " (stacks alone tell of it)\n");
    if (w->lost > 0)
        text_add(out, "%" PRIu64 " of %" PRIu64 " events were lost: shares are of those that were read\n", w->lost,
                 w->lost + w->events);
    if (w->no_atomic.len)
        text_add(out, "shared reference counts that are changed at once are not told from own work: %s\n",
                 w->no_atomic.data);
    if (w->no_kernel)
        text_add(out,
                 "functions of the kernel have no names, so that waiting for the memory map is not told apart: %s\n",
                 w->no_kernel);
    if (w->no_python)
        text_add(out, "functions of Python have no names: %s\n", w->no_python);
    else if (isfinite(w->causes.python_share) && w->causes.python_share < FEW_PYTHON)
        text_add(out,
                 "Python functions are on few of the stacks: the interpreter was built without frame pointers, and "
                 "causes are named by the innermost function alone (scripts/build-python --config diag)\n");
}

void why_say_run(const struct why *w, struct text *out)
{
    text_add(out, "diagnostic run: %" PRId64 " iterations of %" PRId64 " worker%s", w->iterations, w->workers,
             w->workers == 1 ? "" : "s");
    if (w->interpreter.len)
        text_add(out, ", in the same Python built with frame pointers");
    if (isfinite(w->slowdown))
        text_add(out, ", %.2f times as long each as the timed ones", w->slowdown);
    text_add(out, "; no figure of the timed runs is of it\n");
}

/* Behind two blanks. */
static void add_said(void (*say)(const struct why *, struct text *), const struct why *w, size_t width,
                     struct text *out)
{
    cleanup_text struct text said = {0};
    say(w, &said);
    for (char *rest = said.data, *line; (line = text_line(&rest));)
        terminal_add_line(out, width, 2, "%s", line);
}

void why_text(const struct why *w, size_t width, struct text *out)
{
    cleanup_text struct text head = {0};
    text_add(out, "\n=== why ===\n");
    why_say_run(w, &head);
    terminal_wrap_lines(head.data, width, 2, out);
    add_said(why_say_times, w, width, out);
    if (causes_first(&w->causes))
        add_causes(&w->causes, width, out);
    add_said(why_say_sight, w, width, out);
}

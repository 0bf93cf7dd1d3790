/* The interpreters of this host as text. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cell/runtime.h"

#define SHOWN_OF_A_REASON 4 /* without --verbose */

/* A path has its own line, whole, for copying. */
static void add_able(const struct runtime *r, struct text *out)
{
    const struct fact *compiler = facts_find(&r->build, "compiler"), *features = facts_find(&r->build, "features");
    text_add(out, "%-5s  CPython %s, GIL %s, %s, %s\n    %s\n", r->name, r->version,
             !r->free_threaded ? "built in"
             : r->gil_enabled  ? "on"
                               : "off",
             features ? features->text : "unknown build",
             compiler && compiler->kind == FACT_TEXT ? compiler->text : "compiler unknown", r->path);
}

static bool has_reason_of(const struct runtime_seen *one, const struct runtime_seen *other)
{
    return *one->why_not && strcmp(one->why_not, other->why_not) == 0;
}

/* Adds the reason of seen[first], and all that have it. */
static void add_reason(const struct runtime_seen *seen, size_t first, size_t count, const struct terminal_look *look,
                       struct text *out)
{
    size_t n = 0;
    cleanup_free char *why = text_printf("  %s:\n", seen[first].why_not);
    terminal_wrap_lines(why, look->width, 2, out);
    for (size_t i = first; i < count; i++) {
        if (!has_reason_of(&seen[i], &seen[first]) || (++n > SHOWN_OF_A_REASON && !look->verbose))
            continue;
        text_add(out, "    ");
        if (*seen[i].runtime.version)
            text_add(out, "%-8s ", seen[i].runtime.version);
        text_add(out, "%s\n", seen[i].runtime.path);
    }
    if (n > SHOWN_OF_A_REASON && !look->verbose)
        text_add(out, "    and %zu more (-v lists all)\n", n - SHOWN_OF_A_REASON);
}

void runtime_list_text(const struct runtime_seen *seen, size_t count, const struct terminal_look *look,
                       struct text *out)
{
    bool any = false;
    for (size_t i = 0; i < count; i++)
        if (!*seen[i].why_not)
            add_able(&seen[i].runtime, out);
    if (out->len > 0) {
        text_add(out, "\n");
        terminal_wrap("To weigh a venv's packages make it with one of them, PATH -m venv .venv, and name its "
                      "interpreter: --runtime .venv/bin/python (of bench --python).",
                      0, look->width, 0, out);
    }
    for (size_t i = 0; i < count; i++) {
        size_t before = 0;
        while (before < i && !has_reason_of(&seen[before], &seen[i]))
            before++;
        if (!*seen[i].why_not || before < i)
            continue;
        text_add(out, "%s", any ? "" : "\nThese cannot be weighed:\n");
        any = true;
        add_reason(seen, i, count, look, out);
    }
}

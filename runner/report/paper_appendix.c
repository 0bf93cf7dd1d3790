/* appendix.tex: what artefact committees ask for: how to get it, what it claims, which experiment shows it and what
 * that took, measured. */
#include <math.h>
#include <string.h>

#include "report/paper_parts.h"
#include "report/tex.h"

static const char *plan_of(const struct study *s)
{
    for (size_t i = 0; i < s->records.count; i++)
        if (*s->records.list[i].details.plan)
            return s->records.list[i].details.plan;
    return NULL;
}

static void add_item(struct text *out, const char *name, const char *value)
{
    text_add(out, "  \\item[%s] ", name);
    tex_text(out, value);
    text_add(out, "\n");
}

static const char *environment(const struct study *s, const char *key)
{
    const char *value = s->records.count ? pairs_find(s->records.list[0].environment, key) : NULL;
    return value ? value : "not told";
}

/* What all of it took; NaN where a record does not tell. */
struct effort {
    double minutes, memory_mib, disk_mib;
};

static struct effort effort_of(const struct table *experiments)
{
    struct effort sum = {0, NAN, 0};
    size_t minutes = 0, memory = 0, disk = 0;
    for (size_t i = 0; i < experiments->columns; i++) {
        minutes = strcmp(experiments->column[i].key, "elapsed_min") == 0 ? i : minutes;
        memory = strcmp(experiments->column[i].key, "memory_mib") == 0 ? i : memory;
        disk = strcmp(experiments->column[i].key, "records_mib") == 0 ? i : disk;
    }
    for (size_t row = 0; row < experiments->rows; row++) {
        sum.minutes += table_at(experiments, row, minutes)->value;
        sum.memory_mib = fmax(sum.memory_mib, table_at(experiments, row, memory)->value); /* fmax leaves NaN out */
        sum.disk_mib += table_at(experiments, row, disk)->value;
    }
    return sum;
}

static void add_amount(struct text *out, const char *name, double value, const char *unit, const char *what)
{
    text_add(out, "  \\item[%s] ", name);
    if (isfinite(value))
        text_add(out, "%.*f~%s %s\n", value < 10 ? 1 : 0, value, unit, what);
    else
        text_add(out, "not measured: the records do not tell\n");
}

static void add_checklist(struct text *out, const struct study *s, const struct tables *t)
{
    struct effort effort = effort_of(&t->of[TABLES_EXPERIMENTS]);
    cleanup_text struct text line = {0};
    text_add(out, "\\subsection*{Check-list}\n\\begin{description}\n");
    text_add(&line, "tare %s (%s), which makes, runs and verifies all of it", environment(s, "tool.version"),
             environment(s, "tool.commit"));
    add_item(out, "Program", line.data);
    add_item(out, "Hardware", environment(s, "host.cpu_model"));
    line.len = 0;
    text_add(&line, "%s, Linux %s, cgroup v2", environment(s, "host.os"), environment(s, "host.kernel_release"));
    add_item(out, "Run-time environment", line.data);
    add_item(out, "Metrics", "time of an iteration; PSS, USS, RSS and memory.stat of the slice");
    add_item(out, "Output", "a record an invocation (JSON); this appendix, tables and figures are made of those alone");
    add_amount(out, "Time to run the experiments", effort.minutes, "minutes", "of machine time, as measured here");
    add_amount(out, "Memory", effort.memory_mib, "MiB", "at the most in any slice, as measured here");
    add_amount(out, "Disk", effort.disk_mib, "MiB", "of records");
    text_add(out, "\\end{description}\n\n");
}

static void add_claims(struct text *out, const struct paper_options *o)
{
    text_add(out, "\\subsection*{Claims}\n");
    if (o->claims == 0) {
        text_add(out, o->judged ? "No claim was declared.\n\n"
                                : "Claims are judged where records and claims are packed together (tare pack).\n\n");
        return;
    }
    text_add(out, "\\begin{description}\n");
    for (size_t i = 0; i < o->claims; i++) {
        const struct paper_claim *c = &o->claim[i];
        text_add(out, "  \\item[(");
        tex_text(out, c->id);
        text_add(out, ")] ");
        tex_text(out, c->text);
        text_add(out, ". Expected: ");
        tex_text(out, c->expected);
        text_add(out, ". Found here: ");
        tex_text(out, c->found);
        text_add(out, ". Verdict: ");
        tex_text(out, c->verdict);
        text_add(out, ".\n");
    }
    text_add(out, "\\end{description}\n\n");
}

static void add_experiments(struct text *out, const struct tables *t)
{
    text_add(out,
             "\\subsection*{Experiments}\n"
             "Each is a cell of the plan: so many invocations, each in a slice of its own. Nothing has to be done by "
             "hand while they run.\n\n\\noindent\n");
    tex_table(&t->of[TABLES_EXPERIMENTS], out);
    text_add(out, "\n");
}

static void add_workflow(struct text *out)
{
    text_add(
        out,
        "\\subsection*{Workflow}\n\\begin{enumerate}\n"
        "  \\item \\texttt{tare verify BUNDLE} checks that the bundle is whole and that every table, macro and figure\n"
        "    here follows from its records: offline, in seconds.\n"
        "  \\item \\texttt{tare reproduce BUNDLE --smoke} runs a short subset on the machine at hand,\n"
        "    \\texttt{tare reproduce BUNDLE} all of the plan.\n"
        "  \\item Each claim then has a verdict with both intervals: supported, contradicted, inconclusive or not "
        "run.\n"
        "\\end{enumerate}\n");
}

void paper_appendix(const struct study *s, const struct tables *t, const struct paper_options *o, struct text *out)
{
    const char *title = o->title ? o->title : plan_of(s);
    paper_head(s, "Artefact appendix", out);
    text_add(out, "\\section*{Artefact Appendix%s", title ? ": " : "");
    tex_text(out, title ? title : "");
    text_add(
        out,
        "}\n\\subsection*{Abstract}\n"
        "%zu record%s of %zu cell%s, each record an invocation with its raw samples. All figures of the paper that "
        "come from them are derived by the program below; none was copied by hand.\n\n",
        s->records.count, s->records.count == 1 ? "" : "s", s->cells, s->cells == 1 ? "" : "s");
    add_checklist(out, s, t);
    add_claims(out, o);
    add_experiments(out, t);
    add_workflow(out);
}

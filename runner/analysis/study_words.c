/* The answer in words. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/number.h"
#include "analysis/study.h"
#include "analysis/words.h"
#include "base/text.h"

/* "107 ms (95% interval 17 to 198)" */
static void say_value(const struct study *s, const struct study_figure *f, const char *name, struct text *out)
{
    struct study_unit u = study_unit(s, name);
    char at[64], low[64], high[64];
    int d = number_decimals(&f->is.mean, u.scale);
    text_add(out, "%s %s", number_text(f->is.mean.at * u.scale, d, at, sizeof(at)), u.unit);
    if (!f->is.mean.why_not)
        text_add(out, " (95%% interval %s to %s)", number_text(f->is.mean.low * u.scale, d, low, sizeof(low)),
                 number_text(f->is.mean.high * u.scale, d, high, sizeof(high)));
}

/* "threads, 3.14t, workers 8" as "threads (3.14t, workers 8)" */
static void say_label(const struct study_cell *c, struct text *out)
{
    size_t mode = strcspn(c->label, ",");
    if (c->label[mode])
        text_add(out, "%.*s (%s)", (int)mode, c->label, c->label + mode + 2);
    else
        text_add(out, "%s", c->label);
}

static void say_ratio(const struct study *s, const struct study_cell *c, const char *name, const struct study_figure *f,
                      struct text *out)
{
    char buf[WORDS_MAX_VERDICT];
    const struct stats_interval *ratio = &f->verdict.ratio;
    if (c->base == c)
        text_add(out, " (baseline)");
    else if (isnan(ratio->at))
        text_add(out, "; no ratio to threads: %s", ratio->why_not);
    if (c->base == c || isnan(ratio->at))
        return;
    text_add(out, "; against ");
    say_label(c->base, out);
    if (ratio->why_not)
        text_add(out, ": %s times, without an interval: %s",
                 number_text(ratio->at, number_decimals(ratio, 1), buf, sizeof(buf)), ratio->why_not);
    else
        text_add(out, ": %s", study_verdict(s, c, (size_t)records_figure(&s->records, name), buf));
}

static void say_cell(const struct study *s, const struct study_cell *c, struct text *out)
{
    const char *name = study_is_memory(c) ? "pss_bytes" : "avg_iter_s";
    const struct study_figure *f = study_figure(s, c, name);
    say_label(c, out);
    text_add(out, ": ");
    if (!f || f->used == 0) {
        text_add(out, "no %s, since %s\n", study_is_memory(c) ? "PSS" : "time",
                 f && f->why_not ? f->why_not : "no record has one");
        return;
    }
    text_add(out, "%s ", study_is_memory(c) ? "a PSS of" : "an iteration takes");
    say_value(s, f, name, out);
    say_ratio(s, c, name, f, out);
    text_add(out, "%s\n", !study_is_memory(c) && c->emulated ? "; the time is emulated and no measure" : "");
}

char *study_answer(const struct study *s, bool memory)
{
    struct text out = {0};
    text_add(&out, "%s", "");
    for (size_t i = 0; i < s->cells; i++)
        if (study_is_memory(&s->cell[i]) == memory)
            say_cell(s, &s->cell[i], &out);
    return out.data;
}

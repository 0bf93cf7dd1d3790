/* The answer in words. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "study/study.h"

/* "107 ms (95% interval 17 to 198)" */
static void say_value(const struct study_figure *f, const char *name, struct text *out)
{
    struct study_unit u = study_unit(name);
    char at[64], low[64], high[64];
    int d = study_decimals(&f->mean, u.scale);
    text_add(out, "%s %s", study_number(f->mean.at * u.scale, d, at, sizeof(at)), u.unit);
    if (!f->mean.why_not)
        text_add(out, " (95%% interval %s to %s)", study_number(f->mean.low * u.scale, d, low, sizeof(low)),
                 study_number(f->mean.high * u.scale, d, high, sizeof(high)));
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

static void say_ratio(const struct study_cell *c, const struct study_figure *f, struct text *out)
{
    char at[64], low[64], high[64];
    int d = study_decimals(&f->ratio, 1);
    if (c->base == c)
        text_add(out, "; it is what the others are compared with");
    else if (isnan(f->ratio.at))
        text_add(out, "; no ratio to threads: %s", f->ratio.why_not);
    if (c->base == c || isnan(f->ratio.at))
        return;
    text_add(out, ", %s times as much as ", study_number(f->ratio.at, d, at, sizeof(at)));
    say_label(c->base, out);
    if (f->ratio.why_not)
        text_add(out, ", without an interval: %s", f->ratio.why_not);
    else
        text_add(out, ": from %s to %s at 95%%%s", study_number(f->ratio.low, d, low, sizeof(low)),
                 study_number(f->ratio.high, d, high, sizeof(high)),
                 f->finding && strcmp(f->finding, "different") != 0 ? ", which shows no difference" : "");
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
    say_value(f, name, out);
    say_ratio(c, f, out);
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

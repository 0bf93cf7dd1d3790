/* The conditions of --fail-if: parsed, and looked for in a comparison. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "analysis/compare.h"
#include "analysis/number.h"
#include "analysis/study.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/share.h"

static const struct {
    const char *name;
    enum compare_condition_kind kind;
    bool takes_share;
} CONDITIONS[] = {
    {"slower", CONDITION_SLOWER, true},
    {"faster", CONDITION_FASTER, true},
    {"memory", CONDITION_MEMORY, true},
    {"different", CONDITION_DIFFERENT, false},
    {"not-same", CONDITION_NOT_SAME, false},
    {"unclear", CONDITION_UNCLEAR, false},
    {"not-reproduced", CONDITION_NOT_SAME, false}, /* what it was called before */
    {"inconclusive", CONDITION_UNCLEAR, false},
};

int compare_condition(const char *text, struct compare_condition *ret, struct err *e)
{
    size_t len = strcspn(text, ":");
    for (size_t i = 0; i < ARRAY_LEN(CONDITIONS); i++) {
        if (strlen(CONDITIONS[i].name) != len || strncmp(CONDITIONS[i].name, text, len) != 0)
            continue;
        *ret = (struct compare_condition){text, CONDITIONS[i].kind, 0};
        if (CONDITIONS[i].takes_share != (text[len] == ':'))
            break;
        if (!CONDITIONS[i].takes_share || share_parse(text + len + 1, 0, 100, &ret->share) == 0)
            return 0;
    }
    return err_set(
        e, ERR_USAGE, -EINVAL,
        "--fail-if '%s': what is allowed is slower:SHARE, faster:SHARE, memory:SHARE (a share as 5%% or 0.05), "
        "different, not-same or unclear",
        text);
}

enum outcome { PASSES, HOLDS, UNCLEAR };

static bool concerns(const struct compare_condition *c, const struct compare_row *row)
{
    if (c->kind == CONDITION_MEMORY)
        return row->about.kind == FIGURE_MEMORY;
    if (c->kind == CONDITION_SLOWER || c->kind == CONDITION_FASTER)
        return (row->about.kind == FIGURE_TIME || row->about.kind == FIGURE_RATE) && row->about.better != BETTER_NONE;
    return true;
}

/* Whether B's figure is beyond the share in the direction that the condition speaks of: the greater of a factor above
 * 1, whatever the figure. */
static enum outcome beyond(const struct compare_condition *c, const struct compare_row *row)
{
    const struct stats_interval *r = &row->verdict.ratio;
    bool up = (c->kind == CONDITION_FASTER) == (row->about.better == BETTER_MORE);
    double at = up ? r->at : 1 / r->at, farthest = up ? r->high : 1 / r->low;
    if (c->kind == CONDITION_MEMORY) {
        at = r->at;
        farthest = r->high;
    }
    if (row->ratio.zero_side) {
        bool is_greater = row->verdict.word == ANALYSIS_GREATER;
        return is_greater == (up || c->kind == CONDITION_MEMORY) ? HOLDS : PASSES;
    }
    if (row->verdict.differs && at > 1 + c->share)
        return HOLDS;
    return farthest <= 1 + c->share ? PASSES : UNCLEAR;
}

static enum outcome outcome_of(const struct compare_condition *c, const struct compare_row *row)
{
    const struct analysis_verdict *v = &row->verdict;
    switch (c->kind) {
    case CONDITION_DIFFERENT:
        return v->differs ? HOLDS : v->word == ANALYSIS_SAME ? PASSES : UNCLEAR;
    case CONDITION_NOT_SAME:
        return v->is_outside ? HOLDS : v->word == ANALYSIS_UNCLEAR ? UNCLEAR : PASSES;
    case CONDITION_UNCLEAR:
        return v->word == ANALYSIS_UNCLEAR ? HOLDS : PASSES;
    default:
        return beyond(c, row);
    }
}

/* "slower:2%: cannot tell: CELL avg_iter_s: B/A is 1.03 [0.99, 1.07]; about 40 invocations a side would do" */
static void say(const struct compare_condition *c, const struct compare_row *row, enum outcome outcome,
                struct text *out)
{
    const struct stats_interval *r = &row->verdict.ratio;
    const char *unit = row->ratio.method == ANALYSIS_NODES ? "nodes" : "invocations a side";
    const int decimals = number_decimals(r, 1);
    char at[64], low[64], high[64];
    text_add(out, "%s: %s%s %s: ", c->text, outcome == UNCLEAR ? "cannot tell: " : "", row->label, row->figure);
    if (row->ratio.zero_side)
        text_add(out, "%s", row->verdict.why);
    else
        text_add(out, "B/A is %s [%s, %s]", number_text(r->at, decimals, at, sizeof(at)),
                 number_text(r->low, decimals, low, sizeof(low)), number_text(r->high, decimals, high, sizeof(high)));
    if (outcome == UNCLEAR && row->verdict.why)
        text_add(out, "; %s", row->verdict.why);
    if (outcome == UNCLEAR && row->verdict.is_noise)
        text_add(out, "; without this host's noise (A/A) the interval would tell");
    else if (outcome == UNCLEAR && row->verdict.runs > row->ratio.a_used)
        text_add(out, "; about %zu %s would do", row->verdict.runs, unit);
    text_add(out, "\n");
}

/* One condition over all rows. */
struct gate {
    bool holds, is_unclear;
};

static struct gate look(const struct compare_condition *condition, const struct comparison *c, struct text *held,
                        struct text *unclear)
{
    struct gate g = {false, false};
    for (size_t i = 0; i < c->rows; i++) {
        const struct compare_row *row = &c->row[i];
        if (!concerns(condition, row))
            continue;
        bool unknown = row->verdict.word == ANALYSIS_UNKNOWN;
        enum outcome outcome = unknown ? HOLDS : outcome_of(condition, row);
        g.holds |= outcome == HOLDS;
        g.is_unclear |= outcome == UNCLEAR;
        if (unknown)
            text_add(held, "%s: cannot be judged: %s %s: %s\n", condition->text, row->label, row->figure,
                     row->verdict.why);
        else if (outcome != PASSES)
            say(condition, row, outcome, outcome == HOLDS ? held : unclear);
    }
    return g;
}

int compare_conditions_check(const struct compare_condition *condition, size_t count, const struct comparison *c,
                             struct err *e)
{
    for (size_t i = 0; i < count; i++) {
        bool is_of_memory = condition[i].kind == CONDITION_MEMORY, concerned = false;
        for (size_t k = 0; k < c->rows; k++)
            concerned |= concerns(&condition[i], &c->row[k]);
        if (!concerned)
            return err_set(e, ERR_USAGE, -EINVAL,
                           "--fail-if '%s': of what is compared nothing is %s: name a figure that is (--figure %s)%s",
                           condition[i].text, is_of_memory ? "memory" : "a time or a rate, of which one is better",
                           is_of_memory ? "pss_bytes" : "avg_iter_s",
                           is_of_memory ? ", or weigh memory (--profile memory)"
                                        : ", or use 'different' or 'not-same'");
    }
    return 0;
}

bool compare_conditions_hold(const struct compare_condition *condition, size_t count, const struct comparison *c,
                             struct text *held, struct text *unclear)
{
    bool holds = false, is_unclear = false;
    for (size_t i = 0; i < count; i++) {
        if (condition[i].kind == CONDITION_UNCLEAR && count > 1)
            continue;
        struct gate g = look(&condition[i], c, held, unclear);
        holds |= g.holds;
        is_unclear |= g.is_unclear;
    }
    for (size_t i = 0; count > 1 && is_unclear && i < count; i++)
        if (condition[i].kind == CONDITION_UNCLEAR) {
            text_add(held, "%s: another condition cannot tell\n", condition[i].text);
            return true;
        }
    return holds;
}

/* The conditions of --fail-if: parsed, and looked for in a comparison. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "compare/compare.h"
#include "report/share.h"

static const struct {
    const char *name;
    bool takes_share;
} CONDITIONS[] = {
    [CONDITION_SLOWER] = {"slower", true},
    [CONDITION_FASTER] = {"faster", true},
    [CONDITION_MEMORY] = {"memory", true},
    [CONDITION_DIFFERENT] = {"different", false},
    [CONDITION_NOT_REPRODUCED] = {"not-reproduced", false},
    [CONDITION_INCONCLUSIVE] = {"inconclusive", false},
};

int compare_condition(const char *text, struct compare_condition *ret, struct err *e)
{
    size_t len = strcspn(text, ":");
    for (size_t i = 0; i < ARRAY_LEN(CONDITIONS); i++) {
        if (strlen(CONDITIONS[i].name) != len || strncmp(CONDITIONS[i].name, text, len) != 0)
            continue;
        *ret = (struct compare_condition){text, (enum compare_condition_kind)i, 0};
        if (CONDITIONS[i].takes_share != (text[len] == ':'))
            break;
        if (!CONDITIONS[i].takes_share || share_parse(text + len + 1, 0, 100, &ret->share) == 0)
            return 0;
    }
    return err_set(
        e, ERR_USAGE, -EINVAL,
        "--fail-if '%s': what is allowed is slower:SHARE, faster:SHARE, memory:SHARE (a share as 5%% or 0.05), "
        "different, not-reproduced or inconclusive",
        text);
}

/* How much worse B is, as a factor above 1: more bytes, more time, less of a rate. */
static double worse_by(const struct compare_row *row)
{
    return row->more_is_less ? 1 / row->ratio95.at : row->ratio95.at;
}

static bool concerns(const struct compare_condition *c, const struct compare_row *row)
{
    if (c->kind == CONDITION_MEMORY)
        return compare_is_bytes(row->figure);
    return (c->kind != CONDITION_SLOWER && c->kind != CONDITION_FASTER) || !compare_is_bytes(row->figure);
}

static bool holds(const struct compare_condition *c, const struct compare_row *row)
{
    bool shown = row->finding == COMPARE_DIFFERENT;
    switch (c->kind) {
    case CONDITION_SLOWER:
    case CONDITION_MEMORY:
        return shown && worse_by(row) > 1 + c->share;
    case CONDITION_FASTER:
        return shown && 1 / worse_by(row) > 1 + c->share;
    case CONDITION_DIFFERENT:
        return shown;
    case CONDITION_NOT_REPRODUCED:
        return row->equivalence == STATS_NOT_REPRODUCED;
    case CONDITION_INCONCLUSIVE:
        return row->equivalence == STATS_INCONCLUSIVE;
    }
    return false;
}

bool compare_condition_holds(const struct compare_condition *condition, const struct comparison *c, struct text *why)
{
    bool any = false, concerned = false;
    for (size_t i = 0; i < c->rows; i++) {
        const struct compare_row *row = &c->row[i];
        const struct stats_interval *r = &row->ratio95;
        if (!concerns(condition, row))
            continue;
        concerned = true;
        if (r->why_not)
            text_add(why, "%s: cannot be judged: %s %s: %s\n", condition->text, row->label, row->figure, r->why_not);
        else if (holds(condition, row))
            text_add(why, "%s: %s %s: B/A is %.4f [%.4f, %.4f]\n", condition->text, row->label, row->figure, r->at,
                     r->low, r->high);
        else
            continue;
        any = true;
    }
    if (!concerned)
        text_add(why, "%s: cannot be judged: no figure of that kind was compared\n", condition->text);
    return any || !concerned;
}

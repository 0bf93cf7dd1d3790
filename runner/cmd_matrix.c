#include <errno.h>
#include <stdio.h>

#include "base/command.h"
#include "base/err.h"
#include "base/text.h"
#include "cell/config.h"
#include "plan/campaign.h"
#include "plan/plans.h"

static int print_help(struct err *e)
{
    cleanup_text struct text head = {0};
    text_add(
        &head,
        "tare matrix PLAN [OPTION]...\n"
        "Runs the plan's cells in blocks of one invocation each, shuffled, each in a fresh slice, writes a record of\n"
        "each into the plan's folder and prints one table. What is in the folder already is not run again; a folder\n"
        "in place of PLAN goes on with its own. Options of cells hold for every cell, and go before the plan's.\n\n"
        "PLAN is a file (its schema: tare.plan/1) or one of these:\n\n");
    TRY(plans_list(&head, e));
    text_add(&head, "\n");
    return config_print_help(CONFIG_MATRIX, NULL, head.data);
}

static int list_plans(struct err *e)
{
    cleanup_text struct text plans = {0};
    TRY(plans_list(&plans, e));
    (void)fputs(plans.data, stdout);
    return 0;
}

int cmd_matrix(int argc, char **argv, struct err *e)
{
    struct config c;
    TRY(config_parse(CONFIG_MATRIX, argc, argv, &c, e));
    if (c.help)
        return print_help(e);
    if (c.positional && !*c.positional)
        return err_set(e, ERR_USAGE, -EINVAL, "the plan's name is empty ('tare matrix' lists those that there are)");
    return c.positional ? campaign_run(&c, e) : list_plans(e);
}

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/command.h"
#include "base/err.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cell/config.h"
#include "cell/manual.h"
#include "plan/matrix.h"
#include "plan/plans.h"

int cmd_matrix(struct config *c, struct err *e)
{
    cleanup_text struct text plans = {0}, shown = {0};
    if (c->help) {
        text_add(&plans, "\nThe plans that came with tare:\n");
        TRY(plans_list(&plans, e));
        return manual_print(CONFIG_MATRIX, NULL, plans.data);
    }
    if (c->positional && !*c->positional)
        return err_set(e, ERR_USAGE, -EINVAL, "the plan's name is empty ('tare matrix' lists those that there are)");
    if (!c->positional && !c->is_bare)
        return err_set(e, ERR_USAGE, -EINVAL, "no plan was named ('tare matrix' alone lists them)");
    if (c->positional)
        return matrix_run(c, NULL, e);
    TRY(plans_list(&plans, e));
    terminal_wrap_columns(plans.data, terminal_width(STDOUT_FILENO), &shown);
    (void)fputs(shown.data, stdout);
    return 0;
}

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "analysis/plan_size.h"
#include "base/command.h"
#include "base/err.h"
#include "base/percent.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cell/config.h"
#include "record/records.h"

static int print_size(const struct config *c, const struct records *r, double precision, struct err *e)
{
    struct plan_size size;
    cleanup_text struct text out = {0};
    const struct analysis *a = &c->analysis;
    TRY(plan_size(r, a->figure.word, a->figure.count, precision, &size, e));
    if (a->format == FORMAT_JSON)
        plan_size_json(&size, &out);
    else
        plan_size_text(&size, terminal_width(STDOUT_FILENO), &out);
    (void)fputs(out.data, stdout);
    plan_size_free(&size);
    return 0;
}

int cmd_plan_size(struct config *c, struct err *e)
{
    cleanup_records struct records records = {.reader.with_iterations = true};
    double precision = 0.02;
    if (!c->positional)
        return err_set(e, ERR_USAGE, -EINVAL, "it takes a folder of records ('tare plan-size --help')");
    TRY(percent_option("precision", c->analysis.precision, 0.0001, 1, &precision, e));
    TRY(records_read(&records, c->positional, e));
    return print_size(c, &records, precision, e);
}

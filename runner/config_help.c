#include <string.h>

#include "base/text.h"
#include "config_table.h"

/* "(1 to 4096; default 8)", "(auto, strict or off; default auto)" */
static void help_allowed(const struct option_row *row, struct text *out)
{
    struct text allowed = {0};
    if (row->kind == INTEGER)
        text_add(&allowed, "%lld to %lld", (long long)row->low, (long long)row->high);
    else if (row->kind == CHOICE)
        config_list_choices(row->choices, &allowed);
    else
        return;
    text_add(out, " (%s", allowed.data);
    text_free(&allowed);
    if (row->kind == CHOICE && *row->choices[row->if_overhead])
        text_add(out, "; default %s", row->choices[row->if_overhead]);
    if (row->kind == INTEGER && row->if_overhead != UNSET)
        text_add(out, "; default %lld", (long long)row->if_overhead);
    if (row->if_memory != row->if_overhead)
        text_add(out, ", profile memory %lld", (long long)row->if_memory);
    text_add(out, ")");
}

/* Adds text in lines of at most 100 columns, each after the first indented. */
static void add_wrapped(struct text *out, size_t indent, const char *words)
{
    size_t column = indent;
    while (*words) {
        size_t len = strcspn(words, " ");
        if (column + 1 + len > 100 && column > indent) {
            text_add(out, "\n%*s", (int)indent, "");
            column = indent;
        }
        if (column > indent)
            text_add(out, " ");
        text_add(out, "%.*s", (int)len, words);
        column += len + 1;
        words += len;
        words += strspn(words, " ");
    }
    text_add(out, "\n");
}

void config_help(enum config_command command, struct text *out)
{
    for (size_t i = 0; i < config_row_count; i++) {
        const struct option_row *row = &config_rows[i];
        if (!(row->commands & command))
            continue;
        struct text left = {0}, right = {0};
        text_add(&left, "  --%s%s%s", row->name, row->value ? " " : "", row->value ? row->value : "");
        text_add(&right, "%s", row->help);
        help_allowed(row, &right);
        text_add(out, "%-26s ", left.data);
        add_wrapped(out, 27, right.data);
        text_free(&left);
        text_free(&right);
    }
}

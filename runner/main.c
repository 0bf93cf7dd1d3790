#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/command.h"
#include "base/err.h"
#include "base/suggest.h"
#include "base/terminal.h"
#include "base/text.h"
#include "base/version.h"
#include "cell/manual.h"

static const struct {
    enum config_command command;
    command_fn *fn;
} COMMANDS[] = {
    {CONFIG_RUN, cmd_run},
    {CONFIG_EXEC, cmd_exec},
    {CONFIG_BENCH, cmd_bench},
    {CONFIG_SCALE, cmd_scale},
    {CONFIG_MATRIX, cmd_matrix},
    {CONFIG_COMPARE, cmd_compare},
    {CONFIG_PLAN_SIZE, cmd_plan_size},
    {CONFIG_REPORT, cmd_report},
    {CONFIG_PACK, cmd_artefact},
    {CONFIG_VERIFY, cmd_artefact},
    {CONFIG_SIGN, cmd_artefact},
    {CONFIG_REPRODUCE, cmd_artefact},
    {CONFIG_PUSH, cmd_artefact},
    {CONFIG_POOL, cmd_artefact},
    {CONFIG_PULL, cmd_artefact},
    {CONFIG_DOCTOR, cmd_doctor},
    {CONFIG_TUNE, cmd_tune},
    {CONFIG_RESTORE, cmd_restore},
    {CONFIG_SELFTEST, cmd_selftest},
    {CONFIG_BISECT, cmd_bisect},
    {CONFIG_CLEAN, cmd_clean},
};

/* NULL: no such command. */
static command_fn *command_named(const char *name)
{
    for (size_t i = 0; i < manual_count; i++)
        for (size_t c = 0; strcmp(manuals[i].name, name) == 0 && c < ARRAY_LEN(COMMANDS); c++)
            if (COMMANDS[c].command == manuals[i].command)
                return COMMANDS[c].fn;
    return NULL;
}

static void usage(FILE *out)
{
    cleanup_text struct text all = {0};
    text_add(&all,
             "tare weighs what threads, processes and interpreters cost, each in a cgroup v2\nslice of its own.\n\n");
    for (size_t i = 0; i < manual_count; i++) {
        text_add(&all, "  tare %-9s %-10s  %s\n", manuals[i].name, manuals[i].takes, manuals[i].summary);
    }
    text_add(&all, "\n'tare help COMMAND' lists a command's options.\n");
    terminal_wrap("Exit codes: " MANUAL_EXIT_CODES, 0, MANUAL_WIDTH, 0, &all);
    (void)fputs(all.data, out);
}

static int no_command(const char *word)
{
    char near[SUGGEST_TEXT_MAX];
    struct suggest s = SUGGEST(word);
    for (size_t i = 0; i < manual_count; i++)
        suggest_offer(&s, manuals[i].name);
    suggest_offer_list(&s, "--help, --version, help");
    terminal_say("'%s' is no command ('tare --help' lists them)%s", word, suggest_text(&s, "", near));
    return ERR_USAGE;
}

/* 'tare help COMMAND' is 'tare COMMAND --help'. */
static int help_of(const char *command, struct err *e)
{
    char name[64], option[] = "--help";
    text_format(name, sizeof(name), "%.*s", (int)sizeof(name) - 1, command);
    char *argv[] = {name, option, NULL};
    command_fn *fn = command_named(command);
    return fn ? fn(2, argv, e) : no_command(command);
}

int main(int argc, char **argv)
{
    struct err e = {0};
    TRY(command_begin());
    if (argc < 2) {
        usage(stderr);
        return ERR_USAGE;
    }
    if (strcmp(argv[1], "help") == 0 && argc > 3) {
        terminal_say("help: '%s': 'tare help' takes one command, and '%s' is it", argv[3], argv[2]);
        return ERR_USAGE;
    }
    if (strcmp(argv[1], "help") == 0 && argc > 2)
        return command_end(argv[2], help_of(argv[2], &e), &e);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        usage(stdout);
        return command_end(argv[1], 0, &e);
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)printf("tare %s (%s)\n", TARE_VERSION, TARE_COMMIT);
        return command_end(argv[1], 0, &e);
    }
    command_fn *fn = command_named(argv[1]);
    return fn ? command_end(argv[1], fn(argc - 1, argv + 1, &e), &e) : no_command(argv[1]);
}

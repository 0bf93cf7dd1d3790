#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/command.h"
#include "base/err.h"
#include "base/file.h"
#include "base/signals.h"
#include "base/suggest.h"
#include "base/terminal.h"
#include "base/text.h"
#include "base/version.h"
#include "cell/manual.h"

static const struct command {
    enum config_command command;
    command_fn *fn;   /* NULL: tare-artefact has it */
    bool is_nameless; /* it takes no name */
    bool prints_help; /* its own */
} COMMANDS[] = {
    {CONFIG_RUN, cmd_run, false, true},
    {CONFIG_EXEC, cmd_exec, false, false},
    {CONFIG_BENCH, cmd_bench, false, false},
    {CONFIG_SCALE, cmd_scale, false, false},
    {CONFIG_MATRIX, cmd_matrix, false, true},
    {CONFIG_COMPARE, cmd_compare, false, false},
    {CONFIG_PLAN_SIZE, cmd_plan_size, false, false},
    {CONFIG_REPORT, cmd_report, false, false},
    {CONFIG_DOCTOR, cmd_doctor, true, false},
    {CONFIG_TUNE, cmd_tune, true, true},
    {CONFIG_RESTORE, cmd_restore, true, false},
    {CONFIG_SELFTEST, cmd_selftest, true, false},
    {CONFIG_BISECT, cmd_bisect, false, false},
    {CONFIG_CLEAN, cmd_clean, false, false},
};

/* NULL: no such command. */
static const struct command *command_named(const char *name)
{
    static const struct command ARTEFACT = {.fn = NULL};
    for (size_t i = 0; i < manual_count; i++) {
        if (strcmp(manuals[i].name, name) != 0)
            continue;
        for (size_t c = 0; c < ARRAY_LEN(COMMANDS); c++)
            if (COMMANDS[c].command == manuals[i].command)
                return &COMMANDS[c];
        return &ARTEFACT;
    }
    return NULL;
}

/* Executes tare-artefact, which has its own table: pack to pull. Bundles need libarchive, whose loading costs more than
 * a run's start may, so another program has these commands. */
static int exec_artefact(int argc, char **argv, struct err *e)
{
    /* In a build tree it lies beside the program; installed, in ../libexec/tare. */
    static const char *const BESIDE[] = {".", "../libexec/tare"};
    char path[PATH_MAX + 64];
    int failed = file_beside_program(BESIDE, ARRAY_LEN(BESIDE), "tare-artefact", path, sizeof(path));
    if (failed != 0)
        return err_set(e, ERR_OURS, failed, "tare-artefact is not beside tare ('make' builds it)");
    cleanup_free char **words = xcalloc((size_t)argc + 2, sizeof(*words)); /* NOLINT(bugprone-sizeof-expression) */
    words[0] = path;
    memcpy(words + 1, argv, (size_t)argc * sizeof(*words));
    signals_for_exec();
    (void)execv(path, words);
    return err_sys(e, ERR_OURS, "'%s'", path);
}

static int run(const struct command *command, int argc, char **argv, struct err *e)
{
    struct config c;
    if (!command->fn)
        return exec_artefact(argc, argv, e);
    TRY(config_begin(command->command, argc, argv, &c, e));
    if (command->is_nameless && c.positional)
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': 'tare %s' takes no name", c.positional, argv[0]);
    return c.help && !command->prints_help ? manual_print(command->command, NULL, NULL) : command->fn(&c, e);
}

static void usage(FILE *out)
{
    cleanup_text struct text all = {0};
    text_add(&all,
             "tare weighs what threads, processes and interpreters cost, each in a cgroup v2\nslice of its own.\n\n");
    for (size_t i = 0; i < manual_count; i++)
        text_add(&all, "  tare %-9s %-10s  %s\n", manuals[i].name, manuals[i].takes, manuals[i].summary);
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
    const struct command *named = command_named(command);
    return named ? run(named, 2, argv, e) : no_command(command);
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
    const struct command *named = command_named(argv[1]);
    return named ? command_end(argv[1], run(named, argc - 1, argv + 1, &e), &e) : no_command(argv[1]);
}

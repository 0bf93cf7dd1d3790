#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/command.h"
#include "base/signals.h"
#include "base/standard.h"
#include "base/suggest.h"
#include "base/text.h"
#include "base/version.h"

static const struct {
    const char *name;
    const char *takes;
    const char *summary;
    command_fn *fn;
} COMMANDS[] = {
    {"run", "SCENARIO", "one cell: run it in its slice, print it, write its record", cmd_run},
    {"exec", "-- COMMAND", "the same slice, limits, figures and record for any command", cmd_exec},
    {"matrix", "PLAN", "many cells, in random blocks, resumable, one record an invocation", cmd_matrix},
    {"compare", "A B", "the ratio B/A of each cell with its interval, and the verdict", cmd_compare},
    {"plan-size", "DIR", "how many iterations and invocations give a wanted precision, from a pilot", cmd_plan_size},
    {"report", "DIR", "the report on records: an HTML page, tables (text, CSV, TeX), what a paper takes in",
     cmd_report},
    {"pack", "DIR", "the bundle that a paper carries: records, plan, claims, tables, figures, one tar", cmd_artefact},
    {"verify", "BUNDLE", "whether a bundle is whole and all of it follows from its records, offline", cmd_artefact},
    {"sign", "BUNDLE", "a minisign signature inside a bundle", cmd_artefact},
    {"reproduce", "BUNDLE", "a bundle's plan run again here, and a verdict for each of its claims", cmd_artefact},
    {"push", "BUNDLE REF", "a bundle into a registry or an OCI layout, as an artefact of its own type", cmd_artefact},
    {"pull", "REF", "a bundle out of one, after its digests were checked", cmd_artefact},
    {"doctor", "", "what of this host biases a benchmark, and the remedy for each", cmd_doctor},
    {"tune", "", "apply what can be applied while the machine runs, noting what was there", cmd_tune},
    {"restore", "", "put back what tune changed", cmd_restore},
    {"selftest", "", "prove the instrument on known loads, on this machine, now", cmd_selftest},
    {"clean", "", "end and remove what runs that were killed left behind", cmd_clean},
};

static void usage(FILE *out)
{
    (void)fputs("tare weighs what threads, processes and interpreters cost, each in a cgroup v2 slice of its own.\n\n",
                out);
    for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++)
        (void)fprintf(out, "  tare %-9s %-10s  %s\n", COMMANDS[i].name, COMMANDS[i].takes, COMMANDS[i].summary);
    (void)fputs("\n'tare help COMMAND' lists a command's options.\n"
                "Exit codes: 0 done; 1 a comparison or verification said no; 2 usage or bad input; 3 the host cannot\n"
                "give what was demanded; 4 the workload failed; 5 tare's own failure; 128+n ended by signal n.\n",
                out);
}

/* Results that could not be printed are a failure, not a success that nobody saw. */
static int flush_results(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    signals_end_without_reader(STDOUT_FILENO);
    perror("tare: standard output");
    return status == 0 ? ERR_OURS : status;
}

static int no_command(const char *word)
{
    char near[SUGGEST_TEXT_MAX];
    struct suggest s = SUGGEST(word);
    for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++)
        suggest_offer(&s, COMMANDS[i].name);
    (void)fprintf(stderr, "tare: '%s' is no command ('tare --help' lists them)%s\n", word, suggest_text(&s, "", near));
    return ERR_USAGE;
}

/* 'tare help COMMAND' is 'tare COMMAND --help'. */
static int help_of(const char *command, struct err *e)
{
    char name[64], option[] = "--help";
    text_format(name, sizeof(name), "%.*s", (int)sizeof(name) - 1, command);
    char *argv[] = {name, option, NULL};
    for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++)
        if (strcmp(command, COMMANDS[i].name) == 0)
            return COMMANDS[i].fn(2, argv, e);
    return no_command(command);
}

int main(int argc, char **argv)
{
    struct err e = {0};
    if (standard_open() != 0)
        return ERR_OURS;
    if (!standard_stack_suffices())
        return ERR_HOST;
    signals_begin();
    if (argc < 2) {
        usage(stderr);
        return ERR_USAGE;
    }
    if (strcmp(argv[1], "help") == 0 && argc > 2)
        return flush_results(help_of(argv[2], &e));
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        usage(stdout);
        return flush_results(0);
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)printf("tare %s (%s)\n", TARE_VERSION, TARE_COMMIT);
        return flush_results(0);
    }
    for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++) {
        if (strcmp(argv[1], COMMANDS[i].name) != 0)
            continue;
        int status = COMMANDS[i].fn(argc - 1, argv + 1, &e);
        if (status >= 0)
            return flush_results(status);
        (void)fprintf(stderr, "tare: %s: %s\n", argv[1], e.text);
        return (int)e.kind;
    }
    return no_command(argv[1]);
}

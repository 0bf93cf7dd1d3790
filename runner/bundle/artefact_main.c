/* tare-artefact: what `tare` hands over to: commands that read and write bundles. It measures nothing itself. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/command.h"
#include "base/err.h"
#include "base/signals.h"
#include "base/standard.h"

static const struct {
    const char *name;
    command_fn *fn;
} COMMANDS[] = {
    {"pack", cmd_pack},           {"verify", cmd_verify}, {"sign", cmd_sign},
    {"reproduce", cmd_reproduce}, {"push", cmd_push},     {"pull", cmd_pull},
};

int main(int argc, char **argv)
{
    struct err e = {0};
    if (standard_open() != 0)
        return ERR_OURS;
    if (!standard_stack_suffices())
        return ERR_HOST;
    signals_begin();
    for (size_t i = 0; argc > 1 && i < ARRAY_LEN(COMMANDS); i++) {
        if (strcmp(argv[1], COMMANDS[i].name) != 0)
            continue;
        int status = COMMANDS[i].fn(argc - 1, argv + 1, &e);
        if (status < 0) {
            (void)fprintf(stderr, "tare: %s: %s\n", argv[1], e.text);
            return (int)e.kind;
        }
        if (fflush(stdout) == 0 && !ferror(stdout))
            return status;
        signals_end_without_reader(STDOUT_FILENO);
        perror("tare: standard output");
        return ERR_OURS;
    }
    (void)fputs("tare-artefact is a part of tare: 'tare --help' lists the commands\n", stderr);
    return ERR_USAGE;
}

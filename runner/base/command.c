#include "base/command.h"

#include <stdio.h>
#include <unistd.h>

#include "base/signals.h"
#include "base/standard.h"
#include "base/terminal.h"

int command_begin(void)
{
    if (standard_open() != 0)
        return ERR_OURS;
    if (!standard_stack_suffices())
        return ERR_HOST;
    signals_begin();
    return 0;
}

int command_end(const char *name, int status, const struct err *e)
{
    if (status < 0) {
        terminal_say("%s: %s", name, e->text);
        return (int)e->kind;
    }
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    signals_end_without_reader(STDOUT_FILENO);
    perror("tare: standard output");
    return status == 0 ? ERR_OURS : status;
}

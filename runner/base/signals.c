#include "base/signals.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"

static const int ENDS[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
static const int IGNORED[] = {SIGPIPE, SIGXFSZ};

static bool was_ignored[ARRAY_LEN(IGNORED)]; /* when we were started */

static bool is_ignored(int number)
{
    struct sigaction act;
    return sigaction(number, NULL, &act) == 0 && act.sa_handler == SIG_IGN;
}

/* Handles abort(3), which allocations call when out of memory. A SIGABRT from another process ends us as usual. */
static void say_aborted(int number, siginfo_t *info, void *context)
{
    static const char said[] =
        "tare: out of memory, or an internal error ('tare clean' removes what is left of a run)\n";
    (void)context;
    if (info->si_pid != getpid()) {
        (void)raise(number); /* SA_RESETHAND: delivered when we return */
        return;
    }
    (void)!write(STDERR_FILENO, said, sizeof(said) - 1);
    _exit(ERR_OURS);
}

void signals_begin(void)
{
    const struct sigaction on_abort = {.sa_sigaction = say_aborted, .sa_flags = SA_SIGINFO | (int)SA_RESETHAND};
    (void)sigaction(SIGABRT, &on_abort, NULL);
    (void)signal(SIGCHLD, SIG_DFL);
    for (size_t i = 0; i < ARRAY_LEN(IGNORED); i++) {
        was_ignored[i] = is_ignored(IGNORED[i]);
        (void)signal(IGNORED[i], SIG_IGN);
    }
}

void signals_of_end(sigset_t *ret)
{
    (void)sigemptyset(ret);
    for (size_t i = 0; i < ARRAY_LEN(ENDS); i++)
        if (!is_ignored(ENDS[i]))
            (void)sigaddset(ret, ENDS[i]);
}

void signals_hold(sigset_t *before)
{
    sigset_t ends;
    signals_of_end(&ends);
    (void)sigprocmask(SIG_BLOCK, &ends, before);
}

void signals_for_exec(void)
{
    sigset_t none;
    (void)signal(SIGCHLD, SIG_DFL);
    for (size_t i = 0; i < ARRAY_LEN(IGNORED); i++)
        (void)signal(IGNORED[i], was_ignored[i] ? SIG_IGN : SIG_DFL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

void signals_end_without_reader(int fd)
{
    struct pollfd p = {.fd = fd};
    if (poll(&p, 1, 0) != 1 || !(p.revents & POLLERR))
        return;
    signals_for_exec();
    (void)raise(SIGPIPE);
}

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/signals.h"

/* Dispositions are the process's: each test has one of its own, whose exit status says what it found. */
static int status_of(int (*fn)(void))
{
    int status = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(fn());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int is(int number, void (*disposition)(int))
{
    struct sigaction act;
    (void)sigaction(number, NULL, &act);
    return act.sa_handler == disposition;
}

static int begin_with_all_ignored(void)
{
    static const int ALL[] = {SIGCHLD, SIGPIPE, SIGXFSZ, SIGHUP, SIGINT};
    sigset_t ends;
    for (size_t i = 0; i < sizeof(ALL) / sizeof(*ALL); i++)
        (void)signal(ALL[i], SIG_IGN);
    (void)signal(SIGTERM, SIG_DFL);
    (void)signal(SIGQUIT, SIG_DFL);
    signals_begin();
    signals_of_end(&ends);
    return !is(SIGCHLD, SIG_DFL)                                          ? 1
           : !is(SIGHUP, SIG_IGN) || !is(SIGINT, SIG_IGN)                 ? 2
           : sigismember(&ends, SIGHUP) || sigismember(&ends, SIGINT)     ? 3
           : !sigismember(&ends, SIGTERM) || !sigismember(&ends, SIGQUIT) ? 4
                                                                          : 0;
}

static void sigchld_gets_its_default_and_what_nohup_ignores_stays_so(void **state)
{
    (void)state;
    assert_int_equal(status_of(begin_with_all_ignored), 0);
}

static int begin_and_exec(void)
{
    sigset_t mask;
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_DFL);
    (void)sigfillset(&mask);
    (void)sigprocmask(SIG_BLOCK, &mask, NULL);
    signals_begin();
    if (!is(SIGPIPE, SIG_IGN) || !is(SIGXFSZ, SIG_IGN))
        return 1;
    signals_for_exec();
    (void)sigprocmask(SIG_BLOCK, NULL, &mask);
    for (int n = 1; n < NSIG; n++)
        if (sigismember(&mask, n) == 1)
            return 2;
    return !is(SIGPIPE, SIG_IGN) || !is(SIGXFSZ, SIG_DFL) ? 3 : 0;
}

static void who_is_executed_gets_what_the_caller_had_and_nothing_blocked(void **state)
{
    (void)state;
    assert_int_equal(status_of(begin_and_exec), 0);
}

static int write_without_reader(void)
{
    int ends[2];
    (void)signal(SIGPIPE, SIG_DFL);
    signals_begin();
    if (pipe(ends) != 0)
        return 1;
    signals_end_without_reader(ends[1]); /* there is one still */
    (void)close(ends[0]);
    signals_end_without_reader(ends[1]);
    return 2;
}

static int write_to_a_full_disk(void)
{
    signals_begin();
    signals_end_without_reader(open("/dev/full", O_WRONLY | O_CLOEXEC));
    return 3;
}

static void only_a_reader_that_has_gone_ends_by_sigpipe(void **state)
{
    (void)state;
    assert_int_equal(status_of(write_without_reader), 128 + SIGPIPE);
    assert_int_equal(status_of(write_to_a_full_disk), 3);
}

/* Its standard error is a pipe, of which the line is read back. */
static int abort_aloud(void)
{
    int ends[2];
    if (pipe(ends) != 0 || dup2(ends[1], STDERR_FILENO) != STDERR_FILENO)
        return 1;
    pid_t pid = fork();
    if (pid == 0) {
        signals_begin();
        abort();
    }
    char line[256] = {0};
    int status = 0;
    if (waitpid(pid, &status, 0) != pid || read(ends[0], line, sizeof(line) - 1) <= 0)
        return 2;
    bool one_line = strncmp(line, "tare: out of memory", 19) == 0 && strchr(line, '\n') == line + strlen(line) - 1;
    return !one_line ? 3 : !WIFEXITED(status) ? 4 : WEXITSTATUS(status) == ERR_OURS ? 0 : 5;
}

static void an_allocation_that_fails_is_a_line_and_our_exit_code(void **state)
{
    (void)state;
    assert_int_equal(status_of(abort_aloud), 0);
}

static int wait_to_be_aborted(void)
{
    signals_begin();
    pid_t parent = getpid();
    pid_t sender = fork();
    if (sender == 0) {
        (void)kill(parent, SIGABRT);
        _exit(0);
    }
    for (;;)
        (void)pause();
}

static void an_abort_that_another_process_sends_ends_by_the_signal(void **state)
{
    (void)state;
    assert_int_equal(status_of(wait_to_be_aborted), 128 + SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sigchld_gets_its_default_and_what_nohup_ignores_stays_so),
        cmocka_unit_test(who_is_executed_gets_what_the_caller_had_and_nothing_blocked),
        cmocka_unit_test(only_a_reader_that_has_gone_ends_by_sigpipe),
        cmocka_unit_test(an_allocation_that_fails_is_a_line_and_our_exit_code),
        cmocka_unit_test(an_abort_that_another_process_sends_ends_by_the_signal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "cgroups/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/signals.h"
#include "base/text.h"

#define PATIENCE_NS (6 * NS_PER_S) /* more than tare-scope's own */
#define NOT_STARTED 127            /* the loader's status for a missing library, and ours */

/* The reason is what it or the loader prints, on either descriptor. */
static _Noreturn void child(char *const *words, pid_t parent, int to_parent)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || dup2(to_parent, STDOUT_FILENO) < 0 || dup2(to_parent, STDERR_FILENO) < 0)
        _exit(1);
    signals_for_exec();
    (void)execv(words[0], words);
    (void)dprintf(STDOUT_FILENO, "tare-scope cannot be executed: %s", strerror(errno));
    _exit(NOT_STARTED);
}

/* Reads the child's message until it closes its end of the pipe. */
static size_t hear(int fd, char *said, size_t cap)
{
    size_t len = 0;
    int64_t deadline_ns = clock_now_ns() + PATIENCE_NS;
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int64_t left_ms = (deadline_ns - clock_now_ns()) / NS_PER_MS;
        int ready = left_ms > 0 ? poll(&p, 1, (int)left_ms) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        ssize_t n = ready > 0 ? read(fd, said + len, cap - 1 - len) : 0;
        if (n <= 0)
            break;
        len += (size_t)n;
    }
    while (len > 0 && said[len - 1] == '\n')
        len--;
    said[len] = '\0';
    return len;
}

/* Adds the remedy to what the loader said; len: of it. */
static void explain(int status, char *why, size_t len, size_t cap)
{
    const bool has_not_started = WIFEXITED(status) && WEXITSTATUS(status) == NOT_STARTED;
    if (len == 0)
        (void)snprintf(why, cap, "%s",
                       has_not_started ? "tare-scope does not start" : "systemd did not answer in time");
    else if (has_not_started && strstr(why, "libsystemd.so"))
        (void)snprintf(why + len, cap - len, " (apt-get install libsystemd0)");
}

/* Of errno. */
static int no_child(char *why, size_t cap)
{
    const int code = errno;
    (void)snprintf(why, cap, "tare-scope cannot be started: %s", strerror(code));
    return -code;
}

int scope_enter(bool by_user, char *why, size_t cap)
{
    static const char *const BESIDE[] = {".", "../libexec/tare"};
    char path[PATH_MAX + 64], who[16];
    int ends[2];
    int status = 0;
    pid_t us = getpid();
    int failed = file_beside_program(BESIDE, ARRAY_LEN(BESIDE), "tare-scope", path, sizeof(path));
    if (failed != 0) {
        (void)snprintf(why, cap, "tare-scope is not beside tare ('make' builds it)");
        return failed;
    }
    text_format(who, sizeof(who), "%d", (int)us);
    char system[] = "system", user[] = "user";
    char *words[] = {path, by_user ? user : system, who, NULL};
    if (pipe2(ends, O_CLOEXEC) != 0)
        return no_child(why, cap);
    cleanup_close int from_child = ends[0];
    cleanup_close int to_parent = ends[1];
    pid_t pid = fork();
    if (pid < 0)
        return no_child(why, cap);
    if (pid == 0)
        child(words, us, to_parent);
    (void)close(STEAL_FD(to_parent));
    size_t len = hear(from_child, why, cap);
    (void)kill(pid, SIGKILL); /* it matters only if it is late */
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    explain(status, why, len, cap);
    return -ENOTSUP;
}

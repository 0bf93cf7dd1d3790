/* Faults on demand: workloads that end badly, for the tests. */
#include "workloads/team.h"

#include "base/err.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAULT_SLEEP_S     600
#define FAULT_FORKS       4096
#define FAULT_MEMORY_STEP (1UL << 20)
#define FAULT_MEMORY_MAX  (1UL << 30)

int worker_fault(const struct options *opt)
{
    switch (opt->fault) {
    case FAULT_WORKER_RAISE: /* C raises nothing: it fails with a message */
        (void)fprintf(stderr, "a worker fails because --fault worker-raise asks for it\n");
        return 1;
    case FAULT_WORKER_EXIT:
        return 3;
    case FAULT_WORKER_KILL: /* in a thread it ends the whole process, without a message */
        (void)kill(getpid(), SIGKILL);
        return 0;
    case FAULT_HANG:
        for (;;)
            (void)pause();
    default:
        return 0;
    }
}

/* --- the faults of the main process -------------------------------------------------------------------------- */

static _Noreturn void sleep_and_exit(void)
{
    (void)sleep(FAULT_SLEEP_S);
    _exit(0);
}

static int fault_daemon(struct err *e)
{
    pid_t pid = fork();
    if (pid < 0)
        return err_sys(e, ERR_WORKLOAD, "--fault daemon: fork");
    if (pid > 0) {
        (void)waitpid(pid, NULL, 0);
        return 0;
    }
    (void)setsid();
    if (fork() == 0)
        sleep_and_exit(); /* keeps stdout and stderr open, on which the runner must not wait */
    _exit(0);
}

static int fault_fork_bomb(struct err *e)
{
    for (int n = 0; n < FAULT_FORKS; n++) {
        pid_t pid = fork();
        if (pid < 0)
            return err_sys(e, ERR_WORKLOAD, "--fault fork-bomb: fork %d of %d", n, FAULT_FORKS);
        if (pid == 0)
            sleep_and_exit();
    }
    return 0;
}

static int fault_eat_memory(struct err *e)
{
    for (size_t eaten = 0; eaten < FAULT_MEMORY_MAX; eaten += FAULT_MEMORY_STEP) {
        char *step = malloc(FAULT_MEMORY_STEP);
        if (!step)
            return err_sys(e, ERR_WORKLOAD, "--fault eat-memory: after %zu MiB", eaten / FAULT_MEMORY_STEP);
        memset(step, 1, FAULT_MEMORY_STEP);
        __asm__ volatile("" : : "r"(step) : "memory"); /* keeps the compiler from removing it */
    }
    return 0;
}

int main_fault(const struct options *opt, struct err *e)
{
    switch (opt->fault) {
    case FAULT_MAIN_RAISE:
        return err_set(e, ERR_WORKLOAD, -ECANCELED, "--fault main-raise asks for this");
    case FAULT_DAEMON:
        return fault_daemon(e);
    case FAULT_FORK_BOMB:
        return fault_fork_bomb(e);
    case FAULT_EAT_MEMORY:
        return fault_eat_memory(e);
    default:
        return 0;
    }
}

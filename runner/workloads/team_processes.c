/* The workers of a C workload as processes: fork, posix_spawn, and a fork server. */
#include "workloads/driver.h"
#include "workloads/team.h"

#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <spawn.h>

static int start_failed(struct err *e, uint64_t i, const char *call, int number)
{
    (void)err_set(e, ERR_WORKLOAD, -number, "worker %" PRIu64 " could not be started: %s: %s", i, call,
                  strerror(number));
    return number == EAGAIN ? err_remedy(e, "is pids.max or RLIMIT_NPROC too small for it?") : -number;
}

/* The main of a forked worker. Closes the main process's ends of the pipes, so that siblings notice if that dies. With
 * a shared area workers may wait for each other, so they get SIGKILL when their parent ends. */
static _Noreturn void forked_main(struct bench *b, uint64_t i)
{
    uint64_t result;
    if (b->gate.ready_r >= 0) {
        (void)close(b->gate.ready_r);
        (void)close(b->gate.go_w);
    }
    if (b->area)
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (b->serves)
        pool_leave(b->serves);
    _exit(worker_main(b, i, &result));
}

/* --- what fork and spawn share: the main process is the parent -------------------------------------------------- */

static int children_join(struct bench *b, uint64_t i, struct err *e)
{
    struct worker *w = &b->worker[i];
    if (w->ended)
        return 0;
    if (TEMP_FAILURE_RETRY(waitpid(w->pid, &w->status, 0)) < 0)
        return err_sys(e, ERR_WORKLOAD, "worker %" PRIu64 " (pid %d): waitpid", i, (int)w->pid);
    w->ended = true;
    close_fd(&w->pid_fd);
    return 0;
}

static int children_look(struct bench *b, struct err *e)
{
    (void)e;
    for (uint64_t i = 0; i < b->size; i++) {
        struct worker *w = &b->worker[i];
        if (w->pid > 0 && !w->ended && waitpid(w->pid, &w->status, WNOHANG) == w->pid) {
            w->ended = true;
            close_fd(&w->pid_fd);
        }
    }
    return 0;
}

static int children_await(struct bench *b, int timeout_ms, struct err *e)
{
    cleanup_free struct pollfd *in = calloc(b->size, sizeof(*in));
    if (!in)
        return err_sys(e, ERR_WORKLOAD, "waiting for %" PRIu64 " processes", b->size);
    nfds_t count = 0;
    for (uint64_t i = 0; i < b->size; i++) {
        struct worker *w = &b->worker[i];
        if (w->pid <= 0 || w->ended)
            continue;
        if (w->pid_fd < 0)
            w->pid_fd = pidfd_open(w->pid, 0);
        if (w->pid_fd < 0)
            return err_sys(e, ERR_WORKLOAD, "worker %" PRIu64 " (pid %d): pidfd_open", i, (int)w->pid);
        in[count++] = (struct pollfd){.fd = w->pid_fd, .events = POLLIN};
    }
    if (TEMP_FAILURE_RETRY(poll(in, count, timeout_ms)) < 0)
        return err_sys(e, ERR_WORKLOAD, "waiting for processes");
    return 0;
}

static const char *likely_cause(int signal_number)
{
    switch (signal_number) {
    case SIGKILL:
        return "the kernel's OOM killer, where events.oom_kill in the record says so";
    case SIGSYS:
        return "a seccomp filter refused a system call";
    case SIGXCPU:
        return "RLIMIT_CPU is used up";
    default:
        return NULL;
    }
}

static int processes_verdict(const struct bench *b, uint64_t i, struct err *e)
{
    const struct worker *w = &b->worker[i];
    int status = w->status;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    if (!WIFSIGNALED(status))
        return err_set(e, ERR_WORKLOAD, -ECHILD, "worker %" PRIu64 " (pid %d) ended with exit status %d", i,
                       (int)w->pid, WEXITSTATUS(status));
    int number = WTERMSIG(status);
    const char *name = sigabbrev_np(number);
    const char *cause = likely_cause(number);
    (void)err_set(e, ERR_WORKLOAD, -ECHILD, "worker %" PRIu64 " (pid %d) was ended by signal %d (SIG%s)", i,
                  (int)w->pid, number, name ? name : "?");
    return cause ? err_remedy(e, "%s", cause) : -ECHILD;
}

static void processes_kill(struct bench *b)
{
    for (uint64_t i = 0; i < b->size; i++)
        if (b->worker[i].pid > 0 && !b->worker[i].ended)
            (void)kill(b->worker[i].pid, SIGKILL);
}

static void children_abandon(struct bench *b)
{
    processes_kill(b);
    for (uint64_t i = 0; i < b->size; i++)
        if (b->worker[i].pid > 0)
            (void)children_join(b, i, NULL);
}

/* --- fork ---------------------------------------------------------------------------------------------------- */

static int fork_start(struct bench *b, uint64_t i, struct err *e)
{
    pid_t pid = fork();
    if (pid < 0)
        return start_failed(e, i, "fork", errno);
    if (pid == 0)
        forked_main(b, i);
    b->worker[i].pid = pid;
    return 0;
}

const struct team team_fork = {fork_start,     children_join,     children_look,
                               children_await, processes_verdict, children_abandon};

/* --- spawn: a fresh image of this program -------------------------------------------------------------------- */

/* A spawned worker's arguments before those of the main process: its index, and the numbers of inherited descriptors.
 */
enum { SPAWNED_INDEX, SPAWNED_READY_W, SPAWNED_GO_R, SPAWNED_AREA, SPAWNED_TASK_R, SPAWNED_DONE_W, SPAWNED_N };

/* A dup2 onto itself only clears CLOEXEC (posix_spawn of glibc 2.29 and newer). */
static int keep_open(posix_spawn_file_actions_t *actions, int fd)
{
    return fd < 0 ? 0 : posix_spawn_file_actions_adddup2(actions, fd, fd);
}

static int spawned_exec(const struct bench *b, char *const argv[], const int *fd, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    int number = posix_spawn_file_actions_init(&actions);
    if (number != 0)
        return number;
    for (size_t k = SPAWNED_READY_W; number == 0 && k < SPAWNED_N; k++)
        number = keep_open(&actions, fd[k]);
    for (size_t k = 0; number == 0 && k < b->keep_count; k++)
        number = keep_open(&actions, b->keep_fd[k]);
    if (number == 0)
        number = posix_spawn(pid, "/proc/self/exe", &actions, NULL, argv, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    return number;
}

static int spawned_start(struct bench *b, uint64_t i, struct err *e)
{
    const int number_of[SPAWNED_N] = {
        [SPAWNED_INDEX] = (int)i,
        [SPAWNED_READY_W] = b->gate.ready_w,
        [SPAWNED_GO_R] = b->gate.go_r,
        [SPAWNED_AREA] = b->area_fd,
        [SPAWNED_TASK_R] = b->serves ? b->serves->task_r : -1,
        [SPAWNED_DONE_W] = b->serves ? b->serves->done_w : -1,
    };
    char text[SPAWNED_N][12];
    char option[] = "--spawned";
    cleanup_free char **argv = calloc((size_t)b->argc + SPAWNED_N + 2, sizeof(*argv));
    if (!argv)
        return start_failed(e, i, "calloc", errno);
    argv[0] = b->argv[0];
    argv[1] = option;
    for (size_t k = 0; k < SPAWNED_N; k++) {
        text_format(text[k], sizeof(text[k]), "%d", number_of[k]);
        argv[2 + k] = text[k];
    }
    for (int k = 1; k < b->argc; k++)
        argv[1 + SPAWNED_N + k] = b->argv[k];
    int number = spawned_exec(b, argv, number_of, &b->worker[i].pid);
    if (number == 0)
        return 0;
    b->worker[i].pid = 0;
    return start_failed(e, i, "posix_spawn of /proc/self/exe", number);
}

int worker_spawned(const struct scenario *scenario, int argc, char **argv)
{
    static struct bench bench;
    static struct pool pool;
    int64_t number_of[SPAWNED_N];
    uint64_t result;
    for (int k = 0; k < SPAWNED_N; k++)
        if (argc < 2 + SPAWNED_N || text_to_i64(argv[2 + k], &number_of[k]) < 0)
            return 2;
    struct err e = {0};
    argv[1 + SPAWNED_N] = argv[0];
    if (bench_make(&bench, scenario, argc - 1 - SPAWNED_N, argv + 1 + SPAWNED_N, (int)number_of[SPAWNED_AREA], &e) <
        0) {
        (void)fprintf(stderr, "%s: a spawned worker: %s\n", scenario->name, e.text);
        return 2;
    }
    bench.gate.ready_w = (int)number_of[SPAWNED_READY_W];
    bench.gate.go_r = (int)number_of[SPAWNED_GO_R];
    pool = (struct pool){.task_r = (int)number_of[SPAWNED_TASK_R], .done_w = (int)number_of[SPAWNED_DONE_W]};
    bench.serves = pool.task_r >= 0 ? &pool : NULL;
    if (bench.area)
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    return worker_main(&bench, (uint64_t)number_of[SPAWNED_INDEX], &result);
}

const struct team team_spawn = {spawned_start,  children_join,     children_look,
                                children_await, processes_verdict, children_abandon};

/* --- fork server ---------------------------------------------------------------------------------------------
 *
 * As CPython's: a process with a single thread that forks every worker, started by the first worker's start (so in the
 * first warm-up iteration), which answers each request with a pid and reports each end. Unlike CPython's it is a fork
 * of this program instead of a fresh image, and one connection serves all workers instead of one each: this is the
 * floor.
 */

enum notice_kind { NOTICE_STARTED, NOTICE_NOT_STARTED, NOTICE_ENDED };

struct notice {
    uint64_t index;
    int32_t kind;
    int32_t value; /* the pid; the errno; the wait status */
};

static void server_fork(struct bench *b, int sock, uint64_t i, const sigset_t *worker_mask)
{
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(sock);
        (void)sigprocmask(SIG_SETMASK, worker_mask, NULL);
        forked_main(b, i);
    }
    struct notice n = {.index = i, .kind = NOTICE_STARTED, .value = pid};
    if (pid < 0)
        n = (struct notice){.index = i, .kind = NOTICE_NOT_STARTED, .value = errno};
    else
        b->worker[i].pid = pid;
    (void)send(sock, &n, sizeof(n), MSG_NOSIGNAL);
}

static void server_reap(struct bench *b, int sock)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        uint64_t i = 0;
        while (i < b->size && b->worker[i].pid != pid)
            i++;
        if (i == b->size)
            continue;
        b->worker[i].pid = 0; /* the pid may be reused */
        struct notice n = {.index = i, .kind = NOTICE_ENDED, .value = status};
        (void)send(sock, &n, sizeof(n), MSG_NOSIGNAL);
    }
}

static _Noreturn void server_main(struct bench *b, int sock)
{
    sigset_t before;
    sigset_t child_ended;
    (void)sigemptyset(&child_ended);
    (void)sigaddset(&child_ended, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &child_ended, &before);
    struct pollfd in[] = {{.fd = sock, .events = POLLIN},
                          {.fd = signalfd(-1, &child_ended, SFD_CLOEXEC), .events = POLLIN}};
    if (in[1].fd < 0)
        _exit(1);
    while (TEMP_FAILURE_RETRY(poll(in, ARRAY_LEN(in), -1)) > 0) {
        struct signalfd_siginfo info;
        uint64_t index;
        if (in[1].revents && read(in[1].fd, &info, sizeof(info)) > 0)
            server_reap(b, sock);
        if (!in[0].revents)
            continue;
        if (recv(sock, &index, sizeof(index), 0) != (ssize_t)sizeof(index) || index >= b->size)
            break; /* the main process has gone */
        server_fork(b, sock, index, &before);
    }
    _exit(0);
}

static int server_launch(struct bench *b, uint64_t i, struct err *e)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return start_failed(e, i, "socketpair for the fork server", errno);
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(pair[0]);
        server_main(b, pair[1]);
    }
    int number = errno;
    (void)close(pair[1]);
    if (pid < 0) {
        (void)close(pair[0]);
        return start_failed(e, i, "fork of the fork server", number);
    }
    b->server_fd = pair[0];
    b->server_pid = pid;
    return 0;
}

/* Reads one notice. -EAGAIN: none (with MSG_DONTWAIT), e untouched. */
static int server_hear(struct bench *b, int flags, struct err *e)
{
    struct notice n;
    ssize_t got = TEMP_FAILURE_RETRY(recv(b->server_fd, &n, sizeof(n), flags));
    if (got < 0 && errno == EAGAIN)
        return -EAGAIN;
    if (got != (ssize_t)sizeof(n) || n.index >= b->size)
        return err_set(e, ERR_WORKLOAD, -EPIPE, "the fork server has ended too early");
    struct worker *w = &b->worker[n.index];
    if (n.kind == NOTICE_NOT_STARTED)
        return start_failed(e, n.index, "fork in the fork server", n.value);
    if (n.kind == NOTICE_STARTED) {
        w->pid = n.value;
        return 0;
    }
    w->status = n.value;
    w->ended = true;
    return 0;
}

static int forkserver_start(struct bench *b, uint64_t i, struct err *e)
{
    if (b->server_fd < 0 && server_launch(b, i, e) < 0)
        return e->code;
    if (send(b->server_fd, &i, sizeof(i), MSG_NOSIGNAL) < 0)
        return err_sys(e, ERR_WORKLOAD, "worker %" PRIu64 ": asking the fork server", i);
    int code = 0;
    while (code == 0 && b->worker[i].pid == 0)
        code = server_hear(b, 0, e);
    return code;
}

static int forkserver_join(struct bench *b, uint64_t i, struct err *e)
{
    int code = 0;
    while (code == 0 && !b->worker[i].ended)
        code = server_hear(b, 0, e);
    return code;
}

static int forkserver_look(struct bench *b, struct err *e)
{
    int code = 0;
    while (code == 0)
        code = server_hear(b, MSG_DONTWAIT, e);
    return code == -EAGAIN ? 0 : code;
}

static int forkserver_await(struct bench *b, int timeout_ms, struct err *e)
{
    struct pollfd in = {.fd = b->server_fd, .events = POLLIN};
    if (TEMP_FAILURE_RETRY(poll(&in, 1, timeout_ms)) < 0)
        return err_sys(e, ERR_WORKLOAD, "waiting for the fork server");
    return 0;
}

static void forkserver_abandon(struct bench *b)
{
    if (b->server_fd < 0)
        return;
    processes_kill(b);
    for (uint64_t i = 0; i < b->size; i++)
        if (b->worker[i].pid > 0)
            (void)forkserver_join(b, i, NULL);
    close_fd(&b->server_fd);
    (void)waitpid(b->server_pid, NULL, 0);
}

const struct team team_forkserver = {forkserver_start, forkserver_join,   forkserver_look,
                                     forkserver_await, processes_verdict, forkserver_abandon};

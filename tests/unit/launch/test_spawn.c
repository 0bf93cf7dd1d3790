#include "launch/spawn.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char *const ENVIRONMENT[] = {"PATH=/usr/bin:/bin", "WORD=said", NULL};

/* Runs a shell script as a child with its output going to out_fd. */
static struct spawn_spec shell(char *const argv[], int null_fd, int out_fd)
{
    return (struct spawn_spec){.path = "/bin/sh",
                               .argv = argv,
                               .envp = ENVIRONMENT,
                               .cgroup_fd = -1,
                               .stdin_fd = null_fd,
                               .stdout_fd = out_fd,
                               .stderr_fd = out_fd,
                               .keep_fd = -1};
}

/* What a script prints, as `change` (which may be NULL) wants it spawned; the caller frees it. */
static struct text said_by(const char *script, void (*change)(struct spawn_spec *), struct child_end *end)
{
    char *const argv[] = {"sh", "-c", (char *)script, NULL};
    struct text said = {0};
    struct child child;
    struct child_end ended;
    struct err e = {0};
    int ends[2];
    char chunk[4096];
    ssize_t n;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    cleanup_close int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct spawn_spec spec = shell(argv, null_fd, ends[1]);
    if (change)
        change(&spec);
    if (spawn_start(&spec, &child, &e) != 0)
        fail_msg("%s", e.text);
    (void)close(ends[1]);
    while ((n = read(ends[0], chunk, sizeof(chunk))) > 0)
        text_add_bytes(&said, chunk, (size_t)n);
    (void)close(ends[0]);
    assert_int_equal(spawn_wait(&child, end ? end : &ended, &e), 0);
    text_add(&said, "%s", "");
    return said;
}

static void expect_said(const char *script, void (*change)(struct spawn_spec *), const char *wanted)
{
    struct text said = said_by(script, change, NULL);
    assert_string_equal(said.data, wanted);
    text_free(&said);
}

static struct child_end end_of(const char *script)
{
    struct child_end end = {0};
    struct text said = said_by(script, NULL, &end);
    text_free(&said);
    return end;
}

/* --- starting ----------------------------------------------------------------------------------------------------- */

static void a_child_gets_its_arguments_environment_and_descriptors(void **state)
{
    (void)state;
    expect_said("echo out $WORD; echo err >&2; cat; env | wc -l", NULL,
                "out said\nerr\n3\n"); /* PATH, WORD, sh's PWD */
}

static int failure_of(const struct spawn_spec *spec, struct err *e)
{
    struct child child = {.pid = -7};
    *e = (struct err){0};
    int failed = spawn_start(spec, &child, e);
    assert_int_equal(child.pid, -7);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* it has been reaped */
    assert_int_equal(errno, ECHILD);
    return failed;
}

static void an_exec_that_fails_says_what_and_why(void **state)
{
    char *const argv[] = {"x", NULL};
    struct err e;
    (void)state;
    struct spawn_spec spec = shell(argv, 0, 1);
    spec.path = "/nowhere/at/all";
    assert_int_equal(failure_of(&spec, &e), -ENOENT);
    assert_non_null(strstr(e.text, "'/nowhere/at/all': cannot execute it: No such file"));
    assert_int_equal(e.kind, ERR_USAGE);
    spec.path = "/etc/passwd";
    assert_int_equal(failure_of(&spec, &e), -EACCES);
    assert_non_null(strstr(e.text, "cannot execute it"));
    spec.path = "/tmp";
    assert_int_equal(failure_of(&spec, &e), -EACCES);
}

static void a_folder_that_cannot_be_entered_is_the_callers(void **state)
{
    char *const argv[] = {"x", NULL};
    struct err e;
    (void)state;
    struct spawn_spec spec = shell(argv, 0, 1);
    spec.cwd = "/nowhere/at/all";
    assert_int_equal(failure_of(&spec, &e), -ENOENT);
    assert_non_null(strstr(e.text, "cannot enter its folder"));
    assert_int_equal(e.kind, ERR_USAGE);
}

/* Root has no such limit (getrlimit(2), RLIMIT_NPROC). */
__attribute__((noreturn)) static void start_without_processes(void)
{
    char *const argv[] = {"true", NULL};
    const struct rlimit none = {0, 0};
    struct spawn_spec spec = shell(argv, 0, 1);
    struct child child;
    struct err e = {0};
    if (setrlimit(RLIMIT_NPROC, &none) != 0 || (geteuid() == 0 && setuid(12345) != 0))
        _exit(1);
    int failed = spawn_start(&spec, &child, &e);
    _exit(failed == -EAGAIN && e.kind == ERR_HOST && strstr(e.text, "ulimit -u") ? 0 : 2);
}

static void a_limit_of_processes_is_the_hosts(void **state)
{
    int status = 0;
    (void)state;
    const pid_t pid = fork();
    if (pid == 0)
        start_without_processes();
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void cpus_that_are_not_there_name_the_step(void **state)
{
    char *const argv[] = {"sh", "-c", "exit 0", NULL};
    struct cpulist cpus = {0};
    struct err e;
    (void)state;
    cpulist_add(&cpus, CPULIST_MAX - 1);
    struct spawn_spec spec = shell(argv, 0, 1);
    spec.affinity = &cpus;
    assert_int_equal(failure_of(&spec, &e), -EINVAL);
    assert_non_null(strstr(e.text, "'/bin/sh': cannot set the CPU affinity"));
}

static void a_descriptor_that_is_closed_names_the_step(void **state)
{
    char *const argv[] = {"sh", "-c", "exit 0", NULL};
    struct err e;
    (void)state;
    struct spawn_spec spec = shell(argv, 0, 1);
    spec.stdout_fd = 987;
    assert_int_equal(failure_of(&spec, &e), -EBADF);
    assert_non_null(strstr(e.text, "'/bin/sh': cannot place its descriptors"));
    spec.stdout_fd = 1;
    spec.keep_fd = 987;
    assert_int_equal(failure_of(&spec, &e), -EBADF);
}

static void a_cgroup_that_is_none_names_the_step(void **state)
{
    char *const argv[] = {"sh", "-c", "exit 0", NULL};
    struct err e;
    (void)state;
    cleanup_close int folder = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct spawn_spec spec = shell(argv, 0, 1);
    spec.cgroup_fd = folder;
    assert_true(failure_of(&spec, &e) < 0);
    assert_non_null(strstr(e.text, "clone3 into the slice"));
}

static struct cpulist one_cpu;

static void on_one_cpu(struct spawn_spec *spec)
{
    struct cpulist mine;
    assert_int_equal(cpulist_of_task(0, &mine), 0);
    one_cpu = (struct cpulist){0};
    cpulist_add(&one_cpu, (unsigned)cpulist_next(&mine, 0));
    spec->affinity = &one_cpu;
}

static void a_child_runs_on_the_cpus_it_was_given(void **state)
{
    struct text wanted = {0};
    char list[64];
    (void)state;
    struct spawn_spec spec;
    on_one_cpu(&spec);
    (void)cpulist_format(&one_cpu, list, sizeof(list));
    text_add(&wanted, "%s\n", list);
    expect_said("sed -n 's/^Cpus_allowed_list:.//p' /proc/self/status", on_one_cpu, wanted.data);
    text_free(&wanted);
}

/* --- what a child inherits -------------------------------------------------------------------------------------- */

static void ignore(int signal_number)
{
    (void)signal_number;
}

static void a_child_has_default_signal_handling(void **state)
{
    static const int SIGNALS[] = {SIGUSR1, SIGUSR2, SIGPIPE, SIGHUP, SIGTERM, SIGINT, SIGCHLD};
    struct sigaction before[ARRAY_LEN(SIGNALS)];
    sigset_t all, mask;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(SIGNALS); i++) {
        struct sigaction action = {.sa_handler = i == 0 ? ignore : SIG_IGN};
        if (SIGNALS[i] == SIGCHLD)
            action.sa_handler = ignore;
        (void)sigaction(SIGNALS[i], &action, &before[i]);
    }
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, &mask);
    struct text said = said_by("sed -n 's/^Sig\\(Blk\\|Ign\\|Cgt\\):.//p' /proc/self/status", NULL, NULL);
    (void)sigprocmask(SIG_SETMASK, &mask, NULL);
    for (size_t i = 0; i < ARRAY_LEN(SIGNALS); i++)
        (void)sigaction(SIGNALS[i], &before[i], NULL);
    assert_string_equal(said.data, "0000000000000000\n0000000000000000\n0000000000000000\n");
    text_free(&said);
}

static void a_child_leads_a_session_of_its_own(void **state)
{
    (void)state;
    expect_said("read -r line < /proc/$$/stat; set -- ${line##*)}; [ $4 = $$ ] && [ $3 = $$ ] && echo leads", NULL,
                "leads\n"); /* proc(5): state ppid pgrp session */
}

static int kept_fd, other_fd;

static void keep_one(struct spawn_spec *spec)
{
    spec->keep_fd = kept_fd;
}

static void the_kept_descriptor_is_inherited_and_no_other(void **state)
{
    /* A pipe or a glob would have the shell open some of its own. */
    static const char SCRIPT[] =
        "i=0; while [ $i -lt 300 ]; do [ -e /proc/$$/fd/$i ] && printf '%d ' $i; i=$((i+1)); done; true";
    struct text wanted = {0};
    (void)state;
    kept_fd = fcntl(0, F_DUPFD_CLOEXEC, 40);
    other_fd = fcntl(0, F_DUPFD, 50); /* as a shell or make may leave one open to us */
    assert_true(kept_fd >= 40 && other_fd >= 50);
    text_add(&wanted, "0 1 2 %d ", kept_fd);
    expect_said(SCRIPT, keep_one, wanted.data);
    expect_said(SCRIPT, NULL, "0 1 2 ");
    assert_int_equal(fcntl(kept_fd, F_GETFD), FD_CLOEXEC); /* ours are as they were */
    assert_int_equal(fcntl(other_fd, F_GETFD), 0);
    (void)close(kept_fd);
    (void)close(other_fd);
    text_free(&wanted);
}

/* Waits until a pid is gone or a zombie, at most 2 s. */
static bool ends_soon(pid_t pid)
{
    char path[64], stat[512];
    text_format(path, sizeof(path), "/proc/%d/stat", (int)pid);
    for (int i = 0; i < 2000; i++) {
        if (file_read("", path, stat, sizeof(stat)) <= 0 || strstr(stat, ") Z ") || strstr(stat, ") X "))
            return true;
        (void)poll(NULL, 0, 1);
    }
    return false;
}

static void a_child_dies_with_its_parent(void **state)
{
    int ends[2];
    pid_t child_pid = 0;
    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t middle = fork();
    if (middle == 0) {
        char *const argv[] = {"sleep", "60", NULL};
        struct child child;
        struct spawn_spec spec = shell(argv, 0, 1);
        spec.path = "/bin/sleep";
        (void)alarm(30);
        if (spawn_start(&spec, &child, NULL) != 0 || write(ends[1], &child.pid, sizeof(child.pid)) < 0)
            _exit(1);
        (void)pause();
        _exit(0);
    }
    assert_true(middle > 0);
    (void)close(ends[1]);
    assert_int_equal(read(ends[0], &child_pid, sizeof(child_pid)), sizeof(child_pid));
    (void)close(ends[0]);
    assert_int_equal(kill(child_pid, 0), 0);
    assert_int_equal(kill(middle, SIGKILL), 0);
    assert_int_equal(waitpid(middle, NULL, 0), middle);
    bool ended = ends_soon(child_pid);
    if (!ended)
        (void)kill(child_pid, SIGKILL);
    assert_true(ended);
}

/* --- ending
 * ----------------------------------------------------------------------------------------------------------- */

static void an_exit_status_is_told(void **state)
{
    (void)state;
    for (int status = 0; status <= 255; status += 85) {
        char script[32];
        text_format(script, sizeof(script), "exit %d", status);
        struct child_end end = end_of(script);
        assert_false(end.signalled);
        assert_int_equal(end.exit_status, status);
    }
}

static void a_signal_is_told(void **state)
{
    (void)state;
    struct child_end end = end_of("kill -9 $$");
    assert_true(end.signalled);
    assert_int_equal(end.signal, SIGKILL);
    assert_int_equal(end.exit_status, 0);
    end = end_of("ulimit -c 0; kill -SEGV $$");
    assert_true(end.signalled);
    assert_int_equal(end.signal, SIGSEGV);
}

static void the_pidfd_tells_of_the_end_and_is_closed_by_waiting(void **state)
{
    char *const argv[] = {"true", NULL};
    struct child child;
    struct child_end end;
    struct err e = {0};
    (void)state;
    int64_t before_ns = clock_now_ns();
    struct spawn_spec spec = shell(argv, 0, 1);
    spec.path = "/bin/true";
    assert_int_equal(spawn_start(&spec, &child, &e), 0);
    assert_true(child.executed_ns >= before_ns && child.executed_ns <= clock_now_ns());
    int pidfd = child.pidfd;
    struct pollfd p = {.fd = pidfd, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 5000), 1);
    assert_int_equal(spawn_wait(&child, &end, &e), 0);
    assert_int_equal(child.pidfd, -1);
    assert_int_equal(fcntl(pidfd, F_GETFD), -1);
}

static void waiting_for_no_child_is_an_error(void **state)
{
    struct child child = {.pid = 1, .pidfd = -1};
    struct child_end end;
    struct err e = {0};
    (void)state;
    assert_int_equal(spawn_wait(&child, &end, &e), -ECHILD);
    assert_non_null(strstr(e.text, "pid 1"));
}

/* --- helpers ------------------------------------------------------------------------------------------------------ */

static int return_number(void *arg)
{
    return *(int *)arg;
}

static int end_by_signal(void *arg)
{
    (void)arg;
    (void)kill(getpid(), SIGKILL);
    return 0;
}

static void a_call_gives_what_the_function_returned(void **state)
{
    struct err e = {0};
    (void)state;
    for (int n = 0; n <= 255; n += 51)
        assert_int_equal(spawn_call(-1, return_number, &n, &e), n);
    assert_int_equal(spawn_call(-1, end_by_signal, NULL, &e), -ECHILD);
    assert_non_null(strstr(e.text, "signal 9"));
}

static int capture(const char *script, int timeout_ms, struct text *ret)
{
    char *const argv[] = {"sh", "-c", (char *)script, NULL};
    *ret = (struct text){0};
    return spawn_capture(argv, timeout_ms, ret);
}

static void a_capture_is_what_was_printed_to_standard_output(void **state)
{
    struct text said;
    (void)state;
    assert_int_equal(capture("echo one; echo two >&2; cat; echo three", 5000, &said), 0);
    assert_string_equal(said.data, "one\nthree\n");
    text_free(&said);
}

static void a_capture_that_fails_is_no_success(void **state)
{
    struct text said;
    (void)state;
    assert_int_equal(capture("echo x; exit 3", 5000, &said), -ECHILD);
    assert_string_equal(said.data, "x\n");
    text_free(&said);
    assert_int_equal(capture("kill -9 $$", 5000, &said), -ECHILD);
    text_free(&said);
    char *const argv[] = {"there-is-no-such-command", NULL};
    assert_true(spawn_capture(argv, 5000, &said) < 0);
    text_free(&said);
}

static void a_capture_ends_at_its_time_out(void **state)
{
    static const char *const HANG[] = {"echo x; exec sleep 60", "exec >&-; exec sleep 60"};
    struct text said;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(HANG); i++) {
        int64_t start_ns = clock_now_ns();
        assert_int_equal(capture(HANG[i], 100, &said), -ETIMEDOUT);
        int64_t took_ms = (clock_now_ns() - start_ns) / NS_PER_MS;
        assert_in_range(took_ms, 90, 2000);
        text_free(&said);
        assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* reaped */
    }
}

static void a_capture_of_too_much_ends_at_once(void **state)
{
    struct text said;
    (void)state;
    int64_t start_ns = clock_now_ns();
    assert_int_equal(capture("exec yes", 5000, &said), -EFBIG);
    assert_true(clock_now_ns() - start_ns < 3 * NS_PER_S);
    assert_true(said.len <= 1 << 20);
    text_free(&said);
}

/* It ended well, and what is past the limit may still be in the pipe. */
static void a_capture_of_a_little_too_much_is_not_cut_unsaid(void **state)
{
    struct text said;
    (void)state;
    assert_int_equal(capture("head -c 1048576 /dev/zero", 60000, &said), 0);
    assert_int_equal(said.len, 1 << 20);
    text_free(&said);
    assert_int_equal(capture("head -c 1048600 /dev/zero", 60000, &said), -EFBIG);
    text_free(&said);
}

static void on_alarm(int number)
{
    (void)number;
}

static void a_handled_signal_ends_no_capture(void **state)
{
    const struct itimerval often = {{.tv_usec = 5000}, {.tv_usec = 5000}}, never = {0};
    struct sigaction before;
    struct text said;
    (void)state;
    assert_int_equal(sigaction(SIGALRM, &(struct sigaction){.sa_handler = on_alarm}, &before), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
    int failed = capture("sleep 0.2; echo one; exec >&-; sleep 0.2", 60000, &said);
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);
    assert_int_equal(failed, 0);
    assert_string_equal(said.data ? said.data : "", "one\n");
    text_free(&said);
}

static void a_shell_command_tells_how_it_ended(void **state)
{
    struct child_end end;
    (void)state;
    assert_int_equal(spawn_shell("exit 3", -1, &end, NULL), 0);
    assert_false(end.signalled);
    assert_int_equal(end.exit_status, 3);
    assert_int_equal(spawn_shell("kill -9 $$", -1, &end, NULL), 0);
    assert_true(end.signalled);
    assert_int_equal(end.signal, SIGKILL);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* reaped */
}

static void a_signal_ends_a_shell_command_and_what_it_started(void **state)
{
    struct child_end end;
    sigset_t term, mask;
    int ends[2];
    char script[128], none;
    (void)state;
    (void)sigemptyset(&term);
    (void)sigaddset(&term, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &term, &mask);
    cleanup_close int signal_fd = signalfd(-1, &term, SFD_CLOEXEC | SFD_NONBLOCK);
    assert_int_equal(spawn_take_signal(signal_fd), 0);
    assert_int_equal(pipe(ends), 0);
    /* The pipe ends with the last that holds it; timeout(1) makes a process group of its own. */
    text_format(script, sizeof(script), "(sleep 60 & :); timeout 60 sleep 60 & kill -TERM %d; sleep 60", (int)getpid());
    assert_int_equal(fcntl(ends[0], F_SETFD, FD_CLOEXEC), 0);
    int64_t start_ns = clock_now_ns();
    assert_int_equal(spawn_shell(script, signal_fd, &end, NULL), SIGTERM);
    assert_true(end.signalled && end.signal == SIGKILL);
    (void)close(ends[1]);
    assert_int_equal(read(ends[0], &none, 1), 0);
    assert_true(clock_now_ns() - start_ns < 20 * NS_PER_S);
    (void)close(ends[0]);
    assert_int_equal(spawn_take_signal(signal_fd), 0);
    (void)sigprocmask(SIG_SETMASK, &mask, NULL);
}

/* --- orphans: in a process of its own, for it kills every child -------------------------------------------------- */

static int in_process_of_its_own(int (*fn)(void))
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0)
        _exit(fn());
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* A daemon that forked twice, in a session of its own. Returns its pid. */
static pid_t start_daemon(void)
{
    int ends[2];
    pid_t daemon_pid = -1;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    pid_t first = fork();
    if (first == 0) {
        (void)setsid();
        pid_t second = fork();
        if (second == 0) {
            (void)signal(SIGTERM, SIG_IGN);
            (void)alarm(30); /* should nobody end it */
            pid_t self = getpid();
            (void)!write(ends[1], &self, sizeof(self));
            for (;;)
                (void)pause();
        }
        _exit(0);
    }
    (void)waitpid(first, NULL, 0);
    (void)!read(ends[0], &daemon_pid, sizeof(daemon_pid));
    (void)close(ends[0]);
    (void)close(ends[1]);
    return daemon_pid;
}

static int kill_daemons(void)
{
    struct err e = {0};
    if (spawn_adopt_orphans(&e) != 0)
        return 1;
    pid_t one = start_daemon(), two = start_daemon();
    if (one <= 0 || two <= 0)
        return 2;
    if (spawn_kill_orphans(5000, &e) != 2)
        return 3;
    return kill(one, 0) == 0 || kill(two, 0) == 0 ? 4 : 0;
}

static void daemons_that_slipped_away_are_ended(void **state)
{
    (void)state;
    assert_int_equal(in_process_of_its_own(kill_daemons), 0);
}

/* A parent that is killed leaves a child, which is adopted and has to be killed next. */
static int kill_generations(void)
{
    struct err e = {0};
    int ends[2];
    char ready;
    if (spawn_adopt_orphans(&e) != 0 || pipe2(ends, O_CLOEXEC) != 0)
        return 1;
    if (fork() == 0) {
        for (int depth = 0; depth < 5 && fork() == 0; depth++)
            (void)setsid();
        (void)alarm(30);
        (void)!write(ends[1], "x", 1);
        for (;;)
            (void)pause();
    }
    for (int i = 0; i < 6; i++)
        if (read(ends[0], &ready, 1) != 1)
            return 2;
    if (spawn_kill_orphans(5000, &e) != 6)
        return 3;
    return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD ? 0 : 4;
}

static void children_of_children_are_ended_too(void **state)
{
    (void)state;
    assert_int_equal(in_process_of_its_own(kill_generations), 0);
}

static int kill_nobody(void)
{
    struct err e = {0};
    return spawn_kill_orphans(5000, &e);
}

static void where_nobody_is_left_nobody_is_ended(void **state)
{
    (void)state;
    assert_int_equal(in_process_of_its_own(kill_nobody), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_gets_its_arguments_environment_and_descriptors),
        cmocka_unit_test(an_exec_that_fails_says_what_and_why),
        cmocka_unit_test(a_folder_that_cannot_be_entered_is_the_callers),
        cmocka_unit_test(a_limit_of_processes_is_the_hosts),
        cmocka_unit_test(cpus_that_are_not_there_name_the_step),
        cmocka_unit_test(a_descriptor_that_is_closed_names_the_step),
        cmocka_unit_test(a_cgroup_that_is_none_names_the_step),
        cmocka_unit_test(a_child_runs_on_the_cpus_it_was_given),
        cmocka_unit_test(a_child_has_default_signal_handling),
        cmocka_unit_test(a_child_leads_a_session_of_its_own),
        cmocka_unit_test(the_kept_descriptor_is_inherited_and_no_other),
        cmocka_unit_test(a_child_dies_with_its_parent),
        cmocka_unit_test(an_exit_status_is_told),
        cmocka_unit_test(a_signal_is_told),
        cmocka_unit_test(the_pidfd_tells_of_the_end_and_is_closed_by_waiting),
        cmocka_unit_test(waiting_for_no_child_is_an_error),
        cmocka_unit_test(a_call_gives_what_the_function_returned),
        cmocka_unit_test(a_capture_is_what_was_printed_to_standard_output),
        cmocka_unit_test(a_capture_that_fails_is_no_success),
        cmocka_unit_test(a_capture_ends_at_its_time_out),
        cmocka_unit_test(a_capture_of_too_much_ends_at_once),
        cmocka_unit_test(a_capture_of_a_little_too_much_is_not_cut_unsaid),
        cmocka_unit_test(a_handled_signal_ends_no_capture),
        cmocka_unit_test(a_shell_command_tells_how_it_ended),
        cmocka_unit_test(a_signal_ends_a_shell_command_and_what_it_started),
        cmocka_unit_test(daemons_that_slipped_away_are_ended),
        cmocka_unit_test(children_of_children_are_ended_too),
        cmocka_unit_test(where_nobody_is_left_nobody_is_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

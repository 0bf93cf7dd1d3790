#include "selftest/loads.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"

int load_start(const struct load_spec *spec, struct load *ret, struct err *e)
{
    int go[2], said[2];
    char cpus[16];
    text_format(cpus, sizeof(cpus), "%d", spec->cpus);
    char *const argv[] = {(char *)spec->program, (char *)spec->name, cpus, (char *)spec->dir, NULL};
    char *const envp[] = {NULL};
    if (pipe2(go, O_CLOEXEC) != 0)
        return err_sys(e, ERR_OURS, "pipe");
    cleanup_close int go_read = go[0], go_write = go[1];
    if (pipe2(said, O_CLOEXEC) != 0)
        return err_sys(e, ERR_OURS, "pipe");
    cleanup_close int said_read = said[0], said_write = said[1];
    const struct spawn_spec child = {
        .path = spec->program,
        .argv = argv,
        .envp = envp,
        .cgroup_fd = spec->cgroup_fd,
        .affinity = spec->affinity,
        .stdin_fd = go_read,
        .stdout_fd = said_write,
        .stderr_fd = said_write,
        .keep_fd = -1,
    };
    *ret = (struct load){.child = {.pidfd = -1}, .go_fd = -1, .said_fd = -1, .signal_fd = spec->signal_fd};
    TRY(spawn_start(&child, &ret->child, e));
    ret->go_fd = STEAL_FD(go_write);
    ret->said_fd = STEAL_FD(said_read);
    return 0;
}

/* Waits until fd is readable. Errors as load_ready(). */
static int wait_for(const struct load *l, int fd, int64_t deadline_ns, struct err *e)
{
    struct pollfd p[] = {{.fd = fd, .events = POLLIN}, {.fd = l->signal_fd, .events = POLLIN}};
    for (;;) {
        int64_t left_ms = (deadline_ns - clock_now_ns()) / NS_PER_MS;
        if (left_ms <= 0)
            return err_set(e, ERR_OURS, -ETIMEDOUT, "the load took too long");
        int n = poll(p, ARRAY_LEN(p), (int)left_ms);
        if (n < 0 && errno != EINTR)
            return err_sys(e, ERR_OURS, "poll");
        if (n > 0 && p[1].revents)
            return err_set(e, ERR_OURS, -EINTR, "ended by a signal");
        if (n > 0 && p[0].revents)
            return 0;
    }
}

int load_ready(struct load *l, int timeout_ms, struct err *e)
{
    static const char READY[] = "ready\n";
    int64_t deadline_ns = clock_now_ns() + timeout_ms * NS_PER_MS;
    l->from = l->next;
    for (;;) {
        const char *found = strstr(l->said + l->from, READY);
        if (found) {
            l->next = (size_t)(found - l->said) + sizeof(READY) - 1;
            return 0;
        }
        TRY(wait_for(l, l->said_fd, deadline_ns, e));
        ssize_t n = read(l->said_fd, l->said + l->len, sizeof(l->said) - 1 - l->len);
        if (n <= 0)
            return err_set(e, ERR_OURS, -ECHILD, "the load ended before it was ready%s%s", l->said[l->from] ? ": " : "",
                           l->said + l->from);
        l->len += (size_t)n;
        l->said[l->len] = '\0';
    }
}

/* SIGPIPE is ignored: the next load_ready() reports a load that has ended. */
void load_go(struct load *l)
{
    (void)!write(l->go_fd, "g", 1);
}

/* The value of the next line with this key, from `at` to the end of the state; or NULL. */
static const char *find_value(const struct load *l, const char *key, const char *at)
{
    const char *value = text_after(at, key, ' ');
    return value && value < l->said + l->next ? value : NULL;
}

bool load_word(const struct load *l, const char *key, char *buf, size_t cap)
{
    const char *value = find_value(l, key, l->said + l->from);
    if (value)
        (void)snprintf(buf, cap, "%.*s", (int)strcspn(value, "\n"), value);
    return value != NULL;
}

bool load_number(const struct load *l, const char *key, int64_t *ret)
{
    char word[32];
    return load_word(l, key, word, sizeof(word)) && text_to_i64(word, ret) == 0;
}

size_t load_pids(const struct load *l, int *pids, size_t cap)
{
    size_t n = 0;
    if (cap > 0)
        pids[n++] = l->child.pid;
    for (const char *at = find_value(l, "pid", l->said + l->from); at && n < cap; at = find_value(l, "pid", at))
        pids[n++] = (int)strtol(at, NULL, 10);
    return n;
}

int load_end(struct load *l, int timeout_ms, struct err *e)
{
    struct child_end end = {0};
    load_go(l);
    int failed = wait_for(l, l->child.pidfd, clock_now_ns() + timeout_ms * NS_PER_MS, e);
    if (failed == 0)
        failed = spawn_wait(&l->child, &end, e);
    if (failed == 0 && end.signalled)
        failed =
            err_set(e, ERR_OURS, -ECHILD, "the load was ended by signal %d (%s)", end.signal, strsignal(end.signal));
    else if (failed == 0 && end.exit_status != 0)
        failed = err_set(e, ERR_OURS, -ECHILD, "the load failed with status %d", end.exit_status);
    load_abandon(l);
    return failed;
}

void load_abandon(struct load *l)
{
    if (l->child.pidfd >= 0) {
        (void)kill(l->child.pid, SIGKILL);
        (void)spawn_wait(&l->child, &(struct child_end){0}, NULL);
    }
    close_fd(&l->go_fd);
    close_fd(&l->said_fd);
}

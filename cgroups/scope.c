#include "cgroups/scope.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"

#define PATIENCE_NS (5 * NS_PER_S)
#define USEC_PER_S  1000000ULL
#define SYSTEMD     "org.freedesktop.systemd1"
#define MANAGER     "org.freedesktop.systemd1.Manager"
#define LIBRARY     "libsystemd.so.0"

/* The functions of libsystemd that the child uses. */
static struct {
    __typeof__(sd_bus_open_system) *open_system;
    __typeof__(sd_bus_open_user) *open_user;
    __typeof__(sd_bus_set_method_call_timeout) *set_method_call_timeout;
    __typeof__(sd_bus_match_signal) *match_signal;
    __typeof__(sd_bus_message_new_method_call) *message_new_method_call;
    __typeof__(sd_bus_message_append) *message_append;
    __typeof__(sd_bus_message_read) *message_read;
    __typeof__(sd_bus_call) *call;
    __typeof__(sd_bus_process) *process;
    __typeof__(sd_bus_wait) *wait;
} bus_api;

/* The job that starts the scope. */
struct job {
    char path[256];
    char result[64]; /* "done"; "" while it runs */
};

static bool load_library(void)
{
    static const struct {
        const char *name;
        void *function;
    } WANTED[] = {
        {"sd_bus_open_system", &bus_api.open_system},
        {"sd_bus_open_user", &bus_api.open_user},
        {"sd_bus_set_method_call_timeout", &bus_api.set_method_call_timeout},
        {"sd_bus_match_signal", &bus_api.match_signal},
        {"sd_bus_message_new_method_call", &bus_api.message_new_method_call},
        {"sd_bus_message_append", &bus_api.message_append},
        {"sd_bus_message_read", &bus_api.message_read},
        {"sd_bus_call", &bus_api.call},
        {"sd_bus_process", &bus_api.process},
        {"sd_bus_wait", &bus_api.wait},
    };
    void *library = dlopen(LIBRARY, RTLD_NOW);
    for (size_t i = 0; i < ARRAY_LEN(WANTED); i++) {
        void *found = library ? dlsym(library, WANTED[i].name) : NULL;
        if (!found)
            return false;
        memcpy(WANTED[i].function, &found, sizeof(found)); /* ISO C has no cast from an object to a function */
    }
    return true;
}

/* JobRemoved(id, job, unit, result). If it comes before the answer that names the job, sd-bus queues it until
 * sd_bus_process(). */
static int note_job(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
    (void)error;
    struct job *j = userdata;
    uint32_t id = 0;
    const char *path = NULL, *unit = NULL, *result = NULL;
    if (bus_api.message_read(m, "uoss", &id, &path, &unit, &result) >= 0 && strcmp(path, j->path) == 0)
        (void)snprintf(j->result, sizeof(j->result), "%s", result);
    return 0;
}

/* Mode "fail": no running unit is stopped for it. */
static int add_properties(sd_bus_message *m, const char *unit, pid_t pid)
{
    int failed = bus_api.message_append(m, "ss", unit, "fail");
    if (failed >= 0)
        failed =
            bus_api.message_append(m, "a(sv)a(sa(sv))", 5, "Description", "s", "slices of tare, a benchmark runner",
                                   "Slice", "s", "tare.slice", "PIDs", "au", 1, (uint32_t)pid, "Delegate", "b", 1,
                                   "CollectMode", "s", "inactive-or-failed", 0);
    return failed;
}

static int start_unit(sd_bus *bus, const char *unit, pid_t pid, struct job *j, sd_bus_error *error)
{
    sd_bus_message *m = NULL, *answer = NULL;
    const char *path = NULL;
    int failed =
        bus_api.message_new_method_call(bus, &m, SYSTEMD, "/org/freedesktop/systemd1", MANAGER, "StartTransientUnit");
    if (failed >= 0)
        failed = add_properties(m, unit, pid);
    if (failed >= 0)
        failed = bus_api.call(bus, m, 0, error, &answer);
    if (failed >= 0)
        failed = bus_api.message_read(answer, "o", &path);
    if (failed >= 0)
        (void)snprintf(j->path, sizeof(j->path), "%s", path);
    return failed; /* the messages end with the process */
}

static int wait_for_job(sd_bus *bus, struct job *j)
{
    int64_t deadline_ns = clock_now_ns() + PATIENCE_NS;
    while (!*j->result) {
        int r = bus_api.process(bus, NULL);
        int64_t left_ns = deadline_ns - clock_now_ns();
        if (r == 0)
            r = left_ns > 0 ? bus_api.wait(bus, (uint64_t)left_ns / 1000) : -ETIMEDOUT;
        if (r < 0)
            return r;
    }
    return 0;
}

/* A login through su or cron does not set XDG_RUNTIME_DIR; pam_systemd(8) documents its value. */
static int open_bus(bool by_user, sd_bus **ret)
{
    char runtime[64];
    text_format(runtime, sizeof(runtime), "/run/user/%u", (unsigned)geteuid());
    if (by_user)
        (void)setenv("XDG_RUNTIME_DIR", runtime, 0);
    int failed = by_user ? bus_api.open_user(ret) : bus_api.open_system(ret);
    return failed < 0 ? failed : bus_api.set_method_call_timeout(*ret, 5 * USEC_PER_S);
}

/* Runs in the child. Returns NULL, or why it failed (buf or a constant). */
static const char *ask(bool by_user, pid_t pid, sd_bus_error *error, char *buf, size_t cap)
{
    sd_bus *bus = NULL;
    struct job j = {0};
    char unit[64];
    if (!load_library())
        return "cannot load " LIBRARY " (apt-get install libsystemd0)";
    int failed = open_bus(by_user, &bus);
    if (failed < 0) {
        (void)snprintf(buf, cap, "cannot reach the %s bus: %s", by_user ? "user" : "system", strerror(-failed));
        return buf;
    }
    text_format(unit, sizeof(unit), "tare-%d-%llx.scope", (int)pid, (unsigned long long)clock_now_ns());
    failed = bus_api.match_signal(bus, NULL, SYSTEMD, "/org/freedesktop/systemd1", MANAGER, "JobRemoved", note_job, &j);
    if (failed >= 0)
        failed = start_unit(bus, unit, pid, &j, error);
    if (failed >= 0)
        failed = wait_for_job(bus, &j);
    if (failed < 0)
        (void)snprintf(buf, cap, "systemd refused a scope: %s", error->message ? error->message : strerror(-failed));
    else if (strcmp(j.result, "done") != 0)
        (void)snprintf(buf, cap, "systemd's job for the scope '%s' ended with '%s'", unit, j.result);
    else
        return NULL;
    return buf;
}

static _Noreturn void child(bool by_user, pid_t parent, int to_parent)
{
    char buf[400];
    sd_bus_error error = SD_BUS_ERROR_NULL;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    const char *why = ask(by_user, parent, &error, buf, sizeof(buf));
    if (why)
        (void)!write(to_parent, why, strlen(why));
    _exit(why ? 1 : 0);
}

/* Reads the child's message until it closes its end of the pipe. */
static size_t hear(int fd, char *said, size_t cap)
{
    size_t len = 0;
    int64_t deadline_ns = clock_now_ns() + PATIENCE_NS + NS_PER_S;
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
    said[len] = '\0';
    return len;
}

int scope_enter(bool by_user, char *why, size_t cap)
{
    int ends[2];
    int status = 0;
    pid_t us = getpid();
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -errno;
    cleanup_close int from_child = ends[0];
    cleanup_close int to_parent = ends[1];
    pid_t pid = fork();
    if (pid < 0)
        return -errno;
    if (pid == 0)
        child(by_user, us, to_parent);
    (void)close(STEAL_FD(to_parent));
    size_t len = hear(from_child, why, cap);
    (void)kill(pid, SIGKILL); /* only matters if it is late */
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (len == 0 && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))
        (void)snprintf(why, cap, "systemd did not answer in time");
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ENOTSUP;
}

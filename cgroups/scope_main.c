/* tare-scope: asks systemd for a scope that a process is put into. `tare` executes it (scope.c). It is a program of its
 * own so that tare, which starts many times, loads no library: libsystemd comes with nine others. */
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

#define PATIENCE_NS (5 * NS_PER_S)
#define USEC_PER_S  1000000ULL
#define SYSTEMD     "org.freedesktop.systemd1"
#define MANAGER     "org.freedesktop.systemd1.Manager"

/* The job that starts the scope. */
struct job {
    char path[256];
    char result[64]; /* "done"; "" while it runs */
};

/* JobRemoved(id, job, unit, result). If it comes before the answer that names the job, sd-bus queues it until
 * sd_bus_process(). */
static int note_job(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
    (void)error;
    struct job *j = userdata;
    uint32_t id = 0;
    const char *path = NULL, *unit = NULL, *result = NULL;
    if (sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) >= 0 && strcmp(path, j->path) == 0)
        (void)snprintf(j->result, sizeof(j->result), "%s", result);
    return 0;
}

/* Mode "fail": no running unit is stopped for it. */
static int start_unit(sd_bus *bus, const char *unit, pid_t pid, struct job *j, sd_bus_error *error)
{
    sd_bus_message *answer = NULL; /* ends with the process */
    const char *path = NULL;
    int failed = sd_bus_call_method(bus, SYSTEMD, "/org/freedesktop/systemd1", MANAGER, "StartTransientUnit", error,
                                    &answer, "ssa(sv)a(sa(sv))", unit, "fail", 5, "Description", "s",
                                    "slices of tare, a benchmark runner", "Slice", "s", "tare.slice", "PIDs", "au", 1,
                                    (uint32_t)pid, "Delegate", "b", 1, "CollectMode", "s", "inactive-or-failed", 0);
    if (failed >= 0)
        failed = sd_bus_message_read(answer, "o", &path);
    if (failed >= 0)
        (void)snprintf(j->path, sizeof(j->path), "%s", path);
    return failed;
}

static int wait_for_job(sd_bus *bus, struct job *j)
{
    int64_t deadline_ns = clock_now_ns() + PATIENCE_NS;
    while (!*j->result) {
        int r = sd_bus_process(bus, NULL);
        int64_t left_ns = deadline_ns - clock_now_ns();
        if (r == 0)
            r = left_ns > 0 ? sd_bus_wait(bus, (uint64_t)left_ns / 1000) : -ETIMEDOUT;
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
    int failed = by_user ? sd_bus_open_user(ret) : sd_bus_open_system(ret);
    return failed < 0 ? failed : sd_bus_set_method_call_timeout(*ret, 5 * USEC_PER_S);
}

/* NULL, or why it failed, in buf. */
static const char *ask(bool by_user, pid_t pid, sd_bus_error *error, char *buf, size_t cap)
{
    sd_bus *bus = NULL;
    struct job j = {0};
    char unit[64];
    int failed = open_bus(by_user, &bus);
    if (failed < 0) {
        (void)snprintf(buf, cap, "cannot reach the %s bus: %s", by_user ? "user" : "system", strerror(-failed));
        return buf;
    }
    text_format(unit, sizeof(unit), "tare-%d-%llx.scope", (int)pid, (unsigned long long)clock_now_ns());
    failed = sd_bus_match_signal(bus, NULL, SYSTEMD, "/org/freedesktop/systemd1", MANAGER, "JobRemoved", note_job, &j);
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

/* tare-scope system|user PID: 0 once the process is in its scope; else the reason on stdout. */
int main(int argc, char **argv)
{
    char buf[400];
    sd_bus_error error = SD_BUS_ERROR_NULL;
    const bool by_user = argc == 3 && strcmp(argv[1], "user") == 0;
    char *end = NULL;
    const long pid = argc == 3 ? strtol(argv[2], &end, 10) : 0;
    if (pid <= 0 || pid > INT_MAX || *end || !(by_user || strcmp(argv[1], "system") == 0)) {
        (void)fputs("tare-scope is a part of tare: 'tare --help' lists the commands\n", stderr);
        return 2;
    }
    const char *why = ask(by_user, (pid_t)pid, &error, buf, sizeof(buf));
    if (why)
        (void)fputs(why, stdout);
    return why ? 1 : 0;
}

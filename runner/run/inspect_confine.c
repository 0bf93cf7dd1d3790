#include "run/inspect.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

/* The input of the checks. */
struct look {
    const struct confine *confine;
    const struct child *child;
    struct verdict *verdict;
    char status[4096]; /* /proc/PID/status of the workload; "": unreadable */
};

/* The value of a "Key:\tvalue" line. */
static const char *status_value(const struct look *l, const char *key, char *buf, size_t cap)
{
    const char *value = text_after(l->status, key, ':');
    value = value ? value + strspn(value, " \t") : "";
    (void)snprintf(buf, cap, "%.*s", (int)strcspn(value, "\n"), value);
    return buf;
}

/* The reason of a failed check: the first refused of these layers. */
static const char *why_not(const struct look *l, enum confine_layer first, enum confine_layer last, char *buf,
                           size_t cap)
{
    for (int i = (int)first; i <= (int)last; i++) {
        if (l->child->outcome.refused[i] == 0)
            continue;
        (void)snprintf(buf, cap, "the host refused: %s: %s", confine_layer_names[i],
                       strerror(l->child->outcome.refused[i]));
        return buf;
    }
    (void)snprintf(buf, cap, "it is not what was asked for");
    return buf;
}

static void add(const struct look *l, const char *name, bool ok, const char *requested, const char *achieved,
                const char *by, enum confine_layer first, enum confine_layer last)
{
    char why[200];
    verdict_add(l->verdict, LEVEL_REQUIRED, name, ok, requested, achieved, by,
                why_not(l, first, last, why, sizeof(why)));
}

/* Whether a process is in another namespace of this kind than we are. */
static bool is_apart(pid_t pid, const char *kind)
{
    char path[64], ours[64], theirs[64];
    text_format(path, sizeof(path), "/proc/self/ns/%s", kind);
    ssize_t n = readlink(path, ours, sizeof(ours) - 1);
    text_format(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, kind);
    ssize_t m = readlink(path, theirs, sizeof(theirs) - 1);
    return n > 0 && m > 0 && (n != m || memcmp(ours, theirs, (size_t)n) != 0);
}

static void check_namespaces(const struct look *l)
{
    static const char *const KINDS[] = {"pid", "mnt", "ipc", "uts", "net"};
    char requested[64] = "", achieved[64] = "";
    size_t count = l->confine->wants[CONFINE_NETWORK] ? 5 : 4;
    for (size_t i = 0; i < count; i++) {
        size_t at = strlen(requested);
        text_format(requested + at, sizeof(requested) - at, "%s%s", at ? " " : "", KINDS[i]);
        at = strlen(achieved);
        if (l->child->init > 0 && is_apart(l->child->init, KINDS[i]))
            text_format(achieved + at, sizeof(achieved) - at, "%s%s", at ? " " : "", KINDS[i]);
    }
    add(l, "own namespaces", strcmp(requested, achieved) == 0 && l->child->outcome.refused[CONFINE_NAMESPACES] == 0,
        requested, achieved, "/proc/PID/ns", CONFINE_NAMESPACES, CONFINE_NAMESPACES);
}

/* The interfaces of the init's network namespace. */
static void check_network(const struct look *l)
{
    char path[64], buf[4096], names[200] = "";
    if (!l->confine->wants[CONFINE_NETWORK])
        return;
    text_format(path, sizeof(path), "/proc/%d/net/dev", (int)l->child->init);
    const char *line = l->child->init > 0 && file_read("", path, buf, sizeof(buf)) > 0 ? buf : "";
    for (; line; line = (line = strchr(line, '\n')) ? line + 1 : NULL) {
        const char *name = line + strspn(line, " ");
        size_t len = strcspn(name, ":|\n"), at = strlen(names);
        if (name[len] == ':' && at + len + 2 < sizeof(names))
            (void)snprintf(names + at, sizeof(names) - at, "%s%.*s", at ? " " : "", (int)len, name);
    }
    bool ok = strcmp(names, "lo") == 0 && l->child->outcome.refused[CONFINE_NETWORK] == 0;
    add(l, "network off", ok, "lo", names, "/proc/PID/net/dev", CONFINE_NAMESPACES, CONFINE_NETWORK);
}

/* Each private folder must be on another file system than the host's folder. */
static void check_folders(const struct look *l)
{
    static const char *const ALWAYS[] = {"/dev/shm", "/proc"};
    const int *refused = l->child->outcome.refused;
    char path[PATH_MAX], wanted[256] = "", got[256] = ""; /* to be shown; whether all are is counted */
    size_t lacking = 0;
    struct stat ours, its;
    for (size_t i = 0; i < ARRAY_LEN(ALWAYS) + l->confine->mounts.hidden_count; i++) {
        const char *folder = i < ARRAY_LEN(ALWAYS) ? ALWAYS[i] : l->confine->mounts.hidden[i - ARRAY_LEN(ALWAYS)].path;
        size_t at = strlen(wanted);
        (void)snprintf(wanted + at, sizeof(wanted) - at, "%s%s", at ? " " : "", folder);
        text_format(path, sizeof(path), "/proc/%d/root%s", (int)l->child->init, folder);
        if (l->child->init <= 0 || stat(folder, &ours) != 0 || stat(path, &its) != 0 || ours.st_dev == its.st_dev) {
            lacking++;
            continue;
        }
        at = strlen(got);
        (void)snprintf(got + at, sizeof(got) - at, "%s%s", at ? " " : "", folder);
    }
    bool ok = refused[CONFINE_PRIVATE] == 0 && refused[CONFINE_PROC] == 0 && lacking == 0;
    add(l, "private folders", ok, wanted, got, "stat(2)", CONFINE_PRIVATE, CONFINE_PROC);
}

/* Layers that cannot be read from outside: the child read them back and reported. The last two are only recorded: not
 * every kernel has Landlock, and a user namespace has its own limits, which the filter refuses too. */
static void check_outside(const struct look *l)
{
    char achieved[32];
    const struct confine_outcome *o = &l->child->outcome;
    bool apart = l->child->init > 0;
    if (l->confine->wants[CONFINE_SOCKETS]) {
        bool ok = apart && o->refused[CONFINE_SOCKETS] == 0;
        add(l, "host's sockets", ok, "masked", ok ? "masked" : "", "/proc/net/unix", CONFINE_SOCKETS, CONFINE_SOCKETS);
    }
    if (l->confine->wants[CONFINE_STREAMS]) {
        bool ok = apart && o->refused[CONFINE_STREAMS] == 0;
        add(l, "standard streams", ok, "no way to the caller's files", ok ? "no way to the caller's files" : "",
            "fstatvfs(3)", CONFINE_STREAMS, CONFINE_STREAMS);
    }
    if (l->confine->wants[CONFINE_WRITES]) {
        bool ok = apart && o->landlock_abi > 0 && o->refused[CONFINE_WRITES] == 0;
        *achieved = '\0';
        if (o->landlock_abi > 0)
            text_format(achieved, sizeof(achieved), "ABI %d", o->landlock_abi);
        verdict_add(l->verdict, LEVEL_RECORDED, "Landlock", ok, "rules for writing", achieved, "landlock(7)",
                    o->landlock_abi > 0 ? strerror(o->refused[CONFINE_WRITES])
                                        : "this kernel has no Landlock: the workload can write to FIFOs of the host");
    }
    if (*l->confine->uid_map)
        verdict_add(l->verdict, LEVEL_RECORDED, "no further namespaces", apart && o->nesting_refused == 0, "0",
                    o->nesting_refused == 0 ? "0" : "", "/proc/sys/user/max_*_namespaces",
                    strerror(o->nesting_refused));
}

static void check_mounts(const struct look *l)
{
    char path[64];
    struct statvfs fs;
    const int *refused = l->child->outcome.refused;
    bool apart = l->child->init > 0;
    text_format(path, sizeof(path), "/proc/%d/root", (int)l->child->init);
    if (l->confine->wants[CONFINE_ROOT]) {
        bool ok = apart && refused[CONFINE_ROOT] == 0 && statvfs(path, &fs) == 0 && (fs.f_flag & ST_RDONLY);
        add(l, "read-only root", ok, "ro", ok ? "ro" : "rw", "statvfs(3)", CONFINE_ROOT, CONFINE_ROOT);
    }
    check_folders(l);
}

static void check_capabilities(const struct look *l)
{
    static const char *const SETS[] = {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"};
    char value[32], left[160] = "";
    for (size_t i = 0; i < ARRAY_LEN(SETS); i++) {
        size_t at = strlen(left);
        (void)status_value(l, SETS[i], value, sizeof(value));
        if (strspn(value, "0") != strlen(value))
            (void)snprintf(left + at, sizeof(left) - at, "%s%s %s", at ? " " : "", SETS[i], value);
    }
    bool none = *l->status && !*left;
    add(l, "capabilities", none, "none", none ? "none" : left, "/proc/PID/status", CONFINE_CAPABILITIES,
        CONFINE_CAPABILITIES);
}

static void check_user(const struct look *l)
{
    char uids[64], wanted[64], achieved[320];
    const char *reason = l->confine->user.reason;
    (void)status_value(l, "Uid", uids, sizeof(uids));
    bool is_root = *uids && strtoul(uids, NULL, 10) == 0;
    bool ok = *uids && !is_root && (uid_t)strtoul(uids, NULL, 10) == l->confine->user.uid;
    text_format(wanted, sizeof(wanted), "%u", (unsigned)l->confine->user.uid);
    (void)snprintf(achieved, sizeof(achieved), "%.*s%s%s%s", (int)strcspn(uids, "\t"), uids, *reason ? " (" : "",
                   reason, *reason ? ")" : "");
    if (is_root) /* never ok: root's files belong to it */
        verdict_add(l->verdict, LEVEL_REQUIRED, "user", false, "not root", achieved, "/proc/PID/status",
                    "it stays uid 0 (--user)");
    else
        add(l, "user", ok, *reason ? "unprivileged" : wanted, achieved, "/proc/PID/status", CONFINE_USER, CONFINE_USER);
}

static void check_filter(const struct look *l)
{
    char value[16];
    (void)status_value(l, "NoNewPrivs", value, sizeof(value));
    add(l, "no new privileges", strcmp(value, "1") == 0, "1", value, "/proc/PID/status", CONFINE_PRIVILEGES,
        CONFINE_PRIVILEGES);
    if (!l->confine->wants[CONFINE_SECCOMP])
        return;
    bool counted = l->child->outcome.refused[CONFINE_COUNTING] == 0;
    (void)status_value(l, "Seccomp", value, sizeof(value));
    bool filtered = strcmp(value, "2") == 0;
    add(l, "seccomp filter", filtered && counted, "2, counting", filtered ? counted ? "2, counting" : "2" : value,
        "/proc/PID/status", CONFINE_SECCOMP, CONFINE_COUNTING);
}

void inspect_confinement(const struct confine *confine, const struct child *child, struct record *record)
{
    char path[64];
    struct look l = {.confine = confine, .child = child, .verdict = &record->isolation};
    if (!confine)
        return;
    facts_bool(&record->confinement, "pid_namespace", child->init > 0);
    text_format(path, sizeof(path), "/proc/%d/status", (int)child->pid);
    if (file_read("", path, l.status, sizeof(l.status)) <= 0)
        l.status[0] = '\0';
    check_namespaces(&l);
    check_network(&l);
    check_mounts(&l);
    check_outside(&l);
    check_capabilities(&l);
    check_user(&l);
    check_filter(&l);
}

/* /proc/net/snmp: a line of names, then a line of values. */
static uint64_t snmp_value(const char *text, const char *row, const char *name)
{
    size_t len = strlen(row), column = 0;
    const char *names = strstr(text, row);
    const char *values = names ? strstr(names + len, row) : NULL;
    if (!values)
        return 0;
    const char *at = names + len, *end = names + strcspn(names, "\n");
    for (;; column++) {
        at += strspn(at, " ");
        size_t word = strcspn(at, " \n");
        if (at >= end || word == 0)
            return 0;
        if (word == strlen(name) && strncmp(at, name, word) == 0)
            break;
        at += word;
    }
    for (at = values + len; column > 0; column--) {
        at += strspn(at, " ");
        at += strcspn(at, " \n");
    }
    return strtoull(at, NULL, 10);
}

int inspect_no_routes(pid_t pid, uint64_t *ret)
{
    char path[64], buf[16384];
    text_format(path, sizeof(path), "/proc/%d/net/snmp", (int)pid);
    ssize_t n = file_read("", path, buf, sizeof(buf));
    if (n < 0)
        return (int)n;
    *ret = snmp_value(buf, "Ip:", "OutNoRoutes");
    text_format(path, sizeof(path), "/proc/%d/net/snmp6", (int)pid);
    const char *six = file_read("", path, buf, sizeof(buf)) > 0 ? strstr(buf, "Ip6OutNoRoutes") : NULL;
    if (six)
        *ret += strtoull(six + strlen("Ip6OutNoRoutes"), NULL, 10);
    return 0;
}

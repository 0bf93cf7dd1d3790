#include "launch/sample.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "cgroups/cgfile.h"
#include "launch/nspid.h"
#include "launch/pid_table.h"

const char *const sample_class_names[SAMPLE_CLASSES] = {"current", "anon", "file", "kernel", "shmem", "sock"};

/* list_pids() holds 64 KiB of pids. */
#define WALKER_STACK_BYTES ((size_t)512 << 10)

/* A sampled process. Its directory descriptor goes stale with the process, so that a reused pid is never mistaken for
 * it. The rollup is opened each time: a descriptor held across exec gives ESRCH. */
struct watched {
    int pid;
    int own_pid; /* in its own pid namespace, if nested; 0: unknown yet */
    int proc_fd;
    bool seen; /* in this tick */
};

enum walk_state { WALK_NONE, WALK_ASKED, WALK_DONE };

/* The walk in a thread. `state` is protected by the lock. While it is WALK_ASKED, the thread owns the pids, the watched
 * and `found`; else the caller does. */
struct walker {
    bool started, ending;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    enum walk_state state;
    int *members;
    size_t member_count;
    struct sample found; /* only its process sums */
};

struct sampler {
    struct walker walker;
    int current_fd, stat_fd, procs_fd; /* -1: missing */
    struct watched *watched;
    size_t count, held_max;
    struct watched passing;   /* the last one beyond held_max, for this walk */
    struct pid_table index;   /* a pid's place in `watched` */
    struct pid_table members; /* of this walk */
    int *pids;                /* of this tick */
    bool nested;              /* the members' pids are those of a nested namespace */
    char proc[64];            /* that namespace's /proc, or "/proc" */
    bool searched;            /* search the members in all of /proc */
};

/* Reads an open descriptor from its start, ended by NUL. Returns the length or a negative errno. */
static ssize_t reread(int fd, char *buf, size_t cap)
{
    ssize_t len = file_read_fd(fd, 0, buf, cap - 1);
    if (len >= 0)
        buf[len] = '\0';
    return len;
}

static int open_below(int dirfd, const char *name)
{
    return dirfd < 0 ? -1 : openat(dirfd, name, O_RDONLY | O_CLOEXEC);
}

struct sampler *sampler_open(int slice_dirfd)
{
    struct sampler *s = xcalloc(1, sizeof(*s));
    s->current_fd = open_below(slice_dirfd, "memory.current");
    s->stat_fd = open_below(slice_dirfd, "memory.stat");
    s->procs_fd = open_below(slice_dirfd, "cgroup.procs");
    text_format(s->proc, sizeof(s->proc), "/proc");
    s->held_max = file_descriptors_max() / 2;
    s->passing.proc_fd = -1;
    (void)pthread_mutex_init(&s->walker.lock, NULL);
    (void)pthread_cond_init(&s->walker.changed, NULL);
    return s;
}

void sampler_translate(struct sampler *s, const char *proc)
{
    s->nested = true;
    s->searched = s->procs_fd < 0 && proc[0] == '\0';
    if (s->procs_fd < 0 && proc[0] != '\0') /* without a slice, only the members' pids name processes */
        text_format(s->proc, sizeof(s->proc), "%s", proc);
}

static void end_walker(struct walker *w)
{
    if (w->started) {
        (void)pthread_mutex_lock(&w->lock);
        w->ending = true;
        (void)pthread_cond_broadcast(&w->changed);
        (void)pthread_mutex_unlock(&w->lock);
        (void)pthread_join(w->thread, NULL);
    }
    (void)pthread_cond_destroy(&w->changed);
    (void)pthread_mutex_destroy(&w->lock);
    free(w->members);
}

void sampler_close(struct sampler **sampler)
{
    struct sampler *s = STEAL(*sampler);
    if (!s)
        return;
    end_walker(&s->walker);
    for (size_t i = 0; i < s->count; i++)
        close_fd(&s->watched[i].proc_fd);
    close_fd(&s->passing.proc_fd);
    close_fd(&s->current_fd);
    close_fd(&s->stat_fd);
    close_fd(&s->procs_fd);
    pid_table_free(&s->index);
    pid_table_free(&s->members);
    free(s->watched);
    free(s->pids);
    free(s);
}

static void take_class(struct sample *r, enum sample_class class, bool has, uint64_t value)
{
    r->has_class[class] = has;
    r->class_bytes[class] = has ? value : 0;
}

static void take_slice(struct sampler *s, struct sample *r)
{
    char buf[8192]; /* memory.stat is below 2 KiB */
    uint64_t value = 0;
    if (s->current_fd >= 0) {
        bool ok = reread(s->current_fd, buf, sizeof(buf)) > 0 && cgfile_value(buf, &value) == 0;
        take_class(r, SAMPLE_CURRENT, ok, value);
        r->failed_reads += !ok;
    }
    if (s->stat_fd < 0)
        return;
    if (reread(s->stat_fd, buf, sizeof(buf)) <= 0) {
        r->failed_reads++;
        return;
    }
    for (int c = SAMPLE_ANON; c < SAMPLE_CLASSES; c++) {
        bool ok = cgfile_key(buf, sample_class_names[c], &value) == 0;
        take_class(r, (enum sample_class)c, ok, value);
    }
}

/* The value of a "Key:   123 kB" line, in bytes. */
static bool rollup_bytes(const char *text, const char *key, uint64_t *ret)
{
    const char *value = text_after(text, key, ':');
    char *end = NULL;
    unsigned long long kib = value ? strtoull(value, &end, 10) : 0;
    if (end == value)
        return false;
    *ret = kib * 1024;
    return true;
}

/* Adds a process to the sums. -ESRCH: it has ended, or is a zombie without memory. Other negative errno: it exists but
 * could not be read. */
static int add_rollup(int proc_fd, struct sample_sums *sums)
{
    char buf[4096];
    cleanup_close int fd = openat(proc_fd, "smaps_rollup", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? -ESRCH : -errno;
    ssize_t n = reread(fd, buf, sizeof(buf));
    if (n <= 0)
        return n == 0 ? -ESRCH : (int)n;
    uint64_t rss = 0, pss = 0, clean = 0, dirty = 0, huge = 0;
    if (!rollup_bytes(buf, "Rss", &rss) || !rollup_bytes(buf, "Pss", &pss) ||
        !rollup_bytes(buf, "Private_Clean", &clean) || !rollup_bytes(buf, "Private_Dirty", &dirty) ||
        !rollup_bytes(buf, "Private_Hugetlb", &huge))
        return -EPROTO;
    sums->rss_bytes += rss;
    sums->pss_bytes += pss;
    sums->uss_bytes += clean + dirty + huge;
    return 0;
}

/* Opens the directory that the pid has now. NULL: it has none. */
static struct watched *open_process(const struct sampler *s, struct watched *w)
{
    char path[sizeof(s->proc) + 16];
    (void)snprintf(path, sizeof(path), "%s/%d", s->proc, w->pid);
    w->own_pid = 0;
    w->proc_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return w->proc_fd < 0 ? NULL : w;
}

/* The place of one that is not held beyond this walk. */
static struct watched *pass_by(struct sampler *s, int pid)
{
    if (s->passing.pid == pid)
        return &s->passing;
    close_fd(&s->passing.proc_fd);
    s->passing = (struct watched){.pid = pid, .proc_fd = -1};
    return &s->passing;
}

static struct watched *watch(struct sampler *s, int pid)
{
    const uint32_t at = pid_table_get(&s->index, pid);
    if (at != PID_TABLE_NONE || s->count >= s->held_max) {
        struct watched *known = at != PID_TABLE_NONE ? &s->watched[at] : pass_by(s, pid);
        return known->proc_fd < 0 ? open_process(s, known) : known;
    }
    s->watched = xgrow(s->watched, s->count, sizeof(*s->watched));
    struct watched *w = &s->watched[s->count];
    *w = (struct watched){.pid = pid};
    if (!open_process(s, w))
        return NULL;
    pid_table_put(&s->index, pid, (uint32_t)s->count++);
    return w;
}

static void forget_gone(struct sampler *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (s->watched[i].seen && s->watched[i].proc_fd >= 0)
            s->watched[kept++] = s->watched[i];
        else
            close_fd(&s->watched[i].proc_fd);
    }
    if (kept == s->count)
        return;
    s->count = kept;
    pid_table_begin(&s->index, kept);
    for (size_t i = 0; i < kept; i++)
        pid_table_put(&s->index, s->watched[i].pid, (uint32_t)i);
}

/* Sums one process. Reopens a stale directory once: a new process may have the pid. */
static int sum_pid(struct sampler *s, int pid, struct sample_sums *sums)
{
    for (int attempt = 0; attempt < 2; attempt++) {
        struct watched *w = watch(s, pid);
        if (!w)
            return errno == ENOENT || errno == ESRCH ? -ESRCH : -errno;
        w->seen = true;
        int r = add_rollup(w->proc_fd, sums);
        if (r != -ESRCH)
            return r;
        (void)close(STEAL_FD(w->proc_fd));
    }
    return -ESRCH;
}

static void keep_pid(struct sampler *s, size_t at, int pid)
{
    s->pids = xgrow(s->pids, at, sizeof(*s->pids));
    s->pids[at] = pid;
}

/* Lists all pids of s->proc into s->pids. Returns how many, or a negative errno. */
static ssize_t list_all_pids(struct sampler *s)
{
    size_t count = 0;
    cleanup_dir DIR *dir = opendir(s->proc);
    if (!dir)
        return -errno;
    for (const struct dirent *d = readdir(dir); d; d = readdir(dir)) {
        int pid = d->d_name[0] >= '1' && d->d_name[0] <= '9' ? (int)strtol(d->d_name, NULL, 10) : 0;
        if (pid > 0)
            keep_pid(s, count++, pid);
    }
    return (ssize_t)count;
}

/* Lists the pids of the slice into s->pids. Returns how many, or a negative errno. */
static ssize_t list_pids(struct sampler *s)
{
    char buf[65536];
    ssize_t n = reread(s->procs_fd, buf, sizeof(buf));
    size_t count = 0;
    if (n < 0)
        return n;
    if ((size_t)n + 1 == sizeof(buf)) /* truncated, maybe inside a number */
        return -EFBIG;
    for (char *p = buf, *end = NULL; *p; p = end) {
        long pid = strtol(p, &end, 10);
        if (end == p)
            break;
        keep_pid(s, count++, (int)pid);
    }
    return (ssize_t)count;
}

/* In how many pid namespaces the process has a pid; *own: that of the innermost. 0: the process is gone. */
static size_t read_pids(int proc_fd, int *own)
{
    char buf[4096];
    cleanup_close int fd = openat(proc_fd, "status", O_RDONLY | O_CLOEXEC);
    return fd >= 0 && reread(fd, buf, sizeof(buf)) > 0 ? nspid_read(buf, own) : 0;
}

/* The pid by which the members know this process. Read once per process. */
static int translate(struct sampler *s, int pid)
{
    struct watched *w = s->nested ? watch(s, pid) : NULL;
    if (!w)
        return s->nested ? 0 : pid;
    if (w->own_pid == 0)
        (void)read_pids(w->proc_fd, &w->own_pid);
    return w->own_pid;
}

static bool is_member(const struct sampler *s, int pid)
{
    return pid_table_get(&s->members, pid) != PID_TABLE_NONE;
}

static void index_members(struct sampler *s, const int *members, size_t count)
{
    pid_table_begin(&s->members, count);
    for (size_t i = 0; i < count; i++)
        if (members[i] > 0)
            pid_table_put(&s->members, members[i], 0);
}

static void add_sums(struct sample_sums *to, const struct sample_sums *from)
{
    to->rss_bytes += from->rss_bytes;
    to->uss_bytes += from->uss_bytes;
    to->pss_bytes += from->pss_bytes;
}

static void count_pid(struct sampler *s, int pid, bool member, bool everyone, struct sample *r)
{
    struct sample_sums one = {0};
    int failed = sum_pid(s, pid, &one);
    if (failed == -ESRCH)
        return; /* it ended after it was listed, and has no memory now */
    if (failed < 0) {
        r->failed_reads++;
        r->members_partial |= member;
        r->all_partial |= everyone;
        return;
    }
    if (member) {
        add_sums(&r->members, &one);
        r->members_count++;
    }
    if (everyone) {
        add_sums(&r->all, &one);
        r->all_count++;
    }
}

/* Searches the members in all of /proc, by their pids in the nested namespace. */
static void search_members(struct sampler *s, struct sample *r)
{
    ssize_t listed = list_all_pids(s);
    if (listed < 0) {
        r->failed_reads++;
        r->members_partial = true;
    }
    for (ssize_t i = 0; i < listed; i++) {
        const struct watched *w = watch(s, s->pids[i]);
        int own = 0;
        if (w && is_member(s, translate(s, s->pids[i])) && read_pids(w->proc_fd, &own) >= 2)
            count_pid(s, s->pids[i], true, false, r);
    }
}

static void take_processes(struct sampler *s, const int *members, size_t member_count, struct sample *r)
{
    for (size_t i = 0; i < s->count; i++)
        s->watched[i].seen = false;
    (void)pass_by(s, 0);
    index_members(s, members, member_count);
    ssize_t listed = s->procs_fd >= 0 ? list_pids(s) : 0;
    if (listed < 0) {
        r->failed_reads++;
        r->all_partial = true;
    }
    for (ssize_t i = 0; i < listed; i++)
        count_pid(s, s->pids[i], is_member(s, translate(s, s->pids[i])), true, r);
    /* The workload writes the ledger: with a slice, only processes of the slice count. */
    for (size_t i = 0; s->procs_fd < 0 && !s->searched && i < member_count; i++)
        count_pid(s, members[i], true, false, r);
    if (s->searched)
        search_members(s, r);
    forget_gone(s);
    r->has_rollup = true;
}

void sampler_take(struct sampler *s, int64_t deadline_ns, struct sample *ret)
{
    *ret = (struct sample){.at_ns = clock_now_ns()};
    ret->late_ns = ret->at_ns - deadline_ns;
    take_slice(s, ret);
    ret->cost_ns = clock_now_ns() - ret->at_ns;
}

void sampler_walk(struct sampler *s, const int *members, size_t member_count, struct sample *to)
{
    int64_t start_ns = clock_now_ns();
    take_processes(s, members, member_count, to);
    to->walk_ns = clock_now_ns() - start_ns;
}

/* --- the walk in a thread ---------------------------------------------------------------------------------------- */

static void *walk_when_asked(void *arg)
{
    struct sampler *s = arg;
    struct walker *w = &s->walker;
    (void)pthread_mutex_lock(&w->lock);
    while (!w->ending) {
        if (w->state != WALK_ASKED) {
            (void)pthread_cond_wait(&w->changed, &w->lock);
            continue;
        }
        (void)pthread_mutex_unlock(&w->lock);
        w->found = (struct sample){0};
        sampler_walk(s, w->members, w->member_count, &w->found);
        (void)pthread_mutex_lock(&w->lock);
        w->state = WALK_DONE;
        (void)pthread_cond_broadcast(&w->changed);
    }
    (void)pthread_mutex_unlock(&w->lock);
    return NULL;
}

static int start_walker(struct sampler *s)
{
    pthread_attr_t attributes;
    int failed = pthread_attr_init(&attributes);
    if (failed != 0)
        return failed;
    (void)pthread_attr_setstacksize(&attributes, WALKER_STACK_BYTES);
    failed = pthread_create(&s->walker.thread, &attributes, walk_when_asked, s);
    (void)pthread_attr_destroy(&attributes);
    s->walker.started = failed == 0;
    return failed;
}

bool sampler_begin_walk(struct sampler *s, const int *members, size_t member_count, int *failed)
{
    struct walker *w = &s->walker;
    *failed = w->started ? 0 : start_walker(s);
    if (*failed != 0)
        return false;
    (void)pthread_mutex_lock(&w->lock);
    bool idle = w->state == WALK_NONE;
    if (idle) {
        free(w->members);
        w->members = xcalloc(member_count, sizeof(*members));
        w->member_count = member_count;
        if (member_count > 0)
            memcpy(w->members, members, member_count * sizeof(*members));
        w->state = WALK_ASKED;
        (void)pthread_cond_broadcast(&w->changed);
    }
    (void)pthread_mutex_unlock(&w->lock);
    return idle;
}

static void take_found(const struct sample *found, struct sample *to)
{
    to->has_rollup = found->has_rollup;
    to->members_partial = found->members_partial;
    to->all_partial = found->all_partial;
    to->members_count = found->members_count;
    to->all_count = found->all_count;
    to->members = found->members;
    to->all = found->all;
    to->failed_reads += found->failed_reads;
    to->walk_ns = found->walk_ns;
}

bool sampler_end_walk(struct sampler *s, bool wait, struct sample *to)
{
    struct walker *w = &s->walker;
    (void)pthread_mutex_lock(&w->lock);
    while (wait && w->state == WALK_ASKED)
        (void)pthread_cond_wait(&w->changed, &w->lock);
    bool done = w->state == WALK_DONE;
    if (done) {
        w->state = WALK_NONE;
        take_found(&w->found, to);
    }
    (void)pthread_mutex_unlock(&w->lock);
    return done;
}

#include "launch/watch.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "cgroups/cgfile.h"
#include "launch/ledger.h"
#include "launch/refusals.h"
#include "launch/relay.h"
#include "launch/spawn.h"

#define PROGRESS_NS     (200 * NS_PER_MS)
#define LOOK_NS         (200 * NS_PER_MS)
#define PARTITION_NS    NS_PER_S
#define MEMBERS_MAX     (4096 + LEDGER_SPARE_WORKERS + 1) /* the most workers, and the main process */
#define NEVER           INT64_MAX
#define WALK_SHARE      40  /* 2.5% */
#define WALK_WAIT       100 /* the longest delay of a walk, in periods */
#define WALK_WAIT_APART 20  /* of one on CPUs of its own */
#define STALL_LOOKS     8
#define BUSY_SHARE      100 /* 1% */

/* The signs of progress. */
struct traces {
    uint64_t phase, warmup, iterations, messages;
    uint64_t cpu_usec;
    int64_t at_ns;
};

struct watch {
    const struct watch_request *request;
    struct watch_result *result;
    int64_t tick_at_ns, rollup_at_ns, progress_at_ns, timeout_at_ns, partition_at_ns, stall_at_ns,
        look_at_ns;      /* NEVER: off */
    struct traces seen;  /* at the last look */
    int64_t progress_ns; /* the last look that saw progress */
    uint64_t shown;      /* iterations, of the warm-up too, on the progress line; UINT64_MAX: there is no line yet */
    size_t walked;       /* the sample of the current walk; SIZE_MAX: none */
    int *members;
};

static int64_t earliest(const struct watch *w)
{
    const int64_t at_ns[] = {w->tick_at_ns,  w->progress_at_ns, w->partition_at_ns,
                             w->stall_at_ns, w->look_at_ns,     w->timeout_at_ns};
    int64_t first_ns = NEVER;
    for (size_t i = 0; i < ARRAY_LEN(at_ns); i++)
        first_ns = at_ns[i] < first_ns ? at_ns[i] : first_ns;
    return first_ns;
}

static bool is_measuring(const struct watch_request *q)
{
    return !q->ledger || ledger_phase(q->ledger) == LEDGER_MEASURING;
}

/* The processes whose memory is summed separately. */
static size_t members_of(const struct watch_request *q, int *members)
{
    if (q->ledger)
        return ledger_members(q->ledger, members, MEMBERS_MAX);
    members[0] = q->child->init > 0 ? 2 : q->child->pid; /* its pid in the namespace of the init */
    return 1;
}

/* Moves rollup_at_ns on its grid beyond from_ns. Returns how many walks were skipped. */
static uint64_t next_walk(struct watch *w, int64_t from_ns)
{
    uint64_t passed = 0;
    for (; w->rollup_at_ns <= from_ns; passed++)
        w->rollup_at_ns += w->request->rollup_ns;
    return passed;
}

int64_t watch_walk_wait_ns(int64_t walk_ns, uint32_t processes, unsigned shared_cpus, int64_t rollup_ns)
{
    const int64_t held_ns = walk_ns / (processes > 0 ? processes : 1);
    const int64_t taken_ns = shared_cpus > 0 ? walk_ns / shared_cpus : 0;
    const int64_t cost_ns = held_ns > taken_ns ? held_ns : taken_ns;
    const int64_t most_ns = rollup_ns * (shared_cpus > 0 ? WALK_WAIT : WALK_WAIT_APART);
    return cost_ns < most_ns / WALK_SHARE ? cost_ns * WALK_SHARE : most_ns;
}

static void spare(struct watch *w, const struct sample *walked)
{
    const struct watch_request *q = w->request;
    const uint32_t processes = walked->all_count > walked->members_count ? walked->all_count : walked->members_count;
    const int64_t wait_ns = watch_walk_wait_ns(walked->walk_ns, processes, q->shared_cpus, q->rollup_ns);
    w->result->spared_walks += next_walk(w, walked->at_ns + wait_ns);
}

/* Takes the result of a finished walk. */
static void collect_walk(struct watch *w, bool wait)
{
    struct watch_result *r = w->result;
    if (w->walked >= r->count || !sampler_end_walk(w->request->sampler, wait, &r->samples[w->walked]))
        return;
    spare(w, &r->samples[w->walked]);
    w->walked = SIZE_MAX;
}

/* Begins the due walk for the last sample; skips it if another still runs. */
static int begin_walk(struct watch *w, int64_t now_ns)
{
    const struct watch_request *q = w->request;
    int failed = 0;
    bool begun = sampler_begin_walk(q->sampler, w->members, members_of(q, w->members), &failed);
    if (begun)
        w->walked = w->result->count - 1;
    w->result->walks += begun;
    w->result->missed_walks += !begun;
    (void)next_walk(w, now_ns);
    return -failed;
}

/* One tick; sets the next deadline on the grid and counts missed ticks. The walk runs beside the ticks, because a large
 * process takes many ticks' time. */
static int tick(struct watch *w, int64_t now_ns)
{
    const struct watch_request *q = w->request;
    int failed = 0;
    collect_walk(w, false);
    if (is_measuring(q)) {
        struct watch_result *r = w->result;
        r->samples = xgrow(r->samples, r->count, sizeof(*r->samples));
        sampler_take(q->sampler, w->tick_at_ns, &r->samples[r->count++]);
        if (now_ns >= w->rollup_at_ns)
            failed = begin_walk(w, now_ns);
    }
    now_ns = clock_now_ns();
    w->tick_at_ns += q->tick_ns;
    if (w->tick_at_ns <= now_ns) {
        int64_t missed = (now_ns - w->tick_at_ns) / q->tick_ns + 1;
        w->result->missed_ticks += is_measuring(q) ? (uint64_t)missed : 0;
        w->tick_at_ns += missed * q->tick_ns;
    }
    return failed;
}

/* Keeps the last WATCH_MESSAGES_MAX bytes. */
static void keep_messages(struct watch_result *r, const char *bytes, size_t len)
{
    size_t have = strlen(r->messages);
    if (len > WATCH_MESSAGES_MAX) {
        bytes += len - WATCH_MESSAGES_MAX;
        len = WATCH_MESSAGES_MAX;
    }
    if (have + len > WATCH_MESSAGES_MAX) {
        size_t drop = have + len - WATCH_MESSAGES_MAX;
        memmove(r->messages, r->messages + drop, have - drop);
        have -= drop;
    }
    memcpy(r->messages + have, bytes, len);
    r->messages[have + len] = '\0';
}

/* What comes later may push it out of the messages that are kept. A line that has not ended is looked at again. */
static void keep_line(const char *words, struct watch_result *r)
{
    const char *at = words && !*r->line ? strstr(r->messages, words) : NULL;
    const char *end = at ? strchr(at, '\n') : NULL;
    if (!end)
        return;
    while (at > r->messages && at[-1] != '\n')
        at--;
    size_t len = (size_t)(end - at);
    len = len < sizeof(r->line) ? len : sizeof(r->line) - 1;
    memcpy(r->line, at, len);
    r->line[len] = '\0';
}

/* Returns whether more may come. */
static bool take_messages(int fd, const char *line_with, struct watch_result *r)
{
    char chunk[2048];
    ssize_t n = read(fd, chunk, sizeof(chunk));
    for (ssize_t i = 0; i < n; i++)
        if (chunk[i] == '\0')
            chunk[i] = '?';
    if (n > 0)
        keep_messages(r, chunk, (size_t)n);
    keep_line(line_with, r);
    r->message_bytes += n > 0 ? (uint64_t)n : 0;
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

void watch_drain(int messages_fd, const char *line_with, struct watch_result *result)
{
    struct pollfd p = {.fd = messages_fd, .events = POLLIN};
    while (poll(&p, 1, 0) > 0 && (p.revents & POLLIN) && take_messages(messages_fd, line_with, result))
        ;
}

static bool pids_max_was_hit(int fd)
{
    char buf[256];
    uint64_t times = 0;
    ssize_t n = pread(fd, buf, sizeof(buf) - 1, 0);
    if (n <= 0)
        return false;
    buf[n] = '\0';
    return cgfile_key(buf, "max", &times) == 0 && times > 0;
}

/* The kernel notifies when a partition turns invalid (cpuset.c, notify_partition_change), but not always: 6.12 does not
 * if a CPU goes offline. So the file is also read once a second; that disturbs nobody, because we run outside of the
 * partition. A loss is noted, and the run goes on. */
static void look_at_partition(struct watch *w)
{
    w->partition_at_ns = clock_now_ns() + PARTITION_NS;
    struct watch_result *r = w->result;
    char buf[sizeof(r->partition_said)];
    ssize_t n = w->request->partition ? pread(w->request->partition_fd, buf, sizeof(buf) - 1, 0) : -1;
    if (n < 0)
        return;
    buf[n] = '\0';
    buf[strcspn(buf, "\n")] = '\0';
    if (r->partition_lost_ns != 0 || strcmp(buf, w->request->partition) == 0)
        return;
    r->partition_lost_ns = clock_now_ns();
    text_format(r->partition_said, sizeof(r->partition_said), "%s", buf);
}

static void look_for_traces(struct watch *w, struct traces *t)
{
    char buf[1024];
    const struct watch_request *q = w->request;
    ssize_t n = pread(q->cpu_stat_fd, buf, sizeof(buf) - 1, 0);
    *t = (struct traces){.phase = ledger_phase(q->ledger),
                         .warmup = ledger_warmup_done(q->ledger),
                         .iterations = ledger_iterations_done(q->ledger),
                         .messages = w->result->message_bytes,
                         .at_ns = clock_now_ns()};
    buf[n > 0 ? n : 0] = '\0';
    if (cgfile_key(buf, "usage_usec", &t->cpu_usec) != 0)
        t->cpu_usec = UINT64_MAX; /* unreadable counts as progress */
}

static bool made_progress(const struct traces *before, const struct traces *now)
{
    if (now->phase != before->phase || now->warmup != before->warmup || now->iterations != before->iterations ||
        now->messages != before->messages || now->cpu_usec == UINT64_MAX)
        return true;
    int64_t passed_usec = (now->at_ns - before->at_ns) / 1000;
    return now->cpu_usec < before->cpu_usec || now->cpu_usec - before->cpu_usec >= (uint64_t)passed_usec / BUSY_SHARE;
}

/* Returns whether it has stalled. */
static bool look_for_progress(struct watch *w)
{
    struct traces now;
    struct watch_result *r = w->result;
    look_for_traces(w, &now);
    if (made_progress(&w->seen, &now))
        w->progress_ns = now.at_ns;
    w->seen = now;
    w->stall_at_ns = now.at_ns + w->request->stall_ns / STALL_LOOKS;
    r->stalled_ns = now.at_ns - w->progress_ns;
    r->stalled_measuring = now.phase == LEDGER_MEASURING;
    r->stalled_iteration = r->stalled_measuring ? now.iterations : now.warmup;
    return r->stalled_ns >= w->request->stall_ns;
}

enum { CHILD, SIGNALS, PIDS, MESSAGES, PARTITION, REFUSALS, RELAYED, WATCHED = RELAYED + RELAY_PIPES };

/* What poll(2) found. Returns true once the watch is over. */
static bool take_events(struct watch *w, struct pollfd *fds)
{
    struct watch_result *r = w->result;
    if (fds[REFUSALS].revents && (!(fds[REFUSALS].revents & POLLIN) || refusals_answer(w->request->refusals) != 0))
        fds[REFUSALS].fd = -1; /* no process with the filter is left */
    /* Before the child's end: the signal also concerns what comes after it. */
    if (fds[SIGNALS].revents & POLLIN && (r->signal = spawn_take_signal(fds[SIGNALS].fd)) != 0) {
        r->why = WATCH_INTERRUPTED;
        return true;
    }
    if (fds[CHILD].revents) {
        r->why = WATCH_ENDED;
        return true;
    }
    if (fds[PIDS].revents & POLLPRI && pids_max_was_hit(fds[PIDS].fd)) {
        r->why = WATCH_PIDS_MAX;
        return true;
    }
    if (fds[PARTITION].revents & POLLPRI)
        look_at_partition(w);
    struct relay *relay = w->request->relay;
    for (int i = 0; relay && i < RELAY_PIPES; i++) {
        if (fds[RELAYED + i].revents == 0)
            continue;
        relay_take(relay, i);
        fds[RELAYED + i].fd = relay->from[i];
    }
    if (fds[MESSAGES].revents && !take_messages(fds[MESSAGES].fd, w->request->line_with, r))
        fds[MESSAGES].fd = -1;
    return false;
}

/* Only what is new: whoever keeps what the terminal shows would have the same line hundreds of times. */
static void show_progress(struct watch *w, int64_t now_ns)
{
    const struct watch_request *q = w->request;
    const uint64_t warmup_done = ledger_warmup_done(q->ledger), done = ledger_iterations_done(q->ledger);
    w->progress_at_ns = now_ns + PROGRESS_NS;
    if (w->shown == warmup_done + done)
        return;
    w->shown = warmup_done + done;
    q->progress->show(q->progress->arg, warmup_done, done);
}

static bool take_deadlines(struct watch *w, int *failed)
{
    const struct watch_request *q = w->request;
    int64_t now_ns = clock_now_ns();
    if (now_ns >= w->tick_at_ns)
        *failed = tick(w, now_ns);
    if (now_ns >= w->partition_at_ns)
        look_at_partition(w);
    if (q->progress && now_ns >= w->progress_at_ns)
        show_progress(w, now_ns);
    if (q->look && now_ns >= w->look_at_ns) {
        if (is_measuring(q))
            q->look(q->look_arg);
        w->look_at_ns = now_ns + LOOK_NS;
    }
    if (now_ns >= w->stall_at_ns && look_for_progress(w)) {
        w->result->why = WATCH_STALLED;
        return true;
    }
    if (now_ns < w->timeout_at_ns)
        return *failed != 0;
    w->result->why = WATCH_TIMEOUT;
    return true;
}

static int watch_loop(struct watch *w, struct err *e)
{
    const struct watch_request *q = w->request;
    struct pollfd fds[WATCHED] = {
        [CHILD] = {.fd = q->child->pidfd, .events = POLLIN},
        [SIGNALS] = {.fd = q->signal_fd, .events = POLLIN},
        [PIDS] = {.fd = q->pids_events_fd, .events = POLLPRI},
        [MESSAGES] = {.fd = q->messages_fd, .events = POLLIN},
        [PARTITION] = {.fd = q->partition ? q->partition_fd : -1, .events = POLLPRI},
        [REFUSALS] = {.fd = q->refusals ? q->refusals->listener_fd : -1, .events = POLLIN},
        [RELAYED] = {.fd = q->relay ? q->relay->from[0] : -1, .events = POLLIN},
        [RELAYED + 1] = {.fd = q->relay ? q->relay->from[1] : -1, .events = POLLIN},
    };
    int failed = 0;
    for (;;) {
        int64_t at_ns = earliest(w);
        int64_t left_ns = at_ns - clock_now_ns();
        struct timespec left = clock_timespec(left_ns > 0 ? left_ns : 0);
        int n = ppoll(fds, WATCHED, at_ns == NEVER ? NULL : &left, NULL);
        if (n < 0 && errno != EINTR)
            return err_sys(e, ERR_OURS, "poll");
        if (n > 0 && take_events(w, fds))
            return 0;
        if (take_deadlines(w, &failed))
            return err_code(e, ERR_OURS, failed, "cannot take a sample");
    }
}

int watch_child(const struct watch_request *request, struct watch_result *ret, struct err *e)
{
    cleanup_free int *members = xcalloc(MEMBERS_MAX, sizeof(*members));
    int64_t start_ns = request->child->executed_ns;
    struct watch w = {
        .request = request,
        .result = ret,
        .tick_at_ns = request->sampler ? start_ns + request->tick_ns : NEVER,
        .rollup_at_ns = start_ns + request->tick_ns,
        .partition_at_ns = request->partition ? start_ns + PARTITION_NS : NEVER,
        .progress_at_ns = request->progress ? start_ns : NEVER,
        .shown = UINT64_MAX,
        .stall_at_ns = NEVER,
        .look_at_ns = request->look ? start_ns + LOOK_NS : NEVER,
        .timeout_at_ns = request->timeout_ns ? start_ns + request->timeout_ns : NEVER,
        .walked = SIZE_MAX,
        .members = members,
    };
    *ret = (struct watch_result){0};
    if (request->ledger && request->stall_ns > 0 && request->cpu_stat_fd >= 0) {
        look_for_traces(&w, &w.seen);
        w.progress_ns = w.seen.at_ns;
        w.stall_at_ns = w.seen.at_ns + request->stall_ns / STALL_LOOKS;
    }
    int failed = watch_loop(&w, e);
    ret->ended_ns = clock_now_ns();
    collect_walk(&w, true);
    if (request->refusals)
        refusals_close(request->refusals);
    return failed;
}

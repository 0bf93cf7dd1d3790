#include "launch/watch.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "launch/ledger.h"
#include "launch/spawn.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A child that is watched, and all that watching needs. */
static struct {
    struct ledger_map ledger;
    struct child child;
    struct watch_request request;
    struct watch_result result;
    struct sampler *sampler;
    int messages[2];
    int signal_fd;
    sigset_t mask;
} scene;

static int open_scene(void **state)
{
    sigset_t ends;
    (void)state;
    memset(&scene, 0, sizeof(scene));
    scene.child.pidfd = -1;
    (void)sigemptyset(&ends);
    (void)sigaddset(&ends, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &ends, &scene.mask);
    scene.signal_fd = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
    if (scene.signal_fd < 0 || pipe2(scene.messages, O_CLOEXEC) != 0 ||
        fcntl(scene.messages[0], F_SETFL, O_NONBLOCK) != 0)
        return -1;
    return ledger_create(4, 4, false, &scene.ledger, NULL);
}

static int close_scene(void **state)
{
    struct child_end end;
    struct signalfd_siginfo info;
    (void)state;
    if (scene.child.pidfd >= 0) {
        (void)kill(scene.child.pid, SIGKILL);
        (void)spawn_wait(&scene.child, &end, NULL);
    }
    (void)!read(scene.signal_fd, &info, sizeof(info)); /* one that a failed test left pending */
    (void)close(scene.signal_fd);
    (void)close(scene.messages[0]);
    if (scene.messages[1] >= 0)
        (void)close(scene.messages[1]);
    (void)sigprocmask(SIG_SETMASK, &scene.mask, NULL);
    sampler_close(&scene.sampler);
    ledger_close(&scene.ledger);
    free(STEAL(scene.result.samples));
    return 0;
}

static void start(const char *script)
{
    char *const argv[] = {"sh", "-c", (char *)script, NULL};
    char *const envp[] = {"PATH=/usr/bin:/bin", NULL};
    struct err e = {0};
    cleanup_close int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    const struct spawn_spec spec = {.path = "/bin/sh",
                                    .argv = argv,
                                    .envp = envp,
                                    .cgroup_fd = -1,
                                    .keep_fd = -1,
                                    .stdin_fd = null_fd,
                                    .stdout_fd = scene.messages[1],
                                    .stderr_fd = scene.messages[1]};
    if (spawn_start(&spec, &scene.child, &e) != 0)
        fail_msg("%s", e.text);
    (void)close(STEAL_FD(scene.messages[1]));
    scene.request = (struct watch_request){.child = &scene.child,
                                           .ledger = &scene.ledger,
                                           .messages_fd = scene.messages[0],
                                           .signal_fd = scene.signal_fd,
                                           .pids_events_fd = -1,
                                           .partition_fd = -1,
                                           .cpu_stat_fd = -1};
}

static void sample_every(int64_t tick_ns, int64_t rollup_ns)
{
    scene.sampler = sampler_open(-1);
    scene.request.sampler = scene.sampler;
    scene.request.tick_ns = tick_ns;
    scene.request.rollup_ns = rollup_ns;
}

static void watch(void)
{
    struct err e = {0};
    if (watch_child(&scene.request, &scene.result, &e) != 0)
        fail_msg("%s", e.text);
}

/* --- how it ends
 * ------------------------------------------------------------------------------------------------------ */

static void a_child_that_ends_is_seen_to_and_is_not_reaped(void **state)
{
    (void)state;
    int64_t before_ns = clock_now_ns();
    start("exit 7");
    scene.request.timeout_ns = 60 * NS_PER_S;
    watch();
    assert_int_equal(scene.result.why, WATCH_ENDED);
    assert_in_range(scene.result.ended_ns, before_ns, clock_now_ns());
    assert_int_equal(scene.result.count, 0);
    assert_int_equal(scene.result.missed_ticks, 0);
    struct child_end end;
    assert_int_equal(spawn_wait(&scene.child, &end, NULL), 0);
    assert_int_equal(end.exit_status, 7);
}

static void a_child_that_takes_too_long_runs_out_of_time(void **state)
{
    (void)state;
    start("exec sleep 60");
    scene.request.timeout_ns = 60 * NS_PER_MS;
    watch();
    assert_int_equal(scene.result.why, WATCH_TIMEOUT);
    assert_in_range(scene.result.ended_ns, scene.child.executed_ns + 60 * NS_PER_MS,
                    scene.child.executed_ns + 2 * NS_PER_S);
    assert_int_equal(kill(scene.child.pid, 0), 0); /* ending it is the caller's */
}

/* A cpu.stat that says so, for a run that is ended after 400 ms without progress, or after 1200 whatever it does. */
static int say_cpu(uint64_t usage_usec)
{
    char text[64];
    int fd = memfd_create("cpu.stat", MFD_CLOEXEC);
    text_format(text, sizeof(text), "usage_usec %llu\nuser_usec 0\n", (unsigned long long)usage_usec);
    assert_int_equal(pwrite(fd, text, strlen(text), 0), (ssize_t)strlen(text));
    scene.request.cpu_stat_fd = fd;
    scene.request.stall_ns = 400 * NS_PER_MS;
    scene.request.timeout_ns = 1200 * NS_PER_MS;
    return fd;
}

static void a_child_that_waits_without_an_end_has_stalled(void **state)
{
    (void)state;
    start("exec sleep 60");
    ledger_set_phase(scene.ledger.page, LEDGER_MEASURING);
    cleanup_close int fd __attribute__((unused)) = say_cpu(1000000);
    watch();
    assert_int_equal(scene.result.why, WATCH_STALLED);
    assert_true(scene.result.stalled_ns >= 400 * NS_PER_MS);
    assert_true(scene.result.stalled_measuring);
    assert_int_equal(scene.result.stalled_iteration, 0);
}

static void a_child_that_prints_has_not_stalled(void **state)
{
    (void)state;
    start("while :; do echo on; sleep 0.1; done");
    cleanup_close int fd __attribute__((unused)) = say_cpu(1000000);
    watch();
    assert_int_equal(scene.result.why, WATCH_TIMEOUT);
    assert_true(scene.result.message_bytes > 10);
}

static void nobody_has_stalled_whose_cpu_time_cannot_be_read(void **state)
{
    (void)state;
    start("exec sleep 60");
    cleanup_close int fd = say_cpu(0);
    assert_int_equal(ftruncate(fd, 0), 0);
    watch();
    assert_int_equal(scene.result.why, WATCH_TIMEOUT);
}

static void the_time_runs_from_the_exec_on(void **state)
{
    (void)state;
    start("exec sleep 60");
    scene.child.executed_ns -= 10 * NS_PER_S;
    scene.request.timeout_ns = 5 * NS_PER_S;
    int64_t before_ns = clock_now_ns();
    watch();
    assert_int_equal(scene.result.why, WATCH_TIMEOUT);
    assert_true(clock_now_ns() - before_ns < NS_PER_S);
}

static void a_signal_interrupts_and_is_named(void **state)
{
    (void)state;
    start("exec sleep 60");
    assert_int_equal(raise(SIGTERM), 0); /* blocked: it waits for the signalfd */
    watch();
    assert_int_equal(scene.result.why, WATCH_INTERRUPTED);
    assert_int_equal(scene.result.signal, SIGTERM);
    assert_int_equal(kill(scene.child.pid, 0), 0);
}

static void a_signal_that_comes_later_interrupts_too(void **state)
{
    (void)state;
    start("sleep 0.03; kill -TERM $PPID; exec sleep 60");
    watch();
    assert_int_equal(scene.result.why, WATCH_INTERRUPTED);
    assert_int_equal(scene.result.signal, SIGTERM);
}

/* --- messages
 * --------------------------------------------------------------------------------------------------------- */

static void messages_of_both_streams_are_kept(void **state)
{
    (void)state;
    start("echo one; echo two >&2; sleep 0.02; printf three");
    watch();
    watch_drain(scene.messages[0], NULL, &scene.result);
    assert_string_equal(scene.result.messages, "one\ntwo\nthree");
}

static void of_many_messages_the_last_4096_bytes_are_kept(void **state)
{
    struct text all = {0};
    (void)state;
    for (int i = 1; i <= 30000; i++)
        text_add(&all, "%d\n", i);
    start("exec seq 1 30000"); /* 168 kB: more than a pipe holds, so that it has to be read meanwhile */
    scene.request.timeout_ns = 20 * NS_PER_S;
    watch();
    assert_int_equal(scene.result.why, WATCH_ENDED);
    watch_drain(scene.messages[0], NULL, &scene.result);
    assert_int_equal(strlen(scene.result.messages), WATCH_MESSAGES_MAX);
    assert_string_equal(scene.result.messages, all.data + all.len - 4096);
    text_free(&all);
}

/* 168 kB follow it. */
static void the_first_line_with_the_wanted_words_is_kept_however_much_follows(void **state)
{
    (void)state;
    start("echo before; printf 'it is '; sleep 0.02; echo 'a needle, in hay'; echo a needle again; exec seq 1 30000");
    scene.request.line_with = "needle";
    scene.request.timeout_ns = 20 * NS_PER_S;
    watch();
    watch_drain(scene.messages[0], "needle", &scene.result);
    assert_string_equal(scene.result.line, "it is a needle, in hay");
}

static void a_line_longer_than_its_room_is_cut(void **state)
{
    (void)state;
    start("printf 'needle%0600d\n' 1");
    scene.request.line_with = "needle";
    watch();
    watch_drain(scene.messages[0], "needle", &scene.result);
    assert_int_equal(strlen(scene.result.line), sizeof(scene.result.line) - 1);
}

static void a_null_byte_does_not_end_the_messages(void **state)
{
    (void)state;
    start("printf 'a\\000b'");
    watch();
    watch_drain(scene.messages[0], NULL, &scene.result);
    assert_string_equal(scene.result.messages, "a?b");
}

static void a_child_that_closes_its_streams_is_still_watched(void **state)
{
    (void)state;
    start("exec >&- 2>&-; exec sleep 0.1");
    int64_t before_ns = clock_now_ns();
    struct timespec cpu_before, cpu_after;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu_before);
    watch();
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu_after);
    assert_int_equal(scene.result.why, WATCH_ENDED);
    assert_true(clock_now_ns() - before_ns > 50 * NS_PER_MS);
    int64_t cpu_ns = (cpu_after.tv_sec - cpu_before.tv_sec) * NS_PER_S + cpu_after.tv_nsec - cpu_before.tv_nsec;
    assert_true(cpu_ns < 50 * NS_PER_MS); /* it sleeps, and does not poll a closed pipe round and round */
}

static void draining_an_empty_pipe_does_not_wait(void **state)
{
    (void)state;
    int64_t before_ns = clock_now_ns();
    watch_drain(scene.messages[0], NULL, &scene.result); /* its other end is open */
    assert_true(clock_now_ns() - before_ns < NS_PER_S);
    assert_string_equal(scene.result.messages, "");
}

/* --- ticks
 * ------------------------------------------------------------------------------------------------------------ */

#define TICK_NS (5 * NS_PER_MS)

static void ticks_keep_to_an_absolute_grid_and_missed_ones_are_counted(void **state)
{
    (void)state;
    start("exec sleep 60");
    ledger_set_phase(scene.ledger.page, LEDGER_MEASURING);
    sample_every(TICK_NS, TICK_NS);
    scene.request.timeout_ns = 40 * TICK_NS;
    watch();
    const struct watch_result *r = &scene.result;
    assert_true(r->count > 0); /* on a busy machine few come in time */
    uint64_t passed_over = 0;
    int64_t before = 0;
    for (size_t i = 0; i < r->count; i++) {
        int64_t since_ns = r->samples[i].at_ns - r->samples[i].late_ns - scene.child.executed_ns;
        assert_int_equal(since_ns % TICK_NS, 0);
        assert_true(r->samples[i].late_ns >= 0);
        assert_true(since_ns / TICK_NS > before);
        passed_over += (uint64_t)(since_ns / TICK_NS - before - 1);
        before = since_ns / TICK_NS;
    }
    /* What was not sampled up to the last sample was missed; after it a few more may have been, up to the end, which
     * on a busy machine is later than it was asked for. */
    uint64_t ticks = (uint64_t)((r->ended_ns - scene.child.executed_ns) / TICK_NS);
    assert_in_range(r->missed_ticks, passed_over, ticks - r->count);
    assert_true(r->count + r->missed_ticks >= 39);
}

/* A tick that is held up for 6 ticks' time comes late, is sampled once, and 5 or more are counted as missed. */
static void dawdle(void *arg, uint64_t warmup_done, uint64_t iterations_done)
{
    bool *done = arg;
    (void)warmup_done, (void)iterations_done;
    if (!*done)
        (void)poll(NULL, 0, 6 * (int)(TICK_NS / NS_PER_MS) + 2);
    *done = true;
}

static void a_tick_that_is_held_up_says_how_late_and_what_it_missed(void **state)
{
    bool done = false;
    const struct progress progress = {.show = dawdle, .arg = &done};
    (void)state;
    start("exec sleep 60");
    ledger_set_phase(scene.ledger.page, LEDGER_MEASURING);
    sample_every(TICK_NS, TICK_NS);
    scene.request.progress = &progress;
    scene.request.timeout_ns = 20 * TICK_NS;
    watch();
    assert_true(done);
    assert_true(scene.result.count >= 1);
    assert_true(scene.result.samples[0].late_ns >= 5 * TICK_NS);
    assert_true(scene.result.missed_ticks >= 5);
    int64_t lasted_ns = scene.result.ended_ns - scene.child.executed_ns;
    assert_true(scene.result.count + scene.result.missed_ticks <= (uint64_t)(lasted_ns / TICK_NS));
}

static void nothing_is_sampled_or_missed_outside_the_measuring(void **state)
{
    static const enum ledger_phase OUTSIDE[] = {LEDGER_STARTING, LEDGER_WARMUP, LEDGER_DONE, LEDGER_FAILED};
    (void)state;
    start("exec sleep 60");
    sample_every(TICK_NS, TICK_NS);
    for (size_t i = 0; i < ARRAY_LEN(OUTSIDE); i++) {
        ledger_set_phase(scene.ledger.page, OUTSIDE[i]);
        scene.request.timeout_ns = clock_now_ns() - scene.child.executed_ns + 4 * TICK_NS;
        watch();
        assert_int_equal(scene.result.why, WATCH_TIMEOUT);
        assert_int_equal(scene.result.count, 0);
        assert_int_equal(scene.result.missed_ticks, 0);
    }
}

static void process_sums_are_taken_at_their_own_slower_period(void **state)
{
    (void)state;
    start("exec sleep 60");
    scene.ledger.page->main_pid = (uint64_t)scene.child.pid;
    ledger_set_phase(scene.ledger.page, LEDGER_MEASURING);
    sample_every(TICK_NS, 4 * TICK_NS);
    scene.request.timeout_ns = 30 * TICK_NS;
    watch();
    const struct watch_result *r = &scene.result;
    size_t rollups = 0;
    for (size_t i = 0; i < r->count; i++) {
        if (!r->samples[i].has_rollup)
            continue;
        assert_int_equal(r->samples[i].members_count, 1);
        assert_true(r->samples[i].members.rss_bytes > 0);
        rollups++;
    }
    /* One in each of its periods that saw a tick, the first at the first tick: a busy machine may leave some out. */
    assert_true(r->count > 0 && r->samples[0].has_rollup);
    int64_t lasted_ns = r->ended_ns - scene.child.executed_ns - TICK_NS;
    assert_true(rollups <= (uint64_t)(lasted_ns / (4 * TICK_NS)) + 1);
    /* A tick is at most one late, or it is missed: so far apart they are of two periods. */
    if (r->samples[r->count - 1].at_ns - r->samples[0].at_ns > 5 * TICK_NS)
        assert_true(rollups >= 2);
}

/* --- pids.max
 * --------------------------------------------------------------------------------------------------------- */

static void a_file_that_does_not_change_ends_nothing(void **state)
{
    char root[PATH_MAX], path[PATH_MAX + 16];
    (void)state;
    assert_int_equal(fixture_open(NULL, root, sizeof(root)), 0);
    fixture_write(root, "/pids.events", "max 0\n");
    text_format(path, sizeof(path), "%s/pids.events", root);
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    start("exec sleep 0.05");
    scene.request.pids_events_fd = fd;
    watch();
    assert_int_equal(scene.result.why, WATCH_ENDED);
    fixture_close(root);
}

static void a_partition_that_reads_otherwise_is_noted_and_the_run_goes_on(void **state)
{
    char root[PATH_MAX], path[PATH_MAX + 32];
    (void)state;
    assert_int_equal(fixture_open(NULL, root, sizeof(root)), 0);
    fixture_write(root, "/cpuset.cpus.partition", "root invalid (gone)\n");
    text_format(path, sizeof(path), "%s/cpuset.cpus.partition", root);
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    start("exec sleep 1.2");
    scene.request.partition_fd = fd;
    scene.request.partition = "root";
    watch();
    assert_int_equal(scene.result.why, WATCH_ENDED);
    assert_string_equal(scene.result.partition_said, "root invalid (gone)");
    assert_true(scene.result.partition_lost_ns > scene.child.executed_ns);
    fixture_close(root);
}

static void a_partition_that_stays_is_not_noted(void **state)
{
    char root[PATH_MAX], path[PATH_MAX + 32];
    (void)state;
    assert_int_equal(fixture_open(NULL, root, sizeof(root)), 0);
    fixture_write(root, "/cpuset.cpus.partition", "root\n");
    text_format(path, sizeof(path), "%s/cpuset.cpus.partition", root);
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    start("exec sleep 1.2");
    scene.request.partition_fd = fd;
    scene.request.partition = "root";
    watch();
    assert_int_equal(scene.result.why, WATCH_ENDED);
    assert_int_equal(scene.result.partition_lost_ns, 0);
    fixture_close(root);
}

/* --- progress
 * --------------------------------------------------------------------------------------------------------- */

static void note_progress(void *arg, uint64_t warmup_done, uint64_t iterations_done)
{
    uint64_t *seen = arg;
    seen[0]++;
    seen[1] = warmup_done;
    seen[2] = iterations_done;
}

static void progress_is_shown_once_for_what_the_ledger_says(void **state)
{
    uint64_t seen[3] = {0};
    const struct progress progress = {.show = note_progress, .arg = seen};
    (void)state;
    start("exec sleep 0.7");
    scene.ledger.page->warmup_done = 2;
    scene.ledger.page->iterations_done = 3;
    scene.request.progress = &progress;
    watch();
    assert_int_equal(seen[0], 1); /* three times the period: the line would be the same */
    assert_int_equal(seen[1], 2);
    assert_int_equal(seen[2], 3);
}

static void a_walk_takes_no_more_than_its_share_of_a_process_and_of_shared_cpus(void **state)
{
    (void)state;
    const int64_t period_ns = 50 * NS_PER_MS;
    /* one of 512 MiB: 4.5 ms of mmap_lock */
    assert_int_equal(watch_walk_wait_ns(4500000, 1, 0, period_ns), 40 * 4500000LL);
    /* a thousand small ones hold each for 50 us: no more than the period, with CPUs of our own */
    assert_true(watch_walk_wait_ns(50 * NS_PER_MS, 1000, 0, period_ns) < period_ns);
    /* on the two CPUs of the workload it is their time that counts */
    assert_int_equal(watch_walk_wait_ns(50 * NS_PER_MS, 1000, 2, period_ns), 40 * 25 * NS_PER_MS);
    /* the larger of both */
    assert_int_equal(watch_walk_wait_ns(4500000, 1, 8, period_ns), 40 * 4500000LL);
    assert_int_equal(watch_walk_wait_ns(NS_PER_S, 1, 0, period_ns), 20 * period_ns);
    assert_int_equal(watch_walk_wait_ns(INT64_MAX, 0, 1, period_ns), 100 * period_ns);
    assert_int_equal(watch_walk_wait_ns(0, 0, 1, period_ns), 0);
}

int main(void)
{
#define staged(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_walk_takes_no_more_than_its_share_of_a_process_and_of_shared_cpus),
        staged(a_child_that_ends_is_seen_to_and_is_not_reaped),
        staged(a_child_that_takes_too_long_runs_out_of_time),
        staged(a_child_that_waits_without_an_end_has_stalled),
        staged(a_child_that_prints_has_not_stalled),
        staged(nobody_has_stalled_whose_cpu_time_cannot_be_read),
        staged(the_time_runs_from_the_exec_on),
        staged(a_signal_interrupts_and_is_named),
        staged(a_signal_that_comes_later_interrupts_too),
        staged(messages_of_both_streams_are_kept),
        staged(of_many_messages_the_last_4096_bytes_are_kept),
        staged(the_first_line_with_the_wanted_words_is_kept_however_much_follows),
        staged(a_line_longer_than_its_room_is_cut),
        staged(a_null_byte_does_not_end_the_messages),
        staged(a_child_that_closes_its_streams_is_still_watched),
        staged(draining_an_empty_pipe_does_not_wait),
        staged(ticks_keep_to_an_absolute_grid_and_missed_ones_are_counted),
        staged(a_tick_that_is_held_up_says_how_late_and_what_it_missed),
        staged(nothing_is_sampled_or_missed_outside_the_measuring),
        staged(process_sums_are_taken_at_their_own_slower_period),
        staged(a_file_that_does_not_change_ends_nothing),
        staged(a_partition_that_reads_otherwise_is_noted_and_the_run_goes_on),
        staged(a_partition_that_stays_is_not_noted),
        staged(progress_is_shown_once_for_what_the_ledger_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

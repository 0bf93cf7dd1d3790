#include "launch/sample.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define TOUCHED ((uint64_t)16 << 20)
#ifdef __SANITIZE_THREAD__
#define HELD (5 * TOUCHED) /* its shadow is four times as large (ThreadSanitizer's manual) */
#else
#define HELD TOUCHED
#endif

/* A child that has touched so many bytes of its own and waits to be killed. */
static pid_t start_child(uint64_t bytes)
{
    int ends[2];
    char ready;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed assertion leaves nobody behind */
        if (bytes > 0) {
            char *own = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if (own == MAP_FAILED)
                _exit(1);
            memset(own, 1, bytes);
        }
        (void)!write(ends[1], "x", 1);
        for (;;)
            (void)pause();
    }
    assert_true(pid > 0);
    (void)close(ends[1]);
    assert_int_equal(read(ends[0], &ready, 1), 1);
    (void)close(ends[0]);
    return pid;
}

static void end_child(pid_t pid)
{
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static struct sample take(struct sampler *sampler, const int *members, size_t count)
{
    struct sample s;
    sampler_take(sampler, clock_now_ns(), &s);
    sampler_walk(sampler, members, count, &s);
    assert_true(s.has_rollup);
    return s;
}

/* --- without a slice -------------------------------------------------------------------------------------------- */

static void a_process_is_weighed_with_what_it_touched(void **state)
{
    (void)state;
    struct sampler *sampler = sampler_open(-1);
    pid_t small = start_child(0), large = start_child(TOUCHED);
    struct sample little = take(sampler, &small, 1), much = take(sampler, &large, 1);
    assert_int_equal(much.members_count, 1);
    assert_int_equal(much.failed_reads, 0);
    assert_false(much.members_partial);
    assert_true(much.members.uss_bytes >= TOUCHED);
    assert_true(much.members.uss_bytes <= much.members.pss_bytes);
    assert_true(much.members.pss_bytes <= much.members.rss_bytes);
    assert_true(little.members.uss_bytes > 0);
    uint64_t more = much.members.uss_bytes - little.members.uss_bytes;
    /* Two forks of the same process; AddressSanitizer keeps an eighth of it beside it, and both write a few pages of
     * their own. */
    assert_in_range(more, HELD - TOUCHED / 8, HELD + TOUCHED / 4);
    end_child(small);
    end_child(large);
    sampler_close(&sampler);
    assert_null(sampler);
}

static void members_are_summed(void **state)
{
    (void)state;
    struct sampler *sampler = sampler_open(-1);
    const int pids[] = {start_child(TOUCHED), start_child(TOUCHED)};
    struct sample one = take(sampler, pids, 1), both = take(sampler, pids, 2);
    assert_int_equal(both.members_count, 2);
    assert_true(both.members.uss_bytes >= 2 * TOUCHED);
    assert_true(both.members.rss_bytes >= one.members.rss_bytes + TOUCHED);
    end_child(pids[0]);
    end_child(pids[1]);
    sampler_close(&sampler);
}

static void without_a_slice_nobody_is_counted_but_members(void **state)
{
    (void)state;
    struct sampler *sampler = sampler_open(-1);
    const int self = getpid();
    struct sample s = take(sampler, &self, 1);
    assert_int_equal(s.all_count, 0);
    assert_false(s.all_partial);
    assert_int_equal(s.all.rss_bytes, 0);
    for (int c = 0; c < SAMPLE_CLASSES; c++)
        assert_false(s.has_class[c]);
    sampler_close(&sampler);
}

static void a_process_that_has_vanished_is_no_error(void **state)
{
    (void)state;
    struct sampler *sampler = sampler_open(-1);
    pid_t gone = start_child(0);
    const int pids[] = {getpid(), gone};
    assert_int_equal(take(sampler, pids, 2).members_count, 2); /* held from here on */
    end_child(gone);
    struct sample s = take(sampler, pids, 2);
    assert_int_equal(s.members_count, 1);
    assert_int_equal(s.failed_reads, 0);
    assert_false(s.members_partial);
    sampler_close(&sampler);
}

static void a_zombie_holds_no_memory_and_is_no_error(void **state)
{
    siginfo_t info;
    (void)state;
    struct sampler *sampler = sampler_open(-1);
    pid_t zombie = start_child(0);
    assert_int_equal(take(sampler, &zombie, 1).members_count, 1);
    assert_int_equal(kill(zombie, SIGKILL), 0);
    assert_int_equal(waitid(P_PID, (id_t)zombie, &info, WEXITED | WNOWAIT), 0);
    struct sample s = take(sampler, &zombie, 1);
    assert_int_equal(s.members_count, 0);
    assert_int_equal(s.failed_reads, 0);
    assert_int_equal(waitpid(zombie, NULL, 0), zombie);
    sampler_close(&sampler);
}

static void a_pid_that_never_was_is_no_error(void **state)
{
    (void)state;
    struct sampler *sampler = sampler_open(-1);
    const int never = INT_MAX;
    struct sample s = take(sampler, &never, 1);
    assert_int_equal(s.members_count, 0);
    assert_int_equal(s.failed_reads, 0);
    sampler_close(&sampler);
}

static void a_process_is_still_weighed_after_it_executed_another(void **state)
{
    int ends[2];
    char ready;
    (void)state;
    struct sampler *sampler = sampler_open(-1);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)raise(SIGSTOP);
        (void)execl("/bin/sleep", "sleep", "60", (char *)NULL); /* closes the pipe's end */
        _exit(1);
    }
    (void)close(ends[1]);
    assert_int_equal(waitpid(pid, NULL, WUNTRACED), pid);
    struct sample before = take(sampler, &pid, 1);
    assert_int_equal(kill(pid, SIGCONT), 0);
    assert_int_equal(read(ends[0], &ready, 1), 0);
    (void)close(ends[0]);
    struct sample after = take(sampler, &pid, 1);
    assert_int_equal(before.members_count, 1);
    assert_int_equal(after.members_count, 1);
    assert_int_equal(after.failed_reads, 0);
    assert_true(after.members.rss_bytes > 0);
    end_child(pid);
    sampler_close(&sampler);
}

static void a_sample_knows_when_it_was_taken_and_how_late(void **state)
{
    struct sample s;
    (void)state;
    struct sampler *sampler = sampler_open(-1);
    const int64_t now_ns = clock_now_ns();
    sampler_take(sampler, now_ns - 5000000, &s);
    const int64_t after_ns = clock_now_ns();
    assert_in_range(s.at_ns, now_ns, after_ns);
    assert_int_equal(s.late_ns, s.at_ns - now_ns + 5000000);
    assert_in_range(s.cost_ns, 0, after_ns - now_ns);
    assert_false(s.has_rollup);
    sampler_close(&sampler);
}

static void descriptors_are_given_back(void **state)
{
    (void)state;
    int before = dup(0);
    (void)close(before);
    struct sampler *sampler = sampler_open(-1);
    int pids[20];
    for (int i = 0; i < 20; i++)
        pids[i] = start_child(0);
    assert_int_equal(take(sampler, pids, 20).members_count, 20);
    for (int i = 0; i < 20; i++)
        end_child(pids[i]);
    (void)take(sampler, pids, 20);
    int after_ticks = dup(0);
    (void)close(after_ticks);
    assert_int_equal(after_ticks, before); /* those of processes that have gone are closed at the next tick */
    const int self = getpid();
    (void)take(sampler, &self, 1);
    sampler_close(&sampler);
    int after = dup(0);
    (void)close(after);
    assert_int_equal(after, before);
    sampler_close(&sampler); /* of NULL: nothing */
}

/* --- with a slice: a folder of plain files ------------------------------------------------------------------------ */

static struct {
    char root[PATH_MAX];
    int dirfd;
    struct sampler *sampler;
} slice;

static int open_slice(void **state)
{
    (void)state;
    int failed = fixture_open(NULL, slice.root, sizeof(slice.root));
    slice.dirfd = failed ? -1 : open(slice.root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return slice.dirfd < 0;
}

static int close_slice(void **state)
{
    (void)state;
    sampler_close(&slice.sampler);
    (void)close(slice.dirfd);
    fixture_close(slice.root);
    return 0;
}

static struct sample take_slice(void)
{
    if (!slice.sampler)
        slice.sampler = sampler_open(slice.dirfd);
    return take(slice.sampler, NULL, 0);
}

static void classes_are_read_by_their_exact_keys(void **state)
{
    (void)state;
    fixture_write(slice.root, "/memory.current", "123456\n");
    fixture_write(slice.root, "/memory.stat",
                  "anon_thp 1\nfile_mapped 2\nkernel_stack 3\nsock_x 4\nanon 4096\nfile 8192\nkernel 12288\n"
                  "inactive_anon 5\nshmem_thp 6\nshmem 0\nsock 77\nactive_file 7\n");
    struct sample s = take_slice();
    const uint64_t wanted[SAMPLE_CLASSES] = {123456, 4096, 8192, 12288, 0, 77};
    for (int c = 0; c < SAMPLE_CLASSES; c++) {
        assert_true(s.has_class[c]);
        assert_int_equal(s.class_bytes[c], wanted[c]);
    }
    assert_int_equal(s.failed_reads, 0);
}

static void a_key_that_is_missing_is_absent_and_not_zero(void **state)
{
    (void)state;
    fixture_write(slice.root, "/memory.stat", "anon 4096\nkernel_stack 3\nfile x\n"); /* kernel: since Linux 5.18 */
    struct sample s = take_slice();
    assert_true(s.has_class[SAMPLE_ANON]);
    assert_int_equal(s.class_bytes[SAMPLE_ANON], 4096);
    assert_false(s.has_class[SAMPLE_KERNEL]);
    assert_false(s.has_class[SAMPLE_FILE]);
    assert_false(s.has_class[SAMPLE_SHMEM]);
    assert_int_equal(s.class_bytes[SAMPLE_KERNEL], 0); /* and not the value before it */
}

static void files_that_are_missing_are_absent_and_no_failed_read(void **state)
{
    (void)state;
    struct sample s = take_slice();
    for (int c = 0; c < SAMPLE_CLASSES; c++)
        assert_false(s.has_class[c]);
    assert_int_equal(s.failed_reads, 0);
}

static void files_that_are_empty_or_no_figures_are_failed_reads(void **state)
{
    (void)state;
    fixture_write(slice.root, "/memory.current", "");
    fixture_write(slice.root, "/memory.stat", "");
    assert_int_equal(take_slice().failed_reads, 2);
    fixture_write(slice.root, "/memory.current", "many\n");
    struct sample s = take_slice();
    assert_false(s.has_class[SAMPLE_CURRENT]);
    assert_int_equal(s.failed_reads, 2);
}

static void files_are_read_anew_at_every_tick(void **state)
{
    (void)state;
    fixture_write(slice.root, "/memory.current", "5\n");
    assert_int_equal(take_slice().class_bytes[SAMPLE_CURRENT], 5);
    fixture_write(slice.root, "/memory.current", "1234567890123\n");
    assert_int_equal(take_slice().class_bytes[SAMPLE_CURRENT], 1234567890123);
    fixture_write(slice.root, "/memory.current", "7\n");
    assert_int_equal(take_slice().class_bytes[SAMPLE_CURRENT], 7);
}

static void write_procs(const int *pids, size_t count)
{
    struct text list = {0};
    text_add(&list, "%s", "");
    for (size_t i = 0; i < count; i++)
        text_add(&list, "%d\n", pids[i]);
    fixture_write(slice.root, "/cgroup.procs", list.data);
    text_free(&list);
}

static void everyone_in_the_slice_is_summed_and_members_apart(void **state)
{
    (void)state;
    const int pids[] = {start_child(TOUCHED), start_child(0), start_child(0)};
    write_procs(pids, 3);
    slice.sampler = sampler_open(slice.dirfd);
    struct sample s = take(slice.sampler, pids, 1);
    assert_int_equal(s.members_count, 1);
    assert_int_equal(s.all_count, 3);
    assert_true(s.members.uss_bytes >= TOUCHED);
    assert_true(s.all.uss_bytes > s.members.uss_bytes);
    assert_true(s.all.uss_bytes <= s.all.pss_bytes && s.all.pss_bytes <= s.all.rss_bytes);
    for (int i = 0; i < 3; i++)
        end_child(pids[i]);
}

static void a_member_that_is_not_in_the_slice_does_not_count(void **state)
{
    (void)state;
    const int inside = start_child(0), members[] = {inside, getpid()};
    write_procs(&inside, 1);
    slice.sampler = sampler_open(slice.dirfd);
    struct sample s = take(slice.sampler, members, 2);
    assert_int_equal(s.members_count, 1);
    assert_int_equal(s.all_count, 1);
    end_child(inside);
}

static void an_empty_slice_has_nobody_and_is_no_error(void **state)
{
    (void)state;
    write_procs(NULL, 0);
    struct sample s = take_slice();
    assert_int_equal(s.all_count, 0);
    assert_false(s.all_partial);
    assert_int_equal(s.failed_reads, 0);
}

static void processes_that_come_and_go_are_followed(void **state)
{
    (void)state;
    int pids[] = {start_child(0), start_child(0)};
    write_procs(pids, 1);
    assert_int_equal(take_slice().all_count, 1);
    write_procs(pids, 2);
    assert_int_equal(take_slice().all_count, 2);
    end_child(pids[0]);
    assert_int_equal(take_slice().all_count, 1);
    write_procs(pids + 1, 1);
    assert_int_equal(take_slice().all_count, 1);
    end_child(pids[1]);
    struct sample s = take_slice();
    assert_int_equal(s.all_count, 0);
    assert_int_equal(s.failed_reads, 0);
}

static void a_list_that_is_too_long_to_read_is_partial_and_not_cut(void **state)
{
    (void)state;
    struct text list = {0};
    for (int i = 0; i < 10000; i++) /* 80 kB of pids that are none, then one that is */
        text_add(&list, "%d\n", 5000000 + i);
    text_add(&list, "%d\n", getpid());
    fixture_write(slice.root, "/cgroup.procs", list.data);
    text_free(&list);
    struct sample s = take_slice();
    assert_true(s.all_count == 1 || s.all_partial);
    assert_true(s.all_count == 1 || s.failed_reads > 0);
}

static void a_walk_by_the_thread_gives_what_a_walk_gives_and_ticks_go_on(void **state)
{
    const int members[] = {getpid()};
    struct sample tick = {0}, walked = {0};
    int failed = -1;
    (void)state;
    struct sampler *sampler = sampler_open(-1);
    assert_false(sampler_end_walk(sampler, true, &walked));
    for (int i = 0; i < 3; i++) {
        walked = (struct sample){0};
        assert_true(sampler_begin_walk(sampler, members, 1, &failed));
        assert_int_equal(failed, 0);
        sampler_take(sampler, clock_now_ns(), &tick); /* nobody waits for the walk */
        assert_true(sampler_end_walk(sampler, true, &walked));
        assert_true(walked.has_rollup);
        assert_int_equal(walked.members_count, 1);
        assert_true(walked.walk_ns > 0);
        assert_true(walked.members.uss_bytes <= walked.members.pss_bytes);
        assert_true(walked.members.pss_bytes <= walked.members.rss_bytes);
    }
    assert_true(sampler_begin_walk(sampler, members, 1, &failed));
    assert_false(sampler_begin_walk(sampler, members, 1, &failed)); /* one at a time, also where it is done */
    assert_int_equal(failed, 0);
    sampler_close(&sampler); /* a walk under way is waited for */
}

/* More processes than descriptors: those beyond half of the limit are opened anew at each walk. */
static void more_processes_than_descriptors_are_weighed_all(void **state)
{
    (void)state;
    enum { MANY = 40 };
    int pids[MANY];
    struct rlimit usual;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
    for (int i = 0; i < MANY; i++)
        pids[i] = start_child(0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){32, usual.rlim_max}), 0);
    struct sampler *sampler = sampler_open(-1);
    struct sample first = take(sampler, pids, MANY), again = take(sampler, pids, MANY);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
    assert_int_equal(first.members_count, MANY);
    assert_int_equal(again.members_count, MANY);
    assert_int_equal(first.failed_reads + again.failed_reads, 0);
    for (int i = 0; i < MANY; i += 2)
        end_child(pids[i]);
    assert_int_equal(take(sampler, pids, MANY).members_count, MANY / 2);
    for (int i = 1; i < MANY; i += 2)
        end_child(pids[i]);
    sampler_close(&sampler);
}

int main(void)
{
#define sliced(test) cmocka_unit_test_setup_teardown(test, open_slice, close_slice)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_processes_than_descriptors_are_weighed_all),
        cmocka_unit_test(a_walk_by_the_thread_gives_what_a_walk_gives_and_ticks_go_on),
        cmocka_unit_test(a_process_is_weighed_with_what_it_touched),
        cmocka_unit_test(members_are_summed),
        cmocka_unit_test(without_a_slice_nobody_is_counted_but_members),
        cmocka_unit_test(a_process_that_has_vanished_is_no_error),
        cmocka_unit_test(a_zombie_holds_no_memory_and_is_no_error),
        cmocka_unit_test(a_pid_that_never_was_is_no_error),
        cmocka_unit_test(a_process_is_still_weighed_after_it_executed_another),
        cmocka_unit_test(a_sample_knows_when_it_was_taken_and_how_late),
        cmocka_unit_test(descriptors_are_given_back),
        sliced(classes_are_read_by_their_exact_keys),
        sliced(a_key_that_is_missing_is_absent_and_not_zero),
        sliced(files_that_are_missing_are_absent_and_no_failed_read),
        sliced(files_that_are_empty_or_no_figures_are_failed_reads),
        sliced(files_are_read_anew_at_every_tick),
        sliced(everyone_in_the_slice_is_summed_and_members_apart),
        sliced(a_member_that_is_not_in_the_slice_does_not_count),
        sliced(an_empty_slice_has_nobody_and_is_no_error),
        sliced(processes_that_come_and_go_are_followed),
        sliced(a_list_that_is_too_long_to_read_is_partial_and_not_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* tune: whatever happens between the first write and the last, a restore gives every file its bytes back. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "base/cleanup.h"
#include "base/cpulist.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "host/bench_cpus.h"
#include "host/topology.h"
#include "host/tune/tune.h"
#include "tests/unit/fixture.h"

#define GOVERNOR0  "/sys/devices/system/cpu/cpufreq/policy0/scaling_governor"
#define PREFERENCE "/sys/devices/system/cpu/cpufreq/policy0/energy_performance_preference"
#define THP        "/sys/kernel/mm/transparent_hugepage/enabled"
#define SWAPPINESS "/proc/sys/vm/swappiness"
#define BOOT_ID    "/proc/sys/kernel/random/boot_id"
#define SMT        "/sys/devices/system/cpu/smt/control"

/* A machine in a folder, its journal beside it. */
struct machine {
    char root[PATH_MAX], state[PATH_MAX], journal[PATH_MAX];
};

static struct machine machine_open(const char *name)
{
    struct machine m;
    assert_int_equal(fixture_open(name, m.root, sizeof(m.root)), 0);
    assert_int_equal(fixture_open(NULL, m.state, sizeof(m.state)), 0);
    text_format(m.journal, sizeof(m.journal), "%s/tune.journal", m.state);
    return m;
}

static void machine_close(struct machine *m)
{
    fixture_close(m->root);
    fixture_close(m->state);
}

/* --- the tree's sum: names and bytes of every file, in order ---------------------------------------------------- */

static struct text listing;

static int list_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)ftw;
    if (type != FTW_F)
        return 0;
    struct text bytes = {0};
    assert_int_equal(file_read_all("", path, &bytes), 0);
    text_add(&listing, "%s %zu %s\n", path, bytes.len, bytes.data ? bytes.data : "");
    text_free(&bytes);
    return 0;
}

/* nftw(3) goes by readdir's order, which rewriting a file in place does not change. */
static struct text sum_of(const char *root)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    struct text hex = {0};
    assert_int_equal(nftw(root, list_file, 16, FTW_PHYS), 0);
    assert_int_equal(EVP_Digest(listing.data, listing.len, digest, &len, EVP_sha256(), NULL), 1);
    text_free(&listing);
    for (unsigned i = 0; i < len; i++)
        text_add(&hex, "%02x", digest[i]);
    return hex;
}

static void assert_sum(const char *root, struct text *want)
{
    struct text now = sum_of(root);
    assert_string_equal(now.data, want->data);
    text_free(&now);
}

static void assert_content(const char *root, const char *path, const char *want)
{
    char bytes[KNOB_MAX];
    assert_true(knob_read(root, path, bytes, sizeof(bytes)) >= 0);
    assert_string_equal(bytes, want);
}

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

/* --- writes that can go wrong ------------------------------------------------------------------------------------ */

enum fault { NONE, KILL_BEFORE, KILL_AFTER, KILL_WITHIN, REFUSE, IGNORE, CHANGE };

struct faults {
    enum fault fault;
    int at;           /* the write that it befalls, from 1; 0 all of them */
    const char *only; /* a part of the path; NULL any */
    int error;
    const char *instead; /* CHANGE: what the kernel makes of it */
    int writes;
    int hits_max; /* the fault goes away after so many; 0 never */
    int hits;
};

static int faulty_write(void *context, const char *root, const char *path, enum knob_kind kind, const char *content)
{
    struct faults *f = context;
    bool hit = (f->at == 0 || f->at == f->writes + 1) && (!f->only || strstr(path, f->only));
    f->writes++;
    hit = hit && (f->hits_max == 0 || f->hits < f->hits_max);
    f->hits += hit;
    if (hit && f->fault == KILL_BEFORE)
        (void)raise(SIGKILL);
    if (hit && f->fault == REFUSE)
        return -f->error;
    if (hit && f->fault == IGNORE)
        return 0;
    int failed = knob_write(root, path, kind, hit && f->fault == CHANGE ? f->instead : content);
    if (hit && f->fault == KILL_AFTER)
        (void)raise(SIGKILL);
    return failed;
}

static struct tune_host host_of(const struct machine *m, struct faults *faults)
{
    struct tune_host h = tune_host_of(m->root);
    if (faults) {
        h.write = faulty_write;
        h.context = faults;
    }
    return h;
}

/* Everything, aslr and smt too. */
static const char *const ALL = "irq,governor,turbo,thp,ksm,numa_balancing,swappiness,stat_interval,nmi_watchdog,"
                               "watchdog,aslr,smt";

static int tune(const struct machine *m, const char *only, struct faults *faults, struct tune_steps *ret)
{
    char boot_id[64];
    struct topology_choice cpus;
    struct journal j;
    struct tune_host host = host_of(m, faults);
    struct err e = {0};
    assert_int_equal(bench_cpus_choose(m->root, NULL, NULL, &cpus, &e), 0);
    assert_int_equal(tune_plan(m->root, &cpus, only, ret, &e), 0);
    assert_int_equal(tune_boot_id(m->root, boot_id, sizeof(boot_id), &e), 0);
    int failed = journal_open(m->journal, boot_id, true, &j, &e);
    if (failed != 0)
        return failed;
    failed = tune_apply(&host, ret, &j, &e);
    journal_close(&j);
    return failed;
}

struct restored {
    size_t restored, foreign, refused, gone, steps;
    unsigned damaged;
    bool torn, there;
    char set_aside[PATH_MAX];
};

static struct restored restore(const struct machine *m, bool force, struct faults *faults)
{
    char boot_id[64];
    struct journal j;
    struct tune_host host = host_of(m, faults);
    struct tune_steps steps = {0};
    struct err e = {0};
    assert_int_equal(tune_boot_id(m->root, boot_id, sizeof(boot_id), &e), 0);
    assert_int_equal(journal_open(m->journal, boot_id, false, &j, &e), 0);
    struct restored r = {.there = j.fd >= 0, .torn = j.torn, .damaged = j.damaged};
    text_format(r.set_aside, sizeof(r.set_aside), "%s", j.set_aside);
    if (r.there)
        assert_int_equal(tune_restore(&host, &j, force, &steps, &e), 0);
    r.steps = steps.steps;
    r.restored = tune_count(&steps, TUNE_RESTORED);
    r.foreign = tune_count(&steps, TUNE_FOREIGN);
    r.refused = tune_count(&steps, TUNE_REFUSED);
    r.gone = tune_count(&steps, TUNE_GONE);
    tune_steps_free(&steps);
    journal_close(&j);
    return r;
}

static size_t tune_whole(const struct machine *m)
{
    struct tune_steps steps = {0};
    assert_int_equal(tune(m, ALL, NULL, &steps), 0);
    size_t changed = tune_count(&steps, TUNE_CHANGED);
    tune_steps_free(&steps);
    return changed;
}

/* Does it in a child, which the fault ends. Returns whether it was killed. */
static bool in_child(const struct machine *m, bool restoring, struct faults faults)
{
    int status = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct tune_steps steps = {0};
        if (restoring)
            (void)restore(m, false, &faults);
        else
            (void)tune(m, ALL, &faults, &steps);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

/* --- the tests --------------------------------------------------------------------------------------------------- */

static void every_file_has_its_bytes_back_after_a_restore(void **state)
{
    (void)state;
    struct machine m = machine_open("machines/busy-server");
    struct text before = sum_of(m.root);
    assert_int_equal(tune_whole(&m), 6 + 16 + 9);
    assert_content(m.root, GOVERNOR0, "performance\n");
    assert_content(m.root, THP, "always [madvise] never\n");
    assert_content(m.root, "/proc/irq/default_smp_affinity", "101\n");
    assert_content(m.root, "/proc/irq/122/smp_affinity_list", "0\n");
    assert_content(m.root, "/proc/irq/121/smp_affinity_list", "0,8\n");
    assert_content(m.root, "/proc/irq/120/smp_affinity_list", "0,8\n");
    assert_content(m.root, SMT, "off\n");
    struct restored r = restore(&m, false, NULL);
    assert_int_equal(r.restored, 31);
    assert_sum(m.root, &before);
    assert_false(is_there(m.journal));
    r = restore(&m, false, NULL); /* twice */
    assert_false(r.there);
    assert_sum(m.root, &before);
    text_free(&before);
    machine_close(&m);
}

static void without_only_aslr_and_smt_stay_as_they_are(void **state)
{
    (void)state;
    struct machine m = machine_open("machines/busy-server");
    struct tune_steps steps = {0};
    assert_int_equal(tune(&m, NULL, NULL, &steps), 0);
    tune_steps_free(&steps);
    assert_content(m.root, SMT, "on\n");
    assert_content(m.root, "/proc/sys/kernel/randomize_va_space", "2\n");
    assert_content(m.root, SWAPPINESS, "0\n");
    machine_close(&m);
}

static void only_takes_the_settings_it_names(void **state)
{
    (void)state;
    struct machine m = machine_open("machines/busy-server");
    struct tune_steps steps = {0};
    assert_int_equal(tune(&m, "thp,swappiness", NULL, &steps), 0);
    assert_int_equal(steps.steps, 2);
    assert_content(m.root, GOVERNOR0, "powersave\n");
    tune_steps_free(&steps);
    machine_close(&m);
}

static void an_unknown_setting_is_refused_with_those_there_are(void **state)
{
    (void)state;
    struct tune_steps steps = {0};
    struct topology_choice cpus = {0};
    struct err e = {0};
    assert_int_equal(tune_plan("", &cpus, "thp,tph", &steps, &e), -EINVAL);
    assert_int_equal(e.kind, ERR_USAGE);
    assert_non_null(strstr(e.text, "--only 'tph': what is allowed is irq, governor,"));
    tune_steps_free(&steps);
}

/* The whole of what the issue asks: SIGKILL before and after each write of a tune, and then of the restore too. */
static void killed_at_any_write_of_a_tune_a_restore_gives_all_back(void **state)
{
    (void)state;
    struct machine m = machine_open("machines/busy-server");
    struct text before = sum_of(m.root);
    int kills = 0;
    for (int at = 1;; at++) {
        bool first = in_child(&m, false, (struct faults){.fault = KILL_BEFORE, .at = at});
        (void)restore(&m, false, NULL);
        assert_sum(m.root, &before);
        assert_false(is_there(m.journal));
        bool second = in_child(&m, false, (struct faults){.fault = KILL_AFTER, .at = at});
        (void)restore(&m, false, NULL);
        assert_sum(m.root, &before);
        kills += first + second;
        if (!first && !second)
            break;
    }
    assert_int_equal(kills, 2 * 31);
    text_free(&before);
    machine_close(&m);
}

static void killed_at_any_write_of_a_restore_the_next_one_ends_it(void **state)
{
    (void)state;
    struct machine m = machine_open("machines/busy-server");
    struct text before = sum_of(m.root);
    int kills = 0;
    for (int at = 1; at <= 31; at++) {
        for (int after = 0; after < 2; after++) {
            assert_int_equal(tune_whole(&m), 31);
            kills += in_child(&m, true, (struct faults){.fault = after ? KILL_AFTER : KILL_BEFORE, .at = at});
            assert_true(is_there(m.journal));
            (void)restore(&m, false, NULL);
            assert_sum(m.root, &before);
        }
    }
    assert_int_equal(kills, 62);
    text_free(&before);
    machine_close(&m);
}

static void killed_twice_in_a_row_it_is_still_the_first_value_that_comes_back(void **state)
{
    (void)state;
    struct machine m = machine_open("machines/busy-server");
    struct text before = sum_of(m.root);
    assert_true(in_child(&m, false, (struct faults){.fault = KILL_AFTER, .at = 9}));
    assert_true(in_child(&m, false, (struct faults){.fault = KILL_BEFORE, .at = 14}));
    assert_true(in_child(&m, true, (struct faults){.fault = KILL_AFTER, .at = 5}));
    assert_true(tune_whole(&m) > 0);
    (void)restore(&m, false, NULL);
    assert_sum(m.root, &before);
    text_free(&before);
    machine_close(&m);
}

static void a_second_tune_keeps_the_first_old_value(void **state)
{
    (void)state;
    struct machine m = machine_open("machines/busy-server");
    struct text before = sum_of(m.root);
    assert_int_equal(tune_whole(&m), 31);
    assert_int_equal(tune_whole(&m), 0);
    fixture_write(m.root, SWAPPINESS, "33\n"); /* somebody else, between the two */
    assert_int_equal(tune_whole(&m), 1);
    (void)restore(&m, false, NULL);
    assert_sum(m.root, &before);
    text_free(&before);
    machine_close(&m);
}

static void another_boots_journal_is_set_aside_and_nothing_is_written(void **state)
{
    (void)state;
    struct machine m = machine_open("machines/busy-server");
    (void)tune_whole(&m);
    fixture_write(m.root, BOOT_ID, "11111111-77aa-4c3e-8d21-00000000beef\n");
    struct text tuned = sum_of(m.root);
    struct restored r = restore(&m, false, NULL);
    assert_false(r.there);
    assert_non_null(strstr(r.set_aside, "/tune.journal.0b5e7c1a-77aa-4c3e-8d21-00000000beef"));
    assert_true(is_there(r.set_aside));
    assert_false(is_there(m.journal));
    assert_sum(m.root, &tuned);
    text_free(&tuned);
    machine_close(&m);
}

static void a_tune_after_another_boot_begins_a_journal_of_its_own(void **state)
{
    (void)state;
    struct machine m = machine_open("machines/busy-server");
    (void)tune_whole(&m);
    fixture_write(m.root, BOOT_ID, "11111111-77aa-4c3e-8d21-00000000beef\n");
    fixture_write(m.root, SWAPPINESS, "10\n");
    struct text before = sum_of(m.root);
    assert_int_equal(tune_whole(&m), 1);
    assert_int_equal(restore(&m, false, NULL).steps, 1 + 16 + 6 + 1); /* noted: preferences, interrupts, nmi_watchdog */
    assert_sum(m.root, &before);
    text_free(&before);
    machine_close(&m);
}

static void a_line_cut_short_announced_what_was_never_done(void **state)
{
    (void)state;
    struct machine m = machine_open("machines/busy-server");
    struct text before = sum_of(m.root), journal = {0};
    assert_true(in_child(&m, false, (struct faults){.fault = KILL_BEFORE, .at = 3}));
    assert_int_equal(file_read_all("", m.journal, &journal), 0);
    for (size_t cut = 2; cut < 60; cut += 7) {
        assert_int_equal(file_replace(m.journal, journal.data, journal.len - cut, NULL), 0);
        assert_true(tune_whole(&m) > 0); /* goes on behind the torn line */
        struct restored r = restore(&m, false, NULL);
        assert_int_equal(r.damaged, 0);
        assert_sum(m.root, &before);
        (void)unlink(r.set_aside);
    }
    text_free(&journal);
    text_free(&before);
    machine_close(&m);
}

static void a_journal_of_half_a_line_leaves_nothing_to_do(void **state)
{
    (void)state;
    struct machine m = machine_open("machines/busy-server");
    struct text before = sum_of(m.root);
    assert_int_equal(file_replace(m.journal, "tare-tune/1 0b5", 15, NULL), 0);
    struct restored r = restore(&m, false, NULL);
    assert_true(r.torn);
    assert_int_equal(r.steps, 0);
    assert_sum(m.root, &before);
    assert_false(is_there(m.journal));
    text_free(&before);
    machine_close(&m);
}

static void a_record_with_a_wrong_checksum_is_never_written(void **state)
{
    (void)state;
    struct machine m = machine_open("machines/busy-server");
    struct text journal = {0};
    struct tune_steps steps = {0};
    assert_int_equal(tune(&m, "swappiness", NULL, &steps), 0);
    tune_steps_free(&steps);
    assert_int_equal(file_read_all("", m.journal, &journal), 0);
    char *old_bytes = strstr(journal.data, "\"60\\n\"");
    assert_non_null(old_bytes);
    old_bytes[1] = '9';
    assert_int_equal(file_replace(m.journal, journal.data, journal.len, NULL), 0);
    struct restored r = restore(&m, false, NULL);
    assert_true(is_there(r.set_aside));
    assert_content(m.root, SWAPPINESS, "0\n");
    text_free(&journal);
    machine_close(&m);
}

static void what_somebody_else_changed_is_left_unless_forced(void **state)
{
    (void)state;
    struct machine m = machine_open("machines/busy-server");
    struct text before = sum_of(m.root);
    (void)tune_whole(&m);
    fixture_write(m.root, SWAPPINESS, "33\n");
    struct restored r = restore(&m, false, NULL);
    assert_int_equal(r.foreign, 1);
    assert_int_equal(r.restored, 30);
    assert_content(m.root, SWAPPINESS, "33\n");
    assert_true(is_there(m.journal)); /* with that one record */
    fixture_write(m.root, GOVERNOR0, "performance\n");
    r = restore(&m, true, NULL);
    assert_int_equal(r.steps, 1);
    assert_content(m.root, GOVERNOR0, "performance\n"); /* was put back; what it is now is no longer ours */
    fixture_write(m.root, GOVERNOR0, "powersave\n");
    assert_sum(m.root, &before);
    text_free(&before);
    machine_close(&m);
}

static void a_refusal_is_said_and_the_others_go_on(void **state)
{
    (void)state;
    static const int ERRORS[] = {EINVAL, EBUSY, EPERM, ENODEV, EIO, 524};
    for (size_t i = 0; i < ARRAY_LEN(ERRORS); i++) {
        struct machine m = machine_open("machines/busy-server");
        struct text before = sum_of(m.root);
        struct tune_steps steps = {0};
        struct faults faults = {.fault = REFUSE, .only = "/proc/irq/", .error = ERRORS[i]};
        assert_int_equal(tune(&m, NULL, &faults, &steps), 0);
        assert_int_equal(tune_count(&steps, TUNE_REFUSED), 6);
        assert_true(tune_count(&steps, TUNE_CHANGED) > 16);
        assert_true(strlen(steps.step[0].reason) > 0);
        tune_steps_free(&steps);
        (void)restore(&m, false, NULL);
        assert_sum(m.root, &before);
        text_free(&before);
        machine_close(&m);
    }
}

static void a_write_that_changes_nothing_is_a_refusal(void **state)
{
    (void)state;
    struct machine m = machine_open("machines/busy-server");
    struct tune_steps steps = {0};
    struct faults faults = {.fault = IGNORE, .only = SWAPPINESS};
    assert_int_equal(tune(&m, "swappiness", &faults, &steps), 0);
    assert_int_equal(steps.step[0].outcome, TUNE_REFUSED);
    assert_string_equal(steps.step[0].reason, "the kernel accepted the write but changed nothing");
    tune_steps_free(&steps);
    machine_close(&m);
}

static void what_the_kernel_made_of_it_is_ours_too(void **state)
{
    (void)state;
    struct machine m = machine_open("machines/busy-server");
    struct text before = sum_of(m.root);
    struct tune_steps steps = {0};
    struct faults faults = {.fault = CHANGE, .only = SWAPPINESS, .instead = "5\n"};
    assert_int_equal(tune(&m, "swappiness", &faults, &steps), 0);
    assert_int_equal(steps.step[0].outcome, TUNE_CHANGED);
    assert_string_equal(steps.step[0].now, "5");
    assert_string_equal(steps.step[0].reason, "requested was 0");
    tune_steps_free(&steps);
    assert_int_equal(restore(&m, false, NULL).restored, 1);
    assert_sum(m.root, &before);
    text_free(&before);
    machine_close(&m);
}

/* Setting a governor can change the energy preference of its policy: the drivers do so in active mode. */
static void what_another_write_changed_is_put_back_as_well(void **state)
{
    (void)state;
    struct machine m = machine_open("machines/busy-server");
    struct text before = sum_of(m.root);
    (void)tune_whole(&m);
    fixture_write(m.root, PREFERENCE, "performance\n");
    assert_int_equal(restore(&m, false, NULL).restored, 32);
    assert_sum(m.root, &before);
    text_free(&before);
    machine_close(&m);
}

/* As the lockup detectors do: each by itself changes nothing. */
static void settings_that_hang_together_are_put_back_together(void **state)
{
    (void)state;
    struct machine m = machine_open("machines/busy-server");
    fixture_write(m.root, "/proc/sys/kernel/soft_watchdog", "1\n");
    struct text before = sum_of(m.root);
    (void)tune_whole(&m);
    fixture_write(m.root, "/proc/sys/kernel/soft_watchdog", "0\n"); /* as the kernel does when watchdog is written */
    struct faults faults = {.fault = IGNORE, .only = "watchdog", .hits_max = 3};
    assert_int_equal(restore(&m, false, &faults).refused, 0);
    assert_sum(m.root, &before);
    assert_false(is_there(m.journal));
    text_free(&before);
    machine_close(&m);
}

static void what_the_kernel_will_not_take_back_stays_in_the_journal(void **state)
{
    (void)state;
    struct machine m = machine_open("machines/busy-server");
    struct text before = sum_of(m.root);
    (void)tune_whole(&m);
    struct faults faults = {.fault = REFUSE, .only = GOVERNOR0, .error = EBUSY};
    assert_int_equal(restore(&m, false, &faults).refused, 1);
    struct restored r = restore(&m, false, NULL);
    assert_int_equal(r.steps, 1);
    assert_int_equal(r.restored, 1);
    assert_sum(m.root, &before);
    text_free(&before);
    machine_close(&m);
}

static void an_interrupt_that_is_gone_is_no_debt(void **state)
{
    (void)state;
    struct machine m = machine_open("machines/busy-server");
    (void)tune_whole(&m);
    fixture_remove(m.root, "/proc/irq/121/smp_affinity_list");
    struct restored r = restore(&m, false, NULL);
    assert_int_equal(r.gone, 1);
    assert_int_equal(r.restored, 30);
    assert_false(is_there(m.journal));
    machine_close(&m);
}

static void where_no_journal_can_be_kept_nothing_is_written(void **state)
{
    (void)state;
    static const char *const BAD[] = {"/proc/tare/tune.journal", "/proc/self/tune.journal", "/dev/null/tune.journal"};
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        struct machine m = machine_open("machines/busy-server");
        struct text before = sum_of(m.root);
        struct tune_steps steps = {0};
        text_format(m.journal, sizeof(m.journal), "%s", BAD[i]);
        assert_true(tune(&m, NULL, NULL, &steps) < 0);
        tune_steps_free(&steps);
        assert_sum(m.root, &before);
        text_free(&before);
        machine_close(&m);
    }
}

static void a_journal_that_is_a_link_is_not_followed(void **state)
{
    (void)state;
    struct machine m = machine_open("machines/busy-server");
    struct tune_steps steps = {0};
    assert_int_equal(symlink("/dev/full", m.journal), 0);
    assert_int_equal(tune(&m, NULL, NULL, &steps), -ELOOP);
    tune_steps_free(&steps);
    machine_close(&m);
}

/* RLIMIT_FSIZE stands for a full file system: the journal takes so many bytes and no more. */
static void where_the_journal_is_full_the_rest_is_not_touched(void **state)
{
    (void)state;
    struct machine m = machine_open("machines/busy-server");
    struct text before = sum_of(m.root);
    for (rlim_t limit = 0; limit < 2000; limit += 137) {
        int status = 0;
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            struct rlimit r = {limit, limit};
            struct tune_steps steps = {0};
            struct faults faults = {0};
            (void)signal(SIGXFSZ, SIG_IGN);
            (void)setrlimit(RLIMIT_FSIZE, &r);
            int failed = tune(&m, ALL, &faults, &steps);
            _exit(failed == -EFBIG || failed == -EIO ? faults.writes : 99);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 31);
        struct restored done = restore(&m, false, NULL);
        assert_false(done.torn);
        assert_true(done.restored == (size_t)WEXITSTATUS(status));
        assert_sum(m.root, &before);
    }
    text_free(&before);
    machine_close(&m);
}

static void two_at_a_time_are_one_too_many(void **state)
{
    (void)state;
    struct machine m = machine_open("machines/busy-server");
    struct journal first, second;
    struct err e = {0};
    assert_int_equal(journal_open(m.journal, "boot", true, &first, &e), 0);
    assert_int_equal(journal_open(m.journal, "boot", true, &second, &e), -EBUSY);
    assert_int_equal(e.kind, ERR_HOST);
    journal_close(&first);
    assert_int_equal(journal_open(m.journal, "boot", true, &second, &e), 0);
    journal_close(&second);
    machine_close(&m);
}

static void odd_bytes_come_through_the_journal(void **state)
{
    (void)state;
    struct machine m = machine_open("machines/busy-server");
    const struct journal_record odd = {.path = (char *)"/proc/irq/default_smp_affinity",
                                       .old_bytes = (char *)"\t\x01\n\\n\"\xc3\xa9\x7f\n",
                                       .new_bytes = (char *)"",
                                       .kind = KNOB_MASK,
                                       .keep = true};
    struct journal j;
    struct err e = {0};
    assert_int_equal(journal_open(m.journal, "boot", true, &j, &e), 0);
    assert_int_equal(journal_append(&j, &odd, &e), 0);
    journal_close(&j);
    assert_int_equal(journal_open(m.journal, "boot", false, &j, &e), 0);
    assert_int_equal(j.records, 1);
    assert_string_equal(j.record[0].path, odd.path);
    assert_string_equal(j.record[0].old_bytes, odd.old_bytes);
    assert_string_equal(j.record[0].new_bytes, "");
    assert_int_equal(j.record[0].kind, KNOB_MASK);
    assert_true(j.record[0].keep);
    journal_close(&j);
    machine_close(&m);
}

/* --- a journal that somebody else wrote, a tree that leads out ---------------------------------------------------- */

static uint32_t sum_of_line(const char *line)
{
    uint32_t sum = 2166136261U;
    for (; *line; line++)
        sum = (sum ^ (unsigned char)*line) * 16777619U;
    return sum;
}

/* A journal of one line, whole and of this boot. */
static void forge(const struct machine *m, const char *mark, const char *what)
{
    char boot_id[64], line[512], whole[600];
    assert_int_equal(tune_boot_id(m->root, boot_id, sizeof(boot_id), NULL), 0);
    text_format(line, sizeof(line), "%s %s %s ", mark, boot_id, what);
    text_format(whole, sizeof(whole), "%s%08x\n", line, (unsigned)sum_of_line(line));
    assert_int_equal(file_replace(m->journal, whole, strlen(whole), NULL), 0);
}

static void a_journal_names_settings_and_no_paths(void **state)
{
    (void)state;
    static const char *const FORGED[][2] = {
        {"tare-tune/1", "set value \"/proc/sys/kernel/core_pattern\" \"|/bin/evil\" \"core\""},
        {"tare-tune/1", "set value \"/proc/sys/vm/../kernel/core_pattern\" \"|/bin/evil\" \"core\""},
        {"tare-tune/1", "set list \"/proc/irq/../irq/smp_affinity_list\" \"|/bin/evil\" \"core\""},
        {"tare-tune/1", "set choice \"/proc/sys/vm/swappiness\" \"[x]\" \"0\""},
        {"tare-tune/2", "set /proc/sys/kernel/core_pattern \"|/bin/evil\" \"core\""},
        {"tare-tune/2", "set irq:../x \"|/bin/evil\" \"core\""},
        {"tare-tune/2", "set irq \"1\" \"0\""},
        {"tare-tune/3", "set swappiness \"1\" \"0\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(FORGED); i++) {
        struct machine m = machine_open("machines/busy-server");
        fixture_write(m.root, "/proc/sys/kernel/core_pattern", "core");
        struct text before = sum_of(m.root);
        forge(&m, FORGED[i][0], FORGED[i][1]);
        struct restored done = restore(&m, true, NULL);
        assert_int_equal(done.damaged, 1);
        assert_int_equal(done.restored, 0);
        assert_sum(m.root, &before);
        text_free(&before);
        machine_close(&m);
    }
}

static void a_journal_of_the_form_before_is_read_by_its_settings(void **state)
{
    (void)state;
    struct machine m = machine_open("machines/busy-server");
    fixture_write(m.root, SWAPPINESS, "0\n");
    forge(&m, "tare-tune/1", "set value \"" SWAPPINESS "\" \"60\\n\" \"0\\n\"");
    struct restored done = restore(&m, false, NULL);
    assert_int_equal(done.restored, 1);
    assert_content(m.root, SWAPPINESS, "60\n");
    machine_close(&m);
}

static int open_again(const struct machine *m, struct err *e)
{
    struct journal j;
    int failed = journal_open(m->journal, "boot", false, &j, e);
    if (failed == 0)
        journal_close(&j);
    return failed;
}

static void a_journal_that_another_could_have_written_is_not_believed(void **state)
{
    (void)state;
    struct machine m = machine_open("machines/busy-server");
    struct err e = {0};
    (void)tune_whole(&m);
    assert_int_equal(chmod(m.journal, 0622), 0);
    assert_int_equal(open_again(&m, &e), -EPERM);
    assert_int_equal(e.kind, ERR_HOST);
    assert_non_null(strstr(e.text, "belongs to another user, or others may write to it: it is not trusted"));
    assert_int_equal(chmod(m.journal, 0600), 0);
    if (geteuid() == 0) {
        assert_int_equal(chown(m.journal, 65534, 65534), 0);
        assert_int_equal(open_again(&m, &e), -EPERM);
        assert_int_equal(chown(m.journal, 0, 0), 0);
        assert_int_equal(chmod(m.state, 0777), 0);
        assert_int_equal(open_again(&m, &e), -EPERM);
        assert_int_equal(e.kind, ERR_HOST);
        assert_non_null(strstr(e.text, "is writable by everybody"));
        assert_int_equal(chmod(m.state, 0755), 0);
    }
    assert_int_equal(open_again(&m, &e), 0);
    machine_close(&m);
}

/* A captured tree may be a stranger's: a file of it that leads out, by a link or by "..". */
static void a_tree_that_leads_out_is_not_followed_out(void **state)
{
    (void)state;
    struct machine m = machine_open("machines/busy-server");
    char link[PATH_MAX + 64], out[PATH_MAX + 64], kept[32];
    fixture_write(m.state, "/kept", "60\n");
    fixture_remove(m.root, SWAPPINESS);
    fixture_write(m.root, "/kept-not", "");
    text_format(link, sizeof(link), "%s" SWAPPINESS, m.root);
    text_format(out, sizeof(out), "../../../../%s/kept", strrchr(m.state, '/') + 1);
    assert_int_equal(symlink(out, link), 0);
    struct tune_steps steps = {0};
    assert_int_equal(tune(&m, "swappiness", NULL, &steps), 0);
    assert_int_equal(tune_count(&steps, TUNE_CHANGED), 0);
    assert_int_equal(tune_count(&steps, TUNE_ABSENT), 1);
    tune_steps_free(&steps);
    assert_int_equal(file_read(m.state, "/kept", kept, sizeof(kept)), 2);
    assert_string_equal(kept, "60");
    machine_close(&m);
}

static void a_machine_of_few_cpus_keeps_its_interrupts(void **state)
{
    (void)state;
    struct machine m = machine_open("machines/two-cpus-vm");
    struct tune_steps steps = {0};
    fixture_write(m.root, "/proc/irq/24/smp_affinity_list", "0-1\n");
    assert_int_equal(tune(&m, "irq", NULL, &steps), 0);
    assert_int_equal(steps.steps, 1);
    assert_int_equal(steps.step[0].outcome, TUNE_ABSENT);
    tune_steps_free(&steps);
    machine_close(&m);
}

static void boost_is_turned_off_by_its_own_switch(void **state)
{
    (void)state;
    struct machine m = machine_open("machines/smt2-desktop");
    struct tune_steps steps = {0};
    fixture_write(m.root, BOOT_ID, "boot\n");
    assert_int_equal(tune(&m, "turbo", NULL, &steps), 0);
    assert_content(m.root, "/sys/devices/system/cpu/cpufreq/boost", "0\n");
    tune_steps_free(&steps);
    machine_close(&m);
}

static void a_longer_interval_and_a_stricter_choice_will_do(void **state)
{
    (void)state;
    struct machine m = machine_open("machines/busy-server");
    struct tune_steps steps = {0};
    fixture_write(m.root, "/proc/sys/vm/stat_interval", "120\n");
    fixture_write(m.root, THP, "always madvise [never]\n");
    assert_int_equal(tune(&m, "stat_interval,thp", NULL, &steps), 0);
    assert_int_equal(tune_count(&steps, TUNE_ALREADY), 2);
    tune_steps_free(&steps);
    machine_close(&m);
}

static void a_preview_writes_nothing(void **state)
{
    (void)state;
    struct machine m = machine_open("machines/busy-server");
    struct text before = sum_of(m.root);
    struct topology_choice cpus;
    struct tune_steps steps = {0};
    struct err e = {0};
    assert_int_equal(bench_cpus_choose(m.root, NULL, NULL, &cpus, &e), 0);
    assert_int_equal(tune_plan(m.root, &cpus, ALL, &steps, &e), 0);
    tune_preview(m.root, &steps);
    assert_int_equal(tune_count(&steps, TUNE_PLANNED), 31);
    assert_sum(m.root, &before);
    tune_steps_free(&steps);
    text_free(&before);
    machine_close(&m);
}

static void masks_are_those_of_the_kernel(void **state)
{
    (void)state;
    char buf[KNOB_MAX];
    struct cpulist set;
    assert_int_equal(knob_mask_parse("ff,00000000,00000003\n", &set), 0);
    assert_int_equal(cpulist_count(&set), 10);
    assert_true(cpulist_has(&set, 71) && cpulist_has(&set, 64) && !cpulist_has(&set, 32));
    knob_mask_format(&set, buf, sizeof(buf));
    assert_string_equal(buf, "ff,00000000,00000003");
    assert_int_equal(knob_mask_parse("xyz", &set), -EINVAL);
    assert_int_equal(knob_mask_parse("", &set), -EINVAL);
    assert_true(knob_same(KNOB_MASK, "0003\n", "3"));
    assert_true(knob_same(KNOB_LIST, "0,1,2\n", "0-2"));
    assert_false(knob_same(KNOB_VALUE, "01", "1"));
    assert_true(knob_same(KNOB_CHOICE, "always [madvise] never\n", "madvise\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_has_its_bytes_back_after_a_restore),
        cmocka_unit_test(without_only_aslr_and_smt_stay_as_they_are),
        cmocka_unit_test(only_takes_the_settings_it_names),
        cmocka_unit_test(an_unknown_setting_is_refused_with_those_there_are),
        cmocka_unit_test(killed_at_any_write_of_a_tune_a_restore_gives_all_back),
        cmocka_unit_test(killed_at_any_write_of_a_restore_the_next_one_ends_it),
        cmocka_unit_test(killed_twice_in_a_row_it_is_still_the_first_value_that_comes_back),
        cmocka_unit_test(a_second_tune_keeps_the_first_old_value),
        cmocka_unit_test(a_journal_names_settings_and_no_paths),
        cmocka_unit_test(a_journal_of_the_form_before_is_read_by_its_settings),
        cmocka_unit_test(a_journal_that_another_could_have_written_is_not_believed),
        cmocka_unit_test(a_tree_that_leads_out_is_not_followed_out),
        cmocka_unit_test(another_boots_journal_is_set_aside_and_nothing_is_written),
        cmocka_unit_test(a_tune_after_another_boot_begins_a_journal_of_its_own),
        cmocka_unit_test(a_line_cut_short_announced_what_was_never_done),
        cmocka_unit_test(a_journal_of_half_a_line_leaves_nothing_to_do),
        cmocka_unit_test(a_record_with_a_wrong_checksum_is_never_written),
        cmocka_unit_test(what_somebody_else_changed_is_left_unless_forced),
        cmocka_unit_test(a_refusal_is_said_and_the_others_go_on),
        cmocka_unit_test(a_write_that_changes_nothing_is_a_refusal),
        cmocka_unit_test(what_the_kernel_made_of_it_is_ours_too),
        cmocka_unit_test(what_another_write_changed_is_put_back_as_well),
        cmocka_unit_test(settings_that_hang_together_are_put_back_together),
        cmocka_unit_test(what_the_kernel_will_not_take_back_stays_in_the_journal),
        cmocka_unit_test(an_interrupt_that_is_gone_is_no_debt),
        cmocka_unit_test(where_no_journal_can_be_kept_nothing_is_written),
        cmocka_unit_test(a_journal_that_is_a_link_is_not_followed),
        cmocka_unit_test(where_the_journal_is_full_the_rest_is_not_touched),
        cmocka_unit_test(two_at_a_time_are_one_too_many),
        cmocka_unit_test(odd_bytes_come_through_the_journal),
        cmocka_unit_test(a_machine_of_few_cpus_keeps_its_interrupts),
        cmocka_unit_test(boost_is_turned_off_by_its_own_switch),
        cmocka_unit_test(a_longer_interval_and_a_stricter_choice_will_do),
        cmocka_unit_test(a_preview_writes_nothing),
        cmocka_unit_test(masks_are_those_of_the_kernel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

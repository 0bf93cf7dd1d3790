#include "plan/campaign.h"
#include "plan/folder.h"
#include "plan/slurm.h"
#include "plan/tally.h"
#include "record/record.h"

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "tests/unit/fixture.h"
#include "tests/unit/golden.h"
#include "tests/unit/specimen.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define TINY                                                                                                           \
    "schema: tare.plan/1\nname: tiny\nseed: 42\ninvocations: 3\ndefaults: {scenario: scenario1, runtime: native}\n"    \
    "cells:\n  - each: {mode: [threads, processes], profile: [overhead, memory]}\n"

static struct config tiny_config(bool dry_run)
{
    static char file[PATH_MAX + 16], out[PATH_MAX + 16];
    fixture_write(fixture_root, "/tiny.yml", TINY);
    text_format(file, sizeof(file), "%s/tiny.yml", fixture_root);
    text_format(out, sizeof(out), "%s/out", fixture_root);
    struct config c = {.positional = file, .campaign = {.seed = -1, .task = -1}};
    c.output.dir = out;
    c.host.dry_run = dry_run;
    return c;
}

static int open_bound(struct campaign *c, const struct config *config, struct err *e)
{
    int failed = campaign_open(c, config, e);
    return failed == 0 ? campaign_bind(c, config, e) : failed;
}

static void opened(struct campaign *ret, const struct config *config)
{
    struct err e = {0};
    if (open_bound(ret, config, &e) != 0)
        fail_msg("%s", e.text);
}

/* A record of the plan's, saved as a run would have. */
static void save(const struct campaign *c, uint64_t block, const char *cell, double seconds, bool ok)
{
    static struct specimen s;
    char name[NAME_MAX], path[PATH_MAX];
    specimen_threads_memory(&s);
    facts_text(&s.record.plan, "name", "tiny");
    facts_text(&s.record.plan, "sha256", c->bound.sha256);
    facts_text(&s.record.plan, "cell", cell);
    facts_int(&s.record.plan, "block", (int64_t)block);
    facts_int(&s.record.plan, "elapsed_ns", (int64_t)(seconds * 1e9));
    s.record.termination = ok ? TERMINATION_OK : TERMINATION_TIMEOUT;
    text_format(path, sizeof(path), "%s/%s", c->folder.path, folder_record_name(block, cell, 0, name));
    specimen_save(&s, path);
    specimen_free(&s);
}

/* The root's name is another in each run. */
static char *described(struct campaign *c)
{
    struct text out = {0}, stable = {0};
    campaign_describe(c, 200, &out);
    const char *at = strstr(out.data, fixture_root);
    assert_non_null(at);
    text_add(&stable, "%.*s/folder%s", (int)(at - out.data), out.data, at + strlen(fixture_root));
    text_free(&out);
    return stable.data;
}

static void a_dry_run_is_as_it_was_read(void **state)
{
    (void)state;
    struct config config = tiny_config(true);
    struct campaign c;
    opened(&c, &config);
    char *text = described(&c);
    golden_check("matrix-dry-run", text);
    free(text);
    assert_int_not_equal(access(c.folder.path, F_OK), 0);
    campaign_close(&c);
}

static void what_is_done_is_told_with_its_time_and_the_rest_is_estimated(void **state)
{
    (void)state;
    struct config config = tiny_config(false);
    struct campaign c;
    opened(&c, &config);
    save(&c, 1, "scenario1-threads-native-overhead", 2, true);
    save(&c, 2, "scenario1-threads-native-overhead", 4, true);
    save(&c, 1, "scenario1-processes-native-memory", 61.4, false);
    campaign_close(&c);
    opened(&c, &config);
    char *text = described(&c);
    golden_check("matrix-dry-run-begun", text);
    free(text);
    assert_int_equal(tally_done(&c.tally, 3), 3);
    assert_int_equal(tally_failed(&c.tally, 3), 1);
    campaign_close(&c);
}

static void an_estimate_is_the_mean_of_what_a_cell_has_taken(void **state)
{
    (void)state;
    struct config config = tiny_config(false);
    struct campaign c;
    opened(&c, &config);
    save(&c, 1, "scenario1-threads-native-overhead", 2, true);
    save(&c, 2, "scenario1-threads-native-overhead", 4, true);
    campaign_close(&c);
    opened(&c, &config);
    cleanup_free double *cell_s = estimate_cells(&c.tally);
    assert_true(cell_s[0] == 3);
    assert_true(isnan(cell_s[1]));
    struct estimate e = estimate_left(&c.tally, 3);
    assert_true(e.seconds == 3 * 10); /* one of three is left of that cell; the others are taken to be as long */
    assert_int_equal(e.left, 10);
    assert_int_equal(e.unknown, 9);
    campaign_close(&c);
}

static void what_the_same_plan_took_in_its_own_folder_is_the_estimate_of_a_dry_run_elsewhere(void **state)
{
    char here[PATH_MAX];
    (void)state;
    assert_non_null(getcwd(here, sizeof(here)));
    assert_int_equal(chdir(fixture_root), 0);
    struct config config = tiny_config(false);
    config.output.dir = NULL; /* out/tiny */
    struct campaign c;
    opened(&c, &config);
    save(&c, 1, "scenario1-threads-native-overhead", 2, true);
    save(&c, 1, "scenario1-processes-native-memory", 6, true);
    campaign_close(&c);
    config = tiny_config(true);
    config.output.dir = "elsewhere";
    opened(&c, &config);
    struct estimate e = estimate_left(&c.tally, 3);
    assert_true(e.seconds == 3 * (2 + 6 + 4 + 4)); /* of two cells nothing is known there either */
    assert_int_equal(e.left, 12);
    assert_int_equal(e.unknown, 6);
    struct text text = {0};
    campaign_describe(&c, 80, &text);
    assert_non_null(strstr(text.data, "as in"));
    text_free(&text);
    campaign_close(&c);
    config.given = (struct config_given){.count = 1, .option = {{"iterations", "9"}}}; /* that takes another time */
    opened(&c, &config);
    assert_true(isnan(estimate_left(&c.tally, 3).seconds));
    campaign_close(&c);
    assert_int_equal(chdir(here), 0);
}

static void a_dry_run_with_retry_counts_what_failed_as_to_be_run(void **state)
{
    (void)state;
    struct config config = tiny_config(false);
    struct campaign c;
    opened(&c, &config);
    save(&c, 1, "scenario1-threads-native-overhead", 2, true);
    save(&c, 1, "scenario1-threads-native-memory", 2, false);
    campaign_close(&c);
    config = tiny_config(true);
    opened(&c, &config);
    assert_int_equal(estimate_left(&c.tally, 3).left, 10);
    campaign_close(&c);
    config.campaign.retry = 1;
    opened(&c, &config);
    assert_int_equal(estimate_left(&c.tally, 3).left, 11);
    campaign_close(&c);
}

/* Long ids and labels, at any width: a line has what it can hold, and no word is lost. */
static void a_dry_run_keeps_to_the_width(void **state)
{
    static const size_t WIDTHS[] = {60, 80, 120};
    (void)state;
    struct config config = tiny_config(true);
    config.campaign.noise = 1;
    struct campaign c;
    opened(&c, &config);
    for (size_t i = 0; i < ARRAY_LEN(WIDTHS); i++) {
        struct text out = {0};
        campaign_describe(&c, WIDTHS[i], &out);
        for (const char *line = out.data; *line; line += strcspn(line, "\n") + 1) {
            const char *word = line + strspn(line, " ");
            if (strcspn(line, "\n") > WIDTHS[i] && strcspn(word, " ") < strcspn(word, "\n")) /* a path is not broken */
                fail_msg("%zu: %.*s", WIDTHS[i], (int)strcspn(line, "\n"), line);
        }
        assert_non_null(strstr(out.data, "scenario1-processes-native-overhead"));
        text_free(&out);
    }
    campaign_close(&c);
}

/* An array may be as long as its folder: a job that read all of it would take the longer, the more others there are. */
static void a_job_of_an_array_reads_its_own_record_alone(void **state)
{
    static const char CELL[] = "scenario1-threads-native-overhead";
    char folder[PATH_MAX], name[NAME_MAX];
    struct err e = {0};
    (void)state;
    struct config config = tiny_config(false);
    struct campaign c;
    opened(&c, &config);
    text_format(folder, sizeof(folder), "%s", c.folder.path);
    save(&c, 1, CELL, 2, true);
    save(&c, 2, CELL, 4, true);
    campaign_close(&c);
    config.positional = folder;
    config.output.dir = NULL;
    config.campaign.task = 0;
    opened(&c, &config);
    assert_int_equal(tally_done(&c.tally, 3), 0);
    for (uint64_t block = 2; block <= 3; block++) /* of the third there is none */
        assert_int_equal(tally_read_one(&c.tally, folder_record_name(block, CELL, 0, name), &e), 0);
    assert_int_equal(tally_done(&c.tally, 3), 1);
    assert_non_null(tally_at(&c.tally, 1, 0)->file);
    campaign_close(&c);
}

/* --- the folder --------------------------------------------------------------------------------------------------- */

static void a_seed_that_nobody_names_is_drawn_once_and_kept(void **state)
{
    (void)state;
    struct config config = tiny_config(false);
    fixture_write(fixture_root, "/tiny.yml",
                  "schema: tare.plan/1\nname: tiny\ncells: [{scenario: scenario1, runtime: native}]\n");
    struct campaign c;
    opened(&c, &config);
    int64_t seed = c.bound.seed;
    assert_true(seed >= 0);
    campaign_close(&c);
    opened(&c, &config);
    assert_int_equal(c.bound.seed, seed);
    campaign_close(&c);
}

/* As of a tare matrix that was killed while it started a workload. */
static void a_folder_is_waited_for_that_only_a_child_of_a_dead_one_holds(void **state)
{
    struct folder f = {.fd = -1, .lock_fd = -1};
    char path[PATH_MAX + 16];
    struct err e = {0};
    (void)state;
    text_format(path, sizeof(path), "%s/out", fixture_root);
    pid_t killed = fork();
    if (killed == 0) {
        if (folder_open(path, &f, &e) != 0)
            _exit(1);
        if (fork() == 0) {
            (void)poll(NULL, 0, 500);
            _exit(0);
        }
        (void)raise(SIGKILL);
    }
    siginfo_t ended = {0};
    assert_int_equal(waitid(P_PID, (id_t)killed, &ended, WEXITED | WNOWAIT),
                     0); /* it is a zombie until it is waited for */
    assert_int_equal(ended.si_code, CLD_KILLED);
    if (folder_open(path, &f, &e) != 0)
        fail_msg("%s", e.text);
    folder_close(&f);
    assert_int_equal(waitpid(killed, NULL, 0), killed);
}

/* For a child, which ends with its parent. */
static void keep_to_the_first_cpu(void)
{
    cpu_set_t mine, first;
    assert_int_equal(prctl(PR_SET_PDEATHSIG, SIGKILL), 0);
    CPU_ZERO(&first);
    assert_int_equal(sched_getaffinity(0, sizeof(mine), &mine), 0);
    for (size_t cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&first) == 0; cpu++)
        if (CPU_ISSET(cpu, &mine))
            CPU_SET(cpu, &first);
    assert_int_equal(sched_setaffinity(0, sizeof(first), &first), 0);
}

/* On a busy CPU a process that was sent SIGKILL runs on, in its turn, and holds its locks until it has one: here its
 * turns are rare, for it is SCHED_IDLE beside one that is not. */
static void a_folder_is_waited_for_whose_holder_was_killed_and_has_not_run_since(void **state)
{
    struct folder f = {.fd = -1, .lock_fd = -1};
    char path[PATH_MAX + 16], byte = 0;
    struct err e = {0};
    int made[2];
    (void)state;
    text_format(path, sizeof(path), "%s/rare", fixture_root);
    assert_int_equal(pipe(made), 0);
    pid_t killed = fork();
    if (killed == 0) {
        keep_to_the_first_cpu();
        if (folder_open(path, &f, &e) != 0 || sched_setscheduler(0, SCHED_IDLE, &(struct sched_param){0}) != 0 ||
            write(made[1], &byte, 1) != 1)
            _exit(1);
        for (;;)
            ;
    }
    assert_int_equal(read(made[0], &byte, 1), 1);
    pid_t hog = fork();
    if (hog == 0) {
        keep_to_the_first_cpu();
        (void)!write(made[1], &byte, 1);
        for (;;)
            ;
    }
    assert_int_equal(read(made[0], &byte, 1), 1);
    (void)poll(NULL, 0, 50); /* by now the CPU is the hog's */
    assert_int_equal(kill(killed, SIGKILL), 0);
    int failed = folder_open(path, &f, &e);
    assert_int_equal(kill(hog, SIGKILL), 0);
    assert_int_equal(waitpid(hog, NULL, 0), hog);
    assert_int_equal(waitpid(killed, NULL, 0), killed);
    (void)(close(made[0]) | close(made[1]));
    if (failed != 0)
        fail_msg("%s", e.text);
    folder_close(&f);
}

static void a_folder_is_held_by_one(void **state)
{
    (void)state;
    struct config config = tiny_config(false);
    struct campaign c, other;
    opened(&c, &config);
    struct err e = {0};
    char who[40];
    assert_int_equal(open_bound(&other, &config, &e), -EBUSY);
    text_format(who, sizeof(who), ": pid %d on ", (int)getpid());
    assert_non_null(strstr(e.text, who));
    assert_int_equal(e.kind, ERR_USAGE);
    campaign_close(&other);
    campaign_close(&c);
    opened(&c, &config);
    campaign_close(&c);
}

static void what_is_given_is_kept_and_read_back(void **state)
{
    (void)state;
    struct config config = tiny_config(false);
    config.given = (struct config_given){.option = {{"iterations", "9"}, {"env", "A=b c"}}, .count = 2};
    struct campaign c;
    opened(&c, &config);
    struct folder_plan read;
    struct text bytes = {0};
    struct err e = {0};
    assert_int_equal(folder_read(&c.folder, &read, &bytes, &e), 0);
    assert_string_equal(bytes.data, TINY);
    assert_int_equal(read.given.count, 2);
    assert_string_equal(read.given.option[1].name, "env");
    assert_string_equal(read.given.option[1].value, "A=b c");
    assert_string_equal(read.sha256, c.bound.sha256);
    assert_int_equal(read.seed, 42);
    text_free(&bytes);
    folder_plan_free(&read);
    campaign_close(&c);
}

static void a_broken_lock_file_is_refused(void **state)
{
    static const char *const BROKEN[] = {
        "", "name = x\n", "nonsense\n", "seed = many\n", "option = alone\n", "name = tiny\nsha256 = abc\nseed = 1\n"};
    (void)state;
    struct config config = tiny_config(false);
    struct campaign c;
    opened(&c, &config);
    campaign_close(&c);
    for (size_t i = 0; i < ARRAY_LEN(BROKEN); i++) {
        struct err e = {0};
        fixture_write(fixture_root, "/out/plan.lock", BROKEN[i]);
        assert_true(open_bound(&c, &config, &e) < 0);
        assert_int_equal(e.kind, ERR_USAGE);
        assert_non_null(strstr(e.text, "out/plan.lock'"));
        campaign_close(&c);
    }
}

static void a_file_is_no_folder_and_is_named(void **state)
{
    (void)state;
    char path[PATH_MAX + 16];
    struct folder f;
    struct folder_plan read;
    struct text bytes = {0};
    struct err e = {0};
    fixture_write(fixture_root, "/file", "");
    text_format(path, sizeof(path), "%s/file", fixture_root);
    assert_int_equal(folder_look(path, &f, &e), 0);
    assert_int_equal(folder_read(&f, &read, &bytes, &e), -ENOTDIR);
    assert_int_equal(e.kind, ERR_USAGE);
    assert_non_null(strstr(e.text, "file/plan.lock': Not a directory"));
}

#define RECORD(id)                                                                                                     \
    "{\"schema\": \"tare.record/1\", \"id\": \"" id                                                                    \
    "\", \"host\": {}, \"scenario\": {\"name\": \"x\"}, \"result\": {}, "                                              \
    "\"iterations\": {\"start_ns\": [], \"end_ns\": []}, \"termination\": {\"reason\": \"ok\"}, "

static void records_of_no_plan_are_not_counted_and_of_another_refused(void **state)
{
    (void)state;
    struct config config = tiny_config(false);
    struct campaign c;
    opened(&c, &config);
    struct err e = {0};
    fixture_write(fixture_root, "/out/note.json", "{");
    fixture_write(fixture_root, "/out/alone.json", RECORD("x") "\"plan\": null}");
    campaign_close(&c);
    opened(&c, &config);
    assert_int_equal(c.tally.strangers, 1);
    assert_int_equal(tally_done(&c.tally, 3), 0);
    campaign_close(&c);
    fixture_write(fixture_root, "/out/0001-x.json",
                  RECORD("y") "\"plan\": {\"name\": \"other\", \"sha256\": \"0123456789abcdef\"}}");
    assert_int_equal(open_bound(&c, &config, &e), -EEXIST);
    assert_non_null(strstr(e.text, "/0001-x.json' is of the plan 'other' (SHA-256 0123456789ab...)"));
    campaign_close(&c);
}

static void what_a_killed_tare_was_writing_is_cleared_and_nothing_of_the_users(void **state)
{
    char left[64], path[PATH_MAX + 64];
    (void)state;
    pid_t dead = fork();
    if (dead == 0)
        _exit(0);
    assert_int_equal(waitpid(dead, NULL, 0), dead);
    struct config config = tiny_config(false);
    struct campaign c;
    opened(&c, &config);
    campaign_close(&c);
    text_format(left, sizeof(left), "/out/.tare-%d-0.tmp", (int)dead);
    fixture_write(fixture_root, left, "half");
    fixture_write(fixture_root, "/out/mine.tmp.12", "the user's");
    opened(&c, &config);
    campaign_close(&c);
    text_format(path, sizeof(path), "%s%s", fixture_root, left);
    assert_int_not_equal(access(path, F_OK), 0);
    text_format(path, sizeof(path), "%s/out/mine.tmp.12", fixture_root);
    assert_int_equal(access(path, F_OK), 0);
}

/* Whoever may write to the folder puts a link, or a second name, where tare keeps its own. */
static void a_lock_that_leads_elsewhere_is_refused_and_not_written_to(void **state)
{
    char lock[PATH_MAX + 16], other[PATH_MAX + 16], kept[16];
    (void)state;
    struct config config = tiny_config(false);
    for (int hard = 0; hard < 2; hard++) {
        struct campaign c;
        struct err e = {0};
        fixture_write(fixture_root, "/private", "secret");
        fixture_write(fixture_root, "/out/mine", "");
        text_format(lock, sizeof(lock), "%s/out/.lock", fixture_root);
        text_format(other, sizeof(other), "%s/private", fixture_root);
        (void)unlink(lock);
        assert_int_equal(hard ? link(other, lock) : symlink(other, lock), 0);
        assert_int_equal(open_bound(&c, &config, &e), -EPERM);
        assert_non_null(strstr(e.text, "/out/.lock' is a link, or no file of this name alone"));
        campaign_close(&c);
        assert_int_equal(file_read(fixture_root, "/private", kept, sizeof(kept)), 6);
        assert_string_equal(kept, "secret");
    }
}

static void what_is_set_aside_goes_through_no_link(void **state)
{
    char aside[PATH_MAX + 16], kept[NAME_MAX];
    (void)state;
    struct config config = tiny_config(false);
    struct campaign c;
    opened(&c, &config);
    struct err e = {0};
    fixture_write(fixture_root, "/private/mine", "");
    fixture_write(fixture_root, "/out/0001-x.json", "broken");
    text_format(aside, sizeof(aside), "%s/out/aside", fixture_root);
    assert_int_equal(symlink("../private", aside), 0);
    assert_int_equal(folder_set_aside(&c.folder, "0001-x.json", kept, &e), -ELOOP);
    assert_int_equal(e.kind, ERR_OURS);
    assert_int_equal(unlink(aside), 0);
    assert_int_equal(folder_set_aside(&c.folder, "0001-x.json", kept, &e), 0);
    assert_string_equal(kept, "aside/0001-x.json.1");
    campaign_close(&c);
}

/* Whether name is in the folder of the test. */
static bool is_there(const char *name)
{
    char path[PATH_MAX];
    text_format(path, sizeof(path), "%s/%s", fixture_root, name);
    return access(path, F_OK) == 0;
}

static void a_folder_is_made_when_it_is_bound_and_what_was_made_is_taken_back(void **state)
{
    (void)state;
    char out[PATH_MAX + 16];
    struct config config = tiny_config(false);
    struct campaign c;
    struct err e = {0};
    text_format(out, sizeof(out), "%s/a//b/c/", fixture_root);
    config.output.dir = out;
    assert_int_equal(campaign_open(&c, &config, &e), 0);
    assert_false(is_there("a"));
    assert_int_equal(campaign_bind(&c, &config, &e), 0);
    assert_true(is_there("a/b/c/plan.lock"));
    folder_take_back(&c.folder);
    campaign_close(&c);
    assert_false(is_there("a"));
    assert_true(is_there("tiny.yml"));
}

static void nothing_is_taken_back_of_a_plan_that_has_begun_or_was_bound_before(void **state)
{
    (void)state;
    struct config config = tiny_config(false);
    struct campaign c;
    opened(&c, &config);
    save(&c, 1, "scenario1-threads-native-overhead", 2, true);
    folder_take_back(&c.folder);
    campaign_close(&c);
    assert_true(is_there("out/plan.lock") && is_there("out/plan.yml"));
    assert_true(is_there("out/0001-scenario1-threads-native-overhead.json"));
    fixture_remove(fixture_root, "/out/0001-scenario1-threads-native-overhead.json");
    opened(&c, &config);
    folder_take_back(&c.folder);
    campaign_close(&c);
    assert_true(is_there("out/plan.lock") && is_there("out/plan.yml"));
}

static void a_folder_is_left_as_it_was_where_it_cannot_be_bound(void **state)
{
    (void)state;
    struct config config = tiny_config(false);
    struct campaign c;
    struct err e = {0};
    fixture_write(fixture_root, "/out/plan.yml", "the user's");
    assert_int_equal(open_bound(&c, &config, &e), -EEXIST);
    folder_take_back(&c.folder);
    campaign_close(&c);
    assert_true(is_there("out/plan.yml"));
    assert_false(is_there("out/plan.lock"));
}

static void a_folder_without_a_record_may_be_bound_to_another_plan(void **state)
{
    static const char OTHER[] = "schema: tare.plan/1\nname: other\ncells: [{scenario: scenario1, runtime: native}]\n";
    (void)state;
    struct config config = tiny_config(false);
    struct campaign c;
    opened(&c, &config);
    struct folder_plan read;
    struct text bytes = {0};
    struct err e = {0};
    campaign_close(&c);
    fixture_write(fixture_root, "/tiny.yml", OTHER);
    config.host.dry_run = true;
    opened(&c, &config);
    assert_true(c.bound.drawn);
    campaign_close(&c);
    config.host.dry_run = false;
    opened(&c, &config);
    assert_false(c.bound.drawn);
    assert_int_equal(folder_read(&c.folder, &read, &bytes, &e), 0);
    assert_string_equal(read.name, "other");
    assert_string_equal(bytes.data, OTHER);
    assert_int_equal(read.seed, c.bound.seed);
    text_free(&bytes);
    folder_plan_free(&read);
    campaign_close(&c);
    fixture_write(fixture_root, "/out/slurm/jobs", "12"); /* they would run what the folder says */
    fixture_write(fixture_root, "/tiny.yml", TINY);
    assert_int_equal(open_bound(&c, &config, &e), -EEXIST);
    campaign_close(&c);
}

static void names_of_records_are_told_from_others(void **state)
{
    char name[NAME_MAX];
    (void)state;
    assert_string_equal(folder_record_name(1, "a-b", 0, name), "0001-a-b.json");
    assert_string_equal(folder_record_name(12345, "x", 2, name), "12345-x-A2.json");
    assert_true(folder_is_record_name("0001-a.json"));
    assert_true(folder_is_record_name("12345-x-A2.json"));
    static const char *const NOT[] = {"1-a.json", "0001.json", "0001-a.txt", "note.json", "0001-.json", ""};
    for (size_t i = 0; i < ARRAY_LEN(NOT); i++)
        assert_false(folder_is_record_name(NOT[i]));
}

/* --- the batch script --------------------------------------------------------------------------------------------- */

static void the_batch_script_is_as_it_was_read(void **state)
{
    static const uint64_t TASKS[] = {0, 1, 2, 5, 7, 8};
    static const struct config_words OPTIONS = {.word = {"--account=x", "--time=10"}, .count = 2};
    (void)state;
    struct slurm_array a = {.folder = "/shared/it's 5% \"q\"",
                            .plan = "quick",
                            .tare = "/usr/local/bin/tare",
                            .options = &OPTIONS,
                            .task = TASKS,
                            .tasks = ARRAY_LEN(TASKS)};
    struct text script = {0};
    slurm_script(&a, 0, &script);
    golden_check("matrix-slurm", script.data);
    text_free(&script);
    slurm_script(&a, 5, &script);
    assert_non_null(strstr(script.data, "#SBATCH --array=0,2-3\n"));
    assert_non_null(strstr(script.data, "--task $((5 + SLURM_ARRAY_TASK_ID)) "));
    text_free(&script);
}

static void a_command_of_slurms_that_is_not_there_is_said_in_our_words(void **state)
{
    (void)state;
    char path[PATH_MAX];
    bool alive = true;
    struct text said = {0};
    struct err e = {0};
    text_format(path, sizeof(path), "%s", getenv("PATH"));
    assert_int_equal(setenv("PATH", fixture_root, 1), 0);
    int none = slurm_find(&e), jobs = slurm_jobs("12", &alive, &said, &e);
    assert_int_equal(setenv("PATH", path, 1), 0);
    assert_int_equal(none, -ENOENT);
    assert_int_equal(jobs, -EAGAIN);
    assert_string_equal(e.text, "squeue: not found on PATH");
    text_free(&said);
}

#define STRANGER 12345

/* The stranger puts now his folder, now a link to root's in its place, as fast as he can. */
__attribute__((noreturn)) static void swap_for_ever(void)
{
    if (chdir(fixture_root) != 0 || setuid(STRANGER) != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        _exit(1);
    for (;;)
        (void)renameat2(AT_FDCWD, "run", AT_FDCWD, "other", RENAME_EXCHANGE);
}

static void write_strange_plan(void)
{
    static const char PLAN[] = "schema: tare.plan/1\nname: strange\ncells:\n  - {scenario: scenario0, mode: threads, "
                               "runtime: native, confine: off}\n";
    char sha256[65];
    cleanup_text struct text lock = {0};
    digest_bytes(PLAN, strlen(PLAN), sha256);
    text_add(&lock, "name = strange\nsha256 = %s\nseed = 1\naa = no\n", sha256);
    fixture_write(fixture_root, "/run/plan.yml", PLAN);
    fixture_write(fixture_root, "/run/plan.lock", lock.data);
    fixture_write(fixture_root, "/roots/x", "");
    assert_int_equal(symlink(fixture_in_root("/roots"), fixture_in_root("/other")), 0);
    const char *const theirs[] = {"", "/run", "/run/plan.yml", "/run/plan.lock", "/other"};
    for (size_t i = 0; i < ARRAY_LEN(theirs); i++)
        assert_int_equal(lchown(fixture_in_root(theirs[i]), STRANGER, STRANGER), 0);
}

static void a_folder_that_is_swapped_meanwhile_is_trusted_at_no_moment(void **state)
{
    char path[PATH_MAX];
    int refused = 0;
    (void)state;
    if (geteuid() != 0)
        fixture_skip("only root can give a folder to another user");
    write_strange_plan();
    text_format(path, sizeof(path), "%s/run", fixture_root);
    const struct config config = {.positional = path, .campaign = {.seed = -1, .task = -1}, .host.dry_run = true};
    const pid_t stranger = fork();
    if (stranger == 0)
        swap_for_ever();
    cleanup_close int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC), stderr_was = fcntl(2, F_DUPFD_CLOEXEC, 3);
    assert_int_equal(dup2(quiet, 2), 2); /* each setting that is refused is a line */
    for (int i = 0; i < 3000; i++) {
        struct campaign c;
        struct err e = {0};
        refused += campaign_open(&c, &config, &e) != 0;
        campaign_close(&c);
    }
    assert_int_equal(dup2(stderr_was, 2), 2);
    assert_int_equal(kill(stranger, SIGKILL), 0);
    assert_int_equal(waitpid(stranger, NULL, 0), stranger);
    assert_int_equal(refused, 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_rooted(a_dry_run_is_as_it_was_read),
        fixture_rooted(what_is_done_is_told_with_its_time_and_the_rest_is_estimated),
        fixture_rooted(an_estimate_is_the_mean_of_what_a_cell_has_taken),
        fixture_rooted(what_the_same_plan_took_in_its_own_folder_is_the_estimate_of_a_dry_run_elsewhere),
        fixture_rooted(a_dry_run_with_retry_counts_what_failed_as_to_be_run),
        fixture_rooted(a_dry_run_keeps_to_the_width),
        fixture_rooted(a_job_of_an_array_reads_its_own_record_alone),
        fixture_rooted(a_seed_that_nobody_names_is_drawn_once_and_kept),
        fixture_rooted(a_folder_is_waited_for_that_only_a_child_of_a_dead_one_holds),
        fixture_rooted(a_folder_is_waited_for_whose_holder_was_killed_and_has_not_run_since),
        fixture_rooted(a_folder_is_held_by_one),
        fixture_rooted(what_is_given_is_kept_and_read_back),
        fixture_rooted(a_broken_lock_file_is_refused),
        fixture_rooted(a_file_is_no_folder_and_is_named),
        fixture_rooted(records_of_no_plan_are_not_counted_and_of_another_refused),
        fixture_rooted(what_a_killed_tare_was_writing_is_cleared_and_nothing_of_the_users),
        fixture_rooted(a_lock_that_leads_elsewhere_is_refused_and_not_written_to),
        fixture_rooted(what_is_set_aside_goes_through_no_link),
        fixture_rooted(a_folder_is_made_when_it_is_bound_and_what_was_made_is_taken_back),
        fixture_rooted(nothing_is_taken_back_of_a_plan_that_has_begun_or_was_bound_before),
        fixture_rooted(a_folder_is_left_as_it_was_where_it_cannot_be_bound),
        fixture_rooted(a_folder_without_a_record_may_be_bound_to_another_plan),
        cmocka_unit_test(names_of_records_are_told_from_others),
        fixture_rooted(a_command_of_slurms_that_is_not_there_is_said_in_our_words),
        cmocka_unit_test(the_batch_script_is_as_it_was_read),
        fixture_rooted(a_folder_that_is_swapped_meanwhile_is_trusted_at_no_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

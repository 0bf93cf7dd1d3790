#include "cell/runtime.h"

#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/terminal.h"
#include "base/text.h"
#include "base/userdir.h"
#include "cell/interpreters.h"
#include "tests/unit/fixture.h"
#include "tests/unit/knobs.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* The user's own, before the tests point them elsewhere. */
#define USER_CACHE "TARE_TEST_USER_CACHE"

/* A folder with bin/ (on PATH), cache/ ($TARE_CACHE) and nothing else to be found. */
static char root[PATH_MAX];

/* The numbers of the answers that were remembered. */
#define ANSWERS_MAX 16
static char answers[ANSWERS_MAX][48];
static size_t answers_seen;

static char *below(const char *path, char *buf, size_t cap)
{
    text_format(buf, cap, "%s%s", root, path);
    return buf;
}

static void name_by_variable(const char *variable, const char *path)
{
    char whole[PATH_MAX + 64];
    (void)setenv(variable, below(path, whole, sizeof(whole)), 1);
}

static int open_root(void **state)
{
    char path[PATH_MAX + 32];
    (void)state;
    if (fixture_open(NULL, root, sizeof(root)) != 0)
        return -1;
    fixture_write(root, "/bin/keep", "");
    text_format(path, sizeof(path), "%s/bin:/usr/bin:/bin", root);
    (void)setenv("PATH", path, 1);
    text_format(path, sizeof(path), "%s/cache", root);
    (void)setenv("TARE_CACHE", path, 1);
    (void)unsetenv("TARE_PYTHON_FT");
    (void)unsetenv("TARE_PYTHON_GIL");
    name_by_variable("UV_PYTHON_INSTALL_DIR", "/none");
    name_by_variable("PYENV_ROOT", "/none");
    answers_seen = 0;
    return 0;
}

static int close_root(void **state)
{
    (void)state;
    fixture_close(root);
    return 0;
}

/* An executable script. Each answer of it has a number of its own, since it can leave no other trace: it is confined.
 */
static void write_script(const char *path, const char *body)
{
    struct text script = {0};
    char whole[PATH_MAX + 64];
    text_add(&script, "#!/bin/sh\n[ \"$1\" != -s ] || echo asked $(cat /proc/sys/kernel/random/uuid)\n%s", body);
    fixture_write(root, path, script.data);
    text_free(&script);
    assert_int_equal(chmod(below(path, whole, sizeof(whole)), 0755), 0);
}

static void see_answer(const char *number)
{
    size_t i = 0;
    while (i < answers_seen && strncmp(answers[i], number, 36) != 0)
        i++;
    assert_in_range(i, 0, ANSWERS_MAX - 1);
    if (i == answers_seen)
        text_format(answers[answers_seen++], sizeof(answers[0]), "%.36s", number);
}

/* Different answers that were remembered so far. */
static size_t times_asked(void)
{
    char pattern[PATH_MAX + 64];
    glob_t memories;
    if (glob(below("/cache/probes/*", pattern, sizeof(pattern)), 0, NULL, &memories) != 0)
        return answers_seen;
    for (size_t i = 0; i < memories.gl_pathc; i++) {
        struct text memory = {0};
        assert_int_equal(file_read_all("", memories.gl_pathv[i], &memory), 0);
        const char *number = memory.data ? strstr(memory.data, "asked ") : NULL;
        if (number)
            see_answer(number + strlen("asked "));
        text_free(&memory);
    }
    globfree(&memories);
    return answers_seen;
}

#define ANSWER(version, gil, ft)                                                                                       \
    "cat <<END\nversion " version "\nbanner " version " (fake)\nimplementation cpython\ngil_enabled " gil              \
    "\nfree_threaded " ft "\ninterpreters 1"                                                                           \
    "\nconfigure_args '--with-x' 'A=b c'\ndefault_start forkserver\nfile /bin/sh\nfile /bin/ls\n"                      \
    "end .\nEND\n"

#define FT_BUILD  ANSWER("3.14.6", "0", "1")
#define GIL_BUILD ANSWER("3.14.6", "1", "0")

static enum gil gil_asked;
static const char *variable; /* of the cell's environment; NULL: none */

static int find(const char *runtime, enum mode mode, struct runtime *r, struct err *e)
{
    struct cell c = cell_unset();
    c.scenario = shipped("scenario1");
    c.mode = mode;
    c.runtime = runtime;
    c.gil = gil_asked;
    if (variable)
        c.environment = (struct config_words){.word = {variable}, .count = 1};
    *e = (struct err){0};
    assert_int_equal(cell_complete(&c, e), 0);
    return runtime_find(&c, r, e);
}

static struct runtime found(const char *runtime, enum mode mode)
{
    struct runtime r;
    struct err e;
    if (find(runtime, mode, &r, &e) != 0)
        fail_msg("%s", e.text);
    return r;
}

static void expect_words(const struct err *e, int kind, const char *words)
{
    char parts[512];
    char *rest = NULL;
    assert_int_equal(e->kind, kind);
    assert_null(strchr(e->text, '\n'));
    text_format(parts, sizeof(parts), "%s", words);
    for (char *part = strtok_r(parts, "|", &rest); part; part = strtok_r(NULL, "|", &rest))
        if (!strstr(e->text, part))
            fail_msg("'%s' is not in: %s", part, e->text);
}

static void expect_none(const char *runtime, enum mode mode, int kind, const char *words)
{
    struct runtime r;
    struct err e;
    if (find(runtime, mode, &r, &e) == 0)
        fail_msg("%s was found", r.path);
    expect_words(&e, kind, words);
}

static void what_only_looks_like_a_version_is_none(void **state)
{
    (void)state;
    static const char *const ODD[] = {"+3.14", " 3.14", "03.14", "3.014", "3.+14", "3.14tt", "3.14.6", "3.14 "};
    write_script("/bin/python3.14", GIL_BUILD);
    for (size_t i = 0; i < ARRAY_LEN(ODD); i++)
        expect_none(ODD[i], MODE_THREADS, ERR_USAGE, "what is allowed is auto, native, python3");
    expect_none("3.11", MODE_THREADS, ERR_USAGE, "'3.11': 3.12 or newer is needed");
    expect_none("4.0", MODE_THREADS, ERR_USAGE, "'4.0': what is allowed is");
}

static void a_gil_that_cannot_be_switched_is_refused(void **state)
{
    char old[PATH_MAX + 64];
    (void)state;
    write_script("/bin/python3.14t", FT_BUILD);
    write_script("/bin/python3.14", GIL_BUILD);
    write_script("/bin/python3.12", ANSWER("3.12.9", "1", "0"));
    gil_asked = GIL_OFF;
    expect_none("3.14", MODE_THREADS, ERR_USAGE, "--gil off: '|/bin/python3.14' is a GIL build");
    expect_none(below("/bin/python3.12", old, sizeof(old)), MODE_THREADS, ERR_USAGE,
                "--gil off: Python 3.12.9 has no such");
    gil_asked = GIL_ON;
    expect_none("3.12", MODE_THREADS, ERR_USAGE, "--gil on: Python 3.12.9 has no such switch (3.13 and newer have)");
    for (int gil = GIL_ON; gil <= GIL_OFF; gil++) {
        gil_asked = (enum gil)gil;
        struct runtime r = found("auto", MODE_PROCESSES); /* the build that has both */
        assert_string_equal(r.name, "3.14t");
        runtime_free(&r);
    }
    gil_asked = GIL_DEFAULT;
}

/* --- what an interpreter says of itself ------------------------------------------------------------------------- */

static void what_an_interpreter_says_is_taken(void **state)
{
    char path[PATH_MAX + 64], sum[256];
    (void)state;
    write_script("/bin/python3.14t", FT_BUILD);
    struct runtime r = found("3.14t", MODE_THREADS);
    assert_false(r.native);
    assert_string_equal(r.name, "3.14t");
    assert_string_equal(r.path, below("/bin/python3.14t", path, sizeof(path)));
    assert_string_equal(r.version, "3.14.6");
    assert_string_equal(r.banner, "3.14.6 (fake)");
    assert_string_equal(r.implementation, "cpython");
    assert_string_equal(r.default_start, "forkserver");
    assert_string_equal(r.configure_args.data, "'--with-x' 'A=b c'");
    assert_true(r.free_threaded && !r.gil_enabled);
    assert_non_null(strstr(r.files.data, "/bin/ls\n"));
    text_format(path, sizeof(path), "sha256sum < '%.4000s/bin/python3.14t'", root); /* the oracle */
    FILE *p = popen(path, "r");
    assert_non_null(p);
    assert_non_null(fgets(sum, sizeof(sum), p));
    (void)pclose(p);
    assert_int_equal(strlen(r.sha256), 64);
    assert_memory_equal(r.sha256, sum, 64);
    runtime_free(&r);
}

static void a_knob_that_newer_versions_have_is_refused(void **state)
{
    (void)state;
    struct scenario s = {.knobs = 1, .knob = {{.name = "lazy", .fallback = {"no", "no"}, .since = 15}}};
    struct cell c = {.scenario = &s, .knob = {"no"}};
    struct runtime r = {.name = "3.14t", .version = "3.14.6"};
    struct err e = {0};
    assert_int_equal(runtime_check_knobs(&c, &r, &e), 0);
    c.knob[0] = "yes";
    assert_int_equal(runtime_check_knobs(&c, &r, &e), -ENOTSUP);
    assert_int_equal(e.kind, ERR_USAGE);
    assert_string_equal(e.text, "--lazy 'yes': Python 3.14.6 does not have that (3.15 and newer have)");
    text_format(r.name, sizeof(r.name), "3.15");
    assert_int_equal(runtime_check_knobs(&c, &r, &e), 0);
}

/* All that depends on the version is refused before anything starts, in one line that names what, which and since when.
 */
static void what_a_version_lacks_is_said_before_it_starts(void **state)
{
    static const struct {
        const char *scenario, *knob, *value;
        enum mode mode;
        enum gil gil;
        const char *version, *why; /* NULL: it has it */
    } CASES[] = {
        {"scenario1", NULL, NULL, MODE_INTERPRETERS, GIL_DEFAULT, "3.13.5",
         "--mode interpreters: Python 3.13.5 has no concurrent.interpreters (3.14 and newer have)"},
        {"scenario1", NULL, NULL, MODE_INTERPRETERS, GIL_DEFAULT, "3.14.0", NULL},
        {"scenario1", "lazy-imports", "yes", MODE_THREADS, GIL_DEFAULT, "3.14.6",
         "--lazy-imports 'yes': Python 3.14.6 does not have that (3.15 and newer have)"},
        {"scenario1", "lazy-imports", "yes", MODE_THREADS, GIL_DEFAULT, "3.15.0", NULL},
        {"scenario1", "lazy-imports", "no", MODE_THREADS, GIL_DEFAULT, "3.12.1", NULL},
        {"scenario1", "gc-freeze", "yes", MODE_PROCESSES, GIL_DEFAULT, "3.12.1", NULL},
        {"scenario4", "pattern", "interpreter-queue", MODE_THREADS, GIL_DEFAULT, "3.13.5",
         "--pattern 'interpreter-queue': Python 3.13.5 does not have that (3.14 and newer have)"},
        {"scenario4", "pattern", "interpreter-queue", MODE_PROCESSES, GIL_DEFAULT, "3.12.1",
         "--pattern 'interpreter-queue': Python 3.12.1 does not have that (3.14 and newer have)"},
        {"scenario4", "pattern", "interpreter-queue", MODE_THREADS, GIL_DEFAULT, "3.14.0", NULL},
        {"scenario4", "pattern", "queue", MODE_THREADS, GIL_DEFAULT, "3.12.1", NULL},
        {"scenario1", NULL, NULL, MODE_THREADS, GIL_ON, "3.12.1",
         "--gil on: Python 3.12.1 has no such switch (3.13 and newer have)"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        char path[PATH_MAX + 64];
        const bool has = strcmp(CASES[i].version, "3.14") >= 0;
        cleanup_free char *body =
            text_printf("cat <<END\nversion %s\nbanner x\nimplementation cpython\ngil_enabled 1\nfree_threaded 0\n"
                        "interpreters %d\nconfigure_args x\ndefault_start spawn\nfile /bin/sh\nend .\nEND\n",
                        CASES[i].version, has);
        struct cell c = cell_unset();
        struct runtime r;
        struct err e = {0};
        write_script("/bin/it", body);
        cleanup_free char *folder = text_printf("%s/../runner/workloads/%s", fixture_tests_dir(), CASES[i].scenario);
        assert_int_equal(scenarios_find(folder, &c.scenario, &e), 0); /* beside this program lie stand-ins */
        c.mode = CASES[i].mode;
        c.gil = CASES[i].gil;
        c.runtime = below("/bin/it", path, sizeof(path));
        if (CASES[i].knob)
            assert_int_equal(cell_set(&c, CASES[i].knob, CASES[i].value, &e), 0);
        assert_int_equal(cell_complete(&c, &e), 0);
        int failed = runtime_find(&c, &r, &e);
        if (!CASES[i].why) {
            assert_int_equal(failed, 0);
            runtime_free(&r);
            continue;
        }
        assert_int_equal(failed, -ENOTSUP);
        assert_string_equal(e.text, CASES[i].why);
    }
}

#define BUILD(features) "cat <<END\n" features "\nEND\n"

static const char *text_of(const struct runtime *r, const char *key)
{
    const struct fact *f = facts_find(&r->build, key);
    assert_non_null(f);
    return f->kind == FACT_BOOL ? f->truth ? "yes" : "no" : f->kind == FACT_TEXT ? f->text : "?";
}

static void what_a_build_is_is_taken_or_null_with_the_reason(void **state)
{
    (void)state;
    write_script("/bin/python3.14t", BUILD("build.jit 1\nbuild.jit_enabled 0\nbuild.tail_call 1\nbuild.pgo 1\n"
                                           "build.lto thin\nbuild.debug 0\nbuild.allocator mimalloc_debug\n"
                                           "build.compiler Clang 19.1.7\nbuild.colour red") FT_BUILD);
    struct runtime r = found("3.14t", MODE_THREADS);
    assert_string_equal(text_of(&r, "jit"), "yes");
    assert_string_equal(text_of(&r, "jit_enabled"), "no");
    assert_string_equal(text_of(&r, "lto"), "thin");
    assert_string_equal(text_of(&r, "compiler"), "Clang 19.1.7");
    assert_string_equal(text_of(&r, "frame_pointers"), "?");
    assert_string_equal(facts_find(&r.build, "frame_pointers")->text, "the build does not say its compiler's flags");
    assert_string_equal(text_of(&r, "features"), "jit-off+tail-call+pgo+lto+mimalloc_debug");
    assert_null(facts_find(&r.build, "colour"));
    runtime_free(&r);
    write_script("/bin/python3.14", GIL_BUILD);
    r = found("3.14", MODE_THREADS);
    assert_string_equal(text_of(&r, "features"), "plain");
    assert_string_equal(text_of(&r, "jit"), "?");
    runtime_free(&r);
}

static void a_variable_that_decides_what_is_on_is_asked_with(void **state)
{
    (void)state;
    write_script("/bin/python3.14t", "echo build.allocator ${PYTHONMALLOC:-mimalloc${PYTHONDEVMODE:+_debug}}\n"
                                     "[ \"$PYTHONMALLOC\" != bad ] || exit 1\n" FT_BUILD);
    struct runtime r = found("3.14t", MODE_THREADS);
    assert_string_equal(text_of(&r, "features"), "plain");
    runtime_free(&r);
    variable = "PYTHONMALLOC=malloc";
    r = found("3.14t", MODE_THREADS);
    assert_string_equal(text_of(&r, "allocator"), "malloc");
    assert_string_equal(text_of(&r, "features"), "malloc");
    runtime_free(&r);
    assert_int_equal(times_asked(), 2);
    variable = "PYTHONDEVMODE=1";
    r = found("3.14t", MODE_THREADS);
    assert_string_equal(text_of(&r, "allocator"), "mimalloc_debug");
    assert_string_equal(text_of(&r, "features"), "mimalloc_debug");
    runtime_free(&r);
    variable = "PYTHONMALLOC=bad";
    expect_none("3.14t", MODE_THREADS, ERR_HOST, "it does not start with --env PYTHONMALLOC=bad");
    variable = NULL;
}

static void an_answer_is_remembered_until_the_executable_changes(void **state)
{
    (void)state;
    write_script("/bin/python3.14t", FT_BUILD);
    for (int i = 0; i < 3; i++) {
        struct runtime r = found("3.14t", MODE_THREADS);
        assert_string_equal(r.version, "3.14.6");
        runtime_free(&r);
    }
    assert_int_equal(times_asked(), 1);
    write_script("/bin/python3.14t", ANSWER("3.14.77", "0", "1"));
    struct runtime r = found("3.14t", MODE_THREADS);
    assert_string_equal(r.version, "3.14.77");
    runtime_free(&r);
    assert_int_equal(times_asked(), 2);
}

/* 0 where this host lets the caller make the namespaces that a confinement is of. */
static bool can_be_confined(void)
{
    int status = 1;
    pid_t pid = fork();
    if (pid == 0)
        _exit(unshare(CLONE_NEWNS | (geteuid() ? CLONE_NEWUSER : 0)) == 0 ? 0 : 1);
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static void whatever_is_asked_is_confined(void **state)
{
    char trace[PATH_MAX + 64], body[3 * PATH_MAX];
    (void)state;
    if (!can_be_confined())
        fixture_skip("this host lets nobody make a mount namespace");
    (void)below("/trace", trace, sizeof(trace));
    assert_int_equal(chmod(root, 0777), 0);
    text_format(body, sizeof(body), "id -u > '%s'\n" FT_BUILD, trace);
    write_script("/bin/python3.14t", body);
    struct runtime r = found("3.14t", MODE_THREADS);
    assert_string_equal(r.version, "3.14.6");
    assert_int_equal(access(trace, F_OK), -1);
    runtime_free(&r);
}

static void a_memory_that_is_spoilt_is_asked_for_anew(void **state)
{
    static const char *const SPOILT[] = {"", "{", "version 3.14.6\nend .\n", "\xff\xff\xff"};
    char pattern[PATH_MAX + 64];
    glob_t memories;
    (void)state;
    write_script("/bin/python3.14t", FT_BUILD);
    for (size_t i = 0; i < ARRAY_LEN(SPOILT); i++) {
        struct runtime r = found("3.14t", MODE_THREADS);
        assert_string_equal(r.version, "3.14.6");
        assert_string_equal(r.configure_args.data, "'--with-x' 'A=b c'"); /* and not twice */
        runtime_free(&r);
        assert_int_equal(times_asked(), i + 1);
        assert_int_equal(glob(below("/cache/probes/*", pattern, sizeof(pattern)), 0, NULL, &memories), 0);
        assert_int_equal(memories.gl_pathc, 1);
        fixture_write(root, memories.gl_pathv[0] + strlen(root), SPOILT[i]);
        globfree(&memories);
    }
}

static void a_cache_that_cannot_be_written_does_no_harm(void **state)
{
    (void)state;
    write_script("/bin/python3.14t", FT_BUILD);
    (void)setenv("TARE_CACHE", "/proc/nowhere", 1);
    struct runtime r = found("3.14t", MODE_THREADS);
    assert_string_equal(r.version, "3.14.6");
    runtime_free(&r);
}

/* --- what is refused --------------------------------------------------------------------------------------------- */

static void a_gil_build_is_never_taken_for_a_free_threaded_one(void **state)
{
    (void)state;
    write_script("/bin/python3.14t", GIL_BUILD);
    expect_none("3.14t", MODE_THREADS, ERR_HOST, "python3.14t on PATH|GIL is on");
    name_by_variable("TARE_PYTHON_FT", "/bin/python3.14t");
    expect_none("auto", MODE_THREADS, ERR_USAGE, "$TARE_PYTHON_FT|/bin/python3.14t|GIL is on");
    expect_none("3.14t", MODE_PROCESSES, ERR_USAGE, "$TARE_PYTHON_FT|GIL is on");
}

static void a_free_threaded_build_with_its_gil_on_is_neither(void **state)
{
    (void)state;
    write_script("/bin/odd", ANSWER("3.14.6", "1", "1"));
    name_by_variable("TARE_PYTHON_FT", "/bin/odd");
    name_by_variable("TARE_PYTHON_GIL", "/bin/odd");
    expect_none("3.14t", MODE_THREADS, ERR_USAGE, "$TARE_PYTHON_FT|GIL is on");
    expect_none("3.14", MODE_THREADS, ERR_USAGE, "$TARE_PYTHON_GIL");
}

static void a_free_threaded_build_is_not_taken_for_a_gil_build(void **state)
{
    (void)state;
    write_script("/bin/python3.14", FT_BUILD);
    expect_none("3.14", MODE_PROCESSES, ERR_HOST, "python3.14 on PATH|GIL is off|make python|$TARE_PYTHON_GIL");
}

static void an_interpreter_that_is_too_old_says_so(void **state)
{
    (void)state;
    write_script("/bin/old", "echo version 3.11.7\n");
    name_by_variable("TARE_PYTHON_FT", "/bin/old");
    expect_none("3.14t", MODE_THREADS, ERR_USAGE, "Python 3.11.7|3.12 or newer");
    char path[PATH_MAX + 64];
    expect_none(below("/bin/old", path, sizeof(path)), MODE_THREADS, ERR_USAGE,
                "the interpreter|/bin/old|Python 3.11.7");
}

static void what_is_no_python_is_refused(void **state)
{
    static const char *const BODIES[] = {
        "",
        "exit 1\n",
        "echo hello\n",
        "kill -9 $$\n",
        "echo version\n",
        "head -c 100000 /dev/zero\n",
        "cat <<END\nversion 3.14.6\ngil_enabled 0\nfree_threaded 1\nEND\nexit 1\n",
    };
    char path[PATH_MAX + 64];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(BODIES); i++) {
        write_script("/bin/it", BODIES[i]);
        expect_none(below("/bin/it", path, sizeof(path)), MODE_THREADS, ERR_USAGE, "the interpreter|/bin/it");
    }
}

static void odd_answers_do_no_harm(void **state)
{
    static const char *const BODIES[] = {
        ANSWER("3", "0", "1"),
        ANSWER("", "0", "1"),
        ANSWER("x", "0", "1"),
        ANSWER("3.14aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "0", "1"),
        ANSWER("3141592653589793238462643.1", "0", "1"),
        ANSWER("3.14.6", "yes", "maybe"),
    };
    char path[PATH_MAX + 64];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(BODIES); i++) {
        struct runtime r;
        struct err e;
        write_script("/bin/it", BODIES[i]);
        if (find(below("/bin/it", path, sizeof(path)), MODE_THREADS, &r, &e) == 0)
            runtime_free(&r);
        else
            assert_int_equal(e.kind, ERR_USAGE);
    }
}

/* Whoever has none goes on with native code, and a busy machine only seems to have none. */
static void one_that_does_not_answer_in_time_is_not_none(void **state)
{
    struct runtime r;
    struct err e;
    char path[PATH_MAX + 32];
    (void)state;
    write_script("/bin/python3.14t", "exec sleep 600\n");
    runtime_patience_ms = 100;
    assert_int_equal(find("3.14t", MODE_THREADS, &r, &e), -ETIMEDOUT);
    expect_words(&e, ERR_HOST, "it did not answer within 0.1 s: this machine is busy or slow (try again)");
    assert_int_equal(find(below("/bin/python3.14t", path, sizeof(path)), MODE_THREADS, &r, &e), -ETIMEDOUT);
    expect_words(&e, ERR_HOST, "it did not answer within 0.1 s");
    name_by_variable("TARE_PYTHON_FT", "/bin/python3.14t");
    assert_int_equal(find("3.14t", MODE_THREADS, &r, &e), -ETIMEDOUT);
    expect_words(&e, ERR_HOST, "$TARE_PYTHON_FT|it did not answer within 0.1 s");
    runtime_patience_ms = 60000;
}

static void what_is_no_program_says_why(void **state)
{
    char path[PATH_MAX + 64];
    (void)state;
    fixture_write(root, "/bin/plain", "text\n");
    assert_int_equal(chmod(below("/bin/plain", path, sizeof(path)), 0644), 0);
    expect_none(path, MODE_THREADS, ERR_USAGE, "the interpreter|/bin/plain|Permission denied");
    expect_none("/nowhere/python", MODE_THREADS, ERR_USAGE, "the interpreter '/nowhere/python'|No such file");
    expect_none("pypy", MODE_THREADS, ERR_USAGE,
                "--runtime 'pypy'|auto, native, python3, 3.14t, 3.14 and the like, or the path");
    expect_none("3.11", MODE_THREADS, ERR_USAGE, "--runtime '3.11'|3.12 or newer");
    expect_none("3.12t", MODE_THREADS, ERR_USAGE, "--runtime '3.12t'|free-threaded 3.13t");
    expect_none("3.99", MODE_THREADS, ERR_HOST, "no GIL build of CPython 3.99|--runtime list");
}

/* --- the search --------------------------------------------------------------------------------------------------- */

static void the_mode_chooses_the_build(void **state)
{
    static const struct {
        enum mode mode;
        const char *name;
    } WANTED[] = {{MODE_THREADS, "3.14t"}, {MODE_PROCESSES, "3.14"}, {MODE_INTERPRETERS, "3.14"}};
    (void)state;
    write_script("/bin/python3.14t", FT_BUILD);
    write_script("/bin/python3.14", GIL_BUILD);
    for (size_t i = 0; i < ARRAY_LEN(WANTED); i++) {
        struct runtime r = found("auto", WANTED[i].mode);
        assert_string_equal(r.name, WANTED[i].name);
        runtime_free(&r);
    }
    struct runtime r = found("3.14", MODE_THREADS);
    assert_string_equal(r.name, "3.14");
    assert_true(r.gil_enabled);
    runtime_free(&r);
}

static void expect_version(const char *wanted)
{
    struct runtime r = found("3.14t", MODE_THREADS);
    assert_string_equal(r.version, wanted);
    runtime_free(&r);
}

static void the_search_goes_variable_cache_uv_pyenv_path(void **state)
{
    (void)state;
    write_script("/bin/python3.14t", ANSWER("3.14.1", "0", "1"));
    expect_version("3.14.1");
    write_script("/pyenv/versions/3.14.5t/bin/python3.14t", ANSWER("3.14.5", "0", "1"));
    name_by_variable("PYENV_ROOT", "/pyenv");
    expect_version("3.14.5");
    write_script("/uv/cpython-3.14.2+freethreaded-linux-x86_64-gnu/bin/python3.14t", ANSWER("3.14.2", "0", "1"));
    name_by_variable("UV_PYTHON_INSTALL_DIR", "/uv");
    expect_version("3.14.2");
    write_script("/cache/cpython/3.14.3-ft-0/bin/python3.14t", ANSWER("3.14.3", "0", "1"));
    expect_version("3.14.3");
    write_script("/named", ANSWER("3.14.4", "0", "1"));
    name_by_variable("TARE_PYTHON_FT", "/named");
    expect_version("3.14.4");
    (void)setenv("TARE_PYTHON_FT", "", 1);
    expect_version("3.14.3");
}

/* A folder whose name would be a pattern: neither is it passed over, nor is another looked into in its place. */
static void the_places_are_taken_by_their_names(void **state)
{
    char path[3 * PATH_MAX];
    (void)state;
    write_script("/more/python3.14t", ANSWER("3.14.1", "0", "1"));
    write_script("/m*e/python3.14t", ANSWER("3.14.2", "0", "1"));
    text_format(path, sizeof(path), "%s/m*e:/usr/bin:/bin", root);
    (void)setenv("PATH", path, 1);
    expect_version("3.14.2");
    write_script("/pyenv[1]/versions/x/bin/python3.14t", ANSWER("3.14.3", "0", "1"));
    name_by_variable("PYENV_ROOT", "/pyenv[1]");
    expect_version("3.14.3");
    write_script("/uv/a/bin/python3.14t", ANSWER("3.14.4", "0", "1"));
    name_by_variable("UV_PYTHON_INSTALL_DIR", "/u?");
    expect_version("3.14.3");
    write_script("/u?/a/bin/python3.14t", ANSWER("3.14.5", "0", "1"));
    expect_version("3.14.5");
    write_script("/cache[0]/cpython/b/bin/python3.14t", ANSWER("3.14.6", "0", "1"));
    name_by_variable("TARE_CACHE", "/cache[0]");
    expect_version("3.14.6");
}

static void the_files_of_a_scenario_are_found_whatever_its_folder_is_called(void **state)
{
    char own[PATH_MAX + 64], other[PATH_MAX + 64];
    (void)state;
    write_script("/bin/python3.14t", FT_BUILD);
    fixture_write(root, "/s[1]*/mine.py", "");
    fixture_write(root, "/s1/another.py", "");
    struct scenario s = *shipped("scenario1");
    (void)below("/s[1]*", s.dir, sizeof(s.dir));
    struct cell c = cell_unset();
    struct runtime r;
    struct err e = {0};
    c.scenario = &s;
    c.runtime = "3.14t";
    assert_int_equal(cell_complete(&c, &e), 0);
    assert_int_equal(runtime_find(&c, &r, &e), 0);
    assert_non_null(strstr(r.files.data, below("/s[1]*/mine.py", own, sizeof(own))));
    assert_null(strstr(r.files.data, below("/s1/another.py", other, sizeof(other))));
    runtime_free(&r);
}

static void make_old(const char *path, time_t when_s)
{
    char whole[PATH_MAX + 128];
    const struct timespec old[2] = {{.tv_sec = when_s}, {.tv_sec = when_s}};
    assert_int_equal(utimensat(AT_FDCWD, below(path, whole, sizeof(whole)), old, 0), 0);
}

static void of_the_caches_builds_the_newest_is_taken(void **state)
{
    static const char EIGHT[] = "/cache/cpython/3.14.8-ft-b/bin/python3.14t";
    static const char NINE[] = "/cache/cpython/3.14.9-ft-a/bin/python3.14t";
    (void)state;
    write_script(EIGHT, ANSWER("3.14.8", "0", "1"));
    write_script(NINE, ANSWER("3.14.9", "0", "1"));
    make_old(NINE, 1000000);
    expect_version("3.14.8");
    make_old(EIGHT, 500000);
    expect_version("3.14.9");
}

static void expect_profiled(const char *of, const char *wanted)
{
    char path[PATH_MAX + 128];
    struct runtime r = found(below(of, path, sizeof(path)), MODE_THREADS), twin = {0};
    struct cell c = cell_unset();
    struct err e = {0};
    c.scenario = shipped("scenario1");
    assert_int_equal(cell_complete(&c, &e), 0);
    assert_int_equal(runtime_find_profiled(&c, &r, &twin), wanted != NULL);
    if (wanted)
        assert_string_equal(twin.path, below(wanted, path, sizeof(path)));
    runtime_free(&r);
    runtime_free(&twin);
}

static void the_profiled_twin_is_of_the_same_source_and_no_more(void **state)
{
    static const char PLAIN[] = "/cache/cpython/3.14.6-ft-a/bin/python3.14t";
    static const char TWIN[] = "/cache/cpython-variants/3.14.6-ft-diag-a/bin/python3.14t";
    static const char JIT[] = "/cache/cpython-variants/3.14.6-ft-diag-jit-a/bin/python3.14t";
    (void)state;
    write_script("/bin/python3.14t", FT_BUILD);
    write_script(PLAIN, FT_BUILD);
    fixture_write(root, "/cache/cpython/3.14.6-ft-a/lib/python3.14t/os.py", "");
    expect_profiled(PLAIN, NULL);
    write_script(JIT, BUILD("build.frame_pointers 1\nbuild.jit 1\nbuild.jit_enabled 1") FT_BUILD);
    write_script("/cache/cpython-variants/3.14.7-ft-diag-a/bin/python3.14t",
                 BUILD("build.frame_pointers 1") ANSWER("3.14.7", "0", "1"));
    expect_profiled(PLAIN, NULL);
    write_script(TWIN, BUILD("build.frame_pointers 1") FT_BUILD);
    make_old(TWIN, 500000);
    expect_profiled(PLAIN, TWIN);
    if (geteuid() == 0) {
        char path[PATH_MAX + 128];
        assert_int_equal(chmod(below(TWIN, path, sizeof(path)), 0777), 0);
        expect_profiled(PLAIN, NULL); /* anybody may have written it */
        assert_int_equal(chmod(path, 0755), 0);
    }
    expect_profiled("/bin/python3.14t", NULL); /* whoever built that may have changed its source */
    fixture_write(root, "/cache/cpython/3.14.6-ft-a/lib/python3.14t/site-packages/x-1.dist-info/RECORD", "");
    expect_profiled(PLAIN, NULL); /* a package that the twin lacks */
}

static void a_wrong_build_on_the_path_is_passed_over(void **state)
{
    char path[3 * PATH_MAX];
    (void)state;
    write_script("/bin/python3.14t", GIL_BUILD);
    write_script("/more/python3.14t", ANSWER("3.14.5", "0", "1"));
    text_format(path, sizeof(path), "/nowhere:%s/bin::%s/more:/usr/bin:/bin", root, root);
    (void)setenv("PATH", path, 1);
    expect_version("3.14.5");
}

static void nothing_found_says_what_was_tried_and_the_remedy(void **state)
{
    (void)state;
    expect_none("auto", MODE_THREADS, ERR_HOST,
                "free-threaded|$TARE_PYTHON_FT (not set)|/cache (none there)|uv (none there)|pyenv (none "
                "there)|python3.14t on PATH (no such command)|"
                "make python|or $TARE_PYTHON_FT names one|'tare run --runtime list'");
}

/* bench has --python, reproduce has neither: what the message says is to hold for each. */
static void the_remedy_of_a_missing_interpreter_is_none_of_one_commands_options(void **state)
{
    static const char *const NAMES[] = {"3.14t", "3.14", "3.13t", "3.12"};
    char bin[PATH_MAX];
    (void)state;
    (void)setenv("PATH", below("/bin", bin, sizeof(bin)), 1);
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        struct runtime r;
        struct err e = {0};
        assert_int_equal(find(NAMES[i], MODE_THREADS, &r, &e), -ENOENT);
        const char *list = strstr(e.text, "'tare run --runtime list'");
        assert_non_null(list);
        assert_ptr_equal(strstr(e.text, "--"), strstr(list, "--"));
        assert_null(strstr(strstr(list, "--") + 2, "--"));
    }
}

static void seen_at(struct runtime_seen *one, const char *path, const char *version, const char *why_not)
{
    text_format(one->runtime.path, sizeof(one->runtime.path), "%s", path);
    text_format(one->runtime.version, sizeof(one->runtime.version), "%s", version);
    text_format(one->why_not, sizeof(one->why_not), "%s", why_not);
}

static void the_list_says_each_reason_once_and_few_of_a_kind(void **state)
{
    static const char OLD[] = "3.12 or newer is needed", DEAF[] =
                                                             "it does not answer in confinement as a Python "
                                                             "interpreter does (a script's own must be open to all)";
    struct terminal_look look = {.width = 80};
    struct runtime_seen *seen = calloc(9, sizeof(*seen));
    struct text shown = {0}, all = {0};
    char path[32];
    (void)state;
    seen_at(&seen[0], "/a/python3.11", "3.11.7", OLD);
    seen_at(&seen[1], "/shims/python3.13", "", DEAF);
    seen_at(&seen[2], "/b/python3.10", "3.10.13", OLD);
    for (size_t i = 3; i < 9; i++)
        seen_at(&seen[i], (text_format(path, sizeof(path), "/shims/python3.%zu", i), path), "", DEAF);
    runtime_list_text(seen, 9, &look, &shown);
    assert_string_equal(shown.data, "\nThese cannot be weighed:\n"
                                    "  3.12 or newer is needed:\n"
                                    "    3.11.7   /a/python3.11\n"
                                    "    3.10.13  /b/python3.10\n"
                                    "  it does not answer in confinement as a Python interpreter does (a script's own\n"
                                    "  must be open to all):\n"
                                    "    /shims/python3.13\n"
                                    "    /shims/python3.3\n"
                                    "    /shims/python3.4\n"
                                    "    /shims/python3.5\n"
                                    "    and 3 more (-v lists all)\n");
    look.verbose = true;
    runtime_list_text(seen, 9, &look, &all);
    assert_non_null(strstr(all.data, "    /shims/python3.8\n"));
    assert_null(strstr(all.data, "more"));
    text_free(&shown);
    text_free(&all);
    free(seen);
}

static void a_path_is_taken_as_it_was_given(void **state)
{
    char path[PATH_MAX + 64], here[PATH_MAX];
    (void)state;
    write_script("/real/python", FT_BUILD);
    assert_int_equal(mkdir(below("/venv", path, sizeof(path)), 0755), 0);
    below("/venv/python", path, sizeof(path));
    assert_int_equal(symlink("../real/python", path), 0);
    struct runtime r = found(path, MODE_THREADS); /* a virtual environment's interpreter finds its home by it */
    assert_string_equal(r.path, path);
    runtime_free(&r);
    assert_non_null(getcwd(here, sizeof(here)));
    assert_int_equal(chdir(root), 0);
    r = found("venv/python", MODE_THREADS);
    assert_int_equal(chdir(here), 0);
    assert_int_equal(r.path[0], '/');
    assert_string_equal(r.path + strlen(r.path) - strlen("/venv/python"), "/venv/python");
    runtime_free(&r);
}

/* --- native, the cache's place, the real ones ------------------------------------------------------------------- */

static void native_is_the_workload_itself(void **state)
{
    (void)state;
    struct runtime r = found("native", MODE_PROCESSES);
    assert_true(r.native);
    assert_string_equal(r.name, "native");
    assert_string_equal(r.default_start, "forkserver");
    assert_string_equal(strrchr(r.path, '/'), "/scenario1");
    assert_int_equal(strlen(r.sha256), 64);
    assert_non_null(strstr(r.banner, "glibc"));
    assert_string_equal(r.files.data, r.path);
    runtime_free(&r);
    assert_int_equal(times_asked(), 0);
}

static void the_cache_is_where_the_environment_says(void **state)
{
    char buf[PATH_MAX];
    char home[256];
    (void)state;
    text_format(home, sizeof(home), "%.200s", getenv("HOME") ? getenv("HOME") : "");
    (void)setenv("TARE_CACHE", "/a/b", 1);
    (void)setenv("XDG_CACHE_HOME", "/x", 1);
    (void)setenv("HOME", "/h", 1);
    assert_string_equal(userdir_cache(buf, sizeof(buf)), "/a/b");
    (void)setenv("TARE_CACHE", "", 1);
    assert_string_equal(userdir_cache(buf, sizeof(buf)), "/x/tare");
    (void)unsetenv("XDG_CACHE_HOME");
    assert_string_equal(userdir_cache(buf, sizeof(buf)), "/h/.cache/tare");
    (void)setenv("HOME", home, 1);
}

static bool look_at_none(const char *path, void *context)
{
    (void)path, (void)context;
    return false;
}

static void a_variable_longer_than_any_path_is_as_if_not_set(void **state)
{
    static const char *const NAMES[] = {"TARE_CACHE",    "XDG_CACHE_HOME",        "HOME",
                                        "XDG_DATA_HOME", "UV_PYTHON_INSTALL_DIR", "PYENV_ROOT"};
    char longest[PATH_MAX - 5], buf[PATH_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof(longest); i++)
        longest[i] = i % 100 ? 'a' : '/';
    longest[sizeof(longest) - 1] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        cleanup_free char *before = getenv(NAMES[i]) ? strdup(getenv(NAMES[i])) : NULL;
        (void)setenv(NAMES[i], longest, 1);
        assert_null(strstr(userdir_cache(buf, sizeof(buf)), "aaaa"));
        (void)interpreters_each("python3.14", look_at_none, NULL, NULL); /* what is made of it fits */
        (void)(before ? setenv(NAMES[i], before, 1) : unsetenv(NAMES[i]));
    }
}

static void roots_cache_is_in_no_home_of_anothers(void **state)
{
    char buf[PATH_MAX], home[256], other[] = "/var/tmp/tare-test-XXXXXX";
    (void)state;
    if (geteuid() != 0)
        fixture_skip("only root passes over another user's home");
    text_format(home, sizeof(home), "%.200s", getenv("HOME") ? getenv("HOME") : "");
    assert_non_null(mkdtemp(other));
    assert_int_equal(chown(other, 12345, 12345), 0);
    (void)setenv("TARE_CACHE", "", 1);
    (void)unsetenv("XDG_CACHE_HOME");
    (void)setenv("HOME", other, 1);
    assert_null(strstr(userdir_cache(buf, sizeof(buf)), other));
    (void)setenv("HOME", home, 1);
    assert_int_equal(rmdir(other), 0);
}

static void the_real_builds_are_what_their_names_say(void **state)
{
    (void)state;
    char cache[PATH_MAX], pattern[PATH_MAX + 64];
    glob_t builds;
    (void)setenv("TARE_CACHE", getenv(USER_CACHE), 1);
    text_format(pattern, sizeof(pattern), "%s/cpython/3.14.*-ft-*/bin/python3.14t",
                userdir_cache(cache, sizeof(cache)));
    if (glob(pattern, 0, NULL, &builds) != 0)
        fixture_skip("no build in %s ('make python')", cache);
    text_format(pattern, sizeof(pattern), "%s", builds.gl_pathv[0]);
    globfree(&builds);
    below("/cache", cache, sizeof(cache));
    (void)setenv("TARE_CACHE", cache, 1); /* it is asked, and nothing of the user's is written */
    struct runtime r = found(pattern, MODE_THREADS);
    assert_true(r.free_threaded && !r.gil_enabled);
    assert_string_equal(r.name, "3.14t");
    assert_memory_equal(r.version, "3.14.", 5);
    assert_non_null(strstr(r.banner, "free-threading build"));
    assert_non_null(strstr(r.configure_args.data, "--disable-gil"));
    assert_string_equal(r.default_start, "forkserver");
    assert_non_null(strstr(r.files.data, "libc.so"));
    assert_non_null(strstr(r.files.data, "/multiprocessing/"));
    runtime_free(&r);
}

/* runtime.c looks for the workloads beside the running program: a copy of this one runs in a folder with stand-ins. */
static int run_beside_workloads(char **argv)
{
    char dir[PATH_MAX], copy[PATH_MAX + 64], cache[PATH_MAX];
    struct text program = {0};
    int status = 1;
    if (fixture_open(NULL, dir, sizeof(dir)) != 0 || file_read_all("", "/proc/self/exe", &program) != 0)
        return 1;
    fixture_write(dir, "/workloads/scenario1/scenario1.py", "");
    fixture_write(dir, "/workloads/scenario1/scenario1", "");
    fixture_write(dir, "/workloads/scenario1/scenario.yml",
                  "schema: tare.scenario/1\nname: scenario1\nsummary: a stand-in\n"
                  "modes: [threads, processes, interpreters]\nprofiles: {overhead: {}}\n"
                  "commands: {python: ['{python}', '{dir}/scenario1.py'], native: ['{dir}/scenario1']}\n");
    char native[PATH_MAX + 64];
    text_format(native, sizeof(native), "%s/workloads/scenario1/scenario1", dir);
    text_format(copy, sizeof(copy), "%s/test_runtime", dir);
    int failed = file_replace(copy, program.data, program.len, NULL);
    text_free(&program);
    if (failed != 0 || chmod(copy, 0755) != 0 || chmod(native, 0755) != 0)
        return 1;
    (void)setenv(USER_CACHE, userdir_cache(cache, sizeof(cache)), 1);
    pid_t pid = fork();
    if (pid == 0) {
        (void)execv(copy, argv);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        status = 1;
    fixture_close(dir);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
#define rooted(test) cmocka_unit_test_setup_teardown(test, open_root, close_root)
    const struct CMUnitTest tests[] = {
        rooted(what_an_interpreter_says_is_taken),
        rooted(what_a_build_is_is_taken_or_null_with_the_reason),
        rooted(a_variable_that_decides_what_is_on_is_asked_with),
        rooted(what_only_looks_like_a_version_is_none),
        rooted(a_gil_that_cannot_be_switched_is_refused),
        rooted(a_knob_that_newer_versions_have_is_refused),
        rooted(what_a_version_lacks_is_said_before_it_starts),
        rooted(an_answer_is_remembered_until_the_executable_changes),
        rooted(whatever_is_asked_is_confined),
        rooted(a_memory_that_is_spoilt_is_asked_for_anew),
        rooted(a_cache_that_cannot_be_written_does_no_harm),
        rooted(a_gil_build_is_never_taken_for_a_free_threaded_one),
        rooted(a_free_threaded_build_with_its_gil_on_is_neither),
        rooted(a_free_threaded_build_is_not_taken_for_a_gil_build),
        rooted(an_interpreter_that_is_too_old_says_so),
        rooted(what_is_no_python_is_refused),
        rooted(odd_answers_do_no_harm),
        rooted(what_is_no_program_says_why),
        rooted(one_that_does_not_answer_in_time_is_not_none),
        rooted(the_mode_chooses_the_build),
        rooted(the_search_goes_variable_cache_uv_pyenv_path),
        rooted(the_places_are_taken_by_their_names),
        rooted(the_files_of_a_scenario_are_found_whatever_its_folder_is_called),
        rooted(of_the_caches_builds_the_newest_is_taken),
        rooted(the_profiled_twin_is_of_the_same_source_and_no_more),
        rooted(a_wrong_build_on_the_path_is_passed_over),
        rooted(nothing_found_says_what_was_tried_and_the_remedy),
        rooted(the_remedy_of_a_missing_interpreter_is_none_of_one_commands_options),
        cmocka_unit_test(the_list_says_each_reason_once_and_few_of_a_kind),
        rooted(a_path_is_taken_as_it_was_given),
        rooted(native_is_the_workload_itself),
        rooted(the_cache_is_where_the_environment_says),
        rooted(roots_cache_is_in_no_home_of_anothers),
        rooted(a_variable_longer_than_any_path_is_as_if_not_set),
        rooted(the_real_builds_are_what_their_names_say),
    };
    (void)argc;
    if (!getenv(USER_CACHE))
        return run_beside_workloads(argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

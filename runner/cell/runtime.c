#include "cell/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <gnu/libc-version.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "base/trust.h"
#include "launch/confine.h"
#include "launch/spawn.h"

/* What is asked of an interpreter; it answers in lines "key value". The imports are the scenario's own, so that the
 * lines "file PATH" name what it will read. */
static const char PROBE[] =
    "import sys, os\n"
    "print('version', sys.version.split()[0])\n"
    "if sys.version_info < (3, 14): sys.exit()\n"
    "import sysconfig, mmap, gc, time, signal, argparse, struct, traceback, threading, runpy\n"
    "import multiprocessing as mp, multiprocessing.forkserver, multiprocessing.resource_tracker\n"
    "import multiprocessing.popen_fork, multiprocessing.popen_forkserver, multiprocessing.popen_spawn_posix\n"
    "import multiprocessing.synchronize, multiprocessing.spawn, concurrent.interpreters\n"
    "print('banner', ' '.join(sys.version.split()))\n"
    "print('implementation', sys.implementation.name)\n"
    "print('gil_enabled', int(sys._is_gil_enabled()))\n"
    "print('free_threaded', int(bool(sysconfig.get_config_var('Py_GIL_DISABLED'))))\n"
    "print('configure_args', ' '.join((sysconfig.get_config_var('CONFIG_ARGS') or '').split()))\n"
    "print('default_start', mp.get_start_method())\n"
    "files = {m.__cached__ if os.path.exists(getattr(m, '__cached__', None) or '') else m.__file__\n"
    "         for m in list(sys.modules.values()) if getattr(m, '__file__', None)}\n"
    "files |= {l.split(None, 5)[5].strip() for l in open('/proc/self/maps') if len(l.split(None, 5)) == 6}\n"
    "for f in sorted(f for f in files if os.path.isfile(f)): print('file', f)\n"
    "print('end .')\n";

#define PROBE_SECONDS 60 /* one second on an idle host; an emulated machine beside other work took more than 20 */
#define NEEDS         "3.14 or newer is needed"

/* $HOME, else the one that the user's account has: another's is passed over for root, as $TARE_CACHE would be. */
static const char *home_dir(void)
{
    const char *home = trust_variable("HOME");
    const struct passwd *account = home ? NULL : getpwuid(geteuid());
    return home ? home : account && trust_path(account->pw_dir, NULL) == 0 ? account->pw_dir : "";
}

const char *runtime_cache_dir(char *buf, size_t cap)
{
    const char *cache = trust_variable("TARE_CACHE");
    const char *xdg = trust_variable("XDG_CACHE_HOME");
    if (cache && *cache)
        text_format(buf, cap, "%s", cache);
    else if (xdg && *xdg)
        text_format(buf, cap, "%s/tare", xdg);
    else
        text_format(buf, cap, "%s/.cache/tare", home_dir());
    return buf;
}

/* --- asking an interpreter, and remembering what it said ------------------------------------------------------ */

/* The name under which an answer is remembered: it changes with the executable and with the question. */
static int memory_path(const char *path, char *buf, size_t cap)
{
    struct stat st;
    char cache[PATH_MAX];
    char key[PATH_MAX + 128];
    char hex[DIGEST_HEX];
    if (stat(path, &st) != 0)
        return -errno;
    text_format(key, sizeof(key), "%s %llu %llu %lld %lld.%09ld %lld.%09ld", path, (unsigned long long)st.st_dev,
                (unsigned long long)st.st_ino, (long long)st.st_size, (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
                (long long)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
    cleanup_text struct text whole = {0};
    text_add(&whole, "%s\n%s", key, PROBE);
    digest_bytes(whole.data, whole.len, hex);
    (void)runtime_cache_dir(cache, sizeof(cache));
    int n = snprintf(buf, cap, "%s/probes/%.16s", cache, hex);
    return n < 0 || (size_t)n >= cap ? -ENAMETOOLONG : 0;
}

/* The value of the answer's first line with this key. */
static bool answer_text(const char *answer, const char *key, char *buf, size_t cap)
{
    size_t len = strlen(key);
    for (const char *line = answer; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, len) != 0 || line[len] != ' ')
            continue;
        line += len + 1;
        (void)snprintf(buf, cap, "%.*s", (int)strcspn(line, "\n"), line);
        return true;
    }
    return false;
}

static bool answer_truth(const char *answer, const char *key, bool *ret)
{
    char value[8];
    if (!answer_text(answer, key, value, sizeof(value)))
        return false;
    *ret = strcmp(value, "1") == 0;
    return true;
}

static bool answer_files(const char *answer, struct text *files)
{
    for (const char *line = answer; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, "file ", 5) == 0)
            text_add(files, "%s%.*s", files->len ? "\n" : "", (int)strcspn(line + 5, "\n"), line + 5);
    }
    return files->len > 0;
}

/* "3.14t" of "3.14.6". false: the version is none. */
static bool name_build(struct runtime *r)
{
    static const char DIGITS[] = "0123456789";
    size_t major = strspn(r->version, DIGITS);
    size_t minor = r->version[major] == '.' ? strspn(r->version + major + 1, DIGITS) : 0;
    if (major == 0 || minor == 0 || major + minor > 8)
        return false;
    text_format(r->name, sizeof(r->name), "%.*s%s", (int)(major + 1 + minor), r->version, r->free_threaded ? "t" : "");
    return true;
}

/* -EINVAL: the answer lacks something, so it is not from this PROBE or was cut. */
static int take_answer(const char *answer, struct runtime *r)
{
    char args[8192];
    char end[8];
    if (!answer_text(answer, "end", end, sizeof(end)) ||
        !answer_text(answer, "version", r->version, sizeof(r->version)) ||
        !answer_text(answer, "sha256", r->sha256, sizeof(r->sha256)) ||
        !answer_text(answer, "banner", r->banner, sizeof(r->banner)) ||
        !answer_text(answer, "implementation", r->implementation, sizeof(r->implementation)) ||
        !answer_text(answer, "default_start", r->default_start, sizeof(r->default_start)) ||
        !answer_text(answer, "configure_args", args, sizeof(args)) ||
        !answer_truth(answer, "gil_enabled", &r->gil_enabled) ||
        !answer_truth(answer, "free_threaded", &r->free_threaded) || !name_build(r) || !answer_files(answer, &r->files))
        return -EINVAL;
    text_add(&r->configure_args, "%s", args);
    return 0;
}

static void remember(const char *memory, const struct text *answer)
{
    char dir[PATH_MAX];
    text_format(dir, sizeof(dir), "%s", memory);
    *strrchr(dir, '/') = '\0';
    if (trust_path(dir, NULL) == 0 && file_make_dirs(dir) == 0)
        (void)file_replace(memory, answer->data, answer->len, NULL); /* only a memory: the next run can ask again */
}

/* Whatever the path leads to is executed for it: in the confinement that a workload gets by itself. */
static int probe(const char *path, struct text *answer)
{
    char *const argv[] = {(char *)path, "-I", "-c", (char *)PROBE, NULL};
    char *const envp[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/", "LC_ALL=C.UTF-8", NULL};
    const struct confine_request request = {.read_only_root = true, .filter = true, .needed = &path, .needed_count = 1};
    struct confine *confine = NULL;
    struct err ignored = {0}; /* whatever it was: it is no interpreter that can be weighed */
    int failed = confine_prepare(&request, &confine, &ignored);
    const struct spawn_spec spec = {.path = path, .argv = argv, .envp = envp, .cwd = "/", .confine = confine};
    if (failed == 0)
        failed = spawn_capture_confined(&spec, PROBE_SECONDS * 1000, answer, &ignored);
    confine_free(&confine);
    return failed;
}

/* Runs the probe and takes its answer. */
static int ask(struct runtime *r, const char *memory, char *why, size_t cap)
{
    char hex[65];
    cleanup_text struct text answer = {0};
    int failed = probe(r->path, &answer);
    if (failed == 0)
        failed = digest_file(r->path, hex);
    if (failed == 0) {
        text_add(&answer, "sha256 %s\n", hex);
        failed = take_answer(answer.data, r);
    }
    if (failed == 0)
        remember(memory, &answer);
    else if (answer.data && answer_text(answer.data, "version", r->version, sizeof(r->version)))
        (void)snprintf(why, cap, "it is Python %s; " NEEDS, r->version);
    else
        (void)snprintf(
            why, cap,
            "it is no Python interpreter that answers in confinement (a script's interpreter must not lie in a "
            "folder that is closed to other users: name the interpreter itself)");
    return failed == 0 ? 0 : -EINVAL;
}

/* Fills in what the interpreter at r->path is. -EINVAL: it is none, or too old; the reason goes to why. */
static int identify(struct runtime *r, char *why, size_t cap)
{
    char memory[PATH_MAX];
    struct text answer = {0};
    if (access(r->path, X_OK) != 0 || memory_path(r->path, memory, sizeof(memory)) != 0) {
        (void)snprintf(why, cap, "%s", strerror(errno));
        return -EINVAL;
    }
    int failed = -ENOENT;
    if (trust_path(memory, NULL) == 0 && file_read_all("", memory, &answer) == 0 && answer.data)
        failed = take_answer(answer.data, r);
    text_free(&answer);
    if (failed != 0)
        failed = ask(r, memory, why, cap);
    return failed;
}

/* --- where the workloads are ----------------------------------------------------------------------------------- */

/* The workloads lie beside the program in a build tree, in ../libexec/tare of it once installed. */
int runtime_find_workload(const char *file, char *buf, size_t cap, struct err *e)
{
    static const char *const BESIDE[] = {"workloads", "../libexec/tare/workloads"};
    char path[PATH_MAX * 2];
    char real[PATH_MAX];
    int failed = file_beside_program(BESIDE, ARRAY_LEN(BESIDE), file, path, sizeof(path));
    if (failed == 0 && realpath(path, real) && access(real, R_OK) == 0) {
        text_format(buf, cap, "%s", real);
        return 0;
    }
    return err_set(e, ERR_OURS, -ENOENT, "the workload '%s' is not where tare was built or installed", file);
}

static int find_native(const struct cell *cell, struct runtime *r, struct err *e)
{
    const struct scenario *scenario = cell->scenario;
    cleanup_free char *path = scenario_word(scenario, scenario->command[RUNTIME_NATIVE][0], NULL);
    if (strlen(path) >= sizeof(r->path))
        return err_set(e, ERR_USAGE, -ENAMETOOLONG, "'%s': the path is too long", path);
    text_format(r->path, sizeof(r->path), "%s", path);
    if (!strchr(r->path, '/'))
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': the native command '%s' is to be a path, as {dir}/%s",
                       scenario->file, r->path, r->path);
    if (access(r->path, X_OK) != 0)
        return err_sys(e, ERR_USAGE, "--runtime 'native': the program of '%s', '%s'", scenario->name, r->path);
    r->native = true;
    text_format(r->name, sizeof(r->name), "native");
    text_format(r->implementation, sizeof(r->implementation), "native");
    text_format(r->version, sizeof(r->version), "%s", gnu_get_libc_version());
    text_format(r->banner, sizeof(r->banner), "C, glibc %s [GCC %s]", gnu_get_libc_version(), __VERSION__);
    text_format(r->default_start, sizeof(r->default_start), "forkserver"); /* as CPython 3.14's */
    text_add(&r->files, "%s", r->path);
    int failed = digest_file(r->path, r->sha256);
    if (failed != 0) {
        errno = -failed;
        return err_sys(e, ERR_OURS, "%s", r->path);
    }
    return 0;
}

/* --- the search ------------------------------------------------------------------------------------------------ */

/* What is looked for: one of the two builds. */
struct wanted {
    bool free_threaded;
    const char *name;     /* "3.14t" */
    const char *variable; /* of the environment */
    const char *pattern;  /* in the cache */
    const char *command;  /* on PATH */
};

static const struct wanted WANTED[] = {
    {false, "3.14", "TARE_PYTHON_GIL", "cpython/3.14.*-gil-*/bin/python3.14", "python3.14"},
    {true, "3.14t", "TARE_PYTHON_FT", "cpython/3.14.*-ft-*/bin/python3.14t", "python3.14t"},
};

/* Takes path if it is the wanted build; why says what else it is. */
static bool try_path(const char *path, const struct wanted *wanted, struct runtime *r, char *why, size_t cap)
{
    struct runtime candidate = {0};
    struct err untrusted = {0};
    if (strlen(path) >= sizeof(candidate.path)) {
        (void)snprintf(why, cap, "the path is too long");
        return false;
    }
    text_format(candidate.path, sizeof(candidate.path), "%s", path);
    if (trust_path(path, &untrusted) != 0) {
        (void)snprintf(why, cap, "%.250s", untrusted.text);
        return false;
    }
    if (identify(&candidate, why, cap) == 0) {
        if (candidate.free_threaded == wanted->free_threaded && candidate.gil_enabled != wanted->free_threaded) {
            *r = candidate;
            return true;
        }
        (void)snprintf(why, cap, "its GIL is %s, and that is not what %s is", candidate.gil_enabled ? "on" : "off",
                       wanted->name);
    }
    runtime_free(&candidate);
    return false;
}

/* The newest first. */
static bool try_cache(const struct wanted *wanted, struct runtime *r, struct text *tried)
{
    char cache[PATH_MAX];
    char pattern[PATH_MAX + 64];
    char why[256] = "none there";
    glob_t found;
    text_format(pattern, sizeof(pattern), "%s/%s", runtime_cache_dir(cache, sizeof(cache)), wanted->pattern);
    bool done = false;
    if (glob(pattern, 0, NULL, &found) == 0) {
        const char *newest = NULL;
        time_t newest_s = 0;
        struct stat st;
        for (size_t i = 0; i < found.gl_pathc; i++) {
            if (stat(found.gl_pathv[i], &st) == 0 && (!newest || st.st_mtime > newest_s)) {
                newest = found.gl_pathv[i];
                newest_s = st.st_mtime;
            }
        }
        done = newest && try_path(newest, wanted, r, why, sizeof(why));
        globfree(&found);
    }
    text_add(tried, "; the cache %s (%s)", cache, why);
    return done;
}

static bool try_uv(const struct wanted *wanted, struct runtime *r, struct text *tried)
{
    char *const argv[] = {"uv", "python", "find", (char *)wanted->name, NULL};
    cleanup_text struct text said = {0};
    char why[256] = "it is not here, or finds none";
    bool done = false;
    if (spawn_capture(argv, PROBE_SECONDS * 1000, &said) == 0 && said.data) {
        said.data[strcspn(said.data, "\n")] = '\0';
        done = try_path(said.data, wanted, r, why, sizeof(why));
    }
    text_add(tried, "; uv (%s)", why);
    return done;
}

static bool try_search_path(const struct wanted *wanted, struct runtime *r, struct text *tried)
{
    const char *path = getenv("PATH");
    char why[256] = "no such command";
    for (const char *p = path ? path : ""; *p;) {
        size_t len = strcspn(p, ":");
        char candidate[PATH_MAX];
        int n = snprintf(candidate, sizeof(candidate), "%.*s/%s", (int)len, p, wanted->command);
        if (*p == '/' && n > 0 && (size_t)n < sizeof(candidate) && access(candidate, X_OK) == 0 &&
            try_path(candidate, wanted, r, why, sizeof(why)))
            return true;
        p += len;
        p += *p == ':';
    }
    text_add(tried, "; %s on PATH (%s)", wanted->command, why);
    return false;
}

static int search(const struct wanted *wanted, struct runtime *r, struct err *e)
{
    cleanup_text struct text tried = {0};
    char why[256];
    const char *named = getenv(wanted->variable);
    if (named && *named) {
        if (try_path(named, wanted, r, why, sizeof(why)))
            return 0;
        return err_set(e, ERR_USAGE, -EINVAL, "$%s '%s': %s", wanted->variable, named, why);
    }
    text_add(&tried, "$%s (not set)", wanted->variable);
    int failed = 0;
    if (!try_cache(wanted, r, &tried) && !try_uv(wanted, r, &tried) && !try_search_path(wanted, r, &tried)) {
        failed = err_set(e, ERR_HOST, -ENOENT, "no %s CPython %s to be had; tried %s",
                         wanted->free_threaded ? "free-threaded" : "GIL build of", wanted->name, tried.data);
        (void)err_remedy(e, "'make python' builds it; or name one with --runtime PATH or $%s; or --runtime native",
                         wanted->variable);
    }
    return failed;
}

static int take_named(const char *path, struct runtime *r, struct err *e)
{
    char why[256];
    char here[PATH_MAX] = "";
    if (!strchr(path, '/'))
        return err_set(e, ERR_USAGE, -EINVAL,
                       "--runtime '%s': what is allowed is auto, native, 3.14t, 3.14 or the path of an interpreter",
                       path);
    if (access(path, F_OK) != 0 || (*path != '/' && !getcwd(here, sizeof(here))))
        return err_sys(e, ERR_USAGE, "the interpreter '%s'", path);
    /* Links are not followed: a virtual environment's interpreter finds its home by the path that it is given. */
    int n = snprintf(r->path, sizeof(r->path), "%s%s%s", here, *here ? "/" : "", path);
    if (n < 0 || (size_t)n >= sizeof(r->path))
        return err_set(e, ERR_USAGE, -ENAMETOOLONG, "the interpreter '%s': the path is too long", path);
    if (identify(r, why, sizeof(why)) != 0)
        return err_set(e, ERR_USAGE, -EINVAL, "the interpreter '%s': %s", path, why);
    return 0;
}

/* The workload's own files: what lies in the scenario's folder, and what all scenarios have in common. */
static void add_scripts(const struct scenario *scenario, struct runtime *r)
{
    const char *const dirs[] = {scenario->dir, scenario->lib};
    for (size_t d = 0; d < ARRAY_LEN(dirs); d++) {
        char pattern[PATH_MAX + 8];
        glob_t found;
        text_format(pattern, sizeof(pattern), "%s/*.py", dirs[d]);
        if (glob(pattern, 0, NULL, &found) != 0)
            continue;
        for (size_t i = 0; i < found.gl_pathc; i++)
            text_add(&r->files, "\n%s", found.gl_pathv[i]);
        globfree(&found);
    }
}

static int find_python(const struct cell *cell, struct runtime *r, struct err *e)
{
    const struct wanted *wanted = NULL;
    if (strcmp(cell->runtime, "auto") == 0)
        wanted = &WANTED[cell->mode == MODE_THREADS];
    for (size_t i = 0; !wanted && i < ARRAY_LEN(WANTED); i++)
        if (strcmp(cell->runtime, WANTED[i].name) == 0)
            wanted = &WANTED[i];
    TRY(wanted ? search(wanted, r, e) : take_named(cell->runtime, r, e));
    if (cell->scenario)
        add_scripts(cell->scenario, r);
    return 0;
}

int runtime_find(const struct cell *cell, struct runtime *ret, struct err *e)
{
    struct runtime r = {0};
    int failed = cell_runtime_kind(cell) == RUNTIME_NATIVE ? find_native(cell, &r, e) : find_python(cell, &r, e);
    if (failed == 0)
        *ret = r;
    else
        runtime_free(&r);
    return failed;
}

void runtime_free(struct runtime *r)
{
    text_free(&r->configure_args);
    text_free(&r->files);
}

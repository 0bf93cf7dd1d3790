#include "cell/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "base/trust.h"
#include "base/userdir.h"
#include "cell/interpreters.h"
#include "launch/confine.h"
#include "launch/spawn.h"

/* The program that an interpreter runs to say what it is, in lines "key value". It imports what the scenario imports,
 * so that its lines "file PATH" name what the scenario will read. */
static const char PROBE[] =
    "import sys, os\n"
    "print('version', sys.version.split()[0])\n"
    "if sys.version_info < (3, 12): sys.exit()\n"
    "import sysconfig, mmap, gc, time, signal, argparse, struct, traceback, threading, runpy\n"
    "import multiprocessing as mp, multiprocessing.forkserver, multiprocessing.resource_tracker\n"
    "import multiprocessing.popen_fork, multiprocessing.popen_forkserver, multiprocessing.popen_spawn_posix\n"
    "import multiprocessing.synchronize, multiprocessing.spawn\n"
    "subs = sys.version_info >= (3, 14)\n"
    "if subs: import concurrent.interpreters\n"
    "print('interpreters', int(subs))\n"
    "print('banner', ' '.join(sys.version.split()))\n"
    "print('implementation', sys.implementation.name)\n"
    "print('gil_enabled', int(getattr(sys, '_is_gil_enabled', lambda: True)()))\n"
    "print('free_threaded', int(bool(sysconfig.get_config_var('Py_GIL_DISABLED'))))\n"
    "print('configure_args', ' '.join((sysconfig.get_config_var('CONFIG_ARGS') or '').split()))\n"
    "print('default_start', mp.get_start_method())\n"
    "files = {m.__cached__ if os.path.exists(getattr(m, '__cached__', None) or '') else m.__file__\n"
    "         for m in list(sys.modules.values()) if getattr(m, '__file__', None)}\n"
    "files |= {l.split(None, 5)[5].strip() for l in open('/proc/self/maps') if len(l.split(None, 5)) == 6}\n"
    "for f in sorted(f for f in files if os.path.isfile(f)): print('file', f)\n"
    "import shlex\n" /* the scenario does not need what follows */
    "conf = sysconfig.get_config_var\n"
    "args = shlex.split(conf('CONFIG_ARGS') or '')\n"
    "flags = ' '.join(str(conf(k) or '') for k in ('CFLAGS', 'PY_CFLAGS', 'PY_CFLAGS_NODIST')).split()\n"
    "def asked(name):\n"
    "    said = [a for a in args if a.partition('=')[0] == name]\n"
    "    return (said[-1].partition('=')[2] or 'yes') if said else 'no'\n"
    "def build(key, value): print('build.' + key, value)\n"
    "jit = getattr(sys, '_jit', None)\n"
    "built = jit.is_available() if jit else asked('--enable-experimental-jit') in ('yes', 'yes-off')\n"
    "build('jit', int(built))\n"
    "if jit or not built: build('jit_enabled', int(built and jit.is_enabled()))\n"
    "build('tail_call', int(bool(conf('Py_TAIL_CALL_INTERP') or conf('_Py_TAIL_CALL_INTERP'))))\n"
    "if args: build('pgo', int(asked('--enable-optimizations') != 'no')); build('lto', asked('--with-lto'))\n"
    "build('debug', int(bool(conf('Py_DEBUG'))))\n"
    "if flags: build('frame_pointers', int('-fno-omit-frame-pointer' in flags))\n"
    "build('compiler', sys.version.rpartition('[')[2].rstrip(']'))\n"
    "try:\n"
    "    import ctypes\n"
    "    name = ctypes.pythonapi._PyMem_GetCurrentAllocatorName\n"
    "    name.restype = ctypes.c_char_p\n"
    "    build('allocator', (name() or b'').decode())\n"
    "except (ImportError, AttributeError): pass\n"
    "print('end .')\n";

/* One second on an idle host; an emulated machine beside other work took more than 20. */
int runtime_patience_ms = 60000;

#define NEEDS "3.12 or newer is needed, free-threaded 3.13t or newer"

/* --- asking an interpreter, and remembering what it said ------------------------------------------------------ */

/* The variables of the cell's environment that switch features of a build; the last of each counts. NULL: not set. */
enum { DECIDING = 3 };

static void find_deciding(const struct cell *cell, const char *ret[DECIDING])
{
    static const char *const NAMES[DECIDING] = {"PYTHON_JIT=", "PYTHONMALLOC=", "PYTHONDEVMODE="};
    for (size_t v = 0; v < DECIDING; v++)
        ret[v] = NULL;
    for (size_t i = 0; cell && i < cell->environment.count; i++)
        for (size_t v = 0; v < DECIDING; v++)
            if (strncmp(cell->environment.word[i], NAMES[v], strlen(NAMES[v])) == 0)
                ret[v] = cell->environment.word[i];
}

/* The path of a remembered answer; it depends on the executable and on the question. */
static int memory_path(const char *path, const struct cell *cell, char *buf, size_t cap)
{
    const char *deciding[DECIDING];
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
    find_deciding(cell, deciding);
    for (size_t v = 0; v < DECIDING; v++)
        text_add(&whole, "%s\n", deciding[v] ? deciding[v] : "");
    digest_bytes(whole.data, whole.len, hex);
    (void)userdir_cache(cache, sizeof(cache));
    return text_fits(buf, cap, "%s/probes/%.16s", cache, hex) ? 0 : -ENAMETOOLONG;
}

/* The value of the answer's first line with this key. */
static bool answer_text(const char *answer, const char *key, char *buf, size_t cap)
{
    const char *value = text_after(answer, key, ' ');
    if (value)
        (void)snprintf(buf, cap, "%.*s", (int)strcspn(value, "\n"), value);
    return value != NULL;
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

/* The facts about a build, and why each may be unknown. */
static const struct {
    const char *key;
    bool is_text;
    const char *why_not;
} BUILD[] = {
    {"jit", false, NULL},
    {"jit_enabled", false, "before 3.14 an interpreter does not say"},
    {"tail_call", false, NULL},
    {"pgo", false, "the build does not say how it was configured"},
    {"lto", true, "the build does not say how it was configured"},
    {"debug", false, NULL},
    {"frame_pointers", false, "the build does not say its compiler's flags"},
    {"allocator", true, "there is no ctypes to ask the interpreter by, or it has another inside"},
    {"compiler", true, "its version does not say"},
};

static void add_feature(struct text *t, const char *feature)
{
    text_add(t, "%s%s", t->len ? "+" : "", feature);
}

/* Names the features that distinguish a build from the plain one. */
static void name_features(struct runtime *r)
{
    cleanup_text struct text t = {0};
    const struct fact *lto = facts_find(&r->build, "lto"), *allocator = facts_find(&r->build, "allocator");
    const bool debug = facts_truth(&r->build, "debug");
    const char *usual = r->free_threaded ? debug ? "mimalloc_debug" : "mimalloc"
                        : debug          ? "pymalloc_debug"
                                         : "pymalloc";
    if (debug)
        add_feature(&t, "debug");
    if (facts_truth(&r->build, "jit"))
        add_feature(&t, facts_truth(&r->build, "jit_enabled") ? "jit" : "jit-off");
    if (facts_truth(&r->build, "tail_call"))
        add_feature(&t, "tail-call");
    if (facts_truth(&r->build, "pgo"))
        add_feature(&t, "pgo");
    if (lto->kind == FACT_TEXT && strcmp(lto->text, "no") != 0)
        add_feature(&t, "lto");
    if (facts_truth(&r->build, "frame_pointers"))
        add_feature(&t, "frame-pointers");
    if (allocator->kind == FACT_TEXT && strcmp(allocator->text, usual) != 0)
        add_feature(&t, allocator->text);
    facts_text(&r->build, "features", t.len ? t.data : "plain");
}

static void take_build(const char *answer, struct runtime *r)
{
    char key[80], value[64];
    for (size_t i = 0; i < ARRAY_LEN(BUILD); i++) {
        text_format(key, sizeof(key), "build.%s", BUILD[i].key);
        if (!answer_text(answer, key, value, sizeof(value)) || !*value)
            facts_absent(&r->build, BUILD[i].key, "%s", BUILD[i].why_not ? BUILD[i].why_not : "it did not say");
        else if (BUILD[i].is_text)
            facts_text(&r->build, BUILD[i].key, value);
        else
            facts_bool(&r->build, BUILD[i].key, strcmp(value, "1") == 0);
    }
    name_features(r);
}

/* Makes "3.14t" from "3.14.6". false: the version is malformed. */
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
        !answer_truth(answer, "interpreters", &r->interpreters) ||
        !answer_truth(answer, "free_threaded", &r->free_threaded) || !name_build(r) || !answer_files(answer, &r->files))
        return -EINVAL;
    text_add(&r->configure_args, "%s", args);
    take_build(answer, r);
    return 0;
}

static void remember(const char *memory, const struct text *answer)
{
    char dir[PATH_MAX];
    text_format(dir, sizeof(dir), "%s", memory);
    *strrchr(dir, '/') = '\0';
    if (trust_path(dir, NULL) == 0 && file_make_dirs(dir) == 0)
        (void)file_replace(memory, answer->data, answer->len, NULL); /* on failure the next run asks again */
}

/* Executes the file at path, whatever it is, in a workload's default confinement. */
static int probe(const char *path, const struct cell *cell, struct text *answer)
{
    const char *deciding[DECIDING];
    /* Not -I, which ignores the environment: some variables decide what an interpreter is. */
    char *const argv[] = {(char *)path, "-s", "-c", (char *)PROBE, NULL};
    char *envp[5 + DECIDING] = {"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/", "LC_ALL=C.UTF-8", "PYTHONSAFEPATH=1"};
    size_t n = 4;
    const struct confine_request request = {.read_only_root = true, .filter = true, .needed = &path, .needed_count = 1};
    cleanup_confine struct confine *confine = NULL;
    struct err ignored = {0}; /* any failure means that it cannot be weighed */
    find_deciding(cell, deciding);
    for (size_t v = 0; v < DECIDING; v++)
        if (deciding[v])
            envp[n++] = (char *)deciding[v];
    TRY(confine_prepare(&request, &confine, &ignored));
    const struct spawn_spec spec = {
        .path = path, .argv = argv, .envp = envp, .cgroup_fd = -1, .cwd = "/", .confine = confine};
    return spawn_capture_confined(&spec, runtime_patience_ms, -1, answer, &ignored);
}

/* Says why it did not answer. */
static void say_no_answer(const struct runtime *r, const struct cell *cell, char *why, size_t cap)
{
    cleanup_text struct text plain = {0};
    const char *deciding[DECIDING];
    cleanup_text struct text set = {0};
    find_deciding(cell, deciding);
    for (size_t v = 0; v < DECIDING; v++)
        if (deciding[v])
            text_add(&set, " --env %s", deciding[v]);
    if (set.len && probe(r->path, NULL, &plain) == 0)
        (void)snprintf(why, cap, "it does not start with%s", set.data);
    else
        (void)snprintf(
            why, cap,
            "it does not answer in confinement as a Python interpreter does (a script's own interpreter must "
            "lie in a folder that is open to other users)");
}

/* Runs the probe and takes its answer. */
static int ask(struct runtime *r, const struct cell *cell, const char *memory, char *why, size_t cap)
{
    char hex[65];
    cleanup_text struct text answer = {0};
    int failed = probe(r->path, cell, &answer);
    if (failed == 0)
        failed = digest_file(r->path, hex);
    if (failed == 0) {
        text_add(&answer, "sha256 %s\n", hex);
        failed = take_answer(answer.data, r);
    }
    if (failed == 0)
        remember(memory, &answer);
    else if (failed == -ETIMEDOUT)
        (void)snprintf(why, cap, "it did not answer within %g s: this machine is busy or slow (try again)",
                       runtime_patience_ms / 1e3);
    else if (answer.data && answer_text(answer.data, "version", r->version, sizeof(r->version)))
        (void)snprintf(why, cap, "it is Python %s; " NEEDS, r->version);
    else
        say_no_answer(r, cell, why, cap);
    return failed == 0 || failed == -ETIMEDOUT ? failed : -EINVAL;
}

/* Fills in what the interpreter at r->path is in the cell's environment (NULL: an empty one). -EINVAL: no interpreter,
 * or too old; -ETIMEDOUT: not known, it did not answer; why has the reason. */
static int identify(struct runtime *r, const struct cell *cell, char *why, size_t cap)
{
    char memory[PATH_MAX];
    cleanup_text struct text answer = {0};
    if (access(r->path, X_OK) != 0 || memory_path(r->path, cell, memory, sizeof(memory)) != 0) {
        (void)snprintf(why, cap, "%s", strerror(errno));
        return -EINVAL;
    }
    if (trust_path(memory, NULL) == 0 && file_read_all("", memory, &answer) == 0 && answer.data &&
        take_answer(answer.data, r) == 0)
        return 0;
    return ask(r, cell, memory, why, cap);
}

/* --- where the workloads are ----------------------------------------------------------------------------------- */

/* In a build tree the workloads lie beside the program; installed, in ../libexec/tare. */
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
    text_format(r->default_start, sizeof(r->default_start), "forkserver"); /* CPython 3.14's default */
    text_add(&r->files, "%s", r->path);
    return err_code(e, ERR_OURS, digest_file(r->path, r->sha256), "%s", r->path);
}

/* --- the search ------------------------------------------------------------------------------------------------ */

/* What is searched for, and why it was not found so far. */
struct search {
    const char *name; /* "3.14t" */
    const struct cell *cell;
    struct interpreter_name wanted;
    const char *variable; /* the environment variable that names it; NULL: none for this build */
    struct runtime *found;
    char why[256]; /* why nothing in the current place fits; "": nothing lies there */
    bool is_late;  /* one did not answer in time, so that it is not known whether there is any */
    struct text tried;
};

/* interpreter_look: takes path if it is the wanted build; else s->why says what it is. */
static bool try_path(const char *path, void *context)
{
    struct search *s = context;
    struct runtime candidate = {0};
    struct err untrusted = {0};
    if (strlen(path) >= sizeof(candidate.path)) {
        text_format(s->why, sizeof(s->why), "the path is too long");
        return false;
    }
    text_format(candidate.path, sizeof(candidate.path), "%s", path);
    if (trust_path(path, &untrusted) != 0) {
        (void)snprintf(s->why, sizeof(s->why), "%.250s", untrusted.text);
        return false;
    }
    const int failed = identify(&candidate, s->cell, s->why, sizeof(s->why));
    s->is_late = s->is_late || failed == -ETIMEDOUT;
    if (failed == 0) {
        if (strcmp(candidate.name, s->name) == 0 && candidate.gil_enabled != s->wanted.free_threaded) {
            *s->found = candidate;
            return true;
        }
        if (candidate.gil_enabled == s->wanted.free_threaded)
            text_format(s->why, sizeof(s->why), "its GIL is %s, and that is not what %s is",
                        candidate.gil_enabled ? "on" : "off", s->name);
        else
            text_format(s->why, sizeof(s->why), "it is %s", candidate.name);
    }
    runtime_free(&candidate);
    return false;
}

static void note_place(const char *place, void *context)
{
    struct search *s = context;
    if (strcmp(place, "PATH") == 0)
        text_add(&s->tried, "; python%s on PATH (%s)", s->name, *s->why ? s->why : "no such command");
    else
        text_add(&s->tried, "; %s (%s)", place, *s->why ? s->why : "none there");
    s->why[0] = '\0';
}

/* The two builds of scripts/build-python, and the variables that name them. */
static const char *variable_of(const char *name)
{
    return strcmp(name, "3.14t") == 0 ? "TARE_PYTHON_FT" : strcmp(name, "3.14") == 0 ? "TARE_PYTHON_GIL" : NULL;
}

static int search(const char *name, const struct cell *cell, struct runtime *r, struct err *e)
{
    struct search s = {.name = name, .cell = cell, .variable = variable_of(name), .found = r};
    char file[32];
    (void)interpreter_name_parse(name, &s.wanted);
    const char *named = s.variable ? getenv(s.variable) : NULL;
    if (named && *named)
        return try_path(named, &s) ? 0
               : s.is_late         ? err_set(e, ERR_HOST, -ETIMEDOUT, "$%s '%s': %s", s.variable, named, s.why)
                                   : err_set(e, ERR_USAGE, -EINVAL, "$%s '%s': %s", s.variable, named, s.why);
    if (s.variable)
        text_add(&s.tried, "; $%s (not set)", s.variable);
    text_format(file, sizeof(file), "python%s", name);
    int failed = 0;
    if (!interpreters_each(file, try_path, note_place, &s)) {
        failed = err_set(e, ERR_HOST, s.is_late ? -ETIMEDOUT : -ENOENT, "no %s CPython %s to be had; tried %s",
                         s.wanted.free_threaded ? "free-threaded" : "GIL build of", name, s.tried.data + 2);
        /* No option: what finds an interpreter for a plan or a bundle has other ones, or none. */
        if (s.variable)
            (void)err_remedy(e, "'make python' builds it, or $%s names one; 'tare run --runtime list' shows those here",
                             s.variable);
        else
            (void)err_remedy(e, "'tare run --runtime list' shows those here");
    }
    text_free(&s.tried);
    return failed;
}

static int take_named(const char *path, const struct cell *cell, struct runtime *r, struct err *e)
{
    char why[256], here[PATH_MAX] = "", on_path[PATH_MAX];
    struct interpreter_name name;
    if (strcmp(path, "python3") == 0 || strcmp(path, "python") == 0) {
        TRY(trust_find_program(path, on_path, sizeof(on_path), e));
        path = on_path;
    } else if (!strchr(path, '/')) {
        bool old = interpreter_name_parse(path, &name) && name.major <= 3;
        return err_set(e, ERR_USAGE, -EINVAL,
                       "--runtime '%s': %swhat is allowed is auto, native, python3, 3.14t, 3.14 and the like, or the "
                       "path of an interpreter",
                       path, old ? NEEDS "; " : "");
    }
    if (access(path, F_OK) != 0 || (*path != '/' && !getcwd(here, sizeof(here))))
        return err_sys(e, ERR_USAGE, "the interpreter '%s'", path);
    /* Links are kept: an interpreter finds its virtual environment by its own path. */
    if (!text_fits(r->path, sizeof(r->path), "%s%s%s", here, *here ? "/" : "", path))
        return err_set(e, ERR_USAGE, -ENAMETOOLONG, "the interpreter '%s': the path is too long", path);
    const int failed = identify(r, cell, why, sizeof(why));
    if (failed == 0)
        return 0;
    if (failed == -ETIMEDOUT)
        return err_set(e, ERR_HOST, failed, "the interpreter '%s': %s", path, why);
    (void)err_set(e, ERR_USAGE, -EINVAL, "the interpreter '%s': %s", path, why);
    return err_remedy(e, "'tare run --runtime list' shows those that can be weighed, and how a venv is made of one");
}

/* Adds the workload's files: those in the scenario's folder, and those that scenarios share. */
static void add_scripts(const struct scenario *scenario, struct runtime *r)
{
    const char *const dirs[] = {scenario->dir, scenario->lib};
    for (size_t d = 0; d < ARRAY_LEN(dirs); d++) {
        cleanup_glob glob_t found = {0};
        bool any = file_glob(dirs[d], "*.py", 0, &found);
        for (size_t i = 0; any && i < found.gl_pathc; i++)
            text_add(&r->files, "\n%s", found.gl_pathv[i]);
    }
}

/* Checks that the interpreter's GIL can be switched: PYTHON_GIL and -X gil exist since 3.13, and only a free-threaded
 * build can run without it. */
static int check_gil(const struct cell *cell, const struct runtime *r, struct err *e)
{
    const char *gil = gil_names[cell->gil];
    struct interpreter_name name;
    if (cell->gil == GIL_DEFAULT)
        return 0;
    if (interpreter_name_parse(r->name, &name) && name.major == 3 && name.minor < 13)
        return err_set(e, ERR_USAGE, -ENOTSUP, "--gil %s: Python %s has no such switch (3.13 and newer have)", gil,
                       r->version);
    if (cell->gil == GIL_OFF && !r->free_threaded)
        return err_set(e, ERR_USAGE, -ENOTSUP,
                       "--gil off: '%s' is a GIL build; what is allowed is a free-threaded one, as --runtime 3.14t",
                       r->path);
    return 0;
}

int runtime_check_knobs(const struct cell *cell, const struct runtime *r, struct err *e)
{
    struct interpreter_name name;
    bool known = interpreter_name_parse(r->name, &name) && name.major == 3;
    for (size_t i = 0; known && cell->scenario && i < cell->scenario->knobs; i++) {
        const struct scenario_knob *k = &cell->scenario->knob[i];
        if ((unsigned)name.minor < k->since && scenario_knob_needs_since(k, cell->knob[i], (enum profile)cell->profile))
            return err_set(e, ERR_USAGE, -ENOTSUP, "--%s '%s': Python %s does not have that (3.%u and newer have)",
                           k->name, cell->knob[i], r->version, k->since);
    }
    return 0;
}

static int find_python(const struct cell *cell, struct runtime *r, struct err *e)
{
    const char *name = cell->runtime;
    struct interpreter_name parsed;
    if (strcmp(name, "auto") == 0)
        name = cell->mode == MODE_THREADS || cell->gil != GIL_DEFAULT ? "3.14t" : "3.14";
    bool named = interpreter_name_parse(name, &parsed) && interpreter_name_is_supported(&parsed);
    TRY(named ? search(name, cell, r, e) : take_named(name, cell, r, e));
    if (cell->mode == MODE_INTERPRETERS && !r->interpreters)
        return err_set(e, ERR_USAGE, -ENOTSUP,
                       "--mode interpreters: Python %s has no concurrent.interpreters (3.14 and newer have)",
                       r->version);
    TRY(check_gil(cell, r, e));
    TRY(runtime_check_knobs(cell, r, e));
    distributions_read(r->path, &r->packages);
    if (cell->scenario)
        add_scripts(cell->scenario, r);
    return 0;
}

/* --- what is there --------------------------------------------------------------------------------------------- */

struct listing {
    struct runtime_seen *seen;
    size_t count;
};

/* Whether the listing has this file already under another name or link, or this build in the same folder. */
static bool is_told(const struct listing *l, const struct runtime_seen *one)
{
    size_t dir = (size_t)(strrchr(one->runtime.path, '/') - one->runtime.path) + 1;
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->seen[i].real, one->real) == 0 ||
            (*one->runtime.name && strcmp(l->seen[i].runtime.name, one->runtime.name) == 0 &&
             strncmp(l->seen[i].runtime.path, one->runtime.path, dir) == 0))
            return true;
    return false;
}

static bool list_one(const char *path, void *context)
{
    struct listing *l = context;
    struct runtime_seen one = {0};
    struct err untrusted = {0};
    const char *name = strrchr(path, '/') + 1;
    struct interpreter_name ignored;
    if (strcmp(name, "python3") != 0 && !interpreter_name_parse(name + strlen("python"), &ignored))
        return false; /* python3-config, python3.14-gdb.py */
    if (strlen(path) >= sizeof(one.runtime.path) || !realpath(path, one.real))
        return false;
    text_format(one.runtime.path, sizeof(one.runtime.path), "%s", path);
    if (is_told(l, &one))
        return false;
    if (trust_path(path, &untrusted) != 0)
        (void)snprintf(one.why_not, sizeof(one.why_not), "%.250s", untrusted.text);
    else if (identify(&one.runtime, NULL, one.why_not, sizeof(one.why_not)) == 0)
        one.why_not[0] = '\0';
    else if (*one.runtime.version) /* the same reason for each version that is too old */
        text_format(one.why_not, sizeof(one.why_not), NEEDS);
    if (is_told(l, &one)) {
        runtime_free(&one.runtime);
        return false;
    }
    l->seen = xgrow(l->seen, l->count, sizeof(*l->seen));
    l->seen[l->count++] = one;
    return false;
}

size_t runtime_list(struct runtime_seen **ret)
{
    static const char *const FILES[] = {"python3.[0-9]*", "python3"};
    struct listing l = {0};
    for (size_t i = 0; i < ARRAY_LEN(FILES); i++)
        (void)interpreters_each(FILES[i], list_one, NULL, &l);
    interpreters_variants(FILES[0], list_one, &l);
    *ret = l.seen;
    return l.count;
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

/* --- with frame pointers ----------------------------------------------------------------------------------------- */

struct twin {
    const struct runtime *of;
    struct cell cell;
    struct runtime *found;
    bool is_found;
};

static bool look_for_twin(const char *path, void *context)
{
    struct twin *t = context;
    struct runtime candidate = {0};
    t->cell.runtime = path;
    if (trust_path(path, NULL) != 0 || runtime_find(&t->cell, &candidate, NULL) != 0)
        return false;
    t->is_found = strcmp(candidate.version, t->of->version) == 0 && candidate.gil_enabled == t->of->gil_enabled &&
                  strcmp(facts_word(&candidate.build, "features"), "frame-pointers") == 0;
    if (t->is_found)
        *t->found = candidate;
    else
        runtime_free(&candidate);
    return t->is_found;
}

bool runtime_find_profiled(const struct cell *cell, const struct runtime *of, struct runtime *ret)
{
    struct twin t = {.of = of, .cell = *cell, .found = ret};
    const struct distributions *d = &of->packages;
    const bool may_lack_some = d->count || d->omitted || d->refused || *d->why_not;
    cleanup_free char *file = text_printf("python%s", of->name);
    if (interpreters_is_built(of->path) && !may_lack_some)
        interpreters_variants(file, look_for_twin, &t);
    return t.is_found;
}

void runtime_free(struct runtime *r)
{
    text_free(&r->configure_args);
    facts_free(&r->build);
    distributions_free(&r->packages);
    text_free(&r->files);
}

#include "cell/function.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "base/yaml.h"
#include "cell/carried.h"
#include "cell/workload.h"
#include "launch/confine.h"
#include "launch/spawn.h"

#define PROGRAM "tare_bench.py"
#define LOOK_MS (10 * 60 * 1000)
#define WORDS_MAX                                                                                                      \
    (SCENARIO_WORDS_MAX - 6) /* arguments; the rest of a command's words are the interpreter, its options, … */
#define ALLOWED "what is allowed is FILE.py:FUNCTION or MODULE:FUNCTION, as work.py:encode"

/* --- its name ----------------------------------------------------------------------------------------------------- */

/* Whether it is like "work" or "Class.method": dot-separated parts of letters, digits, _ and non-ASCII. */
static bool is_dotted(const char *name)
{
    bool begins = true;
    for (const char *c = name; *c; c++) {
        unsigned char one = (unsigned char)*c;
        if (one == '.' ? begins : !(isalpha(one) || one == '_' || one >= 128 || (isdigit(one) && !begins)))
            return false;
        begins = one == '.';
    }
    return !begins;
}

/* Finds a function by its file. Its packages are the folders above the file with an __init__.py. */
static int find_file(const char *path, struct function *ret, struct err *e)
{
    char module[FUNCTION_NAME_MAX], init[PATH_MAX + 16];
    struct stat st;
    if (!realpath(path, ret->file))
        return err_sys(e, ERR_USAGE, "'%s'", path);
    if (stat(ret->file, &st) != 0 || !S_ISREG(st.st_mode))
        return err_set(e, ERR_USAGE, -EINVAL, "'%s' is no regular file; " ALLOWED, path);
    text_format(ret->root, sizeof(ret->root), "%s", ret->file);
    ret->root[strlen(ret->root) - strlen(".py")] = '\0';
    do {
        char *slash = strrchr(ret->root, '/');
        int n = snprintf(module, sizeof(module), "%s%s%s", slash + 1, *ret->module ? "." : "", ret->module);
        if (n < 0 || (size_t)n >= sizeof(module) || !is_dotted(slash + 1) || strchr(slash + 1, '.'))
            return err_set(e, ERR_USAGE, -EINVAL,
                           "'%s': '%s' is no name that Python can import (letters, digits and _)", path, slash + 1);
        text_format(ret->module, sizeof(ret->module), "%s", module);
        *slash = '\0';
        text_format(init, sizeof(init), "%s/__init__.py", ret->root);
    } while (*ret->root && access(init, F_OK) == 0);
    if (!*ret->root)
        text_format(ret->root, sizeof(ret->root), "/");
    return 0;
}

int function_find(const char *named, struct function *ret, struct err *e)
{
    struct function f = {.returned = true};
    const char *colon = strrchr(named, ':');
    if (!colon || colon == named || !is_dotted(colon + 1) || strlen(colon + 1) >= sizeof(f.name))
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': " ALLOWED, named);
    cleanup_free char *place = text_printf("%.*s", (int)(colon - named), named);
    size_t len = strlen(place);
    text_format(f.name, sizeof(f.name), "%s", colon + 1);
    if (text_ends_with(place, ".py")) {
        TRY(find_file(place, &f, e));
    } else {
        if (!is_dotted(place) || len >= sizeof(f.module))
            return err_set(e, ERR_USAGE, -EINVAL, "'%s': " ALLOWED, named);
        text_format(f.module, sizeof(f.module), "%s", place);
        if (!getcwd(f.root, sizeof(f.root)))
            return err_sys(e, ERR_USAGE, "the working folder");
    }
    *ret = f;
    return 0;
}

int function_check_arguments(const struct config_words *arg, struct err *e)
{
    for (size_t i = 0; i < arg->count; i++) {
        const char *word = arg->word[i];
        size_t len = strcspn(word, "=");
        cleanup_free char *name = text_printf("%.*s", (int)len, word);
        if (!word[len] || !is_dotted(name) || strchr(name, '.'))
            return err_set(e, ERR_USAGE, -EINVAL, "--arg '%s': what is allowed is NAME=VALUE, as size=1000", word);
        if (strlen(word) > FUNCTION_ARG_MAX)
            return err_set(e, ERR_USAGE, -E2BIG, "--arg '%.40s...': what is allowed are %d bytes", word,
                           FUNCTION_ARG_MAX);
        for (size_t k = 0; k < i; k++)
            if (strncmp(arg->word[k], word, len + 1) == 0)
                return err_set(e, ERR_USAGE, -EEXIST, "--arg '%s': %s is given twice", word, name);
    }
    return arg->count <= WORDS_MAX ? 0
                                   : err_set(e, ERR_USAGE, -E2BIG, "--arg: what is allowed are %d of them", WORDS_MAX);
}

/* --- a look at it ------------------------------------------------------------------------------------------------- */

/* Adds "FOLDER/mypkg.work:encode". */
static void add_place(const char *folder, const struct function *f, struct text *out)
{
    text_add(out, "%s/%s:%s", strcmp(folder, "/") == 0 ? "" : folder, f->module, f->name);
}

/* Parses what the interpreter printed; look() in tare_function.py describes it. end: how the interpreter ended. */
static int take_answer(const struct function *f, const char *answer, const char *end, struct function_look *ret,
                       struct err *e)
{
    const char *line = strchr(answer, '\n') ? strchr(answer, '\n') + 1 : "";
    unsigned long long call_ns = 0, bytes = 0;
    int used = 0;
    if (strncmp(answer, "refused\n", 8) == 0)
        return err_set(e, ERR_USAGE, -EINVAL, "%.*s", (int)strcspn(line, "\n"), line);
    if (strncmp(answer, "failed\n", 7) == 0) {
        size_t len = strcspn(line, "\n");
        text_add(&ret->trace, "%s", line + len + (line[len] == '\n'));
        return err_set(e, ERR_WORKLOAD, -ECANCELED, "'%s' of '%s' failed before it was weighed: %.*s", f->name,
                       f->module, (int)len, line);
    }
    size_t len = strlen(answer);
    bool whole = len > 6 && strcmp(answer + len - 7, "\nend .\n") == 0;
    if (!whole || sscanf(answer, "call_ns %llu\nresult_bytes %llu\n%n", &call_ns, &bytes, &used) != 2 || used == 0)
        return err_set(e, ERR_WORKLOAD, -ECHILD, "'%s' of '%s' ended its interpreter: %s", f->name, f->module, end);
    ret->call_s = (double)call_ns / 1e9;
    ret->result_bytes = bytes;
    for (const char *at = answer + used; strncmp(at, "file ", 5) == 0; at += strcspn(at, "\n") + 1)
        text_add(&ret->files, "%.*s\n", (int)strcspn(at + 5, "\n"), at + 5);
    return 0;
}

static int confine(const struct function *f, const struct cell *cell, const struct runtime *runtime, const char *lib,
                   struct confine **ret, struct err *e)
{
    const char *const needed[] = {runtime->path, lib, f->root, f->file};
    const struct confine_request request = workload_confinement(cell, needed, *f->file ? 4 : 3);
    return cell->confinement == CONFINEMENT_OFF ? 0 : confine_prepare(&request, ret, e);
}

int function_look(const struct function *f, const struct cell *cell, const struct runtime *runtime,
                  const struct function_place *in, struct function_look *ret, struct err *e)
{
    char lib[PATH_MAX], program[PATH_MAX];
    const char *argv[9 + CONFIG_WORDS_MAX] = {runtime->path, "-P", "-s", "-B", program, "--look"};
    size_t n = 6;
    cleanup_text struct text place = {0}, answer = {0};
    cleanup_confine struct confine *confinement = NULL;
    TRY(runtime_find_workload(".", lib, sizeof(lib), e));
    TRY(runtime_find_workload(PROGRAM, program, sizeof(program), e));
    add_place(f->root, f, &place);
    argv[n++] = place.data;
    argv[n++] = f->returned ? "returned" : "discarded";
    for (size_t i = 0; i < f->arg->count; i++)
        argv[n++] = f->arg->word[i];
    TRY(confine(f, cell, runtime, lib, &confinement, e));
    struct workload_words environment = workload_command_environment(cell);
    const struct spawn_spec spec = {.path = runtime->path,
                                    .argv = (char *const *)argv,
                                    .envp = environment.word,
                                    .cgroup_fd = in->cgroup_fd,
                                    .affinity = in->cpus,
                                    .cwd = "/",
                                    .confine = confinement};
    const int limit_ms = cell->timeout_ms > 0 ? (int)cell->timeout_ms : LOOK_MS;
    struct err end = {.text = "exit status 0"};
    int failed = spawn_capture_confined(&spec, limit_ms, in->signal_fd, &answer, &end);
    workload_words_free(&environment);
    if (failed == -ETIMEDOUT)
        return err_set(e, ERR_WORKLOAD, -ECHILD, "'%s' of '%s' did not return within %g s (--timeout SECONDS)", f->name,
                       f->module, limit_ms / 1000.0);
    if (failed != 0 && failed != -ECHILD) {
        *e = end;
        return failed;
    }
    return take_answer(f, answer.data ? answer.data : "", end.text, ret, e);
}

void function_look_free(struct function_look *l)
{
    text_free(&l->files);
    text_free(&l->trace);
}

/* --- its scenario ------------------------------------------------------------------------------------------------- */

/* Adds a scenario's name, which may contain a-z, 0-9, - and _. */
static void add_name(const char *name, struct text *out)
{
    for (size_t i = 0; i < SCENARIO_WORD_MAX - 1 && name[i]; i++) {
        char c = (char)tolower((unsigned char)name[i]);
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (i > 0 && c == '_');
        text_add(out, "%c", plain ? c : i == 0 ? 'f' : '-');
    }
}

/* Whether this argument, NAME=VALUE, is the one that the workers share, so that it becomes a knob. */
static bool is_shared(const char *word, const char *strong)
{
    const size_t len = strong ? strlen(strong) : 0;
    return len > 0 && strncmp(word, strong, len) == 0 && word[len] == '=';
}

static void add_shared_knobs(const struct function *f, const char *strong, struct text *out)
{
    for (size_t i = 0; i < f->arg->count; i++) {
        if (!is_shared(f->arg->word[i], strong))
            continue;
        text_add(out, "  - {name: ");
        for (const char *at = strong; *at; at++)
            text_add(out, "%c", *at == '_' ? '-' : *at);
        text_add(out, ", type: integer, min: 1, max: 1000000000, default: ");
        yaml_add_quoted(f->arg->word[i] + strlen(strong) + 1, out);
        text_add(out, ",\n     help: an argument of the function}\n");
    }
}

static void add_command(const struct function *f, const char *strong, struct text *out)
{
    cleanup_text struct text place = {0};
    text_add(out, "commands:\n  python: [\"{python}\", -P, -s, -B, \"{lib}/" PROGRAM "\", ");
    add_place("{dir}", f, &place);
    yaml_add_quoted(place.data, out);
    for (size_t i = 0; i < f->arg->count; i++) {
        if (is_shared(f->arg->word[i], strong))
            continue;
        text_add(out, ", ");
        yaml_add_quoted(f->arg->word[i], out);
    }
    text_add(out, "]\n");
}

static void add_scenario(const struct function *f, unsigned modes, const struct bench_options *o, struct text *out)
{
    cleanup_text struct text name = {0}, summary = {0}, words = {0};
    add_name(f->name, &name);
    text_add(&summary, "%.100s of %.100s", f->name, f->module);
    for (unsigned m = 0; mode_names[m]; m++)
        if (modes >> m & 1)
            text_add(&words, "%s%s", words.len ? ", " : "", mode_names[m]);
    text_add(out, "schema: tare.scenario/1\nname: %s\nsummary: ", name.data);
    yaml_add_quoted(summary.data, out);
    text_add(out,
             "\nmodes: [%s]\n"
             "profiles:\n"
             "  overhead: {iterations: 20, warmup: 1, workers: 2}\n"
             "  memory: {iterations: 20, warmup: 1, workers: 2, mem-sample: true}\n"
             "  growth: {iterations: 2560, warmup: 64, workers: 2, mem-sample: true, mem-interval-ms: 200}\n"
             "knobs:\n"
             "  - {name: lifecycle, type: choice, choices: [fresh, pool], default: %s,\n"
             "     help: \"whether an iteration starts its workers, or they are there already\"}\n"
             "  - {name: results, type: choice, choices: [returned, discarded], default: %s,\n"
             "     help: what becomes of what the calls return}\n"
             "  - {name: calls, type: integer, min: 0, max: 1000000000, default: %lld, empty: 0,\n"
             "     help: calls of each worker in an iteration}\n",
             words.data, o->pool ? "pool" : "fresh", f->returned ? "returned" : "discarded", (long long)o->calls);
    add_shared_knobs(f, o->strong, out);
    text_add(out, "figures:\n"
                  "  - {name: calls_per_s, unit: 1/s, title: calls in a second, kind: rate, better: more,\n"
                  "     help: calls of all workers in a second of the measured iterations}\n");
    add_command(f, o->strong, out);
}

int function_write(const struct function *f, const struct function_look *look, unsigned modes,
                   const struct bench_options *o, int dirfd, struct err *e)
{
    cleanup_text struct text yaml = {0};
    cleanup_carried struct carried_files files = {0};
    TRY(carried_list_named(f->root, look->files.data ? look->files.data : "", &files, e));
    TRY(carried_copy(&files, f->root, dirfd, ".", e));
    add_scenario(f, modes, o, &yaml);
    return file_create_at(dirfd, "scenario.yml", yaml.data, yaml.len, e);
}

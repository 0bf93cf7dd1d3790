/* bisect: the first of a list of interpreters, builds or commands of which a claim holds. The list's state is the
 * records: a step's folder is a plan's (matrix.h), and what was decided follows from what is in it, so that the same
 * command goes on wherever it was ended. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/bisect.h"
#include "analysis/cells.h"
#include "analysis/compare.h"
#include "analysis/number.h"
#include "analysis/words.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/command.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/figure.h"
#include "base/file.h"
#include "base/percent.h"
#include "base/source.h"
#include "base/terminal.h"
#include "base/text.h"
#include "base/yaml.h"
#include "cell/config.h"
#include "cell/runtime.h"
#include "cell/scenario.h"
#include "launch/spawn.h"
#include "plan/matrix.h"
#include "plan/plan.h"
#include "plan/plans.h"
#include "plan/trust.h"

#define LOCK        "bisect.lock"
#define LIST_MAX    4096
#define PATH_LENGTH (PATH_MAX - 1024) /* of the bisection's folder, so that every name in it fits */
#define LABEL_MAX   24                /* columns of a line */
#define CLAIM       "slower:5%"
#define ERROR_SHARE 0.05
#define GIT_MS      (10 * 60 * 1000)
#define BUILD_MS    (12 * 60 * 60 * 1000)

struct subject {
    char *name;     /* as it was given: an interpreter, a commit, a command; owned */
    char *label;    /* what tells it from the others; owned */
    char *identity; /* of the list's lock: what it is, by its bytes; owned */
};

/* What a step's records said at a look. */
struct look {
    struct bisect_finding finding;
    char *cell, *figure; /* of the deciding row; owned */
    size_t runs;         /* invocations of all of the step's cells, until then */
};

struct bisection {
    struct config *c;
    struct compare_condition claim;
    struct bisect_design design;
    double error;
    struct subject *list;
    size_t count;
    const char *plan;      /* NULL: commands */
    char out[PATH_LENGTH]; /* the folder */
    size_t there;          /* how much of its path was there before */
    bool bound;            /* this run wrote its lock */
    char **step;           /* the two sides of the step that is on, as the plan has them */
    int64_t invocations;   /* of the look that is on */
    struct look look, bad; /* bad: of the step that found the first bad one so far */
    size_t steps, runs;
};

static void look_free(struct look *l)
{
    free(l->cell);
    free(l->figure);
    *l = (struct look){0};
}

static void end(struct bisection *b)
{
    for (size_t i = 0; i < b->count; i++) {
        free(b->list[i].name);
        free(b->list[i].label);
        free(b->list[i].identity);
    }
    free(b->list);
    look_free(&b->look);
    look_free(&b->bad);
}

static void add_subject(struct bisection *b, char *name)
{
    b->list = xgrow(b->list, b->count, sizeof(*b->list));
    b->list[b->count++] = (struct subject){.name = name};
}

/* --- what was asked for ------------------------------------------------------------------------------------------- */

static int take_claim(struct bisection *b, struct err *e)
{
    const struct bisect_options *o = &b->c->bisect;
    b->error = ERROR_SHARE;
    if (!bisect_claim_parse(o->claim, &b->claim))
        return err_set(e, ERR_USAGE, -EINVAL,
                       "--claim '%s': what is allowed is slower:SHARE, faster:SHARE or memory:SHARE, a share as 5%% or "
                       "0.05, or growth:SIZE, a size as 64K for 1,000 iterations",
                       o->claim);
    TRY(percent_option("error", o->error, 0.0001, 0.5, &b->error, e));
    if (o->most < o->first)
        return err_set(e, ERR_USAGE, -EINVAL,
                       "--max-invocations '%lld': there are %lld at the first look (--invocations)", (long long)o->most,
                       (long long)o->first);
    return 0;
}

/* A path is of the working folder, wherever the bisection is gone on with; a link stays one, for a venv is one. */
static int take_interpreter(struct bisection *b, const char *named, struct err *e)
{
    cleanup_free char *here = *named != '/' && strchr(named, '/') ? getcwd(NULL, 0) : NULL;
    if (!*named || strcmp(named, "native") == 0)
        return err_set(e, ERR_USAGE, -EINVAL,
                       "'%s' is no interpreter ('tare run --runtime list' lists those that are here)", named);
    add_subject(b, text_printf("%s%s%s", here ? here : "", here ? "/" : "", named));
    return 0;
}

static int take_list(struct bisection *b, struct err *e)
{
    const struct bisect_options *o = &b->c->bisect;
    char *const *names = b->c->names;
    size_t given = 0;
    while (names && names[given])
        given++;
    if (o->command.count && given)
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': with --command there is no plan and no interpreter", names[0]);
    for (size_t i = 0; i < o->command.count; i++)
        add_subject(b, xstrdup(o->command.word[i]));
    if (o->command.count == 1)
        return err_set(e, ERR_USAGE, -EINVAL, "--command '%s': a list has two at least", o->command.word[0]);
    if (o->command.count)
        return 0;
    if (given < 3 || (o->git && given != 3) || given > LIST_MAX)
        return err_set(e, ERR_USAGE, -EINVAL, "it takes %s ('tare bisect --help')",
                       o->git ? "two commits and a plan: GOOD BAD -- PLAN"
                              : "a list and a plan: GOOD [NEXT]... BAD -- PLAN");
    b->plan = names[given - 1];
    for (size_t i = 0; !o->git && i + 1 < given; i++)
        TRY(take_interpreter(b, names[i], e));
    return 0;
}

static int check_builds(const struct bisection *b, struct err *e)
{
    const struct bisect_options *o = &b->c->bisect;
    if (!o->git && (o->build || o->built))
        return err_set(e, ERR_USAGE, -EINVAL, "--%s: there is nothing to build without --git",
                       o->build ? "build" : "built");
    if (o->git && !o->build)
        return err_set(e, ERR_USAGE, -EINVAL, "--git '%s': how is a commit built? (--build COMMAND)", o->git);
    if (o->built && (*o->built == '/' || strstr(o->built, "..")))
        return err_set(e, ERR_USAGE, -EINVAL, "--built '%s': what is allowed is a path inside of the clone", o->built);
    return 0;
}

/* --- commits ------------------------------------------------------------------------------------------------------ */

/* What git says, without its last newline. */
static int ask_git(const struct bisection *b, struct text *ret, const char *const *words, struct err *e)
{
    char *argv[12] = {(char *)"git", (char *)"-C", (char *)b->c->bisect.git};
    cleanup_text struct text line = {0};
    for (size_t i = 0; words[i] && i + 4 < ARRAY_LEN(argv); i++) {
        argv[3 + i] = (char *)words[i];
        text_add(&line, " %s", words[i]);
    }
    int failed = spawn_capture(argv, GIT_MS, ret);
    if (failed != 0)
        return err_set(e, ERR_USAGE, -EINVAL, "--git '%s': git%s: %s", b->c->bisect.git, line.data,
                       failed == -ECHILD      ? "it says no"
                       : failed == -ETIMEDOUT ? "it did not answer in time"
                                              : strerror(-failed));
    while (ret->len && ret->data[ret->len - 1] == '\n')
        ret->data[--ret->len] = '\0';
    return 0;
}

static int find_commit(const struct bisection *b, const char *named, struct text *ret, struct err *e)
{
    cleanup_free char *commit = text_printf("%s^{commit}", named);
    const char *const words[] = {"rev-parse", "--verify", "--end-of-options", commit, NULL};
    return ask_git(b, ret, words, e);
}

/* GOOD has to be what the first of the commits was made on: of a side branch the line begins with what never had it. */
static int check_line(const struct bisection *b, const char *good, const char *commits, struct err *e)
{
    cleanup_text struct text parent = {0};
    cleanup_free char *first = text_printf("%.*s^1", (int)strcspn(commits, "\n"), commits);
    const char *const words[] = {"rev-parse", "--verify", "--quiet", "--end-of-options", first, NULL};
    if (ask_git(b, &parent, words, NULL) == 0 && strcmp(parent.data, good) == 0)
        return 0;
    return err_set(
        e, ERR_USAGE, -EINVAL,
        "--git '%s': %s is not on the first-parent line of %s; what is allowed is a commit of that line ('git "
        "log --first-parent %s')",
        b->c->bisect.git, b->c->names[0], b->c->names[1], b->c->names[1]);
}

static int list_commits(struct bisection *b, struct err *e)
{
    cleanup_text struct text good = {0}, bad = {0}, all = {0}, ignored = {0};
    TRY(find_commit(b, b->c->names[0], &good, e));
    TRY(find_commit(b, b->c->names[1], &bad, e));
    cleanup_free char *range = text_printf("%s..%s", good.data, bad.data);
    const char *const below[] = {"merge-base", "--is-ancestor", good.data, bad.data, NULL};
    const char *const list[] = {"rev-list", "--reverse", "--first-parent", range, NULL};
    TRY(ask_git(b, &ignored, below, e));
    TRY(ask_git(b, &all, list, e));
    TRY(all.len ? check_line(b, good.data, all.data, e) : 0);
    add_subject(b, xstrdup(good.data));
    for (char *rest = all.data, *line; b->count <= LIST_MAX && (line = text_line(&rest));)
        add_subject(b, xstrdup(line));
    if (b->count < 2 || b->count > LIST_MAX)
        return err_set(e, ERR_USAGE, -EINVAL, "--git '%s': %s..%s are %s commits", b->c->bisect.git, b->c->names[0],
                       b->c->names[1], b->count < 2 ? "no" : "too many");
    return 0;
}

/* --- what each is ------------------------------------------------------------------------------------------------- */

/* Its bytes, what it says of itself, for a wrapper's bytes tell little, and the packages that it finds. */
static char *identity_of(const struct runtime *r)
{
    char sha256[65];
    cleanup_text struct text packages = {0};
    for (size_t i = 0; i < r->packages.count; i++) {
        const struct distribution *d = &r->packages.list[i];
        text_add(&packages, "%s %s %s\n", d->name, d->version, d->record_sha256);
    }
    text_add(&packages, "%zu %zu %s\n", r->packages.omitted, r->packages.refused, r->packages.why_not);
    digest_bytes(packages.data, packages.len, sha256);
    cleanup_free char *banner = text_printable(r->banner);
    return text_printf("%s %s, %s, packages %s", r->path, r->sha256, banner, sha256);
}

/* An interpreter is asked what it is, a wrapper too, before anything is run. */
static int probe(const struct bisection *b, struct subject *s, struct err *e)
{
    struct cell cell = b->c->cell;
    struct runtime runtime = {0};
    cell.runtime = s->name;
    TRY(cell_complete(&cell, e));
    int failed = runtime_find(&cell, &runtime, e);
    if (failed == 0)
        s->identity = identity_of(&runtime);
    runtime_free(&runtime);
    return failed;
}

/* What paths have in common at both ends tells nothing. */
static void cut_common(const struct bisection *b, size_t *head, size_t *tail)
{
    const char *first = b->list[0].name;
    size_t from = 0, behind = 0, len = strlen(first);
    bool same = true;
    for (size_t at = 0; same && first[at]; at++) {
        for (size_t i = 1; i < b->count; i++)
            same &= strncmp(first, b->list[i].name, at + 1) == 0;
        from = same && first[at] == '/' ? at + 1 : from;
    }
    same = true;
    for (size_t n = 1; same && n <= len; n++) {
        for (size_t i = 1; i < b->count; i++)
            same &= strlen(b->list[i].name) >= n + from && len >= n + from &&
                    strcmp(first + len - n, b->list[i].name + strlen(b->list[i].name) - n) == 0;
        behind = same && first[len - n] == '/' ? n : behind;
    }
    *head = from;
    *tail = behind;
}

static void label_all(struct bisection *b)
{
    size_t head = 0, tail = 0;
    if (!b->c->bisect.git && b->plan)
        cut_common(b, &head, &tail);
    for (size_t i = 0; i < b->count; i++) {
        const char *name = b->list[i].name;
        size_t len = b->c->bisect.git ? 12 : strlen(name) - head - tail;
        cleanup_free char *cut = text_printf("%.*s", (int)len, name + head);
        b->list[i].label = text_printable(cut);
    }
}

/* Of an interpreter that comes again nothing can be found. */
static int refuse_twice(const struct bisection *b, size_t at, struct err *e)
{
    for (size_t i = 0; i < at; i++)
        if (strcmp(b->list[i].identity, b->list[at].identity) == 0)
            return err_set(e, ERR_USAGE, -EEXIST, "'%s' is the same interpreter as '%s': a list has each once",
                           b->list[at].name, b->list[i].name);
    return 0;
}

static int know_all(struct bisection *b, struct err *e)
{
    for (size_t i = 0; i < b->count; i++) {
        if (b->plan && !b->c->bisect.git) {
            TRY(probe(b, &b->list[i], e));
            TRY(refuse_twice(b, i, e));
        } else {
            b->list[i].identity = xstrdup(b->list[i].name);
        }
    }
    label_all(b);
    return 0;
}

/* --- its folder --------------------------------------------------------------------------------------------------- */

static int find_out(struct bisection *b, struct err *e)
{
    const char *plan = b->plan ? b->plan : "commands", *slash = strrchr(plan, '/');
    const char *name = slash ? slash + 1 : plan, *given = b->c->output.dir;
    cleanup_free char *own = text_printf("out/bisect-%.*s", (int)strcspn(name, "."), name);
    cleanup_free char *here = !given || *given != '/' ? getcwd(NULL, 0) : NULL;
    return text_fits(b->out, sizeof(b->out), "%s%s%s", here ? here : "", here ? "/" : "", given ? given : own)
               ? 0
               : err_set(e, ERR_USAGE, -ENAMETOOLONG, "--out: the name is too long");
}

/* All that decides what the records mean; another of it is another bisection. */
static void add_lock(const struct bisection *b, struct text *out)
{
    const struct bisect_options *o = &b->c->bisect;
    text_add(out, "# What this folder's steps are of. Written by tare.\n");
    text_add(out, "plan = %s\nclaim = %s\nfigure = %s\nerror = %.17g\n", b->plan ? b->plan : "", o->claim,
             o->figure ? o->figure : "", b->error);
    text_add(out, "invocations = %lld\nmax-invocations = %lld\n", (long long)o->first, (long long)o->most);
    if (o->git)
        text_add(out, "build = %s\nbuilt = %s\n", o->build, o->built ? o->built : "python");
    for (size_t i = 0; i < b->c->given.count; i++)
        text_add(out, "option = %s %s\n", b->c->given.option[i].name, b->c->given.option[i].value);
    for (size_t i = 0; i < b->count; i++)
        text_add(out, "of = %s\n", b->list[i].identity);
}

/* The first line in which two texts differ, as the first has it. The caller frees it. */
static char *first_other(const char *a, const char *b)
{
    while (*a && *b) {
        size_t n = strcspn(a, "\n"), m = strcspn(b, "\n");
        if (n != m || strncmp(a, b, n) != 0)
            break;
        a += n + (a[n] == '\n');
        b += m + (b[m] == '\n');
    }
    cleanup_free char *line = text_printf("%.*s", (int)strcspn(a, "\n"), a);
    return text_printable(line);
}

/* A folder that others could write to would be theirs to decide in. */
static int check_own(const char *path, struct err *e)
{
    struct stat st;
    char why[80] = "";
    if (lstat(path, &st) != 0)
        return err_sys(e, ERR_USAGE, "'%s'", path);
    return trust_is_own(&st, why, sizeof(why))
               ? 0
               : err_set(e, ERR_USAGE, -EPERM, "'%s' is not one's own folder (%s): take another --out", path, why);
}

static int bind(struct bisection *b, struct err *e)
{
    cleanup_text struct text wanted = {0}, has = {0};
    cleanup_free char *path = text_printf("%s/" LOCK, b->out);
    add_lock(b, &wanted);
    b->there = file_part_there(b->out);
    TRY(err_code(e, ERR_USAGE, file_make_dirs(b->out), "--out '%s'", b->out));
    TRY(check_own(b->out, e));
    int failed = source_read(AT_FDCWD, path, false, 8 << 20, &has, NULL);
    b->bound = failed == -ENOENT;
    if (b->bound)
        return file_replace(path, wanted.data, wanted.len, e);
    if (failed != 0)
        return err_set(e, ERR_USAGE, failed, "'%s': %s", path, source_fault(failed));
    TRY(check_own(path, e));
    if (has.len == wanted.len && memcmp(has.data, wanted.data, has.len) == 0)
        return 0;
    cleanup_free char *theirs = first_other(has.data ? has.data : "", wanted.data);
    cleanup_free char *ours = first_other(wanted.data, has.data ? has.data : "");
    return err_set(e, ERR_USAGE, -EEXIST,
                   "'%s' holds another bisection: '%.200s' where this one has '%.200s' (take another --out)", b->out,
                   theirs, ours);
}

/* Removes the lock that this run wrote, and the folder, where nothing else lies in it. */
static void unbind(const struct bisection *b)
{
    cleanup_free char *path = text_printf("%s/" LOCK, b->out);
    cleanup_dir DIR *dir = opendir(b->out);
    bool alone = b->bound && dir;
    for (const struct dirent *d; alone && (d = readdir(dir));)
        alone = strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0 || strcmp(d->d_name, LOCK) == 0;
    if (!alone)
        return;
    (void)unlink(path);
    file_take_back(b->out, b->there);
}

/* --- a build ------------------------------------------------------------------------------------------------------ */

/* A clone is built once: the file NAME.built is there when it is. */
static int build(const struct bisection *b, const struct subject *s, char **ret, struct err *e)
{
    static const char LINE[] =
        "exec >\"$1\" 2>&1 && git clone --quiet --shared --no-checkout -- \"$2\" \"$3\" && cd \"$3\" && "
        "git checkout --quiet --detach \"$4\" && eval \"$5\"";
    /* also where a folder in a work tree was named, or the folder of a bare one (git-rev-parse(1)) */
    static const char *const REPOSITORY[] = {"rev-parse", "--path-format=absolute", "--git-common-dir", NULL};
    const struct bisect_options *o = &b->c->bisect;
    cleanup_free char *folder = text_printf("%s/builds", b->out), *at = text_printf("%s/%.12s", folder, s->name);
    cleanup_free char *log = text_printf("%s.log", at), *built = text_printf("%s.built", at);
    cleanup_text struct text source = {0}, ignored = {0};
    *ret = text_printf("%s/%s", at, o->built ? o->built : "python");
    if (access(built, F_OK) == 0)
        return 0;
    int failed = file_make_dirs(folder);
    if (failed == 0)
        failed = file_remove_tree(AT_FDCWD, at); /* what a killed build left */
    TRY(err_code(e, ERR_USAGE, failed, "'%s'", at));
    TRY(ask_git(b, &source, REPOSITORY, e));
    char *argv[] = {(char *)"/bin/sh", (char *)"-c", (char *)LINE, (char *)"sh",     log,
                    source.data,       at,           s->name,      (char *)o->build, NULL};
    terminal_say("bisect: building %.12s", s->name);
    if (spawn_capture(argv, BUILD_MS, &ignored) != 0)
        return err_set(e, ERR_WORKLOAD, -ECANCELED, "the build of %.12s failed: %s tells why", s->name, log);
    if (access(*ret, X_OK) != 0)
        return err_set(e, ERR_WORKLOAD, -ENOENT, "the build of %.12s left no interpreter '%s' (--built)", s->name,
                       *ret);
    return file_replace(built, "", 0, e);
}

/* --- a step ------------------------------------------------------------------------------------------------------- */

/* Commands are a plan of their own, of two cells. */
static int write_plan(const struct bisection *b, size_t at, const char *path, struct err *e)
{
    cleanup_text struct text plan = {0};
    const size_t side[] = {0, at};
    text_add(&plan, "schema: " PLAN_SCHEMA "\nname: bisect\ncells:\n");
    for (size_t i = 0; i < ARRAY_LEN(side); i++) {
        text_add(&plan, "  - id: command-%zu\n    command: [/bin/sh, -c, ", i + 1);
        yaml_add_quoted(b->list[side[i]].name, &plan);
        text_add(&plan, "]\n");
    }
    return file_replace(path, plan.data, plan.len, e);
}

/* A side's invocations of one cell of the plan, in the blocks of this look; the caller frees the list. */
static struct cell_group gather(const struct records *r, int64_t blocks, const char *cell)
{
    struct cell_group side = {.invocation = xcalloc(r->count + 1, sizeof(const struct invocation *))};
    for (size_t i = 0; i < r->count; i++) {
        const struct invocation *one = &r->list[i];
        if (strcmp(one->plan_cell, cell) != 0 || one->block > (uint64_t)blocks)
            continue;
        side.cell = one->cell;
        side.invocation[side.count++] = one;
    }
    return side;
}

static int refuse_figure(const struct bisection *b, struct err *e)
{
    const char *claim = b->c->bisect.claim, *figure = b->c->bisect.figure;
    if (figure)
        return err_set(e, ERR_USAGE, -EINVAL,
                       "--figure '%s': none of the plan's cells has a figure of this name of which '%s' could be said",
                       figure, claim);
    return err_set(
        e, ERR_USAGE, -EINVAL,
        "--claim '%s': none of the plan's cells is run for a figure of which it could be said (profile memory or "
        "growth, or --figure NAME)",
        claim);
}

/* Whether a cell of the plan is run for what is claimed of (compare_own_figure). What a time or a rate is claimed of
 * shows in the records alone. */
static bool has_profile_of(const struct plan *plan, enum compare_condition_kind kind)
{
    if (kind != CONDITION_MEMORY && kind != CONDITION_GROWTH)
        return true;
    for (size_t i = 0; i < plan->cells; i++)
        if (plan->cell[i].cell.profile == (kind == CONDITION_MEMORY ? PROFILE_MEMORY : PROFILE_GROWTH))
            return true;
    return false;
}

/* matrix_shows: a name that neither tare nor a scenario of the plan knows is none of a time, a rate or a memory. */
static int check_figure(const struct plan *plan, void *to, struct err *e)
{
    const struct bisection *b = to;
    const char *figure = b->c->bisect.figure;
    const struct figure_about about = figure_about(figure ? figure : "");
    if (!figure)
        return has_profile_of(plan, b->claim.kind) ? 0 : refuse_figure(b, e);
    if (compare_concerns(&b->claim, &about))
        return 0;
    for (size_t i = 0; i < plan->cells; i++) {
        const struct scenario *s = plan->cell[i].cell.scenario;
        for (size_t k = 0; s && k < s->figures; k++)
            if (strcmp(s->figure[k].name, figure) == 0)
                return 0;
    }
    return refuse_figure(b, e);
}

/* Only of what runs on emulated CPUs: its times are none. */
static bool is_no_time(const struct cell_group *side, const struct figure_about *about)
{
    bool emulated = false;
    for (size_t i = 0; i < side->count; i++)
        emulated |= side->invocation[i]->kind == RECORD_EMULATED;
    return emulated && about->kind != FIGURE_MEMORY;
}

/* What the two sides of a look are, row by row. */
struct rows {
    struct bisect_row *row;
    const char **cell; /* the first side's, in the plan; the records' */
    size_t count;
};

static int add_row(const struct bisection *b, const struct records *r, const char *cell,
                   const struct cell_group side[2], struct rows *rows, struct err *e)
{
    const struct cell_pair pair = {&side[0], &side[1]};
    const char *figure = b->c->bisect.figure ? b->c->bisect.figure : compare_own_figure(r, r, &pair);
    const struct figure_about about = compare_about(r, r, figure);
    if (side[0].count == 0 || side[1].count == 0 || !compare_concerns(&b->claim, &about))
        return 0;
    if (is_no_time(&side[0], &about) || is_no_time(&side[1], &about))
        return err_set(e, ERR_HOST, -ENOTSUP, "the CPUs here are emulated: %s is no measure", figure);
    cleanup_values struct cell_values a = cells_values(r, pair.a, figure), c = cells_values(r, pair.b, figure);
    rows->cell[rows->count] = cell;
    rows->row[rows->count++] = (struct bisect_row){cells_effect(&a, &c, &about, true, b->claim.share, NULL), about};
    return 0;
}

/* The names of a cell's two sides begin alike; ends: what each puts behind the cell's own. */
static int add_rows(const struct bisection *b, const struct records *r, const struct text *const ends[2],
                    struct rows *rows, struct err *e)
{
    for (size_t i = 0; i < r->count; i++) {
        const char *cell = r->list[i].plan_cell;
        if (r->list[i].block != 1 || !text_ends_with(cell, ends[0]->data))
            continue;
        cleanup_free char *other = text_printf("%.*s%s", (int)(strlen(cell) - ends[0]->len), cell, ends[1]->data);
        const struct cell_group side[2] = {gather(r, b->invocations, cell), gather(r, b->invocations, other)};
        int failed = add_row(b, r, cell, side, rows, e);
        free(side[0].invocation);
        free(side[1].invocation);
        TRY(failed);
    }
    return rows->count ? 0 : refuse_figure(b, e);
}

/* matrix_shows: in place of the plan's table. */
static int judge(struct records *r, const char *folder, void *to, struct err *e)
{
    struct bisection *b = to;
    struct look *l = &b->look;
    cleanup_text struct text first = {0}, other = {0};
    (void)folder;
    if (b->plan) {
        const struct config_given sides = {
            .option = {{CONFIG_EACH_RUNTIME, b->step[0]}, {CONFIG_EACH_RUNTIME, b->step[1]}}, .count = 2};
        plan_add_each_runtime(&sides, 0, &first);
        plan_add_each_runtime(&sides, 1, &other);
    } else {
        text_add(&first, "-1");
        text_add(&other, "-2");
    }
    cleanup_free struct bisect_row *row = xcalloc(r->count + 1, sizeof(*row));
    cleanup_free const char **cell = xcalloc(r->count + 1, sizeof(*cell)); /* NOLINT(bugprone-sizeof-expression) */
    struct rows rows = {row, cell, 0};
    TRY(add_rows(b, r, (const struct text *const[]){&first, &other}, &rows, e));
    look_free(l);
    l->finding = bisect_judge(row, rows.count, &b->claim, &b->design);
    const size_t at = l->finding.row;
    l->cell = text_printf("%.*s", (int)(strlen(cell[at]) - first.len), cell[at]);
    l->figure = xstrdup(row[at].about.name);
    for (size_t i = 0; i < r->count; i++)
        l->runs += r->list[i].block <= (uint64_t)b->invocations;
    return 0;
}

/* The two sides as the plan takes them; the first is built too. */
static int prepare_sides(struct bisection *b, size_t at, char *side[2], struct err *e)
{
    const size_t of[] = {0, at};
    for (size_t i = 0; i < 2; i++) {
        if (!b->c->bisect.git)
            side[i] = xstrdup(b->list[of[i]].name);
        else
            TRY(build(b, &b->list[of[i]], &side[i], e));
    }
    return 0;
}

/* One look: as many invocations as it is to have are there when it returns 0, and b->look says what they say. */
static int look(struct bisection *b, const char *plan, const char *folder, struct err *e)
{
    const struct matrix_shows shows = {.fn = judge, .to = b, .is_part = true, .check = check_figure};
    struct config c = *b->c;
    c.positional = plan;
    c.output.dir = folder;
    c.campaign = (struct campaign_options){.seed = -1,
                                           .task = -1,
                                           .invocations = b->invocations,
                                           .max_invocations = b->invocations, /* of a plan that is until-precise */
                                           .trust = b->c->campaign.trust,
                                           .retry = b->c->campaign.retry};
    for (size_t i = 0; b->plan && i < 2; i++) {
        if (c.given.count == CONFIG_GIVEN_MAX)
            return err_set(e, ERR_USAGE, -E2BIG, "%d options of cells can be given", CONFIG_GIVEN_MAX - 2);
        c.given.option[c.given.count++] = (struct config_option){CONFIG_EACH_RUNTIME, b->step[i]};
    }
    return matrix_run(&c, &shows, e);
}

static int looks(struct bisection *b, size_t at, char *side[2], struct err *e)
{
    cleanup_free char *folder = text_printf("%s/%04zu", b->out, at + 1);
    cleanup_free char *plan = b->plan ? xstrdup(b->plan) : text_printf("%s.yml", folder);
    TRY(prepare_sides(b, at, side, e));
    if (!b->plan)
        TRY(write_plan(b, at, plan, e));
    b->step = side;
    int status = 0;
    for (size_t i = 0; i < b->design.looks && status == 0; i++) {
        b->invocations = b->design.at[i];
        status = look(b, plan, folder, e);
        if (b->look.finding.word != BISECT_CANNOT_TELL)
            break;
    }
    if (!b->plan && access(folder, F_OK) != 0)
        (void)unlink(plan); /* it was refused before anything was run */
    return status;
}

/* 0, or the exit code of an interrupted one, or an error. */
static int run_step(struct bisection *b, size_t at, struct err *e)
{
    char *side[2] = {NULL, NULL};
    int status = looks(b, at, side, e);
    free(side[0]);
    free(side[1]);
    b->step = NULL;
    return status < 0 ? err_wrap(e, "%zu of %zu, %s", at + 1, b->count, b->list[at].label) : status;
}

/* --- what it says ------------------------------------------------------------------------------------------------- */

/* Of slopes their difference. */
static void add_ratio(const struct bisection *b, const struct stats_interval *r, struct text *out)
{
    const struct number_spelled n = number_interval(r, 1);
    cleanup_text struct text of = {0}, interval = {0};
    if (r->why_not)
        text_add(out, "no interval (%s)", r->why_not);
    else if (b->claim.kind == CONDITION_GROWTH)
        words_difference(r, &of, &interval);
    if (of.len)
        text_add(out, "%s %s", of.data, interval.data);
    else if (!r->why_not)
        text_add(out, "%s [%s, %s]", n.at, n.low, n.high);
}

static void print_wrapped(const char *line)
{
    cleanup_text struct text out = {0};
    terminal_wrap_lines(line, terminal_width(STDOUT_FILENO), 2, &out);
    (void)fputs(out.data, stdout);
    (void)fflush(stdout);
}

static void print_head(const struct bisection *b)
{
    cleanup_text struct text out = {0};
    const struct bisect_design *d = &b->design;
    text_add(&out, "%zu %s, %s of the first: %s\n", b->count,
             b->c->bisect.git ? "commits"
             : b->plan        ? "interpreters"
                              : "commands",
             b->c->bisect.claim, b->list[0].label);
    text_add(&out,
             "%zu step%s at most, each of %lld to %lld invocations a side in %zu look%s; wrong in %g%% at most\n\n",
             d->steps, d->steps == 1 ? "" : "s", (long long)d->at[0], (long long)d->at[d->looks - 1], d->looks,
             d->looks == 1 ? "" : "s", d->error * 100);
    print_wrapped(out.data);
}

/* In LABEL_MAX columns: a character of UTF-8 is whole or not there. */
static char *fitted(const char *label)
{
    size_t bytes = 0;
    int columns = 0;
    for (; label[bytes] && columns < LABEL_MAX; columns++)
        do
            bytes++;
        while (((unsigned char)label[bytes] & 0xc0) == 0x80);
    return text_printf("%.*s%*s", (int)bytes, label, LABEL_MAX - columns, "");
}

static void print_step(const struct bisection *b, size_t at)
{
    static const char *const WORDS[] = {
        [BISECT_CANNOT_TELL] = "cannot tell", [BISECT_HOLDS] = "bad", [BISECT_DOES_NOT_HOLD] = "good"};
    cleanup_text struct text ratio = {0};
    add_ratio(b, &b->look.finding.ratio, &ratio);
    cleanup_free char *label = fitted(b->list[at].label);
    (void)printf("%3zu of %-3zu %s %-22s %5lld a side  %s\n", at + 1, b->count, label, ratio.data,
                 (long long)b->invocations, WORDS[b->look.finding.word]);
    (void)fflush(stdout);
}

static int cannot_tell(const struct bisection *b, const struct bisect_search *s, size_t at, struct err *e)
{
    const struct look *l = &b->look;
    cleanup_text struct text out = {0}, ratio = {0};
    add_ratio(b, &l->finding.ratio, &ratio);
    text_add(&out, "\n%zu runs: ", b->runs);
    if (s->bad == 0)
        text_add(&out, "nothing is known of the list.\n");
    else
        text_add(&out, "the first bad one is among %zu to %zu.\n", s->good + 2, s->bad + 1);
    print_wrapped(out.data);
    if (l->finding.runs)
        return err_set(
            e, ERR_HOST, -ENODATA,
            "cannot tell of %zu of %zu, %s: %s of %s is %s after %lld invocations a side (about %zu would do: "
            "--max-invocations, with another --out)",
            at + 1, b->count, b->list[at].label, l->figure, l->cell, ratio.data, (long long)b->invocations,
            number_enough(l->finding.runs));
    return err_set(e, ERR_HOST, -ENODATA, "cannot tell of %zu of %zu, %s: %s of %s: %s", at + 1, b->count,
                   b->list[at].label, l->figure, l->cell, ratio.data);
}

static int print_result(const struct bisection *b, const struct bisect_search *s)
{
    cleanup_text struct text out = {0};
    if (!bisect_is_found(s)) {
        text_add(&out, "\nNone is bad: %s does not hold of the last, %s. %zu runs.\n* the records: %s\n",
                 b->c->bisect.claim, b->list[b->count - 1].label, b->runs, b->out);
        print_wrapped(out.data);
        return ERR_SAID_NO;
    }
    const struct look *l = &b->bad;
    text_add(&out, "\nThe first bad one is %zu of %zu: %s\n%s of %s is ", s->bad + 1, b->count, b->list[s->bad].name,
             l->figure, l->cell);
    add_ratio(b, &l->finding.ratio, &out);
    text_add(&out, " %s, a %.4g%% interval. %zu runs.\n* the records: %s\n",
             b->claim.kind == CONDITION_GROWTH ? "from the first's, for 1,000 iterations" : "times the first's",
             l->finding.ratio.confidence * 100, b->runs, b->out);
    print_wrapped(out.data);
    return 0;
}

/* --- all of it ---------------------------------------------------------------------------------------------------- */

static int search(struct bisection *b, struct err *e)
{
    struct bisect_search s = {.count = b->count};
    print_head(b);
    for (size_t at = bisect_next(&s); at; at = bisect_next(&s)) {
        int status = run_step(b, at, e);
        if (status != 0)
            return status;
        const enum bisect_word word = b->look.finding.word;
        b->steps++;
        b->runs += b->look.runs;
        print_step(b, at);
        if (word == BISECT_CANNOT_TELL)
            return cannot_tell(b, &s, at, e);
        bisect_take(&s, word);
        if (word == BISECT_HOLDS) { /* the result is told by it */
            look_free(&b->bad);
            b->bad = b->look;
            b->look = (struct look){0};
        }
    }
    return print_result(b, &s);
}

/* The plan is looked for before anything is made: an error of it would come of a step otherwise. */
static int check_plan(struct bisection *b, struct err *e)
{
    char path[PATH_MAX];
    struct stat st;
    if (!b->plan)
        return 0;
    TRY(plans_find(b->plan, path, sizeof(path), e));
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
        return 0;
    return err_set(e, ERR_USAGE, -ENOENT, "'%s' is no plan; it is the last of the names", b->plan);
}

static int run(struct bisection *b, struct err *e)
{
    TRY(take_claim(b, e));
    TRY(take_list(b, e));
    TRY(check_builds(b, e));
    TRY(check_plan(b, e));
    if (b->c->bisect.git)
        TRY(list_commits(b, e));
    TRY(know_all(b, e));
    TRY(find_out(b, e));
    TRY(bind(b, e));
    b->design = bisect_design(b->error, b->count, b->c->bisect.first, b->c->bisect.most);
    return search(b, e);
}

int cmd_bisect(struct config *c, struct err *e)
{
    struct bisection b = {.c = c};
    if (!c->bisect.claim)
        c->bisect.claim = CLAIM;
    int status = run(&b, e);
    if (status < 0)
        unbind(&b);
    end(&b);
    return status;
}

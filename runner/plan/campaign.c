#include "plan/campaign.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analysis/analysis.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/source.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cell/config.h"
#include "plan/order.h"
#include "plan/plans.h"
#include "plan/trust.h"
#include "record/record.h"

#define PLAN_BYTES_MAX (1 << 20)

static int read_file(const char *path, struct text *ret, struct stat *st, struct err *e)
{
    int failed = source_read(AT_FDCWD, path, true, PLAN_BYTES_MAX, ret, st);
    if (failed == -ENOTSUP || failed == -EFBIG)
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': what is allowed is a file of at most 1 MiB", path);
    return err_code(e, ERR_USAGE, failed, "'%s'", path);
}

/* Reads the scenarios that a bundle carries beside its plan. */
static int read_bundled(struct campaign *c, bool trusted, struct err *e)
{
    char dir[PATH_MAX];
    const char *slash = strrchr(c->file, '/');
    text_format(dir, sizeof(dir), "%.*s", slash ? (int)(slash - c->file) : 1, slash ? c->file : ".");
    TRY(folder_look(dir, &c->bundled, e));
    int failed = folder_read_lock(&c->bundled, &c->said, e);
    c->said.carried.alone = !trusted;
    return failed == -ENOENT ? err_set(e, ERR_USAGE, failed, "'%s': a bundle's plan has a plan.lock beside it", c->file)
                             : failed;
}

/* Looks at what a foreign plan demands of the host, before anything in it is resolved. */
static int judge(struct campaign *c, const struct text *bytes, const struct carried *carried,
                 const struct config_given *given, const char *why, bool trusted, struct err *e)
{
    char lock[PATH_MAX];
    cleanup_grants struct trust_grants grants = {0};
    const struct trust_plan plan = {.label = c->file, .bytes = bytes, .carried = carried};
    TRY(trust_of_plan(&plan, &grants, e));
    text_format(lock, sizeof(lock), "%s/plan.lock", c->folder.path);
    if (given)
        trust_of_options(lock, given, &grants);
    return trust_settle(&grants, "matrix", c->file, why, trusted, e);
}

static int read_named(struct campaign *c, const struct config *config, struct text *bytes, struct err *e)
{
    char why[80] = "";
    struct stat st;
    bool trusted = config->campaign.trust == 1;
    int failed = plans_find(config->positional, c->file, sizeof(c->file), e);
    const char *path = failed == 0 ? c->file : config->positional;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return err_set(e, ERR_USAGE, -ENOENT, "'%s' holds no plan (it has no plan.lock)", path);
    if (failed == 0)
        failed = read_file(c->file, bytes, &st, e);
    if (failed == -ENOENT)
        plans_remedy(c->file, e);
    c->bound =
        (struct folder_plan){.seed = config->campaign.seed, .noise = config->campaign.noise, .given = config->given};
    c->is_own = !plans_is_path(config->positional); /* a plan that came with tare is trusted as tare is */
    if (failed != 0 || c->is_own)
        return failed;
    bool bundled = trust_is_bundled(AT_FDCWD, c->file);
    bool own = c->is_own = trust_is_own(&st, why, sizeof(why)) && !bundled;
    c->is_foreign = c->said.carried.alone = !own && !trusted;
    if (bundled)
        failed = read_bundled(c, trusted, e);
    return failed != 0 || own ? failed
                              : judge(c, bytes, &c->said.carried, NULL, bundled ? "it is a bundle's" : why, trusted, e);
}

/* A folder is the user's own if the user owns it, its plan and its lock. The folder is held: whoever owns a folder
 * above it could put another in its place between the reading and this. */
static bool folder_is_own(const struct campaign *c, char *why, size_t cap)
{
    static const char *const NAMES[] = {"plan.lock", "plan.yml"};
    struct stat st;
    (void)snprintf(why, cap, "it cannot be read");
    if (fstat(c->folder.fd, &st) != 0 || !trust_is_own(&st, why, cap))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        if (fstatat(c->folder.fd, NAMES[i], &st, 0) != 0 || trust_is_own(&st, why, cap))
            continue;
        size_t len = strlen(why);
        (void)snprintf(why + len, cap - len, ": %s", NAMES[i]);
        return false;
    }
    if (!trust_is_bundled(c->folder.fd, "plan.yml"))
        return true;
    (void)snprintf(why, cap, "it is a bundle's");
    return false;
}

/* Reads the plan that the folder is bound to. */
static int read_bound(struct campaign *c, const struct config *config, struct text *bytes, struct err *e)
{
    const char *option = config->given.count          ? config->given.option[0].name
                         : config->output.dir         ? "out"
                         : config->campaign.noise     ? "aa"
                         : config->campaign.seed >= 0 ? "seed"
                                                      : NULL;
    if (option)
        return err_set(e, ERR_USAGE, -EINVAL, "--%s: the folder '%s' goes on with its own plan and options", option,
                       config->positional);
    char why[120] = "";
    bool trusted = config->campaign.trust == 1;
    TRY(folder_look(config->positional, &c->folder, e));
    TRY(folder_hold(&c->folder, e));
    TRY(folder_read(&c->folder, &c->bound, bytes, e));
    text_format(c->file, sizeof(c->file), "%s/plan.yml", c->folder.path);
    bool own = folder_is_own(c, why, sizeof(why));
    c->is_foreign = c->bound.carried.alone = !own && !trusted;
    return own ? 0 : judge(c, bytes, &c->bound.carried, &c->bound.given, why, trusted, e);
}

/* A plan that came with tare hides a folder of the same name, which is ./NAME. */
static bool names_folder(const char *name)
{
    char path[PATH_MAX];
    return folder_is_bound(name) && (strchr(name, '/') || plans_find(name, path, sizeof(path), NULL) != 0);
}

static int read_plan(struct campaign *c, const struct config *config, struct err *e)
{
    cleanup_text struct text bytes = {0};
    bool bound = names_folder(config->positional);
    if (!bound && config->campaign.task >= 0)
        return err_set(e, ERR_USAGE, -EINVAL, "--task goes with a plan's folder; '%s' is none", config->positional);
    TRY(bound ? read_bound(c, config, &bytes, e) : read_named(c, config, &bytes, e));
    const struct carried *carried = bound ? &c->bound.carried : c->is_own ? NULL : &c->said.carried;
    TRY(plan_parse(c->file, &bytes, &c->bound.given, carried, &c->plan, e));
    if (bound)
        return 0;
    c->bound.carried = c->plan.carried;
    /* Its records can be weighed, but not be carried to somebody else with what they were made of. */
    char *rest = c->plan.not_carried.data;
    for (char *line; rest && (line = text_line(&rest));)
        terminal_say("matrix: it is not copied beside the records, nor into a bundle of them: %s", line);
    return 0;
}

/* The command line overrides the plan. */
static int settle(struct campaign *c, const struct campaign_options *o, struct err *e)
{
    struct plan *p = &c->plan;
    if (o->invocations > 0)
        p->invocations = o->invocations;
    if (o->max_invocations > 0)
        p->max_invocations = o->max_invocations;
    if (o->until_precise && plan_parse_precision(o->until_precise, &p->precision) != 0)
        return err_set(e, ERR_USAGE, -EINVAL, "--until-precise '%s': what is allowed is %s", o->until_precise,
                       PLAN_PRECISION_ALLOWED);
    if (p->precision > 0 && p->max_invocations < p->invocations)
        return err_set(e, ERR_USAGE, -EINVAL,
                       "%lld invocations are more than the %lld at which it is to give up "
                       "(--max-invocations)",
                       (long long)p->invocations, (long long)p->max_invocations);
    c->options = o;
    c->blocks = p->invocations;
    c->engine = o->task >= 0 ? ENGINE_SLURM : o->engine;
    c->bound.seed = c->bound.seed >= 0 ? c->bound.seed : p->seed;
    text_format(c->bound.name, sizeof(c->bound.name), "%s", p->name);
    c->tally = (struct tally){.cells = p->cells,
                              .units = p->cells * (c->bound.noise ? 2 : 1),
                              .plan = p,
                              .folder = &c->folder,
                              .bound = &c->bound};
    c->order = xcalloc(c->tally.units, sizeof(*c->order));
    return 0;
}

/* --- the folder --- */

int campaign_open(struct campaign *c, const struct config *config, struct err *e)
{
    *c = (struct campaign){.folder = {.fd = -1, .lock_fd = -1}};
    TRY(read_plan(c, config, e));
    char path[FOLDER_PATH_MAX];
    TRY(settle(c, &config->campaign, e));
    if (c->folder.fd >= 0) /* the plan is of it */
        return 0;
    const char *dir = config->output.dir;
    if (!text_fits(path, sizeof(path), "%s%s", dir ? "" : "out/", dir ? dir : c->plan.name))
        return err_set(e, ERR_USAGE, -ENAMETOOLONG, "--out: the name is too long");
    return folder_look(path, &c->folder, e);
}

static bool is_same_given(const struct config_given *a, const struct config_given *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++)
        same = strcmp(a->option[i].name, b->option[i].name) == 0 && strcmp(a->option[i].value, b->option[i].value) == 0;
    return same;
}

/* For a dry run into a new folder: what the same plan took in the folder that it has without --out. What cannot be read
 * there gives no estimate. */
static void look_at_earlier(struct campaign *c)
{
    struct err ignored = {0};
    struct folder folder;
    struct folder_plan has;
    struct tally there = {.cells = c->tally.cells, .plan = &c->plan, .folder = &folder, .bound = &has};
    text_format(c->earlier, sizeof(c->earlier), "out/%s", c->plan.name);
    if (strcmp(c->earlier, c->folder.path) == 0 || folder_look(c->earlier, &folder, &ignored) != 0 ||
        folder_read_lock(&folder, &has, &ignored) != 0) {
        *c->earlier = '\0';
        return;
    }
    there.units = there.cells * (has.noise ? 2 : 1);
    if (strcmp(has.sha256, c->bound.sha256) == 0 && is_same_given(&has.given, &c->bound.given) &&
        tally_read(&there, false, false, &ignored) == 0)
        c->tally.elsewhere_s = c->earlier_s = estimate_cells(&there);
    else
        *c->earlier = '\0';
    tally_free(&there);
    folder_plan_free(&has);
}

int campaign_bind(struct campaign *c, const struct config *config, struct err *e)
{
    char path[FOLDER_PATH_MAX];
    bool held = c->folder.fd >= 0;
    bool looks = config->host.dry_run || config->campaign.task >= 0;
    bool alone = !looks && config->campaign.engine == ENGINE_LOCAL;
    text_format(path, sizeof(path), "%s", c->folder.path);
    if (!looks)
        TRY(held ? folder_lock(&c->folder, e) : folder_open(path, &c->folder, e));
    else if (config->campaign.task >= 0 && !held)
        TRY(folder_hold(&c->folder, e));
    TRY(folder_bind(&c->folder, &c->bound, &c->plan.bytes, !looks, e));
    if (config->campaign.task >= 0) /* of an array, which may be as long as the folder: it reads its own record */
        return 0;
    bool retry = (alone || config->host.dry_run) && config->campaign.retry;
    TRY(tally_read(&c->tally, alone, retry, e));
    if (config->host.dry_run)
        look_at_earlier(c);
    if (c->tally.strangers)
        terminal_say("matrix: %zu record%s in '%s' %s of no plan: not counted", c->tally.strangers,
                     c->tally.strangers == 1 ? "" : "s", c->folder.path, c->tally.strangers == 1 ? "is" : "are");
    return 0;
}

void campaign_close(struct campaign *c)
{
    tally_free(&c->tally);
    folder_close(&c->folder);
    folder_plan_free(&c->bound);
    folder_plan_free(&c->said);
    plan_free(&c->plan);
    free(STEAL(c->order));
    free(STEAL(c->earlier_s));
}

void campaign_order(struct campaign *c, uint64_t block)
{
    if (c->plan.order == ORDER_LISTED)
        order_listed(c->tally.units, c->order);
    else
        order_block((uint64_t)c->bound.seed, block, c->tally.units, c->order);
}

/* --- until it is precise --- */

static bool is_precise(const struct campaign *c, size_t unit, double *figures)
{
    size_t n = 0;
    for (uint64_t b = 0; b < c->tally.blocks; b++) {
        const struct tally_one *one = tally_at(&c->tally, b, unit);
        if (one->file && !one->failed && isfinite(one->figure))
            figures[n++] = one->figure;
    }
    if (n == 0) /* a cell that always fails would never end */
        return true;
    struct stats_interval i = stats_mean_interval(figures, n, ANALYSIS_CONFIDENCE);
    return !i.why_not && (i.high - i.low) / 2 < c->plan.precision * fabs(i.at);
}

bool campaign_goes_on(struct campaign *c)
{
    bool precise = true;
    if (c->plan.precision <= 0 || c->blocks >= c->plan.max_invocations)
        return false;
    cleanup_free double *figures = xcalloc(c->tally.blocks + 1, sizeof(*figures));
    for (size_t u = 0; precise && u < c->tally.units; u++)
        precise = is_precise(c, u, figures);
    c->blocks += precise ? 0 : 1;
    return !precise;
}

/* --- what it would do --- */

static void describe_head(const struct campaign *c, struct text *out)
{
    const struct plan *p = &c->plan;
    text_add(out, "plan %s: %zu cell%s%s, %lld block%s of %zu", p->name, p->cells, p->cells == 1 ? "" : "s",
             c->bound.noise ? ", each as A and A'" : "", (long long)c->blocks, c->blocks == 1 ? "" : "s",
             c->tally.units);
    if (p->order == ORDER_LISTED)
        text_add(out, ", in the plan's order\n");
    else if (c->bound.drawn)
        text_add(out, ", shuffled with a seed that is drawn anew unless one is named, as --seed %lld\n",
                 (long long)c->bound.seed);
    else
        text_add(out, ", shuffled with the seed %lld\n", (long long)c->bound.seed);
    if (p->precision > 0)
        text_add(out, "more blocks, %lld at most, until each cell's 95%% interval is within %g%% of its mean\n",
                 (long long)p->max_invocations, p->precision * 100);
    text_add(out, "folder %s\n\n", c->folder.path);
}

#define BEFORE_ID 19 /* characters of "     1  block 1    " */
#define AFTER_ID  26 /* of " done, about 10 min 05 s" and the like */
#define ID_LOW    20

/* The width of the cells' ids: the longest, or what a line has room for. */
static size_t id_column(const struct campaign *c, size_t width)
{
    const size_t others = BEFORE_ID + AFTER_ID + (c->bound.noise ? 3 : 0);
    const size_t room = width > others + ID_LOW ? width - others : ID_LOW;
    size_t longest = 0;
    for (size_t i = 0; i < c->plan.cells; i++)
        longest = strlen(c->plan.cell[i].id) > longest ? strlen(c->plan.cell[i].id) : longest;
    return longest < room ? longest : room;
}

/* What is known of the times of a plan's cells. */
struct times {
    const double *cell_s; /* of estimate_cells() */
    double other_s;       /* of estimate_other() */
};

/* Adds "done, 2 s", "3 s", "about 3 s" where it is the other cells', "" where no time is known. */
static void add_state(const struct campaign *c, uint64_t block, size_t unit, const struct times *times,
                      struct text *out)
{
    const struct tally_one *one = tally_at(&c->tally, block, unit);
    const bool is_done = one && one->file;
    const double cell_s = times->cell_s[tally_cell(&c->tally, unit)];
    const double seconds = is_done ? one->elapsed_s : isnan(cell_s) ? times->other_s : cell_s;
    if (!tally_is_run(&c->tally, unit)) {
        text_add(out, " not run");
        return;
    }
    if (is_done)
        text_add(out, " %s", one->failed ? "failed" : "done");
    if (!isfinite(seconds))
        return;
    text_add(out, "%s%s", is_done ? ", " : " ", !is_done && isnan(cell_s) ? "about " : "");
    text_add_seconds(out, seconds);
}

static void describe_one(const struct campaign *c, uint64_t block, size_t unit, const struct times *times,
                         size_t column, struct text *out)
{
    cleanup_text struct text state = {0};
    const char *label = tally_label_names[tally_label(&c->tally, unit)];
    const char *id = c->plan.cell[tally_cell(&c->tally, unit)].id;
    add_state(c, block, unit, times, &state);
    text_add(out, "  block %-4llu ", (unsigned long long)block + 1);
    text_add(out, "%-*s", state.len || label ? (int)column : 0, id);
    if (strlen(id) > column && (state.len || label))
        text_add(out, "\n%*s", BEFORE_ID + (int)column, "");
    if (label)
        text_add(out, state.len ? " %-2s" : " %s", label);
    text_add(out, "%s\n", state.data ? state.data : "");
}

static void describe_left(const struct campaign *c, const struct estimate *left, size_t all, struct text *out)
{
    text_add(out, "\n%zu of %zu invocations to run, time: ", left->left, all);
    estimate_say(left, out);
    if (left->unknown && left->left)
        text_add(out, " (%zu of them of cells that nothing here has measured%s)", left->unknown,
                 isnan(left->seconds) ? "" : ": they count with the mean of the others");
    if (*c->earlier && left->left)
        text_add(out, " (of cells that nothing here has measured: as in %s)", c->earlier);
    text_add(out, "\n");
}

void campaign_describe(struct campaign *c, size_t width, struct text *out)
{
    struct estimate left = estimate_left(&c->tally, (uint64_t)c->blocks);
    cleanup_free double *cell_s = estimate_cells(&c->tally);
    const struct times times = {cell_s, estimate_other(cell_s, c->tally.cells)};
    const size_t column = id_column(c, width);
    cleanup_text struct text head = {0}, tail = {0};
    size_t number = 0;
    describe_head(c, &head);
    terminal_wrap_lines(head.data, width, 2, out);
    for (uint64_t b = 0; b < (uint64_t)c->blocks; b++) {
        campaign_order(c, b);
        for (size_t p = 0; p < c->tally.units; p++) {
            text_add(out, "%6zu", ++number);
            describe_one(c, b, c->order[p], &times, column, out);
        }
    }
    describe_left(c, &left, number, &tail);
    terminal_wrap_lines(tail.data, width, 2, out);
}

bool campaign_is_done(const struct campaign *c)
{
    return tally_done(&c->tally, (uint64_t)c->blocks) >= tally_wanted(&c->tally, (uint64_t)c->blocks);
}

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/compare.h"
#include "analysis/noise.h"
#include "base/cleanup.h"
#include "base/command.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json_put.h"
#include "base/keyset.h"
#include "base/percent.h"
#include "base/suggest.h"
#include "base/terminal.h"
#include "base/text.h"
#include "base/userdir.h"
#include "cell/config.h"
#include "record/records.h"
#include "report/compare_show.h"
#include "report/why_compare.h"

/* The state of a comparison; ended with end(). */
struct job {
    const struct analysis *asked;
    const char *path_a, *path_b;
    struct records a, b;
    bool within_run;                          /* both sides are halves of one folder */
    size_t shared;                            /* records of B that are A's too */
    char key[64], value_a[128], value_b[128]; /* --between; "": not given */
    char across[256];                         /* --across, with that key */
    char name_a[PATH_MAX + 256], name_b[PATH_MAX + 256];
    struct compare_options options;
    struct compare_condition condition[CONFIG_WORDS_MAX];
    const char *figure[CONFIG_WORDS_MAX + 2];
    struct noise noise;
    char noise_path[PATH_MAX + 64];
    char noise_why[PATH_MAX + 200];
    struct comparison result;
    struct text failed, unclear; /* the conditions that hold, and that cannot tell */
    struct text causes;          /* that --why found on both sides */
};

static void end(struct job *j)
{
    comparison_free(&j->result);
    noise_free(&j->noise);
    records_free(&j->a);
    records_free(&j->b);
    text_free(&j->failed);
    text_free(&j->unclear);
    text_free(&j->causes);
}

/* --- what was asked --------------------------------------------------------------------------------------------- */

static bool is_gates(const struct job *j, enum compare_condition_kind kind, const char *figure)
{
    if (figure_is_slope(figure) || kind == CONDITION_GROWTH)
        return figure_is_slope(figure) && kind == CONDITION_GROWTH;
    return compare_about(&j->a, &j->b, figure).kind == FIGURE_MEMORY;
}

/* A gate of memory, or of growth, is given a figure to look at where none of those that were asked for is one for it.
 * Without any, those are compared that a profile is for. */
static void add_gated(struct job *j, enum compare_condition_kind kind, const char *figure)
{
    struct compare_options *o = &j->options;
    bool lacks = false;
    for (size_t i = 0; i < j->asked->fail_if.count; i++)
        lacks |= j->condition[i].kind == kind;
    for (size_t i = 0; i < o->figures; i++)
        lacks &= !is_gates(j, kind, o->figure[i]);
    if (lacks && o->figures > 0)
        j->figure[o->figures++] = figure;
}

static int take_growth_margin(struct job *j, struct err *e)
{
    const char *said = j->asked->growth_margin;
    uint64_t bytes = ANALYSIS_GROWTH_MARGIN;
    if (said && (text_to_bytes(said, &bytes) != 0 || bytes == 0 || bytes > INT64_MAX))
        return err_set(e, ERR_USAGE, -EINVAL, "--growth-margin '%s': what is allowed is a size, as 64K", said);
    j->options.growth_margin = (double)bytes;
    return 0;
}

/* Reads "KEY=A,B"; A contains no comma. */
static int take_between(struct job *j, struct err *e)
{
    const char *said = j->asked->between, *equals = said ? strchr(said, '=') : NULL;
    const char *comma = equals ? strchr(equals, ',') : NULL;
    if (!said)
        return 0;
    const char *b = comma ? comma + 1 : "";
    if (!comma || equals == said || comma == equals + 1 || !*b || (size_t)(equals - said) >= sizeof(j->key) ||
        (size_t)(comma - equals - 1) >= sizeof(j->value_a) || strlen(b) >= sizeof(j->value_b))
        return err_set(e, ERR_USAGE, -EINVAL, "--between '%s': what is allowed is KEY=A,B, as sharing=private,shared",
                       said);
    if (j->path_b || j->asked->noise)
        return err_set(e, ERR_USAGE, -EINVAL, "--between '%s' is of one folder, and goes without --noise%s", said,
                       j->path_b ? "; two are named" : "");
    text_format(j->key, sizeof(j->key), "%.*s", (int)(equals - said), said);
    text_format(j->value_a, sizeof(j->value_a), "%.*s", (int)(comma - equals - 1), equals + 1);
    text_format(j->value_b, sizeof(j->value_b), "%s", b);
    if (strcmp(j->value_a, j->value_b) == 0)
        return err_set(e, ERR_USAGE, -EINVAL, "--between '%s': the two values are one", said);
    const char *across = j->asked->across;
    if (snprintf(j->across, sizeof(j->across), "%s%s%s", j->key, across ? "," : "", across ? across : "") >=
        (int)sizeof(j->across))
        return err_set(e, ERR_USAGE, -EINVAL, "--across '%s': it is too long", across);
    j->options.across = j->across;
    j->options.between = true;
    return 0;
}

static int take_options(struct job *j, struct err *e)
{
    const struct analysis *a = j->asked;
    j->options = (struct compare_options){.figure = j->figure,
                                          .figures = a->figure.count,
                                          .across = a->across,
                                          .margin = ANALYSIS_MARGIN,
                                          .seed = (uint64_t)a->seed,
                                          .force = a->force};
    for (size_t i = 0; i < a->figure.count; i++)
        j->figure[i] = a->figure.word[i];
    TRY(percent_option("margin", a->margin, 0.0001, 10, &j->options.margin, e));
    TRY(take_growth_margin(j, e));
    TRY(take_between(j, e));
    for (size_t i = 0; i < a->fail_if.count; i++)
        TRY(compare_condition(a->fail_if.word[i], &j->condition[i], e));
    return 0;
}

static struct keysets cells_of(const struct records *r)
{
    struct keysets cells = {0};
    for (size_t i = 0; i < r->count; i++)
        keysets_add(&cells, r->list[i].cell);
    return cells;
}

/* Checks that cells have the keys of --across. */
static int check_across(const struct job *j, struct err *e)
{
    cleanup_keysets struct keysets a = cells_of(&j->a), b = cells_of(&j->b);
    size_t keys = 0;
    cleanup_free const char **key = keysets_keys((const struct keysets *[]){&a, &b}, 2, &keys);
    cleanup_text struct text list = {0};
    for (size_t i = 0; i < keys; i++)
        text_add(&list, "%s%s", i ? ", " : "", key[i]);
    for (const char *at = j->options.across; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        char named[128];
        size_t i = 0;
        text_format(named, sizeof(named), "%.*s", (int)strcspn(at, ","), at);
        while (i < keys && strcmp(key[i], named) != 0)
            i++;
        if (i < keys)
            continue;
        char near[SUGGEST_TEXT_MAX];
        struct suggest known = SUGGEST(named);
        suggest_offer_list(&known, list.data);
        return err_set(e, ERR_USAGE, -EINVAL, "--%s '%s': what is allowed is %s%s",
                       *named && strcmp(named, j->key) == 0 ? "between" : "across", named, list.data,
                       suggest_text(&known, "", near));
    }
    return 0;
}

static void name_side(const char *path, const char *key, const char *value, char *buf, size_t cap)
{
    (void)snprintf(buf, cap, *key ? "%s (%s=%s)" : "%s", path, key, value);
}

/* Reads both sides. For --between each side keeps its own cells of the one folder. */
static int read_sides(struct job *j, struct err *e)
{
    j->path_b = j->path_a;
    TRY(records_read(&j->a, j->path_a, e));
    TRY(records_read(&j->b, j->path_a, e));
    TRY(check_across(j, e));
    records_keep(&j->a, j->key, j->value_a);
    records_keep(&j->b, j->key, j->value_b);
    if (j->a.count == 0 || j->b.count == 0)
        return err_set(e, ERR_USAGE, -EINVAL, "--between '%s': '%s' has no cell with %s=%s", j->asked->between,
                       j->path_a, j->key, j->a.count == 0 ? j->value_a : j->value_b);
    return 0;
}

/* A record cannot differ from itself: a gate would let it pass, and the noise would be none. */
static int count_shared(struct job *j, struct err *e)
{
    cleanup_json json_t *ids = json_object();
    for (size_t i = 0; i < j->a.count; i++)
        (void)json_object_set_new(ids, j->a.list[i].id, json_true());
    for (size_t i = 0; i < j->b.count; i++)
        j->shared += json_object_get(ids, j->b.list[i].id) != NULL;
    return j->shared > 0 && (j->asked->noise || j->asked->fail_if.count)
               ? err_set(e, ERR_USAGE, -EINVAL, "%zu of the %zu records of B are A's too: nothing can be told of them",
                         j->shared, j->b.count)
               : 0;
}

static int read_both(struct job *j, struct err *e)
{
    j->a.reader.with_steady = j->b.reader.with_steady = j->asked->steady;
    if (*j->key)
        return read_sides(j, e);
    if (!j->path_b) { /* one folder that holds both halves */
        j->path_b = j->path_a;
        j->within_run = true;
        j->a.only_label = "A";
        j->b.only_label = "A'";
    }
    TRY(records_read(&j->a, j->path_a, e));
    TRY(records_read(&j->b, j->path_b, e));
    TRY(check_across(j, e));
    return j->within_run ? 0 : count_shared(j, e);
}

/* --- the noise floor -------------------------------------------------------------------------------------------- */

static void beside(const char *path, char *buf, size_t cap)
{
    struct stat st;
    char copy[PATH_MAX];
    (void)snprintf(copy, sizeof(copy), "%s", path);
    bool folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    (void)snprintf(buf, cap, "%s/" NOISE_FILE, folder ? path : dirname(copy));
}

static void in_state(char *buf, size_t cap)
{
    char dir[PATH_MAX];
    userdir_state(dir, sizeof(dir));
    text_format(buf, cap, "%s/" NOISE_FILE, dir);
}

/* Reads the noise file unless it is from another host. -ENOENT: there is none. */
static int try_noise(struct job *j, const char *path, struct err *e)
{
    TRY(noise_read(path, &j->noise, e));
    const char *other = noise_other_host(&j->noise, &j->b.list[0]);
    text_format(j->noise_path, sizeof(j->noise_path), "%.*s", PATH_MAX, path);
    j->noise_why[0] = '\0';
    if (!other) {
        j->options.noise = &j->noise;
        return 0;
    }
    noise_free(&j->noise);
    (void)snprintf(j->noise_why, sizeof(j->noise_why), "%s was measured on another %s than B's: not used", path, other);
    return 0;
}

static int find_noise(struct job *j, struct err *e)
{
    const char *named = j->asked->noise_floor;
    char path[3][PATH_MAX + 64];
    if (named && strcmp(named, "none") == 0) {
        text_format(j->noise_why, sizeof(j->noise_why), "not asked for (--noise-floor none)");
        return 0;
    }
    if (named)
        return try_noise(j, named, e);
    text_format(j->noise_why, sizeof(j->noise_why),
                "none was measured here ('tare matrix --aa', 'tare compare --noise')");
    beside(j->path_b, path[0], sizeof(path[0]));
    beside(j->path_a, path[1], sizeof(path[1]));
    in_state(path[2], sizeof(path[2]));
    for (size_t i = 0; i < ARRAY_LEN(path); i++) {
        struct err why = {0};
        int failed = try_noise(j, path[i], &why);
        if (failed == -ENOTSUP) /* an old file that the user did not name is not used */
            text_format(j->noise_why, sizeof(j->noise_why), "%s", why.text);
        else if (failed != 0 && failed != -ENOENT && failed != -ENOTDIR) {
            *e = why;
            return failed;
        }
        if (j->options.noise)
            return 0;
    }
    return 0;
}

static int write_noise(struct job *j, struct err *e)
{
    char path[PATH_MAX + 64], dir[PATH_MAX];
    TRY(compare_noise(&j->result, &j->a.list[0], j->within_run, &j->noise, e));
    in_state(path, sizeof(path));
    if (j->asked->noise_floor) {
        (void)snprintf(path, sizeof(path), "%s", j->asked->noise_floor);
    } else {
        userdir_state(dir, sizeof(dir));
        TRY(err_code(e, ERR_OURS, file_make_dirs(dir), "'%s'", dir));
    }
    TRY(noise_write(&j->noise, path, e));
    (void)snprintf(j->noise_why, sizeof(j->noise_why), "written to %s: of %zu A/A cell%s", path, j->noise.rows,
                   j->noise.rows == 1 ? "" : "s");
    return 0;
}

/* --- the result ------------------------------------------------------------------------------------------------- */

static int show(struct job *j)
{
    static void (*const AS[])(const struct comparison *, const struct compare_headline *, struct text *) = {
        [FORMAT_TEXT] = compare_text,
        [FORMAT_JSON] = compare_json,
        [FORMAT_MARKDOWN] = compare_markdown,
        [FORMAT_CSV] = compare_csv,
    };
    cleanup_text struct text out = {0};
    bool holds = compare_conditions_hold(j->condition, j->asked->fail_if.count, &j->result, &j->failed, &j->unclear);
    name_side(j->path_a, j->key, j->value_a, j->name_a, sizeof(j->name_a));
    name_side(j->path_b, j->key, j->value_b, j->name_b, sizeof(j->name_b));
    const struct compare_headline head = {.a = j->name_a,
                                          .b = j->name_b,
                                          .a_records = j->a.count,
                                          .b_records = j->b.count,
                                          .margin = j->options.margin,
                                          .growth_margin = j->options.growth_margin,
                                          .width = terminal_width(STDOUT_FILENO),
                                          .noise_path = j->options.noise ? j->noise_path : NULL,
                                          .noise_why = j->options.noise ? "" : j->noise_why,
                                          .noise_within_run = j->options.noise && j->noise.within_run,
                                          .noise_left_out = j->options.noise ? j->noise.left_out : 0,
                                          .seed = j->options.seed,
                                          .condition = j->condition,
                                          .conditions = j->asked->fail_if.count,
                                          .failed = j->failed.data ? j->failed.data : "",
                                          .unclear = j->unclear.data ? j->unclear.data : "",
                                          .between = j->options.between};
    AS[j->asked->format](&j->result, &head, &out);
    (void)fputs(out.data, stdout);
    (void)fputs(j->causes.data ? j->causes.data : "", stdout);
    bool apart = j->asked->format != FORMAT_TEXT && j->asked->format != FORMAT_MARKDOWN;
    if (holds && apart)
        (void)fprintf(stderr, "tare: compare: --fail-if holds:\n%s", j->failed.data);
    if (j->unclear.len && apart)
        (void)fprintf(stderr, "tare: compare: --fail-if:\n%s", j->unclear.data);
    if (j->shared && fflush(stdout) == 0) /* a result that cannot be written is the one thing to tell */
        terminal_say("compare: %zu of the %zu records of B are A's too, which cannot differ", j->shared, j->b.count);
    return holds ? ERR_SAID_NO : 0;
}

/* Where --why left its records on both sides, for a terminal. */
static int compare_causes(struct job *j, struct err *e)
{
    cleanup_text struct text notes = {0};
    if (j->asked->format != FORMAT_TEXT)
        return 0;
    TRY(why_compare_text(&j->a, &j->b, &j->result, terminal_width(STDOUT_FILENO), &j->causes, &notes, e));
    (void)fputs(notes.data ? notes.data : "", stderr);
    return 0;
}

static int run(struct job *j, struct err *e)
{
    TRY(take_options(j, e));
    TRY(read_both(j, e));
    add_gated(j, CONDITION_MEMORY, "pss_bytes");
    add_gated(j, CONDITION_GROWTH, "growth_pss_bytes");
    if (!j->asked->noise)
        TRY(find_noise(j, e));
    TRY(compare_records(&j->a, &j->b, &j->options, &j->result, e));
    TRY(compare_conditions_check(j->condition, j->asked->fail_if.count, &j->result, e));
    if (j->asked->noise)
        TRY(write_noise(j, e));
    TRY(compare_causes(j, e));
    return show(j);
}

int cmd_compare(struct config *c, struct err *e)
{
    if (!c->positional || (!c->second && !c->analysis.noise && !c->analysis.between))
        return err_set(e, ERR_USAGE, -EINVAL,
                       "it takes two: A and B, records or folders; or --between and one ('tare compare --help')");
    static struct job j;
    j = (struct job){.asked = &c->analysis, .path_a = c->positional, .path_b = c->second};
    int status = run(&j, e);
    end(&j);
    return status;
}

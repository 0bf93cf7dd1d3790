#include "plan/plan.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"
#include "cell/scenarios.h"
#include "plan/plan_knobs.h"
#include "plan/plan_product.h"

#define PATH_SAID_MAX 256

/* What is at hand while cells are made. */
struct making {
    struct plan *plan;
    const struct plan_said *said;
    const struct plan_options *options;
    const struct config_given *given;
    const struct carried *carried;
    bool *excludes; /* by entry of `exclude`: it took a cell out */
};

/* --- options ----------------------------------------------------------------------------------------------------- */

/* What makes a cell's name comes first, and varies slowest. */
static const char *const LEADING[] = {"scenario", "mode", "mp-start", "runtime", "profile", "workers"};

static size_t option_find(const struct plan_options *options, const char *name)
{
    size_t i = 0;
    while (i < options->count && strcmp(options->name[i], name) != 0)
        i++;
    return i;
}

int plan_options_list(struct plan_options *ret, struct err *e)
{
    *ret = (struct plan_options){0};
    for (size_t i = 0; i < ARRAY_LEN(LEADING); i++)
        ret->name[ret->count++] = LEADING[i];
    const char *name = config_cell_option(0);
    for (size_t i = 0; name; name = config_cell_option(++i)) {
        if (option_find(ret, name) < ret->count)
            continue;
        if (ret->count == PLAN_OPTIONS_MAX)
            return err_set(e, ERR_OURS, -E2BIG, "more than %d options", PLAN_OPTIONS_MAX);
        ret->name[ret->count++] = name;
    }
    return 0;
}

/* --- one value, and its place ------------------------------------------------------------------------------------ */

/* Puts the place before the message that is there. */
static int blame(const struct making *m, const char *path, struct err *e)
{
    (void)places_blame(&m->plan->file.places, path, e);
    return e ? e->code : -EINVAL;
}

__attribute__((format(printf, 5, 6))) static int refuse(const struct making *m, const char *path, int code,
                                                        struct err *e, const char *fmt, ...)
{
    char why[600];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(why, sizeof(why), fmt, args);
    va_end(args);
    (void)err_set(e, ERR_USAGE, code, "%s", why);
    (void)places_blame(&m->plan->file.places, path, e);
    return code;
}

static int set_number(const struct making *m, const char *key, const char *said, int64_t low, int64_t high,
                      int64_t *ret, struct err *e)
{
    int64_t n = 0;
    if (!said)
        return 0;
    if (text_to_i64(said, &n) == 0 && n >= low && n <= high) {
        *ret = n;
        return 0;
    }
    return refuse(m, key, -EINVAL, e, "%s '%s': what is allowed is a whole number from %lld to %lld", key, said,
                  (long long)low, (long long)high);
}

int plan_parse_precision(const char *text, double *ret)
{
    char *end = NULL;
    double r = strtod(text, &end);
    if (end == text)
        return -EINVAL;
    if (*end == '%') {
        end++;
        r /= 100;
    }
    if (*end || !isfinite(r) || r <= 0 || r >= 1)
        return -EINVAL;
    *ret = r;
    return 0;
}

static int set_order(const struct making *m, struct err *e)
{
    const char *said = m->said->order;
    m->plan->order = said && strcmp(said, "listed") == 0 ? ORDER_LISTED : ORDER_BLOCKS;
    if (!said || strcmp(said, "listed") == 0 || strcmp(said, "blocks") == 0)
        return 0;
    return refuse(m, "order", -EINVAL, e,
                  "order '%s': what is allowed is blocks (randomised complete blocks) or listed", said);
}

static bool is_safe(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("._=+-", c));
}

/* It names a folder and files. */
static int check_name(const struct making *m, const char *path, const char *what, const char *said, size_t max,
                      struct err *e)
{
    size_t n = 0;
    while (is_safe(said[n]))
        n++;
    if (!said[n] && n < max && *said != '.' && *said != '-')
        return 0;
    return refuse(m, path, -EINVAL, e,
                  "%s '%s': what is allowed are up to %zu of letters, digits and ._=+-, not . or - first", what, said,
                  max - 1);
}

static int read_head(struct making *m, struct err *e)
{
    struct plan *p = m->plan;
    const struct plan_said *said = m->said;
    p->name = said->name;
    p->summary = said->summary ? said->summary : "";
    p->seed = -1;
    p->invocations = 1;
    p->max_invocations = PLAN_MAX_INVOCATIONS;
    int failed = check_name(m, "name", "name", said->name, PLAN_NAME_MAX, e);
    if (failed == 0)
        failed = set_number(m, "seed", said->seed, 0, PLAN_SEED_MAX, &p->seed, e);
    if (failed == 0)
        failed = set_number(m, "invocations", said->invocations, 1, PLAN_INVOCATIONS_MAX, &p->invocations, e);
    if (failed == 0)
        failed =
            set_number(m, "max-invocations", said->max_invocations, 1, PLAN_INVOCATIONS_MAX, &p->max_invocations, e);
    if (failed == 0)
        failed = set_order(m, e);
    if (failed != 0 || !said->until_precise || plan_parse_precision(said->until_precise, &p->precision) == 0)
        return failed;
    return refuse(m, "until-precise", -EINVAL, e, "until-precise '%s': what is allowed is %s", said->until_precise,
                  PLAN_PRECISION_ALLOWED);
}

/* --- products ---------------------------------------------------------------------------------------------------- */

static const char *value_of(const struct making *m, const struct product *p, size_t option)
{
    const char *value = product_value(p, option);
    return value || !m->said->defaults ? value : m->said->defaults->value[option];
}

static int check_size(const struct making *m, struct err *e)
{
    uint64_t all = 0;
    char path[PATH_SAID_MAX];
    for (unsigned i = 0; i < m->said->cells_count; i++) {
        if (__builtin_add_overflow(all, product_size(&m->said->cells[i]), &all))
            all = UINT64_MAX;
        if (all <= PLAN_CELLS_MAX)
            continue;
        text_format(path, sizeof(path), "cells[%u]", i);
        return refuse(m, path, -E2BIG, e,
                      "this makes %llu%s cells; what is allowed is %d (shorten the lists below "
                      "'each', or name the combinations that matter as entries of their own)",
                      (unsigned long long)all, all == UINT64_MAX ? " or more" : "", PLAN_CELLS_MAX);
    }
    return 0;
}

static int check_entry(const struct making *m, const char *list, unsigned i, const struct plan_entry *entry,
                       struct err *e)
{
    char path[PATH_SAID_MAX];
    for (size_t o = 0; o < m->options->count; o++) {
        if (!entry->value[o] || product_values(entry, o) == 0)
            continue;
        text_format(path, sizeof(path), "%s[%u].%s", list, i, m->options->name[o]);
        return refuse(m, path, -EINVAL, e, "'%s' is given here and below 'each'; what is allowed is one of them",
                      m->options->name[o]);
    }
    return 0;
}

/* --- a cell ------------------------------------------------------------------------------------------------------ */

/* A scenario or a runtime may be a path: its last part tells. */
static void add_part(const char *option, const char *value, struct text *id)
{
    static const char *const PLAIN[] = {"scenario", "mode", "mp-start", "runtime", "profile"};
    bool plain = false;
    for (size_t i = 0; i < ARRAY_LEN(PLAIN); i++)
        plain |= strcmp(PLAIN[i], option) == 0;
    const char *slash = strrchr(value, '/');
    if (plain && slash && slash[1])
        value = slash + 1;
    text_add(id, "%s%s%s", id->len ? "-" : "", plain ? "" : option, plain ? "" : "=");
    for (const char *c = value; *c; c++)
        text_add(id, "%c", is_safe(*c) ? *c : '_');
}

/* An entry's own id and what its lists vary; without one what scenario, mode, start method, runtime and profile are. */
static int make_id(const struct making *m, const struct product *p, const char *path, char ret[PLAN_ID_MAX],
                   struct err *e)
{
    struct text id = {0};
    if (p->entry->id)
        text_add(&id, "%s", p->entry->id);
    for (size_t o = 0; o < m->options->count; o++) {
        const char *varied = product_values(p->entry, o) ? product_value(p, o) : NULL;
        const char *named = p->entry->id || o >= ARRAY_LEN(LEADING) - 1 ? NULL : value_of(m, p, o);
        if (varied || named)
            add_part(m->options->name[o], varied ? varied : named, &id);
    }
    int failed = 0;
    if (id.len == 0) {
        failed = refuse(m, path, -EINVAL, e, "this cell has no scenario");
    } else if (id.len >= PLAN_ID_MAX) {
        failed = refuse(m, path, -ENAMETOOLONG, e,
                        "the cell's id '%.60s...' has %zu characters; what is allowed is %d "
                        "(give the entry a short 'id')",
                        id.data, id.len, PLAN_ID_MAX - 1);
    } else {
        text_format(ret, PLAN_ID_MAX, "%s", id.data);
    }
    text_free(&id);
    return failed;
}

static void path_of_value(const struct making *m, const struct product *p, const char *path, size_t option, char *ret,
                          size_t cap)
{
    const char *name = m->options->name[option];
    if (product_values(p->entry, option))
        text_format(ret, cap, "%s.each.%s[%zu]", path, name, p->at[option]);
    else if (p->entry->value[option])
        text_format(ret, cap, "%s.%s", path, name);
    else
        text_format(ret, cap, "defaults.%s", name);
}

/* Notes a scenario that is named by its path, with the folder that it was found in. */
static int note_carried(const struct making *m, const char *word, const struct scenario *s, struct err *e)
{
    struct carried *c = &m->plan->carried;
    if (!scenario_is_path(word) || carried_find(c, word))
        return 0;
    if (c->count == CARRIED_MAX)
        return err_set(e, ERR_USAGE, -E2BIG, "'%s': what is allowed is %d scenarios that are named by their paths",
                       word, CARRIED_MAX);
    if (!*s->content_sha256)
        return err_set(e, ERR_USAGE, -EINVAL, "%s", s->content_fault);
    struct carried_scenario *one = &c->of[c->count++];
    *one = (struct carried_scenario){.word = word, .from = s->dir};
    text_format(one->name, sizeof(one->name), "%s", s->name);
    text_format(one->sha256, sizeof(one->sha256), "%s", s->content_sha256);
    const char *file = strrchr(s->file, '/') + 1;
    if (strlen(file) < sizeof(one->file)) /* else it cannot be carried, as content_fault says */
        text_format(one->file, sizeof(one->file), "%s", file);
    return 0;
}

static int set_value(const struct making *m, const char *option, const char *value, struct cell *cell, struct err *e)
{
    if (strcmp(option, "scenario") != 0)
        return cell_set(cell, option, value, e);
    int failed = scenarios_find_carried(m->carried, value, &cell->scenario, e);
    return failed == 0 ? note_carried(m, value, cell->scenario, e) : failed;
}

/* The values of the options of all cells, or those of the knobs, which come after them: a knob that is said in the
 * defaults or on the command line is for the cells that it goes with. */
static int set_said(const struct making *m, const struct product *p, const char *path, bool knobs, struct cell *cell,
                    struct err *e)
{
    char at[PATH_SAID_MAX];
    for (size_t o = 0; o < m->options->count; o++) {
        const char *option = m->options->name[o];
        const char *value = product_value(p, o);
        if (plan_knobs_is_one(option) != knobs)
            continue;
        if (!value && (!knobs || plan_knobs_go_with(cell, option)))
            value = value_of(m, p, o);
        if (!value || set_value(m, option, value, cell, e) == 0)
            continue;
        path_of_value(m, p, path, o, at, sizeof(at));
        return blame(m, at, e);
    }
    return 0;
}

static int set_given(const struct making *m, bool knobs, struct cell *cell, struct err *e)
{
    for (size_t i = 0; i < m->given->count; i++) {
        const struct config_option *given = &m->given->option[i];
        if (plan_knobs_is_one(given->name) != knobs || (knobs && !plan_knobs_go_with(cell, given->name)))
            continue;
        int failed = cell_set(cell, given->name, given->value, e);
        if (failed != 0)
            return failed;
    }
    return 0;
}

static int set_values(const struct making *m, const struct product *p, const char *path, struct cell *cell,
                      struct err *e)
{
    for (int knobs = 0; knobs < 2; knobs++) {
        int failed = set_said(m, p, path, knobs, cell, e);
        if (failed == 0)
            failed = set_given(m, knobs, cell, e);
        if (failed != 0)
            return failed;
    }
    return 0;
}

/* What the command line says of all cells has to be an option of one at least. */
static int check_given(const struct making *m, struct err *e)
{
    for (size_t i = 0; i < m->given->count; i++) {
        const char *name = m->given->option[i].name;
        bool found = !plan_knobs_is_one(name);
        for (size_t n = 0; !found && n < m->plan->cells; n++)
            found = scenario_knob_find(m->plan->cell[n].cell.scenario, name);
        if (!found)
            return err_set(e, ERR_USAGE, -EINVAL,
                           "'--%s' is no option of 'tare matrix', nor of a scenario of this plan ('tare matrix --help' "
                           "lists them)",
                           name);
    }
    return 0;
}

/* "{mode: threads, mp-start: fork}": what takes this cell out of its entry's product. */
static void say_exclusion(const struct making *m, const struct product *p, struct text *out)
{
    for (size_t o = 0; o < m->options->count; o++)
        if (product_values(p->entry, o))
            text_add(out, "%s%s: %s", out->len ? ", " : "", m->options->name[o], product_value(p, o));
}

static int refuse_cell(const struct making *m, const struct product *p, const char *path, const char *id, struct err *e)
{
    struct text exclusion = {0};
    say_exclusion(m, p, &exclusion);
    (void)err_wrap(e, "cell '%s' cannot be", id);
    if (exclusion.len)
        (void)err_remedy(e, "below 'exclude': - {%s}", exclusion.data);
    text_free(&exclusion);
    return blame(m, path, e);
}

static int make_cell(const struct making *m, const struct product *p, const char *path, const char *id, struct err *e)
{
    struct plan_cell *c = &m->plan->cell[m->plan->cells];
    c->cell = cell_unset();
    text_format(c->id, sizeof(c->id), "%s", id);
    int failed = set_values(m, p, path, &c->cell, e);
    if (failed != 0)
        return failed;
    if (!c->cell.scenario)
        return refuse(m, path, -EINVAL, e, "this cell has no scenario");
    if (cell_complete(&c->cell, e) != 0)
        return refuse_cell(m, p, path, id, e);
    m->plan->cells++;
    return 0;
}

/* --- exclusions -------------------------------------------------------------------------------------------------- */

static bool matches(const struct making *m, const struct product *exclusion, const struct product *p, const char *id)
{
    if (exclusion->entry->id && strcmp(exclusion->entry->id, id) != 0)
        return false;
    for (size_t o = 0; o < m->options->count; o++) {
        const char *wanted = product_value(exclusion, o);
        const char *has = wanted ? value_of(m, p, o) : NULL;
        if (wanted && (!has || strcmp(has, wanted) != 0))
            return false;
    }
    return true;
}

static bool is_excluded(const struct making *m, const struct product *p, const char *id)
{
    bool any = false;
    for (unsigned i = 0; i < m->said->exclude_count; i++) {
        struct product exclusion = {.entry = &m->said->exclude[i]};
        for (; !exclusion.done; product_next(&exclusion)) {
            if (!matches(m, &exclusion, p, id))
                continue;
            m->excludes[i] = true;
            any = true;
            break;
        }
    }
    return any;
}

static int check_exclusions(const struct making *m, struct err *e)
{
    char path[PATH_SAID_MAX];
    for (unsigned i = 0; i < m->said->exclude_count; i++) {
        int failed = check_entry(m, "exclude", i, &m->said->exclude[i], e);
        if (failed != 0)
            return failed;
        if (m->excludes[i])
            continue;
        text_format(path, sizeof(path), "exclude[%u]", i);
        return refuse(m, path, -ENOENT, e,
                      "no cell is excluded by this: it compares what the cells' entries and the "
                      "defaults say, as text");
    }
    return 0;
}

/* --- all of it --------------------------------------------------------------------------------------------------- */

static int make_entry(struct making *m, unsigned i, struct err *e)
{
    const struct plan_entry *entry = &m->said->cells[i];
    char path[PATH_SAID_MAX], id[PLAN_ID_MAX], at[PATH_SAID_MAX];
    text_format(path, sizeof(path), "cells[%u]", i);
    text_format(at, sizeof(at), "cells[%u].id", i);
    int failed = check_entry(m, "cells", i, entry, e);
    if (failed == 0 && entry->id)
        failed = check_name(m, at, "id", entry->id, PLAN_ID_MAX, e);
    struct product p = {.entry = entry};
    for (; failed == 0 && !p.done; product_next(&p)) {
        failed = make_id(m, &p, path, id, e);
        if (failed == 0 && !is_excluded(m, &p, id))
            failed = make_cell(m, &p, path, id, e);
    }
    return failed;
}

static int by_id(const void *a, const void *b)
{
    return strcasecmp(*(char *const *)a, *(char *const *)b);
}

/* An id names folders of a bundle, and there are file systems that hold two names that differ in case alone for one. */
static int check_ids(const struct making *m, struct err *e)
{
    size_t n = m->plan->cells;
    cleanup_free const char **ids = calloc(n + 1, sizeof(*ids));
    if (!ids)
        return err_set(e, ERR_OURS, -ENOMEM, "no memory for %zu cells", n);
    for (size_t i = 0; i < n; i++)
        ids[i] = m->plan->cell[i].id;
    qsort(ids, n, sizeof(*ids), by_id);
    for (size_t i = 1; i < n; i++) {
        if (strcasecmp(ids[i - 1], ids[i]) != 0)
            continue;
        if (strcmp(ids[i - 1], ids[i]) == 0)
            return refuse(m, "cells", -EEXIST, e, "two cells are '%s' (give their entries an 'id' each)", ids[i]);
        return refuse(
            m, "cells", -EEXIST, e,
            "the ids '%s' and '%s' differ in letter case alone (they name files: give one entry another 'id')",
            ids[i - 1], ids[i]);
    }
    return 0;
}

static int make_cells(struct making *m, struct err *e)
{
    uint64_t all = 0;
    int failed = check_size(m, e);
    for (unsigned i = 0; i < m->said->cells_count; i++)
        all += failed == 0 ? product_size(&m->said->cells[i]) : 0;
    m->plan->cell = calloc(all + 1, sizeof(*m->plan->cell));
    m->excludes = calloc(m->said->exclude_count + 1, sizeof(*m->excludes));
    if (!m->plan->cell || !m->excludes)
        return err_set(e, ERR_OURS, -ENOMEM, "no memory for %llu cells", (unsigned long long)all);
    for (unsigned i = 0; failed == 0 && i < m->said->cells_count; i++)
        failed = make_entry(m, i, e);
    if (failed == 0)
        failed = check_exclusions(m, e);
    if (failed == 0)
        failed = check_ids(m, e);
    if (failed == 0)
        failed = check_given(m, e);
    if (failed == 0 && m->plan->cells == 0)
        failed = refuse(m, "exclude", -EINVAL, e, "no cell is left");
    return failed;
}

static int make_plan(struct making *m, struct err *e)
{
    int failed = read_head(m, e);
    if (failed == 0)
        failed = make_cells(m, e);
    free(m->excludes);
    return failed;
}

int plan_parse(const char *label, struct text *bytes, const struct config_given *given, const struct carried *carried,
               struct plan *ret, struct err *e)
{
    struct plan p = {0};
    struct plan_options options;
    int failed = plan_options_list(&options, e);
    if (failed == 0) {
        plan_knobs_add(label, bytes, carried, &options);
        failed = plan_file_parse(label, bytes, &options, &p.file, e);
    } else
        text_free(bytes);
    struct making m = {.plan = &p, .said = p.file.said, .options = &options, .given = given, .carried = carried};
    if (failed == 0)
        failed = make_plan(&m, e);
    if (failed != 0) {
        plan_free(&p);
        return failed;
    }
    *ret = p;
    return 0;
}

void plan_free(struct plan *p)
{
    free(STEAL(p->cell));
    plan_file_free(&p->file);
}

#include "plan/plan.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/percent.h"
#include "base/suggest.h"
#include "base/text.h"
#include "base/yaml.h"
#include "cell/scenarios.h"

#define OPTIONS_MAX 128
#define WORD_MAX    4096
#define LIST_MAX    4096
#define ENTRIES_MAX 4096

/* The names of the options that a plan's cells can set; the first is "scenario". */
struct options {
    const char *name[OPTIONS_MAX];
    bool is_knob[OPTIONS_MAX]; /* it is a scenario's own */
    size_t count;
};

/* An entry of `cells` or `exclude`, or `defaults`: its value of each option, by the option's number; NULL: none. */
struct entry {
    const struct yaml_node *node, *id;
    const struct yaml_node *value[OPTIONS_MAX];
    const struct yaml_node *each[OPTIONS_MAX]; /* a list: the product takes each of its values */
};

/* The state while cells are made. */
struct making {
    struct plan *plan;
    const struct options *options;
    const struct config_given *given;
    const struct carried *carried;
    struct entry defaults, *cells, *exclude;
    size_t cells_count, exclude_count;
    size_t runtimes; /* the number of runtimes of each cell */
    bool *excludes;  /* by entry of `exclude`: whether it took a cell out */
    struct found *found;
};

/* The scenario that was found last: of ten thousand cells most have the same one. */
struct found {
    const char *word; /* of the plan; NULL: none yet */
    const struct scenario *scenario;
};

/* --- options ----------------------------------------------------------------------------------------------------- */

/* The options that name a cell come first, and vary slowest. */
enum { SCENARIO, COMMAND, RUNTIME = 4 }; /* their numbers */
static const char *const LEADING[] = {"scenario", "command", "mode",    "mp-start",
                                      "runtime",  "gil",     "profile", "workers"};

static bool is_knob(const char *option)
{
    return strcmp(option, "scenario") != 0 && strcmp(option, "command") != 0 && !config_has_option(CONFIG_PLAN, option);
}

static void add_option(struct options *o, const char *name)
{
    for (size_t i = 0; i < o->count; i++)
        if (strcmp(o->name[i], name) == 0)
            return;
    if (o->count == OPTIONS_MAX)
        return;
    o->is_knob[o->count] = is_knob(name);
    o->name[o->count++] = name;
}

/* A bad scenario is reported by its cell, with the place. */
static void add_knobs(const struct yaml_node *named, const struct carried *carried, struct options *o)
{
    const struct scenario *s = NULL;
    struct err ignored = {0};
    for (size_t i = 0; named && i < named->count; i++)
        add_knobs(&named->child[i], carried, o);
    if (!named || !named->text || scenarios_find_carried(carried, named->text, &s, &ignored) != 0)
        return;
    for (size_t i = 0; i < s->knobs; i++)
        add_option(o, s->knob[i].name);
}

/* Lists the options that all cells have, and the knobs of the plan's scenarios. */
static void list_options(const struct yaml_node *root, const struct carried *carried, struct options *ret)
{
    const struct yaml_node *cells = yaml_get(root, "cells");
    const char *name = config_cell_option(0);
    for (size_t i = 0; i < ARRAY_LEN(LEADING); i++)
        add_option(ret, LEADING[i]);
    for (size_t i = 0; name; name = config_cell_option(++i))
        add_option(ret, name);
    add_knobs(yaml_get(yaml_get(root, "defaults"), "scenario"), carried, ret);
    for (size_t i = 0; cells && i < cells->count; i++) {
        add_knobs(yaml_get(&cells->child[i], "scenario"), carried, ret);
        add_knobs(yaml_get(yaml_get(&cells->child[i], "each"), "scenario"), carried, ret);
    }
}

/* Whether the option has no meaning for a command. */
static bool is_for_scenarios(const char *option)
{
    static const char *const OPTIONS[] = {"scenario", "mode",       "mp-start", "runtime", "gil", "profile",
                                          "workers",  "iterations", "warmup",   "stall",   NULL};
    return is_knob(option) || text_is_among(option, OPTIONS);
}

/* Whether a knob that is set for many cells applies to this one, whose scenario, mode, profile and runtime are set. */
static bool knob_goes_with(const struct cell *cell, const char *option)
{
    const struct cell unset = cell_unset();
    const struct scenario *s = cell->scenario;
    const struct scenario_knob *k = s ? scenario_knob_find(s, option) : NULL;
    struct cell c = *cell;
    if (!k)
        return false;
    if (c.mode == unset.mode)
        c.mode = s->mode;
    if (c.profile == unset.profile)
        c.profile = scenario_profile_default(s);
    if (!c.runtime)
        c.runtime = "auto";
    return cell_knob_counts(&c, (size_t)(k - s->knob)) && (k->profiles >> c.profile & 1);
}

/* --- what a file may say ----------------------------------------------------------------------------------------- */

static const struct yaml_shape TEXT = {.kind = YAML_TEXT, .max = WORD_MAX};
static const struct yaml_shape VALUE = {
    .kind = YAML_TEXT, .max = WORD_MAX, .remedy = "a list, of which the product takes each, goes below 'each'"};
static const struct yaml_shape VALUES = {
    .kind = YAML_LIST, .min = 1, .max = LIST_MAX, .entry = &TEXT, .remedy = "one value alone is a list too: [value]"};

static const struct yaml_shape WORDS = {.kind = YAML_LIST,
                                        .min = 1,
                                        .max = LIST_MAX,
                                        .entry = &TEXT,
                                        .remedy = "a command is a list of its words: [./a, -x]"};
static const struct yaml_shape COMMANDS = {.kind = YAML_LIST, .min = 1, .max = LIST_MAX, .entry = &WORDS};

static int check_shape(const struct yaml_node *root, const struct options *o, struct err *e)
{
    struct yaml_key defaults[OPTIONS_MAX + 1] = {0}, each[OPTIONS_MAX + 1] = {0}, entry[OPTIONS_MAX + 3] = {0};
    for (size_t i = 0; i < o->count; i++) {
        defaults[i] = entry[i] = (struct yaml_key){o->name[i], i == COMMAND ? &WORDS : &VALUE, false};
        each[i] = (struct yaml_key){o->name[i], i == COMMAND ? &COMMANDS : &VALUES, false};
    }
    const struct yaml_shape defaults_shape = {.kind = YAML_MAPPING, .key = defaults};
    const struct yaml_shape each_shape = {.kind = YAML_MAPPING, .key = each};
    const struct yaml_shape entry_shape = {.kind = YAML_MAPPING, .key = entry};
    entry[o->count] = (struct yaml_key){"id", &TEXT, false};
    entry[o->count + 1] = (struct yaml_key){"each", &each_shape, false};
    const struct yaml_shape cells = {.kind = YAML_LIST, .min = 1, .max = ENTRIES_MAX, .entry = &entry_shape};
    const struct yaml_shape exclude = {.kind = YAML_LIST, .max = ENTRIES_MAX, .entry = &entry_shape};
    const struct yaml_shape top =
        YAML_KEYS(YAML_NEEDS("schema", TEXT), YAML_NEEDS("name", TEXT), YAML_MAY("summary", TEXT),
                  YAML_MAY("seed", TEXT), YAML_MAY("invocations", TEXT), YAML_MAY("order", TEXT),
                  YAML_MAY("until-precise", TEXT), YAML_MAY("max-invocations", TEXT),
                  YAML_MAY("defaults", defaults_shape), YAML_NEEDS("cells", cells), YAML_MAY("exclude", exclude));
    return yaml_check(root, &top, e);
}

static struct entry entry_of(const struct yaml_node *n, const struct options *o)
{
    struct entry entry = {.node = n, .id = yaml_get(n, "id")};
    const struct yaml_node *each = yaml_get(n, "each");
    for (size_t i = 0; i < o->count; i++) {
        entry.value[i] = yaml_get(n, o->name[i]);
        entry.each[i] = yaml_get(each, o->name[i]);
    }
    return entry;
}

static struct entry *entries_of(const struct yaml_node *list, const struct options *o, size_t *count)
{
    *count = list ? list->count : 0;
    struct entry *entries = xcalloc(*count, sizeof(*entries));
    for (size_t i = 0; i < *count; i++)
        entries[i] = entry_of(&list->child[i], o);
    return entries;
}

/* --- the head ---------------------------------------------------------------------------------------------------- */

int plan_parse_precision(const char *text, double *ret)
{
    return percent_parse(text, 1e-9, 1 - 1e-9, ret) == 0 ? 0 : -EINVAL;
}

static bool is_safe(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("._=+-", c));
}

/* The name is used for a folder and files. */
static int check_name(const struct yaml_node *n, size_t max, struct err *e)
{
    size_t len = 0;
    while (is_safe(n->text[len]))
        len++;
    if (!n->text[len] && len < max && *n->text != '.' && *n->text != '-')
        return 0;
    return yaml_refuse(n, -EINVAL, e,
                       "%s '%s': what is allowed are up to %zu of letters, digits and ._=+-, not . or - first", n->key,
                       n->text, max - 1);
}

static int read_head(const struct yaml_node *root, struct plan *p, struct err *e)
{
    static const char *const ORDERS[] = {[ORDER_BLOCKS] = "blocks", [ORDER_LISTED] = "listed", NULL};
    const struct yaml_node *name = yaml_get(root, "name"), *precise = yaml_get(root, "until-precise");
    unsigned order = ORDER_BLOCKS;
    p->name = name->text;
    p->summary = yaml_text(root, "summary");
    p->seed = -1;
    p->invocations = 1;
    p->max_invocations = PLAN_MAX_INVOCATIONS;
    TRY(check_name(name, PLAN_NAME_MAX, e));
    TRY(yaml_integer(yaml_get(root, "seed"), 0, PLAN_SEED_MAX, &p->seed, e));
    TRY(yaml_integer(yaml_get(root, "invocations"), 1, PLAN_INVOCATIONS_MAX, &p->invocations, e));
    TRY(yaml_integer(yaml_get(root, "max-invocations"), 1, PLAN_INVOCATIONS_MAX, &p->max_invocations, e));
    TRY(yaml_choice(yaml_get(root, "order"), ORDERS, &order, e));
    p->order = (enum plan_order)order;
    if (!precise || plan_parse_precision(precise->text, &p->precision) == 0)
        return 0;
    return yaml_refuse(precise, -EINVAL, e, "until-precise '%s': what is allowed is %s", precise->text,
                       PLAN_PRECISION_ALLOWED);
}

/* --- products ---------------------------------------------------------------------------------------------------- */

/* The position in an entry's product: the current value of each of its lists. Starts as {.entry = …}. */
struct product {
    const struct entry *entry;
    size_t at[OPTIONS_MAX];
    bool done;
};

/* The number of combinations; UINT64_MAX if it is larger. */
static uint64_t product_size(const struct entry *entry)
{
    uint64_t n = 1;
    for (size_t i = 0; i < OPTIONS_MAX; i++)
        if (entry->each[i] && __builtin_mul_overflow(n, entry->each[i]->count, &n))
            return UINT64_MAX;
    return n;
}

/* Moves to the next combination; the last option varies fastest. After the last one, done is true. */
static void product_next(struct product *p)
{
    for (size_t i = OPTIONS_MAX; i-- > 0;) {
        if (!p->entry->each[i])
            continue;
        if (++p->at[i] < p->entry->each[i]->count)
            return;
        p->at[i] = 0;
    }
    p->done = true;
}

/* The combination's value of an option; NULL: none. */
static const struct yaml_node *product_value(const struct product *p, size_t option)
{
    const struct yaml_node *each = p->entry->each[option];
    return each ? &each->child[p->at[option]] : p->entry->value[option];
}

/* The same, or the value in the defaults. */
static const struct yaml_node *value_of(const struct making *m, const struct product *p, size_t option)
{
    const struct yaml_node *value = product_value(p, option);
    return value ? value : m->defaults.value[option];
}

static bool is_command(const struct making *m, const struct product *p)
{
    return product_value(p, COMMAND) || (m->defaults.value[COMMAND] && !product_value(p, SCENARIO));
}

/* Whether an option does not apply: a scenario's to a command, or a command to a scenario. The defaults may have both.
 */
static bool is_beside(const struct making *m, const struct product *p, size_t option)
{
    return is_command(m, p) ? is_for_scenarios(m->options->name[option]) : option == COMMAND;
}

/* A value as one text; a command's words are quoted for a shell. The caller frees it. */
static char *said(const struct yaml_node *value)
{
    struct text out = {0};
    text_add(&out, "%s", value->text ? value->text : "");
    for (size_t i = 0; i < value->count; i++) {
        text_add(&out, "%s", i ? " " : "");
        text_add_shell_word(&out, value->child[i].text);
    }
    return out.data;
}

static bool same_value(const struct yaml_node *a, const struct yaml_node *b)
{
    bool same = a->kind == b->kind && a->count == b->count && (!a->text || strcmp(a->text, b->text) == 0);
    for (size_t i = 0; same && i < a->count; i++)
        same = same_value(&a->child[i], &b->child[i]);
    return same;
}

/* --- the runtimes that the options name -------------------------------------------------------------------------- */

static bool is_each_runtime(const struct config_option *given)
{
    return strcmp(given->name, CONFIG_EACH_RUNTIME) == 0;
}

/* The n-th value of --each-runtime; NULL after the last. */
static const char *each_runtime(const struct config_given *given, size_t n)
{
    for (size_t i = 0; i < given->count; i++)
        if (is_each_runtime(&given->option[i]) && n-- == 0)
            return given->option[i].value;
    return NULL;
}

static void add_safe(const char *value, struct text *id)
{
    for (const char *c = value; *c; c++)
        text_add(id, "%c", is_safe(*c) ? *c : '_');
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

void plan_add_each_runtime(const struct config_given *given, size_t n, struct text *id)
{
    const char *own = each_runtime(given, n), *other;
    bool is_alone = true;
    if (!own)
        return;
    for (size_t i = 0; (other = each_runtime(given, i)); i++)
        is_alone &= i == n || strcmp(last_part(other), last_part(own)) != 0;
    text_add(id, "-");
    if (!is_alone)
        text_add(id, "%zu-", n + 1);
    add_safe(last_part(own), id);
}

static int check_size(const struct making *m, struct err *e)
{
    uint64_t all = 0;
    for (size_t i = 0; i < m->cells_count; i++) {
        uint64_t n = 0;
        if (__builtin_mul_overflow(product_size(&m->cells[i]), m->runtimes, &n) || __builtin_add_overflow(all, n, &all))
            all = UINT64_MAX;
        if (all > PLAN_CELLS_MAX)
            return yaml_refuse(m->cells[i].node, -E2BIG, e,
                               "this makes %llu%s cells; what is allowed is %d (shorten the lists below "
                               "'each', or name the combinations that matter as entries of their own)",
                               (unsigned long long)all, all == UINT64_MAX ? " or more" : "", PLAN_CELLS_MAX);
    }
    return 0;
}

static int check_entry(const struct making *m, const struct entry *entry, struct err *e)
{
    for (size_t o = 0; o < m->options->count; o++) {
        if (entry->each[o] && o == RUNTIME && each_runtime(m->given, 0))
            return yaml_refuse(
                entry->each[o], -EINVAL, e,
                "these cells have their runtimes from 'each', and --each-runtime '%s' names others; what "
                "is allowed is one of them",
                each_runtime(m->given, 0));
        if (entry->value[o] && entry->each[o])
            return yaml_refuse(entry->value[o], -EINVAL, e,
                               "'%s' is given here and below 'each'; what is allowed is one of them",
                               m->options->name[o]);
    }
    return 0;
}

#define NO_WORKLOAD "this cell has no scenario and no command"

/* --- a cell ------------------------------------------------------------------------------------------------------ */

/* Adds a value to an id. A scenario, a runtime or a command's first word may be a path: its last part is used. */
static void add_part(const char *option, const char *value, struct text *id)
{
    static const char *const PLAIN[] = {"scenario", "command", "mode", "mp-start", "runtime", "profile", NULL};
    bool plain = text_is_among(option, PLAIN);
    size_t len = strcmp(option, "command") == 0 ? strcspn(value, " ") : strlen(value);
    const char *slash = memrchr(value, '/', len);
    if (plain && slash && slash[1])
        value = slash + 1;
    text_add(id, "%s%s%s", id->len ? "-" : "", plain ? "" : option, plain ? "" : "=");
    add_safe(value, id);
}

/* The n-th runtime of --each-runtime for this cell. NULL: after the last; or the cell keeps its own, as commands and
 * native cells do. */
static const char *varied_runtime(const struct making *m, const struct product *p, size_t n)
{
    const struct yaml_node *own = value_of(m, p, RUNTIME);
    bool is_native = own && own->text && strcmp(own->text, "native") == 0;
    return is_command(m, p) || is_native ? NULL : each_runtime(m->given, n);
}

/* Makes a cell's id: the entry's id and the values that its lists vary; without an id the scenario, mode, start method,
 * runtime and profile. runtime: the number in --each-runtime. */
static int make_id(const struct making *m, const struct product *p, size_t runtime, char ret[PLAN_ID_MAX],
                   struct err *e)
{
    const bool varies = varied_runtime(m, p, runtime) != NULL;
    cleanup_text struct text id = {0};
    const struct entry *entry = p->entry;
    if (entry->id)
        text_add(&id, "%s", entry->id->text);
    for (size_t o = 0; o < m->options->count; o++) {
        bool names = entry->each[o] || (!entry->id && o < ARRAY_LEN(LEADING) - 1);
        names &= !varies || o != RUNTIME;
        const struct yaml_node *value = names && !is_beside(m, p, o) ? value_of(m, p, o) : NULL;
        cleanup_free char *words = value ? said(value) : NULL;
        if (words)
            add_part(m->options->name[o], words, &id);
    }
    if (id.len == 0)
        return yaml_refuse(entry->node, -EINVAL, e, NO_WORKLOAD);
    if (varies)
        plan_add_each_runtime(m->given, runtime, &id);
    if (id.len >= PLAN_ID_MAX)
        return yaml_refuse(entry->node, -ENAMETOOLONG, e,
                           "the cell's id '%.60s...' has %zu characters; what is allowed is %d "
                           "(give the entry a short 'id')",
                           id.data, id.len, PLAN_ID_MAX - 1);
    text_format(ret, PLAN_ID_MAX, "%s", id.data);
    return 0;
}

/* Notes a scenario named by its path, with the folder where it was found. */
static int note_carried(const struct making *m, const char *word, const struct scenario *s, struct err *e)
{
    struct carried *c = &m->plan->carried;
    if (!scenario_is_path(word) || carried_find(c, word, false))
        return 0;
    if (c->count == CARRIED_MAX)
        return err_set(e, ERR_USAGE, -E2BIG, "'%s': what is allowed is %d scenarios and files that are named by paths",
                       word, CARRIED_MAX);
    if (!*s->content_sha256)
        return err_set(e, ERR_USAGE, -EINVAL, "%s", s->content_fault);
    struct carried_one *one = &c->of[c->count++];
    *one = (struct carried_one){.word = word, .from = s->dir};
    text_format(one->name, sizeof(one->name), "%s", s->name);
    text_format(one->sha256, sizeof(one->sha256), "%s", s->content_sha256);
    const char *file = strrchr(s->file, '/') + 1;
    if (strlen(file) < sizeof(one->file)) /* else it cannot be carried; content_fault says why */
        text_format(one->file, sizeof(one->file), "%s", file);
    return 0;
}

static int set_value(const struct making *m, size_t option, const struct yaml_node *value, struct cell *cell,
                     struct err *e)
{
    if (option == COMMAND) {                                          /* its words are freed with the plan */
        const char **argv = xcalloc(value->count + 1, sizeof(*argv)); /* NOLINT(bugprone-sizeof-expression): pointers */
        for (size_t i = 0; i < value->count; i++)
            argv[i] = value->child[i].text;
        cell->argv = (char *const *)(void *)argv;
        return 0;
    }
    if (option != SCENARIO)
        return cell_set(cell, m->options->name[option], value->text, e);
    struct found *last = m->found;
    if (!last->word || strcmp(last->word, value->text) != 0) {
        TRY(scenarios_find_carried(m->carried, value->text, &last->scenario, e));
        last->word = value->text;
    }
    cell->scenario = last->scenario;
    return note_carried(m, value->text, cell->scenario, e);
}

/* Sets the cell's common options, or (knobs) its knobs, which come after them. A knob in the defaults or on the command
 * line is set in the cells that have it. */
static int set_said(const struct making *m, const struct product *p, bool knobs, struct cell *cell, struct err *e)
{
    for (size_t o = 0; o < m->options->count; o++) {
        const char *option = m->options->name[o];
        const struct yaml_node *value = product_value(p, o);
        if (m->options->is_knob[o] != knobs)
            continue;
        if (is_beside(m, p, o) && value)
            return yaml_refuse(value, -EINVAL, e, "'%s' is of scenarios, and this cell is a command", option);
        if (is_beside(m, p, o))
            continue;
        if (!value && (!knobs || knob_goes_with(cell, option)))
            value = value_of(m, p, o);
        if (value && set_value(m, o, value, cell, e) != 0)
            return yaml_blame(value, e);
    }
    return 0;
}

static int set_given(const struct making *m, bool knobs, struct cell *cell, struct err *e)
{
    for (size_t i = 0; i < m->given->count; i++) {
        const struct config_option *given = &m->given->option[i];
        if (cell->argv && is_for_scenarios(given->name))
            continue;
        if (is_knob(given->name) == knobs && (!knobs || knob_goes_with(cell, given->name)))
            TRY(cell_set(cell, given->name, given->value, e));
    }
    return 0;
}

static int refuse_given(const struct making *m, const char *name, struct err *e)
{
    char near[SUGGEST_TEXT_MAX];
    struct suggest known = SUGGEST(name);
    for (size_t i = 0; i < m->options->count; i++)
        suggest_offer(&known, m->options->name[i]);
    config_offer(CONFIG_MATRIX, &known);
    return err_set(e, ERR_USAGE, -EINVAL,
                   "'--%s' is no option of 'tare matrix', nor of a scenario of this plan ('tare matrix --help' lists "
                   "them)%s",
                   name, suggest_text(&known, "--", near));
}

/* Every option of the command line must apply to at least one cell. */
static int check_given(const struct making *m, struct err *e)
{
    for (size_t i = 0; i < m->given->count; i++) {
        const char *name = m->given->option[i].name;
        bool found = !is_knob(name) || is_each_runtime(&m->given->option[i]);
        for (size_t n = 0; !found && n < m->plan->cells; n++)
            found = m->plan->cell[n].cell.scenario && scenario_knob_find(m->plan->cell[n].cell.scenario, name);
        if (!found)
            return refuse_given(m, name, e);
    }
    return 0;
}

/* The remedy is the exclusion that takes this cell out: "{mode: threads, mp-start: fork}". */
static int refuse_cell(const struct making *m, const struct product *p, const char *id, struct err *e)
{
    cleanup_text struct text exclusion = {0};
    for (size_t o = 0; o < m->options->count; o++) {
        cleanup_free char *value = p->entry->each[o] ? said(product_value(p, o)) : NULL;
        if (value)
            text_add(&exclusion, "%s%s: %s", exclusion.len ? ", " : "", m->options->name[o], value);
    }
    (void)err_wrap(e, "cell '%s' cannot be", id);
    if (exclusion.len)
        (void)err_remedy(e, "below 'exclude': - {%s}", exclusion.data);
    return yaml_blame(p->entry->node, e);
}

/* --- a command's files ------------------------------------------------------------------------------------------- */

/* Until the plan is freed. */
static const char *keep(struct plan *p, char *text)
{
    p->kept = xgrow(p->kept, p->kept_count, sizeof(*p->kept)); /* NOLINT(bugprone-sizeof-expression): pointers */
    p->kept[p->kept_count++] = text;
    return text;
}

static void leave_uncarried(struct plan *p, const char *word, const char *why)
{
    cleanup_free char *line =
        text_printf("%s%s%s\n", strstr(why, word) ? "" : word, strstr(why, word) ? "" : ": ", why);
    if (!p->not_carried.data || !strstr(p->not_carried.data, line))
        text_add(&p->not_carried, "%s", line);
}

/* A file of this host, to be copied; false: it is none, or cannot be. */
static bool find_own_file(struct plan *p, const char *word, char dir[PATH_MAX], struct carried_one *ret)
{
    struct err why = {0};
    uint64_t bytes = 0;
    for (size_t i = 0; i < p->carried.count; i++)
        bytes += p->carried.of[i].bytes;
    int failed = p->carried.count == CARRIED_MAX
                     ? err_set(&why, ERR_USAGE, -E2BIG, "it is more than the %d of a plan", CARRIED_MAX)
                     : carried_find_file(word, dir, ret, &why);
    if (failed == 0 && bytes + ret->bytes > CARRIED_BYTES_MAX)
        failed = err_set(&why, ERR_USAGE, -EFBIG, "with it the commands' files have more than 64 MiB");
    if (failed != 0 && *why.text)
        leave_uncarried(p, word, why.text);
    return failed == 0;
}

/* Where the file is that a word names: its copy, or on this host, to be copied. NULL in ret: it names none that is
 * carried. Of a plan that comes with copies, or that is not the user's own, no other file of this host is looked at:
 * what is copied is handed on. */
static int find_file(const struct making *m, const char *word, const struct carried_one **ret, struct err *e)
{
    char path[PATH_MAX], dir[PATH_MAX];
    struct carried *c = &m->plan->carried;
    struct carried_one one;
    const struct carried_one *copy = carried_find(m->carried, word, true);
    *ret = carried_find(c, word, true);
    if (*ret || (!copy && (m->carried || !find_own_file(m->plan, word, dir, &one))))
        return 0;
    if (copy) {
        TRY(carried_open_file(m->carried, copy, path, e));
        one = *copy;
        text_format(dir, sizeof(dir), "%.*s", (int)(strrchr(path, '/') - path), path);
    }
    c->of[c->count] = one;
    c->of[c->count].from = keep(m->plan, xstrdup(dir));
    *ret = &c->of[c->count++];
    return 0;
}

/* The words with a slash that name files. Each is noted once. */
static int take_files(const struct making *m, struct plan_cell *c, struct err *e)
{
    size_t words = 0, k;
    while (c->cell.argv[words])
        words++;
    c->run = xcalloc(words + 1, sizeof(*c->run)); /* NOLINT(bugprone-sizeof-expression): pointers */
    c->file = xcalloc(words, sizeof(*c->file));
    c->files = 0;
    for (size_t i = 0; i < words; i++) {
        const char *word = c->run[i] = c->cell.argv[i];
        const struct carried_one *one = NULL;
        if (strchr(word, '/'))
            TRY(find_file(m, word, &one, e));
        if (!one)
            continue;
        for (k = 0; k < c->files && strcmp(c->file[k].word, word) != 0;)
            k++;
        if (k == c->files)
            c->file[c->files++] = (struct run_file){word, keep(m->plan, text_printf("%s/%s", one->from, one->file))};
        if (carried_find(m->carried, word, true))
            c->run[i] = c->file[k].path;
    }
    return 0;
}

static int make_cell(const struct making *m, const struct product *p, size_t runtime, const char *id, struct err *e)
{
    const char *named = varied_runtime(m, p, runtime);
    struct plan_cell *c = &m->plan->cell[m->plan->cells++];
    c->cell = cell_unset();
    text_format(c->id, sizeof(c->id), "%s", id);
    for (int knobs = 0; knobs < 2; knobs++) {
        TRY(set_said(m, p, knobs, &c->cell, e));
        TRY(set_given(m, knobs, &c->cell, e));
        if (named)
            TRY(cell_set(&c->cell, "runtime", named, e));
    }
    if (!c->cell.scenario && !c->cell.argv)
        return yaml_refuse(p->entry->node, -EINVAL, e, NO_WORKLOAD);
    if (c->cell.argv && take_files(m, c, e) != 0)
        return yaml_blame(p->entry->node, e);
    if (cell_complete(&c->cell, e) != 0)
        return refuse_cell(m, p, id, e);
    return 0;
}

/* --- exclusions -------------------------------------------------------------------------------------------------- */

static bool matches(const struct making *m, const struct product *exclusion, const struct product *p, const char *id)
{
    if (exclusion->entry->id && strcmp(exclusion->entry->id->text, id) != 0)
        return false;
    for (size_t o = 0; o < m->options->count; o++) {
        const struct yaml_node *wanted = product_value(exclusion, o);
        const struct yaml_node *has = wanted && !is_beside(m, p, o) ? value_of(m, p, o) : NULL;
        if (wanted && (!has || !same_value(has, wanted)))
            return false;
    }
    return true;
}

static bool is_excluded(const struct making *m, const struct product *p, const char *id)
{
    bool any = false;
    for (size_t i = 0; i < m->exclude_count; i++) {
        struct product exclusion = {.entry = &m->exclude[i]};
        while (!exclusion.done && !matches(m, &exclusion, p, id))
            product_next(&exclusion);
        m->excludes[i] |= !exclusion.done;
        any |= !exclusion.done;
    }
    return any;
}

static int check_exclusions(const struct making *m, struct err *e)
{
    for (size_t i = 0; i < m->exclude_count; i++) {
        TRY(check_entry(m, &m->exclude[i], e));
        if (!m->excludes[i])
            return yaml_refuse(m->exclude[i].node, -ENOENT, e,
                               "no cell is excluded by this: it compares what the cells' entries and the "
                               "defaults say, as text");
    }
    return 0;
}

/* --- all of it --------------------------------------------------------------------------------------------------- */

static int make_entry(struct making *m, const struct entry *entry, struct err *e)
{
    char id[PLAN_ID_MAX];
    TRY(check_entry(m, entry, e));
    if (entry->id)
        TRY(check_name(entry->id, PLAN_ID_MAX, e));
    for (struct product p = {.entry = entry}; !p.done; product_next(&p))
        for (size_t r = 0; r == 0 || varied_runtime(m, &p, r); r++) {
            TRY(make_id(m, &p, r, id, e));
            if (!is_excluded(m, &p, id))
                TRY(make_cell(m, &p, r, id, e));
        }
    return 0;
}

static int by_id(const void *a, const void *b)
{
    const struct plan_cell *const *one = a, *const *other = b;
    return strcasecmp((*one)->id, (*other)->id);
}

static int id_against_cell(const void *id, const void *cell)
{
    const struct plan_cell *const *one = cell;
    return strcasecmp(id, (*one)->id);
}

/* Ids name a bundle's folders, and some file systems ignore letter case. */
static int index_ids(struct plan *p, const struct yaml_node *cells, struct err *e)
{
    p->by_id = xcalloc(p->cells, sizeof(*p->by_id)); /* NOLINT(bugprone-sizeof-expression): pointers */
    for (size_t i = 0; i < p->cells; i++)
        p->by_id[i] = &p->cell[i];
    qsort(p->by_id, p->cells, sizeof(*p->by_id), by_id); /* NOLINT(bugprone-sizeof-expression) */
    for (size_t i = 1; i < p->cells; i++) {
        const char *one = p->by_id[i - 1]->id, *other = p->by_id[i]->id;
        if (strcasecmp(one, other) != 0)
            continue;
        if (strcmp(one, other) == 0)
            return yaml_refuse(cells, -EEXIST, e, "two cells are '%s' (give their entries an 'id' each)", other);
        return yaml_refuse(
            cells, -EEXIST, e,
            "the ids '%s' and '%s' differ in letter case alone (they name files: give one entry another 'id')", one,
            other);
    }
    return 0;
}

size_t plan_find_cell(const struct plan *p, const char *id)
{
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): pointers */
    const struct plan_cell **found = bsearch(id, p->by_id, p->cells, sizeof(*p->by_id), id_against_cell);
    return found && strcmp((*found)->id, id) == 0 ? (size_t)(*found - p->cell) : p->cells;
}

/* --- folders in a bundle ----------------------------------------------------------------------------------------- */

void plan_plain_name(const char *name, char buf[PLAN_FOLDER_MAX + 1])
{
    text_format(buf, PLAN_FOLDER_MAX + 1, "%.*s", PLAN_FOLDER_MAX, name);
    for (char *p = buf; *p; p++)
        if (!(isalnum((unsigned char)*p) || strchr("._-", *p)) || (p == buf && *p == '.'))
            *p = '-';
}

/* What differs in letter case alone is one folder on some file systems. */
static int by_folder(const void *a, const void *b)
{
    const struct plan_cell *const *one = a, *const *other = b;
    int order = strcasecmp((*one)->folder, (*other)->folder);
    return order != 0 ? order : *one < *other ? -1 : 1;
}

static void name_folders(struct plan *p)
{
    char plain[PLAN_FOLDER_MAX + 1];
    cleanup_free struct plan_cell **cells =
        xcalloc(p->cells, sizeof(*cells)); /* NOLINT(bugprone-sizeof-expression): pointers */
    for (size_t i = 0; i < p->cells; i++) {
        plan_plain_name(p->cell[i].id, plain);
        p->cell[i].folder = xstrdup(plain);
        cells[i] = &p->cell[i];
    }
    qsort(cells, p->cells, sizeof(*cells), by_folder); /* NOLINT(bugprone-sizeof-expression) */
    for (size_t i = 1, first = 0; i < p->cells; i++) {
        if (strcasecmp(cells[first]->folder, cells[i]->folder) != 0) {
            first = i;
            continue;
        }
        cleanup_free char *same = cells[i]->folder;
        cells[i]->folder = text_printf("%s.%zu", same, i - first + 1);
    }
}

static int make_cells(struct making *m, const struct yaml_node *root, struct err *e)
{
    uint64_t all = 0;
    m->runtimes = 1;
    while (each_runtime(m->given, m->runtimes))
        m->runtimes++;
    TRY(check_size(m, e));
    for (size_t i = 0; i < m->cells_count; i++)
        all += product_size(&m->cells[i]) * m->runtimes;
    m->plan->cell = xcalloc(all, sizeof(*m->plan->cell));
    for (size_t i = 0; i < m->cells_count; i++)
        TRY(make_entry(m, &m->cells[i], e));
    TRY(check_exclusions(m, e));
    TRY(index_ids(m->plan, yaml_get(root, "cells"), e));
    TRY(check_given(m, e));
    name_folders(m->plan);
    return m->plan->cells ? 0 : yaml_refuse(yaml_get(root, "exclude"), -EINVAL, e, "no cell is left");
}

static int make_plan(const char *label, const struct config_given *given, const struct carried *carried, struct plan *p,
                     struct err *e)
{
    struct options options = {0};
    TRY(yaml_read(label, p->bytes.data, p->bytes.len, &p->file, e));
    const struct yaml_node *root = yaml_root(p->file);
    TRY(yaml_check_schema(root, PLAN_SCHEMA, e));
    list_options(root, carried, &options);
    TRY(check_shape(root, &options, e));
    TRY(read_head(root, p, e));
    struct found found = {NULL, NULL};
    struct making m = {.plan = p, .options = &options, .given = given, .carried = carried, .found = &found};
    m.defaults = entry_of(yaml_get(root, "defaults"), &options);
    cleanup_free struct entry *cells = entries_of(yaml_get(root, "cells"), &options, &m.cells_count);
    cleanup_free struct entry *exclude = entries_of(yaml_get(root, "exclude"), &options, &m.exclude_count);
    m.cells = cells; /* clang warns of a variable that only has a cleanup attribute */
    m.exclude = exclude;
    cleanup_free bool *excludes = m.excludes = xcalloc(m.exclude_count, sizeof(*excludes));
    return make_cells(&m, root, e);
}

int plan_parse(const char *label, struct text *bytes, const struct config_given *given, const struct carried *carried,
               struct plan *ret, struct err *e)
{
    struct plan p = {.bytes = *bytes};
    *bytes = (struct text){0};
    int failed = make_plan(label, given, carried, &p, e);
    if (failed != 0)
        plan_free(&p);
    else
        *ret = p;
    return failed;
}

void plan_free(struct plan *p)
{
    for (size_t i = 0; i < p->cells; i++) {
        free((void *)p->cell[i].cell.argv);
        free(p->cell[i].folder);
        free(p->cell[i].not_run);
        free((void *)p->cell[i].run);
        free(p->cell[i].file);
    }
    for (size_t i = 0; i < p->kept_count; i++)
        free(p->kept[i]);
    free((void *)STEAL(p->kept));
    text_free(&p->not_carried);
    free(STEAL(p->by_id)); /* NOLINT(bugprone-multi-level-implicit-pointer-conversion) */
    free(STEAL(p->cell));
    yaml_end(STEAL(p->file));
    text_free(&p->bytes);
}

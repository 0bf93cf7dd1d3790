#include "record/invocation.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json_put.h"
#include "base/json_scan.h"
#include "base/source.h"
#include "record/memo.h"
#include "record/record.h"

#define RECORD_BYTES_MAX (1LL << 30)
#define SECTION_MAX      (1U << 20)
#define MEMBERS_MAX      1000U /* of a result, or checks of a record: more than any tare writes */
#define SETTINGS_MAX     8192U /* keys of a cell, or of an environment; likewise */
#define FIGURES_MAX      4096U /* of all records that are read together; each is looked for among them */
#define NO_SUCH_FIGURE   "the record has no such figure"
#define FIGURE_MOST      1e60 /* of its ratios, and of the fourth powers in degrees of freedom, all are finite still */
#define NO_FIGURE        "neither a number nor null; a number is 0, or from 1e-60 to 1e60"

/* How a section is loaded. */
enum load {
    LOAD_NOT, /* by load_all() */
    LOAD,
    LOAD_SETTING,     /* it belongs to the cell or the environment */
    LOAD_FOR_REPORTS, /* not by `tare compare`, so no figure may come from it */
};

#define ONLY(...) ((const char *const[]){__VA_ARGS__, NULL})

/* The members of a record that are read, in the order of loading: enum constant, key, how it is loaded, and its members
 * that are loaded; NULL: all. A member that is not named here is never read: a figure from it would be absent with "the
 * record has no such figure". */
/* clang-format off */
#define SECTION_TABLE(X)                                                                                               \
    X(SCHEMA, "schema", LOAD_NOT, NULL)                                                                                \
    X(ID, "id", LOAD_NOT, NULL)                                                                                        \
    X(STARTED_AT, "started_at", LOAD_NOT, NULL)                                                                        \
    X(NODE, "node", LOAD_NOT, NULL)                                                                                    \
    X(ITERATIONS, "iterations", LOAD_NOT, NULL)                                                                        \
    X(TOOL, "tool", LOAD_SETTING, ONLY("version", "commit"))                                                           \
    X(SCENARIO, "scenario", LOAD_SETTING, NULL)                                                                        \
    X(RUNTIME, "runtime", LOAD_SETTING, NULL)                                                                          \
    X(HOST, "host", LOAD_SETTING, NULL)                                                                                \
    X(IMAGE, "image", LOAD_SETTING, NULL)                                                                              \
    X(SLICE, "slice", LOAD_SETTING, ONLY("provenance", "cpus_effective", "cpus_by"))                                   \
    X(ISOLATION, "isolation", LOAD_SETTING, ONLY("grade"))                                                             \
    X(RESULT, "result", LOAD, NULL)                                                                                    \
    X(CONFINEMENT, "confinement", LOAD_SETTING, ONLY("level", "network"))                                              \
    X(MEMORY, "memory", LOAD,                                                                                          \
      ONLY("parent_and_workers", "all_pids", "slice", "missed_ticks", "walks", "missed_walks"))                        \
    X(CPU, "cpu", LOAD, NULL)                                                                                          \
    X(TERMINATION, "termination", LOAD, NULL)                                                                          \
    X(PLAN, "plan", LOAD, ONLY("node", "label", "cell", "block", "name", "sha256", "seed", "elapsed_ns"))              \
    X(TIMING, "timing", LOAD, ONLY("emulated", "by"))                                                                  \
    X(GROWTH, "growth", LOAD, ONLY("slopes"))                                                                          \
    X(COUNTERS, "counters", LOAD, NULL)                                                                                \
    X(INSTRUMENT, "instrument", LOAD_FOR_REPORTS, ONLY("prepare_ns", "slice_to_exec_ns", "exec_to_exit_ns",            \
                                                   "exit_to_removed_ns", "selftest", "selftest_reason"))               \
    X(DISTURBANCE, "disturbance", LOAD_FOR_REPORTS,                                                                    \
      ONLY("window_ns", "ticks_per_second", "benchmark_cpus", "busy_ticks"))
/* clang-format on */

#define SECTION_ENUM(constant, key, load, only) SECTION_##constant,
#define SECTION_ROW(constant, key, load, only)  {key, load, only},

enum section { SECTION_TABLE(SECTION_ENUM) SECTIONS };

static const struct {
    const char *name;
    enum load load;
    const char *const *only;
} SECTION[SECTIONS] = {SECTION_TABLE(SECTION_ROW)};

#define FACTS_MAX 512 /* members of a record that make its cell, and its environment */

struct facts_list {
    const struct member *list[FACTS_MAX];
    size_t count; /* above FACTS_MAX: some could not be kept */
};

/* --- one record's text ------------------------------------------------------------------------------------------ */

/* One file, the places of its sections, and the sections that were parsed. */
struct parse {
    struct reader *r;
    const char *path;
    struct json_span whole;
    struct json_span section[SECTIONS];
    struct json_span checks, samples;  /* the lists isolation.checks and memory.samples, parsed element by element */
    json_t *tree[SECTIONS];            /* NULL: not loaded */
    struct facts_list fact[MEMO_SETS]; /* what its cell and its environment are made of */
    struct err *e;
};

/* Whether the section is missing or null. */
static bool lacks(struct json_span span)
{
    return !span.data || json_span_is(span, "null");
}

/* Sets "'path': line 12: why", with the line of `at` (NULL: no line). Returns -EINVAL. */
static int refuse(const struct parse *p, const char *at, const char *why)
{
    if (!at)
        return err_set(p->e, ERR_USAGE, -EINVAL, "'%s': %s", p->path, why);
    return err_set(p->e, ERR_USAGE, -EINVAL, "'%s': line %zu: %s", p->path, json_scan_line(p->whole, at), why);
}

/* Sets "'path': line 12: section.key is <what>". Returns -EINVAL. */
static int refuse_member(const struct parse *p, enum section s, const char *key, const char *what)
{
    char why[200];
    text_format(why, sizeof(why), "%s%s%.60s is %s", SECTION[s].name, *key ? "." : "", key, what);
    return refuse(p, p->section[s].data, why);
}

/* Parses a value; the caller owns it. NULL: *p->e says where and why. */
static json_t *load_value(const struct parse *p, struct json_span span)
{
    json_error_t why;
    if (span.len > SECTION_MAX) {
        (void)refuse(p, span.data, "a section above 1 MiB that is neither stamps nor samples");
        return NULL;
    }
    json_t *value = json_loadb(span.data, span.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    if (!value)
        (void)refuse(p, why.position >= 0 && (size_t)why.position <= span.len ? span.data + why.position : span.data,
                     why.text);
    return value;
}

/* The same for a value that other records probably have, too: the memo keeps it. member: the value with its key. kept:
 * receives its place there; NULL: it could not be kept. */
static json_t *load_known(struct parse *p, enum section s, struct json_span member, struct json_span value,
                          const struct member **kept)
{
    struct memo *m = p->r->memo;
    *kept = memo_find(m, s, member);
    if (*kept)
        return json_incref(memo_value(*kept));
    json_t *tree = load_value(p, value);
    *kept = tree ? memo_keep(m, s, member, tree) : NULL;
    return *kept ? json_incref(tree) : tree;
}

static void add_fact(struct facts_list *f, const struct member *one)
{
    if (one && f->count < FACTS_MAX)
        f->list[f->count++] = one;
    else
        f->count = FACTS_MAX + 1;
}

/* The state while a section's members are loaded. */
struct loading {
    enum section s;
    struct parse *p;
    json_t *into;
    bool has_failed; /* and said why */
};

bool invocation_is_of_the_moment(const char *key)
{
    static const char *const KEYS[] = {"load_1min", "load_5min", "load_15min", "boot_id", "steal_ticks", NULL};
    return text_is_among(key, KEYS);
}

/* Whether this key of the scenario says how it was run, not what: two runs of one cell may differ in it. "file" is one:
 * the scenario's SHA-256 identifies it, not its place. */
static bool is_setting(const char *key)
{
    static const char *const KEYS[] = {"file",
                                       "iterations",
                                       "warmup",
                                       "until_slope",
                                       "runtime",
                                       "isolation",
                                       "partition",
                                       "cpus",
                                       "smt",
                                       "numa",
                                       "cwd",
                                       "timeout_ms",
                                       "stall_ms",
                                       "plan",
                                       "block",
                                       "series",
                                       "seed",
                                       "order",
                                       "invocation",
                                       "repeat",
                                       "warmup_invocations",
                                       "prepare",
                                       "cleanup",
                                       "ignore_failure",
                                       "cpu_quota_usec",
                                       "cpu_period_usec",
                                       "memory_high_bytes",
                                       NULL};
    return text_is_among(key, KEYS);
}

/* A record's own invocation number belongs neither to the cell nor to the environment; nor does the scenario's place,
 * since that of a function is another one in each run. */
static json_t *load_setting(struct parse *p, enum section s, const char *name, struct json_span member,
                            struct json_span value)
{
    const struct member *kept = NULL;
    if (s == SECTION_SCENARIO && (strcmp(name, "invocation") == 0 || strcmp(name, "file") == 0))
        return load_value(p, value);
    json_t *tree = load_known(p, s, member, value, &kept);
    const bool of_cell = s == SECTION_SCENARIO && !is_setting(name);
    if (of_cell || (s == SECTION_RUNTIME && strcmp(name, "name") == 0))
        add_fact(&p->fact[MEMO_CELL], kept);
    if (!of_cell)
        add_fact(&p->fact[MEMO_ENVIRONMENT], kept);
    return tree;
}

static const char *take_member(struct json_span key, struct json_span value, void *to)
{
    struct loading *l = to;
    struct parse *p = l->p;
    char name[128];
    if (key.len >= sizeof(name))
        return "a key of more than 127 bytes";
    memcpy(name, key.data, key.len);
    name[key.len] = '\0';
    if (l->s == SECTION_ISOLATION && strcmp(name, "checks") == 0)
        p->checks = value;
    if (l->s == SECTION_MEMORY && strcmp(name, "samples") == 0)
        p->samples = value;
    const char *const *only = SECTION[l->s].only;
    if (only ? !text_is_among(name, only) : l->s == SECTION_HOST && invocation_is_of_the_moment(name))
        return NULL;
    if (json_object_get(l->into, name))
        return "a key that is there already";
    struct json_span member = {key.data, (size_t)(value.data + value.len - key.data)};
    const bool is_setting = SECTION[l->s].load == LOAD_SETTING;
    json_t *tree = is_setting ? load_setting(p, l->s, name, member, value) : load_value(p, value);
    l->has_failed = !tree;
    return tree && json_object_set_new(l->into, name, tree) == 0 ? NULL : "it cannot be read";
}

/* Loads the section into p->tree; an empty object if the section is missing or null. */
static int load(struct parse *p, enum section s)
{
    struct json_scan_error why = {NULL, NULL};
    struct json_span span = p->section[s];
    struct loading l = {s, p, json_object(), false};
    if (!l.into)
        abort();
    p->tree[s] = l.into;
    if (lacks(span))
        return 0;
    if (*span.data != '{')
        return refuse_member(p, s, "", "no object");
    if (json_scan_object(span, take_member, &l, &why) == 0)
        return 0;
    return l.has_failed ? -EINVAL : refuse(p, why.at, why.why);
}

/* Loads what the analyses use. */
static int load_all(struct parse *p)
{
    const bool for_reports = p->r->with_iterations || p->r->with_details;
    for (enum section s = 0; s < SECTIONS; s++)
        if (SECTION[s].load != LOAD_NOT && (SECTION[s].load != LOAD_FOR_REPORTS || for_reports))
            TRY(load(p, s));
    return 0;
}

const char *const record_kind_names[] = {"in a slice", "borrowed", "without a slice", "emulated"};

/* --- what is shared --------------------------------------------------------------------------------------------- */

int reader_figure(const struct reader *r, const char *name)
{
    for (size_t i = 0; i < r->names; i++)
        if (strcmp(r->name[i].name, name) == 0)
            return (int)i;
    return -1;
}

/* Keeps a text of a record, which somebody else may have written: whatever prints it steers no terminal and begins no
 * line (text_printable()). */
static const char *keep_text(struct pool *pool, const char *text)
{
    if (text_is_printable(text))
        return pool_keep(pool, text);
    cleanup_free char *shown = text_printable(text);
    return pool_keep(pool, shown);
}

/* The index of this figure; adds the figure if it is new. */
static size_t name_of(struct reader *r, const char *named)
{
    const char *name = keep_text(r->pool, named);
    int known = reader_figure(r, name);
    if (known >= 0)
        return (size_t)known;
    r->name = xgrow(r->name, r->names, sizeof(*r->name));
    r->name[r->names] = (struct figure_name){.name = name};
    r->name[r->names].about = figure_about(r->name[r->names].name);
    return r->names++;
}

struct figure invocation_figure(const struct invocation *i, size_t index)
{
    return index < i->figures ? i->figure[index] : (struct figure){NAN, NO_SUCH_FIGURE};
}

void invocation_free(struct invocation *i)
{
    free(i->figure);
    free(i->iteration_s);
    free(i->details.unmet);
    free(i->details.point);
    free(i->section);
}

void reader_free(struct reader *r)
{
    free(r->name);
    text_free(&r->text);
    memo_free(r->memo);
    pool_free(r->pool);
    *r = (struct reader){0};
}

/* --- words ------------------------------------------------------------------------------------------------------ */

static const char *keep(const struct parse *p, const char *text)
{
    return keep_text(p->r->pool, text);
}

/* Takes a text; null and a missing member give "". key: "" is the member of the record itself. */
static int take_text(const struct parse *p, enum section s, const char *key, const char **ret)
{
    const bool is_whole = !*key && p->section[s].data;
    cleanup_json json_t *whole = is_whole ? load_value(p, p->section[s]) : NULL;
    const json_t *v = *key ? json_object_get(p->tree[s], key) : whole;
    if (is_whole && !whole)
        return -EINVAL;
    if (v && !json_is_string(v) && !json_is_null(v))
        return refuse_member(p, s, key, "no text");
    *ret = keep(p, json_is_string(v) ? json_string_value(v) : "");
    return 0;
}

/* The machine's name, from the first of these keys that has one. */
static int take_node(const struct parse *p, struct invocation *ret)
{
    static const struct {
        enum section s;
        const char *key;
    } NODES[] = {{SECTION_PLAN, "node"}, {SECTION_HOST, "node"}, {SECTION_HOST, "hostname"}};
    for (size_t i = 0; i < ARRAY_LEN(NODES); i++) {
        TRY(take_text(p, NODES[i].s, NODES[i].key, &ret->node));
        if (*ret->node)
            return 0;
    }
    return take_text(p, SECTION_NODE, "", &ret->node);
}

static int take_words(const struct parse *p, struct invocation *ret)
{
    const struct {
        enum section s;
        const char *key;
        const char **ret;
    } WORDS[] = {
        {SECTION_ID, "", &ret->id},
        {SECTION_STARTED_AT, "", &ret->started_at},
        {SECTION_ISOLATION, "grade", &ret->grade},
        {SECTION_TERMINATION, "reason", &ret->termination},
        {SECTION_TERMINATION, "detail", &ret->detail},
        {SECTION_PLAN, "label", &ret->label},
        {SECTION_PLAN, "cell", &ret->plan_cell},
        {SECTION_PLAN, "sha256", &ret->plan_sha256},
    };
    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++)
        TRY(take_text(p, WORDS[i].s, WORDS[i].key, WORDS[i].ret));
    if (!*ret->id)
        return refuse(p, p->section[SECTION_ID].data, "its id is empty");
    const enum section of_block = json_object_get(p->tree[SECTION_PLAN], "block") ? SECTION_PLAN : SECTION_SCENARIO;
    const json_t *block = json_object_get(p->tree[of_block], "block"),
                 *seed = json_object_get(p->tree[SECTION_PLAN], "seed");
    char digits[32] = "";
    if (block && !json_is_null(block) && (!json_is_integer(block) || json_integer_value(block) < 1))
        return refuse_member(p, of_block, "block", "no whole number from 1");
    ret->block = (uint64_t)json_integer_value(block);
    ret->series = keep(p, "");
    if (of_block == SECTION_SCENARIO)
        TRY(take_text(p, SECTION_SCENARIO, "series", &ret->series));
    if (json_is_integer(seed))
        text_format(digits, sizeof(digits), "%lld", (long long)json_integer_value(seed));
    ret->plan_seed = keep(p, digits);
    ret->path = pool_keep(p->r->pool, p->path); /* which is opened again */
    ret->ok = strcmp(ret->termination, "ok") == 0;
    return take_node(p, ret);
}

/* An emulated clock decides before anything else. A record has it as timing.emulated, an old one as host.emulated. */
static void take_kind(const struct parse *p, struct invocation *ret)
{
    const json_t *timing = p->tree[SECTION_TIMING], *host = p->tree[SECTION_HOST];
    const char *provenance = json_word(p->tree[SECTION_SLICE], "provenance");
    const char *by = json_string_value(json_object_get(timing, "by") ? json_object_get(timing, "by")
                                                                     : json_object_get(host, "emulated_by"));
    ret->kind = RECORD_SLICED;
    if (json_is_true(json_object_get(timing, "emulated")) || json_is_true(json_object_get(host, "emulated"))) {
        ret->kind = RECORD_EMULATED;
        ret->emulated_by = keep(p, by ? by : "an emulator that is not named");
    } else if (strcmp(ret->grade, "borrowed") == 0 || strcmp(provenance, "borrowed") == 0) {
        ret->kind = RECORD_BORROWED;
    } else if (strcmp(ret->grade, "none") == 0 || strcmp(provenance, "none") == 0) {
        ret->kind = RECORD_UNSLICED;
    }
}

/* --- the cell, and the environment that it ran in, as pairs of texts -------------------------------------------- */

struct builder {
    struct pool *pool;
    struct pair *list; /* owned */
    size_t count;
};

static void add_pair(struct builder *b, const char *key, const char *value)
{
    b->list = xgrow(b->list, b->count, sizeof(*b->list));
    b->list[b->count++] = (struct pair){keep_text(b->pool, key), keep_text(b->pool, value)};
}

static const struct keyset *finish(struct builder *b)
{
    const struct keyset *set = pool_keep_keyset(b->pool, b->list, b->count);
    free(b->list);
    return set;
}

/* A command's words, quoted for a shell. */
static void add_words(struct builder *b, const char *key, const json_t *words)
{
    cleanup_text struct text line = {0};
    text_add(&line, "%s", "");
    for (size_t i = 0; i < json_array_size(words); i++) {
        const char *word = json_string_value(json_array_get(words, i));
        text_add(&line, "%s", i ? " " : "");
        text_add_shell_word(&line, word ? word : "");
    }
    add_pair(b, key, line.data);
}

/* Adds a value as text; null with its reason. */
static void add_json(struct builder *b, const char *key, const json_t *value, const char *reason)
{
    if (json_is_string(value)) {
        add_pair(b, key, json_string_value(value));
        return;
    }
    cleanup_free char *dumped = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
    if (!json_is_null(value)) {
        add_pair(b, key, dumped ? dumped : "");
        return;
    }
    cleanup_text struct text absent = {0};
    text_add(&absent, "unavailable%s%s%s", reason ? " (" : "", reason ? reason : "", reason ? ")" : "");
    add_pair(b, key, absent.data);
}

static void add_section(struct builder *b, const char *prefix, json_t *object)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        char whole[256], with[136];
        if (text_ends_with(key, "_reason") || invocation_is_of_the_moment(key) ||
            strlen(prefix) + strlen(key) + 2 > sizeof(whole))
            continue;
        text_format(whole, sizeof(whole), "%s.%s", prefix, key);
        text_format(with, sizeof(with), "%.120s_reason", key);
        if (json_is_object(value) && strlen(whole) < 128)
            add_section(b, whole, value);
        else
            add_json(b, whole, value, json_string_value(json_object_get(object, with)));
    }
}

/* The cell: scenario and runtime, without the settings. */
static const struct keyset *cell_of(const struct parse *p)
{
    struct builder b = {.pool = p->r->pool};
    const char *key;
    json_t *value;
    json_object_foreach(p->tree[SECTION_SCENARIO], key, value)
    {
        if (text_ends_with(key, "_reason") || is_setting(key) || json_is_null(value))
            continue;
        if (strcmp(key, "argv") == 0)
            add_words(&b, key, value);
        else
            add_json(&b, key, value, NULL);
    }
    add_pair(&b, "runtime", json_word(p->tree[SECTION_RUNTIME], "name"));
    return finish(&b);
}

/* The environment: where it ran and with which settings, without what changes from moment to moment. */
static const struct keyset *environment_of(const struct parse *p)
{
    struct builder b = {.pool = p->r->pool};
    const char *key;
    json_t *value;
    for (enum section s = 0; s < SECTIONS; s++)
        if (SECTION[s].load == LOAD_SETTING && s != SECTION_SCENARIO)
            add_section(&b, SECTION[s].name, p->tree[s]);
    json_object_foreach(p->tree[SECTION_SCENARIO], key, value)
    {
        char whole[136];
        text_format(whole, sizeof(whole), INVOCATION_SETTING "%.120s", key);
        static const char *const OWN[] = {"runtime", "invocation", "file",
                                          "block",   "series",     NULL}; /* each record or run has */
        if (is_setting(key) && !text_is_among(key, OWN) && !json_is_null(value))
            add_json(&b, whole, value, NULL);
    }
    return finish(&b);
}

/* Equal members make equal sets, so the memo keeps them. */
static const struct keyset *set_of(const struct parse *p, enum memo_set which,
                                   const struct keyset *(*make)(const struct parse *p))
{
    const struct facts_list *f = &p->fact[which];
    const bool is_whole = f->count <= FACTS_MAX;
    const struct keyset *known = is_whole ? memo_find_set(p->r->memo, which, f->list, f->count) : NULL;
    if (known)
        return known;
    const struct keyset *made = make(p);
    if (is_whole)
        memo_keep_set(p->r->memo, which, f->list, f->count, made);
    return made;
}

/* NaN: it is none. */
static double number(const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    return json_is_number(v) ? json_number_value(v) : NAN;
}

/* --- figures ------------------------------------------------------------------------------------------------------ */

static void set_figure(struct reader *r, struct invocation *ret, const char *name, struct figure f)
{
    size_t at = name_of(r, name);
    if (at >= ret->figures) {
        size_t count = at + 1 > r->names ? at + 1 : r->names;
        ret->figure = reallocarray(ret->figure, count, sizeof(*ret->figure));
        if (!ret->figure)
            abort();
        for (; ret->figures < count; ret->figures++)
            ret->figure[ret->figures] = (struct figure){NAN, NO_SUCH_FIGURE};
    }
    ret->figure[at] = f;
}

/* Where a figure is, and what its section calls it. */
struct place {
    enum section s;
    const json_t *parent;
    const char *key, *said;
};

/* Takes a figure under this name: a number, the mean of a range, or null with the reason beside it. */
static int take_figure(const struct parse *p, const struct place *at, const char *name, struct invocation *ret)
{
    char with[136];
    const json_t *v = json_object_get(at->parent, at->key);
    const json_t *n = json_is_object(v) ? json_object_get(v, "avg") : v;
    struct figure f = {json_is_number(n) ? json_number_value(n) : NAN, NULL};
    const double size = fabs(f.value);
    if (json_is_number(n) ? size > 0 && !(size >= 1 / FIGURE_MOST && size <= FIGURE_MOST) : v && !json_is_null(v))
        return refuse_member(p, at->s, at->said, NO_FIGURE);
    if (!json_is_number(n)) {
        text_format(with, sizeof(with), "%.120s_reason", at->key);
        const char *why = json_string_value(json_object_get(at->parent, with));
        f.why_not = keep(p, why ? why : NO_SUCH_FIGURE);
    }
    set_figure(p->r, ret, name, f);
    return 0;
}

/* The figure at a path such as "memory.slice.anon". */
static struct place place_of(const struct parse *p, const char *path)
{
    size_t len = strcspn(path, ".");
    struct place at = {.said = path + len + 1};
    while (at.s < SECTIONS && (strncmp(SECTION[at.s].name, path, len) != 0 || SECTION[at.s].name[len]))
        at.s++;
    const char *dot = strchr(at.said, '.');
    at.key = dot ? dot + 1 : at.said;
    at.parent = at.s < SECTIONS ? p->tree[at.s] : NULL;
    if (dot)
        at.parent = json_object_getn(at.parent, at.said, (size_t)(dot - at.said));
    return at;
}

/* Takes tare's own figures that are not in the result. */
static int take_known(const struct parse *p, struct invocation *ret)
{
    const struct figure_about *own;
    for (size_t i = 0; (own = figure_of_records(i)); i++) {
        if (!own->path)
            continue;
        const struct place at = place_of(p, own->path);
        if (at.s == SECTION_COUNTERS && lacks(p->section[at.s]))
            continue; /* nobody asked for counters, and a column without values would be noise */
        TRY(take_figure(p, &at, own->name, ret));
    }
    return 0;
}

/* Takes the slopes of profile growth; the figures' names are "growth_" and the key. */
static int take_growth(const struct parse *p, struct invocation *ret)
{
    json_t *slopes = json_object_get(p->tree[SECTION_GROWTH], "slopes"), *value = NULL;
    const char *key = NULL;
    if (json_object_size(slopes) > MEMBERS_MAX)
        return refuse_member(p, SECTION_GROWTH, "slopes", "of more than 1000 members, which no tare writes");
    json_object_foreach(slopes, key, value)
    {
        char name[80], said[80];
        if (text_ends_with(key, "_reason") || strlen(key) > 60)
            continue;
        text_format(name, sizeof(name), "growth_%s", key);
        text_format(said, sizeof(said), "slopes.%s", key);
        TRY(take_figure(p, &(struct place){SECTION_GROWTH, slopes, key, said}, name, ret));
    }
    return 0;
}

/* Takes the record's declaration of a figure. An unknown word counts as not declared. -EINVAL: an earlier record
 * declares another unit, kind or direction: these are two figures of one name. */
static int take_declared(const struct parse *p, const json_t *declared, const char *name)
{
    const json_t *one = json_object_get(declared, name);
    const char *word[4] = {"title", "unit", "kind", "better"};
    char here[120], before[120];
    cleanup_text struct text why = {0};
    if (!json_is_object(one) || figure_is_of_every_record(name)) /* tare itself describes those */
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(word); i++) {
        const char *said = json_string_value(json_object_get(one, word[i]));
        word[i] = said && strlen(said) <= 120 ? keep(p, said) : NULL;
    }
    const size_t at = name_of(p->r, name); /* this may move the list */
    struct figure_name *known = &p->r->name[at];
    struct figure_about about = figure_about_declared(known->name, word[0], word[1], word[2], word[3]);
    if (!known->declared_by) {
        known->about = about;
        known->declared_by = keep(p, p->path);
    }
    if (figure_is_like(&about, &known->about))
        return 0;
    text_add(
        &why,
        "result.figures_declared: '%.60s' is %s, and in '%.300s' %s: these are two figures (keep their records apart)",
        known->name, figure_says(&about, here, sizeof(here)), known->declared_by,
        figure_says(&known->about, before, sizeof(before)));
    return refuse(p, p->section[SECTION_RESULT].data, why.data);
}

/* Takes result.figures: the scenario's own figures and their declarations. */
static int take_scenarios_own(const struct parse *p, struct invocation *ret)
{
    json_t *figures = json_object_get(p->tree[SECTION_RESULT], "figures"), *value = NULL;
    const json_t *declared = json_object_get(p->tree[SECTION_RESULT], "figures_declared");
    const char *key = NULL;
    json_object_foreach(figures, key, value)
    {
        if (strlen(key) > 120 || text_ends_with(key, "_reason"))
            continue;
        TRY(take_figure(p, &(struct place){SECTION_RESULT, figures, key, key}, key, ret));
        TRY(take_declared(p, declared, key));
    }
    return 0;
}

/* Takes every number of the result as a figure; scenarios differ in which they have. */
static int take_results(const struct parse *p, struct invocation *ret)
{
    static const char *const OURS[] = {"total_wall_s", "avg_iter_s", "p50_iter_s", "p95_iter_s", NULL};
    json_t *result = p->tree[SECTION_RESULT], *value;
    const char *key;
    if (json_object_size(result) > MEMBERS_MAX || json_object_size(json_object_get(result, "figures")) > MEMBERS_MAX)
        return refuse_member(p, SECTION_RESULT, "", "of more than 1000 members, which no tare writes");
    for (size_t i = 0; OURS[i]; i++)
        TRY(take_figure(p, &(struct place){SECTION_RESULT, result, OURS[i], OURS[i]}, OURS[i], ret));
    json_object_foreach(result, key, value)
    {
        bool is_one = json_is_number(value) || (json_is_null(value) && reader_figure(p->r, key) >= 0);
        if (is_one && !text_is_among(key, OURS))
            TRY(take_figure(p, &(struct place){SECTION_RESULT, result, key, key}, key, ret));
    }
    return take_scenarios_own(p, ret);
}

/* --- iterations --------------------------------------------------------------------------------------------------- */

struct stamps {
    struct json_span start, end;
};

static const char *take_stamps(struct json_span key, struct json_span value, void *to)
{
    struct stamps *s = to;
    if (json_span_is(key, "start_ns"))
        s->start = value;
    if (json_span_is(key, "end_ns"))
        s->end = value;
    return NULL;
}

/* The most values that the array can have. */
static size_t count_at_most(struct json_span array)
{
    size_t n = 1;
    for (size_t i = 0; i < array.len; i++)
        n += array.data[i] == ',';
    return n;
}

static int take_iterations(const struct parse *p, struct invocation *ret)
{
    struct stamps s = {{NULL, 0}, {NULL, 0}};
    struct json_scan_error why = {NULL, NULL};
    if (!p->section[SECTION_ITERATIONS].data)
        return refuse(p, NULL, "it has no 'iterations'");
    if (json_scan_object(p->section[SECTION_ITERATIONS], take_stamps, &s, &why) != 0)
        return refuse(p, why.at, why.why);
    size_t most = s.start.data && s.end.data ? count_at_most(s.start) : 0;
    cleanup_free long long *ns = xcalloc(2 * most, sizeof(*ns));
    long n = most ? json_scan_integers(s.start, ns, most) : -EINVAL;
    if (n < 0 || json_scan_integers(s.end, ns + most, most) != n)
        return refuse_member(p, SECTION_ITERATIONS, "start_ns, end_ns", "not as many whole numbers each");
    ret->iteration_s = xcalloc((size_t)n, sizeof(*ret->iteration_s));
    ret->iterations = (size_t)n;
    const long long *end = ns + most;
    for (long i = 0; i < n; i++) {
        if (ns[i] < 0 || end[i] < ns[i])
            return refuse_member(p, SECTION_ITERATIONS, "end_ns", "before start_ns somewhere");
        ret->iteration_s[i] = (double)(end[i] - ns[i]) / 1e9;
    }
    return 0;
}

/* The invocation's time minus its measured iterations: slice, start-up, warm-up, gaps between iterations, removal. */
static double overhead_of(const struct parse *p, const struct invocation *one)
{
    static const char *const PARTS[] = {"prepare_ns", "slice_to_exec_ns", "exec_to_exit_ns", "exit_to_removed_ns"};
    double sum_s = number(p->tree[SECTION_PLAN], "elapsed_ns") / 1e9;
    if (isnan(sum_s)) {
        sum_s = 0;
        for (size_t i = 0; i < ARRAY_LEN(PARTS); i++)
            sum_s += number(p->tree[SECTION_INSTRUMENT], PARTS[i]) / 1e9;
    }
    for (size_t i = 0; i < one->iterations; i++)
        sum_s -= one->iteration_s[i];
    return sum_s > 0 ? sum_s : NAN;
}

/* A single iteration's median and quantiles would only repeat its mean. Old records have them all the same. */
static void leave_out_quantiles(const struct parse *p, struct invocation *ret)
{
    static const char *const QUANTILES[] = {"p50_iter_s", "p95_iter_s"};
    struct stamps s = {{NULL, 0}, {NULL, 0}};
    struct json_scan_error why = {NULL, NULL};
    struct json_span span = p->section[SECTION_ITERATIONS];
    if (!span.data || span.len > 200 ||
        json_scan_object(span, take_stamps, &s, &why) != 0) /* two stamps are shorter than 200 bytes */
        return;
    if (!s.start.data || json_scan_integers(s.start, NULL, 0) != 1)
        return;
    for (size_t i = 0; i < ARRAY_LEN(QUANTILES); i++)
        set_figure(p->r, ret, QUANTILES[i], (struct figure){NAN, "one iteration has no quantiles"});
}

/* --- what a report tells of an invocation besides its figures --------------------------------------------------- */

static const char *kept(const struct parse *p, const json_t *object, const char *key, const char *fallback)
{
    const char *s = json_string_value(json_object_get(object, key));
    return keep(p, s ? s : fallback);
}

/* The state while a list's elements are read. */
struct listing {
    struct parse *p;
    struct invocation_details *into;
    size_t count;
    double begin_s;
    bool has_failed; /* and said why */
};

static const char *take_check(struct json_span key, struct json_span value, void *to)
{
    struct listing *l = to;
    struct invocation_details *d = l->into;
    const struct member *ignored = NULL;
    cleanup_json json_t *check = load_known(l->p, SECTION_ISOLATION, value, value, &ignored);
    (void)key;
    l->has_failed = !check;
    if (!check)
        return "it cannot be read";
    if (d->checks++ == MEMBERS_MAX)
        return "isolation.checks has more than 1000 checks, which no tare writes";
    if (!json_is_false(json_object_get(check, "ok")))
        return NULL;
    d->unmet = xgrow(d->unmet, d->unmets, sizeof(*d->unmet));
    d->unmet[d->unmets++] = (struct unmet){kept(l->p, check, "name", ""), kept(l->p, check, "level", ""),
                                           kept(l->p, check, "reason", "the record gives no reason")};
    return NULL;
}

/* Uses the sums over every process if the sample has them, else over the parent and its workers. */
static struct memory_point point_of(const json_t *sample)
{
    const json_t *sums = json_object_get(sample, "all_pids");
    if (!sums)
        sums = json_object_get(sample, "parent_and_workers");
    return (struct memory_point){
        number(sample, "at_ns") / 1e9, number(sample, "anon"), number(sample, "file"), number(sample, "kernel"),
        number(sample, "shmem"),       number(sums, "pss"),    number(sums, "rss")};
}

/* Reads one sample at a time: parsed at once, they would take fifty times the memory of their text. */
static const char *take_sample(struct json_span key, struct json_span value, void *to)
{
    struct listing *l = to;
    struct invocation_details *d = l->into;
    (void)key;
    l->count++;
    if (!l->p->r->with_points)
        return NULL;
    cleanup_json json_t *sample = load_value(l->p, value);
    l->has_failed = !sample;
    if (!sample)
        return "it cannot be read";
    d->point = xgrow(d->point, d->points, sizeof(*d->point));
    struct memory_point *point = &d->point[d->points];
    *point = point_of(sample);
    l->begin_s = l->count == 1 ? point->at_s : l->begin_s;
    point->at_s -= l->begin_s;
    d->points += isfinite(point->at_s) ? 1 : 0;
    return NULL;
}

static int take_list(struct listing *l, struct json_span list, json_scan_fn *take)
{
    struct json_scan_error why = {NULL, NULL};
    if (lacks(list) || json_scan_array(list, take, l, &why) == 0)
        return 0;
    return l->has_failed ? -EINVAL : refuse(l->p, why.at, why.why);
}

static double share_of(double missed, double taken)
{
    return missed + taken > 0 ? missed / (missed + taken) : NAN;
}

/* The share of the benchmark CPUs' time that others used: the busy ticks of /proc/stat minus the slice's own CPU time.
 * NaN: the record lacks a part. */
static double foreign_share_of(const struct parse *p)
{
    const json_t *d = p->tree[SECTION_DISTURBANCE];
    double cpu_s = number(d, "window_ns") / 1e9 * number(d, "benchmark_cpus");
    double busy_s = number(d, "busy_ticks") / number(d, "ticks_per_second");
    double own_s = number(p->tree[SECTION_CPU], "usage_usec") / 1e6;
    double share = cpu_s > 0 ? (busy_s - own_s) / cpu_s : NAN;
    return isnan(share) ? NAN : fmin(fmax(0, share), 1);
}

static const char *selftest_of(const struct parse *p)
{
    const json_t *instrument = p->tree[SECTION_INSTRUMENT], *selftest = json_object_get(instrument, "selftest");
    const char *at = json_string_value(json_object_get(selftest, "at"));
    cleanup_text struct text said = {0};
    if (!json_is_object(selftest))
        return kept(p, instrument, "selftest_reason", "the record tells of none");
    text_add(&said, "%.40s: %.0f passed, %.0f failed, %.0f unavailable", at ? at : "at no known time",
             number(selftest, "passed"), number(selftest, "failed"), number(selftest, "unavailable"));
    return keep(p, said.data);
}

/* Missing details are absent; a wrong type is an error. */
static int take_details(struct parse *p, struct invocation_details *d)
{
    const json_t *plan = p->tree[SECTION_PLAN], *memory = p->tree[SECTION_MEMORY];
    struct listing checks = {.p = p, .into = d}, samples = {.p = p, .into = d, .begin_s = NAN};
    d->selftest = selftest_of(p);
    d->elapsed_s = number(plan, "elapsed_ns") / 1e9;
    d->plan = kept(p, plan, "name", "");
    d->bytes = p->whole.len;
    d->missed_share = share_of(number(memory, "missed_walks"), number(memory, "walks"));
    d->foreign_share = foreign_share_of(p);
    TRY(take_list(&checks, p->checks, take_check));
    double missed = number(memory, "missed_ticks"); /* without missed ticks nobody needs the number of samples */
    if (!p->r->with_points && !(missed > 0))
        return 0;
    TRY(take_list(&samples, p->samples, take_sample));
    if (!lacks(p->section[SECTION_MEMORY])) /* the larger share, of ticks or of walks; fmax ignores NaN */
        d->missed_share = fmax(d->missed_share, share_of(missed, (double)samples.count));
    return 0;
}

/* The host's facts that do not change from moment to moment: records of one machine then have one text. */
struct lasting {
    struct text text;
    struct json_span boot;
};

static const char *take_lasting(struct json_span key, struct json_span value, void *to)
{
    struct lasting *l = to;
    char name[32];
    text_format(name, sizeof(name), "%.*s", key.len < sizeof(name) ? (int)key.len : 0, key.data);
    if (strcmp(name, "boot_id") == 0)
        l->boot = value;
    if (invocation_is_of_the_moment(name))
        return NULL;
    text_add_bytes(&l->text, l->text.len ? "," : "{", 1);
    text_add_bytes(&l->text, key.data - 1, (size_t)(value.data + value.len - key.data) + 1);
    return NULL;
}

static const char *quote_text(const struct parse *p, struct json_span span)
{
    cleanup_text struct text copy = {0};
    text_add_bytes(&copy, span.data, span.len);
    return pool_keep(p->r->pool, copy.data);
}

static const char *quote_host(const struct parse *p, struct invocation *ret)
{
    struct lasting l = {{NULL, 0, 0}, {NULL, 0}};
    struct json_scan_error ignored = {NULL, NULL};
    (void)json_scan_object(p->section[SECTION_HOST], take_lasting, &l, &ignored); /* load_all() has read it */
    text_add_bytes(&l.text, l.text.len ? "}" : "{}", l.text.len ? 1 : 2);
    const char *text = pool_keep(p->r->pool, l.text.data);
    text_free(&l.text);
    cleanup_json json_t *boot = l.boot.data ? load_value(p, l.boot) : NULL;
    ret->boot = keep(p, json_is_string(boot) ? json_string_value(boot) : "");
    return text;
}

/* Keeps the text of the sections that a bundle's documents quote. */
static void quote(const struct parse *p, struct invocation *ret)
{
    static const enum section QUOTED[] = {SECTION_TOOL,     SECTION_RUNTIME,     SECTION_HOST, SECTION_IMAGE,
                                          SECTION_SCENARIO, SECTION_CONFINEMENT, SECTION_PLAN, SECTION_CPU};
    ret->boot = keep(p, "");
    ret->section = xcalloc(ARRAY_LEN(QUOTED), sizeof(*ret->section));
    for (size_t i = 0; i < ARRAY_LEN(QUOTED); i++) {
        struct json_span span = p->section[QUOTED[i]];
        if (lacks(span) || span.len > SECTION_MAX)
            continue;
        const char *text = QUOTED[i] == SECTION_HOST ? quote_host(p, ret) : quote_text(p, span);
        ret->section[ret->sections++] = (struct pair){SECTION[QUOTED[i]].name, text};
    }
}

const char *invocation_section_text(const struct invocation *i, const char *name)
{
    for (size_t k = 0; k < i->sections; k++)
        if (strcmp(i->section[k].key, name) == 0)
            return i->section[k].value;
    return NULL;
}

json_t *invocation_section(const struct invocation *i, const char *name)
{
    json_error_t ignored;
    const char *text = invocation_section_text(i, name);
    return text ? json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &ignored) : NULL;
}

/* --- a record ----------------------------------------------------------------------------------------------------- */

static int check_there(const struct parse *p)
{
    static const enum section NEEDED[] = {SECTION_ID, SECTION_SCENARIO, SECTION_HOST, SECTION_RESULT,
                                          SECTION_TERMINATION};
    for (size_t i = 0; i < ARRAY_LEN(NEEDED); i++) {
        char why[80];
        text_format(why, sizeof(why), "it has no '%s'", SECTION[NEEDED[i]].name);
        if (lacks(p->section[NEEDED[i]]))
            return refuse(p, NULL, why);
    }
    return 0;
}

/* Fills in *ret from the sections. -EINVAL: *p->e says where and why. */
static int take(struct parse *p, struct invocation *ret)
{
    const struct reader *r = p->r;
    TRY(check_there(p));
    TRY(load_all(p));
    TRY(take_words(p, ret));
    take_kind(p, ret);
    ret->cell = set_of(p, MEMO_CELL, cell_of);
    ret->environment = set_of(p, MEMO_ENVIRONMENT, environment_of);
    if (ret->cell->count > SETTINGS_MAX || ret->environment->count > SETTINGS_MAX)
        return refuse(p, NULL, "it tells more of its cell or of where it ran than any tare writes");
    TRY(take_results(p, ret));
    leave_out_quantiles(p, ret);
    TRY(take_known(p, ret));
    TRY(take_growth(p, ret));
    if (r->names > FIGURES_MAX)
        return refuse(p, p->section[SECTION_RESULT].data, "with it these records have more than 4096 figures");
    if (r->with_iterations || r->with_steady) {
        TRY(take_iterations(p, ret));
        ret->overhead_s = overhead_of(p, ret);
    }
    if (r->with_steady)
        ret->steady = stats_steady_state(ret->iteration_s, ret->iterations).class;
    if (!r->with_iterations)
        free(STEAL(ret->iteration_s));
    if (r->with_sections)
        quote(p, ret);
    return r->with_details ? take_details(p, &ret->details) : 0;
}

/* --- one file ----------------------------------------------------------------------------------------------------- */

static const char *take_section(struct json_span key, struct json_span value, void *to)
{
    struct parse *p = to;
    for (int i = 0; i < SECTIONS; i++) {
        if (!json_span_is(key, SECTION[i].name))
            continue;
        if (p->section[i].data)
            return "a key that is there already";
        p->section[i] = value;
    }
    return NULL;
}

/* 1: a record of this schema. 0: other JSON, allowed unless the user named the file. Else an error: a newer record, or
 * a named file that is no record. */
static int is_record(const struct parse *p, bool named)
{
    static const char ANY[] = "\"tare.record/";
    struct json_span s = p->section[SECTION_SCHEMA];
    if (s.data && json_span_is(s, "\"" RECORD_SCHEMA "\""))
        return 1;
    if (!named && (!s.data || s.len < strlen(ANY) || memcmp(s.data, ANY, strlen(ANY)) != 0))
        return 0;
    if (!s.data)
        return refuse(p, NULL, "it has no schema: it is no record of tare");
    return err_set(p->e, ERR_USAGE, -ENOTSUP, "'%s': line %zu: its schema is %.*s; this tare reads %s", p->path,
                   json_scan_line(p->whole, s.data), s.len > 60 ? 60 : (int)s.len, s.data, RECORD_SCHEMA);
}

static int read_text(const char *path, struct text *buffer, struct err *e)
{
    struct stat st;
    buffer->len = 0;
    cleanup_close int fd = source_open(AT_FDCWD, path, true, &st);
    int failed = fd < 0 ? fd : st.st_size > RECORD_BYTES_MAX ? -EFBIG : file_append_fd(fd, RECORD_BYTES_MAX, buffer);
    if (failed == -ENOTSUP || failed == -EFBIG)
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': what is allowed is a file of at most 1 GiB, or a folder", path);
    return failed == 0 ? 0 : err_set(e, ERR_USAGE, failed, "'%s': %s", path, strerror(-failed));
}

int invocation_read(struct reader *r, const char *path, bool is_named, struct invocation *ret, struct err *e)
{
    TRY(read_text(path, &r->text, e));
    return invocation_take(r, path, is_named, ret, e);
}

int invocation_take(struct reader *r, const char *path, bool is_named, struct invocation *ret, struct err *e)
{
    struct json_scan_error why = {NULL, NULL};
    struct invocation one = {0};
    if (!r->pool) {
        r->pool = pool_new();
        r->memo = memo_new();
    }
    struct parse p = {.r = r, .path = path, .whole = {r->text.data ? r->text.data : "", r->text.len}, .e = e};
    if (json_scan_object(p.whole, take_section, &p, &why) != 0)
        return refuse(&p, why.at, why.why);
    int is = is_record(&p, is_named);
    if (is <= 0)
        return is;
    int failed = take(&p, &one);
    for (int i = 0; i < SECTIONS; i++)
        json_decref(p.tree[i]);
    if (failed != 0)
        invocation_free(&one);
    else
        *ret = one;
    return failed != 0 ? failed : 1;
}

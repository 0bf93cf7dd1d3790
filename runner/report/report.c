#include "report/report.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"
#include "record/record.h"
#include "record/timing.h"
#include "stats/stats_interval.h"

#define NOTES_MAX    64
#define ROW_NAME_MAX 200
#define CONFIDENCE   0.95

/* The columns, NaN where there is no figure. */
enum column {
    RUNS,
    AVG,
    AVG_HALF,
    NULL_AVG,
    P50,
    P95,
    TIMES,
    RSS,
    USS,
    PSS,
    PSS_HALF,
    PSS_TIMES,
    ANON_KERNEL,
    PEAK,
    COLUMNS
};

static const struct {
    const char *head;
    int width;
    int decimals;
    double scale;  /* from the record's unit */
    bool optional; /* it is not shown where no row has a figure */
} COLUMN[COLUMNS] = {
    [RUNS] = {"runs", 5, 0, 1, true},
    [AVG] = {"avg ms", 9, 3, 1e3, false},
    [AVG_HALF] = {"+-95%", 8, 3, 1e3, true},
    [NULL_AVG] = {"null ms", 9, 3, 1e3, true},
    [P50] = {"p50 ms", 9, 3, 1e3, false},
    [P95] = {"p95 ms", 9, 3, 1e3, false},
    [TIMES] = {"x threads", 10, 2, 1, false},
    [RSS] = {"RSS MiB", 9, 1, 1.0 / (1 << 20), false},
    [USS] = {"USS MiB", 9, 1, 1.0 / (1 << 20), false},
    [PSS] = {"PSS MiB", 9, 1, 1.0 / (1 << 20), false},
    [PSS_HALF] = {"+-95%", 8, 1, 1.0 / (1 << 20), true},
    [PSS_TIMES] = {"x threads", 10, 2, 1, false},
    [ANON_KERNEL] = {"anon+kernel", 12, 1, 1.0 / (1 << 20), false},
    [PEAK] = {"peak MiB", 9, 1, 1.0 / (1 << 20), false},
};

/* What a record gives for one column; its others are NaN. */
struct figures {
    double value[COLUMNS];
};

/* A record, as far as the table goes. */
struct entry {
    char base[64]; /* "threads, 3.14t" */
    char label[8]; /* of a plan's A/A; "" none */
    char cell[48]; /* the plan's name of its cell, as far as it fits; "" none */
    char suffix[ROW_NAME_MAX];
    bool memory, ok; /* its profile; whether its workload ended well */
    bool emulated;   /* its times are no measure */
    bool free_threaded;
    json_t *scenario; /* what tells its cell from others of that base; owned */
    struct figures figures;
};

struct row {
    char name[ROW_NAME_MAX];
    char suffix[ROW_NAME_MAX]; /* what its name has besides the base: it is compared with threads of the same */
    bool threads, emulated, free_threaded;
    char base[64];       /* of its entries */
    bool null;           /* of scenario0, which does nothing in its workers */
    double workers;      /* NaN: no record said */
    const char *cell[2]; /* of its first entry of each profile; NULL none so far */
    bool several;        /* cells of a plan have its name */
    struct figures *run; /* of its invocations; owned */
    size_t runs, invocations[2];
    double value[COLUMNS];
};

/* What is said under the table: the names that share a reason, each once. */
struct note {
    struct text names, reason;
};

struct table {
    struct entry *entry;
    size_t entries;
    struct row *row;
    size_t rows;
    struct note note[NOTES_MAX];
    size_t notes;
};

static void *grown(void *list, size_t count, size_t size)
{
    void *more = count & (count - 1) ? list : reallocarray(list, count ? 2 * count : 1, size);
    if (!more)
        abort();
    return more;
}

static const json_t *at(const json_t *object, const char *path)
{
    char key[64];
    while (object && *path) {
        size_t len = strcspn(path, ".");
        text_format(key, sizeof(key), "%.*s", (int)len, path);
        object = json_object_get(object, key);
        path += len;
        path += *path == '.';
    }
    return object;
}

static double number_at(const json_t *record, const char *path)
{
    const json_t *v = at(record, path);
    return json_is_number(v) ? json_number_value(v) : NAN;
}

static const char *text_at(const json_t *record, const char *path)
{
    const char *s = json_string_value(at(record, path));
    return s ? s : "";
}

/* Whether the comma-separated names hold this one. */
static bool names_hold(const struct text *names, const char *name)
{
    size_t len = strlen(name);
    for (const char *p = names->data; p && *p; p += strcspn(p, ","), p += *p ? 2 : 0)
        if (strncmp(p, name, len) == 0 && (p[len] == ',' || p[len] == '\0'))
            return true;
    return false;
}

static void note(struct table *t, const char *of, const char *why)
{
    cleanup_free char *name = text_printable(of), *reason = text_printable(why);
    size_t i = 0;
    while (i < t->notes && strcmp(t->note[i].reason.data, reason) != 0)
        i++;
    if (i == NOTES_MAX)
        return;
    struct note *n = &t->note[i];
    if (i == t->notes) {
        t->notes++;
        text_add(&n->reason, "%s", reason);
    }
    if (*name && !names_hold(&n->names, name))
        text_add(&n->names, "%s%s", n->names.len ? ", " : "", name);
}

static void note_isolation(struct table *t, const json_t *record)
{
    size_t i;
    const json_t *check;
    const char *grade = text_at(record, "isolation.grade");
    json_array_foreach(at(record, "isolation.checks"), i, check)
    {
        if (json_is_false(json_object_get(check, "ok")) && strcmp(text_at(check, "level"), "recorded") != 0)
            note(t, text_at(check, "name"), text_at(check, "reason"));
    }
    if (strcmp(grade, "full") != 0 && *grade) {
        char line[200];
        text_format(
            line, sizeof(line),
            "isolation is %.20s on this host, for the reasons above; 'make run-vm' weighs the same cells in a VM "
            "with a full slice",
            grade);
        note(t, "", line);
    }
}

static bool note_timing(struct table *t, const json_t *record)
{
    char line[200];
    const char *by = timing_record_emulated_by(record);
    if (!by)
        return false;
    text_format(line, sizeof(line),
                "the times are emulated, by %.80s: they show order, not size, and no ratio is made of them (memory is "
                "not emulated)",
                by);
    note(t, "", line);
    return true;
}

static void note_termination(struct table *t, const json_t *record)
{
    char cell[64];
    struct text why = {0};
    if (strcmp(text_at(record, "termination.reason"), "ok") == 0)
        return;
    text_format(cell, sizeof(cell), "%.20s %.20s", text_at(record, "scenario.mode"),
                text_at(record, "scenario.profile"));
    text_add(&why, "%s: %s", text_at(record, "termination.reason"), text_at(record, "termination.detail"));
    note(t, cell, why.data);
    text_free(&why);
}

static void take_figures(struct figures *f, const json_t *record, bool memory)
{
    for (int c = 0; c < COLUMNS; c++)
        f->value[c] = NAN;
    if (memory) {
        f->value[RSS] = number_at(record, "memory.parent_and_workers.rss.avg");
        f->value[USS] = number_at(record, "memory.parent_and_workers.uss.avg");
        f->value[PSS] = number_at(record, "memory.parent_and_workers.pss.avg");
        f->value[ANON_KERNEL] =
            number_at(record, "memory.slice.anon.avg") + number_at(record, "memory.slice.kernel.avg");
        f->value[PEAK] = number_at(record, "memory.slice.peak");
    } else {
        f->value[AVG] = number_at(record, "result.avg_iter_s");
        f->value[P50] = number_at(record, "result.p50_iter_s");
        f->value[P95] = number_at(record, "result.p95_iter_s");
    }
}

static void take_record(struct table *t, const json_t *record)
{
    t->entry = grown(t->entry, t->entries, sizeof(*t->entry));
    struct entry *entry = &t->entry[t->entries++];
    const char *start = text_at(record, "scenario.mp_start_method"), *mode = text_at(record, "scenario.mode");
    const json_t *scenario = at(record, "scenario");
    *entry = (struct entry){.memory = strcmp(text_at(record, "scenario.profile"), "memory") == 0,
                            .ok = strcmp(text_at(record, "termination.reason"), "ok") == 0,
                            .free_threaded = json_is_true(at(record, "runtime.free_threaded")),
                            .scenario = scenario ? json_deep_copy(scenario) : json_object()};
    if (!entry->scenario)
        abort();
    text_format(entry->base, sizeof(entry->base), "%.15s%s%.12s, %.10s",
                *mode ? mode : text_at(record, "scenario.name"), *start ? " " : "", start,
                text_at(record, "runtime.name"));
    text_format(entry->label, sizeof(entry->label), "%.7s", text_at(record, "plan.label"));
    text_format(entry->cell, sizeof(entry->cell), "%.47s", text_at(record, "plan.cell"));
    take_figures(&entry->figures, record, entry->memory);
    entry->emulated = !entry->memory && note_timing(t, record);
    note_termination(t, record);
    note_isolation(t, record);
}

/* --- names: what tells the records' cells apart, and no more ------------------------------------------------------ */

/* What is in the base already, and what a profile changes. */
static bool tells_nothing(const char *key)
{
    static const char *const KEYS[] = {"mode",       "profile", "mp_start_method",    "runtime",         "iterations",
                                       "warmup",     "hold_ms", "mem_sample",         "mem_interval_ms", "timeout_ms",
                                       "invocation", "repeat",  "warmup_invocations", "prepare",         "cleanup",
                                       NULL};
    size_t len = strlen(key);
    return text_is_among(key, KEYS) || (len > 7 && strcmp(key + len - 7, "_reason") == 0);
}

/* The first record of the same scenario. */
static const json_t *kin(const struct table *t, const struct entry *of)
{
    const json_t *name = json_object_get(of->scenario, "name");
    size_t i = 0;
    while (&t->entry[i] != of && !json_equal(name, json_object_get(t->entry[i].scenario, "name")))
        i++;
    return t->entry[i].scenario;
}

/* Scenarios that are not the same one have other knobs anyway: their names tell. */
static bool differs(const struct table *t, const char *key)
{
    bool named = strcmp(key, "name") == 0;
    for (size_t i = 1; i < t->entries; i++) {
        const json_t *other = named ? t->entry[0].scenario : kin(t, &t->entry[i]);
        if (!json_equal(json_object_get(other, key), json_object_get(t->entry[i].scenario, key)))
            return true;
    }
    return false;
}

static void add_difference(const char *key, const json_t *value, struct text *out)
{
    char *said = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(6));
    const char *text = json_is_string(value) ? json_string_value(value) : said ? said : "";
    bool named = strcmp(key, "name") == 0; /* the scenario's own */
    text_add(out, ", %s%s%s", named ? "" : key, named ? "" : " ", text);
    free(said);
}

static void name_row(const struct entry *entry, json_t *keys, struct text *out)
{
    const char *key;
    json_t *unused;
    json_object_foreach(keys, key, unused)
    {
        const json_t *value = json_object_get(entry->scenario, key);
        if (value && !json_is_null(value))
            add_difference(key, value, out);
    }
    if (*entry->label)
        text_add(out, ", %s", entry->label);
}

/* The keys in which scenarios differ, each once. */
static json_t *differing_keys(const struct table *t)
{
    json_t *keys = json_object();
    for (size_t i = 0; i < t->entries; i++) {
        const char *key;
        json_t *value;
        json_object_foreach(t->entry[i].scenario, key, value)
        {
            if (!tells_nothing(key) && !json_object_get(keys, key) && differs(t, key))
                (void)json_object_set_new(keys, key, json_true());
        }
    }
    return keys;
}

static struct row *row_of(struct table *t, const struct entry *entry)
{
    char name[ROW_NAME_MAX];
    text_format(name, sizeof(name), "%s%s", entry->base, entry->suffix);
    for (size_t i = 0; i < t->rows; i++)
        if (strcmp(t->row[i].name, name) == 0)
            return &t->row[i];
    t->row = grown(t->row, t->rows, sizeof(*t->row));
    struct row *r = &t->row[t->rows++];
    *r = (struct row){.threads = strncmp(entry->base, "threads", 7) == 0, .free_threaded = entry->free_threaded};
    text_format(r->base, sizeof(r->base), "%s", entry->base);
    r->null = strcmp(text_at(entry->scenario, "name"), "scenario0") == 0;
    r->workers = number_at(entry->scenario, "workers");
    text_format(r->name, sizeof(r->name), "%s", name);
    text_format(r->suffix, sizeof(r->suffix), "%s", entry->suffix);
    return r;
}

/* Cells that nothing shown so far tells apart have their plan's name of them too. */
static void name_apart(struct table *t)
{
    for (size_t i = 0; i < t->entries; i++) {
        struct row *r = row_of(t, &t->entry[i]);
        const char **cell = &r->cell[t->entry[i].memory];
        if (!*cell)
            *cell = t->entry[i].cell;
        r->several |= strcmp(*cell, t->entry[i].cell) != 0;
    }
    for (size_t i = 0; i < t->entries; i++) {
        struct entry *entry = &t->entry[i];
        if (row_of(t, entry)->several && *entry->cell) {
            size_t len = strlen(entry->suffix);
            text_format(entry->suffix + len, sizeof(entry->suffix) - len, ", %s", entry->cell);
        }
    }
    t->rows = 0;
}

static void fill_rows(struct table *t)
{
    json_t *keys = differing_keys(t);
    for (size_t i = 0; i < t->entries; i++) {
        struct text suffix = {0};
        text_add(&suffix, "%s", "");
        name_row(&t->entry[i], keys, &suffix);
        text_format(t->entry[i].suffix, sizeof(t->entry[i].suffix), "%.90s", suffix.data);
        text_free(&suffix);
    }
    name_apart(t);
    for (size_t i = 0; i < t->entries; i++) {
        const struct entry *entry = &t->entry[i];
        struct row *r = row_of(t, entry);
        if (!entry->ok) /* it has its row, and its reason below the table */
            continue;
        r->run = grown(r->run, r->runs, sizeof(*r->run));
        r->run[r->runs++] = entry->figures;
        r->invocations[entry->memory]++;
        r->emulated |= entry->emulated;
    }
    json_decref(keys);
}

/* --- one figure of many invocations ------------------------------------------------------------------------------- */

static size_t collect(const struct row *r, enum column c, double *values)
{
    size_t n = 0;
    for (size_t i = 0; i < r->runs; i++)
        if (isfinite(r->run[i].value[c]))
            values[n++] = r->run[i].value[c];
    return n;
}

/* Means of the invocations' figures: of means, of medians, of p95s; and the half of Student's interval of a mean. */
static void summarise(struct row *r)
{
    double *values = calloc(r->runs + 1, sizeof(*values));
    if (!values)
        abort();
    for (int c = 0; c < COLUMNS; c++)
        r->value[c] = NAN;
    for (int c = AVG; c < COLUMNS; c++) {
        size_t n = collect(r, (enum column)c, values);
        if (n == 0)
            continue;
        struct stats_interval mean = stats_mean_interval(values, n, CONFIDENCE);
        r->value[c] = mean.at;
        if ((c == AVG || c == PSS) && !mean.why_not)
            r->value[c + 1] = (mean.high - mean.low) / 2;
    }
    size_t runs = r->invocations[0] > r->invocations[1] ? r->invocations[0] : r->invocations[1];
    if (runs > 1)
        r->value[RUNS] = (double)runs;
    free(values);
}

static int load_record(const char *path, json_t **ret, struct err *e)
{
    json_error_t why;
    json_t *record = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
    if (!record && why.line < 0) /* it could not be opened */
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': %s", path, why.text);
    if (!record)
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': line %d: %s", path, why.line, why.text);
    if (strcmp(text_at(record, "schema"), RECORD_SCHEMA) != 0) {
        int failed = err_set(e, ERR_USAGE, -EINVAL, "'%s': its schema is '%s'; this tare reads %s", path,
                             text_at(record, "schema"), RECORD_SCHEMA);
        json_decref(record);
        return failed;
    }
    *ret = record;
    return 0;
}

/* Those of the free-threaded build, else of another interpreter, else the native ones: whichever comes first in the
 * folder, as a plan's order is drawn. */
static const struct row *threads_like(const struct table *t, const struct row *r)
{
    const struct row *best = NULL;
    int best_rank = 0;
    for (size_t k = 0; k < t->rows; k++) {
        const struct row *one = &t->row[k];
        int rank = one->free_threaded ? 3 : strcmp(one->base, "threads, native") != 0 ? 2 : 1;
        if (!one->threads || strcmp(one->suffix, r->suffix) != 0 || rank <= best_rank)
            continue;
        best = one;
        best_rank = rank;
    }
    return best;
}

static void take_ratios(struct table *t)
{
    for (size_t i = 0; i < t->rows; i++) {
        const struct row *threads = threads_like(t, &t->row[i]);
        if (!threads)
            continue;
        if (!threads->emulated && !t->row[i].emulated)
            t->row[i].value[TIMES] = t->row[i].value[AVG] / threads->value[AVG];
        t->row[i].value[PSS_TIMES] = t->row[i].value[PSS] / threads->value[PSS];
    }
}

static bool is_shown(const struct table *t, int column)
{
    bool any = !COLUMN[column].optional;
    for (size_t i = 0; i < t->rows; i++)
        any |= isfinite(t->row[i].value[column]);
    return any;
}

static int name_width(const struct table *t)
{
    int width = 30;
    for (size_t i = 0; i < t->rows; i++)
        if ((int)strlen(t->row[i].name) > width)
            width = (int)strlen(t->row[i].name);
    return width;
}

/* What the instrument itself weighs, beside what was weighed with it: the null's figure of the same mode, start method,
 * runtime and workers, where it is among the records. */
static void take_nulls(struct table *t)
{
    for (size_t i = 0; i < t->rows; i++)
        for (size_t n = 0; n < t->rows; n++) {
            const struct row *null = &t->row[n];
            if (!t->row[i].null && null->null && strcmp(null->base, t->row[i].base) == 0 &&
                null->workers == t->row[i].workers && isfinite(t->row[i].value[AVG]))
                t->row[i].value[NULL_AVG] = null->value[AVG];
        }
}

static void print_row(const struct row *r, const bool *shown, struct text *out)
{
    for (int c = 0; c < COLUMNS; c++) {
        double scaled = r->value[c] * COLUMN[c].scale;
        if (!shown[c])
            continue;
        if (isfinite(scaled)) /* a ratio to nothing is none */
            text_add(out, "%*.*f", COLUMN[c].width + 1, COLUMN[c].decimals, scaled);
        else
            text_add(out, "%*s", COLUMN[c].width + 1, "-");
    }
    text_add(out, "\n");
}

static void print_table(const struct table *t, struct text *out)
{
    bool shown[COLUMNS];
    int width = name_width(t);
    text_add(out, "%-*s", width, "");
    for (int c = 0; c < COLUMNS; c++) {
        shown[c] = is_shown(t, c);
        if (shown[c])
            text_add(out, "%*s", COLUMN[c].width + 1, COLUMN[c].head);
    }
    text_add(out, "\n");
    for (size_t i = 0; i < t->rows; i++) {
        cleanup_free char *name = text_printable(t->row[i].name);
        text_add(out, "%-*s", width, name);
        print_row(&t->row[i], shown, out);
    }
    if (t->notes)
        text_add(out, "\n");
    for (size_t i = 0; i < t->notes; i++)
        text_add(out, "* %s%s%s\n", t->note[i].names.len ? t->note[i].names.data : "", t->note[i].names.len ? ": " : "",
                 t->note[i].reason.data);
}

static void free_table(struct table *t)
{
    for (size_t i = 0; i < t->entries; i++)
        json_decref(t->entry[i].scenario);
    for (size_t i = 0; i < t->rows; i++)
        free(t->row[i].run);
    for (size_t i = 0; i < t->notes; i++) {
        text_free(&t->note[i].names);
        text_free(&t->note[i].reason);
    }
    free(t->entry);
    free(t->row);
}

int report_table(char *const *paths, size_t count, struct text *out, struct err *e)
{
    struct table t = {0};
    int failed = 0;
    for (size_t i = 0; failed == 0 && i < count; i++) {
        json_t *record = NULL;
        failed = load_record(paths[i], &record, e);
        if (failed == 0)
            take_record(&t, record);
        json_decref(record);
    }
    if (failed == 0) {
        fill_rows(&t);
        for (size_t i = 0; i < t.rows; i++)
            summarise(&t.row[i]);
        take_ratios(&t);
        take_nulls(&t);
        print_table(&t, out);
    }
    free_table(&t);
    return failed;
}

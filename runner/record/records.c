#include "record/records.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "record/record.h"
#include "record/records_internal.h"

#define RECORD_BYTES_MAX (1LL << 30)
#define RECORDS_DEPTH    3 /* of folders below "records" */

const char *const section_names[SECTIONS] = {
    [SECTION_SCHEMA] = "schema",
    [SECTION_ID] = "id",
    [SECTION_STARTED_AT] = "started_at",
    [SECTION_NODE] = "node",
    [SECTION_TOOL] = "tool",
    [SECTION_SCENARIO] = "scenario",
    [SECTION_RUNTIME] = "runtime",
    [SECTION_HOST] = "host",
    [SECTION_IMAGE] = "image",
    [SECTION_SLICE] = "slice",
    [SECTION_CONFINEMENT] = "confinement",
    [SECTION_ISOLATION] = "isolation",
    [SECTION_TIMING] = "timing",
    [SECTION_PLAN] = "plan",
    [SECTION_ITERATIONS] = "iterations",
    [SECTION_RESULT] = "result",
    [SECTION_MEMORY] = "memory",
    [SECTION_CPU] = "cpu",
    [SECTION_TERMINATION] = "termination",
    [SECTION_INSTRUMENT] = "instrument",
};

const char *record_kind_name(enum record_kind k)
{
    static const char *const NAMES[] = {"in a slice", "borrowed", "without a slice", "emulated"};
    return NAMES[k];
}

int record_refuse(const struct record_text *text, const char *at, const char *why, struct err *e)
{
    if (!at)
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': %s", text->path, why);
    return err_set(e, ERR_USAGE, -EINVAL, "'%s': line %zu: %s", text->path, json_scan_line(text->whole, at), why);
}

/* --- the collection ------------------------------------------------------------------------------------------------
 */

void records_add(struct records *r, struct invocation one)
{
    if (r->count == r->cap) {
        r->cap = r->cap ? 2 * r->cap : 64;
        r->list = realloc(r->list, r->cap * sizeof(*r->list));
        if (!r->list)
            abort();
    }
    r->list[r->count++] = one;
}

int records_figure(const struct records *r, const char *name)
{
    for (size_t i = 0; i < r->names; i++)
        if (strcmp(r->name[i].name, name) == 0)
            return (int)i;
    return -1;
}

size_t records_name(struct records *r, const char *name)
{
    int known = records_figure(r, name);
    if (known >= 0)
        return (size_t)known;
    r->name = realloc(r->name, (r->names + 1) * sizeof(*r->name));
    if (!r->name)
        abort();
    r->name[r->names] = (struct figure_name){.name = pool_keep(r->pool, name)};
    r->name[r->names].about = figure_about(r->name[r->names].name);
    return r->names++;
}

struct figure_about records_about(const struct records *r, const char *name)
{
    int known = records_figure(r, name);
    return known < 0 ? figure_about(name) : r->name[known].about;
}

struct figure invocation_figure(const struct invocation *i, size_t index)
{
    return index < i->figures ? i->figure[index] : (struct figure){NAN, "the record has no such figure"};
}

static void free_invocation(struct invocation *i)
{
    free(i->figure);
    free(i->iteration_s);
    free(i->details.unmet);
    free(i->details.point);
    free(i->section);
}

static int compare_invocations(const void *a, const void *b)
{
    return strcmp(((const struct invocation *)a)->id, ((const struct invocation *)b)->id);
}

void records_sort(struct records *r)
{
    if (r->count > 0)
        qsort(r->list, r->count, sizeof(*r->list), compare_invocations);
}

void records_drop(struct records *r)
{
    if (r->count > 0)
        free_invocation(&r->list[--r->count]);
}

void records_free(struct records *r)
{
    for (size_t i = 0; i < r->count; i++)
        free_invocation(&r->list[i]);
    free(r->list);
    free(r->name);
    text_free(&r->text);
    pool_free(r->pool);
    *r = (struct records){0};
}

/* --- one file ------------------------------------------------------------------------------------------------------
 */

static const char *take_section(struct json_span key, struct json_span value, void *to)
{
    struct record_text *text = to;
    for (int i = 0; i < SECTIONS; i++) {
        if (strlen(section_names[i]) != key.len || memcmp(section_names[i], key.data, key.len) != 0)
            continue;
        if (text->section[i].data)
            return "a key that is there already";
        text->section[i] = value;
    }
    return NULL;
}

/* Whether it is a record of the schema that is read here: 1; another JSON file: 0; a newer record, or none where one
 * was named: an error. */
static int is_record(const struct record_text *text, bool named, struct err *e)
{
    static const char OURS[] = "\"" RECORD_SCHEMA "\"", ANY[] = "\"tare.record/";
    struct json_span s = text->section[SECTION_SCHEMA];
    if (s.len == strlen(OURS) && memcmp(s.data, OURS, s.len) == 0)
        return 1;
    if (!named && (s.len < strlen(ANY) || memcmp(s.data, ANY, strlen(ANY)) != 0))
        return 0;
    if (!s.data)
        return record_refuse(text, NULL, "it has no schema: it is no record of tare", e);
    return err_set(e, ERR_USAGE, -ENOTSUP, "'%s': line %zu: its schema is %.*s; this tare reads %s", text->path,
                   json_scan_line(text->whole, s.data), s.len > 60 ? 60 : (int)s.len, s.data, RECORD_SCHEMA);
}

static int read_text(const char *path, struct text *buffer, struct err *e)
{
    struct stat st;
    buffer->len = 0;
    int failed = stat(path, &st) == 0 ? 0 : -errno;
    if (failed == 0 && (!S_ISREG(st.st_mode) || st.st_size > RECORD_BYTES_MAX))
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': what is allowed is a file of at most 1 GiB, or a folder", path);
    if (failed == 0)
        failed = file_read_all("", path, buffer);
    return failed == 0 ? 0 : err_set(e, ERR_USAGE, failed, "'%s': %s", path, strerror(-failed));
}

static int read_file(struct records *r, const char *path, bool named, struct err *e)
{
    struct json_scan_error why = {NULL, NULL};
    struct invocation one = {0};
    int failed = read_text(path, &r->text, e);
    if (failed != 0)
        return failed;
    struct record_text text = {.path = path, .whole = {r->text.data ? r->text.data : "", r->text.len}};
    if (json_scan_object(text.whole, take_section, &text, &why) != 0)
        return record_refuse(&text, why.at, why.why, e);
    int is = is_record(&text, named, e);
    if (is <= 0) {
        r->others += is == 0;
        return is;
    }
    failed = record_take(r, &text, &one, e);
    if (failed != 0 || (r->only_label && strcmp(one.label, r->only_label) != 0)) {
        free_invocation(&one);
        return failed != 0 ? failed : 1;
    }
    records_add(r, one);
    if (r->each)
        r->each(&r->list[r->count - 1], text.whole, r->to);
    return 1;
}

int records_read_file(struct records *r, const char *path, struct err *e)
{
    if (!r->pool)
        r->pool = pool_new();
    return read_file(r, path, false, e);
}

/* --- folders -------------------------------------------------------------------------------------------------------
 */

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int is_json(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return entry->d_name[0] != '.' && len > 5 && strcmp(entry->d_name + len - 5, ".json") == 0;
}

static int read_folder(struct records *r, const char *dir, unsigned deeper, struct err *e);

static int read_entry(struct records *r, const char *dir, const struct dirent *entry, unsigned deeper, struct err *e)
{
    char path[PATH_MAX];
    int len = snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
    if (len < 0 || (size_t)len >= sizeof(path))
        return err_set(e, ERR_USAGE, -ENAMETOOLONG, "'%s': its path is too long", entry->d_name);
    if (deeper > 0 && is_folder(path))
        return read_folder(r, path, deeper - 1, e);
    return is_json(entry) ? read_file(r, path, false, e) : 0; /* 1 too is no failure */
}

/* The records of a folder, and of the folders in it so many levels down. */
static int read_folder(struct records *r, const char *dir, unsigned deeper, struct err *e)
{
    struct dirent **entry = NULL;
    int failed = 0, n = scandir(dir, &entry, deeper > 0 ? is_shown : is_json, alphasort);
    if (n < 0)
        return err_sys(e, ERR_USAGE, "'%s'", dir);
    for (int i = 0; i < n; i++) {
        if (failed >= 0)
            failed = read_entry(r, dir, entry[i], deeper, e);
        free(entry[i]);
    }
    free(entry);
    return failed < 0 ? failed : 0;
}

/* A bundle keeps a folder a cell in data/records. */
static int read_inner(struct records *r, const char *dir, struct err *e)
{
    static const char *const INNER[] = {"records", "data/records"};
    char inner[PATH_MAX];
    for (size_t i = 0; i < ARRAY_LEN(INNER); i++) {
        int len = snprintf(inner, sizeof(inner), "%s/%s", dir, INNER[i]);
        if (len > 0 && (size_t)len < sizeof(inner) && is_folder(inner))
            return read_folder(r, inner, RECORDS_DEPTH, e);
    }
    return 0;
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp((*(const struct invocation *const *)a)->id, (*(const struct invocation *const *)b)->id);
}

/* A copy of a record would count as an invocation of its own. */
static int refuse_twins(const struct records *r, struct err *e)
{
    cleanup_free const struct invocation **by_id = calloc(r->count + 1, sizeof(const struct invocation *));
    if (!by_id)
        abort();
    for (size_t i = 0; i < r->count; i++)
        by_id[i] = &r->list[i];
    qsort(by_id, r->count, sizeof(*by_id), compare_ids); /* NOLINT(bugprone-sizeof-expression): pointers */
    for (size_t i = 1; i < r->count; i++)
        if (strcmp(by_id[i]->id, by_id[i - 1]->id) == 0)
            return err_set(e, ERR_USAGE, -EINVAL, "'%s' and '%s' are one record: both have the id %s",
                           by_id[i - 1]->path, by_id[i]->path, by_id[i]->id);
    return 0;
}

int records_read(struct records *r, const char *path, struct err *e)
{
    size_t before = r->count;
    int failed = 0;
    if (!r->pool)
        r->pool = pool_new();
    if (!is_folder(path)) {
        failed = read_file(r, path, true, e);
        failed = failed < 0 ? failed : 0;
    } else {
        failed = read_folder(r, path, 0, e);
        if (failed == 0 && r->count == before)
            failed = read_inner(r, path, e);
    }
    if (failed == 0 && r->count == before)
        failed = err_set(e, ERR_USAGE, -EINVAL, "'%s': there is no record in it (*.json of %s%s%s)", path,
                         RECORD_SCHEMA, r->only_label ? ", labelled " : "", r->only_label ? r->only_label : "");
    return failed == 0 ? refuse_twins(r, e) : failed;
}

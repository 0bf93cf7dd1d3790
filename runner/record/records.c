#include "record/records.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/keyset.h"
#include "record/output.h"
#include "record/record.h"

#define RECORDS_DEPTH 3 /* levels of folders below "records" */

int records_figure(const struct records *r, const char *name)
{
    return reader_figure(&r->reader, name);
}

struct keysets records_environments(const struct records *r)
{
    struct keysets e = {0};
    for (size_t i = 0; i < r->count; i++)
        keysets_add(&e, r->list[i].environment);
    return e;
}

struct figure_about records_about(const struct records *r, const char *name)
{
    int known = records_figure(r, name);
    return known < 0 ? figure_about(name) : r->reader.name[known].about;
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
        invocation_free(&r->list[--r->count]);
}

void records_keep(struct records *r, const char *key, const char *value)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->count; i++) {
        const char *has = keyset_find(r->list[i].cell, key);
        if (has && strcmp(has, value) == 0)
            r->list[kept++] = r->list[i];
        else
            invocation_free(&r->list[i]);
    }
    r->count = kept;
}

void records_free(struct records *r)
{
    for (size_t i = 0; i < r->count; i++)
        invocation_free(&r->list[i]);
    free(r->list);
    reader_free(&r->reader);
    *r = (struct records){0};
}

/* --- one file ----------------------------------------------------------------------------------------------------- */

static void add(struct records *r, const struct invocation *one)
{
    r->list = xgrow(r->list, r->count, sizeof(*r->list));
    r->list[r->count++] = *one;
}

int records_take(struct records *r, const char *path, struct err *e)
{
    struct invocation one;
    int is = invocation_take(&r->reader, path, false, &one, e);
    if (is > 0)
        add(r, &one);
    return is;
}

static int read_file(struct records *r, const char *path, bool is_named, struct err *e)
{
    struct invocation one;
    int is = invocation_read(&r->reader, path, is_named, &one, e);
    if (is <= 0)
        return is;
    if (r->only_label && strcmp(one.label, r->only_label) != 0) {
        invocation_free(&one);
        return 1;
    }
    add(r, &one);
    if (r->each)
        r->each(&r->list[r->count - 1], (struct json_span){r->reader.text.data, r->reader.text.len}, r->to);
    return 1;
}

int records_read_file(struct records *r, const char *path, struct err *e)
{
    return read_file(r, path, false, e);
}

/* --- folders ------------------------------------------------------------------------------------------------------ */

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
    return entry->d_name[0] != '.' && text_ends_with(entry->d_name, ".json") && !output_is_why(entry->d_name);
}

static int read_folder(struct records *r, const char *dir, unsigned deeper, struct err *e);

static int read_entry(struct records *r, const char *dir, const struct dirent *entry, unsigned deeper, struct err *e)
{
    char path[PATH_MAX];
    if (!text_fits(path, sizeof(path), "%s/%s", dir, entry->d_name))
        return err_set(e, ERR_USAGE, -ENAMETOOLONG, "'%s': its path is too long", entry->d_name);
    if (deeper > 0 && is_folder(path))
        return read_folder(r, path, deeper - 1, e);
    return is_json(entry) ? read_file(r, path, false, e) : 0; /* 1 is no failure either */
}

/* Reads the records of a folder, and of its folders down to this many levels. */
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

/* A bundle has one folder per cell in data/records. */
static int read_inner(struct records *r, const char *dir, struct err *e)
{
    static const char *const INNER[] = {"records", "data/records"};
    char inner[PATH_MAX];
    for (size_t i = 0; i < ARRAY_LEN(INNER); i++) {
        if (text_fits(inner, sizeof(inner), "%s/%s", dir, INNER[i]) && is_folder(inner))
            return read_folder(r, inner, RECORDS_DEPTH, e);
    }
    return 0;
}

static int read_path(struct records *r, const char *path, struct err *e)
{
    const size_t before = r->count;
    int failed = is_folder(path) ? read_folder(r, path, 0, e) : read_file(r, path, true, e);
    if (failed == 0 && r->count == before)
        failed = read_inner(r, path, e);
    if (failed < 0)
        return failed;
    return r->count > before
               ? 0
               : err_set(e, ERR_USAGE, -EINVAL, "'%s': there is no record in it (*.json of %s%s%s)", path,
                         RECORD_SCHEMA, r->only_label ? ", labelled " : "", r->only_label ? r->only_label : "");
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp((*(const struct invocation *const *)a)->id, (*(const struct invocation *const *)b)->id);
}

int records_refuse_twins(const struct records *r, struct err *e)
{
    cleanup_free const struct invocation **by_id = xcalloc(r->count + 1, sizeof(const struct invocation *));
    for (size_t i = 0; i < r->count; i++)
        by_id[i] = &r->list[i];
    qsort(by_id, r->count, sizeof(*by_id), compare_ids); /* NOLINT(bugprone-sizeof-expression): pointers */
    for (size_t i = 1; i < r->count; i++)
        if (by_id[i]->id == by_id[i - 1]->id) /* equal texts of a pool are one pointer */
            return err_set(e, ERR_USAGE, -EINVAL, "'%s' and '%s' are one record: both have the id %s",
                           by_id[i - 1]->path, by_id[i]->path, by_id[i]->id);
    return 0;
}

/* What a shell's *.json names beside records: the causes of one (output_is_why()). */
static bool lies_beside_record(const char *path)
{
    const char *slash = strrchr(path, '/');
    return output_is_why(slash ? slash + 1 : path) && !is_folder(path);
}

int records_read_all(struct records *r, const char *const *paths, size_t count, struct err *e)
{
    bool has_read = false;
    for (size_t i = 0; i < count; i++) {
        if (lies_beside_record(paths[i]) && (has_read || i + 1 < count))
            continue;
        TRY(read_path(r, paths[i], e));
        has_read = true;
    }
    return records_refuse_twins(r, e);
}

int records_read(struct records *r, const char *path, struct err *e)
{
    return records_read_all(r, &path, 1, e);
}

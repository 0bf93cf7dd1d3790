#include "plan/tally.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/terminal.h"
#include "base/text.h"
#include "plan/folder.h"
#include "plan/plan.h"
#include "record/output.h"
#include "record/record.h"
#include "record/records.h"

/* What is done with records that do not count. */
struct repair {
    bool mend, retry;
};

/* --- units ------------------------------------------------------------------------------------------------------- */

size_t tally_cell(const struct tally *t, size_t unit)
{
    return unit % t->cells;
}

int tally_label(const struct tally *t, size_t unit)
{
    return t->units == t->cells ? 0 : unit < t->cells ? 1 : 2;
}

const char *const tally_label_names[] = {NULL, "A", "A'"};

bool tally_is_run(const struct tally *t, size_t unit)
{
    return !t->plan || !t->plan->cell[tally_cell(t, unit)].not_run;
}

size_t tally_wanted(const struct tally *t, uint64_t blocks)
{
    size_t n = 0;
    for (size_t u = 0; u < t->units; u++)
        n += tally_is_run(t, u) ? (size_t)blocks : 0;
    return n;
}

static struct tally_one *room_for(struct tally *t, uint64_t block, size_t unit)
{
    if (block >= t->blocks) {
        size_t blocks = (size_t)block + 1;
        struct tally_one *more = reallocarray(t->one, blocks * t->units, sizeof(*more));
        if (!more)
            abort();
        t->one = more;
        for (size_t i = t->blocks * t->units; i < blocks * t->units; i++)
            t->one[i] = (struct tally_one){.elapsed_s = NAN, .figure = NAN};
        t->blocks = blocks;
    }
    return &t->one[(size_t)block * t->units + unit];
}

const struct tally_one *tally_at(const struct tally *t, uint64_t block, size_t unit)
{
    return block < t->blocks ? &t->one[(size_t)block * t->units + unit] : NULL;
}

size_t tally_done(const struct tally *t, uint64_t blocks)
{
    size_t n = 0;
    for (size_t i = 0; i < t->blocks * t->units && i < blocks * t->units; i++)
        n += t->one[i].file != NULL;
    return n;
}

size_t tally_failed(const struct tally *t, uint64_t blocks)
{
    size_t n = 0;
    for (size_t i = 0; i < t->blocks * t->units && i < blocks * t->units; i++)
        n += t->one[i].file && t->one[i].failed;
    return n;
}

void tally_add(struct tally *t, uint64_t block, size_t unit, const char *file, const struct record *r, double elapsed_s)
{
    struct tally_one *one = room_for(t, block, unit);
    bool memory = r->cell.profile == PROFILE_MEMORY;
    free(one->file);
    *one = (struct tally_one){
        .file = xstrdup(file),
        .failed = r->termination != TERMINATION_OK,
        .elapsed_s = elapsed_s,
        .figure = !memory                   ? r->result.mean_s
                  : r->memory.members.pss.n ? (double)stats_range_mean(&r->memory.members.pss)
                                            : NAN,
    };
}

void tally_free(struct tally *t)
{
    for (size_t i = 0; i < t->blocks * t->units; i++)
        free(t->one[i].file);
    free(STEAL(t->one));
    records_free(&t->records);
    t->blocks = 0;
}

/* --- a record's place in the plan ------------------------------------------------------------------------------- */

/* The label's number in this plan; -1: not of this plan. */
static int label_of(const struct tally *t, const char *name)
{
    if (!t->bound->noise)
        return *name ? -1 : 0;
    return strcmp(name, "A") == 0 ? 1 : strcmp(name, "A'") == 0 ? 2 : -1;
}

static void take(struct tally *t, struct tally_one *one, const struct invocation *from, const char *name)
{
    const char *profile = keyset_find(from->cell, "profile");
    int figure = records_figure(&t->records, profile && strcmp(profile, "memory") == 0 ? "pss_bytes" : "avg_iter_s");
    *one = (struct tally_one){.file = xstrdup(name),
                              .failed = !from->ok,
                              .elapsed_s = from->details.elapsed_s,
                              .figure = figure < 0 ? NAN : invocation_figure(from, (size_t)figure).value,
                              .is_read = true};
}

/* --- the folder -------------------------------------------------------------------------------------------------- */

static int set_aside(const struct tally *t, bool mend, const char *name, const char *why, struct err *e)
{
    char kept[NAME_MAX];
    if (!mend) {
        terminal_say("matrix: '%s/%s': %s: it does not count", t->folder->path, name, why);
        return 0;
    }
    TRY(folder_set_aside(t->folder, name, kept, e));
    terminal_say("matrix: '%s/%s': %s: kept as %s, and run again", t->folder->path, name, why, kept);
    return 0;
}

/* Takes a record of this schema. 1: it counts; 0: it does not. */
static int take_record(struct tally *t, struct repair how, const char *name, const struct invocation *from,
                       struct err *e)
{
    size_t cell = plan_find_cell(t->plan, from->plan_cell);
    int label = label_of(t, from->label);
    if (!*from->plan_sha256) {
        t->strangers++;
        return 0;
    }
    if (strcmp(from->plan_sha256, t->bound->sha256) != 0)
        return err_set(e, ERR_USAGE, -EEXIST,
                       "'%s/%s' is of the plan '%s' (SHA-256 %.12s...): one folder holds one plan (move it away, or "
                       "take another --out)",
                       t->folder->path, name, from->details.plan, from->plan_sha256);
    if (cell == t->plan->cells || label < 0 || from->block < 1 || from->block > PLAN_INVOCATIONS_MAX) {
        t->strangers++;
        return 0;
    }
    if (strcmp(from->termination, "interrupted") == 0)
        return set_aside(t, how.mend, name, "it was interrupted", e);
    if (how.retry && !from->ok)
        return set_aside(t, how.mend, name, "it failed", e);
    struct tally_one *one = room_for(t, from->block - 1, cell + (label == 2 ? t->cells : 0));
    if (one->file) {
        terminal_say("matrix: '%s/%s' is a second record of what '%s' is of: it does not count", t->folder->path, name,
                     one->file);
        return 0;
    }
    take(t, one, from, name);
    const struct place_of_record at = {cell, from->block, label};
    int failed = t->each ? t->each(t->to, name, &at, &t->records.reader.text, e) : 0;
    return failed < 0 ? failed : 1;
}

/* The message without the file's name, which the caller prints itself. */
static const char *without_path(const char *message)
{
    const char *end = *message == '\'' ? strstr(message, "': ") : NULL;
    return end ? end + 3 : message;
}

static int read_one(struct tally *t, struct repair how, const char *name, struct err *e)
{
    char path[PATH_MAX], broken[300];
    struct records *records = &t->records;
    struct err why = {0};
    bool ours = folder_is_record_name(name);
    text_format(path, sizeof(path), "%s/%s", t->folder->path, name);
    int is = records_read_file(records, path, &why);
    if (is > 0) {
        int counts = take_record(t, how, name, &records->list[records->count - 1], e);
        if (counts <= 0)
            records_drop(records);
        return counts < 0 ? counts : 0;
    }
    if (is == 0)
        return ours ? set_aside(t, how.mend, name, "it is no record", e) : 0;
    if (is == -ENOTSUP)
        return err_set(e, ERR_USAGE, -EINVAL, "%s (take the tare that wrote it, or another --out)", why.text);
    if (is == -EINVAL && !ours)
        return 0; /* another program's */
    if (is != -EINVAL)
        return err_set(e, ERR_USAGE, -EACCES, "%s", why.text);
    (void)snprintf(broken, sizeof(broken), "it is no whole record (%.200s)", without_path(why.text));
    return set_aside(t, how.mend, name, broken, e);
}

static bool is_temporary(const char *name)
{
    return strncmp(name, FILE_TEMPORARY_PREFIX, strlen(FILE_TEMPORARY_PREFIX)) == 0;
}

static int is_wanted(const struct dirent *d)
{
    return is_temporary(d->d_name) ||
           (*d->d_name != '.' && text_ends_with(d->d_name, ".json") && !output_is_why(d->d_name));
}

int tally_read(struct tally *t, bool mend, bool retry, struct err *e)
{
    struct dirent **found = NULL;
    t->records.reader.with_details = t->records.reader.with_steady = true; /* the final table needs them */
    int n = scandir(t->folder->path, &found, is_wanted, alphasort), failed = 0;
    if (n < 0)
        return errno == ENOENT ? 0 : err_sys(e, ERR_USAGE, "'%s'", t->folder->path);
    for (int i = 0; i < n; i++) {
        const char *name = found[i]->d_name;
        if (is_temporary(name) && mend)
            (void)file_sweep(t->folder->fd, name); /* a killed tare's unfinished file: its invocation runs again */
        else if (failed == 0 && !is_temporary(name))
            failed = read_one(t, (struct repair){mend, retry}, name, e);
        free(found[i]);
    }
    free(found);
    return failed;
}

int tally_read_one(struct tally *t, const char *name, struct err *e)
{
    const bool is_there = faccessat(t->folder->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    return is_there ? read_one(t, (struct repair){false, false}, name, e) : 0;
}

int tally_read_rest(struct tally *t, struct err *e)
{
    char path[PATH_MAX];
    for (size_t i = 0; i < t->blocks * t->units; i++) {
        struct tally_one *one = &t->one[i];
        if (!one->file || one->is_read)
            continue;
        text_format(path, sizeof(path), "%s/%s", t->folder->path, one->file);
        int is = records_read_file(&t->records, path, e);
        if (is <= 0)
            return is < 0 ? is : err_set(e, ERR_USAGE, -EINVAL, "'%s': it is no record any more", path);
        one->is_read = true;
    }
    return 0;
}

/* --- the remaining time ------------------------------------------------------------------------------------------- */

double *estimate_cells(const struct tally *t)
{
    double *mean_s = xcalloc(t->cells, sizeof(*mean_s));
    cleanup_free size_t *n = xcalloc(t->cells, sizeof(*n));
    for (size_t i = 0; i < t->blocks * t->units; i++) {
        size_t cell = tally_cell(t, i % t->units);
        if (!t->one[i].file || !isfinite(t->one[i].elapsed_s))
            continue;
        n[cell]++;
        mean_s[cell] += (t->one[i].elapsed_s - mean_s[cell]) / (double)n[cell];
    }
    for (size_t c = 0; c < t->cells; c++)
        if (n[c] == 0)
            mean_s[c] = t->elsewhere_s ? t->elsewhere_s[c] : NAN;
    return mean_s;
}

double estimate_other(const double *cell_s, size_t cells)
{
    double sum = 0;
    size_t n = 0;
    for (size_t c = 0; c < cells; c++) {
        n += isnan(cell_s[c]) ? 0 : 1;
        sum += isnan(cell_s[c]) ? 0 : cell_s[c];
    }
    return n ? sum / (double)n : NAN;
}

struct estimate estimate_left(const struct tally *t, uint64_t blocks)
{
    struct estimate e = {0};
    cleanup_free double *cell_s = estimate_cells(t);
    double other_s = estimate_other(cell_s, t->cells);
    for (uint64_t b = 0; b < blocks; b++)
        for (size_t u = 0; u < t->units; u++) {
            const struct tally_one *one = tally_at(t, b, u);
            if ((one && one->file) || !tally_is_run(t, u))
                continue;
            double s = cell_s[tally_cell(t, u)];
            e.left++;
            e.unknown += isnan(s) ? 1 : 0;
            e.seconds += isnan(s) ? other_s : s;
        }
    return e;
}

void estimate_say(const struct estimate *e, struct text *out)
{
    text_add(out, "%s", e->left == 0 ? "nothing" : isnan(e->seconds) ? "unknown" : "about ");
    if (e->left > 0 && !isnan(e->seconds))
        text_add_seconds(out, e->seconds);
}

#include "bundle/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/filelist.h"
#include "archive/files.h"
#include "archive/findings.h"
#include "archive/tar.h"
#include "archive/tmpdir.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/json_put.h"
#include "base/source.h"
#include "base/text.h"
#include "bundle/bag.h"
#include "bundle/claims.h"
#include "bundle/pack_info.h"
#include "bundle/rederive.h"
#include "bundle/reproduction.h"
#include "record/output.h"
#include "record/record.h"

/* --- where records are ------------------------------------------------------------------------------------------- */

const char *bundle_record_path(const struct plan *plan, size_t cell, uint64_t block, int label,
                               char buf[FILELIST_PATH_MAX + 1])
{
    static const char *const LABELS[] = {"", "-A", "-A2"};
    text_format(buf, FILELIST_PATH_MAX + 1, BUNDLE_RECORDS "%s/%04llu%s.json", plan->cell[cell].folder,
                (unsigned long long)block, LABELS[label]);
    return buf;
}

const char *bundle_why_path(const char *record, char buf[FILELIST_PATH_MAX + 1])
{
    output_why_of(record, buf, FILELIST_PATH_MAX + 1);
    return buf;
}

int bundle_label(const char *label)
{
    return strcmp(label, "A") == 0 ? 1 : strcmp(label, "A'") == 0 ? 2 : 0;
}

/* --- reading ----------------------------------------------------------------------------------------------------- */

/* Removes our folder's name from a message. */
static void forget_folder(const char *path, struct err *e)
{
    size_t len = strlen(path);
    for (char *p; e && len && (p = strstr(e->text, path));)
        memmove(p, p + len + (p[len] == '/'), strlen(p + len + (p[len] == '/')) + 1);
}

/* Advice for a plan's folder does not apply to a bundle. */
static void forget_remedy(struct err *e)
{
    char *remedy = strstr(e->text, " (");
    if (remedy && strstr(remedy, "--out)"))
        *remedy = '\0';
}

static int read_source(struct bundle *b, const char *name, struct text *ret, struct err *e)
{
    int failed = files_read(b->fd, name, BUNDLE_SOURCE_MAX, ret);
    if (failed == 0)
        return 0;
    return err_set(e, ERR_USAGE, failed, "%s: %s", name,
                   failed == -EFBIG ? "it is larger than 1 MiB" : source_fault(failed));
}

static int load_plan(struct bundle *b, struct err *e)
{
    struct folder folder;
    cleanup_text struct text bytes = {0};
    TRY(read_source(b, BUNDLE_PLAN, &b->plan_bytes, e)); /* for its size, too */
    TRY(folder_look(b->path, &folder, e));
    if (folder_read(&folder, &b->bound, &bytes, e) != 0) {
        forget_remedy(e);
        return e->code;
    }
    /* What it names by its path must be in the bundle. */
    b->bound.carried.folder = b->path;
    b->bound.carried.alone = true;
    TRY(plan_parse(BUNDLE_PLAN, &bytes, &b->bound.given, &b->bound.carried, &b->plan, e));
    b->cells = b->plan.cells;
    b->blocks = (size_t)b->plan.invocations;
    b->noise = b->bound.noise;
    return 0;
}

static int load_pack(struct bundle *b, struct err *e)
{
    cleanup_text struct text bytes = {0};
    TRY(read_source(b, BUNDLE_PACK, &bytes, e));
    TRY(pack_info_parse(bytes.data, bytes.len, &b->pack, e));
    b->date_s = json_integer_value(json_object_get(b->pack, "date_s"));
    return 0;
}

static int load_claims(struct bundle *b, struct err *e)
{
    cleanup_text struct text bytes = {0};
    TRY(read_source(b, BUNDLE_CLAIMS, &bytes, e));
    TRY(claims_parse(BUNDLE_CLAIMS, &bytes, &b->claims, e));
    return claims_check(&b->claims, &b->plan, e);
}

static int load_reproduction(struct bundle *b, struct err *e)
{
    cleanup_text struct text bytes = {0};
    int failed = files_read(b->fd, REPRODUCTION_FILE, REPRODUCTION_MAX, &bytes);
    if (failed == -ENOENT)
        return 0;
    if (failed != 0)
        return err_set(e, ERR_USAGE, failed, REPRODUCTION_FILE ": %s", source_fault(failed));
    return reproduction_parse(bytes.data, bytes.len, &b->reproduction, e);
}

void bundle_wants(struct records *r)
{
    r->reader.with_steady = r->reader.with_iterations = r->reader.with_details = r->reader.with_points =
        r->reader.with_sections = true;
}

/* Whether the payload's file is a record by its path: no hidden one, and not what --why left beside one. */
static bool is_record(const char *path)
{
    const char *name = strrchr(path, '/');
    return strncmp(path, BUNDLE_RECORDS, strlen(BUNDLE_RECORDS)) == 0 && name[1] != '.' &&
           text_ends_with(name + 1, ".json") && !output_is_why(name + 1);
}

static int read_record(struct bundle *b, const struct listed_file *file, struct findings *derived, struct err *e)
{
    struct text *bytes = &b->records.reader.text;
    int failed = filelist_bytes(file, b->fd, bytes);
    if (failed != 0)
        return err_set(e, ERR_USAGE, failed, "%s: %s", file->path,
                       failed == -ESTALE ? "it changed meanwhile" : strerror(-failed));
    int is = records_take(&b->records, file->path, e);
    if (is > 0 && derived)
        rederive_record(file->path, (struct json_span){bytes->data, bytes->len}, derived);
    return is < 0 ? is : 0;
}

static int load_records(struct bundle *b, const struct bundle_records *from, struct err *e)
{
    bundle_wants(&b->records);
    for (size_t i = 0; i < from->payload->count; i++)
        if (is_record(from->payload->file[i].path))
            TRY(read_record(b, &from->payload->file[i], from->derived, e));
    return b->records.count > 0 ? records_refuse_twins(&b->records, e)
                                : err_set(e, ERR_USAGE, -EINVAL,
                                          BUNDLE_RECORDS ": there is no record in it (*.json of " RECORD_SCHEMA ")");
}

int bundle_grants(const struct bundle *b, const char *label, struct trust_grants *ret, struct err *e)
{
    const struct trust_plan plan = {.label = label, .bytes = &b->plan_bytes, .carried = &b->bound.carried};
    TRY(trust_of_plan(&plan, ret, e));
    trust_of_options(BUNDLE_LOCK, &b->bound.given, ret);
    return 0;
}

const struct carried_one *bundle_other_file(const struct bundle *b, const struct invocation *one)
{
    size_t cell = plan_find_cell(&b->plan, one->plan_cell);
    const struct plan_cell *of = cell < b->cells ? &b->plan.cell[cell] : NULL;
    cleanup_json json_t *runtime = of && of->files > 0 ? invocation_section(one, "runtime") : NULL;
    const json_t *files = json_object_get(runtime, "files");
    for (size_t i = 0; of && i < of->files; i++) {
        const struct carried_one *carried = carried_find(&b->plan.carried, of->file[i].word, true);
        if (carried && !carried_is_file(carried, json_word(files, carried->word)))
            return carried;
    }
    return NULL;
}

/* --- what of the plan is there ----------------------------------------------------------------------------------- */

static size_t units(const struct bundle *b)
{
    return b->noise ? 2 * b->cells : b->cells;
}

/* For each invocation of the plan: bit 1: has a record, bit 2: it failed. The caller owns it. */
static unsigned char *coverage(const struct bundle *b)
{
    unsigned char *there = xcalloc(b->blocks * units(b), 1);
    for (size_t i = 0; i < b->records.count; i++) {
        const struct invocation *one = &b->records.list[i];
        size_t cell = plan_find_cell(&b->plan, one->plan_cell), unit = cell;
        if (b->noise)
            unit = 2 * cell + (bundle_label(one->label) == 2);
        if (cell < b->cells && one->block >= 1 && one->block <= b->blocks)
            there[(one->block - 1) * units(b) + unit] |= one->ok ? 1 : 3;
    }
    return there;
}

static void count(struct bundle *b)
{
    cleanup_free unsigned char *there = coverage(b);
    for (size_t i = 0; i < b->blocks * units(b); i++) {
        b->run += there[i] != 0;
        b->failed += (there[i] & 2) != 0;
        b->missing += there[i] == 0;
    }
}

void bundle_missing(const struct bundle *b, size_t max, struct text *out)
{
    cleanup_free unsigned char *there = coverage(b);
    text_add_bytes(out, "", 0);
    for (size_t i = 0; i < b->blocks * units(b) && max > 0; i++) {
        size_t unit = i % units(b);
        if (there[i])
            continue;
        text_add(out, "%s%s, block %zu\n", b->plan.cell[b->noise ? unit / 2 : unit].id,
                 b->noise ? unit % 2 ? " A'" : " A" : "", i / units(b) + 1);
        max--;
    }
}

void bundle_summary(const struct bundle *b, struct text *said)
{
    size_t of[CLAIM_VERDICTS];
    text_add(said, "plan %s: %zu of %zu invocations, %zu failed\n", b->plan.name, b->run, b->run + b->missing,
             b->failed);
    claims_count(b->judgement, b->claims.count, of);
    claims_say_counts(b->claims.count, of, said);
    text_add(said, "\n");
}

const char *bundle_newest(const struct records *r)
{
    const char *at = "";
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->list[i].started_at, at) > 0)
            at = r->list[i].started_at;
    return at;
}

/* What follows from what was read. */
static void look_through(struct bundle *b)
{
    char path[FILELIST_PATH_MAX + 1], plain[PLAN_FOLDER_MAX + 1];
    records_sort(&b->records);
    count(b);
    for (size_t i = 0; i < b->records.count; i++)
        b->whys += faccessat(b->fd, bundle_why_path(b->records.list[i].path, path), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    b->judgement = xcalloc(b->claims.count, sizeof(*b->judgement));
    for (size_t i = 0; i < b->claims.count; i++)
        b->judgement[i] = claim_judge(&b->claims.list[i], &b->records);
    plan_plain_name(b->plan.name, plain);
    b->top = text_printf("tare-%.40s", plain); /* of characters that paths allow */
}

static int load_all(struct bundle *b, const struct bundle_records *from, struct err *e)
{
    if (b->fd < 0)
        return err_sys(e, ERR_USAGE, "'%s'", b->path);
    TRY(load_pack(b, e));
    TRY(load_plan(b, e));
    TRY(load_claims(b, e));
    TRY(load_reproduction(b, e));
    return from->read ? 0 : load_records(b, from, e);
}

int bundle_load(const char *path, const struct bundle_records *from, struct bundle *ret, struct err *e)
{
    struct bundle b = {.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (from->read) {
        b.records = *from->read;
        *from->read = (struct records){0};
    }
    text_format(b.path, sizeof(b.path), "%s", path);
    int failed = load_all(&b, from, e);
    if (failed != 0) {
        forget_folder(path, e);
        bundle_free(&b);
        return failed;
    }
    look_through(&b);
    *ret = b;
    ret->bound.carried.folder = ret->path;
    return 0;
}

void bundle_free(struct bundle *b)
{
    if (b->fd >= 0)
        (void)close(b->fd);
    claims_free(&b->claims);
    free(b->judgement);
    json_decref(b->pack);
    json_decref(b->reproduction);
    records_free(&b->records);
    plan_free(&b->plan);
    text_free(&b->plan_bytes);
    folder_plan_free(&b->bound);
    free(b->top);
    *b = (struct bundle){.fd = -1};
}

/* --- opened ------------------------------------------------------------------------------------------------------ */

static int open_tar(struct opened_bundle *o, struct err *e)
{
    const struct tar_spooling records = {BUNDLE_DATA "/" BUNDLE_RECORDS, OUTPUT_WHY, &o->records, &o->all};
    TRY(tmpdir_make(NULL, &o->unpacked, e));
    TRY(spool_open(o->unpacked.fd, &o->records, e));
    TRY(tar_unpack(o->tar_fd, o->unpacked.fd, &records, o->top, &o->findings, e));
    o->root_fd = fcntl(o->unpacked.fd, F_DUPFD_CLOEXEC, 0);
    text_format(o->folder, sizeof(o->folder), "%s", o->unpacked.path);
    return o->root_fd < 0 ? err_sys(e, ERR_OURS, "'%s'", o->unpacked.path) : 0;
}

/* Neither a device nor a FIFO. */
static int open_path(const char *path, struct stat *st, struct err *e)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOTDIR)
        fd = source_open(AT_FDCWD, path, true, st);
    else if (fd < 0 || fstat(fd, st) != 0)
        fd = -errno;
    if (fd == -ENOTSUP)
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': what is allowed is a tar, a tar.zst or a folder", path);
    return fd >= 0 ? fd : err_code(e, ERR_USAGE, fd, "'%s'", path);
}

/* Not a bundle at all: reports only the first finding. */
static int refuse_other(const struct opened_bundle *o, const char *path, struct err *e)
{
    char first[300] = "";
    if (o->findings.count > 0)
        (void)finding_line(&o->findings.list[0], first, sizeof(first));
    return err_set(e, ERR_USAGE, -EINVAL, "'%s': it is no bundle: it has no " BAG_DECLARATION "%s%s%s", path,
                   *first ? " (" : "", first, *first ? ")" : "");
}

int bundle_open_files(const char *path, struct opened_bundle *ret, struct err *e)
{
    struct stat st = {0};
    *ret = BUNDLE_UNOPENED;
    cleanup_close int fd = open_path(path, &st, e);
    if (fd < 0)
        return fd;
    if (strlen(path) > sizeof(ret->bundle.path) - 8)
        return err_set(e, ERR_USAGE, -ENAMETOOLONG, "'%.100s...': its path is too long", path);
    text_format(ret->folder, sizeof(ret->folder), "%s", path);
    *(S_ISREG(st.st_mode) ? &ret->tar_fd : &ret->root_fd) = STEAL_FD(fd);
    if (ret->tar_fd >= 0 && open_tar(ret, e) != 0)
        return err_wrap(e, "'%s'", path);
    text_format(ret->data, sizeof(ret->data), "%s/" BUNDLE_DATA, ret->folder);
    /* Checked first, because it may be any folder. */
    if (faccessat(ret->root_fd, BAG_DECLARATION, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
        return refuse_other(ret, path, e);
    TRY(filelist_read(ret->root_fd, &ret->all, &ret->findings, e));
    filelist_below(&ret->all, BUNDLE_DATA "/", &ret->payload);
    return filelist_find(&ret->all, BAG_DECLARATION) ? 0 : refuse_other(ret, path, e);
}

int bundle_open(const char *path, struct opened_bundle *ret, struct err *e)
{
    char first[600];
    TRY(bundle_open_files(path, ret, e));
    TRY(bag_check(ret->root_fd, &ret->all, &ret->findings, e));
    if (ret->findings.count > 0)
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': it is broken: %s ('tare verify' tells all)", path,
                       finding_line(&ret->findings.list[0], first, sizeof(first)));
    return bundle_load(ret->data, &(struct bundle_records){.payload = &ret->payload}, &ret->bundle, e) == 0
               ? 0
               : err_wrap(e, "'%s': it is no bundle that can be read", path);
}

void bundle_close(struct opened_bundle *o)
{
    bundle_free(&o->bundle);
    findings_free(&o->findings);
    filelist_free(&o->all);
    filelist_free(&o->payload);
    spool_close(&o->records);
    close_fd(&o->root_fd);
    close_fd(&o->tar_fd);
    tmpdir_remove(&o->unpacked);
    *o = BUNDLE_UNOPENED;
}

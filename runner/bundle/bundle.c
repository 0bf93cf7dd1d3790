#include "bundle/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/scratch.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/source.h"
#include "base/text.h"
#include "bundle/bag.h"
#include "bundle/evidence.h"
#include "bundle/pack_info.h"
#include "bundle/reproduction.h"

#define CELL_FOLDER_MAX 80

/* --- where records are ------------------------------------------------------------------------------------------- */

/* "scenario1-threads-workers-4" of "scenario1-threads-workers=4". */
static void plain_folder(const char *id, char buf[CELL_FOLDER_MAX + 1])
{
    static const char ALLOWED[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    text_format(buf, CELL_FOLDER_MAX + 1, "%.*s", CELL_FOLDER_MAX, id);
    for (char *p = buf; *p; p++)
        if (!strchr(ALLOWED, *p) || (p == buf && *p == '.'))
            *p = '-';
}

const char *bundle_record_path(const struct plan *plan, size_t cell, uint64_t block, int label,
                               char buf[PARCEL_PATH_MAX + 1])
{
    static const char *const LABELS[] = {"", "-A", "-A2"};
    char folder[CELL_FOLDER_MAX + 1], other[CELL_FOLDER_MAX + 1], number[16] = "";
    size_t alike = 0;
    plain_folder(plan->cell[cell].id, folder);
    for (size_t i = 0; i < cell; i++) {
        plain_folder(plan->cell[i].id, other);
        alike += strcasecmp(folder, other) == 0;
    }
    if (alike > 0)
        text_format(number, sizeof(number), ".%zu", alike + 1);
    text_format(buf, PARCEL_PATH_MAX + 1, BUNDLE_RECORDS "%s%s/%04llu%s.json", folder, number,
                (unsigned long long)block, LABELS[label]);
    return buf;
}

size_t bundle_cell(const struct plan *plan, const char *id)
{
    size_t i = 0;
    while (i < plan->cells && strcmp(plan->cell[i].id, id) != 0)
        i++;
    return i;
}

int bundle_label(const char *label)
{
    return strcmp(label, "A") == 0 ? 1 : strcmp(label, "A'") == 0 ? 2 : 0;
}

/* --- reading ----------------------------------------------------------------------------------------------------- */

/* The folder's name is no business of whoever reads the message. */
static void forget_folder(const char *path, struct err *e)
{
    size_t len = strlen(path);
    for (char *p; e && len && (p = strstr(e->text, path));)
        memmove(p, p + len + (p[len] == '/'), strlen(p + len + (p[len] == '/')) + 1);
}

/* What is advised of a folder that a plan is run in is of no use for a bundle. */
static void forget_remedy(struct err *e)
{
    char *remedy = strstr(e->text, " (");
    if (remedy && strstr(remedy, "--out)"))
        *remedy = '\0';
}

static int read_source(struct bundle *b, const char *name, struct text *ret, struct err *e)
{
    int failed = scratch_read(b->fd, name, BUNDLE_SOURCE_MAX, ret);
    if (failed == -EFBIG)
        return err_set(e, ERR_USAGE, failed, "%s: it is larger than 1 MiB", name);
    return failed == 0 ? 0 : err_set(e, ERR_USAGE, failed, "%s: %s", name, source_fault(failed));
}

/* Its own scenarios are those that it carries, and no others. */
static int parse_plan(struct bundle *b, struct text *bytes, struct err *e)
{
    b->bound.carried.folder = b->path;
    b->bound.carried.alone = true;
    return plan_parse(BUNDLE_PLAN, bytes, &b->bound.given, &b->bound.carried, &b->plan, e);
}

static int load_plan(struct bundle *b, struct err *e)
{
    struct folder folder;
    struct text bytes = {0};
    int failed = read_source(b, BUNDLE_PLAN, &b->plan_bytes, e); /* for its size, too */
    if (failed == 0)
        failed = folder_look(b->path, &folder, e);
    if (failed == 0 && (failed = folder_read(&folder, &b->bound, &bytes, e)) != 0)
        forget_remedy(e);
    if (failed == 0)
        failed = parse_plan(b, &bytes, e);
    text_free(&bytes);
    if (failed != 0)
        return failed;
    b->cells = b->plan.cells;
    b->blocks = (size_t)b->plan.invocations;
    b->noise = b->bound.noise;
    return 0;
}

static int load_pack(struct bundle *b, struct err *e)
{
    struct text bytes = {0};
    int failed = read_source(b, BUNDLE_PACK, &bytes, e);
    if (failed == 0)
        failed = pack_info_parse(bytes.data, bytes.len, &b->pack, e);
    text_free(&bytes);
    if (failed == 0)
        b->date_s = json_integer_value(json_object_get(b->pack, "date_s"));
    return failed;
}

static int load_claims(struct bundle *b, struct err *e)
{
    struct text bytes = {0};
    int failed = read_source(b, BUNDLE_CLAIMS, &bytes, e);
    if (failed == 0)
        failed = claims_parse(BUNDLE_CLAIMS, &bytes, &b->claims, e);
    else
        text_free(&bytes);
    return failed == 0 ? claims_check(&b->claims, &b->plan, e) : failed;
}

static int load_reproduction(struct bundle *b, struct err *e)
{
    struct text bytes = {0};
    int failed = scratch_read(b->fd, REPRODUCTION_FILE, REPRODUCTION_MAX, &bytes);
    if (failed != 0)
        failed = failed == -ENOENT ? 0 : err_set(e, ERR_USAGE, failed, REPRODUCTION_FILE ": %s", source_fault(failed));
    else
        failed = reproduction_parse(bytes.data, bytes.len, &b->reproduction, e);
    text_free(&bytes);
    return failed;
}

void bundle_wants(struct records *r)
{
    r->with_steady = r->with_iterations = r->with_details = r->with_points = r->with_sections = true;
}

/* What a record's samples are held against, with the payload's path, which is not told. */
struct deriving {
    size_t path_len;
    struct findings *findings;
};

static void derive_record(const struct invocation *one, struct json_span text, void *to)
{
    const struct deriving *d = to;
    evidence_derive(one->path + d->path_len, text, d->findings);
}

static int load_records(struct bundle *b, struct findings *derived, struct err *e)
{
    size_t len = strlen(b->path) + 1;
    struct deriving deriving = {len, derived};
    bundle_wants(&b->records);
    b->records.each = derived ? derive_record : NULL;
    b->records.to = &deriving;
    int failed = records_read(&b->records, b->path, e);
    b->records.to = NULL;
    b->records.each = NULL;
    if (failed != 0)
        return failed;
    for (size_t i = 0; i < b->records.count; i++) {
        struct invocation *one = &b->records.list[i];
        if (strncmp(one->path + len, BUNDLE_RECORDS, strlen(BUNDLE_RECORDS)) != 0)
            return err_set(e, ERR_USAGE, -EINVAL, "%s: a record that is not below " BUNDLE_RECORDS, one->path + len);
        one->path += len;
    }
    return 0;
}

int bundle_grants(const struct bundle *b, const char *label, struct trust_grants *ret, struct err *e)
{
    const struct trust_plan plan = {.label = label, .bytes = &b->plan_bytes, .carried = &b->bound.carried};
    int failed = trust_of_plan(&plan, ret, e);
    if (failed == 0)
        trust_of_options(BUNDLE_LOCK, &b->bound.given, ret);
    return failed;
}

/* --- what of the plan is there ----------------------------------------------------------------------------------- */

static size_t units(const struct bundle *b)
{
    return b->noise ? 2 * b->cells : b->cells;
}

/* What is there of each invocation of the plan: a bit 1 for a record, 2 for one that failed. The caller's. */
static unsigned char *coverage(const struct bundle *b)
{
    unsigned char *there = calloc(b->blocks * units(b) + 1, 1);
    if (!there)
        abort();
    for (size_t i = 0; i < b->records.count; i++) {
        const struct invocation *one = &b->records.list[i];
        size_t cell = bundle_cell(&b->plan, one->plan_cell), unit = cell;
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

static void judge(struct bundle *b)
{
    b->judgement = calloc(b->claims.count + 1, sizeof(*b->judgement));
    if (!b->judgement)
        abort();
    for (size_t i = 0; i < b->claims.count; i++)
        b->judgement[i] = claim_judge(&b->claims.list[i], &b->records);
}

/* "tare-NAME", of a path's characters. */
static void name_top(struct bundle *b)
{
    char folder[CELL_FOLDER_MAX + 1];
    plain_folder(b->plan.name, folder);
    if (asprintf((char **)&b->top, "tare-%.40s", folder) < 0)
        abort();
}

int bundle_load(const char *path, struct records *read, struct findings *derived, struct bundle *ret, struct err *e)
{
    struct bundle b = {.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (read) {
        b.records = *read;
        *read = (struct records){0};
    }
    text_format(b.path, sizeof(b.path), "%s", path);
    int failed = b.fd < 0 ? err_sys(e, ERR_USAGE, "'%s'", path) : 0;
    if (failed == 0)
        failed = load_pack(&b, e);
    if (failed == 0)
        failed = load_plan(&b, e);
    if (failed == 0)
        failed = load_claims(&b, e);
    if (failed == 0)
        failed = load_reproduction(&b, e);
    if (failed == 0 && !read)
        failed = load_records(&b, derived, e);
    if (failed != 0) {
        forget_folder(path, e);
        bundle_free(&b);
        return failed;
    }
    records_sort(&b.records);
    count(&b);
    judge(&b);
    name_top(&b);
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
    free((char *)b->top);
    *b = (struct bundle){.fd = -1};
}

/* --- opened ------------------------------------------------------------------------------------------------------ */

static int open_tar(struct opened_bundle *o, int fd, struct err *e)
{
    char top[PARCEL_PATH_MAX + 1];
    int failed = scratch_begin(NULL, &o->unpacked, e);
    if (failed == 0)
        failed = parcel_unpack(fd, o->unpacked.fd, top, &o->findings, e);
    if (failed == 0 && (o->root_fd = fcntl(o->unpacked.fd, F_DUPFD_CLOEXEC, 0)) < 0)
        failed = err_sys(e, ERR_OURS, "'%s'", o->unpacked.path);
    text_format(o->data, sizeof(o->data), "%s/" BUNDLE_DATA, o->unpacked.path);
    return failed;
}

int bundle_open_path(const char *path, struct stat *st, struct err *e)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOTDIR)
        fd = source_open(AT_FDCWD, path, true, st);
    else if (fd < 0 || fstat(fd, st) != 0)
        fd = -errno;
    if (fd == -ENOTSUP)
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': what is allowed is a tar, a tar.zst or a folder", path);
    return fd >= 0 ? fd : err_set(e, ERR_USAGE, fd, "'%s': %s", path, strerror(-fd));
}

static int open_root(struct opened_bundle *o, const char *path, struct err *e)
{
    struct stat st = {0};
    cleanup_close int fd = bundle_open_path(path, &st, e);
    if (fd < 0)
        return fd;
    if (strlen(path) > sizeof(o->bundle.path) - 8)
        return err_set(e, ERR_USAGE, -ENAMETOOLONG, "'%.100s...': its path is too long", path);
    if (S_ISREG(st.st_mode))
        return open_tar(o, fd, e) == 0 ? 0 : err_wrap(e, "'%s'", path);
    text_format(o->data, sizeof(o->data), "%s/" BUNDLE_DATA, path);
    o->root_fd = STEAL_FD(fd);
    return 0;
}

static int check_whole(struct opened_bundle *o, const char *path, bool broken, struct err *e)
{
    struct parcel all = {0};
    char first[600];
    int failed = faccessat(o->root_fd, BAG_DECLARATION, F_OK, AT_SYMLINK_NOFOLLOW) == 0
                     ? parcel_read_folder(o->root_fd, &all, &o->findings, e)
                     : err_set(e, ERR_USAGE, -EINVAL, "'%s': it is no bundle: it has no " BAG_DECLARATION, path);
    if (failed == 0)
        failed = bag_check(o->root_fd, &all, &o->findings, e);
    parcel_free(&all);
    if (failed == 0 && o->findings.count > 0 && !broken)
        failed = err_set(e, ERR_USAGE, -EINVAL, "'%s' is broken: %s ('tare verify' tells all)", path,
                         finding_line(&o->findings.list[0], first, sizeof(first)));
    return failed;
}

int bundle_open(const char *path, bool broken, struct opened_bundle *ret, struct err *e)
{
    *ret = (struct opened_bundle){.root_fd = -1, .bundle = {.fd = -1}};
    int failed = open_root(ret, path, e);
    if (failed == 0)
        failed = check_whole(ret, path, broken, e);
    if (failed == 0 && bundle_load(ret->data, NULL, NULL, &ret->bundle, e) != 0)
        failed = err_wrap(e, "'%s'", path);
    return failed;
}

void bundle_close(struct opened_bundle *o)
{
    bundle_free(&o->bundle);
    findings_free(&o->findings);
    if (o->root_fd >= 0)
        (void)close(STEAL_FD(o->root_fd));
    scratch_end(&o->unpacked);
}

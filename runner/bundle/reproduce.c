#include "bundle/reproduce.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analysis/cells.h"
#include "archive/files.h"
#include "archive/findings.h"
#include "base/alloc.h"
#include "base/beneath.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json_put.h"
#include "base/source.h"
#include "base/text.h"
#include "bundle/bag.h"
#include "bundle/claims.h"
#include "bundle/reproduction.h"
#include "cell/carried.h"
#include "oci/image.h"
#include "plan/folder.h"
#include "plan/trust.h"

/* --- the original ------------------------------------------------------------------------------------------------ */

static int check_original(struct reproduction *r, struct err *e)
{
    TRY(verify(r->c->positional, NULL, NULL, &r->verified, e));
    if (verification_failed(&r->verified, FINDING_INTEGRITY) && r->c->artefact.force != 1)
        return err_set(e, ERR_SAID_NO, -EBADMSG,
                       "'%s' is not whole, and nothing of it was run (--force does it anyway)", r->c->positional);
    if (r->verified.loaded)
        return 0;
    struct opened_bundle *at = &r->verified.at;
    return bundle_load(at->data, &(struct bundle_records){.payload = &at->payload}, &at->bundle, e) == 0
               ? 0
               : err_wrap(e, "'%s'", r->c->positional);
}

/* Checks what the plan needs from the host. For a run on this host with --trust-plan, tare matrix lists it itself. */
static int judge_plan(struct reproduction *r, struct err *e)
{
    struct bundle *b = &r->verified.at.bundle;
    cleanup_grants struct trust_grants grants = {0};
    if (r->trust && r->where == REPRODUCE_HOST)
        trust_of_options(BUNDLE_LOCK, &b->bound.given, &grants);
    else
        TRY(bundle_grants(b, BUNDLE_PLAN, &grants, e));
    r->granted = grants.count > 0;
    return trust_settle(&grants, "reproduce", r->c->positional, "it is a bundle's", r->trust, e);
}

static int refuse_changed(const struct reproduction *r, const char *path, struct err *e)
{
    return err_set(e, ERR_SAID_NO, -ESTALE, "'%s': %s changed after it was verified, and nothing of it was run",
                   r->c->positional, path);
}

/* Copies a file of the bundle, as it was verified. */
static int stage_file(struct reproduction *r, const char *path, struct err *e)
{
    char hex[DIGEST_HEX];
    cleanup_text struct text bytes = {0};
    const struct listed_file *verified = filelist_find(&r->verified.at.all, path);
    int failed = files_read(r->verified.at.root_fd, path, BUNDLE_SOURCE_MAX, &bytes);
    if (failed != 0)
        return err_set(e, ERR_USAGE, failed, "%s: %s", path, source_fault(failed));
    digest_bytes(bytes.data, bytes.len, hex);
    if (!verified || strcmp(verified->sha256, hex) != 0)
        return refuse_changed(r, path, e);
    return files_write(r->staged.fd, path, bytes.data, bytes.len, e);
}

static int stage_carried(struct reproduction *r, const struct carried_one *one, struct err *e)
{
    char from[PATH_MAX + 160], to[160], in[128];
    cleanup_carried struct carried_files files = {0};
    text_format(to, sizeof(to), BUNDLE_DATA "/%s", carried_place(one, in, sizeof(in)));
    text_format(from, sizeof(from), "%s/%s", r->verified.at.data, in);
    TRY(carried_list(from, true, &files, e));
    if (strcmp(files.sha256, one->sha256) != 0)
        return refuse_changed(r, in, e);
    TRY(carried_copy(&files, from, r->staged.fd, to, e));
    text_format(from, sizeof(from), "%s/%s", r->staged.path, to);
    return carried_set_modes(&files, from, e);
}

/* Copies what is run: the modes are in no bundle, and a folder may be another's, who can change it at any time. */
static int stage(struct reproduction *r, struct err *e)
{
    static const char *const NAMES[] = {BAG_DECLARATION, BUNDLE_DATA "/" BUNDLE_PLAN, BUNDLE_DATA "/" BUNDLE_LOCK};
    const struct carried *c = &r->verified.at.bundle.plan.carried;
    TRY(tmpdir_make(NULL, &r->staged, e));
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++)
        TRY(stage_file(r, NAMES[i], e));
    for (size_t i = 0; i < c->count; i++)
        if (!carried_is_repeated(c, i))
            TRY(stage_carried(r, &c->of[i], e));
    return 0;
}

static int name_folder(struct reproduction *r, struct err *e)
{
    cleanup_free char *made =
        text_printf("out/reproduction-%s-%.8s", r->verified.at.bundle.plan.name, r->verified.sha256);
    const char *name = r->c->artefact.out ? r->c->artefact.out : made;
    if (strlen(name) >= sizeof(r->out))
        return err_set(e, ERR_USAGE, -ENAMETOOLONG, "--out: the name is too long");
    text_format(r->out, sizeof(r->out), "%s", name);
    return 0;
}

static int by_id(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Refuses a folder that holds records of the original: they were copied there, not run. */
static int refuse_originals(const struct reproduction *r, const struct records *here, struct err *e)
{
    const struct records *theirs = &r->verified.at.bundle.records;
    cleanup_free const char **ids = xcalloc(theirs->count, sizeof(*ids));
    const char *const *known = NULL;
    size_t i = 0;
    for (size_t k = 0; k < theirs->count; k++)
        ids[k] = theirs->list[k].id;
    qsort(ids, theirs->count, sizeof(*ids), by_id);
    for (; i < here->count && !known; i++)
        known = bsearch(&here->list[i].id, ids, theirs->count, sizeof(*ids), by_id);
    return !known ? 0
                  : err_set(e, ERR_USAGE, -EEXIST,
                            "--out '%s': %s is a record of the bundle itself (%s), which running it again did not give "
                            "(take another --out)",
                            r->out, here->list[i - 1].path, *known);
}

/* Keeps the digest of each record as it was read: the counter-record then names the bytes that the claims were judged
 * by. */
static void keep_digest(const struct invocation *one, struct json_span text, void *to)
{
    struct reproduction *r = to;
    char hex[DIGEST_HEX];
    (void)one;
    digest_bytes(text.data, text.len, hex);
    r->sha256 = xgrow(r->sha256, r->records.count - 1, sizeof(*r->sha256)); /* NOLINT(bugprone-sizeof-expression) */
    r->sha256[r->records.count - 1] = pool_keep(r->records.reader.pool, hex);
}

static void forget_records(struct reproduction *r)
{
    records_free(&r->records);
    free(STEAL(r->sha256));
    free(STEAL(r->another));
}

static int read_records(struct reproduction *r, struct err *e)
{
    r->records = (struct records){.each = keep_digest, .to = r};
    int failed = records_read(&r->records, r->out, e);
    if (failed != 0)
        forget_records(r);
    return failed != 0 ? failed : refuse_originals(r, &r->records, e);
}

static int is_json(const struct dirent *entry)
{
    return text_ends_with(entry->d_name, ".json");
}

/* A digest of the folder's records by stat(2). Writing to a record or replacing it changes its st_ctim, which no
 * program can set. "": the folder cannot be read. */
static void stamp(const char *dir, char hex[DIGEST_HEX])
{
    struct dirent **entry = NULL;
    cleanup_text struct text seen = {0};
    cleanup_close int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int n = scandir(dir, &entry, is_json, alphasort);
    bool is_whole = fd >= 0 && n >= 0;
    text_add(&seen, "%s", "");
    for (int i = 0; i < n; i++) {
        struct stat st = {0};
        is_whole &= fstatat(fd, entry[i]->d_name, &st, 0) == 0 && S_ISREG(st.st_mode);
        text_add(&seen, "%s %ju %ju %jd %jd.%09ld\n", entry[i]->d_name, (uintmax_t)st.st_dev, (uintmax_t)st.st_ino,
                 (intmax_t)st.st_size, (intmax_t)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
        free(entry[i]);
    }
    free(entry);
    digest_bytes(seen.data, seen.len, hex);
    if (!is_whole)
        *hex = '\0';
}

/* Checks the folder before the run; tare matrix reports what cannot be read there. before: the folder's stamp, by which
 * judge_all() knows whether the records must be read again. */
static int check_out(struct reproduction *r, char before[DIGEST_HEX], struct err *e)
{
    struct stat st;
    struct err ignored = {0};
    *before = '\0';
    if (stat(r->out, &st) != 0)
        return 0;
    stamp(r->out, before);
    int failed = read_records(r, &ignored);
    if (failed == -EEXIST)
        *e = ignored;
    return failed == -EEXIST ? failed : 0;
}

/* Whether the original's plan.lock or --smoke set this option. */
static bool is_asked_for(const struct reproduction *r, const struct config_option *one)
{
    const struct config_given *asked = &r->verified.at.bundle.bound.given;
    if (r->smoke && (strcmp(one->name, "iterations") == 0 || strcmp(one->name, "warmup") == 0))
        return true;
    for (size_t i = 0; i < asked->count; i++)
        if (strcmp(one->name, asked->option[i].name) == 0 && strcmp(one->value, asked->option[i].value) == 0)
            return true;
    return false;
}

static bool is_same_plan(const struct reproduction *r, const struct folder_plan *bound)
{
    for (size_t i = 0; i < bound->given.count; i++)
        if (!is_asked_for(r, &bound->given.option[i]))
            return false;
    return strcmp(bound->sha256, r->verified.at.bundle.bound.sha256) == 0;
}

/* A run in an image or a VM could write anything into the folder, which the user trusts from now on: its plan must be
 * the one that was asked for. */
static int check_bound(const struct reproduction *r, struct err *e)
{
    struct folder folder;
    struct folder_plan bound;
    cleanup_text struct text bytes = {0};
    if (folder_look(r->out, &folder, e) != 0 || folder_read(&folder, &bound, &bytes, e) != 0)
        return err_wrap(e, "what was run is not the bundle's plan");
    bool same = is_same_plan(r, &bound);
    folder_plan_free(&bound);
    return same ? 0
                : err_set(e, ERR_OURS, -EBADMSG,
                          "'%s': its plan.lock is not of what was asked for: whoever ran the plan changed it", r->out);
}

/* --- what came of it --------------------------------------------------------------------------------------------- */

/* Copies the claims beside the records, so that both are packed together. */
static int keep_claims(const struct reproduction *r, struct err *e)
{
    char path[PATH_MAX];
    const struct text *claims = &r->verified.at.bundle.claims.bytes;
    text_format(path, sizeof(path), "%s/" BUNDLE_CLAIMS, r->out);
    return file_replace_at(r->out_fd, BUNDLE_CLAIMS, path, claims->data, claims->len, e);
}

static void count(struct reproduction *r)
{
    const struct bundle *b = &r->verified.at.bundle;
    r->planned = (size_t)r->invocations * b->cells * (b->noise ? 2 : 1);
    for (size_t i = 0; i < r->records.count; i++) {
        r->run += r->records.list[i].plan_cell[0] != '\0';
        r->failed += r->records.list[i].plan_cell[0] && !r->records.list[i].ok;
    }
}

/* Why the hardware is of another class than the original's, so that an absolute value cannot be compared; NULL: it is
 * of the same class. The records tell it: nodes, or whose folder was gone on with, need not be this host. */
static const char *other_class(const struct reproduction *r)
{
    static const char *const CLASS[][2] = {
        {"host.cpu_model", "cpu_model"}, {"host.arch", "arch"}, {"host.hypervisor", "hypervisor"}};
    const char *other = r->where == REPRODUCE_VM ? "it was run in a virtual machine" : NULL;
    cleanup_keysets struct keysets theirs = records_environments(&r->verified.at.bundle.records),
                                   here = records_environments(&r->records);
    for (size_t i = 0; i < here.count; i++)
        for (size_t k = 0; k < ARRAY_LEN(CLASS) && !other; k++) {
            cleanup_json json_t *values = cells_field(&theirs, CLASS[k][0], "");
            if (!json_object_get(values, keyset_word(here.list[i], CLASS[k][0])))
                other = CLASS[k][1];
        }
    return other;
}

static struct judgement judge(const struct reproduction *r, const struct claim *c)
{
    struct judgement j = claim_judge(c, &r->records);
    const char *other = c->kind == CLAIM_VALUE && j.verdict != CLAIM_NOT_RUN ? other_class(r) : NULL;
    if (other) {
        j.verdict = CLAIM_NOT_RUN;
        (void)snprintf(j.why, sizeof(j.why), "an absolute value means something on the same hardware alone: %s", other);
    }
    return j;
}

static const struct invocation *first_of_cell(const struct records *records, const char *cell)
{
    for (size_t i = 0; i < records->count; i++)
        if (strcmp(records->list[i].plan_cell, cell) == 0)
            return &records->list[i];
    return NULL;
}

static void fail_cell(struct records *records, const char *cell, const char *why)
{
    for (size_t i = 0; i < records->count; i++)
        if (strcmp(records->list[i].plan_cell, cell) == 0) {
            records->list[i].ok = false;
            records->list[i].detail = why;
        }
}

/* Ends all of a cell as failed of which a record weighed another program. Returns whether there is one. */
static bool leave_out_other_programs(struct reproduction *r)
{
    bool any = false;
    r->another = xcalloc(r->records.count, sizeof(*r->another));
    for (size_t i = 0; i < r->records.count; i++) {
        const struct invocation *one = &r->records.list[i];
        const struct invocation *theirs = first_of_cell(&r->verified.at.bundle.records, one->plan_cell);
        if (!*one->plan_cell || !one->ok || !theirs ||
            strcmp(reproduction_program(theirs), reproduction_program(one)) == 0)
            continue;
        text_format(r->another[i], sizeof(*r->another), REPRODUCTION_ANOTHER, reproduction_program(one),
                    reproduction_program(theirs));
        fail_cell(&r->records, one->plan_cell, r->another[i]);
        any = true;
    }
    return any;
}

/* A claim of another program keeps what was found, as the records give it, and is not run. */
static void withhold(struct reproduction *r)
{
    const struct claims *claims = &r->verified.at.bundle.claims;
    if (!leave_out_other_programs(r))
        return;
    for (size_t i = 0; i < claims->count; i++) {
        struct judgement without = claim_judge(&claims->list[i], &r->records);
        if (without.verdict != CLAIM_NOT_RUN)
            continue;
        r->judgement[i].verdict = CLAIM_NOT_RUN;
        text_format(r->judgement[i].why, sizeof(r->judgement[i].why), "%s", without.why);
    }
}

/* Judges every claim. Reads the records again only if the run changed them. */
static int judge_all(struct reproduction *r, const char *before, struct err *e)
{
    const struct claims *claims = &r->verified.at.bundle.claims;
    char after[DIGEST_HEX];
    stamp(r->out, after);
    if (r->records.count == 0 || !*before || strcmp(before, after) != 0) {
        forget_records(r);
        TRY(read_records(r, e));
    }
    r->judgement = xcalloc(claims->count, sizeof(*r->judgement));
    count(r);
    hostdiff_take_runtimes(&r->verified.at.bundle.records, &r->records, &r->verified.hostdiff);
    for (size_t i = 0; i < claims->count; i++)
        r->judgement[i] = judge(r, &claims->list[i]);
    withhold(r);
    return 0;
}

/* --- all of it --------------------------------------------------------------------------------------------------- */

/* Runs the plan. Removes the folders that it made if it failed before its first invocation. */
static int run(struct reproduction *r, struct err *e)
{
    size_t there = file_part_there(r->out);
    int failed = beneath_open_folder(r->out, true, &r->out_fd, e);
    if (failed == 0)
        failed = reproduce_run(r, e);
    if (failed != 0)
        file_take_back(r->out, there);
    return failed;
}

int reproduce(const struct config *c, enum reproduce_where where, struct reproduction *ret, struct err *e)
{
    char before[DIGEST_HEX];
    *ret = (struct reproduction){.c = c,
                                 .where = where,
                                 .smoke = c->artefact.smoke == 1,
                                 .trust = c->campaign.trust == 1,
                                 .is_slurm = c->campaign.engine == ENGINE_SLURM,
                                 .out_fd = -1,
                                 .staged.fd = -1,
                                 .verified = {.at = BUNDLE_UNOPENED}};
    TRY(check_original(ret, e));
    TRY(name_folder(ret, e));
    TRY(judge_plan(ret, e));
    TRY(stage(ret, e));
    TRY(check_out(ret, before, e));
    int64_t planned = ret->verified.at.bundle.plan.invocations;
    ret->invocations = ret->smoke && planned > SMOKE_INVOCATIONS ? SMOKE_INVOCATIONS : planned;
    TRY(run(ret, e));
    TRY(check_bound(ret, e));
    TRY(keep_claims(ret, e));
    return judge_all(ret, before, e);
}

bool reproduction_in_held_image(const struct reproduction *r)
{
    struct oci_image held;
    struct err ignored = {0};
    return r->where == REPRODUCE_IMAGE && oci_image_read(r->verified.at.bundle.fd, &held, &ignored) == 0 && held.there;
}

void reproduction_free(struct reproduction *r)
{
    verification_free(&r->verified);
    forget_records(r);
    free(r->judgement);
    close_fd(&r->out_fd);
    tmpdir_remove(&r->staged);
    *r = (struct reproduction){.out_fd = -1, .staged.fd = -1, .verified = {.at = BUNDLE_UNOPENED}};
}

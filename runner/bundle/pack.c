#include "bundle/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "archive/findings.h"
#include "archive/parcel.h"
#include "archive/scratch.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/fail_point.h"
#include "base/file.h"
#include "base/json_put.h"
#include "base/source.h"
#include "base/text.h"
#include "base/version.h"
#include "bundle/bag.h"
#include "bundle/bundle.h"
#include "bundle/derive.h"
#include "bundle/drawn_by.h"
#include "bundle/pack_image.h"
#include "bundle/pack_info.h"
#include "bundle/reproduction.h"
#include "bundle/reproduction_check.h"
#include "bundle/shared.h"
#include "plan/plans.h"
#include "plan/tally.h"

#define NO_CLAIMS "# Nothing is claimed of these records.\nschema: " CLAIMS_SCHEMA "\nclaims: []\n"

/* What a packing holds; ended with end(). */
struct packing {
    const struct pack_options *o;
    struct folder folder;
    struct folder_plan bound;
    struct plan plan;
    struct tally tally;
    struct scratch root;
    int data_fd;
    const char *claims_from;
    struct claims claims; /* by the name of the user's file */
    bool incomplete;      /* it may be: it was asked for, or it is of a short subset */
    struct bundle bundle;
    struct text *said;
};

static void end(struct packing *p)
{
    bundle_free(&p->bundle);
    claims_free(&p->claims);
    tally_free(&p->tally);
    plan_free(&p->plan);
    folder_plan_free(&p->bound);
    if (p->data_fd >= 0)
        (void)close(p->data_fd);
    scratch_end(&p->root);
}

/* --- what is there ----------------------------------------------------------------------------------------------- */

/* Its own scenarios are those that the folder holds. */
static int parse_plan(struct packing *p, struct text *bytes, struct err *e)
{
    p->bound.carried.alone = true;
    int failed = plan_parse(BUNDLE_PLAN, bytes, &p->bound.given, &p->bound.carried, &p->plan, e);
    return failed != -ENOENT || p->bound.carried.count > 0
               ? failed
               : err_remedy(e, "'%s' was made by an older tare, which kept no copy: run the plan into a new --out",
                            p->folder.path);
}

static int read_folder(struct packing *p, struct err *e)
{
    struct text bytes = {0};
    int failed = folder_look(p->o->folder, &p->folder, e);
    if (failed == 0)
        failed = folder_read(&p->folder, &p->bound, &bytes, e);
    if (failed == 0)
        failed = parse_plan(p, &bytes, e);
    text_free(&bytes);
    if (failed != 0)
        return failed;
    return 0;
}

/* Each record that counts goes into the bundle as it was read. */
static int copy_record(void *to, const char *file, const struct place_of_record *at, const struct text *bytes,
                       struct err *e)
{
    struct packing *p = to;
    char path[PARCEL_PATH_MAX + 1];
    if (bytes->len > BUNDLE_RECORD_MAX)
        return err_set(e, ERR_USAGE, -EFBIG, "'%s/%s': what is allowed is a file of at most %u MiB", p->folder.path,
                       file, BUNDLE_RECORD_MAX >> 20);
    (void)bundle_record_path(&p->plan, at->cell, at->block, at->label, path);
    return scratch_write(p->data_fd, path, bytes->data, bytes->len, e);
}

static int copy_records(struct packing *p, struct err *e)
{
    char path[PARCEL_PATH_MAX + 1];
    p->tally = (struct tally){.cells = p->plan.cells,
                              .units = p->bound.noise ? 2 * p->plan.cells : p->plan.cells,
                              .each = copy_record,
                              .to = p};
    bundle_wants(&p->tally.records);
    int failed = tally_read(&p->tally, &p->plan, &p->folder, &p->bound, false, false, e);
    struct records *r = &p->tally.records;
    for (size_t i = 0; failed == 0 && i < r->count; i++) {
        struct invocation *one = &r->list[i];
        (void)bundle_record_path(&p->plan, bundle_cell(&p->plan, one->plan_cell), one->block, bundle_label(one->label),
                                 path);
        one->path = pool_keep(r->pool, path);
    }
    if (failed == 0 && r->count == 0)
        failed = err_set(e, ERR_USAGE, -ENODATA, "'%s' has no record of its plan '%s' (run 'tare matrix')",
                         p->folder.path, p->plan.name);
    return failed;
}

/* --- sources ----------------------------------------------------------------------------------------------------- */

/* Copies a file of the user's; -EFBIG where it is larger than max. */
static int copy_in(struct packing *p, const char *from, const char *to, size_t max, struct err *e)
{
    struct text bytes = {0};
    int failed = scratch_read(AT_FDCWD, from, max, &bytes);
    if (failed == -EFBIG)
        (void)err_set(e, ERR_USAGE, failed, "'%s': what is allowed is a file of at most %zu MiB", from, max >> 20);
    else if (failed != 0)
        (void)err_set(e, ERR_USAGE, failed, "'%s': %s", from, source_fault(failed));
    else
        failed = scratch_write(p->data_fd, to, bytes.data, bytes.len, e);
    text_free(&bytes);
    return failed;
}

static int copy_from_folder(struct packing *p, const char *name, const char *to, size_t max, struct err *e)
{
    char path[PATH_MAX];
    text_format(path, sizeof(path), "%s/%s", p->folder.path, name);
    return copy_in(p, path, to, max, e);
}

/* The claims that came with the plan, where the folder's plan is that very one. false: there are none. */
static bool find_own_claims(const struct packing *p, char *buf, size_t cap)
{
    char path[PATH_MAX], sha256[DIGEST_HEX];
    struct err ignored = {0};
    if (plans_find(p->plan.name, path, sizeof(path), &ignored) != 0 || digest_file(path, sha256) != 0 ||
        strcmp(sha256, p->bound.sha256) != 0)
        return false;
    path[strlen(path) - strlen(".yml")] = '\0';
    text_format(buf, cap, "%s" PLANS_CLAIMS, path);
    return access(buf, R_OK) == 0;
}

/* What is wrong with them is told by the name of the user's file. */
static int take_claims(struct packing *p, const char *from, struct err *e)
{
    struct text bytes = {0};
    int failed = copy_in(p, from, BUNDLE_CLAIMS, BUNDLE_SOURCE_MAX, e);
    if (failed == 0 && (failed = scratch_read(p->data_fd, BUNDLE_CLAIMS, BUNDLE_SOURCE_MAX, &bytes)) != 0)
        failed = err_set(e, ERR_OURS, failed, "'%s': %s", from, strerror(-failed));
    if (failed != 0) {
        text_free(&bytes);
        return failed;
    }
    failed = claims_parse(from, &bytes, &p->claims, e);
    return failed == 0 ? claims_check(&p->claims, &p->plan, e) : failed;
}

static int copy_claims(struct packing *p, struct err *e)
{
    char path[PATH_MAX + 32];
    p->claims_from = "given";
    if (p->o->claims)
        return take_claims(p, p->o->claims, e);
    text_format(path, sizeof(path), "%s/" BUNDLE_CLAIMS, p->folder.path);
    p->claims_from = "folder";
    if (access(path, F_OK) == 0)
        return take_claims(p, path, e);
    p->claims_from = "plan";
    if (find_own_claims(p, path, sizeof(path)))
        return take_claims(p, path, e);
    p->claims_from = "none";
    return scratch_write(p->data_fd, BUNDLE_CLAIMS, NO_CLAIMS, strlen(NO_CLAIMS), e);
}

/* What `tare reproduce` left there, with its signature. A short subset is never all of its plan. */
static int copy_reproduction(struct packing *p, struct err *e)
{
    char path[PATH_MAX + 32];
    struct text bytes = {0};
    json_t *o = NULL;
    text_format(path, sizeof(path), "%s/" REPRODUCTION_FILE, p->folder.path);
    if (access(path, F_OK) != 0)
        return 0;
    int failed = copy_in(p, path, REPRODUCTION_FILE, REPRODUCTION_MAX, e);
    if (failed == 0 && scratch_read(p->data_fd, REPRODUCTION_FILE, REPRODUCTION_MAX, &bytes) == 0)
        failed = reproduction_parse(bytes.data, bytes.len, &o, e);
    p->incomplete = p->incomplete || (o && reproduction_is_smoke(o));
    text_free(&bytes);
    json_decref(o);
    text_format(path, sizeof(path), "%s/" REPRODUCTION_SIGNED, p->folder.path);
    if (failed != 0 || access(path, F_OK) != 0)
        return failed;
    return copy_in(p, path, REPRODUCTION_SIGNED, 1U << 16, e);
}

static bool is_spdx(const char *id)
{
    static const char ALLOWED[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-+";
    return *id && strlen(id) <= 100 && id[strspn(id, ALLOWED)] == '\0';
}

static int write_license(struct packing *p, struct err *e)
{
    char path[PATH_MAX + 64];
    struct text t = {0};
    const char *id = p->o->license;
    if (id && !is_spdx(id))
        return err_set(e, ERR_USAGE, -EINVAL, "--license '%s': what is allowed is an SPDX identifier, as CC-BY-4.0",
                       id);
    if (p->o->license_file)
        return copy_in(p, p->o->license_file, BUNDLE_LICENSE, BUNDLE_LICENSE_MAX, e);
    if (!id || strcmp(id, TARE_LICENSE) == 0) {
        int failed = shared_find("LICENSE", path, sizeof(path), e);
        return failed == 0 ? copy_in(p, path, BUNDLE_LICENSE, BUNDLE_LICENSE_MAX, e) : failed;
    }
    text_add(&t, "SPDX-License-Identifier: %s\n\nThe license's text: https://spdx.org/licenses/%s.html\n", id, id);
    int failed = scratch_write(p->data_fd, BUNDLE_LICENSE, t.data, t.len, e);
    text_free(&t);
    return failed;
}

/* The scenarios that did not come with tare are what was weighed. */
static int copy_scenarios(struct packing *p, struct err *e)
{
    char from[PATH_MAX], in[128];
    int failed = 0;
    for (size_t i = 0; failed == 0 && i < p->plan.carried.count; i++) {
        const struct carried_scenario *one = &p->plan.carried.of[i];
        struct carried_files files = {0};
        (void)carried_place(one, in, sizeof(in));
        text_format(from, sizeof(from), "%s/%s", p->folder.path, in);
        failed = carried_list(from, true, &files, e);
        if (failed == 0)
            failed = carried_copy(&files, from, p->data_fd, in, e);
        carried_free(&files);
    }
    return failed;
}

static int copy_lock(struct packing *p, struct err *e)
{
    char path[PATH_MAX + 64];
    int failed = shared_find("versions.lock", path, sizeof(path), e);
    return failed == 0 ? copy_in(p, path, BUNDLE_IMAGES, 8U << 20, e) : failed;
}

/* --- env/pack.json ----------------------------------------------------------------------------------------------- */

/* $SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/), else the newest record's date. */
static int find_date(const struct packing *p, int64_t *ret, struct err *e)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    char newest[40] = "";
    struct tm tm = {0};
    if (epoch && *epoch)
        return text_to_i64(epoch, ret) == 0 && *ret >= 0 && *ret <= 253402300799LL
                   ? 0
                   : err_set(e, ERR_USAGE, -EINVAL,
                             "SOURCE_DATE_EPOCH '%s': what is allowed is seconds since 1970, up to the year 9999",
                             epoch);
    int failed = 0;
    for (size_t i = 0; i < p->tally.records.count; i++)
        if (strcmp(p->tally.records.list[i].started_at, newest) > 0)
            (void)snprintf(newest, sizeof(newest), "%s", p->tally.records.list[i].started_at);
    if (!strptime(newest, "%Y-%m-%dT%H:%M:%SZ", &tm))
        failed = err_set(e, ERR_USAGE, -EINVAL, "no record tells when it was started (set SOURCE_DATE_EPOCH)");
    *ret = (int64_t)timegm(&tm);
    return failed;
}

static int take_authors(struct packing *p, json_t *authors, struct err *e)
{
    int failed = 0;
    json_t *one = NULL;
    for (size_t i = 0; failed == 0 && i < p->o->authors; i++) {
        failed = pack_info_author(p->o->author[i], &one, e);
        if (failed == 0)
            (void)json_array_append_new(authors, one);
    }
    if (failed == 0 && p->o->authors == 0)
        (void)json_array_append_new(authors, json_pack("{s:s}", "name", TARE_AUTHORS));
    return failed;
}

static int write_pack(struct packing *p, struct err *e)
{
    char title[200];
    int64_t date_s = 0;
    struct text t = {0};
    json_t *authors = json_array(), *drawn = NULL;
    text_format(title, sizeof(title), "Measurements by the plan '%.60s' of tare", p->plan.name);
    int failed = take_authors(p, authors, e);
    if (failed == 0)
        failed = find_date(p, &date_s, e);
    if (failed == 0)
        failed = drawn_by(&drawn, e);
    json_t *o = json_pack("{s:s, s:{s:s, s:s, s:s}, s:s, s:O, s:s, s:I, s:b, s:s, s:o*, s:i}", "schema", PACK_SCHEMA,
                          "tool", "name", "tare", "version", TARE_VERSION, "commit", TARE_COMMIT, "title",
                          p->o->title ? p->o->title : title, "authors", authors, "license",
                          p->o->license ? p->o->license : TARE_LICENSE, "date_s", (json_int_t)date_s, "incomplete",
                          p->incomplete, "claims", p->claims_from, "drawn_by", drawn, "format", PACK_FORMAT);
    json_decref(authors);
    if (failed == 0 && !o)
        failed = err_set(e, ERR_USAGE, -EINVAL, "--title: it is no UTF-8");
    if (failed == 0) {
        json_text(json_incref(o), &t);
        failed = scratch_write(p->data_fd, BUNDLE_PACK, t.data, t.len, e);
    }
    text_free(&t);
    json_decref(o);
    return failed;
}

static int write_sources(struct packing *p, struct err *e)
{
    int failed = copy_from_folder(p, BUNDLE_PLAN, BUNDLE_PLAN, BUNDLE_SOURCE_MAX, e);
    if (failed == 0)
        failed = copy_from_folder(p, BUNDLE_LOCK, BUNDLE_LOCK, BUNDLE_SOURCE_MAX, e);
    if (failed == 0)
        failed = copy_records(p, e);
    if (failed == 0)
        failed = copy_claims(p, e);
    if (failed == 0)
        failed = copy_reproduction(p, e);
    if (failed == 0)
        failed = copy_scenarios(p, e);
    if (failed == 0)
        failed = write_license(p, e);
    if (failed == 0)
        failed = copy_lock(p, e);
    return failed == 0 ? write_pack(p, e) : failed;
}

/* --- the bundle -------------------------------------------------------------------------------------------------- */

static int refuse_incomplete(const struct packing *p, struct err *e)
{
    const struct bundle *b = &p->bundle;
    struct text some = {0};
    if (b->missing == 0 || p->incomplete)
        return 0;
    bundle_missing(b, 3, &some);
    for (char *at = some.data; (at = strchr(at, '\n'));)
        *at = ';';
    int failed = err_set(e, ERR_USAGE, -ENODATA,
                         "'%s': %zu of the plan's %zu invocations are missing (%s ...): 'tare matrix' runs them, "
                         "--allow-incomplete packs what is there and says so",
                         p->folder.path, b->missing, b->missing + b->run, some.data);
    text_free(&some);
    return failed;
}

/* The parcel of a folder of ours, in which nothing can be refused. */
static int list_own(int dirfd, struct parcel *ret, struct err *e)
{
    struct findings f = {0};
    int failed = parcel_read_folder(dirfd, ret, &f, e);
    if (failed == 0 && f.count)
        failed = err_set(e, ERR_OURS, -EINVAL, "%s: %s", f.list[0].file, f.list[0].text);
    findings_free(&f);
    return failed;
}

int pack_bag(const struct bundle *b, int rootfd, int datafd, struct err *e)
{
    struct parcel payload = {0};
    const char *version = NULL;
    char software[80];
    int failed = list_own(datafd, &payload, e);
    (void)json_unpack(b->pack, "{s:{s:s}}", "tool", "version", &version);
    (void)snprintf(software, sizeof(software), "tare %s", version ? version : "");
    for (char *p = software; *p; p++)
        if ((unsigned char)*p < ' ')
            *p = ' ';
    const struct bag_info info = {software, "records of measurements, and what follows from them: an RO-Crate",
                                  b->date_s};
    if (failed == 0)
        failed = bag_write(rootfd, &payload, &info, e);
    parcel_free(&payload);
    return failed;
}

/* A counter-record of other records than those that are there. */
static int refuse_stale(const struct packing *p, const struct parcel *payload, struct err *e)
{
    struct findings f = {0};
    if (p->bundle.reproduction)
        reproduction_check(&p->bundle, payload, &f);
    int failed = f.count == 0 ? 0
                              : err_set(e, ERR_USAGE, -ESTALE,
                                        "'%s': " REPRODUCTION_FILE ": %s ('tare reproduce' with this --out writes it "
                                        "anew)",
                                        p->folder.path, f.list[0].text);
    findings_free(&f);
    return failed;
}

static int write_derived(struct packing *p, struct err *e)
{
    struct parcel payload = {0};
    int failed = derive_documents(&p->bundle, p->data_fd, true, e);
    if (failed == 0)
        failed = list_own(p->data_fd, &payload, e);
    if (failed == 0)
        failed = refuse_stale(p, &payload, e);
    if (failed == 0)
        failed = derive_crate(&p->bundle, &payload, p->data_fd, e);
    parcel_free(&payload);
    return failed == 0 ? pack_bag(&p->bundle, p->root.fd, p->data_fd, e) : failed;
}

static int write_bundle(struct packing *p, struct packed *ret, struct err *e)
{
    struct parcel all = {0};
    struct file_draft draft;
    fail_point("bundle about to be written");
    int failed = list_own(p->root.fd, &all, e);
    if (failed == 0)
        failed = file_draft_open(p->o->output, &draft, e);
    if (failed == 0) {
        failed = parcel_write_tar(&all, p->root.fd, p->bundle.top, p->bundle.date_s, fileno(draft.stream), e);
        if (failed != 0)
            file_draft_abandon(&draft);
        else
            failed = file_draft_commit(&draft, e);
    }
    if (failed == 0 && digest_file(p->o->output, ret->sha256) != 0)
        failed = err_set(e, ERR_OURS, -EIO, "'%s': it cannot be read back", p->o->output);
    ret->files = all.count;
    ret->bytes = 0;
    for (size_t i = 0; i < all.count; i++)
        ret->bytes += all.file[i].size_bytes;
    parcel_free(&all);
    return failed;
}

void pack_summary(const struct bundle *b, struct text *said)
{
    size_t of[CLAIM_VERDICTS] = {0};
    text_add(said, "plan %s: %zu of %zu invocations, %zu failed\n", b->plan.name, b->run, b->run + b->missing,
             b->failed);
    for (size_t i = 0; i < b->claims.count; i++)
        of[b->judgement[i].verdict]++;
    text_add(said, "claims: %zu", b->claims.count);
    for (int v = 0; v < CLAIM_VERDICTS; v++)
        if (of[v])
            text_add(said, ", %zu %s", of[v], claim_verdict_name((enum claim_verdict)v));
    text_add(said, "\n");
}

static int sum_up(struct packing *p, struct err *e)
{
    pack_summary(&p->bundle, p->said);
    if (p->bundle.claims.count == 0 && strcmp(p->claims_from, "none") == 0)
        text_add(p->said, "  nothing is claimed: neither --claims nor '%s/" BUNDLE_CLAIMS "' is there\n",
                 p->folder.path);
    if (p->o->authors == 0)
        text_add(p->said, "author: " TARE_AUTHORS " (--author \"Family, Given <ORCID>\" names yours)\n");
    if (p->tally.strangers)
        text_add(p->said, "left out: %zu records of '%s' that are of no plan\n", p->tally.strangers, p->folder.path);
    return pack_image_summary(&p->bundle, p->said, e);
}

static int open_root(struct packing *p, struct err *e)
{
    char output[PATH_MAX];
    text_format(output, sizeof(output), "%s", p->o->output);
    int failed = scratch_begin(dirname(output), &p->root, e);
    if (failed != 0)
        return failed;
    if (mkdirat(p->root.fd, BUNDLE_DATA, 0755) == 0)
        p->data_fd = openat(p->root.fd, BUNDLE_DATA, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return p->data_fd < 0 ? err_sys(e, ERR_HOST, "'%s'", p->root.path) : 0;
}

int pack(const struct pack_options *o, struct packed *ret, struct text *said, struct err *e)
{
    char path[PATH_MAX];
    struct packing p = {.o = o, .data_fd = -1, .bundle = {.fd = -1}, .said = said, .incomplete = o->allow_incomplete};
    int failed = scratch_check_output(o->output, e);
    if (failed == 0)
        failed = read_folder(&p, e);
    if (failed == 0)
        failed = open_root(&p, e);
    if (failed == 0)
        failed = write_sources(&p, e);
    if (failed == 0) {
        text_format(path, sizeof(path), "%s/" BUNDLE_DATA, p.root.path);
        failed = bundle_load(path, &p.tally.records, NULL, &p.bundle, e);
    }
    if (failed == 0)
        failed = claims_check_figures(&p.claims, &p.bundle.records, e);
    if (failed == 0)
        failed = refuse_incomplete(&p, e);
    if (failed == 0 && o->image)
        failed = pack_image(&p.bundle, o->image, p.root.path, e);
    if (failed == 0)
        failed = write_derived(&p, e);
    if (failed == 0)
        failed = write_bundle(&p, ret, e);
    if (failed == 0)
        failed = sum_up(&p, e);
    end(&p);
    return failed;
}

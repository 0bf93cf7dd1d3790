#include "bundle/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "analysis/why.h"
#include "archive/filelist.h"
#include "archive/files.h"
#include "archive/findings.h"
#include "archive/spool.h"
#include "archive/tar.h"
#include "archive/tmpdir.h"
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
#include "bundle/claims.h"
#include "bundle/derive.h"
#include "bundle/pack_info.h"
#include "bundle/reproduction.h"
#include "cell/config.h"
#include "plan/plans.h"
#include "plan/tally.h"
#include "record/output.h"

#define NO_CLAIMS "# Nothing is claimed of these records.\nschema: " CLAIMS_SCHEMA "\nclaims: []\n"

/* The state of a packing; freed by end(). */
struct packing {
    const char *from; /* the plan's folder, as it was named */
    const struct artefact_options *o;
    struct folder folder;
    struct folder_plan bound;
    struct plan plan;
    struct tally tally;
    struct temporary root;
    struct spool records;
    struct filelist all, payload; /* of the bag; its records are in the spool */
    int data_fd;
    const char *claims_from;
    struct claims claims; /* by the name of the user's file */
    bool incomplete;      /* invocations may be missing: --allow-incomplete, or a smoke run */
    size_t strange_whys;  /* left out: they lie beside a record that they are not of */
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
    close_fd(&p->data_fd);
    filelist_free(&p->all);
    filelist_free(&p->payload);
    spool_close(&p->records);
    tmpdir_remove(&p->root);
}
#define cleanup_packing __attribute__((cleanup(end)))

/* --- the folder -------------------------------------------------------------------------------------------------- */

static int read_folder(struct packing *p, struct err *e)
{
    cleanup_text struct text bytes = {0};
    TRY(folder_look(p->from, &p->folder, e));
    int failed = folder_read(&p->folder, &p->bound, &bytes, e);
    if (failed != 0)
        return failed == -ENOENT
                   ? err_remedy(e,
                                "a bundle is of a plan, which 'tare matrix' and 'tare bench --out' run; a command is "
                                "a cell of one: tare-plan(5)")
                   : failed;
    p->bound.carried.alone = true; /* what it names by its path is what the folder holds */
    failed = plan_parse(BUNDLE_PLAN, &bytes, &p->bound.given, &p->bound.carried, &p->plan, e);
    return failed != -ENOENT || p->bound.carried.count > 0
               ? failed
               : err_remedy(e, "'%s' was made by an older tare, which kept no copy: run the plan into a new --out",
                            p->folder.path);
}

/* Copies a record of the plan into the bundle, byte for byte. */
static int copy_record(void *to, const char *file, const struct place_of_record *at, const struct text *bytes,
                       struct err *e)
{
    struct packing *p = to;
    char path[FILELIST_PATH_MAX + 1], in_bag[FILELIST_PATH_MAX + 8], hex[DIGEST_HEX];
    if (bytes->len > BUNDLE_RECORD_MAX)
        return err_set(e, ERR_USAGE, -EFBIG, "'%s/%s': what is allowed is a file of at most %u MiB", p->folder.path,
                       file, BUNDLE_RECORD_MAX >> 20);
    text_format(in_bag, sizeof(in_bag), BUNDLE_DATA "/%s",
                bundle_record_path(&p->plan, at->cell, at->block, at->label, path));
    TRY(err_code(e, ERR_OURS, spool_add(&p->records, bytes->data, bytes->len), "%s", path));
    digest_bytes(bytes->data, bytes->len, hex);
    filelist_add_spooled(&p->all, in_bag, &p->records, bytes->len, hex);
    return 0;
}

/* Copies what --why found of a record, if it lies beside it. record: the record's place in the bundle. */
static int copy_why(struct packing *p, const struct invocation *one, const char *record, struct err *e)
{
    char from[PATH_MAX + sizeof(OUTPUT_WHY)], to[FILELIST_PATH_MAX + 1];
    cleanup_text struct text bytes = {0};
    struct why why;
    output_why_of(one->path, from, sizeof(from));
    int failed = files_read(AT_FDCWD, from, WHY_BYTES_MAX, &bytes);
    if (failed == -ENOENT)
        return 0;
    if (failed != 0)
        return err_set(e, ERR_USAGE, failed, "'%s': %s", from, source_fault(failed));
    TRY(why_parse(from, &bytes, &why, e));
    const bool is_of = strcmp(why.of, one->id) == 0;
    const char *wrong = why_contradiction(&why);
    why_free(&why);
    p->strange_whys += !is_of;
    if (!is_of)
        return 0;
    if (wrong)
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': %s (move it away, and the record is packed without it)", from,
                       wrong);
    return files_write(p->data_fd, bundle_why_path(record, to), bytes.data, bytes.len, e);
}

static int copy_records(struct packing *p, struct err *e)
{
    char path[FILELIST_PATH_MAX + 1];
    p->tally = (struct tally){.cells = p->plan.cells,
                              .units = p->bound.noise ? 2 * p->plan.cells : p->plan.cells,
                              .plan = &p->plan,
                              .folder = &p->folder,
                              .bound = &p->bound,
                              .each = copy_record,
                              .to = p};
    struct records *r = &p->tally.records;
    bundle_wants(r);
    TRY(tally_read(&p->tally, false, false, e));
    for (size_t i = 0; i < r->count; i++) {
        struct invocation *one = &r->list[i];
        (void)bundle_record_path(&p->plan, plan_find_cell(&p->plan, one->plan_cell), one->block,
                                 bundle_label(one->label), path);
        TRY(copy_why(p, one, path, e));
        one->path = pool_keep(r->reader.pool, path);
    }
    return r->count > 0 ? 0
                        : err_set(e, ERR_USAGE, -ENODATA, "'%s' has no record of its plan '%s' (run 'tare matrix')",
                                  p->folder.path, p->plan.name);
}

/* --- sources ----------------------------------------------------------------------------------------------------- */

/* Copies a file of the user's. ret: receives its bytes; NULL is allowed. -EFBIG: it is larger than max. */
static int copy_in(struct packing *p, const char *from, const char *to, size_t max, struct text *ret, struct err *e)
{
    cleanup_text struct text own = {0};
    struct text *bytes = ret ? ret : &own;
    int failed = files_read(AT_FDCWD, from, max, bytes);
    if (failed == -EFBIG)
        return err_set(e, ERR_USAGE, failed, "'%s': what is allowed is a file of at most %zu MiB", from, max >> 20);
    if (failed != 0)
        return err_set(e, ERR_USAGE, failed, "'%s': %s", from, source_fault(failed));
    return files_write(p->data_fd, to, bytes->data, bytes->len, e);
}

/* Copies a file of the plan's folder under the same name. */
static int copy_beside(struct packing *p, const char *name, size_t max, struct text *ret, struct err *e)
{
    char path[PATH_MAX + 32];
    text_format(path, sizeof(path), "%s/%s", p->folder.path, name);
    return copy_in(p, path, name, max, ret, e);
}

static bool is_beside(const struct packing *p, const char *name)
{
    char path[PATH_MAX + 32];
    text_format(path, sizeof(path), "%s/%s", p->folder.path, name);
    return access(path, F_OK) == 0;
}

/* Copies a file that came with tare: from share/ beside the program of a build tree, or from PREFIX/share/tare. */
static int copy_own(struct packing *p, const char *name, const char *to, size_t max, struct err *e)
{
    static const char *const WHERE[] = {"../share", "share", "../../share/tare"};
    char path[PATH_MAX + 64];
    int failed = file_beside_program(WHERE, ARRAY_LEN(WHERE), name, path, sizeof(path));
    if (failed != 0)
        return err_set(e, ERR_OURS, failed, "tare's own file %s is not where it was built or installed", name);
    return copy_in(p, path, to, max, NULL, e);
}

/* Finds the claims that came with the plan. false: none, or the folder's plan is not the one that came with tare. */
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

/* Copies and checks the claims; messages name the user's file. */
static int take_claims(struct packing *p, const char *from, struct err *e)
{
    cleanup_text struct text bytes = {0};
    TRY(copy_in(p, from, BUNDLE_CLAIMS, BUNDLE_SOURCE_MAX, &bytes, e));
    TRY(claims_parse(from, &bytes, &p->claims, e));
    return claims_check(&p->claims, &p->plan, e);
}

static int copy_claims(struct packing *p, struct err *e)
{
    char path[PATH_MAX + 32];
    text_format(path, sizeof(path), "%s/" BUNDLE_CLAIMS, p->folder.path);
    p->claims_from = p->o->claims ? "given" : is_beside(p, BUNDLE_CLAIMS) ? "folder" : "plan";
    if (p->o->claims || is_beside(p, BUNDLE_CLAIMS) || find_own_claims(p, path, sizeof(path)))
        return take_claims(p, p->o->claims ? p->o->claims : path, e);
    p->claims_from = "none";
    return files_write(p->data_fd, BUNDLE_CLAIMS, NO_CLAIMS, strlen(NO_CLAIMS), e);
}

/* Copies the counter-record of `tare reproduce` and its signature. A smoke run never has all invocations of its plan.
 */
static int copy_reproduction(struct packing *p, struct err *e)
{
    cleanup_text struct text bytes = {0};
    cleanup_json json_t *o = NULL;
    if (!is_beside(p, REPRODUCTION_FILE))
        return 0;
    TRY(copy_beside(p, REPRODUCTION_FILE, REPRODUCTION_MAX, &bytes, e));
    TRY(reproduction_parse(bytes.data, bytes.len, &o, e));
    p->incomplete = p->incomplete || reproduction_is_smoke(o);
    return is_beside(p, REPRODUCTION_SIGNED) ? copy_beside(p, REPRODUCTION_SIGNED, 1U << 16, NULL, e) : 0;
}

static bool is_spdx(const char *id)
{
    static const char ALLOWED[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-+";
    return *id && strlen(id) <= 100 && id[strspn(id, ALLOWED)] == '\0';
}

static int write_license(struct packing *p, struct err *e)
{
    cleanup_text struct text t = {0};
    const char *id = p->o->license;
    if (id && !is_spdx(id))
        return err_set(e, ERR_USAGE, -EINVAL, "--license '%s': what is allowed is an SPDX identifier, as CC-BY-4.0",
                       id);
    if (p->o->license_file)
        return copy_in(p, p->o->license_file, BUNDLE_LICENSE, BUNDLE_LICENSE_MAX, NULL, e);
    if (!id || strcmp(id, TARE_LICENSE) == 0)
        return copy_own(p, "LICENSE", BUNDLE_LICENSE, BUNDLE_LICENSE_MAX, e);
    text_add(&t, "SPDX-License-Identifier: %s\n\nThe license's text: https://spdx.org/licenses/%s.html\n", id, id);
    return files_write(p->data_fd, BUNDLE_LICENSE, t.data, t.len, e);
}

/* Copies what was weighed and did not come with tare. */
static int copy_carried(struct packing *p, struct err *e)
{
    char from[PATH_MAX], in[128];
    for (size_t i = 0; i < p->plan.carried.count; i++) {
        if (carried_is_repeated(&p->plan.carried, i))
            continue;
        cleanup_carried struct carried_files files = {0};
        text_format(from, sizeof(from), "%s/%s", p->folder.path, carried_place(&p->plan.carried.of[i], in, sizeof(in)));
        TRY(carried_list(from, true, &files, e));
        TRY(carried_copy(&files, from, p->data_fd, in, e));
    }
    return 0;
}

/* --- env/pack.json ----------------------------------------------------------------------------------------------- */

/* $SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/), else the newest record's date. */
static int find_date(const struct packing *p, int64_t *ret, struct err *e)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH"), *newest = bundle_newest(&p->tally.records);
    struct tm tm = {0};
    if (epoch && *epoch)
        return text_to_i64(epoch, ret) == 0 && *ret >= 0 && *ret <= 253402300799LL
                   ? 0
                   : err_set(e, ERR_USAGE, -EINVAL,
                             "SOURCE_DATE_EPOCH '%s': what is allowed is seconds since 1970, up to the year 9999",
                             epoch);
    if (!strptime(newest, "%Y-%m-%dT%H:%M:%SZ", &tm))
        return err_set(e, ERR_USAGE, -EINVAL, "no record tells when it was started (set SOURCE_DATE_EPOCH)");
    *ret = (int64_t)timegm(&tm);
    return 0;
}

static int take_authors(struct packing *p, json_t *authors, struct err *e)
{
    json_t *one = NULL;
    for (size_t i = 0; i < p->o->author.count; i++) {
        TRY(pack_info_author(p->o->author.word[i], &one, e));
        (void)json_array_append_new(authors, one);
    }
    if (p->o->author.count == 0)
        (void)json_array_append_new(authors, json_pack("{s:s}", "name", TARE_AUTHORS));
    return 0;
}

/* *ret NULL: neither the user nor tare's CITATION.cff names one. Not owned. */
static int find_source(const struct packing *p, const char **ret, struct err *e)
{
    if (p->o->source_url && !pack_info_is_url(p->o->source_url))
        return err_set(e, ERR_USAGE, -EINVAL,
                       "--source-url '%.100s': what is allowed is an https address of at most %d characters",
                       p->o->source_url, PACK_URL_MAX);
    *ret = p->o->source_url ? p->o->source_url : *TARE_SOURCE_URL ? TARE_SOURCE_URL : NULL;
    return 0;
}

static int write_pack(struct packing *p, struct err *e)
{
    static const char *const CRATES[] = {
        [CRATE_PACK_1_1] = CRATE_1_1, [CRATE_PACK_1_2] = CRATE_1_2, [CRATE_PACK_1_3] = CRATE_1_3};
    const char *source = NULL;
    char title[200];
    int64_t date_s = 0;
    cleanup_text struct text t = {0};
    cleanup_json json_t *authors = json_array(), *drawn = NULL;
    text_format(title, sizeof(title), "Measurements by the plan '%.60s' of tare", p->plan.name);
    TRY(find_source(p, &source, e));
    TRY(take_authors(p, authors, e));
    TRY(find_date(p, &date_s, e));
    TRY(drawn_by(&drawn, e));
    json_t *o = json_pack("{s:s, s:o, s:s, s:O, s:s, s:I, s:b, s:s, s:O, s:i}", "schema", PACK_SCHEMA, "tool",
                          json_of_tool(), "title", p->o->title ? p->o->title : title, "authors", authors, "license",
                          p->o->license ? p->o->license : TARE_LICENSE, "date_s", (json_int_t)date_s, "incomplete",
                          p->incomplete, "claims", p->claims_from, "drawn_by", drawn, "format", PACK_FORMAT);
    if (!o)
        return err_set(e, ERR_USAGE, -EINVAL, "--title: it is no UTF-8");
    json_put_text(o, "source_url", source);
    json_put_text(o, "crate", CRATES[p->o->crate]);
    json_text(o, &t);
    return files_write(p->data_fd, BUNDLE_PACK, t.data, t.len, e);
}

static int write_sources(struct packing *p, struct err *e)
{
    TRY(copy_beside(p, BUNDLE_PLAN, BUNDLE_SOURCE_MAX, NULL, e));
    TRY(copy_beside(p, BUNDLE_LOCK, BUNDLE_SOURCE_MAX, NULL, e));
    TRY(copy_records(p, e));
    TRY(copy_claims(p, e));
    TRY(copy_reproduction(p, e));
    TRY(copy_carried(p, e));
    TRY(write_license(p, e));
    TRY(copy_own(p, "versions.lock", BUNDLE_IMAGES, 8U << 20, e));
    return write_pack(p, e);
}

/* --- the bundle -------------------------------------------------------------------------------------------------- */

static int refuse_incomplete(const struct packing *p, struct err *e)
{
    const struct bundle *b = &p->bundle;
    cleanup_text struct text some = {0};
    if (b->missing == 0 || p->incomplete)
        return 0;
    bundle_missing(b, 3, &some);
    for (char *at = some.data; (at = strchr(at, '\n'));)
        *at = ';';
    return err_set(e, ERR_USAGE, -ENODATA,
                   "'%s': %zu of the plan's %zu invocations are missing (%s ...): 'tare matrix' runs them, "
                   "--allow-incomplete packs what is there and says so",
                   p->folder.path, b->missing, b->missing + b->run, some.data);
}

/* Lists all files so far; a finding there is our own failure. */
static int list_all(struct packing *p, struct err *e)
{
    cleanup_findings struct findings f = {0};
    TRY(filelist_read(p->root.fd, &p->all, &f, e));
    filelist_below(&p->all, BUNDLE_DATA "/", &p->payload);
    return f.count == 0 ? 0 : err_set(e, ERR_OURS, -EINVAL, "%s: %s", f.list[0].file, f.list[0].text);
}

/* Refuses a counter-record that does not match the folder's records. */
static int refuse_stale(const struct packing *p, struct err *e)
{
    cleanup_findings struct findings f = {0};
    if (p->bundle.reproduction)
        reproduction_check(&p->bundle, &p->payload, &f);
    return f.count == 0 ? 0
                        : err_set(e, ERR_USAGE, -ESTALE,
                                  "'%s': " REPRODUCTION_FILE ": %s ('tare reproduce' with this --out writes it anew)",
                                  p->folder.path, f.list[0].text);
}

/* A program by its path that is in no copy, so that nobody else could run it. That of an installation is the host's. */
static int refuse_uncarried(const struct packing *p, const struct invocation *one, struct err *e)
{
    const struct plan *plan = &p->bundle.plan;
    size_t cell = plan_find_cell(plan, one->plan_cell);
    char *const *argv = cell < p->bundle.cells ? plan->cell[cell].cell.argv : NULL;
    if (!argv || !strchr(argv[0], '/') || carried_find(&plan->carried, argv[0], true))
        return 0;
    cleanup_json json_t *runtime = invocation_section(one, "runtime");
    return carried_is_installed(json_word(runtime, "path"))
               ? 0
               : err_set(e, ERR_USAGE, -ENOENT,
                         "cell '%s': its program '%s' is in no copy beside the records, and nobody else could run it "
                         "(run the plan into a new --out: 'tare matrix' copies it, or says why it cannot)",
                         one->plan_cell, argv[0]);
}

/* Refuses records of commands that were not made with the files that the bundle carries. */
static int refuse_other_files(const struct packing *p, struct err *e)
{
    for (size_t i = 0; i < p->bundle.records.count; i++) {
        const struct invocation *one = &p->bundle.records.list[i];
        const struct carried_one *other = bundle_other_file(&p->bundle, one);
        if (other)
            return err_set(e, ERR_USAGE, -ESTALE,
                           "%s: it was made with another '%s' than the copy in '%s' (run the plan into a new --out)",
                           one->path, other->word, p->folder.path);
        TRY(refuse_uncarried(p, one, e));
    }
    return 0;
}

static int write_derived(struct packing *p, struct err *e)
{
    static const char *const BAG[] = {BAG_DECLARATION, BAG_INFO, BAG_MANIFEST, BAG_TAG_MANIFEST};
    TRY(derive_documents(&p->bundle, p->data_fd, true, e));
    TRY(list_all(p, e));
    TRY(refuse_stale(p, e));
    TRY(derive_crate(&p->bundle, &p->payload, p->data_fd, e));
    TRY(filelist_add(&p->payload, p->data_fd, CRATE_FILE, e));
    TRY(derive_bag(&p->bundle, &p->payload, p->root.fd, e));
    TRY(filelist_add(&p->all, p->root.fd, BUNDLE_DATA "/" CRATE_FILE, e));
    for (size_t i = 0; i < ARRAY_LEN(BAG); i++)
        TRY(filelist_add(&p->all, p->root.fd, BAG[i], e));
    return 0;
}

static int write_bundle(struct packing *p, struct packed *ret, struct err *e)
{
    fail_point("bundle about to be written");
    const struct tar_spec tar = {&p->all, p->root.fd, p->bundle.top, p->bundle.date_s};
    TRY(tar_save(&tar, p->o->output, ret->sha256, e));
    ret->files = p->all.count;
    ret->bytes = 0;
    for (size_t i = 0; i < p->all.count; i++)
        ret->bytes += p->all.file[i].size_bytes;
    return 0;
}

static int sum_up(struct packing *p, struct err *e)
{
    bundle_summary(&p->bundle, p->said);
    if (p->bundle.claims.count == 0 && strcmp(p->claims_from, "none") == 0)
        text_add(p->said, "  nothing is claimed: neither --claims nor '%s/" BUNDLE_CLAIMS "' is there\n",
                 p->folder.path);
    for (size_t i = 0; i < p->plan.carried.count; i++)
        if (p->plan.carried.of[i].of_command)
            text_add(p->said, "carried: %s\n", p->plan.carried.of[i].word);
    if (p->o->author.count == 0)
        text_add(p->said, "author: " TARE_AUTHORS " (--author \"Family, Given <ORCID>\" names yours)\n");
    if (!json_is_string(json_object_get(p->bundle.pack, "source_url")))
        text_add(p->said, "source: unknown, so that the reviewer is not told where to get tare (--source-url URL)\n");
    if (p->tally.strangers)
        text_add(p->said, "left out: %zu records of '%s' that are of no plan\n", p->tally.strangers, p->folder.path);
    if (p->bundle.whys)
        text_add(p->said, "carried: what --why found of %zu record%s\n", p->bundle.whys,
                 p->bundle.whys == 1 ? "" : "s");
    if (p->strange_whys)
        text_add(p->said, "left out: %zu *" OUTPUT_WHY " of another record than the one beside it\n", p->strange_whys);
    return pack_image_summary(&p->bundle, p->said, e);
}

static int open_root(struct packing *p, struct err *e)
{
    char output[PATH_MAX];
    text_format(output, sizeof(output), "%s", p->o->output);
    TRY(tmpdir_make(dirname(output), &p->root, e));
    TRY(spool_open(p->root.fd, &p->records, e));
    if (mkdirat(p->root.fd, BUNDLE_DATA, 0755) == 0)
        p->data_fd = openat(p->root.fd, BUNDLE_DATA, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return p->data_fd < 0 ? err_sys(e, ERR_HOST, "'%s'", p->root.path) : 0;
}

int pack(const char *folder, const struct artefact_options *o, struct packed *ret, struct text *said, struct err *e)
{
    char path[PATH_MAX];
    cleanup_packing struct packing p = {
        .from = folder,
        .o = o,
        .records = SPOOL_UNOPENED,
        .data_fd = -1,
        .bundle = {.fd = -1},
        .said = said,
        .incomplete = o->allow_incomplete == 1,
    };
    TRY(tar_check_output(o->output, e));
    TRY(read_folder(&p, e));
    TRY(open_root(&p, e));
    TRY(write_sources(&p, e));
    text_format(path, sizeof(path), "%s/" BUNDLE_DATA, p.root.path);
    TRY(bundle_load(path, &(struct bundle_records){.read = &p.tally.records}, &p.bundle, e));
    TRY(claims_check_figures(&p.claims, &p.bundle.records, e));
    TRY(refuse_incomplete(&p, e));
    TRY(refuse_other_files(&p, e));
    if (o->image)
        TRY(pack_image(&p.bundle, o->image, p.root.path, e));
    TRY(write_derived(&p, e));
    TRY(write_bundle(&p, ret, e));
    return sum_up(&p, e);
}

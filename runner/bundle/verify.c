#include "bundle/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "analysis/why.h"
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
#include "base/version.h"
#include "bundle/bag.h"
#include "bundle/bundle.h"
#include "bundle/derive.h"
#include "bundle/hostdiff.h"
#include "bundle/pack.h"
#include "bundle/pack_info.h"
#include "bundle/reproduction.h"
#include "bundle/verify_derived.h"
#include "oci/image.h"

#define CELLS_NAMED 10

/* The state of a verification; freed by end(). */
struct verifying {
    const char *path, *key, *paper;
    struct verification *v;
    struct temporary derived;
    int data_fd;
    struct findings records; /* derivation faults of records, reported after the checks of integrity */
    struct oci_image image;
};

static void end(struct verifying *w)
{
    findings_free(&w->records);
    close_fd(&w->data_fd);
    tmpdir_remove(&w->derived);
}

/* Adds a finding against integrity. */
#define BROKEN(w, ...) findings_add(&(w)->v->at.findings, FINDING_INTEGRITY, __VA_ARGS__)

bool verification_failed(const struct verification *v, enum finding_verdict kind)
{
    return v->at.findings.found[kind] > 0;
}

static bool is_broken(const struct verifying *w)
{
    return verification_failed(w->v, FINDING_INTEGRITY);
}

/* --- 1, 2: safe reading, manifests ------------------------------------------------------------------------------- */

static int open_bag(struct verifying *w, struct err *e)
{
    TRY(bundle_open_files(w->path, &w->v->at, e));
    if (is_broken(w))
        return 0;
    if (w->v->at.tar_fd >= 0 && tar_digest_uncompressed(w->v->at.tar_fd, w->v->sha256, e) != 0)
        return err_wrap(e, "'%s'", w->path);
    return bag_check(w->v->at.root_fd, &w->v->at.all, &w->v->at.findings, e);
}

/* --- 3: signature ------------------------------------------------------------------------------------------------ */

int verify_key_read(const char *path, struct minisig_key *ret, struct err *e)
{
    cleanup_text struct text t = {0};
    int failed = files_read(AT_FDCWD, path, MINISIG_KEY_MAX, &t);
    if (failed != 0)
        return err_set(e, ERR_USAGE, failed, "--key '%s': %s", path, source_fault(failed));
    failed = minisig_key_read(t.data, ret);
    return failed == 0 ? 0 : err_set(e, ERR_USAGE, failed, "--key '%s': it is no public key of minisign's", path);
}

static const enum verify_signature MEANS[] = {[MINISIG_GOOD] = VERIFY_SIGNED,
                                              [MINISIG_OTHER_KEY] = VERIFY_UNKNOWN,
                                              [MINISIG_WRONG] = VERIFY_FORGED,
                                              [MINISIG_MALFORMED] = VERIFY_FORGED};

static void judge_signature(struct verifying *w, const struct minisig_key *key, const struct text *message,
                            const char *signature)
{
    char *id = w->v->key_id;
    enum minisig_verdict verdict = minisig_verify(message->data, message->len, signature, key, id);
    w->v->signature = MEANS[verdict];
    if (verdict == MINISIG_OTHER_KEY && key)
        BROKEN(w, BAG_SIGNATURE, "it is signed by the key %s, and --key is another", id);
    else if (verdict == MINISIG_WRONG)
        BROKEN(w, BAG_SIGNATURE, "it is no signature of this " BAG_TAG_MANIFEST " by the key %s", id);
    else if (verdict == MINISIG_MALFORMED)
        BROKEN(w, BAG_SIGNATURE, "it is no signature of minisign's");
}

static int check_signature(struct verifying *w, struct err *e)
{
    struct minisig_key key;
    cleanup_text struct text message = {0}, signature = {0};
    if (w->key)
        TRY(verify_key_read(w->key, &key, e));
    if (!filelist_find(&w->v->at.all, BAG_SIGNATURE)) {
        if (w->key)
            BROKEN(w, BAG_SIGNATURE, "it is not there, and --key asks for a signature");
    } else if (files_read(w->v->at.root_fd, BAG_TAG_MANIFEST, 1U << 20, &message) != 0 ||
               files_read(w->v->at.root_fd, BAG_SIGNATURE, MINISIG_SIGNATURE_MAX, &signature) != 0) {
        BROKEN(w, BAG_SIGNATURE, "it cannot be read, or is too large");
    } else {
        judge_signature(w, w->key ? &key : NULL, &message, signature.data);
    }
    return 0;
}

enum verify_signature verify_signer(const struct verification *v, const struct minisig_key *keys, size_t count,
                                    size_t *signer, char key_id[MINISIG_KEY_ID])
{
    static const char *const SIGNED[][2] = {{BAG_TAG_MANIFEST, BAG_SIGNATURE},
                                            {BUNDLE_DATA "/" REPRODUCTION_FILE, BUNDLE_DATA "/" REPRODUCTION_SIGNED}};
    cleanup_text struct text message = {0}, signature = {0};
    size_t of = 0;
    *key_id = '\0';
    while (of < ARRAY_LEN(SIGNED) && !filelist_find(&v->at.all, SIGNED[of][1]))
        of++;
    if (of == ARRAY_LEN(SIGNED))
        return VERIFY_UNSIGNED;
    if (files_read(v->at.root_fd, SIGNED[of][0], REPRODUCTION_MAX, &message) != 0 ||
        files_read(v->at.root_fd, SIGNED[of][1], MINISIG_SIGNATURE_MAX, &signature) != 0)
        return VERIFY_FORGED;
    enum minisig_verdict verdict = minisig_verify(message.data, message.len, signature.data, NULL, key_id);
    for (size_t i = 0; i < count && verdict == MINISIG_OTHER_KEY; i++) {
        verdict = minisig_verify(message.data, message.len, signature.data, &keys[i], key_id);
        *signer = i;
    }
    return MEANS[verdict];
}

/* --- 4: its content can be read --------------------------------------------------------------------------------- */

/* Adds an error message as a finding. If the message begins with a file of the payload, the finding is of that file and
 * its name is not repeated; else it is of the payload as a whole. */
static void add_message(struct verifying *w, const char *message)
{
    char file[FILELIST_PATH_MAX + 1];
    const char *begin = message + (*message == '\''), *file_found = NULL;
    size_t len = strcspn(begin, "':");
    if (len <= FILELIST_PATH_MAX) {
        text_format(file, sizeof(file), "%.*s", (int)len, begin);
        file_found = filelist_find(&w->v->at.payload, file) ? file : NULL;
    }
    const char *rest = begin + len + (begin > message && begin[len] == '\'');
    const char *it = file_found && strncmp(rest, " is ", 4) == 0 ? "it" : "";
    bool told = *it || (file_found && strncmp(rest, ": ", 2) == 0);
    BROKEN(w, file_found ? file_found : BUNDLE_DATA, "%s%s", it, !told ? message : *it ? rest : rest + 2);
}

static void check_payload(struct verifying *w)
{
    const struct filelist *payload = &w->v->at.payload;
    w->data_fd = openat(w->v->at.root_fd, BUNDLE_DATA, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (w->data_fd < 0)
        BROKEN(w, BUNDLE_DATA, "it is not there");
    for (size_t i = 0; i < payload->count; i++)
        if (strncmp(payload->file[i].path, BUNDLE_RECORDS, strlen(BUNDLE_RECORDS)) == 0 &&
            payload->file[i].size_bytes > BUNDLE_RECORD_MAX)
            BROKEN(w, payload->file[i].path, "a record above 32 MiB");
}

static int load(struct verifying *w, struct err *e)
{
    const struct filelist *payload = &w->v->at.payload;
    check_payload(w);
    if (is_broken(w))
        return 0;
    verify_crate(payload, w->data_fd, &w->v->at.findings);
    size_t before = w->v->at.findings.found[FINDING_INTEGRITY];
    oci_image_check(payload, w->data_fd, &w->v->at.findings);
    if (w->v->at.findings.found[FINDING_INTEGRITY] > before)
        return 0; /* the crate follows from it, and cannot be derived */
    TRY(oci_image_read(w->data_fd, &w->image, e));
    const struct bundle_records records = {.payload = payload, .derived = &w->records};
    int failed = bundle_load(w->v->at.data, &records, &w->v->at.bundle, e);
    w->v->loaded = failed == 0;
    if (failed != 0 && e->kind == ERR_USAGE) {
        add_message(w, e->text);
        *e = (struct err){0};
        return 0;
    }
    return failed;
}

/* --- 5: coverage ------------------------------------------------------------------------------------------------- */

static void check_place(struct verifying *w, const struct invocation *one)
{
    char wanted[FILELIST_PATH_MAX + 1];
    const struct bundle *b = &w->v->at.bundle;
    size_t cell = plan_find_cell(&b->plan, one->plan_cell);
    int label = bundle_label(one->label);
    if (cell == b->cells || one->block < 1 || one->block > PLAN_INVOCATIONS_MAX || (label != 0) != b->noise)
        BROKEN(w, one->path, "it is of no invocation of the plan '%s' (cell '%s', block %llu)", b->plan.name,
               one->plan_cell, (unsigned long long)one->block);
    else if (strcmp(bundle_record_path(&b->plan, cell, one->block, label, wanted), one->path) != 0)
        BROKEN(w, one->path, "it is the record of another invocation, whose place is %s", wanted);
}

static void check_coverage(struct verifying *w)
{
    cleanup_text struct text missing = {0};
    const struct bundle *b = &w->v->at.bundle;
    for (size_t i = 0; i < b->records.count; i++)
        check_place(w, &b->records.list[i]);
    bool allowed = json_is_true(json_object_get(b->pack, "incomplete"));
    if (b->missing == 0)
        return;
    bundle_missing(b, CELLS_NAMED, &missing);
    for (char *rest = missing.data, *line; !allowed && (line = text_line(&rest));)
        BROKEN(w, BUNDLE_PLAN, "%s: it has no record, and the bundle does not say that it is incomplete", line);
    if (allowed)
        text_add(&w->v->notes, "%zu invocations of the plan are missing; it was packed so (--allow-incomplete)\n",
                 b->missing);
}

/* --- 6: derivation ----------------------------------------------------------------------------------------------- */

/* If the bundle holds an image, the record must name that image. */
static void check_image(struct verifying *w, const struct invocation *one)
{
    cleanup_json json_t *image = w->image.there ? invocation_section(one, "image") : NULL;
    const char *digest = json_string_value(json_object_get(image, "digest"));
    if (digest && !oci_image_is(&w->image, w->data_fd, digest))
        BROKEN(w, one->path, "it was made in the image %.300s, and " IMAGE_LAYOUT " is sha256:%s", digest,
               w->image.config);
}

/* The record must name the scenario that the bundle carries. */
static void check_scenario(struct verifying *w, const struct invocation *one)
{
    size_t cell = plan_find_cell(&w->v->at.bundle.plan, one->plan_cell);
    const struct scenario *s = cell < w->v->at.bundle.cells ? w->v->at.bundle.plan.cell[cell].cell.scenario : NULL;
    cleanup_json json_t *scenario = s && !s->installed ? invocation_section(one, "scenario") : NULL;
    const char *sha256 = json_string_value(json_object_get(scenario, "folder_sha256"));
    if (s && !s->installed && (!sha256 || strcmp(sha256, s->content_sha256) != 0))
        BROKEN(w, one->path, "it was made of the scenario '%s' with the SHA-256 %.64s, and the bundle carries %s",
               s->name, sha256 ? sha256 : "(none)", s->content_sha256);
}

/* The record must name the files that the bundle carries. */
static void check_files(struct verifying *w, const struct invocation *one)
{
    const struct carried_one *other = bundle_other_file(&w->v->at.bundle, one);
    if (other)
        BROKEN(w, one->path, "it was made with another '%s' than the bundle carries", other->word);
}

/* What --why found has to be of the record that it lies beside, and to follow from its own times. */
static void check_why(struct verifying *w, const struct invocation *one)
{
    char path[FILELIST_PATH_MAX + 1];
    cleanup_text struct text bytes = {0};
    struct err said = {0};
    struct why why;
    if (!filelist_find(&w->v->at.payload, bundle_why_path(one->path, path)))
        return;
    int failed = files_read(w->data_fd, path, WHY_BYTES_MAX, &bytes);
    if (failed != 0) {
        BROKEN(w, path, "%s", failed == -EFBIG ? "it is larger than 16 MiB" : source_fault(failed));
        return;
    }
    if (why_parse(path, &bytes, &why, &said) != 0) {
        add_message(w, said.text);
        return;
    }
    const char *wrong = why_contradiction(&why);
    if (strcmp(why.of, one->id) != 0)
        BROKEN(w, path, "it is of the record %.64s, and lies beside that of %s", why.of, one->id);
    else if (wrong)
        findings_add(&w->v->at.findings, FINDING_DERIVATION, path, "%s", wrong);
    why_free(&why);
}

static int derive(struct verifying *w, struct err *e)
{
    const struct bundle *b = &w->v->at.bundle;
    TRY(tmpdir_make(NULL, &w->derived, e));
    for (size_t i = 0; i < b->records.count; i++) {
        if (strcmp(b->records.list[i].plan_sha256, b->bound.sha256) != 0)
            BROKEN(w, b->records.list[i].path, "it is of another plan than " BUNDLE_PLAN);
        check_image(w, &b->records.list[i]);
        check_scenario(w, &b->records.list[i]);
        check_files(w, &b->records.list[i]);
        check_why(w, &b->records.list[i]);
    }
    findings_append(&w->v->at.findings, &w->records);
    if (b->reproduction)
        reproduction_check(b, &w->v->at.payload, &w->v->at.findings);
    w->v->derived = true;
    const json_int_t format = json_integer_value(json_object_get(b->pack, "format"));
    w->v->other_format = format != PACK_FORMAT;
    if (w->v->other_format) {
        text_add(&w->v->notes,
                 "what follows from the records is not compared: it was packed in the format %lld, and this tare "
                 "derives the format %d; the tare that packed it does\n",
                 (long long)format, PACK_FORMAT);
        return 0;
    }
    const struct verify_sides sides = {b, &w->v->at.payload, w->derived.fd, w->v->at.root_fd};
    return verify_derived(&sides, &w->v->at.findings, &w->v->notes, e);
}

/* --- 7: packed again --------------------------------------------------------------------------------------------- */

/* The same files in a tar of another program are a note; any other difference is a finding. */
static int explain_other_tar(struct verifying *w, const char *again, struct err *e)
{
    char form[200] = "";
    struct err why = {0};
    int failed = tar_describe(w->v->at.tar_fd, w->v->at.bundle.date_s, form, sizeof(form), &why);
    if (failed == -EINVAL)
        BROKEN(w, "", "%s", why.text);
    else if (failed != 0)
        return err_set(e, why.kind, why.code, "%s", why.text);
    else if (*form)
        text_add(&w->v->notes,
                 "another program packed this tar (%s): its files are the bundle's; packed again by tare they give "
                 "SHA-256 %s\n",
                 form, again);
    else
        BROKEN(w, "", "its files packed again give SHA-256 %s, and it has %s: the tar is not as pack writes it", again,
               w->v->sha256);
    return 0;
}

static int pack_again(struct verifying *w, struct err *e)
{
    char again[DIGEST_HEX];
    bool same = false;
    const char *own = w->v->at.bundle.top, *top = *w->v->at.top ? w->v->at.top : own;
    const struct tar_spec tar = {&w->v->at.all, w->v->at.root_fd, top, w->v->at.bundle.date_s};
    int failed = w->v->at.tar_fd < 0 ? 0 : tar_compare(&tar, w->v->at.tar_fd, &same, e);
    if (failed == 0 && !same)
        failed = tar_write(&tar, -1, again, e);
    if (failed == -ESTALE) {
        BROKEN(w, "", "%s", e->text);
        *e = (struct err){0};
        return 0;
    }
    if (failed != 0)
        return failed;
    if (w->v->at.tar_fd < 0)
        text_format(w->v->sha256, sizeof(w->v->sha256), "%s", again);
    else if (strcmp(top, own) != 0)
        BROKEN(w, "", "its top folder is '%s', and of this plan it is '%s'", top, own);
    else if (!same && strcmp(again, w->v->sha256) != 0)
        return explain_other_tar(w, again, e);
    return 0;
}

/* --- the environment --------------------------------------------------------------------------------------------- */

static void compare_hosts(struct verifying *w)
{
    cleanup_json json_t *environments = environments_of(&w->v->at.bundle), *hosts = json_array();
    size_t i;
    const json_t *one = NULL;
    json_array_foreach(json_object_get(environments, "environments"), i, one)
    {
        (void)json_array_append(hosts, json_object_get(json_object_get(one, "environment"), "host"));
    }
    hostdiff_take(hosts, "", &w->v->hostdiff);
    w->v->compared = true;
}

/* --- where its README.md gets programs from ----------------------------------------------------------------------- */

/* Its README.md has the reviewer fetch tare from an address that the packer named, and run it. */
static void note_source(struct verifying *w)
{
    const char *url = json_string_value(json_object_get(w->v->at.bundle.pack, "source_url"));
    if (url && strcmp(url, TARE_SOURCE_URL) != 0)
        text_add(&w->v->notes,
                 "its README.md fetches tare from %s and runs it: the packer named that address, and nothing here "
                 "vouches for what is there\n",
                 url);
}

/* --- all of it --------------------------------------------------------------------------------------------------- */

static int go_through(struct verifying *w, struct err *e)
{
    TRY(open_bag(w, e));
    TRY(check_signature(w, e));
    if (!is_broken(w))
        TRY(load(w, e));
    if (!w->v->loaded)
        return 0;
    check_coverage(w);
    bundle_summary(&w->v->at.bundle, &w->v->summary);
    note_source(w);
    TRY(pack_image_summary(&w->v->at.bundle, &w->v->summary, e));
    TRY(bundle_grants(&w->v->at.bundle, BUNDLE_PLAN, &w->v->grants, e));
    TRY(derive(w, e));
    TRY(pack_again(w, e));
    if (w->paper)
        TRY(verify_paper(w->paper, w->data_fd, &w->v->at.findings, e));
    compare_hosts(w);
    return 0;
}

int verify(const char *path, const char *key, const char *paper, struct verification *ret, struct err *e)
{
    struct verifying w = {.path = path, .key = key, .paper = paper, .v = ret, .derived = {.fd = -1}, .data_fd = -1};
    *ret = (struct verification){.at = BUNDLE_UNOPENED};
    text_add_bytes(&ret->notes, "", 0);
    text_add_bytes(&ret->summary, "", 0);
    int failed = go_through(&w, e);
    end(&w);
    if (failed != 0)
        verification_free(ret);
    return failed;
}

void verification_free(struct verification *v)
{
    bundle_close(&v->at);
    text_free(&v->summary);
    text_free(&v->notes);
    trust_grants_free(&v->grants);
    hostdiff_free(&v->hostdiff);
    *v = (struct verification){.at = BUNDLE_UNOPENED};
}

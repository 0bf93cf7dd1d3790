#include "bundle/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/parcel.h"
#include "archive/scratch.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/source.h"
#include "bundle/bag.h"
#include "bundle/bundle.h"
#include "bundle/derive.h"
#include "bundle/pack.h"
#include "bundle/pack_image.h"
#include "bundle/reproduction_check.h"
#include "bundle/verify_derived.h"
#include "oci/image_layout.h"

#define KEY_MAX       4096
#define SIGNATURE_MAX 16384
#define CELLS_NAMED   10

/* What a verification holds; ended with end(). */
struct verifying {
    const struct verify_options *o;
    struct verification *v;
    struct scratch unpacked, derived;
    int tar_fd; /* -1: it is a folder */
    int root_fd, data_fd;
    char data[PATH_MAX];           /* the payload's folder */
    char top[PARCEL_PATH_MAX + 1]; /* of a tar; "" of a folder */
    struct parcel all, payload;
    struct bundle bundle;
    struct findings records; /* what does not follow from their samples, until it is their turn to be told */
    struct image_layout image;
    bool loaded;
};

static void end(struct verifying *w)
{
    bundle_free(&w->bundle);
    findings_free(&w->records);
    parcel_free(&w->all);
    parcel_free(&w->payload);
    if (w->data_fd >= 0)
        (void)close(w->data_fd);
    if (w->root_fd >= 0)
        (void)close(w->root_fd);
    if (w->tar_fd >= 0)
        (void)close(w->tar_fd);
    scratch_end(&w->unpacked);
    scratch_end(&w->derived);
}

bool verification_failed(const struct verification *v, enum finding_verdict kind)
{
    return v->findings.found[kind] > 0;
}

static bool is_broken(const struct verifying *w)
{
    return verification_failed(w->v, FINDING_INTEGRITY);
}

/* --- 1: safe reading --------------------------------------------------------------------------------------------- */

static int open_tar(struct verifying *w, int fd, struct err *e)
{
    int failed = scratch_begin(NULL, &w->unpacked, e);
    if (failed == 0 && (w->tar_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0)) < 0)
        failed = err_sys(e, ERR_HOST, "'%s'", w->o->path);
    if (failed == 0)
        failed = parcel_unpack(fd, w->unpacked.fd, w->top, &w->v->findings, e);
    if (failed == 0 && !is_broken(w) && lseek(fd, 0, SEEK_SET) == 0)
        failed = parcel_digest_uncompressed(fd, w->v->sha256, e);
    if (failed == 0)
        w->root_fd = fcntl(w->unpacked.fd, F_DUPFD_CLOEXEC, 0);
    text_format(w->data, sizeof(w->data), "%s/" BUNDLE_DATA, w->unpacked.path);
    return failed;
}

/* What is no bundle at all, with the first of what is wrong with it: the rest of it means nothing. */
static int refuse_other(const struct verifying *w, struct err *e)
{
    char first[300] = "";
    if (w->v->findings.count > 0)
        (void)finding_line(&w->v->findings.list[0], first, sizeof(first));
    return err_set(e, ERR_USAGE, -EINVAL, "'%s': it is no bundle: it has no " BAG_DECLARATION "%s%s%s", w->o->path,
                   *first ? " (" : "", first, *first ? ")" : "");
}

static int open_root(struct verifying *w, struct err *e)
{
    struct stat st;
    cleanup_close int fd = bundle_open_path(w->o->path, &st, e);
    if (fd < 0)
        return fd;
    if (strlen(w->o->path) > sizeof(w->bundle.path) - 8)
        return err_set(e, ERR_USAGE, -ENAMETOOLONG, "'%.100s...': its path is too long", w->o->path);
    text_format(w->data, sizeof(w->data), "%s/" BUNDLE_DATA, w->o->path);
    if (S_ISREG(st.st_mode)) {
        int failed = open_tar(w, fd, e);
        return failed == 0 ? 0 : err_wrap(e, "'%s'", w->o->path);
    }
    w->root_fd = STEAL_FD(fd);
    /* Before all that is in it is looked at: it may be any folder. */
    return faccessat(w->root_fd, BAG_DECLARATION, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ? 0 : refuse_other(w, e);
}

static int list_files(struct verifying *w, struct err *e)
{
    int failed = parcel_read_folder(w->root_fd, &w->all, &w->v->findings, e);
    w->v->files = w->all.count;
    return failed == 0 && !parcel_find(&w->all, BAG_DECLARATION) ? refuse_other(w, e) : failed;
}

/* --- 3: signature ------------------------------------------------------------------------------------------------ */

static int read_key(const char *path, struct minisig_key *ret, struct err *e)
{
    struct text t = {0};
    int failed = scratch_read(AT_FDCWD, path, KEY_MAX, &t);
    if (failed != 0)
        (void)err_set(e, ERR_USAGE, failed, "--key '%s': %s", path, source_fault(failed));
    else if ((failed = minisig_key_read(t.data, ret)) != 0)
        (void)err_set(e, ERR_USAGE, failed, "--key '%s': it is no public key of minisign's", path);
    text_free(&t);
    return failed;
}

static void judge_signature(struct verifying *w, const struct minisig_key *key, const struct text *message,
                            const char *signature)
{
    struct findings *f = &w->v->findings;
    switch (minisig_verify(message->data, message->len, signature, key, w->v->key_id)) {
    case MINISIG_GOOD:
        w->v->signature = VERIFY_SIGNED;
        break;
    case MINISIG_OTHER_KEY:
        w->v->signature = VERIFY_UNKNOWN;
        if (key)
            findings_add(f, FINDING_INTEGRITY, BAG_SIGNATURE, "it is signed by the key %s, and --key is another",
                         w->v->key_id);
        break;
    case MINISIG_WRONG:
        w->v->signature = VERIFY_FORGED;
        findings_add(f, FINDING_INTEGRITY, BAG_SIGNATURE,
                     "it is no signature of this " BAG_TAG_MANIFEST " by the key %s", w->v->key_id);
        break;
    case MINISIG_MALFORMED:
        w->v->signature = VERIFY_FORGED;
        findings_add(f, FINDING_INTEGRITY, BAG_SIGNATURE, "it is no signature of minisign's");
        break;
    }
}

static int check_signature(struct verifying *w, struct err *e)
{
    struct minisig_key key;
    struct text message = {0}, signature = {0};
    int failed = w->o->key ? read_key(w->o->key, &key, e) : 0;
    if (failed != 0)
        return failed;
    if (!parcel_find(&w->all, BAG_SIGNATURE)) {
        if (w->o->key)
            findings_add(&w->v->findings, FINDING_INTEGRITY, BAG_SIGNATURE,
                         "it is not there, and --key asks for a signature");
        return 0;
    }
    if (scratch_read(w->root_fd, BAG_TAG_MANIFEST, 1U << 20, &message) != 0 ||
        scratch_read(w->root_fd, BAG_SIGNATURE, SIGNATURE_MAX, &signature) != 0)
        findings_add(&w->v->findings, FINDING_INTEGRITY, BAG_SIGNATURE, "it cannot be read, or is too large");
    else
        judge_signature(w, w->o->key ? &key : NULL, &message, signature.data);
    text_free(&message);
    text_free(&signature);
    return 0;
}

/* --- 4: what it says can be read --------------------------------------------------------------------------------- */

/* A message as a finding: of the file that it names first, which is then not told twice, where it is one of the
 * payload; else of the payload. */
static void add_message(struct verifying *w, const char *message)
{
    char file[PARCEL_PATH_MAX + 1];
    const char *begin = message + (*message == '\''), *file_found = NULL;
    size_t len = strcspn(begin, "':");
    if (len <= PARCEL_PATH_MAX) {
        text_format(file, sizeof(file), "%.*s", (int)len, begin);
        file_found = parcel_find(&w->payload, file) ? file : NULL;
    }
    const char *rest = begin + len + (begin > message && begin[len] == '\'');
    const char *it = file_found && strncmp(rest, " is ", 4) == 0 ? "it" : "";
    bool told = *it || (file_found && strncmp(rest, ": ", 2) == 0);
    findings_add(&w->v->findings, FINDING_INTEGRITY, file_found ? file_found : BUNDLE_DATA, "%s%s", it,
                 !told ? message
                 : *it ? rest
                       : rest + 2);
}

static int load(struct verifying *w, struct err *e)
{
    w->data_fd = openat(w->root_fd, BUNDLE_DATA, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (w->data_fd < 0) {
        findings_add(&w->v->findings, FINDING_INTEGRITY, BUNDLE_DATA, "it is not there");
        return 0;
    }
    int failed = parcel_read_folder(w->data_fd, &w->payload, &w->v->findings, e);
    for (size_t i = 0; failed == 0 && i < w->payload.count; i++)
        if (strncmp(w->payload.file[i].path, BUNDLE_RECORDS, strlen(BUNDLE_RECORDS)) == 0 &&
            w->payload.file[i].size_bytes > BUNDLE_RECORD_MAX)
            findings_add(&w->v->findings, FINDING_INTEGRITY, w->payload.file[i].path, "a record above 32 MiB");
    if (failed != 0 || is_broken(w))
        return failed;
    verify_crate(&w->payload, w->data_fd, &w->v->findings);
    size_t before = w->v->findings.found[FINDING_INTEGRITY];
    image_layout_check(&w->payload, w->data_fd, &w->v->findings);
    if (w->v->findings.found[FINDING_INTEGRITY] > before)
        return 0; /* the crate follows from it, and cannot be derived */
    failed = image_layout_read(w->data_fd, &w->image, e);
    if (failed != 0)
        return failed;
    failed = bundle_load(w->data, NULL, &w->records, &w->bundle, e);
    w->loaded = failed == 0;
    if (failed != 0 && e->kind == ERR_USAGE) {
        add_message(w, e->text);
        *e = (struct err){0};
        return 0;
    }
    w->v->records = w->bundle.records.count;
    return failed;
}

/* --- 5: coverage ------------------------------------------------------------------------------------------------- */

static void check_place(struct verifying *w, const struct invocation *one)
{
    char wanted[PARCEL_PATH_MAX + 1];
    struct findings *f = &w->v->findings;
    size_t cell = bundle_cell(&w->bundle.plan, one->plan_cell);
    int label = bundle_label(one->label);
    if (cell == w->bundle.cells || one->block < 1 || one->block > PLAN_INVOCATIONS_MAX ||
        (label != 0) != w->bundle.noise) {
        findings_add(f, FINDING_INTEGRITY, one->path, "it is of no invocation of the plan '%s' (cell '%s', block %llu)",
                     w->bundle.plan.name, one->plan_cell, (unsigned long long)one->block);
        return;
    }
    (void)bundle_record_path(&w->bundle.plan, cell, one->block, label, wanted);
    if (strcmp(wanted, one->path) != 0)
        findings_add(f, FINDING_INTEGRITY, one->path, "it is the record of another invocation, whose place is %s",
                     wanted);
}

static void check_coverage(struct verifying *w)
{
    struct text missing = {0};
    const struct bundle *b = &w->bundle;
    for (size_t i = 0; i < b->records.count; i++)
        check_place(w, &b->records.list[i]);
    bool allowed = json_is_true(json_object_get(b->pack, "incomplete"));
    if (b->missing == 0)
        return;
    bundle_missing(b, CELLS_NAMED, &missing);
    char *rest = missing.data;
    for (char *line; !allowed && rest && (line = strsep(&rest, "\n"));)
        if (*line)
            findings_add(&w->v->findings, FINDING_INTEGRITY, BUNDLE_PLAN,
                         "%s: it has no record, and the bundle does not say that it is incomplete", line);
    if (allowed)
        text_add(&w->v->notes, "%zu invocations of the plan are missing; it was packed so (--allow-incomplete)\n",
                 b->missing);
    text_free(&missing);
}

/* --- 6: derivation ----------------------------------------------------------------------------------------------- */

/* The image that the record says it was made in is the one that the bundle holds, where it holds one. */
static void check_image(struct verifying *w, const struct invocation *one)
{
    json_t *image = w->image.there ? invocation_section(one, "image") : NULL;
    const char *digest = json_string_value(json_object_get(image, "digest"));
    if (digest && !image_layout_is(&w->image, w->data_fd, digest))
        findings_add(&w->v->findings, FINDING_INTEGRITY, one->path,
                     "it was made in the image %.300s, and " IMAGE_LAYOUT " is sha256:%s", digest, w->image.config);
    json_decref(image);
}

/* The scenario that the record says it was is the one that the bundle carries. */
static void check_scenario(struct verifying *w, const struct invocation *one)
{
    size_t cell = bundle_cell(&w->bundle.plan, one->plan_cell);
    const struct scenario *s = cell < w->bundle.cells ? w->bundle.plan.cell[cell].cell.scenario : NULL;
    json_t *scenario = invocation_section(one, "scenario");
    const char *sha256 = json_string_value(json_object_get(scenario, "folder_sha256"));
    if (s && !s->installed && (!sha256 || strcmp(sha256, s->content_sha256) != 0))
        findings_add(&w->v->findings, FINDING_INTEGRITY, one->path,
                     "it was made of the scenario '%s' with the SHA-256 %.64s, and the bundle carries %s", s->name,
                     sha256 ? sha256 : "(none)", s->content_sha256);
    json_decref(scenario);
}

/* Which plan and image it says that it is of. */
static void check_record(struct verifying *w, const struct invocation *one)
{
    if (strcmp(one->plan_sha256, w->bundle.bound.sha256) != 0)
        findings_add(&w->v->findings, FINDING_INTEGRITY, one->path, "it is of another plan than " BUNDLE_PLAN);
    check_image(w, one);
    check_scenario(w, one);
}

static int derive(struct verifying *w, struct err *e)
{
    int failed = scratch_begin(NULL, &w->derived, e);
    for (size_t i = 0; failed == 0 && i < w->bundle.records.count; i++)
        check_record(w, &w->bundle.records.list[i]);
    findings_append(&w->v->findings, &w->records);
    if (failed == 0 && w->bundle.reproduction)
        reproduction_check(&w->bundle, &w->payload, &w->v->findings);
    const struct verify_sides sides = {&w->bundle, &w->payload, w->data_fd, w->derived.fd, w->root_fd};
    if (failed == 0)
        failed = verify_derived(&sides, &w->v->findings, &w->v->notes, e);
    w->v->derived = failed == 0;
    return failed;
}

/* --- 7: packed again --------------------------------------------------------------------------------------------- */

/* A tar that somebody else wrote of the same files says the same: a note. One that differs otherwise is not ours. */
static int explain_other_tar(struct verifying *w, const char *again, struct err *e)
{
    char form[200] = "";
    struct err why = {0};
    int failed = parcel_describe_tar(w->tar_fd, w->bundle.date_s, form, sizeof(form), &why);
    if (failed == -EINVAL)
        findings_add(&w->v->findings, FINDING_INTEGRITY, "", "%s", why.text);
    else if (failed != 0)
        *e = why;
    else if (*form)
        text_add(&w->v->notes,
                 "another program packed this tar (%s): its files are the bundle's; packed again by tare they give "
                 "SHA-256 %s\n",
                 form, again);
    else
        findings_add(&w->v->findings, FINDING_INTEGRITY, "",
                     "its files packed again give SHA-256 %s, and it has %s: the tar is not as pack writes it", again,
                     w->v->sha256);
    return failed == -EINVAL ? 0 : failed;
}

static int pack_again(struct verifying *w, struct err *e)
{
    char again[DIGEST_HEX];
    const char *top = *w->top ? w->top : w->bundle.top;
    int failed = parcel_digest_tar(&w->all, w->root_fd, top, w->bundle.date_s, again, e);
    if (failed != 0)
        return failed;
    if (w->tar_fd < 0)
        text_format(w->v->sha256, sizeof(w->v->sha256), "%s", again);
    else if (strcmp(top, w->bundle.top) != 0)
        findings_add(&w->v->findings, FINDING_INTEGRITY, "", "its top folder is '%s', and of this plan it is '%s'",
                     w->top, w->bundle.top);
    else if (strcmp(again, w->v->sha256) != 0)
        return explain_other_tar(w, again, e);
    return 0;
}

/* --- the environment --------------------------------------------------------------------------------------------- */

static int measure_distance(struct verifying *w, struct err *e)
{
    json_t *environments = NULL, *hosts = json_array();
    size_t i;
    const json_t *one = NULL;
    int failed = environments_of(&w->bundle, &environments, e);
    json_array_foreach(json_object_get(environments, "environments"), i, one)
    {
        (void)json_array_append(hosts, json_object_get(json_object_get(one, "environment"), "host"));
    }
    if (failed == 0)
        distance_measure(hosts, "", &w->v->distance);
    w->v->compared = failed == 0;
    json_decref(hosts);
    json_decref(environments);
    return failed;
}

static char *copy(const char *text)
{
    char *c = strdup(text);
    if (!c)
        abort();
    return c;
}

static int take_claims(struct verifying *w, struct err *e)
{
    char expected[96], found[96];
    const struct bundle *b = &w->bundle;
    w->v->claim = calloc(b->claims.count + 1, sizeof(*w->v->claim));
    if (!w->v->claim)
        abort();
    for (size_t i = 0; i < b->claims.count; i++) {
        const struct claim *c = &b->claims.list[i];
        const struct judgement *j = &b->judgement[i];
        w->v->claim[w->v->claims++] = (struct verify_claim){
            copy(c->id),
            copy(c->text),
            copy(claim_expected(c, &b->records, expected, sizeof(expected))),
            copy(claim_found(c, j, &b->records, found, sizeof(found))),
            copy(claim_verdict_name(j->verdict)),
            copy(j->why),
        };
    }
    pack_summary(b, &w->v->summary);
    return pack_image_summary(b, &w->v->summary, e);
}

/* --- all of it --------------------------------------------------------------------------------------------------- */

static int go_through(struct verifying *w, struct err *e)
{
    int failed = open_root(w, e);
    if (failed == 0)
        failed = list_files(w, e);
    if (failed == 0 && !is_broken(w))
        failed = bag_check(w->root_fd, &w->all, &w->v->findings, e);
    if (failed == 0)
        failed = check_signature(w, e);
    if (failed == 0 && !is_broken(w))
        failed = load(w, e);
    if (failed != 0 || !w->loaded)
        return failed;
    check_coverage(w);
    failed = take_claims(w, e);
    if (failed == 0)
        failed = bundle_grants(&w->bundle, BUNDLE_PLAN, &w->v->grants, e);
    if (failed == 0)
        failed = derive(w, e);
    if (failed == 0)
        failed = pack_again(w, e);
    if (failed == 0 && w->o->paper)
        failed = verify_paper(w->o->paper, w->data_fd, &w->v->findings, e);
    return failed == 0 ? measure_distance(w, e) : failed;
}

int verify(const struct verify_options *o, struct verification *ret, struct err *e)
{
    struct verifying w = {.o = o, .v = ret, .tar_fd = -1, .root_fd = -1, .data_fd = -1, .bundle = {.fd = -1}};
    *ret = (struct verification){0};
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
    findings_free(&v->findings);
    text_free(&v->summary);
    text_free(&v->notes);
    text_free(&v->grants.lines);
    for (size_t i = 0; i < v->claims; i++) {
        char *const words[] = {v->claim[i].id,    v->claim[i].text,    v->claim[i].expected,
                               v->claim[i].found, v->claim[i].verdict, v->claim[i].why};
        for (size_t k = 0; k < ARRAY_LEN(words); k++)
            free(words[k]);
    }
    free(v->claim);
    distance_free(&v->distance);
    *v = (struct verification){0};
}

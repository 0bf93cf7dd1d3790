#include "bundle/reproduce.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/beneath.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "bundle/reproduction.h"
#include "cell/carried.h"
#include "oci/image_layout.h"
#include "plan/folder.h"
#include "plan/trust.h"

const char *reproduce_where_name(enum reproduce_where w)
{
    static const char *const NAMES[] = {"host", "image", "vm"};
    return NAMES[w];
}

/* --- the original ------------------------------------------------------------------------------------------------ */

static int check_original(struct reproduction *r, struct err *e)
{
    const struct verify_options v = {r->o->path, NULL, NULL};
    int failed = verify(&v, &r->verified, e);
    if (failed != 0)
        return failed;
    if (verification_failed(&r->verified, FINDING_INTEGRITY) && !r->o->force)
        return err_set(e, ERR_SAID_NO, -EBADMSG,
                       "'%s' is not whole, and nothing of it was run (--force does it anyway)", r->o->path);
    return bundle_open(r->o->path, r->o->force, &r->original, e);
}

/* What the bundle says of this host. On this host tare matrix says itself what it takes of the plan. */
static int judge_plan(struct reproduction *r, struct err *e)
{
    struct bundle *b = &r->original.bundle;
    struct trust_grants grants = {0};
    int failed = 0;
    r->granted = false;
    if (r->o->trust && r->o->where == REPRODUCE_HOST)
        trust_of_options(BUNDLE_LOCK, &b->bound.given, &grants);
    else
        failed = bundle_grants(b, BUNDLE_PLAN, &grants, e);
    r->granted = grants.count > 0;
    if (failed == 0)
        failed = trust_settle(&grants, "reproduce", r->o->path, "it is a bundle's", r->o->trust, e);
    text_free(&grants.lines);
    return failed;
}

/* The modes of files are in no bundle. What was unpacked is one's own; a folder is left as it is. */
static int set_modes(struct reproduction *r, struct err *e)
{
    char path[PATH_MAX + 160], in[128];
    const struct carried *c = &r->original.bundle.plan.carried;
    int failed = 0;
    for (size_t i = 0; failed == 0 && *r->original.unpacked.path && i < c->count; i++) {
        struct carried_files files = {0};
        text_format(path, sizeof(path), "%s/%s", r->original.data, carried_place(&c->of[i], in, sizeof(in)));
        failed = carried_list(path, true, &files, e);
        if (failed == 0)
            failed = carried_set_modes(&files, path, e);
        carried_free(&files);
    }
    return failed;
}

static int name_folder(struct reproduction *r, struct err *e)
{
    const struct bundle *b = &r->original.bundle;
    char name[PATH_MAX];
    if (r->o->out)
        text_format(name, sizeof(name), "%s", r->o->out);
    else
        text_format(name, sizeof(name), "out/reproduction-%s-%.8s", b->plan.name, r->verified.sha256);
    if (strlen(name) >= sizeof(r->out))
        return err_set(e, ERR_USAGE, -ENAMETOOLONG, "--out: the name is too long");
    text_format(r->out, sizeof(r->out), "%s", name);
    return 0;
}

static int by_id(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Nothing is shown by the original's own records: one that is in the folder was copied there, not run. */
static int refuse_originals(const struct reproduction *r, const struct records *here, struct err *e)
{
    const struct records *theirs = &r->original.bundle.records;
    cleanup_free const char **ids = calloc(theirs->count + 1, sizeof(*ids));
    const char *const *known = NULL;
    size_t i = 0;
    if (!ids)
        abort();
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

/* Before anything is run; what cannot be read there is tare matrix's to tell. */
static int check_out(const struct reproduction *r, struct err *e)
{
    struct stat st;
    struct records here = {0};
    struct err ignored = {0};
    if (stat(r->out, &st) != 0)
        return 0;
    int failed = records_read(&here, r->out, &ignored) == 0 ? refuse_originals(r, &here, e) : 0;
    records_free(&here);
    return failed;
}

/* Whoever ran the plan in an image or a VM wrote into the folder what it liked: it has to be the plan that was asked
 * for, since this folder is one's own from now on. */
static int check_bound(const struct reproduction *r, struct err *e)
{
    struct folder folder;
    struct folder_plan bound;
    struct text bytes = {0};
    const struct config_given *asked = &r->original.bundle.bound.given;
    int failed = folder_look(r->out, &folder, e);
    if (failed == 0)
        failed = folder_read(&folder, &bound, &bytes, e);
    if (failed != 0)
        return err_wrap(e, "what was run is not the bundle's plan");
    bool same = strcmp(bound.sha256, r->original.bundle.bound.sha256) == 0;
    for (size_t i = 0; same && i < bound.given.count; i++) {
        const struct config_option *one = &bound.given.option[i];
        bool found = r->o->smoke && (strcmp(one->name, "iterations") == 0 || strcmp(one->name, "warmup") == 0);
        for (size_t k = 0; !found && k < asked->count; k++)
            found = strcmp(one->name, asked->option[k].name) == 0 && strcmp(one->value, asked->option[k].value) == 0;
        same = found;
    }
    folder_plan_free(&bound);
    text_free(&bytes);
    return same ? 0
                : err_set(e, ERR_OURS, -EBADMSG,
                          "'%s': its plan.lock is not of what was asked for: whoever ran the plan changed it", r->out);
}

/* --- what came of it --------------------------------------------------------------------------------------------- */

/* The claims go with the records, so that both are packed together. */
static int keep_claims(const struct reproduction *r, struct err *e)
{
    char path[PATH_MAX];
    const struct text *claims = &r->original.bundle.claims.bytes;
    text_format(path, sizeof(path), "%s/" BUNDLE_CLAIMS, r->out);
    return file_replace_at(r->out_fd, BUNDLE_CLAIMS, path, claims->data, claims->len, e);
}

static void count(struct reproduction *r)
{
    const struct bundle *b = &r->original.bundle;
    r->planned = (size_t)r->invocations * b->cells * (b->noise ? 2 : 1);
    for (size_t i = 0; i < r->records.count; i++) {
        r->run += r->records.list[i].plan_cell[0] != '\0';
        r->failed += r->records.list[i].plan_cell[0] && !r->records.list[i].ok;
    }
}

static bool differs(const struct verification *v, const char *field)
{
    for (size_t i = 0; i < v->distance.count; i++)
        if (strcmp(v->distance.list[i].field, field) == 0)
            return true;
    return false;
}

/* An absolute value means something on the same class of hardware alone; NULL: it is the same. */
static const char *other_class(const struct reproduction *r)
{
    static const char *const CLASS[] = {"cpu_model", "arch", "hypervisor"};
    if (r->o->where == REPRODUCE_VM)
        return "it was run in a virtual machine";
    for (size_t i = 0; i < sizeof(CLASS) / sizeof(*CLASS); i++)
        if (differs(&r->verified, CLASS[i]))
            return CLASS[i];
    return NULL;
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

static int judge_all(struct reproduction *r, struct err *e)
{
    const struct claims *claims = &r->original.bundle.claims;
    int failed = records_read(&r->records, r->out, e);
    if (failed == 0)
        failed = refuse_originals(r, &r->records, e);
    if (failed != 0)
        return failed;
    r->judgement = calloc(claims->count + 1, sizeof(*r->judgement));
    if (!r->judgement)
        abort();
    count(r);
    for (size_t i = 0; i < claims->count; i++)
        r->judgement[i] = judge(r, &claims->list[i]);
    return 0;
}

/* --- all of it --------------------------------------------------------------------------------------------------- */

int reproduce(const struct reproduce_options *o, struct reproduction *ret, struct err *e)
{
    *ret = (struct reproduction){.o = o, .out_fd = -1, .original = {.root_fd = -1, .bundle = {.fd = -1}}};
    int failed = check_original(ret, e);
    if (failed == 0)
        failed = name_folder(ret, e);
    if (failed == 0)
        failed = judge_plan(ret, e);
    if (failed == 0)
        failed = set_modes(ret, e);
    if (failed == 0)
        failed = check_out(ret, e);
    if (failed != 0)
        return failed;
    int64_t planned = ret->original.bundle.plan.invocations;
    ret->invocations = o->smoke && planned > SMOKE_INVOCATIONS ? SMOKE_INVOCATIONS : planned;
    size_t there = file_part_there(ret->out);
    failed = beneath_open_folder(ret->out, true, &ret->out_fd, e);
    if (failed == 0)
        failed = reproduce_run(ret, e);
    if (failed != 0)
        file_take_back(ret->out, there);
    if (failed == 0)
        failed = check_bound(ret, e);
    if (failed == 0)
        failed = keep_claims(ret, e);
    return failed == 0 ? judge_all(ret, e) : failed;
}

bool reproduction_in_held_image(const struct reproduction *r)
{
    struct image_layout held;
    struct err ignored = {0};
    return r->o->where == REPRODUCE_IMAGE && image_layout_read(r->original.bundle.fd, &held, &ignored) == 0 &&
           held.there;
}

void reproduction_free(struct reproduction *r)
{
    verification_free(&r->verified);
    bundle_close(&r->original);
    records_free(&r->records);
    free(r->judgement);
    if (r->out_fd >= 0)
        (void)close(r->out_fd);
    *r = (struct reproduction){.out_fd = -1, .original = {.root_fd = -1, .bundle = {.fd = -1}}};
}

void reproduction_count(const struct reproduction *r, size_t of[CLAIM_VERDICTS])
{
    for (int v = 0; v < CLAIM_VERDICTS; v++)
        of[v] = 0;
    for (size_t i = 0; i < r->original.bundle.claims.count; i++)
        of[r->judgement[i].verdict]++;
}

int reproduction_status(const struct reproduction *r)
{
    size_t of[CLAIM_VERDICTS];
    reproduction_count(r, of);
    if (r->original.bundle.claims.count == 0)
        return 0;
    return of[CLAIM_SUPPORTED] > 0 && of[CLAIM_CONTRADICTED] + of[CLAIM_INCONCLUSIVE] == 0 ? 0 : ERR_SAID_NO;
}

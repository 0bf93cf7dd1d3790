#include "bundle/pool.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "archive/filelist.h"
#include "archive/findings.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/figure.h"
#include "base/json_put.h"
#include "base/stats.h"
#include "bundle/push.h"
#include "bundle/reproduction.h"
#include "cell/config.h"
#include "record/records.h"

const char *const pool_state_names[] = {"counted", "original", "twin", "refused"};

/* What a reading holds. */
struct reading {
    struct pool_result *r;
    json_t *files; /* of each file read, by its SHA-256, whose it is */
    struct minisig_key *key;
    size_t keys;
};

static void refuse(struct pool_member *m, enum pool_state state, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void refuse(struct pool_member *m, enum pool_state state, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    cleanup_free char *said = text_vprintf(fmt, ap);
    va_end(ap);
    free(m->why);
    m->why = text_printable(said);
    m->state = state;
}

/* --- what tells a record and a machine --------------------------------------------------------------------------- */

static void add_print(json_t *set, const char *kind, const char *value)
{
    cleanup_free char *key = text_printf("%s %s", kind, value);
    cleanup_free char *utf8 = text_of_bytes(key);
    json_put(set, utf8, json_true());
}

#define SERIES_MIN  3  /* iterations below which times tell no record */
#define SERIES_BITS 40 /* what a series with equal times has to hold: one in 10^12 */

/* Whether no other invocation has the same times but by copying. With a clock of coarse ticks, or iterations of some
 * nanoseconds, the times of strangers coincide: then there are equal ones among them, and they hold little. */
static bool times_tell(const double *s, size_t n)
{
    size_t distinct = 0;
    if (n < SERIES_MIN)
        return false;
    cleanup_free double *sorted = xcalloc(n, sizeof(*sorted));
    memcpy(sorted, s, n * sizeof(*sorted));
    stats_sort(sorted, n);
    for (size_t i = 0; i < n; i++)
        distinct += i == 0 || sorted[i] > sorted[i - 1];
    return distinct == n || (double)n * log2((double)distinct) >= SERIES_BITS;
}

/* A record is told by its bytes, by its id, and by its iterations' times: one that was written anew, with another id,
 * has these still. Who makes up times is not found by this: a signature says who vouches for them. */
static void add_record(struct pool_member *m, const struct invocation *one, const struct filelist *all)
{
    char digest[DIGEST_HEX], path[FILELIST_PATH_MAX + 8];
    text_format(path, sizeof(path), BUNDLE_DATA "/%s", one->path);
    const struct listed_file *file = filelist_find(all, path);
    if (file)
        add_print(m->prints, "bytes", file->sha256);
    add_print(m->prints, "id", one->id);
    if (!times_tell(one->iteration_s, one->iterations))
        return;
    digest_bytes(one->iteration_s, one->iterations * sizeof(*one->iteration_s), digest);
    add_print(m->prints, "times", digest);
}

/* A machine is told by its boot, which containers of one host share, and by its name with its CPU model and memory,
 * which a restart leaves. */
static void add_machine(struct pool_member *m, const struct invocation *one)
{
    cleanup_json json_t *host = invocation_section(one, "host");
    const json_t *memory = json_object_get(host, "memory_total_bytes");
    if (*one->boot)
        add_print(m->machines, "boot", one->boot);
    if (!*one->node)
        return;
    cleanup_free char *named = text_printf("%s, %s, %lld", one->node, json_word(host, "cpu_model"),
                                           (long long)(json_is_integer(memory) ? json_integer_value(memory) : -1));
    add_print(m->machines, "node", named);
}

static char *hardware_of(const struct invocation *one)
{
    cleanup_json json_t *host = invocation_section(one, "host");
    const char *virt = json_word(host, "hypervisor");
    cleanup_free char *said = text_printf("%.100s, %.40s, %.60s",
                                          *json_word(host, "cpu_model") ? json_word(host, "cpu_model") : "CPU unknown",
                                          *json_word(host, "arch") ? json_word(host, "arch") : "architecture unknown",
                                          !*virt                      ? "hypervisor unknown"
                                          : strcmp(virt, "none") == 0 ? "no hypervisor"
                                                                      : virt);
    return text_printable(said);
}

static void add_program(struct pool_member *m, const struct invocation *one)
{
    const char *known = json_word(m->programs, one->plan_cell), *is = reproduction_program(one);
    json_put_text(m->programs, one->plan_cell, *known && strcmp(known, is) != 0 ? "several programs" : is);
}

static void take_records(struct pool_member *m, const struct verification *v)
{
    const struct records *records = &v->at.bundle.records;
    m->records = records->count;
    m->date = text_printable(bundle_newest(records));
    for (size_t i = 0; i < records->count; i++) {
        cleanup_free char *hardware = hardware_of(&records->list[i]);
        add_record(m, &records->list[i], &v->at.all);
        add_machine(m, &records->list[i]);
        add_program(m, &records->list[i]);
        if (!m->hardware)
            m->hardware = STEAL(hardware);
        else if (strcmp(m->hardware, hardware) != 0) {
            free(m->hardware);
            m->hardware = xstrdup(POOL_SEVERAL_KINDS);
        }
    }
}

/* --- what it says ------------------------------------------------------------------------------------------------ */

/* One of these words, which is constant; else the other. */
static const char *word_among(const char *word, const char *const *list, const char *otherwise)
{
    const int i = text_index(word, list);
    return i < 0 ? otherwise : list[i];
}

static void take_declared(struct pool_member *m, const json_t *reproduction)
{
    static const char *const ROLES[] = {"same-team", "different-team", NULL}, *const WHERE[] = {"host", "image", "vm",
                                                                                                NULL};
    m->role = word_among(json_word(json_object_get(reproduction, "terms"), "declared_role"), ROLES, "undeclared");
    m->where = word_among(json_word(json_object_get(reproduction, "rerun"), "where"), WHERE, "unknown");
    m->smoke = reproduction_is_smoke(reproduction);
    m->of = xstrdup(reproduction_of(reproduction));
}

/* An absolute value is withheld where the hardware is not the original's; pool_judge() decides whether it is. */
static bool is_withheld(const struct claim *c, const json_t *reproduction)
{
    size_t i;
    const json_t *one = NULL;
    json_array_foreach(json_object_get(reproduction, "claims"), i, one)
    {
        if (strcmp(json_word(one, "id"), c->id) == 0)
            return c->kind == CLAIM_VALUE && strcmp(json_word(json_object_get(one, "here"), "verdict"), "NOT RUN") == 0;
    }
    return false;
}

static void take_claim(struct pool_member *m, const struct bundle *b, size_t i)
{
    char expected[96];
    const struct claim *c = &b->claims.list[i];
    const struct figure_about about = records_about(&b->records, c->figure);
    cleanup_free char *unit = text_printf("%.40s", about.unit);
    m->said[i] = (struct pool_said){text_printable(claim_expected(c, &b->records, expected, sizeof(expected))),
                                    text_printable(unit), about.kind, is_withheld(c, b->reproduction)};
    for (size_t part = 0; part < claim_effects(c); part++) {
        m->effect = xgrow(m->effect, m->effects, sizeof(*m->effect));
        m->effect[m->effects++] = claim_effect(c, &b->records, part);
    }
}

static void take_claims(struct pool_member *m, const struct bundle *b)
{
    const struct text *bytes = &b->claims.bytes;
    text_add_bytes(&m->claims, bytes->data ? bytes->data : "", bytes->len);
    digest_bytes(m->claims.data, m->claims.len, m->claims_sha256);
    m->said = xcalloc(b->claims.count, sizeof(*m->said));
    for (; m->claim_count < b->claims.count; m->claim_count++)
        take_claim(m, b, m->claim_count);
}

/* --- reading one ------------------------------------------------------------------------------------------------- */

static const struct finding *first_fault(const struct findings *f)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->list[i].verdict == FINDING_INTEGRITY || f->list[i].verdict == FINDING_DERIVATION)
            return &f->list[i];
    return NULL;
}

static void take_verified(struct reading *w, struct pool_member *m, const struct verification *v)
{
    char line[1400];
    const struct finding *fault = first_fault(&v->at.findings);
    text_format(m->sha256, sizeof(m->sha256), "%s", v->sha256);
    m->signature = verify_signer(v, w->key, w->keys, &m->signer, m->key_id);
    if (fault) {
        size_t more = v->at.findings.found[FINDING_INTEGRITY] + v->at.findings.found[FINDING_DERIVATION] - 1;
        (void)finding_line(fault, line, sizeof(line));
        refuse(m, POOL_REFUSED, more ? "%s (and %zu more: tare verify)" : "%s", line, more);
    } else if (m->signature == VERIFY_FORGED) {
        refuse(m, POOL_REFUSED, "its signature%s%s does not hold", *m->key_id ? " by the key " : "", m->key_id);
    } else if (!v->loaded || !v->derived) {
        refuse(m, POOL_REFUSED, "it could not be checked whole (tare verify says why)");
    } else {
        take_records(m, v);
        take_claims(m, &v->at.bundle);
        if (v->at.bundle.reproduction)
            take_declared(m, v->at.bundle.reproduction);
    }
}

static struct pool_member *new_member(struct pool_result *r, const char *name)
{
    r->member = xgrow(r->member, r->members, sizeof(*r->member));
    struct pool_member *m = &r->member[r->members++];
    *m = (struct pool_member){.name = text_printable(name),
                              .role = "undeclared",
                              .where = "unknown",
                              .prints = json_object(),
                              .machines = json_object(),
                              .programs = json_object()};
    return m;
}

/* A file that was read already, under whatever name, is not verified once more, which takes most of the time. */
static bool take_repeated(struct reading *w, struct pool_member *m, const char *path)
{
    char sha256[DIGEST_HEX];
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || digest_file(path, sha256) != 0)
        return false;
    const json_t *by = json_object_get(w->files, sha256);
    if (!by)
        json_put_int(w->files, sha256, (int64_t)(w->r->members - 1));
    m->is_repeated = by != NULL;
    m->repeats = (size_t)json_integer_value(by);
    if (m->is_repeated)
        m->state = POOL_TWIN; /* until settle_repeated() */
    return m->is_repeated;
}

/* A bundle that cannot be verified is refused, and the others go on. What is this program's or the host's is an error.
 */
static int read_bundle(struct reading *w, const char *name, const char *path, struct err *e)
{
    struct verification v;
    struct err why = {0};
    struct pool_member *m = new_member(w->r, name);
    if (take_repeated(w, m, path))
        return 0;
    int failed = verify(path, NULL, NULL, &v, &why);
    if (failed != 0 && why.kind != ERR_USAGE)
        return err_set(e, why.kind, why.code, "%s", why.text);
    if (failed != 0) {
        refuse(m, POOL_REFUSED, "%s", why.text);
        return 0;
    }
    take_verified(w, m, &v);
    verification_free(&v);
    return 0;
}

static int take_attached(const char *name, const char *path, const char *why_not, void *to, struct err *e)
{
    struct reading *w = to;
    if (path)
        return read_bundle(w, name, path, e);
    refuse(new_member(w->r, name), POOL_REFUSED, "%s", why_not);
    return 0;
}

static bool is_reference(const char *name)
{
    return strncmp(name, "oci:", 4) == 0 || strncmp(name, "docker://", 9) == 0;
}

static int read_all(struct reading *w, char *const *names, struct err *e)
{
    struct stat st;
    for (size_t i = 0; names[i]; i++) /* a misspelt path is told before hours of reading */
        if (!is_reference(names[i]) && stat(names[i], &st) != 0)
            return err_sys(e, ERR_USAGE, "'%s'", names[i]);
    for (size_t i = 0; names[i]; i++) {
        TRY(is_reference(names[i]) ? pull_attached(names[i], take_attached, w, e)
                                   : read_bundle(w, names[i], names[i], e));
        if (w->r->members > POOL_MEMBERS_MAX)
            return err_set(e, ERR_USAGE, -E2BIG, "what is allowed is %d bundles", POOL_MEMBERS_MAX);
    }
    return 0;
}

static int read_keys(struct reading *w, const struct config_words *keys, struct err *e)
{
    w->key = xcalloc(keys->count + 1, sizeof(*w->key));
    for (; w->keys < keys->count; w->keys++)
        TRY(verify_key_read(keys->word[w->keys], &w->key[w->keys], e));
    return 0;
}

/* --- sorting out ------------------------------------------------------------------------------------------------- */

/* Members whose signature holds come before those of whoever there is, each group in its order. */
#define GROUPS 2

static bool is_of_group(const struct pool_member *m, int group)
{
    return (m->signature == VERIFY_SIGNED) == (group == 0);
}

static bool is_given(const struct pool_result *r, const char *sha256)
{
    for (size_t i = 0; i < r->members; i++)
        if (r->member[i].state == POOL_COUNTED && !r->member[i].of && strcmp(sha256, r->member[i].sha256) == 0)
            return true;
    return false;
}

/* The bundle that the first intact reproduction reproduces, unless another reproduces one that was given too. */
static void find_original(struct pool_result *r)
{
    for (int group = 0; group < GROUPS && !*r->original; group++) {
        const char *of = NULL;
        bool given = false;
        for (size_t i = 0; i < r->members && !given; i++) {
            const struct pool_member *m = &r->member[i];
            if (m->state != POOL_COUNTED || !m->of || !is_of_group(m, group))
                continue;
            given = is_given(r, m->of);
            of = given || !of ? m->of : of;
        }
        if (of)
            text_format(r->original, sizeof(r->original), "%s", of);
    }
}

/* The original itself has the claims; without it, its first reproduction. */
static void find_reference(struct pool_result *r)
{
    for (size_t i = 0; i < r->members; i++) {
        struct pool_member *m = &r->member[i];
        if (m->state != POOL_COUNTED)
            continue;
        if (!m->of && strcmp(m->sha256, r->original) == 0) {
            if (!r->reference || r->reference->state != POOL_ORIGINAL)
                r->reference = m;
            refuse(m, POOL_ORIGINAL, "it is the original");
        }
    }
    for (int group = 0; group < GROUPS; group++)
        for (size_t i = 0; i < r->members && !r->reference; i++) {
            const struct pool_member *m = &r->member[i];
            if (m->state == POOL_COUNTED && m->of && strcmp(m->of, r->original) == 0 && is_of_group(m, group))
                r->reference = m;
        }
}

/* What a claim of the original is of: what its cells weighed; where the original is not given, the reference's. */
static const struct pool_member *model(const struct pool_result *r)
{
    for (size_t i = 0; i < r->members; i++)
        if (r->member[i].state == POOL_ORIGINAL && strcmp(r->member[i].sha256, r->original) == 0)
            return &r->member[i];
    return r->reference;
}

static void refuse_another_program(const struct pool_result *r, struct pool_member *m)
{
    const struct pool_member *theirs = model(r);
    const char *cell = NULL;
    json_t *is = NULL;
    json_object_foreach(m->programs, cell, is)
    {
        const json_t *was = theirs ? json_object_get(theirs->programs, cell) : NULL;
        if (was && !json_equal(was, is)) {
            refuse(m, POOL_REFUSED, "its cell '%.80s' weighed %.40s, and that of %s %.40s: another program", cell,
                   json_string_value(is), theirs->name, json_string_value(was));
            return;
        }
    }
}

static void refuse_others(const struct pool_result *r, struct pool_member *m)
{
    if (m->state != POOL_COUNTED)
        return;
    if (!m->of)
        refuse(m, POOL_REFUSED, "it reproduces no bundle, and is not the original of the others");
    else if (strcmp(m->of, r->original) != 0)
        refuse(m, POOL_REFUSED, "it reproduces another bundle, sha256 %.12s..., not %.12s...", m->of, r->original);
    else if (r->reference && strcmp(m->claims_sha256, r->reference->claims_sha256) != 0)
        refuse(m, POOL_REFUSED, "its claims are not those of %s", r->reference->name);
    else if (m->records == 0)
        refuse(m, POOL_REFUSED, "it has no records");
    else
        refuse_another_program(r, m);
}

/* The prints of a kind that are seen already, and whose the first of them is. */
static size_t count_seen(const struct pool_member *m, const json_t *seen, const char *kind, size_t *owner)
{
    size_t count = 0;
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(m->prints, key, value)
    {
        const json_t *by = strncmp(key, kind, strlen(kind)) == 0 ? json_object_get(seen, key) : NULL;
        if (by && count++ == 0)
            *owner = (size_t)json_integer_value(by);
    }
    return count;
}

static void add_seen(json_t *seen, const struct pool_member *m, size_t owner)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(m->prints, key, value)
    {
        json_put_int(seen, key, (int64_t)owner);
    }
}

/* A record in two reproductions was measured once: of the two the one that comes later is left out whole. */
static void leave_out_twin(const struct pool_result *r, struct pool_member *m, const json_t *seen)
{
    static const char *const KINDS[] = {"bytes ", "id ", "times "};
    size_t most = 0, owner = 0;
    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
        size_t by = 0, count = count_seen(m, seen, KINDS[i], &by);
        owner = count > most ? by : owner;
        most = count > most ? count : most;
    }
    if (most == 0)
        return;
    if (r->member[owner].state == POOL_ORIGINAL)
        refuse(m, POOL_REFUSED, "%zu of its %zu records are the original's: they were not run again", most, m->records);
    else
        refuse(m, POOL_TWIN, "%zu of its %zu records are those of %s, which counts already", most, m->records,
               r->member[owner].name);
}

static void leave_out_twins(struct pool_result *r)
{
    cleanup_json json_t *seen = json_object();
    for (size_t i = 0; i < r->members; i++)
        if (r->member[i].state == POOL_ORIGINAL)
            add_seen(seen, &r->member[i], i);
    for (int group = 0; group < GROUPS; group++)
        for (size_t i = 0; i < r->members; i++) {
            struct pool_member *m = &r->member[i];
            if (m->state != POOL_COUNTED || !is_of_group(m, group))
                continue;
            leave_out_twin(r, m, seen);
            if (m->state == POOL_COUNTED)
                add_seen(seen, m, i);
        }
}

/* What repeats a file is what that is, and where that counts its twin. */
static void settle_repeated(const struct pool_result *r)
{
    for (size_t i = 0; i < r->members; i++) {
        struct pool_member *m = &r->member[i];
        const struct pool_member *first = &r->member[m->repeats];
        if (!m->is_repeated)
            continue;
        m->signature = first->signature;
        m->signer = first->signer;
        m->records = first->records;
        text_format(m->sha256, sizeof(m->sha256), "%s", first->sha256);
        text_format(m->key_id, sizeof(m->key_id), "%s", first->key_id);
        if (first->state == POOL_COUNTED)
            refuse(m, POOL_TWIN, "%zu of its %zu records are those of %s, which counts already", m->records, m->records,
                   first->name);
        else
            refuse(m, first->state, "%s", first->why ? first->why : "");
    }
}

/* Sets of members that are of one machine: each points to an earlier one of its set, the first to itself. */
struct machine_sets {
    size_t *of;
    bool *vouched; /* of the first: a member whose signature holds is in the set */
};

static size_t first_of(const struct machine_sets *s, size_t i)
{
    while (s->of[i] != i)
        i = s->of[i];
    return i;
}

/* Two sets, by their first members. */
static void unite(struct machine_sets *s, size_t a, size_t b)
{
    size_t first = a < b ? a : b, later = a < b ? b : a;
    s->of[later] = first;
    s->vouched[first] |= s->vouched[later];
}

/* Members that share a machine, be it by a third one, are of one. But whoever says that he ran on the machines of two
 * others, whose signatures hold, does not make theirs one. seen: of each machine, whose it is first. */
static void unite_machines(const struct pool_result *r, int group, json_t *seen, struct machine_sets *s)
{
    for (size_t i = 0; i < r->members; i++) {
        const struct pool_member *m = &r->member[i];
        const char *key = NULL;
        json_t *value = NULL;
        if (m->state != POOL_COUNTED || !is_of_group(m, group))
            continue;
        json_object_foreach(m->machines, key, value)
        {
            const json_t *by = json_object_get(seen, key);
            size_t x = first_of(s, i), y = first_of(s, by ? (size_t)json_integer_value(by) : i);
            if (!by)
                json_put_int(seen, key, (int64_t)i);
            else if (x != y && (group == 0 || !s->vouched[x] || !s->vouched[y]))
                unite(s, x, y);
        }
    }
}

/* A member that names no machine has one of its own. */
static void number_machines(struct pool_result *r)
{
    cleanup_free size_t *of = xcalloc(r->members, sizeof(*of));
    cleanup_free bool *vouched = xcalloc(r->members, sizeof(*vouched));
    cleanup_json json_t *seen = json_object();
    struct machine_sets s = {of, vouched};
    for (size_t i = 0; i < r->members; i++) {
        of[i] = i;
        vouched[i] = is_of_group(&r->member[i], 0);
    }
    for (int group = 0; group < GROUPS; group++)
        unite_machines(r, group, seen, &s);
    for (size_t i = 0; i < r->members; i++) {
        struct pool_member *m = &r->member[i];
        if (m->state == POOL_COUNTED)
            m->machine = of[i] == i ? r->machines++ : r->member[first_of(&s, i)].machine;
    }
}

static void number_classes(struct pool_result *r)
{
    for (size_t i = 0; i < r->members; i++) {
        struct pool_member *m = &r->member[i];
        size_t k = 0;
        if (m->state != POOL_COUNTED)
            continue;
        r->counted++;
        while (k < r->classes && strcmp(r->class_[k], m->hardware) != 0)
            k++;
        m->class_ = k;
        if (k == r->classes) {
            r->class_ = xgrow(r->class_, r->classes, sizeof(*r->class_)); /* NOLINT(bugprone-sizeof-expression) */
            r->class_[r->classes++] = m->hardware;
        }
    }
}

void pool_sort_out(struct pool_result *r)
{
    find_original(r);
    find_reference(r);
    for (size_t i = 0; i < r->members; i++)
        refuse_others(r, &r->member[i]);
    leave_out_twins(r);
    settle_repeated(r);
    number_machines(r);
    number_classes(r);
    for (size_t i = 0; i < r->members; i++)
        r->refused += r->member[i].state == POOL_REFUSED;
}

/* --- all of it --------------------------------------------------------------------------------------------------- */

static int judge_all(struct pool_result *r, struct err *e)
{
    struct text bytes = {0};
    if (r->counted == 0)
        return 0;
    text_add_bytes(&bytes, r->reference->claims.data, r->reference->claims.len);
    TRY(claims_parse(BUNDLE_CLAIMS, &bytes, &r->claims, e));
    pool_judge(r);
    return 0;
}

int pool_bundles(char *const *names, const struct config_words *keys, struct pool_result *ret, struct err *e)
{
    struct pool_result r = {.key = keys->word};
    struct reading w = {.r = &r, .files = json_object()};
    int failed = read_keys(&w, keys, e);
    if (failed == 0)
        failed = read_all(&w, names, e);
    free(w.key);
    json_decref(w.files);
    if (failed == 0) {
        pool_sort_out(&r);
        failed = judge_all(&r, e);
    }
    if (failed != 0)
        pool_result_free(&r);
    else
        *ret = r;
    return failed;
}

static void free_member(struct pool_member *m)
{
    for (size_t i = 0; i < m->claim_count; i++) {
        free(m->said[i].expected);
        free(m->said[i].unit);
    }
    free(m->said);
    free(m->name);
    free(m->why);
    free(m->of);
    free(m->date);
    free(m->hardware);
    free(m->effect);
    text_free(&m->claims);
    json_decref(m->prints);
    json_decref(m->machines);
    json_decref(m->programs);
}

void pool_result_free(struct pool_result *r)
{
    for (size_t i = 0; i < r->members; i++)
        free_member(&r->member[i]);
    for (size_t i = 0; r->claim && i < r->claims.count; i++) {
        for (size_t part = 0; part < r->claim[i].parts; part++)
            free(r->claim[i].part[part].of_class);
        free(r->claim[i].part);
        free(r->claim[i].of_class);
    }
    free(r->claim);
    free(r->member);
    free(r->class_);
    claims_free(&r->claims);
    *r = (struct pool_result){0};
}

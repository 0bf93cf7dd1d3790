#include "bundle/verify_derived.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "archive/filelist.h"
#include "archive/files.h"
#include "archive/findings.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/json_put.h"
#include "base/json_scan.h"
#include "base/text.h"
#include "bundle/bag.h"
#include "bundle/bundle.h"
#include "bundle/derive.h"
#include "bundle/pack_info.h"
#include "bundle/reproduction.h"
#include "cell/carried.h"
#include "oci/image.h"

#define CRATE_MAX (64U << 20)

/* Whether a file is a source, from which the other files are derived. */
static bool is_source(const struct bundle *b, const char *path)
{
    char in[128];
    static const char *const NAMES[] = {BUNDLE_PLAN,       BUNDLE_LOCK,         BUNDLE_CLAIMS,
                                        BUNDLE_PACK,       BUNDLE_LICENSE,      BUNDLE_IMAGES,
                                        REPRODUCTION_FILE, REPRODUCTION_SIGNED, NULL};
    for (size_t i = 0; i < b->plan.carried.count; i++) {
        size_t len = strlen(carried_place(&b->plan.carried.of[i], in, sizeof(in)));
        if (strncmp(path, in, len) == 0 && path[len] == '/')
            return true; /* reading the plan has checked its digest against plan.lock */
    }
    return text_is_among(path, NAMES) || oci_image_has(path);
}

/* --- both ways --------------------------------------------------------------------------------------------------- */

struct comparing {
    const struct verify_sides *s;
    int data_fd; /* ours */
    struct filelist derived;
    bool draws; /* what draws here draws as theirs did */
    struct findings *findings;
    struct text *notes;
};

/* Whether it is a drawing, which is compared only if it can be drawn identically here. */
static bool is_drawing(const char *path)
{
    static const char *const ENDINGS[] = {".svg", ".pdf", ".png", NULL};
    const char *dot = strrchr(path, '.');
    return dot && text_is_among(dot, ENDINGS) &&
           strncmp(path, BUNDLE_PAPER "figures/", strlen(BUNDLE_PAPER "figures/")) == 0;
}

/* Whether a drawing's data, which have its name, are compared in its place. */
static bool has_data(const struct comparing *c, const char *path)
{
    char data[FILELIST_PATH_MAX + 1];
    text_format(data, sizeof(data), "%.*s.dat", (int)(strrchr(path, '.') - path), path);
    return filelist_find(&c->derived, data) != NULL;
}

static void compare_file(struct comparing *c, const struct listed_file *ours)
{
    const struct listed_file *theirs = filelist_find(c->s->payload, ours->path);
    enum finding_verdict kind = strcmp(ours->path, CRATE_FILE) == 0 ? FINDING_INTEGRITY : FINDING_DERIVATION;
    if (!theirs)
        findings_add(c->findings, kind, ours->path, "it is not there, and follows from the records");
    else if (strcmp(theirs->sha256, ours->sha256) != 0)
        findings_add(c->findings, kind, ours->path, "it is not what the records, the plan and the claims give");
}

static void mark(const struct filelist *payload, const char *path, bool *marks)
{
    const struct listed_file *file = filelist_find(payload, path);
    if (file)
        marks[file - payload->file] = true;
}

static void find_strangers(struct comparing *c)
{
    char why[FILELIST_PATH_MAX + 1];
    const struct filelist *payload = c->s->payload;
    const struct records *records = &c->s->b->records;
    cleanup_free bool *is_record = xcalloc(payload->count, sizeof(*is_record));
    for (size_t i = 0; i < records->count; i++) {
        mark(payload, records->list[i].path, is_record);
        mark(payload, bundle_why_path(records->list[i].path, why), is_record);
    }
    for (size_t i = 0; i < payload->count; i++) {
        const char *path = payload->file[i].path;
        if (!is_record[i] && !is_source(c->s->b, path) && !filelist_find(&c->derived, path) &&
            (c->draws || !is_drawing(path) || !has_data(c, path)))
            findings_add(c->findings, FINDING_INTEGRITY, path, "it is none of a bundle's files, and follows from none");
    }
}

/* --- all of it --------------------------------------------------------------------------------------------------- */

static void compare_bag(struct comparing *c, int ours)
{
    static const char *const NAMES[] = {BAG_DECLARATION, BAG_INFO, BAG_MANIFEST, BAG_TAG_MANIFEST};
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++)
        if (!files_same(c->s->root_fd, ours, NAMES[i]))
            findings_add(c->findings, FINDING_INTEGRITY, NAMES[i], "packed again it is another");
}

/* Finds whether drawings can be compared; if not, adds a note with the reason. */
static void find_drawer(struct comparing *c)
{
    struct err why = {0};
    cleanup_json json_t *here = NULL;
    const json_t *theirs = json_object_get(c->s->b->pack, "drawn_by");
    const char *version = json_string_value(json_object_get(theirs, "gnuplot"));
    cleanup_free char *told = text_printable(version ? version : "(unknown)");
    int failed = drawn_by(&here, &why);
    bool dated_here = json_is_null(json_object_get(here, "probe_sha256"));
    bool dated = dated_here || json_is_null(json_object_get(theirs, "probe_sha256"));
    c->draws = failed == 0 && !dated && json_equal(here, theirs);
    if (c->draws)
        return;
    text_add(c->notes, "the drawings are not compared, their data are: ");
    if (failed != 0)
        text_add(c->notes, "%s\n", why.text);
    else if (dated)
        text_add(c->notes, "the cairo %s writes the time into its PDFs where it cannot be taken out\n",
                 dated_here ? "here" : "that drew them");
    else
        text_add(c->notes, "gnuplot %.40s with its fonts drew them, and here %s draws otherwise\n", told,
                 json_string_value(json_object_get(here, "gnuplot")));
}

static int compare_all(struct comparing *c, struct err *e)
{
    find_drawer(c);
    TRY(derive_documents(c->s->b, c->data_fd, c->draws, e));
    TRY(derive_crate(c->s->b, c->s->payload, c->data_fd, e));
    TRY(filelist_read(c->data_fd, &c->derived, c->findings, e));
    for (size_t i = 0; i < c->derived.count; i++)
        compare_file(c, &c->derived.file[i]);
    find_strangers(c);
    TRY(derive_bag(c->s->b, c->s->payload, c->s->derived_fd, e));
    compare_bag(c, c->s->derived_fd);
    return 0;
}

int verify_derived(const struct verify_sides *s, struct findings *f, struct text *notes, struct err *e)
{
    struct comparing c = {.s = s, .data_fd = -1, .findings = f, .notes = notes};
    if (mkdirat(s->derived_fd, BUNDLE_DATA, 0755) == 0)
        c.data_fd = openat(s->derived_fd, BUNDLE_DATA, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int failed = c.data_fd < 0 ? err_sys(e, ERR_HOST, "a folder of our own") : compare_all(&c, e);
    close_fd(&c.data_fd);
    filelist_free(&c.derived);
    return failed;
}

/* --- the crate's digests of the files ---------------------------------------------------------------------------- */

/* What the crate is compared with. */
struct held {
    const struct filelist *payload;
    struct findings *findings;
};

/* A text without its quotes; "": it is none, or longer than any that is looked for. Ours have no escapes. */
static const char *word_of(struct json_span text, char buf[FILELIST_PATH_MAX + 1])
{
    const bool is_text = text.data && *text.data == '"' && text.len - 2 <= FILELIST_PATH_MAX;
    text_format(buf, FILELIST_PATH_MAX + 1, "%.*s", is_text ? (int)text.len - 2 : 0, is_text ? text.data + 1 : "");
    return buf;
}

/* Compares one entity. A wrong digest is a finding of the file itself: that the crate differs would say little. */
static const char *take_entity(struct json_span key, struct json_span value, void *to)
{
    static const char *const NAMES[] = {"@id", "@type", "sha256"};
    struct json_span found[ARRAY_LEN(NAMES)] = {{NULL, 0}};
    const struct held *h = to;
    char id[FILELIST_PATH_MAX + 1], sha256[FILELIST_PATH_MAX + 1];
    (void)key;
    json_scan_members(value, NAMES, found, ARRAY_LEN(NAMES));
    if (!found[0].data || !found[1].data || !json_span_is(found[1], "\"File\""))
        return NULL;
    const struct listed_file *file = filelist_find(h->payload, word_of(found[0], id));
    if (!*id)
        findings_add(h->findings, FINDING_INTEGRITY, CRATE_FILE, "it describes a file without its path");
    else if (!file)
        findings_add(h->findings, FINDING_INTEGRITY, id, CRATE_FILE " describes it, and it is not there");
    else if (strcmp(word_of(found[2], sha256), file->sha256) != 0)
        findings_add(h->findings, FINDING_INTEGRITY, id, "its SHA-256 is %s, and " CRATE_FILE " says %.64s",
                     file->sha256, *sha256 ? sha256 : "none");
    return NULL;
}

static const char *take_graph(struct json_span key, struct json_span value, void *to)
{
    struct json_scan_error why;
    if (!json_span_is(key, "@graph"))
        return NULL;
    return json_scan_array(value, take_entity, to, &why) == 0 ? NULL : "@graph is no list";
}

void verify_crate(const struct filelist *payload, int data_fd, struct findings *f)
{
    cleanup_text struct text t = {0};
    struct held h = {payload, f};
    struct json_scan_error why = {NULL, NULL};
    if (files_read(data_fd, CRATE_FILE, CRATE_MAX, &t) != 0)
        findings_add(f, FINDING_INTEGRITY, CRATE_FILE, "it is not there, or larger than 64 MiB");
    else if (json_scan_object((struct json_span){t.data, t.len}, take_graph, &h, &why) != 0)
        findings_add(f, FINDING_INTEGRITY, CRATE_FILE, "%s", why.why);
}

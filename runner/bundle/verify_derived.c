#include "bundle/verify_derived.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/findings.h"
#include "archive/parcel.h"
#include "archive/scratch.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"
#include "bundle/bag.h"
#include "bundle/bundle.h"
#include "bundle/derive.h"
#include "bundle/drawn_by.h"
#include "bundle/pack.h"
#include "bundle/pack_info.h"
#include "bundle/reproduction.h"
#include "cell/carried.h"
#include "oci/image_layout.h"

/* What a bundle's other files follow from. */
static bool is_source(const struct bundle *b, const char *path)
{
    char in[128];
    static const char *const NAMES[] = {BUNDLE_PLAN,       BUNDLE_LOCK,         BUNDLE_CLAIMS,
                                        BUNDLE_PACK,       BUNDLE_LICENSE,      BUNDLE_IMAGES,
                                        REPRODUCTION_FILE, REPRODUCTION_SIGNED, NULL};
    for (size_t i = 0; i < b->plan.carried.count; i++) {
        size_t len = strlen(carried_place(&b->plan.carried.of[i], in, sizeof(in)));
        if (strncmp(path, in, len) == 0 && path[len] == '/')
            return true; /* its digest is that of plan.lock, or the plan would not have been read */
    }
    return text_is_among(path, NAMES) || image_layout_has(path);
}

/* --- both ways --------------------------------------------------------------------------------------------------- */

struct comparing {
    const struct verify_sides *s;
    int data_fd; /* ours */
    struct parcel derived;
    bool draws; /* what draws here draws as theirs did */
    struct findings *findings;
    struct text *notes;
};

/* A drawing is compared where it is drawn the same here. */
static bool is_drawing(const char *path)
{
    static const char *const ENDINGS[] = {".svg", ".pdf", ".png", NULL};
    const char *dot = strrchr(path, '.');
    return dot && text_is_among(dot, ENDINGS) &&
           strncmp(path, BUNDLE_PAPER "figures/", strlen(BUNDLE_PAPER "figures/")) == 0;
}

/* Of a drawing that was not drawn here its data are compared, which have its name. */
static bool has_data(const struct comparing *c, const char *path)
{
    char data[PARCEL_PATH_MAX + 1];
    text_format(data, sizeof(data), "%.*s.dat", (int)(strrchr(path, '.') - path), path);
    return parcel_find(&c->derived, data) != NULL;
}

static void compare_file(struct comparing *c, const struct parcel_file *ours)
{
    const struct parcel_file *theirs = parcel_find(c->s->payload, ours->path);
    enum finding_verdict kind = strcmp(ours->path, CRATE_FILE) == 0 ? FINDING_INTEGRITY : FINDING_DERIVATION;
    if (!theirs)
        findings_add(c->findings, kind, ours->path, "it is not there, and follows from the records");
    else if (strcmp(theirs->sha256, ours->sha256) != 0)
        findings_add(c->findings, kind, ours->path, "it is not what the records, the plan and the claims give");
}

static void find_strangers(struct comparing *c)
{
    const struct parcel *payload = c->s->payload;
    const struct records *records = &c->s->b->records;
    cleanup_free bool *is_record = calloc(payload->count + 1, sizeof(*is_record));
    if (!is_record)
        abort();
    for (size_t i = 0; i < records->count; i++) {
        const struct parcel_file *file = parcel_find(payload, records->list[i].path);
        if (file)
            is_record[file - payload->file] = true;
    }
    for (size_t i = 0; i < payload->count; i++) {
        const char *path = payload->file[i].path;
        if (!is_record[i] && !is_source(c->s->b, path) && !parcel_find(&c->derived, path) &&
            (c->draws || !is_drawing(path) || !has_data(c, path)))
            findings_add(c->findings, FINDING_INTEGRITY, path, "it is none of a bundle's files, and follows from none");
    }
}

/* --- all of it --------------------------------------------------------------------------------------------------- */

static bool is_other_format(const struct comparing *c)
{
    return json_integer_value(json_object_get(c->s->b->pack, "format")) != PACK_FORMAT;
}

static void compare_bag(struct comparing *c, int ours)
{
    static const char *const NAMES[] = {"bagit.txt", "bag-info.txt", BAG_MANIFEST, BAG_TAG_MANIFEST};
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++)
        if (!scratch_same(c->s->root_fd, ours, NAMES[i]))
            findings_add(c->findings, FINDING_INTEGRITY, NAMES[i], "packed again it is another");
}

/* Whether drawings can be compared; why not is a note. */
static void find_drawer(struct comparing *c)
{
    struct err why = {0};
    json_t *here = NULL;
    const json_t *theirs = json_object_get(c->s->b->pack, "drawn_by");
    const char *version = json_string_value(json_object_get(theirs, "gnuplot"));
    cleanup_free char *told = text_printable(version ? version : "(unknown)");
    int failed = drawn_by(&here, &why);
    c->draws = failed == 0 && json_equal(here, theirs);
    if (failed != 0)
        text_add(c->notes, "the drawings are not compared, their data are: %s\n", why.text);
    else if (!c->draws)
        text_add(c->notes,
                 "the drawings are not compared, their data are: gnuplot %.40s with its fonts drew them, and here %s "
                 "draws otherwise\n",
                 told, json_string_value(json_object_get(here, "gnuplot")));
    json_decref(here);
}

static int compare_all(struct comparing *c, struct err *e)
{
    find_drawer(c);
    int failed = derive_documents(c->s->b, c->data_fd, c->draws, e);
    if (failed == 0)
        failed = derive_crate(c->s->b, c->s->payload, c->data_fd, e);
    if (failed == 0)
        failed = parcel_read_folder(c->data_fd, &c->derived, c->findings, e);
    for (size_t i = 0; failed == 0 && i < c->derived.count; i++)
        compare_file(c, &c->derived.file[i]);
    if (failed == 0)
        find_strangers(c);
    if (failed == 0)
        failed = pack_bag(c->s->b, c->s->derived_fd, c->s->data_fd, e);
    if (failed == 0)
        compare_bag(c, c->s->derived_fd);
    return failed;
}

int verify_derived(const struct verify_sides *s, struct findings *f, struct text *notes, struct err *e)
{
    struct comparing c = {.s = s, .data_fd = -1, .findings = f, .notes = notes};
    if (is_other_format(&c)) {
        text_add(notes,
                 "what follows from the records is not compared: it was packed in the format %lld, and this tare "
                 "derives the format %d\n",
                 (long long)json_integer_value(json_object_get(s->b->pack, "format")), PACK_FORMAT);
        return 0;
    }
    if (mkdirat(s->derived_fd, BUNDLE_DATA, 0755) == 0)
        c.data_fd = openat(s->derived_fd, BUNDLE_DATA, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int failed = c.data_fd < 0 ? err_sys(e, ERR_HOST, "a folder of our own") : compare_all(&c, e);
    if (c.data_fd >= 0)
        (void)close(c.data_fd);
    parcel_free(&c.derived);
    return failed;
}

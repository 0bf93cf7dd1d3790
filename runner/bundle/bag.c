#include "bundle/bag.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "archive/filelist.h"
#include "archive/files.h"
#include "archive/findings.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/text.h"

#define PAYLOAD     "data/"
#define DECLARATION "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
#define TAG_MAX     (32U << 20) /* bytes of a tag file that is read whole: 100,000 lines of 280 bytes */

static bool is_payload(const char *path)
{
    return strncmp(path, PAYLOAD, strlen(PAYLOAD)) == 0;
}

/* --- writing ---------------------------------------------------------------------------------------------------- */

static int write_tag(int dirfd, const char *name, const struct text *t, struct text *manifest, struct err *e)
{
    char hex[DIGEST_HEX];
    digest_bytes(t->data, t->len, hex);
    if (manifest)
        text_add(manifest, "%s  %s\n", hex, name);
    return files_write(dirfd, name, t->data, t->len, e);
}

/* The files of data/ in a bag's list; with `bag` false, all listed files. */
static size_t payload_of(const struct filelist *files, bool bag, uint64_t *bytes)
{
    size_t count = 0;
    *bytes = 0;
    for (size_t i = 0; i < files->count; i++)
        if (!bag || is_payload(files->file[i].path)) {
            *bytes += files->file[i].size_bytes;
            count++;
        }
    return count;
}

int bag_write(int dirfd, const struct filelist *payload, const char *software, const char *date, struct err *e)
{
    cleanup_text struct text about = {0}, declaration = {0}, manifest = {0}, tags = {0};
    uint64_t bytes = 0;
    const size_t count = payload_of(payload, false, &bytes);
    text_add(
        &about,
        "Bag-Software-Agent: %s\nBagging-Date: %s\nExternal-Description: records of measurements, and what follows "
        "from them: an RO-Crate; data/README.md is for its reader\nPayload-Oxum: %" PRIu64 ".%zu\n",
        software, date, bytes, count);
    text_add(&declaration, DECLARATION);
    text_add(&manifest, "%s", "");
    for (size_t i = 0; i < payload->count; i++)
        text_add(&manifest, "%s  " PAYLOAD "%s\n", payload->file[i].sha256, payload->file[i].path);
    /* The tag manifest's lines in the order of their names. */
    TRY(write_tag(dirfd, BAG_INFO, &about, &tags, e));
    TRY(write_tag(dirfd, BAG_DECLARATION, &declaration, &tags, e));
    TRY(write_tag(dirfd, BAG_MANIFEST, &manifest, &tags, e));
    return write_tag(dirfd, BAG_TAG_MANIFEST, &tags, NULL, e);
}

/* --- checking --------------------------------------------------------------------------------------------------- */

/* A bag being checked. */
struct checking {
    int dirfd;
    const struct filelist *files;
    bool *named; /* per file: a manifest lists it */
    struct findings *findings;
    struct err *e;
};

/* A finding against integrity. */
#define BROKEN(c, ...) findings_add((c)->findings, FINDING_INTEGRITY, __VA_ARGS__)

/* One line "DIGEST  PATH" (RFC 8493 §2.1.3; the digest in lower case, as all writers of bags do). */
static void check_line(const struct checking *c, const char *manifest, const char *line)
{
    size_t digits = strspn(line, "0123456789abcdef"), blanks = strspn(line + digits, " \t");
    const char *path = line + digits + blanks;
    if (digits != 64 || blanks == 0 || strlen(line) < 67 || !*path) {
        BROKEN(c, manifest, "'%.80s' is no line of a manifest (DIGEST  PATH)", line);
        return;
    }
    const struct listed_file *file = filelist_find(c->files, path);
    if (is_payload(path) != (strcmp(manifest, BAG_MANIFEST) == 0)) {
        BROKEN(c, manifest, "it names '%s', which is none of its files", path);
    } else if (!file) {
        BROKEN(c, path, "%s names it, and it is not there", manifest);
    } else {
        if (c->named[file - c->files->file])
            BROKEN(c, path, "%s names it twice", manifest);
        c->named[file - c->files->file] = true;
        if (strncmp(line, file->sha256, 64) != 0)
            BROKEN(c, path, "its SHA-256 is %s, and %s says %.64s", file->sha256, manifest, line);
    }
}

/* Reads a tag file. Missing or too large: adds a finding, and the data stays NULL. */
static int read_tag(const struct checking *c, const char *name, struct text *ret)
{
    const struct listed_file *file = filelist_find(c->files, name);
    if (!file || file->size_bytes > TAG_MAX) {
        BROKEN(c, name, file ? "it is larger than 32 MiB" : "it is not there");
        return 0;
    }
    return err_code(c->e, ERR_USAGE, files_read(c->dirfd, name, TAG_MAX, ret), "%s", name);
}

static int check_manifest(const struct checking *c, const char *manifest)
{
    cleanup_text struct text t = {0};
    TRY(read_tag(c, manifest, &t));
    if (t.data && strlen(t.data) != t.len)
        BROKEN(c, manifest, "a NUL byte in it");
    for (char *rest = t.data, *line; (line = text_line(&rest));)
        check_line(c, manifest, line);
    return 0;
}

/* Every file must be listed in a manifest, except (RFC 8493 §3) the tag manifests themselves, and the signature, which
 * is made later. */
static void check_unnamed(const struct checking *c)
{
    for (size_t i = 0; i < c->files->count; i++) {
        const char *path = c->files->file[i].path;
        if (!c->named[i] && strcmp(path, BAG_TAG_MANIFEST) != 0 && strcmp(path, BAG_SIGNATURE) != 0)
            BROKEN(c, path, "no manifest names it");
    }
}

static int check_declaration(const struct checking *c)
{
    cleanup_text struct text t = {0};
    TRY(read_tag(c, BAG_DECLARATION, &t));
    if (t.data && (t.len != strlen(DECLARATION) || memcmp(t.data, DECLARATION, t.len) != 0))
        BROKEN(c, BAG_DECLARATION, "it is not the declaration of BagIt 1.0 in UTF-8");
    return 0;
}

static int check_info(const struct checking *c)
{
    char expected[64];
    cleanup_text struct text t = {0};
    uint64_t bytes = 0;
    TRY(read_tag(c, BAG_INFO, &t));
    size_t count = payload_of(c->files, true, &bytes);
    text_format(expected, sizeof(expected), "Payload-Oxum: %" PRIu64 ".%zu\n", bytes, count);
    const char *oxum = t.data ? strstr(t.data, "Payload-Oxum:") : NULL;
    if (oxum && strncmp(oxum, expected, strlen(expected)) != 0)
        BROKEN(c, BAG_INFO, "'%.*s', and the payload is %.*s", (int)strcspn(oxum, "\n"), oxum,
               (int)strlen(expected) - 15, expected + 14);
    return 0;
}

int bag_check(int dirfd, const struct filelist *files, struct findings *f, struct err *e)
{
    cleanup_free bool *named = xcalloc(files->count, sizeof(*named));
    const struct checking c = {dirfd, files, named, f, e};
    TRY(check_declaration(&c));
    TRY(check_manifest(&c, BAG_MANIFEST));
    TRY(check_manifest(&c, BAG_TAG_MANIFEST));
    check_unnamed(&c);
    return check_info(&c);
}

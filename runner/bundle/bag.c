#include "bundle/bag.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "archive/findings.h"
#include "archive/parcel.h"
#include "archive/scratch.h"
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
    if (digest_bytes(t->data, t->len, hex) != 0)
        return err_set(e, ERR_OURS, -ENOMEM, "no memory for a digest");
    if (manifest)
        text_add(manifest, "%s  %s\n", hex, name);
    return scratch_write(dirfd, name, t->data, t->len, e);
}

static void describe(const struct parcel *payload, const struct bag_info *info, struct text *ret)
{
    char date[16];
    struct tm tm;
    const time_t at = (time_t)info->date_s;
    uint64_t bytes = 0;
    for (size_t i = 0; i < payload->count; i++)
        bytes += payload->file[i].size_bytes;
    (void)strftime(date, sizeof(date), "%Y-%m-%d", gmtime_r(&at, &tm));
    text_add(ret, "Bag-Software-Agent: %s\nBagging-Date: %s\nExternal-Description: %s\nPayload-Oxum: %" PRIu64 ".%zu\n",
             info->software, date, info->description, bytes, payload->count);
}

int bag_write(int dirfd, const struct parcel *payload, const struct bag_info *info, struct err *e)
{
    struct text about = {0}, declaration = {0}, manifest = {0}, tags = {0};
    describe(payload, info, &about);
    text_add(&declaration, DECLARATION);
    text_add(&manifest, "%s", "");
    for (size_t i = 0; i < payload->count; i++)
        text_add(&manifest, "%s  " PAYLOAD "%s\n", payload->file[i].sha256, payload->file[i].path);
    /* The tag manifest's lines in the order of their names. */
    int failed = write_tag(dirfd, "bag-info.txt", &about, &tags, e);
    if (failed == 0)
        failed = write_tag(dirfd, "bagit.txt", &declaration, &tags, e);
    if (failed == 0)
        failed = write_tag(dirfd, BAG_MANIFEST, &manifest, &tags, e);
    if (failed == 0)
        failed = write_tag(dirfd, BAG_TAG_MANIFEST, &tags, NULL, e);
    text_free(&about);
    text_free(&declaration);
    text_free(&manifest);
    text_free(&tags);
    return failed;
}

/* --- checking --------------------------------------------------------------------------------------------------- */

/* Which files a manifest has named: a bit a file of the parcel. */
struct named {
    bool *seen;
};

static bool is_hex(const char *s)
{
    return strspn(s, "0123456789abcdef") == 64;
}

/* One line "DIGEST  PATH" (RFC 8493 §2.1.3; the digest in lower case, as all that write bags do). */
static void check_line(const char *manifest, char *line, const struct parcel *files, struct named *named,
                       struct findings *f)
{
    char *path = line + 64;
    if (strlen(line) < 67 || !is_hex(line) || path[strspn(path, " \t")] == '\0' || path == path + strspn(path, " \t")) {
        findings_add(f, FINDING_INTEGRITY, manifest, "'%.80s' is no line of a manifest (DIGEST  PATH)", line);
        return;
    }
    path += strspn(path, " \t");
    const struct parcel_file *file = parcel_find(files, path);
    bool payload = strcmp(manifest, BAG_MANIFEST) == 0;
    if (is_payload(path) != payload) {
        findings_add(f, FINDING_INTEGRITY, manifest, "it names '%s', which is none of its files", path);
    } else if (!file) {
        findings_add(f, FINDING_INTEGRITY, path, "%s names it, and it is not there", manifest);
    } else {
        if (named->seen[file - files->file])
            findings_add(f, FINDING_INTEGRITY, path, "%s names it twice", manifest);
        named->seen[file - files->file] = true;
        if (strncmp(line, file->sha256, 64) != 0)
            findings_add(f, FINDING_INTEGRITY, path, "its SHA-256 is %s, and %s says %.64s", file->sha256, manifest,
                         line);
    }
}

/* Reads a tag file; 1 where it is not there or too large, which is a finding. */
static int read_tag(int dirfd, const char *name, const struct parcel *files, struct text *ret, struct findings *f,
                    struct err *e)
{
    const struct parcel_file *file = parcel_find(files, name);
    if (!file || file->size_bytes > TAG_MAX) {
        findings_add(f, FINDING_INTEGRITY, name, file ? "it is larger than 32 MiB" : "it is not there");
        return 1;
    }
    int failed = scratch_read(dirfd, name, TAG_MAX, ret);
    return failed == 0 ? 0 : err_set(e, ERR_USAGE, failed, "%s: %s", name, strerror(-failed));
}

static int check_manifest(int dirfd, const char *manifest, const struct parcel *files, struct named *named,
                          struct findings *f, struct err *e)
{
    struct text t = {0};
    int failed = read_tag(dirfd, manifest, files, &t, f, e);
    if (failed == 0 && strlen(t.data) != t.len)
        findings_add(f, FINDING_INTEGRITY, manifest, "a NUL byte in it");
    char *rest = failed == 0 ? t.data : NULL;
    for (char *line; rest && (line = strsep(&rest, "\n"));)
        if (*line)
            check_line(manifest, line, files, named, f);
    text_free(&t);
    return failed > 0 ? 0 : failed;
}

/* Both ways: what no manifest names was put there by nobody who vouches for it. RFC 8493 §3: tag manifests do not name
 * themselves; a signature can only be made afterwards. */
static void check_unnamed(const struct parcel *files, const struct named *named, struct findings *f)
{
    for (size_t i = 0; i < files->count; i++) {
        const char *path = files->file[i].path;
        if (!named->seen[i] && strcmp(path, BAG_TAG_MANIFEST) != 0 && strcmp(path, BAG_SIGNATURE) != 0)
            findings_add(f, FINDING_INTEGRITY, path, "no manifest names it");
    }
}

static int check_declaration(int dirfd, const struct parcel *files, struct findings *f, struct err *e)
{
    struct text t = {0};
    int failed = read_tag(dirfd, "bagit.txt", files, &t, f, e);
    if (failed == 0 && (t.len != strlen(DECLARATION) || memcmp(t.data, DECLARATION, t.len) != 0))
        findings_add(f, FINDING_INTEGRITY, "bagit.txt", "it is not the declaration of BagIt 1.0 in UTF-8");
    text_free(&t);
    return failed > 0 ? 0 : failed;
}

static int check_info(int dirfd, const struct parcel *files, struct findings *f, struct err *e)
{
    char expected[64];
    struct text t = {0};
    uint64_t bytes = 0;
    size_t count = 0;
    int failed = read_tag(dirfd, "bag-info.txt", files, &t, f, e);
    for (size_t i = 0; i < files->count; i++)
        if (is_payload(files->file[i].path)) {
            bytes += files->file[i].size_bytes;
            count++;
        }
    text_format(expected, sizeof(expected), "Payload-Oxum: %" PRIu64 ".%zu\n", bytes, count);
    const char *oxum = failed == 0 ? strstr(t.data, "Payload-Oxum:") : NULL;
    if (oxum && strncmp(oxum, expected, strlen(expected)) != 0)
        findings_add(f, FINDING_INTEGRITY, "bag-info.txt", "'%.*s', and the payload is %.*s", (int)strcspn(oxum, "\n"),
                     oxum, (int)strlen(expected) - 15, expected + 14);
    text_free(&t);
    return failed > 0 ? 0 : failed;
}

int bag_check(int dirfd, const struct parcel *files, struct findings *f, struct err *e)
{
    struct named named = {.seen = calloc(files->count + 1, sizeof(bool))};
    if (!named.seen)
        return err_set(e, ERR_OURS, -ENOMEM, "no memory for %zu files", files->count);
    int failed = check_declaration(dirfd, files, f, e);
    if (failed == 0)
        failed = check_manifest(dirfd, BAG_MANIFEST, files, &named, f, e);
    if (failed == 0)
        failed = check_manifest(dirfd, BAG_TAG_MANIFEST, files, &named, f, e);
    if (failed == 0)
        check_unnamed(files, &named, f);
    if (failed == 0)
        failed = check_info(dirfd, files, f, e);
    free(named.seen);
    return failed;
}

#include "host/last_selftest.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/facts.h"
#include "base/file.h"
#include "base/json_put.h"
#include "base/source.h"
#include "base/text.h"
#include "base/trust.h"
#include "base/userdir.h"
#include "base/version.h"

int last_selftest_keep(const struct text *json, struct err *e)
{
    char dir[PATH_MAX], path[PATH_MAX + 32];
    userdir_state(dir, sizeof(dir));
    TRY(err_code(e, ERR_OURS, file_make_dirs(dir), "'%s'", dir));
    text_format(path, sizeof(path), "%s/selftest.json", dir);
    return file_replace(path, json->data, json->len, e);
}

/* Why the result does not apply to this boot and build; NULL: it does. */
static const char *why_not_valid(const json_t *whole)
{
    char boot_id[64];
    if (strcmp(json_word(whole, "schema"), SELFTEST_SCHEMA) != 0)
        return "the last selftest is not " SELFTEST_SCHEMA " (run 'tare selftest')";
    if (file_read("", "/proc/sys/kernel/random/boot_id", boot_id, sizeof(boot_id)) <= 0 ||
        strcmp(json_word(whole, "boot_id"), boot_id) != 0)
        return "the last selftest was of another boot (run 'tare selftest')";
    if (strcmp(json_word(json_object_get(whole, "tool"), "commit"), TARE_COMMIT) != 0)
        return "the last selftest was of another build of tare (run 'tare selftest')";
    return NULL;
}

static void describe(const json_t *whole, const struct text *json, struct facts *to)
{
    static const char *const COUNTS[][2] = {
        {"selftest.passed", "passed"}, {"selftest.failed", "failed"}, {"selftest.unavailable", "unavailable"}};
    char hex[DIGEST_HEX] = "";
    digest_bytes(json->data, json->len, hex);
    facts_text(to, "selftest.digest", hex);
    facts_text(to, "selftest.at", json_word(whole, "at"));
    const json_t *counts = json_object_get(whole, "counts");
    for (size_t i = 0; i < ARRAY_LEN(COUNTS); i++)
        facts_int(to, COUNTS[i][0], json_integer_value(json_object_get(counts, COUNTS[i][1])));
}

/* Describes the result in this folder. Returns NULL, or why not. */
static const char *try_dir(const char *dir, struct facts *to)
{
    char path[PATH_MAX + 32];
    cleanup_text struct text json = {0};
    text_format(path, sizeof(path), "%s/selftest.json", dir);
    if (source_read(AT_FDCWD, path, true, SELFTEST_BYTES, &json, NULL) != 0)
        return "none was run here (run 'tare selftest')";
    cleanup_json json_t *whole = json_loadb(json.data, json.len, 0, NULL);
    const char *why = why_not_valid(whole);
    if (!why)
        describe(whole, &json, to);
    return why;
}

/* The user's own result first, then root's, which holds for users too. */
void last_selftest_tell(struct facts *to)
{
    char dir[PATH_MAX];
    userdir_state(dir, sizeof(dir));
    const char *why = try_dir(dir, to);
    if (why && !trust_variable("TARE_STATE") && strcmp(dir, USERDIR_STATE_OF_ROOT) != 0 &&
        !try_dir(USERDIR_STATE_OF_ROOT, to))
        why = NULL;
    if (why)
        facts_absent(to, "selftest", "%s", why);
}

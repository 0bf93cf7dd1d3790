#include "host/image.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/beneath.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/facts.h"
#include "base/file.h"
#include "base/text.h"
#include "host/reading.h"

#define FACTS_FILE    IMAGE_DIR "/facts"
#define PACKAGES_FILE IMAGE_DIR "/packages"
#define DPKG_STATUS   "/var/lib/dpkg/status"
#define UNSAID        "the build of this image did not record it"

static const char *const TEXTS[] = {"content_sha256", "base_name", "base_digest", "suite", "compiler", "revision"};
static const char *const NUMBERS[] = {"python_pgo", "source_date_epoch"};

/* "sha256:" and 64 hexadecimal digits, after a name and '@' or alone (OCI image specification, descriptor.md). */
static bool is_digest(const char *text)
{
    const char *at = strrchr(text, '@');
    const char *digest = at ? at + 1 : text;
    static const char ALGORITHM[] = "sha256:";
    if (strncmp(digest, ALGORITHM, strlen(ALGORITHM)) != 0)
        return false;
    return digest_is_hex(digest + strlen(ALGORITHM));
}

static void take_digest(const char *given, struct facts *ret)
{
    if (!given || !*given)
        facts_absent(
            ret, "digest",
            "unknown inside a container unless it is passed in (scripts/docker-run, or -e TARE_IMAGE_DIGEST=…)");
    else if (!is_digest(given))
        facts_absent(ret, "digest", "$TARE_IMAGE_DIGEST '%.100s': what is allowed is sha256:<64 hex digits>", given);
    else
        facts_text(ret, "digest", given);
}

static int digest_of(const char *sysroot, const char *path, char hex[DIGEST_HEX])
{
    cleanup_close int fd = beneath_open_root(sysroot, path, O_RDONLY);
    return fd < 0 ? fd : digest_fd(fd, hex);
}

/* Whether dpkg's list is the same as when the image was built. */
static bool packages_are_as_built(const char *sysroot, const char *facts)
{
    char built[80], now[DIGEST_HEX];
    return reading_field(facts, "dpkg_status_sha256", built, sizeof(built)) &&
           digest_of(sysroot, DPKG_STATUS, now) == 0 && strcmp(built, now) == 0;
}

static void take_packages(const char *sysroot, const char *facts, struct facts *ret)
{
    char hex[DIGEST_HEX];
    cleanup_text struct text list = {0};
    int64_t lines = 0;
    if (!packages_are_as_built(sysroot, facts)) {
        facts_absent(ret, "packages_sha256", "packages were changed after the image was built (" DPKG_STATUS ")");
        facts_absent(ret, "packages", "packages were changed after the image was built (" DPKG_STATUS ")");
        return;
    }
    int failed = digest_of(sysroot, PACKAGES_FILE, hex);
    if (failed == 0)
        failed = file_read_all(sysroot, PACKAGES_FILE, &list);
    if (failed != 0) {
        facts_absent(ret, "packages_sha256", "%s: %s", PACKAGES_FILE, strerror(-failed));
        facts_absent(ret, "packages", "%s: %s", PACKAGES_FILE, strerror(-failed));
        return;
    }
    for (const char *p = list.data; p && (p = strchr(p, '\n')); p++)
        lines++;
    facts_text(ret, "packages_sha256", hex);
    facts_int(ret, "packages", lines);
}

static void take_text_of(const char *facts, const char *key, struct facts *ret)
{
    char value[512];
    if (reading_field(facts, key, value, sizeof(value)))
        facts_text(ret, key, reading_tidy(value));
    else
        facts_absent(ret, key, UNSAID);
}

static void take_number_of(const char *facts, const char *key, struct facts *ret)
{
    char value[64];
    int64_t number = 0;
    if (reading_field(facts, key, value, sizeof(value)) && text_to_i64(value, &number) == 0)
        facts_int(ret, key, number);
    else
        facts_absent(ret, key, UNSAID);
}

void image_capture(const char *sysroot, const char *given, struct facts *ret)
{
    char facts[4096];
    ssize_t n = file_read(sysroot, FACTS_FILE, facts, sizeof(facts));
    if (n < 0) {
        facts_absent(ret, "image", "not in an image of tare (%s: %s)", FACTS_FILE, strerror((int)-n));
        return;
    }
    take_digest(given, ret);
    take_packages(sysroot, facts, ret);
    for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++)
        take_text_of(facts, TEXTS[i], ret);
    for (size_t i = 0; i < ARRAY_LEN(NUMBERS); i++)
        take_number_of(facts, NUMBERS[i], ret);
}

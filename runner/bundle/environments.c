/* The machines and components that records were made with. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/files.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/json_put.h"
#include "base/text.h"
#include "bundle/bundle.h"
#include "bundle/derive.h"

#define LOCK_MAX (8U << 20)

/* Of which an environment is made, and the runtimes beside it. */
enum { HOST, IMAGE, TOOL, RUNTIME, SECTIONS };
static const char *const NAMES[SECTIONS] = {"host", "image", "tool", "runtime"};

static json_t *environment_of(const struct invocation *one)
{
    json_t *o = json_object();
    for (size_t i = 0; i < RUNTIME; i++) {
        json_t *section = invocation_section(one, NAMES[i]);
        json_put(o, NAMES[i], section ? section : json_null());
    }
    return o;
}

/* The element with this value under the key (key NULL: the element itself); NULL: none. */
static json_t *find_alike(const json_t *list, const char *key, const json_t *value)
{
    size_t i;
    json_t *one = NULL;
    json_array_foreach(list, i, one)
    {
        if (json_equal(key ? json_object_get(one, key) : one, value))
            return one;
    }
    return NULL;
}

/* Finds or adds the environment of a record, and its runtime there. */
static json_t *take(const struct invocation *one, json_t *list)
{
    cleanup_json json_t *environment = environment_of(one), *runtime = invocation_section(one, NAMES[RUNTIME]);
    json_t *known = find_alike(list, "environment", environment);
    if (!known) {
        known = json_pack("{s:O, s:i, s:[], s:s}", "environment", environment, "records", 0, "runtimes", "first",
                          one->path);
        (void)json_array_append_new(list, known);
    }
    json_t *runtimes = json_object_get(known, "runtimes");
    if (!runtime || !find_alike(runtimes, NULL, runtime)) /* a null a record that has none: format 2 has it so */
        (void)json_array_append_new(runtimes, runtime ? json_incref(runtime) : json_null());
    return known;
}

json_t *environments_of(const struct bundle *b)
{
    json_t *list = json_array();
    cleanup_json json_t *known = json_object(); /* by the addresses of the sections: equal texts of a pool have one */
    for (size_t i = 0; i < b->records.count; i++) {
        const struct invocation *one = &b->records.list[i];
        cleanup_text struct text key = {0};
        for (size_t n = 0; n < SECTIONS; n++)
            text_add(&key, "%p ", (const void *)invocation_section_text(one, NAMES[n]));
        json_t *environment = invocation_section_text(one, NAMES[RUNTIME]) ? json_object_get(known, key.data) : NULL;
        if (!environment) {
            environment = take(one, list);
            json_put(known, key.data, json_incref(environment));
        }
        json_t *records = json_object_get(environment, "records");
        (void)json_integer_set(records, json_integer_value(records) + 1);
    }
    return json_pack("{s:s, s:o}", "schema", "tare.environments/1", "environments", list);
}

/* --- components -------------------------------------------------------------------------------------------------- */

/* Adds {type, name, version} and, if known, its SHA-256, once each: the bom-ref is unique. Returns the list's own. */
static json_t *add_component(json_t *list, const char *type, const char *name, const char *version, const char *sha256)
{
    char ref[400];
    text_format(ref, sizeof(ref), "%.80s:%.150s@%.80s%s%.16s", type, name, version, *sha256 ? "#" : "", sha256);
    for (char *p = ref; *p; p++) /* it may be truncated inside a character */
        if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f)
            *p = '_';
    json_t *o = json_pack("{s:s, s:s, s:s}", "bom-ref", ref, "type", type, "name", name);
    if (!o)
        abort();
    if (*version)
        json_put(o, "version", json_string(version));
    if (strlen(sha256) == 64)
        json_put(o, "hashes", json_pack("[{s:s, s:s}]", "alg", "SHA-256", "content", sha256));
    json_t *known = find_alike(list, "bom-ref", json_object_get(o, "bom-ref"));
    if (known)
        json_decref(o);
    else
        (void)json_array_append_new(list, o);
    return known ? known : o;
}

static void add_environment(json_t *components, const json_t *of)
{
    const json_t *environment = json_object_get(of, "environment"), *host = json_object_get(environment, "host");
    const json_t *tool = json_object_get(environment, "tool"), *runtime = NULL;
    size_t i;
    (void)add_component(components, "application", "tare", json_word(tool, "version"), "");
    (void)add_component(components, "operating-system", json_word(host, "os"), "", "");
    (void)add_component(components, "operating-system", "linux", json_word(host, "kernel_release"), "");
    if (*json_word(host, "libc"))
        (void)add_component(components, "library", "libc", json_word(host, "libc"), "");
    json_array_foreach(json_object_get(of, "runtimes"), i, runtime)
    {
        if (*json_word(runtime, "name"))
            (void)add_component(components, "platform", json_word(runtime, "implementation"),
                                json_word(runtime, "version"), json_word(runtime, "sha256"));
    }
}

/* --- packages of an image ---------------------------------------------------------------------------------------- */

/* The suites of the records' images, separated by blanks; "": none. */
static void suites_of(const json_t *environments, struct text *ret)
{
    size_t i;
    const json_t *of = NULL;
    text_add_bytes(ret, " ", 1);
    json_array_foreach(json_object_get(environments, "environments"), i, of)
    {
        const char *suite = json_word(json_object_get(json_object_get(of, "environment"), "image"), "suite");
        if (*suite)
            text_add(ret, "%.60s ", suite);
    }
}

/* "deb.SUITE = NAME VERSION ARCH SHA256 PATH", for used suites and packages of their run-time closure. */
static void add_package(json_t *components, const char *line, const char *suites, const char *closures)
{
    char suite[40], name[120], version[120], arch[20], sha256[80], purl[400];
    if (sscanf(line, "deb.%39[a-z] = %119s %119s %19s %79s", suite, name, version, arch, sha256) != 5 ||
        !text_has_word(suites, " ", suite) || !text_has_word(closures, " ", name))
        return;
    text_format(purl, sizeof(purl), "pkg:deb/debian/%s@%s?arch=%s&distro=%s", name, version, arch, suite);
    json_t *one = add_component(components, "library", name, version, sha256);
    if (!json_object_get(one, "purl"))
        json_put(one, "purl", json_string(purl));
}

/* What the lock says an image's root has: base and run-time. */
static void collect_closures(const char *lock, const char *suites, struct text *ret)
{
    text_add_bytes(ret, " ", 1);
    for (const char *p = lock; p; p = strchr(p, '\n')) {
        char suite[40], set_name[40];
        int begin = 0;
        p += *p == '\n';
        if (sscanf(p, "closure.%39[a-z].%39[a-z-] = %n", suite, set_name, &begin) == 2 && begin > 0 &&
            text_has_word(suites, " ", suite) && (strcmp(set_name, "base") == 0 || strcmp(set_name, "runtime") == 0))
            text_add(ret, "%.*s ", (int)strcspn(p + begin, "\n"), p + begin);
    }
}

static int add_packages(const struct bundle *b, const json_t *environments, json_t *components, struct err *e)
{
    cleanup_text struct text lock = {0}, suites = {0}, closures = {0};
    suites_of(environments, &suites);
    int failed = files_read(b->fd, BUNDLE_IMAGES, LOCK_MAX, &lock);
    if (failed == -ENOENT)
        return 0;
    TRY(err_code(e, ERR_USAGE, failed, BUNDLE_IMAGES));
    if (suites.len <= 1)
        return 0;
    collect_closures(lock.data, suites.data, &closures);
    for (const char *p = lock.data; p; p = strchr(p, '\n')) {
        p += *p == '\n';
        if (strncmp(p, "deb.", 4) == 0)
            add_package(components, p, suites.data, closures.data);
    }
    return 0;
}

int sbom_of(const struct bundle *b, const json_t *environments, json_t **ret, struct err *e)
{
    char at[32];
    size_t i;
    const json_t *of = NULL;
    cleanup_json json_t *components = json_array();
    json_array_foreach(json_object_get(environments, "environments"), i, of)
    {
        add_environment(components, of);
    }
    size_t before = json_array_size(components);
    TRY(add_packages(b, environments, components, e));
    const char *said = json_array_size(components) > before
                           ? "of the image's run-time, by the lock of the images (env/versions.lock)"
                           : "none are listed: the runs were in no image that the lock names, and a record does not "
                             "list its host's packages";
    *ret = json_pack("{s:s, s:s, s:i, s:{s:s, s:{s:s, s:s, s:s}, s:[{s:s, s:s}]}, s:O}", "bomFormat", "CycloneDX",
                     "specVersion", "1.6", "version", 1, "metadata", "timestamp", derive_time(b->date_s, at),
                     "component", "bom-ref", "bundle", "type", "data", "name", b->top, "properties", "name",
                     "tare:debian-packages", "value", said, "components", components);
    return *ret ? 0 : err_set(e, ERR_OURS, -ENOMEM, "no memory");
}

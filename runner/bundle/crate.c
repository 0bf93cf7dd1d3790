/* ro-crate-metadata.json: RO-Crate 1.1, 1.2 or 1.3 (https://w3id.org/ro/crate/) with the Process Run Crate that goes
 * with it (https://w3id.org/ro/wfrun/process/): every file, and an action for each invocation. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analysis/why.h"
#include "archive/filelist.h"
#include "archive/files.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json_put.h"
#include "base/text.h"
#include "bundle/bundle.h"
#include "bundle/derive.h"
#include "bundle/pack_info.h"
#include "bundle/reproduction.h"
#include "oci/image.h"
#include "record/output.h"

#define ID_MAX 512

/* What the versions differ in. From 1.2 on the entity of a profile has the type Profile, too ("Declaring conformance of
 * an RO-Crate profile"). */
struct version {
    const char *name, *crate, *context;
    const char *profile, *profile_version; /* NULL: no Process Run Crate goes with it */
    bool has_profile_type;
};

static const struct version VERSIONS[] = {
    {CRATE_1_1, "https://w3id.org/ro/crate/1.1", "https://w3id.org/ro/crate/1.1/context",
     "https://w3id.org/ro/wfrun/process/0.5", "0.5", false},
    {CRATE_1_2, "https://w3id.org/ro/crate/1.2", "https://w3id.org/ro/crate/1.2/context", NULL, NULL, true},
    {CRATE_1_3, "https://w3id.org/ro/crate/1.3", "https://w3id.org/ro/crate/1.3/context",
     "https://w3id.org/ro/wfrun/process/0.6", "0.6", true},
};

/* Without the key it is a bundle that an older tare packed. */
static const struct version *version_of(const struct bundle *b)
{
    size_t i = ARRAY_LEN(VERSIONS) - 1;
    while (i > 0 && strcmp(json_word(b->pack, "crate"), VERSIONS[i].name) != 0)
        i--;
    return &VERSIONS[i];
}

/* The sections of records that actions are made of. */
enum section {
    SECTION_TOOL,
    SECTION_RUNTIME,
    SECTION_IMAGE,
    SECTION_CONFINEMENT,
    SECTION_CPU,
    SECTION_PLAN,
    SECTION_SCENARIO
};
static const char *const SECTIONS[] = {"tool", "runtime", "image", "confinement", "cpu", "plan", "scenario"};

/* A section as it was read: records have many in common, as those of one cell have. */
struct read_section {
    const char *text;
    json_t *tree;
    char *dumped; /* of the scenario; NULL: not yet. Owned */
};

#define KEPT 64 /* of each section */

/* The graph in the making. */
struct crate {
    const struct bundle *b;
    const struct version *version;
    json_t *graph, *has_part, *mentions, *authors;
    json_t *seen; /* ids of entities that exist once: applications, images, environments */
    json_t *image_files;
    struct oci_image image;                              /* in the bundle */
    struct read_section read[ARRAY_LEN(SECTIONS)][KEPT]; /* each text at the place that its address gives */
};

static struct read_section *read_section(struct crate *c, const struct invocation *one, enum section s)
{
    const char *text = invocation_section_text(one, SECTIONS[s]); /* of a pool: equal ones have one address */
    struct read_section *read = &c->read[s][((uintptr_t)text >> 4) % KEPT];
    if (text != read->text) {
        json_decref(read->tree);
        free(read->dumped);
        *read = (struct read_section){text, invocation_section(one, SECTIONS[s]), NULL};
    }
    return read;
}

/* The crate's, until the next record's is asked for; NULL as of invocation_section(). */
static const json_t *section_of(struct crate *c, const struct invocation *one, enum section s)
{
    return read_section(c, one, s)->tree;
}

/* An identifier with characters of a URI, truncated if too long. */
static const char *make_id(char id[ID_MAX], const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static const char *make_id(char id[ID_MAX], const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(id, ID_MAX, fmt, ap);
    va_end(ap);
    for (char *p = id; *p; p++)
        if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f || strchr("<>\"{}|\\^`%", *p))
            *p = '_';
    return id;
}

static json_t *reference(const char *id)
{
    return json_pack("{s:s}", "@id", id);
}

static void refer(json_t *list, const char *id)
{
    if (json_array_append_new(list, reference(id)) != 0)
        abort();
}

/* Adds texts: pairs of key and value, ended by END. */
#define END ((const char *)NULL)
__attribute__((sentinel)) static json_t *entity(struct crate *c, const char *id, const char *type, ...)
{
    va_list ap;
    json_t *o = json_pack("{s:s, s:s}", "@id", id, "@type", type);
    if (!o || json_array_append_new(c->graph, o) != 0)
        abort();
    va_start(ap, type);
    for (const char *key; (key = va_arg(ap, const char *));)
        json_put_text(o, key, va_arg(ap, const char *));
    va_end(ap);
    return o;
}

/* Adds an entity once. */
static bool is_new(struct crate *c, const char *id)
{
    if (json_object_get(c->seen, id))
        return false;
    json_put(c->seen, id, json_true());
    return true;
}

/* --- files ------------------------------------------------------------------------------------------------------- */

static const char *format_of(const char *path)
{
    static const char *const FORMATS[][2] = {
        {".json", "application/json"}, {".yml", "application/yaml"},  {".md", "text/markdown"},
        {".csv", "text/csv"},          {".tex", "application/x-tex"}, {".svg", "image/svg+xml"},
        {".pdf", "application/pdf"},   {".png", "image/png"},         {".cff", "application/yaml"},
    };
    const char *dot = strrchr(path, '.');
    if (oci_image_has(path) && !dot)
        return strstr(path, "/blobs/") ? "application/octet-stream" : "application/json";
    for (size_t i = 0; dot && i < ARRAY_LEN(FORMATS); i++)
        if (strcmp(dot, FORMATS[i][0]) == 0)
            return FORMATS[i][1];
    return "text/plain";
}

/* What --why found is about the record that it lies beside. */
static void describe_why(const char *path, json_t *o)
{
    cleanup_free char *record = text_printf("%.*s.json", (int)(strlen(path) - strlen(OUTPUT_WHY)), path);
    json_put_text(o, "description",
                  "What the threads of this record's cell lost their time to, by a diagnostic run after it (" WHY_SCHEMA
                  ")");
    json_put(o, "about", reference(record));
}

static void add_file(struct crate *c, const struct listed_file *file)
{
    char size[32];
    text_format(size, sizeof(size), "%" PRIu64, file->size_bytes);
    json_t *o = entity(c, file->path, "File", "name", file->path, "contentSize", size, "encodingFormat",
                       format_of(file->path), "sha256", file->sha256, END);
    if (output_is_why(file->path))
        describe_why(file->path, o);
    refer(c->has_part, file->path);
    if (oci_image_has(file->path))
        refer(c->image_files, file->path);
}

/* --- people ------------------------------------------------------------------------------------------------------ */

static void add_author(struct crate *c, const json_t *author, size_t i)
{
    static const char *const KEYS[][2] = {{"familyName", "family"}, {"givenName", "given"}, {"email", "email"}};
    char id[ID_MAX], name[ID_MAX];
    if (*json_word(author, "orcid"))
        (void)make_id(id, "https://orcid.org/%.40s", json_word(author, "orcid"));
    else
        (void)make_id(id, "#author-%zu", i + 1);
    refer(c->authors, id);
    if (!is_new(c, id))
        return;
    json_t *o = entity(c, id, *json_word(author, "name") ? "Organization" : "Person", "name",
                       pack_info_name(author, name, sizeof(name)), END);
    for (i = 0; i < ARRAY_LEN(KEYS); i++)
        if (*json_word(author, KEYS[i][1]))
            json_put_text(o, KEYS[i][0], json_word(author, KEYS[i][1]));
}

/* --- applications and images ------------------------------------------------------------------------------------- */

static const char *add_tool(struct crate *c, const json_t *tool, char id[ID_MAX])
{
    const char *version = json_word(tool, "version"), *commit = json_word(tool, "commit");
    (void)make_id(id, "#tare-%.60s-%.60s", version, commit);
    if (!is_new(c, id))
        return id;
    const char *url = json_string_value(json_object_get(c->b->pack, "source_url"));
    json_t *o =
        entity(c, id, "SoftwareApplication", "name", "tare", "softwareVersion", version, "identifier", commit,
               "description", "weighs what threads, processes and interpreters cost, each in a cgroup v2 slice", END);
    if (url)
        json_put_text(o, "url", url);
    return id;
}

static const char *add_runtime(struct crate *c, const json_t *runtime, char id[ID_MAX])
{
    const char *version = json_word(runtime, "version"), *sha256 = json_word(runtime, "sha256");
    (void)make_id(id, "#%.60s-%.60s-%.16s", json_word(runtime, "implementation"), version, sha256);
    if (is_new(c, id))
        (void)entity(c, id, "SoftwareApplication", "name", json_word(runtime, "name"), "softwareVersion", version,
                     "description", json_word(runtime, "banner"), "sha256", sha256, END);
    return id;
}

/* The executed software: a scenario by tare, on a runtime. */
static const char *add_instrument(struct crate *c, const struct invocation *one, const json_t *scenario,
                                  char id[ID_MAX])
{
    char of[ID_MAX], on[ID_MAX];
    const json_t *tool = section_of(c, one, SECTION_TOOL), *runtime = section_of(c, one, SECTION_RUNTIME);
    const char *name = *json_word(scenario, "name") ? json_word(scenario, "name") : "command";
    (void)add_tool(c, tool, of);
    if (runtime)
        (void)add_runtime(c, runtime, on);
    (void)make_id(id, "#%.80s-tare-%.60s-%.60s%s%.180s", name, json_word(tool, "version"), json_word(tool, "commit"),
                  runtime ? "-" : "", runtime ? on + 1 : "");
    if (!is_new(c, id))
        return id;
    json_t *o = entity(c, id, "SoftwareApplication", "name", name, "softwareVersion", json_word(tool, "version"), END);
    json_t *needs = json_array();
    refer(needs, of);
    if (runtime)
        refer(needs, on);
    json_put(o, "softwareRequirements", needs);
    return id;
}

/* An image in the bundle consists of its files, and has its manifest's digest besides its name's. */
static void add_content(struct crate *c, json_t *o)
{
    char digest[96];
    text_format(digest, sizeof(digest), "sha256:%s", c->image.manifest);
    json_put_text(o, "identifier", digest);
    json_put(o, "hasPart", json_incref(c->image_files));
}

static json_t *image_entity(struct crate *c, const char *id, const char *name, const char *sha256)
{
    json_t *o = entity(c, id, "ContainerImage", "name", name, "sha256", sha256, END);
    json_put(o, "additionalType", reference("https://w3id.org/ro/terms/workflow-run#DockerImage"));
    return o;
}

/* "[REGISTRY/]NAME@sha256:…" from $TARE_IMAGE_DIGEST; if unknown, the hash of the content. */
static void add_image(struct crate *c, const struct invocation *one, json_t *action)
{
    char id[ID_MAX], name[ID_MAX] = "tare", registry[ID_MAX] = "localhost";
    const json_t *image = section_of(c, one, SECTION_IMAGE);
    const char *digest = json_word(image, "digest"), *hex = strstr(digest, "sha256:"), *at = strrchr(digest, '@');
    const char *sha256 = hex ? hex + 7 : json_word(image, "content_sha256");
    const char *slash = at ? memchr(digest, '/', (size_t)(at - digest)) : NULL;
    const char *begin = slash ? slash + 1 : digest;
    if (!*sha256)
        return;
    if (slash)
        (void)snprintf(registry, sizeof(registry), "%.*s", (int)(slash - digest), digest);
    if (at)
        (void)snprintf(name, sizeof(name), "%.*s", (int)(at - begin), begin);
    json_put(action, "containerImage", reference(make_id(id, "#image-%.64s", sha256)));
    if (!is_new(c, id))
        return;
    json_t *o = image_entity(c, id, name, sha256);
    json_put_text(o, "registry", registry);
    if (oci_image_is(&c->image, c->b->fd, digest))
        add_content(c, o);
}

/* Adds the bundle's image if no record names it. */
static void add_unnamed_image(struct crate *c)
{
    char id[ID_MAX];
    size_t i;
    const json_t *one = NULL;
    json_array_foreach(c->graph, i, one)
    {
        if (strcmp(json_word(one, "@type"), "ContainerImage") == 0 && json_object_get(one, "hasPart"))
            return;
    }
    add_content(c, image_entity(c, make_id(id, "#image-%.64s", c->image.config),
                                "the image in " IMAGE_LAYOUT ", which no record names", c->image.config));
    refer(c->mentions, id);
}

#define COMPLETED "http://schema.org/CompletedActionStatus"
#define FAILED    "http://schema.org/FailedActionStatus"

/* --- actions ----------------------------------------------------------------------------------------------------- */

/* A name and a value; all actions with the same share one entity. */
static void add_value(struct crate *c, json_t *list, const char *kind, const char *name, const char *value,
                      const char *unit)
{
    char id[ID_MAX];
    (void)make_id(id, "#%.40s-%.100s-%.200s", kind, name, value);
    if (is_new(c, id))
        (void)entity(c, id, "PropertyValue", "name", name, "value", value, unit ? "unitText" : NULL, unit, END);
    refer(list, id);
}

static void put_values(json_t *action, const char *key, json_t *list)
{
    if (json_array_size(list) > 0)
        json_put(action, key, json_incref(list));
}

/* The workload's additional environment: "NAME=VALUE" of --env. */
static void add_environment(struct crate *c, const struct invocation *one, json_t *action)
{
    size_t i;
    const json_t *word = NULL;
    cleanup_json json_t *list = json_array();
    const json_t *confinement = section_of(c, one, SECTION_CONFINEMENT);
    json_array_foreach(json_object_get(confinement, "environment"), i, word)
    {
        const char *text = json_string_value(word), *equals = text ? strchr(text, '=') : NULL;
        char name[128];
        if (!equals)
            continue;
        text_format(name, sizeof(name), "%.*s", (int)(equals - text < 100 ? equals - text : 100), text);
        add_value(c, list, "environment", name, equals + 1, NULL);
    }
    put_values(action, "environment", list);
}

static void add_number(struct crate *c, json_t *list, const json_t *number, const char *name, const char *unit)
{
    char value[40];
    if (!json_is_integer(number))
        return;
    text_format(value, sizeof(value), "%" JSON_INTEGER_FORMAT, json_integer_value(number));
    add_value(c, list, "usage", name, value, unit);
}

static void add_usage(struct crate *c, const struct invocation *one, json_t *action)
{
    cleanup_json json_t *list = json_array();
    add_number(c, list, json_object_get(section_of(c, one, SECTION_CPU), "usage_usec"), "cpu_usage_usec",
               "microseconds");
    add_number(c, list, json_object_get(section_of(c, one, SECTION_PLAN), "elapsed_ns"), "elapsed_ns", "nanoseconds");
    put_values(action, "resourceUsage", list);
}

/* The end in ISO 8601: start plus duration, if known, to the second as the start. */
static void add_times(struct crate *c, const struct invocation *one, json_t *action)
{
    struct tm tm = {0};
    char end[32];
    const json_t *elapsed = json_object_get(section_of(c, one, SECTION_PLAN), "elapsed_ns");
    json_int_t ns = json_is_integer(elapsed) ? json_integer_value(elapsed) : -1;
    json_put_text(action, "startTime", one->started_at);
    if (ns >= 0 && ns / NS_PER_S < 4000000000LL && strptime(one->started_at, "%Y-%m-%dT%H:%M:%SZ", &tm))
        json_put_text(action, "endTime", derive_time((int64_t)timegm(&tm) + (ns + NS_PER_S - 1) / NS_PER_S, end));
}

static void add_action(struct crate *c, const struct invocation *one)
{
    char id[ID_MAX], instrument[ID_MAX];
    struct read_section *scenario = read_section(c, one, SECTION_SCENARIO);
    json_t *action = entity(c, make_id(id, "#%.200s", one->id), "CreateAction", END);
    if (!scenario->dumped)
        scenario->dumped = json_dumps(scenario->tree, JSON_SORT_KEYS | JSON_COMPACT);
    cleanup_free char *name =
        text_printf("%s, block %" PRIu64 "%s%s", one->plan_cell, one->block, *one->label ? " " : "", one->label);
    cleanup_free char *description =
        text_printf("plan %s, isolation %s, scenario %s", c->b->plan.name, *one->grade ? one->grade : "unknown",
                    scenario->dumped ? scenario->dumped : "unknown");
    json_put_text(action, "name", name);
    json_put_text(action, "description", description);
    json_put(action, "instrument", reference(add_instrument(c, one, scenario->tree, instrument)));
    json_put(action, "agent", json_copy(json_array_get(c->authors, 0)));
    json_put(action, "object", reference(BUNDLE_PLAN));
    json_put(action, "result", reference(one->path));
    json_put(action, "actionStatus", reference(one->ok ? COMPLETED : FAILED));
    if (!one->ok)
        json_put_text(action, "error", *one->detail ? one->detail : one->termination);
    add_times(c, one, action);
    add_image(c, one, action);
    add_environment(c, one, action);
    add_usage(c, one, action);
    refer(c->mentions, id);
}

/* --- the root ---------------------------------------------------------------------------------------------------- */

/* For a reproduction: the digest of the original bundle. */
static void add_original(struct crate *c, json_t *root)
{
    char sha256[96];
    const char *title = json_word(json_object_get(c->b->reproduction, "original"), "title");
    (void)snprintf(sha256, sizeof(sha256), "sha256:%s", reproduction_of(c->b->reproduction));
    json_put(root, "isBasedOn", reference("#original"));
    (void)entity(c, "#original", "CreativeWork", "name", *title ? title : "a bundle", "identifier", sha256, END);
}

static void add_profile(struct crate *c)
{
    const struct version *v = c->version;
    if (!v->profile)
        return;
    json_t *o = entity(c, v->profile, "CreativeWork", "name", "Process Run Crate", "version", v->profile_version, END);
    if (v->has_profile_type)
        json_put(o, "@type", json_pack("[s, s]", "CreativeWork", "Profile"));
}

static void add_root(struct crate *c)
{
    char date[32], license[ID_MAX];
    const json_t *pack = c->b->pack;
    json_t *o = entity(c, CRATE_FILE, "CreativeWork", END);
    json_put(o, "about", reference("./"));
    json_put(o, "conformsTo", reference(c->version->crate));
    (void)make_id(license, "https://spdx.org/licenses/%.100s", json_word(pack, "license"));
    o = entity(c, "./", "Dataset", "name", json_word(pack, "title"), "description",
               "Records of a plan of measurements with their raw samples, what is claimed of them, and the tables and "
               "figures made from them.",
               "datePublished", derive_date(c->b->date_s, date), END);
    json_put(o, "license", reference(license));
    if (c->version->profile)
        json_put(o, "conformsTo", reference(c->version->profile));
    json_put(o, "author", json_incref(c->authors));
    json_put(o, "hasPart", json_incref(c->has_part));
    json_put(o, "mentions", json_incref(c->mentions));
    if (c->b->reproduction)
        add_original(c, o);
    add_profile(c);
    (void)entity(c, license, "CreativeWork", "name", json_word(pack, "license"), "description",
                 "The license's text is in " BUNDLE_LICENSE ".", END);
}

static void fill(struct crate *c, const struct filelist *payload)
{
    size_t i;
    const json_t *author = NULL;
    json_array_foreach(json_object_get(c->b->pack, "authors"), i, author)
    {
        add_author(c, author, i);
    }
    add_root(c);
    for (i = 0; i < payload->count; i++)
        if (strcmp(payload->file[i].path, CRATE_FILE) != 0)
            add_file(c, &payload->file[i]);
    for (i = 0; i < c->b->records.count; i++)
        add_action(c, &c->b->records.list[i]);
    if (c->image.there)
        add_unnamed_image(c);
}

static void end(struct crate *c)
{
    json_t *const all[] = {c->graph, c->has_part, c->mentions, c->authors, c->seen, c->image_files};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        json_decref(all[i]);
    for (size_t i = 0; i < ARRAY_LEN(SECTIONS) * KEPT; i++) {
        json_decref(c->read[i / KEPT][i % KEPT].tree);
        free(c->read[i / KEPT][i % KEPT].dumped);
    }
}

int derive_crate(const struct bundle *b, const struct filelist *payload, int dirfd, struct err *e)
{
    cleanup_text struct text t = {0};
    __attribute__((cleanup(end))) struct crate c = {.b = b,
                                                    .version = version_of(b),
                                                    .graph = json_array(),
                                                    .has_part = json_array(),
                                                    .mentions = json_array(),
                                                    .authors = json_array(),
                                                    .seen = json_object(),
                                                    .image_files = json_array()};
    TRY(oci_image_read(b->fd, &c.image, e));
    fill(&c, payload);
    json_text(json_pack("{s:[s, s], s:O}", "@context", c.version->context,
                        "https://w3id.org/ro/terms/workflow-run/context", "@graph", c.graph),
              &t);
    return files_write(dirfd, CRATE_FILE, t.data, t.len, e);
}

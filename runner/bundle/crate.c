/* ro-crate-metadata.json: RO-Crate 1.1 (https://w3id.org/ro/crate/1.1) with Process Run Crate 0.5
 * (https://w3id.org/ro/wfrun/process/0.5): every file, and an action for each invocation. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "archive/parcel.h"
#include "archive/scratch.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json_put.h"
#include "bundle/bundle.h"
#include "bundle/derive.h"
#include "bundle/pack_info.h"
#include "bundle/reproduction.h"
#include "oci/image_layout.h"

#define PROFILE "https://w3id.org/ro/wfrun/process/0.5"
#define ID_MAX  512

/* The graph in the making. */
struct crate {
    const struct bundle *b;
    json_t *graph, *has_part, *mentions, *authors;
    json_t *seen; /* ids of what is there once: applications, images, environments */
    json_t *image_files;
    struct image_layout image; /* that the bundle holds */
};

/* An identifier: cut where it is too long, of characters that a URI has. */
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

static json_t *entity(struct crate *c, const char *id, const char *type)
{
    json_t *o = json_pack("{s:s, s:s}", "@id", id, "@type", type);
    if (!o || json_array_append_new(c->graph, o) != 0)
        abort();
    return o;
}

/* NULL: it is there already. */
static json_t *once(struct crate *c, const char *id, const char *type)
{
    if (json_object_get(c->seen, id))
        return NULL;
    json_put(c->seen, id, json_true());
    return entity(c, id, type);
}

static const char *text_at(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
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
    if (image_layout_has(path) && !dot)
        return strstr(path, "/blobs/") ? "application/octet-stream" : "application/json";
    for (size_t i = 0; dot && i < ARRAY_LEN(FORMATS); i++)
        if (strcmp(dot, FORMATS[i][0]) == 0)
            return FORMATS[i][1];
    return "text/plain";
}

static void add_file(struct crate *c, const struct parcel_file *file)
{
    char size[32];
    json_t *o = entity(c, file->path, "File");
    text_format(size, sizeof(size), "%" PRIu64, file->size_bytes);
    json_put_text(o, "name", file->path);
    json_put_text(o, "contentSize", size);
    json_put_text(o, "encodingFormat", format_of(file->path));
    json_put_text(o, "sha256", file->sha256);
    (void)json_array_append_new(c->has_part, reference(file->path));
    if (image_layout_has(file->path))
        (void)json_array_append_new(c->image_files, reference(file->path));
}

/* --- people ------------------------------------------------------------------------------------------------------ */

static void add_author(struct crate *c, const json_t *author, size_t i)
{
    char id[ID_MAX], name[ID_MAX];
    if (*text_at(author, "orcid"))
        (void)make_id(id, "https://orcid.org/%.40s", text_at(author, "orcid"));
    else
        (void)make_id(id, "#author-%zu", i + 1);
    json_t *o = once(c, id, *text_at(author, "name") ? "Organization" : "Person");
    (void)json_array_append_new(c->authors, reference(id));
    if (!o)
        return;
    json_put_text(o, "name", pack_info_name(author, name, sizeof(name)));
    if (*text_at(author, "family")) {
        json_put_text(o, "familyName", text_at(author, "family"));
        json_put_text(o, "givenName", text_at(author, "given"));
    }
    if (*text_at(author, "email"))
        json_put_text(o, "email", text_at(author, "email"));
}

/* --- applications and images ------------------------------------------------------------------------------------- */

static const char *add_tool(struct crate *c, const json_t *tool, char id[ID_MAX])
{
    (void)make_id(id, "#tare-%.60s-%.60s", text_at(tool, "version"), text_at(tool, "commit"));
    json_t *o = once(c, id, "SoftwareApplication");
    if (o) {
        json_put_text(o, "name", "tare");
        json_put_text(o, "softwareVersion", text_at(tool, "version"));
        json_put_text(o, "identifier", text_at(tool, "commit"));
        json_put_text(o, "description",
                      "weighs what threads, processes and interpreters cost, each in a cgroup v2 slice");
    }
    return id;
}

static const char *add_runtime(struct crate *c, const json_t *runtime, char id[ID_MAX])
{
    (void)make_id(id, "#%.60s-%.60s-%.16s", text_at(runtime, "implementation"), text_at(runtime, "version"),
                  text_at(runtime, "sha256"));
    json_t *o = once(c, id, "SoftwareApplication");
    if (o) {
        json_put_text(o, "name", text_at(runtime, "name"));
        json_put_text(o, "softwareVersion", text_at(runtime, "version"));
        json_put_text(o, "description", text_at(runtime, "banner"));
        json_put_text(o, "sha256", text_at(runtime, "sha256"));
    }
    return id;
}

/* What is executed: a scenario by tare, on a runtime. */
static const char *add_instrument(struct crate *c, const struct invocation *one, const json_t *scenario,
                                  char id[ID_MAX])
{
    char of[ID_MAX], on[ID_MAX];
    json_t *tool = invocation_section(one, "tool"), *runtime = invocation_section(one, "runtime");
    const char *name = text_at(scenario, "name");
    (void)add_tool(c, tool, of);
    if (runtime)
        (void)add_runtime(c, runtime, on);
    (void)make_id(id, "#%.80s-tare-%.60s-%.60s%s%.180s", *name ? name : "command", text_at(tool, "version"),
                  text_at(tool, "commit"), runtime ? "-" : "", runtime ? on + 1 : "");
    json_t *o = once(c, id, "SoftwareApplication");
    if (o) {
        json_put_text(o, "name", *name ? name : "command");
        json_put_text(o, "softwareVersion", text_at(tool, "version"));
        json_put(o, "softwareRequirements",
                 runtime ? json_pack("[o, o]", reference(of), reference(on)) : json_pack("[o]", reference(of)));
    }
    json_decref(tool);
    json_decref(runtime);
    return id;
}

/* An image that the bundle holds is of its files, and has its manifest's digest beside the one it is called by. */
static void add_content(struct crate *c, json_t *o)
{
    char digest[96];
    text_format(digest, sizeof(digest), "sha256:%s", c->image.manifest);
    json_put_text(o, "identifier", digest);
    json_put(o, "hasPart", json_incref(c->image_files));
}

/* "[REGISTRY/]NAME@sha256:…" of $TARE_IMAGE_DIGEST; where the engine told none, the hash of its content. */
static void add_image(struct crate *c, const struct invocation *one, json_t *action)
{
    char id[ID_MAX], name[ID_MAX] = "tare", registry[ID_MAX] = "localhost";
    json_t *image = invocation_section(one, "image");
    const char *digest = text_at(image, "digest"), *content = text_at(image, "content_sha256");
    const char *at = strrchr(digest, '@'), *hex = strstr(digest, "sha256:");
    const char *sha256 = hex ? hex + 7 : content;
    if (*sha256) {
        const char *slash = at ? memchr(digest, '/', (size_t)(at - digest)) : NULL;
        if (slash)
            (void)snprintf(registry, sizeof(registry), "%.*s", (int)(slash - digest), digest);
        if (at)
            (void)snprintf(name, sizeof(name), "%.*s", (int)(at - (slash ? slash + 1 : digest)),
                           slash ? slash + 1 : digest);
        (void)make_id(id, "#image-%.64s", sha256);
        json_t *o = once(c, id, "ContainerImage");
        if (o) {
            json_put(o, "additionalType", reference("https://w3id.org/ro/terms/workflow-run#DockerImage"));
            json_put_text(o, "registry", registry);
            json_put_text(o, "name", name);
            json_put_text(o, "sha256", sha256);
            if (image_layout_is(&c->image, c->b->fd, digest))
                add_content(c, o);
        }
        json_put(action, "containerImage", reference(id));
    }
    json_decref(image);
}

/* The image that the bundle holds and no record names: nothing else leads to it. */
static void add_unnamed_image(struct crate *c)
{
    char id[ID_MAX];
    size_t i;
    const json_t *one = NULL;
    json_array_foreach(c->graph, i, one)
    {
        if (strcmp(text_at(one, "@type"), "ContainerImage") == 0 && json_object_get(one, "hasPart"))
            return;
    }
    (void)make_id(id, "#image-%.64s", c->image.config);
    json_t *o = entity(c, id, "ContainerImage");
    json_put(o, "additionalType", reference("https://w3id.org/ro/terms/workflow-run#DockerImage"));
    json_put_text(o, "name", "the image in " IMAGE_LAYOUT ", which no record names");
    json_put_text(o, "sha256", c->image.config);
    add_content(c, o);
    (void)json_array_append_new(c->mentions, reference(id));
}

/* --- actions ----------------------------------------------------------------------------------------------------- */

/* A name and a value that an action refers to: an entity once for all actions that have the same. */
static void add_value(struct crate *c, json_t *list, const char *kind, const char *name, const char *value,
                      const char *unit)
{
    char id[ID_MAX];
    (void)make_id(id, "#%.40s-%.100s-%.200s", kind, name, value);
    json_t *o = once(c, id, "PropertyValue");
    if (o) {
        json_put_text(o, "name", name);
        json_put_text(o, "value", value);
        if (unit)
            json_put_text(o, "unitText", unit);
    }
    (void)json_array_append_new(list, reference(id));
}

/* What the workload's environment had besides the fixed: "NAME=VALUE" of --env. */
static void add_environment(struct crate *c, const struct invocation *one, json_t *action)
{
    size_t i;
    const json_t *word = NULL;
    json_t *list = json_array(), *confinement = invocation_section(one, "confinement");
    json_array_foreach(json_object_get(confinement, "environment"), i, word)
    {
        const char *text = json_string_value(word), *equals = text ? strchr(text, '=') : NULL;
        char name[128];
        if (!equals)
            continue;
        text_format(name, sizeof(name), "%.*s", (int)(equals - text < 100 ? equals - text : 100), text);
        add_value(c, list, "environment", name, equals + 1, NULL);
    }
    if (json_array_size(list))
        json_put(action, "environment", list);
    else
        json_decref(list);
    json_decref(confinement);
}

static void add_usage(struct crate *c, const struct invocation *one, json_t *action)
{
    char value[40];
    json_t *list = json_array(), *cpu = invocation_section(one, "cpu"), *plan = invocation_section(one, "plan");
    const json_t *used = json_object_get(cpu, "usage_usec"), *elapsed = json_object_get(plan, "elapsed_ns");
    if (json_is_integer(used)) {
        text_format(value, sizeof(value), "%" JSON_INTEGER_FORMAT, json_integer_value(used));
        add_value(c, list, "usage", "cpu_usage_usec", value, "microseconds");
    }
    if (json_is_integer(elapsed)) {
        text_format(value, sizeof(value), "%" JSON_INTEGER_FORMAT, json_integer_value(elapsed));
        add_value(c, list, "usage", "elapsed_ns", value, "nanoseconds");
    }
    if (json_array_size(list))
        json_put(action, "resourceUsage", list);
    else
        json_decref(list);
    json_decref(cpu);
    json_decref(plan);
}

/* ISO 8601 of the start plus what it took, where the record tells it; to the second, as the start is. */
static void add_times(const struct invocation *one, json_t *action)
{
    struct tm tm = {0};
    char end[32];
    json_t *plan = invocation_section(one, "plan");
    const json_t *elapsed = json_object_get(plan, "elapsed_ns");
    json_put_text(action, "startTime", one->started_at);
    if (json_is_integer(elapsed) && json_integer_value(elapsed) >= 0 &&
        json_integer_value(elapsed) / NS_PER_S < 4000000000LL && strptime(one->started_at, "%Y-%m-%dT%H:%M:%SZ", &tm))
        json_put_text(action, "endTime",
                      derive_time((int64_t)timegm(&tm) + (json_integer_value(elapsed) + NS_PER_S - 1) / NS_PER_S, end));
    json_decref(plan);
}

static void add_status(const struct invocation *one, json_t *action)
{
    json_put(action, "actionStatus",
             reference(one->ok ? "http://schema.org/CompletedActionStatus" : "http://schema.org/FailedActionStatus"));
    if (!one->ok)
        json_put_text(action, "error", *one->detail ? one->detail : one->termination);
}

static void describe(const struct bundle *b, const struct invocation *one, json_t *action)
{
    struct text t = {0};
    json_t *scenario = invocation_section(one, "scenario");
    char *said = json_dumps(scenario, JSON_SORT_KEYS | JSON_COMPACT);
    text_add(&t, "%s, block %" PRIu64 "%s%s", one->plan_cell, one->block, *one->label ? " " : "", one->label);
    json_put_text(action, "name", t.data);
    t.len = 0;
    text_add(&t, "plan %s, isolation %s, scenario %s", b->plan.name, *one->grade ? one->grade : "unknown",
             said ? said : "unknown");
    json_put_text(action, "description", t.data);
    free(said);
    text_free(&t);
    json_decref(scenario);
}

static void add_action(struct crate *c, const struct invocation *one)
{
    char id[ID_MAX], instrument[ID_MAX];
    json_t *scenario = invocation_section(one, "scenario");
    (void)make_id(id, "#%.200s", one->id);
    json_t *action = entity(c, id, "CreateAction");
    describe(c->b, one, action);
    json_put(action, "instrument", reference(add_instrument(c, one, scenario, instrument)));
    json_put(action, "agent", json_copy(json_array_get(c->authors, 0)));
    json_put(action, "object", reference(BUNDLE_PLAN));
    json_put(action, "result", reference(one->path));
    add_times(one, action);
    add_status(one, action);
    add_image(c, one, action);
    add_environment(c, one, action);
    add_usage(c, one, action);
    (void)json_array_append_new(c->mentions, reference(id));
    json_decref(scenario);
}

/* --- the root ---------------------------------------------------------------------------------------------------- */

/* Of a reproduction: the bundle whose plan it ran again, by its digest. */
static void add_original(struct crate *c, json_t *root)
{
    char sha256[96];
    const json_t *of = json_object_get(c->b->reproduction, "original");
    json_put(root, "isBasedOn", reference("#original"));
    json_t *o = entity(c, "#original", "CreativeWork");
    (void)snprintf(sha256, sizeof(sha256), "sha256:%s", reproduction_of(c->b->reproduction));
    json_put_text(o, "name", *text_at(of, "title") ? text_at(of, "title") : "a bundle");
    json_put_text(o, "identifier", sha256);
}

static void add_root(struct crate *c)
{
    char date[32], license[ID_MAX];
    const json_t *pack = c->b->pack;
    json_t *o = entity(c, CRATE_FILE, "CreativeWork");
    json_put(o, "about", reference("./"));
    json_put(o, "conformsTo", reference("https://w3id.org/ro/crate/1.1"));
    (void)make_id(license, "https://spdx.org/licenses/%.100s", text_at(pack, "license"));
    o = entity(c, "./", "Dataset");
    json_put_text(o, "name", text_at(pack, "title"));
    json_put_text(
        o, "description",
        "Records of a plan of measurements with their raw samples, what is claimed of them, and the tables and "
        "figures made from them.");
    json_put_text(o, "datePublished", derive_date(c->b->date_s, date));
    json_put(o, "license", reference(license));
    json_put(o, "conformsTo", reference(PROFILE));
    json_put(o, "author", json_incref(c->authors));
    json_put(o, "hasPart", json_incref(c->has_part));
    json_put(o, "mentions", json_incref(c->mentions));
    if (c->b->reproduction)
        add_original(c, o);
    o = entity(c, PROFILE, "CreativeWork");
    json_put_text(o, "name", "Process Run Crate");
    json_put_text(o, "version", "0.5");
    o = entity(c, license, "CreativeWork");
    json_put_text(o, "name", text_at(pack, "license"));
    json_put_text(o, "description", "The license's text is in " BUNDLE_LICENSE ".");
}

static void fill(struct crate *c, const struct parcel *payload)
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

int derive_crate(const struct bundle *b, const struct parcel *payload, int dirfd, struct err *e)
{
    struct text t = {0};
    struct crate c = {b, json_array(), json_array(), json_array(), json_array(), json_object(), json_array(), {0}};
    int failed = image_layout_read(b->fd, &c.image, e);
    if (failed == 0) {
        fill(&c, payload);
        json_text(json_pack("{s:[s, s], s:O}", "@context", "https://w3id.org/ro/crate/1.1/context",
                            "https://w3id.org/ro/terms/workflow-run/context", "@graph", c.graph),
                  &t);
        failed = scratch_write(dirfd, CRATE_FILE, t.data, t.len, e);
    }
    text_free(&t);
    json_decref(c.graph);
    json_decref(c.has_part);
    json_decref(c.mentions);
    json_decref(c.authors);
    json_decref(c.seen);
    json_decref(c.image_files);
    return failed;
}

/* What people and archives read of a bundle first: README.md, CITATION.cff, .zenodo.json. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/json_put.h"
#include "bundle/bundle.h"
#include "bundle/derive.h"
#include "bundle/pack_info.h"
#include "oci/image_layout.h"

#define NAME_BYTES 512

const char *derive_date(int64_t at_s, char *buf)
{
    struct tm tm;
    const time_t at = (time_t)at_s;
    (void)strftime(buf, 32, "%Y-%m-%d", gmtime_r(&at, &tm));
    return buf;
}

const char *derive_time(int64_t at_s, char *buf)
{
    struct tm tm;
    const time_t at = (time_t)at_s;
    (void)strftime(buf, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&at, &tm));
    return buf;
}

static const char *said(const struct bundle *b, const char *key)
{
    const char *s = json_string_value(json_object_get(b->pack, key));
    return s ? s : "";
}

/* A YAML double-quoted scalar: JSON's escapes are YAML's (YAML 1.2.2, section 5.7). */
static void add_quoted(struct text *out, const char *value)
{
    json_t *s = json_string(value);
    char *quoted = json_dumps(s, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    text_add(out, "%s", quoted ? quoted : "\"\"");
    free(quoted);
    json_decref(s);
}

static void add_key(struct text *out, const char *indent, const char *key, const char *value)
{
    if (!value || !*value)
        return;
    text_add(out, "%s%s: ", indent, key);
    add_quoted(out, value);
    text_add(out, "\n");
}

static void cite_author(const json_t *author, struct text *out)
{
    static const char *const KEYS[][2] = {{"family-names", "family"}, {"given-names", "given"}, {"name", "name"}};
    const char *orcid = json_string_value(json_object_get(author, "orcid"));
    const char *indent = "  - ";
    for (size_t i = 0; i < sizeof(KEYS) / sizeof(KEYS[0]); i++) {
        const char *value = json_string_value(json_object_get(author, KEYS[i][1]));
        add_key(out, indent, KEYS[i][0], value);
        if (value)
            indent = "    ";
    }
    if (orcid)
        text_add(out, "    orcid: \"https://orcid.org/%s\"\n", orcid);
    add_key(out, "    ", "email", json_string_value(json_object_get(author, "email")));
}

void citation_cff(const struct bundle *b, struct text *out)
{
    char date[32];
    size_t i;
    const json_t *author;
    text_add(out, "cff-version: 1.2.0\nmessage: \"If you use these measurements, please cite them as below.\"\n");
    add_key(out, "", "title", said(b, "title"));
    text_add(out, "type: dataset\nauthors:\n");
    json_array_foreach(json_object_get(b->pack, "authors"), i, author)
    {
        cite_author(author, out);
    }
    text_add(out, "date-released: %s\n", derive_date(b->date_s, date));
    add_key(out, "", "license", said(b, "license"));
    text_add(out, "keywords:\n  - benchmarking\n  - reproducibility\n  - cgroups\n");
}

void zenodo_json(const struct bundle *b, struct text *out)
{
    char name[NAME_BYTES], date[32];
    size_t i;
    const json_t *author;
    json_t *creators = json_array();
    json_array_foreach(json_object_get(b->pack, "authors"), i, author)
    {
        json_t *one = json_object();
        const char *family = json_string_value(json_object_get(author, "family"));
        if (family)
            (void)snprintf(name, sizeof(name), "%s, %s", family, json_string_value(json_object_get(author, "given")));
        else
            (void)pack_info_name(author, name, sizeof(name));
        (void)json_object_set_new(one, "name", json_string(name));
        if (json_object_get(author, "orcid"))
            (void)json_object_set(one, "orcid", json_object_get(author, "orcid"));
        (void)json_array_append_new(creators, one);
    }
    json_text(json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:[s, s, s]}", "title", said(b, "title"), "upload_type",
                        "dataset", "publication_date", derive_date(b->date_s, date), "license", said(b, "license"),
                        "access_right", "open", "description",
                        "Measurements with their raw samples, the plan that they were taken by, what is claimed of "
                        "them, and the tables and figures made from them: an RO-Crate in a BagIt bag. "
                        "'tare verify' holds all of it against the raw samples.",
                        "creators", creators, "keywords", "benchmarking", "reproducibility", "cgroups"),
              out);
}

/* --- README.md --------------------------------------------------------------------------------------------------- */

static void add_claims(const struct bundle *b, struct text *out)
{
    char expected[96], found[96];
    if (b->claims.count == 0) {
        text_add(out, "Nothing is claimed of these records: `claims.yml` is empty.\n");
        return;
    }
    text_add(out, "| claim | expected | found | verdict |\n|---|---|---|---|\n");
    for (size_t i = 0; i < b->claims.count; i++) {
        const struct claim *c = &b->claims.list[i];
        const struct judgement *j = &b->judgement[i];
        text_add(out, "| %s: %s | %s | %s | %s%s%s%s |\n", c->id, c->text,
                 claim_expected(c, &b->records, expected, sizeof(expected)),
                 claim_found(c, j, &b->records, found, sizeof(found)), claim_verdict_name(j->verdict),
                 *j->why ? " (" : "", j->why, *j->why ? ")" : "");
    }
}

static void add_coverage(const struct bundle *b, struct text *out)
{
    struct text missing = {0};
    text_add(out,
             "The plan `%s` asks for %zu invocations of each of %zu cells%s. %zu are here, %zu of them failed, each "
             "with its reason in its record; %zu are missing.\n",
             b->plan.name, b->blocks, b->cells, b->noise ? ", each as A and A'" : "", b->run, b->failed, b->missing);
    if (b->missing == 0)
        return;
    bundle_missing(b, 50, &missing);
    text_add(out, "\n**Incomplete.** It was packed so on purpose. Missing (the first 50):\n\n```\n%s```\n",
             missing.data);
    text_free(&missing);
}

static void add_authors(const struct bundle *b, struct text *out)
{
    char name[NAME_BYTES];
    size_t i;
    const json_t *author;
    json_array_foreach(json_object_get(b->pack, "authors"), i, author)
    {
        text_add(out, "%s%s", i ? ", " : "", pack_info_name(author, name, sizeof(name)));
    }
}

/* The image, where the bundle holds it. One that cannot be read is found elsewhere. */
static void add_image(const struct bundle *b, struct text *out)
{
    struct image_layout l;
    struct err ignored = {0};
    if (image_layout_read(b->fd, &l, &ignored) == 0 && l.there)
        text_add(out,
                 "| `" IMAGE_LAYOUT "/` | the image to run it in, an OCI image layout: image id `sha256:%s`, manifest "
                 "`sha256:%s`; `skopeo copy oci:data/" IMAGE_LAYOUT
                 " docker-daemon:NAME:TAG` loads it, `tare reproduce "
                 "--in-image` too |\n",
                 l.config, l.manifest);
}

void bundle_readme(const struct bundle *b, struct text *out)
{
    char date[32];
    text_add(out, "# %s\n\n", said(b, "title"));
    add_authors(b, out);
    text_add(out, ", %s. License: %s.\n\n", derive_date(b->date_s, date), said(b, "license"));
    add_coverage(b, out);
    text_add(out, "\n## Claims\n\n");
    add_claims(b, out);
    text_add(out,
             "\n## To check it\n\n"
             "```\n"
             "tare verify BUNDLE              # offline: the files, and that all of it follows from the raw samples\n"
             "tare reproduce BUNDLE --smoke   # the plan again on your machine, shortened; a verdict for each claim\n"
             "```\n\n"
             "Without tare: this is a BagIt bag (RFC 8493), so `sha256sum -c manifest-sha256.txt` holds the files "
             "against their digests.\n\n"
             "## What is where\n\n"
             "| | |\n|---|---|\n"
             "| `records/` | a record an invocation, raw samples included (schema tare.record/1) |\n"
             "| `plan.yml`, `plan.lock` | what was to be run, in which order |\n"
             "| `claims.yml` | what is claimed of it, with a tolerance declared beforehand |\n"
             "| `paper/` | numbers, tables and figures, each derived from the records |\n"
             "| `env/` | the machines, the lock of the images, the list of components (CycloneDX) |\n");
    if (b->plan.carried.count > 0)
        text_add(out, "| `" CARRIED_FOLDER "/` | the programs that were weighed and did not come with tare |\n");
    add_image(b, out);
    text_add(out, "| `ro-crate-metadata.json` | the same for machines (RO-Crate 1.1, Process Run Crate 0.5) |\n");
}

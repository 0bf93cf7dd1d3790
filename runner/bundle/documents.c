/* README.md, CITATION.cff, codemeta.json and .zenodo.json of a bundle. The first two come from templates beside this
 * file (README.in, CITATION.in), where {name} stands for a value. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analysis/why.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/json_put.h"
#include "base/text.h"
#include "base/version.h"
#include "bundle/bundle.h"
#include "bundle/claims.h"
#include "bundle/derive.h"
#include "bundle/pack_info.h"
#include "oci/image.h"
#include "record/output.h"

#define NAME_BYTES 512

extern const char readme_template[], citation_template[];
#define TEMPLATE(name, path)                                                                                           \
    __asm__(".section .rodata\n.global " #name "\n" #name ":\n.incbin \"" path "\"\n.byte 0\n.previous\n")
TEMPLATE(readme_template, "runner/bundle/README.in");
TEMPLATE(citation_template, "runner/bundle/CITATION.in");

/* The value for a name in braces: a text, or what adds it. */
struct value {
    const char *name, *text;
    void (*add)(const struct bundle *b, struct text *out);
};

static void fill(const char *template, const struct value *values, const struct bundle *b, struct text *out)
{
    for (const char *p = template; *p;) {
        size_t plain = strcspn(p, "{");
        text_add_bytes(out, p, plain);
        p += plain;
        if (!*p)
            return;
        size_t len = strcspn(++p, "}");
        const struct value *v = values; /* our templates use only known names */
        while (strlen(v->name) != len || strncmp(v->name, p, len) != 0)
            v++;
        if (v->add)
            v->add(b, out);
        else
            text_add(out, "%s", v->text);
        p += len + 1;
    }
}

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

/* --- CITATION.cff, .zenodo.json ---------------------------------------------------------------------------------- */

/* "KEY: VALUE" with a YAML double-quoted scalar: JSON's escapes are YAML's (YAML 1.2.2, section 5.7). Without a value
 * nothing. */
static void add_key(struct text *out, const char *indent, const char *key, const char *value)
{
    cleanup_json json_t *s = json_string(value);
    cleanup_free char *quoted = json_dumps(s, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    if (*value)
        text_add(out, "%s%s: %s\n", indent, key, quoted ? quoted : "\"\"");
}

static void cite_author(const json_t *author, struct text *out)
{
    static const char *const KEYS[][2] = {{"family-names", "family"}, {"given-names", "given"}, {"name", "name"}};
    cleanup_free char *orcid = text_printf("https://orcid.org/%s", json_word(author, "orcid"));
    size_t before = out->len;
    for (size_t i = 0; i < ARRAY_LEN(KEYS); i++)
        add_key(out, out->len == before ? "  - " : "    ", KEYS[i][0], json_word(author, KEYS[i][1]));
    add_key(out, "    ", "orcid", *json_word(author, "orcid") ? orcid : "");
    add_key(out, "    ", "email", json_word(author, "email"));
}

static void cite_title(const struct bundle *b, struct text *out)
{
    add_key(out, "", "title", json_word(b->pack, "title"));
}

static void cite_license(const struct bundle *b, struct text *out)
{
    add_key(out, "", "license", json_word(b->pack, "license"));
}

static void cite_authors(const struct bundle *b, struct text *out)
{
    size_t i;
    const json_t *author = NULL;
    json_array_foreach(json_object_get(b->pack, "authors"), i, author)
    {
        cite_author(author, out);
    }
}

void citation_cff(const struct bundle *b, struct text *out)
{
    char date[32];
    fill(citation_template,
         (const struct value[]){{"title", NULL, cite_title},
                                {"authors", NULL, cite_authors},
                                {"date", derive_date(b->date_s, date), NULL},
                                {"license", NULL, cite_license}},
         b, out);
}

void zenodo_json(const struct bundle *b, struct text *out)
{
    char name[NAME_BYTES], date[32];
    size_t i;
    json_t *author = NULL, *creators = json_array();
    json_array_foreach(json_object_get(b->pack, "authors"), i, author)
    {
        if (*json_word(author, "family"))
            (void)snprintf(name, sizeof(name), "%s, %s", json_word(author, "family"), json_word(author, "given"));
        else
            (void)pack_info_name(author, name, sizeof(name));
        (void)json_array_append_new(creators,
                                    json_pack("{s:s, s:O*}", "name", name, "orcid", json_object_get(author, "orcid")));
    }
    json_text(json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:[s, s, s]}", "title", json_word(b->pack, "title"),
                        "upload_type", "dataset", "publication_date", derive_date(b->date_s, date), "license",
                        json_word(b->pack, "license"), "access_right", "open", "description",
                        "Measurements with their raw samples, the plan that they were taken by, what is claimed of "
                        "them, and the tables and figures made from them: an RO-Crate in a BagIt bag. "
                        "'tare verify' holds all of it against the raw samples.",
                        "creators", creators, "keywords", "benchmarking", "reproducibility", "cgroups"),
              out);
}

/* --- codemeta.json ------------------------------------------------------------------------------------------------ */

/* The software that made the records and the bundle (CodeMeta 3, https://w3id.org/codemeta/3.0). */
void codemeta_json(const struct bundle *b, struct text *out)
{
    const json_t *tool = json_object_get(b->pack, "tool");
    json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:[s, s], s:s, s:[{s:s, s:s}]}", "@context",
                          "https://w3id.org/codemeta/3.0", "@type", "SoftwareSourceCode", "name", "tare", "description",
                          "weighs what threads, processes and interpreters cost, each in a cgroup v2 slice", "version",
                          json_word(tool, "version"), "license", "https://spdx.org/licenses/" TARE_LICENSE,
                          "programmingLanguage", "C", "Python", "operatingSystem", "Linux", "author", "@type",
                          "Organization", "name", TARE_AUTHORS);
    const char *url = json_string_value(json_object_get(b->pack, "source_url"));
    if (!o)
        abort();
    if (*json_word(tool, "commit"))
        json_put_text(o, "identifier", json_word(tool, "commit"));
    if (url)
        json_put_text(o, "codeRepository", url);
    json_text(o, out);
}

/* --- README.md --------------------------------------------------------------------------------------------------- */

static void add_claims(const struct bundle *b, struct text *out)
{
    char expected[96], found[96];
    if (b->claims.count == 0)
        text_add(out, "Nothing is claimed of these records: `claims.yml` is empty.\n");
    else
        text_add(out, "| claim | expected | found | verdict |\n|---|---|---|---|\n");
    for (size_t i = 0; i < b->claims.count; i++) {
        const struct claim *c = &b->claims.list[i];
        const struct judgement *j = &b->judgement[i];
        text_add(out, "| %s: %s | %s | %s | %s%s%s%s |\n", c->id, c->text,
                 claim_expected(c, &b->records, expected, sizeof(expected)),
                 claim_found(c, j, &b->records, found, sizeof(found)), claim_verdict_names[j->verdict],
                 *j->why ? " (" : "", j->why, *j->why ? ")" : "");
    }
}

static void add_coverage(const struct bundle *b, struct text *out)
{
    cleanup_text struct text missing = {0};
    text_add(out,
             "The plan `%s` asks for %zu invocations of each of %zu cells%s. %zu are here, %zu of them failed, each "
             "with its reason in its record; %zu are missing.\n",
             b->plan.name, b->blocks, b->cells, b->noise ? ", each as A and A'" : "", b->run, b->failed, b->missing);
    if (b->missing == 0)
        return;
    bundle_missing(b, 50, &missing);
    text_add(out, "\n**Incomplete.** It was packed so on purpose. Missing (the first 50):\n\n```\n%s```\n",
             missing.data);
}

static void add_authors(const struct bundle *b, struct text *out)
{
    char name[NAME_BYTES];
    size_t i;
    const json_t *author = NULL;
    json_array_foreach(json_object_get(b->pack, "authors"), i, author)
    {
        text_add(out, "%s%s", i ? ", " : "", pack_info_name(author, name, sizeof(name)));
    }
}

/* The bundle's image. verify reports an unreadable one. */
static void add_image(const struct bundle *b, struct text *out)
{
    struct oci_image l;
    struct err ignored = {0};
    if (oci_image_read(b->fd, &l, &ignored) == 0 && l.there)
        text_add(out,
                 "| `" IMAGE_LAYOUT "/` | the image to run it in, an OCI image layout: image id `sha256:%s`, manifest "
                 "`sha256:%s`; `skopeo copy oci:data/" IMAGE_LAYOUT
                 " docker-daemon:NAME:TAG` loads it, `tare reproduce --in-image` too |\n",
                 l.config, l.manifest);
}

/* The number of a commit's digits, without "-dirty"; 0: not a commit. */
static size_t commit_digits(const char *commit)
{
    size_t len = strspn(commit, "0123456789abcdef");
    return len >= 7 && len <= 40 && (!commit[len] || strcmp(commit + len, "-dirty") == 0) ? len : 0;
}

/* Of each different environment once, in the order of the records. */
static void add_once(const char *one, struct text *out)
{
    cleanup_free char *shown = text_printable(one);
    if (*shown && !(out->data && strstr(out->data, shown)))
        text_add(out, "%s%s", out->len ? "; " : "", shown);
}

/* Whether a record was made on an interpreter of CPython's. */
static bool takes_python(const struct bundle *b)
{
    for (size_t i = 0; i < b->records.count; i++)
        if (strcmp(keyset_word(b->records.list[i].environment, "runtime.implementation"), "cpython") == 0)
            return true;
    return false;
}

/* Whether a command's program is among the files that are known by their digests, and so in the bundle. */
static bool is_carried(const struct keyset *set)
{
    static const char FILES[] = "runtime.files.";
    const char *sha256 = keyset_word(set, "runtime.sha256");
    for (size_t i = 0; i < set->count; i++)
        if (strncmp(set->list[i].key, FILES, strlen(FILES)) == 0 && strcmp(set->list[i].value, sha256) == 0)
            return true;
    return false;
}

static void add_runtime(const struct keyset *set, struct text *out)
{
    const char *name = keyset_word(set, "runtime.name");
    if (strcmp(name, "command") == 0 && is_carried(set))
        return;
    cleanup_free char *one = strcmp(name, "command") == 0
                                 ? text_printf("the program %s", keyset_word(set, "runtime.path"))
                                 : text_printf("%s %s (%s)", keyset_word(set, "runtime.implementation"),
                                               keyset_word(set, "runtime.version"), name);
    add_once(one, out);
}

/* On what it was measured: what the reviewer needs, or what will differ. */
static void add_needs(const struct bundle *b, struct text *out)
{
    cleanup_text struct text runtimes = {0}, hosts = {0};
    cleanup_keysets struct keysets environments = records_environments(&b->records);
    for (size_t i = 0; i < environments.count; i++) {
        const struct keyset *set = environments.list[i];
        cleanup_free char *host = text_printf("%s, %s, %s", keyset_word(set, "host.cpu_model"),
                                              keyset_word(set, "host.arch"), keyset_word(set, "host.os"));
        add_runtime(set, &runtimes);
        add_once(host, &hosts);
    }
    text_add(out, "It was measured %s%s%son %s.\n", runtimes.data ? "with " : "", runtimes.data ? runtimes.data : "",
             runtimes.data ? "\n" : "", hosts.data ? hosts.data : "an unknown machine");
}

/* How the reviewer gets the tare that packed the bundle. */
static void add_get(const struct bundle *b, struct text *out)
{
    const bool python = takes_python(b);
    const json_t *tool = json_object_get(b->pack, "tool");
    const char *url = json_string_value(json_object_get(b->pack, "source_url")), *commit = json_word(tool, "commit");
    cleanup_free char *version = text_printable(json_word(tool, "version"));
    size_t len = commit_digits(commit);
    if (!url) {
        text_add(out, "# tare %.60s packed this; where it is to be had was not told\n", version);
        return;
    }
    text_add(out, "git clone ");
    text_add_shell_word(out, url); /* it may hold what a shell would take as a command */
    text_add(out, " tare  # tare %.60s packed this\n", version);
    if (len)
        text_add(out, "git -C tare checkout %.*s%s\n", (int)len, commit,
                 commit[len] ? "  # it had changes that were not committed" : "");
    text_add(out,
             "tare/scripts/setup draw  # once: Debian's packages\n"
             "make -C tare %sbuild  # tare%s\nPATH=\"$PWD/tare/build:$PATH\"\n",
             python ? "python " : "", python ? ", and two CPythons: minutes" : "");
}

/* How long the invocations took when they were measured. */
static void add_took(const struct bundle *b, struct text *out)
{
    double sum_s = 0;
    for (size_t i = 0; i < b->records.count; i++)
        if (isfinite(b->records.list[i].details.elapsed_s))
            sum_s += b->records.list[i].details.elapsed_s;
    text_add(out, sum_s > 0 ? "it took " : "its time is not told");
    if (sum_s > 0)
        text_add_seconds(out, sum_s);
}

/* What was weighed and did not come with tare. */
static void add_carried(const struct bundle *b, struct text *out)
{
    size_t of_commands = 0;
    for (size_t i = 0; i < b->plan.carried.count; i++)
        of_commands += b->plan.carried.of[i].of_command;
    if (b->plan.carried.count > of_commands)
        text_add(out, "| `" CARRIED_FOLDER "/` | the programs that were weighed and did not come with tare |\n");
    if (of_commands > 0)
        text_add(out,
                 "| `" CARRIED_PROGRAMS "/` | the programs and files that the commands name, and are run with |\n");
}

static void add_whys(const struct bundle *b, struct text *out)
{
    if (b->whys)
        text_add(out,
                 "| `" BUNDLE_RECORDS "*/*" OUTPUT_WHY
                 "` | what --why found of the record beside it: what its threads lost their time to (schema " WHY_SCHEMA
                 ") |\n");
}

void bundle_readme(const struct bundle *b, struct text *out)
{
    char crate[80], date[32];
    const char *version = *json_word(b->pack, "crate") ? json_word(b->pack, "crate") : CRATE_1_1;
    text_format(crate, sizeof(crate), "RO-Crate %s%s", version,
                strcmp(version, CRATE_1_1) == 0   ? ", Process Run Crate 0.5"
                : strcmp(version, CRATE_1_3) == 0 ? ", Process Run Crate 0.6"
                                                  : "");
    fill(readme_template,
         (const struct value[]){{"title", json_word(b->pack, "title"), NULL},
                                {"get", NULL, add_get},
                                {"took", NULL, add_took},
                                {"needs", NULL, add_needs},
                                {"authors", NULL, add_authors},
                                {"date", derive_date(b->date_s, date), NULL},
                                {"license", json_word(b->pack, "license"), NULL},
                                {"coverage", NULL, add_coverage},
                                {"claims", NULL, add_claims},
                                {"whys", NULL, add_whys},
                                {"carried", NULL, add_carried},
                                {"image", NULL, add_image},
                                {"crate", crate, NULL}},
         b, out);
}

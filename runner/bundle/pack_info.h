/* pack_info: env/pack.json (schema tare.pack/1): authors, tare version, title and license of a bundle: what does not
 * follow from the records. Pack writes it, bundle.c reads it. */
#ifndef TARE_PACK_INFO_H
#define TARE_PACK_INFO_H

#include <stdbool.h>
#include <stddef.h>

#define BUNDLE_PACK "env/pack.json"
#define PACK_SCHEMA "tare.pack/1"
#define PACK_FORMAT 7 /* format of all derived files: raise it when equal sources give other bytes */

/* Versions of RO-Crate. Process Run Crate 0.5 goes with 1.1 and 0.6 with 1.3; none goes with 1.2 (Workflow Run
 * RO-Crate, changelog of 0.6, "Compatibility table"), so that a crate of 1.2 declares no profile. */
#define CRATE_1_1 "1.1"
#define CRATE_1_2 "1.2"
#define CRATE_1_3 "1.3"

struct err;
struct json_t;

/* Parses it. -EINVAL (usage): not JSON, another schema, or a key missing or of the wrong type. The caller ends *ret
 * with json_decref(). */
int pack_info_parse(const char *bytes, size_t len, struct json_t **ret, struct err *e);

/* Parses "Family, Given <ORCID or e-mail>" into {family, given, orcid, email}, the last two optional; without a comma,
 * a group's {name}. -EINVAL (usage): another form, or a wrong check digit in the ORCID iD. */
int pack_info_author(const char *text, struct json_t **ret, struct err *e);

/* Whether it is an address that may stand in a text, a command and a crate: https, as programs are fetched
 * from it and run, and at most PACK_URL_MAX bytes of the characters that URLs have, without quotes and brackets. */
#define PACK_URL_MAX 300
bool pack_info_is_url(const char *text);

/* What draws the figures on this host: {gnuplot: "5.4 patchlevel 4", probe_sha256: of a small drawing as SVG, PDF and
 * PNG, which also depends on cairo and the fonts}. Verify compares drawings only where it is equal to what pack
 * recorded. If cairo's PDFs keep the time of drawing, no two of them are equal: probe_sha256 is null and `why` says
 * so. The caller owns *ret. -ENOENT (host): no gnuplot. */
int drawn_by(struct json_t **ret, struct err *e);

/* "Given Family", or the group's name. Returns buf. */
const char *pack_info_name(const struct json_t *author, char *buf, size_t cap);

#endif

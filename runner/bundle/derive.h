/* derive: writes every file of a bundle that follows from its sources (records, plan, claims, pack.json, LICENSE, the
 * lock of the images). Pack writes them into the bundle; verify writes them elsewhere and compares. Equal sources give
 * equal bytes; raise PACK_FORMAT when the bytes change. */
#ifndef TARE_DERIVE_H
#define TARE_DERIVE_H

#include <stdbool.h>

#include "base/text.h"

struct bundle;
struct err;
struct json_t;
struct filelist;

/* Writes env/host.json, env/sbom.cdx.json, paper/, README.md, CITATION.cff, codemeta.json and .zenodo.json below dirfd,
 * where none exists. draw: also the figures, by gnuplot; else only their data. -ENOENT (host): no gnuplot. Errors of
 * reading the sources (usage). */
int derive_documents(const struct bundle *b, int dirfd, bool draw, struct err *e);

/* ro-crate-metadata.json, of all the payload's other files. */
int derive_crate(const struct bundle *b, const struct filelist *payload, int dirfd, struct err *e);

#define CRATE_FILE "ro-crate-metadata.json"

/* Writes the bag's files for a payload with its crate: bagit.txt, bag-info.txt and both manifests. */
int derive_bag(const struct bundle *b, const struct filelist *payload, int dirfd, struct err *e);

/* --- the parts --------------------------------------------------------------------------------------------------- */

void citation_cff(const struct bundle *b, struct text *out);
void zenodo_json(const struct bundle *b, struct text *out);
void codemeta_json(const struct bundle *b, struct text *out);
void bundle_readme(const struct bundle *b, struct text *out);

/* The machines of the records (schema tare.environments/1): host, image and tool of each, without volatile facts. The
 * caller owns it. */
struct json_t *environments_of(const struct bundle *b);

/* CycloneDX 1.6: tare, the interpreters, the system; for images in the lock, also their packages with hashes. The
 * caller owns *ret. */
int sbom_of(const struct bundle *b, const struct json_t *environments, struct json_t **ret, struct err *e);

/* Format seconds since 1970 as "2026-11-25" and "2026-11-25T00:10:10Z". buf: 32 bytes. Return buf. */
const char *derive_date(int64_t at_s, char *buf);
const char *derive_time(int64_t at_s, char *buf);

#endif

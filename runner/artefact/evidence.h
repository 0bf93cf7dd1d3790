/* evidence: one record of a bundle read whole, for what is said of it one by one: its sections as JSON, its raw
 * samples, and whether its results follow from them. */
#ifndef TARE_EVIDENCE_H
#define TARE_EVIDENCE_H

#include "base/text.h"
#include "report/json_scan.h"

struct bundle;
struct err;
struct findings;
struct json_t;

/* Starts as {0}; ended with evidence_free(). */
struct evidence {
    struct text bytes;
    const char *path;
};

/* Reads the record at this path of the payload. -EFBIG and the like (usage). */
int evidence_read(const struct bundle *b, const char *path, struct evidence *ret, struct err *e);
void evidence_free(struct evidence *v);

/* A section as JSON, the caller's; NULL: there is none, or it is null, no JSON, or above 1 MiB. */
struct json_t *evidence_section(const struct evidence *v, const char *name);

/* Derives what the record's result and memory say from its raw samples, by the formulas of the run (stats.h, memory.h),
 * and adds what does not follow to the findings (derivation). Times may differ by a 10^-12th: what another compiler
 * makes of the same sum. */
void evidence_derive(const struct evidence *v, struct findings *f);

#endif

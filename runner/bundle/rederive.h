/* rederive: derives a record's results again from its raw samples and compares. bundle.c calls it once per record, for
 * verify. */
#ifndef TARE_REDERIVE_H
#define TARE_REDERIVE_H

#include "base/json_scan.h"

struct findings;

/* Derives result and memory of the record in this text from its raw samples, by the formulas of the run (stats.h,
 * memory.h). Each difference is a finding (derivation) for path. Times may differ by a relative 1e-12, as other
 * compilers sum differently. */
void rederive_record(const char *path, struct json_span text, struct findings *f);

#endif

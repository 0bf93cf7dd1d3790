/* rederive: derives a record's results again from its raw samples and compares. Reading a bundle for verify calls it
 * once a record. */
#ifndef TARE_REDERIVE_H
#define TARE_REDERIVE_H

#include "base/json_scan.h"

struct findings;

/* Derives what the record of this text says in its result and memory from its raw samples, by the formulas of the run
 * (stats.h, memory.h), and adds what does not follow to the findings (derivation), by its path. Times may differ by a
 * 10^-12th: what another compiler makes of the same sum. */
void rederive_record(const char *path, struct json_span text, struct findings *f);

#endif

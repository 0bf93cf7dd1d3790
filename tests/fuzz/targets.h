/* targets: what reads the hostile, as functions of bytes. One is fuzzed at a time (make fuzz); all replay their corpus
 * in a unit test. */
#ifndef TARE_FUZZ_TARGETS_H
#define TARE_FUZZ_TARGETS_H

#include <stddef.h>
#include <stdint.h>

int fuzz_bundle(const uint8_t *data, size_t size); /* a tar, by all of verify; a signature */
int fuzz_record(const uint8_t *data, size_t size); /* a record's file, and what follows from its samples */
int fuzz_plan(const uint8_t *data, size_t size);   /* a plan, a claims file, pack.json */

#endif

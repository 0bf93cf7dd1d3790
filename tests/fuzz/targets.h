/* targets: what reads the hostile, as functions of bytes. One is fuzzed at a time (make fuzz); all replay their corpus
 * in a unit test. */
#ifndef TARE_FUZZ_TARGETS_H
#define TARE_FUZZ_TARGETS_H

#include <stddef.h>
#include <stdint.h>

int fuzz_bundle(const uint8_t *data, size_t size);       /* a tar, by all of verify; a signature */
int fuzz_record(const uint8_t *data, size_t size);       /* a record's file, and what follows from its samples */
int fuzz_plan(const uint8_t *data, size_t size);         /* a plan, a claims file, pack.json */
int fuzz_yaml(const uint8_t *data, size_t size);         /* the tree that plans, claims and scenarios are read from */
int fuzz_scenario(const uint8_t *data, size_t size);     /* scenario.yml, and a value of each of its knobs */
int fuzz_profile(const uint8_t *data, size_t size);      /* limits in libcgroup's format */
int fuzz_journal(const uint8_t *data, size_t size);      /* tune.journal, and a restore of what it says */
int fuzz_minisign(const uint8_t *data, size_t size);     /* a key, then NUL, then a signature */
int fuzz_layout(const uint8_t *data, size_t size);       /* the index.json of an OCI layout, and what it leads to */
int fuzz_lock(const uint8_t *data, size_t size);         /* plan.lock */
int fuzz_reproduction(const uint8_t *data, size_t size); /* reproduction.json */
int fuzz_machine(const uint8_t *data, size_t size);      /* files of /proc and /sys, one after another, RS between */
int fuzz_kept(const uint8_t *data, size_t size);         /* selftest.json, noise-floor.json */
int fuzz_ledger(const uint8_t *data, size_t size);       /* the page that the workload writes */

#endif

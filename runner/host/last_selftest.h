/* last_selftest: stores the result of the last selftest, for records of the same boot and build. `tare selftest` writes
 * it, run/ reads it. */
#ifndef TARE_LAST_SELFTEST_H
#define TARE_LAST_SELFTEST_H

struct err;
struct facts;
struct text;

#define SELFTEST_SCHEMA "tare.selftest/1"
#define SELFTEST_BYTES  ((size_t)16 << 20) /* of its file at most */

/* Stores a report's JSON as selftest.json in $TARE_STATE, else in /var/lib/tare for root, else in the user's cache.
 * Errors of writing (ours). */
int last_selftest_keep(const struct text *json, struct err *e);

/* Adds the result of the last selftest of this boot and build: selftest.digest (SHA-256 of its JSON), selftest.at,
 * .passed, .failed, .unavailable; or selftest absent with the reason. */
void last_selftest_tell(struct facts *to);

#endif

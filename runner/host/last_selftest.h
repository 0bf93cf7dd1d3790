/* last_selftest: what the last selftest gave, as the records of the same boot and the same build tell it. `tare
 * selftest` keeps it, run/ reads it. */
#ifndef TARE_LAST_SELFTEST_H
#define TARE_LAST_SELFTEST_H

struct err;
struct facts;
struct text;

#define SELFTEST_SCHEMA "tare.selftest/1"

/* Keeps a report's JSON as the last: selftest.json in $TARE_STATE, else in /var/lib/tare for root, else in the cache.
 * Errors of writing (ours). */
int last_selftest_keep(const struct text *json, struct err *e);

/* Adds what the last selftest of this boot and of this build of tare gave: selftest.digest (SHA-256 of its JSON), at,
 * passed, failed, unavailable; or selftest absent with the reason. */
void last_selftest_tell(struct facts *to);

#endif

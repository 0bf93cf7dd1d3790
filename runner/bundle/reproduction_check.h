/* reproduction_check: checks a bundle's counter-record against its records and claims. Pack and verify call it. */
#ifndef TARE_REPRODUCTION_CHECK_H
#define TARE_REPRODUCTION_CHECK_H

struct bundle;
struct findings;
struct filelist;

/* Checks that each record is listed with its digest, each listed record exists, each verdict follows, and no time
 * equals the original's. Each fault is a finding (derivation). */
void reproduction_check(const struct bundle *b, const struct filelist *payload, struct findings *f);

#endif

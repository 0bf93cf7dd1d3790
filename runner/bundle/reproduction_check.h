/* reproduction_check: holds a bundle's counter-record against its records and claims. Pack and verify call it. */
#ifndef TARE_REPRODUCTION_CHECK_H
#define TARE_REPRODUCTION_CHECK_H

struct bundle;
struct findings;
struct filelist;

/* Each record is named with its digest and each name is there, each verdict follows, no time is the original's own. A
 * finding (derivation) each that does not. */
void reproduction_check(const struct bundle *b, const struct filelist *payload, struct findings *f);

#endif

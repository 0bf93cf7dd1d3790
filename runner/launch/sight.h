/* sight: whether samples of this machine's CPUs tell at which instruction a thread was. */
#ifndef TARE_SIGHT_H
#define TARE_SIGHT_H

struct text;

#define SIGHT_SAMPLES 64  /* fewer tell nothing */
#define SIGHT_SHARE   0.1 /* of the samples, the least that has to lie behind the atomic change */

/* Samples a loop of ours, in which one atomic change of memory takes most of the time, for some milliseconds (in an
 * emulated machine some tenths of a second). Appends why a sample does not tell of an atomic change: nothing where it
 * does. A CPU that is emulated block by block is interrupted between blocks alone, so that no sample lies behind an
 * instruction within one. */
void sight_of_atomics(struct text *why);

/* The same of what was seen: so many of the samples lay behind the change. */
void sight_judge(unsigned samples, unsigned behind, struct text *why);

#endif

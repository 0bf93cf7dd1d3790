/* inspect_disturbance: the checks that depend on the host: what else used the run's CPUs, and the settings of CPUs and
 * memory. Pure, on the record. */
#ifndef TARE_INSPECT_DISTURBANCE_H
#define TARE_INSPECT_DISTURBANCE_H

struct record;

/* Adds the checks to the verdict, from the record's disturbance, host and cpu. Adds none if the disturbance was not
 * read. */
void inspect_disturbance(struct record *record);

#endif

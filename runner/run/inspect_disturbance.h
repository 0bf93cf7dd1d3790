/* inspect_disturbance: the checks of a verdict that hang on the host: who and what came between a run and its CPUs, and
 * how the CPUs and memory were set. Pure, on the record. */
#ifndef TARE_INSPECT_DISTURBANCE_H
#define TARE_INSPECT_DISTURBANCE_H

struct record;

/* Adds them to the record's verdict, from its disturbance, its host and its cpu. Nothing where the disturbance was not
 * read. */
void inspect_disturbance(struct record *record);

#endif

/* timing: whether the times of a record are measurements. Under an emulated CPU they show order, not size: the record
 * and the text mark them, and nothing compares or claims them. */
#ifndef TARE_TIMING_H
#define TARE_TIMING_H

struct facts;

/* The name of this host's emulator ("QEMU TCG (…)"), which `host` owns; NULL: nothing shows an emulator. host: as
 * host_capture() fills it. */
const char *timing_emulated_by(const struct facts *host);

#endif

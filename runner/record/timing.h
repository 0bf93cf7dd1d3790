/* timing: whether the times of a record are a measure. Where software emulates the CPU they show order, not size: they
 * are marked in the record and in the text, and nobody compares or claims anything of them. */
#ifndef TARE_TIMING_H
#define TARE_TIMING_H

struct facts;
struct json_t;

/* What emulates this host ("QEMU TCG (…)", the host's to keep); NULL: nothing says that it is emulated. host as
 * host_capture() leaves it. */
const char *timing_emulated_by(const struct facts *host);

/* The same of a parsed record, the record's to keep: its timing.by where timing.emulated is true; of a record from
 * before there was such a section its host.emulated_by. */
const char *timing_record_emulated_by(const struct json_t *record);

#endif

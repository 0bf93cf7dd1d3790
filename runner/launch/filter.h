/* filter: the system call filters, compiled by compile_filters when tare is built: libseccomp takes 2 ms for one,
 * longer than all the rest of `tare exec -- true`. */
#ifndef TARE_FILTER_H
#define TARE_FILTER_H

#include <stddef.h>
#include <stdint.h>

#include "launch/allowance.h"

/* One filter for each combination of the host's network and the allowances (one bit each). */
#define FILTER_HOST_NETWORK 1U
#define FILTER_ALLOWS(a)    (2U << (a))
#define FILTER_VARIANTS     (2U << ALLOWANCES)

struct filter {
    const uint64_t *code; /* BPF: struct sock_filter, eight bytes each, as the kernel takes it (seccomp(2)) */
    size_t instructions;
    const char *text; /* its answer to each call, for people */
};

/* Calls above this number are newer than the list; the same for every architecture (kernel: scripts/syscall.tbl). */
#define FILTER_NEWEST_CALL 470

/* Written by compile_filters: filters by variant; names by number (NULL: no such call). */
extern const struct filter filter_compiled[FILTER_VARIANTS];
extern const char *const filter_call_names[FILTER_NEWEST_CALL + 1];

#endif

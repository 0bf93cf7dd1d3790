/* planted: work whose threads lose their speed-up to one thing that is known. What a verdict on causes is held against.
 */
#ifndef TARE_PLANTED_H
#define TARE_PLANTED_H

#include <stddef.h>

struct planted {
    const char *scenario, *pattern; /* of its knob "pattern" */
    const char *cause;              /* the cause's id; NULL: threads lose nothing that processes do not */
    const char *or_cause;           /* one that says as much of the same thing; NULL: there is none */
};

extern const struct planted planted_causes[];
extern const size_t planted_count;

#endif

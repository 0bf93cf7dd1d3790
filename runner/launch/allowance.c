#include "launch/allowance.h"

#include <string.h>

#include "base/cleanup.h"

static const char *const NAMES[] = {[ALLOW_IO_URING] = "io_uring"};

_Static_assert(ARRAY_LEN(NAMES) == ALLOWANCES, "each has a name");

const char *allowance_name(enum allowance a)
{
    return NAMES[a];
}

int allowance_find(const char *name)
{
    for (int i = 0; i < ALLOWANCES; i++)
        if (strcmp(NAMES[i], name) == 0)
            return i;
    return -1;
}

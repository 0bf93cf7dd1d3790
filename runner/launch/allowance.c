#include "launch/allowance.h"

#include <string.h>

#include "base/cleanup.h"

const char *const allowance_names[] = {[ALLOW_IO_URING] = "io_uring"};

_Static_assert(ARRAY_LEN(allowance_names) == ALLOWANCES, "each has a name");

int allowance_find(const char *name)
{
    for (int i = 0; i < ALLOWANCES; i++)
        if (strcmp(allowance_names[i], name) == 0)
            return i;
    return -1;
}

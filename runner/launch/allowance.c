#include "launch/allowance.h"

#include <stddef.h>

#include "base/cleanup.h"

const char *const allowance_names[] = {[ALLOW_IO_URING] = "io_uring", NULL};

_Static_assert(ARRAY_LEN(allowance_names) == ALLOWANCES + 1, "each has a name");

#include "base/fail_point.h"

#ifdef TARE_FAIL_POINTS
#include <signal.h>
#include <stdlib.h>
#include <string.h>

void fail_point_reach(const char *stage)
{
    const char *wanted = getenv("TARE_FAIL_POINT");
    if (wanted && strcmp(wanted, stage) == 0)
        (void)raise(SIGKILL);
}
#endif

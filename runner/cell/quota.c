#include "cell/quota.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define USEC_MIN    1000
#define PERIOD_USEC 100000
#define PERIOD_MAX  1000000
#define CPUS_MAX    4096

/* Reads "QUOTA PERIOD". */
static int parse_kernels(const char *text, const char *blank, struct quota *ret)
{
    char usec[24];
    if ((size_t)(blank - text) >= sizeof(usec))
        return -EINVAL;
    text_format(usec, sizeof(usec), "%.*s", (int)(blank - text), text);
    return text_to_i64(usec, &ret->usec) == 0 && text_to_i64(blank, &ret->period_usec) == 0 ? 0 : -EINVAL;
}

static int parse_share(const char *text, struct quota *ret)
{
    const char *end = text + strspn(text, "0123456789.");
    bool percent = strcmp(end, "%") == 0;
    if (end == text || (*end && !percent))
        return -EINVAL;
    char *read = NULL;
    double cpus = strtod(text, &read) / (percent ? 100 : 1);
    if (read != end)
        return -EINVAL;
    if (!(cpus > 0 && cpus <= CPUS_MAX))
        return -EINVAL;
    *ret = (struct quota){llround(cpus * PERIOD_USEC), PERIOD_USEC};
    return 0;
}

int quota_parse(const char *text, struct quota *ret)
{
    struct quota q = {0};
    const char *blank = text ? strchr(text, ' ') : NULL;
    int failed = !text ? 0 : blank ? parse_kernels(text, blank, &q) : parse_share(text, &q);
    if (failed == 0 && text &&
        (q.usec < USEC_MIN || q.period_usec < USEC_MIN || q.period_usec > PERIOD_MAX ||
         q.usec / CPUS_MAX > q.period_usec))
        failed = -EINVAL;
    if (failed == 0)
        *ret = q;
    return failed;
}

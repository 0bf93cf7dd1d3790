#include "cell/request.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/percent.h"
#include "base/text.h"

/* --- CPUs -------------------------------------------------------------------------------------------------------- */

int cpu_request_parse(const char *cpus, struct cpu_request *ret)
{
    struct cpu_request asked = *ret;
    asked.has_list = cpus && strcmp(cpus, "auto") != 0 && *cpus != 'x';
    asked.count = 0;
    if (asked.has_list && (cpulist_parse(cpus, &asked.list) != 0 || cpulist_count(&asked.list) == 0))
        return -EINVAL;
    if (cpus && *cpus == 'x') { /* digits alone; text_to_u64() would allow blanks */
        uint64_t count = 0;
        if (cpus[1 + strspn(cpus + 1, "0123456789")] || text_to_u64(cpus + 1, &count) != 0 || count == 0 ||
            count > CPULIST_MAX)
            return -EINVAL;
        asked.count = (unsigned)count;
    }
    *ret = asked;
    return 0;
}

/* --- a share of their time --------------------------------------------------------------------------------------- */

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

/* --- a slope's precision ----------------------------------------------------------------------------------------- */

int growth_target_parse(const char *text, struct growth_target *ret)
{
    const char *slash = strchr(text, '/');
    char width[32];
    double share = 0;
    uint64_t bytes = 0;
    if (!slash || strcmp(slash + 1, "1000") != 0 || (size_t)(slash - text) >= sizeof(width))
        return -EINVAL;
    text_format(width, sizeof(width), "%.*s", (int)(slash - text), text);
    if (text_ends_with(width, "%")) {
        if (percent_parse(width, 1e-6, 1, &share) != 0)
            return -EINVAL;
    } else if (text_to_bytes(width, &bytes) != 0 || bytes == 0 || bytes > INT64_MAX) {
        return -EINVAL;
    }
    *ret = (struct growth_target){share, (double)bytes};
    return 0;
}

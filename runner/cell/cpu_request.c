#include "cell/cpu_request.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"

/* The count of "x4". It takes digits alone; text_to_u64() would allow blanks. */
static int parse_count(const char *digits, unsigned *ret)
{
    uint64_t count = 0;
    if (strspn(digits, "0123456789") != strlen(digits) || text_to_u64(digits, &count) != 0 || count == 0 ||
        count > CPULIST_MAX)
        return -EINVAL;
    *ret = (unsigned)count;
    return 0;
}

int cpu_request_parse(const char *cpus, struct cpu_request *ret)
{
    struct cpu_request asked = *ret;
    asked.has_list = cpus && strcmp(cpus, "auto") != 0 && *cpus != 'x';
    asked.count = 0;
    if (asked.has_list && (cpulist_parse(cpus, &asked.list) != 0 || cpulist_count(&asked.list) == 0))
        return -EINVAL;
    if (cpus && *cpus == 'x')
        TRY(parse_count(cpus + 1, &asked.count));
    *ret = asked;
    return 0;
}

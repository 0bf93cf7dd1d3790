#include "cell/cpu_request.h"

#include <errno.h>
#include <string.h>

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
    struct cpulist list = {0};
    if (!cpus || strcmp(cpus, "auto") == 0) {
        ret->has_list = false;
        ret->count = 0;
        return 0;
    }
    if (*cpus == 'x') {
        int failed = parse_count(cpus + 1, &ret->count);
        ret->has_list = ret->has_list && failed != 0;
        return failed;
    }
    if (cpulist_parse(cpus, &list) != 0 || cpulist_count(&list) == 0)
        return -EINVAL;
    ret->has_list = true;
    ret->count = 0;
    ret->list = list;
    return 0;
}

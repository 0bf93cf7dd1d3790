#include "launch/landlock.h"

#include <linux/landlock.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Headers may be too old for these. Source: include/uapi/linux/landlock.h of Linux 7.1. */
#define ACCESS_WRITE_FILE   (1ULL << 1)
#define ACCESS_REFER        (1ULL << 13) /* ABI 2 */
#define ACCESS_TRUNCATE     (1ULL << 14) /* ABI 3 */
#define ACCESS_RESOLVE_UNIX (1ULL << 16) /* ABI 9 */

static uint64_t writes(int abi, bool folder)
{
    return ACCESS_WRITE_FILE | (folder ? ACCESS_REFER : 0) | (abi >= 3 ? ACCESS_TRUNCATE : 0);
}

int landlock_begin(bool sockets, int *abi)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION);
    *abi = version >= 2 ? (int)version : 0;
    if (*abi == 0)
        return -1;
    const uint64_t handled = writes(*abi, true) | (sockets && *abi >= 9 ? ACCESS_RESOLVE_UNIX : 0);
    return (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled),
                        0U); /* only the first field of the struct */
}

int landlock_allow(int rules, int abi, int fd, bool folder)
{
    struct landlock_path_beneath_attr rule;
    memset(&rule, 0, sizeof(rule));
    rule.allowed_access = writes(abi, folder);
    rule.parent_fd = fd;
    return (int)syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0U);
}

int landlock_enforce(int rules)
{
    return (int)syscall(SYS_landlock_restrict_self, rules, 0U);
}

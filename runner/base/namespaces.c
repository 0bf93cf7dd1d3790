#include "base/namespaces.h"

#include <string.h>

#include "base/beneath.h"
#include "base/cleanup.h"
#include "base/text.h"

/* The initial ones have constant numbers (include/uapi/linux/nsfs.h, enum init_ns_ino). */
static const char *const INITIAL[] = {"ipc:[4026531839]", "uts:[4026531838]", "pid:[4026531836]",
                                      "cgroup:[4026531835]"};

enum namespaces_are namespaces_look(const char *sysroot, const char *kind)
{
    char path[64], link[64];
    const size_t len = strlen(kind);
    text_format(path, sizeof(path), "/proc/self/ns/%s", kind);
    if (beneath_read_link(sysroot, path, link, sizeof(link)) <= 0)
        return NAMESPACES_UNKNOWN;
    for (size_t i = 0; i < ARRAY_LEN(INITIAL); i++)
        if (strncmp(INITIAL[i], kind, len) == 0 && INITIAL[i][len] == ':')
            return strcmp(link, INITIAL[i]) == 0 ? NAMESPACES_INITIAL : NAMESPACES_OTHER;
    return NAMESPACES_UNKNOWN;
}

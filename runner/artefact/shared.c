#include "artefact/shared.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"

int shared_find(const char *name, char *buf, size_t cap, struct err *e)
{
    /* Of build/tests, of build, of PREFIX/libexec/tare. */
    static const char *const WHERE[] = {"../share", "share", "../../share/tare"};
    char exe[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    if (n < 0)
        return err_sys(e, ERR_OURS, "/proc/self/exe");
    exe[n] = '\0';
    *strrchr(exe, '/') = '\0';
    for (size_t i = 0; i < ARRAY_LEN(WHERE); i++) {
        text_format(buf, cap, "%s/%s/%s", exe, WHERE[i], name);
        if (access(buf, R_OK) == 0)
            return 0;
    }
    return err_set(e, ERR_OURS, -ENOENT, "tare's own file %s is not where it was built or installed", name);
}

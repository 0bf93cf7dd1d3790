#include "bundle/shared.h"

#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"

int shared_find(const char *name, char *buf, size_t cap, struct err *e)
{
    /* Of build/tests, of build, of PREFIX/libexec/tare. */
    static const char *const WHERE[] = {"../share", "share", "../../share/tare"};
    int failed = file_beside_program(WHERE, ARRAY_LEN(WHERE), name, buf, cap);
    if (failed == 0)
        return 0;
    return err_set(e, ERR_OURS, failed, "tare's own file %s is not where it was built or installed", name);
}

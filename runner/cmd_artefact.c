#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/command.h"
#include "base/err.h"
#include "base/file.h"
#include "base/signals.h"

/* Bundles need libarchive, whose loading costs more than a run's start may, so another program has these commands. */
int cmd_artefact(int argc, char **argv, struct err *e)
{
    /* In a build tree it lies beside the program; installed, in ../libexec/tare. */
    static const char *const BESIDE[] = {".", "../libexec/tare"};
    char path[PATH_MAX + 64];
    int failed = file_beside_program(BESIDE, ARRAY_LEN(BESIDE), "tare-artefact", path, sizeof(path));
    if (failed != 0)
        return err_set(e, ERR_OURS, failed, "tare-artefact is not beside tare ('make' builds it)");
    cleanup_free char **words = xcalloc((size_t)argc + 2, sizeof(*words)); /* NOLINT(bugprone-sizeof-expression) */
    words[0] = path;
    memcpy(words + 1, argv, (size_t)argc * sizeof(*words));
    signals_for_exec();
    (void)execv(path, words);
    return err_sys(e, ERR_OURS, "'%s'", path);
}

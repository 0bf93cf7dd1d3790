#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/command.h"
#include "base/err.h"
#include "base/file.h"
#include "base/signals.h"

/* In a build tree it lies beside the program; installed, in ../libexec/tare. */
static int find_program(char *buf, size_t cap, struct err *e)
{
    static const char *const BESIDE[] = {".", "../libexec/tare"};
    int failed = file_beside_program(BESIDE, ARRAY_LEN(BESIDE), "tare-artefact", buf, cap);
    return failed == 0 ? 0 : err_set(e, ERR_OURS, failed, "tare-artefact is not beside tare ('make' builds it)");
}

/* Bundles need libarchive, whose loading costs more than a run's start may, so another program has these commands. */
int cmd_artefact(int argc, char **argv, struct err *e)
{
    char path[PATH_MAX + 64];
    TRY(find_program(path, sizeof(path), e));
    char **words = calloc((size_t)argc + 2, sizeof(*words));
    if (!words)
        return err_set(e, ERR_OURS, -ENOMEM, "no memory for %d words", argc);
    words[0] = path;
    memcpy(words + 1, argv, (size_t)argc * sizeof(*words));
    signals_for_exec();
    (void)execv(path, words);
    int failed = err_sys(e, ERR_OURS, "'%s'", path);
    free(words);
    return failed;
}

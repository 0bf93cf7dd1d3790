#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"
#include "command.h"

/* Beside the program in a build tree, in ../libexec/tare of it once installed. */
static int find_program(char *buf, size_t cap, struct err *e)
{
    static const char *const BESIDE[] = {"tare-artefact", "../libexec/tare/tare-artefact"};
    char exe[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    if (n < 0)
        return err_sys(e, ERR_OURS, "/proc/self/exe");
    exe[n] = '\0';
    *strrchr(exe, '/') = '\0';
    for (size_t i = 0; i < ARRAY_LEN(BESIDE); i++) {
        text_format(buf, cap, "%s/%s", exe, BESIDE[i]);
        if (access(buf, X_OK) == 0)
            return 0;
    }
    return err_set(e, ERR_OURS, -ENOENT, "%s is not there, nor is %s/tare-artefact ('make' builds it beside tare)", buf,
                   exe);
}

/* Bundles take libarchive, whose loading costs more than a run's start may: that is the other program's. */
int cmd_artefact(int argc, char **argv, struct err *e)
{
    char path[PATH_MAX + 64];
    int failed = find_program(path, sizeof(path), e);
    if (failed != 0)
        return failed;
    char **words = calloc((size_t)argc + 2, sizeof(*words));
    if (!words)
        return err_set(e, ERR_OURS, -ENOMEM, "no memory for %d words", argc);
    words[0] = path;
    memcpy(words + 1, argv, (size_t)argc * sizeof(*words));
    (void)execv(path, words);
    failed = err_sys(e, ERR_OURS, "'%s'", path);
    free(words);
    return failed;
}

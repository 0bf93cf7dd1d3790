/* tmpdir: a temporary folder for one command (pack, verify, push, pull, skopeo). Its maker removes it; if a signal ends
 * the process, tmpdir does. */
#ifndef TARE_TMPDIR_H
#define TARE_TMPDIR_H

#include "base/temporary.h"

struct err;

/* Makes an empty folder in `beside` (NULL: $TMPDIR or /tmp), mode 0700. SIGINT, SIGTERM and SIGHUP also remove it,
 * after killing the process's children. After a kill -9, `tare clean` does, but only in $TMPDIR and /tmp. At most four
 * at a time. -ENOSPC and the like (host). */
int tmpdir_make(const char *beside, struct temporary *ret, struct err *e);
void tmpdir_remove(struct temporary *t);
#define cleanup_tmpdir __attribute__((cleanup(tmpdir_remove)))

#endif

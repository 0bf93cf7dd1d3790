/* signals: how both programs treat signals, and what the programs they start inherit. */
#ifndef TARE_SIGNALS_H
#define TARE_SIGNALS_H

#include <signal.h>

/* Called first in main. SIGCHLD gets its default: a caller may ignore it, and then nothing can be waited for (wait(2)).
 * SIGPIPE and SIGXFSZ are ignored: write(2) then fails with EPIPE or EFBIG, and tare can still clean up. Other signals
 * that the caller ignores, as nohup does SIGHUP, stay ignored. abort(3) prints a line on standard error and gives exit
 * code ERR_OURS. */
void signals_begin(void);

/* The signals that end a run: SIGINT, SIGTERM, SIGHUP, SIGQUIT, except those that are ignored: blocking them would let
 * signalfd(2) read them. */
void signals_of_end(sigset_t *ret);

/* Blocks them. before: receives the mask as it was, for sigprocmask(2); NULL is allowed. */
void signals_hold(sigset_t *before);

/* Before an exec: restores SIGPIPE and SIGXFSZ as the caller had them, SIGCHLD to its default, and unblocks all. */
void signals_for_exec(void);

/* After results could not be printed: if fd is a pipe without a reader (`| head`), ends the process by SIGPIPE, as
 * other programs end, unless the caller ignored it. Else it returns. */
void signals_end_without_reader(int fd);

#endif

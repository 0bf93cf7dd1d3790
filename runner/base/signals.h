/* signals: what both programs do with signals from their first line on, and what those get whom they start. */
#ifndef TARE_SIGNALS_H
#define TARE_SIGNALS_H

#include <signal.h>

/* First thing in main. SIGCHLD gets its default: where a caller ignores it, nobody could be waited for (wait(2)).
 * SIGPIPE and SIGXFSZ are ignored: a reader that has gone, or a limit on a file's size, gives write(2)'s EPIPE or EFBIG
 * and ends nobody who has still to tidy up. What a caller ignores beyond that, as nohup does SIGHUP, stays ignored.
 * abort(3), as of allocations that fail, is a line on standard error and exit code ERR_OURS. */
void signals_begin(void);

/* The signals that end a run: SIGINT, SIGTERM, SIGHUP, SIGQUIT; without those that are ignored, which must neither be
 * blocked, for then signalfd(2) would read them, nor be handled. */
void signals_of_end(sigset_t *ret);

/* Before an exec: SIGPIPE and SIGXFSZ are again what the caller had them, SIGCHLD has its default, nothing is blocked.
 */
void signals_for_exec(void);

/* For results that could not be printed: where they went to a pipe whose reader has gone, this ends the process by
 * SIGPIPE as it does others (`| head`), unless the caller had that ignored. Else it returns. */
void signals_end_without_reader(int fd);

#endif

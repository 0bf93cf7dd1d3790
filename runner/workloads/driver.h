/* driver: the common part of all C workloads: options, warm-up, iterations and their stamps, phases, failure, and a
 * summary if run by hand. Each scenario's main() calls it.
 *
 *   NAME --mode threads|processes --profile overhead|memory --iterations N --warmup N --workers N --pids 0|1
 *        [--mp-start fork|forkserver|spawn] [--fault F] [--grace-ms N] --KNOB VALUE...
 *
 * It reports into the ledger named in $TARE_LEDGER_FD; without one it keeps its own and prints a summary. It exits with
 * 0, or with 70 and the reason in the ledger's error and on stderr.
 *
 * --fault is for the tests of the runner. In the first worker: worker-raise fails (exit status 1), worker-exit exits
 * with status 3, worker-kill sends SIGKILL to its process (with threads: to all of it), hang waits forever. In the
 * main process, before the first measured iteration: main-raise fails, daemon leaves a process in its own session that
 * sleeps for 600 s, fork-bomb forks up to 4096 sleepers, eat-memory takes 1 GiB in steps of 1 MiB; after the last three
 * the run goes on if it can. */
#ifndef TARE_WORKLOADS_DRIVER_H
#define TARE_WORKLOADS_DRIVER_H

#include "workloads/team.h"

/* The main of a workload's program. Returns the exit status. */
int driver_main(const struct scenario *scenario, int argc, char **argv);

/* Makes a bench for the scenario: parses its options, and maps its area from area_fd, or a new one if that is -1. The
 * bench lives as long as the process. */
int bench_make(struct bench *b, const struct scenario *scenario, int argc, char **argv, int area_fd, struct err *e);

#endif

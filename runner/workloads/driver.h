/* driver: what all C workloads do alike: options, warm-up, iterations and their stamps, phases, failure, and a summary
 * where they are run by hand.
 *
 *   NAME --mode threads|processes --profile overhead|memory --iterations N --warmup N --workers N --pids 0|1
 *        [--mp-start fork|forkserver|spawn] [--fault F] [--grace-ms N] --KNOB VALUE...
 *
 * It reports into the ledger named in $TARE_LEDGER_FD; without one it keeps its own and prints a summary. It exits with
 * 0, or with 70 and the reason in the ledger's error and on stderr.
 *
 * --fault is for the tests of the runner. In the first worker: worker-raise fails (exit status 1), worker-exit leaves
 * with status 3, worker-kill sends SIGKILL to its process (with threads: to all of it), hang waits for ever. In the
 * main process, before the first measured iteration: main-raise fails, daemon leaves a process in a session of its own
 * behind that sleeps for 600 s, fork-bomb forks sleepers up to 4096, eat-memory takes 1 GiB in steps of 1 MiB; the last
 * three then go on with the run if they are let. */
#ifndef TARE_WORKLOADS_DRIVER_H
#define TARE_WORKLOADS_DRIVER_H

#include "workloads/team.h"

/* The main of a workload's program. */
int driver_main(const struct scenario *scenario, int argc, char **argv);

/* Makes a bench of the scenario: its options, the area of so many bytes at area_fd, or a new one where that is -1. */
int bench_make(struct bench *b, const struct scenario *scenario, int argc, char **argv, int area_fd, struct err *e);

#endif

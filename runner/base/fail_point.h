/* fail_point: named places at which tests kill the program. Only in builds with -DTARE_FAIL_POINTS (make faults). */
#ifndef TARE_BASE_FAIL_POINT_H
#define TARE_BASE_FAIL_POINT_H

/* Kills the process with SIGKILL if $TARE_FAIL_POINT is this stage. A stage's text is unique in the source. */
void fail_point_reach(const char *stage);

#ifdef TARE_FAIL_POINTS
#define fail_point(stage) fail_point_reach(stage)
#else
#define fail_point(stage) ((void)0)
#endif

#endif

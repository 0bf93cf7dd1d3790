/* fail_point: stages at which tests end the program by SIGKILL; a build without -DTARE_FAIL_POINTS has none. */
#ifndef TARE_BASE_FAIL_POINT_H
#define TARE_BASE_FAIL_POINT_H

/* Kills the process where the environment's TARE_FAIL_POINT is this stage, so that what a kill -9 leaves at it can be
 * looked at (make faults). A stage's text is unique in the source. */
void fail_point_reach(const char *stage);

#ifdef TARE_FAIL_POINTS
#define fail_point(stage) fail_point_reach(stage)
#else
#define fail_point(stage) ((void)0)
#endif

#endif

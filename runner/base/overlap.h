/* overlap: whether one tree of files shows another, by whichever links and mounts. */
#ifndef TARE_OVERLAP_H
#define TARE_OVERLAP_H

#include <stdbool.h>

/* Whether the folder inner is the folder outer or lies below it; also where the two were reached by different paths:
 * the folders above inner are compared by device and inode, and both by their places in their file systems, as
 * /proc/self/mountinfo has them (proc(5)), so that a bind mount, or what is mounted below outer, hides nothing. Both
 * are descriptors of folders, O_PATH will do. Where mountinfo cannot be read the first comparison stands alone. */
bool overlap_contains(int outer, int inner);

#endif

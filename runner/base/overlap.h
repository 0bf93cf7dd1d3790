/* overlap: whether one folder contains another, through links and mounts. */
#ifndef TARE_OVERLAP_H
#define TARE_OVERLAP_H

#include <stdbool.h>

/* Whether inner is outer or lies below it, however both were reached. It compares the folders above inner by device and
 * inode, and both by their places in their file systems (/proc/self/mountinfo, proc(5)), so that a bind mount or a
 * mount below outer hides nothing. Both are descriptors of folders; O_PATH suffices. If mountinfo cannot be read, only
 * the first comparison is made. */
bool overlap_contains(int outer, int inner);

#endif

/* mountinfo: parses /proc/PID/mountinfo (proc_pid_mountinfo(5)), for all who look at mounts. Pure. */
#ifndef TARE_MOUNTINFO_H
#define TARE_MOUNTINFO_H

#include <limits.h>
#include <stdbool.h>

/* One mount. Octal escapes are decoded in all texts. */
struct mountinfo {
    unsigned long long id;     /* as statx(2) has it in stx_mnt_id */
    char device[32];           /* "8:1", major and minor number */
    char root[PATH_MAX];       /* the folder of the file system that it shows */
    char point[PATH_MAX];      /* where it is mounted */
    char options[PATH_MAX];    /* of the mount, comma-separated */
    char type[64];             /* of the file system */
    char fs_options[PATH_MAX]; /* of the file system, comma-separated */
};

/* Reads the next mount from *text and moves *text past it; false at the end. A line that is malformed, or that has a
 * text too long for its field, is skipped. */
bool mountinfo_next(const char **text, struct mountinfo *ret);

#endif

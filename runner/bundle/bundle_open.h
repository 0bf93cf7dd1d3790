/* bundle_open: a bundle, a tar or a folder, opened for what is done with it; whole up to its manifests, or not at all.
 */
#ifndef TARE_BUNDLE_OPEN_H
#define TARE_BUNDLE_OPEN_H

#include <limits.h>

#include "archive/findings.h"
#include "archive/parcel.h"
#include "archive/scratch.h"
#include "bundle/bundle.h"

struct err;
struct stat;

/* Ended with bundle_close(), also after a failure. */
struct opened_bundle {
    struct scratch unpacked;
    int root_fd;
    char data[PATH_MAX]; /* the payload's folder */
    struct bundle bundle;
    struct findings findings; /* what is not whole */
};

/* Opens the tar or folder that a bundle is at that path, and neither a device nor a FIFO. -EINVAL and the like (usage).
 * st: what it is. */
int bundle_open_path(const char *path, struct stat *st, struct err *e);

/* Unpacks a tar and reads what the bundle says. What is not whole is a finding, and where `broken` is false also an
 * error. -EINVAL (usage): there is no bundle at that path, or what it says cannot be read. */
int bundle_open(const char *path, bool broken, struct opened_bundle *ret, struct err *e);
void bundle_close(struct opened_bundle *o);

#endif

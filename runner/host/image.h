/* image: the container image that a run is in: what its build left in it, and what its engine was told to hand in. */
#ifndef TARE_IMAGE_H
#define TARE_IMAGE_H

struct facts;

/* Where images/describe-image puts it. */
#define IMAGE_DIR "/usr/local/share/tare/image"

/* Appends:
 *
 *   text  digest           the engine's name of it, "[NAME@]sha256:<64 hex digits>" (given, from $TARE_IMAGE_DIGEST)
 *         content_sha256   of the list of all its files, with their kinds, modes, owners and hashes
 *         packages_sha256  of the list of its Debian packages; absent where dpkg has been used since it was built
 *         base_name base_digest suite compiler revision
 *   int   packages         how many these are
 *         python_pgo source_date_epoch
 *
 * each absent, with its reason, where it is not known. Without such an image there is one fact, `image`, absent with
 * the reason. sysroot: prefix of all that is read, "" for the real one; given NULL: nothing was handed in. */
void image_capture(const char *sysroot, const char *given, struct facts *ret);

#endif

/* image: the container image around a run: facts that its build stored in it, and the digest that the engine passed in.
 */
#ifndef TARE_IMAGE_H
#define TARE_IMAGE_H

struct facts;

/* images/describe-image writes here. */
#define IMAGE_DIR "/usr/local/share/tare/image"

/* Appends:
 *
 *   text  digest           the engine's name of it, "[NAME@]sha256:<64 hex digits>" (given: $TARE_IMAGE_DIGEST)
 *         content_sha256   of the list of all its files, with their kinds, modes, owners and hashes
 *         packages_sha256  of the list of its Debian packages; absent if packages were changed since the build
 *         base_name base_digest suite compiler revision
 *   int   packages         how many these are
 *         python_pgo source_date_epoch
 *
 * each absent with the reason if unknown. Outside of such an image there is one fact, `image`, absent with the reason.
 * sysroot: prefix of all files, "" for the real ones. given may be NULL. */
void image_capture(const char *sysroot, const char *given, struct facts *ret);

#endif

/* sign: signs a bundle by running minisign, so that no other program sees the secret key's password. */
#ifndef TARE_SIGN_H
#define TARE_SIGN_H

struct err;

/* Signs BAG_TAG_MANIFEST of a bundle with the secret key in this file, and stores the signature beside it; a tar is
 * rewritten. -EINVAL (usage): not a bundle, or damaged (only bundles whose manifests verify are signed). -EACCES
 * (usage): read-only. -ENOENT (host): no minisign. -EPERM (usage): minisign refused. */
int sign(const char *path, const char *key, struct err *e);

/* Signs one file, with `name` in the trusted comment; writes FILE.minisig beside it. -ENOENT (host): no minisign.
 * -EPERM (usage): minisign refused. */
int sign_file(const char *path, const char *name, const char *key, struct err *e);

/* Checks early that the file is a secret key and minisign exists. -EINVAL and the like (usage): not a secret key, or
 * unreadable; the message names the option. */
int sign_check(const char *option, const char *key, struct err *e);

#endif

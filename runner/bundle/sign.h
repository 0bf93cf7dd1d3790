/* sign: signs a bundle by running minisign: a secret key is locked with a password that no other program should see. */
#ifndef TARE_SIGN_H
#define TARE_SIGN_H

struct err;

/* Signs BAG_TAG_MANIFEST of the bundle, a tar, which is written anew, or a folder, with the secret key in this file,
 * and puts the signature beside it. -EINVAL (usage): no bundle, or one that is broken (only what verify finds whole up
 * to its manifests, and can read, is signed); -EACCES (usage): it is read-only; -ENOENT (host): no minisign; -EPERM
 * (usage): minisign refused. */
int sign(const char *path, const char *key, struct err *e);

/* Signs one file, whose name in the trusted comment is `name`; the signature is put beside it, as FILE.minisig. -ENOENT
 * (host): no minisign; -EPERM (usage): minisign refused. */
int sign_file(const char *path, const char *name, const char *key, struct err *e);

/* Whether the file is a secret key and minisign is there, before anything is done that takes long. -EINVAL and the like
 * (usage): it is none or cannot be read, in the words of the option that named it. */
int sign_check(const char *option, const char *key, struct err *e);

#endif

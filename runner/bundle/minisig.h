/* minisig: verifies signatures in minisign's format (https://jedisct1.github.io/minisign/, "Signature format"). Verify
 * calls it; minisign itself makes signatures (sign.h). */
#ifndef TARE_MINISIG_H
#define TARE_MINISIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MINISIG_KEY_ID 17 /* upper-case hexadecimal digits without leading zeros, as minisign prints them, and NUL */

/* Bytes of what is read: a key's file, a signature's. */
#define MINISIG_KEY_MAX       4096
#define MINISIG_SIGNATURE_MAX 16384

struct minisig_key {
    uint8_t id[8];
    uint8_t bytes[32]; /* Ed25519 */
};

enum minisig_verdict {
    MINISIG_GOOD,
    MINISIG_WRONG,     /* by this key, but for other bytes or another trusted comment */
    MINISIG_OTHER_KEY, /* by another key */
    MINISIG_MALFORMED,
};

/* Reads a public key: the file of `minisign -G`, or only its last line. -EINVAL: not a public key. */
int minisig_key_read(const char *text, struct minisig_key *ret);

/* Whether a text has the form of a secret key (the file of `minisign -G`). minisign checks the password and the rest.
 */
bool minisig_is_secret_key(const char *text);

/* Verifies a signature file's text over a message. key NULL: gives MINISIG_OTHER_KEY. key_id receives the signer's key
 * unless MINISIG_MALFORMED. Supports plain and pre-hashed (BLAKE2b-512) signatures. */
enum minisig_verdict minisig_verify(const void *message, size_t len, const char *signature,
                                    const struct minisig_key *key, char key_id[MINISIG_KEY_ID]);

#endif

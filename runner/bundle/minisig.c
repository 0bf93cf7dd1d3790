#include "bundle/minisig.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SIGNATURE_BYTES  64
#define SECRET_KEY_BYTES 158  /* algorithms, salt, limits, the key itself and its checksum */
#define COMMENT_MAX      8192 /* minisign's TRUSTEDCOMMENTMAXBYTES */

/* A signature file: two lines of Base64, each preceded by a comment line. */
struct signature {
    bool hashed;
    uint8_t key_id[8];
    uint8_t of_message[SIGNATURE_BYTES];
    uint8_t of_comment[SIGNATURE_BYTES]; /* of of_message followed by the trusted comment */
    const char *comment;
    size_t comment_len;
};

/* Decodes a line of Base64. false: it does not hold exactly `expected` bytes. */
static bool decode(const char *line, size_t len, uint8_t *bytes, size_t expected)
{
    unsigned char buf[192];
    if (len != (expected + 2) / 3 * 4 || len / 4 * 3 > sizeof(buf))
        return false;
    if (EVP_DecodeBlock(buf, (const unsigned char *)line, (int)len) < (int)expected)
        return false;
    memcpy(bytes, buf, expected);
    return true;
}

/* Returns the line's length without its line break. *next: the start of the next line. */
static size_t line_length(const char *line, const char **next)
{
    size_t len = strcspn(line, "\r\n");
    *next = line + len + strspn(line + len, "\r\n");
    return len;
}

int minisig_key_read(const char *text, struct minisig_key *ret)
{
    uint8_t bytes[42];
    const char *next = text;
    size_t len = line_length(text, &next);
    if (strncmp(text, "untrusted comment:", 18) == 0) {
        text = next;
        len = line_length(text, &next);
    }
    if (!decode(text, len, bytes, sizeof(bytes)) || memcmp(bytes, "Ed", 2) != 0)
        return -EINVAL;
    memcpy(ret->id, bytes + 2, sizeof(ret->id));
    memcpy(ret->bytes, bytes + 10, sizeof(ret->bytes));
    return 0;
}

bool minisig_is_secret_key(const char *text)
{
    uint8_t bytes[SECRET_KEY_BYTES];
    const char *key = NULL, *next = NULL;
    (void)line_length(text, &key);
    size_t len = line_length(key, &next);
    return strncmp(text, "untrusted comment:", 18) == 0 && decode(key, len, bytes, sizeof(bytes)) &&
           memcmp(bytes, "Ed", 2) == 0;
}

static bool parse(const char *text, struct signature *ret)
{
    static const char UNTRUSTED[] = "untrusted comment: ", TRUSTED[] = "trusted comment: ";
    uint8_t head[2 + 8 + SIGNATURE_BYTES];
    const char *line = text, *next = text;
    (void)line_length(line, &next);
    if (strncmp(line, UNTRUSTED, strlen(UNTRUSTED)) != 0)
        return false;
    line = next;
    size_t len = line_length(line, &next);
    if (!decode(line, len, head, sizeof(head)) || head[0] != 'E' || (head[1] != 'd' && head[1] != 'D'))
        return false;
    ret->hashed = head[1] == 'D';
    memcpy(ret->key_id, head + 2, sizeof(ret->key_id));
    memcpy(ret->of_message, head + 10, SIGNATURE_BYTES);
    line = next;
    len = line_length(line, &next);
    if (strncmp(line, TRUSTED, strlen(TRUSTED)) != 0 || len > COMMENT_MAX)
        return false;
    ret->comment = line + strlen(TRUSTED);
    ret->comment_len = len - strlen(TRUSTED);
    line = next;
    len = line_length(line, &next);
    return decode(line, len, ret->of_comment, SIGNATURE_BYTES);
}

static bool verify(const struct minisig_key *key, const uint8_t signature[SIGNATURE_BYTES], const void *message,
                   size_t len)
{
    EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key->bytes, sizeof(key->bytes));
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = pkey && ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
                EVP_DigestVerify(ctx, signature, SIGNATURE_BYTES, message, len) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    return good;
}

static bool verify_message(const struct minisig_key *key, const struct signature *s, const void *message, size_t len)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned hash_len = 0;
    if (!s->hashed)
        return verify(key, s->of_message, message, len);
    return EVP_Digest(message, len, hash, &hash_len, EVP_blake2b512(), NULL) == 1 &&
           verify(key, s->of_message, hash, hash_len);
}

static bool verify_comment(const struct minisig_key *key, const struct signature *s)
{
    uint8_t signed_bytes[SIGNATURE_BYTES + COMMENT_MAX];
    memcpy(signed_bytes, s->of_message, SIGNATURE_BYTES);
    memcpy(signed_bytes + SIGNATURE_BYTES, s->comment, s->comment_len);
    return verify(key, s->of_comment, signed_bytes, SIGNATURE_BYTES + s->comment_len);
}

enum minisig_verdict minisig_verify(const void *message, size_t len, const char *signature,
                                    const struct minisig_key *key, char key_id[MINISIG_KEY_ID])
{
    struct signature s;
    uint64_t id = 0;
    if (!parse(signature, &s))
        return MINISIG_MALFORMED;
    for (size_t i = sizeof(s.key_id); i-- > 0;) /* a little-endian number */
        id = id << 8 | s.key_id[i];
    (void)snprintf(key_id, MINISIG_KEY_ID, "%" PRIX64, id);
    if (!key || memcmp(key->id, s.key_id, sizeof(s.key_id)) != 0)
        return MINISIG_OTHER_KEY;
    return verify_message(key, &s, message, len) && verify_comment(key, &s) ? MINISIG_GOOD : MINISIG_WRONG;
}

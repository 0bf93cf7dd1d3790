#include "base/digest.h"

#include <fcntl.h>
/* The SHA-256 functions are deprecated in favour of EVP, which loads every cipher, a resolver and a module loader into
 * a program that starts in a millisecond. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/source.h"

bool digest_is_hex(const char *text)
{
    return strlen(text) == DIGEST_HEX - 1 && strspn(text, "0123456789abcdef") == DIGEST_HEX - 1;
}

void digest_bytes(const void *bytes, size_t len, char hex[DIGEST_HEX])
{
    struct digest *d = digest_begin();
    digest_add(d, bytes, len);
    digest_end(d, hex);
}

int digest_fd(int fd, char hex[DIGEST_HEX])
{
    char chunk[65536];
    struct digest *d = digest_begin();
    for (;;) {
        ssize_t n = file_read_fd(fd, -1, chunk, sizeof(chunk));
        if (n <= 0) {
            digest_end(d, n == 0 ? hex : NULL);
            return (int)n;
        }
        digest_add(d, chunk, (size_t)n);
    }
}

int digest_file(const char *path, char hex[DIGEST_HEX])
{
    cleanup_close int fd = source_open(AT_FDCWD, path, true, NULL);
    return fd < 0 ? fd : digest_fd(fd, hex);
}

struct digest {
    SHA256_CTX ctx;
};

struct digest *digest_begin(void)
{
    struct digest *d = xcalloc(1, sizeof(*d));
    (void)SHA256_Init(&d->ctx);
    return d;
}

void digest_add(struct digest *d, const void *bytes, size_t len)
{
    (void)SHA256_Update(&d->ctx, bytes, len);
}

void digest_end(struct digest *d, char hex[DIGEST_HEX])
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    (void)SHA256_Final(digest, &d->ctx);
    for (unsigned i = 0; hex && i < SHA256_DIGEST_LENGTH; i++)
        (void)sprintf(hex + 2 * i, "%02x", digest[i]);
    free(d);
}

#include "base/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/source.h"

#define SHA256_BYTES 32

static void write_hex(const unsigned char digest[SHA256_BYTES], char hex[DIGEST_HEX])
{
    for (unsigned i = 0; i < SHA256_BYTES; i++)
        (void)sprintf(hex + 2 * i, "%02x", digest[i]);
}

bool digest_is_hex(const char *text)
{
    return strlen(text) == DIGEST_HEX - 1 && strspn(text, "0123456789abcdef") == DIGEST_HEX - 1;
}

int digest_bytes(const void *bytes, size_t len, char hex[DIGEST_HEX])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    if (!EVP_Digest(bytes, len, digest, NULL, EVP_sha256(), NULL))
        return -ENOMEM;
    write_hex(digest, hex);
    return 0;
}

static int feed(EVP_MD_CTX *ctx, int fd)
{
    unsigned char chunk[65536];
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof(chunk));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : 0;
        if (!EVP_DigestUpdate(ctx, chunk, (size_t)n))
            return -ENOMEM;
    }
}

int digest_fd(int fd, char hex[DIGEST_HEX])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int failed = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) ? feed(ctx, fd) : -ENOMEM;
    if (failed == 0 && !EVP_DigestFinal_ex(ctx, digest, NULL))
        failed = -ENOMEM;
    EVP_MD_CTX_free(ctx);
    if (failed == 0)
        write_hex(digest, hex);
    return failed;
}

int digest_file(const char *path, char hex[DIGEST_HEX])
{
    cleanup_close int fd = source_open(AT_FDCWD, path, true, NULL);
    return fd < 0 ? fd : digest_fd(fd, hex);
}

struct digest {
    EVP_MD_CTX *ctx;
};

struct digest *digest_begin(void)
{
    struct digest *d = malloc(sizeof(*d));
    if (!d || !(d->ctx = EVP_MD_CTX_new()) || !EVP_DigestInit_ex(d->ctx, EVP_sha256(), NULL))
        abort();
    return d;
}

void digest_add(struct digest *d, const void *bytes, size_t len)
{
    if (!EVP_DigestUpdate(d->ctx, bytes, len))
        abort();
}

void digest_end(struct digest *d, char hex[DIGEST_HEX])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    if (!EVP_DigestFinal_ex(d->ctx, digest, NULL))
        abort();
    if (hex)
        write_hex(digest, hex);
    EVP_MD_CTX_free(d->ctx);
    free(d);
}

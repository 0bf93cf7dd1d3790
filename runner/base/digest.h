/* digest: SHA-256 of bytes and files (OpenSSL's). */
#ifndef TARE_DIGEST_H
#define TARE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#define DIGEST_HEX 65 /* 64 lower-case digits and NUL */

/* Whether it is the 64 lower-case digits and nothing else. Pure. */
bool digest_is_hex(const char *text);

/* The SHA-256 of len bytes. */
void digest_bytes(const void *bytes, size_t len, char hex[DIGEST_HEX]);

/* Reads the descriptor from where it stands to its end; it stays open. A negative errno where it cannot be read. */
int digest_fd(int fd, char hex[DIGEST_HEX]);

int digest_file(const char *path, char hex[DIGEST_HEX]);

/* Bytes that come one after the other. digest_end() ends and frees it; hex may be NULL. */
struct digest;
struct digest *digest_begin(void);
void digest_add(struct digest *d, const void *bytes, size_t len);
void digest_end(struct digest *d, char hex[DIGEST_HEX]);

#endif

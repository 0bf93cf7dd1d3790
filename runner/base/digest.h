/* digest: SHA-256 of bytes and files (OpenSSL's). */
#ifndef TARE_DIGEST_H
#define TARE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#define DIGEST_HEX 65 /* 64 lower-case digits and NUL */

/* Whether text is exactly 64 lower-case hexadecimal digits. */
bool digest_is_hex(const char *text);

/* The SHA-256 of len bytes. */
void digest_bytes(const void *bytes, size_t len, char hex[DIGEST_HEX]);

/* Reads from the descriptor's position to its end; it stays open. 0 or a negative errno. */
int digest_fd(int fd, char hex[DIGEST_HEX]);

/* The same for a file, opened as source_open() does. */
int digest_file(const char *path, char hex[DIGEST_HEX]);

/* For data in pieces. digest_end() frees *d; hex may be NULL. */
struct digest;
struct digest *digest_begin(void);
void digest_add(struct digest *d, const void *bytes, size_t len);
void digest_end(struct digest *d, char hex[DIGEST_HEX]);

#endif

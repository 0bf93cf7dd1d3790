/* text: a growing string, and numbers read strictly out of text. */
#ifndef TARE_TEXT_H
#define TARE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growing string. Starts as {0}; data is NULL or ended by NUL. The owner ends it with text_free(). */
struct text {
    char *data;
    size_t len;
    size_t cap;
};

/* Appends. Running out of memory aborts: nothing that tare holds in text is large. */
void text_add(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_add_bytes(struct text *t, const char *bytes, size_t len);
/* A word as a shell takes it: in single quotes where it has to be (POSIX.1-2017, XCU 2.2). */
void text_add_shell_word(struct text *t, const char *word);
void text_free(struct text *t);

/* Ends the text with its scope: cleanup_text struct text t = {0}; */
#define cleanup_text __attribute__((cleanup(text_free)))

/* The same as a string of its own. The caller frees it. */
char *text_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *text_vprintf(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

/* The whole text as one decimal number, a sign allowed, white space around it ignored.
 * -EINVAL: no number, or anything after it; -ERANGE: does not fit. *ret is then untouched. */
int text_to_i64(const char *text, int64_t *ret);
int text_to_u64(const char *text, uint64_t *ret);

/* A size in bytes with an optional K, M, G or T (powers of 1024, an "iB" or "B" may follow). Errors as above. */
int text_to_bytes(const char *text, uint64_t *ret);

/* Bytes as people read them, "12.3 MiB", in a buffer of the caller's. Returns buf. */
const char *text_bytes(uint64_t bytes, char *buf, size_t cap);

/* Adds a time of some length: "3 h 05 min", "1 min 05 s", "12 s". */
void text_add_seconds(struct text *t, double seconds);

/* Whether the word is one of these; the list ends with NULL. */
bool text_is_among(const char *word, const char *const *list);

/* Whether the text ends with this, and is more than it. */
bool text_ends_with(const char *text, const char *end);

/* The text as a terminal may have it, when it comes from a file of somebody's: bytes that are no UTF-8, and characters
 * that begin a line or steer (controls, marks of the writing's direction), are written \xNN. The caller's. */
char *text_printable(const char *bytes);

/* Any bytes as UTF-8 that no other bytes give: a byte that is no part of UTF-8 (RFC 3629) is written \xNN, and so is a
 * backslash before an x, \x5c; the rest stands as it is. Replacing each \xNN by its byte gives the bytes again. The
 * caller's. */
char *text_of_bytes(const char *bytes);

/* snprintf that aborts instead of cutting: for names and paths whose bounds are known. */
void text_format(char *buf, size_t cap, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif

/* text: a growing string, strict parsing of numbers, and safe printing of foreign bytes. */
#ifndef TARE_TEXT_H
#define TARE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Starts as {0}; data is NULL or ended by NUL. The owner ends it with text_free(). */
struct text {
    char *data;
    size_t len;
    size_t cap;
};

/* Appends. Out of memory aborts. */
void text_add(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_add_bytes(struct text *t, const char *bytes, size_t len);
/* Appends a word quoted for a shell, in single quotes if needed (POSIX.1-2017, XCU 2.2). */
void text_add_shell_word(struct text *t, const char *word);
void text_free(struct text *t);

/* Frees the text at the end of its scope: cleanup_text struct text t = {0}; */
#define cleanup_text __attribute__((cleanup(text_free)))

/* The formatted text as a new string. The caller frees it. */
char *text_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *text_vprintf(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

/* The whole text as one decimal number; a sign and surrounding white space are allowed. -EINVAL: not a number, or more
 * text after it. -ERANGE: it does not fit. *ret is then untouched. */
int text_to_i64(const char *text, int64_t *ret);
int text_to_u64(const char *text, uint64_t *ret);

/* The decimal digits at the beginning of the text; *end is behind them. -EINVAL: there are none. -ERANGE: as above. */
int text_digits(const char *text, const char **end, uint64_t *ret);

/* A size in bytes with an optional K, M, G or T (powers of 1024, an "iB" or "B" may follow). Errors as above. */
int text_to_bytes(const char *text, uint64_t *ret);

/* Writes a size as "12.3 MiB" into buf. Returns buf. */
const char *text_bytes(uint64_t bytes, char *buf, size_t cap);

/* Adds a finite number with as many digits as reading it back needs. */
void text_add_exact(struct text *t, double value);

/* Adds a duration: "3 h 05 min", "1 min 05 s", "12 s", "0.25 s" below a second, "0 s" below a millisecond; of 1e15
 * seconds and more, "2.78e+296 h". Not a number: "nan h". */
void text_add_seconds(struct text *t, double seconds);

/* Adds the names whose bits are set, without those that are "": "threads, processes or interpreters". names ends with
 * NULL and has at most 32. */
void text_add_names(struct text *t, const char *const *names, unsigned bits);

/* The word's index in the list, which ends with NULL; -1: it is not in it. */
int text_index(const char *word, const char *const *list);

/* Whether both are the same text, or both NULL. */
bool text_is_same(const char *a, const char *b);

/* Whether it is in it. */
bool text_is_among(const char *word, const char *const *list);

/* Whether `words`, which any of the separators part, has the word as a whole. Not a word: "". */
bool text_has_word(const char *words, const char *separators, const char *word);

/* Whether the text ends with `end` and is longer than it. */
bool text_ends_with(const char *text, const char *end);

/* The next line that is not empty, which it ends by NUL; *rest is then behind it. NULL: there is none. */
char *text_line(char **rest);

/* What follows the key and the mark in the first line that begins with both; NULL: none does. */
const char *text_after(const char *text, const char *key, char mark);

/* Whether path is dir or lies below it, by their texts alone. dir has no '/' at its end; "" is the root. */
bool text_is_below(const char *path, const char *dir);

/* Makes foreign text safe for a terminal: bytes that are not UTF-8, controls, line separators and direction marks are
 * written as \xNN. The caller frees it. */
char *text_printable(const char *bytes);

/* A hash for tables in memory, never written: not of cryptography. Goes on from a hash; the first one is TEXT_HASH. The
 * end of a text counts, so that "ab" "c" is not "a" "bc". */
#define TEXT_HASH 0xcbf29ce484222325
uint64_t text_hash(uint64_t hash, const char *text);

/* Whether text_printable() would leave it as it is. */
bool text_is_printable(const char *bytes);

/* Makes it safe for a terminal in place, at the same length: what text_printable() would write as \xNN is a blank, or a
 * question mark for each byte that is not UTF-8. */
void text_blank(char *text);

/* Encodes any bytes as UTF-8, reversibly: a byte that is not part of UTF-8 (RFC 3629) is written as \xNN, and a
 * backslash before an x as \x5c. The caller frees it. */
char *text_of_bytes(const char *bytes);

/* snprintf that says whether all of it fits. */
bool text_fits(char *buf, size_t cap, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* snprintf that aborts instead of truncating: for texts whose length is bounded. */
void text_format(char *buf, size_t cap, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif

/* json_scan: an object's members as stretches of its text, without building anything: what is not wanted of a record
 * (ten thousand stamps, a thousand samples, a filter's listing) costs one look at each byte. Pure. */
#ifndef TARE_JSON_SCAN_H
#define TARE_JSON_SCAN_H

#include <stddef.h>

/* Deeper nesting than any record has is refused. */
#define JSON_SCAN_DEPTH 32

/* A stretch of text; data NULL: there is none. */
struct json_span {
    const char *data;
    size_t len;
};

struct json_scan_error {
    const char *at;  /* in the text that was scanned */
    const char *why; /* a constant text */
};

/* A member: key without its quotes, escapes as they stand. Returns NULL to go on, or why not. */
typedef const char *json_scan_fn(struct json_span key, struct json_span value, void *to);

/* Calls take for each member of the object that the text is, blanks around it and UTF-8's byte order mark allowed.
 * Strings end, brackets pair up, literals are JSON's own: NaN is none; what is inside of a value is looked at no
 * closer. Returns 0, or -EINVAL and *why. */
int json_scan_object(struct json_span text, json_scan_fn *take, void *to, struct json_scan_error *why);

/* The same for each element of the array that the text is; key is then nothing (data NULL). */
int json_scan_array(struct json_span text, json_scan_fn *take, void *to, struct json_scan_error *why);

/* Whole numbers of an array, of any sign: at most cap are written. Returns how many there are, or -EINVAL where it is
 * anything else, or a number does not fit. */
long json_scan_integers(struct json_span array, long long *ret, size_t cap);

/* 1 for the first. */
size_t json_scan_line(struct json_span text, const char *at);

#endif

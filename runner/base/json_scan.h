/* json_scan: finds the members of a JSON object in its text without building a tree. The reader of records uses it:
 * parts that it does not need (ten thousand stamps, a filter's listing) cost one look at each byte. Pure; spans point
 * into the caller's text. */
#ifndef TARE_JSON_SCAN_H
#define TARE_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

/* Deeper nesting than any record has is refused. */
#define JSON_SCAN_DEPTH 32

/* A part of the text; data NULL: none. */
struct json_span {
    const char *data;
    size_t len;
};

/* Whether it is exactly this. */
bool json_span_is(struct json_span span, const char *word);

struct json_scan_error {
    const char *at;  /* in the text that was scanned */
    const char *why; /* a constant text */
};

/* Receives a member: its key without quotes, escapes not decoded. Returns NULL to go on, or why to stop. */
typedef const char *json_scan_fn(struct json_span key, struct json_span value, void *to);

/* Calls take for each member of the object. Blanks around it and a UTF-8 byte order mark are allowed. Checks that
 * strings end, brackets pair up and literals are JSON's (NaN is not), but nothing else inside a value. 0, or -EINVAL
 * and *why. */
int json_scan_object(struct json_span text, json_scan_fn *take, void *to, struct json_scan_error *why);

/* The same for each element of an array; the key's data is NULL. */
int json_scan_array(struct json_span text, json_scan_fn *take, void *to, struct json_scan_error *why);

/* Finds members of an object by their names, in one pass. found: as many, {NULL} each, as they stay where there is
 * none, or no whole object. */
void json_scan_members(struct json_span object, const char *const *name, struct json_span *found, size_t count);

/* Reads an array of whole numbers; writes at most cap of them. Returns how many it has, or -EINVAL: something else is
 * in it, or a number does not fit. */
long json_scan_integers(struct json_span array, long long *ret, size_t cap);

/* The line of `at` in the text, from 1. */
size_t json_scan_line(struct json_span text, const char *at);

#endif

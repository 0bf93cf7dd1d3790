/* json_put: adds members to jansson objects, and writes an object as text. Out of memory aborts. */
#ifndef TARE_JSON_PUT_H
#define TARE_JSON_PUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct fact;
struct facts;
struct text;

static inline void json_end_(json_t **value)
{
    json_decref(*value);
}

/* Releases the reference at the end of its scope. */
#define cleanup_json __attribute__((cleanup(json_end_)))

/* The largest whole number that JSON keeps exactly (RFC 8259, 6). */
#define JSON_WHOLE_MAX ((1LL << 53) - 1)

/* The text of this key, owned by the object; "" if it has none. */
const char *json_word(const json_t *object, const char *key);

/* Parses one JSON object; the caller owns it. NULL: not an object, or a key occurs twice. */
json_t *json_object_of(const char *bytes, size_t len);

/* Appends the object as text, keys sorted, with a final newline: equal objects give equal bytes. Releases the
 * reference. */
void json_text(json_t *o, struct text *out);

/* The same for people: two blanks per level, UTF-8 not escaped. flags: further flags of jansson. */
void json_text_indented(json_t *o, size_t flags, struct text *out);

/* A string of arbitrary bytes (an argument, a file name, a workload's message), encoded by text_of_bytes(). The caller
 * owns it. */
json_t *json_of_bytes(const char *bytes);

/* The lines of a UTF-8 text as an array; the caller owns it. */
json_t *json_of_lines(const char *lines);

/* This tare: name, version, commit. The caller owns it. */
json_t *json_of_tool(void);

/* Takes ownership of the value. NULL aborts. */
void json_put(json_t *object, const char *key, json_t *value);

/* NULL becomes null. */
void json_put_text(json_t *object, const char *key, const char *value);

void json_put_int(json_t *object, const char *key, int64_t value);

/* An absent figure: null, and the reason as "<key>_reason" (NULL: "there is none"). */
void json_put_absent(json_t *object, const char *key, const char *reason);

/* A text; NULL and "" are absent. */
void json_put_text_or(json_t *object, const char *key, const char *value, const char *why_not);

/* A number, or absent if is_there is false. */
void json_put_int_or(json_t *object, const char *key, bool is_there, int64_t value, const char *why_not);

/* A value that is not finite is absent. */
void json_put_real(json_t *object, const char *key, double value, const char *why_not);

/* An absent fact is null with its reason. */
void json_put_fact(json_t *object, const char *key, const struct fact *f);

/* "a.b" becomes b in the object a. */
void json_put_facts(json_t *object, const struct facts *facts);

/* The facts as an object; the caller owns it. */
json_t *json_of_facts(const struct facts *facts);

#endif

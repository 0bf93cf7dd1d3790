/* json_put: members of jansson objects, and an object as text. Each aborts where memory runs out. */
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

/* Ends the tree with its scope. */
#define cleanup_json __attribute__((cleanup(json_end_)))

/* The text of this key; "" where the object has none. The object's own. */
const char *json_word(const json_t *object, const char *key);

/* Reads these bytes as one JSON object. NULL: they are none, or a key comes twice. The caller's. */
json_t *json_object_of(const char *bytes, size_t len);

/* Appends the object as text: keys sorted, a newline at its end. The same object gives the same bytes. Ends the
 * reference. */
void json_text(json_t *o, struct text *out);

/* The same for people, with jansson's flags besides: two blanks a level, UTF-8 as it is. */
void json_text_indented(json_t *o, size_t flags, struct text *out);

/* A string of whatever bytes, as text_of_bytes() writes what is no UTF-8 (an argument, a file's name, a workload's
 * message): other bytes give another string. The caller owns it. */
json_t *json_of_bytes(const char *bytes);

/* Takes the value over. NULL: out of memory. */
void json_put(json_t *object, const char *key, json_t *value);

/* NULL becomes null. */
void json_put_text(json_t *object, const char *key, const char *value);

void json_put_int(json_t *object, const char *key, int64_t value);

/* A figure that there is not: null, and why beside it as "<key>_reason" (NULL: "there is none"). */
void json_put_absent(json_t *object, const char *key, const char *reason);

/* A text; NULL and "" are absent. */
void json_put_text_or(json_t *object, const char *key, const char *value, const char *why_not);

/* A number where it is there, else absent. */
void json_put_int_or(json_t *object, const char *key, bool is_there, int64_t value, const char *why_not);

/* What is not finite is absent. */
void json_put_real(json_t *object, const char *key, double value, const char *why_not);

/* By its kind; an absent one is null with its reason. */
void json_put_fact(json_t *object, const char *key, const struct fact *f);

/* "a.b" becomes b in the object a. */
void json_put_facts(json_t *object, const struct facts *facts);

/* An object of them; the caller owns it. */
json_t *json_of_facts(const struct facts *facts);

#endif

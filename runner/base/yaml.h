/* yaml: reads YAML into a tree whose nodes know their line and column, for messages. Scenarios, plans and claims use
 * it: yaml_read(), then yaml_check() against a shape, then yaml_get() and the readers of one value. The texts are
 * untrusted: bytes, depth, keys and values, also those of aliases, are bounded. */
#ifndef TARE_YAML_H
#define TARE_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct text;

#define YAML_BYTES_MAX  (2U << 20)
#define YAML_VALUES_MAX 200000 /* aliases expanded */
#define YAML_KEYS_MAX   512    /* in one mapping */
#define YAML_DEPTH_MAX  16

struct yaml; /* a document */

enum yaml_kind { YAML_TEXT, YAML_LIST, YAML_MAPPING };

/* The tree owns it and all that it points to. */
struct yaml_node {
    const char *file; /* name for messages */
    enum yaml_kind kind;
    size_t line, column;         /* of the value, from 1; for an alias, of its anchor */
    const char *key;             /* for a value in a mapping; else NULL */
    size_t key_line, key_column; /* of the key */
    const char *text;            /* for a text, may be ""; else NULL */
    struct yaml_node *child;     /* entries of a list or values of a mapping, in order */
    size_t count;
};

/* Reads len bytes as one document, which must be a mapping. name: for messages; copied. -EINVAL, or -EFBIG for too many
 * bytes (usage, as all below), with "NAME:LINE:COLUMN: what is wrong": not YAML, empty, several documents, a key that
 * is not a word or occurs twice, a NUL, or beyond the bounds above. The caller ends *ret with yaml_end(). */
int yaml_read(const char *name, const char *bytes, size_t len, struct yaml **ret, struct err *e);
const struct yaml_node *yaml_root(const struct yaml *y);
void yaml_end(struct yaml *y); /* NULL is allowed */

static inline void cleanup_yaml_(struct yaml **y)
{
    yaml_end(*y);
}
#define cleanup_yaml __attribute__((cleanup(cleanup_yaml_)))

/* The allowed form of a value. */
struct yaml_shape {
    enum yaml_kind kind;
    size_t min, max;                /* entries of a list; max also bytes of a text, which must not be empty */
    const struct yaml_shape *entry; /* for a list */
    const struct yaml_key *key;     /* for a mapping; the last has the name NULL */
    const char *remedy;             /* added to the message for a wrong kind; NULL is allowed */
};

struct yaml_key {
    const char *name;
    const struct yaml_shape *shape;
    bool needed;
};

/* static const struct yaml_shape KNOB = YAML_KEYS(YAML_NEEDS("name", WORD), YAML_MAY("unit", WORD)); */
/* clang-format off */
#define YAML_NEEDS(name, shape) {(name), &(shape), true}
#define YAML_MAY(name, shape) {(name), &(shape), false}
#define YAML_KEYS(...) {.kind = YAML_MAPPING, .key = (const struct yaml_key[]){__VA_ARGS__, {NULL, NULL, false}}}
/* clang-format on */

/* Checks the node and all below it against the shape. The message for an unknown key lists the allowed ones and
 * suggests the nearest. */
int yaml_check(const struct yaml_node *n, const struct yaml_shape *shape, struct err *e);

/* Checks the root's 'schema'. Call it before yaml_check(): another schema may have another shape. */
int yaml_check_schema(const struct yaml_node *root, const char *schema, struct err *e);

/* The value of a key, or NULL. n may be NULL. */
const struct yaml_node *yaml_get(const struct yaml_node *n, const char *key);

/* The same for a text; "" if there is none. */
const char *yaml_text(const struct yaml_node *n, const char *key);

/* Read one value strictly. n NULL: not given; *ret is untouched and the result is 0. yaml_choice gives the text's index
 * in names, which ends with NULL. */
int yaml_integer(const struct yaml_node *n, int64_t low, int64_t high, int64_t *ret, struct err *e);
int yaml_number(const struct yaml_node *n, double *ret, struct err *e);
int yaml_choice(const struct yaml_node *n, const char *const *names, unsigned *ret, struct err *e);

/* Adds a text as a value, between double quotes (YAML 1.2.2, section 7.3.1). */
void yaml_add_quoted(const char *value, struct text *out);

/* Sets a usage error "NAME:LINE:COLUMN: " and the message. Returns code. */
int yaml_refuse(const struct yaml_node *n, int code, struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Puts "NAME:LINE:COLUMN: " before e's message. Returns e's code. */
int yaml_blame(const struct yaml_node *n, struct err *e);

#endif

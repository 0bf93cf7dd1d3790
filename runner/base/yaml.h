/* yaml: a YAML text as a tree whose nodes know their places, so that each message names line and column. Scenarios,
 * plans and claims are read from it: yaml_read(), then yaml_check() against a shape, then yaml_get() and the readers of
 * one value. Texts are anybody's: bytes, depth, keys and values are bounded, and so is what aliases stand for. */
#ifndef TARE_YAML_H
#define TARE_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct text;

#define YAML_BYTES_MAX  (2U << 20)
#define YAML_VALUES_MAX 200000 /* with what each alias stands for */
#define YAML_KEYS_MAX   512    /* of one mapping */
#define YAML_DEPTH_MAX  16

struct yaml; /* a text that was read */

enum yaml_kind { YAML_TEXT, YAML_LIST, YAML_MAPPING };

/* Belongs to the tree, as all that it points to. */
struct yaml_node {
    const char *file; /* what messages call the text */
    enum yaml_kind kind;
    size_t line, column;         /* of the value, from 1; of an alias those of what it stands for */
    const char *key;             /* of a mapping's value; else NULL */
    size_t key_line, key_column; /* of the key */
    const char *text;            /* of a text, which may be ""; else NULL */
    struct yaml_node *child;     /* entries of a list, values of a mapping, in the text's order */
    size_t count;
};

/* Reads a text of len bytes: one document, a mapping. name: what messages call it; it is copied.
 * -EINVAL, or -EFBIG of too many bytes (usage), as all below: NAME:LINE:COLUMN: what is wrong. It is no YAML, it is
 * empty, it has several documents, a key that is no word or is given twice, a NUL, or more than the bounds above. The
 * caller ends *ret with yaml_end(). */
int yaml_read(const char *name, const char *bytes, size_t len, struct yaml **ret, struct err *e);
const struct yaml_node *yaml_root(const struct yaml *y);
void yaml_end(struct yaml *y); /* NULL is allowed */

static inline void cleanup_yaml_(struct yaml **y)
{
    yaml_end(*y);
}
#define cleanup_yaml __attribute__((cleanup(cleanup_yaml_)))

/* What a value may be. */
struct yaml_shape {
    enum yaml_kind kind;
    size_t min, max;                /* entries of a list; bytes of a text (max alone: no text is empty) */
    const struct yaml_shape *entry; /* of a list */
    const struct yaml_key *key;     /* of a mapping; the last one's name is NULL */
    const char *remedy;             /* where the value is of another kind; NULL is allowed */
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

/* Whether the node and all below it have the shape. An unknown key is told with those that are allowed, and with the
 * one that it is near to. */
int yaml_check(const struct yaml_node *n, const struct yaml_shape *shape, struct err *e);

/* Whether the root's 'schema' is this one: before its shape, which another schema may change. */
int yaml_check_schema(const struct yaml_node *root, const char *schema, struct err *e);

/* The value of a key; NULL: there is none, or n is NULL. */
const struct yaml_node *yaml_get(const struct yaml_node *n, const char *key);

/* The same of a text; "" where there is none. */
const char *yaml_text(const struct yaml_node *n, const char *key);

/* One value, strictly. Where n is NULL it was not given: *ret stays, and the answer is 0. yaml_choice: the number of
 * the text among the names, which NULL ends. */
int yaml_integer(const struct yaml_node *n, int64_t low, int64_t high, int64_t *ret, struct err *e);
int yaml_number(const struct yaml_node *n, double *ret, struct err *e);
int yaml_choice(const struct yaml_node *n, const char *const *names, unsigned *ret, struct err *e);

/* Adds a text as a value, between double quotes (YAML 1.2.2, section 7.3.1). */
void yaml_add_quoted(const char *value, struct text *out);

/* Sets e to "NAME:LINE:COLUMN: " and the message, a usage error. Returns code. */
int yaml_refuse(const struct yaml_node *n, int code, struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Puts the place before the message that is in e. Returns e's code. */
int yaml_blame(const struct yaml_node *n, struct err *e);

#endif

#include "base/yaml.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/suggest.h"
#include "base/text.h"

struct yaml {
    char *name;
    yaml_document_t document; /* owns the texts */
    struct yaml_node root;
    size_t values;
};

/* --- messages ---------------------------------------------------------------------------------------------------- */

/* A place that has no node. */
#define AT(name, l, c) (&(struct yaml_node){.file = (name), .line = (l), .column = (c)})

int yaml_refuse(const struct yaml_node *n, int code, struct err *e, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    cleanup_free char *what = text_vprintf(fmt, ap);
    va_end(ap);
    return err_set(e, ERR_USAGE, code, "%s:%zu:%zu: %s", n->file, n->line, n->column, what);
}

int yaml_blame(const struct yaml_node *n, struct err *e)
{
    return err_wrap(e, "%s:%zu:%zu", n->file, n->line, n->column);
}

/* Encoding errors have an offset instead of a mark; its column is counted in characters, as in marks. */
static int refuse_text(const char *name, const yaml_parser_t *parser, const char *bytes, size_t len, struct err *e)
{
    size_t line = parser->problem_mark.line + 1, column = parser->problem_mark.column + 1;
    if (parser->error == YAML_MEMORY_ERROR)
        return err_set(e, ERR_OURS, -ENOMEM, "out of memory reading %s", name);
    if (parser->error == YAML_READER_ERROR) {
        line = column = 1;
        for (size_t i = 0; i < parser->problem_offset && i < len; i++) {
            bool ends = bytes[i] == '\n', goes_on = ((unsigned char)bytes[i] & 0xc0) == 0x80;
            line += ends;
            column = ends ? 1 : column + !goes_on;
        }
    }
    return yaml_refuse(AT(name, line, column), -EINVAL, e, "%s",
                       parser->problem ? parser->problem : "this is not YAML");
}

/* --- from libyaml's document to the tree -------------------------------------------------------------------------- */

static int build(struct yaml *y, int index, unsigned depth, struct yaml_node *ret, struct err *e);

static int build_list(struct yaml *y, const yaml_node_t *n, unsigned depth, struct yaml_node *ret, struct err *e)
{
    const yaml_node_item_t *item = n->data.sequence.items.start;
    size_t count = (size_t)(n->data.sequence.items.top - item);
    ret->child = xcalloc(count, sizeof(*ret->child));
    for (; ret->count < count; item++)
        TRY(build(y, *item, depth + 1, &ret->child[ret->count++], e));
    return 0;
}

static int take_key(struct yaml *y, int index, struct yaml_node *mapping, struct yaml_node *ret, struct err *e)
{
    const yaml_node_t *n = yaml_document_get_node(&y->document, index);
    size_t line = n->start_mark.line + 1, column = n->start_mark.column + 1;
    const char *key = n->type == YAML_SCALAR_NODE ? (const char *)n->data.scalar.value : NULL;
    if (!key || strlen(key) != n->data.scalar.length)
        return yaml_refuse(AT(y->name, line, column), -EINVAL, e, "a key must be a word");
    const struct yaml_node *first = yaml_get(mapping, key);
    if (first)
        return yaml_refuse(AT(y->name, line, column), -EINVAL, e, "'%.100s' is given twice (first at %zu:%zu)", key,
                           first->key_line, first->key_column);
    ret->key = key;
    ret->key_line = line;
    ret->key_column = column;
    return 0;
}

static int build_mapping(struct yaml *y, const yaml_node_t *n, unsigned depth, struct yaml_node *ret, struct err *e)
{
    const yaml_node_pair_t *pair = n->data.mapping.pairs.start;
    size_t count = (size_t)(n->data.mapping.pairs.top - pair);
    if (count > YAML_KEYS_MAX)
        return yaml_refuse(ret, -EINVAL, e, "at most %d keys are allowed here", YAML_KEYS_MAX);
    ret->child = xcalloc(count, sizeof(*ret->child));
    for (; ret->count < count; pair++) {
        struct yaml_node value = {0};
        int failed = take_key(y, pair->key, ret, &value, e);
        if (failed == 0)
            failed = build(y, pair->value, depth + 1, &value, e);
        ret->child[ret->count++] = value;
        if (failed != 0)
            return failed;
    }
    return 0;
}

/* An alias is built again from its anchor: the text is shared, the values count. An alias inside its own anchor exceeds
 * the depth. */
static int build(struct yaml *y, int index, unsigned depth, struct yaml_node *ret, struct err *e)
{
    const yaml_node_t *n = yaml_document_get_node(&y->document, index);
    ret->file = y->name;
    ret->line = n->start_mark.line + 1;
    ret->column = n->start_mark.column + 1;
    if (++y->values > YAML_VALUES_MAX)
        return err_set(e, ERR_USAGE, -EINVAL, "%s: at most %d values are allowed, aliases expanded", y->name,
                       YAML_VALUES_MAX);
    if (n->type == YAML_SCALAR_NODE) {
        ret->text = (const char *)n->data.scalar.value;
        return strlen(ret->text) == n->data.scalar.length ? 0
                                                          : yaml_refuse(ret, -EINVAL, e, "a NUL is not allowed here");
    }
    if (depth == YAML_DEPTH_MAX)
        return yaml_refuse(ret, -EINVAL, e, "this is nested too deeply");
    ret->kind = n->type == YAML_SEQUENCE_NODE ? YAML_LIST : YAML_MAPPING;
    return ret->kind == YAML_LIST ? build_list(y, n, depth, ret, e) : build_mapping(y, n, depth, ret, e);
}

static int refuse_second(const struct yaml *y, yaml_parser_t *parser, const char *bytes, size_t len, struct err *e)
{
    yaml_document_t next;
    if (!yaml_parser_load(parser, &next))
        return refuse_text(y->name, parser, bytes, len, e);
    bool more = yaml_document_get_root_node(&next);
    yaml_mark_t mark = next.start_mark;
    yaml_document_delete(&next);
    return more ? yaml_refuse(AT(y->name, mark.line + 1, mark.column + 1), -EINVAL, e,
                              "a second document: what is allowed is one")
                : 0;
}

static int load(struct yaml *y, yaml_parser_t *parser, const char *bytes, size_t len, struct err *e)
{
    if (!yaml_parser_load(parser, &y->document))
        return refuse_text(y->name, parser, bytes, len, e);
    const yaml_node_t *root = yaml_document_get_root_node(&y->document);
    if (!root)
        return err_set(e, ERR_USAGE, -EINVAL, "%s: it is empty", y->name);
    if (root->type != YAML_MAPPING_NODE)
        return yaml_refuse(AT(y->name, root->start_mark.line + 1, root->start_mark.column + 1), -EINVAL, e,
                           "what is allowed here are keys with values, as 'name: quick'");
    TRY(build(y, 1, 0, &y->root, e));
    return refuse_second(y, parser, bytes, len, e);
}

int yaml_read(const char *name, const char *bytes, size_t len, struct yaml **ret, struct err *e)
{
    yaml_parser_t parser;
    if (len > YAML_BYTES_MAX)
        return err_set(e, ERR_USAGE, -EFBIG, "%s: it has %zu bytes; what is allowed is %u", name, len, YAML_BYTES_MAX);
    if (!yaml_parser_initialize(&parser))
        return err_set(e, ERR_OURS, -ENOMEM, "out of memory for a YAML parser");
    yaml_parser_set_input_string(&parser, (const unsigned char *)(len ? bytes : ""), len);
    cleanup_yaml struct yaml *y = xcalloc(1, sizeof(*y));
    y->name = xstrdup(name);
    int failed = load(y, &parser, bytes, len, e);
    yaml_parser_delete(&parser);
    if (failed == 0)
        *ret = STEAL(y);
    return failed;
}

const struct yaml_node *yaml_root(const struct yaml *y)
{
    return &y->root;
}

static void free_below(struct yaml_node *n)
{
    for (size_t i = 0; i < n->count; i++)
        free_below(&n->child[i]);
    free(n->child);
}

void yaml_end(struct yaml *y)
{
    if (!y)
        return;
    free_below(&y->root);
    yaml_document_delete(&y->document);
    free(y->name);
    free(y);
}

/* --- shapes ------------------------------------------------------------------------------------------------------ */

static int refuse_key(const struct yaml_node *n, const struct yaml_shape *shape, struct err *e)
{
    char near[SUGGEST_TEXT_MAX];
    struct suggest s = SUGGEST(n->key);
    cleanup_text struct text allowed = {0};
    for (const struct yaml_key *k = shape->key; k->name; k++) {
        suggest_offer(&s, k->name);
        text_add(&allowed, "%s%s", allowed.len ? ", " : "", k->name);
    }
    (void)suggest_text(&s, "", near);
    return yaml_refuse(AT(n->file, n->key_line, n->key_column), -EINVAL, e,
                       "'%.100s' is not a key here%s%s is allowed is %s", n->key, near, *near ? " What" : "; what",
                       allowed.data);
}

static const struct yaml_key *find_key(const struct yaml_shape *shape, const char *name)
{
    const struct yaml_key *k = shape->key;
    while (k->name && strcmp(k->name, name) != 0)
        k++;
    return k->name ? k : NULL;
}

static int check_mapping(const struct yaml_node *n, const struct yaml_shape *shape, struct err *e)
{
    for (size_t i = 0; i < n->count; i++) {
        const struct yaml_key *k = find_key(shape, n->child[i].key);
        TRY(k ? yaml_check(&n->child[i], k->shape, e) : refuse_key(&n->child[i], shape, e));
    }
    for (const struct yaml_key *k = shape->key; k->name; k++)
        if (k->needed && !yaml_get(n, k->name))
            return yaml_refuse(n, -EINVAL, e, "'%s' is missing here", k->name);
    return 0;
}

static int check_list(const struct yaml_node *n, const struct yaml_shape *shape, struct err *e)
{
    if (n->count < shape->min)
        return yaml_refuse(n, -EINVAL, e, "an entry is missing here (or leave the key out)");
    if (n->count > shape->max)
        return yaml_refuse(&n->child[shape->max], -EINVAL, e, "at most %zu entries are allowed here", shape->max);
    for (size_t i = 0; i < n->count; i++)
        TRY(yaml_check(&n->child[i], shape->entry, e));
    return 0;
}

int yaml_check(const struct yaml_node *n, const struct yaml_shape *shape, struct err *e)
{
    static const char *const ALLOWED[] = {"is one value, no list and no keys", "is a list, as [a, b]",
                                          "are keys with values"};
    if (n->kind != shape->kind)
        return yaml_refuse(n, -EINVAL, e, "what is allowed here %s%s%s%s", ALLOWED[shape->kind],
                           shape->remedy ? " (" : "", shape->remedy ? shape->remedy : "", shape->remedy ? ")" : "");
    if (shape->kind == YAML_MAPPING)
        return check_mapping(n, shape, e);
    if (shape->kind == YAML_LIST)
        return check_list(n, shape, e);
    if (!*n->text)
        return yaml_refuse(n, -EINVAL, e, "a value is missing here (or leave the key out)");
    if (strlen(n->text) > shape->max)
        return yaml_refuse(n, -EINVAL, e, "at most %zu bytes are allowed here", shape->max);
    return 0;
}

int yaml_check_schema(const struct yaml_node *root, const char *schema, struct err *e)
{
    const struct yaml_node *said = yaml_get(root, "schema");
    if (!said)
        return yaml_refuse(root, -EINVAL, e, "'schema' is missing here: this tare reads %s", schema);
    if (said->kind != YAML_TEXT || strcmp(said->text, schema) != 0)
        return yaml_refuse(said, -EINVAL, e, "schema '%s': this tare reads %s", said->text ? said->text : "?", schema);
    return 0;
}

/* --- one value --------------------------------------------------------------------------------------------------- */

const struct yaml_node *yaml_get(const struct yaml_node *n, const char *key)
{
    for (size_t i = 0; n && n->kind == YAML_MAPPING && i < n->count; i++)
        if (strcmp(n->child[i].key, key) == 0)
            return &n->child[i];
    return NULL;
}

const char *yaml_text(const struct yaml_node *n, const char *key)
{
    const struct yaml_node *value = yaml_get(n, key);
    return value && value->text ? value->text : "";
}

/* "KEY 'TEXT'", or "'TEXT'" for an entry of a list. */
static int refuse_value(const struct yaml_node *n, struct err *e, const char *allowed)
{
    return yaml_refuse(n, -EINVAL, e, "%s%s'%s': what is allowed is %s", n->key ? n->key : "", n->key ? " " : "",
                       n->text ? n->text : "", allowed);
}

int yaml_integer(const struct yaml_node *n, int64_t low, int64_t high, int64_t *ret, struct err *e)
{
    char allowed[80];
    int64_t v = 0;
    if (!n)
        return 0;
    text_format(allowed, sizeof(allowed), "a whole number from %lld to %lld", (long long)low, (long long)high);
    if (!n->text || text_to_i64(n->text, &v) != 0 || v < low || v > high)
        return refuse_value(n, e, allowed);
    *ret = v;
    return 0;
}

int yaml_number(const struct yaml_node *n, double *ret, struct err *e)
{
    char *end = NULL;
    if (!n)
        return 0;
    double v = n->text ? strtod(n->text, &end) : NAN;
    if (end == n->text || *end || !isfinite(v))
        return refuse_value(n, e, "a number, as 1.5");
    *ret = v;
    return 0;
}

int yaml_choice(const struct yaml_node *n, const char *const *names, unsigned *ret, struct err *e)
{
    cleanup_text struct text allowed = {0};
    if (!n)
        return 0;
    const int at = n->text ? text_index(n->text, names) : -1;
    if (at >= 0) {
        *ret = (unsigned)at;
        return 0;
    }
    text_add_names(&allowed, names, UINT_MAX);
    return refuse_value(n, e, allowed.data);
}

void yaml_add_quoted(const char *value, struct text *out)
{
    text_add(out, "\"");
    for (const unsigned char *c = (const unsigned char *)value; *c; c++) {
        const bool has_letter = *c == '\n' || *c == '"' || *c == '\\';
        text_add(out, has_letter ? "\\%c" : *c < ' ' || *c == 127 ? "\\x%02x" : "%c", *c == '\n' ? 'n' : *c);
    }
    text_add(out, "\"");
}

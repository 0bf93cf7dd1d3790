#include "base/places.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"

#define DEPTH_MAX 16

/* A mapping or a list that is open while the text is walked through. */
struct level {
    bool mapping;
    bool keyed;     /* of a mapping: its key has been read, the value is next */
    size_t entries; /* of a list, so far */
    size_t path_len;
    size_t key_line, key_column;
};

struct walk {
    struct places *places;
    const char *bytes; /* all of the text */
    size_t len;
    struct level level[DEPTH_MAX];
    size_t depth;
    size_t documents;
    struct text path;
};

static int refuse(const struct places *p, size_t line, size_t column, const char *why, struct err *e)
{
    return err_set(e, ERR_USAGE, -EINVAL, "%s:%zu:%zu: %s", p->name, line, column, why);
}

static int refuse_at(const struct places *p, const yaml_event_t *event, const char *why, struct err *e)
{
    return refuse(p, event->start_mark.line + 1, event->start_mark.column + 1, why, e);
}

static void cut_path(struct walk *w, size_t len)
{
    w->path.len = len;
    if (w->path.data)
        w->path.data[len] = '\0';
}

static void add_place(struct walk *w, const yaml_event_t *event)
{
    struct places *p = w->places;
    const struct level *l = &w->level[w->depth - 1];
    if (p->count == p->cap) {
        p->cap = p->cap ? 2 * p->cap : 64;
        struct place *more = reallocarray(p->list, p->cap, sizeof(*more));
        if (!more)
            abort();
        p->list = more;
    }
    struct place *at = &p->list[p->count++];
    *at = (struct place){
        .path = strdup(w->path.data), .line = event->start_mark.line + 1, .column = event->start_mark.column + 1};
    if (!at->path)
        abort();
    at->key_line = l->mapping ? l->key_line : at->line;
    at->key_column = l->mapping ? l->key_column : at->column;
    at->key = l->mapping ? at->path + l->path_len + (l->path_len ? 1 : 0) : "";
}

static void take_key(struct walk *w, struct level *l, const yaml_event_t *event)
{
    cut_path(w, l->path_len);
    text_add(&w->path, "%s%.*s", l->path_len ? "." : "", (int)event->data.scalar.length,
             (const char *)event->data.scalar.value);
    l->key_line = event->start_mark.line + 1;
    l->key_column = event->start_mark.column + 1;
    l->keyed = true;
}

/* A value begins, or all of it is there. Returns 1 where it was a key instead. */
static int take_node(struct walk *w, const yaml_event_t *event, struct err *e)
{
    if (w->depth == 0)
        return event->type == YAML_MAPPING_START_EVENT
                   ? 0
                   : refuse_at(w->places, event, "what is allowed here are keys with values, as 'name: quick'", e);
    struct level *l = &w->level[w->depth - 1];
    if (l->mapping && !l->keyed) {
        if (event->type != YAML_SCALAR_EVENT)
            return refuse_at(w->places, event, "a key has to be a word", e);
        take_key(w, l, event);
        return 1;
    }
    if (!l->mapping) {
        cut_path(w, l->path_len);
        text_add(&w->path, "[%zu]", l->entries++);
    }
    l->keyed = false;
    add_place(w, event);
    return 0;
}

static int go_in(struct walk *w, const yaml_event_t *event, struct err *e)
{
    if (w->depth == DEPTH_MAX)
        return refuse_at(w->places, event, "this is nested too deep", e);
    w->level[w->depth++] = (struct level){.mapping = event->type == YAML_MAPPING_START_EVENT, .path_len = w->path.len};
    return 0;
}

static int take_event(struct walk *w, const yaml_event_t *event, struct err *e)
{
    int r = 0;
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return ++w->documents == 1 ? 0 : refuse_at(w->places, event, "a second document: what is allowed is one", e);
    case YAML_SCALAR_EVENT:
    case YAML_ALIAS_EVENT:
        r = take_node(w, event, e);
        return r > 0 ? 0 : r;
    case YAML_MAPPING_START_EVENT:
    case YAML_SEQUENCE_START_EVENT:
        r = take_node(w, event, e);
        return r == 0 ? go_in(w, event, e) : r;
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        cut_path(w, w->level[--w->depth].path_len);
        return 0;
    default:
        return 0;
    }
}

/* What cannot be read as text has no mark, but an offset; a column is a character, as in marks. */
static int refuse_text(const struct walk *w, const yaml_parser_t *parser, struct err *e)
{
    size_t line = parser->problem_mark.line + 1, column = parser->problem_mark.column + 1;
    if (parser->error == YAML_READER_ERROR) {
        line = column = 1;
        for (size_t i = 0; i < parser->problem_offset && i < w->len; i++) {
            bool ends = w->bytes[i] == '\n', goes_on = ((unsigned char)w->bytes[i] & 0xc0) == 0x80;
            line += ends;
            column = ends ? 1 : column + !goes_on;
        }
    }
    return refuse(w->places, line, column, parser->problem ? parser->problem : "this is no YAML", e);
}

static int walk(struct walk *w, yaml_parser_t *parser, struct err *e)
{
    for (;;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event))
            return refuse_text(w, parser, e);
        bool last = event.type == YAML_STREAM_END_EVENT;
        int failed = take_event(w, &event, e);
        yaml_event_delete(&event);
        if (failed != 0)
            return failed;
        if (last)
            return w->documents ? 0 : err_set(e, ERR_USAGE, -EINVAL, "%s: it is empty", w->places->name);
    }
}

int places_read(const char *name, const char *bytes, size_t len, struct places *ret, struct err *e)
{
    yaml_parser_t parser;
    *ret = (struct places){.name = name};
    struct walk w = {.places = ret, .bytes = bytes, .len = len};
    if (!yaml_parser_initialize(&parser))
        return err_set(e, ERR_OURS, -ENOMEM, "no memory for a YAML parser");
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, len);
    int failed = walk(&w, &parser, e);
    yaml_parser_delete(&parser);
    text_free(&w.path);
    if (failed != 0)
        places_free(ret);
    return failed;
}

const struct place *places_find(const struct places *p, const char *path)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->list[i].path, path) == 0)
            return &p->list[i];
    return NULL;
}

const struct place *places_key_behind(const struct places *p, const char *key, size_t line, size_t column)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct place *at = &p->list[i];
        bool behind = at->key_line > line || (at->key_line == line && at->key_column >= column);
        if (behind && strcmp(at->key, key) == 0)
            return at;
    }
    return NULL;
}

int places_blame(const struct places *p, const char *path, struct err *e)
{
    const struct place *at = path ? places_find(p, path) : NULL;
    return at ? err_wrap(e, "%s:%zu:%zu", p->name, at->line, at->column) : err_wrap(e, "%s", p->name);
}

void places_free(struct places *p)
{
    for (size_t i = 0; i < p->count; i++)
        free(p->list[i].path);
    free(STEAL(p->list));
    p->count = p->cap = 0;
}

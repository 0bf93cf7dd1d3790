#include "analysis/why.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/json_put.h"
#include "base/source.h"

/* --- written ------------------------------------------------------------------------------------------------------ */

/* NULL is absent. */
static void put_bytes_or(json_t *o, const char *key, const char *bytes, const char *why_not)
{
    if (bytes)
        json_put(o, key, json_of_bytes(bytes));
    else
        json_put_absent(o, key, why_not);
}

static json_t *json_of_cause(const struct cause *c)
{
    json_t *o = json_object();
    json_put_text(o, "id", c->id);
    json_put_text(o, "title", c->title);
    json_put_real(o, "share", c->share, NULL);
    json_put_int(o, "lost_ns", c->lost_ns);
    json_put_int(o, "cpu_ns", c->cpu_ns);
    json_put_int(o, "count", (int64_t)c->count);
    json_put_real(o, "wait_p50_ns", c->has_waits ? c->wait_p50_ns : NAN, "no wait was seen from its begin to its end");
    json_put_real(o, "wait_p95_ns", c->has_waits ? c->wait_p95_ns : NAN, "no wait was seen from its begin to its end");
    put_bytes_or(o, "function", c->function, "no stack of it reached a Python function");
    if (c->function) {
        json_put(o, "file", json_of_bytes(c->file));
        json_put_int_or(o, "line", c->line > 0, c->line, "its file has no such definition, or several");
        json_put_real(o, "function_share", c->function_share, NULL);
    }
    json_put(o, "path", json_of_bytes(c->path));
    json_put_text_or(o, "remedy", c->remedy, "none is known");
    json_put_text_or(o, "source", c->source, "none is known");
    return o;
}

static json_t *json_of_probe(const struct trace_probe *p)
{
    json_t *o = json_object();
    json_put_text(o, "symbol", p->symbol);
    json_put(o, "is_set", json_boolean(!*p->missing));
    if (*p->missing)
        json_put_text(o, "reason", p->missing);
    return o;
}

#define NOTHING_SEEN "no event fell into the measured iterations"

static json_t *json_of_times(const struct causes *c)
{
    json_t *o = json_object();
    const struct {
        const char *key;
        int64_t ns;
    } times[] = {
        {"thread_ns", c->thread_ns},     {"own_ns", c->own_ns},
        {"lost_ns", c->lost_ns},         {"unattributed_ns", c->unattributed_ns},
        {"runnable_ns", c->runnable_ns}, {"idle_ns", c->idle_ns},
    };
    for (size_t i = 0; i < ARRAY_LEN(times); i++)
        json_put_int_or(o, times[i].key, causes_saw_any(c), times[i].ns, NOTHING_SEEN);
    return o;
}

static const char *const PLACES[] = {
    [FRAME_UNKNOWN] = "unknown", [FRAME_C] = "c", [FRAME_PYTHON] = "python", [FRAME_KERNEL] = "kernel", NULL};

static json_t *json_of_node(const struct flame_node *n)
{
    json_t *o = json_object();
    json_put(o, "name", json_of_bytes(n->name));
    json_put_text(o, "place", PLACES[n->place]);
    if (n->file)
        json_put(o, "file", json_of_bytes(n->file));
    json_put_int(o, "ns", n->ns);
    json_put_int(o, "lost_ns", n->lost_ns);
    json_put(o, "calls", json_array());
    return o;
}

/* Each function in the list of what its caller calls. */
static json_t *json_of_flame(const struct flame *f)
{
    json_t *o = json_object(), *roots = json_array();
    cleanup_free json_t **made = xcalloc(f->nodes, sizeof(json_t *));
    for (size_t i = 0; i < f->nodes; i++) {
        const size_t parent = f->node[i].parent;
        made[i] = json_of_node(&f->node[i]);
        json_t *list = parent == FLAME_ROOT ? roots : json_object_get(made[parent], "calls");
        (void)json_array_append_new(list, made[i]);
    }
    json_put_int(o, "ns", f->ns);
    json_put_int(o, "lost_ns", f->lost_ns);
    json_put(o, "calls", roots);
    return o;
}

json_t *why_json(const struct why *w)
{
    json_t *o = json_object(), *causes = json_array(), *probes = json_array();
    const struct cause *first = causes_first(&w->causes);
    json_put_text(o, "schema", WHY_SCHEMA);
    json_put_text(o, "id", w->id);
    json_put_text(o, "of", w->of);
    json_put_int(o, "workers", w->workers);
    json_put_int(o, "iterations", w->iterations);
    put_bytes_or(o, "interpreter", w->interpreter.len ? w->interpreter.data : NULL, "it is that of the timed run");
    json_put_real(o, "slowdown", w->slowdown, "the timed run has no median");
    json_put_real(o, "stretch", w->stretch,
                  "of one worker, or of all, no event fell into the measured iterations, or more than 1 % were lost");
    json_put_text_or(o, "verdict", first ? first->id : NULL,
                     causes_saw_any(&w->causes)
                         ? "no cause costs 3 % of the time that threads work or lose, and 10 samples"
                         : NOTHING_SEEN);
    json_put(o, "times", json_of_times(&w->causes));
    for (size_t i = 0; i < w->causes.count; i++)
        (void)json_array_append_new(causes, json_of_cause(&w->causes.list[i]));
    for (size_t i = 0; i < w->probes; i++)
        (void)json_array_append_new(probes, json_of_probe(&w->probe[i]));
    json_put(o, "causes", causes);
    put_bytes_or(o, "unattributed_path", w->causes.unattributed_path, "nothing is left unattributed");
    if (w->flame.nodes)
        json_put(o, "flame", json_of_flame(&w->flame));
    else
        json_put_absent(o, "flame", NOTHING_SEEN);
    json_put(o, "probes", probes);
    json_put_int(o, "samples", (int64_t)w->causes.samples);
    json_put_int(o, "sample_ns", w->causes.sample_ns);
    json_put_real(o, "python_share", w->causes.python_share, "there are no samples");
    json_put_int(o, "events", (int64_t)w->events);
    json_put_int(o, "lost_events", (int64_t)w->lost);
    json_put_int_or(o, "page_faults", w->has_page_faults, (int64_t)w->page_faults,
                    "the kernel does not count them for every thread on every CPU");
    json_put_text_or(o, "python_unnamed", w->no_python, "Python's functions have names");
    json_put_text_or(o, "kernel_unnamed", w->no_kernel, "the kernel's functions have names");
    json_put_text_or(o, "atomics_unseen", w->no_atomic.len ? w->no_atomic.data : NULL,
                     "samples tell of atomic instructions");
    json_put(o, "without_symbols", json_of_bytes(w->strangers.data ? w->strangers.data : ""));
    return o;
}

/* --- read --------------------------------------------------------------------------------------------------------- */

#define CAUSES_MAX 1000
#define PROBES_MAX 1000

/* The first fault is told, the others follow from it. */
struct reading {
    const char *path;
    struct err *e;
    bool has_failed;
};

static void refuse(struct reading *r, const char *member, const char *why)
{
    if (!r->has_failed)
        (void)err_set(r->e, ERR_USAGE, -EINVAL, "'%s': '%s' %s; it is no whole " WHY_SCHEMA, r->path, member, why);
    r->has_failed = true;
}

static const char *word(struct reading *r, const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));
    if (!text)
        refuse(r, key, "is no text");
    return text ? text : "";
}

/* What tare itself said, which has nothing in it that would steer a terminal. */
static const char *own_word(struct reading *r, const json_t *o, const char *key)
{
    const char *text = word(r, o, key);
    cleanup_free char *shown = text_printable(text);
    if (strcmp(shown, text) != 0)
        refuse(r, key, "has control characters");
    return text;
}

/* NULL: it is null, or not there. */
static const char *own_word_or_null(struct reading *r, const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    return !v || json_is_null(v) ? NULL : own_word(r, o, key);
}

/* The same of foreign bytes. */
static const char *word_or_null(struct reading *r, const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    return !v || json_is_null(v) ? NULL : word(r, o, key);
}

/* The bound lets sums and tenfolds of such numbers fit: it is 104 days in ns. */
static int64_t whole(struct reading *r, const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    const bool is_whole = json_is_integer(v) && json_integer_value(v) >= 0 && json_integer_value(v) <= JSON_WHOLE_MAX;
    if (!is_whole)
        refuse(r, key, "is no whole number from 0 to 2^53 - 1");
    return is_whole ? json_integer_value(v) : 0;
}

/* 0: it is null, or not there. */
static int64_t whole_or_null(struct reading *r, const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    return !v || json_is_null(v) ? 0 : whole(r, o, key);
}

/* NaN: it is null, or not there. Of what is here nothing is below 0. */
static double real_or_null(struct reading *r, const json_t *o, const char *key, double most)
{
    const json_t *v = json_object_get(o, key);
    if (!v || json_is_null(v))
        return NAN;
    if (!json_is_number(v) || json_number_value(v) < 0 || json_number_value(v) > most)
        refuse(r, key, "is no number in its range");
    return json_number_value(v);
}

/* Empty: it is no list, or too long a one. */
static size_t list_at(struct reading *r, const json_t *o, const char *key, size_t most, const json_t **ret)
{
    *ret = json_object_get(o, key);
    if (!json_is_array(*ret) || json_array_size(*ret) > most) {
        refuse(r, key, "is no list, or too long a one");
        return 0;
    }
    return json_array_size(*ret);
}

/* What is longer than any of tare's own is cut off. */
static void copy(char *to, size_t cap, const char *from)
{
    (void)snprintf(to, cap, "%s", from);
}

static struct cause cause_of(struct reading *r, const json_t *o)
{
    const char *remedy = own_word_or_null(r, o, "remedy"), *source = own_word_or_null(r, o, "source");
    const char *function = word_or_null(r, o, "function");
    struct cause c = {.id = own_word(r, o, "id"), .remedy = remedy ? remedy : "", .source = source ? source : ""};
    copy(c.title, sizeof(c.title), own_word(r, o, "title"));
    if (function) {
        c.function = xstrdup(function);
        c.file = xstrdup(word(r, o, "file"));
        c.line = whole_or_null(r, o, "line");
        c.function_share = real_or_null(r, o, "function_share", 1);
    }
    c.path = xstrdup(word(r, o, "path"));
    c.lost_ns = whole(r, o, "lost_ns");
    c.cpu_ns = whole(r, o, "cpu_ns");
    c.share = real_or_null(r, o, "share", 1);
    c.count = (uint64_t)whole(r, o, "count");
    c.wait_p50_ns = real_or_null(r, o, "wait_p50_ns", 1e18);
    c.wait_p95_ns = real_or_null(r, o, "wait_p95_ns", 1e18);
    c.has_waits = isfinite(c.wait_p50_ns) && isfinite(c.wait_p95_ns);
    return c;
}

static void read_causes(struct reading *r, const json_t *o, struct causes *ret)
{
    const json_t *list, *times = json_object_get(o, "times");
    const char *path = word_or_null(r, o, "unattributed_path");
    const size_t count = list_at(r, o, "causes", CAUSES_MAX, &list);
    ret->list = xcalloc(count, sizeof(*ret->list));
    for (; ret->count < count && !r->has_failed; ret->count++)
        ret->list[ret->count] = cause_of(r, json_array_get(list, ret->count));
    ret->thread_ns = whole_or_null(r, times, "thread_ns");
    ret->own_ns = whole_or_null(r, times, "own_ns");
    ret->lost_ns = whole_or_null(r, times, "lost_ns");
    ret->unattributed_ns = whole_or_null(r, times, "unattributed_ns");
    ret->runnable_ns = whole_or_null(r, times, "runnable_ns");
    ret->idle_ns = whole_or_null(r, times, "idle_ns");
    ret->samples = (uint64_t)whole(r, o, "samples");
    /* Older records do not tell it, and all have the same. */
    ret->sample_ns = json_object_get(o, "sample_ns") ? whole(r, o, "sample_ns") : WHY_PERIOD_NS;
    ret->python_share = real_or_null(r, o, "python_share", 1);
    ret->unattributed_path = xstrdup(path);
}

static enum frame_place place_of(struct reading *r, const json_t *o)
{
    const int place = text_index(word(r, o, "place"), PLACES);
    if (place < 0)
        refuse(r, "place", "is none");
    return place < 0 ? FRAME_UNKNOWN : (enum frame_place)place;
}

/* What a function called takes no more than it does. */
static void read_calls(struct reading *r, const json_t *o, size_t parent, size_t depth, struct flame *f)
{
    const json_t *list;
    const size_t count = list_at(r, o, "calls", FLAME_NODES_MAX, &list);
    int64_t left_ns = parent == FLAME_ROOT ? f->ns : f->node[parent].ns;
    if (count > 0 && depth == FLAME_DEPTH_MAX)
        refuse(r, "calls", "is too deep");
    for (size_t i = 0; i < count && !r->has_failed; i++) {
        const json_t *one = json_array_get(list, i);
        const char *file = word_or_null(r, one, "file");
        if (f->nodes == FLAME_NODES_MAX) {
            refuse(r, "flame", "has too many functions");
            return;
        }
        const size_t at = f->nodes++;
        f->node[at] = (struct flame_node){.name = xstrdup(word(r, one, "name")),
                                          .file = xstrdup(file),
                                          .place = place_of(r, one),
                                          .parent = parent,
                                          .ns = whole(r, one, "ns"),
                                          .lost_ns = whole(r, one, "lost_ns")};
        if (f->node[at].ns > left_ns || f->node[at].lost_ns > f->node[at].ns)
            refuse(r, "ns", "is more than that which it is a part of");
        left_ns -= f->node[at].ns;
        read_calls(r, one, at, depth + 1, f);
    }
}

static void read_flame(struct reading *r, const json_t *o, struct flame *ret)
{
    const json_t *flame = json_object_get(o, "flame");
    if (!flame || json_is_null(flame))
        return;
    ret->node = xcalloc(FLAME_NODES_MAX, sizeof(*ret->node));
    ret->ns = whole(r, flame, "ns");
    ret->lost_ns = whole(r, flame, "lost_ns");
    read_calls(r, flame, FLAME_ROOT, 0, ret);
}

static void read_probes(struct reading *r, const json_t *o, struct why *ret)
{
    const json_t *list;
    const size_t count = list_at(r, o, "probes", PROBES_MAX, &list);
    ret->probe = xcalloc(count, sizeof(*ret->probe));
    for (; ret->probes < count && !r->has_failed; ret->probes++) {
        const json_t *one = json_array_get(list, ret->probes);
        const char *reason = own_word_or_null(r, one, "reason");
        ret->probe[ret->probes].symbol = own_word(r, one, "symbol");
        copy(ret->probe[ret->probes].missing, sizeof(ret->probe->missing), reason ? reason : "");
    }
}

static void read_all(struct reading *r, const json_t *o, struct why *w)
{
    const json_t *faults = json_object_get(o, "page_faults");
    const char *strangers = word_or_null(r, o, "without_symbols"), *unseen = own_word_or_null(r, o, "atomics_unseen");
    const char *interpreter = word_or_null(r, o, "interpreter");
    if (strcmp(json_word(o, "schema"), WHY_SCHEMA) != 0)
        refuse(r, "schema", "is not " WHY_SCHEMA);
    copy(w->id, sizeof(w->id), own_word(r, o, "id"));
    copy(w->of, sizeof(w->of), own_word(r, o, "of"));
    w->workers = whole(r, o, "workers");
    w->iterations = whole(r, o, "iterations");
    w->slowdown = real_or_null(r, o, "slowdown", 1e9);
    w->stretch = real_or_null(r, o, "stretch", 1e9);
    w->events = (uint64_t)whole_or_null(r, o, "events");
    w->lost = (uint64_t)whole_or_null(r, o, "lost_events");
    w->has_page_faults = json_is_integer(faults);
    w->page_faults = (uint64_t)whole_or_null(r, o, "page_faults");
    w->no_python = own_word_or_null(r, o, "python_unnamed");
    w->no_kernel = own_word_or_null(r, o, "kernel_unnamed");
    text_add(&w->interpreter, "%s", interpreter ? interpreter : "");
    text_add(&w->strangers, "%s", strangers ? strangers : "");
    text_add(&w->no_atomic, "%s", unseen ? unseen : "");
    read_causes(r, o, &w->causes);
    read_flame(r, o, &w->flame);
    read_probes(r, o, w);
}

int why_parse(const char *path, const struct text *bytes, struct why *ret, struct err *e)
{
    struct reading r = {.path = path, .e = e};
    struct why w = {.read = json_object_of(bytes->data ? bytes->data : "", bytes->len)};
    if (!w.read)
        return err_set(e, ERR_USAGE, -EINVAL, "'%s': it is no whole JSON", path);
    read_all(&r, w.read, &w);
    if (r.has_failed) {
        why_free(&w);
        return -EINVAL;
    }
    *ret = w;
    return 0;
}

int why_read(const char *path, struct why *ret, struct err *e)
{
    cleanup_text struct text bytes = {0};
    int failed = source_read(AT_FDCWD, path, true, WHY_BYTES_MAX, &bytes, NULL);
    if (failed == -ENOENT)
        return failed;
    if (failed != 0)
        return err_set(e, ERR_USAGE, failed == -ENOTSUP ? -EINVAL : failed, "'%s' %s%s", path,
                       failed == -ENOTSUP ? "" : "cannot be read: ", source_fault(failed));
    return why_parse(path, &bytes, ret, e);
}

/* --- held against itself ------------------------------------------------------------------------------------------ */

#define SHARE_ERROR 1e-9

/* Each part is taken from what is left, so that no sum runs over. */
static bool adds_up(int64_t whole_ns, int64_t a_ns, int64_t b_ns, int64_t c_ns)
{
    return a_ns <= whole_ns && b_ns <= whole_ns - a_ns && c_ns == whole_ns - a_ns - b_ns;
}

static const char *contradiction_of_causes(const struct causes *c)
{
    int64_t left_ns = c->lost_ns - c->unattributed_ns;
    for (size_t i = 0; i < c->count; i++) {
        const struct cause *one = &c->list[i];
        if (one->lost_ns > left_ns)
            return "'causes' cost more than 'lost_ns' says";
        if (one->cpu_ns > one->lost_ns)
            return "'cpu_ns' of a cause is more than its 'lost_ns'";
        if (!(fabs(one->share - (double)one->lost_ns / fmax(1, (double)c->lost_ns)) <= SHARE_ERROR))
            return "'share' of a cause is not its part of 'lost_ns'";
        if (i > 0 && one->lost_ns > c->list[i - 1].lost_ns)
            return "'causes' do not begin with the most expensive";
        left_ns -= one->lost_ns;
    }
    return left_ns == 0 ? NULL : "'lost_ns' is not what 'causes' and 'unattributed_ns' add up to";
}

const char *why_contradiction(const struct why *w)
{
    const struct causes *c = &w->causes;
    const struct cause *first = causes_first(c);
    const char *verdict = json_string_value(json_object_get(w->read, "verdict"));
    if (!adds_up(c->thread_ns, c->own_ns, c->lost_ns, c->runnable_ns))
        return "'thread_ns' is not what 'own_ns', 'lost_ns' and 'runnable_ns' add up to";
    if (strcmp(verdict ? verdict : "", first ? first->id : "") != 0)
        return "'verdict' is not the first cause that costs enough";
    return contradiction_of_causes(c);
}

/* --- changed, ended ----------------------------------------------------------------------------------------------- */

static void move_file(char **file, const char *from, const char *to)
{
    const size_t len = strlen(from);
    if (!*file || strcmp(*file, from) == 0 || !text_is_below(*file, from))
        return;
    char *moved = text_printf("%s%s", to, *file + len);
    free(*file);
    *file = moved;
}

void why_move_files(struct why *w, const char *from, const char *to)
{
    for (size_t i = 0; i < w->causes.count; i++)
        move_file(&w->causes.list[i].file, from, to);
    for (size_t i = 0; i < w->flame.nodes; i++)
        move_file(&w->flame.node[i].file, from, to);
}

void why_free(struct why *w)
{
    causes_free(&w->causes);
    flame_free(&w->flame);
    free(w->probe);
    text_free(&w->strangers);
    text_free(&w->no_atomic);
    text_free(&w->interpreter);
    json_decref(w->read);
    *w = (struct why){0};
}

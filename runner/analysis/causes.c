#include "analysis/causes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_put.h"
#include "base/stats.h"
#include "base/text.h"
#include "launch/pid_table.h"

/* So many times as long as a change of a shared count takes may the CPU wait to read it before. */
#define READS_PER_CHANGE 10

/* A cause while it is summed up. */
struct sum {
    const struct cause_rule *rule;
    const char *noun; /* NULL: the rule alone */
    int64_t waits_ns, cpu_ns, tallied_ns;
    int64_t reads_ns; /* of cpu_ns: before a count was changed, where its header was read */
    uint64_t calls;
    double *wait_ns;
    size_t waits;
    int64_t *by_stack; /* of each stack, and of what has none at the end; owned */
};

/* What a stack means, worked out once. */
struct meaning {
    bool is_known;
    const struct cause_rule *rule[2]; /* of a wait; of a sample; NULL: of nothing known */
    bool reads_count;
    const char *noun, *function, *file;
    char *path;
    struct cause_spent *spent; /* where what it takes is told to who asked; NULL: nobody did */
    uint64_t samples;          /* outside of waits */
};

/* A thread between two of its events. */
struct thread {
    int32_t tid;
    enum trace_kind state; /* TRACE_IN, TRACE_BLOCKED, TRACE_RUNNABLE; TRACE_END: not begun, or over */
    int64_t since_ns;
    uint32_t out_stack;
    uint16_t open[16]; /* the probed functions that it is in */
    size_t depth;
    int64_t wait_since_ns;
    uint32_t wait_stack;
    int64_t wait_runnable_ns;   /* of the wait: it could run, but had no CPU */
    bool wait_is_for_collector; /* it began while another thread collected garbage */
    bool has_run;               /* in a measured iteration */
};

struct finder {
    const struct causes_request *q;
    struct causes *ret;
    struct sum *sum;
    size_t sums;
    struct thread *thread;
    size_t threads;
    struct pid_table numbers;             /* of a thread's place in the list */
    int64_t end_ns;                       /* of what is known */
    struct meaning *meaning;              /* of each stack, and of what has none at the end */
    int64_t *unattributed_ns;             /* likewise */
    uint64_t python_samples, cpu_samples; /* cpu_samples: outside of waits */
    size_t collecting;                    /* threads that are in the collector */
    int64_t alone_ns;                     /* what one thread alone would have spent on the causes */
};

static const struct meaning *meaning_of(struct finder *f, uint32_t stack)
{
    struct meaning *m = &f->meaning[stack < f->q->stacks ? stack : f->q->stacks];
    if (m->is_known)
        return m;
    const struct cause_stack *s = &f->q->stack[stack];
    const size_t python = cause_below_python(s);
    *m = (struct meaning){
        .is_known = true, .rule = {cause_rule_of(s, false), cause_rule_of(s, true)}, .path = cause_path(s)};
    m->reads_count = cause_reads_count(s);
    m->spent = f->q->spent ? &f->q->spent[stack] : NULL;
    if (python < s->count) {
        m->function = s->frame[python].name;
        m->file = s->frame[python].file;
    }
    for (size_t i = 0; i < ARRAY_LEN(m->rule); i++)
        if (m->rule[i] && strcmp(m->rule[i]->id, "object_lock") == 0)
            m->noun = cause_noun(s);
    return m;
}

static struct sum *sum_of(struct finder *f, const struct cause_rule *rule, const char *noun)
{
    for (size_t i = 0; i < f->sums; i++)
        if (strcmp(f->sum[i].rule->id, rule->id) == 0 && text_is_same(f->sum[i].noun, noun))
            return &f->sum[i];
    f->sum = xgrow(f->sum, f->sums, sizeof(*f->sum));
    f->sum[f->sums] =
        (struct sum){.rule = rule, .noun = noun, .by_stack = xcalloc(f->q->stacks + 1, sizeof(*f->sum->by_stack))};
    return &f->sum[f->sums++];
}

/* The number of the first iteration that ends after a time. */
static size_t iteration_after(const struct causes_request *q, int64_t at_ns)
{
    size_t low = 0, high = q->iterations;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (q->end_ns[mid] <= at_ns)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* The part of a span that lies in measured iterations. */
static int64_t within(const struct finder *f, int64_t from_ns, int64_t to_ns)
{
    int64_t sum = 0;
    for (size_t i = iteration_after(f->q, from_ns); i < f->q->iterations && f->q->start_ns[i] < to_ns; i++) {
        const int64_t from = from_ns > f->q->start_ns[i] ? from_ns : f->q->start_ns[i];
        const int64_t to = to_ns < f->q->end_ns[i] ? to_ns : f->q->end_ns[i];
        sum += to > from ? to - from : 0;
    }
    return sum;
}

static void add_lost(struct finder *f, const struct meaning *m, const struct cause_rule *rule, bool runs, int64_t ns)
{
    f->ret->lost_ns += ns;
    if (m->spent)
        m->spent->lost_ns += ns;
    if (!rule) {
        f->ret->unattributed_ns += ns;
        f->unattributed_ns[m - f->meaning] += ns;
        return;
    }
    struct sum *s = sum_of(f, rule, m->noun);
    *(runs ? &s->cpu_ns : &s->waits_ns) += ns;
    s->reads_ns += runs && m->reads_count ? ns : 0;
    s->tallied_ns += ns;
    s->by_stack[m - f->meaning] += ns;
}

static void add_wait(struct finder *f, const struct meaning *m, const struct cause_rule *rule, int64_t from_ns,
                     int64_t to_ns, int64_t runnable_ns, bool is_seen)
{
    const int64_t ns = within(f, from_ns, to_ns) - runnable_ns;
    if (ns <= 0)
        return;
    if (rule && rule->kind == CAUSE_IDLE) {
        f->ret->idle_ns += ns;
        return;
    }
    add_lost(f, m, rule, false, ns);
    if (!is_seen || !rule)
        return;
    struct sum *s = sum_of(f, rule, m->noun);
    s->wait_ns = xgrow(s->wait_ns, s->waits, sizeof(*s->wait_ns));
    s->wait_ns[s->waits++] = (double)(to_ns - from_ns);
}

/* --- events ------------------------------------------------------------------------------------------------------- */

static struct thread *thread_of(struct finder *f, int32_t tid)
{
    const uint32_t known = pid_table_get(&f->numbers, tid);
    if (known != PID_TABLE_NONE)
        return &f->thread[known];
    pid_table_put(&f->numbers, tid, (uint32_t)f->threads);
    f->thread = xgrow(f->thread, f->threads, sizeof(*f->thread));
    f->thread[f->threads] = (struct thread){.tid = tid, .state = TRACE_END};
    return &f->thread[f->threads++];
}

/* Accounts for the time since its last change, unless it is inside of a wait, which is accounted for as a whole. */
static void settle(struct finder *f, struct thread *t, int64_t now_ns)
{
    const int64_t ns = within(f, t->since_ns, now_ns);
    if (ns <= 0)
        return;
    if (t->state == TRACE_RUNNABLE) { /* of a wait too: what it waits for is a CPU */
        f->ret->runnable_ns += ns;
        t->wait_runnable_ns += ns;
    }
    if (t->depth > 0)
        return;
    if (t->state == TRACE_IN)
        f->ret->own_ns += ns; /* less what samples tell of it, at the end */
    else if (t->state == TRACE_BLOCKED) {
        const struct meaning *m = meaning_of(f, t->out_stack);
        add_wait(f, m, m->rule[0], t->since_ns, now_ns, 0, false);
    }
    t->has_run = true;
}

static void change(struct finder *f, struct thread *t, enum trace_kind state, int64_t now_ns)
{
    settle(f, t, now_ns);
    t->state = state;
    t->since_ns = now_ns;
}

static void take_sample(struct finder *f, const struct thread *t, const struct trace_event *e)
{
    if (within(f, e->at_ns, e->at_ns + 1) == 0)
        return;
    const struct meaning *m = meaning_of(f, e->stack);
    f->ret->samples++;
    f->python_samples += m->function != NULL;
    if (t->depth > 0)
        return;
    f->cpu_samples++;
    if (e->stack < f->q->stacks)
        f->meaning[e->stack].samples++;
}

/* Ends the wait that a thread is in. A stand-still is the collector's where that asked for it. */
static void end_wait(struct finder *f, struct thread *t, int64_t now_ns, bool is_seen)
{
    const struct meaning *m = meaning_of(f, t->wait_stack);
    const struct cause_rule *rule = m->rule[0];
    if (t->wait_is_for_collector && rule && strcmp(rule->id, "world_stopped") == 0)
        rule = cause_rule("garbage_collection");
    add_wait(f, m, rule, t->wait_since_ns, now_ns, t->wait_runnable_ns, is_seen);
}

static bool is_collector(const struct finder *f, uint16_t probe)
{
    return strcmp(f->q->probe[probe].symbol, "gc_collect_main") == 0;
}

static void close_to(struct finder *f, struct thread *t, size_t depth)
{
    while (t->depth > depth)
        f->collecting -= is_collector(f, t->open[--t->depth]);
}

/* Whether a call lies in another one of the same function. A thread that parked takes part in the interpreter again
 * before it returns, and parks for that while the world is stopped (_PyParkingLot_Park < tstate_wait_attach < ... <
 * _PyParkingLot_Park, Python/parking_lot.c, pystate.c); what the collector finalizes may ask for the collector. Without
 * frame pointers the caller alone is known. */
static bool is_nested(const struct finder *f, const struct trace_event *e)
{
    const struct cause_stack *s = e->stack < f->q->stacks ? &f->q->stack[e->stack] : NULL;
    const char *symbol = f->q->probe[e->probe].symbol;
    for (size_t i = 1; s && i < s->count; i++)
        if (s->frame[i].name && strcmp(s->frame[i].name, symbol) == 0)
            return true;
    return s && s->count > 1 && cause_below_python(s) == s->count && s->frame[1].name &&
           strcmp(s->frame[1].name, "tstate_wait_attach") == 0;
}

/* A function that is called anew has returned before, and so have all that it called: their returns were lost. How long
 * these waits lasted is not known, and nobody's time. */
static void close_unreturned(struct finder *f, struct thread *t, const struct trace_event *e)
{
    size_t allowed = is_nested(f, e), at = t->depth;
    for (size_t i = 0; i < t->depth; i++) {
        if (t->open[i] != e->probe)
            continue;
        if (allowed == 0) {
            at = i;
            break;
        }
        allowed--;
    }
    if (at == t->depth)
        return;
    close_to(f, t, at);
    t->since_ns = e->at_ns;
}

static void enter(struct finder *f, struct thread *t, const struct trace_event *e)
{
    if (e->probe >= f->q->probes || *f->q->probe[e->probe].missing) /* set in part alone: no return may follow */
        return;
    if (!f->q->probe[e->probe].is_paired) {
        const struct meaning *m = meaning_of(f, e->stack);
        if (m->rule[0] && within(f, e->at_ns, e->at_ns + 1) > 0)
            sum_of(f, m->rule[0], m->noun)->calls++;
        return;
    }
    close_unreturned(f, t, e);
    if (t->depth == 0) {
        settle(f, t, e->at_ns);
        t->since_ns = e->at_ns;
        t->wait_since_ns = e->at_ns;
        t->wait_stack = e->stack;
        t->wait_is_for_collector = f->collecting > 0;
        t->wait_runnable_ns = 0;
    }
    if (t->depth >= ARRAY_LEN(t->open))
        return;
    t->open[t->depth++] = e->probe;
    f->collecting += is_collector(f, e->probe);
}

/* A return whose call was lost is dropped. */
static void leave(struct finder *f, struct thread *t, const struct trace_event *e)
{
    size_t at = t->depth;
    while (at > 0 && t->open[at - 1] != e->probe)
        at--;
    if (at == 0)
        return;
    settle(f, t, e->at_ns);
    t->since_ns = e->at_ns;
    close_to(f, t, at - 1);
    if (t->depth > 0)
        return;
    end_wait(f, t, e->at_ns, true);
}

/* The kernel may give its number to a later thread. */
static void end_thread(struct finder *f, struct thread *t, int64_t now_ns)
{
    close_to(f, t, 0);
    change(f, t, TRACE_END, now_ns);
}

static void take_event(struct finder *f, const struct trace_event *e)
{
    struct thread *t = thread_of(f, e->tid);
    switch ((enum trace_kind)e->kind) {
    case TRACE_ENTER:
        enter(f, t, e);
        break;
    case TRACE_LEAVE:
        leave(f, t, e);
        break;
    case TRACE_RUNS:
        take_sample(f, t, e);
        break;
    case TRACE_OUT:
        t->out_stack = e->stack;
        break;
    case TRACE_BLOCKED:
    case TRACE_RUNNABLE:
    case TRACE_IN:
        change(f, t, (enum trace_kind)e->kind, e->at_ns);
        break;
    case TRACE_END:
        end_thread(f, t, e->at_ns);
        break;
    }
}

/* Fewer samples are seen than were asked for where a timer comes late: the hypervisor took the CPU, or the kernel holds
 * samples back (perf_event_max_sample_rate). How long the threads were on their CPUs is known by their switches, so
 * that each sample stands for its part of that. Weighed as asked for, what samples tell of would count less than waits.
 */
static int64_t sample_ns(const struct finder *f)
{
    const int64_t seen_ns = f->cpu_samples ? f->ret->own_ns / (int64_t)f->cpu_samples : 0;
    return seen_ns > f->q->period_ns ? seen_ns : f->q->period_ns;
}

/* Parts the time on CPUs, all of it own work so far, by the samples. */
static void spend_samples(struct finder *f)
{
    f->ret->sample_ns = sample_ns(f);
    for (size_t i = 0; i < f->q->stacks; i++) {
        const struct meaning *m = &f->meaning[i];
        const int64_t ns = (int64_t)m->samples * f->ret->sample_ns;
        if (ns > 0 && m->rule[1] && m->rule[1]->kind == CAUSE_LOST) {
            add_lost(f, m, m->rule[1], true, ns);
            f->ret->own_ns -= ns;
        } else if (m->spent) {
            m->spent->own_ns += ns;
        }
    }
}

/* A wait at the end of the last iteration counts up to it; a thread that is off its CPU at the end has ended, or waits
 * for what comes after. */
static void finish_threads(struct finder *f)
{
    const int64_t end_ns = f->end_ns;
    for (size_t i = 0; i < f->threads; i++) {
        struct thread *t = &f->thread[i];
        if (t->depth > 0)
            end_wait(f, t, end_ns, false);
        else if (t->state == TRACE_IN)
            settle(f, t, end_ns);
        f->ret->threads += t->has_run;
    }
}

/* --- the result --------------------------------------------------------------------------------------------------- */

/* Every reference that is taken or dropped reads a header, and waits for it where memory is slow. Another thread is why
 * only where counts are changed by atomic instructions, too, as those of objects that no other thread made are not. */
static void forget_private_counts(struct finder *f, struct sum *s)
{
    const int64_t atomic_ns = s->cpu_ns - s->reads_ns;
    if (!f->q->alone || s->reads_ns <= READS_PER_CHANGE * atomic_ns)
        return;
    s->cpu_ns -= s->reads_ns;
    f->ret->lost_ns -= s->reads_ns;
    f->ret->own_ns += s->reads_ns;
    s->reads_ns = 0;
}

/* What one thread alone spends on this for the same work of its own is no loss to the others. */
static void take_away_alone(struct finder *f, struct sum *s, const char *title)
{
    const struct causes *alone = f->q->alone;
    for (size_t i = 0; alone && alone->own_ns > 0 && i < alone->count; i++) {
        const struct cause *c = &alone->list[i];
        if (strcmp(c->id, s->rule->id) != 0 || strcmp(c->title, title) != 0)
            continue;
        const double same = (double)c->cpu_ns * ((double)f->ret->own_ns / (double)alone->own_ns);
        const int64_t taken = same < (double)s->cpu_ns ? (int64_t)same : s->cpu_ns;
        s->cpu_ns -= taken;
        f->ret->lost_ns -= taken;
        f->alone_ns += taken;
    }
}

static void title_of(const struct sum *s, char *buf, size_t cap)
{
    text_format(buf, cap, "%s%s%s", s->rule->title, s->noun ? ": " : "", s->noun ? s->noun : "");
}

/* A stack of those that are said to be the same, by their paths in C or by their Python functions, that took most
 * together; NULL: none took any. ns: how much. */
static const struct meaning *most_of(const struct finder *f, const int64_t *by_stack, bool by_path, int64_t *ns)
{
    cleanup_json json_t *sums = json_object();
    const struct meaning *most = NULL;
    *ns = 0;
    for (size_t i = 0; i <= f->q->stacks; i++) {
        const struct meaning *m = &f->meaning[i];
        if (by_stack[i] == 0 || (!by_path && !m->function))
            continue;
        cleanup_free char *said =
            by_path ? xstrdup(m->path) : text_printf("%s\n%s", m->function, m->file ? m->file : "");
        const json_int_t sum = json_integer_value(json_object_get(sums, said)) + by_stack[i];
        (void)json_object_set_new_nocheck(sums, said, json_integer(sum));
        most = sum > *ns ? m : most;
        *ns = sum > *ns ? sum : *ns;
    }
    return most;
}

static void put_cause(struct finder *f, struct sum *s)
{
    const struct cause_rule *r = s->rule;
    struct cause c = {.id = r->id, .remedy = r->remedy, .source = r->source, .cpu_ns = s->cpu_ns};
    title_of(s, c.title, sizeof(c.title));
    c.lost_ns = s->waits_ns + s->cpu_ns;
    c.share = f->ret->lost_ns > 0 ? (double)c.lost_ns / (double)f->ret->lost_ns : 0;
    c.count = s->waits ? s->waits : s->calls;
    c.has_waits = s->waits > 0;
    if (c.has_waits) {
        stats_sort(s->wait_ns, s->waits);
        c.wait_p50_ns = stats_quantile7(s->wait_ns, s->waits, 0.5);
        c.wait_p95_ns = stats_quantile7(s->wait_ns, s->waits, 0.95);
    }
    int64_t where_ns, path_ns;
    const struct meaning *where = most_of(f, s->by_stack, false, &where_ns),
                         *path = most_of(f, s->by_stack, true, &path_ns);
    if (where) {
        c.function = xstrdup(where->function);
        c.file = xstrdup(where->file ? where->file : "");
        c.function_share = (double)where_ns / (double)s->tallied_ns;
    }
    c.path = xstrdup(path ? path->path : "?");
    f->ret->list = xgrow(f->ret->list, f->ret->count, sizeof(*f->ret->list));
    f->ret->list[f->ret->count++] = c;
}

static int by_lost(const void *a, const void *b)
{
    const struct cause *x = a, *y = b;
    return (x->lost_ns < y->lost_ns) - (x->lost_ns > y->lost_ns);
}

static void put_causes(struct finder *f)
{
    struct causes *c = f->ret;
    int64_t rest_ns;
    const struct meaning *rest = most_of(f, f->unattributed_ns, true, &rest_ns);
    c->own_ns = c->own_ns > 0 ? c->own_ns : 0; /* samples may tell of more than the exact times do */
    for (size_t i = 0; i < f->sums; i++) {
        char title[sizeof(c->list[0].title)];
        title_of(&f->sum[i], title, sizeof(title));
        forget_private_counts(f, &f->sum[i]);
        take_away_alone(f, &f->sum[i], title);
    }
    for (size_t i = 0; i < f->sums; i++)
        if (f->sum[i].waits_ns + f->sum[i].cpu_ns > 0)
            put_cause(f, &f->sum[i]);
    if (c->count > 0)
        qsort(c->list, c->count, sizeof(*c->list), by_lost);
    c->own_ns += f->alone_ns;
    c->thread_ns = c->own_ns + c->lost_ns + c->runnable_ns;
    c->python_share = c->samples ? (double)f->python_samples / (double)c->samples : NAN;
    c->unattributed_path = rest ? xstrdup(rest->path) : NULL;
}

static void free_finder(struct finder *f)
{
    for (size_t i = 0; i < f->sums; i++) {
        free(f->sum[i].wait_ns);
        free(f->sum[i].by_stack);
    }
    for (size_t i = 0; i <= f->q->stacks; i++)
        free(f->meaning[i].path);
    free(f->unattributed_ns);
    pid_table_free(&f->numbers);
    free(f->meaning);
    free(f->sum);
    free(f->thread);
}

void causes_find(const struct causes_request *request, struct causes *ret)
{
    struct finder f = {.q = request, .ret = ret};
    *ret = (struct causes){0};
    f.meaning = xcalloc(request->stacks + 1, sizeof(*f.meaning));
    f.meaning[request->stacks] = (struct meaning){.is_known = true, .path = xstrdup("?")};
    f.unattributed_ns = xcalloc(request->stacks + 1, sizeof(*f.unattributed_ns));
    f.end_ns = request->iterations ? request->end_ns[request->iterations - 1] : 0;
    if (request->is_cut && request->cut_ns < f.end_ns)
        f.end_ns = request->cut_ns;
    for (size_t i = 0; i < request->events && !(request->is_cut && request->event[i].at_ns >= request->cut_ns); i++)
        if (request->event[i].tid > 0)
            take_event(&f, &request->event[i]);
    finish_threads(&f);
    spend_samples(&f);
    put_causes(&f);
    free_finder(&f);
}

void causes_free(struct causes *c)
{
    for (size_t i = 0; i < c->count; i++) {
        free(c->list[i].function);
        free(c->list[i].file);
        free(c->list[i].path);
    }
    free(c->list);
    free(c->unattributed_path);
    *c = (struct causes){0};
}

const struct cause *causes_first(const struct causes *c)
{
    const struct cause *first = c->count > 0 ? &c->list[0] : NULL;
    return first && first->lost_ns >= CAUSE_NAMED_SAMPLES * c->sample_ns &&
                   (double)first->lost_ns >= CAUSE_NAMED_SHARE * (double)(c->own_ns + c->lost_ns)
               ? first
               : NULL;
}

bool causes_saw_any(const struct causes *c)
{
    return c->thread_ns > 0 || c->idle_ns > 0 || c->samples > 0;
}

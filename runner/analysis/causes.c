#include "analysis/causes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/stats.h"
#include "base/text.h"
#include "launch/pid_table.h"

/* --- what is known -------------------------------------------------------------------------------------------------
 */

#define HOWTO      "https://docs.python.org/3.14/howto/free-threading-python.html"
#define MEMORY_MAP "page faults and changes of the memory map, which all threads of a process share (mmap_lock)"
#define MEMORY_REMEDY                                                                                                  \
    "reuse buffers rather than allocate large ones anew; MALLOC_TRIM_THRESHOLD_ and MALLOC_MMAP_THRESHOLD_ higher"
#define MEMORY_SOURCE "https://docs.kernel.org/mm/process_addrs.html"
#define PEP_703       "https://peps.python.org/pep-0703/"
#define CPYTHON       "https://github.com/python/cpython/issues"
#define MALLOPT       "https://manpages.ubuntu.com/manpages/noble/man3/mallopt.3.html"

/* Symbols of CPython 3.13 and 3.14: Python/parking_lot.c, critical_section.c, brc.c, pystate.c, gc_free_threading.c,
 * ceval_gil.c. Every wait for a PyMutex parks; _PyMutex_LockTimed() itself is called for locks that are free, too, and
 * a probe there makes these thirty times as dear. */
static const struct trace_probe PROBES[] = {
    {.symbol = "_PyParkingLot_Park", .is_paired = true},
    {.symbol = "take_gil", .is_paired = true},
    {.symbol = "gc_collect_main", .is_paired = true},
    {.symbol = "stop_the_world", .is_paired = true},
    {.symbol = "_PyCriticalSection_BeginSlow"},
    {.symbol = "_PyCriticalSection2_BeginSlow"},
    {.symbol = "__lll_lock_wait"},
};

enum rule_kind {
    LOST,  /* all of it is lost: waits and time on a CPU */
    WAITS, /* only waiting is lost: on a CPU it is the program's own work */
    IDLE,  /* waiting is what the program asked for */
};

/* The first rule with a function that is on the stack, before its first Python function, is the cause. A name that ends
 * with '*' is a beginning. */
struct rule {
    const char *id;
    enum rule_kind kind;
    const char *title, *remedy, *source;
    const char *function[24];
};

static const struct rule RULES[] = {
    {"gil",
     LOST,
     "waiting for the GIL",
     "a free-threaded build (python3.14t), processes or interpreters",
     HOWTO,
     {"take_gil", "drop_gil*"}},
    {"garbage_collection",
     LOST,
     "collecting garbage, while every other thread stands still",
     "make fewer cycles; gc.freeze() after the start; gc.set_threshold() higher, or gc.disable() where nothing is "
     "cyclic",
     "https://docs.python.org/3.14/library/gc.html#gc.freeze",
     {"gc_collect_main", "gc_collect_internal", "_PyGC_Collect*", "gc_collect_region", "_PyGC_Run"}},
    {"world_stopped",
     LOST,
     "standing still, because another thread stopped all (garbage collection, a change of a type)",
     "find who stops the world: garbage collections, changes of classes, __class__ of an object that others refer to",
     CPYTHON "/145566",
     {"stop_the_world", "_PyEval_StopTheWorld*", "tstate_wait_attach", "_PyThreadState_Suspend",
      "_PyThreadState_Attach"}},
    {"reference_counts_merged",
     LOST,
     "merging reference counts of objects made by another thread",
     "make objects in the thread that uses them, and drop them there; hand over few large objects, not many small ones",
     PEP_703 "#biased-reference-counting",
     {"_Py_brc_*", "_Py_ExplicitMergeRefcount", "merge_queued_objects", "_Py_MergeZeroLocalRefcount",
      "merge_refcount"}},
    {"type_lock",
     LOST,
     "the lock of all types: attributes of classes are looked up or changed",
     "change no class while threads run; make the names of attributes that are computed once, by sys.intern()",
     CPYTHON "/132380",
     {"_PyType_Lookup*", "type_modified*", "PyType_Modified*", "type_setattro", "_PyType_AssignVersion*",
      "_PyType_CacheInitForSpecialization", "_PyType_CacheGetItemForSpecialization"}},
    {"code_lock",
     LOST,
     "the lock under which code is specialised",
     "set no globals of a module while threads read them: each change has what was specialised for it done anew",
     CPYTHON "/152075",
     {"_Py_Specialize_*", "_PyCode_Quicken", "_Py_Instrument*", "_PyCode_GetTLBC*", "create_tlbc*"}},
    {"interned_strings",
     LOST,
     "the lock of the interned strings",
     "make the names of attributes that are computed once, by sys.intern(), before the threads start",
     CPYTHON "/146041",
     {"intern_common", "_PyUnicode_InternMortal", "_PyUnicode_InternImmortal", "PyUnicode_InternInPlace"}},
    {"object_lock",
     LOST,
     "the lock of a shared object",
     "give each thread an object of its own, and merge at the end",
     HOWTO "#thread-safety",
     {"_PyCriticalSection*", "PyCriticalSection*", "_PyList_AppendTakeRef*", "PyMutex_LockFlags"}},
    {"allocator_lock",
     LOST,
     "locks of the C library's allocator (arenas)",
     "fewer allocations in C code that uses malloc; MALLOC_ARENA_MAX as large as the number of threads",
     MALLOPT,
     {"__lll_lock_wait*", "_int_malloc", "_int_free", "arena_get2*", "__libc_malloc", "malloc", "free", "calloc",
      "realloc"}},
    {"thread_lock",
     LOST,
     "a lock of the program (threading.Lock, RLock)",
     "hold it shorter, or one lock for each part of the data; let each thread collect its own and merge at the end",
     HOWTO "#thread-safety",
     {"lock_PyThread_acquire_lock", "lock_acquire*", "lock___enter__", "rlock_*", "_thread_lock_*", "_thread_RLock_*",
      "PyThread_acquire_lock*", "acquire_timed", "lock_enter", "_PyRecursiveMutex_Lock*"}},
    {"shared_reference_count",
     LOST,
     "reference counts that several threads change at once",
     "give each thread a copy of its own; None, small integers, interned strings and constants of code that is read "
     "from __pycache__ are immortal and cost nothing",
     HOWTO "#immortalization",
     {"_Py_DecRefShared*", "_Py_IncRefShared*", "_Py_TryIncRefShared", "_Py_TryXGetRef", "_Py_NewRefWithLock",
      "_PyObject_SetMaybeWeakref", "_Py_SetWeakrefAndIncref"}},
    {"memory_map",
     LOST,
     MEMORY_MAP,
     MEMORY_REMEDY,
     MEMORY_SOURCE,
     {"rwsem_*", "osq_lock", "native_queued_spin_lock_slowpath", "smp_call_function_many_cond", "flush_tlb_mm_range",
      "flush_tlb_func"}},
    {"memory_map",
     WAITS,
     MEMORY_MAP,
     MEMORY_REMEDY,
     MEMORY_SOURCE,
     {"down_read*", "down_write*", "asm_exc_page_fault", "exc_page_fault", "do_user_addr_fault", "handle_mm_fault",
      "vm_mmap_pgoff", "__vm_munmap", "do_madvise*", "do_mprotect_pkey", "do_vmi_align_munmap", "__x64_sys_munmap",
      "__x64_sys_madvise", "do_mmap"}},
    {"waiting_for_threads",
     IDLE,
     "waiting for other threads, a queue or a timer",
     "",
     "",
     {"ThreadHandle_join*", "thread_PyThreadHandle_join*", "PyThread_join*", "time_sleep", "pysleep",
      "_queue_SimpleQueue_get*", "simplequeue_get*", "os_read*", "os_waitpid*", "select_*", "_Py_read"}},
    {"interpreter_lock",
     LOST,
     "another lock of the interpreter",
     "the path in C says which: look it up in the interpreter's sources",
     HOWTO,
     {"_PyMutex_LockTimed", "PyMutex_Lock", "_PyMutex_LockSlow", "_PyRWMutex_*"}},
};

#define NO_RULE         SIZE_MAX
#define RULE(n)         (&RULES[n])
#define PATH_MAX_FRAMES 6

/* So many times as long as a change of a shared count takes may the CPU wait to read it before. */
#define READS_PER_CHANGE 10

/* Whose lock a critical section takes, by the function that begins it. */
static const struct {
    const char *prefix, *noun;
} NOUNS[] = {
    {"list_", "a list"},
    {"PyList_", "a list"},
    {"_PyList_", "a list"},
    {"dict_", "a dict"},
    {"PyDict_", "a dict"},
    {"_PyDict_", "a dict"},
    {"setitem_", "a dict"},
    {"insertdict", "a dict"},
    {"set_", "a set"},
    {"PySet_", "a set"},
    {"_PySet_", "a set"},
    {"deque_", "a deque"},
    {"bytearray_", "a bytearray"},
    {"_io_", "a file"},
    {"_random_Random_", "a random.Random, which the functions of the module random share"},
    {"_PyObject_StoreInstanceAttribute", "an instance's attributes"},
    {"_PyObject_GenericSetAttr", "an instance's attributes"},
    {"store_instance_attr", "an instance's attributes"},
    {"_PyObject_TryGetInstance", "an instance's attributes"},
};

const struct trace_probe *causes_probes(size_t *count)
{
    *count = ARRAY_LEN(PROBES);
    return PROBES;
}

/* --- a stack and its cause -----------------------------------------------------------------------------------------
 */

static bool is_like(const char *name, const char *pattern)
{
    const size_t len = strlen(pattern);
    return len > 0 && pattern[len - 1] == '*' ? strncmp(name, pattern, len - 1) == 0 : strcmp(name, pattern) == 0;
}

/* The number of frames before the first Python function. */
static size_t below_python(const struct cause_stack *s)
{
    size_t n = 0;
    while (n < s->count && s->frame[n].place != FRAME_PYTHON)
        n++;
    return n;
}

static bool rule_fits(const struct rule *r, const struct cause_stack *s, size_t frames)
{
    for (size_t i = 0; i < frames; i++)
        for (size_t f = 0; s->frame[i].name && f < ARRAY_LEN(r->function) && r->function[f]; f++)
            if (is_like(s->frame[i].name, r->function[f]))
                return true;
    return false;
}

/* The waits of the standard library's own tools, where they are what the program asked for. */
static bool is_asked_wait(const struct cause_stack *s, size_t python)
{
    static const char *const WAITS_OF[] = {"Condition.wait", "Condition.wait_for", "Thread.join", "Barrier.wait",
                                           "Event.wait",     "_shutdown",          "wait"};
    if (python >= s->count || !s->frame[python].file || !s->frame[python].name ||
        !text_ends_with(s->frame[python].file, "threading.py"))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(WAITS_OF); i++)
        if (strcmp(s->frame[python].name, WAITS_OF[i]) == 0)
            return true;
    return false;
}

static size_t rule_number(const char *id)
{
    for (size_t i = 0; i < ARRAY_LEN(RULES); i++)
        if (strcmp(RULES[i].id, id) == 0)
            return i;
    abort();
}

static bool is_atomic_in_interpreter(const struct cause_stack *s)
{
    return s->count > 0 && s->frame[0].place == FRAME_C && s->frame[0].did == FRAME_ATOMIC;
}

/* Whether the CPU waited for an object's header, to take or drop a reference. */
static bool reads_count(const struct cause_stack *s)
{
    return s->count > 0 && s->frame[0].place == FRAME_C && s->frame[0].did == FRAME_READ_COUNT;
}

static const char *noun_of(const struct cause_stack *s)
{
    const size_t frames = below_python(s);
    for (size_t i = 0; i < frames; i++)
        for (size_t n = 0; s->frame[i].name && n < ARRAY_LEN(NOUNS); n++)
            if (strncmp(s->frame[i].name, NOUNS[n].prefix, strlen(NOUNS[n].prefix)) == 0)
                return NOUNS[n].noun;
    return NULL;
}

/* What a stack is a case of; NO_RULE: of nothing known. runs: it is a sample of a CPU. */
static size_t rule_of(const struct cause_stack *s, bool runs)
{
    const size_t frames = below_python(s);
    for (size_t i = 0; i < ARRAY_LEN(RULES); i++) {
        if (!rule_fits(&RULES[i], s, frames))
            continue;
        if (is_asked_wait(s, frames) && strcmp(RULES[i].id, "thread_lock") == 0)
            return rule_number("waiting_for_threads");
        return i;
    }
    if (runs && reads_count(s))
        return rule_number("shared_reference_count");
    if (!runs || !is_atomic_in_interpreter(s))
        return NO_RULE;
    /* What is changed is the object's lock in a function that takes one, else a reference count. */
    return rule_number(noun_of(s) ? "object_lock" : "shared_reference_count");
}

/* A function without a name is shown as the file that it lies in; NULL: nothing is known. */
static const char *shown_name(const struct frame *f)
{
    const char *slash = f->file ? strrchr(f->file, '/') : NULL;
    return f->name ? f->name : slash ? slash + 1 : NULL;
}

/* The C functions up to the first Python one, the kernel's left out where others are there. */
static char *path_of(const struct cause_stack *s)
{
    struct text path = {0};
    const size_t frames = below_python(s);
    size_t shown = 0, kernel = 0;
    while (kernel < frames && s->frame[kernel].place == FRAME_KERNEL)
        kernel++;
    const char *last = "";
    for (size_t i = kernel < frames ? kernel : 0; i < frames && shown < PATH_MAX_FRAMES; i++) {
        const char *name = shown_name(&s->frame[i]);
        if (!name || strcmp(name, last) == 0 || strcmp(name, "_PyEval_EvalFrameDefault") == 0 ||
            strcmp(name, "py_trampoline_evaluator") == 0)
            continue;
        text_add(&path, "%s%s", shown++ ? " < " : "", name);
        last = name;
    }
    if (!path.data) /* the interpreter's loop itself, or nothing known */
        text_add(&path, "%s", kernel < frames && s->frame[kernel].name ? s->frame[kernel].name : "?");
    return path.data;
}

/* --- sums ----------------------------------------------------------------------------------------------------------
 */

/* What is said of a text, by how much time. */
struct tally {
    char *key, *more;
    int64_t ns;
};

struct tallies {
    struct tally *list;
    size_t count;
    uint32_t *bucket; /* of the texts' hash: number + 1, 0: free; at most half full */
    size_t buckets;   /* a power of two, or 0 */
};

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (const char *c = text; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 1099511628211ULL; /* FNV-1a */
    return hash * 1099511628211ULL;                           /* the end counts too: "ab" "c" is not "a" "bc" */
}

/* The bucket of a text, or the free one where it would be. */
static uint32_t *tally_place(const struct tallies *t, const char *key, const char *more)
{
    size_t at = hash_text(hash_text(14695981039346656037ULL, key), more) & (t->buckets - 1);
    for (; t->bucket[at]; at = (at + 1) & (t->buckets - 1)) {
        const struct tally *known = &t->list[t->bucket[at] - 1];
        if (strcmp(known->key, key) == 0 && strcmp(known->more, more) == 0)
            break;
    }
    return &t->bucket[at];
}

static void tallies_grow(struct tallies *t)
{
    free(t->bucket);
    t->buckets = t->buckets ? 2 * t->buckets : 16;
    t->bucket = xcalloc(t->buckets, sizeof(*t->bucket));
    for (size_t i = 0; i < t->count; i++)
        *tally_place(t, t->list[i].key, t->list[i].more) = (uint32_t)i + 1;
}

static void tally_add(struct tallies *t, const char *key, const char *more, int64_t ns)
{
    if (2 * (t->count + 1) > t->buckets)
        tallies_grow(t);
    uint32_t *place = tally_place(t, key, more);
    if (*place) {
        t->list[*place - 1].ns += ns;
        return;
    }
    t->list = xgrow(t->list, t->count, sizeof(*t->list));
    t->list[t->count++] = (struct tally){xstrdup(key), xstrdup(more), ns};
    *place = (uint32_t)t->count;
}

static const struct tally *tally_first(const struct tallies *t)
{
    const struct tally *first = NULL;
    for (size_t i = 0; i < t->count; i++)
        if (!first || t->list[i].ns > first->ns)
            first = &t->list[i];
    return first;
}

static void tallies_free(struct tallies *t)
{
    for (size_t i = 0; i < t->count; i++) {
        free(t->list[i].key);
        free(t->list[i].more);
    }
    free(t->list);
    free(t->bucket);
}

/* A cause while it is summed up. */
struct sum {
    size_t rule;
    const char *noun; /* NULL: the rule alone */
    int64_t waits_ns, cpu_ns, tallied_ns;
    int64_t reads_ns; /* of cpu_ns: before a count was changed, where its header was read */
    uint64_t calls;
    double *wait_ns;
    size_t waits;
    struct tallies where, paths;
};

/* What a stack means, worked out once. */
struct meaning {
    bool is_known;
    size_t rule[2]; /* of a wait; of a sample */
    bool reads_count;
    const char *noun, *function, *file;
    char *path;
    struct cause_spent *spent; /* where what it takes is told to who asked; NULL: nobody did */
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
    struct pid_table numbers; /* of a thread's place in the list */
    int64_t end_ns;           /* of what is known */
    struct meaning *meaning;
    struct tallies unattributed;
    uint64_t python_samples;
    size_t collecting; /* threads that are in the collector */
    int64_t alone_ns;  /* what one thread alone would have spent on the causes */
};

static const struct meaning *meaning_of(struct finder *f, uint32_t stack)
{
    static char unknown[] = "?";
    static const struct meaning NOTHING = {.is_known = true, .rule = {NO_RULE, NO_RULE}, .path = unknown};
    if (stack >= f->q->stacks)
        return &NOTHING;
    struct meaning *m = &f->meaning[stack];
    const struct cause_stack *s = &f->q->stack[stack];
    if (m->is_known)
        return m;
    const size_t python = below_python(s);
    *m = (struct meaning){.is_known = true, .rule = {rule_of(s, false), rule_of(s, true)}, .path = path_of(s)};
    m->reads_count = reads_count(s);
    m->spent = f->q->spent ? &f->q->spent[stack] : NULL;
    if (python < s->count) {
        m->function = s->frame[python].name;
        m->file = s->frame[python].file;
    }
    for (size_t i = 0; i < ARRAY_LEN(m->rule); i++)
        if (m->rule[i] != NO_RULE && strcmp(RULE(m->rule[i])->id, "object_lock") == 0)
            m->noun = noun_of(s);
    return m;
}

static bool is_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static struct sum *sum_of(struct finder *f, size_t rule, const char *noun)
{
    for (size_t i = 0; i < f->sums; i++)
        if (strcmp(RULE(f->sum[i].rule)->id, RULE(rule)->id) == 0 && is_same(f->sum[i].noun, noun))
            return &f->sum[i];
    f->sum = xgrow(f->sum, f->sums, sizeof(*f->sum));
    f->sum[f->sums] = (struct sum){.rule = rule, .noun = noun};
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

static void add_lost(struct finder *f, const struct meaning *m, size_t rule, bool runs, int64_t ns)
{
    f->ret->lost_ns += ns;
    if (m->spent)
        m->spent->lost_ns += ns;
    if (rule == NO_RULE) {
        f->ret->unattributed_ns += ns;
        tally_add(&f->unattributed, m->path, "", ns);
        return;
    }
    struct sum *s = sum_of(f, rule, m->noun);
    *(runs ? &s->cpu_ns : &s->waits_ns) += ns;
    s->reads_ns += runs && m->reads_count ? ns : 0;
    s->tallied_ns += ns;
    tally_add(&s->paths, m->path, "", ns);
    if (m->function)
        tally_add(&s->where, m->function, m->file ? m->file : "", ns);
}

static void add_wait(struct finder *f, const struct meaning *m, size_t rule, int64_t from_ns, int64_t to_ns,
                     int64_t runnable_ns, bool is_seen)
{
    const int64_t ns = within(f, from_ns, to_ns) - runnable_ns;
    if (ns <= 0)
        return;
    if (rule != NO_RULE && RULE(rule)->kind == IDLE) {
        f->ret->idle_ns += ns;
        return;
    }
    add_lost(f, m, rule, false, ns);
    if (!is_seen || rule == NO_RULE)
        return;
    struct sum *s = sum_of(f, rule, m->noun);
    s->wait_ns = xgrow(s->wait_ns, s->waits, sizeof(*s->wait_ns));
    s->wait_ns[s->waits++] = (double)(to_ns - from_ns);
}

/* --- events --------------------------------------------------------------------------------------------------------
 */

static struct thread *thread_of(struct finder *f, int32_t tid)
{
    const uint32_t known = pid_table_get(&f->numbers, tid);
    if (known != PID_TABLE_NONE)
        return &f->thread[known];
    if (pid_table_put(&f->numbers, tid, (uint32_t)f->threads) != 0)
        abort();
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
        f->ret->own_ns += ns; /* less what samples tell of it */
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
    if (m->rule[1] == NO_RULE || RULE(m->rule[1])->kind != LOST) {
        if (m->spent)
            m->spent->own_ns += f->q->period_ns;
        return;
    }
    add_lost(f, m, m->rule[1], true, f->q->period_ns);
    f->ret->own_ns -= f->q->period_ns;
}

/* Ends the wait that a thread is in. A stand-still is the collector's where that asked for it. */
static void end_wait(struct finder *f, struct thread *t, int64_t now_ns, bool is_seen)
{
    const struct meaning *m = meaning_of(f, t->wait_stack);
    size_t rule = m->rule[0];
    if (t->wait_is_for_collector && rule != NO_RULE && strcmp(RULE(rule)->id, "world_stopped") == 0)
        rule = rule_number("garbage_collection");
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
    return s && s->count > 1 && below_python(s) == s->count && s->frame[1].name &&
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
        if (m->rule[0] != NO_RULE && within(f, e->at_ns, e->at_ns + 1) > 0)
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

/* --- the result ----------------------------------------------------------------------------------------------------
 */

static int by_number(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

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
        if (strcmp(c->id, RULE(s->rule)->id) != 0 || strcmp(c->title, title) != 0)
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
    text_format(buf, cap, "%s%s%s", RULE(s->rule)->title, s->noun ? ": " : "", s->noun ? s->noun : "");
}

static void put_cause(struct finder *f, struct sum *s)
{
    const struct rule *r = RULE(s->rule);
    struct cause c = {.id = r->id, .remedy = r->remedy, .source = r->source, .cpu_ns = s->cpu_ns};
    title_of(s, c.title, sizeof(c.title));
    c.lost_ns = s->waits_ns + s->cpu_ns;
    c.share = f->ret->lost_ns > 0 ? (double)c.lost_ns / (double)f->ret->lost_ns : 0;
    c.count = s->waits ? s->waits : s->calls;
    c.has_waits = s->waits > 0;
    if (c.has_waits) {
        qsort(s->wait_ns, s->waits, sizeof(*s->wait_ns), by_number);
        c.wait_p50_ns = stats_quantile7(s->wait_ns, s->waits, 0.5);
        c.wait_p95_ns = stats_quantile7(s->wait_ns, s->waits, 0.95);
    }
    const struct tally *where = tally_first(&s->where), *path = tally_first(&s->paths);
    if (where) {
        c.function = xstrdup(where->key);
        c.file = xstrdup(where->more);
        c.function_share = (double)where->ns / (double)s->tallied_ns;
    }
    c.path = xstrdup(path ? path->key : "?");
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
    const struct tally *rest = tally_first(&f->unattributed);
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
    c->unattributed_path = rest ? xstrdup(rest->key) : NULL;
}

static void free_finder(struct finder *f)
{
    for (size_t i = 0; i < f->sums; i++) {
        free(f->sum[i].wait_ns);
        tallies_free(&f->sum[i].where);
        tallies_free(&f->sum[i].paths);
    }
    for (size_t i = 0; i < f->q->stacks; i++)
        free(f->meaning[i].path);
    tallies_free(&f->unattributed);
    pid_table_free(&f->numbers);
    free(f->meaning);
    free(f->sum);
    free(f->thread);
}

void causes_find(const struct causes_request *request, struct causes *ret)
{
    struct finder f = {.q = request, .ret = ret};
    *ret = (struct causes){.period_ns = request->period_ns};
    f.meaning = xcalloc(request->stacks, sizeof(*f.meaning));
    f.end_ns = request->iterations ? request->end_ns[request->iterations - 1] : 0;
    if (request->is_cut && request->cut_ns < f.end_ns)
        f.end_ns = request->cut_ns;
    for (size_t i = 0; i < request->events && !(request->is_cut && request->event[i].at_ns >= request->cut_ns); i++)
        if (request->event[i].tid > 0)
            take_event(&f, &request->event[i]);
    finish_threads(&f);
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
    return first && first->lost_ns >= CAUSE_NAMED_SAMPLES * c->period_ns &&
                   (double)first->lost_ns >= CAUSE_NAMED_SHARE * (double)(c->own_ns + c->lost_ns)
               ? first
               : NULL;
}

bool causes_saw_any(const struct causes *c)
{
    return c->thread_ns > 0 || c->idle_ns > 0 || c->samples > 0;
}

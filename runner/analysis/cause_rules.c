#include "analysis/cause_rules.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

/* --- what is known ------------------------------------------------------------------------------------------------ */

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

static const struct cause_rule RULES[] = {
    {"gil", "waiting for the GIL", "a free-threaded build (python3.14t), processes or interpreters", HOWTO,
     .function = {"take_gil", "drop_gil*"}},
    {"garbage_collection", "collecting garbage, while every other thread stands still",
     "make fewer cycles; gc.freeze() after the start; gc.set_threshold() higher, or gc.disable() where nothing is "
     "cyclic",
     "https://docs.python.org/3.14/library/gc.html#gc.freeze",
     .function = {"gc_collect_main", "gc_collect_internal", "_PyGC_Collect*", "gc_collect_region", "_PyGC_Run"}},
    {"world_stopped", "standing still, because another thread stopped all (garbage collection, a change of a type)",
     "find who stops the world: garbage collections, changes of classes, __class__ of an object that others refer to",
     CPYTHON "/145566",
     .function = {"stop_the_world", "_PyEval_StopTheWorld*", "tstate_wait_attach", "_PyThreadState_Suspend",
                  "_PyThreadState_Attach"}},
    {"reference_counts_merged", "merging reference counts of objects made by another thread",
     "make objects in the thread that uses them, and drop them there; hand over few large objects, not many small ones",
     PEP_703 "#biased-reference-counting",
     /* Not _Py_MergeZeroLocalRefcount(): every object of a thread's own ends by it. */
     .function = {"_Py_brc_*", "_Py_ExplicitMergeRefcount", "merge_queued_objects", "merge_refcount"}},
    {"memory_of_others", "freeing memory that another thread allocated",
     "let the thread that made an object drop it: large lists and dicts, too, have their memory from who filled them",
     "https://microsoft.github.io/mimalloc/", .function = {"_mi_free_block_mt"}},
    {"type_lock", "the lock of all types: attributes of classes are looked up or changed",
     "change no class while threads run; make the names of attributes that are computed once, by sys.intern()",
     CPYTHON "/132380",
     .function = {"_PyType_Lookup*", "type_modified*", "PyType_Modified*", "type_setattro", "_PyType_AssignVersion*",
                  "_PyType_CacheInitForSpecialization", "_PyType_CacheGetItemForSpecialization"}},
    {"code_lock", "the lock under which code is specialised",
     "set no globals of a module while threads read them: each change has what was specialised for it done anew",
     CPYTHON "/152075",
     .function = {"_Py_Specialize_*", "_PyCode_Quicken", "_Py_Instrument*", "_PyCode_GetTLBC*", "create_tlbc*"}},
    {"interned_strings", "the lock of the interned strings",
     "make the names of attributes that are computed once, by sys.intern(), before the threads start",
     CPYTHON "/146041",
     .function = {"intern_common", "_PyUnicode_InternMortal", "_PyUnicode_InternImmortal", "PyUnicode_InternInPlace"}},
    {"object_lock", "the lock of a shared object", "give each thread an object of its own, and merge at the end",
     HOWTO "#thread-safety",
     .function = {"_PyCriticalSection*", "PyCriticalSection*", "_PyList_AppendTakeRef*", "PyMutex_LockFlags"}},
    {"allocator_lock", "locks of the C library's allocator (arenas)",
     "fewer allocations in C code that uses malloc; MALLOC_ARENA_MAX as large as the number of threads", MALLOPT,
     .function = {"__lll_lock_wait*", "_int_malloc", "_int_free", "arena_get2*", "__libc_malloc", "malloc", "free",
                  "calloc", "realloc"}},
    {"thread_lock", "a lock of the program (threading.Lock, RLock)",
     "hold it shorter, or one lock for each part of the data; let each thread collect its own and merge at the end",
     HOWTO "#thread-safety",
     .function = {"lock_PyThread_acquire_lock", "lock_acquire*", "lock___enter__", "rlock_*", "_thread_lock_*",
                  "_thread_RLock_*", "PyThread_acquire_lock*", "acquire_timed", "lock_enter",
                  "_PyRecursiveMutex_Lock*"}},
    {"shared_reference_count", "reference counts that several threads change at once",
     "give each thread a copy of its own; None, small integers, interned strings and constants of code that is read "
     "from __pycache__ are immortal and cost nothing",
     HOWTO "#immortalization",
     .function = {"_Py_DecRefShared*", "_Py_IncRefShared*", "_Py_TryIncRefShared", "_Py_TryXGetRef",
                  "_Py_NewRefWithLock", "_PyObject_SetMaybeWeakref", "_Py_SetWeakrefAndIncref"}},
    {"memory_map", MEMORY_MAP, MEMORY_REMEDY, MEMORY_SOURCE,
     .function = {"rwsem_*", "osq_lock", "native_queued_spin_lock_slowpath", "smp_call_function_many_cond",
                  "flush_tlb_mm_range", "flush_tlb_func"}},
    {"memory_map", MEMORY_MAP, MEMORY_REMEDY, MEMORY_SOURCE,
     .function = {"down_read*", "down_write*", "asm_exc_page_fault", "exc_page_fault", "do_user_addr_fault",
                  "handle_mm_fault", "vm_mmap_pgoff", "__vm_munmap", "do_madvise*", "do_mprotect_pkey",
                  "do_vmi_align_munmap", "__x64_sys_munmap", "__x64_sys_madvise", "do_mmap"},
     .kind = CAUSE_WAITS},
    {"waiting_for_threads", "waiting for other threads, a queue or a timer", "", "",
     .function = {"ThreadHandle_join*", "thread_PyThreadHandle_join*", "PyThread_join*", "time_sleep", "pysleep",
                  "_queue_SimpleQueue_get*", "simplequeue_get*", "os_read*", "os_waitpid*", "select_*", "_Py_read",
                  /* of a stack whose frame of the interpreter is missing, as libc keeps no frame pointer */
                  "clock_nanosleep", "do_nanosleep", "do_select", "do_sys_poll", "do_epoll_wait", "do_wait",
                  "pipe_read"},
     .kind = CAUSE_IDLE},
    {"interpreter_lock", "another lock of the interpreter",
     "the path in C says which: look it up in the interpreter's sources", HOWTO,
     .function = {"_PyMutex_LockTimed", "PyMutex_Lock", "_PyMutex_LockSlow", "_PyRWMutex_*"}},
};

#define PATH_MAX_FRAMES 6

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
    {"lru_cache_", "a functools.lru_cache"}, /* up to 3.13 */
    {"bounded_lru_cache_", "a functools.lru_cache"},
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

/* --- a stack and its cause ---------------------------------------------------------------------------------------- */

static bool is_like(const char *name, const char *pattern)
{
    const size_t len = strlen(pattern);
    return len > 0 && pattern[len - 1] == '*' ? strncmp(name, pattern, len - 1) == 0 : strcmp(name, pattern) == 0;
}

size_t cause_below_python(const struct cause_stack *s)
{
    size_t n = 0;
    while (n < s->count && s->frame[n].place != FRAME_PYTHON)
        n++;
    return n;
}

static bool rule_fits(const struct cause_rule *r, const struct cause_stack *s, size_t frames)
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
                                           "Event.wait",     "_shutdown",          "wait",        NULL};
    const struct frame *f = python < s->count ? &s->frame[python] : NULL;
    return f && f->file && f->name && text_ends_with(f->file, "threading.py") && text_is_among(f->name, WAITS_OF);
}

const struct cause_rule *cause_rule(const char *id)
{
    for (size_t i = 0; i < ARRAY_LEN(RULES); i++)
        if (strcmp(RULES[i].id, id) == 0)
            return &RULES[i];
    abort();
}

static bool is_atomic_in_interpreter(const struct cause_stack *s)
{
    return s->count > 0 && s->frame[0].place == FRAME_C && s->frame[0].did == FRAME_ATOMIC;
}

bool cause_reads_count(const struct cause_stack *s)
{
    return s->count > 0 && s->frame[0].place == FRAME_C && s->frame[0].did == FRAME_READ_COUNT;
}

const char *cause_noun(const struct cause_stack *s)
{
    const size_t frames = cause_below_python(s);
    for (size_t i = 0; i < frames; i++)
        for (size_t n = 0; s->frame[i].name && n < ARRAY_LEN(NOUNS); n++)
            if (strncmp(s->frame[i].name, NOUNS[n].prefix, strlen(NOUNS[n].prefix)) == 0)
                return NOUNS[n].noun;
    return NULL;
}

const struct cause_rule *cause_rule_of(const struct cause_stack *s, bool runs)
{
    const size_t frames = cause_below_python(s);
    for (size_t i = 0; i < ARRAY_LEN(RULES); i++) {
        if (!rule_fits(&RULES[i], s, frames))
            continue;
        if (is_asked_wait(s, frames) && strcmp(RULES[i].id, "thread_lock") == 0)
            return cause_rule("waiting_for_threads");
        return &RULES[i];
    }
    if (runs && cause_reads_count(s))
        return cause_rule("shared_reference_count");
    if (!runs || !is_atomic_in_interpreter(s))
        return NULL;
    /* What is changed is the object's lock in a function that takes one, else a reference count. */
    return cause_rule(cause_noun(s) ? "object_lock" : "shared_reference_count");
}

bool cause_is_plumbing(const char *name)
{
    return strcmp(name, "_PyEval_EvalFrameDefault") == 0 || strcmp(name, "py_trampoline_evaluator") == 0;
}

const char *cause_shown_name(const struct frame *f)
{
    const char *slash = f->file ? strrchr(f->file, '/') : NULL;
    return f->name ? f->name : slash ? slash + 1 : NULL;
}

char *cause_path(const struct cause_stack *s)
{
    struct text path = {0};
    const size_t frames = cause_below_python(s);
    size_t shown = 0, kernel = 0;
    while (kernel < frames && s->frame[kernel].place == FRAME_KERNEL)
        kernel++;
    const char *last = "";
    for (size_t i = kernel < frames ? kernel : 0; i < frames && shown < PATH_MAX_FRAMES; i++) {
        const char *name = cause_shown_name(&s->frame[i]);
        if (!name || strcmp(name, last) == 0 || cause_is_plumbing(name))
            continue;
        text_add(&path, "%s%s", shown++ ? " < " : "", name);
        last = name;
    }
    if (!path.data) /* the interpreter's loop itself, or nothing known */
        text_add(&path, "%s", kernel < frames && s->frame[kernel].name ? s->frame[kernel].name : "?");
    return path.data;
}

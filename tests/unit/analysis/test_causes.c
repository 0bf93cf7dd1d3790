#include "analysis/causes.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#define MS 1000000LL

/* The stacks that the planted events name. */
enum {
    MERGE,
    LIST,
    LOCK,
    JOIN,
    CONDITION,
    WORK,
    SHARED,
    ATOMIC_LIST,
    READS, /* an object's reference count, to change it */
    GIL,
    COLLECT,
    STANDS,
    FAULT,
    SPIN,
    STRANGE,
    BACK,      /* parks within a park, since the world is stopped */
    BACK_BARE, /* the same without frame pointers */
    INSTANCE,
    CACHE,
    OWN_END,    /* the last reference to an object of the thread's own goes */
    FREE_OTHER, /* memory that another thread allocated is freed */
    NAP,        /* the interpreter's frame is missing, as libc has no frame pointer */
    STACKS
};

#define C(function)                                                                                                    \
    {                                                                                                                  \
        FRAME_C, function, "/python3.14t", false                                                                       \
    }
#define KERNEL(function)                                                                                               \
    {                                                                                                                  \
        FRAME_KERNEL, function, NULL, false                                                                            \
    }
#define PYTHON(f, file)                                                                                                \
    {                                                                                                                  \
        FRAME_PYTHON, f, file, false                                                                                   \
    }
#define W PYTHON("w", "cont.py")
#define FRAMES(...)                                                                                                    \
    (const struct frame[]){__VA_ARGS__}, sizeof((const struct frame[]){__VA_ARGS__}) / sizeof(struct frame)

static const struct cause_stack STACK[STACKS] = {
    [MERGE] = {FRAMES(C("_PyParkingLot_Park"), C("_PyMutex_LockTimed"), C("PyMutex_Lock"), C("_Py_brc_merge_refcounts"),
                      C("_Py_HandlePending"), C("_PyEval_EvalFrameDefault"), W)},
    [LIST] = {FRAMES(C("_PyParkingLot_Park"), C("_PyMutex_LockTimed"), C("_PyCriticalSection_BeginSlow"),
                     C("list_append"), W)},
    [LOCK] = {FRAMES(C("_PyParkingLot_Park"), C("_PyMutex_LockTimed"), C("lock_PyThread_acquire_lock"), W)},
    [JOIN] = {FRAMES(C("_PyParkingLot_Park"), C("PyEvent_WaitTimed"), C("ThreadHandle_join"),
                     PYTHON("Thread.join", "/lib/threading.py"))},
    [CONDITION] = {FRAMES(C("_PyParkingLot_Park"), C("_PyMutex_LockTimed"), C("lock_PyThread_acquire_lock"),
                          PYTHON("Condition.wait", "/lib/threading.py"))},
    [WORK] = {FRAMES(C("_PyEval_EvalFrameDefault"), W)},
    [SHARED] = {FRAMES(C("_Py_DecRefShared"), C("_PyEval_EvalFrameDefault"), W)},
    [ATOMIC_LIST] = {FRAMES({FRAME_C, "list_append", "/python3.14t", FRAME_ATOMIC}, W)},
    [READS] = {FRAMES({FRAME_C, "_PyEval_EvalFrameDefault", "/python3.14t", FRAME_READ_COUNT}, W)},
    [GIL] = {FRAMES(C("take_gil"), C("_PyEval_EvalFrameDefault"), W)},
    [COLLECT] = {FRAMES(C("gc_collect_main"), C("_Py_RunGC"), W)},
    [STANDS] = {FRAMES(C("_PyParkingLot_Park"), C("tstate_wait_attach"), C("_PyThreadState_Attach"), W)},
    [FAULT] = {FRAMES(KERNEL("clear_page_erms"), KERNEL("do_user_addr_fault"), C("mi_page_free_list_extend"), W)},
    [SPIN] = {FRAMES(KERNEL("osq_lock"), KERNEL("rwsem_down_write_slowpath"), KERNEL("__x64_sys_munmap"), C("munmap"),
                     W)},
    [BACK] = {FRAMES(C("_PyParkingLot_Park"), C("tstate_wait_attach"), C("_PyThreadState_Attach"),
                     C("PyEval_AcquireThread"), C("_PyParkingLot_Park"), C("_PyMutex_LockTimed"),
                     C("lock_PyThread_acquire_lock"), W)},
    [BACK_BARE] = {FRAMES(C("_PyParkingLot_Park"), C("tstate_wait_attach"))},
    [INSTANCE] = {FRAMES(C("_PyParkingLot_Park"), C("_PyCriticalSection_BeginSlow"), C("store_instance_attr_lock_held"),
                         W)},
    [CACHE] = {FRAMES(C("_PyParkingLot_Park"), C("_PyMutex_LockTimed"), C("_PyCriticalSection_BeginSlow"),
                      C("lru_cache_call"), W)},
    [OWN_END] = {FRAMES(C("_Py_MergeZeroLocalRefcount"), C("_PyEval_EvalFrameDefault"), W)},
    [FREE_OTHER] = {FRAMES({FRAME_C, "_mi_free_block_mt", "/python3.14t", FRAME_ATOMIC}, C("process_queue"),
                           C("_Py_HandlePending"), W)},
    [NAP] = {FRAMES(KERNEL("schedule"), KERNEL("do_nanosleep"), C("clock_nanosleep"), W)},
    [STRANGE] = {FRAMES(KERNEL("pipe_write"), C("nothing_known"), W)},
};

static const struct trace_probe PROBE[] = {{.symbol = "_PyParkingLot_Park", .is_paired = true},
                                           {.symbol = "_PyCriticalSection_BeginSlow"},
                                           {.symbol = "gc_collect_main", .is_paired = true},
                                           {.symbol = "take_gil", .is_paired = true, .missing = "no return probe"}};

/* Two iterations without a gap: most tests see one. */
static const int64_t STARTS_NS[] = {0, 50 * MS}, ENDS_NS[] = {50 * MS, 100 * MS};

static struct causes_request request_of(const struct trace_event *event, size_t count, const struct causes *alone)
{
    return (struct causes_request){.event = event,
                                   .events = count,
                                   .stack = STACK,
                                   .stacks = STACKS,
                                   .start_ns = STARTS_NS,
                                   .end_ns = ENDS_NS,
                                   .iterations = ARRAY_LEN(STARTS_NS),
                                   .period_ns = MS,
                                   .probe = PROBE,
                                   .probes = ARRAY_LEN(PROBE),
                                   .alone = alone};
}

static struct causes find(const struct trace_event *event, size_t count, const struct causes *alone)
{
    struct causes ret;
    const struct causes_request request = request_of(event, count, alone);
    causes_find(&request, &ret);
    return ret;
}

#define FIND(events) find(events, ARRAY_LEN(events), NULL)

static void a_wait_is_the_time_from_entry_to_return_and_is_named_by_its_stack(void **state)
{
    (void)state;
    const struct trace_event events[] = {
        {0, 1, 0, 0, TRACE_IN},
        {10 * MS, 1, MERGE, 0, TRACE_ENTER},
        {11 * MS, 1, MERGE, 0, TRACE_OUT},
        {11 * MS, 1, 0, 0, TRACE_BLOCKED},
        {60 * MS, 1, 0, 0, TRACE_IN},
        {61 * MS, 1, 0, 0, TRACE_LEAVE},
    };
    struct causes c = FIND(events);
    const struct cause *first = causes_first(&c);
    assert_non_null(first);
    assert_string_equal(first->id, "reference_counts_merged");
    assert_string_equal(first->title, "merging reference counts of objects made by another thread");
    assert_int_equal(first->lost_ns, 51 * MS);
    assert_int_equal(c.own_ns, 49 * MS); /* before, and after up to the window's end */
    assert_int_equal(c.thread_ns, 100 * MS);
    assert_int_equal(first->count, 1);
    assert_true(first->has_waits && fabs(first->wait_p50_ns - 51e6) < 1);
    assert_string_equal(first->function, "w");
    assert_string_equal(first->file, "cont.py");
    assert_string_equal(
        first->path,
        "_PyParkingLot_Park < _PyMutex_LockTimed < PyMutex_Lock < _Py_brc_merge_refcounts < _Py_HandlePending");
    assert_true(fabs(first->share - 1) < 1e-9);
    assert_non_null(strstr(first->source, "pep-0703"));
    causes_free(&c);
}

static void without_a_probe_a_blocked_thread_tells_the_same(void **state)
{
    (void)state;
    const struct trace_event events[] = {
        {0, 1, 0, 0, TRACE_IN},       {10 * MS, 1, LIST, 0, TRACE_OUT}, {10 * MS, 1, 0, 0, TRACE_BLOCKED},
        {40 * MS, 1, 0, 0, TRACE_IN}, {50 * MS, 1, WORK, 0, TRACE_OUT}, {50 * MS, 1, 0, 0, TRACE_RUNNABLE},
        {70 * MS, 1, 0, 0, TRACE_IN},
    };
    struct causes c = FIND(events);
    assert_string_equal(causes_first(&c)->title, "the lock of a shared object: a list");
    assert_int_equal(c.lost_ns, 30 * MS);
    assert_int_equal(c.runnable_ns, 20 * MS);
    assert_int_equal(c.own_ns, 50 * MS);
    causes_free(&c);
}

static void each_stack_is_told_in_the_fields_words(void **state)
{
    (void)state;
    static const struct {
        uint32_t stack;
        const char *id;
    } PLANTED[] = {{LOCK, "thread_lock"}, {GIL, "gil"}, {COLLECT, "garbage_collection"}, {STANDS, "world_stopped"}};
    for (size_t i = 0; i < ARRAY_LEN(PLANTED); i++) {
        const struct trace_event events[] = {{20 * MS, 1, PLANTED[i].stack, 0, TRACE_ENTER},
                                             {90 * MS, 1, 0, 0, TRACE_LEAVE}};
        struct causes c = FIND(events);
        assert_non_null(causes_first(&c));
        assert_string_equal(causes_first(&c)->id, PLANTED[i].id);
        causes_free(&c);
    }
}

static void a_stand_still_is_the_collectors_where_that_began_before(void **state)
{
    (void)state;
    const struct trace_event events[] = {
        {0, 1, COLLECT, 2, TRACE_ENTER}, {1 * MS, 2, STANDS, 0, TRACE_ENTER},  {21 * MS, 2, 0, 0, TRACE_LEAVE},
        {22 * MS, 1, 0, 2, TRACE_LEAVE}, {30 * MS, 2, STANDS, 0, TRACE_ENTER}, {35 * MS, 2, 0, 0, TRACE_LEAVE},
    };
    struct causes c = FIND(events);
    assert_int_equal(c.count, 2);
    assert_string_equal(c.list[0].id, "garbage_collection");
    assert_int_equal(c.list[0].lost_ns, 42 * MS);
    assert_string_equal(c.list[1].id, "world_stopped");
    causes_free(&c);
}

static void waiting_that_the_program_asked_for_is_no_loss(void **state)
{
    (void)state;
    const struct trace_event events[] = {
        {0, 1, JOIN, 0, TRACE_ENTER},
        {90 * MS, 1, 0, 0, TRACE_LEAVE},
        {0, 2, CONDITION, 0, TRACE_ENTER},
        {50 * MS, 2, 0, 0, TRACE_LEAVE},
    };
    struct causes c = FIND(events);
    assert_int_equal(c.lost_ns, 0);
    assert_int_equal(c.idle_ns, 140 * MS);
    assert_null(causes_first(&c));
    causes_free(&c);
}

static void sleeping_is_no_loss_where_the_interpreters_frame_is_missing(void **state)
{
    (void)state;
    const struct trace_event events[] = {
        {0, 1, 0, 0, TRACE_IN},
        {10 * MS, 1, NAP, 0, TRACE_OUT},
        {10 * MS, 1, 0, 0, TRACE_BLOCKED},
        {90 * MS, 1, 0, 0, TRACE_IN},
    };
    struct causes c = FIND(events);
    assert_int_equal(c.lost_ns, 0);
    assert_int_equal(c.idle_ns, 80 * MS);
    causes_free(&c);
}

static void samples_of_shared_counts_and_of_locks_words_tell_of_lost_cpu_time(void **state)
{
    (void)state;
    const struct trace_event events[] = {
        {0, 1, 0, 0, TRACE_IN},
        {1 * MS, 1, SHARED, 0, TRACE_RUNS},
        {2 * MS, 1, SHARED, 0, TRACE_RUNS},
        {3 * MS, 1, SHARED, 0, TRACE_RUNS},
        {4 * MS, 1, ATOMIC_LIST, 0, TRACE_RUNS},
        {5 * MS, 1, WORK, 0, TRACE_RUNS},
        {5 * MS, 1, WORK, 0, TRACE_OUT},
        {5 * MS, 1, 0, 0, TRACE_RUNNABLE},
    };
    struct causes c = FIND(events);
    assert_int_equal(c.count, 2);
    assert_string_equal(c.list[0].id, "shared_reference_count");
    assert_int_equal(c.list[0].cpu_ns, 3 * MS);
    assert_false(c.list[0].has_waits);
    assert_string_equal(c.list[1].id, "object_lock");
    assert_int_equal(c.own_ns, 1 * MS);
    assert_int_equal(c.samples, 5);
    assert_int_equal(c.sample_ns, MS);
    assert_true(fabs(c.python_share - 1) < 1e-9);
    causes_free(&c);
}

/* A thread on a CPU for 40 ms, with a sample of every fourth alone, and a wait of 20 ms. */
static void samples_that_were_not_taken_are_made_up_for_by_those_that_were(void **state)
{
    (void)state;
    const struct trace_event events[] = {
        {0, 1, 0, 0, TRACE_IN},
        {4 * MS, 1, WORK, 0, TRACE_RUNS},
        {8 * MS, 1, SHARED, 0, TRACE_RUNS},
        {12 * MS, 1, WORK, 0, TRACE_RUNS},
        {16 * MS, 1, SHARED, 0, TRACE_RUNS},
        {20 * MS, 1, LIST, 0, TRACE_ENTER},
        {21 * MS, 1, LIST, 0, TRACE_RUNS}, /* a part of the wait, which is known as a whole */
        {40 * MS, 1, 0, 0, TRACE_LEAVE},
        {44 * MS, 1, SHARED, 0, TRACE_RUNS},
        {48 * MS, 1, SHARED, 0, TRACE_RUNS},
        {52 * MS, 1, SHARED, 0, TRACE_RUNS},
        {56 * MS, 1, SHARED, 0, TRACE_RUNS},
        {60 * MS, 1, WORK, 0, TRACE_RUNS},
        {60 * MS, 1, SHARED, 0, TRACE_RUNS},
        {60 * MS, 1, WORK, 0, TRACE_OUT},
        {60 * MS, 1, 0, 0, TRACE_RUNNABLE},
    };
    struct cause_spent spent[STACKS] = {{0}};
    struct causes_request request = request_of(events, ARRAY_LEN(events), NULL);
    struct causes c;
    request.spent = spent;
    causes_find(&request, &c);
    assert_int_equal(c.sample_ns, 4 * MS);
    assert_string_equal(c.list[0].id, "shared_reference_count");
    assert_int_equal(c.list[0].cpu_ns, 28 * MS);
    assert_int_equal(c.list[1].lost_ns, 20 * MS);
    assert_int_equal(c.own_ns, 12 * MS);
    assert_int_equal(spent[WORK].own_ns, 12 * MS);
    assert_int_equal(spent[SHARED].lost_ns, 28 * MS);
    causes_free(&c);
}

/* What the table calls a loss has to be one: an object's end is own work, and not each atomic change is of a count. */
static void the_end_of_an_object_is_own_work_and_the_allocators_lists_are_no_counts(void **state)
{
    (void)state;
    const struct trace_event events[] = {
        {0, 1, 0, 0, TRACE_IN},
        {1 * MS, 1, OWN_END, 0, TRACE_RUNS},
        {2 * MS, 1, FREE_OTHER, 0, TRACE_RUNS},
        {2 * MS, 1, 0, 0, TRACE_END},
    };
    struct causes c = FIND(events);
    assert_int_equal(c.own_ns, MS);
    assert_int_equal(c.count, 1);
    assert_string_equal(c.list[0].title, "freeing memory that another thread allocated");
    causes_free(&c);
}

static void what_one_thread_alone_spends_too_is_not_lost_to_the_others(void **state)
{
    (void)state;
    const struct trace_event one[] = {
        {0, 1, 0, 0, TRACE_IN},          {1 * MS, 1, SHARED, 0, TRACE_RUNS}, {2 * MS, 1, WORK, 0, TRACE_RUNS},
        {2 * MS, 1, WORK, 0, TRACE_OUT}, {2 * MS, 1, 0, 0, TRACE_RUNNABLE},
    };
    const struct trace_event many[] = {
        {0, 1, 0, 0, TRACE_IN},           {1 * MS, 1, SHARED, 0, TRACE_RUNS}, {2 * MS, 1, WORK, 0, TRACE_RUNS},
        {2 * MS, 1, WORK, 0, TRACE_OUT},  {2 * MS, 1, 0, 0, TRACE_RUNNABLE},  {0, 2, 0, 0, TRACE_IN},
        {1 * MS, 2, WORK, 0, TRACE_RUNS}, {2 * MS, 2, SHARED, 0, TRACE_RUNS}, {2 * MS, 2, 0, 0, TRACE_RUNNABLE},
    };
    struct causes alone = FIND(one), c = find(many, ARRAY_LEN(many), &alone);
    assert_int_equal(alone.lost_ns, 1 * MS);
    assert_in_range(c.lost_ns, 0, 1); /* the same share of the work, so that nothing is left but rounding */
    assert_null(causes_first(&c));
    assert_int_equal(c.thread_ns, c.own_ns + c.lost_ns + c.runnable_ns);
    causes_free(&c);
    causes_free(&alone);
}

/* A thread that works for 20 ms, a sample in each, of which so many read a count and so many change a shared one. */
static struct causes counting(size_t reads, size_t changes, const struct causes *alone)
{
    struct trace_event events[40] = {{0, 1, 0, 0, TRACE_IN}};
    size_t count = 1;
    for (size_t i = 0; i < 20; i++, count++)
        events[count] = (struct trace_event){(int64_t)i * MS, 1,
                                             i < reads             ? READS
                                             : i < reads + changes ? SHARED
                                                                   : WORK,
                                             0, TRACE_RUNS};
    events[count++] = (struct trace_event){20 * MS, 1, 0, 0, TRACE_RUNNABLE};
    return find(events, count, alone);
}

/* The CPU waits for an object's header where it reads the count that it is about to change. */
static void waiting_to_read_a_count_that_others_change_is_lost_to_it(void **state)
{
    (void)state;
    struct causes alone = counting(1, 2, NULL), c = counting(9, 3, &alone);
    assert_non_null(causes_first(&c));
    assert_string_equal(causes_first(&c)->id, "shared_reference_count");
    assert_true(c.list[0].cpu_ns > 10 * MS);
    assert_int_equal(c.thread_ns, c.own_ns + c.lost_ns + c.runnable_ns);
    causes_free(&c);
    causes_free(&alone);
}

/* Reading is all that is done to the count of an object that no other thread made: it is slow where memory is. */
static void reading_counts_that_nobody_else_changes_is_own_work(void **state)
{
    (void)state;
    struct causes alone = counting(1, 0, NULL), c = counting(15, 0, &alone);
    assert_null(causes_first(&c));
    assert_int_equal(c.lost_ns, 0);
    assert_int_equal(c.own_ns, 20 * MS);
    causes_free(&c);
    causes_free(&alone);
}

static void what_no_rule_knows_is_told_as_a_share(void **state)
{
    (void)state;
    const struct trace_event events[] = {
        {0, 1, STRANGE, 0, TRACE_OUT},      {0, 1, 0, 0, TRACE_BLOCKED},     {40 * MS, 1, 0, 0, TRACE_IN},
        {50 * MS, 1, LOCK, 0, TRACE_ENTER}, {60 * MS, 1, 0, 0, TRACE_LEAVE},
    };
    struct causes c = FIND(events);
    assert_int_equal(c.unattributed_ns, 40 * MS);
    assert_int_equal(c.lost_ns, 50 * MS);
    assert_string_equal(c.unattributed_path, "nothing_known");
    assert_true(fabs(c.list[0].share - 0.2) < 1e-9);
    causes_free(&c);
}

static void only_what_lies_in_measured_iterations_counts(void **state)
{
    (void)state;
    const struct trace_event events[] = {
        {-50 * MS, 1, LOCK, 0, TRACE_ENTER},
        {10 * MS, 1, 0, 0, TRACE_LEAVE},
        {95 * MS, 2, LOCK, 0, TRACE_ENTER}, /* no end */
        {-5 * MS, 3, SHARED, 0, TRACE_RUNS},
    };
    struct causes c = FIND(events);
    assert_int_equal(c.lost_ns, 15 * MS);
    assert_int_equal(c.samples, 0);
    causes_free(&c);
}

static void a_wait_counts_without_the_time_in_which_the_thread_lacked_a_cpu(void **state)
{
    (void)state;
    const struct trace_event events[] = {
        {0, 1, 0, 0, TRACE_IN},       {10 * MS, 1, LOCK, 0, TRACE_ENTER}, {20 * MS, 1, 0, 0, TRACE_RUNNABLE},
        {70 * MS, 1, 0, 0, TRACE_IN}, {80 * MS, 1, 0, 0, TRACE_LEAVE},    {90 * MS, 1, 0, 0, TRACE_END},
    };
    struct causes c = FIND(events);
    assert_int_equal(c.own_ns, 20 * MS);
    assert_int_equal(c.lost_ns, 20 * MS);
    assert_int_equal(c.runnable_ns, 50 * MS);
    assert_true(fabs(c.list[0].wait_p50_ns - 70e6) < 1);
    causes_free(&c);
}

static void a_thread_that_ended_is_on_no_cpu_any_longer(void **state)
{
    (void)state;
    const struct trace_event events[] = {
        {0, 1, 0, 0, TRACE_IN},
        {10 * MS, 1, 0, 0, TRACE_END},
        {90 * MS, 1, 0, 0, TRACE_IN}, /* another one of the same number */
        {95 * MS, 1, 0, 0, TRACE_END},
    };
    struct causes c = FIND(events);
    assert_int_equal(c.own_ns, 15 * MS);
    assert_int_equal(c.thread_ns, 15 * MS);
    causes_free(&c);
}

static void what_happens_between_two_iterations_does_not_count(void **state)
{
    (void)state;
    const int64_t starts_ns[] = {0, 50 * MS}, ends_ns[] = {10 * MS, 60 * MS};
    const struct trace_event events[] = {
        {5 * MS, 1, LOCK, 0, TRACE_ENTER},
        {55 * MS, 1, 0, 0, TRACE_LEAVE},
        {30 * MS, 2, SHARED, 0, TRACE_RUNS},
    };
    const struct causes_request request = {.event = events,
                                           .events = ARRAY_LEN(events),
                                           .stack = STACK,
                                           .stacks = STACKS,
                                           .start_ns = starts_ns,
                                           .end_ns = ends_ns,
                                           .iterations = 2,
                                           .period_ns = MS,
                                           .probe = PROBE,
                                           .probes = ARRAY_LEN(PROBE)};
    struct causes c;
    causes_find(&request, &c);
    assert_int_equal(c.lost_ns, 10 * MS);
    assert_int_equal(c.samples, 0);
    causes_free(&c);
}

static void calls_of_what_is_only_counted_are_counted(void **state)
{
    (void)state;
    const struct trace_event events[] = {
        {1 * MS, 1, MERGE, 1, TRACE_ENTER},
        {2 * MS, 1, MERGE, 1, TRACE_ENTER},
        {3 * MS, 1, MERGE, 0, TRACE_RUNS},
    };
    struct causes c = FIND(events);
    assert_int_equal(c.list[0].count, 2);
    causes_free(&c);
}

static void a_return_without_its_call_and_a_stack_that_is_not_there_do_no_harm(void **state)
{
    (void)state;
    const struct trace_event events[] = {
        {1 * MS, 1, 0, 0, TRACE_LEAVE},  {2 * MS, 1, 4711, 0, TRACE_ENTER}, {3 * MS, 1, 0, 7, TRACE_LEAVE},
        {4 * MS, 1, 0, 99, TRACE_ENTER}, {12 * MS, 1, 0, 0, TRACE_LEAVE},   {13 * MS, 1, 4711, 0, TRACE_RUNS},
    };
    struct causes c = FIND(events);
    assert_int_equal(c.count, 0);
    assert_int_equal(c.unattributed_ns, 10 * MS);
    causes_free(&c);
}

static void page_faults_are_work_and_waiting_for_the_memory_map_is_lost(void **state)
{
    (void)state;
    const struct trace_event events[] = {
        {0, 1, 0, 0, TRACE_IN},           {1 * MS, 1, FAULT, 0, TRACE_RUNS}, {1 * MS, 1, FAULT, 0, TRACE_OUT},
        {1 * MS, 1, 0, 0, TRACE_BLOCKED}, {12 * MS, 1, 0, 0, TRACE_IN},      {13 * MS, 1, SPIN, 0, TRACE_RUNS},
        {13 * MS, 1, 0, 0, TRACE_END},
    };
    struct causes c = FIND(events);
    assert_int_equal(c.count, 1);
    assert_string_equal(c.list[0].id, "memory_map");
    assert_int_equal(c.list[0].lost_ns, 12 * MS);
    assert_int_equal(c.list[0].cpu_ns, 1 * MS);
    assert_string_equal(c.list[0].path, "mi_page_free_list_extend");
    causes_free(&c);
}

static void a_cause_of_a_few_samples_is_not_named(void **state)
{
    (void)state;
    const struct trace_event events[] = {
        {0, 1, 0, 0, TRACE_IN},
        {1 * MS, 1, SHARED, 0, TRACE_RUNS},
        {2 * MS, 1, SHARED, 0, TRACE_RUNS},
        {2 * MS, 1, 0, 0, TRACE_END},
    };
    struct causes c = FIND(events);
    assert_int_equal(c.list[0].lost_ns, 2 * MS);
    assert_null(causes_first(&c));
    causes_free(&c);
}

static void a_wait_whose_return_was_lost_ends_where_the_next_begins(void **state)
{
    (void)state;
    const struct trace_event events[] = {
        {0, 1, 0, 0, TRACE_IN},
        {10 * MS, 1, LOCK, 0, TRACE_ENTER}, /* its return is lost */
        {20 * MS, 1, LOCK, 0, TRACE_ENTER},
        {30 * MS, 1, 0, 0, TRACE_LEAVE},
        {40 * MS, 1, COLLECT, 2, TRACE_ENTER}, /* and one within another */
        {41 * MS, 1, LIST, 0, TRACE_ENTER},
        {50 * MS, 1, COLLECT, 2, TRACE_ENTER},
        {60 * MS, 1, 0, 2, TRACE_LEAVE},
        {70 * MS, 2, STANDS, 0, TRACE_ENTER}, /* nobody collects any longer */
        {75 * MS, 2, 0, 0, TRACE_LEAVE},
        {90 * MS, 1, 0, 0, TRACE_END},
    };
    struct causes c = FIND(events);
    assert_int_equal(c.count, 3);
    assert_int_equal(c.lost_ns, 25 * MS);
    assert_int_equal(c.own_ns, 50 * MS); /* 0 to 10, 30 to 40, 60 to 90: the two waits without an end are nobody's */
    assert_string_equal(c.list[2].id, "world_stopped");
    causes_free(&c);
}

static void a_thread_that_comes_back_from_a_wait_to_a_stopped_world_waits_on(void **state)
{
    (void)state;
    static const uint32_t INNER[] = {BACK, BACK_BARE};
    for (size_t i = 0; i < ARRAY_LEN(INNER); i++) {
        const struct trace_event events[] = {
            {0, 1, 0, 0, TRACE_IN},          {10 * MS, 1, LOCK, 0, TRACE_ENTER}, {40 * MS, 1, INNER[i], 0, TRACE_ENTER},
            {45 * MS, 1, 0, 0, TRACE_LEAVE}, {50 * MS, 1, 0, 0, TRACE_LEAVE},    {60 * MS, 1, 0, 0, TRACE_END},
        };
        struct causes c = FIND(events);
        assert_int_equal(c.count, 1);
        assert_string_equal(c.list[0].id, "thread_lock");
        assert_int_equal(c.list[0].lost_ns, 40 * MS);
        assert_int_equal(c.own_ns, 20 * MS);
        causes_free(&c);
    }
}

static void calls_of_a_probe_that_was_set_in_part_begin_no_wait(void **state)
{
    (void)state;
    const struct trace_event events[] = {
        {0, 1, 0, 0, TRACE_IN}, {10 * MS, 1, GIL, 3, TRACE_ENTER}, /* nobody tells of its return */
    };
    struct causes c = FIND(events);
    assert_int_equal(c.lost_ns, 0);
    assert_int_equal(c.own_ns, 100 * MS);
    causes_free(&c);
}

static void nothing_counts_from_where_events_are_missing(void **state)
{
    (void)state;
    const struct trace_event events[] = {
        {0, 1, 0, 0, TRACE_IN},
        {0, 2, LOCK, 0, TRACE_ENTER},
        {30 * MS, 1, 0, 0, TRACE_RUNNABLE}, /* of one CPU there is more than of another */
    };
    const struct causes_request request = {.event = events,
                                           .events = ARRAY_LEN(events),
                                           .stack = STACK,
                                           .stacks = STACKS,
                                           .start_ns = STARTS_NS,
                                           .end_ns = ENDS_NS,
                                           .iterations = ARRAY_LEN(STARTS_NS),
                                           .period_ns = MS,
                                           .probe = PROBE,
                                           .probes = ARRAY_LEN(PROBE),
                                           .is_cut = true,
                                           .cut_ns = 20 * MS};
    struct causes c;
    causes_find(&request, &c);
    assert_int_equal(c.own_ns, 20 * MS);
    assert_int_equal(c.lost_ns, 20 * MS);
    assert_int_equal(c.runnable_ns, 0);
    causes_free(&c);
}

static void where_no_event_fell_into_an_iteration_nothing_is_known(void **state)
{
    (void)state;
    const struct trace_event before[] = {{-9 * MS, 1, 0, 0, TRACE_IN}, {-5 * MS, 1, 0, 0, TRACE_END}};
    const struct trace_event idle[] = {{0, 1, JOIN, 0, TRACE_ENTER}, {90 * MS, 1, 0, 0, TRACE_LEAVE}};
    struct causes none = FIND(before), waited = FIND(idle);
    assert_false(causes_saw_any(&none));
    assert_true(causes_saw_any(&waited));
    causes_free(&none);
    causes_free(&waited);
}

static void an_objects_lock_is_named_by_the_function_that_takes_it(void **state)
{
    (void)state;
    static const struct {
        uint32_t stack;
        const char *title;
    } LOCKS[] = {{INSTANCE, "the lock of a shared object: an instance's attributes"},
                 {CACHE, "the lock of a shared object: a functools.lru_cache"}};
    for (size_t i = 0; i < ARRAY_LEN(LOCKS); i++) {
        const struct trace_event events[] = {{0, 1, LOCKS[i].stack, 0, TRACE_ENTER}, {90 * MS, 1, 0, 0, TRACE_LEAVE}};
        struct causes c = FIND(events);
        assert_string_equal(c.list[0].title, LOCKS[i].title);
        causes_free(&c);
    }
}

static void each_of_very_many_threads_and_functions_is_told_apart(void **state)
{
    (void)state;
    enum { MANY = 50000 };
    cleanup_free struct trace_event *event = xcalloc(2 * MANY, sizeof(*event));
    cleanup_free struct cause_stack *stack = xcalloc(MANY, sizeof(*stack));
    cleanup_free struct frame *frame = xcalloc(2 * MANY, sizeof(*frame));
    cleanup_free char(*name)[16] = xcalloc(MANY, sizeof(*name));
    for (size_t i = 0; i < MANY; i++) {
        (void)snprintf(name[i], sizeof(*name), "f%zu", i);
        frame[2 * i] = (struct frame)C("take_gil");
        frame[2 * i + 1] = (struct frame)PYTHON(name[i], "many.py");
        stack[i] = (struct cause_stack){&frame[2 * i], 2};
        const int64_t from = (int64_t)i * 1000, lasts = i == MANY / 2 ? 900 : 100;
        event[2 * i] = (struct trace_event){from, (int32_t)i + 1, (uint32_t)i, 0, TRACE_ENTER};
        event[2 * i + 1] = (struct trace_event){from + lasts, (int32_t)i + 1, 0, 0, TRACE_LEAVE};
    }
    const struct causes_request request = {.event = event,
                                           .events = 2 * (size_t)MANY,
                                           .stack = stack,
                                           .stacks = MANY,
                                           .start_ns = STARTS_NS,
                                           .end_ns = ENDS_NS,
                                           .iterations = ARRAY_LEN(STARTS_NS),
                                           .period_ns = MS,
                                           .probe = PROBE,
                                           .probes = ARRAY_LEN(PROBE)};
    struct causes c;
    causes_find(&request, &c);
    assert_int_equal(c.count, 1);
    assert_int_equal(c.list[0].count, MANY);
    assert_int_equal(c.lost_ns, (int64_t)MANY * 100 + 800);
    assert_string_equal(c.list[0].function, name[MANY / 2]);
    causes_free(&c);
}

static void what_is_spent_on_each_stack_is_told_and_adds_up(void **state)
{
    (void)state;
    const struct trace_event events[] = {
        {8 * MS, 1, 0, 0, TRACE_IN},
        {8 * MS, 1, WORK, 0, TRACE_RUNS},
        {9 * MS, 1, SHARED, 0, TRACE_RUNS},
        {10 * MS, 1, MERGE, 0, TRACE_ENTER},
        {12 * MS, 1, MERGE, 0, TRACE_RUNS}, /* it spins: a part of the wait, which is told as a whole */
        {30 * MS, 1, 0, 0, TRACE_LEAVE},
        {30 * MS, 1, JOIN, 0, TRACE_OUT},
        {30 * MS, 1, 0, 0, TRACE_BLOCKED},
        {99 * MS, 1, 0, 0, TRACE_IN},
        {99 * MS, 1, STACKS + 5, 0, TRACE_RUNS}, /* whose stack is not known */
    };
    struct cause_spent spent[STACKS] = {{0}};
    struct causes c;
    struct causes_request request = request_of(events, ARRAY_LEN(events), NULL);
    request.spent = spent;
    causes_find(&request, &c);
    assert_int_equal(spent[WORK].own_ns, MS);
    assert_int_equal(spent[SHARED].lost_ns, MS);
    assert_int_equal(spent[SHARED].own_ns, 0);
    assert_int_equal(spent[MERGE].lost_ns, 20 * MS);
    assert_int_equal(spent[MERGE].own_ns, 0);
    assert_int_equal(spent[JOIN].lost_ns, 0); /* it asked to wait */
    int64_t lost_ns = 0;
    for (size_t i = 0; i < STACKS; i++)
        lost_ns += spent[i].lost_ns;
    assert_int_equal(lost_ns, c.lost_ns);
    causes_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wait_is_the_time_from_entry_to_return_and_is_named_by_its_stack),
        cmocka_unit_test(without_a_probe_a_blocked_thread_tells_the_same),
        cmocka_unit_test(each_stack_is_told_in_the_fields_words),
        cmocka_unit_test(a_stand_still_is_the_collectors_where_that_began_before),
        cmocka_unit_test(waiting_that_the_program_asked_for_is_no_loss),
        cmocka_unit_test(sleeping_is_no_loss_where_the_interpreters_frame_is_missing),
        cmocka_unit_test(samples_of_shared_counts_and_of_locks_words_tell_of_lost_cpu_time),
        cmocka_unit_test(samples_that_were_not_taken_are_made_up_for_by_those_that_were),
        cmocka_unit_test(the_end_of_an_object_is_own_work_and_the_allocators_lists_are_no_counts),
        cmocka_unit_test(what_one_thread_alone_spends_too_is_not_lost_to_the_others),
        cmocka_unit_test(waiting_to_read_a_count_that_others_change_is_lost_to_it),
        cmocka_unit_test(reading_counts_that_nobody_else_changes_is_own_work),
        cmocka_unit_test(what_no_rule_knows_is_told_as_a_share),
        cmocka_unit_test(only_what_lies_in_measured_iterations_counts),
        cmocka_unit_test(a_wait_counts_without_the_time_in_which_the_thread_lacked_a_cpu),
        cmocka_unit_test(a_thread_that_ended_is_on_no_cpu_any_longer),
        cmocka_unit_test(what_happens_between_two_iterations_does_not_count),
        cmocka_unit_test(calls_of_what_is_only_counted_are_counted),
        cmocka_unit_test(a_return_without_its_call_and_a_stack_that_is_not_there_do_no_harm),
        cmocka_unit_test(page_faults_are_work_and_waiting_for_the_memory_map_is_lost),
        cmocka_unit_test(a_cause_of_a_few_samples_is_not_named),
        cmocka_unit_test(a_wait_whose_return_was_lost_ends_where_the_next_begins),
        cmocka_unit_test(a_thread_that_comes_back_from_a_wait_to_a_stopped_world_waits_on),
        cmocka_unit_test(calls_of_a_probe_that_was_set_in_part_begin_no_wait),
        cmocka_unit_test(nothing_counts_from_where_events_are_missing),
        cmocka_unit_test(where_no_event_fell_into_an_iteration_nothing_is_known),
        cmocka_unit_test(an_objects_lock_is_named_by_the_function_that_takes_it),
        cmocka_unit_test(each_of_very_many_threads_and_functions_is_told_apart),
        cmocka_unit_test(what_is_spent_on_each_stack_is_told_and_adds_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

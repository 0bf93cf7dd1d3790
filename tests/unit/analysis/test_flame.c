/* The stacks of a traced run as one tree. */
#include "analysis/flame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#define C(function)                                                                                                    \
    {                                                                                                                  \
        FRAME_C, function, "/python3.14t", false                                                                       \
    }
#define PYTHON(function)                                                                                               \
    {                                                                                                                  \
        FRAME_PYTHON, function, "cont.py", false                                                                       \
    }
#define NAMELESS                                                                                                       \
    {                                                                                                                  \
        FRAME_UNKNOWN, NULL, "/usr/lib/libx.so", false                                                                 \
    }
#define STACK(...)                                                                                                     \
    {                                                                                                                  \
        (const struct frame[]){__VA_ARGS__}, ARRAY_LEN(((const struct frame[]){__VA_ARGS__}))                          \
    }

/* The innermost function first, as a trace has them. */
static const struct cause_stack STACKS[] = {
    STACK(C("list_append"), C("_PyEval_EvalFrameDefault"), PYTHON("w"), C("py_trampoline_evaluator"), PYTHON("run"),
          C("thread_run"), C("clone3")),
    STACK(PYTHON("w"), PYTHON("run"), C("thread_run")),
    STACK(C("start_thread"), C("clone3")),
    STACK(NAMELESS, PYTHON("w"), PYTHON("run")),
};

static const struct flame_node *node_of(const struct flame *f, const char *name)
{
    for (size_t i = 0; i < f->nodes; i++)
        if (strcmp(f->node[i].name, name) == 0)
            return &f->node[i];
    fail_msg("there is no %s", name);
    return NULL;
}

static void each_function_has_the_time_of_all_that_it_called(void **state)
{
    static const struct cause_spent SPENT[] = {{.lost_ns = 60}, {.own_ns = 30}, {.own_ns = 9}, {.own_ns = 1}};
    struct flame f;
    (void)state;
    flame_make(STACKS, SPENT, ARRAY_LEN(STACKS), &f);
    assert_int_equal(f.ns, 100);
    assert_int_equal(f.lost_ns, 60);
    assert_string_equal(f.node[0].name, "run"); /* what C does before the first Python function is left out */
    assert_int_equal(f.node[0].parent, FLAME_ROOT);
    assert_int_equal(f.node[0].ns, 91);
    assert_int_equal(f.node[0].lost_ns, 60);
    assert_string_equal(f.node[1].name, "w"); /* and so is what only calls the next */
    assert_string_equal(f.node[1].file, "cont.py");
    assert_int_equal(f.node[1].parent, 0);
    assert_int_equal(node_of(&f, "list_append")->lost_ns, 60);
    assert_null(node_of(&f, "list_append")->file);
    assert_int_equal(node_of(&f, "libx.so")->place, FRAME_UNKNOWN);
    assert_int_equal(node_of(&f, "clone3")->parent, FLAME_ROOT); /* a stack without Python is whole */
    assert_int_equal(f.nodes, 6);
    flame_free(&f);
}

static void what_takes_next_to_nothing_is_left_out(void **state)
{
    static const struct cause_spent SPENT[] = {{.own_ns = 996}, {.own_ns = 0}, {.own_ns = 4}, {.own_ns = 0}};
    struct flame f;
    (void)state;
    flame_make(STACKS, SPENT, ARRAY_LEN(STACKS), &f);
    assert_int_equal(f.nodes, 3);
    assert_int_equal(f.ns, 1000);
    flame_free(&f);
}

static void without_any_time_there_is_no_tree(void **state)
{
    static const struct cause_spent NONE[ARRAY_LEN(STACKS)] = {{0}};
    struct flame f;
    (void)state;
    flame_make(STACKS, NONE, ARRAY_LEN(STACKS), &f);
    assert_int_equal(f.nodes, 0);
    flame_free(&f);
    flame_make(NULL, NULL, 0, &f);
    assert_int_equal(f.nodes, 0);
    flame_free(&f);
}

/* As a program can make them: each function calls another hundred, and one calls itself. */
static void a_tree_of_any_size_is_told_within_bounds(void **state)
{
    enum { DEEP = 96, WIDE = 190 };
    static char name[WIDE][8];
    static struct frame frame[WIDE][DEEP];
    static struct cause_stack stack[WIDE];
    static struct cause_spent spent[WIDE];
    struct flame f;
    (void)state;
    for (size_t i = 0; i < WIDE; i++) {
        (void)snprintf(name[i], sizeof(name[i]), "f%zu", i);
        for (size_t k = 0; k < DEEP; k++)
            frame[i][k] = (struct frame){FRAME_PYTHON, name[i], "deep.py", false};
        stack[i] = (struct cause_stack){frame[i], DEEP};
        spent[i].own_ns = 1000000 + (int64_t)i;
    }
    flame_make(stack, spent, WIDE, &f);
    assert_true(f.nodes <= FLAME_NODES_MAX);
    flame_free(&f);
    flame_make(stack, spent, 5, &f);
    assert_int_equal(f.nodes, 5 * FLAME_DEPTH_MAX);
    assert_string_equal(f.node[0].name, "f4"); /* the greatest first */
    flame_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_function_has_the_time_of_all_that_it_called),
        cmocka_unit_test(what_takes_next_to_nothing_is_left_out),
        cmocka_unit_test(without_any_time_there_is_no_tree),
        cmocka_unit_test(a_tree_of_any_size_is_told_within_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

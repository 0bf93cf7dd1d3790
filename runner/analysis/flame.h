/* flame: the stacks of a traced run as one tree: the functions that the threads' time went through, and how much of it
 * was lost. What a flame graph draws. Pure. */
#ifndef TARE_FLAME_H
#define TARE_FLAME_H

#include <stddef.h>
#include <stdint.h>

#include "analysis/causes.h"

#define FLAME_NODES_MAX   1000
#define FLAME_DEPTH_MAX   64    /* of functions from the root; what lies deeper counts for the last */
#define FLAME_LEAST_SHARE 0.005 /* a function of less is left out: its time is its caller's alone */
#define FLAME_ROOT        SIZE_MAX

/* A function on one way to it. */
struct flame_node {
    char *name;             /* the file where the function has none, "?" where nothing is known; foreign bytes; owned */
    char *file;             /* of a Python function; NULL: of none; owned */
    enum frame_place place; /* FRAME_UNKNOWN: code whose functions have no names */
    size_t parent;          /* its place in the list, before this one; FLAME_ROOT: none called it */
    int64_t ns, lost_ns;    /* of it and of all that it called; lost_ns is part of ns */
};

struct flame {
    struct flame_node *node; /* each before what it called, that by ns, the greatest first */
    size_t nodes;
    int64_t ns, lost_ns; /* of all stacks */
};

/* spent: of each stack, as causes_find() fills it in. A stack with Python functions begins at its outermost; the frames
 * in which the interpreter only calls the next are left out, as in the path of a cause. The caller ends *ret with
 * flame_free(). */
void flame_make(const struct cause_stack *stack, const struct cause_spent *spent, size_t stacks, struct flame *ret);
void flame_free(struct flame *f);

#endif

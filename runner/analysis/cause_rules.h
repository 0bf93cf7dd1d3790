/* cause_rules: what a stack of a traced thread is a case of: the table of the causes that are known, with the remedy
 * and the source of each, and how a stack is held against it. causes.c sums up by it. All texts but cause_path()'s are
 * static. */
#ifndef TARE_CAUSE_RULES_H
#define TARE_CAUSE_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "launch/frames.h"
#include "launch/trace.h"

/* A stack by its frames, the innermost first. */
struct cause_stack {
    const struct frame *frame;
    size_t count;
};

enum cause_kind {
    CAUSE_LOST,  /* all of it is lost: waits and time on a CPU */
    CAUSE_WAITS, /* only waiting is lost: on a CPU it is the program's own work */
    CAUSE_IDLE,  /* waiting is what the program asked for */
};

/* The first rule with a function that is on the stack, before its first Python function, is the cause. A name that ends
 * with '*' is a beginning. */
struct cause_rule {
    const char *id; /* snake_case: "reference_counts_merged" */
    const char *title, *remedy, *source;
    enum cause_kind kind;
    const char *function[24];
};

/* The functions to be probed for what the table knows. The caller owns the copy of `count` probes. */
const struct trace_probe *causes_probes(size_t *count);

/* The rule of this id, which the table has. */
const struct cause_rule *cause_rule(const char *id);

/* What a stack is a case of; NULL: of nothing known. runs: it is a sample of a CPU. */
const struct cause_rule *cause_rule_of(const struct cause_stack *s, bool runs);

/* Whose lock the stack takes: "a list"; NULL: it is not known. */
const char *cause_noun(const struct cause_stack *s);

/* Whether the CPU waited for an object's header, to take or drop a reference. */
bool cause_reads_count(const struct cause_stack *s);

/* The number of frames before the first Python function. */
size_t cause_below_python(const struct cause_stack *s);

/* The C functions up to the first Python one, the kernel's left out where others are there: "f < g < h". The caller
 * frees it. */
char *cause_path(const struct cause_stack *s);

/* Whether it is a function of the interpreter's own loop, which is in every stack. */
bool cause_is_plumbing(const char *name);

/* What a function without a name is shown as: the file that it lies in; NULL: nothing is known. */
const char *cause_shown_name(const struct frame *f);

#endif

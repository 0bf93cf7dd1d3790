/* scenario_said: what a scenario.yml says, as its texts, before anything is made of it: each is read by its own rules
 * and blamed at its own place. Only scenario_file reads it. */
#ifndef TARE_SCENARIO_SAID_H
#define TARE_SCENARIO_SAID_H

#include "base/places.h"
#include "cell/scenario.h"

struct words {
    char **word;
    unsigned count;
};

struct said_knob {
    char *name, *type, *unit, *help, *min, *max, *otherwise, *if_overhead, *if_memory;
    struct words choices, modes, profiles, runtimes;
};

/* The options that a profile can have defaults of. */
#define PROFILE_OPTIONS(X)                                                                                             \
    X(iterations, "iterations")                                                                                        \
    X(warmup, "warmup")                                                                                                \
    X(workers, "workers")                                                                                              \
    X(mem_sample, "mem-sample")                                                                                        \
    X(mem_interval_ms, "mem-interval-ms")                                                                              \
    X(pids_max, "pids-max")                                                                                            \
    X(memory_max, "memory-max")                                                                                        \
    X(timeout, "timeout")

struct said_profile {
#define X(field, option) char *field;
    PROFILE_OPTIONS(X)
#undef X
};

struct said_profiles {
    struct said_profile *of[PROFILES_COUNT];
};

struct said_commands {
    struct words of[RUNTIME_KINDS_COUNT];
};

struct said_figure {
    char *name, *unit, *help, *title, *kind, *better;
};

struct said {
    char *schema, *name, *summary, *mode;
    struct words modes;
    struct said_profiles *profiles;
    struct said_knob *knobs;
    struct said_commands *commands;
    struct said_figure *figures;
    unsigned knobs_count, figures_count;
};

/* Loads the text by the schema. -EINVAL (usage): as schema_load(). The caller ends *ret with said_free(). */
int said_load(const struct places *places, const char *bytes, size_t len, struct said **ret, struct err *e);
void said_free(struct said *said);

#endif

#include "selftest/planted.h"

#include "base/cleanup.h"

const struct planted planted_causes[] = {
    {"scenario4", "lock", "thread_lock", NULL},
    {"scenario4", "list", "object_lock", NULL},
    {"scenario4", "dict", "object_lock", NULL},
    {"scenario4", "bound-method", "shared_reference_count", NULL},
    {"scenario4", "refcount", "shared_reference_count", NULL},
    {"causes", "drop", "reference_counts_merged", NULL},
    {"causes", "garbage", "garbage_collection", "world_stopped"},
    {"causes", "global", "object_lock", "code_lock"},
    {"causes", "faults", "memory_map", NULL},
    {"causes", "bandwidth", NULL, NULL},
    {"causes", "pure", NULL, NULL},
};
const size_t planted_count = ARRAY_LEN(planted_causes);

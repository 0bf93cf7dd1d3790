/* splitmix: SplitMix64 in C (Steele, Lea and Flood 2014; Vigna's splitmix64.c gives the same values), and the ids that
 * scenario2 and scenario3 draw. workloads/splitmix.py is the same in Python. */
#ifndef TARE_WORKLOADS_SPLITMIX_H
#define TARE_WORKLOADS_SPLITMIX_H

#include <stdint.h>

/* The next value of the generator with this state; the first state is the seed. */
static inline uint64_t splitmix_next(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

/* The seed of worker `index`: value `index` (from 0) of the generator seeded with the knob. Consecutive states as seeds
 * would give all workers the same sequence, shifted. */
static inline uint64_t splitmix_worker_seed(uint64_t seed, uint64_t index)
{
    uint64_t state = seed + index * UINT64_C(0x9E3779B97F4A7C15);
    return splitmix_next(&state);
}

/* An id of 0 … space - 1. The remainder is uniform to within space / 2^64. */
static inline uint32_t splitmix_id(uint64_t *state, uint64_t space)
{
    return (uint32_t)(splitmix_next(state) % space);
}

#endif

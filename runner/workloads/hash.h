/* hash: the integer loop of scenario1's workers, in C. */
#ifndef TARE_WORKLOADS_HASH_H
#define TARE_WORKLOADS_HASH_H

#include <stdint.h>

#define HASH_SEED        UINT32_C(0x12345678)
#define HASH_ROUND_STEPS UINT64_C(1000) /* memory profile: before the ready sign, and per round of the hold */

/* x = seed; steps times: x = (x * 1103515245 + 12345) mod 2^32; x ^= x >> 16.
 * The two empty asm statements hide the seed from the compiler and use the result: it cannot precompute a part, hoist
 * the loop or remove it. Each step needs the one before, so the loop cannot be vectorised. */
static inline uint32_t hash_loop(uint64_t steps)
{
    uint32_t x = HASH_SEED;
    __asm__ volatile("" : "+r"(x));
    for (uint64_t i = 0; i < steps; i++) {
        x = x * UINT32_C(1103515245) + UINT32_C(12345);
        x ^= x >> 16;
    }
    __asm__ volatile("" : : "r"(x));
    return x;
}

#endif

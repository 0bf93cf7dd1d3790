/* hash: the integer loop that every worker of scenario1 does, in C. */
#ifndef TARE_WORKLOADS_HASH_H
#define TARE_WORKLOADS_HASH_H

#include <stdint.h>

#define HASH_SEED        UINT32_C(0x12345678)
#define HASH_ROUND_STEPS UINT64_C(1000) /* of the memory profile: before the ready sign, and a round while it holds */

/* x = seed; steps times: x = (x * 1103515245 + 12345) mod 2^32; x ^= x >> 16.
 * The two empty asm statements hide the seed from the compiler and make it believe that the result is used: it can
 * neither compute a part beforehand, nor take the loop out of an outer one, nor drop it where the result is dropped.
 * Each step needs the one before, so nothing is left to vectorise. */
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

/* order: the order in which a plan's units are run: randomised complete blocks, from a seed alone. Pure.
 *
 * A block holds every unit once (Fisher, The Design of Experiments, 1935, on randomised blocks), so that what drifts
 * while a plan runs meets all of them alike. Each block is shuffled by its own generator, of the seed and the block's
 * number: what is run before it, or how many blocks there are, does not change it. The same seed gives the same order
 * on every machine and for every later version. */
#ifndef TARE_ORDER_H
#define TARE_ORDER_H

#include <stddef.h>
#include <stdint.h>

/* SplitMix64 (Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators, OOPSLA 2014, figure 17 with the
 * constants of Stafford's Mix13). *state is the seed, then what it leaves there. */
uint64_t order_random(uint64_t *state);

/* A uniform number from 0 to below - 1, by rejection. below > 0. */
uint64_t order_random_below(uint64_t *state, uint64_t below);

/* A seed that nobody named. */
uint32_t order_draw_seed(void);

/* Fills unit[n] with a block's order: the numbers 0 to n-1, shuffled (Durstenfeld, CACM 7(7), 1964, algorithm 235). */
void order_block(uint64_t seed, uint64_t block, size_t n, size_t *unit);

/* The same in listed order: 0, 1, … n-1. */
void order_listed(size_t n, size_t *unit);

#endif

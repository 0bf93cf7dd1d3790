#include "plan/order.h"

#include <sys/random.h>
#include <unistd.h>

uint64_t order_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

uint64_t order_random_below(uint64_t *state, uint64_t below)
{
    uint64_t uneven = -below % below; /* 2^64 mod below: so many of the smallest would come up once too often */
    uint64_t r = 0;
    do
        r = order_random(state);
    while (r < uneven);
    return r % below;
}

uint32_t order_draw_seed(void)
{
    uint32_t drawn = 0;
    return getrandom(&drawn, sizeof(drawn), 0) == (ssize_t)sizeof(drawn) ? drawn : (uint32_t)getpid();
}

void order_listed(size_t n, size_t *unit)
{
    for (size_t i = 0; i < n; i++)
        unit[i] = i;
}

void order_block(uint64_t seed, uint64_t block, size_t n, size_t *unit)
{
    uint64_t state = seed; /* two seeds that differ by little, or two blocks, are to start far apart */
    state = order_random(&state) ^ block;
    state = order_random(&state);
    order_listed(n, unit);
    for (size_t i = n; i > 1; i--) {
        size_t other = (size_t)order_random_below(&state, i);
        size_t kept = unit[i - 1];
        unit[i - 1] = unit[other];
        unit[other] = kept;
    }
}

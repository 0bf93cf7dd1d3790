/* near: what the tests of figures share: equality within a tolerance, seeded samples. */
#ifndef TARE_TESTS_NEAR_H
#define TARE_TESTS_NEAR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

/* Sanitizers make loops some ten times slower, and so does an emulator, whose build says it (-DNEAR_SLOW=1):
 * simulations are shorter then, and their bounds wider. */
#ifndef NEAR_SLOW
#if defined(__SANITIZE_ADDRESS__)
#define NEAR_SLOW 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NEAR_SLOW 1
#endif
#endif
#endif
#ifndef NEAR_SLOW
#define NEAR_SLOW 0
#endif

static inline void near_at(double got, double wanted, double within, const char *what, int line)
{
    if (!(fabs(got - wanted) <= within))
        fail_msg("line %d: %s is %.12g, not %.12g", line, what, got, wanted);
}

#define assert_near(got, wanted, within) near_at(got, wanted, within, #got, __LINE__)

#endif

#include "analysis/stats_compare.h"

#include <math.h>

/* The number of pairs with b - a <= limit. Both lists ascend, so the place in a only moves forward. */
static size_t keyset_up_to(double limit, const double *a, size_t a_count, const double *b, size_t b_count)
{
    size_t pairs = 0, above = 0; /* a[above] is the first with b - a <= limit */
    for (size_t i = 0; i < b_count; i++) {
        while (above < a_count && b[i] - a[above] > limit)
            above++;
        pairs += a_count - above;
    }
    return pairs;
}

/* The k-th smallest difference (from 1), by bisection until no double lies between the ends. */
static double difference_of_rank(size_t k, const double *a, size_t a_count, const double *b, size_t b_count)
{
    double high = b[b_count - 1] - a[0];
    double low = nextafter(b[0] - a[a_count - 1], -INFINITY);
    for (;;) {
        double middle = low + (high - low) / 2;
        if (middle <= low || middle >= high)
            return high;
        if (keyset_up_to(middle, a, a_count, b, b_count) >= k)
            high = middle;
        else
            low = middle;
    }
}

double stats_hodges_lehmann(const double *a, size_t a_count, const double *b, size_t b_count)
{
    size_t pairs = a_count * b_count;
    if (pairs == 0)
        return NAN;
    double lower = difference_of_rank((pairs + 1) / 2, a, a_count, b, b_count);
    return pairs % 2 ? lower : (lower + difference_of_rank(pairs / 2 + 1, a, a_count, b, b_count)) / 2;
}

double stats_cliffs_delta(const double *a, size_t a_count, const double *b, size_t b_count)
{
    size_t below = 0, up_to = 0; /* the number of values of a below b[i], and at most b[i] */
    double balance = 0;
    for (size_t i = 0; i < b_count; i++) {
        while (below < a_count && a[below] < b[i])
            below++;
        while (up_to < a_count && a[up_to] <= b[i])
            up_to++;
        balance += (double)below - (double)(a_count - up_to);
    }
    return a_count && b_count ? balance / ((double)a_count * (double)b_count) : NAN;
}

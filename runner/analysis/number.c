#include "analysis/number.h"

#include <math.h>
#include <string.h>

#include "analysis/stats_interval.h"
#include "base/text.h"

int number_decimals(const struct stats_interval *i, double scale)
{
    double half = i->why_not ? NAN : fmin(i->at - i->low, i->high - i->at) * scale;
    double first = floor(log10(fabs(i->at * scale))); /* the place of its first digit */
    bool is_wide = isfinite(half) && half > 1e-12 * fabs(i->at * scale);
    double digits = is_wide ? fmin(1 - floor(log10(half)), 5 - first) : 2 - first;
    if (!isfinite(digits))
        return 0;
    return digits > 9 ? 9 : digits < -12 ? -12 : (int)digits;
}

const char *number_text(double value, int decimals, char *buf, size_t cap)
{
    if (!isfinite(value)) {
        text_format(buf, cap, "%s", "");
        return buf;
    }
    if (fabs(value) >= 1e18) { /* whose digits would be more than a double has, and than buf */
        text_format(buf, cap, "%.6g", value);
    } else if (decimals >= 0) {
        text_format(buf, cap, "%.*f", decimals, value);
    } else {
        double unit = pow(10, -decimals);
        text_format(buf, cap, "%.0f", round(value / unit) * unit);
    }
    if (*buf == '-' && strspn(buf + 1, "0.") == strlen(buf + 1)) /* no minus sign before zero */
        memmove(buf, buf + 1, strlen(buf));
    return buf;
}

struct number_spelled number_interval(const struct stats_interval *i, double scale)
{
    struct number_spelled s = {0};
    const int decimals = number_decimals(i, scale);
    (void)number_text(i->at * scale, decimals, s.at, sizeof(s.at));
    (void)number_text(i->low * scale, decimals, s.low, sizeof(s.low));
    (void)number_text(i->high * scale, decimals, s.high, sizeof(s.high));
    return s;
}

const char *number_rough(double value, char *buf, size_t cap)
{
    if (!(fabs(value) >= 100 && isfinite(value)))
        text_format(buf, cap, "%.2g", value);
    else
        (void)number_text(value, (int)fmax(-12, 1 - floor(log10(fabs(value)))), buf, cap);
    return buf;
}

size_t number_enough(size_t runs)
{
    size_t unit = 1;
    while (runs / unit >= 100)
        unit *= 10;
    return (runs + unit - 1) / unit * unit;
}

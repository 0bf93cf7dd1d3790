/* How figures are shown: their unit, their digits. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "study/study.h"

#define MIB (1.0 / (1 << 20))

static const struct study_unit UNITS[] = {
    {"avg_iter_s", "mean time of an iteration", "ms", 1e3},
    {"p50_iter_s", "median time of an iteration", "ms", 1e3},
    {"p95_iter_s", "95% quantile of an iteration's time", "ms", 1e3},
    {"total_wall_s", "wall time of all iterations", "s", 1},
    {"rss_bytes", "RSS, parent and workers", "MiB", MIB},
    {"uss_bytes", "USS, parent and workers", "MiB", MIB},
    {"pss_bytes", "PSS, parent and workers", "MiB", MIB},
    {"all_pids_pss_bytes", "PSS, every process of the slice", "MiB", MIB},
    {"current_bytes", "memory.current of the slice", "MiB", MIB},
    {"anon_bytes", "anonymous memory of the slice", "MiB", MIB},
    {"file_bytes", "page cache of the slice", "MiB", MIB},
    {"kernel_bytes", "kernel memory of the slice", "MiB", MIB},
    {"peak_bytes", "memory.peak of the slice", "MiB", MIB},
    {"cpu_usage_usec", "CPU time of the slice", "s", 1e-6},
    {"cpu_user_usec", "CPU time in user mode", "s", 1e-6},
    {"cpu_system_usec", "CPU time in the kernel", "s", 1e-6},
};

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), tail = strlen(end);
    return len > tail && strcmp(text + len - tail, end) == 0;
}

/* Of a scenario's own results: the unit is at the name's end. */
struct study_unit study_unit(const char *figure)
{
    static const struct {
        const char *end, *unit;
        double scale;
    } ENDS[] = {
        {"_per_s", "/s", 1}, {"_bytes", "MiB", MIB}, {"_usec", "s", 1e-6}, {"_ns", "us", 1e-3}, {"_s", "ms", 1e3}};
    for (size_t i = 0; i < ARRAY_LEN(UNITS); i++)
        if (strcmp(UNITS[i].name, figure) == 0)
            return UNITS[i];
    for (size_t i = 0; i < ARRAY_LEN(ENDS); i++)
        if (ends_with(figure, ENDS[i].end))
            return (struct study_unit){figure, figure, ENDS[i].unit, ENDS[i].scale};
    return (struct study_unit){figure, figure, "", 1};
}

int study_decimals(const struct stats_interval *i, double scale)
{
    double half = i->why_not ? NAN : fmin(i->at - i->low, i->high - i->at) * scale;
    double digits = isfinite(half) && half > 0 ? 1 - floor(log10(half)) : 2 - floor(log10(fabs(i->at * scale)));
    if (!isfinite(digits))
        return 0;
    return digits > 9 ? 9 : digits < -12 ? -12 : (int)digits;
}

const char *study_number(double value, int decimals, char *buf, size_t cap)
{
    if (!isfinite(value)) {
        text_format(buf, cap, "%s", "");
        return buf;
    }
    if (decimals >= 0) {
        text_format(buf, cap, "%.*f", decimals, value);
    } else {
        double unit = pow(10, -decimals);
        text_format(buf, cap, "%.0f", round(value / unit) * unit);
    }
    if (*buf == '-' && strspn(buf + 1, "0.") == strlen(buf + 1)) /* no minus before nothing */
        memmove(buf, buf + 1, strlen(buf));
    return buf;
}

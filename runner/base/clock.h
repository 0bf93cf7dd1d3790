/* clock: CLOCK_MONOTONIC, which stamps everything, in ns. */
#ifndef TARE_CLOCK_H
#define TARE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_S  1000000000LL
#define NS_PER_MS 1000000LL

static inline int64_t clock_now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static inline struct timespec clock_timespec(int64_t ns)
{
    return (struct timespec){.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};
}

/* The date of a time since 1970, in UTC: the first six fields of struct tm. Not gmtime_r(3), which reads the time
 * zone's file. Days of the era of 400 years that begins in March, so that a leap day is a year's last: Howard Hinnant,
 * "chrono-Compatible Low-Level Date Algorithms", civil_from_days. From the year 0 on. */
static inline struct tm clock_utc(int64_t seconds)
{
    const int64_t day_s = 86400, era_days = 146097;
    const int64_t days = (seconds >= 0 ? seconds : seconds - day_s + 1) / day_s;
    const int64_t shifted = days + 719468, era = shifted / era_days, of_era = shifted % era_days;
    const int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const int64_t of_year = of_era - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
    const int64_t second = seconds - days * day_s;
    return (struct tm){
        .tm_year = (int)(year + era * 400 + (month >= 10) - 1900),
        .tm_mon = (int)(month < 10 ? month + 2 : month - 10),
        .tm_mday = (int)(of_year - (153 * month + 2) / 5 + 1),
        .tm_hour = (int)(second / 3600),
        .tm_min = (int)(second % 3600 / 60),
        .tm_sec = (int)(second % 60),
    };
}

#endif

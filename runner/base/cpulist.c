#include "base/cpulist.h"

#include <ctype.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const char *skip_blank(const char *p)
{
    while (isspace((unsigned char)*p))
        p++;
    return p;
}

/* Reads a decimal number below CPULIST_MAX. Returns what follows; NULL: no such number. */
static const char *parse_number(const char *p, unsigned *ret)
{
    uint64_t n = 0;
    if (text_digits(p, &p, &n) != 0 || n >= CPULIST_MAX)
        return NULL;
    *ret = (unsigned)n;
    return p;
}

int cpulist_parse(const char *text, struct cpulist *ret)
{
    struct cpulist set = {0};
    const char *p = skip_blank(text);
    while (*p) {
        unsigned low = 0;
        p = parse_number(p, &low);
        if (!p)
            return -EINVAL;
        unsigned high = low;
        if (*p == '-') {
            p = parse_number(p + 1, &high);
            if (!p || high < low)
                return -EINVAL;
        }
        for (unsigned n = low; n <= high; n++)
            cpulist_add(&set, n);
        p = skip_blank(p);
        if (*p == '\0')
            break;
        if (*p != ',')
            return -EINVAL;
        p = skip_blank(p + 1);
        if (*p == '\0')
            return -EINVAL;
    }
    *ret = set;
    return 0;
}

int cpulist_format(const struct cpulist *set, char *buf, size_t cap)
{
    size_t used = 0;
    if (cap == 0)
        return -ENOSPC;
    buf[0] = '\0';
    for (int low = cpulist_next(set, 0); low >= 0;) {
        int high = low;
        while (cpulist_has(set, (unsigned)high + 1))
            high++;
        int n = high == low ? snprintf(buf + used, cap - used, "%s%d", used ? "," : "", low)
                            : snprintf(buf + used, cap - used, "%s%d-%d", used ? "," : "", low, high);
        if (n < 0 || (size_t)n >= cap - used)
            return -ENOSPC;
        used += (size_t)n;
        low = cpulist_next(set, high + 1);
    }
    return (int)used;
}

unsigned cpulist_count(const struct cpulist *set)
{
    unsigned n = 0;
    for (size_t i = 0; i < CPULIST_MAX / 64; i++)
        n += (unsigned)__builtin_popcountll(set->word[i]);
    return n;
}

int cpulist_next(const struct cpulist *set, int from)
{
    for (unsigned i = (unsigned)from / 64; from >= 0 && i < CPULIST_MAX / 64; i++) {
        uint64_t word = set->word[i];
        if (i == (unsigned)from / 64)
            word &= ~(uint64_t)0 << ((unsigned)from % 64);
        if (word)
            return (int)(i * 64) + __builtin_ctzll(word);
    }
    return -1;
}

bool cpulist_equal(const struct cpulist *a, const struct cpulist *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

bool cpulist_subset(const struct cpulist *inner, const struct cpulist *outer)
{
    struct cpulist rest = cpulist_minus(inner, outer);
    return cpulist_count(&rest) == 0;
}

struct cpulist cpulist_and(const struct cpulist *a, const struct cpulist *b)
{
    struct cpulist r;
    for (size_t i = 0; i < CPULIST_MAX / 64; i++)
        r.word[i] = a->word[i] & b->word[i];
    return r;
}

struct cpulist cpulist_minus(const struct cpulist *a, const struct cpulist *b)
{
    struct cpulist r;
    for (size_t i = 0; i < CPULIST_MAX / 64; i++)
        r.word[i] = a->word[i] & ~b->word[i];
    return r;
}

int cpulist_of_task(int tid, struct cpulist *ret)
{
    struct cpulist set = {0};
    if (sched_getaffinity(tid, sizeof(set), (cpu_set_t *)set.word) != 0)
        return -errno;
    *ret = set;
    return 0;
}

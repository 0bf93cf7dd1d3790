#include "cgroups/cgfile.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/err.h"

static bool ends_line(char c)
{
    return c == '\n' || c == '\0';
}

/* Digits only: strtoull would also accept white space and a sign. */
static int take_number(const char **p, uint64_t *ret)
{
    uint64_t v = 0;
    if (!isdigit((unsigned char)**p))
        return -EINVAL;
    for (; isdigit((unsigned char)**p); (*p)++) {
        uint64_t digit = (uint64_t)(**p - '0');
        if (v > (UINT64_MAX - digit) / 10)
            return -ERANGE;
        v = v * 10 + digit;
    }
    *ret = v;
    return 0;
}

/* A number or "max", up to the end of the line. */
static int take_value(const char *p, const char **end, uint64_t *ret)
{
    uint64_t v = CGFILE_MAX;
    if (strncmp(p, "max", 3) == 0)
        p += 3;
    else
        TRY(take_number(&p, &v));
    if (!ends_line(*p))
        return -EINVAL;
    *end = p;
    *ret = v;
    return 0;
}

int cgfile_value(const char *text, uint64_t *ret)
{
    const char *end = NULL;
    uint64_t v = 0;
    TRY(take_value(text, &end, &v));
    if (*end == '\n' && end[1] != '\0')
        return -EINVAL;
    *ret = v;
    return 0;
}

/* What follows "key " on the line that starts with it, or NULL. */
static const char *find_line(const char *text, const char *key)
{
    size_t len = strlen(key);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        if (*line == '\n')
            line++;
        if (strncmp(line, key, len) == 0 && line[len] == ' ')
            return line + len + 1;
    }
    return NULL;
}

int cgfile_key(const char *text, const char *key, uint64_t *ret)
{
    const char *end = NULL;
    const char *value = find_line(text, key);
    return value ? take_value(value, &end, ret) : -ENOENT;
}

/* Not strtod, whose decimal point depends on the locale. */
static int take_decimal(const char *p, double *ret)
{
    uint64_t whole = 0;
    double fraction = 0;
    TRY(take_number(&p, &whole));
    if (*p == '.') {
        double scale = 1;
        if (!isdigit((unsigned char)*++p))
            return -EINVAL;
        for (; isdigit((unsigned char)*p); p++) {
            fraction = fraction * 10 + (*p - '0');
            scale *= 10;
        }
        fraction /= scale;
    }
    if (*p != ' ' && !ends_line(*p))
        return -EINVAL;
    *ret = (double)whole + fraction;
    return 0;
}

int cgfile_nested(const char *text, const char *key, const char *field, double *ret)
{
    size_t len = strlen(field);
    const char *p = find_line(text, key);
    while (p && !ends_line(*p)) {
        if (strncmp(p, field, len) == 0 && p[len] == '=')
            return take_decimal(p + len + 1, ret);
        p += strcspn(p, " \n");
        p += *p == ' ';
    }
    return -ENOENT;
}

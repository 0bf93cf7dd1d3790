#include "cgroups/cgfile.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"

static bool ends_line(char c)
{
    return c == '\n' || c == '\0';
}

/* A number or "max", up to the end of the line. */
static int take_value(const char *p, const char **end, uint64_t *ret)
{
    uint64_t v = CGFILE_MAX;
    if (strncmp(p, "max", 3) == 0)
        p += 3;
    else
        TRY(text_digits(p, &p, &v));
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

int cgfile_key(const char *text, const char *key, uint64_t *ret)
{
    const char *end = NULL;
    const char *value = text_after(text, key, ' ');
    return value ? take_value(value, &end, ret) : -ENOENT;
}

/* Digits, or two rows of them with a full stop between; no program of tare sets a locale with another one. */
static int take_decimal(const char *p, double *ret)
{
    char *end = NULL;
    const double value = strtod(p, &end);
    if (end != p + strspn(p, "0123456789.") || !isdigit((unsigned char)*p) || !isdigit((unsigned char)end[-1]) ||
        (*end != ' ' && !ends_line(*end)))
        return -EINVAL;
    *ret = value;
    return 0;
}

int cgfile_nested(const char *text, const char *key, const char *field, double *ret)
{
    size_t len = strlen(field);
    const char *p = text_after(text, key, ' ');
    while (p && !ends_line(*p)) {
        if (strncmp(p, field, len) == 0 && p[len] == '=')
            return take_decimal(p + len + 1, ret);
        p += strcspn(p, " \n");
        p += *p == ' ';
    }
    return -ENOENT;
}

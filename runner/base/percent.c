#include "base/percent.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

int percent_parse(const char *text, double low, double high, double *ret)
{
    char *end = NULL;
    if (strspn(text, "0123456789.eE%+-") != strlen(text)) /* strtod(3) also accepts nan, inf, hexadecimal and blanks */
        return -EINVAL;
    double value = strtod(text, &end);
    if (end == text || !isfinite(value))
        return -EINVAL;
    if (*end == '%') {
        value /= 100;
        end++;
    }
    if (*end)
        return -EINVAL;
    if (value < low || value > high)
        return -ERANGE;
    *ret = value;
    return 0;
}

int percent_option(const char *option, const char *text, double low, double high, double *ret, struct err *e)
{
    if (!text || percent_parse(text, low, high, ret) == 0)
        return 0;
    return err_set(e, ERR_USAGE, -EINVAL, "--%s '%s': what is allowed is a share from %g to %g, as 0.02 or 2%%", option,
                   text, low, high);
}

#include "launch/nspid.h"

#include <stdlib.h>
#include <string.h>

size_t nspid_read(const char *status, int *ret)
{
    const char *at = strstr(status, "\nNSpid:");
    size_t count = 0;
    if (!at)
        return 0;
    at += strlen("\nNSpid:");
    while (*at == '\t' || *at == ' ' || (*at >= '0' && *at <= '9')) { /* strtol() alone would go on to the next line */
        char *end = NULL;
        at += strspn(at, "\t ");
        const long pid = strtol(at, &end, 10);
        if (*at < '0' || *at > '9')
            break;
        *ret = (int)pid;
        count++;
        at = end;
    }
    return count;
}

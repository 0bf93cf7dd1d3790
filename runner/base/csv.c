#include "base/csv.h"

#include <math.h>
#include <string.h>

#include "base/text.h"

void csv_text(struct text *out, bool first, const char *value)
{
    if (!first)
        text_add_bytes(out, ",", 1);
    if (!strpbrk(value, ",\"\r\n")) {
        text_add_bytes(out, value, strlen(value));
        return;
    }
    text_add_bytes(out, "\"", 1);
    for (const char *p = value;; p++) {
        size_t plain = strcspn(p, "\"");
        text_add_bytes(out, p, plain);
        p += plain;
        if (!*p)
            break;
        text_add_bytes(out, "\"\"", 2);
    }
    text_add_bytes(out, "\"", 1);
}

void csv_number(struct text *out, double value)
{
    text_add_bytes(out, ",", 1);
    if (isfinite(value))
        text_add_exact(out, value);
}

void csv_end(struct text *out)
{
    text_add_bytes(out, "\r\n", 2);
}

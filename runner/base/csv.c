#include "base/csv.h"

#include <math.h>
#include <stdlib.h>
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
    for (int digits = 15; isfinite(value) && digits <= 17; digits++) {
        char number[40];
        text_format(number, sizeof(number), "%.*g", digits, value);
        if (digits < 17 && strtod(number, NULL) != value)
            continue;
        text_add_bytes(out, number, strlen(number));
        return;
    }
}

void csv_end(struct text *out)
{
    text_add_bytes(out, "\r\n", 2);
}

#include "archive/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"

void findings_add(struct findings *f, enum finding_verdict verdict, const char *file, const char *fmt, ...)
{
    char text[1000];
    va_list ap;
    f->found[verdict]++;
    if (f->count == FINDINGS_KEPT)
        return;
    f->list = xgrow(f->list, f->count, sizeof(*f->list));
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    f->list[f->count++] =
        (struct finding){.verdict = verdict, .file = text_printable(file), .text = text_printable(text)};
}

void findings_append(struct findings *f, const struct findings *more)
{
    size_t told[FINDING_VERDICTS] = {0};
    for (size_t i = 0; i < more->count; i++) {
        findings_add(f, more->list[i].verdict, more->list[i].file, "%s", more->list[i].text);
        told[more->list[i].verdict]++;
    }
    for (size_t v = 0; v < FINDING_VERDICTS; v++)
        f->found[v] += more->found[v] - told[v];
}

const char *finding_line(const struct finding *f, char *buf, size_t cap)
{
    (void)snprintf(buf, cap, "%s%s%s", f->file, *f->file ? ": " : "", f->text);
    return buf;
}

void findings_free(struct findings *f)
{
    for (size_t i = 0; i < f->count; i++) {
        free(f->list[i].file);
        free(f->list[i].text);
    }
    free(f->list);
    *f = (struct findings){0};
}

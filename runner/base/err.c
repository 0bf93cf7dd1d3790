#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const char CUT[] = "…";

/* Writes head + middle + tail into the text; "…" replaces what does not fit. */
static void err_compose(struct err *e, const char *head, const char *middle, const char *tail)
{
    char whole[sizeof(e->text) * 2];
    int n = snprintf(whole, sizeof(whole), "%s%s%s", head, middle, tail);
    if (n < 0)
        n = 0;
    if ((size_t)n >= sizeof(e->text)) {
        size_t keep = sizeof(e->text) - sizeof(CUT);
        while (keep > 0 && ((unsigned char)whole[keep] & 0xC0) == 0x80) /* do not split a UTF-8 character */
            keep--;
        memcpy(whole + keep, CUT, sizeof(CUT));
        n = (int)(keep + sizeof(CUT) - 1);
    }
    text_blank(whole); /* names may hold newlines and what steers a terminal: the text stays one line */
    memcpy(e->text, whole, (size_t)n + 1);
}

/* Too few descriptors is always the host's limit. */
static enum err_kind kind_of(enum err_kind kind, int code)
{
    return code == -EMFILE || code == -ENFILE ? ERR_HOST : kind;
}

int err_set(struct err *e, enum err_kind kind, int code, const char *fmt, ...)
{
    if (!e)
        return code;
    char text[sizeof(e->text) + 1]; /* one more, so that err_compose() notices a cut */
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    e->code = code;
    e->kind = kind_of(kind, code);
    err_compose(e, text, "", "");
    return code;
}

__attribute__((format(printf, 4, 0))) static void set_code(struct err *e, enum err_kind kind, int code, const char *fmt,
                                                           va_list ap)
{
    char text[sizeof(e->text)];
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    e->code = code;
    e->kind = kind_of(kind, code);
    err_compose(e, text, ": ", strerror(-code));
    if (code == -EMFILE)
        (void)err_remedy(e, "raise the limit of open files: ulimit -n");
}

int err_code(struct err *e, enum err_kind kind, int code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (e && code < 0)
        set_code(e, kind, code, fmt, ap);
    va_end(ap);
    return code < 0 ? code : 0;
}

int err_sys(struct err *e, enum err_kind kind, const char *fmt, ...)
{
    const int code = -errno;
    va_list ap;
    va_start(ap, fmt);
    if (e)
        set_code(e, kind, code, fmt, ap);
    va_end(ap);
    return code;
}

int err_wrap(struct err *e, const char *fmt, ...)
{
    if (!e)
        return -EIO;
    char context[sizeof(e->text)];
    char inner[sizeof(e->text)];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(context, sizeof(context), fmt, ap);
    va_end(ap);
    memcpy(inner, e->text, sizeof(inner));
    err_compose(e, context, ": ", inner);
    return e->code;
}

int err_remedy(struct err *e, const char *fmt, ...)
{
    if (!e)
        return -EIO;
    char remedy[sizeof(e->text)];
    char tail[sizeof(e->text) + 4];
    char inner[sizeof(e->text)];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(remedy, sizeof(remedy), fmt, ap);
    va_end(ap);
    (void)snprintf(tail, sizeof(tail), " (%s)", remedy);
    memcpy(inner, e->text, sizeof(inner));
    err_compose(e, inner, "", tail);
    return e->code;
}

#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

static const char CUT[] = "…";

/* Writes the formatted text into e's as one line; "…" replaces what does not fit. */
__attribute__((format(printf, 2, 3))) static void compose(struct err *e, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    cleanup_free char *whole = text_vprintf(fmt, ap);
    va_end(ap);
    size_t keep = strlen(whole);
    const bool cut = keep >= sizeof(e->text);
    if (cut)
        keep = sizeof(e->text) - sizeof(CUT);
    while (cut && keep > 0 && ((unsigned char)whole[keep] & 0xC0) == 0x80) /* do not split a UTF-8 character */
        keep--;
    whole[keep] = '\0';
    text_blank(whole); /* names may hold newlines and what steers a terminal: the text stays one line */
    text_format(e->text, sizeof(e->text), "%s%s", whole, cut ? CUT : "");
}

/* why: what follows the text; "": nothing. Too few descriptors is always the host's limit. */
__attribute__((format(printf, 5, 0))) static void set(struct err *e, enum err_kind kind, int code, const char *why,
                                                      const char *fmt, va_list ap)
{
    if (!e)
        return;
    cleanup_free char *text = text_vprintf(fmt, ap);
    e->code = code;
    e->kind = code == -EMFILE || code == -ENFILE ? ERR_HOST : kind;
    compose(e, "%s%s%s", text, *why ? ": " : "", why);
    if (*why && code == -EMFILE)
        (void)err_remedy(e, "raise the limit of open files: ulimit -n");
}

int err_set(struct err *e, enum err_kind kind, int code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    set(e, kind, code, "", fmt, ap);
    va_end(ap);
    return code;
}

int err_code(struct err *e, enum err_kind kind, int code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (code < 0)
        set(e, kind, code, strerror(-code), fmt, ap);
    va_end(ap);
    return code < 0 ? code : 0;
}

int err_sys(struct err *e, enum err_kind kind, const char *fmt, ...)
{
    const int code = -errno;
    va_list ap;
    va_start(ap, fmt);
    set(e, kind, code, strerror(-code), fmt, ap);
    va_end(ap);
    return code;
}

int err_wrap(struct err *e, const char *fmt, ...)
{
    if (!e)
        return -EIO;
    va_list ap;
    va_start(ap, fmt);
    cleanup_free char *context = text_vprintf(fmt, ap);
    va_end(ap);
    compose(e, "%s: %s", context, e->text);
    return e->code;
}

int err_remedy(struct err *e, const char *fmt, ...)
{
    if (!e)
        return -EIO;
    va_list ap;
    va_start(ap, fmt);
    cleanup_free char *remedy = text_vprintf(fmt, ap);
    va_end(ap);
    compose(e, "%s (%s)", e->text, remedy);
    return e->code;
}

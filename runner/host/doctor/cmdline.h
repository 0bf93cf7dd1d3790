/* cmdline: compares a kernel's command line with the locked one of the VM image (images/vm/cmdline). Pure. */
#ifndef TARE_CMDLINE_H
#define TARE_CMDLINE_H

#include <stddef.h>

struct err;
struct text;

enum cmdline_level {
    CMDLINE_BOOT,        /* needed to boot the image; not compared */
    CMDLINE_RECOMMENDED, /* without it figures are biased unnoticed */
    CMDLINE_RECORDED,    /* figures depend on it */
};

/* "psi=1"; "quiet" has no value. */
struct cmdline_flag {
    char *flag;
    char *id;     /* "cmdline." and the flag's name */
    char *remedy; /* "boot with " and the flag */
    enum cmdline_level level;
    char *why;
};

/* In the file's order. Starts as {0}; ended with cmdline_lock_free(). */
struct cmdline_lock {
    struct cmdline_flag *flag;
    size_t flags;
};

/* Reads the file's text: a line is empty, a comment, or "FLAG # LEVEL: WHY".
 * -EINVAL (usage): line N is malformed, or repeats a flag; *ret is then empty. */
int cmdline_lock_parse(const char *text, struct cmdline_lock *ret, struct err *e);
void cmdline_lock_free(struct cmdline_lock *lock);

enum cmdline_state { CMDLINE_AS_LOCKED, CMDLINE_DIFFERENT, CMDLINE_ABSENT };

/* Compares a flag with a running kernel's line (/proc/cmdline); here: receives the word that counts, or "". By the
 * kernel's rules (kernel/params.c): words end at a blank outside of double quotes, '-' and '_' are equal in names, the
 * last word of a name counts, and words after "--" are init's. Spellings of a truth value (1, on, y, yes, true) are
 * equal. */
enum cmdline_state cmdline_compare(const char *running, const char *flag, struct text *here);

#endif

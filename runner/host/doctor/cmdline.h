/* cmdline: a kernel's command line beside the locked one, images/vm/cmdline. Pure. */
#ifndef TARE_CMDLINE_H
#define TARE_CMDLINE_H

#include <stddef.h>

struct err;
struct text;

enum cmdline_level {
    CMDLINE_BOOT,        /* how the image comes up; not compared */
    CMDLINE_RECOMMENDED, /* without it figures are biased, and nothing else tells */
    CMDLINE_RECORDED,    /* figures differ by it */
};

/* "psi=1", or "quiet" for one without a value. */
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
 * -EINVAL (usage): line N is none of these, or names a flag a second time; *ret is then empty. */
int cmdline_lock_parse(const char *text, struct cmdline_lock *ret, struct err *e);
void cmdline_lock_free(struct cmdline_lock *lock);

enum cmdline_state { CMDLINE_AS_LOCKED, CMDLINE_DIFFERENT, CMDLINE_ABSENT };

/* How a flag stands on a running kernel's line (/proc/cmdline); here: the word that counts, "" where there is none.
 * By the kernel's own rules (kernel/params.c): words end at a blank outside of double quotes, '-' and '_' are one in a
 * name, the last word of a name counts, and what follows a word "--" is init's. Two spellings of a truth (1, on, y,
 * yes, true) are the same value. */
enum cmdline_state cmdline_compare(const char *running, const char *flag, struct text *here);

#endif

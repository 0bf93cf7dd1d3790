/* err: an error with its context, outermost first. Fixed size, so that a child can send it through a pipe. Every
 * fallible function of tare takes a struct err; it may be NULL. */
#ifndef TARE_ERR_H
#define TARE_ERR_H

/* What kind of error it is. The values are exit codes. */
enum err_kind {
    ERR_SAID_NO = 1,  /* a comparison, verification or reproduction said no */
    ERR_USAGE = 2,    /* usage or bad input */
    ERR_HOST = 3,     /* the host cannot give what was demanded */
    ERR_WORKLOAD = 4, /* the workload failed */
    ERR_OURS = 5,     /* tare's own failure */
};

struct err {
    int code;           /* negative errno; 0 while nothing is wrong */
    enum err_kind kind; /* meaningless while code is 0 */
    char text[1000];    /* one line without a newline; "…" marks a cut */
};

/* Returns what the call returns unless that is 0. Cleanup attributes release what the function holds. */
#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        int tried_ = (call);                                                                                           \
        if (tried_ != 0)                                                                                               \
            return tried_;                                                                                             \
    } while (0)

/* Sets code (a negative errno), kind and text. Returns code, for `return err_set(…)`. */
int err_set(struct err *e, enum err_kind kind, int code, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The same from errno: appends ": strerror(errno)"; the code is -errno. */
int err_sys(struct err *e, enum err_kind kind, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The same of a code that a call returned. 0 or above: nothing is wrong, and it returns 0. */
int err_code(struct err *e, enum err_kind kind, int code, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Puts "context: " before the text. Returns e's code. */
int err_wrap(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Appends " (remedy)" to the text. Returns e's code. */
int err_remedy(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif

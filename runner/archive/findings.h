/* findings: what a verification found wrong, each with its file. Verify, reproduce and the checks of a bundle's files
 * add to one list, which the caller owns. There are four separate verdicts. */
#ifndef TARE_FINDINGS_H
#define TARE_FINDINGS_H

#include <stddef.h>

/* The statement that a finding contradicts. */
enum finding_verdict {
    FINDING_INTEGRITY,   /* the bytes are as packed */
    FINDING_DERIVATION,  /* the claims follow from the raw samples */
    FINDING_ENVIRONMENT, /* this machine is like theirs */
    FINDING_RERUN,       /* running it again gives the same */
    FINDING_VERDICTS,
};

struct finding {
    enum finding_verdict verdict;
    char *file; /* inside the bundle, made printable by text_printable(); "" for the bundle itself */
    char *text;
};

#define FINDINGS_KEPT 1000 /* an archive can have a million faults; more are only counted */

/* Starts as {0}; the owner ends it with findings_free(). Out of memory aborts. */
struct findings {
    struct finding *list;
    size_t count;                   /* in the list */
    size_t found[FINDING_VERDICTS]; /* all, listed or not */
};

void findings_add(struct findings *f, enum finding_verdict verdict, const char *file, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Adds all of another list, which stays unchanged. */
void findings_append(struct findings *f, const struct findings *more);

/* "FILE: what is wrong", or without FILE for the bundle itself; truncated to the buffer. Returns buf. */
const char *finding_line(const struct finding *f, char *buf, size_t cap);
void findings_free(struct findings *f);
#define cleanup_findings __attribute__((cleanup(findings_free)))

#endif

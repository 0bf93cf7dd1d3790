/* findings: what a verification found wrong, each with the file it is in. Verify, reproduce and all that checks a
 * bundle's files add to one list, which its caller owns. The four verdicts are kept apart. */
#ifndef TARE_FINDINGS_H
#define TARE_FINDINGS_H

#include <stddef.h>

/* What a finding speaks against. */
enum finding_verdict {
    FINDING_INTEGRITY,   /* the bytes are those that were packed */
    FINDING_DERIVATION,  /* what is claimed follows from the raw samples */
    FINDING_ENVIRONMENT, /* how far this machine is from theirs */
    FINDING_RERUN,       /* what running it again gave */
    FINDING_VERDICTS,
};

struct finding {
    enum finding_verdict verdict;
    char *file; /* inside of the bundle; "" for the bundle itself; as text_printable() has it */
    char *text;
};

#define FINDINGS_KEPT 1000 /* an archive can hold a million faults; so many are told in words */

/* Starts as {0}; the owner ends it with findings_free(). Running out of memory aborts. */
struct findings {
    struct finding *list;
    size_t count;                   /* in the list */
    size_t found[FINDING_VERDICTS]; /* all, also those that are not in the list */
};

void findings_add(struct findings *f, enum finding_verdict verdict, const char *file, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Adds all of another list, which is left as it is. */
void findings_append(struct findings *f, const struct findings *more);

/* "FILE: what is wrong", without the file where it is the bundle itself; cut to the buffer, which is returned. */
const char *finding_line(const struct finding *f, char *buf, size_t cap);
void findings_free(struct findings *f);
#define cleanup_findings __attribute__((cleanup(findings_free)))

#endif

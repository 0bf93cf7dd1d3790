/* doctor: finds what on this host biases a benchmark. One table judges every setting, from facts alone. cmd_doctor.c
 * calls it. */
#ifndef TARE_DOCTOR_H
#define TARE_DOCTOR_H

#include <stddef.h>
#include <stdio.h>

struct cmdline_lock;
struct cpulist;
struct err;
struct facts;
struct terminal_look;
struct text;
struct topology_choice;

enum doctor_level {
    DOCTOR_REQUIRED,    /* without it there is no full slice */
    DOCTOR_RECOMMENDED, /* it biases figures or widens their spread */
    DOCTOR_RECORDED,    /* figures of two hosts differ by it */
};

/* The worst first, as in the text. */
enum doctor_verdict {
    DOCTOR_FAILS,   /* a required one is not met */
    DOCTOR_WARNS,   /* another one is not met */
    DOCTOR_UNKNOWN, /* unreadable; the finding has the reason */
    DOCTOR_OK,
    DOCTOR_NOTED, /* only reported */
    DOCTOR_VERDICTS,
};

extern const char *const doctor_level_names[];
extern const char *const doctor_verdict_names[DOCTOR_VERDICTS];

struct finding {
    const char *id;
    enum doctor_level level;
    enum doctor_verdict verdict;
    char *value;        /* as printed; NULL: unavailable */
    char *reason;       /* why unavailable; else NULL */
    const char *why;    /* why it matters, in a phrase */
    const char *remedy; /* a command line or a kernel flag; NULL: none */
    const char *tune;   /* its id in `tare tune`; NULL: none */
    const char *flag;   /* of the locked command line; NULL: from doctor.c's table */
};

/* In the table's order. The owner ends it with doctor_free(). */
struct diagnosis {
    struct finding *finding;
    size_t findings;
    size_t count[DOCTOR_VERDICTS];
};

/* After host_capture(): appends the doctor's own facts, absent ones with the reason. Reads only files below sysroot. */
void doctor_capture(const char *sysroot, const struct topology_choice *cpus, struct facts *ret);
/* The part of doctor_capture() that reads the cgroup file systems. */
void doctor_capture_cgroups(const char *sysroot, struct facts *ret);

/* Appends a copy, which it returns. */
struct finding *doctor_add(struct diagnosis *d, const struct finding *finding);

/* Judges facts. Pure. */
struct diagnosis doctor_judge(const struct facts *facts);
/* Appends a finding for each flag of the locked command line, and `cmdline_locked` for all; none has the verdict fails.
 * The findings borrow from lock. why_not: why there is no lock; else NULL. Pure. */
void doctor_judge_cmdline(struct diagnosis *d, const struct facts *facts, const struct cmdline_lock *lock,
                          const char *why_not);
void doctor_free(struct diagnosis *d);

/* Loads the locked command line that was installed with this program (images/vm/cmdline). -ENOENT: missing; -EINVAL:
 * malformed. On success the caller ends *ret with cmdline_lock_free(). */
int doctor_load_cmdline(struct cmdline_lock *ret, struct err *e);

/* The text for people: the worst first, each with its remedy; then the flags of the command line. */
void doctor_text(const struct diagnosis *d, const struct facts *facts, const struct terminal_look *look,
                 struct text *out);

/* Schema tare.doctor/1, in the table's order:
 *   {schema, host{…}, counts{fails, warns, unknown, ok, noted},
 *    checks[{id, level, verdict, value, reason, why, remedy, tune}]}        null if none
 * A flag of the locked command line is the check "cmdline.NAME"; its value is the word that the kernel was given.
 * -EIO: the stream failed. */
int doctor_json(const struct diagnosis *d, const struct facts *facts, FILE *out, struct err *e);

#endif

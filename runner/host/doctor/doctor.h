/* doctor: what of this host biases a benchmark: every setting judged by one table, from facts alone. */
#ifndef TARE_DOCTOR_H
#define TARE_DOCTOR_H

#include <stddef.h>
#include <stdio.h>

struct cmdline_lock;
struct cpulist;
struct err;
struct facts;
struct text;
struct topology_choice;

enum doctor_level {
    DOCTOR_REQUIRED,    /* without it there is no full slice, or nothing to measure with */
    DOCTOR_RECOMMENDED, /* it biases figures or widens their spread */
    DOCTOR_RECORDED,    /* it makes figures of two hosts differ: to be told with them */
};

/* The worst first; text goes in this order. */
enum doctor_verdict {
    DOCTOR_FAILS,   /* a required one is not so */
    DOCTOR_WARNS,   /* another one is not so */
    DOCTOR_UNKNOWN, /* it cannot be read; the finding's reason says why */
    DOCTOR_OK,
    DOCTOR_NOTED, /* there is no right or wrong about it */
    DOCTOR_VERDICTS,
};

const char *doctor_level_name(enum doctor_level l);
const char *doctor_verdict_name(enum doctor_verdict v);

struct finding {
    const char *id;
    enum doctor_level level;
    enum doctor_verdict verdict;
    char *value;        /* as people read it; NULL where it is not to be had */
    char *reason;       /* why it is not; NULL where it is */
    const char *why;    /* why it matters, in a phrase */
    const char *remedy; /* a command line or a kernel flag; NULL: none */
    const char *tune;   /* the id by which `tare tune` sets it; NULL: it cannot */
    const char *flag;   /* of the locked kernel command line; NULL: it is of doctor.c's table */
};

/* In the table's order. Ended with doctor_free(). */
struct diagnosis {
    struct finding *finding;
    size_t findings;
    size_t count[DOCTOR_VERDICTS];
};

/* Appends what the table needs beyond host_capture(), which comes first: the doctor's own keys, each there or absent
 * with its reason. Pure over the files below sysroot. */
void doctor_capture(const char *sysroot, const struct topology_choice *cpus, struct facts *ret);
/* doctor_capture()'s part that asks the cgroup file systems. */
void doctor_capture_cgroups(const char *sysroot, struct facts *ret);

/* Judges facts. Pure. */
struct diagnosis doctor_judge(const struct facts *facts);
/* Appends a finding for each flag of the locked kernel command line, and `cmdline_locked` for all of them; none of them
 * can fail. The findings borrow from lock. why_not: why there is no lock; NULL: there is. Pure. */
void doctor_judge_cmdline(struct diagnosis *d, const struct facts *facts, const struct cmdline_lock *lock,
                          const char *why_not);
void doctor_free(struct diagnosis *d);

/* Loads the locked kernel command line that came with this program (images/vm/cmdline).
 * -ENOENT: it did not; -EINVAL: it is none. On success the caller ends *ret with cmdline_lock_free(). */
int doctor_load_cmdline(struct cmdline_lock *ret, struct err *e);

/* For people: the worst first, the remedy below; then the flags of the command line in a block of their own. */
void doctor_text(const struct diagnosis *d, const struct facts *facts, struct text *out);

/* Schema tare.doctor/1, in the table's order:
 *   {schema, host{…}, counts{fails, warns, unknown, ok, noted},
 *    checks[{id, level, verdict, value, reason, why, remedy, tune}]}        null where there is none
 * A flag of the locked command line is the check "cmdline.NAME"; its value is the word that the kernel was given.
 * -EIO: the stream failed. */
int doctor_json(const struct diagnosis *d, const struct facts *facts, FILE *out, struct err *e);

#endif

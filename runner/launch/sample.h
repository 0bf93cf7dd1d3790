/* sample: held descriptors -> struct sample, at absolute deadlines kept by the caller. */
#ifndef TARE_SAMPLE_H
#define TARE_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

/* What memory.current and memory.stat say (Documentation/admin-guide/cgroup-v2.rst, "Memory Interface Files"). */
enum sample_class {
    SAMPLE_CURRENT,
    SAMPLE_ANON,
    SAMPLE_FILE,
    SAMPLE_KERNEL,
    SAMPLE_SHMEM,
    SAMPLE_SOCK,
    SAMPLE_CLASSES
};

extern const char *const sample_class_names[SAMPLE_CLASSES];

/* Sums over processes of /proc/PID/smaps_rollup (Documentation/filesystems/proc.rst): RSS, USS = Private_Clean +
 * Private_Dirty + Private_Hugetlb (as psutil has it), PSS. One rollup gives all three, so that uss <= pss <= rss. */
struct sample_sums {
    uint64_t rss_bytes, uss_bytes, pss_bytes;
};

/* One tick. What could not be read is absent, never zero. */
struct sample {
    int64_t at_ns;   /* CLOCK_MONOTONIC when it was taken */
    int64_t late_ns; /* after its deadline */
    int64_t cost_ns; /* what reading the slice's files took */
    int64_t walk_ns; /* what the walk over the processes took; 0 where there was none */
    bool has_class[SAMPLE_CLASSES];
    uint64_t class_bytes[SAMPLE_CLASSES];
    bool has_rollup;                   /* the process sums below were due and taken at this tick */
    bool members_partial, all_partial; /* a process was there that could not be read: the sum is too small */
    uint32_t members_count, all_count;
    struct sample_sums members; /* the workload's main process and its workers */
    struct sample_sums all;     /* every process of the slice */
    uint32_t failed_reads;
};

struct sampler;

/* Opens what it will read again and again. slice_dirfd: the slice's directory, or -1 where there is none (then only the
 * members are summed, and all_count is 0). Files that are not there make their classes absent; that is no error.
 * The caller ends it with sampler_close(). */
int sampler_open(int slice_dirfd, struct sampler **ret, struct err *e);
void sampler_close(struct sampler **sampler);

/* The members are named by the pids of a namespace below ours: those of the slice are translated by NSpid of their
 * /proc/PID/status. proc: a path to that namespace's /proc, where there is no slice to list them; "" for none: all that
 * our /proc shows are then looked at. */
void sampler_translate(struct sampler *sampler, const char *proc);

/* Reads the slice's files now: a few microseconds. */
void sampler_take(struct sampler *sampler, int64_t deadline_ns, struct sample *ret);

/* Walks the processes now and adds their sums to the sample. members: the pids to sum apart, as the ledger names them.
 * The walk holds each process's mmap_lock (never in a timing run) and takes milliseconds where one is large. */
void sampler_walk(struct sampler *sampler, const int *members, size_t member_count, struct sample *to);

/* The same walk by a thread of the sampler's, so that the ticks of the cheap files go on during it. At most one is
 * under way: false where the one before is not done, or no thread can be had (*failed is its errno then, else 0). */
bool sampler_begin_walk(struct sampler *sampler, const int *members, size_t member_count, int *failed);

/* Adds the sums of the walk that sampler_begin_walk() began to its sample. Without `wait` false where it is not done;
 * always false where none was begun. */
bool sampler_end_walk(struct sampler *sampler, bool wait, struct sample *to);

#endif

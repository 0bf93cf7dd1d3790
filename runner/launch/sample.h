/* sample: reads the memory of a slice and its processes into a struct sample. watch.c calls it at its deadlines. */
#ifndef TARE_SAMPLE_H
#define TARE_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From memory.current and memory.stat (Documentation/admin-guide/cgroup-v2.rst, "Memory Interface Files"). */
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

/* One tick. Unreadable values are absent, never zero. */
struct sample {
    int64_t at_ns;   /* CLOCK_MONOTONIC when it was taken */
    int64_t late_ns; /* after its deadline */
    int64_t cost_ns; /* what reading the slice's files took */
    int64_t walk_ns; /* what the walk over the processes took; 0: no walk */
    bool has_class[SAMPLE_CLASSES];
    uint64_t class_bytes[SAMPLE_CLASSES];
    bool has_rollup;                   /* this tick has the process sums below */
    bool members_partial, all_partial; /* a process could not be read: the sum is too small */
    uint32_t members_count, all_count;
    struct sample_sums members; /* the workload's main process and its workers */
    struct sample_sums all;     /* every process of the slice */
    uint32_t failed_reads;
};

struct sampler;

/* Opens the files to read. slice_dirfd: the slice's directory; -1: none (then only the members are summed, and
 * all_count is 0). Missing files make their classes absent, which is no error. The caller ends it with sampler_close().
 */
struct sampler *sampler_open(int slice_dirfd);
void sampler_close(struct sampler **sampler);

/* Says that the members' pids are those of a nested namespace. Pids of the slice are translated by NSpid in
 * /proc/PID/status. proc: a path to that namespace's /proc, for use without a slice; "": none, so that all processes in
 * our /proc are searched. */
void sampler_translate(struct sampler *sampler, const char *proc);

/* Reads the slice's files now: a few microseconds. */
void sampler_take(struct sampler *sampler, int64_t deadline_ns, struct sample *ret);

/* Walks the processes now and adds their sums to the sample. members: the pids to sum separately, from the ledger. The
 * walk holds each process's mmap_lock (never use it in a timing run) and takes milliseconds for a large one. */
void sampler_walk(struct sampler *sampler, const int *members, size_t member_count, struct sample *to);

/* Starts the same walk in a thread of the sampler, so that the ticks of the cheap files go on. Only one runs at a time:
 * false if the last one is not finished, or without a thread (*failed is then its errno, else 0). */
bool sampler_begin_walk(struct sampler *sampler, const int *members, size_t member_count, int *failed);

/* Adds the sums of that walk to its sample. false: none was begun, or (without `wait`) it is not finished. */
bool sampler_end_walk(struct sampler *sampler, bool wait, struct sample *to);

#endif

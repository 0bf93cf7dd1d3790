/* perf_event: opens events of perf_event_open(2), reads their counts and the records of their rings. What the kernel
 * refuses is told as a reason with its remedy. */
#ifndef TARE_PERF_EVENT_H
#define TARE_PERF_EVENT_H

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct text;

/* Opens one event for pid on cpu (perf_event_open(2)), with PERF_FLAG_FD_CLOEXEC; sets attr->size. pid: a thread; -1:
 * all, which takes a cpu; a cgroup's directory descriptor with PERF_FLAG_PID_CGROUP, which takes a cpu too. group_fd:
 * the group's first event; -1: its own group. Returns a descriptor, which the caller closes, or a negative errno for
 * perf_event_reason(). */
int perf_event_open(struct perf_event_attr *attr, pid_t pid, int cpu, int group_fd, unsigned long flags);

/* The number of a PMU in the tree at root ("": the real one): /sys/bus/event_source/devices/NAME/type. -ENOENT: the
 * kernel has no such PMU; another negative errno: it could not be read. */
int perf_event_pmu(const char *root, const char *name, uint32_t *ret);

/* The bit of config or config1 that a PMU calls `field`: its file format/FIELD, "config:0". Fields of one bit only.
 * -ENOENT, -EPROTO: no such field, or one that is no single bit of config. */
int perf_event_format_bit(const char *root, const char *pmu, const char *field, unsigned *ret);

/* What decides which events a caller may open. */
struct perf_event_rights {
    bool has_capability; /* CAP_PERFMON or CAP_SYS_ADMIN is effective (capabilities(7)), in the first user namespace */
    bool is_filtered;    /* a seccomp filter is in force: Seccomp of /proc/self/status is 2 */
    bool has_paranoid;
    int paranoid; /* /proc/sys/kernel/perf_event_paranoid (Documentation/admin-guide/sysctl/kernel.rst) */
};

/* Reads them in the tree at root ("": the real one). What cannot be read is as if it were not there. */
void perf_event_rights_read(const char *root, struct perf_event_rights *ret);

/* Appends why an event with this attr and these flags was refused with code (negative errno of perf_event_open() or
 * perf_ring_open()), and what to do about it: one line without its end. */
void perf_event_reason(const struct perf_event_rights *rights, const struct perf_event_attr *attr, unsigned long flags,
                       int code, struct text *ret);

/* A count whose event may have shared the hardware with others. The kernel extrapolates nothing: value was counted
 * during running_ns of enabled_ns. */
struct perf_count {
    uint64_t value, enabled_ns, running_ns;
};

/* Reads an event opened with read_format PERF_EVENT_COUNT_FORMAT and not in a group read. 0 or a negative errno. */
#define PERF_EVENT_COUNT_FORMAT (PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING)
int perf_event_read(int fd, struct perf_count *ret);

/* The count extrapolated to the whole time, value · enabled / running (perf_event_open(2), "multiplexing"). False: it
 * never ran, so that nothing is known. */
bool perf_count_scaled(const struct perf_count *c, double *ret);

/* The ring into which the kernel writes an event's records. Starts as {.base = NULL}. */
struct perf_ring {
    struct perf_event_mmap_page *base;
    size_t bytes;        /* of the whole mapping */
    unsigned char *copy; /* a record that goes over the ring's end, made whole */
};

/* Maps the ring of an event: its data has 2^order pages. -EDQUOT: more than the user may lock (RLIMIT_MEMLOCK,
 * /proc/sys/kernel/perf_event_mlock_kb; the kernel says EPERM, which means a missing right everywhere else). The caller
 * ends it with perf_ring_close(). */
int perf_ring_open(int fd, unsigned order, struct perf_ring *ret);
void perf_ring_close(struct perf_ring *r);

/* Hands each record that is in the ring to fn, oldest first, and frees its place. One reader at a time. The record is
 * whole, and is valid during the call only. -EPROTO: the ring holds no whole record where one should be; what is left
 * of it is dropped. */
int perf_ring_drain(struct perf_ring *r, void (*fn)(const struct perf_event_header *record, void *context),
                    void *context);

#endif

#include "launch/perf_event.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#define DEVICES      "/sys/bus/event_source/devices"
#define RECORD_MAX   ((size_t)UINT16_MAX + 1) /* perf_event_header.size is 16 bits */
#define CAP_PERFMON_ 38                       /* <linux/capability.h> since 5.8 */

int perf_event_open(struct perf_event_attr *attr, pid_t pid, int cpu, int group_fd, unsigned long flags)
{
    attr->size = sizeof(*attr);
    long fd = syscall(SYS_perf_event_open, attr, pid, cpu, group_fd, flags | PERF_FLAG_FD_CLOEXEC);
    return fd < 0 ? -errno : (int)fd;
}

int perf_event_pmu(const char *root, const char *name, uint32_t *ret)
{
    char path[256], said[32];
    uint64_t type = 0;
    text_format(path, sizeof(path), DEVICES "/%.64s/type", name);
    ssize_t len = file_read(root, path, said, sizeof(said));
    if (len < 0)
        return (int)len;
    if (text_to_u64(said, &type) != 0 || type > UINT32_MAX)
        return -EPROTO;
    *ret = (uint32_t)type;
    return 0;
}

int perf_event_format_bit(const char *root, const char *pmu, const char *field, unsigned *ret)
{
    static const char CONFIG[] = "config:";
    char path[256], said[64];
    uint64_t bit = 0;
    text_format(path, sizeof(path), DEVICES "/%.64s/format/%.64s", pmu, field);
    ssize_t len = file_read(root, path, said, sizeof(said));
    if (len < 0)
        return (int)len;
    if (strncmp(said, CONFIG, sizeof(CONFIG) - 1) != 0 || text_to_u64(said + sizeof(CONFIG) - 1, &bit) != 0 || bit > 63)
        return -EPROTO;
    *ret = (unsigned)bit;
    return 0;
}

/* --- rights ---------------------------------------------------------------------------------------------------- */

/* The number after "KEY:" at the start of a line; base as for strtoull(). */
static bool status_number(const char *status, const char *key, int base, unsigned long long *ret)
{
    const char *value = text_after(status, key, ':');
    char *end = NULL;
    *ret = value ? strtoull(value, &end, base) : 0;
    return end != value;
}

/* The kernel asks for capabilities in the first user namespace, whose map is "0 0 4294967295" (user_namespaces(7)). */
static bool in_first_namespace(const char *root)
{
    char map[128];
    unsigned long inside = 1, outside = 1, count = 0;
    if (file_read(root, "/proc/self/uid_map", map, sizeof(map)) < 0)
        return true; /* a kernel without user namespaces */
    return sscanf(map, "%lu %lu %lu", &inside, &outside, &count) == 3 && inside == 0 && outside == 0 &&
           count == UINT32_MAX;
}

void perf_event_rights_read(const char *root, struct perf_event_rights *ret)
{
    const unsigned long long either = 1ULL << CAP_PERFMON_ | 1ULL << CAP_SYS_ADMIN;
    cleanup_text struct text status = {0};
    char said[32];
    unsigned long long number = 0;
    int64_t paranoid = 0;
    *ret = (struct perf_event_rights){0};
    if (file_read_all(root, "/proc/self/status", &status) == 0 && status.data) {
        ret->has_capability =
            status_number(status.data, "CapEff", 16, &number) && (number & either) != 0 && in_first_namespace(root);
        ret->is_filtered = status_number(status.data, "Seccomp", 10, &number) && number == 2;
    }
    ret->has_paranoid = file_read(root, "/proc/sys/kernel/perf_event_paranoid", said, sizeof(said)) > 0 &&
                        text_to_i64(said, &paranoid) == 0 && paranoid >= INT32_MIN && paranoid <= INT32_MAX;
    ret->paranoid = ret->has_paranoid ? (int)paranoid : 0;
}

static bool is_hardware(const struct perf_event_attr *attr)
{
    return attr->type == PERF_TYPE_HARDWARE || attr->type == PERF_TYPE_HW_CACHE || attr->type == PERF_TYPE_RAW;
}

static void refused_by_rights(const struct perf_event_rights *rights, struct text *ret)
{
    if (rights->has_capability && rights->is_filtered)
        text_add(ret,
                 "a system call filter refuses perf_event_open(2) (Docker, Podman: a seccomp profile that allows it, "
                 "or --security-opt seccomp=unconfined)");
    else if (rights->has_capability)
        text_add(ret, "the kernel refuses it even with CAP_PERFMON (a security module or lockdown: see dmesg)");
    else if (rights->has_paranoid)
        text_add(ret,
                 "it takes CAP_PERFMON, and /proc/sys/kernel/perf_event_paranoid is %d (run as root, or: setcap "
                 "cap_perfmon+ep on tare%s)",
                 rights->paranoid, rights->is_filtered ? "; in a container: --cap-add PERFMON" : "");
    else
        text_add(ret, "it takes CAP_PERFMON (run as root, or: setcap cap_perfmon+ep on tare)");
}

void perf_event_reason(const struct perf_event_rights *rights, const struct perf_event_attr *attr, unsigned long flags,
                       int code, struct text *ret)
{
    const bool in_cgroup = (flags & PERF_FLAG_PID_CGROUP) != 0;
    if (code == -EACCES || code == -EPERM)
        refused_by_rights(rights, ret);
    else if (code == -ENOSYS)
        text_add(ret, rights->is_filtered
                          ? "a system call filter hides perf_event_open(2) (a seccomp profile that allows it)"
                          : "the kernel has no performance events (CONFIG_PERF_EVENTS)");
    else if (in_cgroup && (code == -EBADF || code == -ENOENT) && !is_hardware(attr))
        text_add(ret,
                 "events of a cgroup need the controller perf_event in cgroup v2, and here it is in a v1 hierarchy "
                 "(boot with cgroup_no_v1=all)");
    else if (is_hardware(attr) && (code == -ENOENT || code == -EOPNOTSUPP || code == -ENODEV || code == -ENXIO))
        text_add(ret,
                 "the CPU offers no such counter here, as in most virtual machines (a bare machine, or a VM with a "
                 "virtual PMU)");
    else if (code == -ENOENT || code == -EOPNOTSUPP || code == -ENODEV)
        text_add(ret, "the kernel has no such event");
    else if (code == -EINVAL || code == -E2BIG)
        text_add(ret, "this kernel does not know what was asked of the event (%s)", strerror(-code));
    else if (code == -EMFILE || code == -ENFILE)
        text_add(ret, "too many open files (ulimit -n)");
    else if (code == -EDQUOT)
        text_add(ret, "its buffers take more memory than the user may lock (ulimit -l higher, or "
                      "/proc/sys/kernel/perf_event_mlock_kb)");
    else if (code == -EBUSY)
        text_add(ret, "another user holds the counter for itself");
    else
        text_add(ret, "%s", strerror(-code));
}

/* --- counts ---------------------------------------------------------------------------------------------------- */

int perf_event_read(int fd, struct perf_count *ret)
{
    uint64_t said[3];
    ssize_t len = read(fd, said, sizeof(said));
    if (len < 0)
        return -errno;
    if (len != sizeof(said)) /* 0: the event is in an error state (perf_event_open(2)) */
        return -EPROTO;
    *ret = (struct perf_count){said[0], said[1], said[2]};
    return 0;
}

bool perf_count_scaled(const struct perf_count *c, double *ret)
{
    if (c->running_ns == 0)
        return false;
    *ret = (double)c->value * ((double)c->enabled_ns / (double)c->running_ns);
    return true;
}

/* --- rings ----------------------------------------------------------------------------------------------------- */

int perf_ring_open(int fd, unsigned order, struct perf_ring *ret)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t bytes = page + (page << order);
    void *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (base == MAP_FAILED)
        return errno == EPERM ? -EDQUOT : -errno;
    *ret = (struct perf_ring){base, bytes, xcalloc(1, RECORD_MAX)};
    return 0;
}

void perf_ring_close(struct perf_ring *r)
{
    if (r->base)
        (void)munmap(r->base, r->bytes);
    free(r->copy);
    *r = (struct perf_ring){0};
}

/* len bytes at a position that goes round. */
static void copy_from_ring(const unsigned char *data, size_t size, uint64_t at, unsigned char *to, size_t len)
{
    size_t from = (size_t)(at & (size - 1)), first = len < size - from ? len : size - from;
    memcpy(to, data + from, first);
    memcpy(to + first, data, len - first);
}

int perf_ring_drain(struct perf_ring *r, void (*fn)(const struct perf_event_header *record, void *context),
                    void *context)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), size = r->bytes - page;
    const unsigned char *data = (const unsigned char *)r->base + page;
    uint64_t tail = r->base->data_tail;
    /* Records are read after the head, and freed after they are read: perf_event_open(2), "data_head". */
    const uint64_t head = __atomic_load_n(&r->base->data_head, __ATOMIC_ACQUIRE);
    int status = 0;
    while (tail != head) {
        struct perf_event_header header;
        copy_from_ring(data, size, tail, (unsigned char *)&header, sizeof(header));
        if (header.size < sizeof(header) || header.size > head - tail) {
            status = -EPROTO;
            tail = head;
            break;
        }
        copy_from_ring(data, size, tail, r->copy, header.size);
        fn((const struct perf_event_header *)(const void *)r->copy, context);
        tail += header.size;
    }
    __atomic_store_n(&r->base->data_tail, tail, __ATOMIC_RELEASE);
    return status;
}

#include "launch/refusals.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "launch/confine.h"

#ifndef SECCOMP_USER_NOTIF_FLAG_CONTINUE
#define SECCOMP_USER_NOTIF_FLAG_CONTINUE 1
#endif

/* Whether the mask of a sched_setaffinity lies within the slice's CPUs. Another thread can change it after this check;
 * a cpuset enforces the limit anyway (cpuset(7)). */
static bool stays_within(const struct refusals *r, const struct seccomp_notif *n)
{
    struct cpulist wanted = {0};
    size_t len = n->data.args[1] < sizeof(wanted.word) ? (size_t)n->data.args[1] : sizeof(wanted.word);
    struct iovec here = {.iov_base = wanted.word, .iov_len = len};
    struct iovec there = {.iov_len = len};
    memcpy(&there.iov_base, &n->data.args[2], sizeof(there.iov_base)); /* an address in the other process */
    if (process_vm_readv((pid_t)n->pid, &here, 1, &there, 1, 0) != (ssize_t)len)
        return false;
    return cpulist_count(&wanted) > 0 && cpulist_subset(&wanted, r->cpus);
}

static bool is_within(const struct refusals *r, const struct seccomp_notif *n)
{
#if defined(__x86_64__)
    if (n->data.arch != 0xC000003EU) /* AUDIT_ARCH_X86_64: i386 has other numbers */
        return false;
#endif
    return n->data.nr == SYS_sched_setaffinity && r->cpus && stays_within(r, n);
}

static void count(struct refusals *r, uint32_t arch, int nr)
{
    size_t i = 0;
    while (i < r->calls && (r->call[i].nr != nr || r->call[i].arch != arch))
        i++;
    if (i == REFUSALS_CALLS_MAX)
        i--; /* no room: counts for the last entry */
    if (i == r->calls)
        r->calls++;
    r->call[i].arch = arch;
    r->call[i].nr = nr;
    r->call[i].times++;
    r->total++;
}

int refusals_answer(struct refusals *r)
{
    /* Larger than today's structures, which newer kernels may extend (SECCOMP_GET_NOTIF_SIZES). */
    union {
        struct seccomp_notif notification;
        char room[512];
    } asked;
    union {
        struct seccomp_notif_resp response;
        char room[512];
    } answer;
    memset(&asked, 0, sizeof(asked));
    memset(&answer, 0, sizeof(answer));
    if (ioctl(r->listener_fd, SECCOMP_IOCTL_NOTIF_RECV, &asked) != 0)
        return errno == ENOENT || errno == EINTR ? 0 : -errno; /* ENOENT: the caller was killed */
    const struct seccomp_notif *n = &asked.notification;
    answer.response.id = n->id;
    if (is_within(r, n) && ioctl(r->listener_fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &n->id) == 0) {
        answer.response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    } else {
        answer.response.error = -EPERM;
        count(r, n->data.arch, n->data.nr);
    }
    return ioctl(r->listener_fd, SECCOMP_IOCTL_NOTIF_SEND, &answer) == 0 || errno == ENOENT ? 0 : -errno;
}

void refusals_close(struct refusals *r)
{
    close_fd(&r->listener_fd);
}

void refusals_describe(const struct refusals *r, struct facts *events)
{
    char name[40], key[64];
    facts_int(events, "seccomp_refused.total", (int64_t)r->total);
    for (size_t i = 0; i < r->calls; i++) {
        (void)confine_call_name(r->call[i].nr, name, sizeof(name));
        text_format(key, sizeof(key), "seccomp_refused.%s", name);
        facts_int(events, key, (int64_t)r->call[i].times);
    }
}

/* Makes processes: clone3 into a cgroup, with or without sharing the caller's memory; clone if clone3 is hidden. */
#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "launch/spawn_internal.h"

/* clone3 gave ENOSYS, in this process or the one it was cloned from. */
static bool clone3_is_hidden;

/* clone, for Linux before 5.3 and for filters that hide clone3 (Docker's, without CAP_SYS_ADMIN). The child then enters
 * its cgroup and resets the signal handlers itself. */
static pid_t clone_the_old_way(uint64_t flags, int *pidfd)
{
#if defined(__s390__) || defined(__CRIS__)
    (void)flags, (void)pidfd;
    errno = ENOSYS;
    return -1;
#else
    return (pid_t)syscall(SYS_clone, flags | CLONE_PIDFD | SIGCHLD, NULL, pidfd, NULL, NULL);
#endif
}

static struct clone_args clone_args(int cgroup_fd, uint64_t flags, int *pidfd)
{
    struct clone_args args = {
        .flags = flags | CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
        .pidfd = (__u64)(uintptr_t)pidfd,
        .exit_signal = SIGCHLD,
    };
    if (cgroup_fd >= 0) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = (__u64)cgroup_fd;
    }
    return args;
}

pid_t spawn_clone(int cgroup_fd, uint64_t flags, int *pidfd)
{
    struct clone_args args = clone_args(cgroup_fd, flags, pidfd);
    pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
    if (pid >= 0 || errno != ENOSYS)
        return pid;
    clone3_is_hidden = true;
    return clone_the_old_way(flags, pidfd);
}

/* clone3 by the bare instruction: the child starts on its own stack, where no C function could return; it calls fn,
 * which never returns. The C library has this only for clone, which has no cgroup.
 * Sources: clone(2), "clone3()"; the kernel's calling conventions are in syscall(2). Not under AddressSanitizer,
 * which would see frames of the previous child on that stack. fn and arg are in named registers, because the compiler
 * could choose the frame register, which is cleared before they are used. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
/* spawn_clone() instead */
#elif defined(__x86_64__)
static long clone3_calling(struct clone_args *args, size_t size, void (*fn)(void *), void *arg)
{
    long ret = SYS_clone3;
    __asm__ volatile("syscall\n\t"
                     "testq %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "xorl %%ebp, %%ebp\n\t" /* the outermost frame */
                     "movq %[arg], %%rdi\n\t"
                     "callq *%[fn]\n\t"
                     "hlt\n"
                     "1:"
                     : "+a"(ret)
                     : "D"(args), "S"(size), [fn] "b"(fn), [arg] "d"(arg)
                     : "rcx", "r11", "memory", "cc");
    return ret;
}
#define HAVE_CLONE3_CALLING 1
#elif defined(__aarch64__)
static long clone3_calling(struct clone_args *args, size_t size, void (*fn)(void *), void *arg)
{
    register long x0 __asm__("x0") = (long)args;
    register long x1 __asm__("x1") = (long)size;
    register long x8 __asm__("x8") = SYS_clone3;
    register void (*x9)(void *) __asm__("x9") = fn;
    register void *x10 __asm__("x10") = arg;
    __asm__ volatile("svc #0\n\t"
                     "cbnz x0, 1f\n\t"
                     "mov x29, xzr\n\t"
                     "mov x0, %[arg]\n\t"
                     "blr %[fn]\n\t"
                     "brk #0\n"
                     "1:"
                     : "+r"(x0)
                     : "r"(x1), "r"(x8), [fn] "r"(x9), [arg] "r"(x10)
                     : "memory", "cc");
    return x0;
}
#define HAVE_CLONE3_CALLING 1
#endif

/* Like vfork(2): the child shares the caller's memory, and the caller waits until the exec. Copying page table and
 * pages would be half the cost of starting a small program. */
pid_t spawn_clone_sharing(int cgroup_fd, int *pidfd, void (*fn)(void *), void *arg)
{
#ifdef HAVE_CLONE3_CALLING
    static _Alignas(16) char stack[1 << 16];
    struct clone_args args = clone_args(cgroup_fd, CLONE_VM | CLONE_VFORK, pidfd);
    args.stack = (__u64)(uintptr_t)stack;
    args.stack_size = sizeof(stack);
    long r = clone3_calling(&args, sizeof(args), fn, arg);
    if (r >= 0)
        return (pid_t)r;
    errno = (int)-r;
#else
    (void)cgroup_fd, (void)pidfd, (void)fn, (void)arg;
    errno = ENOSYS;
#endif
    return -1;
}

pid_t spawn_clone_until_exec(int cgroup_fd, int *pidfd, void (*fn)(void *), void *arg)
{
    pid_t pid = spawn_clone_sharing(cgroup_fd, pidfd, fn, arg);
    if (pid >= 0 || errno != ENOSYS)
        return pid;
    pid = spawn_clone(cgroup_fd, 0, pidfd);
    if (pid == 0)
        fn(arg);
    return pid;
}

bool spawn_clone3_is_hidden(void)
{
    return clone3_is_hidden;
}

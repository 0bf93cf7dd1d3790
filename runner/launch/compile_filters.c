/* compile_filters: a build-time program that writes the filters of filter.h as C. The only includer of <seccomp.h>.
 *
 * The list has what programs and benchmarks need: files, memory, own processes and threads, waiting, timers, sockets,
 * queues. It was derived from the kernel's list (scripts/syscall.tbl, syscalls(2)) after the model of container engines
 * (images/seccomp.json): calls that set clocks, change the kernel, mount, open by handle, inspect other processes or
 * profile the machine are not on it. Beyond the engines' lists it has NUMA placement (mbind, set_mempolicy,
 * move_pages), which benchmarks use and cpuset.mems bounds. A call that is not on the list is notified
 * (seccomp_unotify(2)): refusals.c refuses and counts it. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "launch/filter.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef AF_VSOCK
#define AF_VSOCK 40
#endif

/* clang-format off */
static const char ALLOWED[] =
    /* files */
    "access cachestat chdir chmod chown close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 "
    "fadvise64 fallocate fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl fdatasync fgetxattr file_getattr "
    "file_setattr flistxattr flock fremovexattr fsetxattr fstat fstatfs fsync ftruncate futimesat getcwd getdents "
    "getdents64 getxattr getxattrat ioctl lchown lgetxattr link linkat listxattr listxattrat llistxattr lremovexattr "
    "lseek lsetxattr lstat mkdir mkdirat mknod mknodat newfstatat open openat openat2 pread64 preadv preadv2 pwrite64 "
    "pwritev pwritev2 read readahead readlink readlinkat readv removexattr removexattrat rename renameat renameat2 "
    "rmdir sendfile setxattr setxattrat splice stat statfs statx symlink symlinkat sync sync_file_range syncfs tee "
    "truncate umask unlink unlinkat utime utimensat utimes vmsplice write writev "
    /* waiting and notifying */
    "epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd "
    "eventfd2 inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy io_getevents "
    "io_pgetevents io_setup io_submit pipe pipe2 poll ppoll pselect6 select signalfd signalfd4 timerfd_create "
    "timerfd_gettime timerfd_settime "
    /* memory and its placement */
    "brk get_mempolicy madvise map_shadow_stack mbind membarrier memfd_create memfd_secret mincore mlock mlock2 "
    "mlockall mmap move_pages mprotect mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect "
    "remap_file_pages set_mempolicy set_mempolicy_home_node "
    /* processes and threads of its own */
    "arch_prctl capget capset execve execveat exit exit_group fork futex futex_requeue futex_wait futex_waitv "
    "futex_wake get_robust_list get_thread_area getcpu getegid geteuid getgid getgroups getpgid getpgrp getpid getppid "
    "getpriority getresgid getresuid getrlimit getrusage getsid gettid getuid kill landlock_add_rule "
    "landlock_create_ruleset landlock_restrict_self pause personality pidfd_open pidfd_send_signal prctl prlimit64 "
    "process_vm_readv process_vm_writev restart_syscall rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo "
    "rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo seccomp set_robust_list set_thread_area "
    "set_tid_address setfsgid setfsuid setgid setgroups setpgid setregid setresgid setresuid setreuid setrlimit setsid "
    "setuid sigaltstack tgkill times tkill vfork wait4 waitid "
    /* scheduling, without raising the priority */
    "ioprio_get ioprio_set sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam "
    "sched_getscheduler sched_rr_get_interval sched_setparam sched_yield "
    /* time: reading it and waiting */
    "alarm clock_getres clock_gettime clock_nanosleep getitimer gettimeofday nanosleep setitimer time timer_create "
    "timer_delete timer_getoverrun timer_gettime timer_settime "
    /* networking */
    "accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom recvmmsg recvmsg sendmmsg sendmsg "
    "sendto setsockopt shutdown socketpair "
    /* System V's and POSIX's queues, semaphores, shared memory, in its own namespace */
    "mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink msgctl msgget msgrcv msgsnd semctl semget "
    "semop semtimedop shmat shmctl shmdt shmget "
    /* asking about the machine */
    "getrandom sysinfo uname";

static const char *const ALLOWANCE[ALLOWANCES] = {
    [ALLOW_IO_URING] = "io_uring_setup io_uring_enter io_uring_register",
};

/* Calls that libseccomp may not know; their numbers are the same on every architecture. */
static const struct {
    const char *name;
    int nr;
} NEWER[] = {
    {"process_madvise", 440}, {"memfd_secret", 447}, {"process_mrelease", 448}, {"futex_waitv", 449},
    {"set_mempolicy_home_node", 450}, {"cachestat", 451}, {"fchmodat2", 452}, {"map_shadow_stack", 453},
    {"futex_wake", 454}, {"futex_wait", 455}, {"futex_requeue", 456}, {"statmount", 457}, {"listmount", 458},
    {"lsm_get_self_attr", 459}, {"lsm_set_self_attr", 460}, {"lsm_list_modules", 461}, {"mseal", 462},
    {"setxattrat", 463}, {"getxattrat", 464}, {"listxattrat", 465}, {"removexattrat", 466}, {"open_tree_attr", 467},
    {"file_getattr", 468}, {"file_setattr", 469}, {"listns", FILTER_NEWEST_CALL},
};

#define NAMESPACES                                                                                                     \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)
#define INT          0xffffffffULL /* for an int argument the kernel ignores the upper half of the register */
#define HIGH_BIT     0x80000000ULL /* of a negative int */
#define RESET_ON_FORK 0x40000000ULL /* SCHED_RESET_ON_FORK */
#define FILTER_API   5             /* of libseccomp */
#define SEIZE        0x4206ULL     /* PTRACE_SEIZE; ATTACH is 16 */

/* Allowed if an argument, or the masked bits of it, has this value. sched_setattr is refused, because its policy is in memory, where no filter looks; sched_setscheduler and setpriority do the rest. clone3 has its flags in memory too: it gets ENOSYS, as in container engines, and the C library falls back to clone. */
static const struct {
    const char *call;
    unsigned argument;
    enum scmp_compare compare;
    uint64_t mask, value;
    const char *says;
    bool host_network; /* only with the host's network */
} BY_ARGUMENT[] = {
    {"clone", 0, SCMP_CMP_MASKED_EQ, NAMESPACES, 0, "without a new namespace", false},
    {"unshare", 0, SCMP_CMP_MASKED_EQ, NAMESPACES | CLONE_NEWTIME, 0, "without a new namespace", false},
    {"sched_setscheduler", 1, SCMP_CMP_MASKED_EQ, INT & ~RESET_ON_FORK, SCHED_OTHER, "SCHED_OTHER", false},
    {"sched_setscheduler", 1, SCMP_CMP_MASKED_EQ, INT & ~RESET_ON_FORK, SCHED_BATCH, "SCHED_BATCH", false},
    {"sched_setscheduler", 1, SCMP_CMP_MASKED_EQ, INT & ~RESET_ON_FORK, SCHED_IDLE, "SCHED_IDLE", false},
    {"setpriority", 2, SCMP_CMP_MASKED_EQ, HIGH_BIT, 0, "a nice value of 0 and more", false},
    {"socket", 0, SCMP_CMP_MASKED_EQ, INT, AF_UNIX, "AF_UNIX", false},
    {"socket", 0, SCMP_CMP_MASKED_EQ, INT, AF_INET, "AF_INET", false},
    {"socket", 0, SCMP_CMP_MASKED_EQ, INT, AF_INET6, "AF_INET6", false},
    {"socket", 0, SCMP_CMP_MASKED_EQ, INT, AF_NETLINK, "AF_NETLINK", false},
    {"socket", 0, SCMP_CMP_MASKED_EQ, INT, AF_VSOCK, "AF_VSOCK", true}, /* network namespaces do not confine it */
    {"ptrace", 0, SCMP_CMP_LT, 16, 0, "of a child that asked for it", false},
    {"ptrace", 0, SCMP_CMP_EQ, 17, 0, "DETACH", false},
    {"ptrace", 0, SCMP_CMP_EQ, 24, 0, "SYSCALL", false},
    {"ptrace", 0, SCMP_CMP_EQ, 31, 0, "SYSEMU", false},
    {"ptrace", 0, SCMP_CMP_EQ, 0x4200, 0, "SETOPTIONS", false},
    {"ptrace", 0, SCMP_CMP_EQ, 0x4201, 0, "GETEVENTMSG", false},
    {"ptrace", 0, SCMP_CMP_EQ, 0x4202, 0, "GETSIGINFO", false},
    {"ptrace", 0, SCMP_CMP_EQ, 0x4203, 0, "SETSIGINFO", false},
    {"ptrace", 0, SCMP_CMP_EQ, 0x4204, 0, "GETREGSET", false},
    {"ptrace", 0, SCMP_CMP_EQ, 0x4205, 0, "SETREGSET", false},
    {"ptrace", 0, SCMP_CMP_GT, SEIZE, 0, "INTERRUPT and above", false},
};
/* clang-format on */

__attribute__((noreturn)) static void fail(const char *what, int number)
{
    (void)fprintf(stderr, "compile_filters: %s: %s\n", what, strerror(number));
    exit(1);
}

static int number_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(NEWER); i++)
        if (strcmp(NEWER[i].name, name) == 0)
            return NEWER[i].nr;
    return seccomp_syscall_resolve_name(name); /* negative: this architecture lacks it */
}

static void allow_all(scmp_filter_ctx f, const char *words, struct text *said)
{
    char name[40];
    for (; *words; words += strspn(words, " ")) {
        size_t len = strcspn(words, " ");
        text_format(name, sizeof(name), "%.*s", (int)len, words);
        words += len;
        int nr = number_of(name);
        if (nr == __NR_SCMP_ERROR)
            fail(name, ENOENT);
        if (nr < 0)
            continue;
        int failed = seccomp_rule_add(f, SCMP_ACT_ALLOW, nr, 0);
        if (failed != 0)
            fail(name, -failed);
        text_add(said, " %s", name);
    }
    text_add(said, "\n");
}

static void allow_by_argument(scmp_filter_ctx f, bool host_network, struct text *said)
{
    const char *before = "";
    for (size_t i = 0; i < ARRAY_LEN(BY_ARGUMENT); i++) {
        const char *call = BY_ARGUMENT[i].call;
        if (BY_ARGUMENT[i].host_network && !host_network)
            continue;
        struct scmp_arg_cmp where = {BY_ARGUMENT[i].argument, BY_ARGUMENT[i].compare, BY_ARGUMENT[i].mask,
                                     BY_ARGUMENT[i].value};
        int failed = seccomp_rule_add_array(f, SCMP_ACT_ALLOW, number_of(call), 1, &where);
        if (failed != 0)
            fail(call, -failed);
        if (strcmp(before, call) == 0)
            text_add(said, ", %s", BY_ARGUMENT[i].says);
        else
            text_add(said, "%sallowed by argument: %s: %s", *before ? "\n" : "", call, BY_ARGUMENT[i].says);
        before = call;
    }
    text_add(said, "\n");
}

static scmp_filter_ctx build(unsigned variant, struct text *said)
{
    /* seccomp_init() refuses what the kernel that runs this lacks, as an emulator does: a filter is for another. 5 is
     * the least that has notifications (seccomp_api_get(3)). */
    if (seccomp_api_set(FILTER_API) != 0)
        fail("seccomp_api_set", EINVAL);
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_NOTIFY);
    if (!f)
        fail("seccomp_init", ENOMEM);
    /* ENOSYS for other architectures, also i386 on x86-64: supporting it would double the filter's cost. */
    int failed = seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
    (void)seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a binary tree: 2.5 and newer */
    (void)seccomp_attr_set(f, SCMP_FLTATR_CTL_SSB, 1);      /* confine.c loads it so: SECCOMP_FILTER_FLAG_SPEC_ALLOW */
    if (failed == 0)
        failed = seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    if (failed != 0)
        fail("libseccomp", -failed);
    text_add(said, "allowed:");
    allow_all(f, ALLOWED, said);
    for (int a = 0; a < ALLOWANCES; a++) {
        if (!(variant & FILTER_ALLOWS(a)))
            continue;
        text_add(said, "allowed by --allow %s:", allowance_names[a]);
        allow_all(f, ALLOWANCE[a], said);
    }
    allow_by_argument(f, variant & FILTER_HOST_NETWORK, said);
    text_add(said,
             "ENOSYS: clone3, calls above number %d, other architectures\n"
             "asked about; EPERM, and counted: all others; sched_setaffinity is let through within the slice's CPUs\n",
             FILTER_NEWEST_CALL);
    return f;
}

/* Runs before libseccomp's filter, which would notify calls that it does not know. Calls of other architectures and of
 * x32 get ENOSYS either way. */
static const struct sock_filter NEWER_CALLS[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, FILTER_NEWEST_CALL, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
};

static size_t print_code(const void *code, size_t bytes)
{
    uint64_t word;
    for (size_t i = 0; i < bytes; i += sizeof(word)) {
        memcpy(&word, (const char *)code + i, sizeof(word));
        (void)printf("0x%llx,%s", (unsigned long long)word, i / sizeof(word) % 6 == 5 ? "\n" : "");
    }
    return bytes / sizeof(word);
}

/* Returns the number of instructions. */
static size_t print_filter(unsigned variant)
{
    static char code[BPF_MAXINSNS * sizeof(struct sock_filter)];
    cleanup_text struct text said = {0};
    scmp_filter_ctx f = build(variant, &said);
    cleanup_close int fd = memfd_create("filter", MFD_CLOEXEC);
    int failed = fd < 0 ? -errno : seccomp_export_bpf(f, fd);
    ssize_t len = failed == 0 ? pread(fd, code, sizeof(code), 0) : -1;
    if (len <= 0)
        fail("seccomp_export_bpf", failed != 0 ? -failed : errno);
    (void)printf("static const uint64_t code_%u[] = {\n", variant);
    size_t count = print_code(NEWER_CALLS, sizeof(NEWER_CALLS)) + print_code(code, (size_t)len);
    (void)printf("};\nstatic const char text_%u[] = {\n", variant);
    for (size_t i = 0; i < said.len; i++)
        (void)printf("%d,%s", said.data[i], i % 24 == 23 ? "\n" : "");
    (void)printf("0};\n");
    seccomp_release(f);
    return count;
}

static void print_names(void)
{
    (void)printf("const char *const filter_call_names[FILTER_NEWEST_CALL + 1] = {\n");
    for (int nr = 0; nr <= FILTER_NEWEST_CALL; nr++) {
        char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, nr);
        const char *known = name;
        for (size_t i = 0; i < ARRAY_LEN(NEWER); i++)
            known = NEWER[i].nr == nr ? NEWER[i].name : known;
        if (known)
            (void)printf("[%d] = \"%s\",\n", nr, known);
        free(name);
    }
    (void)printf("};\n");
}

int main(void)
{
    size_t count[FILTER_VARIANTS];
    (void)printf("/* Written by compile_filters. */\n#include \"launch/filter.h\"\n");
    for (unsigned v = 0; v < FILTER_VARIANTS; v++)
        count[v] = print_filter(v);
    (void)printf("const struct filter filter_compiled[FILTER_VARIANTS] = {\n");
    for (unsigned v = 0; v < FILTER_VARIANTS; v++)
        (void)printf("{code_%u, %zu, text_%u},\n", v, count[v], v);
    (void)printf("};\n");
    print_names();
    if (fflush(stdout) != 0 || ferror(stdout))
        fail("standard output", errno);
    return 0;
}

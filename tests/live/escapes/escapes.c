/* escapes: each tries one way out of a slice and its confinement.
 *
 *     escapes --list | escapes NAME [WORD]...
 *
 * Exits 10 where it was held (errno on standard output), 11 where it got out (how, on standard error), 12 where it
 * could not be tried here. An escape says so only for what it did, never for what a call seemed to allow. */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { HELD = 10, ESCAPED = 11, NOT_HERE = 12 };

static char **words; /* behind the name */

static int held(void)
{
    (void)printf("%s\n", strerrorname_np(errno) ? strerrorname_np(errno) : "0");
    return HELD;
}

static int escaped(const char *how)
{
    (void)fprintf(stderr, "escaped: %s\n", how);
    return ESCAPED;
}

/* Whether a call that must fail did. */
static int must_fail(long result, const char *how)
{
    return result < 0 ? held() : escaped(how);
}

static int write_to(const char *path, const char *what)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? write(fd, what, strlen(what)) : -1;
    int number = errno;
    if (fd >= 0)
        (void)close(fd);
    errno = number;
    return n == (ssize_t)strlen(what) ? 0 : -1;
}

static int must_not_write(const char *path, const char *what)
{
    return must_fail(write_to(path, what), path);
}

/* --- the slice ---------------------------------------------------------------------------------------------------- */

/* Its own slice's folder, or another's, by any name that it has. */
static int open_cgroup(void)
{
    static const char *const PLACES[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/proc/1/root/sys/fs/cgroup",
                                         "/proc/self/fd/0/../.."};
    for (size_t i = 0; i < sizeof(PLACES) / sizeof(*PLACES); i++) {
        int fd = open(PLACES[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0 && faccessat(fd, "cgroup.procs", F_OK, 0) == 0)
            return fd;
        if (fd >= 0)
            (void)close(fd);
    }
    errno = ENOENT;
    return -1;
}

static int clone3_into_cgroup(void)
{
    int fd = open_cgroup();
    struct clone_args args = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = fd < 0 ? 0 : (__u64)fd};
    long pid = syscall(SYS_clone3, &args, sizeof(args));
    if (pid == 0)
        _exit(0);
    return must_fail(pid, "a child in another cgroup");
}

static int clone3_new_user(void)
{
    struct clone_args args = {.flags = CLONE_NEWUSER | CLONE_NEWNET, .exit_signal = SIGCHLD};
    long pid = syscall(SYS_clone3, &args, sizeof(args));
    if (pid == 0)
        _exit(0);
    return must_fail(pid, "a user namespace by clone3");
}

static int cgroup_procs(void)
{
    int fd = open_cgroup();
    int procs = fd < 0 ? -1 : openat(fd, "cgroup.procs", O_WRONLY);
    return must_fail(procs < 0 ? -1 : write(procs, "0", 1), "cgroup.procs of another");
}

static int cgroup_is_seen(void)
{
    return must_fail(open_cgroup(), "the host's cgroups are to be seen");
}

static int notify_on_release(void)
{
    if (mkdir("/tmp/cg", 0755) != 0 && errno != EEXIST)
        return held();
    return must_fail(mount("cgroup", "/tmp/cg", "cgroup", 0, "memory"), "a v1 hierarchy of its own");
}

static int release_agent(void)
{
    return must_not_write("/sys/fs/cgroup/memory/release_agent", "/tmp/x");
}

static int own_limits(void)
{
    return must_not_write("/sys/fs/cgroup/memory.max", "max");
}

static int affinity(void)
{
    cpu_set_t all;
    CPU_ZERO(&all);
    size_t other = (size_t)atoi(words[0]); /* one that is not the slice's */
    for (size_t i = 0; i < 64; i++)
        CPU_SET(i, &all);
    CPU_SET(other, &all);
    if (sched_setaffinity(0, sizeof(all), &all) != 0)
        return held();
    if (sched_getaffinity(0, sizeof(all), &all) != 0 || !CPU_ISSET(other, &all))
        return held();
    return escaped("a CPU that is not the slice's");
}

static int sched_setattr_realtime(void)
{
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
    } a = {.size = 48, .policy = SCHED_FIFO, .priority = 1};
    return must_fail(syscall(SYS_sched_setattr, 0, &a, 0U), "real time by sched_setattr");
}

static int realtime(void)
{
    const struct sched_param p = {.sched_priority = 1};
    return must_fail(sched_setscheduler(0, SCHED_FIFO, &p), "real time");
}

static int rlimit_raised(void)
{
    struct rlimit64 {
        uint64_t cur, max;
    } l = {~0ULL, ~0ULL};
    return must_fail(syscall(SYS_prlimit64, 0, RLIMIT_RTPRIO, &l, NULL), "RLIMIT_RTPRIO raised");
}

static int nice_raised(void)
{
    return must_fail(setpriority(PRIO_PROCESS, 0, -10), "a higher priority");
}

static int fork_bomb(void)
{
    int made = 0;
    pid_t pid;
    while (made < 20000 && (pid = fork()) >= 0) {
        if (pid == 0) {
            (void)pause();
            _exit(0);
        }
        made++;
    }
    if (made == 20000)
        return escaped("20000 processes");
    (void)poll(NULL, 0, 20000); /* whoever limits them ends this, too */
    return held();
}

static int tmp_filled(void)
{
    static char block[1 << 20];
    int fd = open(words[0], O_WRONLY | O_CREAT, 0600);
    memset(block, 'x', sizeof(block));
    for (int i = 0; i < 4096; i++)
        if (write(fd, block, sizeof(block)) != (ssize_t)sizeof(block))
            return held();
    return escaped("4 GiB of the host's memory in a private folder");
}

/* --- namespaces --------------------------------------------------------------------------------------------------- */

static int unshare_user(void)
{
    return must_fail(unshare(CLONE_NEWUSER), "a user namespace by unshare");
}

static int clone_flags(void)
{
    static const unsigned long FLAGS[] = {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWCGROUP};
    for (size_t i = 0; i < sizeof(FLAGS) / sizeof(*FLAGS); i++) {
        long pid = syscall(SYS_clone, FLAGS[i] | SIGCHLD, NULL, NULL, NULL, NULL);
        if (pid == 0)
            _exit(0);
        if (pid > 0)
            return escaped("a namespace by clone");
    }
    return held();
}

static int setns_of_init(void)
{
    int fd = open("/proc/1/ns/mnt", O_RDONLY | O_CLOEXEC);
    return must_fail(setns(fd < 0 ? 0 : fd, 0), "another's namespace");
}

static int mount_tmpfs(void)
{
    return must_fail(mount("x", "/tmp", "tmpfs", 0, NULL), "a mount");
}

static int remount_root(void)
{
    return must_fail(mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL), "the root is writable");
}

static int umount_hidden(void)
{
    return must_fail(umount2("/run", MNT_DETACH), "what is hidden is seen");
}

static int pivot(void)
{
    return must_fail(syscall(SYS_pivot_root, "/tmp", "/tmp"), "pivot_root");
}

static int chroot_out(void)
{
    return must_fail(chroot("/tmp"), "chroot");
}

static int open_tree_attr(void)
{
    return must_fail(syscall(467, AT_FDCWD, "/", 1U, NULL, (size_t)0), "open_tree_attr");
}

static int mount_api(void)
{
    return must_fail(syscall(430, "tmpfs", 0U), "fsopen");
}

/* --- others' processes -------------------------------------------------------------------------------------------- */

static int ptrace_init(void)
{
    return must_fail(ptrace(PTRACE_ATTACH, 1, NULL, NULL), "the init is traced");
}

static int root_of_init(void)
{
    struct stat st;
    return must_fail(stat("/proc/1/root/.", &st), "the root of the init");
}

static int memory_of_init(void)
{
    return must_fail(open("/proc/1/mem", O_RDWR | O_CLOEXEC), "the memory of the init");
}

static int descriptors_of_init(void)
{
    return must_fail(open("/proc/1/fd/0", O_RDWR | O_CLOEXEC), "a descriptor of the init");
}

static int pidfd_getfd_of_init(void)
{
    int pidfd = (int)syscall(SYS_pidfd_open, 1, 0U);
    return must_fail(syscall(438, pidfd, 0, 0U), "a descriptor of the init");
}

/* From inside the kernel lets no signal end it (pid_namespaces(7)): who is alive afterwards has not ended it. */
static int kill_init(void)
{
    (void)kill(1, SIGKILL);
    (void)kill(1, SIGSTOP);
    (void)poll(NULL, 0, 50);
    return held();
}

/* The runner's pid as the host counts: nobody here has it. */
static int kill_runner(void)
{
    return must_fail(kill(atoi(words[0]), 0), "the runner can be sent a signal");
}

static int others_are_seen(void)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/%s/status", words[0]);
    return must_fail(open(path, O_RDONLY | O_CLOEXEC), "a process of the host's is seen");
}

static int oom_score(void)
{
    return must_not_write("/proc/self/oom_score_adj", "-1000");
}

static int process_vm_of_init(void)
{
    char byte;
    struct {
        void *base;
        size_t len;
    } here = {&byte, 1}, there = {(void *)&byte, 1};
    return must_fail(syscall(SYS_process_vm_readv, 1, &here, 1UL, &there, 1UL, 0UL), "the memory of the init");
}

/* --- the kernel --------------------------------------------------------------------------------------------------- */

static int keyctl_join(void)
{
    return must_fail(syscall(SYS_keyctl, 1, "x"), "a keyring");
}

static int bpf_map(void)
{
    char attr[128] = {1};
    return must_fail(syscall(SYS_bpf, 0, attr, sizeof(attr)), "bpf");
}

static int perf(void)
{
    char attr[128] = {0};
    return must_fail(syscall(SYS_perf_event_open, attr, 0, -1, -1, 0UL), "perf_event_open");
}

static int userfault(void)
{
    return must_fail(syscall(SYS_userfaultfd, 1), "userfaultfd");
}

static int io_uring(void)
{
    char params[256] = {0};
    return must_fail(syscall(SYS_io_uring_setup, 1U, params), "io_uring");
}

static int file_handle(void)
{
    struct {
        unsigned bytes;
        int type;
        char handle[128];
    } h = {.bytes = 128};
    int mount_id;
    if (syscall(SYS_name_to_handle_at, AT_FDCWD, "/", &h, &mount_id, 0) != 0)
        return held();
    return must_fail(syscall(SYS_open_by_handle_at, AT_FDCWD, &h, O_RDONLY), "a file by its handle");
}

static int core_pattern(void)
{
    return must_not_write("/proc/sys/kernel/core_pattern", "|/tmp/x");
}

static int sysrq(void)
{
    return must_not_write("/proc/sysrq-trigger", "h");
}

static int dev_mem(void)
{
    return must_fail(open("/dev/mem", O_RDWR | O_CLOEXEC), "/dev/mem");
}

static int make_device(void)
{
    if (mknod("/tmp/disk", S_IFBLK | 0666, (dev_t)0x800) != 0 && mknod("/tmp/mem", S_IFCHR | 0666, (dev_t)0x101) != 0)
        return held();
    int fd = open("/tmp/disk", O_RDWR | O_CLOEXEC);
    return must_fail(fd >= 0 ? fd : open("/tmp/mem", O_RDWR | O_CLOEXEC), "a device of its own making");
}

static int module(void)
{
    return must_fail(syscall(SYS_init_module, "x", 1UL, ""), "a module");
}

static int clock_is_set(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return must_fail(clock_settime(CLOCK_REALTIME, &now), "the clock");
}

#if defined(__x86_64__)
static int i386_call(void) /* its mount is 21 */
{
    long ret = 20; /* getpid there */
    __asm__ volatile("int $0x80" : "+a"(ret) : : "memory");
    errno = ret < 0 ? (int)-ret : 0;
    return must_fail(ret < 0 ? -1 : 0, "a call of i386");
}

static int x32_call(void)
{
    return must_fail(syscall(0x40000000 | SYS_getpid), "a call of x32");
}
#else
static int i386_call(void)
{
    return NOT_HERE;
}
#define x32_call i386_call
#endif

/* --- privileges --------------------------------------------------------------------------------------------------- */

static int no_new_privs_unset(void)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 0UL, 0UL, 0UL, 0UL) == 0)
        return escaped("no_new_privs is off");
    return prctl(PR_GET_NO_NEW_PRIVS, 0UL, 0UL, 0UL, 0UL) == 1 ? held() : escaped("no_new_privs is off");
}

static int become_root(void)
{
    return must_fail(setuid(0), "uid 0");
}

/* A program that would be root's, run by whoever it is run: words are its path (of this program, set-uid). */
static int setuid_program(void)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        (void)execl(words[0], words[0], "--euid", NULL);
        _exit(HELD);
    }
    (void)waitpid(pid, &status, 0);
    errno = 0;
    return WIFEXITED(status) && WEXITSTATUS(status) == ESCAPED ? escaped("a set-uid program gave uid 0") : held();
}

static int link_to_setuid(void)
{
    return must_fail(link(words[0], "/tmp/linked"), "a hard link to a set-uid program");
}

/* Runs from memory, where no file system's flags count; what it is kept from stays. */
static int memfd_exec(void)
{
    char buf[1 << 16], path[64];
    ssize_t n;
    int status = 0, from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    int fd = (int)syscall(SYS_memfd_create, "x", 0U);
    while ((n = read(from, buf, sizeof(buf))) > 0)
        if (write(fd, buf, (size_t)n) != n)
            return NOT_HERE;
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    pid_t pid = fork();
    if (pid == 0) {
        (void)execl(path, "escapes", "mount_tmpfs", NULL);
        _exit(HELD);
    }
    (void)waitpid(pid, &status, 0);
    errno = 0;
    return WIFEXITED(status) && WEXITSTATUS(status) == ESCAPED ? ESCAPED : held();
}

/* --- sockets, streams, files -------------------------------------------------------------------------------------- */

static int connect_to(const char *path, bool abstract)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    (void)snprintf(a.sun_path + (abstract ? 1 : 0), sizeof(a.sun_path) - 1, "%s", path);
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
    return must_fail(connect(fd, (struct sockaddr *)&a, len), path);
}

static int host_socket(void)
{
    return connect_to(words[0], false);
}

static int abstract_socket(void)
{
    return connect_to(words[0], true);
}

static int host_fifo(void)
{
    return must_fail(open(words[0], O_WRONLY | O_NONBLOCK | O_CLOEXEC), "a FIFO of the host's");
}

static int host_file(void)
{
    return must_fail(open(words[0], O_WRONLY | O_CLOEXEC), "a file of the host's");
}

static int hidden_file(void)
{
    return must_fail(open(words[0], O_RDONLY | O_CLOEXEC), "a file that only the host has");
}

static int vsock(void)
{
    return must_fail(socket(40, SOCK_STREAM, 0), "a vsock");
}

static int vsock_by_the_upper_half(void)
{
    return must_fail(syscall(SYS_socket, 0x100000028L, (long)SOCK_STREAM, 0L), "a vsock");
}

static int packet_socket(void)
{
    return must_fail(socket(AF_PACKET, SOCK_RAW, 0), "a packet socket");
}

/* An interface of the host's, by its own network namespace's netlink: there must be lo alone. */
static int netlink(void)
{
    struct {
        struct nlmsghdr head;
        struct ifinfomsg info;
    } ask = {.head = {.nlmsg_len = sizeof(ask), .nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};
    static char buf[1 << 16];
    int links = 0, fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    if (fd < 0 || send(fd, &ask, sizeof(ask), 0) < 0)
        return held();
    ssize_t n = recv(fd, buf, sizeof(buf), 0);
    size_t left = n > 0 ? (size_t)n : 0;
    for (struct nlmsghdr *h = (void *)buf; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left))
        links += h->nlmsg_type == RTM_NEWLINK;
    errno = 0;
    return links == 1 ? held() : escaped("interfaces of the host's");
}

static int inherited(void)
{
    for (int fd = 3; fd < 1024; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            return escaped("a descriptor of the caller's");
    return held();
}

static int stdin_as_folder(void)
{
    return must_fail(openat(0, "..", O_RDONLY | O_CLOEXEC), "a folder through standard input");
}

static int reopen(int fd, int flags)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return open(path, flags | O_CLOEXEC);
}

static int stdin_reopened_to_write(void)
{
    return must_fail(reopen(0, O_RDWR), "standard input opened for writing");
}

/* What was in the caller's file before must not be read or cut. */
static int stdout_reopened(void)
{
    char byte;
    struct stat st;
    int fd = reopen(1, O_RDONLY | O_NONBLOCK);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && pread(fd, &byte, 1, 0) == 1)
        return escaped("standard output is read");
    fd = reopen(1, O_RDWR | O_NONBLOCK);
    return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? escaped("standard output opened to read") : held();
}

static int stdout_cut(void)
{
    return must_fail(ftruncate(1, 0), "standard output is cut");
}

static int stderr_cut(void)
{
    int fd = reopen(2, O_WRONLY | O_TRUNC);
    struct stat st;
    return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? escaped("standard error is cut") : held();
}

/* A character into the terminal's input, for the shell that reads it afterwards. */
static int tiocsti(void)
{
    const char c = 'x';
    if (!isatty(0))
        return NOT_HERE;
    if (ioctl(0, TIOCSTI, &c) == 0)
        return escaped("a character typed for the caller");
    (void)ioctl(0, TIOCSCTTY, 1);
    return must_fail(ioctl(0, TIOCSTI, &c), "a character typed for the caller");
}

static int dev_shm(void)
{
    return must_fail(open(words[0], O_RDWR | O_CLOEXEC), "the host's /dev/shm");
}

static const struct {
    const char *name;
    int (*fn)(void);
} ESCAPES[] = {
#define ESCAPE(name)                                                                                                   \
    {                                                                                                                  \
#name, name                                                                                                    \
    }
    ESCAPE(clone3_into_cgroup),
    ESCAPE(clone3_new_user),
    ESCAPE(cgroup_procs),
    ESCAPE(cgroup_is_seen),
    ESCAPE(notify_on_release),
    ESCAPE(release_agent),
    ESCAPE(own_limits),
    ESCAPE(affinity),
    ESCAPE(sched_setattr_realtime),
    ESCAPE(realtime),
    ESCAPE(rlimit_raised),
    ESCAPE(nice_raised),
    ESCAPE(fork_bomb),
    ESCAPE(tmp_filled),
    ESCAPE(unshare_user),
    ESCAPE(clone_flags),
    ESCAPE(setns_of_init),
    ESCAPE(mount_tmpfs),
    ESCAPE(remount_root),
    ESCAPE(umount_hidden),
    ESCAPE(pivot),
    ESCAPE(chroot_out),
    ESCAPE(open_tree_attr),
    ESCAPE(mount_api),
    ESCAPE(ptrace_init),
    ESCAPE(root_of_init),
    ESCAPE(memory_of_init),
    ESCAPE(descriptors_of_init),
    ESCAPE(pidfd_getfd_of_init),
    ESCAPE(kill_init),
    ESCAPE(kill_runner),
    ESCAPE(others_are_seen),
    ESCAPE(oom_score),
    ESCAPE(process_vm_of_init),
    ESCAPE(keyctl_join),
    ESCAPE(bpf_map),
    ESCAPE(perf),
    ESCAPE(userfault),
    ESCAPE(io_uring),
    ESCAPE(file_handle),
    ESCAPE(core_pattern),
    ESCAPE(sysrq),
    ESCAPE(dev_mem),
    ESCAPE(make_device),
    ESCAPE(module),
    ESCAPE(clock_is_set),
    ESCAPE(i386_call),
    ESCAPE(x32_call),
    ESCAPE(no_new_privs_unset),
    ESCAPE(become_root),
    ESCAPE(setuid_program),
    ESCAPE(link_to_setuid),
    ESCAPE(memfd_exec),
    ESCAPE(host_socket),
    ESCAPE(abstract_socket),
    ESCAPE(host_fifo),
    ESCAPE(host_file),
    ESCAPE(hidden_file),
    ESCAPE(vsock),
    ESCAPE(vsock_by_the_upper_half),
    ESCAPE(packet_socket),
    ESCAPE(netlink),
    ESCAPE(inherited),
    ESCAPE(stdin_as_folder),
    ESCAPE(stdin_reopened_to_write),
    ESCAPE(stdout_reopened),
    ESCAPE(stdout_cut),
    ESCAPE(stderr_cut),
    ESCAPE(tiocsti),
    ESCAPE(dev_shm),
};

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--euid") == 0)
        return geteuid() == 0 ? ESCAPED : HELD;
    for (size_t i = 0; argc > 1 && i < sizeof(ESCAPES) / sizeof(*ESCAPES); i++) {
        if (strcmp(argv[1], "--list") == 0)
            (void)puts(ESCAPES[i].name);
        else if (strcmp(argv[1], ESCAPES[i].name) == 0) {
            words = argv + 2;
            errno = 0;
            return ESCAPES[i].fn();
        }
    }
    return argc > 1 && strcmp(argv[1], "--list") == 0 ? 0 : 2;
}

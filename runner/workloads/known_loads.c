/* known-loads: the loads of `tare selftest`. Their size is known, because nothing else happens between two states.
 *
 *     known-loads NAME CPUS DIR
 *
 * It prints facts of a state, "KEY VALUE" per line, then "ready". A byte on standard input steps to the next state; the
 * end of standard input ends the program. State 0 is before the load, state 1 is with it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/mman.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MIB        ((size_t)1 << 20)
#define NS_PER_S   1000000000LL
#define HUGE_BYTES (2 * MIB)

enum { CHILDREN = 4, REAPED = 2, CPUS_MAX = 1024 };

static int64_t clock_ns(clockid_t clock)
{
    struct timespec t;
    (void)clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* Reports that the state is ready, and waits until tare has read it. */
static void ready(void)
{
    char go = 0;
    ssize_t n;
    (void)dprintf(STDOUT_FILENO, "ready\n");
    do
        n = read(STDIN_FILENO, &go, 1);
    while (n < 0 && errno == EINTR);
    if (n != 1)
        _exit(1);
}

/* Reports what this machine lacks: the figures are then unavailable, not wrong. */
static void lacks(const char *what)
{
    (void)dprintf(STDOUT_FILENO, "lacks %s: %s\n", what, errno ? strerror(errno) : "the kernel gave none");
}

/* Only writes: a read first would map the huge zero page, which a write splits (Linux 6.12). */
static void write_pages(volatile char *memory, size_t bytes, size_t step)
{
    for (size_t at = 0; at < bytes; at += step)
        memory[at] = 1;
}

static char *mapped(size_t bytes, int flags)
{
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

/* Touches small pages only, whatever the host's setting of huge pages, so that a write copies one page. */
static char *touched(size_t bytes, int flags)
{
    char *memory = mapped(bytes, flags);
    if (!memory)
        _exit(2);
    (void)madvise(memory, bytes, MADV_NOHUGEPAGE);
    write_pages(memory, bytes, (size_t)sysconf(_SC_PAGESIZE));
    return memory;
}

/* --- memory ------------------------------------------------------------------------------------------------------ */

static void load_anon(void)
{
    (void)touched(50 * MIB, MAP_PRIVATE);
}

static void load_shared(void)
{
    (void)touched(20 * MIB, MAP_SHARED);
}

/* A new file, written: its first writer is charged for each page. */
static void load_file(const char *dir)
{
    static char buffer[64 << 10];
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) {
        lacks("a file without a name in the folder for temporary files");
        return;
    }
    memset(buffer, 1, sizeof(buffer)); /* a file system may keep holes for zeros */
    for (size_t done = 0; done < 20 * MIB; done += sizeof(buffer))
        if (write(fd, buffer, sizeof(buffer)) != (ssize_t)sizeof(buffer)) {
            lacks("room for a file of 20 MiB in the folder for temporary files");
            return;
        }
}

/* AnonHugePages of this process, in bytes. */
static size_t huge_bytes(void)
{
    char text[4096];
    int fd = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (n < 0)
        return 0;
    text[n] = '\0';
    (void)close(fd);
    const char *line = strstr(text, "\nAnonHugePages:");
    return line ? strtoul(line + 15, NULL, 10) * 1024 : 0;
}

/* Writes one byte per huge page: only huge pages make 16 MiB of eight bytes. */
static void load_thp(void)
{
    const size_t bytes = 16 * MIB;
    char *memory = mapped(bytes + HUGE_BYTES, MAP_PRIVATE);
    if (!memory)
        _exit(2);
    memory += (HUGE_BYTES - (uintptr_t)memory % HUGE_BYTES) % HUGE_BYTES;
    errno = 0;
    if (madvise(memory, bytes, MADV_HUGEPAGE) == 0)
        write_pages(memory, bytes, HUGE_BYTES);
    if (huge_bytes() != bytes)
        lacks("eight transparent huge pages of 2 MiB (transparent_hugepage/enabled, or memory in pieces)");
}

static void load_hugetlb(void)
{
    char *memory = mapped(8 * MIB, MAP_PRIVATE | MAP_HUGETLB | MAP_HUGE_2MB);
    if (memory)
        write_pages(memory, 8 * MIB, HUGE_BYTES);
    else
        lacks("four reserved huge pages of 2 MiB (vm.nr_hugepages)");
}

/* Forks children that write to the first bytes of the parent's memory and then sleep. */
static void fork_children(char *memory, size_t bytes, pid_t pids[CHILDREN])
{
    int ends[2];
    char byte = 0;
    if (pipe2(ends, O_CLOEXEC) != 0)
        _exit(2);
    for (int i = 0; i < CHILDREN; i++) {
        pids[i] = fork();
        if (pids[i] < 0)
            _exit(2);
        if (pids[i] == 0) {
            write_pages(memory, bytes, (size_t)sysconf(_SC_PAGESIZE));
            (void)!write(ends[1], "r", 1);
            for (;;)
                (void)pause();
        }
    }
    for (int i = 0; i < CHILDREN; i++)
        if (read(ends[0], &byte, 1) != 1)
            _exit(2);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

/* Both states are families, so that both include the memory of the processes themselves. A first family warms up:
 * faults map file pages that are in the page cache, so the first family's children have fewer than the second's. */
static void load_family(void)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t parent[] = {page, page, 40 * MIB}, child[] = {page, page, 5 * MIB};
    pid_t pids[CHILDREN];
    for (int state = 0; state < 3; state++) {
        fork_children(touched(parent[state], MAP_PRIVATE), child[state], pids);
        if (state > 0) {
            for (int i = 0; i < CHILDREN; i++)
                (void)dprintf(STDOUT_FILENO, "pid %d\n", (int)pids[i]);
            ready();
        }
        for (int i = 0; i < CHILDREN; i++) {
            (void)kill(pids[i], SIGKILL);
            (void)waitpid(pids[i], NULL, 0);
        }
    }
}

/* --- time -------------------------------------------------------------------------------------------------------- */

static void burn(int64_t ns)
{
    int64_t end = clock_ns(CLOCK_THREAD_CPUTIME_ID) + ns;
    while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < end)
        ;
}

/* Reports the clock's value at the end, because the loop may overshoot. */
static void say_cpu(int64_t cpu_ns)
{
    (void)dprintf(STDOUT_FILENO, "cpu_usec %lld\n", (long long)cpu_ns / 1000);
}

static void load_burn(void)
{
    int64_t start_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    burn(NS_PER_S);
    say_cpu(clock_ns(CLOCK_THREAD_CPUTIME_ID) - start_ns);
}

static void load_sleeper(void)
{
    const struct timespec half = {.tv_nsec = NS_PER_S / 2};
    (void)nanosleep(&half, NULL);
}

/* With SIGCHLD ignored the kernel reaps; wait(2) then blocks until all are gone and fails with ECHILD. */
static void load_reaped(void)
{
    int64_t *took_ns = (int64_t *)(void *)mapped(REAPED * sizeof(*took_ns), MAP_SHARED);
    int64_t cpu_ns = -clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    if (!took_ns)
        _exit(2);
    (void)signal(SIGCHLD, SIG_IGN);
    for (int i = 0; i < REAPED; i++) {
        if (fork() == 0) {
            burn(NS_PER_S / 2);
            took_ns[i] = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
            _exit(0);
        }
    }
    while (wait(NULL) > 0 || errno == EINTR)
        ;
    for (int i = 0; i < REAPED; i++)
        cpu_ns += took_ns[i];
    say_cpu(cpu_ns + clock_ns(CLOCK_PROCESS_CPUTIME_ID));
}

/* The result of a spinner: its CPU time, and the CPUs it ran on. */
struct spinner {
    int64_t cpu_ns;
    bool seen[CPUS_MAX];
};

static void spin(struct spinner *s, int64_t end_ns)
{
    volatile unsigned idle = 0;
    while (clock_ns(CLOCK_MONOTONIC) < end_ns) {
        int cpu = sched_getcpu();
        if (cpu >= 0 && cpu < CPUS_MAX)
            s->seen[cpu] = true;
        for (int i = 0; i < 1000; i++)
            idle = idle + 1;
    }
    s->cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    _exit(0);
}

static void say_spinners(const struct spinner *s, int count, int64_t own_ns, int64_t wall_ns)
{
    int64_t cpu_ns = own_ns;
    const char *between = "cpus ";
    for (int i = 0; i < count; i++)
        cpu_ns += s[i].cpu_ns;
    (void)dprintf(STDOUT_FILENO, "cpu_usec %lld\nwall_usec %lld\n", (long long)cpu_ns / 1000,
                  (long long)wall_ns / 1000);
    for (int cpu = 0; cpu < CPUS_MAX; cpu++) {
        bool seen = false;
        for (int i = 0; i < count; i++)
            seen |= s[i].seen[cpu];
        if (seen) {
            (void)dprintf(STDOUT_FILENO, "%s%d", between, cpu);
            between = ",";
        }
    }
    (void)dprintf(STDOUT_FILENO, "\n");
}

/* Two spinners per CPU for a second. */
static void load_spinners(int cpus)
{
    const int count = 2 * cpus;
    struct spinner *s = (struct spinner *)(void *)mapped((size_t)count * sizeof(*s), MAP_SHARED);
    int64_t own_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID), start_ns = clock_ns(CLOCK_MONOTONIC);
    if (!s)
        _exit(2);
    for (int i = 0; i < count; i++) {
        pid_t pid = fork();
        if (pid < 0)
            _exit(2);
        if (pid == 0)
            spin(&s[i], start_ns + NS_PER_S);
    }
    while (wait(NULL) > 0 || errno == EINTR)
        ;
    int64_t wall_ns = clock_ns(CLOCK_MONOTONIC) - start_ns;
    say_spinners(s, count, clock_ns(CLOCK_PROCESS_CPUTIME_ID) - own_ns, wall_ns);
}

/* --- the daemon -------------------------------------------------------------------------------------------------- */

/* Forked twice, in its own session, so that no parent waits for it. */
static void load_daemon(void)
{
    pid_t middle = fork();
    if (middle == 0) {
        (void)setsid();
        pid_t pid = fork();
        if (pid == 0) {
            (void)close(STDIN_FILENO);
            (void)close(STDOUT_FILENO);
            for (;;)
                (void)pause();
        }
        (void)dprintf(STDOUT_FILENO, "daemon %d\n", (int)pid);
        _exit(0);
    }
    (void)waitpid(middle, NULL, 0);
}

static bool run_load(const char *name, int cpus, const char *dir)
{
    static const struct {
        const char *name;
        void (*fn)(void);
    } PLAIN[] = {
        {"anon", load_anon}, {"shared", load_shared},   {"thp", load_thp},       {"hugetlb", load_hugetlb},
        {"burn", load_burn}, {"sleeper", load_sleeper}, {"reaped", load_reaped}, {"daemon", load_daemon},
    };
    for (size_t i = 0; i < sizeof(PLAIN) / sizeof(PLAIN[0]); i++) {
        if (strcmp(PLAIN[i].name, name) == 0) {
            PLAIN[i].fn();
            return true;
        }
    }
    if (strcmp(name, "file") == 0)
        load_file(dir);
    else if (strcmp(name, "spinners") == 0)
        load_spinners(cpus);
    else
        return false;
    return true;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    int cpus = atoi(argv[2]); /* NOLINT(cert-err34-c): tare's own words */
    if (strcmp(argv[1], "family") == 0) {
        load_family();
        return 0;
    }
    (void)touched((size_t)sysconf(_SC_PAGESIZE), MAP_PRIVATE); /* maps the code for it in both states */
    ready();
    if (cpus < 1 || !run_load(argv[1], cpus, argv[3]))
        return 2;
    ready();
    return 0;
}

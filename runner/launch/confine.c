#include "launch/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"
#include "launch/confine_mounts.h"
#include "launch/filter.h"
#include "launch/landlock.h"

const char *const confine_layer_names[] = {"namespaces",     "loopback",       "read-only root", "private folders",
                                           "own /proc",      "host's sockets", "standard input", "Landlock rules",
                                           "host name",      "user",           "capabilities",   "privileges",
                                           "seccomp filter", "seccomp counts"};

/* --- the filter --------------------------------------------------------------------------------------------------- */

const char *confine_call_name(int nr, char *buf, size_t cap)
{
    const char *name = nr >= 0 && nr <= FILTER_NEWEST_CALL ? filter_call_names[nr] : NULL;
    if (name)
        text_format(buf, cap, "%s", name);
    else
        text_format(buf, cap, "nr_%d", nr);
    return buf;
}

/* --- preparing --------------------------------------------------------------------------------------------------- */

static bool has_sys_admin(void)
{
    cap_flag_value_t value = CAP_CLEAR;
    cap_t mine = cap_get_proc();
    bool has = mine && cap_get_flag(mine, CAP_SYS_ADMIN, CAP_EFFECTIVE, &value) == 0 && value == CAP_SET;
    (void)cap_free(mine);
    return has;
}

static void choose_namespaces(const struct confine_request *q, struct confine *c)
{
    c->namespaces = CLONE_NEWPID;
    c->unshared = CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | (q->host_network ? 0 : CLONE_NEWNET);
    if (has_sys_admin())
        return;
    c->namespaces |= CLONE_NEWUSER; /* its first process has every capability in it */
    text_format(c->uid_map, sizeof(c->uid_map), "%u %u 1", (unsigned)geteuid(), (unsigned)geteuid());
    text_format(c->gid_map, sizeof(c->gid_map), "%u %u 1", (unsigned)getegid(), (unsigned)getegid());
    c->user = (struct confine_user){.uid = geteuid(), .gid = getegid()}; /* the only user in it */
    if (geteuid() == 0)
        text_format(c->user.reason, sizeof(c->user.reason), "root without CAP_SYS_ADMIN: a container's");
}

static void choose_layers(const struct confine_request *q, struct confine *c)
{
    for (int i = 0; i < CONFINE_LAYERS; i++)
        c->wants[i] = true;
    c->wants[CONFINE_NETWORK] = !q->host_network;
    c->wants[CONFINE_ROOT] = q->read_only_root;
    c->wants[CONFINE_SOCKETS] = !q->host_network;
    c->wants[CONFINE_STREAMS] = c->wants[CONFINE_WRITES] = q->read_only_root;
    c->wants[CONFINE_SECCOMP] = c->wants[CONFINE_COUNTING] = q->filter;
    if (q->filter)
        c->filter = &filter_compiled[(q->host_network ? FILTER_HOST_NETWORK : 0) | (unsigned)(q->allowed << 1)];
}

/* A folder opened outside leads out of the confinement by openat(2). */
static int check_streams(const struct confine_request *q, struct err *e)
{
    static const char *const NAMES[] = {"input", "output", "error"};
    struct stat st;
    for (int fd = 0; q->has_streams && fd < 3; fd++)
        if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
            return err_set(e, ERR_USAGE, -EISDIR,
                           "standard %s is a folder, which leads out of the confinement: give "
                           "it a file, or --confine off",
                           NAMES[fd]);
    return 0;
}

int confine_prepare(const struct confine_request *q, struct confine **ret, struct err *e)
{
    cleanup_confine struct confine *c = xcalloc(1, sizeof(*c));
    TRY(check_streams(q, e));
    TRY(confine_user_choose(q, &c->user, e));
    choose_layers(q, c);
    choose_namespaces(q, c);
    c->capabilities = cap_max_bits();
    TRY(confine_mounts_plan(q, &c->user, &c->mounts, e));
    if (q->scratch && c->user.change && chown(q->scratch, c->user.uid, (gid_t)-1) != 0)
        return err_sys(e, ERR_HOST, "cannot give '%s' to user %u", q->scratch, (unsigned)c->user.uid);
    *ret = STEAL(c);
    return 0;
}

void confine_free(struct confine **confine)
{
    struct confine *c = STEAL(*confine);
    if (!c)
        return;
    confine_mounts_free(&c->mounts);
    free(c);
}

/* --- in the child: system calls only ----------------------------------------------------------------------------- */

static int write_once(const char *path, const char *value)
{
    cleanup_close int fd = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t len = (ssize_t)strlen(value);
    return fd >= 0 && write(fd, value, (size_t)len) == len ? 0 : -1;
}

static int raise_loopback(void)
{
    struct ifreq request = {.ifr_name = "lo"};
    cleanup_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    return ioctl(fd, SIOCSIFFLAGS, &request);
}

/* Allows writing to its private folders, the named paths, and character devices among descriptors 0 to 2. */
static void allow_writes(const struct confine *c, struct confine_outcome *o)
{
    static const char *const OWN[] = {"/tmp", "/dev"};
    struct stat st;
    int rules = landlock_begin(c->wants[CONFINE_SOCKETS], &o->landlock_abi);
    if (rules < 0)
        return;
    for (size_t i = 0; i < ARRAY_LEN(OWN); i++) {
        cleanup_close int fd = open(OWN[i], O_PATH | O_CLOEXEC);
        confine_note(o, CONFINE_WRITES, landlock_allow(rules, o->landlock_abi, fd, true));
    }
    for (size_t i = 0; i < c->mounts.count; i++) {
        const struct confine_bind *b = &c->mounts.bind[i];
        cleanup_close int fd = b->writable || b->device ? open(b->path, O_PATH | O_CLOEXEC) : -1;
        if (fd >= 0)
            confine_note(o, CONFINE_WRITES, landlock_allow(rules, o->landlock_abi, fd, b->folder));
    }
    for (int fd = 0; fd < 3; fd++)
        if (fstat(fd, &st) == 0 && S_ISCHR(st.st_mode))
            confine_note(o, CONFINE_WRITES, landlock_allow(rules, o->landlock_abi, fd, false));
    o->landlock_fd = rules;
}

/* After a failed unshare(2) the next steps would change the host: marks them as refused. */
static void note_shared(const struct confine *c, struct confine_outcome *o)
{
    for (int i = CONFINE_NAMESPACES; i <= CONFINE_HOSTNAME; i++)
        if (c->wants[i])
            o->refused[i] = errno;
}

/* namespaces(7), "The /proc/sys/user directory": limits set by the owner of a user namespace hold for all in it. */
static const char *const NESTING[] = {"/proc/sys/user/max_user_namespaces",   "/proc/sys/user/max_mnt_namespaces",
                                      "/proc/sys/user/max_pid_namespaces",    "/proc/sys/user/max_net_namespaces",
                                      "/proc/sys/user/max_ipc_namespaces",    "/proc/sys/user/max_uts_namespaces",
                                      "/proc/sys/user/max_cgroup_namespaces", "/proc/sys/user/max_time_namespaces"};

static void open_nesting(const struct confine *c, int fds[], struct confine_outcome *o)
{
    for (size_t i = 0; i < ARRAY_LEN(NESTING); i++) {
        fds[i] = *c->uid_map ? open(NESTING[i], O_RDWR | O_CLOEXEC) : -1;
        if (*c->uid_map && fds[i] < 0 && errno != ENOENT) /* ENOENT: the kernel lacks that kind */
            o->nesting_refused = errno;
    }
}

/* Call it after the mounts: a cloned tree counts as a mount namespace. Reads the value back. */
static void forbid_nesting(const int fds[], struct confine_outcome *o)
{
    for (size_t i = 0; i < ARRAY_LEN(NESTING); i++) {
        char got = 0;
        if (fds[i] < 0)
            continue;
        errno = EPROTO;
        if (write(fds[i], "0", 1) != 1 || pread(fds[i], &got, 1, 0) != 1 || got != '0')
            o->nesting_refused = errno;
        (void)close(fds[i]);
    }
}

void confine_enter(const struct confine *c, struct confine_outcome *o)
{
    int nesting[ARRAY_LEN(NESTING)];
    if (*c->uid_map) { /* user_namespaces(7): setgroups first, or gid_map is refused */
        (void)write_once("/proc/self/setgroups", "deny");
        confine_note(o, CONFINE_NAMESPACES, write_once("/proc/self/uid_map", c->uid_map));
        confine_note(o, CONFINE_NAMESPACES, write_once("/proc/self/gid_map", c->gid_map));
    }
    open_nesting(c, nesting, o); /* before unshare(2): a mount with a file open for writing cannot become read-only */
    if (unshare(c->unshared) != 0) {
        note_shared(c, o);
        return;
    }
    confine_note(o, CONFINE_HOSTNAME, sethostname(CONFINE_HOSTNAME_IS, strlen(CONFINE_HOSTNAME_IS)));
    if (c->wants[CONFINE_NETWORK])
        confine_note(o, CONFINE_NETWORK, raise_loopback());
    confine_mounts_apply(&c->mounts, o);
    if (c->wants[CONFINE_WRITES])
        allow_writes(c, o);
    forbid_nesting(nesting, o);
}

/* Needs CAP_SETPCAP; confine_drop() drops the other sets last. */
void confine_drop_bounding(const struct confine *c, struct confine_outcome *o)
{
    for (int cap = 0; cap < c->capabilities; cap++)
        if (prctl(PR_CAPBSET_DROP, (unsigned long)cap, 0UL, 0UL, 0UL) != 0 &&
            prctl(PR_CAPBSET_READ, (unsigned long)cap, 0UL, 0UL, 0UL) == 1)
            confine_note(o, CONFINE_CAPABILITIES, -1);
}

static void become(const struct confine *c, struct confine_outcome *o)
{
    if (!c->user.change)
        return;
    confine_note(o, CONFINE_USER, setgroups(0, NULL));
    confine_note(o, CONFINE_USER, syscall(SYS_setresgid, c->user.gid, c->user.gid, c->user.gid));
    confine_note(o, CONFINE_USER, syscall(SYS_setresuid, c->user.uid, c->user.uid, c->user.uid));
}

static int load(const struct sock_fprog *program, unsigned flags)
{
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags | SECCOMP_FILTER_FLAG_SPEC_ALLOW, program);
}

/* If a listener is impossible (an outer filter has one already), refuses the same calls without counting. */
static int load_uncounted(const struct sock_fprog *counted)
{
    struct sock_filter code[BPF_MAXINSNS];
    const struct sock_fprog program = {.len = counted->len, .filter = code};
    memcpy(code, counted->filter, counted->len * sizeof(*code));
    for (unsigned i = 0; i < program.len; i++)
        if (code[i].code == (BPF_RET | BPF_K) && code[i].k == SECCOMP_RET_USER_NOTIF)
            code[i].k = SECCOMP_RET_ERRNO | EPERM;
    return load(&program, 0);
}

/* Inherited limits could allow real-time policies or a higher priority without a capability (sched(7)). */
static int hold_priority(void)
{
    static const struct rlimit none = {0, 0};
    return setrlimit(RLIMIT_RTPRIO, &none) == 0 ? setrlimit(RLIMIT_NICE, &none) : -1;
}

/* Not cap_set_proc(), whose empty set is to be allocated before. */
static int drop_capabilities(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    static const struct __user_cap_data_struct NONE[_LINUX_CAPABILITY_U32S_3];
    return (int)syscall(SYS_capset, &head, NONE);
}

int confine_drop(const struct confine *c, struct confine_outcome *o)
{
    become(c, o);
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0UL, 0UL, 0UL);
    confine_note(o, CONFINE_CAPABILITIES, drop_capabilities());
    confine_note(o, CONFINE_PRIVILEGES, prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL));
    confine_note(o, CONFINE_PRIVILEGES, hold_priority());
    if (o->landlock_fd >= 0)
        confine_note(o, CONFINE_WRITES, landlock_enforce(o->landlock_fd));
    if (!c->filter)
        return -1;
    const struct sock_fprog program = {.len = (unsigned short)c->filter->instructions,
                                       .filter = (struct sock_filter *)c->filter->code};
    int listener = load(&program, SECCOMP_FILTER_FLAG_NEW_LISTENER);
    if (listener < 0) {
        confine_note(o, CONFINE_COUNTING, -1);
        confine_note(o, CONFINE_SECCOMP, load_uncounted(&program));
    }
    return listener;
}

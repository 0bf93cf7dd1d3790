#include "launch/confine.h"

#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "launch/confine_mounts.h"
#include "launch/confine_user.h"
#include "launch/filter.h"
#include "launch/spawn.h"
#include "tests/unit/fixture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static const struct confine_request FULL = {.read_only_root = true, .filter = true, .tmp_bytes = 1 << 20};

static struct confine *prepared(const struct confine_request *request)
{
    struct confine *c = NULL;
    struct err e = {0};
    if (confine_prepare(request, &c, &e) != 0)
        fail_msg("%s", e.text);
    return c;
}

/* Where the caller is; standard output and error are the caller's. */
static struct spawn_spec spec_of(const char *path, char *const *argv, char *const *envp, const struct confine *c)
{
    return (struct spawn_spec){.path = path,
                               .argv = argv,
                               .envp = envp,
                               .cgroup_fd = -1,
                               .keep_fd = -1,
                               .stdout_fd = 1,
                               .stderr_fd = 2,
                               .cwd = "/",
                               .confine = c};
}

/* --- the filter --------------------------------------------------------------------------------------------------- */

/* What classic BPF makes of a call (seccomp(2); bpf(4) of the BSDs has the machine): as much of it as is used. */
static uint32_t answer_of(const struct confine *c, const struct seccomp_data *d)
{
    const struct sock_filter *code = (const struct sock_filter *)c->filter->code;
    uint32_t a = 0;
    for (size_t pc = 0; pc < c->filter->instructions; pc++) {
        const struct sock_filter *i = &code[pc];
        switch (i->code) {
        case BPF_LD | BPF_W | BPF_ABS:
            memcpy(&a, (const char *)d + i->k, sizeof(a));
            break;
        case BPF_ALU | BPF_AND | BPF_K:
            a &= i->k;
            break;
        case BPF_JMP | BPF_JA:
            pc += i->k;
            break;
        case BPF_JMP | BPF_JEQ | BPF_K:
            pc += a == i->k ? i->jt : i->jf;
            break;
        case BPF_JMP | BPF_JGE | BPF_K:
            pc += a >= i->k ? i->jt : i->jf;
            break;
        case BPF_JMP | BPF_JGT | BPF_K:
            pc += a > i->k ? i->jt : i->jf;
            break;
        case BPF_JMP | BPF_JSET | BPF_K:
            pc += a & i->k ? i->jt : i->jf;
            break;
        case BPF_RET | BPF_K:
            return i->k;
        default:
            fail_msg("instruction 0x%x is not known here", i->code);
        }
    }
    fail_msg("the filter has no end");
    return 0;
}

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#endif

static uint32_t answer(const struct confine *c, int nr, uint64_t a0, uint64_t a1, uint64_t a2)
{
    const struct seccomp_data d = {.nr = nr, .arch = ARCH, .args = {a0, a1, a2}};
    return answer_of(c, &d);
}

static void what_every_program_does_is_let_through(void **state)
{
    static const int CALLS[] = {SYS_read,  SYS_write,      SYS_openat, SYS_mmap,   SYS_execve,  SYS_futex,
                                SYS_clone, SYS_exit_group, SYS_wait4,  SYS_shmget, SYS_prctl,   SYS_sendmsg,
#ifdef SYS_vfork /* arm64 has clone alone */
                                SYS_vfork,
#endif
                                SYS_mbind, SYS_rseq,       SYS_ppoll,  SYS_kill,   SYS_seccomp, SYS_personality,
                                452 /* fchmodat2, newer than this libseccomp may be */};
    (void)state;
    struct confine *c = prepared(&FULL);
    for (size_t i = 0; i < ARRAY_LEN(CALLS); i++)
        assert_int_equal(answer(c, CALLS[i], 0, 0, 0), SECCOMP_RET_ALLOW);
    confine_free(&c);
}

static void what_spoils_a_measurement_is_asked_about(void **state)
{
    static const int CALLS[] = {SYS_clock_settime,
                                SYS_settimeofday,
                                SYS_adjtimex,
                                SYS_clock_adjtime,
                                SYS_init_module,
                                SYS_finit_module,
                                SYS_delete_module,
                                SYS_mount,
                                SYS_umount2,
                                SYS_move_mount,
                                SYS_mount_setattr,
                                SYS_kexec_load,
                                SYS_bpf,
                                SYS_perf_event_open,
                                SYS_setns,
                                SYS_keyctl,
                                SYS_swapon,
                                SYS_reboot,
                                SYS_sched_setaffinity,
                                SYS_pivot_root,
                                SYS_sched_setattr,
                                SYS_userfaultfd,
                                SYS_kcmp,
                                SYS_name_to_handle_at,
                                SYS_open_by_handle_at,
                                SYS_io_uring_setup,
                                SYS_io_uring_enter,
                                SYS_io_uring_register,
                                438 /* pidfd_getfd */,
                                440 /* process_madvise */,
                                457 /* statmount */,
                                458 /* listmount */,
                                467 /* open_tree_attr */,
                                SYS_chroot,
                                SYS_quotactl};
    (void)state;
    struct confine *c = prepared(&FULL);
    for (size_t i = 0; i < ARRAY_LEN(CALLS); i++)
        assert_int_equal(answer(c, CALLS[i], 0, 0, 0), SECCOMP_RET_USER_NOTIF);
    confine_free(&c);
}

static void clone3_and_what_is_newer_than_the_list_is_not_there(void **state)
{
    (void)state;
    struct confine *c = prepared(&FULL);
    assert_int_equal(answer(c, SYS_clone3, 0, 0, 0), SECCOMP_RET_ERRNO | ENOSYS);
    for (int nr = FILTER_NEWEST_CALL + 1; nr < FILTER_NEWEST_CALL + 40; nr++)
        assert_int_equal(answer(c, nr, 0, 0, 0), SECCOMP_RET_ERRNO | ENOSYS);
    confine_free(&c);
}

static void an_allowance_lets_its_calls_through_and_no_others(void **state)
{
    const struct confine_request q = {.filter = true, .read_only_root = true, .allowed = 1U << ALLOW_IO_URING};
    (void)state;
    struct confine *plain = prepared(&FULL), *c = prepared(&q);
    for (int nr = 0; nr <= FILTER_NEWEST_CALL; nr++) {
        bool lets_in = nr >= SYS_io_uring_setup && nr <= SYS_io_uring_register;
        assert_int_equal(answer(c, nr, 0, 0, 0), lets_in ? SECCOMP_RET_ALLOW : answer(plain, nr, 0, 0, 0));
    }
    assert_non_null(strstr(c->filter->text, "allowed by --allow io_uring: io_uring_setup"));
    confine_free(&c);
    confine_free(&plain);
}

/* The kernel takes an int from the lower half of the register: what stands in the upper one is no way round. */
static void families_of_sockets_are_told_by_the_half_that_the_kernel_reads(void **state)
{
    static const int NO[] = {AF_VSOCK, AF_PACKET, AF_ALG, AF_BLUETOOTH},
                     YES[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
    const struct confine_request host = {.filter = true, .read_only_root = true, .host_network = true};
    const uint64_t high = 0x100000000;
    (void)state;
    struct confine *c = prepared(&FULL), *h = prepared(&host);
    for (size_t i = 0; i < ARRAY_LEN(NO); i++) {
        assert_int_equal(answer(c, SYS_socket, (uint64_t)NO[i], 0, 0), SECCOMP_RET_USER_NOTIF);
        assert_int_equal(answer(c, SYS_socket, high | (uint64_t)NO[i], 0, 0), SECCOMP_RET_USER_NOTIF);
        assert_int_equal(answer(c, SYS_socket, (uint64_t)YES[i], 0, 0), SECCOMP_RET_ALLOW);
    }
    assert_int_equal(answer(h, SYS_socket, AF_VSOCK, 0, 0), SECCOMP_RET_ALLOW);
    confine_free(&c);
    confine_free(&h);
}

static void arguments_decide_where_they_can(void **state)
{
    (void)state;
    struct confine *c = prepared(&FULL);
    static const uint64_t SPACES[] = {CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC};
    for (size_t i = 0; i < ARRAY_LEN(SPACES); i++) {
        assert_int_equal(answer(c, SYS_unshare, SPACES[i] | CLONE_FILES, 0, 0), SECCOMP_RET_USER_NOTIF);
        assert_int_equal(answer(c, SYS_clone, SPACES[i] | SIGCHLD, 0, 0), SECCOMP_RET_USER_NOTIF);
    }
    assert_int_equal(answer(c, SYS_unshare, CLONE_FILES | CLONE_FS, 0, 0), SECCOMP_RET_ALLOW);
    assert_int_equal(answer(c, SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD, 0, 0), SECCOMP_RET_ALLOW);
    assert_int_equal(answer(c, SYS_ptrace, PTRACE_ATTACH, 0, 0), SECCOMP_RET_USER_NOTIF);
    assert_int_equal(answer(c, SYS_ptrace, PTRACE_SEIZE, 0, 0), SECCOMP_RET_USER_NOTIF);
    static const uint64_t OWN[] = {PTRACE_TRACEME, PTRACE_CONT,   PTRACE_GETREGSET,
                                   PTRACE_SYSCALL, PTRACE_DETACH, PTRACE_LISTEN};
    for (size_t i = 0; i < ARRAY_LEN(OWN); i++)
        assert_int_equal(answer(c, SYS_ptrace, OWN[i], 0, 0), SECCOMP_RET_ALLOW);
    assert_int_equal(answer(c, SYS_setpriority, 0, 0, (uint32_t)-5), SECCOMP_RET_USER_NOTIF);
    assert_int_equal(answer(c, SYS_setpriority, 0, 0, (uint64_t)-5), SECCOMP_RET_USER_NOTIF);
    assert_int_equal(answer(c, SYS_setpriority, 0, 0, 5), SECCOMP_RET_ALLOW);
    assert_int_equal(answer(c, SYS_sched_setscheduler, 0, SCHED_FIFO, 0), SECCOMP_RET_USER_NOTIF);
    assert_int_equal(answer(c, SYS_sched_setscheduler, 0, SCHED_RR | 0x40000000, 0), SECCOMP_RET_USER_NOTIF);
    assert_int_equal(answer(c, SYS_sched_setscheduler, 0, SCHED_BATCH, 0), SECCOMP_RET_ALLOW);
    confine_free(&c);
}

static void another_architecture_is_no_way_round(void **state)
{
    (void)state;
    struct confine *c = prepared(&FULL);
    const struct seccomp_data i386 = {.nr = 21, .arch = AUDIT_ARCH_I386}; /* its mount */
    assert_int_equal(answer_of(c, &i386), SECCOMP_RET_ERRNO | ENOSYS);
#if defined(__x86_64__)
    assert_int_equal(answer(c, SYS_mount | 0x40000000, 0, 0, 0), SECCOMP_RET_ERRNO | ENOSYS); /* x32 */
#endif
    confine_free(&c);
}

static void light_has_no_filter(void **state)
{
    const struct confine_request light = {.read_only_root = false};
    (void)state;
    struct confine *c = prepared(&light);
    assert_null(c->filter);
    assert_false(c->wants[CONFINE_SECCOMP] || c->wants[CONFINE_ROOT]);
    assert_true(c->wants[CONFINE_CAPABILITIES] && c->wants[CONFINE_PRIVATE]);
    confine_free(&c);
}

static void the_filter_is_readable_and_calls_have_names(void **state)
{
    char name[40];
    (void)state;
    struct confine *c = prepared(&FULL);
    assert_non_null(strstr(c->filter->text, "allowed by argument: clone: without a new namespace\n"));
    assert_null(strstr(c->filter->text, "perf_event_open"));
    confine_free(&c);
    assert_string_equal(confine_call_name(SYS_mount, name, sizeof(name)), "mount");
    assert_string_equal(confine_call_name(467, name, sizeof(name)), "open_tree_attr");
    assert_string_equal(confine_call_name(99999, name, sizeof(name)), "nr_99999");
    assert_string_equal(confine_call_name(-1, name, sizeof(name)), "nr_-1");
}

/* --- what is mounted ---------------------------------------------------------------------------------------------- */

static const struct confine_user NOBODY = {.uid = CONFINE_NOBODY, .gid = CONFINE_NOBODY, .change = true};

static bool hides(const struct confine_mounts *m, const char *path)
{
    for (size_t i = 0; i < m->hidden_count; i++)
        if (strcmp(m->hidden[i].path, path) == 0)
            return true;
    return false;
}

static const struct confine_bind *bind_of(const struct confine_mounts *m, const char *path)
{
    for (size_t i = 0; i < m->count; i++)
        if (strcmp(m->bind[i].path, path) == 0)
            return &m->bind[i];
    return NULL;
}

static void what_lies_below_a_private_folder_is_shown_by_its_first_part(void **state)
{
    char root[PATH_MAX], script[PATH_MAX + 32];
    struct confine_mounts m;
    struct err e = {0};
    (void)state;
    assert_int_equal(fixture_open(NULL, root, sizeof(root)), 0);
    if (strncmp(root, "/tmp/", 5) != 0)
        fixture_skip("$TMPDIR is not below /tmp, which is the folder that is hidden");
    fixture_write(root, "/a/b/script", "x");
    text_format(script, sizeof(script), "%s/a/b/script", root);
    const char *const needed[] = {"/usr/bin/env", script, "/tmp", "/nowhere", script};
    const struct confine_request q = {.needed = needed, .needed_count = ARRAY_LEN(needed)};
    assert_int_equal(confine_mounts_plan(&q, &NOBODY, &m, &e), 0);
    root[5 + strcspn(root + 5, "/")] = '\0';
    const struct confine_bind *b = bind_of(&m, root);
    assert_non_null(b);
    assert_true(b->folder && !b->writable && !b->device);
    assert_true(bind_of(&m, "/dev/null")->device);
    assert_null(bind_of(&m, "/usr/bin/env"));
    assert_null(bind_of(&m, "/tmp"));
    assert_ptr_equal(&m.bind[m.count - 1], b); /* once, and nothing after it */
    confine_mounts_free(&m);
}

/* One that is hidden with the one around it is dropped, and what is sorted behind it is still judged. */
static void of_closed_folders_in_each_other_the_outer_one_is_hidden(void **state)
{
    static const struct confine_user VEILED = {
        .uid = CONFINE_NOBODY, .gid = CONFINE_NOBODY, .change = true, .veils = true};
    char root[PATH_MAX], outer[PATH_MAX + 8], inner[PATH_MAX + 16], script[PATH_MAX + 32];
    struct confine_mounts m;
    struct err e = {0};
    (void)state;
    assert_int_equal(fixture_open(NULL, root, sizeof(root)), 0);
    text_format(outer, sizeof(outer), "%s/a", root);
    text_format(inner, sizeof(inner), "%s/b", outer);
    text_format(script, sizeof(script), "%s/script", inner);
    fixture_write(root, "/a/b/script", "x");
    assert_int_equal(chmod(inner, 0700), 0);
    assert_int_equal(chmod(outer, 0700), 0);
    const char *const needed[] = {script};
    const struct confine_request q = {.needed = needed, .needed_count = 1};
    assert_int_equal(confine_mounts_plan(&q, &VEILED, &m, &e), 0);
    for (size_t i = 0; i < m.hidden_count; i++)
        assert_non_null(m.hidden[i].path);
    assert_true(hides(&m, "/run"));
    confine_mounts_free(&m);
}

static void a_writable_path_is_there_and_is_not_the_root(void **state)
{
    static const char *const BAD[] = {"/nowhere", "/", "/usr/.."};
    struct confine_mounts m;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        struct err e = {0};
        const struct confine_request q = {.writable = &BAD[i], .writable_count = 1};
        assert_true(confine_mounts_plan(&q, &NOBODY, &m, &e) < 0);
        assert_int_equal(e.kind, ERR_USAGE);
        assert_non_null(strstr(e.text, BAD[i]));
    }
    const char *const good[] = {"/usr/../var/tmp"};
    const struct confine_request q = {.writable = good, .writable_count = 1};
    assert_int_equal(confine_mounts_plan(&q, &NOBODY, &m, NULL), 0);
    assert_true(bind_of(&m, "/var/tmp")->writable);
    confine_mounts_free(&m);
}

static void what_the_kernel_is_looked_into_by_and_services_sockets_are_hidden(void **state)
{
    static const struct confine_request q = {.read_only_root = true};
    struct confine_mounts m;
    (void)state;
    assert_int_equal(confine_mounts_plan(&q, &NOBODY, &m, NULL), 0);
    assert_true(hides(&m, "/run") && hides(&m, "/tmp") && hides(&m, "/dev"));
    if (access("/sys/fs/cgroup/cgroup.procs", F_OK) == 0 || access("/sys/fs/cgroup/unified", F_OK) == 0)
        assert_true(hides(&m, "/sys/fs/cgroup"));
    for (size_t i = 0; i < m.hidden_count; i++)
        assert_null(strstr(m.hidden[i].path, "/sys/fs/cgroup/")); /* once, by its top */
    confine_mounts_free(&m);
}

static void a_socket_that_is_seen_inside_is_masked_and_one_in_a_hidden_folder_need_not_be(void **state)
{
    struct sockaddr_un seen = {.sun_family = AF_UNIX, .sun_path = "/var/tmp/tare-test-XXXXXX"};
    struct sockaddr_un hidden = {.sun_family = AF_UNIX};
    struct confine_mounts m;
    bool found = false;
    (void)state;
    assert_non_null(mkdtemp(seen.sun_path));
    char folder[64];
    text_format(folder, sizeof(folder), "%s", seen.sun_path);
    text_format(seen.sun_path, sizeof(seen.sun_path), "%s/s", folder);
    text_format(hidden.sun_path, sizeof(hidden.sun_path), "/tmp/%s", strrchr(folder, '/') + 1);
    int a = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), b = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(a, (struct sockaddr *)&seen, sizeof(seen)), 0);
    assert_int_equal(bind(b, (struct sockaddr *)&hidden, sizeof(hidden)), 0);
    static const struct confine_request q = {.read_only_root = true}, host = {.host_network = true};
    assert_int_equal(confine_mounts_plan(&q, &NOBODY, &m, NULL), 0);
    for (size_t i = 0; i < m.masked_count; i++) {
        found |= strcmp(m.masked[i], seen.sun_path) == 0;
        assert_string_not_equal(m.masked[i], hidden.sun_path);
    }
    assert_true(found);
    confine_mounts_free(&m);
    assert_int_equal(confine_mounts_plan(&host, &NOBODY, &m, NULL), 0);
    assert_int_equal(m.masked_count, 0);
    confine_mounts_free(&m);
    (void)close(a);
    (void)close(b);
    assert_int_equal(unlink(seen.sun_path) | unlink(hidden.sun_path) | rmdir(folder), 0);
}

static void below_a_closed_folder_of_roots_the_entry_is_shown_and_the_folder_is_hidden(void **state)
{
    char folder[] = "/var/tmp/tare-test-XXXXXX", program[128], deep[128], entry[128];
    struct confine_mounts m;
    (void)state;
    if (geteuid() != 0)
        fixture_skip("only root runs a workload as another user");
    assert_non_null(mkdtemp(folder)); /* 0700 */
    text_format(deep, sizeof(deep), "%s/closed", folder);
    text_format(entry, sizeof(entry), "%s/open", deep);
    assert_int_equal(mkdir(deep, 0700) | mkdir(entry, 0755), 0);
    fixture_write(folder, "/closed/open/program", "x");
    fixture_write(folder, "/secret", "x");
    text_format(program, sizeof(program), "%s/program", entry);
    assert_int_equal(chmod(program, 0755), 0);
    const char *const needed[] = {program};
    const struct confine_request q = {.read_only_root = true, .needed = needed, .needed_count = 1};
    struct confine_user user;
    assert_int_equal(confine_user_choose(&q, &user, NULL), 0);
    assert_int_equal(user.uid, CONFINE_NOBODY);
    assert_true(user.veils);
    assert_int_equal(confine_mounts_plan(&q, &user, &m, NULL), 0);
    assert_true(hides(&m, folder));
    assert_false(hides(&m, deep));
    assert_non_null(bind_of(&m, entry));
    assert_null(bind_of(&m, program));
    confine_mounts_free(&m);
    assert_int_equal(chmod(program, 0700), 0); /* closed itself: there is no way but to be its owner */
    assert_int_equal(confine_user_choose(&q, &user, NULL), 0);
    assert_int_equal(user.uid, 0);
    assert_false(user.veils);
    assert_int_equal(unlink(program) | rmdir(entry) | rmdir(deep), 0);
    text_format(entry, sizeof(entry), "%s/secret", folder);
    assert_int_equal(unlink(entry) | rmdir(folder), 0);
}

/* Where it comes in the order in which all is mounted; -1: it does not. */
static int at_of_bind(const struct confine_mounts *m, const char *path)
{
    const struct confine_bind *b = bind_of(m, path);
    return b ? (int)(b - m->bind) : -1;
}

static void a_closed_folder_in_one_that_is_shown_is_hidden_and_what_is_needed_in_it_comes_after(void **state)
{
    char root[PATH_MAX], open_folder[PATH_MAX + 16], closed[PATH_MAX + 16], program[PATH_MAX + 32];
    struct confine_mounts m;
    struct confine_user user;
    (void)state;
    assert_int_equal(fixture_open(NULL, root, sizeof(root)), 0);
    if (geteuid() != 0 || strncmp(root, "/tmp/", 5) != 0 || strchr(root + 5, '/'))
        fixture_skip("it takes root, and $TMPDIR to be /tmp");
    assert_int_equal(chmod(root, 0755), 0);
    fixture_write(root, "/open/x", "x");
    fixture_write(root, "/closed/bin/program", "x");
    text_format(open_folder, sizeof(open_folder), "%s/open", root);
    text_format(closed, sizeof(closed), "%s/closed", root);
    text_format(program, sizeof(program), "%s/bin/program", closed);
    assert_int_equal(chmod(closed, 0700) | chmod(program, 0755), 0);
    const char *const needed[] = {program, open_folder};
    const struct confine_request q = {.read_only_root = true, .needed = needed, .needed_count = 2};
    assert_int_equal(confine_user_choose(&q, &user, NULL), 0);
    assert_true(user.veils);
    assert_int_equal(confine_mounts_plan(&q, &user, &m, NULL), 0);
    assert_true(hides(&m, closed));
    *strrchr(program, '/') = '\0';
    assert_true(at_of_bind(&m, root) >= 0);
    assert_true(at_of_bind(&m, program) > at_of_bind(&m, root));
    for (size_t i = 1; i < m.count; i++)
        assert_true(strcmp(m.bind[i - 1].path, m.bind[i].path) <= 0);
    confine_mounts_free(&m);
    fixture_close(root);
}

static void a_socket_in_a_folder_that_is_shown_is_masked(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char root[PATH_MAX];
    struct confine_mounts m;
    bool found = false;
    (void)state;
    assert_int_equal(fixture_open(NULL, root, sizeof(root)), 0);
    if (strlen(root) > 80)
        fixture_skip("$TMPDIR is too long for a socket's name (unix(7))");
    text_format(address.sun_path, sizeof(address.sun_path), "%s/s", root);
    cleanup_close int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server, (struct sockaddr *)&address, sizeof(address)), 0);
    const char *const needed[] = {address.sun_path};
    const struct confine_request q = {.read_only_root = true, .needed = needed, .needed_count = 1};
    assert_int_equal(confine_mounts_plan(&q, &NOBODY, &m, NULL), 0);
    for (size_t i = 0; i < m.masked_count; i++)
        found |= strcmp(m.masked[i], address.sun_path) == 0;
    assert_true(found);
    confine_mounts_free(&m);
    fixture_close(root);
}

/* --- who it runs as ----------------------------------------------------------------------------------------------- */

static void nobody_or_the_owner_of_what_is_closed_to_it(void **state)
{
    char root[PATH_MAX], closed[PATH_MAX + 32];
    (void)state;
    if (geteuid() != 0)
        fixture_skip("only root runs a workload as another user");
    assert_int_equal(fixture_open(NULL, root, sizeof(root)), 0);
    assert_int_equal(chmod(root, 0755), 0);
    fixture_write(root, "/closed/program", "x");
    text_format(closed, sizeof(closed), "%s/closed/program", root);
    const char *const needed[] = {closed};
    struct confine_request q = {.needed = needed, .needed_count = 1};
    assert_int_equal(chmod(closed, 0755), 0);
    struct confine *c = prepared(&q);
    assert_int_equal(c->user.uid, CONFINE_NOBODY);
    assert_string_equal(c->user.reason, "");
    confine_free(&c);
    *strrchr(closed, '/') = '\0';
    assert_int_equal(chmod(closed, 0700) | chown(closed, 12345, 54321), 0);
    strcat(closed, "/program");
    c = prepared(&q);
    assert_int_equal(c->user.uid, 12345);
    assert_int_equal(c->user.gid, 54321);
    assert_non_null(strstr(c->user.reason, "closed' is closed to 65534"));
    confine_free(&c);
    q.has_user = true;
    q.uid = q.gid = 777;
    struct err e = {0};
    assert_int_equal(confine_prepare(&q, &c, &e), -EACCES);
    assert_non_null(strstr(e.text, "--user '777'"));
}

/* --- in namespaces ------------------------------------------------------------------------------------------------ */

/* Starts a script confined; skips where this host gives no namespaces. */
static struct confine *start(const char *script, struct child *child)
{
    static char *const ENVIRONMENT[] = {"PATH=/usr/bin:/bin", NULL};
    char *const argv[] = {"sh", "-c", (char *)script, NULL};
    struct err e = {0};
    struct confine *c = prepared(&FULL);
    const struct spawn_spec spec = spec_of("/bin/sh", argv, ENVIRONMENT, c);
    if (spawn_start(&spec, child, &e) != 0)
        fail_msg("%s", e.text);
    return c;
}

static void end(struct confine *c, struct child *child)
{
    if (child->listener_fd >= 0)
        (void)close(child->listener_fd);
    spawn_end(child);
    confine_free(&c);
}

static void the_end_is_told_by_the_init(void **state)
{
    static const struct {
        const char *script;
        int status, signal;
    } ENDS[] = {{"exit 0", 0, 0}, {"exit 255", 255, 0}, {"kill -9 $$", 0, 9}, {"(exit 3); exit 4", 4, 0}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ENDS); i++) {
        struct child child;
        struct child_end how = {0};
        struct confine *c = start(ENDS[i].script, &child);
        pid_t pid = child.pid;
        assert_int_equal(spawn_wait(&child, &how, NULL), 0);
        assert_int_equal(how.exit_status, ENDS[i].status);
        assert_int_equal(how.signal, ENDS[i].signal);
        end(c, &child);
        assert_int_equal(kill(pid, 0), -1);
    }
}

static void the_workload_is_seen_with_its_own_pid_until_it_is_waited_for(void **state)
{
    struct child child;
    struct child_end how;
    char path[64], buf[4096];
    (void)state;
    struct confine *c = start("exit 0", &child);
    struct pollfd ended = {.fd = child.pidfd, .events = POLLIN};
    assert_int_equal(poll(&ended, 1, 5000), 1);
    text_format(path, sizeof(path), "/proc/%d/status", (int)child.pid);
    assert_true(file_read("", path, buf, sizeof(buf)) > 0);
    if (child.init > 0)
        assert_non_null(strstr(buf, "\t2\nNSpgid:"));
    assert_int_equal(spawn_wait(&child, &how, NULL), 0);
    end(c, &child);
}

static long descriptors_of_ours(void)
{
    long n = 0;
    DIR *d = opendir("/proc/self/fd");
    assert_non_null(d);
    while (readdir(d))
        n++;
    (void)closedir(d);
    return n;
}

static void an_init_made_ahead_starts_nothing_until_it_is_told_to(void **state)
{
    static char *const NOTHING[] = {NULL};
    char *const argv[] = {"true", NULL};
    char path[64], list[64];
    struct child child;
    struct child_end how = {.exit_status = -1};
    (void)state;
    struct confine *c = prepared(&FULL);
    const struct spawn_spec spec = spec_of("/bin/true", argv, NOTHING, c);
    long open_before = descriptors_of_ours();
    for (int told = 0; told <= 1; told++) {
        assert_int_equal(spawn_prepare(&spec, &child, NULL), 0);
        if (child.init == 0) { /* this host gives no namespaces: there is no init to look at */
            confine_free(&c);
            fixture_skip("this host gives nobody a pid namespace, in which there is an init");
        }
        pid_t init = child.init;
        (void)poll(NULL, 0, 20);
        text_format(path, sizeof(path), "/proc/%d/task/%d/children", (int)init, (int)init);
        assert_int_equal(file_read("", path, list, sizeof(list)), 0);
        if (told) {
            assert_int_equal(spawn_go(&spec, &child, NULL), 0);
            assert_int_equal(spawn_wait(&child, &how, NULL), 0);
            assert_int_equal(how.exit_status, 0);
            (void)close(child.listener_fd);
        }
        spawn_end(&child);
        assert_int_equal(kill(init, 0), -1);
        assert_int_equal(descriptors_of_ours(), open_before);
    }
    confine_free(&c);
}

static void with_the_init_everybody_ends(void **state)
{
    struct child child;
    struct child_end how = {0};
    (void)state;
    struct confine *c = start("setsid sleep 100 & setsid sleep 100", &child);
    if (child.init == 0)
        fixture_skip("this host gives nobody a pid namespace, in which there is an init");
    assert_int_equal(kill(child.init, SIGKILL), 0);
    assert_int_equal(spawn_wait(&child, &how, NULL), 0);
    assert_int_equal(how.signal, SIGKILL);
    end(c, &child);
}

static void what_cannot_be_executed_says_so_and_leaves_nobody(void **state)
{
    char *const argv[] = {"x", NULL};
    struct child child = {.pid = -7};
    struct err e = {0};
    (void)state;
    struct confine *c = prepared(&FULL);
    struct spawn_spec spec = spec_of("/nowhere", argv, argv + 1, c);
    assert_int_equal(spawn_start(&spec, &child, &e), -ENOENT);
    assert_non_null(strstr(e.text, "'/nowhere': cannot execute it"));
    spec.cwd = "/nowhere/either";
    assert_int_equal(spawn_start(&spec, &child, &e), -ENOENT);
    assert_non_null(strstr(e.text, "cannot enter its folder"));
    assert_int_equal(child.pid, -7);
    confine_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_every_program_does_is_let_through),
        cmocka_unit_test(what_spoils_a_measurement_is_asked_about),
        cmocka_unit_test(clone3_and_what_is_newer_than_the_list_is_not_there),
        cmocka_unit_test(an_allowance_lets_its_calls_through_and_no_others),
        cmocka_unit_test(families_of_sockets_are_told_by_the_half_that_the_kernel_reads),
        cmocka_unit_test(arguments_decide_where_they_can),
        cmocka_unit_test(another_architecture_is_no_way_round),
        cmocka_unit_test(light_has_no_filter),
        cmocka_unit_test(the_filter_is_readable_and_calls_have_names),
        cmocka_unit_test(what_lies_below_a_private_folder_is_shown_by_its_first_part),
        cmocka_unit_test(of_closed_folders_in_each_other_the_outer_one_is_hidden),
        cmocka_unit_test(a_writable_path_is_there_and_is_not_the_root),
        cmocka_unit_test(what_the_kernel_is_looked_into_by_and_services_sockets_are_hidden),
        cmocka_unit_test(a_socket_that_is_seen_inside_is_masked_and_one_in_a_hidden_folder_need_not_be),
        cmocka_unit_test(a_closed_folder_in_one_that_is_shown_is_hidden_and_what_is_needed_in_it_comes_after),
        cmocka_unit_test(a_socket_in_a_folder_that_is_shown_is_masked),
        cmocka_unit_test(below_a_closed_folder_of_roots_the_entry_is_shown_and_the_folder_is_hidden),
        cmocka_unit_test(nobody_or_the_owner_of_what_is_closed_to_it),
        cmocka_unit_test(the_end_is_told_by_the_init),
        cmocka_unit_test(the_workload_is_seen_with_its_own_pid_until_it_is_waited_for),
        cmocka_unit_test(an_init_made_ahead_starts_nothing_until_it_is_told_to),
        cmocka_unit_test(with_the_init_everybody_ends),
        cmocka_unit_test(what_cannot_be_executed_says_so_and_leaves_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

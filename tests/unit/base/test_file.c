/* file: what is read is the whole file or an error, what is written is the new file or the old. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/beneath.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/temporary.h"
#include "base/text.h"
#include "tests/unit/fixture.h"

static void assert_content(const char *path, const char *want)
{
    char buf[256];
    assert_int_equal(file_read(fixture_root, path, buf, sizeof(buf)), strlen(want));
    assert_string_equal(buf, want);
}

/* No draft is left beside anything. */
static void assert_entries(const char *path, unsigned want)
{
    cleanup_dir DIR *d = opendir(fixture_in_root(path));
    unsigned n = 0;
    assert_non_null(d);
    for (const struct dirent *entry; (entry = readdir(d));)
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    assert_int_equal(n, want);
}

static void a_file_is_read_without_its_last_newline(void **state)
{
    (void)state;
    char buf[16];
    fixture_write(fixture_root, "/a", "60\n");
    assert_content("/a", "60");
    fixture_write(fixture_root, "/a", "60\n\n");
    assert_content("/a", "60\n");
    fixture_write(fixture_root, "/a", "");
    assert_content("/a", "");
    fixture_write(fixture_root, "/a", "60");
    assert_int_equal(file_read(NULL, fixture_in_root("/a"), buf, sizeof(buf)), 2);
}

static void a_file_that_does_not_fit_is_too_big(void **state)
{
    (void)state;
    char buf[5];
    fixture_write(fixture_root, "/a", "1234");
    assert_int_equal(file_read(fixture_root, "/a", buf, sizeof(buf)), 4);
    fixture_write(fixture_root, "/a", "12345");
    assert_int_equal(file_read(fixture_root, "/a", buf, sizeof(buf)), -EFBIG);
}

static void what_cannot_be_read_says_why(void **state)
{
    (void)state;
    char buf[16], longer[PATH_MAX + 10];
    struct text t = {0};
    memset(longer, '/', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    assert_int_equal(file_read(fixture_root, "/none", buf, sizeof(buf)), -ENOENT);
    assert_int_equal(file_read(fixture_root, "", buf, sizeof(buf)), -EISDIR);
    assert_int_equal(file_read(fixture_root, longer, buf, sizeof(buf)), -ENAMETOOLONG);
    assert_int_equal(file_read_all(fixture_root, "/none", &t), -ENOENT);
    assert_int_equal(file_read_at(AT_FDCWD, "/none/such", buf, sizeof(buf)), -ENOENT);
    assert_null(t.data);
}

static void a_large_file_is_read_whole_and_appended(void **state)
{
    (void)state;
    struct text t = {0}, content = {0};
    while (content.len < 100000)
        text_add(&content, "%zu\n", content.len);
    fixture_write(fixture_root, "/large", content.data);
    text_add(&t, "before");
    assert_int_equal(file_read_all(fixture_root, "/large", &t), 0);
    assert_int_equal(t.len, content.len + strlen("before"));
    assert_string_equal(t.data + strlen("before"), content.data);
    text_free(&t);
    text_free(&content);
}

static void a_folder_is_no_part_of_the_pattern_that_is_looked_for_in_it(void **state)
{
    static const char *const FOLDERS[] = {"/plain",  "/a[b]",        "/a*",    "/q?",
                                          "/c{d,e}", "/back\\slash", "/end\\", "/[!x]"};
    glob_t found;
    (void)state;
    fixture_write(fixture_root, "/ab/one.yml", "");
    fixture_write(fixture_root, "/a/one.yml", "");
    fixture_write(fixture_root, "/cd/one.yml", "");
    for (size_t i = 0; i < ARRAY_LEN(FOLDERS); i++) {
        cleanup_free char *one = text_printf("%s/one.yml", FOLDERS[i]), *deep = text_printf("%s/x/two.py", FOLDERS[i]);
        fixture_write(fixture_root, one, "");
        fixture_write(fixture_root, deep, "");
    }
    for (size_t i = 0; i < ARRAY_LEN(FOLDERS); i++) {
        cleanup_free char *folder = text_printf("%s%s", fixture_root, FOLDERS[i]);
        cleanup_free char *one = text_printf("%s/one.yml", folder), *deep = text_printf("%s/x/two.py", folder);
        assert_true(file_glob(folder, "*.yml", 0, &found));
        assert_int_equal(found.gl_pathc, 1);
        assert_string_equal(found.gl_pathv[0], one);
        globfree(&found);
        assert_true(file_glob(folder, "*/*.{py,pyc}", GLOB_BRACE, &found));
        assert_int_equal(found.gl_pathc, 1);
        assert_string_equal(found.gl_pathv[0], deep);
        globfree(&found);
        assert_true(file_glob(folder, "one.yml", 0, &found)); /* no pattern at all */
        assert_string_equal(found.gl_pathv[0], one);
        globfree(&found);
        assert_false(file_glob(folder, "*.txt", 0, &found));
    }
    assert_false(file_glob("/nowhere*", "*", 0, &found));
}

static void a_kernel_file_is_written_but_never_created(void **state)
{
    (void)state;
    cleanup_close int dir = open(fixture_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    fixture_write(fixture_root, "/cpu.weight", "100");
    assert_int_equal(file_write_at(dir, "cpu.weight", "250"), 0);
    assert_content("/cpu.weight", "250");
    assert_int_equal(file_write_at(dir, "cpu.wait", "250"), -ENOENT);
    assert_entries("/", 1);
}

static void a_replaced_file_is_new_and_whole(void **state)
{
    (void)state;
    assert_int_equal(file_replace(fixture_in_root("/a"), "one", 3, NULL), 0);
    assert_content("/a", "one");
    assert_int_equal(file_replace(fixture_in_root("/a"), "", 0, NULL), 0);
    assert_content("/a", "");
    assert_entries("/", 1);
}

static void a_file_is_replaced_by_its_name_alone(void **state)
{
    (void)state;
    char before[PATH_MAX];
    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(chdir(fixture_root), 0);
    int result = file_replace("b", "two", 3, NULL);
    assert_int_equal(chdir(before), 0);
    assert_int_equal(result, 0);
    assert_content("/b", "two");
}

static void the_draft_of_a_killed_process_is_no_obstacle(void **state)
{
    (void)state;
    char stale[64];
    (void)snprintf(stale, sizeof(stale), "/.tare-%d-0.tmp", (int)getpid());
    fixture_write(fixture_root, stale, "half of i"); /* pids repeat from boot to boot, in containers at once */
    assert_int_equal(file_replace(fixture_in_root("/a"), "first", 5, NULL), 0);
    assert_int_equal(file_replace(fixture_in_root("/a"), "whole", 5, NULL), 0);
    assert_content("/a", "whole");
    assert_content(stale, "half of i");
    assert_entries("/", 2);
}

static void a_missing_folder_is_named_and_nothing_is_made(void **state)
{
    (void)state;
    struct err e = {0};
    assert_int_equal(file_replace(fixture_in_root("/no/a"), "x", 1, &e), -ENOENT);
    assert_non_null(strstr(e.text, "/no/a': No such file or directory"));
    assert_int_equal(file_replace(fixture_in_root("/no/a"), "x", 1, NULL), -ENOENT);
    assert_entries("/", 0);
}

static void a_name_too_long_leaves_nothing_behind(void **state)
{
    (void)state;
    struct err e = {0};
    char longer[PATH_MAX + 1], name[NAME_MAX + 3];
    memset(longer, 'n', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    assert_int_equal(file_replace(longer, "x", 1, &e), -ENAMETOOLONG);
    assert_int_equal(e.kind, ERR_USAGE);
    memset(name, 'n', sizeof(name) - 1); /* one more than a name may have */
    name[0] = '/';
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(file_replace(fixture_in_root(name), "x", 1, &e), -ENAMETOOLONG);
    assert_entries("/", 0);
    name[sizeof(name) - 2] = '\0';
    assert_int_equal(file_replace(fixture_in_root(name), "x", 1, &e), 0);
    assert_entries("/", 1);
}

static void a_folder_is_not_replaced_by_a_file(void **state)
{
    (void)state;
    struct err e = {0};
    fixture_write(fixture_root, "/folder/inside", "kept");
    assert_true(file_replace(fixture_in_root("/folder"), "x", 1, &e) < 0);
    assert_content("/folder/inside", "kept");
    assert_entries("/", 1);
}

static void what_a_link_leads_to_is_replaced_and_the_link_is_not(void **state)
{
    (void)state;
    struct err e = {0};
    struct stat st;
    fixture_write(fixture_root, "/real/file", "old");
    assert_int_equal(symlink("real/file", fixture_in_root("/link")), 0);
    assert_int_equal(file_replace(fixture_in_root("/link"), "new", 3, &e), 0);
    assert_content("/real/file", "new");
    assert_int_equal(lstat(fixture_in_root("/link"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_entries("/", 2);
    assert_entries("/real", 1);
    assert_int_equal(unlink(fixture_in_root("/real/file")), 0);
    assert_int_equal(file_replace(fixture_in_root("/link"), "new", 3, &e), -ENOENT);
    assert_non_null(strstr(e.text, "the link '"));
}

/* Where it leads to is a file here, and /dev would have one in the place of the link. */
static void a_link_of_the_systems_own_is_refused(void **state)
{
    (void)state;
    struct err e = {0};
    int was = dup(STDOUT_FILENO), to = open(fixture_in_root("/out"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_true(was >= 0 && to >= 0 && dup2(to, STDOUT_FILENO) >= 0);
    int failed = file_replace("/dev/stdout", "x", 1, &e), around = file_replace("/dev/shm/../stdout", "x", 1, NULL);
    assert_true(dup2(was, STDOUT_FILENO) >= 0);
    (void)close(was);
    (void)close(to);
    assert_int_equal(failed, -EINVAL);
    assert_non_null(strstr(e.text, "'/dev/stdout' is not a regular file"));
    assert_int_equal(around, -EINVAL);
}

static void shared_memory_has_plain_files(void **state)
{
    (void)state;
    struct err e = {0};
    char path[64];
    text_format(path, sizeof(path), "/dev/shm/tare-test-%d", (int)getpid());
    int failed = file_replace(path, "x", 1, &e);
    (void)unlink(path);
    assert_int_equal(failed, 0);
}

/* A full disk, by a limit on the file's size: root is not above it. In a child, for the limit cannot be taken back. */
static void a_disk_that_is_full_leaves_the_old_file(void **state)
{
    (void)state;
    static char large[1 << 20];
    int status = 0;
    fixture_write(fixture_root, "/a", "old");
    memset(large, 'x', sizeof(large));
    pid_t child = fork();
    if (child == 0) {
        struct rlimit limit = {.rlim_cur = 65536, .rlim_max = 65536};
        (void)signal(SIGXFSZ, SIG_IGN);
        (void)setrlimit(RLIMIT_FSIZE, &limit);
        _exit(file_replace(fixture_in_root("/a"), large, sizeof(large), NULL) == -EFBIG ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_content("/a", "old");
    assert_entries("/", 1);
}

/* A stream that has failed once may flush well afterwards and leaves no error number. */
static void a_draft_that_failed_in_between_is_not_committed(void **state)
{
    (void)state;
    struct file_draft draft;
    struct err e = {0};
    fixture_write(fixture_root, "/a", "old");
    assert_int_equal(file_draft_open(fixture_in_root("/a"), &draft, &e), 0);
    (void)fputs("new", draft.stream);
    (void)fflush(draft.stream);
    (void)fgetc(draft.stream); /* reading a stream opened for writing sets its error */
    assert_true(ferror(draft.stream));
    errno = 0;
    assert_true(file_draft_commit(&draft, &e) < 0);
    assert_true(e.code < 0);
    assert_content("/a", "old");
    assert_entries("/", 1);
}

static void an_abandoned_draft_leaves_the_old_file(void **state)
{
    (void)state;
    struct file_draft draft;
    fixture_write(fixture_root, "/a", "old");
    assert_int_equal(file_draft_open(fixture_in_root("/a"), &draft, NULL), 0);
    (void)fputs("new", draft.stream);
    file_draft_abandon(&draft);
    assert_content("/a", "old");
    assert_entries("/", 1);
}

/* As a user whom the folder's mode stops; root becomes nobody in a child. */
static void as_nobody(mode_t mode, int want)
{
    int status = 0;
    fixture_write(fixture_root, "/closed/a", "old");
    assert_int_equal(chmod(fixture_root, 0755), 0);
    if (geteuid() == 0)
        assert_int_equal(chown(fixture_in_root("/closed"), 65534, 65534), 0);
    assert_int_equal(chmod(fixture_in_root("/closed"), mode), 0);
    pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(2);
        _exit(file_replace(fixture_in_root("/closed/a"), "new", 3, NULL) == want ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(chmod(fixture_in_root("/closed"), 0700), 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_content("/closed/a", "old");
    assert_entries("/closed", 1);
}

static void a_folder_that_cannot_be_written_keeps_the_old_file(void **state)
{
    (void)state;
    as_nobody(0500, -EACCES);
}

static void a_folder_that_cannot_be_synced_keeps_the_old_file(void **state)
{
    (void)state;
    as_nobody(0300, -EACCES);
}

static void folders_are_made_on_the_whole_way(void **state)
{
    (void)state;
    struct stat st;
    assert_int_equal(file_make_dirs(fixture_in_root("/x//y/z/")), 0);
    assert_int_equal(stat(fixture_in_root("/x/y/z"), &st), 0);
    assert_true(S_ISDIR(st.st_mode));
    assert_int_equal(file_make_dirs(fixture_in_root("/x/y")), 0);
    assert_int_equal(file_make_dirs("/"), 0);
}

static void a_tree_is_removed_and_what_it_links_to_is_not(void **state)
{
    (void)state;
    assert_int_equal(file_make_dirs(fixture_in_root("/kept")), 0);
    assert_int_equal(file_make_dirs(fixture_in_root("/tree/below/deeper")), 0);
    assert_int_equal(symlink("../../kept", fixture_in_root("/tree/below/link")), 0);
    assert_int_equal(file_remove_tree(AT_FDCWD, fixture_in_root("/tree")), 0);
    assert_int_equal(access(fixture_in_root("/tree"), F_OK), -1);
    assert_int_equal(access(fixture_in_root("/kept"), F_OK), 0);
    assert_int_equal(file_remove_tree(AT_FDCWD, fixture_in_root("/tree")), 0); /* there is none */
}

static void an_empty_folder_is_removed_where_no_descriptor_is_left(void **state)
{
    (void)state;
    struct rlimit before, none;
    assert_int_equal(file_make_dirs(fixture_in_root("/empty")), 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    const int failed = file_remove_tree(AT_FDCWD, fixture_in_root("/empty"));
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(failed, 0);
}

static void a_file_on_the_way_is_no_folder(void **state)
{
    (void)state;
    char longer[PATH_MAX + 1];
    memset(longer, '/', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    fixture_write(fixture_root, "/f", "");
    assert_int_equal(file_make_dirs(fixture_in_root("/f")), -ENOTDIR);
    assert_int_equal(file_make_dirs(fixture_in_root("/f/g")), -ENOTDIR);
    assert_int_equal(file_make_dirs(""), -ENOENT);
    assert_int_equal(file_make_dirs(longer), -ENAMETOOLONG);
}

/* --- whoever else writes into the folder --- */

/* Root as root, in a folder of nobody's; a user cannot make another's link. */
static void needs_root(void)
{
    if (geteuid() != 0)
        fixture_skip("only root can place another user's link");
}

static void place_link_of_nobody(const char *to, const char *at)
{
    assert_int_equal(symlink(to, fixture_in_root(at)), 0);
    assert_int_equal(lchown(fixture_in_root(at), 65534, 65534), 0);
}

static void root_writes_through_no_other_users_link(void **state)
{
    (void)state;
    static const char *const NAMED[] = {"/theirs", "/way/kept"};
    needs_root();
    fixture_write(fixture_root, "/private/kept", "old");
    place_link_of_nobody("private/kept", "/theirs");
    place_link_of_nobody("private", "/way");
    for (size_t i = 0; i < ARRAY_LEN(NAMED); i++) {
        struct err e = {0};
        assert_int_equal(file_replace(fixture_in_root(NAMED[i]), "new", 3, &e), -EPERM);
        assert_int_equal(e.kind, ERR_USAGE);
        assert_non_null(strstr(e.text, "link of user 65534"));
        assert_non_null(strstr(e.text, "name the target itself"));
    }
    assert_content("/private/kept", "old");
    assert_int_equal(file_make_dirs(fixture_in_root("/way/deeper")), -EPERM);
    assert_entries("/private", 1);
}

/* The folder is held: it is moved away, and its name leads to another. */
static void a_folder_that_is_swapped_for_a_link_leads_nothing_astray(void **state)
{
    (void)state;
    struct file_draft draft;
    cleanup_close int held = -1;
    fixture_write(fixture_root, "/private/r.json", "old");
    assert_int_equal(beneath_open_folder(fixture_in_root("/out"), true, &held, NULL), 0);
    assert_int_equal(file_draft_open(fixture_in_root("/out/draft"), &draft, NULL), 0);
    char moved[PATH_MAX];
    text_format(moved, sizeof(moved), "%s/moved", fixture_root);
    assert_int_equal(rename(fixture_in_root("/out"), moved), 0);
    assert_int_equal(symlink("private", fixture_in_root("/out")), 0);
    assert_int_equal(file_replace_at(held, "r.json", "out/r.json", "new", 3, NULL), 0);
    (void)fputs("new", draft.stream);
    assert_int_equal(file_draft_commit(&draft, NULL), 0);
    assert_content("/private/r.json", "old");
    assert_content("/moved/r.json", "new");
    assert_content("/moved/draft", "new");
    assert_entries("/moved", 2);
    assert_entries("/private", 1);
}

static void a_link_put_in_a_held_place_is_replaced_and_not_followed(void **state)
{
    (void)state;
    cleanup_close int held = -1;
    struct stat st;
    fixture_write(fixture_root, "/private/kept", "old");
    assert_int_equal(beneath_open_folder(fixture_in_root("/out"), true, &held, NULL), 0);
    assert_int_equal(symlink("../private/kept", fixture_in_root("/out/r.json")), 0);
    assert_int_equal(file_replace_at(held, "r.json", "r.json", "new", 3, NULL), 0);
    assert_content("/private/kept", "old");
    assert_int_equal(lstat(fixture_in_root("/out/r.json"), &st), 0);
    assert_true(S_ISREG(st.st_mode));
}

/* What openat2 promises, and what is promised in its place where a filter says that there is none. */
static int leaves_by(const char *path)
{
    cleanup_close int held = open(fixture_in_root("/out"), O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd = beneath_open(held, path, O_RDONLY, 0);
    if (fd >= 0)
        (void)close(fd);
    return fd < 0 ? fd : 0;
}

static void assert_nothing_leaves(void)
{
    assert_int_equal(leaves_by("in/kept"), 0);
    assert_int_equal(leaves_by("link"), -ELOOP);
    assert_int_equal(leaves_by("way/kept"), -ELOOP);
    assert_int_equal(leaves_by("absolute"), -ELOOP);
    assert_int_equal(leaves_by("../private/kept"), -EXDEV);
    assert_int_equal(leaves_by("in/../../private/kept"), -EXDEV);
    assert_int_equal(leaves_by("/etc/passwd"), -EXDEV);
    assert_int_equal(leaves_by("none"), -ENOENT);
    assert_true(leaves_by("in/kept/more") == -ENOTDIR);
}

static void make_ways_out(void)
{
    fixture_write(fixture_root, "/private/kept", "secret");
    fixture_write(fixture_root, "/out/in/kept", "own");
    assert_int_equal(symlink("../private/kept", fixture_in_root("/out/link")), 0);
    assert_int_equal(symlink("../private", fixture_in_root("/out/way")), 0);
    assert_int_equal(symlink("/etc/passwd", fixture_in_root("/out/absolute")), 0);
}

static void a_name_below_a_folder_stays_below_it(void **state)
{
    (void)state;
    make_ways_out();
    assert_nothing_leaves();
}

static bool refuse_openat2(int answer)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)answer),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {ARRAY_LEN(code), code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* In a child: a filter cannot be taken off. */
static void without_openat2_it_stays_below_too(void **state)
{
    (void)state;
    static const int ANSWERS[] = {ENOSYS, EPERM};
    make_ways_out();
    for (size_t i = 0; i < ARRAY_LEN(ANSWERS); i++) {
        int status = 0;
        pid_t child = fork();
        if (child == 0) {
            if (!refuse_openat2(ANSWERS[i]))
                _exit(2);
            char buf[16];
            bool kept = leaves_by("in/kept") == 0 && leaves_by("link") == -ELOOP && leaves_by("way/kept") == -ELOOP &&
                        leaves_by("../private/kept") == -EXDEV && leaves_by("in/../../private/kept") == -EXDEV &&
                        leaves_by("/etc/passwd") == -EXDEV &&
                        file_read(fixture_in_root("/out"), "/in/kept", buf, sizeof(buf)) == 3 &&
                        file_read(fixture_in_root("/out"), "/way/kept", buf, sizeof(buf)) == -ELOOP;
            _exit(kept ? 0 : 1);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
}

static void a_captured_machine_is_never_left(void **state)
{
    (void)state;
    char tree[PATH_MAX], buf[16];
    fixture_write(fixture_root, "/private/kept", "secret");
    fixture_write(fixture_root, "/machine/proc/kept", "own");
    text_format(tree, sizeof(tree), "%s/machine", fixture_root);
    assert_int_equal(symlink("/proc/kept", fixture_in_root("/machine/absolute")), 0);
    assert_int_equal(symlink("../private", fixture_in_root("/machine/out")), 0);
    assert_int_equal(file_read(tree, "/absolute", buf, sizeof(buf)), 3);
    assert_string_equal(buf, "own");
    assert_int_equal(file_read(tree, "/out/kept", buf, sizeof(buf)), -ENOENT);
    assert_int_equal(file_read(tree, "/../private/kept", buf, sizeof(buf)), -ENOENT);
}

/* --- what a killed writer leaves --- */

/* A pid that nobody has. */
static pid_t dead_pid(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    return child;
}

static void what_a_dead_writer_left_is_swept_and_nothing_else(void **state)
{
    (void)state;
    char left[64], folder[64], alive[64];
    cleanup_close int held = open(fixture_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    pid_t dead = dead_pid();
    text_format(left, sizeof(left), "/.tare-%d-0.tmp", (int)dead);
    text_format(folder, sizeof(folder), "/.tare-%d-1.tmp/in/it", (int)dead);
    text_format(alive, sizeof(alive), "/.tare-%d-0.tmp", (int)getpid());
    fixture_write(fixture_root, left, "half");
    fixture_write(fixture_root, folder, "half");
    fixture_write(fixture_root, alive, "half");
    fixture_write(fixture_root, "/.tare-12", "a user's");
    fixture_write(fixture_root, "/.tare-x-0.tmp", "a user's");
    assert_int_equal(file_sweep(held, left + 1), 0);
    folder[strcspn(folder + 1, "/") + 1] = '\0';
    assert_int_equal(file_sweep(held, folder + 1), 0);
    assert_int_equal(file_sweep(held, left + 1), -ENOENT);
    assert_int_equal(file_sweep(held, alive + 1), -EBUSY);
    assert_int_equal(file_sweep(held, ".tare-12"), -ENOENT);
    assert_int_equal(file_sweep(held, ".tare-x-0.tmp"), -ENOENT);
    assert_entries("/", 3);
}

static void a_draft_of_an_earlier_tare_is_swept_and_another_programs_is_not(void **state)
{
    (void)state;
    char ours[64], others[64], alive[64];
    static const char JSON[] = "{\n\"schema\": \"tare.record/1\",";
    cleanup_close int held = open(fixture_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    pid_t dead = dead_pid();
    text_format(ours, sizeof(ours), "/r.json.tmp.%d", (int)dead);
    text_format(others, sizeof(others), "/list.tmp.%d", (int)dead);
    text_format(alive, sizeof(alive), "/r.json.tmp.%d", (int)getpid());
    fixture_write(fixture_root, ours, JSON);
    fixture_write(fixture_root, alive, JSON);
    fixture_write(fixture_root, others, "somebody's");
    assert_int_equal(file_sweep(held, others + 1), -ENOENT);
    assert_int_equal(file_sweep(held, alive + 1), -EBUSY);
    assert_int_equal(file_sweep(held, ours + 1), 0);
    assert_int_equal(file_sweep(held, "r.json.tmp."), -ENOENT);
    assert_int_equal(file_sweep(held, ".tmp.x1"), -ENOENT);
    assert_entries("/", 2);
}

static void a_temporary_folder_that_was_taken_away_is_not_looked_for_elsewhere(void **state)
{
    (void)state;
    char taken[PATH_MAX];
    struct temporary folder;
    struct err e = {0};
    assert_int_equal(temporary_make(fixture_root, "tare.", &folder, &e), 0);
    assert_int_equal(flock(folder.fd, LOCK_EX | LOCK_NB), 0);
    text_format(taken, sizeof(taken), "%s/taken", fixture_root);
    assert_int_equal(rename(folder.path, taken), 0);
    assert_int_equal(mkdir(folder.path, 0755), 0);
    fixture_write(folder.path, "/kept", "somebody's");
    fixture_write(fixture_root, "/taken/kept", "ours");
    text_format(taken, sizeof(taken), "/%s/kept", folder.name);
    temporary_remove(&folder);
    assert_int_equal(folder.fd, -1);
    assert_content(taken, "somebody's");
    assert_content("/taken/kept", "ours");
    assert_int_equal(temporary_make("/nowhere", "tare.", &folder, &e), -ENOENT);
    assert_int_equal(e.kind, ERR_HOST);
    temporary_remove(&folder);
}

/* In a container of another pid namespace the writer's pid means nothing here: its lock tells. */
static void what_is_locked_is_being_written(void **state)
{
    (void)state;
    char left[64];
    cleanup_close int held = open(fixture_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    text_format(left, sizeof(left), "/.tare-%d-0.tmp", (int)dead_pid());
    fixture_write(fixture_root, left, "half");
    cleanup_close int writer = open(fixture_in_root(left), O_RDONLY | O_CLOEXEC);
    assert_int_equal(flock(writer, LOCK_EX), 0);
    assert_int_equal(file_sweep(held, left + 1), -EBUSY);
    assert_content(left, "half");
}

/* Where the file system has O_TMPFILE there is nothing to sweep; elsewhere it is of the form that is swept. */
static void a_killed_writer_leaves_nothing_that_is_not_swept(void **state)
{
    (void)state;
    int status = 0;
    cleanup_close int held = open(fixture_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    fixture_write(fixture_root, "/a", "old");
    pid_t child = fork();
    if (child == 0) {
        struct file_draft draft;
        if (file_draft_open(fixture_in_root("/a"), &draft, NULL) == 0 && fputs("ne", draft.stream) >= 0)
            (void)raise(SIGKILL);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    cleanup_dir DIR *d = opendir(fixture_root);
    for (const struct dirent *entry; (entry = readdir(d));)
        (void)file_sweep(held, entry->d_name);
    assert_content("/a", "old");
    assert_entries("/", 1);
}

/* --- fixture: what the other tests stand on --- */

static void a_fixture_is_gone_after_it_is_closed(void **state)
{
    (void)state;
    char path[PATH_MAX], was[PATH_MAX], buf[16];
    struct stat st;
    assert_int_equal(fixture_open("machines/one-cpu", path, sizeof(path)), 0);
    assert_int_equal(file_read(path, "/sys/devices/system/cpu/online", buf, sizeof(buf)), 1);
    memcpy(was, path, sizeof(was));
    fixture_close(path);
    assert_string_equal(path, "");
    assert_int_equal(stat(was, &st), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_rooted(a_file_is_read_without_its_last_newline),
        fixture_rooted(a_file_that_does_not_fit_is_too_big),
        fixture_rooted(what_cannot_be_read_says_why),
        fixture_rooted(a_large_file_is_read_whole_and_appended),
        fixture_rooted(a_folder_is_no_part_of_the_pattern_that_is_looked_for_in_it),
        fixture_rooted(a_kernel_file_is_written_but_never_created),
        fixture_rooted(a_replaced_file_is_new_and_whole),
        fixture_rooted(a_file_is_replaced_by_its_name_alone),
        fixture_rooted(what_a_link_leads_to_is_replaced_and_the_link_is_not),
        fixture_rooted(a_link_of_the_systems_own_is_refused),
        cmocka_unit_test(shared_memory_has_plain_files),
        fixture_rooted(the_draft_of_a_killed_process_is_no_obstacle),
        fixture_rooted(a_missing_folder_is_named_and_nothing_is_made),
        fixture_rooted(a_name_too_long_leaves_nothing_behind),
        fixture_rooted(a_folder_is_not_replaced_by_a_file),
        fixture_rooted(a_disk_that_is_full_leaves_the_old_file),
        fixture_rooted(a_draft_that_failed_in_between_is_not_committed),
        fixture_rooted(an_abandoned_draft_leaves_the_old_file),
        fixture_rooted(a_folder_that_cannot_be_written_keeps_the_old_file),
        fixture_rooted(a_folder_that_cannot_be_synced_keeps_the_old_file),
        fixture_rooted(folders_are_made_on_the_whole_way),
        fixture_rooted(a_tree_is_removed_and_what_it_links_to_is_not),
        fixture_rooted(an_empty_folder_is_removed_where_no_descriptor_is_left),
        fixture_rooted(a_file_on_the_way_is_no_folder),
        fixture_rooted(root_writes_through_no_other_users_link),
        fixture_rooted(a_folder_that_is_swapped_for_a_link_leads_nothing_astray),
        fixture_rooted(a_link_put_in_a_held_place_is_replaced_and_not_followed),
        fixture_rooted(a_name_below_a_folder_stays_below_it),
        fixture_rooted(without_openat2_it_stays_below_too),
        fixture_rooted(a_captured_machine_is_never_left),
        fixture_rooted(what_a_dead_writer_left_is_swept_and_nothing_else),
        fixture_rooted(a_draft_of_an_earlier_tare_is_swept_and_another_programs_is_not),
        fixture_rooted(a_temporary_folder_that_was_taken_away_is_not_looked_for_elsewhere),
        fixture_rooted(what_is_locked_is_being_written),
        fixture_rooted(a_killed_writer_leaves_nothing_that_is_not_swept),
        cmocka_unit_test(a_fixture_is_gone_after_it_is_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

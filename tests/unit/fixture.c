#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/cpulist.h"
#include "base/file.h"
#include "base/text.h"

#define OPEN_MAX_ 16

/* What is open, so that a failed assertion, which jumps over fixture_close(), leaves nothing in /tmp. */
static char open_roots[OPEN_MAX_][PATH_MAX];
static pid_t owner;

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    (void)remove(path);
    return 0;
}

/* Before what is below it can be removed, a directory that a test made read-only has to be writable. */
static int open_up(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)ftw;
    if (type == FTW_D || type == FTW_DNR)
        (void)chmod(path, 0700);
    return 0;
}

static void remove_tree(const char *root)
{
    (void)nftw(root, open_up, 16, FTW_PHYS);
    (void)nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void remove_all(void)
{
    if (getpid() != owner) /* a child that a test forked */
        return;
    for (size_t i = 0; i < OPEN_MAX_; i++)
        if (open_roots[i][0])
            remove_tree(open_roots[i]);
}

static void remember(const char *root)
{
    size_t i = 0;
    if (!owner) {
        owner = getpid();
        (void)atexit(remove_all);
    }
    while (i < OPEN_MAX_ && open_roots[i][0])
        i++;
    if (i < OPEN_MAX_)
        text_format(open_roots[i], sizeof(open_roots[i]), "%s", root);
}

static void forget(const char *root)
{
    for (size_t i = 0; i < OPEN_MAX_; i++)
        if (strcmp(open_roots[i], root) == 0)
            open_roots[i][0] = '\0';
}

const char *fixture_tests_dir(void)
{
    const char *dir = getenv("TARE_TESTS_DIR");
    return dir && *dir ? dir : TESTS_DIR;
}

/* The whole path, with the folders on its way. */
static int make_way(const char *root, const char *path, char *whole, size_t cap)
{
    char folder[PATH_MAX];
    text_format(whole, cap, "%s%s", root, path);
    text_format(folder, sizeof(folder), "%s", whole);
    *strrchr(folder, '/') = '\0';
    return file_make_dirs(folder);
}

static int put_file(const char *root, const char *path, const char *content)
{
    char whole[PATH_MAX];
    int failed = make_way(root, path, whole, sizeof(whole));
    cleanup_file FILE *f = failed == 0 ? fopen(whole, "we") : NULL;
    if (!f)
        return failed != 0 ? failed : -errno;
    return fputs(content, f) < 0 || fflush(f) != 0 ? -errno : 0;
}

static int put_link(const char *root, const char *path, const char *target)
{
    char whole[PATH_MAX];
    int failed = make_way(root, path, whole, sizeof(whole));
    if (failed != 0)
        return failed;
    return symlink(target, whole) == 0 ? 0 : -errno;
}

static int put_directory(const char *root, const char *path)
{
    char whole[PATH_MAX];
    return make_way(root, path, whole, sizeof(whole));
}

/* For each number of the list in braces, or once where there is none. */
static int put_files(const char *root, const char *path, const char *content)
{
    const char *open = strchr(path, '{'), *close = open ? strchr(open, '}') : NULL;
    struct cpulist numbers;
    char list[256];
    if (!close)
        return open ? -EINVAL : put_file(root, path, content);
    text_format(list, sizeof(list), "%.*s", (int)(close - open - 1), open + 1);
    int failed = cpulist_parse(list, &numbers);
    for (int n = cpulist_next(&numbers, 0); failed == 0 && n >= 0; n = cpulist_next(&numbers, n + 1)) {
        char one[PATH_MAX];
        text_format(one, sizeof(one), "%.*s%d%s", (int)(open - path), path, n, close + 1);
        failed = put_file(root, one, content);
    }
    return failed;
}

/* Cuts the next line off *rest, NULL at the end. */
static char *next_line(char **rest)
{
    char *line = *rest;
    if (!line || !*line)
        return NULL;
    *rest = strchr(line, '\n');
    if (*rest)
        *(*rest)++ = '\0';
    return line;
}

/* The content that stands behind the colon and in the lines below it. */
static struct text take_content(const char *first, char **rest, int *number)
{
    struct text content = {0};
    first += strspn(first, " ");
    bool more = **rest == '|';
    if (*first || !more)
        text_add(&content, "%s\n", first);
    while (*rest && **rest == '|') {
        const char *line = next_line(rest);
        text_add(&content, "%s\n", line + (line[1] == ' ' ? 2 : 1));
        ++*number;
    }
    return content;
}

static int put_entry(const char *root, char *line, char **rest, int *number)
{
    char *colon = strchr(line, ':'), *arrow = strstr(line, " -> ");
    if (line[0] != '/')
        return -EINVAL;
    if (arrow && (!colon || arrow < colon)) {
        *arrow = '\0';
        return put_link(root, line, arrow + strlen(" -> "));
    }
    if (!colon)
        return line[strlen(line) - 1] == '/' ? put_directory(root, line) : -EINVAL;
    *colon = '\0';
    struct text content = take_content(colon + 1, rest, number);
    int failed = put_files(root, line, content.data);
    text_free(&content);
    return failed;
}

static int unpack(const char *name, const char *root)
{
    char path[PATH_MAX];
    struct text tree = {0};
    text_format(path, sizeof(path), "/fixtures/%s.tree", name);
    int number = 0;
    int failed = file_read_all(fixture_tests_dir(), path, &tree);
    char *rest = tree.data ? tree.data : path + strlen(path);
    for (char *line = next_line(&rest); line && failed == 0; line = next_line(&rest)) {
        int at = ++number;
        if (line[0] == '\0' || line[0] == '#')
            continue;
        if (!rest)
            rest = line + strlen(line);
        failed = put_entry(root, line, &rest, &number);
        if (failed != 0)
            fprintf(stderr, "%s%s:%d: ", fixture_tests_dir(), path, at);
    }
    if (failed != 0)
        fprintf(stderr, "fixture '%s': %s\n", name, strerror(-failed));
    text_free(&tree);
    return failed;
}

int fixture_open(const char *name, char *root, size_t cap)
{
    const char *tmp = getenv("TMPDIR");
    text_format(root, cap, "%s/tare-fixture-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(root))
        return -errno;
    remember(root);
    int failed = name ? unpack(name, root) : 0;
    if (failed != 0)
        fixture_close(root);
    return failed;
}

void fixture_write(const char *root, const char *path, const char *content)
{
    if (put_file(root, path, content) != 0)
        abort();
}

void fixture_remove(const char *root, const char *path)
{
    char whole[PATH_MAX];
    text_format(whole, sizeof(whole), "%s%s", root, path);
    if (unlink(whole) != 0)
        abort();
}

void fixture_close(char *root)
{
    if (!root[0])
        return;
    remove_tree(root);
    forget(root);
    root[0] = '\0';
}

char fixture_root[PATH_MAX];

int fixture_open_root(void **state)
{
    (void)state;
    return fixture_open(NULL, fixture_root, sizeof(fixture_root));
}

int fixture_close_root(void **state)
{
    (void)state;
    fixture_close(fixture_root);
    return 0;
}

const char *fixture_in_root(const char *path)
{
    static char whole[4][PATH_MAX + 256];
    static size_t at;
    at = (at + 1) % 4;
    text_format(whole[at], sizeof(whole[at]), "%s%s", fixture_root, path);
    return whole[at];
}

int fixture_device(const char *path)
{
    int device = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (device < 0 || grantpt(device) != 0 || unlockpt(device) != 0 || symlink(ptsname(device), path) != 0)
        abort();
    return device;
}

/* A terminal that was opened and closed again hangs up its other end (pty(7)). */
bool fixture_device_was_opened(int device)
{
    struct pollfd p = {.fd = device};
    return poll(&p, 1, 0) > 0 && (p.revents & POLLHUP);
}

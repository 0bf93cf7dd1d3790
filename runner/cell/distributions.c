#include "cell/distributions.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/file.h"
#include "base/text.h"
#include "launch/confine.h"
#include "launch/spawn.h"

/* The interpreter runs it with -I -S: it computes site's folders without running site's main(), so that no .pth file is
 * executed. It opens a folder once and all below it by descriptor, without following links. Names: PEP 427,
 * "NAME-VERSION.dist-info". */
static const char PROGRAM[] =
    "import hashlib, os, re, site, stat, sys\n"
    "MOST, ENTRIES, RECORD, ALL = 1000, 50000, 16 << 20, 256 << 20\n"
    "home = os.path.dirname(os.path.dirname(sys.executable))\n"
    "prefixes = [sys.prefix]\n"
    "for place in (home, os.path.dirname(sys.executable)):\n"
    "    if os.path.isfile(place + '/pyvenv.cfg'):\n"
    "        with open(place + '/pyvenv.cfg', errors='replace') as f: said = f.read(65536)\n"
    "        system = re.search(r'(?mi)^\\s*include-system-site-packages\\s*=\\s*true\\s*$', said)\n"
    "        prefixes = [home] + ([sys.base_prefix] if system else [])\n"
    "        break\n"
    "real = [os.path.realpath(p) for p in prefixes]\n"
    "left, told, omitted, refused = ALL, 0, 0, 0\n"
    "NAME = re.compile(r'([A-Za-z0-9](?:[A-Za-z0-9._-]{0,125}[A-Za-z0-9])?)-([A-Za-z0-9.!+_]{1,63})\\.dist-info')\n"
    "def look(folder, name):\n"
    "    global left, told, omitted, refused\n"
    "    m = NAME.fullmatch(name)\n"
    "    if not m: refused += 1; return\n"
    "    if told == MOST or left <= 0: omitted += 1; return\n"
    "    d = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)\n"
    "    try:\n"
    "        digest = '-'\n"
    "        try: f = os.open('RECORD', os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=d)\n"
    "        except FileNotFoundError: f = -1\n"
    "        if f >= 0:\n"
    "            with open(f, 'rb') as file:\n"
    "                st = os.fstat(f)\n"
    "                if not stat.S_ISREG(st.st_mode) or st.st_size > RECORD: raise OSError\n"
    "                left -= st.st_size\n"
    "                digest = hashlib.sha256(file.read(RECORD)).hexdigest()\n"
    "        print('dist', re.sub('[-_.]+', '-', m[1]).lower(), m[2], digest)\n"
    "        told += 1\n"
    "    finally: os.close(d)\n"
    "for base in site.getsitepackages(prefixes):\n"
    "    if not any(os.path.realpath(base).startswith(r.rstrip('/') + '/') for r in real): continue\n"
    "    try: folder = os.open(base, os.O_RDONLY | os.O_DIRECTORY)\n"
    "    except OSError: continue\n"
    "    with os.scandir(folder) as entries:\n"
    "        names = [e.name for _, e in zip(range(ENTRIES), entries)]\n"
    "        if next(entries, None): omitted += 1\n"
    "    refused += sum(n.endswith(('.egg-info', '.egg-link', '.egg')) for n in names)\n"
    "    for name in sorted(n for n in names if n.endswith('.dist-info')):\n"
    "        try: look(folder, name)\n"
    "        except OSError: refused += 1\n"
    "print('omitted', omitted)\n"
    "print('refused', refused)\n"
    "print('end .')\n";

#define READ_MS 60000

static bool consists_of(const char *text, const char *set)
{
    return *text && text[strspn(text, set)] == '\0';
}

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGIT "0123456789"

/* Reads a line "dist NAME VERSION SHA256"; false: malformed. */
static bool take_line(const char *line, size_t len, struct distribution *ret)
{
    char whole[300], sha256[66], more;
    if (len >= sizeof(whole))
        return false;
    text_format(whole, sizeof(whole), "%.*s", (int)len, line);
    if (sscanf(whole, "dist %127s %63s %65s%c", ret->name, ret->version, sha256, &more) != 3)
        return false;
    bool none = strcmp(sha256, "-") == 0;
    if (!none && (strlen(sha256) != 64 || !consists_of(sha256, DIGIT "abcdef")))
        return false;
    text_format(ret->record_sha256, sizeof(ret->record_sha256), "%s", none ? "" : sha256);
    return consists_of(ret->name, LOWER DIGIT "-") && consists_of(ret->version, LOWER UPPER DIGIT ".!+_");
}

static bool is_there(const struct distributions *d, const char *name)
{
    for (size_t i = 0; i < d->count; i++)
        if (strcmp(d->list[i].name, name) == 0)
            return true;
    return false;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct distribution *)a)->name, ((const struct distribution *)b)->name);
}

/* The number after a line's word, at most INT_MAX. */
static size_t count_of(const char *line)
{
    unsigned long n = strtoul(strchr(line, ' ') + 1, NULL, 10);
    return n <= INT_MAX ? n : INT_MAX;
}

bool distributions_take(const char *answer, struct distributions *ret)
{
    size_t len;
    bool ended = false;
    for (const char *line = answer; *line && !ended; line += len + (line[len] == '\n')) {
        struct distribution one;
        len = strcspn(line, "\n");
        if (strncmp(line, "omitted ", 8) == 0)
            ret->omitted += count_of(line);
        else if (strncmp(line, "refused ", 8) == 0)
            ret->refused += count_of(line);
        else if (len == 5 && strncmp(line, "end .", 5) == 0)
            ended = true;
        else if (!take_line(line, len, &one))
            ret->refused++;
        else if (ret->count == DISTRIBUTIONS_MAX)
            ret->omitted++;
        else if (!is_there(ret, one.name)) {
            ret->list = xgrow(ret->list, ret->count, sizeof(*ret->list));
            ret->list[ret->count++] = one;
        }
    }
    if (ret->count > 0)
        qsort(ret->list, ret->count, sizeof(*ret->list), by_name);
    return ended;
}

static bool matches(const char *home, const char *pattern)
{
    cleanup_glob glob_t found = {0};
    return file_glob(home, pattern, GLOB_NOSORT | GLOB_BRACE, &found);
}

static bool has_file(const char *home, const char *file)
{
    char whole[PATH_MAX + 64];
    text_format(whole, sizeof(whole), "%s%s", home, file);
    return access(whole, F_OK) == 0;
}

/* Gives "/usr" for "/usr/bin/python3". */
static void home_of(const char *path, char ret[PATH_MAX])
{
    text_format(ret, PATH_MAX, "%s", path);
    for (int i = 0; i < 2; i++)
        *(strrchr(ret, '/') ? strrchr(ret, '/') : ret) = '\0';
}

/* Whether the interpreter is an installation whose folders have no packages, so that it need not be started. */
static bool has_none(const char *interpreter)
{
    char real[PATH_MAX], home[PATH_MAX], own[PATH_MAX];
    if (strlen(interpreter) >= PATH_MAX || !realpath(interpreter, real))
        return false;
    home_of(interpreter, own);
    home_of(real, home);
    return strcmp(home, "/usr") != 0 && !has_file(own, "/pyvenv.cfg") && !has_file(own, "/bin/pyvenv.cfg") &&
           matches(home, "lib/python3*/os.py") &&
           !matches(home, "lib*/python3*/{site,dist}-packages/*.{dist-info,egg-info,egg-link,egg}");
}

static int ask(const char *interpreter, struct text *answer)
{
    char home[PATH_MAX];
    char *const argv[] = {(char *)interpreter, "-I", "-S", "-c", (char *)PROGRAM, NULL};
    char *const envp[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/", "LC_ALL=C.UTF-8", NULL};
    const char *needed[] = {interpreter, home};
    home_of(interpreter, home);
    const struct confine_request request = {.read_only_root = true,
                                            .filter = true,
                                            .needed = needed,
                                            .needed_count = has_file(home, "/pyvenv.cfg") ? 2 : 1};
    cleanup_confine struct confine *confine = NULL;
    struct err ignored = {0}; /* any failure makes them unknown */
    TRY(confine_prepare(&request, &confine, &ignored));
    const struct spawn_spec spec = {
        .path = interpreter, .argv = argv, .envp = envp, .cgroup_fd = -1, .cwd = "/", .confine = confine};
    return spawn_capture_confined(&spec, READ_MS, -1, answer, &ignored);
}

void distributions_read(const char *interpreter, struct distributions *ret)
{
    cleanup_text struct text answer = {0};
    *ret = (struct distributions){0};
    if (has_none(interpreter))
        return;
    const int failed = ask(interpreter, &answer);
    if (failed == 0 && answer.data && distributions_take(answer.data, ret))
        return;
    distributions_free(ret);
    text_format(ret->why_not, sizeof(ret->why_not), "the interpreter did not list them in confinement%s",
                failed == -ETIMEDOUT ? " in time" : "");
}

void distributions_free(struct distributions *d)
{
    free(d->list);
    *d = (struct distributions){0};
}

#include "launch/frames.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/beneath.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/source.h"
#include "base/text.h"
#include "launch/nspid.h"
#include "launch/symbols.h"

/* What the weighed program can make grow. */
#define OBJECTS_BYTES ((off_t)1 << 30) /* of all files whose symbols are read, which are held */
#define MAPPINGS_MAX  ((size_t)1 << 14)
#define FOUND_BITS    16 /* so many addresses' mappings are remembered, as a power of two */
#define MAP_BYTES     ((size_t)64 << 20)
#define PLACES_MAX    ((size_t)1 << 20) /* functions of the interpreter's map */
#define NAME_BYTES    256               /* of a function, and */
#define FILE_BYTES    1024              /* of its file: the record of --why holds a thousand of each */
#define STRANGERS_MAX ((size_t)64 << 10)
#define KERNEL_BYTES  ((size_t)64 << 20)

/* A function of the kernel or of the interpreter's trampolines: from its address to the next one's, or of its size. */
struct place {
    uint64_t from, size;
    char *name, *file;
};

struct places {
    struct place *list;
    size_t count;
    bool is_read;
};

/* Which of so many mappings covers an address: its number + 1; 0: none does. */
struct found {
    uint64_t address;
    size_t of, mapping;
};

struct object {
    char *path;
    struct symbols *symbols; /* NULL: none */
};

struct frames {
    int own_pid; /* the child's in its own pid namespace */
    uid_t uid;   /* whose it is */
    int tmp_fd;  /* its /tmp; -1: none */
    struct frames_mapping *mapping;
    size_t mappings;
    struct found *found; /* by the addresses' hash */
    struct object *object;
    size_t objects;
    off_t object_bytes;
    struct places python, kernel;
    const char *no_python; /* why no function of Python has a name; NULL: they have */
    struct text strangers;
};

/* --- which file has which function -------------------------------------------------------------------------------- */

static struct symbols *symbols_of(struct frames *f, const char *path, uint64_t inode)
{
    struct stat st;
    for (size_t i = 0; i < f->objects; i++)
        if (strcmp(f->object[i].path, path) == 0)
            return f->object[i].symbols;
    struct object o = {.path = xstrdup(path)};
    /* The weighed program chooses the path, which may name a device by now: what is no regular file is not opened. */
    cleanup_close int fd = source_open(AT_FDCWD, path, true, &st);
    const bool same = fd >= 0 && (inode == 0 || st.st_ino == inode) && st.st_size <= OBJECTS_BYTES - f->object_bytes;
    f->object_bytes += same ? st.st_size : 0;
    if (!same || symbols_read(fd, &o.symbols) != 0 || symbols_are_exports(o.symbols))
        if (f->strangers.len + strlen(path) < STRANGERS_MAX)
            text_add(&f->strangers, "%s%s", f->strangers.len ? "\n" : "", path);
    f->object = xgrow(f->object, f->objects, sizeof(*f->object));
    f->object[f->objects++] = o;
    return o.symbols;
}

/* Whether a file may hold a probed function: the interpreter, which is the first, its library, and the C library. */
static bool may_hold(const char *path, bool is_first)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    return is_first || strncmp(name, "libpython", 9) == 0 || strncmp(name, "libc.so", 7) == 0;
}

char *frames_find(struct frames *f, const char *files, const char *symbol, uint64_t *offset)
{
    for (const char *line = files; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        cleanup_free char *path = strndup(line, strcspn(line, "\n"));
        if (!path)
            abort();
        struct symbols *s = may_hold(path, line == files) ? symbols_of(f, path, 0) : NULL;
        if (s && symbols_place(s, symbol, offset))
            return STEAL(path);
    }
    return NULL;
}

/* --- what the child has mapped ------------------------------------------------------------------------------------ */

bool frames_keep(struct frames *f, const struct frames_mapping *m)
{
    if (f->mappings >= MAPPINGS_MAX)
        return false;
    f->mapping = xgrow(f->mapping, f->mappings, sizeof(*f->mapping));
    f->mapping[f->mappings] = *m;
    f->mapping[f->mappings++].path = xstrdup(m->path);
    return true;
}

/* What it has mapped already; later mappings are told by events. */
static void read_mappings(struct frames *f, pid_t pid)
{
    char path[64];
    cleanup_text struct text maps = {0};
    text_format(path, sizeof(path), "/proc/%d/maps", (int)pid);
    if (file_read_all("", path, &maps) != 0 || !maps.data)
        return;
    char *rest = NULL;
    for (char *line = strtok_r(maps.data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        unsigned long from, to, offset, inode;
        int name = 0;
        char execute;
        if (sscanf(line, "%lx-%lx %*c%*c%c%*c %lx %*s %lu %n", &from, &to, &execute, &offset, &inode, &name) < 5 ||
            execute != 'x' || line[name] != '/')
            continue;
        (void)frames_keep(f, &(struct frames_mapping){from, to - from, offset, inode, line + name});
    }
}

/* Not the owner of /proc/PID, which is root's where the program cannot be read (proc_pid(5)). */
static void read_status(struct frames *f, pid_t pid)
{
    char path[64];
    unsigned uid;
    cleanup_text struct text status = {0};
    f->own_pid = (int)pid;
    f->uid = (uid_t)-1;
    text_format(path, sizeof(path), "/proc/%d/status", (int)pid);
    if (file_read_all("", path, &status) != 0 || !status.data)
        return;
    (void)nspid_read(status.data, &f->own_pid);
    const char *line = strstr(status.data, "\nUid:");
    if (line && sscanf(line, "\nUid: %*u %u", &uid) == 1) /* real, effective */
        f->uid = uid;
}

struct frames *frames_open(pid_t pid)
{
    char path[64];
    struct frames *f = xcalloc(1, sizeof(*f));
    text_format(path, sizeof(path), "/proc/%d/root/tmp", (int)pid);
    f->tmp_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    read_status(f, pid);
    read_mappings(f, pid);
    return f;
}

/* --- functions of Python and of the kernel ------------------------------------------------------------------------ */

static char *kept(const char *name, size_t most)
{
    char *copy = name ? strndup(name, most) : NULL;
    if (name && !copy)
        abort();
    return copy;
}

static void keep_place(struct places *p, uint64_t from, uint64_t size, const char *name, const char *file)
{
    p->list = xgrow(p->list, p->count, sizeof(*p->list));
    p->list[p->count++] = (struct place){from, size, kept(name, NAME_BYTES), kept(file, FILE_BYTES)};
}

static int by_from(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    return (x->from > y->from) - (x->from < y->from);
}

static void sort_places(struct places *p)
{
    if (p->count > 0)
        qsort(p->list, p->count, sizeof(*p->list), by_from);
}

/* "py::FUNCTION:FILE", as Python's Objects/perf_trampoline.c names its frames. Other names are C code. */
static void keep_map_line(struct places *p, char *line)
{
    unsigned long long from, size;
    int at = 0;
    if (sscanf(line, "%llx %llx %n", &from, &size, &at) < 2 || at == 0 || size == 0 ||
        strncmp(line + at, "py::", 4) != 0)
        return;
    char *name = line + at + 4, *colon = strchr(name, ':');
    if (colon)
        *colon = '\0';
    keep_place(p, from, size, name, colon ? colon + 1 : "");
}

/* What -X perf wrote, /tmp/perf-PID.map in the child's own /tmp. It goes, since in the host's /tmp it would stay.
 * Returns NULL, or why no Python function is known. */
static const char *read_python(struct frames *f)
{
    char name[64];
    struct stat st = {0};
    cleanup_text struct text map = {0};
    if (f->tmp_fd < 0)
        return "the workload's /tmp cannot be opened, where the interpreter names its functions";
    text_format(name, sizeof(name), "perf-%d.map", f->own_pid);
    cleanup_close int fd = beneath_open(f->tmp_fd, name, O_RDONLY | O_NONBLOCK, 0);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return "the interpreter wrote no /tmp/perf-PID.map (it ignores PYTHONPERFSUPPORT: -E, -I; or /tmp is full)";
    if (st.st_uid != f->uid)
        return "the workload's /tmp/perf-PID.map is another user's, and is not believed";
    (void)unlinkat(f->tmp_fd, name, 0);
    int failed = file_append_fd(fd, MAP_BYTES, &map);
    if (failed != 0)
        return failed == -EFBIG ? "the interpreter's /tmp/perf-PID.map has more than 64 MiB"
                                : "the interpreter's /tmp/perf-PID.map cannot be read";
    char *rest = NULL;
    for (char *line = map.data ? strtok_r(map.data, "\n", &rest) : NULL; line && f->python.count < PLACES_MAX;
         line = strtok_r(NULL, "\n", &rest))
        keep_map_line(&f->python, line);
    sort_places(&f->python);
    if (f->python.count == PLACES_MAX)
        return "the interpreter's /tmp/perf-PID.map names more functions than are read, a million";
    return f->python.count ? NULL : "the interpreter's /tmp/perf-PID.map names no Python function (is /tmp full?)";
}

void frames_read_python(struct frames *f)
{
    f->no_python = read_python(f);
}

static void free_places(struct places *p)
{
    for (size_t i = 0; i < p->count; i++) {
        free(p->list[i].name);
        free(p->list[i].file);
    }
    free(p->list);
}

void frames_free(struct frames *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->mappings; i++)
        free(f->mapping[i].path);
    for (size_t i = 0; i < f->objects; i++) {
        free(f->object[i].path);
        symbols_free(f->object[i].symbols);
    }
    close_fd(&f->tmp_fd);
    free_places(&f->python);
    free_places(&f->kernel);
    text_free(&f->strangers);
    free(f->mapping);
    free(f->found);
    free(f->object);
    free(f);
}

const char *frames_no_python(const struct frames *f)
{
    return f->no_python;
}

/* --- names -------------------------------------------------------------------------------------------------------- */

/* The last place that begins at or before an address. NULL: none. */
static const struct place *place_at(const struct places *p, uint64_t address)
{
    size_t low = 0, high = p->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (p->list[mid].from <= address)
            low = mid + 1;
        else
            high = mid;
    }
    const struct place *found = low > 0 ? &p->list[low - 1] : NULL;
    return found && (found->size == 0 || address - found->from < found->size) ? found : NULL;
}

/* /proc/kallsyms has zeros for addresses where the caller may not see them (kptr_restrict). */
static void read_kernel(struct frames *f)
{
    cleanup_text struct text all = {0};
    f->kernel.is_read = true;
    cleanup_close int fd = open("/proc/kallsyms", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || file_append_fd(fd, KERNEL_BYTES, &all) != 0 || !all.data)
        return;
    char *rest = NULL;
    for (char *line = strtok_r(all.data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *end = NULL;
        unsigned long long from = strtoull(line, &end, 16);
        if (from == 0 || end[0] != ' ' || (end[1] != 't' && end[1] != 'T') || end[2] != ' ')
            continue;
        end[3 + strcspn(end + 3, "\t ")] = '\0';
        keep_place(&f->kernel, from, 0, end + 3, NULL);
    }
    sort_places(&f->kernel);
}

const char *frames_no_kernel(struct frames *f)
{
    if (!f->kernel.is_read)
        read_kernel(f);
    return f->kernel.count ? NULL : "/proc/kallsyms hides their addresses (root, or CAP_SYSLOG; kernel.kptr_restrict)";
}

static size_t latest_mapping(const struct frames *f, uint64_t address)
{
    size_t i = f->mappings;
    while (i > 0 && (address < f->mapping[i - 1].from || address - f->mapping[i - 1].from >= f->mapping[i - 1].size ||
                     f->mapping[i - 1].path[0] != '/'))
        i--;
    return i;
}

/* The latest that covers an address; NULL: none. The same few addresses are asked for again and again. */
static const struct frames_mapping *mapping_at(struct frames *f, uint64_t address)
{
    if (!f->found)
        f->found = xcalloc((size_t)1 << FOUND_BITS, sizeof(*f->found));
    struct found *found = &f->found[(address * 0x9e3779b97f4a7c15U) >> (64 - FOUND_BITS)];
    if (found->address != address || found->of != f->mappings)
        *found = (struct found){address, f->mappings, latest_mapping(f, address)};
    return found->mapping > 0 ? &f->mapping[found->mapping - 1] : NULL;
}

static struct frame user_frame(struct frames *f, uint64_t address)
{
    const struct frames_mapping *m = mapping_at(f, address);
    if (!m)
        return (struct frame){.place = FRAME_UNKNOWN};
    const uint64_t offset = address - m->from + m->offset;
    struct symbols *s = symbols_of(f, m->path, m->inode);
    const char *name = s ? symbols_name(s, offset) : NULL;
    const enum frame_did did = s && symbols_atomic_before(s, offset)   ? FRAME_ATOMIC
                               : s && symbols_counts_before(s, offset) ? FRAME_READ_COUNT
                                                                       : FRAME_WORKED;
    return (struct frame){name ? FRAME_C : FRAME_UNKNOWN, name, m->path, did};
}

struct frame frames_at(struct frames *f, uint64_t address, bool in_kernel)
{
    if (in_kernel && !f->kernel.is_read)
        read_kernel(f);
    const struct place *p = place_at(in_kernel ? &f->kernel : &f->python, address);
    if (p)
        return (struct frame){in_kernel ? FRAME_KERNEL : FRAME_PYTHON, p->name, p->file, FRAME_WORKED};
    if (in_kernel)
        return (struct frame){.place = FRAME_UNKNOWN};
    return user_frame(f, address);
}

const char *frames_strangers(const struct frames *f)
{
    return f->strangers.data ? f->strangers.data : "";
}

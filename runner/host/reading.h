/* reading: reads one fact from one small file of /proc or /sys, by a table row. For host.c and doctor. */
#ifndef TARE_READING_H
#define TARE_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct facts;

/* Holds any such file, except that of /proc/cpuinfo and /proc/stat only the first lines are read: more would cost some
 * µs per CPU. */
#define READING_HEAD_MAX 16384

struct reading {
    const char *key;
    const char *path;
    void (*take)(const struct reading *r, char *text, struct facts *ret); /* one of the kinds below */
    const char *field;   /* the part of the file, for kinds that read a part */
    const char *missing; /* which hosts lack the file: "a kernel without KSM"; NULL: report its error */
};

/* Appends the fact; absent with the reason if the file cannot be read or parsed. sysroot must not be NULL. */
void reading_take(const char *sysroot, const struct reading *r, struct facts *ret);

/* --- kinds: text is the file's content, which they may modify --- */

void take_text(const struct reading *r, char *text, struct facts *ret);
void take_int(const struct reading *r, char *text, struct facts *ret);
void take_bool(const struct reading *r, char *text, struct facts *ret); /* 0: false; any other number: true */
/* A CPU list. "(null)", the kernel's text for an unallocated mask (lib/vsprintf.c, bitmap_list_string), gives "". */
void take_list(const struct reading *r, char *text, struct facts *ret);
/* The word in brackets: "always [madvise] never". */
void take_chosen(const struct reading *r, char *text, struct facts *ret);
/* The value of "NAME : value". field: NAME, or "NAME|OTHER|…", the preferred first. */
void take_field(const struct reading *r, char *text, struct facts *ret);
/* The same in bytes out of /proc/meminfo, whose "kB" are KiB (proc(5)). */
void take_kib_field(const struct reading *r, char *text, struct facts *ret);
/* NAME=value of os-release(5), without shell quoting. */
void take_assignment(const struct reading *r, char *text, struct facts *ret);
/* Column "0", "1" or "2" of /proc/loadavg. */
void take_load(const struct reading *r, char *text, struct facts *ret);

/* --- helpers --- */

/* Reads at most the first cap - 1 bytes, ended by NUL. Returns the length or a negative errno. */
ssize_t reading_head(const char *root, const char *path, char *buf, size_t cap);

/* The value of the first line "NAME : value" or "NAME=value"; names as in take_field(). false: no such line. */
bool reading_field(const char *text, const char *names, char *ret, size_t cap);

/* Trims white space and replaces control characters by blanks, in place. Returns the new start. */
char *reading_tidy(char *text);

#endif

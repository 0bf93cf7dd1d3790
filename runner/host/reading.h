/* reading: one fact out of one small file of /proc or /sys, by a description of where it stands in it. */
#ifndef TARE_READING_H
#define TARE_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct facts;

/* Above any one file that is read so but /proc/cpuinfo and /proc/stat, whose first lines are enough: reading more of
 * them costs some µs a CPU. */
#define READING_HEAD_MAX 16384

struct reading {
    const char *key;
    const char *path;
    void (*take)(const struct reading *r, char *text, struct facts *ret); /* one of the kinds below */
    const char *field;   /* which part of the file, for the kinds that take a part */
    const char *missing; /* where the file is not to be expected: "a kernel without KSM"; NULL: its error says enough */
};

/* Appends the fact, absent with its reason where the file cannot be read or understood. sysroot is not NULL. */
void reading_take(const char *sysroot, const struct reading *r, struct facts *ret);

/* --- kinds: text is the file's, theirs to write into --- */

void take_text(const struct reading *r, char *text, struct facts *ret);
void take_int(const struct reading *r, char *text, struct facts *ret);
void take_bool(const struct reading *r, char *text, struct facts *ret); /* any number; 0 is false */
/* A CPU list. A mask that was never allocated prints as "(null)" (lib/vsprintf.c, bitmap_list_string) and is "". */
void take_list(const struct reading *r, char *text, struct facts *ret);
/* The word in brackets: "always [madvise] never". */
void take_chosen(const struct reading *r, char *text, struct facts *ret);
/* The value of "NAME : value", field being NAME or "NAME|OTHER|…" by preference. */
void take_field(const struct reading *r, char *text, struct facts *ret);
/* The same in bytes out of /proc/meminfo, whose "kB" are KiB (proc(5)). */
void take_kib_field(const struct reading *r, char *text, struct facts *ret);
/* NAME=value of os-release(5), its shell quoting undone. */
void take_assignment(const struct reading *r, char *text, struct facts *ret);
/* Column "0", "1" or "2" of /proc/loadavg. */
void take_load(const struct reading *r, char *text, struct facts *ret);

/* --- what they are made of --- */

/* Reads the first cap - 1 bytes at most, ended by NUL. Returns the length or a negative errno. */
ssize_t reading_head(const char *root, const char *path, char *buf, size_t cap);

/* The value of the first line "NAME : value" or "NAME=value", NAME being the line's whole first words; names as in
 * take_field(). False where there is none. */
bool reading_field(const char *text, const char *names, char *ret, size_t cap);

/* Takes white space off both ends and makes one line of the rest, in place. Returns where it begins. */
char *reading_tidy(char *text);

#endif

/* knob: reads, compares and writes one kernel setting, a small file of /proc or /sys, by its kind. */
#ifndef TARE_KNOB_H
#define TARE_KNOB_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define KNOB_MAX 4096 /* a mask of 8192 CPUs is 2304 bytes (lib/vsprintf.c, bitmap_string: groups of 32 bits) */

enum knob_kind {
    KNOB_VALUE,  /* "60" */
    KNOB_CHOICE, /* "always [madvise] never": the word in brackets is set */
    KNOB_LIST,   /* "0-3,8" */
    KNOB_MASK,   /* "ffffffff,000000ff" */
};

/* Translate between paths and names, which a journal has instead of paths: "swappiness", for numbered files "irq:24".
 * The table in knob.c has all settings; restore writes no other file. -ENOENT: not in the table. */
int knob_name_of(const char *path, char *name, size_t cap);
int knob_find(const char *name, char *path, size_t cap, enum knob_kind *ret);

/* Reads the whole file, with its newline, ended by NUL. Returns the length or a negative errno. root "": the real one.
 */
ssize_t knob_read(const char *root, const char *path, char *buf, size_t cap);

/* The value in a file's content (or in a value alone): without newline; for a choice, the word in brackets. */
void knob_value(enum knob_kind kind, const char *content, char *buf, size_t cap);

/* Whether both mean the same value: the masks "03" and "3" do. */
bool knob_same(enum knob_kind kind, const char *a, const char *b);

/* Writes the value of content (as above) with one write call. 0 or the kernel's negative errno. Below a root other than
 * "" the files are plain ones, and are made to look as the kernel would show them. */
int knob_write(const char *root, const char *path, enum knob_kind kind, const char *content);

struct cpulist;

/* A mask as /proc/irq/default_smp_affinity has it. -EINVAL: no mask; *ret is then untouched. */
int knob_mask_parse(const char *text, struct cpulist *ret);
void knob_mask_format(const struct cpulist *set, char *buf, size_t cap);

#endif

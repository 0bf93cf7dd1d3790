/* knob: one setting of the kernel, a small file of /proc or /sys: read to the byte, compared and written by its kind.
 */
#ifndef TARE_KNOB_H
#define TARE_KNOB_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define KNOB_MAX 4096 /* a mask of 8192 CPUs is 2304 bytes (lib/vsprintf.c, bitmap_string: groups of 32 bits) */

enum knob_kind {
    KNOB_VALUE,  /* "60" */
    KNOB_CHOICE, /* "always [madvise] never": the word in brackets holds */
    KNOB_LIST,   /* "0-3,8" */
    KNOB_MASK,   /* "ffffffff,000000ff" */
};

const char *knob_kind_name(enum knob_kind kind);
/* -EINVAL: no such name. */
int knob_kind_find(const char *name, enum knob_kind *ret);

/* The names of settings, which a journal has in the place of paths: "swappiness", and of numbered files "irq:24". One
 * table (knob.c) has them all: no other file is read back from a journal, or written by it. knob_name_of: -ENOENT: the
 * file is none of the table's. knob_find: -ENOENT: no such name. */
int knob_name_of(const char *path, char *name, size_t cap);
int knob_find(const char *name, char *path, size_t cap, enum knob_kind *ret);

/* The file's bytes, its newline too, ended by NUL. Returns the length or a negative errno. root: "" the real one. */
ssize_t knob_read(const char *root, const char *path, char *buf, size_t cap);

/* What is set, out of the file's bytes or out of a value alone: no newline, and of a choice the word in brackets. */
void knob_value(enum knob_kind kind, const char *content, char *buf, size_t cap);

/* Whether both set the same: "3" and "0-1" differ, the masks "03" and "3" do not. */
bool knob_same(enum knob_kind kind, const char *a, const char *b);

/* Sets it to what content (as above) says: one write call of its value. Returns 0 or the negative errno of the kernel's
 * refusal. Below a root other than "" the files are plain ones and are made to read as the kernel would make them. */
int knob_write(const char *root, const char *path, enum knob_kind kind, const char *content);

struct cpulist;

/* A mask as /proc/irq/default_smp_affinity has it. -EINVAL: no mask; *ret is then untouched. */
int knob_mask_parse(const char *text, struct cpulist *ret);
void knob_mask_format(const struct cpulist *set, char *buf, size_t cap);

#endif

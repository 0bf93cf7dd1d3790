/* cgfile: parsers of cgroup v2's single-value, flat-keyed and nested-keyed files. Pure, on text.
 * Formats: Documentation/admin-guide/cgroup-v2.rst, "Interface Files / Format". They are held to strictly: what the
 * kernel would not have written (a sign, CRLF, two numbers) is an error and never a figure. */
#ifndef TARE_CGFILE_H
#define TARE_CGFILE_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes that hold any of these files but memory.stat: cgroup.controllers and the like have some hundred. */
#define CGFILE_CAP 8192

#define CGFILE_MAX UINT64_MAX /* what "max" reads as */

/* A single value, "max" allowed (memory.max, pids.max), with or without its newline.
 * -EINVAL: not one number; -ERANGE: more than 64 bits. *ret is then untouched, here and below. */
int cgfile_value(const char *text, uint64_t *ret);

/* The value of a key in a flat-keyed file ("KEY VALUE\n" lines: memory.stat, cpu.stat, memory.events). The key must be
 * the line's whole first word. -ENOENT: no such key; -EINVAL, -ERANGE: its value is no number, as above. */
int cgfile_key(const char *text, const char *key, uint64_t *ret);

/* One field of a nested-keyed line (io.stat, *.pressure): the line whose first word is `key`, then "field=VALUE", VALUE
 * a decimal with an optional fraction. -ENOENT: no such line, or no such field in it; -EINVAL: no decimal. */
int cgfile_nested(const char *text, const char *key, const char *field, double *ret);

/* Whether a space-separated file (cgroup.controllers) holds the word. */
bool cgfile_has_word(const char *text, const char *word);

#endif

/* cgfile: parsers of cgroup v2's single-value, flat-keyed and nested-keyed files. Pure, on text.
 * Formats: Documentation/admin-guide/cgroup-v2.rst, "Interface Files / Format". The parsers are strict: what the
 * kernel does not write (a sign, CRLF, two numbers) is an error. */
#ifndef TARE_CGFILE_H
#define TARE_CGFILE_H

#include <stdbool.h>
#include <stdint.h>

/* A buffer of this size holds any of these files except memory.stat. */
#define CGFILE_CAP 8192

#define CGFILE_MAX UINT64_MAX /* what "max" reads as */

/* A single value or "max" (memory.max, pids.max); the final newline is optional. -EINVAL: not one number. -ERANGE: more
 * than 64 bits. On failure *ret is untouched, here and below. */
int cgfile_value(const char *text, uint64_t *ret);

/* The value of a key in a flat-keyed file ("KEY VALUE\n" lines: memory.stat, cpu.stat, memory.events). The key must be
 * the whole first word of the line. -ENOENT: no such key. -EINVAL, -ERANGE: as for cgfile_value(). */
int cgfile_key(const char *text, const char *key, uint64_t *ret);

/* One field of a nested-keyed line (io.stat, *.pressure): the line whose first word is `key`, then "field=VALUE" with a
 * decimal VALUE. -ENOENT: no such line or field. -EINVAL: VALUE is not a decimal. */
int cgfile_nested(const char *text, const char *key, const char *field, double *ret);

#endif

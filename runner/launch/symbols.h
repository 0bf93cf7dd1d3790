/* symbols: the functions of an ELF file by name and by place. Places are offsets in the file, which uprobes take and
 * which mappings give. The file is not trusted: whatever it says is checked against its size. */
#ifndef TARE_SYMBOLS_H
#define TARE_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

struct symbols;

/* Reads the functions of a 64-bit ELF file of this machine's byte order from its .symtab, or its .dynsym if it has no
 * other (elf(5)). -ENOEXEC: no such file, or a broken one. -ENODATA: it has neither table. Other negative errno: it
 * could not be read. The caller ends *ret with symbols_free(). */
int symbols_read(int fd, struct symbols **ret);
void symbols_free(struct symbols *s); /* NULL is allowed */

/* Whether only what the file exports is known: .symtab was stripped. */
bool symbols_are_exports(const struct symbols *s);

/* Where a function begins. A name that the compiler extended counts too: "f" finds "f.constprop.0". False: the file has
 * no such symbol. */
bool symbols_place(const struct symbols *s, const char *name, uint64_t *ret);

/* The name of the function that covers an offset, without what the compiler added behind a dot; NULL: none does. It
 * lives as long as s. */
const char *symbols_name(const struct symbols *s, uint64_t offset);

/* Whether an instruction with a lock prefix ends at this offset: an atomic change of memory, at which the CPU waits for
 * other CPUs' caches. x86-64 only; elsewhere false. Source: Intel SDM, volume 2, "LOCK". */
bool symbols_atomic_before(const struct symbols *s, uint64_t offset);

/* Whether what ends at this offset has read an object's local reference count, to see whether the object is immortal,
 * or its bits, to see whether its count is deferred. By that a free-threaded interpreter begins to take or to drop a
 * reference, so that there the CPU waits for the object's header where another CPU has just changed it. x86-64 only;
 * elsewhere false. Source: Py_INCREF() and Py_DECREF() in CPython 3.13's and 3.14's Include (object.h, refcount.h);
 * ob_ref_local is at byte 12 of struct _object. */
bool symbols_counts_before(const struct symbols *s, uint64_t offset);

#endif

/* definition: where the source of a Python function begins, by a look at its file. */
#ifndef TARE_DEFINITION_H
#define TARE_DEFINITION_H

#include <stddef.h>
#include <stdint.h>

/* The line, from 1, of the `def` of a function by its qualified name (PEP 3155), as "Counter.add" or
 * "outer.<locals>.inner". 0: unknown: the text has none or several such definitions, or the name is that of a lambda, a
 * comprehension or a module. Strings with such lines in them can make it unknown, too. */
int64_t definition_in(const char *source, const char *name);

/* The same of a file, by its absolute path. Neither is trusted: only a regular file of at most 4 MiB is read. */
int64_t definition_line(const char *path, const char *name);

#endif

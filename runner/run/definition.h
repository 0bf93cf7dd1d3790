/* definition: where the source of a Python function begins, by a look at its file. */
#ifndef TARE_DEFINITION_H
#define TARE_DEFINITION_H

#include <stddef.h>
#include <stdint.h>

/* The line, from 1, of the `def` of a function by its qualified name (PEP 3155), as "Counter.add" or
 * "outer.<locals>.inner". 0: it is not known: the text has none or several such definitions, or it is a lambda, a
 * comprehension, a module. Strings that have such lines in them can make it unknown, or several. */
int64_t definition_in(const char *source, const char *name);

/* The same of a file, by its absolute path. Neither is trusted: of what is no regular file of at most 4 MiB nothing is
 * read. */
int64_t definition_line(const char *path, const char *name);

#endif

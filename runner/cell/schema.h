/* schema: a YAML text into a structure, by a schema of libcyaml's, with its complaints in one line that names the
 * place. */
#ifndef TARE_SCHEMA_H
#define TARE_SCHEMA_H

#include <stddef.h>

#include "base/places.h"

struct cyaml_schema_value;
struct err;

/* Loads bytes, whose places are known, into a structure of the schema's, a mapping. Aliases are refused: a few lines of
 * them can stand for gigabytes. -EINVAL (usage): NAME:LINE:COLUMN: what is wrong, what is allowed. On success the
 * caller ends *ret with schema_free(). */
int schema_load(const struct places *places, const char *bytes, size_t len, const struct cyaml_schema_value *schema,
                void **ret, struct err *e);

void schema_free(const struct cyaml_schema_value *schema, void *data);

#endif

/* schema.h - JSON against a JSON Schema. */
#ifndef GLASSBOX_SCHEMA_H
#define GLASSBOX_SCHEMA_H

#include "core/base/base.h"
#include <jansson.h>

/* NULL if `value` is as `schema` says, else "at /findings/0/id: ...", which the caller
 * frees. Knows the keywords of JSON Schema 2020-12 that our schema uses: type, enum,
 * const, pattern (POSIX extended), minLength, minimum, required, properties,
 * additionalProperties (false), items, allOf, $ref within the document, $defs; title,
 * description and $schema say nothing about values. Any other keyword is an error, so
 * that none is passed over in silence. */
char *schema_check(const json_t *schema, const json_t *value);

#endif

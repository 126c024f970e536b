/* tags.h - reads the tags of well-formed markup in place, for passes that rewrite
 * it. */
#ifndef GLASSBOX_TAGS_H
#define GLASSBOX_TAGS_H

#include "core/base/base.h"

enum { TAGS_ATTRIBUTES = 24 };

typedef struct {
    const char *name, *value; /* into the markup, not terminated */
    size_t name_n, value_n;
} Attribute;

typedef struct {
    const char *name; /* into the markup, not terminated */
    size_t name_n;
    bool closing, empty; /* </x>, <x/> */
    Attribute attribute[TAGS_ATTRIBUTES];
    int n;
} Tag;

/* Reads the tag at p ("<...>") and returns what follows it; NULL: it is malformed. */
const char *tags_read(const char *p, Tag *);
bool tags_is(const Tag *, const char *name);
bool tags_named(const Attribute *, const char *name);
const Attribute *tags_find(const Tag *, const char *name); /* NULL: it has none */
bool tags_has(const Tag *, const char *name, const char *value);
/* Behind the end of the element that `t` opened, whose content starts at p and holds no
 * element of its own name; NULL: it is never closed. */
const char *tags_skip(const char *p, const Tag *t);

#endif

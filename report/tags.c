/* tags.c - a reader of tags. The markup is not copied: names and values are pointers
 * into it, so that a pass over a megabyte of drawing allocates nothing. */
#include "report/tags.h"
#include <stdlib.h>
#include <string.h>

static const char space[] = " \t\r\n";

static const char *read_attribute(const char *p, Attribute *a)
{
    a->name = p;
    a->name_n = strcspn(p, " \t\r\n=>/");
    p += a->name_n;
    p += strspn(p, space);
    if (*p != '=' || !a->name_n) return NULL;
    p++;
    p += strspn(p, space);
    if (*p != '"' && *p != '\'') return NULL;
    const char *end = strchr(p + 1, *p);
    if (!end) return NULL;
    a->value = p + 1;
    a->value_n = (size_t)(end - p - 1);
    return end + 1;
}

const char *tags_read(const char *p, Tag *t)
{
    *t = (Tag){ 0 };
    p++;
    t->closing = *p == '/';
    p += t->closing;
    t->name = p;
    t->name_n = strcspn(p, " \t\r\n/>");
    p += t->name_n;
    while (p) {
        p += strspn(p, space);
        if (!*p) return NULL;
        if (*p == '>') return p + 1;
        if (*p == '/') t->empty = true, p++;
        else if (t->n == TAGS_ATTRIBUTES) return NULL;
        else p = read_attribute(p, &t->attribute[t->n++]);
    }
    return NULL;
}

bool tags_is(const Tag *t, const char *name)
{
    return strlen(name) == t->name_n && !strncmp(t->name, name, t->name_n);
}

bool tags_named(const Attribute *a, const char *name)
{
    return strlen(name) == a->name_n && !strncmp(a->name, name, a->name_n);
}

const Attribute *tags_find(const Tag *t, const char *name)
{
    for (int i = 0; i < t->n; i++)
        if (tags_named(&t->attribute[i], name)) return &t->attribute[i];
    return NULL;
}

bool tags_has(const Tag *t, const char *name, const char *value)
{
    const Attribute *a = tags_find(t, name);
    return a && strlen(value) == a->value_n && !strncmp(a->value, value, a->value_n);
}

const char *tags_skip(const char *p, const Tag *t)
{
    if (t->empty) return p;
    char *end = text_format("</%.*s>", (int)t->name_n, t->name);
    const char *found = strstr(p, end);
    if (found) found += strlen(end);
    free(end);
    return found;
}

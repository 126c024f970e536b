/* base.c - memory and strings.
 *
 * Memory is zeroed, aligned for 64-byte vectors, and never NULL: no caller has a path
 * for "out of memory", because no experiment has anything sensible left to do there.
 * Plain free() releases it, so ownership can pass to any code. */
#include "core/base/base.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 };

void *alloc(size_t n, size_t size)
{
    size_t bytes;
    require(!__builtin_mul_overflow(n, size, &bytes) && bytes <= SIZE_MAX - ALIGNMENT,
            "%zu items of %zu bytes do not fit in memory", n, size);
    size_t rounded = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    void *p = aligned_alloc(ALIGNMENT, rounded ? rounded : ALIGNMENT);
    require(p, "out of memory for %zu bytes", bytes);
    return memset(p, 0, rounded ? rounded : ALIGNMENT);
}

void *grow(void *old, size_t old_n, size_t new_n, size_t size)
{
    require(new_n >= old_n, "from %zu to %zu items is no growth", old_n, new_n);
    void *p = alloc(new_n, size);
    if (old_n) memcpy(p, old, old_n * size);
    free(old);
    return p;
}

char *text_copy(const char *s)
{
    size_t n = strlen(s) + 1;
    return memcpy(alloc(n, 1), s, n);
}

static char *text_vformat(const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    require(n >= 0, "bad format \"%s\"", fmt);
    char *s = alloc((size_t)n + 1, 1);
    vsnprintf(s, (size_t)n + 1, fmt, again);
    va_end(again);
    return s;
}

char *text_format(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *s = text_vformat(fmt, args);
    va_end(args);
    return s;
}

void buffer_add(Buffer *b, const char *bytes, size_t n)
{
    if (b->n + n + 1 > b->room) {
        size_t room = 2 * (b->n + n + 1);
        b->s = grow(b->s, b->n, room, 1);
        b->room = room;
    }
    if (n) memcpy(b->s + b->n, bytes, n);
    b->n += n;
    b->s[b->n] = 0;
}

void buffer_put(Buffer *b, const char *s) { buffer_add(b, s, strlen(s)); }

void buffer_format(Buffer *b, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *s = text_vformat(fmt, args);
    va_end(args);
    buffer_put(b, s);
    free(s);
}

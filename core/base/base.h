/* base.h - the ground that everything stands on: one way to die, one way to allocate,
 * one way to build a string. */
#ifndef GLASSBOX_BASE_H
#define GLASSBOX_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef REAL_IS_DOUBLE
typedef double real; /* make REAL=double: every network quantity in double */
#else
typedef float real;
#endif

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

/* A bug or a broken machine: prints file, function and message, then aborts. Never for
 * bad input or an unwelcome finding. No __LINE__, so that moving code by a line of
 * prose leaves the executable's bytes alone. */
_Noreturn void die_in(const char *file, const char *func, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
#define die(...) die_in(__FILE__, __func__, __VA_ARGS__)
#define require(cond, ...)             \
    do {                               \
        if (!(cond)) die(__VA_ARGS__); \
    } while (0)

/* n * size zeroed bytes, 64-byte aligned. Release them with free(). Dies rather than
 * return NULL. */
void *alloc(size_t n, size_t size);
/* A larger block from alloc() with the old contents in front; old is freed. */
void *grow(void *old, size_t old_n, size_t new_n, size_t size);

/* Strings that the caller frees. */
char *text_copy(const char *s);
char *text_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A growing string. Zero is an empty one; `s` is always terminated once something was
 * added; free(b.s) releases it. */
typedef struct {
    char *s;
    size_t n, room;
} Buffer;
void buffer_add(Buffer *, const char *bytes, size_t n);
void buffer_put(Buffer *, const char *s);
void buffer_format(Buffer *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif

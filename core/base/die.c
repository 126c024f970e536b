/* die.c - alone in its object, so that tests can put their own die_in() in its place. */
#include "core/base/base.h"
#include <stdio.h>
#include <stdlib.h>

_Noreturn void die_in(const char *file, const char *func, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fflush(stdout);
    fprintf(stderr, "%s: %s: ", file, func);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    abort();
}

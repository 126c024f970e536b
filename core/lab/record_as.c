/* record_as.c - a value under a composed name. It only forms the name, so it serves units
 * and describers alike: each brings its own record(). */
#include "core/lab/experiment.h"
#include <stdio.h>

void record_as(Run *run, double x, const char *fmt, ...)
{
    char name[128];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(name, sizeof name, fmt, args);
    va_end(args);
    require(n >= 0 && n < (int)sizeof name, "a name of %d letters, expected below %zu", n,
            sizeof name);
    record(run, name, x);
}

/* check_die.c - die() as the tests want it. It is linked before libcore.a, so the core's
 * own die.o stays in the library. The message is kept in a buffer of the program: cmocka
 * leaves the dying function by longjmp and reads it afterwards. */
#include "tests/check.h"

static char last_death[1024];

const char *check_last_death(void) { return last_death; }

_Noreturn void die_in(const char *file, const char *func, const char *fmt, ...)
{
    char message[800];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    snprintf(last_death, sizeof last_death, "%s: %s: %s", file, func, message);
    mock_assert(0, last_death, file, 0);
    abort();
}

/* Present only under -fsanitize=address. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

void check_leaks_allowed(bool allowed)
{
    if (allowed && __lsan_disable) __lsan_disable();
    if (!allowed && __lsan_enable) __lsan_enable();
}

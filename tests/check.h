/* check.h - what the tests share: cmocka, comparisons that say by how much they failed,
 * the trap for die(), a folder of one's own, and children that run under another
 * environment. Everything is inline, so that a test is one object. */
#ifndef GLASSBOX_CHECK_H
#define GLASSBOX_CHECK_H

#include "core/base/base.h"
#include "core/base/file.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

/* check_die.c puts its own die_in() in place of the core's: in a test, die() fails the
 * test, or ends an expect_assert_failure(). The message stays here until the next. */
const char *check_last_death(void);
/* What is allocated in between counts as no leak: code that dies frees nothing. */
void check_leaks_allowed(bool);

/* The expression dies, with a message that contains `text`. */
#define assert_dies(expression, text)                                    \
    do {                                                                 \
        check_leaks_allowed(true);                                       \
        expect_assert_failure(expression);                               \
        check_leaks_allowed(false);                                      \
        check_contains_in(check_last_death(), text, __FILE__, __LINE__); \
    } while (0)

#define assert_near(got, want, tolerance) \
    check_near_in(got, want, tolerance, #got, __FILE__, __LINE__)
#define assert_same_double(got, want) check_same_in(got, want, #got, __FILE__, __LINE__)
#define assert_contains(text, part) check_contains_in(text, part, __FILE__, __LINE__)

static inline void check_near_in(double got, double want, double tolerance,
                                 const char *what, const char *file, int line)
{
    if (fabs(got - want) <= tolerance) return;
    print_error("%s is %.17g, not %.17g: %g apart, %g is allowed\n", what, got, want,
                fabs(got - want), tolerance);
    _fail(file, line);
}

/* The same value, where all NaN are alike and 0 is not -0. */
static inline bool check_same(double a, double b)
{
    return isnan(a) ? isnan(b) : a == b && signbit(a) == signbit(b);
}

static inline void check_same_in(double got, double want, const char *what,
                                 const char *file, int line)
{
    if (check_same(got, want)) return;
    print_error("%s is %.17g, not %.17g\n", what, got, want);
    _fail(file, line);
}

static inline void check_contains_in(const char *text, const char *part, const char *file,
                                     int line)
{
    if (text && strstr(text, part)) return;
    print_error("no \"%s\" in \"%s\"\n", part, text ? text : "(nothing)");
    _fail(file, line);
}

/* A table of known answers of a function of one argument. */
typedef struct {
    double x, y;
} Known;

static inline void check_known(const char *name, double (*f)(double), int n,
                               const Known *known, double tolerance)
{
    for (int i = 0; i < n; i++) {
        double got = f(known[i].x), want = known[i].y;
        bool good = tolerance > 0 ? fabs(got - want) <= tolerance : check_same(got, want);
        if (!good) fail_msg("%s(%.17g) is %.17g, not %.17g", name, known[i].x, got, want);
    }
}

/* A fresh folder; free the path after folder_remove(). */
static inline char *check_folder(void)
{
    const char *where = getenv("TMPDIR");
    char *path = text_format("%s/glassbox-test-XXXXXX", where ? where : "/tmp");
    assert_non_null(mkdtemp(path));
    return path;
}

static inline char *check_path(const char *folder, const char *name)
{
    return text_format("%s/%s", folder, name);
}

/* What this very program prints when it is run again as `program argument` with one
 * more environment variable (NAME=VALUE, or NULL); the caller frees it. */
static inline char *check_output_again(const char *argument, const char *variable)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (variable) putenv(text_copy(variable));
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]), close(ends[1]);
        execl("/proc/self/exe", "test", argument, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    Buffer out = { 0 };
    buffer_put(&out, "");
    char chunk[4096];
    for (ssize_t n; (n = read(ends[0], chunk, sizeof chunk)) > 0;)
        buffer_add(&out, chunk, (size_t)n);
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status))
        fail_msg("%s: the child failed: %d", variable ? variable : "no variable", status);
    return out.s;
}

#endif

/* mini.h - a whole suite in a temporary folder, small enough to plant faults in.
 *
 * Two findings: alpha (3 seeds, a table, a listing, an input, two claims) and beta (2
 * seeds, one claim). Their units are shell scripts that copy what lies in
 * world/ID/seed-N: to change the world there is to break the mechanism, to change the
 * script is to have another executable. Tests run inside the folder. */
#ifndef GLASSBOX_MINI_H
#define GLASSBOX_MINI_H

#include "report/suite.h"
#include "report/verify.h"

#ifndef BUILD
#define BUILD "build"
#endif

/* cmocka's fixtures: the folder, entered and left. */
int mini_setup(void **state);
int mini_teardown(void **state);
/* As mini_setup(), with golden files and the record of all seeds published. */
int mini_setup_published(void **state);

/* A file with its parents. */
void mini_write(const char *path, const char *text);
/* The file's first `old` becomes `fresh`; fails the test if there is none. */
void mini_replace(const char *path, const char *old, const char *fresh);
char *mini_read(const char *path); /* fails the test if it cannot; caller frees */
/* The whole file holds `part`. */
void mini_expect(const char *path, const char *part);

/* Another executable that does the same. */
void mini_new_executable(const char *id, const char *comment);
/* Runs one unit into build/run (or any folder), as make would. */
void mini_run(const char *id, int seed);
void mini_run_into(const char *id, int seed, const char *out);
/* Another content of alpha's input, and its stamp. */
void mini_new_input(const char *text);
/* Loads the suite as it lies there; fails the test if it cannot. */
Suite *mini_suite(void);
/* Publishes what was run; fails the test if it cannot. */
void mini_publish(const char *id);

/* A whole verification within so many seconds (below 0: all), two units at a time. */
typedef struct {
    Suite *suite;
    Unit *units;
    int n;
    Verification v;
    char *compiler;
} MiniVerification;
MiniVerification mini_verify(double seconds);
void mini_verify_free(MiniVerification *);
VerifyOptions mini_options(const char *compiler, double seconds);
char *mini_compiler(void); /* as provenance names it; caller frees */
/* Fails the test if there is none of this name. */
const Case *mini_case(const Verification *, const char *name);
/* One of the case's reasons holds `part`. */
void mini_reason(const Case *, const char *part);

#endif

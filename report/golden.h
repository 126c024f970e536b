/* golden.h - tests/golden/ID.csv: the bounds that a finding is judged by, frozen. */
#ifndef GLASSBOX_GOLDEN_H
#define GLASSBOX_GOLDEN_H

#include "report/suite.h"

typedef struct {
    int claim;     /* index in the finding; -1: the finding as a whole */
    char *message; /* names the claim and both bounds */
} GoldenChange;

/* What differs between the declarations and `folder`/ID.csv; *changes (n) is the
 * caller's, golden_free() releases it. False with *error: the file is malformed. A
 * missing file is a change. */
bool golden_compare(const Finding *, const char *folder, GoldenChange **changes, int *n,
                    char **error);
void golden_free(GoldenChange *, int n);
/* The file's text as the declarations have it; caller frees. */
char *golden_text(const Finding *);

/* What the two forms of the command do; both print and return an exit status. */
int golden_write(const Suite *, const char *folder);
int golden_check(const Suite *, const char *folder);

#endif

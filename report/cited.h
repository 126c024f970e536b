/* cited.h - which parts of the core cite which source. A comment cites by [key] or
 * [key, key], a key being letters, a year and more letters: knuth1997art. */
#ifndef GLASSBOX_CITED_H
#define GLASSBOX_CITED_H

#include "core/base/base.h"

typedef struct {
    char *key;
    char *unit; /* "core/num/linalg", for its header and its source */
} Cited;

/* Every pair once, by unit; below `root`. The caller frees with cited_free. */
Cited *cited_scan(const char *root, int *n);
void cited_free(Cited *, int n);

/* The keys that a text cites so, in order; free with folder_list_free. */
char **cited_keys(const char *text, int *n);

#endif

/* split.h - a literate C file as a sequence of prose and code. */
#ifndef GLASSBOX_SPLIT_H
#define GLASSBOX_SPLIT_H

#include "core/base/base.h"

typedef enum { PROSE, CODE } PartKind;

typedef struct {
    PartKind kind;
    /* of the file, where `text` begins: its k-th newline ends line `line + k` */
    int line;
    char *text; /* without the marks of the comment; code without blank lines around it */
    int lines;  /* that `text` covers */
    /* code only: what it defines, "train, score"; one that an earlier part began has a
     * trailing "..."; empty: declarations */
    char *names;
    bool declares; /* code only: it holds the declaration of the experiment */
} Part;

/* A block comment is prose iff it starts in column 0 and nothing follows it on its last
 * line; all else is code, whatever strings and other comments it holds. Blank code is
 * dropped. The caller frees with split_free. */
Part *split_source(const char *source, int *n);
void split_free(Part *, int n);

#endif

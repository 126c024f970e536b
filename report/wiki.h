/* wiki.h - data/wiki.csv, the outline of the page that the site mirrors: headings in the
 * page's order, below each the entries with their sources, status and the findings that
 * serve them, and notes. */
#ifndef GLASSBOX_WIKI_H
#define GLASSBOX_WIKI_H

#include "core/base/sheet.h"

typedef enum { WIKI_HEADING, WIKI_ENTRY, WIKI_NOTE } WikiKind;

typedef struct {
    WikiKind kind;
    /* where it stands; a heading's own name is the deepest of the three that is not empty.
     * All three empty: a note on top of the page */
    const char *part, *section, *subsection;
    /* folder below experiments/ of that heading; empty if no experiment can stand there.
     * Entries and notes carry their heading's. */
    const char *folder;
    const char
        *label; /* entry: what the page shows; note: the sentence; heading: empty */
    const char *status; /* entry: listed, reconstructed or added; else empty */
    const char *reason; /* entry: why it is open as long as no finding of it exists */
    char **keys, **findings; /* citation keys; ids of findings, existing or planned */
    int n_keys, n_findings;
    int line; /* of the file, for messages */
} WikiRow;

typedef struct {
    WikiRow *rows;
    int n;
    Sheet *sheet; /* owns the texts */
} Wiki;

/* NULL with *error (caller frees) "path:row:column: what is wrong, what was expected". */
Wiki *wiki_load(const char *path, char **error);
void wiki_free(Wiki *);
/* the heading's own name: its subsection, section or part */
const char *wiki_heading(const WikiRow *);
/* 1 part, 2 section, 3 subsection */
int wiki_level(const WikiRow *);

#endif

/* outline.h - data/wiki.csv: the page that the site mirrors, row by row in its order. */
#ifndef GLASSBOX_OUTLINE_H
#define GLASSBOX_OUTLINE_H

#include "core/base/base.h"

typedef enum { OUTLINE_HEADING, OUTLINE_ENTRY, OUTLINE_NOTE } OutlineKind;
/* Where an entry comes from: the surviving copy names it, the list is reconstructed from
 * memory of the page, or it was added because it belongs. */
typedef enum {
    OUTLINE_NONE,
    OUTLINE_LISTED,
    OUTLINE_RECONSTRUCTED,
    OUTLINE_ADDED
} Origin;

typedef struct {
    OutlineKind kind;
    Origin origin;
    /* "" where the row stands above that level */
    char *part, *section, *subsection;
    char *folder; /* of the heading, below experiments/ */
    char *label, *reason;
    char **keys, **findings; /* citation keys; ids of findings, built or planned */
    int n_keys, n_findings;
    int line; /* of the file, for messages */
} OutlineRow;

typedef struct {
    OutlineRow *rows;
    int n;
} Outline;

/* NULL with *error (caller frees) "path:row:column: what is wrong, what was expected". */
Outline *outline_read(const char *path, char **error);
void outline_free(Outline *);
const char *outline_origin(Origin); /* "listed", "reconstructed", "added", "" */
bool outline_serves(const OutlineRow *, const char *finding);

#endif

/* citations.h - CITATIONS.md: every source once, under the first heading of the mirrored
 * page that names it, with its links, its status there and the findings that serve it. */
#ifndef GLASSBOX_CITATIONS_H
#define GLASSBOX_CITATIONS_H

#include "report/bibliography.h"
#include "report/outline.h"
#include "report/suite.h"

/* The whole file; the core is read below the working folder. The caller frees. */
char *citations_text(Suite *, const Outline *, const Bibliography *);

/* What a source that is no entry of the page is here for: the field keywords of the
 * BibTeX, "caveat: calendar-ring", "method of the core", "the mirrored page"; "":
 * nothing. Borrowed. */
const char *citations_role(const Reference *);

/* NULL if the texts agree; else a message that names the first line of `path` that
 * differs, what it holds and what was expected. The caller frees. */
char *citations_difference(const char *path, const char *is, const char *expected);

#endif

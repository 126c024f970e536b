/* bibtex.h - the entries of a .bib file as they are written, for passing on to
 * pandoc. */
#ifndef GLASSBOX_BIBTEX_H
#define GLASSBOX_BIBTEX_H

#include "core/base/base.h"

/* The entry "@article{key, ...}" within `bib`, its length in *n; NULL: no such key. */
const char *bibtex_entry(const char *bib, const char *key, size_t *n);

/* The next citation key in Markdown at or after p: where it begins (behind the @), its
 * length in *n; NULL: none. Code spans and mail addresses hold none. */
const char *bibtex_citation(const char *p, size_t *n);

#endif

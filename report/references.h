/* references.h - data/references.bib as the report uses it: every source by its key,
 * ready to be linked and printed. pandoc reads the BibTeX, so articles (citeproc) and
 * lists (this file) can never disagree about a source. */
#ifndef GLASSBOX_REFERENCES_H
#define GLASSBOX_REFERENCES_H

#include "core/base/base.h"

typedef struct {
    char *key, *title;
    char *authors;   /* "Kiho Park, Yo Joong Choe et al."; NULL: none known */
    int year, month; /* 0: not known */
    char *container; /* journal, proceedings or site; NULL: none */
    char *doi, *url; /* NULL: none. The doi is bare: 10.23915/distill.00024.001 */
    char *note;      /* "metadata not verified ..."; NULL: none */
    char *role; /* of a source that is no entry of the page: "caveat: calendar-ring" */
    char *text; /* plain: authors (year). Title. Container. Note. No link. */
    const char *link; /* url, else https://doi.org/doi; NULL: none. Points into doi_url */
    char *doi_url;
} Reference;

typedef struct {
    Reference *all; /* in the order of the file */
    int n;
} References;

/* NULL with *error (caller frees) "path: what is wrong, what was expected": no such
 * file, pandoc absent, BibTeX that pandoc cannot read, a key that occurs twice. */
References *references_load(const char *path, char **error);
void references_free(References *);
const Reference *references_find(const References *, const char *key); /* NULL: unknown */

#endif

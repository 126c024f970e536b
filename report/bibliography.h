/* bibliography.h - data/references.bib as the pages print it. Pandoc reads the BibTeX,
 * so that the site and the woven articles cannot disagree about a source. */
#ifndef GLASSBOX_BIBLIOGRAPHY_H
#define GLASSBOX_BIBLIOGRAPHY_H

#include "core/base/base.h"
#include <jansson.h>

typedef struct {
    char *key, *title;
    char *authors; /* all of them, "Ada Byron, Max Newman" */
    char *brief; /* "Byron and Newman 2013", "Mikolov et al. 2013a": unlike all others */
    char *date;  /* "2013-01", "2013" or "" */
    char *venue; /* journal, proceedings or publisher; "" */
    char *url;   /* NULL: none */
    json_t *csl; /* the entry as CSL-JSON, owned */
} Reference;

typedef struct {
    Reference *references; /* in the order of the file */
    int n;
} Bibliography;

/* NULL with *error (caller frees): the file cannot be read or pandoc refuses it. */
Bibliography *bibliography_read(const char *path, char **error);
void bibliography_free(Bibliography *);
const Reference *bibliography_find(const Bibliography *, const char *key);

#endif

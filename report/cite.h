/* cite.h - the texts by which a claim, a finding or a chart is cited.
 *
 * All of them carry a short hash, `finding/claim@3f9a1c7e`: whoever holds the citation
 * can tell whether the values behind it are still the ones that were cited. */
#ifndef GLASSBOX_CITE_H
#define GLASSBOX_CITE_H

#include "report/suite.h"

typedef struct { /* what CITATION.cff says of the suite; "" where it says nothing */
    char *title, *author, *version, *date, *url;
} CiteWork;
/* `root`: the checkout. False with *error (caller frees): no readable CITATION.cff, or
 * one without title, author, version and date. */
bool cite_work(const char *root, CiteWork *, char **error);
void cite_work_free(CiteWork *);

typedef struct {
    char *plain;     /* one paragraph */
    char *bibtex;    /* one @misc entry, several lines */
    char *csl;       /* CSL-JSON: an array of one item */
    char *permalink; /* "ID.html#CLAIM", behind the suite's url if it has one */
    char *hash;      /* "ID/CLAIM@3f9a1c7e" */
} Citation;
void cite_free(Citation *);

Citation cite_claim(const CiteWork *, const Finding *, int claim);
/* Its hash is over the hashes of all claims. */
Citation cite_finding(const CiteWork *, const Finding *);
/* chart: its anchor on the page, "chart-1"; its hash is the finding's. */
Citation cite_chart(const CiteWork *, const Finding *, const char *chart,
                    const char *caption);

#endif

/* site.h - shared by the files that write the pages. site.c loads all that the pages
 * show and calls one writer per page; each site_*.c is one page or one part of a page. */
#ifndef GLASSBOX_SITE_H
#define GLASSBOX_SITE_H

#include "core/num/stats.h"
#include "report/bibliography.h"
#include "report/cite.h"
#include "report/standing.h"
#include "report/html.h"
#include "report/outline.h"
#include "report/suite.h"
#include "report/weave.h"

typedef struct {
    const Finding *f;
    Article *article; /* NULL: there is none, and `trouble` says why */
    char *trouble;
    Standing here;
} Page;

typedef struct {
    char *path;       /* below the site's folder */
    char *what;       /* in words, for lists of downloads */
    const Finding *f; /* whose it is; NULL: the site's */
    size_t size;
    Hash hash;
    bool computed; /* a copy of what this machine's runs wrote */
} SiteFile;

typedef struct {
    const char *root, *run_dir, *out;
    Suite *suite;
    Outline *outline;
    Bibliography *sources;
    CiteWork work;
    Page *pages; /* (suite->n), in the suite's order */
    SiteFile *files;
    int n_files, room;
    char *error;  /* the first failure to write; later writes do nothing */
    int warnings; /* pages that are not what they should be */
} Site;

/* Builds all of it from root, run_dir and out, which the caller has set; false with
 * `error` set. site_free() frees what it loaded. */
bool site_build(Site *);
void site_free(Site *);

/* --- files (site_files.c) -------------------------------------------------------- */

/* Writes out/path unless these bytes are there already, and keeps its hash. */
void site_put(Site *, const char *path, const Finding *, const char *what,
              const char *bytes, size_t n);
void site_put_page(Site *, const char *path, const Finding *, Html *); /* ends it */
/* The assets, every finding's data, and data/SHA256SUMS over this machine's values. */
void site_put_assets(Site *);
void site_put_data(Site *);
/* SHA256SUMS of everything written; removes what an older build wrote and this did
 * not. */
void site_put_sums(Site *);

/* --- parts of pages -------------------------------------------------------------- */

/* Everything up to and with <main>, and from </main>. `here`: the page's own address. */
void site_begin(Html *, const char *title, const char *description, const char *kind,
                const char *here);
void site_end(Html *, const Site *);
/* The glyph and the word of a verdict; a number without a bound is a NUMBER. */
void site_verdict(Html *, const Claim *, const Judgement *);
const char *site_word(const Claim *, const Judgement *);
/* Text of a declaration: `code` becomes <code>, a citation key a link to its source. */
void site_prose(Html *, const Site *, const char *text);
/* Numbers put into {{...}}; a name that does not exist is a warning. Caller frees. */
char *site_woven(Site *, const Finding *, const char *text);
/* A number with three significant digits. */
void site_number(Html *, double x);
/* "at least 0.3" and ">= 0.3" of a check; the caller frees. */
char *site_bound_words(Side, double bound, double upper);
char *site_bound_sign(Side, double bound, double upper);
/* The fragment report/assets/pages/NAME, cut where {{mark}} stands; `fill` writes what
 * belongs there. */
void site_fragment(Html *, Site *, const char *name,
                   void (*fill)(Html *, Site *, const char *mark));

/* A recorded value over the seeds that judge the claim: those of the long variant if the
 * claim names it. False: no seed has the value. */
typedef struct {
    Estimate mean;
    double min, max;
} Spread;
bool site_value(const Finding *, const Claim *, const char *name, Spread *);
/* The replicates that judge the claim; the caller frees the array. */
Replicate *site_replicates(const Finding *, const Claim *, int *n);
/* Claims of the finding with that verdict; `numbers` counts those without a bound. */
int site_count(const Finding *, Verdict, int *numbers);
Page *site_page(const Site *, const char *id); /* NULL: no such finding in the tree */
/* The first chart that has been drawn; NULL: none. */
const Chart *site_main_chart(const Page *);
/* The row of the heading that the finding stands under; NULL: the outline has none. */
const OutlineRow *site_heading(const Site *, const Finding *);
/* "open: needs a pretrained model", "open, planned: othello-board" */
void site_open_reason(Html *, const OutlineRow *);
/* id of a heading on the front page: "interpretability-semanticity"; caller frees */
char *site_anchor(const char *part, const char *section, const char *subsection);
/* One line on stderr, counted: the site is built all the same. */
void site_warn(Site *, const char *message);

void site_claim_card(Html *, Site *, const Page *, int claim);
/* The folded block of all forms of a citation; `what` is heard, not seen. */
void site_citation(Html *, const char *what, const Citation *);
void site_strips(Html *, const Site *, const Page *, int claim);

/* [core s] a seed: the record's mean, else as run here, else as declared */
double site_cost(const Finding *);
char *site_seconds(double);         /* "12 core-seconds"; caller frees */
char *site_memory(const Finding *); /* ", 40 MB of memory" or ""; caller frees */
void site_provenance(Html *, const Finding *);

/* --- pages ----------------------------------------------------------------------- */

void site_put_front(Site *);
void site_put_finding(Site *, Page *);
void site_put_methodology(Site *);
void site_put_sources(Site *);
void site_put_index(Site *); /* index.json, index.schema.json, badge.svg */
void site_put_search(Site *);
char *site_plain_text(const char *markup); /* without tags, code, tables; caller frees */

#endif

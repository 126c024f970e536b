/* corpus.h - real text from installed Debian packages, as a stream of word ids.
 *
 * A token is a maximal run of the letters a-z after lower-casing; everything else
 * separates. Words are numbered by falling frequency, ties alphabetically, so the
 * vocabulary of the V most frequent words is the ids below V. */
#ifndef GLASSBOX_CORPUS_H
#define GLASSBOX_CORPUS_H

#include "core/base/base.h"
#include "core/base/hash.h"
#include "core/base/rng.h"

typedef struct CorpusIndex CorpusIndex;

typedef struct {
    size_t n;      /* tokens */
    int *token;    /* (n) word ids in the order of the text */
    int words;     /* distinct words */
    char **word;   /* (words) by falling count, ties alphabetically */
    size_t *count; /* (words) */
    Hash sha256;   /* of the stream, one token a line */
    CorpusIndex *index;
} Corpus;

/* How a package keeps its prose. */
typedef enum {
    CORPUS_PLAIN, /* all of it, gzip or not */
    CORPUS_GLOSS, /* WordNet data: of each line what follows the first vertical bar */
    CORPUS_HTML,  /* tags that open and close on one line read as a space */
} CorpusFormat;

/* The files that are read of a package, sorted, absolute. The caller frees with
 * folder_list_free(). NULL with *error (caller frees) if the package is not installed:
 * one line that ends with what to type. `below` puts a folder before every path; tests
 * plant packages there. */
char **corpus_files(const char *package, int *n, char **error);
char **corpus_files_below(const char *below, const char *package, int *n, char **error);

/* Appends the tokens of a file's bytes to `lines`, one a line. */
void corpus_normalise(Buffer *lines, const char *bytes, size_t n, CorpusFormat);

/* The packages' text in the order given, "dict-gcide" or "package:dict-gcide". NULL with *error (caller frees). */
Corpus *corpus_read(const char *const *packages, int n, char **error);
/* From a stream of one token a line. */
Corpus *corpus_from_lines(const char *lines, size_t n);
void corpus_free(Corpus *);

int corpus_id(const Corpus *, const char *word); /* -1: it does not occur */

/* The ids below V of the text, each token kept with probability min(1, sqrt(t / f)),
 * f its word's share of these tokens [mikolov2013distributed]; *n of them, caller
 * frees. Draws of r: one a token of the text. t = 0 keeps all. */
int *corpus_sample(const Corpus *, int V, double t, Rng r, size_t *n);

#endif

/* ngram.h - how often any phrase of up to NGRAM_MOST tokens stands in a text, and what
 * such counts predict. */
#ifndef GLASSBOX_NGRAM_H
#define GLASSBOX_NGRAM_H

#include "core/base/base.h"

enum { NGRAM_MOST = 16 };
typedef struct Ngrams Ngrams;

/* text (n), tokens 0 .. V-1, n > NGRAM_MOST; borrowed. Places in its last NGRAM_MOST
 * tokens are not counted. */
Ngrams *ngram_new(const int *text, int n, int V);
void ngram_free(Ngrams *);

/* How often the k tokens s stand in the text; k <= NGRAM_MOST. */
int ngram_count(const Ngrams *, const int *s, int k);
/* p(*w | the order-1 tokens before w): c(h) occurrences of the context h with d(h)
 * different followers give (c(hw) + d(h) p(w|h')) / (c(h) + d(h)), where h' lacks h's
 * first token [witten1991zero]. Order 0 is 1/V; the empty context has d = V, whatever
 * occurs. */
double ngram_probability(const Ngrams *, const int *w, int order);

#endif

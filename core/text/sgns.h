/* sgns.h - word vectors by prediction: skip-gram with negative sampling
 * [mikolov2013distributed] and GloVe [pennington2014glove], one thread, the same bits
 * every time.
 *
 * Both learn a vector for each word and one for each context, so that their product says
 * how well the two go together. */
#ifndef GLASSBOX_SGNS_H
#define GLASSBOX_SGNS_H

#include "core/base/base.h"
#include "core/base/rng.h"
#include "core/text/wordvec.h"

typedef struct {
    int words, contexts, K;
    real *word;    /* (words,K) */
    real *context; /* (contexts,K) */
} Embedding;

/* All numbers uniform in +-1/2K: contexts too, so that untrained products vary. */
Embedding *embedding_new(int words, int contexts, int K, Rng init);
void embedding_free(Embedding *);

typedef struct {
    int negatives;      /* noise contexts per observed pair */
    int epochs;         /* 0 trains nothing */
    double rate;        /* of the first step; falls linearly to 0 */
    double noise_power; /* noise ~ count^this: 1 makes w.c estimate PMI - ln negatives */
    int window;         /* sgns_text only: the reach is drawn from 1 .. window */
} SgnsSpec;

/* On n observed pairs in the order given: shuffle pairs that are not drawn
 * independently. */
void sgns_pairs(Embedding *, SgnsSpec, size_t n, const int *word, const int *context,
                Rng);
/* Word vectors (V,K) of a stream of n ids below V and its windows; caller frees. */
real *sgns_text(int V, int K, SgnsSpec, size_t n, const int *token, Rng);

/* GloVe on symmetric co-occurrence counts (V,V) in which a neighbour counts 1: weighted
 * least squares of w.c + biases against log counts, weight min(1, (count / 100)^.75),
 * AdaGrad of rate .05. Returns word + context (V,K), as the source advises; caller
 * frees. */
real *glove_vectors(const Sparse *counts, int K, int epochs, Rng);

#endif

/* wordvec.h - word vectors by counting: which words stand near which, how much more
 * often than chance, and the few directions that say most of it.
 *
 * counts -> PPMI -> truncated SVD, each step a function. Letters: V words, C contexts,
 * K dimensions, N entries of a sparse matrix. */
#ifndef GLASSBOX_WORDVEC_H
#define GLASSBOX_WORDVEC_H

#include "core/base/base.h"
#include "core/base/rng.h"

/* Compressed rows: the entries of row i are first[i] .. first[i + 1] - 1, their columns
 * ascending, their values not 0. */
typedef struct {
    int rows, columns;
    size_t *first; /* (rows + 1) */
    int *column;   /* (N) */
    real *value;   /* (N) */
} Sparse;

void sparse_free(Sparse *);
/* y (rows, K) := A x (columns, K) */
void sparse_times(const Sparse *, int K, const real *x, real *y);
/* y (columns, K) := A^T x (rows, K) */
void sparse_transposed_times(const Sparse *, int K, const real *x, real *y);

/* Co-occurrence (V,V) of a stream of ids below V: two tokens at distance d <= window add
 * window + 1 - d to each other's row. Whole numbers, so no order of adding shows. */
Sparse *wordvec_counts(const int *token, size_t n, int V, int window);
/* How often each (word[i], context[i]) occurs: (V,C). */
Sparse *wordvec_pair_counts(size_t n, const int *word, const int *context, int V, int C);

/* Counts become positive pointwise mutual information, in place:
 * max(0, log(P(w,c) / (P(w) P'(c)))), where P'(c) is proportional to count(c)^smoothing
 * [levy2015improving]: .75 takes the edge off rare contexts, 1 is plain PMI. */
void wordvec_ppmi(Sparse *counts, double smoothing);

/* A ~ U diag(s) V^T by randomised subspace iteration [halko2011finding]; returns
 * U diag(s^power) (rows,K), caller frees; s (K) may be NULL. 10 extra directions are
 * carried and dropped. K is at most the smaller side of A. */
typedef struct {
    int K;
    int iterations; /* of A A^T on the sketch */
    double power;   /* of the singular values: 0 all directions alike, 1 as in A */
} SvdSpec;
real *wordvec_svd(const Sparse *, SvdSpec, Rng sketch, double *s);

/* Rows of w (V,K) to length 1; a zero row stays. */
void wordvec_normalise(int V, int K, real *w);

#endif

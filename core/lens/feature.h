/* feature.h - sets of directions and sets of representations, compared. Rows of real,
 * results in double; (n,D) is n directions or N samples. */
#ifndef GLASSBOX_FEATURE_H
#define GLASSBOX_FEATURE_H

#include "core/base/base.h"

/* c (n,m): the cosine of row i of a (n,D) and row j of b (m,D); 0 if either is zero. */
void feature_cosines(int n, int m, int D, const real *a, const real *b, double *c);
/* Mean over the rows of `truth` (n,D) of the largest cosine with a row of `found` (m,D)
 * that is alive (NULL: all) [sharkey2022interim]; best (n) or NULL gets the cosines. */
double feature_mmcs(int n, int m, int D, const real *truth, const real *found,
                    const bool *alive, double *best);
/* The matching of all n rows to different columns (n <= m) with the largest sum of score
 * (n,m) [kuhn1955hungarian]: match[i] is row i's column. Returns the sum. */
double feature_match(int n, int m, const double *score, int *match);

/* Principal components of x (N,D): mean (D), axis (k,D) of unit rows, variance (k), in
 * descending order. mean and variance may be NULL. */
void feature_pca(int N, int D, const real *x, int k, double *mean, double *axis,
                 double *variance);
/* Linear CKA of x (N,p) and y (N,q), columns centred, in 0 .. 1 [kornblith2019similarity]. */
double feature_cka(int N, int p, int q, const real *x, const real *y);

#endif

/* linalg.h - small dense linear algebra in double, row major, own code (a LAPACK would
 * move its bits with the machine). Sizes up to a few hundred. Shape errors and
 * non-finite input are fatal. */
#ifndef GLASSBOX_LINALG_H
#define GLASSBOX_LINALG_H

#include "core/base/base.h"

/* A (n,n) symmetric = V diag(w) V^T by cyclic Jacobi [golub2013matrix]; w descending,
 * column j of v (n,n) belongs to w[j]; the largest component of each vector is
 * positive, so signs are fixed. a is kept. */
void linalg_eigen(int n, const double *a, double *w, double *v);
/* A (m,n), m >= n: A = U diag(s) V^T by one-sided Jacobi; u (m,n), s (n) descending, v
 * (n,n) with column j belonging to s[j], its largest component positive. Below 1e-16 of
 * the norm, s[j] and column j of u are zero. u may be a. */
void linalg_svd(int m, int n, const double *a, double *u, double *s, double *v);
/* A (n,n) positive definite = L L^T, lower, in place (the upper part is zeroed).
 * False: not positive definite. */
bool linalg_cholesky(int n, double *a);
/* B (n,k) := L^-1 B. */
void linalg_solve_lower(int n, int k, const double *l, double *b);
/* B (n,k) := L^-T B. */
void linalg_solve_upper(int n, int k, const double *l, double *b);
/* argmin |X W - Y|^2 + lambda |W|^2: x (N,p), y (N,q), w (p,q). lambda 0 is least
 * squares; a rank-deficient x then dies. */
void linalg_ridge(int N, int p, int q, const double *x, const double *y, double lambda,
                  double *w);
/* The columns of A (m,n), m >= n, become an orthonormal basis of what they span, to
 * 1e-13: a tall sketch (20000 x 160) in a fraction of a second. Columns that depend on
 * the others (to about 1e-12) are fatal. */
void linalg_orthonormalise(int m, int n, double *a);

#endif

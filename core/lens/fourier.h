/* fourier.h - functions on the integers modulo p, and their frequencies 0 .. p/2
 * [nanda2023progress]. Rows of x (p,D) belong to 0 .. p-1. */
#ifndef GLASSBOX_FOURIER_H
#define GLASSBOX_FOURIER_H

#include "core/base/base.h"

/* basis (p,p), orthonormal rows: the constant, then cos and sin of 2 pi k a / p for each
 * frequency k = 1, 2, ..; the last row of an even p alternates in sign. Row r belongs to
 * frequency (r + 1) / 2. */
void fourier_basis(int p, double *basis);
/* power (p/2 + 1): what each frequency holds of |x|^2; the sum is |x|^2. */
void fourier_power(int p, int D, const real *x, double *power);
/* share (p/2 + 1): the same as shares of all but the constant, share[0] = 0. order (p/2): the
 * frequencies, the strongest first. */
void fourier_shares(int p, int D, const real *x, double *share, int *order);
/* xy (p,2): the rows of x, seen along what frequency k's cosine and sine span; root-mean-
 * square distance 1. A circle, if x turns with frequency k. */
void fourier_plane(int p, int D, const real *x, int k, double *xy);
/* x := its part in the n frequencies k (keep), or what is left without it. */
void fourier_filter(int p, int D, real *x, int n, const int *k, bool keep);

#endif

/* fourier.c - one matrix product instead of a fast transform: p is about a hundred, the
 * basis is explicit, and what is kept or removed is a choice of its rows. */
#include "core/lens/fourier.h"
#include "core/num/gemm.h"
#include "core/num/vmath.h"
#include <math.h>
#include <stdlib.h>

void fourier_basis(int p, double *basis)
{
    require(p >= 1, "integers modulo %d", p);
    for (int r = 0; r < p; r++) {
        int k = (r + 1) / 2;
        bool single = k == 0 || 2 * k == p;
        for (int a = 0; a < p; a++) {
            /* k a is reduced first: the angle stays small and its error with it */
            double angle = 6.283185307179586 * (double)((long)k * a % p) / p;
            double y = r % 2 || !k ? vmath_cos(angle) : vmath_sin(angle);
            basis[(size_t)r * (size_t)p + a] = y * sqrt((single ? 1. : 2.) / p);
        }
    }
}

/* c (p,D) := coefficients of x; the caller frees both */
static double *coefficients(int p, int D, const real *x, double **basis)
{
    size_t n = (size_t)p * (size_t)D;
    double *wide = alloc(n, sizeof *wide), *c = alloc(n, sizeof *c);
    *basis = alloc((size_t)p * (size_t)p, sizeof **basis);
    fourier_basis(p, *basis);
    for (size_t i = 0; i < n; i++) wide[i] = (double)x[i];
    gemm_f64(false, false, p, D, p, *basis, p, wide, D, c, D, GEMM_SET);
    free(wide);
    return c;
}

void fourier_power(int p, int D, const real *x, double *power)
{
    double *basis, *c = coefficients(p, D, x, &basis);
    for (int k = 0; k <= p / 2; k++) power[k] = 0;
    for (int r = 0; r < p; r++) {
        const double *row = c + (size_t)r * (size_t)D;
        power[(r + 1) / 2] += vmath_dot_f64(D, row, row);
    }
    free(basis), free(c);
}

void fourier_shares(int p, int D, const real *x, double *share, int *order)
{
    double sum = 0;
    fourier_power(p, D, x, share);
    share[0] = 0;
    for (int k = 1; k <= p / 2; k++) sum += share[k];
    require(sum > 0, "a constant has no frequencies");
    for (int k = 1; k <= p / 2; k++) {
        int at = k - 1;
        share[k] /= sum;
        for (; at && share[order[at - 1]] < share[k]; at--) order[at] = order[at - 1];
        order[at] = k;
    }
}

void fourier_plane(int p, int D, const real *x, int k, double *xy)
{
    require(k > 0 && 2 * k < p, "the plane of frequency %d modulo %d", k, p);
    double *basis, *c = coefficients(p, D, x, &basis), radius = 0;
    for (int i = 0; i < 2 * p; i++) {
        const double *axis = c + (2 * k - 1 + i % 2) * D;
        double norm = sqrt(vmath_dot_f64(D, axis, axis));
        xy[i] = 0;
        for (int j = 0; j < D; j++) xy[i] += axis[j] / norm * (double)x[i / 2 * D + j];
        radius += xy[i] * xy[i] / p;
    }
    for (int i = 0; i < 2 * p; i++) xy[i] /= sqrt(radius);
    free(basis), free(c);
}

void fourier_filter(int p, int D, real *x, int n, const int *k, bool keep)
{
    double *basis, *c = coefficients(p, D, x, &basis);
    for (int i = 0; i < n; i++)
        require(k[i] >= 0 && k[i] <= p / 2, "frequency %d modulo %d", k[i], p);
    for (int r = 0; r < p; r++) {
        bool named = false;
        for (int i = 0; i < n; i++) named |= k[i] == (r + 1) / 2;
        for (int j = 0; j < D && named != keep; j++) c[(size_t)r * (size_t)D + j] = 0;
    }
    double *y = alloc((size_t)p * (size_t)D, sizeof *y);
    gemm_f64(true, false, p, D, p, basis, p, c, D, y, D, GEMM_SET);
    for (size_t i = 0; i < (size_t)p * (size_t)D; i++) x[i] = (real)y[i];
    free(basis), free(c), free(y);
}

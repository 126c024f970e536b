/* planted.c - a world without sparse directions must share everything else with the world
 * that has them, or it proves nothing: so the Gaussian one keeps mean and covariance. One
 * uniform number both switches a coefficient on and is its value, once divided by p. */
#include "core/lens/planted.h"
#include "core/num/gemm.h"
#include "core/num/vmath.h"
#include <math.h>
#include <stdlib.h>

Planted planted_new(int G, int D, double p, Rng rng)
{
    require(G > 0 && G % 2 == 0 && D > 0 && p > 0 && p <= 1, "%d directions in %d, p %g",
            G, D, p);
    Planted w = { G, D, p, false, alloc((size_t)G * (size_t)D, sizeof(real)) };
    rng_normals(rng, w.f, (size_t)G * (size_t)D);
    for (int g = 0; g < G; g++) {
        real *f = w.f + (size_t)g * (size_t)D;
        real scale = (real)(1 / sqrt((double)vmath_dot(D, f, f)));
        for (int i = 0; i < D; i++) f[i] *= scale;
    }
    return w;
}

void planted_free(Planted w) { free(w.f); }

void planted_draw(const Planted *w, int N, Rng rng, real *c, real *x)
{
    double mean = w->p / 2, sd = sqrt(w->p / 3 - mean * mean);
    for (size_t i = 0, n = (size_t)N * (size_t)w->G; i < n; i += 2) {
        double u[2]; /* a draw gives two */
        rng_uniform_pair(rng, i, u);
        for (size_t j = 0; j < 2; j++)
            if (w->gaussian) c[i + j] = (real)(mean + sd * rng_normal(rng, i + j));
            else c[i + j] = u[j] < w->p ? (real)(u[j] / w->p) : 0;
    }
    gemm(false, false, N, w->D, w->G, c, w->G, w->f, w->D, x, w->D, GEMM_SET);
}

/* neuron.c - the moments of many cosines, a block of directions at a time, so that 40,000
 * neurons against 50,000 tokens need no more memory than the weights. */
#include "core/lens/neuron.h"
#include "core/num/gemm.h"
#include "core/num/stats.h"
#include "core/num/vmath.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void normalise(int n, real *x)
{
    real length = (real)sqrt((double)vmath_dot(n, x, x));
    for (int i = 0; i < n && length > 0; i++) x[i] /= length;
}

real *neuron_readers(Model *m)
{
    const Tensor *w = model_weight(m, "unembed.W_U");
    size_t D = (size_t)w->n[0], V = (size_t)w->n[1];
    real *r = alloc(V * D, sizeof *r);
    for (size_t i = 0; i < V * D; i++) r[i % V * D + i / V] = w->v[i];
    for (size_t v = 0; v < V; v++) normalise((int)D, r + v * D);
    return r;
}

static Moments moments_of(int n, const real *x)
{
    double mean = 0, two = 0, three = 0, four = 0;
    for (int i = 0; i < n; i++) mean += (double)x[i] / n;
    for (int i = 0; i < n; i++) {
        double d = (double)x[i] - mean, square = d * d;
        two += square / n, three += square * d / n, four += square * square / n;
    }
    if (two <= 0) return (Moments){ 0 };
    return (Moments){ two, three / (two * sqrt(two)), four / (two * two) };
}

void neuron_moments(int n, int V, int D, const real *w, const real *readers, Moments *out)
{
    enum { BLOCK = 64 };
    real *unit = alloc((size_t)BLOCK * (size_t)D, sizeof *unit),
         *cosine = alloc((size_t)BLOCK * (size_t)V, sizeof *cosine);
    for (int from = 0; from < n; from += BLOCK) {
        int rows = n - from < BLOCK ? n - from : BLOCK;
        memcpy(unit, w + (size_t)from * (size_t)D,
               (size_t)rows * (size_t)D * sizeof *unit);
        for (int i = 0; i < rows; i++) normalise(D, unit + i * D);
        gemm(false, true, rows, V, D, unit, D, readers, D, cosine, V, GEMM_SET);
        for (int i = 0; i < rows; i++)
            out[from + i] = moments_of(V, cosine + (size_t)i * (size_t)V);
    }
    free(unit), free(cosine);
}

double neuron_threshold(double q, int nulls, int F, int V, int D, const real *w,
                        const real *readers, Rng rng)
{
    size_t N = (size_t)nulls;
    real *mix = alloc(N * (size_t)F, sizeof *mix), *x = alloc(N * (size_t)D, sizeof *x);
    Moments *m = alloc(N, sizeof *m);
    double *kurtosis = alloc(N, sizeof *kurtosis);
    for (int i = 0; i < nulls * F; i++) mix[i] = (real)rng_normal(rng, (uint64_t)i);
    gemm(false, false, nulls, D, F, mix, F, w, D, x, D, GEMM_SET);
    neuron_moments(nulls, V, D, x, readers, m);
    for (int i = 0; i < nulls; i++) kurtosis[i] = m[i].kurtosis;
    double at = stats_quantile(nulls, kurtosis, q);
    free(mix), free(x), free(m), free(kurtosis);
    return at;
}

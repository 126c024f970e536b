/* feature.c - cosines, matchings and spectra.
 *
 * Everything is a product of two matrices and a walk over the result, in double: a maximum
 * over thousands of cosines must not hang on rounding. The matching is the exact one by
 * shortest augmenting paths, n^2 m steps; a greedy one depends on the order of ties and
 * can only be worse. */
#include "core/lens/feature.h"
#include "core/num/gemm.h"
#include "core/num/linalg.h"
#include "core/num/vmath.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double *unit_rows(int n, int D, const real *a)
{
    double *u = alloc((size_t)n * (size_t)D, sizeof *u);
    for (int i = 0; i < n; i++) {
        double *row = u + (size_t)i * (size_t)D;
        for (int j = 0; j < D; j++) row[j] = (double)a[(size_t)i * (size_t)D + j];
        double norm = sqrt(vmath_dot_f64(D, row, row));
        for (int j = 0; j < D && norm > 0; j++) row[j] /= norm;
    }
    return u;
}

void feature_cosines(int n, int m, int D, const real *a, const real *b, double *c)
{
    double *u = unit_rows(n, D, a), *w = unit_rows(m, D, b);
    gemm_f64(false, true, n, m, D, u, D, w, D, c, m, GEMM_SET);
    free(u), free(w);
}

double feature_mmcs(int n, int m, int D, const real *truth, const real *found,
                    const bool *alive, double *best)
{
    double *c = alloc((size_t)n * (size_t)m, sizeof *c), sum = 0;
    feature_cosines(n, m, D, truth, found, c);
    for (int i = 0; i < n; i++) {
        double most = -1;
        for (int j = 0; j < m; j++)
            if ((!alive || alive[j]) && c[(size_t)i * (size_t)m + j] > most)
                most = c[(size_t)i * (size_t)m + j];
        if (best) best[i] = most;
        sum += most;
    }
    free(c);
    return sum / n;
}

/* Rows enter one by one; each finds the cheapest alternating path to a free column under
 * the prices u, v, which keep every reduced cost non-negative. Index 0 is "none". */
double feature_match(int n, int m, const double *score, int *match)
{
    require(n >= 1 && n <= m, "%d rows matched to %d columns", n, m);
    double *u = alloc((size_t)n + 1, sizeof *u), *v = alloc((size_t)m + 1, sizeof *v),
           *least = alloc((size_t)m + 1, sizeof *least), sum = 0;
    int *row = alloc((size_t)m + 1, sizeof *row),
        *from = alloc((size_t)m + 1, sizeof *from);
    bool *done = alloc((size_t)m + 1, sizeof *done);
    for (int i = 1; i <= n; i++) {
        for (int j = 0; j <= m; j++) least[j] = INFINITY, done[j] = false;
        int at = 0;
        for (row[0] = i; row[at];) {
            int next = 0, r = row[at];
            done[at] = true;
            for (int j = 1; j <= m; j++) {
                if (done[j]) continue;
                double cost = -score[(size_t)(r - 1) * (size_t)m + j - 1] - u[r] - v[j];
                if (cost < least[j]) least[j] = cost, from[j] = at;
                if (!next || least[j] < least[next]) next = j;
            }
            double step = least[next];
            require(isfinite(step), "a score that is not finite");
            for (int j = 0; j <= m; j++)
                if (done[j]) u[row[j]] += step, v[j] -= step;
                else least[j] -= step;
            at = next;
        }
        for (; at; at = from[at]) row[at] = row[from[at]];
    }
    for (int j = 1; j <= m; j++)
        if (row[j]) {
            match[row[j] - 1] = j - 1;
            sum += score[(size_t)(row[j] - 1) * (size_t)m + j - 1];
        }
    free(u), free(v), free(least), free(row), free(from), free(done);
    return sum;
}

/* x less its column means, which `mean` (D) gets if it is not NULL */
static double *centred(int N, int D, const real *x, double *mean)
{
    double *c = alloc((size_t)N * (size_t)D, sizeof *c);
    for (int j = 0; j < D; j++) {
        double m = 0;
        for (int r = 0; r < N; r++) m += (double)x[(size_t)r * (size_t)D + j] / N;
        for (int r = 0; r < N; r++)
            c[(size_t)r * (size_t)D + j] = (double)x[(size_t)r * (size_t)D + j] - m;
        if (mean) mean[j] = m;
    }
    return c;
}

void feature_pca(int N, int D, const real *x, int k, double *mean, double *axis,
                 double *variance)
{
    require(N >= 2 && k >= 1 && k <= D, "%d components of (%d,%d)", k, N, D);
    size_t cells = (size_t)D * (size_t)D;
    double *c = centred(N, D, x, mean), *s = alloc(cells, sizeof *s),
           *v = alloc(cells, sizeof *v), *w = alloc((size_t)D, sizeof *w);
    gemm_f64(true, false, D, D, N, c, D, c, D, s, D, GEMM_SET);
    for (size_t i = 0; i < cells; i++) s[i] /= N - 1;
    linalg_eigen(D, s, w, v);
    for (int i = 0; i < k; i++) {
        for (int j = 0; j < D; j++) axis[i * D + j] = v[j * D + i];
        if (variance) variance[i] = w[i];
    }
    free(c), free(s), free(v), free(w);
}

double feature_cka(int N, int p, int q, const real *x, const real *y)
{
    double *a[] = { centred(N, p, x, NULL), centred(N, q, y, NULL) }, square[3];
    int n[] = { p, q };
    for (int i = 0; i < 3; i++) { /* |x^T x|, |x^T y|, |y^T y|, squared */
        int l = i / 2, r = (i + 1) / 2;
        double *c = alloc((size_t)n[l] * (size_t)n[r], sizeof *c);
        gemm_f64(true, false, n[l], n[r], N, a[l], n[l], a[r], n[r], c, n[r], GEMM_SET);
        square[i] = vmath_dot_f64(n[l] * n[r], c, c);
        free(c);
    }
    free(a[0]), free(a[1]);
    require(square[0] > 0 && square[2] > 0, "the CKA of a constant");
    return square[1] / (sqrt(square[0]) * sqrt(square[2]));
}

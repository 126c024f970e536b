/* probe.c - weighted ridge regression, and the logistic one as a sequence of it.
 *
 * A row's weight enters as its square root on both sides of the least-squares problem; the
 * intercept is a difference of weighted means, so that it is not shrunk. A Newton step of
 * the logistic loss is such a problem too, with weights s (1 - s) [hastie2009elements];
 * it is halved until the loss falls, which separable classes need. With lambda > 0 the
 * minimum is unique: no learning rate and no seed enters a probe. */
#include "core/lens/probe.h"
#include "core/num/gemm.h"
#include "core/num/linalg.h"
#include "core/num/vmath.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double weight_of(const double *weight, int i) { return weight ? weight[i] : 1; }

/* --- splits and controls ------------------------------------------------------------ */

void probe_split(int N, const int *group, int groups, double share, Rng rng, double *fit,
                 double *test)
{
    int n = group ? groups : N, fitted = (int)rint(share * n);
    require(n >= 2, "a split of %d group", n);
    fitted = fitted < 1 ? 1 : fitted > n - 1 ? n - 1 : fitted;
    int *place = alloc((size_t)n, sizeof *place);
    rng_permutation(rng, place, n);
    for (int i = 0; i < N; i++) {
        fit[i] = place[group ? group[i] : i] < fitted;
        test[i] = 1 - fit[i];
    }
    free(place);
}

void probe_control(int N, const int *group, int groups, Rng rng, int *row)
{
    int n = group ? groups : N;
    int *first = alloc((size_t)n, sizeof *first),
        *other = alloc((size_t)n, sizeof *other);
    for (int i = N; i-- > 0;) first[group ? group[i] : i] = i;
    rng_permutation(rng, other, n);
    for (int i = 0; i < N; i++) row[i] = first[other[group ? group[i] : i]];
    free(first), free(other);
}

/* --- fits --------------------------------------------------------------------------- */

static double *wide(size_t n, const real *x)
{
    double *copy = alloc(n, sizeof *copy);
    for (size_t i = 0; i < n; i++) copy[i] = (double)x[i];
    return copy;
}

/* a (N,n) := root of the weight times (a - mean); mean (n) is the weighted one. */
static void centre(int N, int n, double *a, const double *weight, double *mean)
{
    double total = 0;
    for (int i = 0; i < N; i++) total += weight_of(weight, i);
    require(total > 0, "no row has a weight");
    for (int j = 0; j < n; j++) mean[j] = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < n; j++)
            mean[j] += weight_of(weight, i) / total * a[i * n + j];
    for (int i = 0; i < N; i++)
        for (int j = 0; j < n; j++)
            a[i * n + j] = sqrt(weight_of(weight, i)) * (a[i * n + j] - mean[j]);
}

Probe probe_ridge(int N, int p, int q, const real *x, const double *y, const double *fit,
                  double lambda)
{
    Probe f = { p, q, alloc((size_t)(p + 1) * (size_t)q, sizeof(double)) };
    size_t cells = (size_t)N * (size_t)q;
    double *a = wide((size_t)N * (size_t)p, x), *mean = alloc((size_t)p, sizeof *mean),
           *b = memcpy(alloc(cells, sizeof *b), y, cells * sizeof *b),
           *shift = alloc((size_t)q, sizeof *shift), *end = f.w + p * q;
    centre(N, p, a, fit, mean), centre(N, q, b, fit, end);
    linalg_ridge(N, p, q, a, b, lambda, f.w);
    gemm_f64(false, false, 1, q, p, mean, p, f.w, q, shift, q, GEMM_SET);
    for (int j = 0; j < q; j++) end[j] -= shift[j];
    free(a), free(b), free(mean), free(shift);
    return f;
}

/* Weighted cross-entropy of the log odds m, and the penalty. */
static double logistic_loss(int N, const double *m, const bool *y, const double *fit,
                            const Probe *f, double lambda)
{
    double loss = lambda / 2 * vmath_dot_f64(f->p, f->w, f->w);
    for (int i = 0; i < N; i++) {
        double z = y[i] ? m[i] : -m[i]; /* log(1 + exp(-z)) without overflow */
        loss +=
            weight_of(fit, i) * (vmath_log(1 + vmath_exp(-fabs(z))) + (z < 0 ? -z : 0));
    }
    return loss;
}

/* to := the middle of both */
static void halve(int n, const double *from, double *to)
{
    for (int i = 0; i < n; i++) to[i] = (from[i] + to[i]) / 2;
}

Probe probe_logistic(int N, int p, const real *x, const bool *y, const double *fit,
                     double lambda)
{
    require(lambda > 0, "a logistic regression with lambda %g", lambda);
    Probe f = { p, 1, alloc((size_t)p + 1, sizeof(double)) };
    double *odds = alloc((size_t)N, sizeof *odds), *next = alloc((size_t)N, sizeof *next),
           *weight = alloc((size_t)N, sizeof *weight);
    double loss = logistic_loss(N, odds, y, fit, &f, lambda), gain = loss;
    for (int round = 0; round < 100 && gain > 1e-13 * loss; round++) {
        for (int i = 0; i < N; i++) {
            double s = vmath_sigmoid(odds[i]), curvature = s * (1 - s) + 1e-12;
            next[i] = odds[i] + (y[i] - s) / curvature;
            weight[i] = weight_of(fit, i) * curvature;
        }
        Probe to = probe_ridge(N, p, 1, x, next, weight, lambda);
        probe_apply(&to, N, x, next);
        for (int turn = 0; turn < 30; turn++) {
            gain = loss - logistic_loss(N, next, y, fit, &to, lambda);
            if (gain > 0) break;
            halve(p + 1, f.w, to.w), halve(N, odds, next);
        }
        if (gain > 0) {
            memcpy(f.w, to.w, ((size_t)p + 1) * sizeof *f.w);
            memcpy(odds, next, (size_t)N * sizeof *odds);
            loss -= gain;
        }
        free(to.w);
    }
    free(odds), free(next), free(weight);
    return f;
}

/* --- judgements --------------------------------------------------------------------- */

void probe_apply(const Probe *f, int N, const real *x, double *out)
{
    double *a = wide((size_t)N * (size_t)f->p, x);
    for (int i = 0; i < N * f->q; i++) out[i] = f->w[f->p * f->q + i % f->q];
    gemm_f64(false, false, N, f->q, f->p, a, f->p, f->w, f->q, out, f->q, GEMM_ADD);
    free(a);
}

double probe_r2(const Probe *f, int N, const real *x, const double *y, const double *test)
{
    size_t cells = (size_t)N * (size_t)f->q;
    double *out = alloc(cells, sizeof *out), *mean = alloc((size_t)f->q, sizeof *mean),
           *spread = memcpy(alloc(cells, sizeof *spread), y, cells * sizeof *y);
    probe_apply(f, N, x, out);
    for (size_t i = 0; i < cells; i++)
        out[i] = sqrt(weight_of(test, (int)i / f->q)) * (out[i] - y[i]);
    centre(N, f->q, spread, test, mean);
    double error = vmath_dot_f64((int)cells, out, out),
           all = vmath_dot_f64((int)cells, spread, spread);
    free(out), free(mean), free(spread);
    require(all > 0, "an R2 of a constant");
    return 1 - error / all;
}

double probe_accuracy(const Probe *f, int N, const real *x, const int *label,
                      const double *test)
{
    double *out = alloc((size_t)N * (size_t)f->q, sizeof *out), right = 0, total = 0;
    probe_apply(f, N, x, out);
    for (int i = 0; i < N; i++) {
        const double *o = out + (size_t)i * (size_t)f->q;
        int best = f->q == 1 && o[0] > 0;
        for (int j = 1; j < f->q; j++) best = o[j] > o[best] ? j : best;
        total += weight_of(test, i);
        right += weight_of(test, i) * (best == label[i]);
    }
    free(out);
    require(total > 0, "no row has a weight");
    return right / total;
}

static double normalise(int p, double *v)
{
    double norm = sqrt(vmath_dot_f64(p, v, v));
    for (int j = 0; j < p && norm > 0; j++) v[j] /= norm;
    return norm;
}

double probe_mean_difference(int N, int p, const real *x, const bool *positive,
                             const double *fit, double *direction)
{
    double total[2] = { 0 };
    for (int i = 0; i < N; i++) total[positive[i]] += weight_of(fit, i);
    require(total[0] > 0 && total[1] > 0, "a difference of means without both kinds");
    for (int j = 0; j < p; j++) direction[j] = 0;
    for (int i = 0; i < N; i++) {
        double w = (positive[i] ? 1 : -1) * weight_of(fit, i) / total[positive[i]];
        for (int j = 0; j < p; j++)
            direction[j] += w * (double)x[(size_t)i * (size_t)p + (size_t)j];
    }
    return normalise(p, direction);
}

double probe_direction(const Probe *f, int column, double *direction)
{
    require(column >= 0 && column < f->q, "no column %d", column);
    for (int j = 0; j < f->p; j++) direction[j] = f->w[j * f->q + column];
    return normalise(f->p, direction);
}

/* stats.c - the few statistics that a claim needs.
 *
 * Sums are compensated [neumaier1974rundungsfehleranalyse], so a mean over ten numbers
 * or ten million is right to the last digit or two, and orders do not matter to a
 * reader. Ranks give Spearman and AUC one common ground: both are functions of mean
 * ranks, at n log n.
 *
 * The quantile of Student's t has no table: the distribution is a finite sum of powers
 * of cosines for whole degrees of freedom [abramowitz1964handbook], which bisection
 * inverts; beyond 200 degrees the expansion about the normal quantile is as exact. */
#include "core/num/stats.h"
#include "core/num/vmath.h"
#include <math.h>
#include <stdlib.h>

static double sum_of(int n, const double *x)
{
    double s = 0, lost = 0;
    for (int i = 0; i < n; i++) {
        double t = s + x[i];
        lost += fabs(s) >= fabs(x[i]) ? (s - t) + x[i] : (x[i] - t) + s;
        s = t;
    }
    return s + lost;
}

static void check(int n, int least, const double *x)
{
    require(n >= least, "%d values, at least %d are needed", n, least);
    for (int i = 0; i < n; i++) require(isfinite(x[i]), "value %d is %g", i, x[i]);
}

double stats_mean(int n, const double *x)
{
    check(n, 1, x);
    return sum_of(n, x) / n;
}

/* sum of (x - mean x)(y - mean y) */
static double co_moment(int n, const double *x, const double *y)
{
    double mx = stats_mean(n, x), my = stats_mean(n, y);
    double *p = alloc((size_t)n, sizeof *p);
    for (int i = 0; i < n; i++) p[i] = (x[i] - mx) * (y[i] - my);
    double s = sum_of(n, p);
    free(p);
    return s;
}

double stats_variance(int n, const double *x)
{
    check(n, 2, x);
    return co_moment(n, x, x) / (n - 1);
}

Estimate stats_estimate(int n, const double *x)
{
    double mean = stats_mean(n, x);
    if (n == 1) return (Estimate){ mean, mean, mean, 1 };
    double half = stats_student(n - 1) * sqrt(stats_variance(n, x) / n);
    return (Estimate){ mean, mean - half, mean + half, n };
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double stats_quantile(int n, const double *x, double q)
{
    check(n, 1, x);
    require(q >= 0 && q <= 1, "the quantile at %g", q);
    double *sorted = alloc((size_t)n, sizeof *sorted);
    for (int i = 0; i < n; i++) sorted[i] = x[i];
    qsort(sorted, (size_t)n, sizeof *sorted, ascending);
    double place = q * (n - 1);
    int below = (int)floor(place), above = below + 1 < n ? below + 1 : below;
    double y = sorted[below] + (place - below) * (sorted[above] - sorted[below]);
    free(sorted);
    return y;
}

double stats_correlation(int n, const double *x, const double *y)
{
    check(n, 2, x), check(n, 2, y);
    double xx = co_moment(n, x, x), yy = co_moment(n, y, y);
    require(xx > 0 && yy > 0, "the correlation of a constant");
    double r = co_moment(n, x, y) / (sqrt(xx) * sqrt(yy));
    return r > 1 ? 1 : r < -1 ? -1 : r;
}

typedef struct {
    double value;
    int place;
} Ranked;

/* rank[i] of x[i] from 1; equal values share the mean of theirs */
static void mean_ranks(int n, const double *x, double *rank)
{
    Ranked *r = alloc((size_t)n, sizeof *r);
    for (int i = 0; i < n; i++) r[i] = (Ranked){ x[i], i };
    qsort(r, (size_t)n, sizeof *r, ascending);
    for (int i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && r[end].value == r[i].value;) end++;
        for (int j = i; j < end; j++) rank[r[j].place] = (i + 1 + end) / 2.0;
    }
    free(r);
}

double stats_spearman(int n, const double *x, const double *y)
{
    check(n, 2, x), check(n, 2, y);
    double *rx = alloc((size_t)n, sizeof *rx), *ry = alloc((size_t)n, sizeof *ry);
    mean_ranks(n, x, rx), mean_ranks(n, y, ry);
    double rho = stats_correlation(n, rx, ry);
    free(rx), free(ry);
    return rho;
}

double stats_auc(int n, const double *score, const bool *positive)
{
    check(n, 2, score);
    double *rank = alloc((size_t)n, sizeof *rank), sum = 0, p = 0;
    mean_ranks(n, score, rank);
    for (int i = 0; i < n; i++)
        if (positive[i]) sum += rank[i], p++;
    free(rank);
    require(p > 0 && p < n, "an AUC needs both kinds, %g of %d are positive", p, n);
    return (sum - p * (p + 1) / 2) / (p * (n - p));
}

/* P(|T| < t) at t = sqrt(dof) tan(angle): 26.7.3 and 26.7.4 of the handbook */
static double student_mass(int dof, double sine, double cosine, double angle)
{
    double term = dof % 2 ? cosine : 1, sum = 0;
    for (int k = dof % 2 ? 1 : 0; k <= dof - 2; k += 2) {
        sum += term;
        term *= cosine * cosine * (k + 1) / (k + 2);
    }
    return dof % 2 ? 2 / 3.141592653589793 * (angle + sine * sum) : sine * sum;
}

/* The normal quantile 1.96 and the first terms of 26.7.5 of the handbook. */
static double student_far(double dof)
{
    double z = 1.959963984540054, s = z * z;
    double g1 = (s + 1) * z / 4;
    double g2 = ((5 * s + 16) * s + 3) * z / 96;
    double g3 = (((3 * s + 19) * s + 17) * s - 15) * z / 384;
    return z + (g1 + (g2 + g3 / dof) / dof) / dof;
}

int stats_rise(int n, const double *y, double share)
{
    check(n, 1, y);
    int i = 0;
    while (i < n - 1 && y[i] < share * y[n - 1]) i++;
    return i ? i : -1;
}

double stats_student(int dof)
{
    require(dof >= 1, "Student's t with %d degrees of freedom", dof);
    if (dof > 200) return student_far(dof);
    double lo = 0, hi = 1.5707963267948966;
    for (int i = 0; i < 60; i++) {
        double angle = (lo + hi) / 2, sine = vmath_sin(angle), cosine = vmath_cos(angle);
        if (student_mass(dof, sine, cosine, angle) < 0.95) lo = angle;
        else hi = angle;
    }
    return sqrt(dof) * vmath_sin(lo) / vmath_cos(lo);
}

Line stats_line(int n, const double *x, const double *y)
{
    check(n, 2, x), check(n, 2, y);
    double xx = co_moment(n, x, x), xy = co_moment(n, x, y), yy = co_moment(n, y, y);
    require(xx > 0, "a line through points of one x");
    Line line = { .slope = xy / xx };
    line.intercept = stats_mean(n, y) - line.slope * stats_mean(n, x);
    double *rest = alloc((size_t)n, sizeof *rest);
    for (int i = 0; i < n; i++) {
        double r = y[i] - (line.intercept + line.slope * x[i]);
        rest[i] = r * r;
    }
    double residual = sum_of(n, rest);
    free(rest);
    line.r2 = yy > 0 ? 1 - residual / yy : 1;
    line.slope_error = n > 2 ? sqrt(residual / (n - 2) / xx) : 0;
    return line;
}

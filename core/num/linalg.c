/* linalg.c - Jacobi rotations and Cholesky factors.
 *
 * Idea: a rotation that makes two rows orthogonal (or one entry zero) is all that the
 * eigen and singular value problems need, if it is repeated over all pairs until
 * nothing is left to rotate [golub2013matrix, 8.5 and 8.6]. That costs several times the
 * flops of a tridiagonal method and buys a program that fits on a page and whose bits
 * belong to us: some 0.03 s at n = 160, 1 s at n = 400.
 *
 * Vectors are kept as rows while they are rotated, so that every inner loop runs along
 * memory. Signs are fixed by the largest component; order is descending. Products go
 * through gemm_f64.
 *
 * Tall problems (a sketch of 20000 x 160) are reduced by Cholesky of the Gram matrix:
 * nearly all its work is matrix products. One pass loses orthogonality as the square of
 * the condition number, a second pass restores it [yamamoto2015roundoff]. Where the
 * Gram matrix is numerically singular, its diagonal is first raised a little, which
 * costs a third pass [fukaya2020shifted]. Householder reflections need no such care, but
 * do half of their work one column at a time.
 *
 * Rejected: LAPACK, which calls whatever BLAS the machine's alternatives name. */
#include "core/num/linalg.h"
#include "core/num/gemm.h"
#include "core/num/vmath.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SWEEPS = 60 };
static const double EPSILON = 0x1p-53;

static double *copy_of(size_t n, const double *a)
{
    double *b = alloc(n, sizeof *b);
    if (n) memcpy(b, a, n * sizeof *b);
    return b;
}

static void check_finite(size_t n, const double *a)
{
    for (size_t i = 0; i < n; i++) require(isfinite(a[i]), "element %zu is %g", i, a[i]);
}

/* --- rotations --- */

typedef struct {
    double c, s;
} Rotation;

/* The smaller angle whose rotation makes the symmetric [app apq; apq aqq] diagonal. */
static Rotation rotation_for(double app, double apq, double aqq)
{
    double theta = (aqq - app) / (2 * apq);
    double t = 1 / (fabs(theta) + sqrt(theta * theta + 1));
    if (theta < 0) t = -t;
    double c = 1 / sqrt(t * t + 1);
    return (Rotation){ c, t * c };
}

/* (x, y) := (c x - s y, s x + c y) */
static void rotate(int n, Rotation r, double *restrict x, double *restrict y)
{
#pragma omp simd
    for (int i = 0; i < n; i++) {
        double u = x[i], v = y[i];
        x[i] = r.c * u - r.s * v;
        y[i] = r.s * u + r.c * v;
    }
}

static void rotate_columns(int n, Rotation r, double *a, int p, int q)
{
    for (int i = 0; i < n; i++) {
        double u = a[(size_t)i * n + p], v = a[(size_t)i * n + q];
        a[(size_t)i * n + p] = r.c * u - r.s * v;
        a[(size_t)i * n + q] = r.s * u + r.c * v;
    }
}

static void identity(int n, double *a)
{
    memset(a, 0, (size_t)n * n * sizeof *a);
    for (int i = 0; i < n; i++) a[(size_t)i * n + i] = 1;
}

/* --- order and signs --- */

typedef struct {
    double value;
    int place;
} Ranked;

static int descending(const void *a, const void *b)
{
    const Ranked *x = a, *y = b;
    if (x->value != y->value) return x->value < y->value ? 1 : -1;
    return x->place - y->place;
}

/* order[j]: which of the n values comes j-th; ties keep their order */
static int *order_of(int n, const double *value)
{
    Ranked *r = alloc((size_t)n, sizeof *r);
    int *order = alloc((size_t)n, sizeof *order);
    for (int i = 0; i < n; i++) r[i] = (Ranked){ value[i], i };
    qsort(r, (size_t)n, sizeof *r, descending);
    for (int i = 0; i < n; i++) order[i] = r[i].place;
    free(r);
    return order;
}

/* -1 if the component of largest size (the first of equals) is negative */
static double sign_of(int n, const double *row)
{
    int best = 0;
    for (int i = 1; i < n; i++)
        if (fabs(row[i]) > fabs(row[best])) best = i;
    return row[best] < 0 ? -1 : 1;
}

/* column j of out (n, k) := factor times a row of n */
static void put_column(int n, int k, int j, const double *row, double factor, double *out)
{
    for (int i = 0; i < n; i++) out[(size_t)i * k + j] = factor * row[i];
}

/* --- eigenvalues --- */

/* One round over all pairs of the symmetric s; the rows of v turn along. True: every
 * pair was negligible, and is zero now. */
static bool eigen_sweep(int n, double *s, double *v, double negligible)
{
    bool done = true;
    for (int p = 0; p < n; p++)
        for (int q = p + 1; q < n; q++) {
            double *sp = s + (size_t)p * n, *sq = s + (size_t)q * n;
            if (fabs(sp[q]) > negligible) {
                done = false;
                Rotation r = rotation_for(sp[p], sp[q], sq[q]);
                rotate(n, r, sp, sq);
                rotate_columns(n, r, s, p, q);
                rotate(n, r, v + (size_t)p * n, v + (size_t)q * n);
            }
            sp[q] = sq[p] = 0;
        }
    return done;
}

static double largest(size_t n, const double *a)
{
    double most = 0;
    for (size_t i = 0; i < n; i++)
        if (fabs(a[i]) > most) most = fabs(a[i]);
    return most;
}

void linalg_eigen(int n, const double *a, double *w, double *v)
{
    require(n >= 1, "a matrix of order %d", n);
    size_t cells = (size_t)n * n;
    check_finite(cells, a);
    double norm = largest(cells, a);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < i; j++)
            require(fabs(a[(size_t)i * n + j] - a[(size_t)j * n + i]) <= 1e-9 * norm,
                    "element (%d, %d) differs from (%d, %d)", i, j, j, i);

    /* Rotate every pair in turn until what is left is far below rounding. */
    double *s = copy_of(cells, a), *rows = alloc(cells, sizeof *rows);
    identity(n, rows);
    int sweep = 0;
    while (sweep < SWEEPS && !eigen_sweep(n, s, rows, 1e-3 * EPSILON * norm / n)) sweep++;
    require(sweep < SWEEPS, "no convergence after %d sweeps of order %d", sweep, n);

    /* Sort, and give each vector its sign. */
    double *value = alloc((size_t)n, sizeof *value);
    for (int i = 0; i < n; i++) value[i] = s[(size_t)i * n + i];
    int *order = order_of(n, value);
    for (int j = 0; j < n; j++) {
        const double *row = rows + (size_t)order[j] * n;
        w[j] = value[order[j]];
        put_column(n, n, j, row, sign_of(n, row), v);
    }
    free(s), free(rows), free(value), free(order);
}

/* --- singular values --- */

/* Rotates every pair of the n rows of g (each of length m) until its scalar product is
 * rounding, and the rows of v (n, n) along. Rows shorter than sqrt(floor2) are noise,
 * and stay as they are. True: nothing had to be rotated. */
static bool orthogonal_sweep(int m, int n, double *g, double *v, double floor2)
{
    double tolerance = EPSILON * (m > 64 ? sqrt(m) : 8);
    bool done = true;
    for (int p = 0; p < n; p++)
        for (int q = p + 1; q < n; q++) {
            double *gp = g + (size_t)p * m, *gq = g + (size_t)q * m;
            double pp = vmath_dot_f64(m, gp, gp), qq = vmath_dot_f64(m, gq, gq);
            double pq = vmath_dot_f64(m, gp, gq);
            if (pp <= floor2 || qq <= floor2 ||
                fabs(pq) <= tolerance * sqrt(pp) * sqrt(qq))
                continue;
            done = false;
            Rotation r = rotation_for(pp, pq, qq);
            rotate(m, r, gp, gq);
            rotate(n, r, v + (size_t)p * n, v + (size_t)q * n);
        }
    return done;
}

void linalg_svd(int m, int n, const double *a, double *u, double *s, double *v)
{
    require(n >= 1 && m >= n, "a matrix of %d rows and %d columns", m, n);
    check_finite((size_t)m * n, a);
    double *g = alloc((size_t)m * n, sizeof *g),
           *rows = alloc((size_t)n * n, sizeof *rows);
    double total = 0;
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) g[(size_t)j * m + i] = a[(size_t)i * n + j];
    for (int j = 0; j < n; j++)
        total += vmath_dot_f64(m, g + (size_t)j * m, g + (size_t)j * m);
    identity(n, rows);

    /* The singular values are the lengths of the rows once these are orthogonal. */
    int sweep = 0;
    double floor2 = total * EPSILON * EPSILON;
    while (sweep < SWEEPS && !orthogonal_sweep(m, n, g, rows, floor2)) sweep++;
    require(sweep < SWEEPS, "no convergence after %d sweeps of %d columns", sweep, n);
    double *length = alloc((size_t)n, sizeof *length);
    for (int j = 0; j < n; j++) {
        double square = vmath_dot_f64(m, g + (size_t)j * m, g + (size_t)j * m);
        length[j] = square > floor2 ? sqrt(square) : 0;
    }

    int *order = order_of(n, length);
    for (int j = 0; j < n; j++) {
        int k = order[j];
        double sign = sign_of(n, rows + (size_t)k * n);
        s[j] = length[k];
        put_column(n, n, j, rows + (size_t)k * n, sign, v);
        put_column(m, n, j, g + (size_t)k * m, s[j] > 0 ? sign / s[j] : 0, u);
    }
    free(g), free(rows), free(length), free(order);
}

/* --- triangular factors --- */

bool linalg_cholesky(int n, double *a)
{
    for (int i = 0; i < n; i++) {
        double *row = a + (size_t)i * n;
        for (int j = 0; j <= i; j++) {
            const double *other = a + (size_t)j * n;
            double rest = row[j] - vmath_dot_f64(j, row, other);
            if (j < i) row[j] = rest / other[j];
            else if (rest > 0) row[j] = sqrt(rest);
            else return false;
        }
        for (int j = i + 1; j < n; j++) row[j] = 0;
    }
    return true;
}

/* y -= f x */
static void subtract(int n, double f, const double *restrict x, double *restrict y)
{
#pragma omp simd
    for (int i = 0; i < n; i++) y[i] = __builtin_fma(-f, x[i], y[i]);
}

static void divide(int n, double f, double *x)
{
    for (int i = 0; i < n; i++) x[i] /= f;
}

void linalg_solve_lower(int n, int k, const double *l, double *b)
{
    for (int i = 0; i < n; i++) {
        double *row = b + (size_t)i * k;
        for (int j = 0; j < i; j++)
            subtract(k, l[(size_t)i * n + j], b + (size_t)j * k, row);
        divide(k, l[(size_t)i * n + i], row);
    }
}

void linalg_solve_upper(int n, int k, const double *l, double *b)
{
    for (int i = n - 1; i >= 0; i--) {
        double *row = b + (size_t)i * k;
        for (int j = i + 1; j < n; j++)
            subtract(k, l[(size_t)j * n + i], b + (size_t)j * k, row);
        divide(k, l[(size_t)i * n + i], row);
    }
}

/* --- least squares --- */

/* The normal equations, refined once by their residual: the first solution carries the
 * square of x's condition number, the correction takes one power of it away. */
void linalg_ridge(int N, int p, int q, const double *x, const double *y, double lambda,
                  double *w)
{
    require(N >= 1 && p >= 1 && q >= 1, "x (%d, %d), y (%d, %d)", N, p, N, q);
    require(lambda >= 0, "a penalty of %g", lambda);
    check_finite((size_t)N * p, x), check_finite((size_t)N * q, y);
    double *gram = alloc((size_t)p * p, sizeof *gram);
    double *size = alloc((size_t)p, sizeof *size);
    gemm_f64(true, false, p, p, N, x, p, x, p, gram, p, GEMM_SET);
    for (int i = 0; i < p; i++) size[i] = gram[(size_t)i * p + i] += lambda;
    bool full = linalg_cholesky(p, gram);
    for (int i = 0; full && i < p; i++) {
        double pivot = gram[(size_t)i * p + i];
        full = pivot * pivot > 16 * p * EPSILON * size[i];
    }
    require(full, "the columns of x (%d, %d) depend on each other, penalty %g", N, p,
            lambda);

    double *rest = copy_of((size_t)N * q, y), *step = alloc((size_t)p * q, sizeof *step);
    memset(w, 0, (size_t)p * q * sizeof *w);
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < p * q; i++) step[i] = -lambda * w[i];
        gemm_f64(true, false, p, q, N, x, p, rest, q, step, q, GEMM_ADD);
        linalg_solve_lower(p, q, gram, step);
        linalg_solve_upper(p, q, gram, step);
        for (int i = 0; i < p * q; i++) w[i] += step[i], step[i] = -step[i];
        if (pass == 0) gemm_f64(false, false, N, q, p, x, p, step, q, rest, q, GEMM_ADD);
    }
    free(gram), free(size), free(rest), free(step);
}

/* --- orthonormal columns --- */

/* a (m, n) := a L^-T, through the inverse of L and a copy of 256 rows at a time */
static void divide_by_factor(int m, int n, double *a, const double *l)
{
    enum { ROWS = 256 };
    double *inverse = alloc((size_t)n * n, sizeof *inverse);
    double *chunk = alloc((size_t)ROWS * n, sizeof *chunk);
    identity(n, inverse);
    linalg_solve_lower(n, n, l, inverse);
    for (int i = 0; i < m; i += ROWS) {
        int rows = m - i < ROWS ? m - i : ROWS;
        double *part = a + (size_t)i * n;
        memcpy(chunk, part, (size_t)rows * n * sizeof *chunk);
        gemm_f64(false, true, rows, n, n, chunk, n, inverse, n, part, n, GEMM_SET);
    }
    free(inverse), free(chunk);
}

static void normalise_columns(int m, int n, double *a)
{
    double *size = alloc((size_t)n, sizeof *size);
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++)
            size[j] += a[(size_t)i * n + j] * a[(size_t)i * n + j];
    for (int j = 0; j < n; j++) require(size[j] > 0, "column %d is zero", j);
    for (int j = 0; j < n; j++) size[j] = 1 / sqrt(size[j]);
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) a[(size_t)i * n + j] *= size[j];
    free(size);
}

static double distance_from_identity(int n, const double *g)
{
    double worst = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            double d = fabs(g[(size_t)i * n + j] - (i == j));
            if (!(d <= worst)) worst = d;
        }
    return worst;
}

/* The factor of a Gram matrix of unit columns, if no pivot is mere rounding. */
static bool factor_gram(int n, const double *gram, double raise, double *factor)
{
    memcpy(factor, gram, (size_t)n * n * sizeof *factor);
    for (int i = 0; i < n; i++) factor[(size_t)i * n + i] += raise;
    if (!linalg_cholesky(n, factor)) return false;
    for (int i = 0; i < n; i++) {
        double pivot = factor[(size_t)i * n + i];
        if (pivot * pivot < 1e-13) return false;
    }
    return true;
}

/* Passes of Cholesky QR until the Gram matrix is the identity: two as a rule, one more
 * after a raised diagonal. The last Gram matrix is the proof. */
void linalg_orthonormalise(int m, int n, double *a)
{
    require(n >= 1 && m >= n, "%d columns of length %d", n, m);
    check_finite((size_t)m * n, a);
    size_t cells = (size_t)n * n;
    double *gram = alloc(cells, sizeof *gram), *factor = alloc(cells, sizeof *factor);
    bool raised = false;
    normalise_columns(m, n, a);
    for (int pass = 0;; pass++) {
        gemm_f64(true, false, n, n, m, a, n, a, n, gram, n, GEMM_SET);
        if (distance_from_identity(n, gram) < 1e-13) break;
        require(pass < 6, "%d columns do not become orthogonal", n);
        if (!factor_gram(n, gram, 0, factor)) {
            require(!raised, "some of the %d columns depend on the others", n);
            raised = true;
            require(factor_gram(n, gram, 100 * n * EPSILON + 1e-13, factor),
                    "a raised Gram matrix of order %d is not positive", n);
        }
        divide_by_factor(m, n, a, factor);
    }
    free(gram), free(factor);
}

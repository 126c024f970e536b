/* wordvec.c - from a stream of words to vectors without a network.
 *
 * Counting is done row by row: the positions of a word are gathered (one counting
 * sort), its neighbours' weights are added up in an array of V numbers that stays in
 * the cache, and a bitmap of what was touched yields the columns in order. A hash table
 * of pairs, the usual way, would spend most of its time on cache misses and leave its
 * entries to be sorted. Weights are whole numbers, exact in any order.
 *
 * The decomposition needs products of a sparse matrix with K + 10 dense columns. Entries
 * are visited in blocks of contexts whose dense rows fit the second-level cache; that,
 * and not arithmetic, is what the time depends on (10 million entries by 160 columns:
 * about 0.1 s). Subspace iteration rather than Lanczos: all of its work is such products
 * and three gemms a round, and it restarts nowhere. Orthogonality comes from a Cholesky
 * factor of the Gram matrix in double; a loss of it in the smallest directions is
 * mended by the next round.
 *
 * Invariant: every sum has one order, so the vectors' bits depend on the input and the
 * sketch alone. */
#include "core/text/wordvec.h"
#include "core/num/gemm.h"
#include "core/num/linalg.h"
#include "core/num/vmath.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- sparse matrices ---------------------------------------------------------------- */

void sparse_free(Sparse *a)
{
    if (!a) return;
    free(a->first), free(a->column), free(a->value), free(a);
}

/* Both products go through the entries in blocks of columns: all rows of the first
 * block, then all rows of the next. `next` remembers where each row goes on. */
enum { BLOCK_BYTES = 1 << 18 };

static int block_width(int K)
{
    int width = BLOCK_BYTES / (K * (int)sizeof(real));
    return width ? width : 1;
}

void sparse_times(const Sparse *a, int K, const real *x, real *y)
{
    memset(y, 0, (size_t)a->rows * (size_t)K * sizeof *y);
    size_t *next = alloc((size_t)a->rows, sizeof *next);
    memcpy(next, a->first, (size_t)a->rows * sizeof *next);
    int width = block_width(K);
    for (int block = 0; block < a->columns; block += width)
        for (int i = 0; i < a->rows; i++) {
            size_t e = next[i], end = a->first[i + 1];
            for (; e < end && a->column[e] < block + width; e++)
                vmath_axpy(K, a->value[e], x + (size_t)a->column[e] * (size_t)K,
                           y + (size_t)i * (size_t)K);
            next[i] = e;
        }
    free(next);
}

void sparse_transposed_times(const Sparse *a, int K, const real *x, real *y)
{
    memset(y, 0, (size_t)a->columns * (size_t)K * sizeof *y);
    size_t *next = alloc((size_t)a->rows, sizeof *next);
    memcpy(next, a->first, (size_t)a->rows * sizeof *next);
    int width = block_width(K);
    for (int block = 0; block < a->columns; block += width)
        for (int i = 0; i < a->rows; i++) {
            size_t e = next[i], end = a->first[i + 1];
            for (; e < end && a->column[e] < block + width; e++)
                vmath_axpy(K, a->value[e], x + (size_t)i * (size_t)K,
                           y + (size_t)a->column[e] * (size_t)K);
            next[i] = e;
        }
    free(next);
}

/* --- counting ----------------------------------------------------------------------- */

/* One row under way: sums by column, and a bitmap of the columns that have one. */
typedef struct {
    int columns;
    uint32_t *sum;     /* (columns) */
    uint64_t *touched; /* (columns / 64, rounded up) */
    size_t n, room;    /* entries so far and room for them in the matrix */
} Counter;

static Counter counter_new(int columns)
{
    return (Counter){ columns, alloc((size_t)columns, sizeof(uint32_t)),
                      alloc(((size_t)columns + 63) / 64, sizeof(uint64_t)), 0, 0 };
}

static inline void counter_add(Counter *k, int column, uint32_t weight)
{
    k->sum[column] += weight;
    k->touched[column >> 6] |= (uint64_t)1 << (column & 63);
}

static void make_room(Sparse *a, Counter *k)
{
    size_t room = k->n + (size_t)k->columns;
    if (room <= k->room) return;
    room += room / 2;
    a->column = grow(a->column, k->n, room, sizeof *a->column);
    a->value = grow(a->value, k->n, room, sizeof *a->value);
    k->room = room;
}

/* Row i := what was counted; the counter is empty afterwards. */
static void counter_flush(Counter *k, Sparse *a, int i)
{
    make_room(a, k);
    for (int block = 0; block < (k->columns + 63) / 64; block++) {
        for (uint64_t bits = k->touched[block]; bits; bits &= bits - 1) {
            int column = 64 * block + __builtin_ctzll(bits);
            require(k->sum[column] < 1u << 24, "a count beyond a float's whole numbers");
            a->column[k->n] = column;
            a->value[k->n++] = (real)k->sum[column];
            k->sum[column] = 0;
        }
        k->touched[block] = 0;
    }
    a->first[i + 1] = k->n;
}

static Sparse *sparse_empty(int rows, int columns)
{
    Sparse *a = alloc(1, sizeof *a);
    a->rows = rows;
    a->columns = columns;
    a->first = alloc((size_t)rows + 1, sizeof *a->first);
    return a;
}

/* position[first[w]] .. are where id w stands, ascending; first has V + 1 elements.
 * Caller frees both. */
static size_t *positions(const int *id, size_t n, int V, size_t **position)
{
    size_t *first = alloc((size_t)V + 1, sizeof *first),
           *next = alloc((size_t)V + 1, sizeof *next);
    for (size_t t = 0; t < n; t++) {
        require(id[t] >= 0 && id[t] < V, "id %d in a vocabulary of %d", id[t], V);
        first[id[t] + 1]++;
    }
    for (int w = 0; w < V; w++) first[w + 1] += first[w];
    memcpy(next, first, ((size_t)V + 1) * sizeof *next);
    *position = alloc(n, sizeof **position);
    for (size_t t = 0; t < n; t++) (*position)[next[id[t]]++] = t;
    free(next);
    return first;
}

Sparse *wordvec_counts(const int *token, size_t n, int V, int window)
{
    require(V > 0 && window > 0, "%d words, window %d", V, window);
    size_t *position, *first = positions(token, n, V, &position), w = (size_t)window;
    Sparse *a = sparse_empty(V, V);
    Counter k = counter_new(V);
    for (int i = 0; i < V; i++) {
        for (size_t p = first[i]; p < first[i + 1]; p++) {
            size_t at = position[p], from = at > w ? at - w : 0,
                   to = n - at > w + 1 ? at + w + 1 : n;
            for (size_t t = from; t < at; t++)
                counter_add(&k, token[t], (uint32_t)(w + 1 - (at - t)));
            for (size_t t = at + 1; t < to; t++)
                counter_add(&k, token[t], (uint32_t)(w + 1 - (t - at)));
        }
        counter_flush(&k, a, i);
    }
    free(k.sum), free(k.touched), free(position), free(first);
    return a;
}

Sparse *wordvec_pair_counts(size_t n, const int *word, const int *context, int V, int C)
{
    size_t *position, *first = positions(word, n, V, &position);
    Sparse *a = sparse_empty(V, C);
    Counter k = counter_new(C);
    for (int i = 0; i < V; i++) {
        for (size_t p = first[i]; p < first[i + 1]; p++) {
            int c = context[position[p]];
            require(c >= 0 && c < C, "context %d of %d", c, C);
            counter_add(&k, c, 1);
        }
        counter_flush(&k, a, i);
    }
    free(k.sum), free(k.touched), free(position), free(first);
    return a;
}

/* --- PPMI --------------------------------------------------------------------------- */

void wordvec_ppmi(Sparse *a, double smoothing)
{
    double *row = alloc((size_t)a->rows, sizeof *row),
           *column = alloc((size_t)a->columns, sizeof *column), smooth_total = 0;
    for (int i = 0; i < a->rows; i++)
        for (size_t e = a->first[i]; e < a->first[i + 1]; e++) {
            row[i] += a->value[e];
            column[a->column[e]] += a->value[e];
        }
    for (int j = 0; j < a->columns; j++) {
        column[j] = vmath_pow(column[j], smoothing);
        smooth_total += column[j];
    }
    for (int j = 0; j < a->columns; j++)
        column[j] = column[j] > 0 ? vmath_log(column[j] / smooth_total) : 0;

    /* Most counts are small whole numbers. */
    enum { KNOWN = 4096 };
    double *log_of = alloc(KNOWN, sizeof *log_of);
    for (int x = 1; x < KNOWN; x++) log_of[x] = vmath_log(x);

    size_t kept = 0;
    for (int i = 0; i < a->rows; i++) {
        double log_row = row[i] > 0 ? vmath_log(row[i]) : 0;
        size_t from = a->first[i], to = a->first[i + 1];
        a->first[i] = kept;
        for (size_t e = from; e < to; e++) {
            double x = (double)a->value[e],
                   log_x = x < KNOWN && x == floor(x) ? log_of[(int)x] : vmath_log(x),
                   pmi = log_x - log_row - column[a->column[e]];
            if (pmi <= 0) continue;
            a->column[kept] = a->column[e];
            a->value[kept++] = (real)pmi;
        }
    }
    a->first[a->rows] = kept;
    free(row), free(column), free(log_of);
}

/* --- truncated SVD ------------------------------------------------------------------ */

enum { OVERSAMPLE = 10 };

/* The Gram matrix g (L,L) := y^T y of y (n,L), in double. */
static void gram(int n, int L, const real *y, double *g)
{
    double *d = alloc((size_t)n * (size_t)L, sizeof *d);
    for (size_t i = 0; i < (size_t)n * (size_t)L; i++) d[i] = (double)y[i];
    gemm_f64(true, false, L, L, n, d, L, d, L, g, L, GEMM_SET);
    free(d);
}

/* y (n,L) := y m (L,L) */
static void times_small(int n, int L, real *y, const double *m)
{
    real *right = alloc((size_t)L * (size_t)L, sizeof *right),
         *product = alloc((size_t)n * (size_t)L, sizeof *product);
    for (int i = 0; i < L * L; i++) right[i] = (real)m[i];
    gemm(false, false, n, L, L, y, L, right, L, product, L, GEMM_SET);
    memcpy(y, product, (size_t)n * (size_t)L * sizeof *y);
    free(right), free(product);
}

/* Columns of y (n,L) to an orthonormal basis of their span: y := y R^-1, y^T y = R^T R.
 * The tiny ridge keeps a rank below L from being fatal: such columns end up short. */
static void orthonormalise(int n, int L, real *y)
{
    double *g = alloc((size_t)L * (size_t)L, sizeof *g),
           *inverse = alloc((size_t)L * (size_t)L, sizeof *inverse), trace = 0;
    gram(n, L, y, g);
    for (int i = 0; i < L; i++) trace += g[i * L + i];
    for (int i = 0; i < L; i++) {
        g[i * L + i] += 1e-13 * trace;
        inverse[i * L + i] = 1;
    }
    require(linalg_cholesky(L, g), "the sketch has no direction left");
    linalg_solve_upper(L, L, g, inverse); /* R^-1 = L^-T */
    times_small(n, L, y, inverse);
    free(g), free(inverse);
}

real *wordvec_svd(const Sparse *a, SvdSpec spec, Rng sketch, double *s)
{
    int side = a->rows < a->columns ? a->rows : a->columns, K = spec.K,
        L = K + OVERSAMPLE < side ? K + OVERSAMPLE : side;
    require(K > 0 && K <= side, "%d directions of a matrix of side %d", K, side);
    real *right = alloc((size_t)a->columns * (size_t)L, sizeof *right),
         *left = alloc((size_t)a->rows * (size_t)L, sizeof *left);

    /* Find a basis (left) that A hardly leaves. */
    rng_normals(sketch, right, (size_t)a->columns * (size_t)L);
    sparse_times(a, L, right, left);
    for (int i = 0; i < spec.iterations; i++) {
        orthonormalise(a->rows, L, left);
        sparse_transposed_times(a, L, left, right);
        sparse_times(a, L, right, left);
    }
    orthonormalise(a->rows, L, left);

    /* Inside it A is small: A^T left = V diag(s) X^T, so left X are the directions U. */
    sparse_transposed_times(a, L, left, right);
    double *g = alloc((size_t)L * (size_t)L, sizeof *g), *w = alloc((size_t)L, sizeof *w),
           *x = alloc((size_t)L * (size_t)L, sizeof *x);
    gram(a->columns, L, right, g);
    linalg_eigen(L, g, w, x);
    times_small(a->rows, L, left, x);

    real *out = alloc((size_t)a->rows * (size_t)K, sizeof *out);
    for (int k = 0; k < K; k++) {
        double value = w[k] > 0 ? sqrt(w[k]) : 0, scale = vmath_pow(value, spec.power);
        if (s) s[k] = value;
        for (int i = 0; i < a->rows; i++)
            out[(size_t)i * (size_t)K + (size_t)k] =
                (real)scale * left[(size_t)i * (size_t)L + (size_t)k];
    }
    free(right), free(left), free(g), free(w), free(x);
    return out;
}

void wordvec_normalise(int V, int K, real *w)
{
    for (int i = 0; i < V; i++) {
        real *row = w + (size_t)i * (size_t)K;
        double length = sqrt((double)vmath_dot(K, row, row));
        for (int k = 0; k < K && length > 0; k++)
            row[k] = (real)((double)row[k] / length);
    }
}

/* test_linalg.c - worked examples, and what the definitions demand: orthogonal vectors,
 * products that give the matrix back, gradients that vanish. */
#include "core/num/linalg.h"
#include "core/base/hash.h"
#include "core/base/rng.h"
#include "tests/check.h"

static double *random_matrix(int m, int n, const char *name)
{
    double *a = alloc((size_t)m * n, sizeof *a);
    for (int i = 0; i < m * n; i++)
        a[i] = rng_normal(rng_named(rng_seed(1), name), (uint64_t)i);
    return a;
}

static double *random_symmetric(int n, const char *name)
{
    double *a = random_matrix(n, n, name);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < i; j++) a[i * n + j] = a[j * n + i];
    return a;
}

/* largest |(Q^T Q - 1)_ij| over the columns of q (m, n) */
static double distance_from_orthonormal(int m, int n, const double *q)
{
    double worst = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j <= i; j++) {
            double s = i == j ? -1 : 0;
            for (int k = 0; k < m; k++) s += q[k * n + i] * q[k * n + j];
            worst = fmax(worst, fabs(s));
        }
    return worst;
}

/* largest |(U diag(s) V^T - A)_ij| */
static double distance_from_product(int m, int n, const double *u, const double *s,
                                    const double *v, const double *a)
{
    double worst = 0;
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            double x = -a[i * n + j];
            for (int k = 0; k < n; k++) x += u[i * n + k] * s[k] * v[j * n + k];
            worst = fmax(worst, fabs(x));
        }
    return worst;
}

/* --- eigenvalues --- */

/* A chain of n springs: eigenvalues 2 - 2 cos(k pi / (n + 1)). */
static void a_chain_of_springs_has_its_known_spectrum(void **state)
{
    (void)state;
    enum { N = 40 };
    double a[N * N] = { 0 }, w[N], v[N * N];
    for (int i = 0; i < N; i++) {
        a[i * N + i] = 2;
        if (i) a[i * N + i - 1] = a[(i - 1) * N + i] = -1;
    }
    linalg_eigen(N, a, w, v);
    for (int k = 1; k <= N; k++)
        assert_near(w[N - k], 2 - 2 * cos(k * 3.14159265358979324 / (N + 1)), 5e-14);
}

static void eigenvectors_rebuild_the_matrix(void **state)
{
    (void)state;
    const int sizes[] = { 1, 2, 3, 17, 64 };
    for (int i = 0; i < COUNT(sizes); i++) {
        int n = sizes[i];
        double *a = random_symmetric(n, "eigen"), *w = alloc((size_t)n, sizeof *w);
        double *v = alloc((size_t)n * n, sizeof *v);
        linalg_eigen(n, a, w, v);
        for (int j = 1; j < n; j++) assert_true(w[j - 1] >= w[j]);
        assert_true(distance_from_orthonormal(n, n, v) < 1e-13);
        assert_true(distance_from_product(n, n, v, w, v, a) < 1e-12);
        free(a), free(w), free(v);
    }
}

static void the_largest_component_of_a_vector_is_positive(void **state)
{
    (void)state;
    enum { N = 12 };
    double *a = random_symmetric(N, "signs"), w[N], v[N * N], u[N * N];
    for (int which = 0; which < 2; which++) {
        if (which) linalg_svd(N, N, a, u, w, v);
        else linalg_eigen(N, a, w, v);
        for (int j = 0; j < N; j++) {
            double best = 0;
            for (int i = 0; i < N; i++)
                if (fabs(v[i * N + j]) > fabs(best)) best = v[i * N + j];
            assert_true(best > 0);
        }
    }
    free(a);
}

static void degenerate_and_zero_matrices_converge(void **state)
{
    (void)state;
    enum { N = 9 };
    double a[N * N], w[N], v[N * N];
    for (int i = 0; i < N * N; i++) a[i] = 1;
    linalg_eigen(N, a, w, v);
    assert_near(w[0], N, 1e-14);
    for (int i = 1; i < N; i++) assert_near(w[i], 0, 1e-14);
    assert_true(distance_from_orthonormal(N, N, v) < 1e-14);
    memset(a, 0, sizeof a);
    linalg_eigen(N, a, w, v);
    for (int i = 0; i < N; i++) assert_near(w[i], 0, 0);
    assert_true(distance_from_orthonormal(N, N, v) < 1e-14);
}

static void tiny_and_huge_matrices_scale(void **state)
{
    (void)state;
    const double scales[] = { 1e-250, 1e-140, 1e140, 1e250 };
    for (int i = 0; i < COUNT(scales); i++) {
        double s = scales[i], w[2], v[4], u[4];
        double a[] = { 2 * s, s, s, 2 * s };
        linalg_eigen(2, a, w, v);
        assert_near(w[0] / s, 3, 1e-14);
        assert_near(w[1] / s, 1, 1e-14);
        if (i == 0 || i == 3) continue;
        linalg_svd(2, 2, a, u, w, v);
        assert_near(w[0] / s, 3, 1e-14);
        assert_near(w[1] / s, 1, 1e-14);
    }
}

static void what_is_no_symmetric_matrix_is_fatal(void **state)
{
    (void)state;
    double w[2], v[4];
    assert_dies(linalg_eigen(2, (double[]){ 1, 2, 3, 4 }, w, v), "(1, 0) differs");
    assert_dies(linalg_eigen(2, (double[]){ 1, NAN, NAN, 4 }, w, v), "element 1 is");
    assert_dies(linalg_eigen(0, v, w, v), "order 0");
}

/* --- singular values --- */

static void singular_vectors_rebuild_the_matrix(void **state)
{
    (void)state;
    const int shapes[][2] = { { 1, 1 }, { 5, 1 }, { 7, 7 }, { 300, 20 }, { 60, 60 } };
    for (int i = 0; i < COUNT(shapes); i++) {
        int m = shapes[i][0], n = shapes[i][1];
        double *a = random_matrix(m, n, "svd"), *u = alloc((size_t)m * n, sizeof *u);
        double *s = alloc((size_t)n, sizeof *s), *v = alloc((size_t)n * n, sizeof *v);
        linalg_svd(m, n, a, u, s, v);
        for (int j = 1; j < n; j++) assert_true(s[j - 1] >= s[j]);
        assert_true(distance_from_orthonormal(m, n, u) < 1e-13);
        assert_true(distance_from_orthonormal(n, n, v) < 1e-13);
        assert_true(distance_from_product(m, n, u, s, v, a) < 1e-12);
        linalg_svd(m, n, a, a, s, v);
        assert_memory_equal(a, u, (size_t)m * n * sizeof *a);
        free(a), free(u), free(s), free(v);
    }
}

/* Rows of a badly scaled matrix: one-sided Jacobi keeps the digits of small ones. */
static void small_singular_values_keep_their_digits(void **state)
{
    (void)state;
    double a[9] = { 0 }, u[9], s[3], v[9];
    a[0] = 1, a[4] = 1e-9, a[8] = 1e-13;
    linalg_svd(3, 3, a, u, s, v);
    assert_near(s[1], 1e-9, 1e-24);
    assert_near(s[2], 1e-13, 1e-28);
    double turned[4] = { 0.6, -0.8e-10, 0.8, 0.6e-10 };
    linalg_svd(2, 2, turned, u, s, v);
    assert_near(s[1], 1e-10, 1e-25);
}

static void a_missing_rank_gives_zeros(void **state)
{
    (void)state;
    double a[] = { 1, 2, 2, 4, 3, 6 }, u[6], s[2], v[4];
    linalg_svd(3, 2, a, u, s, v);
    assert_near(s[0], sqrt(70), 1e-14);
    assert_true(s[1] == 0 && u[1] == 0 && u[3] == 0 && u[5] == 0);
    assert_true(distance_from_orthonormal(2, 2, v) < 1e-15);
    assert_dies(linalg_svd(2, 3, a, u, s, v), "2 rows and 3 columns");
}

/* --- triangular factors --- */

static void cholesky_factors_the_textbook_matrix(void **state)
{
    (void)state;
    double a[] = { 4, 12, -16, 12, 37, -43, -16, -43, 98 };
    const double l[] = { 2, 0, 0, 6, 1, 0, -8, 5, 3 };
    assert_true(linalg_cholesky(3, a));
    for (int i = 0; i < 9; i++) assert_near(a[i], l[i], 1e-14);
}

static void cholesky_refuses_what_is_not_positive(void **state)
{
    (void)state;
    assert_false(linalg_cholesky(2, (double[]){ 1, 2, 2, 1 }));
    assert_false(linalg_cholesky(2, (double[]){ 1, 1, 1, 1 }));
    assert_false(linalg_cholesky(1, (double[]){ 0 }));
    assert_false(linalg_cholesky(1, (double[]){ NAN }));
}

static void triangular_solves_undo_the_factor(void **state)
{
    (void)state;
    double l[] = { 2, 0, 0, 6, 1, 0, -8, 5, 3 };
    double b[] = { 2, 4, 7, 13, 0, -5 }; /* L (1 2; 1 1; 1 2) but for its last row */
    b[4] = -8 + 5 + 3, b[5] = -16 + 5 + 6;
    linalg_solve_lower(3, 2, l, b);
    const double x[] = { 1, 2, 1, 1, 1, 2 };
    for (int i = 0; i < 6; i++) assert_near(b[i], x[i], 1e-14);
    /* L^T (1; 1; 1) */
    double c[] = { 2 + 6 - 8, 1 + 5, 3 };
    linalg_solve_upper(3, 1, l, c);
    for (int i = 0; i < 3; i++) assert_near(c[i], 1, 1e-14);
}

/* --- least squares --- */

static void ridge_makes_the_gradient_vanish(void **state)
{
    (void)state;
    enum { N = 400, P = 30, Q = 3 };
    double *x = random_matrix(N, P, "x"), *y = random_matrix(N, Q, "y"), w[P * Q];
    const double penalties[] = { 0, 1, 1e4 };
    for (int t = 0; t < COUNT(penalties); t++) {
        linalg_ridge(N, P, Q, x, y, penalties[t], w);
        for (int i = 0; i < P; i++)
            for (int j = 0; j < Q; j++) {
                double gradient = penalties[t] * w[i * Q + j];
                for (int r = 0; r < N; r++) {
                    double miss = -y[r * Q + j];
                    for (int k = 0; k < P; k++) miss += x[r * P + k] * w[k * Q + j];
                    gradient += x[r * P + i] * miss;
                }
                assert_near(gradient, 0, 1e-11);
            }
    }
    free(x), free(y);
}

static void ridge_in_one_dimension_is_a_quotient(void **state)
{
    (void)state;
    double w;
    linalg_ridge(3, 1, 1, (double[]){ 1, 2, 3 }, (double[]){ 2, 4, 6 }, 0, &w);
    assert_near(w, 2, 1e-15);
    linalg_ridge(3, 1, 1, (double[]){ 1, 2, 3 }, (double[]){ 2, 4, 6 }, 14, &w);
    assert_near(w, 1, 1e-15);
}

/* Powers up to the eighth on [0, 1] have condition number 5e5; normal equations alone
 * would leave 5 digits. */
static void ill_conditioned_least_squares_are_refined(void **state)
{
    (void)state;
    enum { N = 60, P = 8 };
    double x[N * P], y[N], w[P];
    for (int i = 0; i < N; i++) {
        double t = i / (N - 1.0), power = 1, sum = 0;
        for (int j = 0; j < P; j++, power *= t) x[i * P + j] = power, sum += power;
        y[i] = sum;
    }
    linalg_ridge(N, P, 1, x, y, 0, w);
    for (int j = 0; j < P; j++) assert_near(w[j], 1, 1e-8);
}

static void dependent_columns_are_fatal_without_a_penalty(void **state)
{
    (void)state;
    enum { N = 50, P = 6 };
    double *x = random_matrix(N, P, "dependent"), *y = random_matrix(N, 1, "y"), w[P];
    for (int i = 0; i < N; i++)
        x[i * P + 5] = x[i * P] - 0.3 * x[i * P + 1] + 0.7 * x[i * P + 3];
    assert_dies(linalg_ridge(N, P, 1, x, y, 0, w), "depend on each other");
    linalg_ridge(N, P, 1, x, y, 1e-3, w);
    assert_true(isfinite(w[5]));
    assert_dies(linalg_ridge(N, P, 1, x, y, -1, w), "a penalty of -1");
    free(x), free(y);
}

/* --- orthonormal columns --- */

/* The part of b (m, n) outside the span of the orthonormal q, relative to b. */
static double outside(int m, int n, const double *q, const double *b)
{
    double rest = 0, all = 0;
    for (int j = 0; j < n; j++) {
        double within = 0, total = 0;
        for (int k = 0; k < n; k++) {
            double s = 0;
            for (int i = 0; i < m; i++) s += q[i * n + k] * b[i * n + j];
            within += s * s;
        }
        for (int i = 0; i < m; i++) total += b[i * n + j] * b[i * n + j];
        rest += fabs(total - within), all += total;
    }
    return rest / all;
}

static void orthonormalised_columns_span_the_same_space(void **state)
{
    (void)state;
    const int shapes[][2] = { { 1, 1 }, { 6, 6 }, { 700, 40 } };
    for (int i = 0; i < COUNT(shapes); i++) {
        int m = shapes[i][0], n = shapes[i][1];
        double *a = random_matrix(m, n, "tall"), *q = alloc((size_t)m * n, sizeof *q);
        memcpy(q, a, (size_t)m * n * sizeof *q);
        linalg_orthonormalise(m, n, q);
        assert_true(distance_from_orthonormal(m, n, q) < 1e-13);
        assert_true(outside(m, n, q, a) < 1e-13);
        free(a), free(q);
    }
}

/* Columns that differ by 1e-10 of their length, and lengths from 1 to 1e12. */
static void nearly_equal_columns_come_out_orthonormal_too(void **state)
{
    (void)state;
    enum { M = 500, N = 12 };
    double *a = random_matrix(M, N, "near"), *q = alloc(M * N, sizeof *q);
    for (int i = 0; i < M; i++)
        for (int j = 1; j < N; j++)
            a[i * N + j] = (a[i * N] + 1e-10 * a[i * N + j]) * pow(10, j);
    memcpy(q, a, M * N * sizeof *q);
    linalg_orthonormalise(M, N, q);
    assert_true(distance_from_orthonormal(M, N, q) < 1e-13);
    assert_true(outside(M, N, q, a) < 1e-13);
    free(a), free(q);
}

static void dependent_columns_have_no_basis(void **state)
{
    (void)state;
    enum { M = 100, N = 5 };
    double *a = random_matrix(M, N, "rank");
    for (int i = 0; i < M; i++) a[i * N + 4] = a[i * N] + a[i * N + 2];
    assert_dies(linalg_orthonormalise(M, N, a), "columns");
    for (int i = 0; i < M; i++) a[i * N + 4] = 0;
    assert_dies(linalg_orthonormalise(M, N, a), "column 4 is zero");
    assert_dies(linalg_orthonormalise(2, 3, a), "3 columns of length 2");
    free(a);
}

/* --- the same bits everywhere --- */

static void the_bits_are_the_published_ones(void **state)
{
    (void)state;
    enum { M = 300, N = 24 };
    double *a = random_matrix(M, N, "bits"), *b = random_symmetric(N, "bits");
    double *u = alloc(M * N, sizeof *u), s[N], v[N * N];
    HashState *h = hash_new();
    linalg_eigen(N, b, s, v);
    hash_add(h, s, sizeof s), hash_add(h, v, sizeof v);
    linalg_svd(M, N, a, u, s, v);
    hash_add(h, u, M * N * sizeof *u), hash_add(h, s, sizeof s), hash_add(h, v, sizeof v);
    linalg_ridge(M, N, N, a, u, 0.5, v);
    hash_add(h, v, sizeof v);
    linalg_orthonormalise(M, N, a);
    hash_add(h, a, M * N * sizeof *a);
    assert_string_equal(
        hash_end(h).hex,
        "3af7cb8ff14f4ce7f066efeafe43c0c6445206e3ea606d164834fb8123555850");
    free(a), free(b), free(u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_of_springs_has_its_known_spectrum),
        cmocka_unit_test(eigenvectors_rebuild_the_matrix),
        cmocka_unit_test(the_largest_component_of_a_vector_is_positive),
        cmocka_unit_test(degenerate_and_zero_matrices_converge),
        cmocka_unit_test(tiny_and_huge_matrices_scale),
        cmocka_unit_test(what_is_no_symmetric_matrix_is_fatal),
        cmocka_unit_test(singular_vectors_rebuild_the_matrix),
        cmocka_unit_test(small_singular_values_keep_their_digits),
        cmocka_unit_test(a_missing_rank_gives_zeros),
        cmocka_unit_test(cholesky_factors_the_textbook_matrix),
        cmocka_unit_test(cholesky_refuses_what_is_not_positive),
        cmocka_unit_test(triangular_solves_undo_the_factor),
        cmocka_unit_test(ridge_makes_the_gradient_vanish),
        cmocka_unit_test(ridge_in_one_dimension_is_a_quotient),
        cmocka_unit_test(ill_conditioned_least_squares_are_refined),
        cmocka_unit_test(dependent_columns_are_fatal_without_a_penalty),
        cmocka_unit_test(orthonormalised_columns_span_the_same_space),
        cmocka_unit_test(nearly_equal_columns_come_out_orthonormal_too),
        cmocka_unit_test(dependent_columns_have_no_basis),
        cmocka_unit_test(the_bits_are_the_published_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

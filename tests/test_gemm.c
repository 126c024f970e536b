/* test_gemm.c - products are, bit for bit, the chain of fused steps that the header
 * promises, for every transpose and leading dimension, for every thread count and CPU
 * family; and the self-test notices when they are not. */
#include "core/num/gemm.h"
#include "core/base/hash.h"
#include "core/base/rng.h"
#include "core/num/vmath.h"
#include "tests/check.h"

enum { BLOCK = 256 };

typedef struct {
    int m, n, k;
} Shape;
static const Shape shapes[] = { { 1, 1, 1 },    { 1, 17, 300 },  { 6, 16, 256 },
                                { 7, 5, 257 },  { 64, 64, 16 },  { 33, 65, 700 },
                                { 96, 1, 512 }, { 130, 48, 40 }, { 3, 200, 1025 } };

static void fill(real *x, int n, const char *name)
{
    rng_normals(rng_named(rng_seed(1), name), x, (size_t)n);
}

static void fill_f64(double *x, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        x[i] = rng_normal(rng_named(rng_seed(1), name), (uint64_t)i);
}

static real fused(real a, real b, real c)
{
    return sizeof(real) == sizeof(float) ? (real)fmaf((float)a, (float)b, (float)c)
                                         : (real)fma(a, b, c);
}

/* One element by the chain: blocks of 256 terms from zero, added in order. */
static real chain(int k, const real *a, int step_a, const real *b, int step_b, real c,
                  GemmMode mode)
{
    for (int p = 0; p < k; p += BLOCK) {
        real acc = 0;
        for (int q = p; q < k && q < p + BLOCK; q++)
            acc = fused(a[q * step_a], b[q * step_b], acc);
        c = p == 0 && mode == GEMM_SET ? acc : c + acc;
    }
    return c;
}

static void compare_with_chain(Shape s, bool ta, bool tb, GemmMode mode)
{
    int lda = (ta ? s.m : s.k) + 3, ldb = (tb ? s.k : s.n) + 5, ldc = s.n + 2;
    int na = (ta ? s.k : s.m) * lda, nb = (tb ? s.n : s.k) * ldb, nc = s.m * ldc;
    real *a = alloc((size_t)na, sizeof *a), *b = alloc((size_t)nb, sizeof *b);
    real *c = alloc((size_t)nc, sizeof *c), *old = alloc((size_t)nc, sizeof *old);
    fill(a, na, "a"), fill(b, nb, "b"), fill(old, nc, "c");
    memcpy(c, old, (size_t)nc * sizeof *c);
    gemm(ta, tb, s.m, s.n, s.k, a, lda, b, ldb, c, ldc, mode);
    for (int i = 0; i < s.m; i++)
        for (int j = 0; j < ldc; j++) {
            real want = old[i * ldc + j];
            if (j < s.n)
                want = chain(s.k, ta ? a + i : a + i * lda, ta ? lda : 1,
                             tb ? b + j * ldb : b + j, tb ? 1 : ldb, want, mode);
            if (c[i * ldc + j] != want)
                fail_msg("(%d, %d, %d)%s%s: element (%d, %d) is %a, not %a", s.m, s.n,
                         s.k, ta ? " A^T" : "", tb ? " B^T" : "", i, j,
                         (double)c[i * ldc + j], (double)want);
        }
    free(a), free(b), free(c), free(old);
}

static void every_product_is_the_chain_of_fused_steps(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT(shapes); i++)
        for (int form = 0; form < 8; form++)
            compare_with_chain(shapes[i], form & 1, form & 2,
                               form & 4 ? GEMM_ADD : GEMM_SET);
}

static void a_product_in_double_is_the_same_chain(void **state)
{
    (void)state;
    enum { M = 21, N = 34, K = 600 };
    double *a = alloc(M * K, sizeof *a), *b = alloc(K * N, sizeof *b), c[M * N];
    fill_f64(a, M * K, "a"), fill_f64(b, K * N, "b");
    for (int form = 0; form < 4; form++) {
        bool ta = form & 1, tb = form & 2;
        gemm_f64(ta, tb, M, N, K, a, ta ? M : K, b, tb ? K : N, c, N, GEMM_SET);
        for (int i = 0; i < M; i++)
            for (int j = 0; j < N; j++) {
                double want = 0;
                for (int p = 0; p < K; p += BLOCK) {
                    double acc = 0;
                    for (int q = p; q < K && q < p + BLOCK; q++)
                        acc = fma(ta ? a[q * M + i] : a[i * K + q],
                                  tb ? b[j * K + q] : b[q * N + j], acc);
                    want += acc;
                }
                assert_same_double(c[i * N + j], want);
            }
    }
    free(a), free(b);
}

static void set_ignores_what_was_there_even_nan(void **state)
{
    (void)state;
    real a[4] = { 1, 2, 3, 4 }, b[4] = { 1, 0, 0, 1 }, c[4] = { NAN, NAN, NAN, NAN };
    gemm(false, false, 2, 2, 2, a, 2, b, 2, c, 2, GEMM_SET);
    assert_memory_equal(c, a, sizeof a);
}

static void an_empty_sum_is_zero_and_an_empty_shape_is_nothing(void **state)
{
    (void)state;
    real a[4] = { 1, 2, 3, 4 }, c[4] = { NAN, NAN, NAN, NAN }, zero[4] = { 0 };
    gemm(false, false, 2, 2, 0, a, 2, a, 2, c, 2, GEMM_SET);
    assert_memory_equal(c, zero, sizeof c);
    memcpy(c, a, sizeof c);
    gemm(false, false, 2, 2, 0, a, 2, a, 2, c, 2, GEMM_ADD);
    gemm(false, false, 0, 2, 2, a, 2, a, 2, c, 2, GEMM_SET);
    gemm(false, false, 2, 0, 2, a, 2, a, 2, c, 2, GEMM_SET);
    assert_memory_equal(c, a, sizeof c);
}

static void a_row_that_is_too_short_is_fatal(void **state)
{
    (void)state;
    real x[16] = { 0 };
    assert_dies(gemm(false, false, 2, 3, 4, x, 3, x, 3, x, 3, GEMM_SET), "lda 3");
    assert_dies(gemm(true, false, 2, 3, 4, x, 1, x, 3, x, 3, GEMM_SET), "lda 1");
    assert_dies(gemm(false, false, 2, 3, 4, x, 4, x, 2, x, 3, GEMM_SET), "ldb 2");
    assert_dies(gemm(false, true, 2, 3, 4, x, 4, x, 3, x, 3, GEMM_SET), "ldb 3");
    assert_dies(gemm(false, false, 2, 3, 4, x, 4, x, 3, x, 2, GEMM_SET), "ldc 2");
    assert_dies(gemm(false, false, -1, 3, 4, x, 4, x, 3, x, 3, GEMM_SET), "a product of");
}

/* --- the self-test and its planted faults --- */

/* The last digit of one element is wrong, as after a kernel that does not fuse. */
static void product_with_a_wrong_digit(bool ta, bool tb, int m, int n, int k,
                                       const real *a, int lda, const real *b, int ldb,
                                       real *c, int ldc, GemmMode mode)
{
    gemm(ta, tb, m, n, k, a, lda, b, ldb, c, ldc, mode);
    real *last = c + (m - 1) * ldc + n - 1;
    *last = (real)(sizeof(real) == sizeof(float) ? nextafterf((float)*last, INFINITY)
                                                 : nextafter(*last, INFINITY));
}

/* All of k in one chain, as a library with longer blocks would do it. */
static void product_without_blocks(bool ta, bool tb, int m, int n, int k, const real *a,
                                   int lda, const real *b, int ldb, real *c, int ldc,
                                   GemmMode mode)
{
    (void)ta, (void)tb, (void)mode;
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            real acc = 0;
            for (int q = 0; q < k; q++) acc = fused(a[i * lda + q], b[q * ldb + j], acc);
            c[i * ldc + j] = acc;
        }
}

/* Ten times the error of ours: an ordinary fast exp. */
static void careless_exp(int n, const real *x, real *y)
{
    vmath_exp_v(n, x, y);
    for (int i = 0; i < n; i++) y[i] *= (real)(1 + 1e-6);
}

static void careless_tanh(int n, const real *x, real *y)
{
    for (int i = 0; i < n; i++) y[i] = x[i];
    vmath_tanh_v(n - 1, x, y);
}

static void the_self_test_passes_here(void **state)
{
    (void)state;
    assert_true(gemm_selftest());
    assert_true(gemm_selftest_of(gemm, vmath_exp_v, vmath_tanh_v));
}

static void the_self_test_notices_planted_faults(void **state)
{
    (void)state;
    assert_false(gemm_selftest_of(product_with_a_wrong_digit, vmath_exp_v, vmath_tanh_v));
    assert_false(gemm_selftest_of(product_without_blocks, vmath_exp_v, vmath_tanh_v));
    assert_false(gemm_selftest_of(gemm, careless_exp, vmath_tanh_v));
    assert_false(gemm_selftest_of(gemm, vmath_exp_v, careless_tanh));
}

/* --- other threads, other families --- */

static void hash_product(HashState *h, Shape s)
{
    real *a = alloc((size_t)s.m * s.k, sizeof *a),
         *b = alloc((size_t)s.k * s.n, sizeof *b);
    real *c = alloc((size_t)s.m * s.n, sizeof *c);
    fill(a, s.m * s.k, "a"), fill(b, s.k * s.n, "b");
    gemm(false, false, s.m, s.n, s.k, a, s.k, b, s.n, c, s.n, GEMM_SET);
    hash_add(h, c, (size_t)s.m * s.n * sizeof *c);
    free(a), free(b), free(c);
}

static void hash_product_f64(HashState *h, Shape s)
{
    double *a = alloc((size_t)s.m * s.k, sizeof *a);
    double *b = alloc((size_t)s.k * s.n, sizeof *b);
    double *c = alloc((size_t)s.m * s.n, sizeof *c);
    fill_f64(a, s.m * s.k, "a"), fill_f64(b, s.k * s.n, "b");
    gemm_f64(false, false, s.m, s.n, s.k, a, s.k, b, s.n, c, s.n, GEMM_SET);
    hash_add(h, c, (size_t)s.m * s.n * sizeof *c);
    free(a), free(b), free(c);
}

/* "FAMILY DIGEST", what the children print */
static void print_hash(void)
{
    HashState *h = hash_new();
    for (int i = 0; i < COUNT(shapes); i++) {
        hash_product(h, shapes[i]);
        hash_product_f64(h, shapes[i]);
    }
    hash_product(h, (Shape){ 257, 300, 520 });
    hash_product_f64(h, (Shape){ 257, 300, 520 });
    printf("%s %s", gemm_kernel(), hash_end(h).hex);
    fflush(stdout);
}

static void threads_and_families_do_not_move_a_bit(void **state)
{
    (void)state;
    static const struct {
        const char *variable, *family;
    } runs[] = { { "BLIS_ARCH_TYPE=3", "haswell " },
                 { "BLIS_ARCH_TYPE=6", "zen3 " },
                 { "BLIS_NUM_THREADS=2", NULL },
                 { "OMP_NUM_THREADS=2", NULL },
                 { "BLIS_JC_NT=2", NULL } };
    char *here = check_output_again("--hash", NULL);
    for (int i = 0; i < COUNT(runs); i++) {
        char *there = check_output_again("--hash", runs[i].variable);
        if (runs[i].family) assert_ptr_equal(strstr(there, runs[i].family), there);
        assert_non_null(strchr(there, ' '));
        if (strcmp(strchr(here, ' '), strchr(there, ' ')))
            fail_msg("%s: %s, and %s without it", runs[i].variable, there, here);
        free(there);
    }
    free(here);
}

static void the_library_in_use_is_named(void **state)
{
    (void)state;
    char *path = gemm_library();
    assert_true(file_exists(path));
    assert_contains(path, "blis");
    assert_true(strlen(gemm_version()) > 0);
    free(path);
}

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "--hash")) return print_hash(), 0;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_product_is_the_chain_of_fused_steps),
        cmocka_unit_test(a_product_in_double_is_the_same_chain),
        cmocka_unit_test(set_ignores_what_was_there_even_nan),
        cmocka_unit_test(an_empty_sum_is_zero_and_an_empty_shape_is_nothing),
        cmocka_unit_test(a_row_that_is_too_short_is_fatal),
        cmocka_unit_test(the_self_test_passes_here),
        cmocka_unit_test(the_self_test_notices_planted_faults),
        cmocka_unit_test(threads_and_families_do_not_move_a_bit),
        cmocka_unit_test(the_library_in_use_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* gemm.c - BLIS with its bits nailed down.
 *
 * A tuned product is free to choose how it cuts the sum over k, and BLIS chooses by
 * CPU model and by the number of threads. Two of its habits matter: a path for small
 * shapes ("sup") that cuts k by its own thresholds, and a block of k whose length is a
 * property of the CPU family. We switch the first off and hand over at most 256 terms
 * at a time, which every family from haswell to zen3 and skx takes in one piece. What is
 * left is, on every family, the same chain: acc = fma(a, b, acc) over one block, from
 * 0; then C := acc, or C := C + acc. alpha stays 1, since families differ in where they
 * multiply by it. This costs nothing measurable for the shapes of our networks; small
 * products (64 x 64 x 16) reach a quarter of the core's ceiling.
 *
 * Rejected: cblas_sgemm, whose bits differ between one and two threads; our own kernel,
 * which would serve one CPU family where BLIS has one for each.
 *
 * The self-test asks whether this machine keeps the promise; where it does not, runs go
 * on and say "other bits". */
#define _GNU_SOURCE
#include "core/num/gemm.h"
#include "core/num/vmath.h"
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wunused-function"
#include <blis.h>
#pragma GCC diagnostic pop

enum { BLOCK = 256 };

/* One thread, no "sup". BLIS's global settings are left as they are. */
static rntm_t native_path(void)
{
    rntm_t r;
    bli_rntm_init_from_global(&r);
    bli_rntm_set_num_threads(1, &r);
    bli_rntm_disable_l3_sup(&r);
    return r;
}

static void check_shapes(bool ta, bool tb, int m, int n, int k, int lda, int ldb, int ldc)
{
    require(m >= 0 && n >= 0 && k >= 0, "a product of (%d, %d) and (%d, %d)", m, k, k, n);
    require(lda >= (ta ? m : k), "lda %d, rows of A hold %d", lda, ta ? m : k);
    require(ldb >= (tb ? k : n), "ldb %d, rows of B hold %d", ldb, tb ? k : n);
    require(ldc >= n, "ldc %d, rows of C hold %d", ldc, n);
}

/* A transpose is a swap of strides; BLIS's own flag would do the same. */
#ifndef REAL_IS_DOUBLE
void gemm(bool ta, bool tb, int m, int n, int k, const float *a, int lda, const float *b,
          int ldb, float *c, int ldc, GemmMode mode)
{
    check_shapes(ta, tb, m, n, k, lda, ldb, ldc);
    rntm_t native = native_path();
    float one = 1, beta = mode == GEMM_ADD;
    int ka = ta ? lda : 1, kb = tb ? 1 : ldb;
    for (int p = 0; p < k || (p == 0 && mode == GEMM_SET); p += BLOCK, beta = 1)
        bli_sgemm_ex(BLIS_NO_TRANSPOSE, BLIS_NO_TRANSPOSE, m, n,
                     k - p < BLOCK ? k - p : BLOCK, &one, (float *)a + (size_t)p * ka,
                     ta ? 1 : lda, ka, (float *)b + (size_t)p * kb, kb, tb ? ldb : 1,
                     &beta, c, ldc, 1, NULL, &native);
}
#else
void gemm(bool ta, bool tb, int m, int n, int k, const double *a, int lda,
          const double *b, int ldb, double *c, int ldc, GemmMode mode)
{
    gemm_f64(ta, tb, m, n, k, a, lda, b, ldb, c, ldc, mode);
}
#endif

void gemm_f64(bool ta, bool tb, int m, int n, int k, const double *a, int lda,
              const double *b, int ldb, double *c, int ldc, GemmMode mode)
{
    check_shapes(ta, tb, m, n, k, lda, ldb, ldc);
    rntm_t native = native_path();
    double one = 1, beta = mode == GEMM_ADD;
    int ka = ta ? lda : 1, kb = tb ? 1 : ldb;
    for (int p = 0; p < k || (p == 0 && mode == GEMM_SET); p += BLOCK, beta = 1)
        bli_dgemm_ex(BLIS_NO_TRANSPOSE, BLIS_NO_TRANSPOSE, m, n,
                     k - p < BLOCK ? k - p : BLOCK, &one, (double *)a + (size_t)p * ka,
                     ta ? 1 : lda, ka, (double *)b + (size_t)p * kb, kb, tb ? ldb : 1,
                     &beta, c, ldc, 1, NULL, &native);
}

/* The same product by the chain that the promise names. */
static void product_by_chain(int m, int n, int k, const real *a, const real *b, real *c)
{
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++)
            for (int p = 0; p < k; p += BLOCK) {
                real acc = 0;
                for (int q = p; q < k && q < p + BLOCK; q++)
#ifdef REAL_IS_DOUBLE
                    acc = __builtin_fma(a[i * k + q], b[q * n + j], acc);
#else
                    acc = __builtin_fmaf(a[i * k + q], b[q * n + j], acc);
#endif
                c[i * n + j] = p ? c[i * n + j] + acc : acc;
            }
}

/* A ragged shape, so that edge kernels run too, and k past one block. */
static bool product_agrees(GemmFn *product)
{
    enum { M = 19, N = 37, K = 300 };
    real *a = alloc(M * K, sizeof *a), *b = alloc(K * N, sizeof *b);
    real *c = alloc(M * N, sizeof *c), *want = alloc(M * N, sizeof *want);
    for (int i = 0; i < M * K; i++) a[i] = (real)((i * 7919 % 1009 - 504) / 256.0);
    for (int i = 0; i < K * N; i++) b[i] = (real)((i * 104729 % 2003 - 1001) / 511.0);
    product(false, false, M, N, K, a, K, b, N, c, N, GEMM_SET);
    product_by_chain(M, N, K, a, b, want);
    bool same = memcmp(c, want, M * N * sizeof *c) == 0;
    free(a), free(b), free(c), free(want);
    return same;
}

static bool map_agrees(MapFn *map, int n, const real *x, const real *want)
{
    real *y = alloc((size_t)n, sizeof *y);
    map(n, x, y);
    bool same = memcmp(y, want, (size_t)n * sizeof *y) == 0;
    free(y);
    return same;
}

bool gemm_selftest_of(GemmFn *product, MapFn *exp_v, MapFn *tanh_v)
{
    static const real x[] = { -20.5f,  -3.25f, -0.625f, 0.0078125f,
                              0.3125f, 1.75f,  6.5f,    42.25f };
#ifdef REAL_IS_DOUBLE
    static const real exps[] = { 0x1.57a3afeed00abp-30, 0x1.3da368521902dp-5,
                                 0x1.120dc934993e8p-1,  0x1.0202015600446p+0,
                                 0x1.5de9176045ff5p+0,  0x1.704b6905bacbfp+2,
                                 0x1.4c92210816c89p+9,  0x1.efe2e2bf329a4p+60 };
    static const real tanhs[] = { -1,
                                  -0x1.fe76795d353ap-1,
                                  -0x1.1bf47eabb8f95p-1,
                                  0x1.fffd55599992bp-8,
                                  0x1.35f98a0ea650ep-2,
                                  0x1.e1fbf97e33527p-1,
                                  0x1.ffff684fec9b9p-1,
                                  1 };
#else
    static const real exps[] = { 0x1.57a3bp-30f, 0x1.3da368p-5f, 0x1.120dcap-1f,
                                 0x1.020202p+0f, 0x1.5de918p+0f, 0x1.704b68p+2f,
                                 0x1.4c9222p+9f, 0x1.efe2e2p+60f };
    static const real tanhs[] = { -1,
                                  -0x1.fe767ap-1f,
                                  -0x1.1bf48p-1f,
                                  0x1.fffd56p-8f,
                                  0x1.35f98ap-2f,
                                  0x1.e1fbfap-1f,
                                  0x1.ffff68p-1f,
                                  1 };
#endif
    return product_agrees(product) && map_agrees(exp_v, COUNT(x), x, exps) &&
           map_agrees(tanh_v, COUNT(x), x, tanhs);
}

bool gemm_selftest(void) { return gemm_selftest_of(gemm, vmath_exp_v, vmath_tanh_v); }

/* Before bli_init() the family is not known yet, and asking yields the generic one. */
const char *gemm_kernel(void)
{
    bli_init();
    return bli_arch_string(bli_arch_query_id());
}

const char *gemm_version(void) { return bli_info_get_version_str(); }

char *gemm_library(void)
{
    Dl_info info;
    void *symbol = dlsym(RTLD_DEFAULT, "bli_init");
    require(symbol && dladdr(symbol, &info) && info.dli_fname,
            "the dynamic linker does not know where bli_init comes from");
    char *path = realpath(info.dli_fname, NULL);
    return path ? path : text_copy(info.dli_fname);
}

/* gemm.h - matrix products through BLIS (the only user of it): C := op(A) op(B), or
 * C += op(A) op(B); row major with leading dimensions. One thread, BLIS's native path, k
 * in blocks of 256, alpha 1: the call whose bits do not depend on CPU model or thread
 * count. It equals, bit for bit, a loop acc = fma(a, b, acc) over each block of k, the
 * blocks added in order. */
#ifndef GLASSBOX_GEMM_H
#define GLASSBOX_GEMM_H

#include "core/base/base.h"

typedef enum { GEMM_SET, GEMM_ADD } GemmMode; /* C := , C += */

/* C (m,n) , A (m,k) or its transpose stored (k,m), B (k,n) or its transpose stored
 * (n,k). lda, ldb, ldc: elements per stored row. */
void gemm(bool ta, bool tb, int m, int n, int k, const real *a, int lda, const real *b,
          int ldb, real *c, int ldc, GemmMode);
void gemm_f64(bool ta, bool tb, int m, int n, int k, const double *a, int lda,
              const double *b, int ldb, double *c, int ldc, GemmMode);

/* The start-up self-test: a k = 300 product against the fma loop, and known answers of
 * exp and tanh. False: this machine has other bits. */
bool gemm_selftest(void);
/* The same questions to any functions of these forms; tests ask faulty ones. */
typedef void GemmFn(bool ta, bool tb, int m, int n, int k, const real *a, int lda,
                    const real *b, int ldb, real *c, int ldc, GemmMode);
typedef void MapFn(int n, const real *x, real *y);
bool gemm_selftest_of(GemmFn *, MapFn *exp_v, MapFn *tanh_v);
const char *gemm_kernel(void);  /* BLIS's kernel family here, e.g. "skx" */
const char *gemm_version(void); /* e.g. "0.9.0" */
char *gemm_library(void);       /* path of the shared library in use; caller frees */

#endif

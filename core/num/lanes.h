/* lanes.h - vectors of 256 bits, for the few loops whose order of operations must be fixed
 * and fast at once. For the core's own .c files. */
#ifndef GLASSBOX_LANES_H
#define GLASSBOX_LANES_H

#include "core/base/base.h"
#include <immintrin.h>

#ifdef REAL_IS_DOUBLE
typedef __m256d Vec;
static inline Vec vec_load(const real *x) { return _mm256_loadu_pd(x); }
static inline void vec_store(real *x, Vec v) { _mm256_storeu_pd(x, v); }
static inline Vec vec_spread(real x) { return _mm256_set1_pd(x); }
static inline Vec vec_fma(Vec a, Vec b, Vec c) { return _mm256_fmadd_pd(a, b, c); }
/* The first n numbers, zeros behind. */
static inline Vec vec_first(const real *x, int n)
{
    __m256i place = _mm256_setr_epi64x(0, 1, 2, 3);
    return _mm256_maskload_pd(x, _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), place));
}
#else
typedef __m256 Vec;
static inline Vec vec_load(const real *x) { return _mm256_loadu_ps(x); }
static inline void vec_store(real *x, Vec v) { _mm256_storeu_ps(x, v); }
static inline Vec vec_spread(real x) { return _mm256_set1_ps(x); }
static inline Vec vec_fma(Vec a, Vec b, Vec c) { return _mm256_fmadd_ps(a, b, c); }
/* The first n numbers, zeros behind. */
static inline Vec vec_first(const real *x, int n)
{
    __m256i place = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_maskload_ps(x, _mm256_cmpgt_epi32(_mm256_set1_epi32(n), place));
}
#endif
enum { VEC = sizeof(Vec) / sizeof(real) };

#endif

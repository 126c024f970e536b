/* normal.c - the normal half of rng.h. It lives in num because Box-Muller needs a
 * logarithm and a cosine whose bits never move. */
#include "core/base/rng.h"
#include "core/num/vmath.h"
#include <math.h>

double rng_normal(Rng r, uint64_t i)
{
    double u[2];
    rng_uniform_pair(r, i, u);
    return sqrt(-2 * vmath_log(1 - u[0])) * vmath_cos(6.283185307179586 * u[1]);
}

void rng_normals(Rng r, real *v, size_t n)
{
    for (size_t i = 0; i < n; i++) v[i] = (real)rng_normal(r, i);
}

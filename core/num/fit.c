/* fit.c - laws through points.
 *
 * A power law is a line through the logarithms of its points. Least squares of the
 * logarithms gives every point the same relative error, which is what a scaling law is
 * read by; least squares of the values would listen to the largest alone. */
#include "core/num/fit.h"
#include "core/num/vmath.h"
#include <stdlib.h>

bool fit_power(int n, const double *x, const double *y, Line *line)
{
    double *u = alloc((size_t)n, sizeof *u), *v = alloc((size_t)n, sizeof *v);
    int m = 0;
    for (int i = 0; i < n; i++) {
        require(x[i] > 0, "a power law at x = %g", x[i]);
        if (!(y[i] > 0)) continue;
        u[m] = vmath_log(x[i]);
        v[m++] = vmath_log(y[i]);
    }
    if (m > 2) *line = stats_line(m, u, v);
    free(u), free(v);
    return m > 2;
}

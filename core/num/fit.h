/* fit.h - laws through points, in double. */
#ifndef GLASSBOX_FIT_H
#define GLASSBOX_FIT_H

#include "core/num/stats.h"

/* y = e^intercept x^slope by least squares of the logarithms. Points with y <= 0, which a
 * power law does not have, are left out; x <= 0 is fatal. False: fewer than three points
 * are left, too few to contradict any law. */
bool fit_power(int n, const double *x, const double *y, Line *);

#endif

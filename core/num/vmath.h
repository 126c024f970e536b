/* vmath.h - elementary functions whose bits do not depend on the C library, the
 * compiler or the CPU model (x86-64-v3 on). Scalar double for statistics and data;
 * float vectors for networks. Accuracy: scalar within 2 ulp, vectors within 4 ulp of
 * the exact value over the whole range, subnormals, infinities and NaN included. */
#ifndef GLASSBOX_VMATH_H
#define GLASSBOX_VMATH_H

#include "core/base/base.h"

double vmath_exp(double x);
double vmath_log(double x); /* -inf at 0, NaN below */
double vmath_log2(double x);
double vmath_pow(double x, double y); /* x >= 0; exp(y log x) carried in double-double */
double vmath_sin(double x);           /* |x| <= 1e6; beyond is fatal */
double vmath_cos(double x);
double vmath_tanh(double x);
double vmath_acos(double x);
double vmath_sigmoid(double x); /* 1 / (1 + exp(-x)) */

/* y[i] := f(x[i]); y may be x, or else must not overlap it. */
void vmath_exp_v(int n, const real *x, real *y);
void vmath_log_v(int n, const real *x, real *y);
void vmath_tanh_v(int n, const real *x, real *y);

/* Sums in a fixed tree of 4 x 8 lanes: the same bits whatever the compiler vectorises. */
real vmath_sum(int n, const real *x);
real vmath_dot(int n, const real *x, const real *y);
real vmath_max(int n, const real *x); /* n >= 1; may overlook NaN */
double vmath_dot_f64(int n, const double *x, const double *y);
void vmath_axpy(int n, real a, const real *x, real *y); /* y += a x, one fma each */

#endif

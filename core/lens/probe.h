/* probe.h - what can be read linearly from activations x (N,p), and what a probe of the
 * same power reads where there is nothing [hewitt2019designing]. Rows are weighted: 0
 * leaves a row out, NULL counts all alike; so a split is two vectors of weights. */
#ifndef GLASSBOX_PROBE_H
#define GLASSBOX_PROBE_H

#include "core/base/base.h"
#include "core/base/rng.h"

typedef struct {
    int p, q;
    double *w; /* (p + 1, q), the last row is the intercept; free() releases it */
} Probe;

/* `share` of the groups (at least one, not all) are to be fitted, the others tested: fit
 * and test (N) become 0 or 1. group (N) in 0 .. groups-1; NULL: each row is its own. */
void probe_split(int N, const int *group, int groups, double share, Rng, double *fit,
                 double *test);
/* The control task: row i is to learn the target of row[i], which is of the group that a
 * random permutation puts in its group's place (NULL: of any row). */
void probe_control(int N, const int *group, int groups, Rng, int *row);

/* Least weighted |x w + b - y|^2 + lambda |w|^2 over w (p,q) and b, which is free. */
Probe probe_ridge(int N, int p, int q, const real *x, const double *y, const double *fit,
                  double lambda);
/* Least weighted cross-entropy [nat] + lambda/2 |w|^2, lambda > 0; the output (q = 1) is
 * the log odds of y. */
Probe probe_logistic(int N, int p, const real *x, const bool *y, const double *fit,
                     double lambda);
void probe_apply(const Probe *, int N, const real *x, double *out); /* out (N,q) */
/* 1 - squared error over squared distance to the mean of the same rows, all columns. */
double probe_r2(const Probe *, int N, const real *x, const double *y, const double *test);
/* Share of rows whose largest output (q = 1: whose sign, positive is 1) is the label. */
double probe_accuracy(const Probe *, int N, const real *x, const int *label,
                      const double *test);

/* Unit directions (p); the length that they had is returned. The difference of means, from
 * rows that are not positive to those that are [marks2023geometry]; and a column of w, the
 * least-squares or logistic direction. */
double probe_mean_difference(int N, int p, const real *x, const bool *positive,
                             const double *fit, double *direction);
double probe_direction(const Probe *, int column, double *direction);

#endif

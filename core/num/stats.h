/* stats.h - statistics over independent replicates (seeds, drawn examples), never over
 * the tokens of one sequence. Double throughout. */
#ifndef GLASSBOX_STATS_H
#define GLASSBOX_STATS_H

#include "core/base/base.h"

typedef struct {
    /* 95 % interval of the mean, Student's t; lo = hi = mean for n = 1 */
    double mean, lo, hi;
    int n;
} Estimate;
typedef struct {
    /* slope_error: standard error of the slope, 0 for n = 2 */
    double slope, intercept, r2, slope_error;
} Line;

Estimate stats_estimate(int n, const double *x);
double stats_mean(int n, const double *x);
double stats_variance(int n, const double *x); /* unbiased, n >= 2 */
/* Linear between order statistics; x is kept. */
double stats_quantile(int n, const double *x, double q);
double stats_correlation(int n, const double *x, const double *y); /* Pearson */
/* Ties get mean ranks. */
double stats_spearman(int n, const double *x, const double *y);
/* P(score of a positive > of a negative) + half the ties. */
double stats_auc(int n, const double *score, const bool *positive);
/* The first i with y[i] >= share * y[n - 1]: when a curve rises through a share of its
 * last value. -1 if that is 0: what starts there does not rise. share at most 1. */
int stats_rise(int n, const double *y, double share);
/* Two-sided 95 % quantile of Student's t. */
double stats_student(int dof);
/* Least squares; at least two distinct x. */
Line stats_line(int n, const double *x, const double *y);

#endif

/* neuron.h - which tokens a neuron speaks for: its output weights against the unembedding,
 * token by token [gurnee2024universal]. */
#ifndef GLASSBOX_NEURON_H
#define GLASSBOX_NEURON_H

#include "core/net/model.h"

/* Of the cosines between a direction and every token's column of W_U, over the tokens. */
typedef struct {
    double variance, skew, kurtosis; /* E z^3; E z^4, which is 3 if they are normal */
} Moments;
/* (V,D): the columns of an untied model's W_U at unit length; the caller frees. */
real *neuron_readers(Model *);
/* moments (n) of the directions w (n,D), readers (V,D). A direction of zeros has none: 0. */
void neuron_moments(int n, int V, int D, const real *w, const real *readers, Moments *);
/* What a share q of `nulls` random directions with the covariance of the neurons w (F,D),
 * mixed from all of them with normal weights, does not exceed in kurtosis. */
double neuron_threshold(double q, int nulls, int F, int V, int D, const real *w,
                        const real *readers, Rng);

#endif

/* lens.h - what a transformer would say if it ended early: the stream after l layers, read
 * as if it were the last. The logit lens [nostalgebraist2020logitlens] is the model's own
 * unembedding; a tuned lens [belrose2023tunedlens] corrects the stream first, by an affine
 * map for each l: x + x A_l + b_l. Streams (B,T,D), readings (B,T,V). */
#ifndef GLASSBOX_LENS_H
#define GLASSBOX_LENS_H

#include "core/net/model.h"

/* Before and after a run of a model of L layers: the stream after l of them, 0 .. L. */
void lens_keep(Tape *, int L);
Tensor *lens_stream(const Tape *, int l, int L);
/* The corrections A_l (D,D) and b_l (D), l < L, all zero. The caller frees. */
Params lens_new(int L, int D);
/* Logits of the stream x after l layers; lens NULL: the logit lens, which the tuned one is
 * until it is trained. After L layers both are the model's logits. */
Tensor *lens_read(Model *, Tape *, const Params *lens, int l, Tensor *x);
/* Adds to the gradients of `lens` those of the mean cross-entropy from `law` (B,T,V) to
 * each reading of the streams kept on `run`. Weights of the model whose .wants is false
 * cost no time. */
void lens_gradients(Model *, const Params *lens, const Tape *run, const Tensor *law);

/* Where a curve y (n) over x, such as a distance over layers, bends: the inner x at which
 * two straight pieces, joined there, fit it best. 3 <= n <= 64. */
double lens_knee(int n, const double *x, const double *y);

#endif

/* circuit.h - what attention heads look at, how they feed each other, and what reaches the
 * logits. Shapes and names as in model.h; patterns and streams come from hook_value(). */
#ifndef GLASSBOX_CIRCUIT_H
#define GLASSBOX_CIRCUIT_H

#include "core/net/model.h"

/* Scores of a pattern (B,H,T,T), one a head, each in 0 .. 1: score (H). The mean attention
 * from position t to t - 1, t >= 1 [elhage2021framework]. */
void circuit_previous_token(const Tensor *pattern, double *score);
/* The mean attention from a position whose token occurred before to the positions that
 * follow an occurrence [olsson2022induction]; tok (B,T). Only where ask (B,T), NULL: at all
 * such positions; none is fatal. */
void circuit_prefix_matching(const Tensor *pattern, const int *tok, const bool *ask,
                             double *score);

/* A head as matrices w (D,D) on row vectors, biases left out: W_V W_O and W_Q W_K^T. */
void circuit_ov(Model *, int layer, int head, double *w);
void circuit_qk(Model *, int layer, int head, double *w);
/* |A B|_F / (|A|_F |B|_F), A the writer's ov; B the reader's qk (Q-composition), its qk
 * transposed (K) or its ov (V) [elhage2021framework]. */
double circuit_composition(int D, const double *a, const double *b, bool transposed);
/* The same of two products of Gaussian factors (D,K)(K,D): what chance scores. */
double circuit_composition_random(int D, int K, Rng);

/* What a head adds to the stream, (B,T,D), from its layer's z (B,T,H*K); b_O left out. */
Tensor *circuit_head_out(Model *, Tape *, const Tensor *z, int layer, int head);
/* Direct logit attribution: what `part`, a summand of the last stream `resid`, adds to the
 * logits under the scale that the last layer norm has at `resid`. It is linear in `part`,
 * and the whole of `resid` gives the logits but for a constant (b_U, the norm's bias).
 * The logit lens [nostalgebraist2020logitlens] is model_unembed() of any stream. */
Tensor *circuit_attribution(Model *, Tape *, const Tensor *part, const Tensor *resid);

#endif

/* rnn.h - recurrent layers made of ops. Whoever generates runs one position at a time and
 * may change the state in between. */
#ifndef GLASSBOX_RNN_H
#define GLASSBOX_RNN_H

#include "core/net/op.h"

typedef enum { RNN_TANH, RNN_GRU } RnnKind;
typedef struct {
    RnnKind kind;
    Tensor *W, *U, *b; /* borrowed from the params */
} Rnn;

/* Adds "NAME.W" (D,G), "NAME.U" (F,G), "NAME.b" (G) with G = F or, gated, 3 F: reset, keep,
 * candidate; W and U uniform within 1/sqrt(F), b zero. */
Rnn rnn_new(Params *, const char *name, RnnKind, int D, int F, Rng init);
/* All states (B,T,F) for x (B,T,D), beginning after state h (B,F), NULL: zeros.
 * h' = tanh(x W + h U + b), or h' = n + keep (h - n) with n = tanh(x W + b + reset (h U))
 * of the candidate's columns, reset and keep sigmoids of theirs [cho2014learning]. */
Tensor *rnn_run(const Rnn *, Tape *, Tensor *x, Tensor *h);

#endif

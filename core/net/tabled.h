/* tabled.h - a fast way through the smallest transformers. Without layer norms, the
 * queries, keys and values of the first layer depend on nothing but the token and its
 * place; if there is one layer and the answer is read at the last place, that is all. */
#ifndef GLASSBOX_TABLED_H
#define GLASSBOX_TABLED_H

#include "core/net/model.h"

/* What model_last_logits() gives, (B,outputs), up to rounding. One layer with an MLP,
 * learned positions, plain causal attention, no layer norms, no biases; any other model is
 * fatal. No hooks. */
Tensor *tabled_logits(Model *, Tape *, const int *tok, int B, int T);

#endif

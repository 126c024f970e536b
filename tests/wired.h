/* wired.h - an induction circuit whose every weight was set by hand: what a detector of
 * circuits must find, and must miss once a weight of it is zeroed. */
#ifndef GLASSBOX_WIRED_H
#define GLASSBOX_WIRED_H

#include "core/net/model.h"
#include <string.h>

enum { V = 8, CTX = 12, WIDE = 3 * V + CTX };

/* Residual: token (V) | position (CTX) | token before (V) | prediction (V). Layer 0 copies
 * the previous position's token; layer 1 looks for the position whose previous token is
 * the present one, and copies its token to the prediction. */
static inline Model *wired(void)
{
    Model *m = model_new((ModelSpec){ .vocab = V,
                                      .ctx = CTX,
                                      .layers = 2,
                                      .heads = 1,
                                      .width = WIDE,
                                      .attention_only = true,
                                      .no_layernorm = true,
                                      .no_bias = true },
                         rng_seed(1));
    Params *p = model_params(m);
    for (int i = 0; i < p->n; i++)
        memset(p->p[i]->t.v, 0, tensor_size(&p->p[i]->t) * sizeof(real));
    enum { POSITION = V, BEFORE = V + CTX, PREDICT = 2 * V + CTX };
    const real sharp = 60;
    for (int i = 0; i < V; i++) {
        model_weight(m, "embed.W_E")->v[i * WIDE + i] = 1;
        model_weight(m, "blocks.0.attn.W_V")->v[i * WIDE + i] = 1;
        model_weight(m, "blocks.0.attn.W_O")->v[i * WIDE + BEFORE + i] = 1;
        model_weight(m, "blocks.1.attn.W_Q")->v[i * WIDE + i] = sharp;
        model_weight(m, "blocks.1.attn.W_K")->v[(BEFORE + i) * WIDE + i] = 1;
        model_weight(m, "blocks.1.attn.W_V")->v[i * WIDE + i] = 1;
        model_weight(m, "blocks.1.attn.W_O")->v[i * WIDE + PREDICT + i] = 1;
        model_weight(m, "unembed.W_U")->v[(PREDICT + i) * V + i] = 1;
    }
    for (int t = 0; t < CTX; t++) {
        model_weight(m, "pos.W_pos")->v[t * WIDE + POSITION + t] = 1;
        if (t)
            model_weight(m, "blocks.0.attn.W_Q")->v[(POSITION + t) * WIDE + t - 1] =
                sharp;
        model_weight(m, "blocks.0.attn.W_K")->v[(POSITION + t) * WIDE + t] = 1;
    }
    return m;
}

#endif

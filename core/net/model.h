/* model.h - a transformer whose parts are a spec. (ModelSpec){ .vocab = 64, .ctx = 48,
 * .layers = 2, .heads = 4, .width = 64 } is a GPT-2-like decoder; every zero is the
 * usual choice. Every named value passes a hook point (hook.h). */
#ifndef GLASSBOX_MODEL_H
#define GLASSBOX_MODEL_H

#include "core/net/op.h"

#define MODEL_EPSILON 1e-5 /* of every layer norm */

typedef enum { POS_LEARNED, POS_ROTARY, POS_NONE } Positions;
typedef enum { KEYS_PLAIN, KEYS_SMEARED_HALF, KEYS_SMEARED_LEARNED } Keys;
typedef struct {
    int vocab, ctx, layers, heads, width;
    int head_width;      /* 0: width / heads */
    int hidden;          /* of the MLP; 0: 4 width */
    int outputs;         /* columns of the logits; 0: vocab */
    bool attention_only; /* no MLP */
    bool no_layernorm;
    bool bidirectional;
    bool tied; /* unembedding = embedding^T */
    bool no_bias;
    bool uniform_attention;
    Positions positions;
    Keys keys;      /* smeared: k_t := a k_t + (1 - a) k_(t-1) [elhage2021framework] */
    Act act;        /* of the MLP; ACT_NONE: GELU */
    double init_sd; /* 0: 0.02; residual writers / sqrt(2 layers) */
} ModelSpec;

typedef struct Model Model;
Model *model_new(ModelSpec, Rng init);
void model_free(Model *);
Params *model_params(Model *);              /* borrowed */
const ModelSpec *model_spec(const Model *); /* zeros replaced by what they stand for */
Tensor *model_logits(Model *, Tape *, const int *tok, int B, int T); /* (B,T,V) */
/* Logits of the last position only (B,V): the rest of the last block is not computed.
 * Hook points after the last attention then have (B,1,..). */
Tensor *model_last_logits(Model *, Tape *, const int *tok, int B, int T);
/* The last layer norm and the unembedding of any stream (..,D), as the logit lens wants. */
Tensor *model_unembed(Model *, Tape *, Tensor *resid);
/* Weights by TransformerLens name, each as (D,H*K) etc.: "embed.W_E" (V,D), "pos.W_pos"
 * (ctx,D), "blocks.0.attn.W_Q", ".W_K", ".W_V" (D,H*K), ".W_O" (H*K,D), their biases
 * "b_Q"..., "blocks.0.mlp.W_in" (D,F), ".b_in", ".W_out" (F,D), ".b_out",
 * "blocks.0.ln1.w", ".b", "ln2", "ln_final", "unembed.W_U" (D,V), ".b_U" (absent if tied
 * or no_bias). */
Tensor *model_weight(Model *, const char *name); /* borrowed; unknown is fatal */
/* Which layer runs when: order[0 .. n-1], repeats and omissions allowed; NULL: all, in
 * order. Borrowed until the next call. */
void model_order(Model *, const int *order, int n);

#endif

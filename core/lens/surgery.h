/* surgery.h - a trained transformer with parts deleted, swapped, repeated or run side by
 * side, and what is left of its predictions [lad2024robustness, sun2024painters,
 * he2024attention]. Layers are cut by an order (model_order), parts of layers by hooks:
 * hook_zero(t, "blocks.3.mlp_out", -1, -1) drops an MLP, hook_resample() or hook_mean() on
 * "blocks.3.z" a head, hook_patch() freezes what lies downstream. */
#ifndef GLASSBOX_SURGERY_H
#define GLASSBOX_SURGERY_H

#include "core/net/model.h"

/* Means over the scored places, beside the clean run: the uncut model's. */
typedef struct {
    double loss;      /* [nat/token] */
    double accuracy;  /* share of places where the likeliest token is the target */
    double agreement; /* .. where it is the clean run's likeliest [lad2024robustness] */
    double kl;        /* from the clean distribution to this one [nat] */
    double entropy;   /* [bit] */
} Outcome;

typedef struct Surgery Surgery;
/* N windows of T tokens; places first .. T-1 of each are scored. tok and target (N,T) and
 * the model are borrowed; the clean run is done here, under the model's present weights. */
Surgery *surgery_new(Model *, int N, int T, int first, const int *tok, const int *target);
void surgery_free(Surgery *);
Outcome surgery_clean(const Surgery *);

/* The outcome with the layers in this order (NULL: all, as they are) and with the hooks
 * that `cut` adds before each batch (NULL: none). */
typedef void SurgeryCut(Tape *, void *ctx);
Outcome surgery_run(Surgery *, const int *order, int n, SurgeryCut *cut, void *ctx);
/* order := 0 .. L-1 without the layers from .. to-1; its length. */
int surgery_without(int L, int from, int to, int *order);

/* For those who look inside: the windows come in batches (of two or more, except for a
 * last odd one). A run of batch b, hooks and order as the caller set them; the tape is the
 * caller's. The same batch's logits (..,V) by any way, scored: after all batches *sum,
 * zero before, is the outcome. */
int surgery_batches(const Surgery *);
int surgery_tokens(const Surgery *, int b, const int **tok); /* windows in b, (n,T) */
Tensor *surgery_logits(const Surgery *, Tape *, int b);
void surgery_add(Surgery *, int b, const Tensor *logits, Outcome *sum);

/* --- how much a part turns the stream ------------------------------------------------ */

/* What lies between two streams: a layer's attention, its MLP, both. */
typedef enum { PART_ATTENTION, PART_MLP, PART_BLOCK, PARTS } Part;
/* Zeroes what it writes. */
void surgery_drop(Tape *, Part, int layer);
/* importance (PARTS,L): 1 - cos(x, y), x the stream before the part, y after it, mean over
 * all places [he2024attention, men2024shortgpt]; 0 for a part that does nothing, up to 2. */
void surgery_importance(const Surgery *, double *importance);
/* The same cosine of each row of x and y (N,D): cosine (N). */
void surgery_cosines(const Tensor *x, const Tensor *y, double *cosine);
/* Mean over the rows of |part| / |x|, both (N,D). */
double surgery_length(const Tensor *part, const Tensor *x);
/* Mean attention from places t >= first to the `span` tokens before t, itself and place 0
 * left out [lad2024robustness]: one a head, share (H), of a pattern (B,H,T,T). */
void surgery_near(const Tensor *pattern, int span, int first, double *share);

/* --- a model whose logits are a sum --------------------------------------------------- */

/* A new model of the same distributions, untied: gains and biases of the norms are in the
 * weights that read after them, what writes into the stream has mean zero, and so have the
 * logits of each place. Then logits = (sum of what was written) / sigma W_U + b_U. */
Model *surgery_folded(Model *);
/* sigma (N): the root of a row's variance + MODEL_EPSILON, of a last stream (N,D). */
void surgery_sigma(const Tensor *resid, double *sigma);

#endif

/* op.h - differentiable operations. Forward and backward of an op are neighbours in its
 * file; bias, activation and mask are fused into the product. Every op has one record in
 * the gradient tests, which demand exactly the names that op_names() lists. */
#ifndef GLASSBOX_OP_H
#define GLASSBOX_OP_H

#include "core/net/tape.h"

typedef enum {
    ACT_NONE,
    ACT_RELU,
    ACT_GELU,
    ACT_TANH,
    ACT_SIGMOID
} Act;                             /* GELU: tanh form */
const char *const *op_names(void); /* NULL-terminated */

/* --- products ---------------------------------------------------------------------- */
/* f(x W + b): x (N,D), w (D,F), b (F) or NULL -> (N,F); leading dimensions of x stay. */
Tensor *op_linear(Tape *, Tensor *x, Tensor *w, Tensor *b, Act f);
/* f(x W^T + b): w (F,D). Tied unembedding; decoders that share the encoder's matrix. */
Tensor *op_linear_t(Tape *, Tensor *x, Tensor *w, Tensor *b, Act f);

/* --- elementwise ------------------------------------------------------------------- */
Tensor *op_add(Tape *, Tensor *a,
               Tensor *b); /* same shape, or b (D), (T,D), (1): repeated */
Tensor *op_sub(Tape *, Tensor *a, Tensor *b); /* as op_add */
Tensor *op_mul(Tape *, Tensor *a, Tensor *b); /* as op_add */
Tensor *op_scale(Tape *, Tensor *a, double s);
Tensor *op_act(Tape *, Tensor *x, Act f);

/* --- rows -------------------------------------------------------------------------- */
Tensor *op_embedding(Tape *, Tensor *table, const int *id, int B,
                     int T); /* (V,D) -> (B,T,D) */
Tensor *op_layernorm(Tape *, Tensor *x, Tensor *gain, Tensor *bias,
                     double eps);      /* gain, bias (D) or NULL */
Tensor *op_softmax(Tape *, Tensor *x); /* of each row */
Tensor *op_topk(Tape *, Tensor *x,
                int k); /* keeps the k largest of each row, zeros the rest */
Tensor *op_columns(Tape *, Tensor *x, int from, int n); /* (N,D) -> (N,n) */
Tensor *op_join(Tape *, Tensor *a, Tensor *b);          /* (N,D), (N,E) -> (N,D+E) */
Tensor *op_position(Tape *, Tensor *x, int t);          /* (B,T,D) -> (B,D) */
Tensor *op_shift(Tape *,
                 Tensor *x); /* (B,T,D): position t takes t-1's row, 0 takes zeros */

/* --- attention --------------------------------------------------------------------- */
typedef struct {
    int heads;
    bool bidirectional; /* default: causal */
    double scale;       /* 0: 1/sqrt(K) */
    bool rotary;        /* q, k turned by position, base 10000 [su2021roformer] */
    bool uniform;       /* all-ones instead of softmax (not averaged): clock and pizza */
    Tensor **pattern; /* if not NULL: *pattern := (B,H,T,T), kept for hooks and lenses */
    const Tensor *with; /* if not NULL: this pattern (B,H,T,T) instead of softmax(q k) */
} AttnSpec;
/* q, k, v (B,T,H*K) -> z (B,T,H*K). One loop over the positions that may be seen. */
Tensor *op_attention(Tape *, Tensor *q, Tensor *k, Tensor *v, const AttnSpec *);

/* --- images ------------------------------------------------------------------------ */
/* x (B,C,Y,X), w (C*k*k,F), b (F) or NULL, f -> (B,F,Y',X'), padding p, by im2col. */
Tensor *op_conv(Tape *, Tensor *x, Tensor *w, Tensor *b, int k, int stride, int pad,
                Act f);
Tensor *op_pool(Tape *, Tensor *x, int k); /* maximum over k x k blocks */
Tensor *op_reshape(Tape *, Tensor *x, int rank,
                   const int *n); /* same order of elements */

/* --- losses: (1) ------------------------------------------------------------------- */
Tensor *
op_xent(Tape *, Tensor *logits,
        const int *target); /* mean [nat]; target < 0 is not scored; double inside */
Tensor *op_xent_soft(Tape *, Tensor *logits,
                     Tensor *p); /* p (N,V): a distribution a row, a constant */
/* mean over rows of sum_i weight_i (y_i - target_i)^2; weight (D) or NULL; both
 * constants */
Tensor *op_square_error(Tape *, Tensor *y, Tensor *target, const real *weight);
Tensor *op_sum_abs(Tape *, Tensor *x); /* mean over rows of sum_i |x_i| */
Tensor *op_total(Tape *, Tensor *x);   /* the sum of all elements */

#endif

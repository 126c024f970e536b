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
} Act;                             /* GELU: tanh's */
const char *const *op_names(void); /* NULL-terminated */

/* --- products ---------------------------------------------------------------------- */
/* f(x W + b): x (N,D), w (D,F), b (F) or NULL -> (N,F); leading dimensions of x stay. */
Tensor *op_linear(Tape *, Tensor *x, Tensor *w, Tensor *b, Act f);
/* f(x W^T + b): w (F,D). Tied unembedding; decoders that share the encoder's matrix. */
Tensor *op_linear_t(Tape *, Tensor *x, Tensor *w, Tensor *b, Act f);

/* --- elementwise: b has a's shape, or is (D), (T,D) or (1) and repeats --------------- */
Tensor *op_add(Tape *, Tensor *a, Tensor *b);
Tensor *op_sub(Tape *, Tensor *a, Tensor *b);
Tensor *op_mul(Tape *, Tensor *a, Tensor *b);
Tensor *op_scale(Tape *, Tensor *a, double s);
Tensor *op_act(Tape *, Tensor *x, Act f);
Tensor *op_reshape(Tape *, Tensor *x, int rank, const int *n); /* elements in order */

/* --- rows -------------------------------------------------------------------------- */
Tensor *op_embedding(Tape *, Tensor *table, const int *id, int B, int T); /* (B,T,D) */
Tensor *op_position(Tape *, Tensor *x, int t); /* (B,T,D) -> (B,D) */
Tensor *op_shift(Tape *, Tensor *x);           /* (B,T,D): t gets t-1's row, 0 zeros */
/* gain, bias (D) or NULL */
Tensor *op_layernorm(Tape *, Tensor *x, Tensor *gain, Tensor *bias, double eps);
Tensor *op_softmax(Tape *, Tensor *x);                  /* of each row */
Tensor *op_topk(Tape *, Tensor *x, int k);              /* all but a row's k largest: 0 */
Tensor *op_columns(Tape *, Tensor *x, int from, int n); /* (N,D) -> (N,n) */
/* n of (N,D), (N,E), .. -> (N,D+E+..); reshaped, T of (B,D) become (B,T,D). */
Tensor *op_join(Tape *, int n, Tensor *const *x);

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

/* --- losses: (1), summed in double ------------------------------------------------- */
/* Mean over rows [nat]; target < 0 is not scored. */
Tensor *op_xent(Tape *, Tensor *logits, const int *target);
/* The same with a constant distribution p (N,V) a row. */
Tensor *op_xent_soft(Tape *, Tensor *logits, Tensor *p);
/* Mean over rows of sum_i weight_i (y_i - target_i)^2; weight (D) or NULL, constants. */
Tensor *op_square_error(Tape *, Tensor *y, Tensor *target, const real *weight);
Tensor *op_sum_abs(Tape *, Tensor *x); /* mean over rows of sum_i |x_i| */
Tensor *op_total(Tape *, Tensor *x);   /* the sum of all elements */

#endif

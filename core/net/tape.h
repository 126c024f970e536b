/* tape.h - eager tensors and reverse-mode differentiation.
 *
 * An op computes at once and leaves a node behind; tape_backward() walks the nodes from
 * the last to the first. The tape owns every tensor that an op or tape_input() returns,
 * until tape_reset(), which keeps the memory for the next step; Params own weights;
 * nobody else owns a tensor. Shape errors are fatal on entry of each op.
 *
 * Letters of all shapes: B batch, T position, D model width, H heads, K head width,
 * F hidden, L layers, V vocabulary, N rows (any product of leading dimensions). */
#ifndef GLASSBOX_TAPE_H
#define GLASSBOX_TAPE_H

#include "core/base/base.h"
#include "core/base/rng.h"

typedef struct Tensor {
    int rank, n[4]; /* n[rank - 1] varies fastest */
    real *v, *g;    /* values; gradient, of no meaning before the first of it arrives */
    bool wants;     /* a gradient is asked for, here or upstream */
    bool got;       /* g holds one: the next contribution adds, the first one sets */
    bool lent;      /* g is another tensor's: see tape_lend() */
} Tensor;

typedef struct Tape Tape;
Tape *tape_new(void);
void tape_free(Tape *);
/* Forgets all tensors, nodes and hooks, keeps the memory. A hook that has not fired
 * since it was added is fatal: a misspelt name must not look like a null result. */
void tape_reset(Tape *);
size_t tape_bytes(const Tape *); /* what the tape holds on to, used or not */

Tensor *tape_input(Tape *, const real *v, int rank, const int *n); /* copies v */
Tensor *tape_constant(Tape *, int rank, const int *n);             /* zeros to fill in */
/* As tape_input, and a gradient is kept for it: saliency, optimised inputs. Its .g is
 * uninitialised, not zero, until a loss that depends on it goes backward. */
Tensor *tape_variable(Tape *, const real *v, int rank, const int *n);
/* loss is (1). A second loss adds to the gradients of weights and variables. */
void tape_backward(Tape *, Tensor *loss);
/* Ops called between these leave no nodes: evaluation at half the memory. */
void tape_pause(Tape *);
void tape_resume(Tape *);

size_t tensor_size(const Tensor *);                    /* the number of elements */
int tensor_rows(const Tensor *);                       /* N: all but the last dimension */
int tensor_width(const Tensor *);                      /* the last dimension */
void tensor_print_shape(const Tensor *, char out[64]); /* "(4,16,32)" */

/* Named weights. The names are those of checkpoints: "blocks.0.attn.W_Q". */
typedef struct {
    char *name;
    Tensor t;   /* .wants is true; .g lives as long as the weights */
    bool decay; /* weight decay applies: matrices, not biases or gains */
} Param;
typedef struct {
    Param **p; /* (n); a pointer stays valid while others are added */
    int n, room;
} Params;
/* A new weight of zeros; borrowed. A name used twice is fatal. */
Tensor *params_add(Params *, const char *name, bool decay, int rank, const int *n);
Tensor *params_get(const Params *, const char *name); /* borrowed; unknown is fatal */
void params_normal(Tensor *, Rng, double sd);         /* N(0, sd^2) */
void params_uniform(Tensor *, Rng, double limit);     /* U(-limit, limit) */
size_t params_count(const Params *);                  /* of numbers */
void params_clear_gradients(Params *);
void params_copy(Params *to, const Params *from); /* values, by order; same shapes */
void params_free(Params *);                       /* of a zeroed or filled struct */

/* --- for those who write ops ------------------------------------------------------- */

typedef void BackwardFn(void *ctx);
/* A result tensor; wants is true if any of the n inputs (NULL allowed) wants. */
Tensor *tape_result(Tape *, int rank, const int *n, int n_in, Tensor *const *in);
void *tape_alloc(Tape *, size_t n, size_t size); /* uninitialised, until the reset */
real *tape_scratch(Tape *, size_t n); /* of the tape; valid until the next call */
/* Remembers how out's gradient reaches its inputs; ctx from tape_alloc(). Not called if
 * !out->wants or the tape is paused: see tape_records(). */
void tape_node(Tape *, Tensor *out, BackwardFn *, void *ctx);
bool tape_records(const Tape *, const Tensor *out);
/* Where to put a gradient. *set: overwrite (GEMM_SET), else add to what is there. */
real *tape_gradient(Tape *, Tensor *, bool *set);
real *tape_gradient_zeroed(Tape *, Tensor *); /* always to be added to */
/* The first contribution to x is g itself, which will not change any more; false: x has
 * one already, or a place of its own. Whoever adds later gets a copy. */
bool tape_lend(Tensor *x, real *g);

#endif

/* rnn.c - a loop over positions. What comes from the input is one product for all of them;
 * only h U waits for the step before. A fused op would save copies of the gates' columns
 * and cost a backward pass of its own to get wrong. */
#include "core/net/rnn.h"
#include <math.h>
#include <stdlib.h>

/* (rows, columns), or a vector if rows is 0 */
static Tensor *weight(Params *p, const char *name, const char *part, int rows,
                      int columns, double limit, Rng init)
{
    char *full = text_format("%s.%s", name, part);
    int n[] = { rows, columns };
    Tensor *w = params_add(p, full, rows > 0, rows ? 2 : 1, rows ? n : n + 1);
    params_uniform(w, rng_named(init, full), limit);
    free(full);
    return w;
}

Rnn rnn_new(Params *p, const char *name, RnnKind kind, int D, int F, Rng init)
{
    int G = kind == RNN_GRU ? 3 * F : F;
    double limit = 1 / sqrt(F);
    Tensor *W = weight(p, name, "W", D, G, limit, init),
           *U = weight(p, name, "U", F, G, limit, init);
    return (Rnn){ kind, W, U, weight(p, name, "b", 0, G, 0, init) };
}

static Tensor *step(const Rnn *r, Tape *t, Tensor *in, Tensor *h)
{
    Tensor *back = op_linear(t, h, r->U, NULL, ACT_NONE);
    if (r->kind == RNN_TANH) return op_act(t, op_add(t, in, back), ACT_TANH);
    int F = tensor_width(h);
    Tensor *gates =
        op_act(t, op_add(t, op_columns(t, in, 0, 2 * F), op_columns(t, back, 0, 2 * F)),
               ACT_SIGMOID);
    Tensor *reset = op_columns(t, gates, 0, F), *keep = op_columns(t, gates, F, F);
    Tensor *recalled = op_mul(t, reset, op_columns(t, back, 2 * F, F));
    Tensor *n = op_act(t, op_add(t, op_columns(t, in, 2 * F, F), recalled), ACT_TANH);
    return op_add(t, n, op_mul(t, keep, op_sub(t, h, n)));
}

Tensor *rnn_run(const Rnn *r, Tape *t, Tensor *x, Tensor *h)
{
    int B = x->n[0], T = x->n[1], F = r->U->n[0];
    require(x->rank == 3, "an input of rank %d", x->rank);
    Tensor *in = op_linear(t, x, r->W, r->b, ACT_NONE),
           **state = tape_alloc(t, (size_t)T, sizeof *state);
    if (!h) h = tape_constant(t, 2, (int[]){ B, F });
    for (int p = 0; p < T; p++) state[p] = h = step(r, t, op_position(t, in, p), h);
    return op_reshape(t, op_join(t, T, state), 3, (int[]){ B, T, F });
}

/* lens.c - readings of a stream before its end.
 *
 * All corrections live in one set of weights, so that one optimiser trains them, and each
 * is trained on a tape of its own: logits are the largest tensors there are, and those of
 * all layers at once would take ten times the memory of one. */
#include "core/lens/lens.h"
#include "core/net/hook.h"
#include "core/num/linalg.h"
#include "core/num/vmath.h"
#include <math.h>
#include <stdio.h>

typedef struct {
    char s[32];
} Name;

static Name stream_name(int l, int L)
{
    Name n;
    snprintf(n.s, sizeof n.s, "blocks.%d.resid_%s", l < L ? l : L - 1,
             l < L ? "pre" : "post");
    return n;
}

static Name correction(char what, int l)
{
    Name n;
    snprintf(n.s, sizeof n.s, "%c.%d", what, l);
    return n;
}

void lens_keep(Tape *t, int L)
{
    for (int l = 0; l <= L; l++) hook_keep(t, stream_name(l, L).s);
}

Tensor *lens_stream(const Tape *t, int l, int L)
{
    return (Tensor *)hook_value(t, stream_name(l, L).s);
}

Params lens_new(int L, int D)
{
    Params p = { 0 };
    for (int l = 0; l < L; l++) {
        params_add(&p, correction('A', l).s, false, 2, (int[]){ D, D });
        params_add(&p, correction('b', l).s, false, 1, &D);
    }
    return p;
}

Tensor *lens_read(Model *m, Tape *t, const Params *lens, int l, Tensor *x)
{
    if (!lens || l == lens->n / 2) return model_unembed(m, t, x);
    Tensor *A = params_get(lens, correction('A', l).s),
           *b = params_get(lens, correction('b', l).s);
    return model_unembed(m, t, op_add(t, x, op_linear(t, x, A, b, ACT_NONE)));
}

void lens_gradients(Model *m, const Params *lens, const Tape *run, const Tensor *law)
{
    Tape *t = tape_new();
    for (int l = 0, L = lens->n / 2; l < L; l++, tape_reset(t)) {
        Tensor *y = lens_read(m, t, lens, l, lens_stream(run, l, L));
        tape_backward(t, op_xent_soft(t, y, (Tensor *)law));
    }
    tape_free(t);
}

double lens_knee(int n, const double *x, const double *y)
{
    enum { MOST = 64 };
    require(n >= 3 && n <= MOST, "a knee in %d points", n);
    double least = HUGE_VAL, at = 0;
    for (int k = 1; k < n - 1; k++) {
        double in[3 * MOST], w[3], error = 0;
        for (int i = 0; i < n; i++)
            in[3 * i] = 1, in[3 * i + 1] = x[i], in[3 * i + 2] = fmax(0, x[i] - x[k]);
        linalg_ridge(n, 3, 1, in, y, 0, w);
        for (int i = 0; i < n; i++) {
            double e = vmath_dot_f64(3, in + 3 * i, w) - y[i];
            error += e * e;
        }
        if (error < least) least = error, at = x[k];
    }
    return at;
}

/* sae.c - a dictionary that is learned by reconstruction.
 *
 * Four habits decide whether it works, and public code has got each of them wrong. Rows of
 * the decoder have unit norm, or L1 is evaded by small codes with large rows: the gradient
 * along a row is removed before the step, so that Adam's moments do not collect what the
 * norm takes back after it. Losses are sums over dimensions and latents, averaged over
 * rows only: dividing by D or n would tie the penalty's meaning to the size. AuxK rebuilds
 * the error, a constant, without b_dec, which the error does not contain; and its k
 * follows D, not n. The encoder begins as the decoder's transpose, so that few latents
 * die at birth. */
#include "core/lens/sae.h"
#include "core/num/vmath.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct Sae {
    SaeSpec spec;
    Params params;
    Tensor *W_enc, *b_enc, *W_dec, *b_dec, *silent;
};

static void normalise_rows(Tensor *w)
{
    int D = w->n[1];
    for (int i = 0; i < w->n[0]; i++) {
        real *row = w->v + (size_t)i * (size_t)D;
        real scale = (real)(1 / sqrt((double)vmath_dot(D, row, row)));
        for (int j = 0; j < D; j++) row[j] *= scale;
    }
}

Sae *sae_new(SaeSpec spec, Rng init)
{
    int D = spec.width, n = spec.latents;
    require(D > 0 && n > 0 && spec.k >= 0 && spec.k <= n, "%d latents, %d active, on %d",
            n, spec.k, D);
    require(!spec.k || spec.l1 == 0, "an autoencoder that is both TopK and L1");
    require(spec.aux == 0 || spec.dead_after > 0, "AuxK without .dead_after");
    if (!spec.aux_k) spec.aux_k = D / 2;
    Sae *s = alloc(1, sizeof *s);
    s->spec = spec;
    s->W_enc = params_add(&s->params, "W_enc", true, 2, (int[]){ D, n });
    s->b_enc = params_add(&s->params, "b_enc", false, 1, &n);
    s->W_dec = params_add(&s->params, "W_dec", true, 2, (int[]){ n, D });
    s->b_dec = params_add(&s->params, "b_dec", false, 1, &D);
    s->silent = params_add(&s->params, "silent", false, 1, &n);
    params_normal(s->W_dec, rng_named(init, "W_dec"), 1);
    normalise_rows(s->W_dec);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < D; j++) s->W_enc->v[j * n + i] = s->W_dec->v[i * D + j];
    return s;
}

void sae_free(Sae *s)
{
    if (!s) return;
    params_free(&s->params);
    free(s);
}

Params *sae_params(Sae *s) { return &s->params; }

/* --- the run ------------------------------------------------------------------------ */

static Tensor *encode(Sae *s, Tape *t, Tensor *x)
{
    return op_linear(t, op_sub(t, x, s->b_dec), s->W_enc, s->b_enc, ACT_RELU);
}

static Tensor *sparse(const Sae *s, Tape *t, Tensor *h)
{
    return s->spec.k ? op_topk(t, h, s->spec.k) : h;
}

Tensor *sae_codes(Sae *s, Tape *t, Tensor *x) { return sparse(s, t, encode(s, t, x)); }

Tensor *sae_decode(Sae *s, Tape *t, Tensor *codes)
{
    return op_linear(t, codes, s->W_dec, s->b_dec, ACT_NONE);
}

/* fired[i] |= a row has code i */
static void note_fired(const Tensor *codes, bool *fired)
{
    int n = tensor_width(codes);
    const real *c = codes->v;
    for (int r = tensor_rows(codes); r-- > 0; c += n)
        for (int i = 0; i < n; i++) fired[i] |= c[i] > 0;
}

/* Brings `silent` up to date; mask := 1 where dead. Returns how many are. */
static int count_dead(Sae *s, Tape *t, const Tensor *codes, real *mask)
{
    int n = s->spec.latents, dead = 0;
    bool *fired = memset(tape_alloc(t, (size_t)n, 1), 0, (size_t)n);
    note_fired(codes, fired);
    for (int i = 0; i < n; i++) {
        real more = s->silent->v[i] + (real)tensor_rows(codes);
        s->silent->v[i] = fired[i] ? 0 : more < 0x1p24f ? more : 0x1p24f;
        mask[i] = s->silent->v[i] >= (real)s->spec.dead_after;
        dead += mask[i] > 0;
    }
    return dead;
}

Tensor *sae_loss(Sae *s, Tape *t, Tensor *x)
{
    const SaeSpec *spec = &s->spec;
    Tensor *h = encode(s, t, x), *c = sparse(s, t, h), *y = sae_decode(s, t, c);
    Tensor *loss = op_square_error(t, y, x, NULL);
    if (spec->l1 > 0) loss = op_add(t, loss, op_scale(t, op_sum_abs(t, c), spec->l1));
    Tensor *mask = tape_constant(t, 1, &spec->latents);
    int dead = count_dead(s, t, c, mask->v), k = dead < spec->aux_k ? dead : spec->aux_k;
    if (spec->aux == 0 || !k) return loss;

    Tensor *error = tape_input(t, x->v, x->rank, x->n);
    for (size_t i = 0, size = tensor_size(x); i < size; i++) error->v[i] -= y->v[i];
    Tensor *helpers = op_topk(t, op_mul(t, h, mask), k);
    Tensor *rebuilt = op_linear(t, helpers, s->W_dec, NULL, ACT_NONE);
    return op_add(t, loss,
                  op_scale(t, op_square_error(t, rebuilt, error, NULL), spec->aux));
}

void sae_step(Sae *s, Optim *o)
{
    int D = s->spec.width;
    for (int i = 0; i < s->spec.latents && s->W_dec->got; i++) {
        real *g = s->W_dec->g + (size_t)i * (size_t)D,
             *row = s->W_dec->v + (size_t)i * (size_t)D;
        vmath_axpy(D, -vmath_dot(D, g, row), row, g);
    }
    optim_step(o);
    normalise_rows(s->W_dec);
}

/* --- how well it fits --------------------------------------------------------------- */

SaeFit sae_measure(Sae *s, int N, const real *x, bool *alive)
{
    enum { CHUNK = 1024 };
    int D = s->spec.width, n = s->spec.latents;
    double *mean = alloc((size_t)D, sizeof *mean), error = 0, spread = 0, active = 0;
    bool *fired = alloc((size_t)n, sizeof *fired);
    for (int r = 0; r < N; r++)
        for (int j = 0; j < D; j++) mean[j] += (double)x[(size_t)r * (size_t)D + j] / N;
    Tape *t = tape_new();
    tape_pause(t);
    for (int from = 0; from < N; from += CHUNK, tape_reset(t)) {
        int rows = N - from < CHUNK ? N - from : CHUNK;
        Tensor *in = tape_input(t, x + (size_t)from * (size_t)D, 2, (int[]){ rows, D });
        Tensor *c = sae_codes(s, t, in), *y = sae_decode(s, t, c);
        note_fired(c, fired);
        for (size_t i = 0; i < tensor_size(c); i++) active += c->v[i] > 0;
        for (size_t i = 0; i < tensor_size(y); i++) {
            double e = (double)in->v[i] - (double)y->v[i],
                   d = (double)in->v[i] - mean[i % (size_t)D];
            error += e * e, spread += d * d;
        }
    }
    tape_free(t);
    require(spread > 0, "%d rows that are all alike", N);
    SaeFit fit = { error / spread, active / N, 0 };
    for (int i = 0; i < n; i++) fit.dead += !fired[i] / (double)n;
    if (alive) memcpy(alive, fired, (size_t)n * sizeof *fired);
    free(mean), free(fired);
    return fit;
}

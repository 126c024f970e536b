/* circuit.c - scores of patterns, of pairs of heads, and of ways to the logits.
 *
 * A head acts on the stream through two products of thin matrices, W_V W_O and W_Q W_K^T,
 * which alone have a meaning: their factors can be turned into each other. So composition
 * is asked of the products; and since thin matrices overlap by chance, a score says nothing
 * without the random one beside it. */
#include "core/lens/circuit.h"
#include "core/num/gemm.h"
#include "core/num/vmath.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* --- patterns ----------------------------------------------------------------------- */

/* Attention of head h from position t to j. */
static double attention(const Tensor *p, int b, int h, int t, int j)
{
    require(p->rank == 4 && p->n[2] == p->n[3], "no pattern of attention");
    size_t T = (size_t)p->n[2], row = ((size_t)b * (size_t)p->n[1] + (size_t)h) * T;
    return (double)p->v[(row + (size_t)t) * T + (size_t)j];
}

void circuit_previous_token(const Tensor *p, double *score)
{
    int B = p->n[0], T = p->n[2];
    require(T > 1, "no previous token in a context of %d", T);
    for (int h = 0; h < p->n[1]; h++) {
        score[h] = 0;
        for (int i = 0; i < B * (T - 1); i++) {
            int b = i / (T - 1), t = i % (T - 1) + 1;
            score[h] += attention(p, b, h, t, t - 1) / (B * (T - 1));
        }
    }
}

void circuit_prefix_matching(const Tensor *p, const int *tok, const bool *ask,
                             double *score)
{
    int H = p->n[1], T = p->n[2], asked = 0;
    for (int h = 0; h < H; h++) score[h] = 0;
    for (int i = 0; i < p->n[0] * T; i++) {
        int b = i / T, t = i % T, seen = 0;
        for (int j = 0; j < t && (!ask || ask[i]); j++) {
            if (tok[b * T + j] != tok[i]) continue;
            seen++;
            for (int h = 0; h < H; h++) score[h] += attention(p, b, h, t, j + 1);
        }
        asked += seen > 0;
    }
    require(asked, "no position whose token occurred before");
    for (int h = 0; h < H; h++) score[h] /= asked;
}

/* --- weights ------------------------------------------------------------------------ */

/* w (D,D) := a b^T; a, b (D,K) are freed. */
static void outer(int D, int K, double *a, double *b, double *w)
{
    gemm_f64(false, true, D, D, K, a, K, b, K, w, D, GEMM_SET);
    free(a), free(b);
}

static const Tensor *attention_weight(Model *m, int layer, int head, const char *part)
{
    const ModelSpec *s = model_spec(m);
    require(layer >= 0 && layer < s->layers && head >= 0 && head < s->heads,
            "no head %d.%d", layer, head);
    char name[64];
    snprintf(name, sizeof name, "blocks.%d.attn.%s", layer, part);
    return model_weight(m, name);
}

/* (D,K): the head's columns of W_Q, W_K, W_V (D,H*K) or its rows of W_O (H*K,D). */
static double *factor(Model *m, int layer, int head, const char *part, bool rows)
{
    const Tensor *w = attention_weight(m, layer, head, part);
    int D = model_spec(m)->width, K = model_spec(m)->head_width;
    double *f = alloc((size_t)D * (size_t)K, sizeof *f);
    for (int i = 0; i < D * K; i++) {
        int d = i / K, k = head * K + i % K;
        f[i] = (double)(rows ? w->v[k * D + d] : w->v[d * w->n[1] + k]);
    }
    return f;
}

void circuit_ov(Model *m, int l, int h, double *w)
{
    const ModelSpec *s = model_spec(m);
    outer(s->width, s->head_width, factor(m, l, h, "W_V", false),
          factor(m, l, h, "W_O", true), w);
}

void circuit_qk(Model *m, int l, int h, double *w)
{
    const ModelSpec *s = model_spec(m);
    outer(s->width, s->head_width, factor(m, l, h, "W_Q", false),
          factor(m, l, h, "W_K", false), w);
}

double circuit_composition(int D, const double *a, const double *b, bool transposed)
{
    int n = D * D;
    double *c = alloc((size_t)n, sizeof *c);
    gemm_f64(false, transposed, D, D, D, a, D, b, D, c, D, GEMM_SET);
    double both = vmath_dot_f64(n, c, c),
           one = vmath_dot_f64(n, a, a) * vmath_dot_f64(n, b, b);
    free(c);
    return one > 0 ? sqrt(both / one) : 0;
}

double circuit_composition_random(int D, int K, Rng rng)
{
    double *f[4], *w = alloc(2 * (size_t)D * (size_t)D, sizeof *w);
    for (int i = 0; i < 4; i++) {
        f[i] = alloc((size_t)D * (size_t)K, sizeof **f);
        for (int j = 0; j < D * K; j++)
            f[i][j] = rng_normal(rng_child(rng, (uint64_t)i), (uint64_t)j);
    }
    outer(D, K, f[0], f[1], w), outer(D, K, f[2], f[3], w + D * D);
    double score = circuit_composition(D, w, w + D * D, false);
    free(w);
    return score;
}

/* --- the way to the logits ---------------------------------------------------------- */

Tensor *circuit_head_out(Model *m, Tape *t, const Tensor *z, int layer, int head)
{
    const Tensor *w = attention_weight(m, layer, head, "W_O");
    int D = model_spec(m)->width, K = model_spec(m)->head_width, width = w->n[0];
    require(z->rank == 3 && z->n[2] == width, "a z of width %d, not %d", z->n[2], width);
    Tensor *out = tape_constant(t, 3, (int[]){ z->n[0], z->n[1], D });
    gemm(false, false, tensor_rows(z), D, K, z->v + head * K, width,
         w->v + (size_t)(head * K) * (size_t)D, D, out->v, D, GEMM_SET);
    return out;
}

Tensor *circuit_attribution(Model *m, Tape *t, const Tensor *part, const Tensor *resid)
{
    const ModelSpec *s = model_spec(m);
    int D = s->width;
    require(tensor_size(part) == tensor_size(resid) && tensor_width(part) == D,
            "a summand of another shape than its sum");
    Tensor *x = tape_input(t, part->v, part->rank, part->n);
    bool norm = !s->no_layernorm && s->layers;
    const real *gain = norm ? model_weight(m, "ln_final.w")->v : NULL, *of = resid->v;
    for (real *row = x->v, *end = row + tensor_size(x); norm && row < end;
         row += D, of += D) {
        double own = 0, mean = 0, square = MODEL_EPSILON;
        for (int i = 0; i < D; i++) own += (double)row[i] / D, mean += (double)of[i] / D;
        for (int i = 0; i < D; i++)
            square += ((double)of[i] - mean) * ((double)of[i] - mean) / D;
        for (int i = 0; i < D; i++)
            row[i] = (real)(((double)row[i] - own) / sqrt(square) * (double)gain[i]);
    }
    return s->tied ? op_linear_t(t, x, model_weight(m, "embed.W_E"), NULL, ACT_NONE)
                   : op_linear(t, x, model_weight(m, "unembed.W_U"), NULL, ACT_NONE);
}

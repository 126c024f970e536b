/* model.c - the transformer, read from top to bottom: weights, then one block, then the
 * run of all blocks.
 *
 * Weights are kept apart (W_Q, W_K, W_V) although one product for all three would be a
 * little faster: every lens and every surgeon asks for them by name. Each value that has
 * a name passes hook_point(); where nothing is hooked, that costs a comparison. The
 * pattern of attention exists only if a hook asks for it. */
#include "core/net/model.h"
#include "core/net/hook.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME = 64 };

typedef struct {
    Tensor *ln1_w, *ln1_b, *ln2_w, *ln2_b;
    Tensor *W_Q, *W_K, *W_V, *W_O, *b_Q, *b_K, *b_V, *b_O;
    Tensor *smear; /* (1): the logit of a */
    Tensor *W_in, *b_in, *W_out, *b_out;
} Block;

struct Model {
    ModelSpec spec;
    Params params;
    Tensor *W_E, *W_pos, *W_U, *b_U, *ln_w, *ln_b;
    Block *block; /* (layers) */
    int *order, n_order;
};

/* --- weights ----------------------------------------------------------------------- */

static ModelSpec completed(ModelSpec s)
{
    require(s.vocab > 0 && s.ctx > 0 && s.layers >= 0 && s.width > 0,
            "a model of %d tokens, context %d, %d layers, width %d", s.vocab, s.ctx,
            s.layers, s.width);
    require(!s.layers || s.heads > 0, "layers without heads");
    if (!s.head_width && s.heads) {
        require(s.width % s.heads == 0, "%d heads on width %d", s.heads, s.width);
        s.head_width = s.width / s.heads;
    }
    if (!s.hidden) s.hidden = 4 * s.width;
    if (!s.outputs) s.outputs = s.vocab;
    if (s.act == ACT_NONE) s.act = ACT_GELU;
    if (s.init_sd == 0) s.init_sd = 0.02;
    require(!s.tied || s.outputs == s.vocab,
            "a tied unembedding of %d outputs for %d tokens", s.outputs, s.vocab);
    return s;
}

static Tensor *matrix(Model *m, Rng rng, const char *name, int rows, int columns,
                      double sd)
{
    Tensor *w = params_add(&m->params, name, true, 2, (int[]){ rows, columns });
    params_normal(w, rng_named(rng, name), sd);
    return w;
}

static Tensor *vector(Model *m, const char *name, int n, real fill)
{
    Tensor *w = params_add(&m->params, name, false, 1, &n);
    for (int i = 0; i < n; i++) w->v[i] = fill;
    return w;
}

static Tensor *bias(Model *m, const char *name, int n)
{
    return m->spec.no_bias ? NULL : vector(m, name, n, 0);
}

static const char *named(char name[NAME], int layer, const char *part)
{
    snprintf(name, NAME, "blocks.%d.%s", layer, part);
    return name;
}

static void add_block(Model *m, Rng rng, int l)
{
    const ModelSpec *s = &m->spec;
    Block *b = &m->block[l];
    int D = s->width, A = s->heads * s->head_width, F = s->hidden;
    double sd = s->init_sd, writer = sd / sqrt(2. * s->layers);
    char name[NAME];
    if (!s->no_layernorm) {
        b->ln1_w = vector(m, named(name, l, "ln1.w"), D, 1);
        b->ln1_b = vector(m, named(name, l, "ln1.b"), D, 0);
    }
    b->W_Q = matrix(m, rng, named(name, l, "attn.W_Q"), D, A, sd);
    b->W_K = matrix(m, rng, named(name, l, "attn.W_K"), D, A, sd);
    b->W_V = matrix(m, rng, named(name, l, "attn.W_V"), D, A, sd);
    b->W_O = matrix(m, rng, named(name, l, "attn.W_O"), A, D, writer);
    b->b_Q = bias(m, named(name, l, "attn.b_Q"), A);
    b->b_K = bias(m, named(name, l, "attn.b_K"), A);
    b->b_V = bias(m, named(name, l, "attn.b_V"), A);
    b->b_O = bias(m, named(name, l, "attn.b_O"), D);
    if (s->keys == KEYS_SMEARED_LEARNED)
        b->smear = vector(m, named(name, l, "attn.smear"), 1, 0);
    if (s->attention_only) return;
    if (!s->no_layernorm) {
        b->ln2_w = vector(m, named(name, l, "ln2.w"), D, 1);
        b->ln2_b = vector(m, named(name, l, "ln2.b"), D, 0);
    }
    b->W_in = matrix(m, rng, named(name, l, "mlp.W_in"), D, F, sd);
    b->b_in = bias(m, named(name, l, "mlp.b_in"), F);
    b->W_out = matrix(m, rng, named(name, l, "mlp.W_out"), F, D, writer);
    b->b_out = bias(m, named(name, l, "mlp.b_out"), D);
}

Model *model_new(ModelSpec spec, Rng init)
{
    Model *m = alloc(1, sizeof *m);
    const ModelSpec *s = &m->spec;
    m->spec = completed(spec);
    m->W_E = matrix(m, init, "embed.W_E", s->vocab, s->width, s->init_sd);
    if (s->positions == POS_LEARNED)
        m->W_pos = matrix(m, init, "pos.W_pos", s->ctx, s->width, s->init_sd);
    m->block = alloc((size_t)(s->layers ? s->layers : 1), sizeof *m->block);
    for (int l = 0; l < s->layers; l++) add_block(m, init, l);
    if (!s->no_layernorm && s->layers) {
        m->ln_w = vector(m, "ln_final.w", s->width, 1);
        m->ln_b = vector(m, "ln_final.b", s->width, 0);
    }
    if (!s->tied) {
        m->W_U = matrix(m, init, "unembed.W_U", s->width, s->outputs, s->init_sd);
        m->b_U = bias(m, "unembed.b_U", s->outputs);
    }
    model_order(m, NULL, 0);
    return m;
}

void model_free(Model *m)
{
    if (!m) return;
    params_free(&m->params);
    free(m->block), free(m->order), free(m);
}

Params *model_params(Model *m) { return &m->params; }
const ModelSpec *model_spec(const Model *m) { return &m->spec; }
Tensor *model_weight(Model *m, const char *name) { return params_get(&m->params, name); }

void model_order(Model *m, const int *order, int n)
{
    if (!order) n = m->spec.layers;
    int *copy = alloc((size_t)(n ? n : 1), sizeof *copy);
    for (int i = 0; i < n; i++) {
        copy[i] = order ? order[i] : i;
        require(copy[i] >= 0 && copy[i] < m->spec.layers, "no layer %d", copy[i]);
    }
    free(m->order);
    m->order = copy, m->n_order = n;
}

/* --- one block --------------------------------------------------------------------- */

/* The hook point "blocks.l.part". */
static Tensor *point(Tape *t, int l, const char *part, Tensor *x)
{
    char name[NAME];
    return hook_point(t, named(name, l, part), x);
}

static Tensor *smeared(const Model *m, Tape *t, const Block *b, Tensor *k)
{
    if (m->spec.keys == KEYS_PLAIN) return k;
    Tensor *before = op_shift(t, k), *change = op_sub(t, k, before);
    if (m->spec.keys == KEYS_SMEARED_HALF)
        return op_add(t, before, op_scale(t, change, 0.5));
    return op_add(t, before, op_mul(t, change, op_act(t, b->smear, ACT_SIGMOID)));
}

static Tensor *attention(const Model *m, Tape *t, const Block *b, int l, Tensor *x)
{
    const ModelSpec *s = &m->spec;
    Tensor *q = point(t, l, "q", op_linear(t, x, b->W_Q, b->b_Q, ACT_NONE));
    Tensor *k = op_linear(t, x, b->W_K, b->b_K, ACT_NONE);
    k = point(t, l, "k", smeared(m, t, b, k));
    Tensor *v = point(t, l, "v", op_linear(t, x, b->W_V, b->b_V, ACT_NONE));

    AttnSpec spec = { .heads = s->heads,
                      .bidirectional = s->bidirectional,
                      .rotary = s->positions == POS_ROTARY,
                      .uniform = s->uniform_attention };
    char name[NAME];
    if (!hook_wanted(t, named(name, l, "pattern")))
        return op_attention(t, q, k, v, &spec);
    Tensor *pattern = NULL;
    spec.pattern = &pattern;
    Tensor *z = op_attention(t, q, k, v, &spec), *other = hook_point(t, name, pattern);
    if (other == pattern) return z;
    spec.pattern = NULL, spec.with = other;
    return op_attention(t, q, k, v, &spec);
}

static Tensor *normed(const Model *m, Tape *t, Tensor *x, Tensor *w, Tensor *b)
{
    return m->spec.no_layernorm ? x : op_layernorm(t, x, w, b, MODEL_EPSILON);
}

static Tensor *mlp(const Model *m, Tape *t, const Block *b, int l, Tensor *x)
{
    char name[NAME];
    Tensor *h;
    if (hook_wanted(t, named(name, l, "mlp_pre"))) {
        h = hook_point(t, name, op_linear(t, x, b->W_in, b->b_in, ACT_NONE));
        h = op_act(t, h, m->spec.act);
    } else h = op_linear(t, x, b->W_in, b->b_in, m->spec.act);
    h = point(t, l, "mlp_post", h);
    return point(t, l, "mlp_out", op_linear(t, h, b->W_out, b->b_out, ACT_NONE));
}

/* last: only the last position is wanted of this block's result. */
static Tensor *block_run(const Model *m, Tape *t, int l, Tensor *x, bool last)
{
    const Block *b = &m->block[l];
    x = point(t, l, "resid_pre", x);
    Tensor *z = attention(m, t, b, l, normed(m, t, x, b->ln1_w, b->ln1_b));
    z = point(t, l, "z", z);
    if (last) {
        int B = x->n[0], T = x->n[1];
        z = op_reshape(t, op_position(t, z, T - 1), 3, (int[]){ B, 1, z->n[2] });
        x = op_reshape(t, op_position(t, x, T - 1), 3, (int[]){ B, 1, x->n[2] });
    }
    Tensor *out = point(t, l, "attn_out", op_linear(t, z, b->W_O, b->b_O, ACT_NONE));
    x = point(t, l, "resid_mid", op_add(t, x, out));
    if (!m->spec.attention_only)
        x = op_add(t, x, mlp(m, t, b, l, normed(m, t, x, b->ln2_w, b->ln2_b)));
    return point(t, l, "resid_post", x);
}

/* --- the run ----------------------------------------------------------------------- */

static Tensor *embed(const Model *m, Tape *t, const int *tok, int B, int T)
{
    require(T <= m->spec.ctx, "%d positions in a context of %d", T, m->spec.ctx);
    Tensor *x = op_embedding(t, m->W_E, tok, B, T);
    if (m->W_pos) {
        int *place = tape_alloc(t, (size_t)T, sizeof *place);
        for (int p = 0; p < T; p++) place[p] = p;
        Tensor *at = op_embedding(t, m->W_pos, place, 1, T);
        x = op_add(t, x, op_reshape(t, at, 2, (int[]){ T, m->spec.width }));
    }
    return hook_point(t, "embed", x);
}

static Tensor *last_norm(const Model *m, Tape *t, Tensor *x)
{
    return m->ln_w ? op_layernorm(t, x, m->ln_w, m->ln_b, MODEL_EPSILON) : x;
}

static Tensor *unembed(const Model *m, Tape *t, Tensor *x)
{
    return m->spec.tied ? op_linear_t(t, x, m->W_E, NULL, ACT_NONE)
                        : op_linear(t, x, m->W_U, m->b_U, ACT_NONE);
}

Tensor *model_unembed(Model *m, Tape *t, Tensor *x)
{
    return unembed(m, t, last_norm(m, t, x));
}

static Tensor *run(const Model *m, Tape *t, const int *tok, int B, int T, bool last)
{
    Tensor *x = embed(m, t, tok, B, T);
    for (int i = 0; i < m->n_order; i++)
        x = block_run(m, t, m->order[i], x, last && i == m->n_order - 1);
    x = hook_point(t, "resid_final", last_norm(m, t, x));
    return hook_point(t, "logits", unembed(m, t, x));
}

Tensor *model_logits(Model *m, Tape *t, const int *tok, int B, int T)
{
    return run(m, t, tok, B, T, false);
}

Tensor *model_last_logits(Model *m, Tape *t, const int *tok, int B, int T)
{
    Tensor *y = run(m, t, tok, B, T, m->n_order > 0);
    if (m->n_order == 0) return op_position(t, y, T - 1);
    return op_reshape(t, y, 2, (int[]){ B, m->spec.outputs });
}

/* surgery.c - the clean run, remembered, and every other one beside it.
 *
 * A cut is judged by what it changes, so the log-probabilities of the uncut model are kept
 * (60 MB for 64 windows of 128 tokens and 2048 words): to run it again beside each cut
 * would double the cost of all. Cuts themselves need no machinery of their own. An order
 * of layers says deletion, swap and repetition; hooks at the places where a layer writes
 * say the rest; and the same two serve a model that a user brings.
 *
 * Batches are as many windows as make four million logits, whatever the vocabulary, but
 * two at least, for hook_resample() takes a window's values from another of its batch. */
#include "core/lens/surgery.h"
#include "core/net/hook.h"
#include "core/num/vmath.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct Surgery {
    Model *model;
    int N, T, first, V, batch; /* batch: windows in each but the last */
    const int *tok, *target;   /* (N,T) */
    real *log_p;               /* (N,T-first,V), of the clean run */
    int *likeliest;            /* (N,T-first) */
    Outcome clean;
};

/* --- outcomes ------------------------------------------------------------------------- */

/* x := log softmax(x); p := softmax(x). Returns the first of the largest. */
static int log_softmax(int V, real *x, real *p)
{
    int top = 0;
    for (int v = 1; v < V; v++)
        if (x[v] > x[top]) top = v;
    real shift = x[top];
    for (int v = 0; v < V; v++) x[v] -= shift;
    vmath_exp_v(V, x, p);
    real sum = vmath_sum(V, p), log_sum = (real)vmath_log((double)sum);
    for (int v = 0; v < V; v++) x[v] -= log_sum, p[v] /= sum;
    return top;
}

/* x, p (V): scratch, x the logits. A first run is remembered as the clean one. */
static void add_place(Surgery *s, size_t place, int target, real *x, real *p, bool first,
                      Outcome *sum)
{
    real *clean = s->log_p + place * (size_t)s->V;
    int top = log_softmax(s->V, x, p), places = s->N * (s->T - s->first);
    double kl = 0, entropy = 0;
    if (first) memcpy(clean, x, (size_t)s->V * sizeof *x), s->likeliest[place] = top;
    for (int v = 0; v < s->V; v++) entropy -= (double)p[v] * (double)x[v];
    vmath_exp_v(s->V, clean, p);
    for (int v = 0; v < s->V; v++) kl += (double)p[v] * ((double)clean[v] - (double)x[v]);
    sum->loss -= (double)x[target] / places;
    sum->accuracy += (double)(top == target) / places;
    sum->agreement += (double)(top == s->likeliest[place]) / places;
    sum->kl += kl / places;
    sum->entropy += entropy / vmath_log(2) / places;
}

int surgery_batches(const Surgery *s) { return (s->N + s->batch - 1) / s->batch; }

int surgery_tokens(const Surgery *s, int b, const int **tok)
{
    require(b >= 0 && b < surgery_batches(s), "no batch %d", b);
    *tok = s->tok + b * s->batch * s->T;
    return s->N - b * s->batch < s->batch ? s->N - b * s->batch : s->batch;
}

Tensor *surgery_logits(const Surgery *s, Tape *t, int b)
{
    const int *tok;
    int n = surgery_tokens(s, b, &tok);
    return model_logits(s->model, t, tok, n, s->T);
}

static void add(Surgery *s, int b, const Tensor *logits, bool first, Outcome *sum)
{
    const int *tok;
    int n = surgery_tokens(s, b, &tok), scored = s->T - s->first, before = b * s->batch;
    require(tensor_rows(logits) == n * s->T && tensor_width(logits) == s->V,
            "logits of another batch");
    real *x = alloc(2 * (size_t)s->V, sizeof *x);
    for (int i = 0; i < n * scored; i++) {
        int at = i / scored * s->T + s->first + i % scored;
        memcpy(x, logits->v + (size_t)at * (size_t)s->V, (size_t)s->V * sizeof *x);
        add_place(s, (size_t)(before * scored + i), s->target[before * s->T + at], x,
                  x + s->V, first, sum);
    }
    free(x);
}

void surgery_add(Surgery *s, int b, const Tensor *logits, Outcome *sum)
{
    add(s, b, logits, false, sum);
}

Surgery *surgery_new(Model *m, int N, int T, int first, const int *tok, const int *target)
{
    require(N > 0 && first >= 0 && first < T, "%d windows, places %d to %d", N, first, T);
    Surgery *s = alloc(1, sizeof *s);
    int V = model_spec(m)->outputs, fit = (1 << 22) / (T * V);
    *s = (Surgery){ m, N, T, first, V, fit < 2 ? 2 : fit, tok, target, .log_p = NULL };
    size_t places = (size_t)N * (size_t)(T - first);
    s->log_p = alloc(places * (size_t)V, sizeof *s->log_p);
    s->likeliest = alloc(places, sizeof *s->likeliest);
    Tape *t = tape_new();
    tape_pause(t);
    for (int b = 0; b < surgery_batches(s); b++, tape_reset(t))
        add(s, b, surgery_logits(s, t, b), true, &s->clean);
    tape_free(t);
    return s;
}

void surgery_free(Surgery *s)
{
    if (s) free(s->log_p), free(s->likeliest), free(s);
}

Outcome surgery_clean(const Surgery *s) { return s->clean; }

Outcome surgery_run(Surgery *s, const int *order, int n, SurgeryCut *cut, void *ctx)
{
    Outcome sum = { 0 };
    Tape *t = tape_new();
    tape_pause(t);
    model_order(s->model, order, n);
    for (int b = 0; b < surgery_batches(s); b++, tape_reset(t)) {
        if (cut) cut(t, ctx);
        surgery_add(s, b, surgery_logits(s, t, b), &sum);
    }
    model_order(s->model, NULL, 0);
    tape_free(t);
    return sum;
}

int surgery_without(int L, int from, int to, int *order)
{
    int n = 0;
    for (int l = 0; l < L; l++)
        if (l < from || l >= to) order[n++] = l;
    return n;
}

/* --- how much a part turns the stream ------------------------------------------------- */

typedef struct {
    char s[32];
} Name;

static Name named(int layer, const char *part)
{
    Name name;
    snprintf(name.s, sizeof name.s, "blocks.%d.%s", layer, part);
    return name;
}

void surgery_drop(Tape *t, Part part, int layer)
{
    if (part != PART_MLP) hook_zero(t, named(layer, "attn_out").s, -1, -1);
    if (part != PART_ATTENTION) hook_zero(t, named(layer, "mlp_out").s, -1, -1);
}

void surgery_cosines(const Tensor *x, const Tensor *y, double *cosine)
{
    int N = tensor_rows(x), D = tensor_width(x);
    require(tensor_rows(y) == N && tensor_width(y) == D, "streams of different shapes");
    for (int r = 0; r < N; r++) {
        const real *a = x->v + (size_t)r * (size_t)D, *b = y->v + (size_t)r * (size_t)D;
        double aa = 0, bb = 0, ab = 0;
        for (int d = 0; d < D; d++) {
            aa += (double)a[d] * (double)a[d], bb += (double)b[d] * (double)b[d];
            ab += (double)a[d] * (double)b[d];
        }
        cosine[r] = aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : 0;
    }
}

double surgery_length(const Tensor *part, const Tensor *x)
{
    int N = tensor_rows(x), D = tensor_width(x);
    require(tensor_rows(part) == N && tensor_width(part) == D, "a part of another shape");
    double sum = 0;
    for (int r = 0; r < N; r++) {
        const real *a = part->v + (size_t)r * (size_t)D,
                   *b = x->v + (size_t)r * (size_t)D;
        sum += sqrt((double)vmath_dot(D, a, a) / (double)vmath_dot(D, b, b)) / N;
    }
    return sum;
}

void surgery_importance(const Surgery *s, double *importance)
{
    static const char *const stream[] = { "resid_pre", "resid_mid", "resid_post" };
    int L = model_spec(s->model)->layers;
    double *cosine = alloc((size_t)(s->N * s->T), sizeof *cosine);
    for (int i = 0; i < PARTS * L; i++) importance[i] = 1;
    Tape *t = tape_new();
    tape_pause(t);
    for (int b = 0; b < surgery_batches(s); b++, tape_reset(t)) {
        for (int i = 0; i < 3 * L; i++) hook_keep(t, named(i / 3, stream[i % 3]).s);
        surgery_logits(s, t, b);
        for (int i = 0; i < PARTS * L; i++) {
            int l = i % L, part = i / L;
            const Tensor *x = hook_value(t, named(l, stream[part == PART_MLP]).s),
                         *y = hook_value(t, named(l, stream[part ? 2 : 1]).s);
            surgery_cosines(x, y, cosine);
            for (int r = 0; r < tensor_rows(x); r++)
                importance[i] -= cosine[r] / (s->N * s->T);
        }
    }
    tape_free(t), free(cosine);
}

void surgery_near(const Tensor *p, int span, int first, double *share)
{
    require(p->rank == 4 && first < p->n[3], "no pattern, or no place from %d", first);
    int B = p->n[0], H = p->n[1], T = p->n[2];
    for (int h = 0; h < H; h++) share[h] = 0;
    for (int row = 0; row < B * H * T; row++) {
        int t = row % T, from = t - span > 1 ? t - span : 1;
        const real *a = p->v + (size_t)row * (size_t)T;
        for (int j = from; j < t && t >= first; j++)
            share[row / T % H] += (double)a[j] / (B * (T - first));
    }
}

/* --- a model whose logits are a sum --------------------------------------------------- */

/* Takes the gains g and biases b (D) of the norm before w (D,F) and its bias c (F). */
static void fold_norm(const Tensor *g, const Tensor *b, Tensor *w, Tensor *c)
{
    int D = w->n[0], F = w->n[1];
    for (int f = 0; f < F; f++) {
        double sum = (double)c->v[f];
        for (int d = 0; d < D; d++) sum += (double)b->v[d] * (double)w->v[d * F + f];
        c->v[f] = (real)sum;
    }
    for (int i = 0; i < D * F; i++) w->v[i] *= g->v[i / F];
}

static void plain_norm(Tensor *g, Tensor *b)
{
    for (int d = 0; d < g->n[0]; d++) g->v[d] = 1, b->v[d] = 0;
}

/* Each row := itself less its mean. */
static void center(Tensor *w)
{
    int D = tensor_width(w);
    for (int r = 0; r < tensor_rows(w); r++) {
        real *row = w->v + (size_t)r * (size_t)D;
        double mean = 0;
        for (int d = 0; d < D; d++) mean += (double)row[d] / D;
        for (int d = 0; d < D; d++) row[d] = (real)((double)row[d] - mean);
    }
}

/* The weight of block l whose name ends so. */
static Tensor *of_block(Model *m, int l, const char *part)
{
    return model_weight(m, named(l, part).s);
}

static void fold_block(Model *m, int l)
{
    static const char *const reader[] = {
        "attn.W_Q", "attn.W_K", "attn.W_V", "mlp.W_in",
        "attn.b_Q", "attn.b_K", "attn.b_V", "mlp.b_in"
    };
    static const char *const writer[] = { "attn.W_O", "attn.b_O", "mlp.W_out",
                                          "mlp.b_out" };
    bool mlp = !model_spec(m)->attention_only;
    for (int i = 0; i < 3 + mlp; i++)
        fold_norm(of_block(m, l, i < 3 ? "ln1.w" : "ln2.w"),
                  of_block(m, l, i < 3 ? "ln1.b" : "ln2.b"), of_block(m, l, reader[i]),
                  of_block(m, l, reader[4 + i]));
    plain_norm(of_block(m, l, "ln1.w"), of_block(m, l, "ln1.b"));
    if (mlp) plain_norm(of_block(m, l, "ln2.w"), of_block(m, l, "ln2.b"));
    for (int i = 0; i < 2 + 2 * mlp; i++) center(of_block(m, l, writer[i]));
}

Model *surgery_folded(Model *whole)
{
    ModelSpec spec = *model_spec(whole);
    require(!spec.no_bias && !spec.no_layernorm && spec.layers, "nothing to fold");
    spec.tied = false;
    Model *m = model_new(spec, rng_seed(0));
    const Params *from = model_params(whole);
    for (int i = 0; i < from->n; i++) {
        const Tensor *w = &from->p[i]->t;
        memcpy(model_weight(m, from->p[i]->name)->v, w->v, tensor_size(w) * sizeof *w->v);
    }

    Tensor *W_U = model_weight(m, "unembed.W_U"), *b_U = model_weight(m, "unembed.b_U"),
           *W_E = model_weight(m, "embed.W_E"), *gain = model_weight(m, "ln_final.w"),
           *bias = model_weight(m, "ln_final.b");
    for (int i = 0, D = spec.width, V = spec.vocab; model_spec(whole)->tied && i < D * V;
         i++)
        W_U->v[i] = W_E->v[i % V * D + i / V];
    fold_norm(gain, bias, W_U, b_U), plain_norm(gain, bias);
    center(W_U), center(b_U), center(W_E);
    if (spec.positions == POS_LEARNED) center(model_weight(m, "pos.W_pos"));
    for (int l = 0; l < spec.layers; l++) fold_block(m, l);
    return m;
}

void surgery_sigma(const Tensor *x, double *sigma)
{
    int D = tensor_width(x);
    for (int r = 0; r < tensor_rows(x); r++) {
        const real *row = x->v + (size_t)r * (size_t)D;
        double mean = 0, variance = 0;
        for (int d = 0; d < D; d++) mean += (double)row[d] / D;
        for (int d = 0; d < D; d++)
            variance += ((double)row[d] - mean) * ((double)row[d] - mean) / D;
        sigma[r] = sqrt(variance + MODEL_EPSILON);
    }
}

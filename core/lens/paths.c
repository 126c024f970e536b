/* paths.c - the sum is built term by term from the weights, by code that shares nothing
 * with the model's but the patterns: that both agree is then a statement about the
 * architecture and not about one program. The terms of a class are summed over heads at
 * once, since what follows is linear in them. */
#include "core/lens/paths.h"
#include "core/lens/circuit.h"
#include "core/net/hook.h"
#include "core/num/gemm.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static double *doubles(int n, int width)
{
    return alloc((size_t)n * (size_t)width, sizeof(double));
}

static double *weight(Model *m, const char *name)
{
    const Tensor *w = model_weight(m, name);
    int n = (int)tensor_size(w);
    double *v = doubles(n, 1);
    for (int i = 0; i < n; i++) v[i] = (double)w->v[i];
    return v;
}

/* y (B*T,D) := sum over heads of A x W, the patterns p (B,H,T,T), x (B*T,D). */
static double *through(Model *m, int layer, const Tensor *p, const double *x)
{
    int B = p->n[0], H = p->n[1], T = p->n[2], D = model_spec(m)->width;
    double *y = doubles(B * T, D), *mixed = doubles(B * T, D), *w = doubles(D, D);
    for (int h = 0; h < H; h++) {
        circuit_ov(m, layer, h, w);
        for (int i = 0; i < B * T; i++) {
            const real *row =
                p->v +
                ((size_t)(i / T * H + h) * (size_t)T + (size_t)(i % T)) * (size_t)T;
            for (int d = 0; d < D; d++) {
                double sum = 0;
                for (int s = 0; s <= i % T; s++)
                    sum += (double)row[s] * x[(i / T * T + s) * D + d];
                mixed[i * D + d] = sum;
            }
        }
        gemm_f64(false, false, B * T, D, D, mixed, D, w, D, y, D, GEMM_ADD);
    }
    free(mixed), free(w);
    return y;
}

Paths *paths_new(Model *m, const int *tok, int B, int T)
{
    const ModelSpec *s = model_spec(m);
    require(s->attention_only && (s->layers == 1 || s->layers == 2) && !s->tied,
            "paths of a model that is not attention-only, of one or two layers, untied");
    int n = B * T, V = s->outputs, D = s->width;
    Paths *p = alloc(1, sizeof *p);
    p->n = n, p->V = V, p->logits = doubles(n, V);
    Tape *t = tape_new();
    tape_pause(t);
    for (int l = 0; l < s->layers; l++)
        hook_keep(t, l ? "blocks.1.pattern" : "blocks.0.pattern");
    const real *logits = model_logits(m, t, tok, B, T)->v;
    for (int i = 0; i < n * V; i++) p->logits[i] = (double)logits[i];

    double *x[PATHS] = { doubles(n, D) }, *token = weight(m, "embed.W_E"),
           *unembed = weight(m, "unembed.W_U"),
           *place = s->positions == POS_LEARNED ? weight(m, "pos.W_pos") : NULL;
    for (int i = 0; i < n * D; i++)
        x[PATH_DIRECT][i] =
            token[tok[i / D] * D + i % D] + (place ? place[i / D % T * D + i % D] : 0);
    x[PATH_FIRST] = through(m, 0, hook_value(t, "blocks.0.pattern"), x[PATH_DIRECT]);
    if (s->layers > 1) {
        const Tensor *second = hook_value(t, "blocks.1.pattern");
        x[PATH_SECOND] = through(m, 1, second, x[PATH_DIRECT]);
        x[PATH_BOTH] = through(m, 1, second, x[PATH_FIRST]);
    }
    for (int c = 0; c < PATHS; c++) {
        p->term[c] = doubles(n, V);
        if (x[c])
            gemm_f64(false, false, n, V, D, x[c], D, unembed, V, p->term[c], V, GEMM_SET);
        free(x[c]);
    }
    free(token), free(unembed), free(place), tape_free(t);
    return p;
}

void paths_free(Paths *p)
{
    if (!p) return;
    for (int c = 0; c < PATHS; c++) free(p->term[c]);
    free(p->logits), free(p);
}

double paths_error(const Paths *p, int classes)
{
    double worst = 0, most = 0;
    for (int i = 0; i < p->n * p->V; i++) {
        double sum = 0, logit = fabs(p->logits[i]);
        for (int c = 0; c < classes; c++) sum += p->term[c][i];
        double error = fabs(sum - p->logits[i]);
        worst = error > worst ? error : worst, most = logit > most ? logit : most;
    }
    require(most > 0, "a model whose logits are all zero");
    return worst / most;
}

void paths_without(const Paths *p, PathClass c, real *logits)
{
    for (int v = 0; v < p->V; v++) {
        double mean = 0;
        for (int i = v; i < p->n * p->V; i += p->V) mean += p->term[c][i] / p->n;
        for (int i = v; i < p->n * p->V; i += p->V)
            logits[i] = (real)(p->logits[i] - p->term[c][i] + mean);
    }
}

double paths_copied(Model *m, int layer, int head)
{
    int V = model_spec(m)->vocab, D = model_spec(m)->width;
    require(V == model_spec(m)->outputs, "tokens in and out differ");
    double *ov = doubles(D, D), *half = doubles(V, D), *table = doubles(V, V),
           *token = weight(m, "embed.W_E"), *unembed = weight(m, "unembed.W_U"), own = 0;
    circuit_ov(m, layer, head, ov);
    gemm_f64(false, false, V, D, D, token, D, ov, D, half, D, GEMM_SET);
    gemm_f64(false, false, V, V, D, half, D, unembed, V, table, V, GEMM_SET);
    for (int v = 0; v < V; v++) {
        int top = 0;
        for (int u = 1; u < V; u++) top = table[v * V + u] > table[v * V + top] ? u : top;
        own += top == v;
    }
    free(ov), free(half), free(table), free(token), free(unembed);
    return own / V;
}

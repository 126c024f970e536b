/* repair.c - a clean run that stays on its tape, and runs that start at the cut.
 *
 * All before the cut is the clean run's, so a cut run executes only the layers from there on,
 * with the clean stream in place of the embedding: half the work, averaged over layers. Each
 * term is a sum over the values that the model computed, so the identity of the header is as
 * good as the rounding of its stream. */
#include "core/lens/repair.h"
#include "core/lens/circuit.h"
#include "core/net/hook.h"
#include "core/num/vmath.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME = 64 };

static const char *named(char name[NAME], int layer, const char *part)
{
    snprintf(name, NAME, "blocks.%d.%s", layer, part);
    return name;
}

static const Tensor *whole(const Tape *t, int layer, const char *part)
{
    char name[NAME];
    return hook_value(t, named(name, layer, part));
}

static real *at(const Tape *t, int layer, const char *part, int row)
{
    const Tensor *x = whole(t, layer, part);
    return x->v + (size_t)row * (size_t)tensor_width(x);
}

static void run(const Repair *r, Tape *t, int from)
{
    static const char *const parts[] = { "resid_pre", "z", "mlp_out" };
    char name[NAME];
    int last = model_spec(r->m)->layers - 1;
    for (int i = 3 * from; i <= 3 * last + 2; i++)
        hook_keep(t, named(name, i / 3, parts[i % 3]));
    hook_keep(t, named(name, last, "mlp_post"));
    hook_keep(t, named(name, last, "resid_post"));
    hook_keep(t, "logits");
    tape_pause(t);
    model_logits(r->m, t, r->tok, r->B, r->T);
}

Repair *repair_new(Model *m, const int *tok, const int *target, int B, int T)
{
    Repair *r = alloc(1, sizeof *r);
    *r = (Repair){
        .m = m, .tok = tok, .B = B, .T = T, .clean = tape_new(), .cut = tape_new()
    };
    run(r, r->clean, 0);
    r->sigma = alloc((size_t)(B * T), sizeof *r->sigma);
    surgery_sigma(whole(r->clean, model_spec(m)->layers - 1, "resid_post"), r->sigma);
    size_t D = (size_t)model_spec(m)->width;
    r->u = alloc((size_t)(B * T) * D, sizeof *r->u);
    for (int i = 0; i < B * T; i++)
        repair_unembedding(m, target[i], r->u + (size_t)i * D);
    return r;
}

void repair_free(Repair *r)
{
    if (!r) return;
    tape_free(r->clean), tape_free(r->cut);
    free(r->sigma), free(r->u), free(r);
}

/* --- what reaches a logit --------------------------------------------------------------- */

void repair_unembedding(Model *m, int token, real *u)
{
    const Tensor *w = model_weight(m, "unembed.W_U");
    for (int d = 0; d < w->n[0]; d++) u[d] = w->v[(size_t)d * (size_t)w->n[1] + token];
}

/* What a component of the run t adds, under the clean sigma. */
static double effect(const Repair *r, const Tape *t, int layer, int head, int row,
                     const real *u)
{
    const ModelSpec *s = model_spec(r->m);
    char name[NAME];
    int K = s->head_width, D = s->width;
    if (head == s->heads)
        return (double)vmath_dot(D, at(t, layer, "mlp_out", row), u) / r->sigma[row];
    const real *z = at(t, layer, "z", row),
               *w = model_weight(r->m, named(name, layer, "attn.W_O"))->v;
    double sum = 0;
    for (int i = head < 0 ? 0 : head * K; i < (head < 0 ? s->heads : head + 1) * K; i++)
        sum += (double)z[i] * (double)vmath_dot(D, w + (size_t)i * (size_t)D, u);
    return sum / r->sigma[row];
}

double repair_direct(const Repair *r, int layer, int head, int row, const real *u)
{
    return effect(r, r->clean, layer, head, row, u);
}

typedef struct {
    double effect;
    int row;
} Ranked;

static int largest_first(const void *a, const void *b)
{
    const Ranked *x = a, *y = b;
    if (x->effect != y->effect) return x->effect > y->effect ? -1 : 1;
    return x->row - y->row;
}

int *repair_rows(const Repair *r, int layer, int head, int first, int n)
{
    int rows = r->B * (r->T - first), *best = alloc((size_t)n, sizeof *best);
    require(n <= rows, "%d of %d rows", n, rows);
    Ranked *all = alloc((size_t)rows, sizeof *all);
    size_t D = (size_t)model_spec(r->m)->width;
    for (int i = 0; i < rows; i++) {
        int row = i / (r->T - first) * r->T + first + i % (r->T - first);
        all[i] =
            (Ranked){ repair_direct(r, layer, head, row, r->u + (size_t)row * D), row };
    }
    qsort(all, (size_t)rows, sizeof *all, largest_first);
    for (int i = 0; i < n; i++) best[i] = all[i].row;
    free(all);
    return best;
}

/* --- the cut ---------------------------------------------------------------------------- */

typedef struct {
    const Repair *r;
    Cut c;
} Back;

static Tensor *put_back(Tape *t, Tensor *x, void *ctx)
{
    const Back *b = ctx;
    const Tensor *z = whole(b->r->clean, b->c.layer, "z");
    Tensor *own = circuit_head_out(b->r->m, t, z, b->c.layer, b->c.head);
    return op_add(t, x, op_scale(t, own, b->c.back));
}

const Tape *repair_cut(Repair *r, Cut c)
{
    const ModelSpec *s = model_spec(r->m);
    require(c.layer >= 0 && c.layer < s->layers && c.head < s->heads && c.shift >= 0,
            "no head %d.%d", c.layer, c.head);
    /* z of that layer, with columns of another window */
    Tape *t = r->cut;
    tape_reset(t);
    char name[NAME];
    const Tensor *clean = whole(r->clean, c.layer, "z");
    Tensor *z = tape_input(t, clean->v, 3, clean->n);
    size_t width = (size_t)tensor_width(z), K = (size_t)s->head_width,
           from = c.head < 0 ? 0 : (size_t)c.head * K, n = c.head < 0 ? width : K;
    for (int i = 0; i < r->B * r->T; i++) {
        int source = (i / r->T + c.shift) % r->B * r->T + i % r->T;
        memcpy(z->v + (size_t)i * width + from, clean->v + (size_t)source * width + from,
               n * sizeof *z->v);
    }
    /* the run from there on, frozen or free */
    hook_patch(t, "embed", whole(r->clean, c.layer, "resid_pre"), -1);
    hook_patch(t, named(name, c.layer, "z"), z, -1);
    int *order = alloc((size_t)s->layers, sizeof *order);
    for (int l = 0; l < s->layers; l++) order[l] = l;
    for (int l = c.layer; c.frozen && l < s->layers; l++) {
        hook_patch(t, named(name, l, "mlp_out"), whole(r->clean, l, "mlp_out"), -1);
        if (l > c.layer) hook_patch(t, named(name, l, "z"), whole(r->clean, l, "z"), -1);
    }
    Back back = { r, c };
    if (c.back != 0)
        hook_add(t, named(name, s->layers - 1, "resid_post"), put_back, &back);
    model_order(r->m, order + c.layer, s->layers - c.layer);
    run(r, t, c.layer);
    model_order(r->m, NULL, 0);
    free(order);
    return t;
}

Repaired repair_measure(const Repair *r, Cut c, int row, const real *u, double *part)
{
    const Tape *t = r->cut;
    const ModelSpec *s = model_spec(r->m);
    int D = s->width, last = s->layers - 1;
    memset(part, 0, (size_t)(2 * s->layers) * sizeof *part);
    for (int k = 2 * c.layer + 1; k <= 2 * last + 1; k++) {
        int head = k % 2 ? s->heads : -1;
        part[k] =
            effect(r, t, k / 2, head, row, u) - effect(r, r->clean, k / 2, head, row, u);
    }
    real *x = at(t, last, "resid_post", row);
    double sigma = r->sigma[row], now = sigma;
    if (!c.frozen) surgery_sigma(&(Tensor){ .rank = 2, .n = { 1, D }, .v = x }, &now);
    double logit = (double)vmath_dot(D, x, u) / now,
           clean = (double)vmath_dot(D, at(r->clean, last, "resid_post", row), u) / sigma;
    return (Repaired){ .logit = logit - clean,
                       .direct = effect(r, t, c.layer, c.head, row, u) -
                                 effect(r, r->clean, c.layer, c.head, row, u),
                       .norm = logit * (1 - now / sigma) };
}

void repair_add(const Repair *r, Cut c, int n, const int *rows, const real *u,
                RepairSums *s)
{
    int L = model_spec(r->m)->layers;
    size_t D = (size_t)model_spec(r->m)->width;
    double *part = alloc(2 * (size_t)L, sizeof *part);
    for (int i = 0; i < n; i++) {
        const real *along = u + (size_t)rows[i] * D;
        Repaired x = repair_measure(r, c, rows[i], along, part);
        double repair = x.logit - x.direct;
        s->n++, s->effect += repair_direct(r, c.layer, c.head, rows[i], along);
        s->direct += x.direct, s->logit += x.logit, s->norm += x.norm;
        for (int l = 0; l < L; l++) s->heads += part[2 * l], s->mlps += part[2 * l + 1];
        s->repair += repair, s->square += repair * repair, s->overshoot += x.logit > 0;
    }
    free(part);
}

void repair_layer(Repair *r, int layer, int step, RepairLayer *y)
{
    const ModelSpec *s = model_spec(r->m);
    const Tensor *logits = hook_value(r->clean, "logits");
    Cut c = { .layer = layer, .head = -1, .shift = 1 };
    repair_cut(r, c);
    real *u = alloc((size_t)s->width, sizeof *u);
    double *part = alloc(2 * (size_t)s->layers, sizeof *part);
    for (int row = 0; row < r->B * r->T; row++) {
        if (row % r->T % step || row % r->T == 0) continue;
        const real *p = logits->v + (size_t)row * (size_t)s->outputs;
        int likeliest = 0;
        for (int v = 1; v < s->outputs; v++)
            if (p[v] > p[likeliest]) likeliest = v;
        repair_unembedding(r->m, likeliest, u);
        double x = repair_direct(r, layer, -1, row, u);
        y->n++, y->xx += x * x, y->xy -= x * repair_measure(r, c, row, u, part).logit;
        y->mlp += repair_direct(r, layer, s->heads, row, u);
        for (int k = 0; k < 2 * s->layers; k++) y->part[k] += x * part[k];
    }
    free(u), free(part);
}

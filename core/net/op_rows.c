/* op_rows.c - ops whose unit is a row: lookup, normalisation, selection, reshaping. */
#include "core/net/op.h"
#include "core/num/vmath.h"
#include <math.h>
#include <string.h>

typedef struct {
    Tape *tape;
    Tensor *x, *y, *gain, *bias;
    real *kept; /* what the forward pass left: see each op */
    int *index;
    int from, n;
} Rows;

static Rows *node(Tape *t, Tensor *y, BackwardFn *back, Rows r)
{
    Rows *copy = tape_alloc(t, 1, sizeof r);
    *copy = r;
    copy->tape = t;
    copy->y = y;
    tape_node(t, y, back, copy);
    return copy;
}

static real *row(const Tensor *x, real *base, int r)
{
    return base + (size_t)r * (size_t)tensor_width(x);
}

/* --- embedding --------------------------------------------------------------------- */

static void embedding_back(void *ctx)
{
    Rows *e = ctx;
    int D = tensor_width(e->x);
    real *g = tape_gradient_zeroed(e->tape, e->x);
    for (int r = 0, N = tensor_rows(e->y); r < N; r++) {
        real *to = g + (size_t)e->index[r] * (size_t)D;
        const real *from = row(e->y, e->y->g, r);
        for (int i = 0; i < D; i++) to[i] += from[i];
    }
}

Tensor *op_embedding(Tape *t, Tensor *table, const int *id, int B, int T)
{
    require(table->rank == 2, "an embedding table of rank %d", table->rank);
    int V = table->n[0], D = table->n[1], N = B * T;
    Tensor *y = tape_result(t, 3, (int[]){ B, T, D }, 1, &table);
    for (int r = 0; r < N; r++) {
        require(id[r] >= 0 && id[r] < V, "token %d of a vocabulary of %d", id[r], V);
        memcpy(row(y, y->v, r), row(table, table->v, id[r]), (size_t)D * sizeof(real));
    }
    if (tape_records(t, y)) {
        int *copy = tape_alloc(t, (size_t)N, sizeof *copy);
        memcpy(copy, id, (size_t)N * sizeof *copy);
        node(t, y, embedding_back, (Rows){ .x = table, .index = copy });
    }
    return y;
}

/* --- layer normalisation ----------------------------------------------------------- */

/* kept: (N, D) normalised rows, then (N) of 1 / sigma. With z = (x - mean) / sigma,
 * gz the gradient of z: gx = (gz - mean(gz) - z mean(gz z)) / sigma. */
static void layernorm_back(void *ctx)
{
    Rows *l = ctx;
    int N = tensor_rows(l->x), D = tensor_width(l->x);
    const real *z = l->kept, *inverse = l->kept + (size_t)N * (size_t)D;
    real *gain =
        l->gain && l->gain->wants ? tape_gradient_zeroed(l->tape, l->gain) : NULL;
    real *bias =
        l->bias && l->bias->wants ? tape_gradient_zeroed(l->tape, l->bias) : NULL;
    bool set = false;
    real *gx = l->x->wants ? tape_gradient(l->tape, l->x, &set) : NULL;
    real *gz = tape_alloc(l->tape, (size_t)D, sizeof *gz);
    for (int r = 0; r < N; r++, z += D) {
        const real *g = row(l->y, l->y->g, r);
        for (int i = 0; gain && i < D; i++) gain[i] += g[i] * z[i];
        for (int i = 0; bias && i < D; i++) bias[i] += g[i];
        if (!gx) continue;
        for (int i = 0; i < D; i++) gz[i] = l->gain ? g[i] * l->gain->v[i] : g[i];
        real mean = vmath_sum(D, gz) / (real)D, along = vmath_dot(D, gz, z) / (real)D;
        real *to = gx + (size_t)r * (size_t)D, scale = inverse[r];
        if (set)
            for (int i = 0; i < D; i++) to[i] = (gz[i] - mean - z[i] * along) * scale;
        else
            for (int i = 0; i < D; i++) to[i] += (gz[i] - mean - z[i] * along) * scale;
    }
}

Tensor *op_layernorm(Tape *t, Tensor *x, Tensor *gain, Tensor *bias, double eps)
{
    int N = tensor_rows(x), D = tensor_width(x);
    require((!gain || tensor_size(gain) == (size_t)D) &&
                (!bias || tensor_size(bias) == (size_t)D),
            "a gain or bias that is not (%d)", D);
    Tensor *in[] = { x, gain, bias }, *y = tape_result(t, x->rank, x->n, 3, in);
    bool keep = tape_records(t, y);
    real *kept = tape_alloc(t, (size_t)N * (size_t)(D + 1), sizeof *kept);
    real *z = kept, *inverse = kept + (size_t)N * (size_t)D;
    for (int r = 0; r < N; r++, z += D) {
        const real *from = row(x, x->v, r);
        real *to = row(y, y->v, r), mean = vmath_sum(D, from) / (real)D;
        for (int i = 0; i < D; i++) z[i] = from[i] - mean;
        real variance = vmath_dot(D, z, z) / (real)D;
        inverse[r] = (real)(1 / sqrt((double)variance + eps));
        for (int i = 0; i < D; i++) z[i] *= inverse[r];
        for (int i = 0; i < D; i++)
            to[i] = (gain ? gain->v[i] * z[i] : z[i]) + (bias ? bias->v[i] : 0);
    }
    if (keep)
        node(t, y, layernorm_back,
             (Rows){ .x = x, .gain = gain, .bias = bias, .kept = kept });
    return y;
}

/* --- softmax ----------------------------------------------------------------------- */

static void softmax_back(void *ctx)
{
    Rows *s = ctx;
    int D = tensor_width(s->x);
    real *gx = tape_gradient_zeroed(s->tape, s->x);
    for (int r = 0, N = tensor_rows(s->x); r < N; r++) {
        const real *p = row(s->y, s->y->v, r), *g = row(s->y, s->y->g, r);
        real along = vmath_dot(D, p, g), *to = row(s->x, gx, r);
        for (int i = 0; i < D; i++) to[i] += p[i] * (g[i] - along);
    }
}

Tensor *op_softmax(Tape *t, Tensor *x)
{
    int D = tensor_width(x);
    Tensor *y = tape_result(t, x->rank, x->n, 1, &x);
    for (int r = 0, N = tensor_rows(x); r < N; r++) {
        const real *from = row(x, x->v, r);
        real *to = row(y, y->v, r), top = from[0];
        for (int i = 1; i < D; i++) top = from[i] > top ? from[i] : top;
        for (int i = 0; i < D; i++) to[i] = from[i] - top;
        vmath_exp_v(D, to, to);
        real scale = 1 / vmath_sum(D, to);
        for (int i = 0; i < D; i++) to[i] *= scale;
    }
    if (tape_records(t, y)) node(t, y, softmax_back, (Rows){ .x = x });
    return y;
}

/* --- selection --------------------------------------------------------------------- */

static void topk_back(void *ctx)
{
    Rows *k = ctx;
    int D = tensor_width(k->x), n = k->n;
    real *gx = tape_gradient_zeroed(k->tape, k->x);
    for (int r = 0, N = tensor_rows(k->x); r < N; r++)
        for (int j = 0; j < n; j++) {
            size_t i = (size_t)r * (size_t)D +
                       (size_t)k->index[(size_t)r * (size_t)n + (size_t)j];
            gx[i] += k->y->g[i];
        }
}

/* Insertion into a short descending list; ties keep the lower index. */
static void largest(const real *x, int n, int k, int *index)
{
    int have = 0;
    for (int i = 0; i < n; i++) {
        if (have == k && !(x[i] > x[index[k - 1]])) continue;
        int at = have < k ? have++ : k - 1;
        for (; at > 0 && x[i] > x[index[at - 1]]; at--) index[at] = index[at - 1];
        index[at] = i;
    }
}

Tensor *op_topk(Tape *t, Tensor *x, int k)
{
    int N = tensor_rows(x), D = tensor_width(x);
    require(k >= 1 && k <= D, "the %d largest of %d", k, D);
    Tensor *y = tape_result(t, x->rank, x->n, 1, &x);
    int *index = tape_alloc(t, (size_t)N * (size_t)k, sizeof *index);
    memset(y->v, 0, tensor_size(y) * sizeof *y->v);
    for (int r = 0; r < N; r++) {
        int *mine = index + (size_t)r * (size_t)k;
        largest(row(x, x->v, r), D, k, mine);
        for (int j = 0; j < k; j++) row(y, y->v, r)[mine[j]] = row(x, x->v, r)[mine[j]];
    }
    if (tape_records(t, y))
        node(t, y, topk_back, (Rows){ .x = x, .index = index, .n = k });
    return y;
}

static void columns_back(void *ctx)
{
    Rows *c = ctx;
    real *gx = tape_gradient_zeroed(c->tape, c->x);
    for (int r = 0, N = tensor_rows(c->x); r < N; r++) {
        real *to = row(c->x, gx, r) + c->from;
        const real *g = row(c->y, c->y->g, r);
        for (int i = 0; i < c->n; i++) to[i] += g[i];
    }
}

Tensor *op_columns(Tape *t, Tensor *x, int from, int n)
{
    require(from >= 0 && n > 0 && from + n <= tensor_width(x), "columns %d to %d of %d",
            from, from + n, tensor_width(x));
    int shape[4];
    memcpy(shape, x->n, sizeof shape);
    shape[x->rank - 1] = n;
    Tensor *y = tape_result(t, x->rank, shape, 1, &x);
    for (int r = 0, N = tensor_rows(x); r < N; r++)
        memcpy(row(y, y->v, r), row(x, x->v, r) + from, (size_t)n * sizeof(real));
    if (tape_records(t, y))
        node(t, y, columns_back, (Rows){ .x = x, .from = from, .n = n });
    return y;
}

static void join_back(void *ctx)
{
    Rows *j = ctx;
    Tensor *part[] = { j->x, j->gain };
    for (int k = 0, from = 0; k < 2; from += tensor_width(part[k]), k++) {
        if (!part[k]->wants) continue;
        real *to = tape_gradient_zeroed(j->tape, part[k]);
        int n = tensor_width(part[k]);
        for (int r = 0, N = tensor_rows(part[k]); r < N; r++) {
            const real *g = row(j->y, j->y->g, r) + from;
            for (int i = 0; i < n; i++) row(part[k], to, r)[i] += g[i];
        }
    }
}

Tensor *op_join(Tape *t, Tensor *a, Tensor *b)
{
    int N = tensor_rows(a), D = tensor_width(a), E = tensor_width(b), shape[4];
    require(tensor_rows(b) == N, "%d rows joined with %d", N, tensor_rows(b));
    memcpy(shape, a->n, sizeof shape);
    shape[a->rank - 1] = D + E;
    Tensor *in[] = { a, b }, *y = tape_result(t, a->rank, shape, 2, in);
    for (int r = 0; r < N; r++) {
        memcpy(row(y, y->v, r), row(a, a->v, r), (size_t)D * sizeof(real));
        memcpy(row(y, y->v, r) + D, row(b, b->v, r), (size_t)E * sizeof(real));
    }
    if (tape_records(t, y)) node(t, y, join_back, (Rows){ .x = a, .gain = b });
    return y;
}

static void position_back(void *ctx)
{
    Rows *p = ctx;
    int T = p->x->n[1], D = p->x->n[2];
    real *gx = tape_gradient_zeroed(p->tape, p->x);
    for (int b = 0; b < p->x->n[0]; b++)
        for (int i = 0; i < D; i++)
            row(p->x, gx, b * T + p->from)[i] += row(p->y, p->y->g, b)[i];
}

Tensor *op_position(Tape *t, Tensor *x, int at)
{
    require(x->rank == 3 && at >= 0 && at < x->n[1], "no position %d", at);
    int B = x->n[0], T = x->n[1], D = x->n[2];
    Tensor *y = tape_result(t, 2, (int[]){ B, D }, 1, &x);
    for (int b = 0; b < B; b++)
        memcpy(row(y, y->v, b), row(x, x->v, b * T + at), (size_t)D * sizeof(real));
    if (tape_records(t, y)) node(t, y, position_back, (Rows){ .x = x, .from = at });
    return y;
}

static void shift_back(void *ctx)
{
    Rows *s = ctx;
    int T = s->x->n[1], D = s->x->n[2];
    real *gx = tape_gradient_zeroed(s->tape, s->x);
    for (int b = 0; b < s->x->n[0]; b++)
        for (int p = 1; p < T; p++)
            for (int i = 0; i < D; i++)
                row(s->x, gx, b * T + p - 1)[i] += row(s->y, s->y->g, b * T + p)[i];
}

Tensor *op_shift(Tape *t, Tensor *x)
{
    require(x->rank == 3, "a shift of rank %d", x->rank);
    int T = x->n[1], D = x->n[2];
    Tensor *y = tape_result(t, 3, x->n, 1, &x);
    for (int b = 0; b < x->n[0]; b++) {
        memset(row(y, y->v, b * T), 0, (size_t)D * sizeof(real));
        memcpy(row(y, y->v, b * T) + D, row(x, x->v, b * T),
               (size_t)(T - 1) * (size_t)D * sizeof(real));
    }
    if (tape_records(t, y)) node(t, y, shift_back, (Rows){ .x = x });
    return y;
}

static void reshape_back(void *ctx)
{
    Rows *s = ctx;
    real *gx = tape_gradient_zeroed(s->tape, s->x);
    for (size_t i = 0, n = tensor_size(s->x); i < n; i++) gx[i] += s->y->g[i];
}

Tensor *op_reshape(Tape *t, Tensor *x, int rank, const int *n)
{
    Tensor *y = tape_result(t, rank, n, 1, &x);
    require(tensor_size(y) == tensor_size(x), "%zu elements reshaped to %zu",
            tensor_size(x), tensor_size(y));
    memcpy(y->v, x->v, tensor_size(x) * sizeof *x->v);
    if (tape_records(t, y)) node(t, y, reshape_back, (Rows){ .x = x });
    return y;
}

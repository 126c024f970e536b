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
    Tensor **part;
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

/* --- rows of a table --------------------------------------------------------------- */

static void gather_back(void *ctx)
{
    Rows *e = ctx;
    int D = tensor_width(e->x);
    real *g = tape_gradient_zeroed(e->tape, e->x);
    for (int r = 0, N = tensor_rows(e->y); r < N; r++) {
        if (e->index[r] < 0) continue;
        real *to = row(e->x, g, e->index[r]);
        const real *from = row(e->y, e->y->g, r);
        for (int i = 0; i < D; i++) to[i] += from[i];
    }
}

/* Row r of the result is row index[r] of x, or zeros if that is -1; index is the tape's. */
static Tensor *gather(Tape *t, Tensor *x, int rank, const int *n, int *index)
{
    Tensor *y = tape_result(t, rank, n, 1, &x);
    size_t bytes = (size_t)tensor_width(x) * sizeof(real);
    for (int r = 0, N = tensor_rows(y); r < N; r++)
        if (index[r] < 0) memset(row(y, y->v, r), 0, bytes);
        else memcpy(row(y, y->v, r), row(x, x->v, index[r]), bytes);
    if (tape_records(t, y)) node(t, y, gather_back, (Rows){ .x = x, .index = index });
    return y;
}

Tensor *op_embedding(Tape *t, Tensor *table, const int *id, int B, int T)
{
    require(table->rank == 2, "an embedding table of rank %d", table->rank);
    int V = table->n[0], N = B * T, *index = tape_alloc(t, (size_t)N, sizeof *index);
    for (int r = 0; r < N; r++) {
        require(id[r] >= 0 && id[r] < V, "token %d of a vocabulary of %d", id[r], V);
        index[r] = id[r];
    }
    return gather(t, table, 3, (int[]){ B, T, table->n[1] }, index);
}

Tensor *op_position(Tape *t, Tensor *x, int at)
{
    require(x->rank == 3 && at >= 0 && at < x->n[1], "no position %d", at);
    int B = x->n[0], *index = tape_alloc(t, (size_t)B, sizeof *index);
    for (int b = 0; b < B; b++) index[b] = b * x->n[1] + at;
    return gather(t, x, 2, (int[]){ B, x->n[2] }, index);
}

Tensor *op_shift(Tape *t, Tensor *x)
{
    require(x->rank == 3, "a shift of rank %d", x->rank);
    int N = tensor_rows(x), *index = tape_alloc(t, (size_t)N, sizeof *index);
    for (int r = 0; r < N; r++) index[r] = r % x->n[1] ? r - 1 : -1;
    return gather(t, x, 3, x->n, index);
}

/* --- layer normalisation ----------------------------------------------------------- */

/* y (D) := (x - mean) scale */
static void normalise(int D, const real *x, real mean, real scale, real *y)
{
    for (int i = 0; i < D; i++) y[i] = (x[i] - mean) * scale;
}

/* kept: mean and inverse deviation of each row. With z the normalised row and gz its
 * gradient, gx = (gz - mean(gz) - z mean(gz z)) / sigma. */
static void layernorm_back(void *ctx)
{
    Rows *l = ctx;
    Tape *t = l->tape;
    int N = tensor_rows(l->x), D = tensor_width(l->x);
    real *gain = l->gain && l->gain->wants ? tape_gradient_zeroed(t, l->gain) : NULL;
    real *bias = l->bias && l->bias->wants ? tape_gradient_zeroed(t, l->bias) : NULL;
    bool set = false;
    real *gx = l->x->wants ? tape_gradient(t, l->x, &set) : NULL;
    real *z = tape_scratch(t, 2 * (size_t)D), *gz = z + D;
    const real *factor = l->gain ? l->gain->v : NULL;
    for (int r = 0; r < N; r++) {
        const real *g = row(l->y, l->y->g, r);
        real scale = l->kept[2 * r + 1];
        normalise(D, row(l->x, l->x->v, r), l->kept[2 * r], scale, z);
        for (int i = 0; gain && i < D; i++) gain[i] += g[i] * z[i];
        for (int i = 0; bias && i < D; i++) bias[i] += g[i];
        if (!gx) continue;
        for (int i = 0; i < D; i++) gz[i] = factor ? g[i] * factor[i] : g[i];
        real mean = vmath_sum(D, gz) / (real)D, along = vmath_dot(D, gz, z) / (real)D;
        real *to = row(l->x, gx, r);
        for (int i = 0; i < D; i++) {
            real d = (gz[i] - mean - z[i] * along) * scale;
            to[i] = set ? d : to[i] + d;
        }
    }
}

Tensor *op_layernorm(Tape *t, Tensor *x, Tensor *gain, Tensor *bias, double eps)
{
    int N = tensor_rows(x), D = tensor_width(x);
    require((!gain || tensor_size(gain) == (size_t)D) &&
                (!bias || tensor_size(bias) == (size_t)D),
            "a gain or bias that is not (%d)", D);
    Tensor *in[] = { x, gain, bias }, *y = tape_result(t, x->rank, x->n, 3, in);
    real *kept = tape_alloc(t, 2 * (size_t)N, sizeof *kept);
    for (int r = 0; r < N; r++) {
        real *to = row(y, y->v, r), mean = vmath_sum(D, row(x, x->v, r)) / (real)D;
        normalise(D, row(x, x->v, r), mean, 1, to);
        double variance = (double)(vmath_dot(D, to, to) / (real)D);
        real scale = (real)(1 / sqrt(variance + eps));
        const real *w = gain ? gain->v : NULL, *b = bias ? bias->v : NULL;
        for (int i = 0; i < D && w && b; i++) to[i] = to[i] * scale * w[i] + b[i];
        for (int i = 0; i < D && !(w && b); i++)
            to[i] = to[i] * scale * (w ? w[i] : 1) + (b ? b[i] : 0);
        kept[2 * r] = mean, kept[2 * r + 1] = scale;
    }
    if (tape_records(t, y))
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
        real *to = row(y, y->v, r), top = vmath_max(D, from);
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

/* --- columns ----------------------------------------------------------------------- */

/* n columns of N rows are copied or added from one matrix to another. */
static void move(int N, int n, const real *from, int ldf, real *to, int ldt, bool add)
{
    for (int r = 0; r < N; r++, from += ldf, to += ldt)
        for (int i = 0; i < n; i++) to[i] = add ? to[i] + from[i] : from[i];
}

static void columns_back(void *ctx)
{
    Rows *c = ctx;
    move(tensor_rows(c->x), c->n, c->y->g, c->n,
         tape_gradient_zeroed(c->tape, c->x) + c->from, tensor_width(c->x), true);
}

Tensor *op_columns(Tape *t, Tensor *x, int from, int n)
{
    require(from >= 0 && n > 0 && from + n <= tensor_width(x), "columns %d to %d of %d",
            from, from + n, tensor_width(x));
    int shape[4];
    memcpy(shape, x->n, sizeof shape);
    shape[x->rank - 1] = n;
    Tensor *y = tape_result(t, x->rank, shape, 1, &x);
    move(tensor_rows(x), n, x->v + from, tensor_width(x), y->v, n, false);
    if (tape_records(t, y))
        node(t, y, columns_back, (Rows){ .x = x, .from = from, .n = n });
    return y;
}

static void join_back(void *ctx)
{
    Rows *j = ctx;
    int at = 0, width = tensor_width(j->y);
    for (int k = 0; k < j->n; at += tensor_width(j->part[k]), k++)
        if (j->part[k]->wants)
            move(tensor_rows(j->y), tensor_width(j->part[k]), j->y->g + at, width,
                 tape_gradient_zeroed(j->tape, j->part[k]), tensor_width(j->part[k]),
                 true);
}

Tensor *op_join(Tape *t, int n, Tensor *const *part)
{
    int shape[4], width = 0, rank = part[0]->rank, N = tensor_rows(part[0]);
    for (int k = 0; k < n; k++) {
        require(tensor_rows(part[k]) == N, "%d rows joined with %d", N,
                tensor_rows(part[k]));
        width += tensor_width(part[k]);
    }
    memcpy(shape, part[0]->n, sizeof shape);
    shape[rank - 1] = width;
    Tensor *y = tape_result(t, rank, shape, n, part);
    for (int k = 0, at = 0; k < n; at += tensor_width(part[k]), k++)
        move(N, tensor_width(part[k]), part[k]->v, tensor_width(part[k]), y->v + at,
             width, false);
    if (tape_records(t, y)) {
        Tensor **copy = tape_alloc(t, (size_t)n, sizeof *copy);
        memcpy(copy, part, (size_t)n * sizeof *copy);
        node(t, y, join_back, (Rows){ .part = copy, .n = n });
    }
    return y;
}

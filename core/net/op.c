/* op.c - products, elementwise maps and rows.
 *
 * Every op checks shapes, computes, and leaves a node with what its backward needs. Bias
 * and activation ride on the product's result while it is warm: one pass more over the
 * output instead of three ops. For GELU the forward pass leaves the derivative behind,
 * since it has the tangent hyperbolic at hand anyway; the others find theirs in the
 * output. Sums over rows run in row order, so no bit depends on how gcc vectorises. */
#include "core/net/op.h"
#include "core/num/gemm.h"
#include "core/num/vmath.h"
#include <math.h>
#include <string.h>

const char *const *op_names(void)
{
    static const char *const names[] = {
        "linear",       "linear_t",  "add",     "sub",  "mul",     "scale", "act",
        "embedding",    "layernorm", "softmax", "topk", "columns", "join",  "position",
        "shift",        "attention", "conv",    "pool", "reshape", "xent",  "xent_soft",
        "square_error", "sum_abs",   "total",   NULL,
    };
    return names;
}

#define INPUTS(...)                                                             \
    (int)(sizeof((Tensor *[]){ __VA_ARGS__ }) / sizeof(Tensor *)), (Tensor *[]) \
    {                                                                           \
        __VA_ARGS__                                                             \
    }

/* --- activations ------------------------------------------------------------------- */

/* sqrt(2 / pi) and the cubic term of the tanh form of GELU [hendrycks2016gelu]. */
#define GELU_SCALE 0.7978845608028654
#define GELU_CUBIC 0.044715

enum { STRIP = 512 }; /* elements a pass: stays in the first-level cache */

/* y := f(x); slope, if not NULL, := f'(x). y may be x. */
static void gelu(int n, const real *x, real *y, real *slope)
{
    real tanh_u[STRIP];
    for (int from = 0; from < n; from += STRIP) {
        int m = n - from < STRIP ? n - from : STRIP;
        const real *in = x + from;
        for (int i = 0; i < m; i++)
            tanh_u[i] =
                (real)GELU_SCALE * (in[i] + (real)GELU_CUBIC * in[i] * in[i] * in[i]);
        vmath_tanh_v(m, tanh_u, tanh_u);
        if (slope)
            for (int i = 0; i < m; i++) {
                real du = (real)GELU_SCALE * (1 + (real)(3 * GELU_CUBIC) * in[i] * in[i]);
                slope[from + i] = (real).5 * (1 + tanh_u[i]) +
                                  (real).5 * in[i] * (1 - tanh_u[i] * tanh_u[i]) * du;
            }
        for (int i = 0; i < m; i++) y[from + i] = (real).5 * in[i] * (1 + tanh_u[i]);
    }
}

static void activate(Act f, int n, const real *x, real *y, real *slope)
{
    switch (f) {
    case ACT_NONE:
        if (y != x) memcpy(y, x, (size_t)n * sizeof *y);
        break;
    case ACT_RELU:
        for (int i = 0; i < n; i++) y[i] = x[i] < 0 ? 0 : x[i]; /* passes NaN */
        break;
    case ACT_GELU:
        gelu(n, x, y, slope);
        break;
    case ACT_TANH:
        vmath_tanh_v(n, x, y);
        break;
    case ACT_SIGMOID:
        for (int i = 0; i < n; i++) y[i] = (real).5 * x[i];
        vmath_tanh_v(n, y, y);
        for (int i = 0; i < n; i++) y[i] = (real).5 + (real).5 * y[i];
        break;
    }
}

/* gx := gy f'(x) from the output y, or from the slope that GELU left. */
static void activate_back(Act f, int n, const real *gy, const real *y, const real *slope,
                          real *gx)
{
    switch (f) {
    case ACT_NONE:
        memcpy(gx, gy, (size_t)n * sizeof *gx);
        break;
    case ACT_RELU:
        for (int i = 0; i < n; i++) gx[i] = y[i] > 0 ? gy[i] : 0;
        break;
    case ACT_GELU:
        for (int i = 0; i < n; i++) gx[i] = gy[i] * slope[i];
        break;
    case ACT_TANH:
        for (int i = 0; i < n; i++) gx[i] = gy[i] * (1 - y[i] * y[i]);
        break;
    case ACT_SIGMOID:
        for (int i = 0; i < n; i++) gx[i] = gy[i] * y[i] * (1 - y[i]);
        break;
    }
}

typedef struct {
    Tape *tape;
    Tensor *x, *y;
    Act f;
    real *slope;
} ActNode;

static void act_back(void *ctx)
{
    ActNode *a = ctx;
    int n = (int)tensor_size(a->y);
    bool set;
    real *gx = tape_gradient(a->tape, a->x, &set);
    real *to = set ? gx : tape_alloc(a->tape, (size_t)n, sizeof *to);
    activate_back(a->f, n, a->y->g, a->y->v, a->slope, to);
    for (int i = 0; i < n && !set; i++) gx[i] += to[i];
}

Tensor *op_act(Tape *t, Tensor *x, Act f)
{
    Tensor *y = tape_result(t, x->rank, x->n, 1, &x);
    bool keep = tape_records(t, y);
    size_t n = tensor_size(x);
    real *slope = keep && f == ACT_GELU ? tape_alloc(t, n, sizeof *slope) : NULL;
    activate(f, (int)n, x->v, y->v, slope);
    if (keep) {
        ActNode *node = tape_alloc(t, 1, sizeof *node);
        *node = (ActNode){ t, x, y, f, slope };
        tape_node(t, y, act_back, node);
    }
    return y;
}

/* --- products ---------------------------------------------------------------------- */

typedef struct {
    Tape *tape;
    Tensor *x, *w, *b, *y;
    Act f;
    bool transposed;
    real *slope;
} Linear;

static void add_columns(int rows, int n, const real *x, real *sum)
{
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < n; c++) sum[c] += x[(size_t)r * (size_t)n + (size_t)c];
}

static void linear_back(void *ctx)
{
    enum { CHUNK = 256 }; /* rows that stay in the cache; a block of gemm's sums */
    Linear *l = ctx;
    int N = tensor_rows(l->x), D = tensor_width(l->x), F = tensor_width(l->y);
    bool set_w = false, set_x = false, plain = l->f == ACT_NONE, t = l->transposed;
    real *gw = l->w->wants ? tape_gradient(l->tape, l->w, &set_w) : NULL;
    real *gb = l->b && l->b->wants ? tape_gradient_zeroed(l->tape, l->b) : NULL;
    real *gx = l->x->wants ? tape_gradient(l->tape, l->x, &set_x) : NULL;
    real *all = plain ? l->y->g : tape_scratch(l->tape, tensor_size(l->y));
    for (int r = 0; r < N; r += CHUNK) {
        int rows = N - r < CHUNK ? N - r : CHUNK;
        size_t at = (size_t)r * (size_t)F;
        const real *x = l->x->v + (size_t)r * (size_t)D;
        real *g = all + at;
        if (!plain)
            activate_back(l->f, rows * F, l->y->g + at, l->y->v + at,
                          l->slope ? l->slope + at : NULL, g);
        if (gb) add_columns(rows, F, g, gb);
        GemmMode mode = set_w && r == 0 ? GEMM_SET : GEMM_ADD;
        if (gw && t) gemm(true, false, F, D, rows, g, F, x, D, gw, D, mode);
        else if (gw) gemm(true, false, D, F, rows, x, D, g, F, gw, F, mode);
    }
    GemmMode mode = set_x ? GEMM_SET : GEMM_ADD;
    if (gx) gemm(false, !t, N, D, F, all, F, l->w->v, t ? D : F, gx, D, mode);
}

static Tensor *linear(Tape *t, Tensor *x, Tensor *w, Tensor *b, Act f, bool transposed)
{
    int N = tensor_rows(x), D = tensor_width(x), F = transposed ? w->n[0] : w->n[1];
    char a[64], c[64];
    tensor_print_shape(x, a), tensor_print_shape(w, c);
    require(w->rank == 2 && w->n[transposed] == D, "a product of %s and %s%s", a, c,
            transposed ? ", transposed" : "");
    require(!b || (b->rank == 1 && b->n[0] == F), "a bias that is not (%d)", F);

    int shape[4];
    memcpy(shape, x->n, sizeof shape);
    shape[x->rank - 1] = F;
    Tensor *y = tape_result(t, x->rank, shape, INPUTS(x, w, b));
    bool keep = tape_records(t, y);
    if (transposed) gemm(false, true, N, F, D, x->v, D, w->v, D, y->v, F, GEMM_SET);
    else gemm(false, false, N, F, D, x->v, D, w->v, F, y->v, F, GEMM_SET);

    size_t size = tensor_size(y);
    real *slope = keep && f == ACT_GELU ? tape_alloc(t, size, sizeof *slope) : NULL;
    for (int r = 0; r < N && (b || f != ACT_NONE); r++) {
        real *row = y->v + (size_t)r * (size_t)F;
        for (int i = 0; b && i < F; i++) row[i] += b->v[i];
        activate(f, F, row, row, slope ? slope + (size_t)r * (size_t)F : NULL);
    }
    if (keep) {
        Linear *node = tape_alloc(t, 1, sizeof *node);
        *node = (Linear){ t, x, w, b, y, f, transposed, slope };
        tape_node(t, y, linear_back, node);
    }
    return y;
}

Tensor *op_linear(Tape *t, Tensor *x, Tensor *w, Tensor *b, Act f)
{
    return linear(t, x, w, b, f, false);
}

Tensor *op_linear_t(Tape *t, Tensor *x, Tensor *w, Tensor *b, Act f)
{
    return linear(t, x, w, b, f, true);
}

/* --- elementwise ------------------------------------------------------------------- */

typedef enum { ADD, SUB, MUL } Pair;
typedef struct {
    Tape *tape;
    Tensor *a, *b, *y;
    Pair kind;
} PairNode;

/* b is of a's shape, its trailing part or one number. */
static void check_pair(const Tensor *a, const Tensor *b)
{
    bool fits = b->rank <= a->rank;
    for (int i = 1; fits && i <= b->rank; i++)
        fits = b->n[b->rank - i] == a->n[a->rank - i];
    char x[64], y[64];
    tensor_print_shape(a, x), tensor_print_shape(b, y);
    require(fits || tensor_size(b) == 1, "elementwise %s and %s", x, y);
}

static void pair_back(void *ctx)
{
    PairNode *p = ctx;
    size_t n = tensor_size(p->b), times = tensor_size(p->a) / n;
    bool set = false;
    real *ga = p->a->wants ? tape_gradient(p->tape, p->a, &set) : NULL;
    for (size_t k = 0; ga && k < times; k++) {
        const real *g = p->y->g + k * n, *b = p->b->v;
        real *to = ga + k * n;
        if (p->kind == MUL)
            for (size_t i = 0; i < n; i++)
                to[i] = set ? g[i] * b[i] : to[i] + g[i] * b[i];
        else
            for (size_t i = 0; i < n; i++) to[i] = set ? g[i] : to[i] + g[i];
    }
    if (p->kind == ADD && times == 1 && p->b->wants && tape_lend(p->b, p->y->g)) return;
    real *gb = p->b->wants ? tape_gradient(p->tape, p->b, &set) : NULL;
    for (size_t k = 0; gb && k < times; k++, set = false) {
        const real *g = p->y->g + k * n, *a = p->a->v + k * n;
        for (size_t i = 0; i < n; i++) {
            real d = p->kind == ADD ? g[i] : p->kind == SUB ? -g[i] : g[i] * a[i];
            gb[i] = set ? d : gb[i] + d;
        }
    }
}

static Tensor *pair(Tape *t, Tensor *a, Tensor *b, Pair kind)
{
    check_pair(a, b);
    size_t n = tensor_size(b), times = tensor_size(a) / n;
    Tensor *y = tape_result(t, a->rank, a->n, INPUTS(a, b));
    for (size_t k = 0; k < times; k++) {
        const real *x = a->v + k * n, *z = b->v;
        real *to = y->v + k * n;
        for (size_t i = 0; i < n; i++)
            to[i] = kind == ADD ? x[i] + z[i] : kind == SUB ? x[i] - z[i] : x[i] * z[i];
    }
    if (tape_records(t, y)) {
        PairNode *node = tape_alloc(t, 1, sizeof *node);
        *node = (PairNode){ t, a, b, y, kind };
        tape_node(t, y, pair_back, node);
    }
    return y;
}

Tensor *op_add(Tape *t, Tensor *a, Tensor *b) { return pair(t, a, b, ADD); }
Tensor *op_sub(Tape *t, Tensor *a, Tensor *b) { return pair(t, a, b, SUB); }
Tensor *op_mul(Tape *t, Tensor *a, Tensor *b) { return pair(t, a, b, MUL); }

typedef struct {
    Tape *tape;
    Tensor *x, *y;
    real s;
} Scale;

static void scale_back(void *ctx)
{
    Scale *s = ctx;
    real *gx = tape_gradient_zeroed(s->tape, s->x);
    for (size_t i = 0, n = tensor_size(s->y); i < n; i++) gx[i] += s->s * s->y->g[i];
}

Tensor *op_scale(Tape *t, Tensor *x, double s)
{
    Tensor *y = tape_result(t, x->rank, x->n, 1, &x);
    for (size_t i = 0, n = tensor_size(x); i < n; i++) y->v[i] = (real)s * x->v[i];
    if (tape_records(t, y)) {
        Scale *node = tape_alloc(t, 1, sizeof *node);
        *node = (Scale){ t, x, y, (real)s };
        tape_node(t, y, scale_back, node);
    }
    return y;
}

Tensor *op_reshape(Tape *t, Tensor *x, int rank, const int *n)
{
    Tensor *y = op_scale(t, x, 1);
    require(rank >= 1 && rank <= 4, "a tensor of rank %d", rank);
    y->rank = rank;
    memcpy(y->n, n, (size_t)rank * sizeof *n);
    require(tensor_size(y) == tensor_size(x), "%zu elements reshaped to %zu",
            tensor_size(x), tensor_size(y));
    return y;
}

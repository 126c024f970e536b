/* op_loss.c - losses, each a tensor (1). Their sums run in double in every build: a
 * cross-entropy near its floor is a small difference of large numbers. */
#include "core/net/op.h"
#include "core/num/vmath.h"
#include <string.h>

typedef struct {
    Tape *tape;
    Tensor *x, *y, *other;
    real *kept;
    const real *weight;
} Loss;

static Tensor *result(Tape *t, Tensor *x, double value, BackwardFn *back, Loss loss)
{
    Tensor *y = tape_result(t, 1, (int[]){ 1 }, 1, &x);
    y->v[0] = (real)value;
    if (tape_records(t, y)) {
        Loss *copy = tape_alloc(t, 1, sizeof loss);
        *copy = loss;
        copy->tape = t, copy->x = x, copy->y = y;
        tape_node(t, y, back, copy);
    }
    return y;
}

/* p := softmax of a row; returns log of the sum of exponentials. */
static double row_softmax(int V, const real *x, real *p)
{
    real top = x[0];
    for (int i = 1; i < V; i++) top = x[i] > top ? x[i] : top;
    for (int i = 0; i < V; i++) p[i] = x[i] - top;
    vmath_exp_v(V, p, p);
    real sum = vmath_sum(V, p), scale = 1 / sum;
    for (int i = 0; i < V; i++) p[i] *= scale;
    return (double)top + vmath_log((double)sum);
}

/* kept: the gradient for an upstream gradient of 1. */
static void kept_back(void *ctx)
{
    Loss *l = ctx;
    real *gx = tape_gradient_zeroed(l->tape, l->x), g = l->y->g[0];
    for (size_t i = 0, n = tensor_size(l->x); i < n; i++) gx[i] += g * l->kept[i];
}

Tensor *op_xent(Tape *t, Tensor *logits, const int *target)
{
    int N = tensor_rows(logits), V = tensor_width(logits), scored = 0;
    for (int r = 0; r < N; r++) {
        require(target[r] < V, "target %d of %d classes", target[r], V);
        scored += target[r] >= 0;
    }
    require(scored, "a cross-entropy without a target");
    real *p = tape_alloc(t, tensor_size(logits), sizeof *p);
    double sum = 0;
    for (int r = 0; r < N; r++) {
        const real *x = logits->v + (size_t)r * (size_t)V;
        real *g = p + (size_t)r * (size_t)V;
        if (target[r] < 0) {
            memset(g, 0, (size_t)V * sizeof *g);
            continue;
        }
        sum += row_softmax(V, x, g) - (double)x[target[r]];
        g[target[r]] -= 1;
        for (int i = 0; i < V; i++) g[i] /= (real)scored;
    }
    return result(t, logits, sum / scored, kept_back, (Loss){ .kept = p });
}

Tensor *op_xent_soft(Tape *t, Tensor *logits, Tensor *p)
{
    int N = tensor_rows(logits), V = tensor_width(logits);
    require(tensor_size(p) == tensor_size(logits) && tensor_width(p) == V && !p->wants,
            "%d x %d logits, and distributions of another shape or with a gradient", N,
            V);
    real *kept = tape_alloc(t, tensor_size(logits), sizeof *kept);
    double sum = 0;
    for (int r = 0; r < N; r++) {
        const real *x = logits->v + (size_t)r * (size_t)V,
                   *want = p->v + (size_t)r * (size_t)V;
        real *g = kept + (size_t)r * (size_t)V, mass = 0;
        double log_sum = row_softmax(V, x, g);
        for (int i = 0; i < V; i++) {
            sum += (double)want[i] * (log_sum - (double)x[i]);
            mass += want[i];
        }
        for (int i = 0; i < V; i++) g[i] = (g[i] * mass - want[i]) / (real)N;
    }
    return result(t, logits, sum / N, kept_back, (Loss){ .kept = kept });
}

static void square_back(void *ctx)
{
    Loss *l = ctx;
    int N = tensor_rows(l->x), D = tensor_width(l->x);
    real *gx = tape_gradient_zeroed(l->tape, l->x), scale = 2 * l->y->g[0] / (real)N;
    for (int r = 0; r < N; r++)
        for (int i = 0; i < D; i++) {
            size_t at = (size_t)r * (size_t)D + (size_t)i;
            real weight = l->weight ? l->weight[i] : 1;
            gx[at] += scale * weight * (l->x->v[at] - l->other->v[at]);
        }
}

Tensor *op_square_error(Tape *t, Tensor *y, Tensor *target, const real *weight)
{
    int N = tensor_rows(y), D = tensor_width(y);
    require(tensor_size(target) == tensor_size(y) && tensor_width(target) == D,
            "an error between different shapes");
    require(!target->wants, "the target of a square error is a constant");
    const real *copy = NULL;
    if (weight)
        copy = memcpy(tape_alloc(t, (size_t)D, sizeof *copy), weight,
                      (size_t)D * sizeof *copy);
    double sum = 0;
    for (int r = 0; r < N; r++)
        for (int i = 0; i < D; i++) {
            size_t at = (size_t)r * (size_t)D + (size_t)i;
            double e = (double)y->v[at] - (double)target->v[at];
            sum += (copy ? (double)copy[i] : 1) * e * e;
        }
    return result(t, y, sum / N, square_back, (Loss){ .other = target, .weight = copy });
}

static void abs_back(void *ctx)
{
    Loss *l = ctx;
    real *gx = tape_gradient_zeroed(l->tape, l->x),
         g = l->y->g[0] / (real)tensor_rows(l->x);
    for (size_t i = 0, n = tensor_size(l->x); i < n; i++)
        gx[i] += l->x->v[i] > 0 ? g : l->x->v[i] < 0 ? -g : 0;
}

Tensor *op_sum_abs(Tape *t, Tensor *x)
{
    double sum = 0;
    for (size_t i = 0, n = tensor_size(x); i < n; i++)
        sum += x->v[i] < 0 ? -(double)x->v[i] : (double)x->v[i];
    return result(t, x, sum / tensor_rows(x), abs_back, (Loss){ 0 });
}

static void total_back(void *ctx)
{
    Loss *l = ctx;
    real *gx = tape_gradient_zeroed(l->tape, l->x);
    for (size_t i = 0, n = tensor_size(l->x); i < n; i++) gx[i] += l->y->g[0];
}

Tensor *op_total(Tape *t, Tensor *x)
{
    double sum = 0;
    for (size_t i = 0, n = tensor_size(x); i < n; i++) sum += (double)x->v[i];
    return result(t, x, sum, total_back, (Loss){ 0 });
}

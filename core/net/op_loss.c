/* op_loss.c - losses, each a tensor (1). Their sums run in double in every build: a
 * cross-entropy near its floor is a small difference of large numbers. */
#include "core/net/op.h"
#include "core/num/vmath.h"
#include <string.h>

typedef struct {
    Tape *tape;
    Tensor *x, *y;
    real *slope; /* the gradient for an upstream gradient of 1 */
} Loss;

static void loss_back(void *ctx)
{
    Loss *l = ctx;
    bool set;
    real *gx = tape_gradient(l->tape, l->x, &set), g = l->y->g[0];
    for (size_t i = 0, n = tensor_size(l->x); i < n; i++)
        gx[i] = set ? g * l->slope[i] : gx[i] + g * l->slope[i];
}

static Tensor *result(Tape *t, Tensor *x, double value, real *slope)
{
    Tensor *y = tape_result(t, 1, (int[]){ 1 }, 1, &x);
    y->v[0] = (real)value;
    if (tape_records(t, y)) {
        Loss *node = tape_alloc(t, 1, sizeof *node);
        *node = (Loss){ t, x, y, slope };
        tape_node(t, y, loss_back, node);
    }
    return y;
}

static real *slope_of(Tape *t, const Tensor *x)
{
    return tape_alloc(t, tensor_size(x), sizeof(real));
}

/* p := weight times the softmax of a row; returns the log of the sum of exponentials. */
static double row_softmax(int V, const real *x, real weight, real *p)
{
    real top = vmath_max(V, x);
    for (int i = 0; i < V; i++) p[i] = x[i] - top;
    vmath_exp_v(V, p, p);
    real sum = vmath_sum(V, p), scale = weight / sum;
    for (int i = 0; i < V; i++) p[i] *= scale;
    return (double)top + vmath_log((double)sum);
}

Tensor *op_xent(Tape *t, Tensor *logits, const int *target)
{
    int N = tensor_rows(logits), V = tensor_width(logits), scored = 0;
    for (int r = 0; r < N; r++) {
        require(target[r] < V, "target %d of %d classes", target[r], V);
        scored += target[r] >= 0;
    }
    require(scored, "a cross-entropy without a target");
    real *slope = slope_of(t, logits), weight = 1 / (real)scored;
    double sum = 0;
    for (int r = 0; r < N; r++) {
        const real *x = logits->v + (size_t)r * (size_t)V;
        real *g = slope + (size_t)r * (size_t)V;
        if (target[r] < 0) memset(g, 0, (size_t)V * sizeof *g);
        if (target[r] < 0) continue;
        sum += row_softmax(V, x, weight, g) - (double)x[target[r]];
        g[target[r]] -= weight;
    }
    return result(t, logits, sum / scored, slope);
}

Tensor *op_xent_soft(Tape *t, Tensor *logits, Tensor *p)
{
    int N = tensor_rows(logits), V = tensor_width(logits);
    require(tensor_size(p) == tensor_size(logits) && tensor_width(p) == V && !p->wants,
            "%d x %d logits, and distributions of another shape or with a gradient", N,
            V);
    real *slope = slope_of(t, logits);
    double sum = 0;
    for (int r = 0; r < N; r++) {
        size_t at = (size_t)r * (size_t)V;
        const real *x = logits->v + at, *want = p->v + at;
        real *g = slope + at;
        double log_sum = row_softmax(V, x, vmath_sum(V, want) / (real)N, g);
        for (int i = 0; i < V; i++) {
            sum += (double)want[i] * (log_sum - (double)x[i]);
            g[i] -= want[i] / (real)N;
        }
    }
    return result(t, logits, sum / N, slope);
}

Tensor *op_square_error(Tape *t, Tensor *y, Tensor *target, const real *weight)
{
    int N = tensor_rows(y), D = tensor_width(y);
    require(tensor_size(target) == tensor_size(y) && tensor_width(target) == D,
            "an error between different shapes");
    require(!target->wants, "the target of a square error is a constant");
    real *slope = slope_of(t, y);
    double sum = 0;
    for (size_t i = 0, n = tensor_size(y); i < n; i++) {
        double e = (double)y->v[i] - (double)target->v[i],
               w = weight ? (double)weight[i % (size_t)D] : 1;
        sum += w * e * e;
        slope[i] = (real)(2 * w * e / N);
    }
    return result(t, y, sum / N, slope);
}

Tensor *op_sum_abs(Tape *t, Tensor *x)
{
    real *slope = slope_of(t, x), one = 1 / (real)tensor_rows(x);
    double sum = 0;
    for (size_t i = 0, n = tensor_size(x); i < n; i++) {
        sum += x->v[i] < 0 ? -(double)x->v[i] : (double)x->v[i];
        slope[i] = x->v[i] > 0 ? one : x->v[i] < 0 ? -one : 0;
    }
    return result(t, x, sum / tensor_rows(x), slope);
}

Tensor *op_total(Tape *t, Tensor *x)
{
    real *slope = slope_of(t, x);
    double sum = 0;
    for (size_t i = 0, n = tensor_size(x); i < n; i++)
        sum += (double)x->v[i], slope[i] = 1;
    return result(t, x, sum, slope);
}

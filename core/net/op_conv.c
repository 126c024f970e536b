/* op_conv.c - convolution by im2col, and pooling.
 *
 * The patches that a kernel sees are laid out as rows (B Y' X', C k k), and the
 * convolution is one product with the kernels (C k k, F). The copy costs k^2 times the
 * image and makes everything else a call of gemm. The layout of images is (B,C,Y,X). */
#include "core/net/op.h"
#include "core/num/gemm.h"
#include <string.h>

typedef struct {
    Tape *tape;
    Tensor *x, *w, *b, *y;
    int k, stride, pad;
    real *patches; /* (B Y' X', C k k) */
    int *source;   /* of op_pool: where each maximum stood */
} Conv;

/* patch := what the kernels see of the image, zeros beyond its edge (patch has them
 * already); back: the image collects from them. */
static void patches(const Conv *c, real *image, real *patch, bool back)
{
    int C = c->x->n[1], Y = c->x->n[2], X = c->x->n[3], k = c->k;
    for (int i = 0; i < c->x->n[0] * c->y->n[2] * c->y->n[3]; i++) {
        int b = i / (c->y->n[2] * c->y->n[3]);
        int top = i / c->y->n[3] % c->y->n[2] * c->stride - c->pad,
            left = i % c->y->n[3] * c->stride - c->pad;
        int from = left < 0 ? -left : 0, to = left + k > X ? X - left : k;
        for (int row = 0; row < C * k; row++, patch += k) {
            int y = top + row % k;
            if (y < 0 || y >= Y) continue;
            real *at =
                image + ((size_t)(b * C + row / k) * (size_t)Y + (size_t)y) * (size_t)X;
            for (int x = from; x < to; x++)
                if (back) at[left + x] += patch[x];
                else patch[x] = at[left + x];
        }
    }
}

/* (B, F, Y'X') and (B, Y'X', F) into each other. */
static void relayout(int B, int F, int area, real *image, real *rows, bool to_rows)
{
    for (int b = 0; b < B; b++)
        for (int f = 0; f < F; f++)
            for (int i = 0; i < area; i++) {
                real *a = image + ((size_t)b * (size_t)F + (size_t)f) * (size_t)area + i;
                real *r = rows + ((size_t)b * (size_t)area + (size_t)i) * (size_t)F + f;
                if (to_rows) *r = *a;
                else *a = *r;
            }
}

static void conv_back(void *ctx)
{
    Conv *c = ctx;
    int B = c->y->n[0], F = c->y->n[1], area = c->y->n[2] * c->y->n[3], N = B * area;
    int width = c->w->n[0];
    bool set;
    real *g = tape_alloc(c->tape, (size_t)N * (size_t)F, sizeof *g);
    relayout(B, F, area, c->y->g, g, true);
    if (c->w->wants) {
        real *gw = tape_gradient(c->tape, c->w, &set);
        gemm(true, false, width, F, N, c->patches, width, g, F, gw, F,
             set ? GEMM_SET : GEMM_ADD);
    }
    if (c->b && c->b->wants) {
        real *gb = tape_gradient_zeroed(c->tape, c->b);
        for (int r = 0; r < N; r++)
            for (int f = 0; f < F; f++) gb[f] += g[(size_t)r * (size_t)F + (size_t)f];
    }
    if (!c->x->wants) return;
    real *gp = tape_alloc(c->tape, (size_t)N * (size_t)width, sizeof *gp);
    gemm(false, true, N, width, F, g, F, c->w->v, F, gp, width, GEMM_SET);
    patches(c, tape_gradient_zeroed(c->tape, c->x), gp, true);
}

Tensor *op_conv(Tape *t, Tensor *x, Tensor *w, Tensor *b, int k, int stride, int pad,
                Act f)
{
    require(x->rank == 4 && w->rank == 2 && w->n[0] == x->n[1] * k * k && stride > 0 &&
                pad >= 0,
            "a convolution whose kernels are not (%d, F)",
            x->rank == 4 ? x->n[1] * k * k : 0);
    int F = w->n[1], Y = (x->n[2] + 2 * pad - k) / stride + 1,
        X = (x->n[3] + 2 * pad - k) / stride + 1;
    require(!b || tensor_size(b) == (size_t)F, "a bias that is not (%d)", F);
    Tensor *in[] = { x, w, b };
    Conv c = { .tape = t, .x = x, .w = w, .b = b, .k = k, .stride = stride, .pad = pad };
    c.y = tape_result(t, 4, (int[]){ x->n[0], F, Y, X }, 3, in);
    int N = x->n[0] * Y * X, width = w->n[0];
    size_t size = (size_t)N * (size_t)width;
    c.patches = memset(tape_alloc(t, size, sizeof(real)), 0, size * sizeof(real));
    patches(&c, x->v, c.patches, false);
    real *rows = tape_alloc(t, (size_t)N * (size_t)F, sizeof *rows);
    gemm(false, false, N, F, width, c.patches, width, w->v, F, rows, F, GEMM_SET);
    for (int r = 0; b && r < N; r++)
        for (int i = 0; i < F; i++) rows[(size_t)r * (size_t)F + (size_t)i] += b->v[i];
    relayout(x->n[0], F, Y * X, c.y->v, rows, false);
    if (tape_records(t, c.y)) {
        Conv *copy = tape_alloc(t, 1, sizeof c);
        *copy = c;
        tape_node(t, c.y, conv_back, copy);
    }
    return f == ACT_NONE ? c.y : op_act(t, c.y, f);
}

static void pool_back(void *ctx)
{
    Conv *c = ctx;
    real *gx = tape_gradient_zeroed(c->tape, c->x);
    for (size_t i = 0, n = tensor_size(c->y); i < n; i++) gx[c->source[i]] += c->y->g[i];
}

Tensor *op_pool(Tape *t, Tensor *x, int k)
{
    require(x->rank == 4 && k > 0 && x->n[2] % k == 0 && x->n[3] % k == 0,
            "blocks of %d do not tile the image", k);
    int Y = x->n[2] / k, X = x->n[3] / k;
    Conv c = { .tape = t, .x = x };
    c.y = tape_result(t, 4, (int[]){ x->n[0], x->n[1], Y, X }, 1, &x);
    c.source = tape_alloc(t, tensor_size(c.y), sizeof *c.source);
    for (int i = 0, n = (int)tensor_size(c.y); i < n; i++) {
        int image = i / (Y * X), oy = i / X % Y, ox = i % X;
        int best = (image * x->n[2] + oy * k) * x->n[3] + ox * k;
        for (int dy = 0; dy < k; dy++)
            for (int dx = 0; dx < k; dx++) {
                int at = (image * x->n[2] + oy * k + dy) * x->n[3] + ox * k + dx;
                if (x->v[at] > x->v[best]) best = at;
            }
        c.source[i] = best;
        c.y->v[i] = x->v[best];
    }
    if (tape_records(t, c.y)) {
        Conv *copy = tape_alloc(t, 1, sizeof c);
        *copy = c;
        tape_node(t, c.y, pool_back, copy);
    }
    return c.y;
}

/* op_attention.c - all heads of an attention layer as one op.
 *
 * For each sample and head, q, k and v are copied into padded panels (rotated there, if
 * positions are rotary), and six products run on them by one kernel of four rows and two
 * vectors. A general matrix product is slow on such small panels, computes the half that
 * the causal mask throws away, and would need the scores of all heads in memory at once;
 * here a block of four rows stops at its last visible position. The pattern is kept for
 * the backward pass: recomputing it would cost an exponential an entry.
 *
 * Padding is zero everywhere, so a block that reaches over the edge adds nothing. */
#include "core/net/op.h"
#include "core/num/lanes.h"
#include "core/num/vmath.h"
#include <math.h>
#include <string.h>

enum { ROWS = 4 };

static int padded(int n, int to) { return (n + to - 1) / to * to; }

/* C (4, n) := A (4, k) B (k, n), n vectors wide. A's element (r, i) is a[r row + i step], so
 * that a transposed A costs nothing. */
static inline __attribute__((always_inline)) void product_block(int n, int k,
                                                                const real *a, int row,
                                                                int step, const real *b,
                                                                int ldb, real *c, int ldc)
{
    Vec s[ROWS][2];
    for (int r = 0; r < ROWS; r++) s[r][0] = s[r][1] = vec_spread(0);
    for (int i = 0; i < k; i++, a += step, b += ldb) {
        Vec b0 = vec_load(b), b1 = n > 1 ? vec_load(b + VEC) : b0;
        for (int r = 0; r < ROWS; r++) {
            Vec x = vec_spread(a[(size_t)r * (size_t)row]);
            s[r][0] = vec_fma(x, b0, s[r][0]);
            if (n > 1) s[r][1] = vec_fma(x, b1, s[r][1]);
        }
    }
    for (int r = 0; r < ROWS; r++)
        for (int v = 0; v < n; v++) vec_store(c + r * ldc + v * VEC, s[r][v]);
}

/* The same for any n that is a multiple of the vector's width. */
static void product4(int n, int k, const real *a, int row, int step, const real *b,
                     int ldb, real *c, int ldc)
{
    int j = 0;
    for (; j + 2 * VEC <= n; j += 2 * VEC)
        product_block(2, k, a, row, step, b + j, ldb, c + j, ldc);
    if (j < n) product_block(1, k, a, row, step, b + j, ldb, c + j, ldc);
}

/* --- panels ------------------------------------------------------------------------ */

typedef struct {
    int B, T, H, K; /* samples, positions, heads, head width */
    int Tp, Kp;     /* padded to whole blocks and vectors */
    real scale;
    bool bidirectional, given; /* given: the pattern came from outside */
    real *cosine, *sine;       /* (T, K/2) if rotary, else NULL */
} Shape;

typedef struct {
    Tape *tape;
    Tensor *q, *k, *v, *z;
    Shape s;
    real *
        pattern; /* (B, H, Tp, Tp); causal: what lies behind a row's block is undefined */
} Attention;

/* All heads' panels (H, rows, columns) of a sample, of zeros. */
static real *panels_new(Tape *t, const Shape *s, int rows, int columns)
{
    size_t n = (size_t)s->H * (size_t)rows * (size_t)columns;
    return memset(tape_alloc(t, n, sizeof(real)), 0, n * sizeof(real));
}

/* Turns the pair (i, i + K/2) of every row by its position's angle, or back. */
static void rotate(const Shape *s, real *panel, real direction)
{
    int half = s->K / 2;
    for (int t = 0; t < s->T && s->cosine; t++)
        for (int i = 0; i < half; i++) {
            real *a = panel + t * s->Kp + i, *b = a + half;
            real c = s->cosine[t * half + i], d = direction * s->sine[t * half + i];
            real x = *a, y = *b;
            *a = x * c - y * d;
            *b = x * d + y * c;
        }
}

/* n numbers are copied or added; heads are narrow, and memcpy's call costs more. */
static void move(int n, const real *from, real *to, bool add)
{
    int i = 0;
    for (; i + VEC <= n; i += VEC) {
        Vec x = vec_load(from + i);
        if (add) x += vec_load(to + i);
        vec_store(to + i, x);
    }
    for (; i < n; i++) to[i] = add ? to[i] + from[i] : from[i];
}

/* Sample b of x (B,T,H*K) to panels (H,Tp,Kp), turned if asked to; rows are read once. */
static void gather(const Shape *s, const real *x, int b, real *panel, bool turned)
{
    x += (size_t)b * (size_t)s->T * (size_t)(s->H * s->K);
    for (int t = 0; t < s->T; t++)
        for (int h = 0; h < s->H; h++, x += s->K)
            move(s->K, x, panel + (h * s->Tp + t) * s->Kp, false);
    for (int h = 0; h < s->H && turned; h++) rotate(s, panel + h * s->Tp * s->Kp, 1);
}

static void scatter(const Shape *s, const real *panel, real *x, int b, bool set)
{
    x += (size_t)b * (size_t)s->T * (size_t)(s->H * s->K);
    for (int t = 0; t < s->T; t++)
        for (int h = 0; h < s->H; h++, x += s->K)
            move(s->K, panel + (h * s->Tp + t) * s->Kp, x, !set);
}

static void transpose(const Shape *s, const real *panel, real *out)
{
    for (int t = 0; t < s->T; t++)
        for (int i = 0; i < s->K; i++) out[i * s->Tp + t] = panel[t * s->Kp + i];
}

/* How many positions the block of rows from t may see. */
static int visible(const Shape *s, int t)
{
    return s->bidirectional || t + ROWS > s->T ? s->T : t + ROWS;
}

/* out (Tp, Kp) := M x, M (Tp, Tp): each row from what it sees. */
static void spread(const Shape *s, const real *m, const real *x, real *out)
{
    for (int t = 0; t < s->T; t += ROWS)
        product4(s->Kp, visible(s, t), m + t * s->Tp, s->Tp, 1, x, s->Kp, out + t * s->Kp,
                 s->Kp);
}

/* out (Tp, Kp) := M^T x: row j from the rows that see it. */
static void collect(const Shape *s, const real *m, const real *x, real *out)
{
    for (int j = 0; j < s->T; j += ROWS) {
        int from = s->bidirectional ? 0 : j;
        product4(s->Kp, s->T - from, m + from * s->Tp + j, 1, s->Tp, x + from * s->Kp,
                 s->Kp, out + j * s->Kp, s->Kp);
    }
}

/* --- forward ----------------------------------------------------------------------- */

/* Scores to probabilities; what row t may not see, up to width, becomes zero. */
static void softmax_row(const Shape *s, int t, int width, real *p)
{
    int n = t >= s->T ? 0 : s->bidirectional ? s->T : t + 1;
    real top = vmath_max(n, p);
    for (int j = 0; j < n; j++) p[j] = (p[j] - top) * s->scale;
    vmath_exp_v(n, p, p);
    real inverse = 1 / vmath_sum(n, p);
    for (int j = 0; j < n; j++) p[j] *= inverse;
    for (int j = n; j < width; j++) p[j] = 0;
}

/* p := the pattern of one head from its panels q and k transposed. */
static void find_pattern(const Shape *s, const real *q, const real *kt, real *p)
{
    for (int t = 0; t < s->T; t += ROWS) {
        int width = padded(visible(s, t), VEC);
        real *rows = p + t * s->Tp;
        product4(width, s->K, q + t * s->Kp, s->Kp, 1, kt, s->Tp, rows, s->Tp);
        for (int r = 0; r < ROWS; r++) softmax_row(s, t + r, width, rows + r * s->Tp);
    }
}

/* Sample b; its patterns (H,Tp,Tp) are p, or one for all heads in turn. */
static void forward(const Attention *a, int b, real *p, bool all, real *work[4])
{
    const Shape *s = &a->s;
    real *q = work[0], *k = work[1], *v = work[2], *kt = work[3];
    if (!s->given) gather(s, a->q->v, b, q, true), gather(s, a->k->v, b, k, true);
    gather(s, a->v->v, b, v, false);
    for (int h = 0; h < s->H; h++) {
        int panel = h * s->Tp * s->Kp;
        if (!s->given) {
            transpose(s, k + panel, kt);
            find_pattern(s, q + panel, kt, p);
        }
        spread(s, p, v + panel, q + panel);
        if (all) p += (size_t)s->Tp * (size_t)s->Tp;
    }
    scatter(s, q, a->z->v, b, true);
}

/* --- backward ---------------------------------------------------------------------- */

/* ds := p (dp - sum p dp) scale with dp = dz v^T, for each row. */
static void scores_back(const Shape *s, const real *p, const real *dz, const real *vt,
                        real *ds)
{
    for (int t = 0; t < s->T; t += ROWS) {
        int width = padded(visible(s, t), VEC);
        product4(width, s->K, dz + t * s->Kp, s->Kp, 1, vt, s->Tp, ds + t * s->Tp, s->Tp);
        for (int r = t; r < t + ROWS; r++) {
            const real *pr = p + r * s->Tp;
            real *dr = ds + r * s->Tp, along = vmath_dot(width, pr, dr);
            for (int j = 0; j < width; j++) dr[j] = pr[j] * (dr[j] - along) * s->scale;
        }
    }
}

static void attention_back(void *ctx)
{
    Attention *a = ctx;
    const Shape *s = &a->s;
    Tensor *in[3] = { a->q, a->k, a->v };
    bool set[3] = { false };
    real *g[3] = { NULL };
    bool shared = a->q == a->k || a->k == a->v || a->q == a->v;
    for (int i = 0; i < 3; i++) {
        if (!in[i]->wants || (i < 2 && s->given)) continue;
        g[i] = shared ? tape_gradient_zeroed(a->tape, in[i])
                      : tape_gradient(a->tape, in[i], &set[i]);
    }
    real *x[5]; /* dz, q, k, v, and what goes to g */
    for (int i = 0; i < 5; i++) x[i] = panels_new(a->tape, s, s->Tp, s->Kp);
    real *ds = panels_new(a->tape, s, s->Tp, s->Tp),
         *vt = panels_new(a->tape, s, s->Kp, s->Tp), *out = x[4];
    int size = s->Tp * s->Kp;
    for (int b = 0; b < s->B; b++) {
        const real *p = a->pattern + (size_t)(b * s->H) * (size_t)s->Tp * (size_t)s->Tp;
        int square = s->Tp * s->Tp;
        gather(s, a->z->g, b, x[0], false);
        if (g[2]) {
            for (int h = 0; h < s->H; h++)
                collect(s, p + h * square, x[0] + h * size, out + h * size);
            scatter(s, out, g[2], b, set[2]);
        }
        if (!g[0] && !g[1]) continue;
        gather(s, a->v->v, b, x[3], false);
        for (int h = 0; h < s->H; h++) {
            transpose(s, x[3] + h * size, vt);
            scores_back(s, p + h * square, x[0] + h * size, vt, ds + h * square);
        }
        if (g[0]) {
            gather(s, a->k->v, b, x[2], true);
            for (int h = 0; h < s->H; h++) {
                spread(s, ds + h * square, x[2] + h * size, out + h * size);
                rotate(s, out + h * size, -1);
            }
            scatter(s, out, g[0], b, set[0]);
        }
        if (g[1]) {
            gather(s, a->q->v, b, x[1], true);
            for (int h = 0; h < s->H; h++) {
                collect(s, ds + h * square, x[1] + h * size, out + h * size);
                rotate(s, out + h * size, -1);
            }
            scatter(s, out, g[1], b, set[1]);
        }
    }
}

/* --- the op ------------------------------------------------------------------------ */

static void angles(Tape *t, Shape *s)
{
    int half = s->K / 2;
    require(s->K % 2 == 0, "rotary positions on an odd head width %d", s->K);
    s->cosine = tape_alloc(t, (size_t)(s->T * half), sizeof(real));
    s->sine = tape_alloc(t, (size_t)(s->T * half), sizeof(real));
    for (int i = 0; i < s->T * half; i++) {
        double angle = i / half * vmath_pow(10000, -2. * (i % half) / s->K);
        s->cosine[i] = (real)vmath_cos(angle), s->sine[i] = (real)vmath_sin(angle);
    }
}

/* Between the padded form and (B,H,T,T), which may be NULL on the way in: all ones. */
static void move_pattern(const Shape *s, real *pattern, real *shown, bool out)
{
    for (int r = 0; r < s->B * s->H * s->T; r++) {
        int t = r % s->T, n = s->bidirectional ? s->T : t + 1;
        real *p = pattern +
                  ((size_t)(r / s->T) * (size_t)s->Tp + (size_t)t) * (size_t)s->Tp,
             *w = shown ? shown + (size_t)r * (size_t)s->T : NULL;
        for (int j = 0; j < n; j++)
            if (out) w[j] = p[j];
            else p[j] = w ? w[j] : 1;
    }
}

Tensor *op_attention(Tape *t, Tensor *q, Tensor *k, Tensor *v, const AttnSpec *spec)
{
    require(q->rank == 3 && spec->heads > 0 && q->n[2] % spec->heads == 0,
            "attention of %d heads on width %d", spec->heads, tensor_width(q));
    for (int i = 0; i < 3; i++)
        require(k->rank == 3 && v->rank == 3 && k->n[i] == q->n[i] && v->n[i] == q->n[i],
                "queries, keys and values of different shapes");
    Shape s = { .B = q->n[0],
                .T = q->n[1],
                .H = spec->heads,
                .K = q->n[2] / spec->heads,
                .bidirectional = spec->bidirectional,
                .given = spec->with || spec->uniform };
    s.Tp = padded(padded(s.T, ROWS), VEC), s.Kp = padded(s.K, VEC);
    s.scale = (real)(spec->scale != 0 ? spec->scale : 1 / sqrt((double)s.K));
    if (spec->rotary && !s.given) angles(t, &s);

    Tensor *in[] = { q, k, v }, *z = tape_result(t, 3, q->n, 3, in);
    size_t one = (size_t)s.Tp * (size_t)s.Tp, heads = (size_t)(s.B * s.H);
    bool all = tape_records(t, z) || spec->pattern || s.given; /* else one at a time */
    Attention a = {
        t, q, k, v, z, s, tape_alloc(t, (all ? heads : 1) * one, sizeof(real))
    };
    if (s.given) {
        require(!spec->with || tensor_size(spec->with) == heads * (size_t)(s.T * s.T),
                "a given pattern of another size");
        memset(a.pattern, 0, heads * one * sizeof(real));
        move_pattern(&s, a.pattern, spec->with ? spec->with->v : NULL, false);
    }
    real *work[4] = { panels_new(t, &s, s.Tp, s.Kp), panels_new(t, &s, s.Tp, s.Kp),
                      panels_new(t, &s, s.Tp, s.Kp), panels_new(t, &s, s.Kp, s.Tp) };
    for (int b = 0; b < s.B; b++)
        forward(&a, b, a.pattern + (all ? (size_t)(b * s.H) * one : 0), all, work);
    if (spec->pattern) {
        *spec->pattern = tape_constant(t, 4, (int[]){ s.B, s.H, s.T, s.T });
        move_pattern(&s, a.pattern, (*spec->pattern)->v, true);
    }
    if (tape_records(t, z))
        tape_node(t, z, attention_back, memcpy(tape_alloc(t, 1, sizeof a), &a, sizeof a));
    return z;
}

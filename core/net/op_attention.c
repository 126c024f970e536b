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
#include "core/num/vmath.h"
#include <immintrin.h>
#include <math.h>
#include <string.h>

#ifdef REAL_IS_DOUBLE
typedef __m256d Vec;
#define LOAD(p) _mm256_loadu_pd(p)
#define STORE(p, x) _mm256_storeu_pd(p, x)
#define SPREAD(x) _mm256_set1_pd(x)
#define FMA(a, b, c) _mm256_fmadd_pd(a, b, c)
#else
typedef __m256 Vec;
#define LOAD(p) _mm256_loadu_ps(p)
#define STORE(p, x) _mm256_storeu_ps(p, x)
#define SPREAD(x) _mm256_set1_ps(x)
#define FMA(a, b, c) _mm256_fmadd_ps(a, b, c)
#endif
enum { LANES = sizeof(Vec) / sizeof(real), ROWS = 4 };

static int padded(int n, int to) { return (n + to - 1) / to * to; }

/* C (4, n) := A (4, k) B (k, n), n a multiple of the lanes. A's element (r, i) is
 * a[r * row + i * step], so that a transposed A costs nothing. */
static void product4(int n, int k, const real *a, int row, int step, const real *b,
                     int ldb, real *c, int ldc)
{
    int j = 0;
    for (; j + 2 * LANES <= n; j += 2 * LANES) {
        Vec s[ROWS][2] = { { { 0 } } };
        for (int i = 0; i < k; i++) {
            Vec b0 = LOAD(b + (size_t)i * (size_t)ldb + j);
            Vec b1 = LOAD(b + (size_t)i * (size_t)ldb + j + LANES);
            for (int r = 0; r < ROWS; r++) {
                Vec x = SPREAD(a[(size_t)r * (size_t)row + (size_t)i * (size_t)step]);
                s[r][0] = FMA(x, b0, s[r][0]);
                s[r][1] = FMA(x, b1, s[r][1]);
            }
        }
        for (int r = 0; r < ROWS; r++) {
            STORE(c + (size_t)r * (size_t)ldc + j, s[r][0]);
            STORE(c + (size_t)r * (size_t)ldc + j + LANES, s[r][1]);
        }
    }
    for (; j < n; j += LANES) {
        Vec s[ROWS] = { { 0 } };
        for (int i = 0; i < k; i++) {
            Vec b0 = LOAD(b + (size_t)i * (size_t)ldb + j);
            for (int r = 0; r < ROWS; r++)
                s[r] = FMA(SPREAD(a[(size_t)r * (size_t)row + (size_t)i * (size_t)step]),
                           b0, s[r]);
        }
        for (int r = 0; r < ROWS; r++) STORE(c + (size_t)r * (size_t)ldc + j, s[r]);
    }
}

/* --- panels ------------------------------------------------------------------------ */

typedef struct {
    int B, T, H, K; /* samples, positions, heads, head width */
    int Tp, Kp;     /* padded to whole blocks and vectors */
    double scale;
    bool bidirectional, given; /* given: the pattern came from outside */
    real *cosine, *sine;       /* (T, K/2) if rotary, else NULL */
} Shape;

typedef struct {
    Tape *tape;
    Tensor *q, *k, *v, *z;
    Shape s;
    real *pattern; /* (B, H, Tp, Tp) */
} Attention;

/* Turns the pair (i, i + K/2) of every row by its position's angle, or back. */
static void rotate(const Shape *s, real *panel, real direction)
{
    int half = s->K / 2;
    for (int t = 0; t < s->T; t++)
        for (int i = 0; i < half; i++) {
            real *a = panel + (size_t)t * (size_t)s->Kp + i, *b = a + half;
            real c = s->cosine[t * half + i], d = direction * s->sine[t * half + i];
            real x = *a, y = *b;
            *a = x * c - y * d;
            *b = x * d + y * c;
        }
}

static const real *part(const Shape *s, const real *x, int b, int h)
{
    return x + (size_t)b * (size_t)s->T * (size_t)(s->H * s->K) + (size_t)(h * s->K);
}

/* Panel (Tp, Kp) := the head's columns; the padding stays zero. */
static void gather(const Shape *s, const real *x, int b, int h, real *panel)
{
    const real *from = part(s, x, b, h);
    for (int t = 0; t < s->T; t++)
        memcpy(panel + (size_t)t * (size_t)s->Kp,
               from + (size_t)t * (size_t)(s->H * s->K), (size_t)s->K * sizeof *x);
}

static void scatter(const Shape *s, const real *panel, real *x, int b, int h, bool set)
{
    real *to = x + (part(s, x, b, h) - x);
    for (int t = 0; t < s->T; t++, to += s->H * s->K, panel += s->Kp)
        if (set) memcpy(to, panel, (size_t)s->K * sizeof *x);
        else
            for (int i = 0; i < s->K; i++) to[i] += panel[i];
}

static void transpose(const Shape *s, const real *panel, real *out)
{
    for (int t = 0; t < s->T; t++)
        for (int i = 0; i < s->K; i++)
            out[(size_t)i * (size_t)s->Tp + (size_t)t] =
                panel[(size_t)t * (size_t)s->Kp + (size_t)i];
}

static real *panel_new(Tape *t, int rows, int columns)
{
    size_t n = (size_t)rows * (size_t)columns;
    return memset(tape_alloc(t, n, sizeof(real)), 0, n * sizeof(real));
}

/* How many positions the block of rows from t may see, as a whole number of vectors. */
static int seen(const Shape *s, int t)
{
    int last = s->bidirectional || t + ROWS > s->T ? s->T : t + ROWS;
    return padded(last, LANES);
}

/* --- forward ----------------------------------------------------------------------- */

/* Scores to probabilities; what row t may not see becomes zero. */
static void softmax_row(const Shape *s, int t, int width, real *p)
{
    int n = s->bidirectional ? s->T : t + 1;
    real top = p[0];
    for (int j = 1; j < n; j++) top = p[j] > top ? p[j] : top;
    for (int j = 0; j < n; j++) p[j] = (p[j] - top) * (real)s->scale;
    vmath_exp_v(n, p, p);
    real inverse = 1 / vmath_sum(n, p);
    for (int j = 0; j < n; j++) p[j] *= inverse;
    for (int j = n; j < width; j++) p[j] = 0;
}

static void find_pattern(const Shape *s, const real *q, const real *kt, real *p)
{
    for (int t = 0; t < s->T; t += ROWS) {
        int width = seen(s, t);
        product4(width, s->K, q + (size_t)t * (size_t)s->Kp, s->Kp, 1, kt, s->Tp,
                 p + (size_t)t * (size_t)s->Tp, s->Tp);
        for (int r = t; r < t + ROWS; r++) {
            real *row = p + (size_t)r * (size_t)s->Tp;
            if (r < s->T) softmax_row(s, r, width, row);
            else memset(row, 0, (size_t)width * sizeof *row);
        }
    }
}

static void forward(const Attention *a, int b, int h, real *p, real *work[4])
{
    const Shape *s = &a->s;
    gather(s, a->v->v, b, h, work[2]);
    if (!s->given) {
        gather(s, a->q->v, b, h, work[0]);
        gather(s, a->k->v, b, h, work[1]);
        if (s->cosine) rotate(s, work[0], 1), rotate(s, work[1], 1);
        transpose(s, work[1], work[3]);
        find_pattern(s, work[0], work[3], p);
    }
    for (int t = 0; t < s->T; t += ROWS)
        product4(s->Kp, seen(s, t) < s->T ? seen(s, t) : s->T,
                 p + (size_t)t * (size_t)s->Tp, s->Tp, 1, work[2], s->Kp,
                 work[0] + (size_t)t * (size_t)s->Kp, s->Kp);
    scatter(s, work[0], a->z->v, b, h, true);
}

/* --- backward ---------------------------------------------------------------------- */

/* dS from dP in place: p (dp - sum p dp) scale. */
static void softmax_back(const Shape *s, const real *p, real *dp, int t, int width)
{
    for (int r = t; r < t + ROWS; r++, p += s->Tp, dp += s->Tp) {
        real along = vmath_dot(width, p, dp);
        for (int j = 0; j < width; j++) dp[j] = p[j] * (dp[j] - along) * (real)s->scale;
    }
}

/* out (Tp, Kp) := M^T x, M (Tp, Tp): row j collects from the rows that see it. */
static void collect(const Shape *s, const real *m, const real *x, real *out)
{
    for (int j = 0; j < s->T; j += ROWS) {
        int from = s->bidirectional ? 0 : j;
        product4(s->Kp, s->T - from, m + (size_t)from * (size_t)s->Tp + j, 1, s->Tp,
                 x + (size_t)from * (size_t)s->Kp, s->Kp, out + (size_t)j * (size_t)s->Kp,
                 s->Kp);
    }
}

static void attention_back(void *ctx)
{
    Attention *a = ctx;
    const Shape *s = &a->s;
    Tensor *in[3] = { a->q, a->k, a->v };
    bool set[3] = { false };
    real *g[3] = { NULL }, *panel[5];
    bool shared = a->q == a->k || a->k == a->v || a->q == a->v;
    for (int i = 0; i < 3; i++) {
        if (!in[i]->wants || (i < 2 && s->given)) continue;
        g[i] = shared ? tape_gradient_zeroed(a->tape, in[i])
                      : tape_gradient(a->tape, in[i], &set[i]);
    }
    for (int i = 0; i < 5; i++) panel[i] = panel_new(a->tape, s->Tp, s->Kp);
    real *dz = panel[0], *out = panel[1], *x = panel[2],
         *vt = panel_new(a->tape, s->Kp, s->Tp);
    real *ds = panel_new(a->tape, s->Tp, s->Tp);

    for (int b = 0; b < s->B; b++)
        for (int h = 0; h < s->H; h++) {
            const real *p = a->pattern + ((size_t)b * (size_t)s->H + (size_t)h) *
                                             (size_t)s->Tp * (size_t)s->Tp;
            gather(s, a->z->g, b, h, dz);
            if (g[2]) collect(s, p, dz, out), scatter(s, out, g[2], b, h, set[2]);
            if (!g[0] && !g[1]) continue;

            gather(s, a->v->v, b, h, x);
            transpose(s, x, vt);
            for (int t = 0; t < s->T; t += ROWS) {
                int width = seen(s, t);
                real *rows = ds + (size_t)t * (size_t)s->Tp;
                product4(width, s->K, dz + (size_t)t * (size_t)s->Kp, s->Kp, 1, vt, s->Tp,
                         rows, s->Tp);
                softmax_back(s, p + (size_t)t * (size_t)s->Tp, rows, t, width);
            }
            if (g[0]) {
                gather(s, a->k->v, b, h, panel[3]);
                if (s->cosine) rotate(s, panel[3], 1);
                for (int t = 0; t < s->T; t += ROWS)
                    product4(s->Kp, seen(s, t) < s->T ? seen(s, t) : s->T,
                             ds + (size_t)t * (size_t)s->Tp, s->Tp, 1, panel[3], s->Kp,
                             out + (size_t)t * (size_t)s->Kp, s->Kp);
                if (s->cosine) rotate(s, out, -1);
                scatter(s, out, g[0], b, h, set[0]);
            }
            if (g[1]) {
                gather(s, a->q->v, b, h, panel[4]);
                if (s->cosine) rotate(s, panel[4], 1);
                collect(s, ds, panel[4], out);
                if (s->cosine) rotate(s, out, -1);
                scatter(s, out, g[1], b, h, set[1]);
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
    for (int i = 0; i < half; i++) {
        double frequency = vmath_pow(10000, -2. * i / s->K);
        for (int p = 0; p < s->T; p++) {
            s->cosine[p * half + i] = (real)vmath_cos(p * frequency);
            s->sine[p * half + i] = (real)vmath_sin(p * frequency);
        }
    }
}

/* A pattern from outside, or all ones, into the padded form. */
static void give_pattern(const Shape *s, const Tensor *with, real *pattern)
{
    for (int i = 0; i < s->B * s->H; i++)
        for (int t = 0; t < s->T; t++)
            for (int j = 0, n = s->bidirectional ? s->T : t + 1; j < n; j++)
                pattern[((size_t)i * (size_t)s->Tp + (size_t)t) * (size_t)s->Tp +
                        (size_t)j] =
                    with ? with->v[((size_t)i * (size_t)s->T + (size_t)t) * (size_t)s->T +
                                   (size_t)j]
                         : 1;
}

static Tensor *show_pattern(Tape *t, const Shape *s, const real *pattern)
{
    Tensor *out = tape_constant(t, 4, (int[]){ s->B, s->H, s->T, s->T });
    for (int i = 0; i < s->B * s->H; i++)
        for (int r = 0; r < s->T; r++)
            memcpy(out->v + ((size_t)i * (size_t)s->T + (size_t)r) * (size_t)s->T,
                   pattern + ((size_t)i * (size_t)s->Tp + (size_t)r) * (size_t)s->Tp,
                   (size_t)s->T * sizeof(real));
    return out;
}

Tensor *op_attention(Tape *t, Tensor *q, Tensor *k, Tensor *v, const AttnSpec *spec)
{
    require(q->rank == 3 && spec->heads > 0 && q->n[2] % spec->heads == 0,
            "attention of %d heads on width %d", spec->heads, tensor_width(q));
    for (int i = 0; i < 3; i++)
        require(k->rank == 3 && v->rank == 3 && k->n[i] == q->n[i] && v->n[i] == q->n[i],
                "queries, keys and values of different shapes");
    Shape s = {
        .B = q->n[0], .T = q->n[1], .H = spec->heads, .K = q->n[2] / spec->heads
    };
    s.Tp = padded(padded(s.T, ROWS), 2 * LANES), s.Kp = padded(s.K, LANES);
    s.scale = spec->scale != 0 ? spec->scale : 1 / sqrt((double)s.K);
    s.bidirectional = spec->bidirectional;
    s.given = spec->with || spec->uniform;
    if (spec->rotary && !s.given) angles(t, &s);

    Tensor *in[] = { q, k, v }, *z = tape_result(t, 3, q->n, 3, in);
    bool keep = tape_records(t, z) || spec->pattern;
    size_t one = (size_t)s.Tp * (size_t)s.Tp, heads = (size_t)(s.B * s.H);
    real *pattern = panel_new(t, (int)(keep || s.given ? heads : 1) * s.Tp, s.Tp);
    if (spec->with)
        require(tensor_size(spec->with) == heads * (size_t)s.T * (size_t)s.T,
                "a given pattern of another size");
    if (s.given) give_pattern(&s, spec->with, pattern);

    Attention a = { t, q, k, v, z, s, pattern };
    real *work[4] = { panel_new(t, s.Tp, s.Kp), panel_new(t, s.Tp, s.Kp),
                      panel_new(t, s.Tp, s.Kp), panel_new(t, s.Kp, s.Tp) };
    for (int b = 0; b < s.B; b++)
        for (int h = 0; h < s.H; h++) {
            size_t i = (size_t)b * (size_t)s.H + (size_t)h;
            forward(&a, b, h, pattern + (keep || s.given ? i * one : 0), work);
        }
    if (spec->pattern) *spec->pattern = show_pattern(t, &s, pattern);
    if (tape_records(t, z)) {
        Attention *copy = tape_alloc(t, 1, sizeof a);
        *copy = a;
        tape_node(t, z, attention_back, copy);
    }
    return z;
}

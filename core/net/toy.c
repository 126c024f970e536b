/* toy.c - one network in each lane of a vector.
 *
 * Such a network is far smaller than a processor's registers: on a tape, a step of one would
 * be nearly all overhead. So models share nothing but the stream of random numbers and train
 * in the lanes of vectors, each with its own p, importances and start; that the inputs are
 * sparse saves no work, since lanes are sparse in different places. The gradient is by hand.
 * With g_i = 2 I_i (y_i - x_i) / n where the ReLU is open, W_ki gets
 * g_i h_k + x_i sum_j W_kj g_j: once as a decoder, once as an encoder. A tile of samples
 * shares each load of a weight. Tests hold all of it against the tape. */
#include "core/net/toy.h"
#include "core/num/vmath.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef real Lanes __attribute__((vector_size(32)));
typedef __typeof__((Lanes){ 0 } < (Lanes){ 0 }) Mask;
enum { LANES = 32 / sizeof(real), TILE = 4 };
enum { P, PER_P, LINEAR, IMPORTANCE }; /* the columns of `kind` */

struct Toys {
    int n, m, models, blocks; /* blocks of LANES models, the last one filled up */
    Lanes *kind;              /* (blocks,IMPORTANCE+n): p, 1/p, 1 or 0, I_i / n */
    Lanes *scratch;           /* x, g (n,TILE), h (m,TILE) */
    real *u;                  /* (TOY_BATCH,n) */
    Params params;
    Tensor *W, *b; /* (blocks,m,n,LANES), (blocks,n,LANES) */
};

Toys *toy_new(int n, int m, int models, const ToyKind *kind, Rng init)
{
    require(n > 0 && m > 0 && models > 0, "%d models of %d in %d", models, n, m);
    int lanes = LANES, each = IMPORTANCE + n;
    Toys *t = alloc(1, sizeof *t);
    t->n = n, t->m = m, t->models = models, t->blocks = (models + lanes - 1) / lanes;
    t->kind = alloc((size_t)t->blocks * (size_t)each, sizeof *t->kind);
    t->scratch = alloc((size_t)TILE * (size_t)(2 * n + m), sizeof *t->scratch);
    t->u = alloc((size_t)TOY_BATCH * (size_t)n, sizeof *t->u);
    for (int l = 0; l < t->blocks * lanes; l++) {
        const ToyKind *own = &kind[l < models ? l : 0];
        require(own->p > 0 && own->p <= 1, "a probability of %g", own->p);
        Lanes *to = t->kind + l / lanes * each;
        double importance = 1.0 / n;
        to[P][l % lanes] = (real)own->p, to[PER_P][l % lanes] = (real)(1 / own->p);
        to[LINEAR][l % lanes] = own->linear;
        for (int i = 0; i < n; i++, importance *= own->ratio)
            to[IMPORTANCE + i][l % lanes] = (real)importance;
    }
    t->W = params_add(&t->params, "W", true, 4, (int[]){ t->blocks, m, n, lanes });
    t->b = params_add(&t->params, "b", false, 3, (int[]){ t->blocks, n, lanes });
    params_normal(t->W, init, sqrt(2.0 / (n + m)));
    return t;
}

void toy_free(Toys *t)
{
    if (!t) return;
    free(t->kind), free(t->scratch), free(t->u), params_free(&t->params);
    free(t);
}

Params *toy_params(Toys *t) { return &t->params; }

static Lanes if_so(Mask so, Lanes x) { return (Lanes)((Mask)x & so); }

/* sum[s] += sum_i w[i step] x[i][s] */
static void weigh(int n, const Lanes *w, int step, const Lanes *x, Lanes sum[TILE])
{
    for (int i = 0; i < n; i++)
        for (int s = 0; s < TILE; s++) sum[s] += w[i * step] * x[i * TILE + s];
}

/* Adds a tile's gradients, and returns its losses. */
static Lanes add_tile(const Toys *t, int block, const real *u)
{
    int n = t->n, m = t->m;
    size_t at_w = (size_t)block * (size_t)(m * n), at_b = (size_t)block * (size_t)n;
    const Lanes *W = (const Lanes *)t->W->v + at_w, *b = (const Lanes *)t->b->v + at_b,
                *kind = t->kind + block * (IMPORTANCE + n), zero = { 0 };
    Lanes *dW = (Lanes *)t->W->g + at_w, *db = (Lanes *)t->b->g + at_b;
    Lanes *x = t->scratch, *g = x + n * TILE, *h = g + n * TILE, loss = zero;
    for (int s = 0; s < TILE; s++)
        for (int i = 0; i < n; i++) {
            Lanes draw = zero + u[s * n + i];
            x[i * TILE + s] = if_so(draw < kind[P], draw * kind[PER_P]);
        }
    for (int k = 0; k < m; k++) {
        Lanes sum[TILE] = { zero };
        weigh(n, W + k * n, 1, x, sum);
        memcpy(h + k * TILE, sum, sizeof sum);
    }
    for (int i = 0; i < n; i++) {
        Lanes y[TILE] = { b[i], b[i], b[i], b[i] };
        weigh(m, W + i, n, h, y);
        for (int s = 0; s < TILE; s++) {
            Mask open = (y[s] > zero) | (kind[LINEAR] > zero);
            Lanes error = if_so(open, y[s]) - x[i * TILE + s],
                  share = kind[IMPORTANCE + i] * error * (real)(1.0 / TOY_BATCH);
            loss += share * error;
            db[i] += g[i * TILE + s] = if_so(open, share + share);
        }
    }
    for (int k = 0; k < m; k++) {
        Lanes back[TILE] = { zero };
        weigh(n, W + k * n, 1, g, back);
        for (int i = 0; i < n; i++)
            for (int s = 0; s < TILE; s++)
                dW[k * n + i] +=
                    g[i * TILE + s] * h[k * TILE + s] + back[s] * x[i * TILE + s];
    }
    return loss;
}

void toy_gradients(Toys *t, Rng batch, double *loss)
{
    for (int i = 0; i < TOY_BATCH * t->n; i += 2) { /* a draw gives two */
        double u[2];
        rng_uniform_pair(batch, (uint64_t)i, u);
        t->u[i] = (real)u[0], t->u[i + 1] = (real)u[1];
    }
    memset(t->W->g, 0, tensor_size(t->W) * sizeof(real));
    memset(t->b->g, 0, tensor_size(t->b) * sizeof(real));
    t->W->got = t->b->got = true;
    for (int block = 0; block < t->blocks; block++) {
        Lanes sum = { 0 };
        for (int from = 0; from < TOY_BATCH; from += TILE)
            sum += add_tile(t, block, t->u + from * t->n);
        for (int i = 0; loss && i < (int)LANES; i++)
            if (block * (int)LANES + i < t->models)
                loss[block * (int)LANES + i] += (double)sum[i];
    }
}

void toy_columns(const Toys *t, int l, double *w)
{
    require(l >= 0 && l < t->models, "model %d of %d", l, t->models);
    int lanes = LANES, block = l / lanes;
    for (int k = 0; k < t->m; k++)
        for (int i = 0; i < t->n; i++)
            w[i * t->m + k] =
                (double)t->W->v[((block * t->m + k) * t->n + i) * lanes + l % lanes];
}

int toy_geometry(int n, int m, const double *w, double *length2, double *dimensionality)
{
    int kept = 0;
    for (int i = 0; i < n; i++) {
        double shared = 0, own = vmath_dot_f64(m, w + i * m, w + i * m);
        for (int j = 0; j < n; j++) {
            double dot = vmath_dot_f64(m, w + i * m, w + j * m);
            shared += dot * dot;
        }
        length2[i] = own;
        dimensionality[i] = shared > 0 ? own * own / shared : 0;
        kept += own > 0.25;
    }
    return kept;
}

/* anticlockwise from (1, 0), 0 .. 360 */
static double degrees(double x, double y)
{
    double angle = vmath_acos(x / sqrt(x * x + y * y)) * 57.29577951308232;
    return y < 0 ? 360 - angle : angle;
}

double toy_polygon_error(int n, const double *w)
{
    double most = 0;
    for (int i = 0; i < n; i++) {
        double next = 360, x = w[2 * i], y = w[2 * i + 1];
        for (int j = 0; j < n; j++) {
            double to_x = w[2 * j], to_y = w[2 * j + 1];
            double turn = degrees(x * to_x + y * to_y, x * to_y - y * to_x);
            if (j != i && turn < next) next = turn;
        }
        double off = fabs(next - 360.0 / n);
        if (off > most) most = off;
    }
    return most;
}

/* sgns.c - skip-gram with negative sampling, and GloVe.
 *
 * The public tools run threads that write each other's vectors unlocked, so no two runs
 * agree. Here one thread takes the pairs in a fixed order and every draw is a function
 * of the pair's number: the same seed gives the same vectors. What that costs in threads
 * is partly won back by doing a pair's six products first, its six sigmoids next and its
 * six updates last, which lets the cache misses of the six context rows overlap. A row
 * drawn twice for one pair is updated twice from the same product, a difference of second
 * order in the rate.
 *
 * Alias contexts come from an alias table: one random number, one comparison.
 * Cost: about 15 ns per product-and-update at K = 100; 10 million tokens, window 5, 5
 * negatives: some 15 s an epoch after subsampling. */
#include "core/text/sgns.h"
#include "core/num/alias.h"
#include "core/num/vmath.h"
#include <stdlib.h>
#include <string.h>
#include <tgmath.h> /* sqrt of a real is a real */

/* --- embeddings --------------------------------------------------------------------- */

static void draw_uniform(Rng r, int K, size_t n, real *v)
{
    for (size_t i = 0; i < n; i++) v[i] = (real)((rng_uniform(r, i) - 0.5) / K);
}

Embedding *embedding_new(int words, int contexts, int K, Rng init)
{
    require(words > 0 && contexts > 0 && K > 0, "%d words, %d contexts, %d dimensions",
            words, contexts, K);
    Embedding *e = alloc(1, sizeof *e);
    *e = (Embedding){ words, contexts, K, alloc((size_t)words * (size_t)K, sizeof(real)),
                      alloc((size_t)contexts * (size_t)K, sizeof(real)) };
    draw_uniform(rng_named(init, "word"), K, (size_t)words * (size_t)K, e->word);
    draw_uniform(rng_named(init, "context"), K, (size_t)contexts * (size_t)K, e->context);
    return e;
}

void embedding_free(Embedding *e)
{
    if (!e) return;
    free(e->word), free(e->context), free(e);
}

/* --- skip-gram ---------------------------------------------------------------------- */

static Alias noise_of(int n, const int *id, size_t ids, double power)
{
    double *weight = alloc((size_t)n, sizeof *weight);
    for (size_t i = 0; i < ids; i++) weight[id[i]]++;
    for (int i = 0; i < n; i++) weight[i] = vmath_pow(weight[i], power);
    Alias a = alias_new(n, weight);
    free(weight);
    return a;
}

enum { MOST_NEGATIVES = 31 };

typedef struct {
    Embedding *e;
    Alias noise;
    int negatives;
    Rng draws;
    real *step; /* (K), of the word's vector */
} Trainer;

static Trainer trainer_new(Embedding *e, SgnsSpec spec, const int *context, size_t n,
                           Rng r)
{
    require(spec.negatives > 0 && spec.negatives <= MOST_NEGATIVES,
            "%d negatives, expected 1 .. %d", spec.negatives, MOST_NEGATIVES);
    return (Trainer){ e, noise_of(e->contexts, context, n, spec.noise_power),
                      spec.negatives, rng_named(r, "noise"),
                      alloc((size_t)e->K, sizeof(real)) };
}

static void trainer_end(Trainer *t)
{
    alias_free(t->noise);
    free(t->step);
}

/* One gradient step of log s(w.c) + sum over the noise log s(-w.n); `draw` numbers the
 * pair. */
static void train_pair(Trainer *t, int word, int context, real rate, uint64_t draw)
{
    int K = t->e->K, n = t->negatives + 1;
    real *w = t->e->word + (size_t)word * (size_t)K, *row[MOST_NEGATIVES + 1],
         product[MOST_NEGATIVES + 1] = { 0 };
    for (int i = 0; i < n; i++) {
        uint64_t at = draw * (uint64_t)t->negatives + (uint64_t)(i - 1);
        int c = i ? alias_draw(&t->noise, rng_u64(t->draws, at)) : context;
        row[i] = t->e->context + (size_t)c * (size_t)K;
        __builtin_prefetch(row[i]);
    }
    for (int i = 0; i < n; i++) product[i] = -vmath_dot(K, w, row[i]);
    vmath_exp_v(n, product, product);

    memset(t->step, 0, (size_t)K * sizeof *t->step);
    for (int i = 0; i < n; i++) {
        real miss = rate * ((i == 0) - 1 / (1 + product[i]));
        vmath_axpy(K, miss, row[i], t->step);
        vmath_axpy(K, miss, w, row[i]);
    }
    vmath_axpy(K, 1, t->step, w);
}

void sgns_pairs(Embedding *e, SgnsSpec spec, size_t n, const int *word,
                const int *context, Rng r)
{
    Trainer t = trainer_new(e, spec, context, n, r);
    double steps = (double)n * spec.epochs;
    uint64_t draw = 0;
    for (int epoch = 0; epoch < spec.epochs; epoch++)
        for (size_t i = 0; i < n; i++, draw++)
            train_pair(&t, word[i], context[i],
                       (real)(spec.rate * (1 - (double)draw / steps)), draw);
    trainer_end(&t);
}

real *sgns_text(int V, int K, SgnsSpec spec, size_t n, const int *token, Rng r)
{
    require(spec.window > 0, "window %d", spec.window);
    Embedding *e = embedding_new(V, V, K, rng_named(r, "init"));
    Trainer t = trainer_new(e, spec, token, n, r);
    Rng reach = rng_named(r, "reach");
    double steps = (double)n * spec.epochs;
    uint64_t draw = 0;
    for (int epoch = 0; epoch < spec.epochs; epoch++)
        for (size_t at = 0; at < n; at++) {
            uint64_t step = (uint64_t)epoch * n + at;
            real rate = (real)(spec.rate * (1 - (double)step / steps));
            size_t far = (size_t)rng_below(reach, step, spec.window) + 1;
            size_t from = at > far ? at - far : 0, to = n - at > far ? at + far : n - 1;
            for (size_t c = from; c <= to; c++)
                if (c != at) train_pair(&t, token[at], token[c], rate, draw++);
        }
    trainer_end(&t);
    real *word = e->word;
    e->word = NULL;
    embedding_free(e);
    return word;
}

/* --- GloVe -------------------------------------------------------------------------- */

typedef struct {
    int row, column;
    real count;
} Entry;

/* The entries of a matrix in random order; *n of them, caller frees. */
static Entry *shuffled_entries(const Sparse *a, Rng r, size_t *n)
{
    *n = a->first[a->rows];
    require(*n <= INT32_MAX, "%zu entries", *n);
    int *order = alloc(*n, sizeof *order);
    rng_permutation(r, order, (int)*n);
    Entry *entry = alloc(*n, sizeof *entry);
    for (int i = 0; i < a->rows; i++)
        for (size_t e = a->first[i]; e < a->first[i + 1]; e++)
            entry[order[e]] = (Entry){ i, a->column[e], a->value[e] };
    free(order);
    return entry;
}

/* What one side (words or contexts) learns: a vector and a bias for each, kept as K + 1
 * numbers, and AdaGrad's sums of squared slopes beside them. */
typedef struct {
    real *v, *sum; /* (n,K + 1) */
} GloveSide;

static GloveSide glove_side(int n, int K, Rng init)
{
    size_t size = (size_t)n * (size_t)(K + 1);
    GloveSide s = { alloc(size, sizeof(real)), alloc(size, sizeof(real)) };
    draw_uniform(init, K + 1, size, s.v);
    for (size_t i = 0; i < size; i++) s.sum[i] = 1;
    return s;
}

/* Both vectors move at once, each along the other; the biases see a constant 1. */
static void glove_step(int K, real slope, real *v, real *v_sum, real *u, real *u_sum)
{
    enum { RATE_INVERSE = 20 };
#pragma omp simd
    for (int k = 0; k < K; k++) {
        real dv = slope * u[k], du = slope * v[k];
        v[k] -= dv / (RATE_INVERSE * sqrt(v_sum[k]));
        u[k] -= du / (RATE_INVERSE * sqrt(u_sum[k]));
        v_sum[k] += dv * dv;
        u_sum[k] += du * du;
    }
    v[K] -= slope / (RATE_INVERSE * sqrt(v_sum[K]));
    u[K] -= slope / (RATE_INVERSE * sqrt(u_sum[K]));
    v_sum[K] += slope * slope;
    u_sum[K] += slope * slope;
}

real *glove_vectors(const Sparse *counts, int K, int epochs, Rng r)
{
    int V = counts->rows;
    require(V == counts->columns, "counts (%d,%d)", counts->rows, counts->columns);
    size_t n, width = (size_t)K + 1;
    Entry *entry = shuffled_entries(counts, rng_named(r, "order"), &n);
    GloveSide w = glove_side(V, K, rng_named(r, "word")),
              c = glove_side(V, K, rng_named(r, "context"));
    for (int epoch = 0; epoch < epochs; epoch++)
        for (size_t i = 0; i < n; i++) {
            size_t row = (size_t)entry[i].row * width,
                   column = (size_t)entry[i].column * width;
            double x = (double)entry[i].count,
                   weight = x < 100 ? vmath_pow(x / 100, 0.75) : 1,
                   miss = (double)vmath_dot(K, w.v + row, c.v + column) +
                          (double)w.v[row + (size_t)K] + (double)c.v[column + (size_t)K] -
                          vmath_log(x);
            glove_step(K, (real)(weight * miss), w.v + row, w.sum + row, c.v + column,
                       c.sum + column);
        }
    real *word = alloc((size_t)V * (size_t)K, sizeof *word);
    for (size_t i = 0; i < (size_t)V; i++)
        for (size_t k = 0; k < (size_t)K; k++)
            word[i * (size_t)K + k] = w.v[i * width + k] + c.v[i * width + k];
    free(entry), free(w.v), free(w.sum), free(c.v), free(c.sum);
    return word;
}

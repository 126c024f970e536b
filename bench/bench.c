/* bench.c - what a core gives, and how much of it we take.
 *
 * A machine that is shared drifts by a factor within minutes, so a bare time says little.
 * Every case runs once in each of ROUNDS rounds, next to what it is compared with, and
 * what is printed is the median and the range of the ratios of the same round. The
 * ceiling of products is a loop of independent fused steps that never leaves the
 * registers. Time is the core's own (CPU time of this thread). Nothing here passes or
 * fails. */
#include "core/base/rng.h"
#include "core/net/op.h"
#include "core/net/optim.h"
#include "core/num/gemm.h"
#include "core/num/vmath.h"
#include <immintrin.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 9, N = 4096, ROWS = 32, WIDTH = 256 };
static const double LEAST_SECONDS = 0.02;

typedef struct {
    int m, n, k;
    real *a, *b, *c;
    real *x, *y; /* (N) */
    double sink; /* what is computed is used */
    Tape *tape;
    Params params; /* (ROWS, WIDTH) and twice (WIDTH) */
    Optim *optim;
} Work;

typedef void Run(Work *);
typedef struct {
    const char *name;
    Run *run;
    double units; /* of work in one call: floating point operations, elements, draws */
    int against;  /* the case that it is compared with; -1: none */
    int m, n, k;
} Case;

/* --- the cases --- */

#ifdef REAL_IS_DOUBLE
typedef __m256d Lane;
static inline Lane step(Lane a, Lane b, Lane c) { return _mm256_fmadd_pd(a, b, c); }
static inline Lane all(double x) { return _mm256_set1_pd(x); }
#else
typedef __m256 Lane;
static inline Lane step(Lane a, Lane b, Lane c) { return _mm256_fmadd_ps(a, b, c); }
static inline Lane all(float x) { return _mm256_set1_ps(x); }
#endif

/* Twelve chains hide a latency of six steps on two ports. */
enum { CHAINS = 12, STEPS = 4096 };
#define PEAK_UNITS (2.0 * CHAINS * STEPS * (sizeof(Lane) / sizeof(real)))

static void peak(Work *w)
{
    Lane acc[CHAINS], a = all((real)0.999), b = all((real)(1e-3 + 1e-9 * w->sink));
    for (int i = 0; i < CHAINS; i++) acc[i] = all((real)i);
    for (int s = 0; s < STEPS; s++)
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS; i++) acc[i] = step(acc[i], a, b);
    for (int i = 0; i < CHAINS; i++) w->sink += acc[i][0];
    w->sink = fmod(w->sink, 1);
}

static void product(Work *w)
{
    gemm(false, false, w->m, w->n, w->k, w->a, w->k, w->b, w->n, w->c, w->n, GEMM_SET);
}

static void product_a_transposed(Work *w)
{
    gemm(true, false, w->m, w->n, w->k, w->a, w->m, w->b, w->n, w->c, w->n, GEMM_SET);
}

static void our_exp(Work *w) { vmath_exp_v(N, w->x, w->y); }
static void our_log(Work *w) { vmath_log_v(N, w->x, w->y); }
static void our_tanh(Work *w) { vmath_tanh_v(N, w->x, w->y); }

#ifdef REAL_IS_DOUBLE
#define LIBM(name) name
#else
#define LIBM(name) name##f
#endif

static void libm_exp(Work *w)
{
    for (int i = 0; i < N; i++) w->y[i] = LIBM(exp)(w->x[i]);
}

static void libm_log(Work *w)
{
    for (int i = 0; i < N; i++) w->y[i] = LIBM(log)(w->x[i]);
}

static void libm_tanh(Work *w)
{
    for (int i = 0; i < N; i++) w->y[i] = LIBM(tanh)(w->x[i]);
}

static void our_scalar_exp(Work *w)
{
    for (int i = 0; i < N; i++) w->sink += vmath_exp(w->x[i]);
}

static void libm_scalar_exp(Work *w)
{
    for (int i = 0; i < N; i++) w->sink += exp((double)w->x[i]);
}

static void our_scalar_log(Work *w)
{
    for (int i = 0; i < N; i++) w->sink += vmath_log(w->x[i]);
}

static void libm_scalar_log(Work *w)
{
    for (int i = 0; i < N; i++) w->sink += log((double)w->x[i]);
}

static void our_scalar_pow(Work *w)
{
    for (int i = 0; i < N; i++) w->sink += vmath_pow(w->x[i], 0.75);
}

static void libm_scalar_pow(Work *w)
{
    for (int i = 0; i < N; i++) w->sink += pow((double)w->x[i], 0.75);
}

static void our_dot(Work *w) { w->sink += (double)vmath_dot(N, w->x, w->y); }

static void plain_dot(Work *w)
{
    real s = 0;
    for (int i = 0; i < N; i++) s += w->x[i] * w->y[i];
    w->sink += (double)s;
}

static void draws(Work *w)
{
    Rng r = rng_seed(1);
    uint64_t s = 0;
    for (uint64_t i = 0; i < N; i++) s ^= rng_u64(r, i);
    w->sink += (double)(s & 1);
}

static void normals(Work *w) { rng_normals(rng_seed(1), w->y, N); }

/* Ops with their gradients, from one upstream gradient of ones. */
static Tensor *weight(Work *w, int i) { return &w->params.p[i]->t; }

static void back(Work *w, Tensor *y)
{
    tape_backward(w->tape, op_total(w->tape, y));
    params_clear_gradients(&w->params);
    tape_reset(w->tape);
}

static void gelu_both(Work *w) { back(w, op_act(w->tape, weight(w, 0), ACT_GELU)); }

static void layernorm_both(Work *w)
{
    back(w, op_layernorm(w->tape, weight(w, 0), weight(w, 1), weight(w, 2), 1e-5));
}

static void xent_both(Work *w)
{
    static const int target[ROWS] = { 0 };
    back(w, op_xent(w->tape, weight(w, 0), target));
}

static void nothing_both(Work *w) { back(w, op_scale(w->tape, weight(w, 0), 1)); }

static void adam(Work *w)
{
    for (int i = 0; i < 3; i++) weight(w, i)->got = true;
    optim_step(w->optim);
}

/* --- measuring --- */

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Units per second, over enough calls to fill LEAST_SECONDS. */
static double rate(const Case *c, Work *w)
{
    w->m = c->m, w->n = c->n, w->k = c->k;
    c->run(w);
    for (long calls = 1;; calls *= 2) {
        double start = seconds();
        for (long i = 0; i < calls; i++) c->run(w);
        double spent = seconds() - start;
        if (spent >= LEAST_SECONDS) return (double)calls * c->units / spent;
    }
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

typedef struct {
    double median, lo, hi;
} Spread;

static Spread spread(const double *x)
{
    double sorted[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) sorted[i] = x[i];
    qsort(sorted, ROUNDS, sizeof *sorted, ascending);
    return (Spread){ sorted[ROUNDS / 2], sorted[0], sorted[ROUNDS - 1] };
}

/* GFLOP/s for operations, otherwise nanoseconds a unit. */
static double shown(const Case *c, double per_second)
{
    return c->k || c->run == peak ? per_second / 1e9 : 1e9 / per_second;
}

static void print_case(const Case *cases, int i, double (*rates)[ROUNDS])
{
    const Case *c = &cases[i];
    double x[ROUNDS];
    for (int r = 0; r < ROUNDS; r++) x[r] = shown(c, rates[i][r]);
    Spread s = spread(x);
    printf("%-34s %8.3g %-9s (%.3g to %.3g)", c->name, s.median,
           c->k || c->run == peak ? "GFLOP/s" : "ns", s.lo, s.hi);
    if (c->against >= 0) {
        for (int r = 0; r < ROUNDS; r++) x[r] = rates[i][r] / rates[c->against][r];
        s = spread(x);
        printf("  %5.2f times %s (%.2f to %.2f)", s.median, cases[c->against].name, s.lo,
               s.hi);
    }
    putchar('\n');
}

#define PRODUCT(name, run, m, n, k)                  \
    {                                                \
        name, run, 2.0 * (m) * (n) * (k), 0, m, n, k \
    }

int main(void)
{
    static const Case cases[] = {
        { "the fma ceiling", peak, PEAK_UNITS, -1, 0, 0, 0 },
        PRODUCT("gemm 1024 x 1024 x 1024", product, 1024, 1024, 1024),
        PRODUCT("gemm 2048 x 1024 x 256", product, 2048, 1024, 256),
        PRODUCT("gemm 2048 x 256 x 256", product, 2048, 256, 256),
        PRODUCT("gemm 256 x 256 x 2048, A^T", product_a_transposed, 256, 256, 2048),
        PRODUCT("gemm 4096 x 128 x 128", product, 4096, 128, 128),
        PRODUCT("gemm 4096 x 64 x 64", product, 4096, 64, 64),
        PRODUCT("gemm 64 x 64 x 16", product, 64, 64, 16),
        { "libm exp, row", libm_exp, N, -1, 0, 0, 0 },
        { "vmath_exp_v", our_exp, N, 8, 0, 0, 0 },
        { "libm log, row", libm_log, N, -1, 0, 0, 0 },
        { "vmath_log_v", our_log, N, 10, 0, 0, 0 },
        { "libm tanh, row", libm_tanh, N, -1, 0, 0, 0 },
        { "vmath_tanh_v", our_tanh, N, 12, 0, 0, 0 },
        { "libm exp", libm_scalar_exp, N, -1, 0, 0, 0 },
        { "vmath_exp", our_scalar_exp, N, 14, 0, 0, 0 },
        { "libm log", libm_scalar_log, N, -1, 0, 0, 0 },
        { "vmath_log", our_scalar_log, N, 16, 0, 0, 0 },
        { "libm pow", libm_scalar_pow, N, -1, 0, 0, 0 },
        { "vmath_pow", our_scalar_pow, N, 18, 0, 0, 0 },
        { "plain sum of products", plain_dot, N, -1, 0, 0, 0 },
        { "vmath_dot", our_dot, N, 20, 0, 0, 0 },
        { "rng_u64", draws, N, -1, 0, 0, 0 },
        { "rng_normals", normals, N, 22, 0, 0, 0 },
        { "copy and sum, with gradient", nothing_both, ROWS * WIDTH, -1, 0, 0, 0 },
        { "GELU, the same", gelu_both, ROWS * WIDTH, 24, 0, 0, 0 },
        { "layer norm, the same", layernorm_both, ROWS * WIDTH, 24, 0, 0, 0 },
        { "softmax and xent, the same", xent_both, ROWS * WIDTH, 24, 0, 0, 0 },
        { "AdamW", adam, ROWS * WIDTH, -1, 0, 0, 0 },
    };
    enum { CELLS = 2048 * 1024 };
    Work w = { .a = alloc(CELLS, sizeof(real)),
               .b = alloc(CELLS, sizeof(real)),
               .c = alloc(CELLS, sizeof(real)),
               .x = alloc(N, sizeof(real)),
               .y = alloc(N, sizeof(real)),
               .tape = tape_new() };
    params_add(&w.params, "x", true, 2, (int[]){ ROWS, WIDTH });
    params_add(&w.params, "gain", true, 1, (int[]){ WIDTH });
    params_add(&w.params, "bias", true, 1, (int[]){ WIDTH });
    params_normal(weight(&w, 0), rng_seed(2), 1);
    w.optim = optim_new((OptimSpec){ .lr = 1e-4, .weight_decay = 0.01 }, &w.params);
    for (int i = 0; i < CELLS; i++) w.a[i] = w.b[i] = (real)(i % 251) / 251;
    for (int i = 0; i < N; i++)
        w.x[i] = (real)(4 * rng_uniform(rng_seed(1), (uint64_t)i));

    double(*rates)[ROUNDS] = alloc(COUNT(cases), sizeof *rates);
    for (int r = 0; r < ROUNDS; r++)
        for (int i = 0; i < COUNT(cases); i++) rates[i][r] = rate(&cases[i], &w);

    printf("One core, BLIS %s with the kernels of %s, real is %s; median and range of %d "
           "interleaved rounds.\nRates are compared: 2 times X is twice as fast as X.\n",
           gemm_version(), gemm_kernel(),
           sizeof(real) == sizeof(float) ? "float" : "double", ROUNDS);
    for (int i = 0; i < COUNT(cases); i++) print_case(cases, i, rates);
    free(w.a), free(w.b), free(w.c), free(w.x), free(w.y), free(rates);
    tape_free(w.tape), optim_free(w.optim), params_free(&w.params);
    return 0;
}

/* vmath.c - elementary functions by our own polynomials.
 *
 * Idea: a C library may better its exp() in any release, and each such step would move
 * the bits of every result that went through it. So a function here is a short chain
 * of IEEE operations (plus fma), each of which has one right answer on every machine.
 * The pattern is always the same: reduce the argument to a small interval, evaluate a
 * minimax polynomial there, put the pieces back together. The polynomials were fitted
 * by the Remez exchange in 60 digits; the error that is quoted beside each is relative
 * to the function.
 *
 * The scalars carry the leading terms as a Twin, an unevaluated sum of two doubles
 * [dekker1971floating], so that only the last addition rounds; pow() needs it in any case,
 * because an error of its logarithm is multiplied by up to 745. The lanes are float,
 * branch-free and pass NaN through every comparison, so that compilers turn the loops
 * into vectors of any width without changing a bit: about 0.4 ns an element.
 *
 * Rejected: libmvec needs fast-math, which frees the compiler to reorder; tables are
 * as fast for scalars but gather badly in vectors.
 *
 * Invariant: no operation whose result depends on the rounding of a library, and no
 * reduction whose order a compiler may choose. */
#include "core/num/vmath.h"
#include "core/num/lanes.h"
#include <math.h>
#include <string.h>

/* --- building blocks of the scalars --- */

typedef struct {
    double hi, lo;
} Twin;

static const double LN2_HEAD = 0x1.62e42fefa3800p-1; /* 42 bits: k ln 2 is exact */
static const double LN2_TAIL = 0x1.ef35793c76730p-45;
static const Twin INV_LN2 = { 0x1.71547652b82fep+0, 0x1.777d0ffda0d24p-56 };
static const Twin THIRD = { 0x1.5555555555555p-2, 0x1.5555555555555p-56 };
static const Twin HALF_PI = { 0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54 };

static double polynomial(int n, const double *c, double x)
{
    double p = c[n - 1];
    for (int i = n - 2; i >= 0; i--) p = __builtin_fma(p, x, c[i]);
    return p;
}

/* a + b without loss */
static Twin sum(double a, double b)
{
    double s = a + b, t = s - a;
    return (Twin){ s, (a - (s - t)) + (b - t) };
}

/* a * b, the error of lo far below that of a double */
static Twin product(Twin a, Twin b)
{
    double p = a.hi * b.hi, e = __builtin_fma(a.hi, b.hi, -p);
    return (Twin){ p, e + (a.hi * b.lo + a.lo * b.hi) };
}

static Twin quotient(Twin a, Twin b)
{
    double q = a.hi / b.hi, rest = __builtin_fma(-q, b.hi, a.hi);
    return (Twin){ q, (rest + (a.lo - q * b.lo)) / b.hi };
}

static uint64_t bits_of(double x)
{
    uint64_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static double from_bits(uint64_t u)
{
    double x;
    memcpy(&x, &u, sizeof x);
    return x;
}

static double power_of_two(int k) { return from_bits((uint64_t)(k + 1023) << 52); }

/* x 2^k in two steps, so that the last one alone meets a subnormal or an infinity */
static double scale(double x, int k)
{
    int half = k >> 1;
    return x * power_of_two(half) * power_of_two(k - half);
}

/* --- exp and its relatives --- */

/* e^x - 1 on the reduced argument: e^(x.hi + x.lo) = 2^k (1 + result), for x.hi within
 * +-1100. Error 5e-18 of the polynomial. */
static Twin exp_reduced(Twin x, int *k)
{
    static const double c[] = { 0x1.555555555555cp-3,  0x1.555555555314ap-5,
                                0x1.111111110e557p-7,  0x1.6c16c17cffa61p-10,
                                0x1.a01a01b68220ep-13, 0x1.a019aa6e2f457p-16,
                                0x1.71dde85a16102p-19, 0x1.28a04914b5ee3p-22,
                                0x1.af79770086eebp-26 };
    double n = rint(x.hi * INV_LN2.hi);
    Twin r = sum(__builtin_fma(-n, LN2_HEAD, x.hi), __builtin_fma(-n, LN2_TAIL, x.lo));
    double square = r.hi * r.hi;
    double cube = square * r.hi * polynomial(COUNT(c), c, r.hi);
    *k = (int)n;
    return sum(r.hi, __builtin_fma(r.lo, r.hi, r.lo) + __builtin_fma(0.5, square, cube));
}

static double exp_twin(Twin x)
{
    if (x.hi > 710) return INFINITY;
    if (x.hi < -746) return 0;
    int k;
    Twin r = exp_reduced(x, &k), one = sum(1, r.hi);
    return scale(one.hi + (one.lo + r.lo), k);
}

double vmath_exp(double x) { return isnan(x) ? x : exp_twin((Twin){ x, 0 }); }

/* 1 / (1 + 2^k (1 + r)); below -700 the 1 has no weight any more */
double vmath_sigmoid(double x)
{
    if (isnan(x)) return x;
    if (x < -700) return vmath_exp(x);
    if (x > 700) return 1;
    int k;
    Twin r = exp_reduced((Twin){ -x, 0 }, &k);
    double s = power_of_two(k);
    Twin whole = sum(1, s), below = sum(whole.hi, s * r.hi);
    below.lo += whole.lo + s * r.lo;
    Twin q = quotient((Twin){ 1, 0 }, below);
    return q.hi + q.lo;
}

/* (e^2a - 1) / (e^2a + 1) */
double vmath_tanh(double x)
{
    if (isnan(x)) return x;
    double a = fabs(x);
    if (a > 20) return copysign(1, x);
    int k;
    Twin r = exp_reduced((Twin){ 2 * a, 0 }, &k);
    double s = power_of_two(k);
    Twin minus = sum(s, -1), plus = sum(s, 1);
    Twin above = sum(minus.hi, s * r.hi), below = sum(plus.hi, s * r.hi);
    above.lo += minus.lo + s * r.lo, below.lo += plus.lo + s * r.lo;
    Twin q = quotient(above, below);
    return copysign(q.hi + q.lo, x);
}

/* --- logarithms and powers --- */

/* x = 2^e m with m in [sqrt(1/2), sqrt(2)), for positive finite x; the result is log m.
 * With s = (m - 1) / (m + 1), log m = 2 atanh s = 2 s (1 + z/3 + z^2 T(z)), z = s^2;
 * all but the last term in Twins, T to 1e-22: 65 bits in all. */
static Twin log_reduced(double x, int *e)
{
    static const double t[] = { 0x1.9999999999996p-3, 0x1.2492492493049p-3,
                                0x1.c71c71c57e04bp-4, 0x1.745d183378afep-4,
                                0x1.3b1362679292bp-4, 0x1.1120c17070192p-4,
                                0x1.de3190bd0acbap-5, 0x1.eb20c2abebd75p-5 };
    int shift = x < 0x1p-1022 ? 54 : 0;
    uint64_t u = bits_of(shift ? x * 0x1p54 : x), root_half = 0x3fe6a09e667f3bcd;
    int64_t exponent = (int64_t)(u - root_half) >> 52;
    double m = from_bits(u - ((uint64_t)exponent << 52));
    *e = (int)exponent - shift;

    Twin s = quotient((Twin){ m - 1, 0 }, sum(m, 1));
    Twin z = product(s, s), c = product(z, THIRD);
    Twin series = sum(c.hi, z.hi * z.hi * polynomial(COUNT(t), t, z.hi));
    series.lo += c.lo;
    Twin rest = product(s, series), all = sum(s.hi, rest.hi);
    return (Twin){ 2 * all.hi, 2 * (all.lo + (s.lo + rest.lo)) };
}

static Twin log_twin(double x)
{
    int e;
    Twin m = log_reduced(x, &e), all = sum(e * LN2_HEAD, m.hi);
    return sum(all.hi, all.lo + (e * LN2_TAIL + m.lo));
}

static bool log_special(double x, double *y)
{
    if (x > 0 && x < INFINITY) return false;
    *y = x == 0 ? -INFINITY : x < 0 ? NAN : x;
    return true;
}

double vmath_log(double x)
{
    double y;
    return log_special(x, &y) ? y : log_twin(x).hi;
}

double vmath_log2(double x)
{
    double y;
    if (log_special(x, &y)) return y;
    int e;
    Twin m = product(log_reduced(x, &e), INV_LN2), all = sum(e, m.hi);
    return all.hi + (all.lo + m.lo);
}

double vmath_pow(double x, double y)
{
    if (y == 0 || x == 1) return 1;
    if (isnan(x) || isnan(y)) return x + y;
    if (x < 0) return NAN;
    if (x == 0 || isinf(x)) return (x == 0) == (y < 0) ? INFINITY : 0;
    if (isinf(y)) return (x > 1) == (y > 0) ? INFINITY : 0;
    Twin l = log_twin(x);
    if (fabs(y * l.hi) > 800) return y * l.hi > 0 ? INFINITY : 0;
    return exp_twin(product((Twin){ y, 0 }, l));
}

/* --- circular functions --- */

/* x = quadrant pi/2 + result, |result| <= pi/4. pi/2 in four pieces of 33, 33, 33 and
 * 53 bits: a multiple below 2^20 of the first three is exact, and no double below 1e6
 * is so near a multiple that the fourth would not suffice. */
static Twin circle_reduced(double x, int *quadrant)
{
    require(!(fabs(x) > 1e6), "an angle of %g rad, at most 1e6 is supported", x);
    double n = rint(x * 0x1.45f306dc9c883p-1);
    Twin r = sum(x - n * 0x1.921fb54400000p+0, -n * 0x1.0b4611a600000p-34);
    Twin third = sum(r.hi, -n * 0x1.3198a2e000000p-69);
    *quadrant = (int)n & 3;
    return sum(third.hi, third.lo + (r.lo - n * 0x1.b839a252049c1p-104));
}

/* error 3e-18 */
static double sine_part(Twin r)
{
    static const double c[] = { -0x1.5555555555549p-3,  0x1.111111110f861p-7,
                                -0x1.a01a019c0e4c2p-13, 0x1.71de3574b8f95p-19,
                                -0x1.ae5e63cbcb0b4p-26, 0x1.5d92462c896b9p-33 };
    double z = r.hi * r.hi;
    double cube = z * r.hi * polynomial(COUNT(c), c, z);
    return r.hi + (cube + r.lo * __builtin_fma(-0.5, z, 1));
}

/* error 5e-20 */
static double cosine_part(Twin r)
{
    static const double c[] = { 0x1.555555555554cp-5,  -0x1.6c16c16c15162p-10,
                                0x1.a01a019caef56p-16, -0x1.27e4f807d7360p-22,
                                0x1.1ee9ea6d42f8dp-29, -0x1.8fadd096bb7d2p-37 };
    double z = r.hi * r.hi, half = 0.5 * z, w = 1 - half;
    double fourth = z * z * polynomial(COUNT(c), c, z);
    return w + (((1 - w) - half) + (fourth - r.hi * r.lo));
}

/* sin(x + turns pi/2) */
static double circle(double x, int turns)
{
    if (!isfinite(x)) return NAN;
    int quadrant;
    Twin r = circle_reduced(x, &quadrant);
    quadrant = (quadrant + turns) & 3;
    double y = quadrant & 1 ? cosine_part(r) : sine_part(r);
    return quadrant & 2 ? -y : y;
}

double vmath_sin(double x) { return x == 0 ? x : circle(x, 0); }

double vmath_cos(double x) { return circle(x, 1); }

/* asin x - x = x^3 A(x^2) for |x| <= 1/2; error 2e-17 */
static double arcsine_rest(double x, double z)
{
    static const double c[] = { 0x1.5555555555384p-3,  0x1.333333336fdc4p-4,
                                0x1.6db6db419c4bep-5,  0x1.f1c72c7facaabp-6,
                                0x1.6e89edb713eb1p-6,  0x1.1c6c42ddb9526p-6,
                                0x1.c6f65b6669ab7p-7,  0x1.8ef2eb3eb36cdp-7,
                                0x1.aa3622988a92ep-8,  0x1.41092a46a14acp-6,
                                -0x1.0b7febe036513p-6, 0x1.05feba0205db8p-5 };
    return x * z * polynomial(COUNT(c), c, z);
}

double vmath_acos(double x)
{
    double a = fabs(x);
    if (!(a <= 1)) return NAN;
    if (a <= 0.5) return HALF_PI.hi - (x - (HALF_PI.lo - arcsine_rest(x, x * x)));
    /* acos a = 2 asin sqrt((1 - a) / 2), the root with its rounding error */
    double z = 0.5 * (1 - a), s = sqrt(z);
    double lo = s > 0 ? __builtin_fma(-s, s, z) / (2 * s) : 0;
    double rest = 2 * (lo + arcsine_rest(s, z));
    if (x > 0) return 2 * s + rest;
    return 2 * HALF_PI.hi - (2 * s + (rest - 2 * HALF_PI.lo));
}

/* --- lanes: the functions of networks --- */

#ifdef REAL_IS_DOUBLE

static double exp_lane(double x) { return vmath_exp(x); }
static double log_lane(double x) { return vmath_log(x); }
static double tanh_lane(double x) { return vmath_tanh(x); }

#else

static const float LOG2E_F = 0x1.715476p+0f;
static const float LN2_HEAD_F = 0x1.62e4p-1f; /* 15 bits: k ln 2 is exact */
static const float LN2_TAIL_F = 0x1.7f7d1cp-20f;
/* Adding 1.5 * 2^23 rounds to an integer and leaves that integer in the low bits; no
 * conversion from float to int, which NaN would make undefined. */
static const float ROUND_F = 0x1.8p23f;

static inline uint32_t bits_of_f(float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static inline float from_bits_f(uint32_t u)
{
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

/* e^x = 2^k (1 + result); error 3e-9 */
static inline float exp_reduced_f(float x, uint32_t *k)
{
    float n = __builtin_fmaf(x, LOG2E_F, ROUND_F);
    *k = bits_of_f(n) - bits_of_f(ROUND_F);
    n -= ROUND_F;
    float r = __builtin_fmaf(-n, LN2_HEAD_F, x);
    r = __builtin_fmaf(-n, LN2_TAIL_F, r);
    float q = 0x1.6db528p-10f;
    q = __builtin_fmaf(q, r, 0x1.123b94p-7f);
    q = __builtin_fmaf(q, r, 0x1.55545cp-5f);
    q = __builtin_fmaf(q, r, 0x1.55548ep-3f);
    q = __builtin_fmaf(q, r, 0.5f);
    return __builtin_fmaf(r * r, q, r);
}

/* Beyond -104 and 89 the result is 0 and infinity by the ordinary arithmetic. */
static inline float exp_lane(float x)
{
    uint32_t k;
    x = x > 89 ? 89 : x;
    x = x < -104 ? -104 : x;
    float m = 1 + exp_reduced_f(x, &k);
    uint32_t half = (uint32_t)((int32_t)k >> 1);
    return m * from_bits_f((half + 127) << 23) * from_bits_f((k - half + 127) << 23);
}

static inline float tanh_lane(float x)
{
    uint32_t k;
    float a = fabsf(x);
    a = a > 10 ? 10 : a;
    float p = exp_reduced_f(2 * a, &k), s = from_bits_f((k + 127) << 23);
    float t = __builtin_fmaf(s, p, s - 1);
    return copysignf(t / (t + 2), x);
}

/* x = 2^e (1 + f), f in [sqrt(1/2) - 1, sqrt(2) - 1); log = e ln 2 + f - f^2/2 + f^3 P(f),
 * P to 6e-9 */
static inline float log_lane(float x)
{
    bool subnormal = x < 0x1p-126f;
    uint32_t u = bits_of_f(subnormal ? x * 0x1p23f : x), root_half = 0x3f3504f3;
    int32_t exponent = (int32_t)(u - root_half) >> 23;
    float f = from_bits_f(u - ((uint32_t)exponent << 23)) - 1;
    float e = (float)exponent - (subnormal ? 23.0f : 0.0f), z = f * f;
    float p = -0x1.41fc8ep-4f;
    p = __builtin_fmaf(p, f, 0x1.07dabap-3f);
    p = __builtin_fmaf(p, f, -0x1.0ce234p-3f);
    p = __builtin_fmaf(p, f, 0x1.226d08p-3f);
    p = __builtin_fmaf(p, f, -0x1.547844p-3f);
    p = __builtin_fmaf(p, f, 0x1.99a5a2p-3f);
    p = __builtin_fmaf(p, f, -0x1.000222p-2f);
    p = __builtin_fmaf(p, f, 0x1.55554ap-2f);
    float rest = __builtin_fmaf(-0.5f, z, f * z * p);
    float y = __builtin_fmaf(e, LN2_HEAD_F, f + __builtin_fmaf(e, LN2_TAIL_F, rest));
    y = x == 0 ? -INFINITY : y;
    y = x < 0 ? NAN : y;
    return x < INFINITY ? y : x;
}

#endif

void vmath_exp_v(int n, const real *x, real *y)
{
#pragma omp simd
    for (int i = 0; i < n; i++) y[i] = exp_lane(x[i]);
}

void vmath_log_v(int n, const real *x, real *y)
{
#pragma omp simd
    for (int i = 0; i < n; i++) y[i] = log_lane(x[i]);
}

void vmath_tanh_v(int n, const real *x, real *y)
{
#pragma omp simd
    for (int i = 0; i < n; i++) y[i] = tanh_lane(x[i]);
}

/* --- sums --- */

/* Element i is added to lane i mod 32, in order; then lanes a and a + 16, 8, 4, 2, 1
 * are added. Many lanes hide the latency of the addition. */
enum { LANES = 32, PARTS = LANES / VEC };

static inline real fold(Vec *v)
{
    real a[VEC];
    if (PARTS == 8)
        for (int p = 0; p < 4; p++) v[p] += v[p + PARTS / 2];
    v[0] += v[2], v[1] += v[3];
    vec_store(a, v[0] + v[1]);
    for (int i = 0; i < 4 && VEC == 8; i++) a[i] += a[i + VEC / 2];
    a[0] += a[2], a[1] += a[3];
    return a[0] + a[1];
}

real vmath_sum(int n, const real *x)
{
    Vec lane[PARTS];
    for (int p = 0; p < PARTS; p++) lane[p] = vec_spread(0);
    int i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int p = 0; p < PARTS; p++) lane[p] += vec_load(x + i + p * VEC);
#pragma GCC unroll 8
    for (int p = 0; p < PARTS; p++, i += VEC)
        if (i < n) lane[p] += vec_first(x + i, n - i);
    return fold(lane);
}

static inline real fused(real a, real b, real c)
{
#ifdef REAL_IS_DOUBLE
    return __builtin_fma(a, b, c);
#else
    return __builtin_fmaf(a, b, c);
#endif
}

real vmath_dot(int n, const real *x, const real *y)
{
    Vec lane[PARTS];
    for (int p = 0; p < PARTS; p++) lane[p] = vec_spread(0);
    int i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int p = 0; p < PARTS; p++)
            lane[p] =
                vec_fma(vec_load(x + i + p * VEC), vec_load(y + i + p * VEC), lane[p]);
#pragma GCC unroll 8
    for (int p = 0; p < PARTS; p++, i += VEC)
        if (i < n)
            lane[p] = vec_fma(vec_first(x + i, n - i), vec_first(y + i, n - i), lane[p]);
    return fold(lane);
}

/* In any order: the largest is the largest. */
real vmath_max(int n, const real *x)
{
    real top = x[0];
#pragma omp simd reduction(max : top)
    for (int i = 1; i < n; i++) top = x[i] > top ? x[i] : top;
    return top;
}

double vmath_dot_f64(int n, const double *x, const double *y)
{
    double lane[LANES] = { 0 };
    int i = 0;
    for (; i + LANES <= n; i += LANES)
#pragma omp simd
        for (int j = 0; j < LANES; j++)
            lane[j] = __builtin_fma(x[i + j], y[i + j], lane[j]);
    for (int j = 0; i + j < n; j++) lane[j] = __builtin_fma(x[i + j], y[i + j], lane[j]);
    for (int half = LANES / 2; half; half /= 2)
        for (int j = 0; j < half; j++) lane[j] += lane[j + half];
    return lane[0];
}

void vmath_axpy(int n, real a, const real *x, real *y)
{
#pragma omp simd
    for (int i = 0; i < n; i++) y[i] = fused(a, x[i], y[i]);
}

/* test_vmath.c - the elementary functions against the long double ones of the C library,
 * over all binades, and their special cases; the fixed trees of the sums; and one digest
 * over everything, which every compiler and every machine must reproduce.
 *
 * An error is counted in units in the last place of the true value; below the normal
 * range that unit is the smallest subnormal. */
#include "core/num/vmath.h"
#include "core/base/hash.h"
#include "core/base/rng.h"
#include "tests/check.h"
#include <float.h>

enum { POINTS = 100000 };

static double error_in_ulp(double got, long double want, int digits, int lowest)
{
    long double rounded = digits == 24 ? (float)want : (double)want;
    if (isnan(want) || isnan(got)) return isnan(want) && isnan(got) ? 0 : INFINITY;
    if (isinf(rounded) || isinf(got)) return rounded == got ? 0 : INFINITY;
    int e;
    frexpl(want, &e);
    if (want == 0 || e - digits < lowest) e = lowest + digits;
    return (double)(fabsl(got - want) / ldexpl(1, e - digits));
}

static double ulp(double got, long double want)
{
    return error_in_ulp(got, want, 53, -1074);
}

static double uniform(int i) { return rng_uniform(rng_seed(1), (uint64_t)i); }

/* any double at all: all exponents are as likely, infinities and NaN among them */
static double any(int i)
{
    uint64_t u = rng_u64(rng_seed(2), (uint64_t)i);
    double x;
    memcpy(&x, &u, sizeof x);
    return x;
}

typedef double Function(double);
typedef long double Truth(long double);

static void judge(const char *name, Function *f, Truth *truth, double x)
{
    double e = ulp(f(x), truth(x));
    if (!(e <= 2)) fail_msg("%s(%.17g) is off by %g ulp", name, x, e);
}

static void demand(const char *name, Function *f, Truth *truth, double lo, double hi)
{
    for (int i = 0; i < POINTS; i++) judge(name, f, truth, lo + (hi - lo) * uniform(i));
}

static void demand_anywhere(const char *name, Function *f, Truth *truth)
{
    for (int i = 0; i < POINTS; i++) judge(name, f, truth, any(i));
}

static long double sigmoid_truth(long double x) { return 1 / (1 + expl(-x)); }

static void exp_is_right_over_the_whole_range(void **state)
{
    (void)state;
    demand_anywhere("exp", vmath_exp, expl);
    demand("exp", vmath_exp, expl, -750, 715);
    demand("exp", vmath_exp, expl, -745.2, -708);
    demand("exp", vmath_exp, expl, -1, 1);
    assert_same_double(vmath_exp(0), 1);
    assert_same_double(vmath_exp(INFINITY), INFINITY);
    assert_same_double(vmath_exp(-INFINITY), 0);
    assert_same_double(vmath_exp(NAN), NAN);
    assert_same_double(vmath_exp(-745.13321910194110842), 0x1p-1074);
    assert_true(isfinite(vmath_exp(709.78271289338397)));
    assert_same_double(vmath_exp(709.78271289338410), INFINITY);
}

static void logarithms_are_right_over_the_whole_range(void **state)
{
    (void)state;
    demand_anywhere("log", vmath_log, logl);
    demand("log", vmath_log, logl, 0.5, 2);
    demand("log", vmath_log, logl, 1 - 1e-6, 1 + 1e-6);
    demand("log", vmath_log, logl, 0, 0x1p-1022);
    demand_anywhere("log2", vmath_log2, log2l);
    demand("log2", vmath_log2, log2l, 0.5, 2);
    for (int e = -1074; e < 1024; e++) assert_same_double(vmath_log2(ldexp(1, e)), e);
    Function *both[] = { vmath_log, vmath_log2 };
    for (int i = 0; i < 2; i++) {
        assert_same_double(both[i](1), 0);
        assert_same_double(both[i](0.0), -INFINITY);
        assert_same_double(both[i](-0.0), -INFINITY);
        assert_same_double(both[i](-1), NAN);
        assert_same_double(both[i](-INFINITY), NAN);
        assert_same_double(both[i](INFINITY), INFINITY);
        assert_same_double(both[i](NAN), NAN);
    }
}

static void powers_are_right_up_to_the_ends_of_the_range(void **state)
{
    (void)state;
    double worst = 0, at_x = 0, at_y = 0;
    for (int i = 0; i < 3 * POINTS; i++) {
        double x = i % 2 ? fabs(any(i)) : 2 * uniform(i);
        double size = fabs(log(x)), y = (uniform(i + 3 * POINTS) - 0.5) * 1510;
        if (isfinite(size) && size > 0) y /= size;
        double e = ulp(vmath_pow(x, y), powl(x, y));
        if (!(e <= worst)) worst = e, at_x = x, at_y = y;
    }
    if (!(worst <= 2)) fail_msg("pow(%.17g, %.17g) is off by %g ulp", at_x, at_y, worst);
}

static void whole_powers_are_exact(void **state)
{
    (void)state;
    for (int a = 1; a < 40; a++) {
        double p = 1;
        for (int b = 0; p < 0x1p53; b++, p *= a) {
            assert_same_double(vmath_pow(a, b), p);
            if (a == 1 && b == 60) break;
        }
    }
    assert_same_double(vmath_pow(2, -1074), 0x1p-1074);
    assert_same_double(vmath_pow(10, 3), 1000);
    assert_same_double(vmath_pow(0.25, 0.5), 0.5);
}

static void powers_have_the_special_cases_of_the_standard(void **state)
{
    (void)state;
    static const struct {
        double x, y, z;
    } known[] = {
        { 0, 0, 1 },
        { NAN, 0, 1 },
        { 1, NAN, 1 },
        { 1, INFINITY, 1 },
        { INFINITY, 0, 1 },
        { 0, 2, 0 },
        { 0, -2, INFINITY },
        { 0, INFINITY, 0 },
        { 0, -INFINITY, INFINITY },
        { INFINITY, 2, INFINITY },
        { INFINITY, -2, 0 },
        { 2, INFINITY, INFINITY },
        { 2, -INFINITY, 0 },
        { 0.5, INFINITY, 0 },
        { 0.5, -INFINITY, INFINITY },
        { NAN, 1, NAN },
        { 2, NAN, NAN },
        { -1, 2, NAN },
        { 2, 1024, INFINITY },
        { 2, 1e300, INFINITY },
        { 2, -1e300, 0 },
        { 1 + DBL_EPSILON, 1e300, INFINITY },
    };
    for (int i = 0; i < COUNT(known); i++)
        assert_same_double(vmath_pow(known[i].x, known[i].y), known[i].z);
}

static void sine_and_cosine_are_right_up_to_a_million(void **state)
{
    (void)state;
    const double ranges[] = { 0.7, 4, 1e3, 1e6 };
    for (int i = 0; i < COUNT(ranges); i++) {
        demand("sin", vmath_sin, sinl, -ranges[i], ranges[i]);
        demand("cos", vmath_cos, cosl, -ranges[i], ranges[i]);
    }
    demand("sin", vmath_sin, sinl, -1e-300, 1e-300);
    /* next to the zeros, where the reduction has to be best */
    for (int k = 1; k < 630000; k += 13) {
        double x = (double)(k * 1.57079632679489661923L);
        assert_true(ulp(vmath_sin(x), sinl(x)) <= 2);
        assert_true(ulp(vmath_cos(x), cosl(x)) <= 2);
    }
}

static void sine_and_cosine_have_their_special_cases(void **state)
{
    (void)state;
    assert_same_double(vmath_sin(0.0), 0.0);
    assert_same_double(vmath_sin(-0.0), -0.0);
    assert_same_double(vmath_cos(0.0), 1);
    assert_same_double(vmath_sin(0x1p-1074), 0x1p-1074);
    const double none[] = { INFINITY, -INFINITY, NAN };
    for (int i = 0; i < 3; i++) {
        assert_same_double(vmath_sin(none[i]), NAN);
        assert_same_double(vmath_cos(none[i]), NAN);
    }
    assert_dies(vmath_sin(1.1e6), "an angle of 1.1e+06 rad");
    assert_dies(vmath_cos(-1.1e6), "an angle of -1.1e+06 rad");
}

static void tanh_and_sigmoid_are_right_over_the_whole_range(void **state)
{
    (void)state;
    demand_anywhere("tanh", vmath_tanh, tanhl);
    demand("tanh", vmath_tanh, tanhl, -25, 25);
    demand("tanh", vmath_tanh, tanhl, -1, 1);
    demand_anywhere("sigmoid", vmath_sigmoid, sigmoid_truth);
    demand("sigmoid", vmath_sigmoid, sigmoid_truth, -750, 750);
    demand("sigmoid", vmath_sigmoid, sigmoid_truth, -20, 20);
    static const Known tanhs[] = {
        { 0.0, 0.0 },    { -0.0, -0.0 },    { 0x1p-1074, 0x1p-1074 },
        { INFINITY, 1 }, { -INFINITY, -1 }, { 20, 1 },
        { NAN, NAN }
    };
    static const Known sigmoids[] = {
        { 0, 0.5 }, { INFINITY, 1 }, { -INFINITY, 0 }, { 40, 1 }, { NAN, NAN }
    };
    check_known("tanh", vmath_tanh, COUNT(tanhs), tanhs, 0);
    check_known("sigmoid", vmath_sigmoid, COUNT(sigmoids), sigmoids, 0);
}

static void acos_is_right_on_its_interval(void **state)
{
    (void)state;
    demand("acos", vmath_acos, acosl, -1, 1);
    demand("acos", vmath_acos, acosl, 1 - 1e-9, 1);
    demand("acos", vmath_acos, acosl, -1, -1 + 1e-9);
    static const Known known[] = { { 1, 0.0 },
                                   { -1, 3.14159265358979323846 },
                                   { 0, 1.57079632679489661923 },
                                   { 1.0000000000000002, NAN },
                                   { -INFINITY, NAN },
                                   { NAN, NAN } };
    check_known("acos", vmath_acos, COUNT(known), known, 0);
}

/* --- vectors --- */

typedef void Map(int, const real *, real *);
typedef struct {
    const char *name;
    Map *map;
    Function *scalar;
    Truth *truth;
} Vector;
static const Vector vectors[] = { { "exp_v", vmath_exp_v, vmath_exp, expl },
                                  { "log_v", vmath_log_v, vmath_log, logl },
                                  { "tanh_v", vmath_tanh_v, vmath_tanh, tanhl } };

/* any real: the bits of a counter that runs through all floats in big steps */
static real any_real(uint32_t i)
{
    if (sizeof(real) == sizeof(double)) return (real)any((int)i);
    uint32_t u = i * 4099u;
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

static void vectors_are_right_over_the_whole_range(void **state)
{
    (void)state;
    enum { CHUNK = 4096 };
    int digits = sizeof(real) == sizeof(float) ? 24 : 53;
    int lowest = digits == 24 ? -149 : -1074;
    for (int f = 0; f < COUNT(vectors); f++)
        for (uint32_t start = 0; start < 0xffffffffu / 4099; start += CHUNK) {
            real x[CHUNK], y[CHUNK];
            for (uint32_t i = 0; i < CHUNK; i++) x[i] = any_real(start + i);
            vectors[f].map(CHUNK, x, y);
            for (int i = 0; i < CHUNK; i++) {
                double e = error_in_ulp(y[i], vectors[f].truth(x[i]), digits, lowest);
                if (!(e <= 4))
                    fail_msg("%s(%.9g) is off by %g ulp", vectors[f].name, x[i], e);
            }
        }
}

static void an_element_does_not_depend_on_its_place(void **state)
{
    (void)state;
    for (int f = 0; f < COUNT(vectors); f++)
        for (int n = 0; n < 70; n++) {
            real x[72], y[72], in_place[72];
            for (int i = 0; i < 72; i++)
                x[i] = (real)(5 * uniform(71 * n + i)), y[i] = 99;
            memcpy(in_place, x, sizeof x);
            vectors[f].map(n, x, y);
            vectors[f].map(n, in_place, in_place);
            assert_memory_equal(y, in_place, (size_t)n * sizeof *y);
            assert_true(y[n] == 99);
            for (int i = 0; i < n; i++) {
                real alone;
                vectors[f].map(1, x + i, &alone);
                assert_same_double(y[i], alone);
            }
        }
}

static void vectors_have_their_special_cases(void **state)
{
    (void)state;
    const real x[] = { INFINITY, -INFINITY, NAN, 0, (real)-0.0, -1, -1000, 1000 };
    const double want[][8] = { { INFINITY, 0, NAN, 1, 1, vmath_exp(-1), 0, INFINITY },
                               { INFINITY, NAN, NAN, -INFINITY, -INFINITY, NAN, NAN,
                                 vmath_log(1000) },
                               { 1, -1, NAN, 0, -0.0, vmath_tanh(-1), -1, 1 } };
    for (int f = 0; f < COUNT(vectors); f++) {
        real y[8];
        vectors[f].map(8, x, y);
        for (int i = 0; i < 8; i++) {
            if (isfinite(want[f][i]) && want[f][i] != 0)
                assert_near(y[i], want[f][i], 3e-7 * fabs(want[f][i]));
            else assert_same_double(y[i], want[f][i]);
        }
    }
}

/* --- sums --- */

static real fused(real a, real b, real c)
{
    return sizeof(real) == sizeof(float) ? (real)fmaf((float)a, (float)b, (float)c)
                                         : (real)fma(a, b, c);
}

/* the tree as the header words it: element i in lane i mod 32, then halves are added */
static double tree(double *lane, bool round_to_real)
{
    for (int half = 16; half; half /= 2)
        for (int i = 0; i < half; i++) {
            lane[i] += lane[i + half];
            if (round_to_real) lane[i] = (real)lane[i];
        }
    return lane[0];
}

static void sums_follow_the_fixed_tree(void **state)
{
    (void)state;
    enum { MOST = 200 };
    real x[MOST], y[MOST];
    double x64[MOST], y64[MOST];
    for (int i = 0; i < MOST; i++) {
        x64[i] = uniform(i) - 0.3, y64[i] = uniform(MOST + i) - 0.6;
        x[i] = (real)x64[i], y[i] = (real)y64[i];
    }
    for (int n = 0; n <= MOST; n++) {
        double sum[32] = { 0 }, dot[32] = { 0 }, dot64[32] = { 0 };
        for (int i = 0; i < n; i++) {
            int j = i % 32;
            sum[j] = (real)((real)sum[j] + x[i]);
            dot[j] = fused(x[i], y[i], (real)dot[j]);
            dot64[j] = fma(x64[i], y64[i], dot64[j]);
        }
        assert_same_double(vmath_sum(n, x), tree(sum, true));
        assert_same_double(vmath_dot(n, x, y), tree(dot, true));
        assert_same_double(vmath_dot_f64(n, x64, y64), tree(dot64, false));
    }
}

static void axpy_is_one_fused_step_an_element(void **state)
{
    (void)state;
    real x[41], y[41], want[41];
    for (int i = 0; i < 41; i++) {
        x[i] = (real)uniform(i), y[i] = (real)uniform(50 + i);
        want[i] = fused((real)0.7, x[i], y[i]);
    }
    vmath_axpy(40, (real)0.7, x, y);
    assert_memory_equal(y, want, 40 * sizeof *y);
    assert_same_double(y[40], (real)uniform(90));
}

/* --- the same bits everywhere --- */

static void add_number(HashState *h, double x)
{
    if (isnan(x)) x = NAN;
    hash_add(h, &x, sizeof x);
}

/* Recorded once; a compiler, flag or machine that gives others is not ours. */
static void the_bits_are_the_published_ones(void **state)
{
    (void)state;
    Function *scalars[] = { vmath_exp, vmath_log,  vmath_log2, vmath_sin,
                            vmath_cos, vmath_tanh, vmath_acos, vmath_sigmoid };
    HashState *h = hash_new();
    for (int f = 0; f < COUNT(scalars); f++)
        for (int i = 0; i < 20000; i++) {
            double x = i % 2 ? any(i) : 6 * uniform(i) - 3;
            if (!(fabs(x) < 1e6)) x = uniform(i);
            add_number(h, scalars[f](x));
        }
    for (int i = 0; i < 20000; i++) add_number(h, vmath_pow(4 * uniform(i), any(i)));
    assert_string_equal(
        hash_end(h).hex,
        "af366006fd4e330f325d398de255f941358e8bddc96268da1d1c5dc6b63e33f0");

    h = hash_new();
    for (int f = 0; f < COUNT(vectors); f++) {
        real x[20001], y[20001];
        for (int i = 0; i < 20001; i++)
            x[i] = i % 2 ? any_real((uint32_t)i * 50) : (real)(6 * uniform(i) - 1);
        vectors[f].map(20001, x, y);
        for (int i = 0; i < 20001; i++) add_number(h, y[i]);
    }
    const char *want =
        sizeof(real) == sizeof(float)
            ? "96b9cdc48e25704fefbd0f234045b4893d4f145d16b0e53305f1c26e5a9df11b"
            : "6dde819c3ff8d115b982bb37a3fc2a107a060194b6df7a64c7a2e33152004c8e";
    assert_string_equal(hash_end(h).hex, want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exp_is_right_over_the_whole_range),
        cmocka_unit_test(logarithms_are_right_over_the_whole_range),
        cmocka_unit_test(powers_are_right_up_to_the_ends_of_the_range),
        cmocka_unit_test(whole_powers_are_exact),
        cmocka_unit_test(powers_have_the_special_cases_of_the_standard),
        cmocka_unit_test(sine_and_cosine_are_right_up_to_a_million),
        cmocka_unit_test(sine_and_cosine_have_their_special_cases),
        cmocka_unit_test(tanh_and_sigmoid_are_right_over_the_whole_range),
        cmocka_unit_test(acos_is_right_on_its_interval),
        cmocka_unit_test(vectors_are_right_over_the_whole_range),
        cmocka_unit_test(an_element_does_not_depend_on_its_place),
        cmocka_unit_test(vectors_have_their_special_cases),
        cmocka_unit_test(sums_follow_the_fixed_tree),
        cmocka_unit_test(axpy_is_one_fused_step_an_element),
        cmocka_unit_test(the_bits_are_the_published_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_fit.c - the exponent of a power law is found, and what is none is not one. */
#include "core/base/rng.h"
#include "core/num/fit.h"
#include "core/num/vmath.h"
#include "tests/check.h"

static void an_exact_power_law_gives_its_exponent(void **state)
{
    (void)state;
    const double exponents[] = { -2, -0.5, 0, 1, 1.4 };
    for (int k = 0; k < COUNT(exponents); k++) {
        double x[9], y[9];
        for (int i = 0; i < 9; i++)
            x[i] = 1 << i, y[i] = 3 * vmath_pow(x[i], exponents[k]);
        Line line;
        assert_true(fit_power(9, x, y, &line));
        assert_near(line.slope, exponents[k], 1e-13);
        assert_near(vmath_exp(line.intercept), 3, 1e-12);
    }
}

/* The same relative error everywhere: what is large does not weigh more. */
static void a_factor_on_one_point_moves_the_slope_alike_at_both_ends(void **state)
{
    (void)state;
    double x[] = { 1, 10, 100 }, low[] = { 2, 10, 100 }, high[] = { 1, 10, 200 };
    Line a, b;
    assert_true(fit_power(3, x, low, &a));
    assert_true(fit_power(3, x, high, &b));
    assert_near(1 - a.slope, b.slope - 1, 1e-14);
}

static void an_exponential_is_no_power_law(void **state)
{
    (void)state;
    double x[12], power[12], exponential[12];
    for (int i = 0; i < 12; i++) {
        x[i] = i + 1;
        power[i] = 1 / x[i];
        exponential[i] = vmath_exp(-x[i]);
    }
    Line line;
    assert_true(fit_power(12, x, power, &line));
    assert_true(line.r2 > 1 - 1e-12);
    assert_true(fit_power(12, x, exponential, &line));
    assert_true(line.r2 < 0.9);
}

static void points_without_a_logarithm_are_left_out(void **state)
{
    (void)state;
    double x[] = { 1, 2, 3, 4, 5 }, y[] = { 1, 0, 9, 16, -7 };
    Line line;
    assert_true(fit_power(5, x, y, &line));
    assert_near(line.slope, 2, 1e-14);
}

static void two_points_are_too_few(void **state)
{
    (void)state;
    double x[] = { 1, 2, 3 }, y[] = { 1, 2, 0 };
    Line line = { .slope = 7 };
    assert_false(fit_power(3, x, y, &line));
    assert_near(line.slope, 7, 0);
}

static void a_place_that_is_not_positive_is_fatal(void **state)
{
    (void)state;
    double x[] = { 1, 0, 3 }, y[] = { 1, 2, 3 };
    Line line;
    assert_dies(fit_power(3, x, y, &line), "x = 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_exact_power_law_gives_its_exponent),
        cmocka_unit_test(a_factor_on_one_point_moves_the_slope_alike_at_both_ends),
        cmocka_unit_test(an_exponential_is_no_power_law),
        cmocka_unit_test(points_without_a_logarithm_are_left_out),
        cmocka_unit_test(two_points_are_too_few),
        cmocka_unit_test(a_place_that_is_not_positive_is_fatal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

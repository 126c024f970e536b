/* test_stats.c - against published tables and worked examples. */
#include "core/num/stats.h"
#include "core/base/hash.h"
#include "core/base/rng.h"
#include "tests/check.h"

/* Anscombe's quartet: four sets with one line. */
static const double ANSCOMBE_X[11] = { 10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5 };
static const double ANSCOMBE_Y[3][11] = {
    { 8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68 },
    { 9.14, 8.14, 8.74, 8.77, 9.26, 8.10, 6.13, 3.10, 9.13, 7.26, 4.74 },
    { 7.46, 6.77, 12.74, 7.11, 7.81, 8.84, 6.08, 5.39, 8.15, 6.42, 5.73 }
};

static double student(double dof) { return stats_student((int)dof); }

static void students_t_has_the_tabulated_quantiles(void **state)
{
    (void)state;
    static const Known known[] = { { 1, 12.7062047364 },  { 2, 4.3026527297 },
                                   { 3, 3.1824463053 },   { 4, 2.7764451052 },
                                   { 5, 2.5705818356 },   { 6, 2.4469118511 },
                                   { 7, 2.3646242516 },   { 9, 2.2621571628 },
                                   { 10, 2.2281388520 },  { 19, 2.0930240544 },
                                   { 29, 2.0452296421 },  { 30, 2.0422724563 },
                                   { 60, 2.0002978220 },  { 100, 1.9839715185 },
                                   { 120, 1.9799304051 }, { 1000, 1.9623390808 } };
    check_known("stats_student", student, COUNT(known), known, 1e-9);
    assert_near(stats_student(1000000000), 1.959963985, 1e-8);
    assert_dies(stats_student(0), "0 degrees");
}

static void the_series_and_the_expansion_meet(void **state)
{
    (void)state;
    double below = stats_student(200), above = stats_student(201);
    double step = stats_student(199) - below;
    assert_near(below - above, step, 0.02 * step);
}

static void an_estimate_is_the_mean_with_its_interval(void **state)
{
    (void)state;
    Estimate e = stats_estimate(5, (double[]){ 1, 2, 3, 4, 5 });
    assert_int_equal(e.n, 5);
    assert_near(e.mean, 3, 0);
    assert_near(e.hi - 3, 2.7764451052 * sqrt(2.5 / 5), 1e-9);
    assert_near(e.lo, 6 - e.hi, 1e-15);
}

static void an_estimate_of_one_has_no_width(void **state)
{
    (void)state;
    Estimate e = stats_estimate(1, (double[]){ 0.25 });
    assert_true(e.n == 1 && e.mean == 0.25 && e.lo == 0.25 && e.hi == 0.25);
    assert_dies(stats_estimate(0, NULL), "0 values, at least 1");
}

/* Three digits that a plain sum of squares loses. */
static void a_variance_survives_a_large_mean(void **state)
{
    (void)state;
    double x[1001];
    for (int i = 0; i < 1001; i++) x[i] = 1e9 + (i == 0 ? 0.2 : i % 2 ? 0.1 : 0.3);
    assert_near(stats_mean(1001, x), 1e9 + 0.2, 2e-7);
    assert_near(stats_variance(1001, x), 0.01, 1e-8);
    assert_dies(stats_variance(1, x), "1 values, at least 2");
}

static void a_sum_does_not_lose_small_terms(void **state)
{
    (void)state;
    assert_near(stats_mean(4, (double[]){ 1, 1e100, 1, -1e100 }), 0.5, 0);
}

static void quantiles_lie_between_order_statistics(void **state)
{
    (void)state;
    double x[] = { 40, 10, 30, 20 };
    assert_near(stats_quantile(4, x, 0), 10, 0);
    assert_near(stats_quantile(4, x, 1), 40, 0);
    assert_near(stats_quantile(4, x, 0.5), 25, 0);
    assert_near(stats_quantile(4, x, 0.25), 17.5, 0);
    assert_near(stats_quantile(1, x, 0.7), 40, 0);
    assert_near(x[0], 40, 0);
    assert_dies(stats_quantile(4, x, 1.5), "the quantile at 1.5");
}

static void anscombes_sets_share_one_line(void **state)
{
    (void)state;
    static const double r2[] = { 0.66654, 0.66624, 0.66632 };
    static const double error[] = { 0.11791, 0.11796, 0.11788 };
    for (int i = 0; i < 3; i++) {
        Line line = stats_line(11, ANSCOMBE_X, ANSCOMBE_Y[i]);
        assert_near(line.slope, 0.5, 5e-4);
        assert_near(line.intercept, 3, 3e-3);
        assert_near(line.r2, r2[i], 1e-5);
        assert_near(line.slope_error, error[i], 1e-5);
        double r = stats_correlation(11, ANSCOMBE_X, ANSCOMBE_Y[i]);
        assert_near(r * r, line.r2, 1e-14);
    }
}

static void a_line_through_two_points_is_exact(void **state)
{
    (void)state;
    Line line = stats_line(2, (double[]){ 1, 3 }, (double[]){ 5, 1 });
    assert_true(line.slope == -2 && line.intercept == 7 && line.r2 == 1);
    assert_true(line.slope_error == 0);
    assert_dies(stats_line(2, (double[]){ 1, 1 }, (double[]){ 5, 1 }), "one x");
}

static void correlation_is_one_for_a_line_and_needs_variation(void **state)
{
    (void)state;
    double x[] = { 1, 2, 3, 4 }, up[] = { 3, 5, 7, 9 }, down[] = { 0, -1, -2, -3 };
    double flat[] = { 2, 2, 2, 2 };
    assert_near(stats_correlation(4, x, up), 1, 1e-15);
    assert_near(stats_correlation(4, x, down), -1, 1e-15);
    assert_dies(stats_correlation(4, x, flat), "the correlation of a constant");
}

/* Ranks 1, 2.5, 2.5, 4 against 1, 3, 2, 4: 4.5 / sqrt(4.5 * 5). */
static void spearman_sees_order_alone_and_shares_ties(void **state)
{
    (void)state;
    double x[] = { 1, 2, 2, 3 }, y[] = { -5, 90, 80, 1e6 }, cube[] = { 1, 8, 8, 27 };
    assert_near(stats_spearman(4, x, cube), 1, 1e-15);
    assert_near(stats_spearman(4, x, y), 4.5 / sqrt(22.5), 1e-15);
}

static void auc_counts_pairs_and_half_the_ties(void **state)
{
    (void)state;
    bool positive[] = { true, true, false, false };
    assert_near(stats_auc(4, (double[]){ 3, 4, 1, 2 }, positive), 1, 0);
    assert_near(stats_auc(4, (double[]){ 1, 2, 3, 4 }, positive), 0, 0);
    assert_near(stats_auc(4, (double[]){ 1, 1, 1, 1 }, positive), 0.5, 0);
    /* 3 > 1, 3 > 2, 2 > 1, 2 = 2 */
    assert_near(stats_auc(4, (double[]){ 3, 2, 1, 2 }, positive), 3.5 / 4, 0);
    bool all[] = { true, true };
    assert_dies(stats_auc(2, (double[]){ 1, 2 }, all), "needs both kinds");
}

static void a_number_that_is_none_is_fatal(void **state)
{
    (void)state;
    double x[] = { 1, NAN, 3 }, y[] = { 1, 2, INFINITY };
    assert_dies(stats_mean(3, x), "value 1 is");
    assert_dies(stats_mean(3, y), "value 2 is inf");
    assert_dies(stats_quantile(3, x, 0.5), "value 1 is");
    assert_dies(stats_spearman(3, y, y), "value 2 is inf");
    assert_dies(stats_auc(3, x, (bool[]){ true, false, true }), "value 1 is");
}

static void the_bits_are_the_published_ones(void **state)
{
    (void)state;
    enum { N = 500 };
    double x[N], y[N];
    bool positive[N];
    for (int i = 0; i < N; i++) {
        x[i] = rng_normal(rng_seed(1), (uint64_t)i);
        y[i] = 0.3 * x[i] + rng_normal(rng_seed(2), (uint64_t)i);
        positive[i] = y[i] > 0;
    }
    HashState *h = hash_new();
    for (int dof = 1; dof < 300; dof++) {
        double t = stats_student(dof);
        hash_add(h, &t, sizeof t);
    }
    Line line = stats_line(N, x, y);
    Estimate e = stats_estimate(N, y);
    double all[] = { line.slope,
                     line.intercept,
                     line.r2,
                     line.slope_error,
                     e.mean,
                     e.lo,
                     e.hi,
                     stats_variance(N, x),
                     stats_correlation(N, x, y),
                     stats_spearman(N, x, y),
                     stats_auc(N, x, positive),
                     stats_quantile(N, x, 0.9) };
    hash_add(h, all, sizeof all);
    assert_string_equal(
        hash_end(h).hex,
        "48dd8a1b427efd97647dd85609a9c5a1ee792728cc7f2313f1bf40a3a01692e9");
}

static void a_curve_rises_where_it_first_reaches_the_share(void **state)
{
    (void)state;
    const double y[] = { 0.1, 0.2, 0.5, 0.4, 0.8 };
    assert_int_equal(stats_rise(5, y, 0.25), 1);
    assert_int_equal(stats_rise(5, y, 0.5), 2);
    assert_int_equal(stats_rise(5, y, 1), 4);
    assert_int_equal(stats_rise(5, y, 0.1), -1);
    assert_int_equal(stats_rise(1, y, 0.5), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(students_t_has_the_tabulated_quantiles),
        cmocka_unit_test(the_series_and_the_expansion_meet),
        cmocka_unit_test(an_estimate_is_the_mean_with_its_interval),
        cmocka_unit_test(an_estimate_of_one_has_no_width),
        cmocka_unit_test(a_variance_survives_a_large_mean),
        cmocka_unit_test(a_sum_does_not_lose_small_terms),
        cmocka_unit_test(quantiles_lie_between_order_statistics),
        cmocka_unit_test(anscombes_sets_share_one_line),
        cmocka_unit_test(a_line_through_two_points_is_exact),
        cmocka_unit_test(correlation_is_one_for_a_line_and_needs_variation),
        cmocka_unit_test(spearman_sees_order_alone_and_shares_ties),
        cmocka_unit_test(auc_counts_pairs_and_half_the_ties),
        cmocka_unit_test(a_curve_rises_where_it_first_reaches_the_share),
        cmocka_unit_test(a_number_that_is_none_is_fatal),
        cmocka_unit_test(the_bits_are_the_published_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_probe.c - probes read what was planted on rows that they have not seen, and read
 * nothing from control labels; fits are held against their optimality conditions. */
#include "tests/check.h"
#include "core/lens/probe.h"

enum { N = 300, P = 12, Q = 2 };

static real *activations(uint64_t seed)
{
    real *x = alloc(N * P, sizeof *x);
    rng_normals(rng_seed(seed), x, N * P);
    return x;
}

/* y = x A + (5, -5) + noise */
static double *targets(const real *x, double noise)
{
    double *y = alloc(N * Q, sizeof *y);
    for (int i = 0; i < N * Q; i++) {
        y[i] = i % Q ? -5 : 5;
        for (int j = 0; j < P; j++)
            y[i] += (double)x[i / Q * P + j] * ((j * 7 + i % Q * 3) % 5 - 2);
        y[i] += noise * rng_normal(rng_seed(99), (uint64_t)i);
    }
    return y;
}

static void a_split_keeps_groups_whole_and_never_takes_all(void **state)
{
    (void)state;
    int group[N];
    double fit[N], test[N], fitted = 0;
    for (int i = 0; i < N; i++) group[i] = i * 7 % 20;
    probe_split(N, group, 20, 0.8, rng_seed(1), fit, test);
    for (int i = 0; i < N; i++) {
        assert_true((fit[i] == 1 && test[i] == 0) || (fit[i] == 0 && test[i] == 1));
        assert_true(fit[i] == fit[(i + 20) % N]);
        fitted += fit[i];
    }
    assert_near(fitted, 0.8 * N, 0);
    for (int full = 0; full < 2; full++) {
        double sum = 0;
        probe_split(N, NULL, 0, full, rng_seed(2), fit, test);
        for (int i = 0; i < N; i++) sum += fit[i];
        assert_near(sum, full ? N - 1 : 1, 0);
    }
    assert_dies(probe_split(N, group, 1, 0.5, rng_seed(1), fit, test),
                "a split of 1 group");
}

static void
a_planted_map_is_read_from_unseen_rows_and_control_labels_are_not(void **state)
{
    (void)state;
    real *x = activations(1);
    double *y = targets(x, 0.1), *control = alloc(N * Q, sizeof *control), fit[N],
           test[N];
    int row[N];
    probe_split(N, NULL, 0, 0.8, rng_seed(3), fit, test);
    Probe f = probe_ridge(N, P, Q, x, y, fit, 1e-3);
    assert_true(probe_r2(&f, N, x, y, test) > 0.99);
    free(f.w);
    probe_control(N, NULL, 0, rng_seed(4), row);
    for (int i = 0; i < N * Q; i++) control[i] = y[row[i / Q] * Q + i % Q];
    f = probe_ridge(N, P, Q, x, control, fit, 1e-3);
    assert_true(probe_r2(&f, N, x, control, test) < 0.1);
    free(f.w), free(x), free(y), free(control);
}

static void a_control_moves_whole_groups_and_uses_each_once(void **state)
{
    (void)state;
    int group[N], row[N], to[20], used[20] = { 0 }, moved = 0;
    for (int i = 0; i < N; i++) group[i] = i * 7 % 20;
    probe_control(N, group, 20, rng_seed(5), row);
    for (int g = 0; g < 20; g++) to[g] = -1;
    for (int i = 0; i < N; i++) {
        int g = group[row[i]];
        assert_true(to[group[i]] == -1 || to[group[i]] == g);
        if (to[group[i]] == -1) used[g]++, moved += g != group[i];
        to[group[i]] = g;
    }
    for (int g = 0; g < 20; g++) assert_int_equal(used[g], 1);
    assert_true(moved > 10);
}

static void
the_ridge_fit_meets_its_normal_equations_and_leaves_the_intercept_free(void **state)
{
    (void)state;
    real *x = activations(2);
    double *y = targets(x, 1), weight[N], out[N * Q], lambda = 50;
    for (int i = 0; i < N; i++) weight[i] = i % 3;
    for (int i = 0; i < N * P; i++) x[i] += 3;
    Probe f = probe_ridge(N, P, Q, x, y, weight, lambda);
    probe_apply(&f, N, x, out);
    for (int c = 0; c < Q; c++)
        for (int j = 0; j <= P; j++) {
            double slope = j < P ? lambda * f.w[j * Q + c] : 0;
            for (int i = 0; i < N; i++)
                slope += weight[i] * (out[i * Q + c] - y[i * Q + c]) *
                         (j < P ? (double)x[i * P + j] : 1);
            assert_near(slope, 0, 1e-8);
        }
    free(f.w);
    for (int i = 0; i < N; i++) /* a row without weight has no say */
        for (int c = 0; c < Q && !(i % 3); c++) y[i * Q + c] = 1e6;
    Probe g = probe_ridge(N, P, Q, x, y, weight, 1e12);
    for (int j = 0; j < P; j++) assert_near(g.w[j * Q], 0, 1e-6);
    assert_near(g.w[P * Q], 5, 4); /* all is shrunk but the mean */
    assert_near(probe_r2(&g, N, x, y, weight), 0, 1e-6);
    free(g.w), free(x), free(y);
}

static void the_logistic_fit_is_a_minimum(void **state)
{
    (void)state;
    real *x = activations(3);
    bool y[N];
    double weight[N], odds[N], lambda = 0.7;
    for (int i = 0; i < N; i++) {
        weight[i] = i % 4 ? 1 : 0.5;
        y[i] = (double)x[i * P] - 2 * (double)x[i * P + 3] + 1 >
               2 * rng_normal(rng_seed(8), (uint64_t)i);
    }
    Probe f = probe_logistic(N, P, x, y, weight, lambda);
    probe_apply(&f, N, x, odds);
    for (int j = 0; j <= P; j++) {
        double slope = j < P ? lambda * f.w[j] : 0;
        for (int i = 0; i < N; i++)
            slope += weight[i] * (1 / (1 + exp(-odds[i])) - y[i]) *
                     (j < P ? (double)x[i * P + j] : 1);
        assert_near(slope, 0, 1e-5);
    }
    assert_true(f.w[0] > 0.3 && f.w[3] < -0.6 && f.w[P] > 0.2);
    free(f.w), free(x);
}

static void separable_and_lopsided_classes_are_fitted_too(void **state)
{
    (void)state;
    real *x = activations(4);
    bool y[N];
    int label[N];
    for (int i = 0; i < N; i++) {
        y[i] = x[i * P + 5] > (real)1.5;
        x[i * P + 5] *= 1000;
        label[i] = y[i];
    }
    Probe f = probe_logistic(N, P, x, y, NULL, 1e-6);
    assert_near(probe_accuracy(&f, N, x, label, NULL), 1, 0);
    for (int j = 0; j <= P; j++) assert_true(isfinite(f.w[j]));
    double unit[P];
    assert_true(probe_direction(&f, 0, unit) > 0);
    assert_dies(probe_direction(&f, 1, unit), "no column 1");
    assert_dies(probe_logistic(N, P, x, y, NULL, 0), "lambda 0");
    free(f.w), free(x);
}

static void three_classes_are_told_apart_by_ridge_and_not_by_their_control(void **state)
{
    (void)state;
    real *x = activations(5);
    int label[N], shuffled[N], row[N];
    double y[N * 3], fit[N], test[N], right[2];
    probe_split(N, NULL, 0, 0.7, rng_seed(6), fit, test);
    probe_control(N, NULL, 0, rng_seed(7), row);
    for (int i = 0; i < N; i++) {
        label[i] = i % 3;
        x[i * P + label[i]] += 4;
    }
    for (int i = 0; i < N; i++) shuffled[i] = label[row[i]];
    for (int c = 0; c < 2; c++) {
        const int *l = c ? shuffled : label;
        for (int i = 0; i < N * 3; i++) y[i] = l[i / 3] == i % 3;
        Probe f = probe_ridge(N, P, 3, x, y, fit, 1);
        right[c] = probe_accuracy(&f, N, x, l, test);
        free(f.w);
    }
    assert_true(right[0] > 0.95);
    assert_true(right[1] < 0.55);
    free(x);
}

static void directions_find_a_planted_axis_and_miss_it_under_control_labels(void **state)
{
    (void)state;
    real *x = activations(6);
    bool positive[N], shuffled[N];
    int row[N];
    double mean[P], square[P], y[N];
    for (int i = 0; i < N; i++) {
        positive[i] = i % 2;
        x[i * P + 2] += positive[i] ? 2 : -2;
        y[i] = positive[i] ? 1 : -1;
    }
    assert_near(probe_mean_difference(N, P, x, positive, NULL, mean), 4, 0.5);
    Probe f = probe_ridge(N, P, 1, x, y, NULL, 1);
    probe_direction(&f, 0, square);
    assert_true(mean[2] > 0.95 && square[2] > 0.95);
    double norm = 0;
    for (int j = 0; j < P; j++) norm += mean[j] * mean[j];
    assert_near(norm, 1, 1e-12);
    probe_control(N, NULL, 0, rng_seed(9), row);
    for (int i = 0; i < N; i++) shuffled[i] = positive[row[i]];
    assert_true(probe_mean_difference(N, P, x, shuffled, NULL, mean) < 1.5);
    memset(positive, 0, sizeof positive);
    assert_dies(probe_mean_difference(N, P, x, positive, NULL, mean), "without both");
    free(f.w), free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_split_keeps_groups_whole_and_never_takes_all),
        cmocka_unit_test(
            a_planted_map_is_read_from_unseen_rows_and_control_labels_are_not),
        cmocka_unit_test(a_control_moves_whole_groups_and_uses_each_once),
        cmocka_unit_test(
            the_ridge_fit_meets_its_normal_equations_and_leaves_the_intercept_free),
        cmocka_unit_test(the_logistic_fit_is_a_minimum),
        cmocka_unit_test(separable_and_lopsided_classes_are_fitted_too),
        cmocka_unit_test(three_classes_are_told_apart_by_ridge_and_not_by_their_control),
        cmocka_unit_test(directions_find_a_planted_axis_and_miss_it_under_control_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The planted directions, and the world in which nothing is sparse. */
#include "tests/check.h"
#include "core/lens/planted.h"

enum { G = 6, D = 4, N = 20000 };

/* mean (D) and covariance (D,D) of N points */
static void moments(const Planted *w, double *mean, double *covariance, double *on)
{
    real *c = alloc(N * G, sizeof *c), *x = alloc(N * D, sizeof *x);
    planted_draw(w, N, rng_seed(2), c, x);
    *on = 0;
    for (int i = 0; i < N * G; i++) *on += (c[i] != 0) / (double)(N * G);
    for (int a = 0; a < D; a++) {
        mean[a] = 0;
        for (int i = 0; i < N; i++) mean[a] += (double)x[i * D + a] / N;
    }
    for (int a = 0; a < D * D; a++) {
        covariance[a] = 0;
        for (int i = 0; i < N; i++)
            covariance[a] += ((double)x[i * D + a / D] - mean[a / D]) *
                             ((double)x[i * D + a % D] - mean[a % D]) / N;
    }
    free(c), free(x);
}

static void directions_have_unit_length(void **state)
{
    (void)state;
    Planted w = planted_new(G, D, 0.1, rng_seed(1));
    for (int g = 0; g < G; g++) {
        double square = 0;
        for (int i = 0; i < D; i++)
            square += (double)w.f[g * D + i] * (double)w.f[g * D + i];
        assert_near(square, 1, 1e-6);
    }
    planted_free(w);
}

static void the_gaussian_world_has_the_same_moments_and_nothing_off(void **state)
{
    (void)state;
    Planted w = planted_new(G, D, 0.1, rng_seed(1)), gaussian = w;
    gaussian.gaussian = true;
    double mean[2][D], covariance[2][D * D], on[2];
    moments(&w, mean[0], covariance[0], &on[0]);
    moments(&gaussian, mean[1], covariance[1], &on[1]);
    assert_near(on[0], 0.1, 0.004);
    assert_near(on[1], 1, 1e-9);
    for (int a = 0; a < D; a++) assert_near(mean[0][a], mean[1][a], 0.01);
    for (int a = 0; a < D * D; a++)
        assert_near(covariance[0][a], covariance[1][a], 0.005);
    planted_free(w);
}

static void a_point_is_the_sum_of_its_directions(void **state)
{
    (void)state;
    Planted w = planted_new(G, D, 0.5, rng_seed(1));
    real c[3 * G], x[3 * D];
    planted_draw(&w, 3, rng_seed(3), c, x);
    for (int i = 0; i < 3 * D; i++) {
        double want = 0;
        for (int g = 0; g < G; g++)
            want += (double)c[i / D * G + g] * (double)w.f[g * D + i % D];
        assert_near((double)x[i], want, 1e-6);
    }
    planted_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(directions_have_unit_length),
        cmocka_unit_test(the_gaussian_world_has_the_same_moments_and_nothing_off),
        cmocka_unit_test(a_point_is_the_sum_of_its_directions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

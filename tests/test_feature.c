/* test_feature.c - comparisons of directions and of representations: each finds what was
 * planted and does not find it in noise; the matching is held against all permutations. */
#include "tests/check.h"
#include "core/base/rng.h"
#include "core/lens/feature.h"

static real *noise(int n, int D, uint64_t seed)
{
    real *x = alloc((size_t)(n * D), sizeof *x);
    rng_normals(rng_seed(seed), x, (size_t)(n * D));
    return x;
}

static void cosines_are_those_of_the_rows_and_zero_for_a_zero_row(void **state)
{
    (void)state;
    real a[] = { 2, 0, 3, 4, 0, 0 }, b[] = { 0, 5, -1, 0 };
    double c[6], want[] = { 0, -1, 0.8, -0.6, 0, 0 };
    feature_cosines(3, 2, 2, a, b, c);
    for (int i = 0; i < 6; i++) assert_near(c[i], want[i], 1e-15);
}

static void a_hidden_dictionary_is_found_and_a_random_one_is_not(void **state)
{
    (void)state;
    enum { N = 12, M = 40, D = 24 };
    real *truth = noise(N, D, 1), *found = noise(M, D, 2);
    double best[N], by_chance = feature_mmcs(N, M, D, truth, found, NULL, best);
    assert_true(by_chance < 0.6);
    for (int i = 0; i < N; i++) /* scaled copies in another order */
        for (int j = 0; j < D; j++)
            found[(3 * i + 1) * D + j] = truth[i * D + j] * (real)(i + 1);
    assert_near(feature_mmcs(N, M, D, truth, found, NULL, best), 1, 1e-6);
    bool alive[M] = { false };
    for (int j = 0; j < M; j++) alive[j] = j != 3 * 5 + 1;
    assert_true(feature_mmcs(N, M, D, truth, found, alive, best) < 0.99);
    for (int i = 0; i < N; i++) assert_true((best[i] < 0.9) == (i == 5));
    free(truth), free(found);
}

/* The largest sum over all ways to give rows i.. columns that are not used. */
static double best_of_all(int n, int m, const double *s, int i, unsigned used)
{
    double best = i == n ? 0 : -INFINITY;
    for (int j = 0; i < n && j < m; j++)
        if (!(used >> j & 1))
            best = fmax(best, s[i * m + j] + best_of_all(n, m, s, i + 1, used | 1u << j));
    return best;
}

static void the_matching_is_the_best_of_all_permutations(void **state)
{
    (void)state;
    for (int trial = 0; trial < 200; trial++) {
        int n = 1 + trial % 5, m = n + trial / 5 % 3, match[5];
        double s[5 * 7], sum = 0;
        for (int i = 0; i < n * m; i++) /* whole numbers: many ties */
            s[i] = trial % 2 ? rng_normal(rng_seed((uint64_t)trial), (uint64_t)i)
                             : rng_below(rng_seed((uint64_t)trial), (uint64_t)i, 4);
        unsigned used = 0;
        double got = feature_match(n, m, s, match);
        for (int i = 0; i < n; i++) {
            assert_in_range(match[i], 0, m - 1);
            assert_false(used >> match[i] & 1);
            used |= 1u << match[i];
            sum += s[i * m + match[i]];
        }
        assert_near(got, sum, 1e-12);
        assert_near(got, best_of_all(n, m, s, 0, 0), 1e-12);
    }
}

static void a_matching_sees_through_what_misleads_a_greedy_one(void **state)
{
    (void)state;
    double s[] = { 0.9, 0.8, 0.8, 0.1 };
    int match[2];
    assert_near(feature_match(2, 2, s, match), 1.6, 1e-15);
    assert_int_equal(match[0], 1);
    s[3] = NAN;
    assert_dies(feature_match(2, 2, (double[]){ NAN, NAN, NAN, NAN }, match),
                "not finite");
    assert_dies(feature_match(2, 1, s, match), "2 rows matched to 1 columns");
}

static void principal_components_find_a_planted_plane(void **state)
{
    (void)state;
    enum { N = 400, D = 10 };
    real *x = noise(N, D, 3);
    double mean[D], axis[3 * D], variance[3];
    for (int i = 0; i < N; i++) { /* spread 10 along (3,4)/5, 5 along axis 7 */
        real along = 10 * x[i * D];
        x[i * D] = along * (real)0.6 + 1, x[i * D + 1] = along * (real)0.8 - 2;
        x[i * D + 7] *= 5;
    }
    feature_pca(N, D, x, 3, mean, axis, variance);
    assert_true(fabs(0.6 * axis[0] + 0.8 * axis[1]) > 0.999);
    assert_true(fabs(axis[D + 7]) > 0.99);
    assert_near(variance[0], 100, 15);
    assert_near(variance[1], 25, 4);
    assert_true(variance[2] < 2);
    assert_near(mean[0], 1, 1);
    free(x);
}

static void cka_is_one_for_a_turned_copy_and_small_for_noise(void **state)
{
    (void)state;
    enum { N = 500, D = 4 };
    real *x = noise(N, D, 4), *y = noise(N, D, 5), *turned = alloc(N * 3 * D, sizeof *x);
    for (int i = 0; i < N; i++) /* twice the size, turned in a plane, shifted, wider */
        for (int j = 0; j < D; j++) {
            real a = x[i * D + j], b = x[i * D + (j ^ 1)];
            turned[i * 3 * D + 2 * j] =
                2 * ((real)0.6 * a + (j & 1 ? (real)0.8 : (real)-0.8) * b) + 7;
        }
    assert_near(feature_cka(N, D, 3 * D, x, turned), 1, sizeof(real) == 8 ? 1e-12 : 1e-5);
    assert_true(feature_cka(N, D, D, x, y) < 0.05);
    memset(y, 0, N * D * sizeof *y);
    assert_dies(feature_cka(N, D, D, x, y), "the CKA of a constant");
    free(x), free(y), free(turned);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cosines_are_those_of_the_rows_and_zero_for_a_zero_row),
        cmocka_unit_test(a_hidden_dictionary_is_found_and_a_random_one_is_not),
        cmocka_unit_test(the_matching_is_the_best_of_all_permutations),
        cmocka_unit_test(a_matching_sees_through_what_misleads_a_greedy_one),
        cmocka_unit_test(principal_components_find_a_planted_plane),
        cmocka_unit_test(cka_is_one_for_a_turned_copy_and_small_for_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_neuron.c - the moments of known directions: a normal one, one token's own, one
 * against a token, none. */
#include "tests/check.h"
#include "core/lens/neuron.h"

enum { V = 2048, D = 96 };

static void a_direction_among_normal_readers_has_kurtosis_three_and_no_skew(void **state)
{
    (void)state;
    Model *m = model_new(
        (ModelSpec){ .vocab = V, .ctx = 2, .layers = 1, .heads = 1, .width = D },
        rng_seed(1));
    real *readers = neuron_readers(m), w[70 * D];
    Moments got[70];
    for (int i = 0; i < 70 * D; i++) w[i] = (real)rng_normal(rng_seed(2), (uint64_t)i);
    neuron_moments(70, V, D, w, readers, got);
    double kurtosis = 0;
    for (int i = 0; i < 70; i++) {
        assert_near(got[i].variance * D, 1, 0.2);
        assert_near(got[i].skew, 0, 0.25);
        assert_near(got[i].kurtosis, 3, 0.6);
        kurtosis += got[i].kurtosis / 70;
    }
    assert_near(kurtosis, 3, 0.1);
    /* the readers are the columns, at unit length */
    const Tensor *u = model_weight(m, "unembed.W_U");
    double length = 0;
    for (int d = 0; d < D; d++) length += pow((double)u->v[d * V + 7], 2);
    for (int d = 0; d < D; d++)
        assert_near((double)readers[7 * D + d] * sqrt(length), (double)u->v[d * V + 7],
                    1e-6);
    free(readers), model_free(m);
}

static void one_token_of_many_gives_kurtosis_near_their_number_and_the_sign(void **state)
{
    (void)state;
    enum { TOKENS = 96 };
    real readers[TOKENS * D] = { 0 }, w[3 * D] = { 0 };
    for (int v = 0; v < TOKENS; v++) readers[v * D + v] = 1;
    w[5] = 4, w[D + 9] = (real)-0.01; /* lengths do not matter; the third is zero */
    Moments got[3];
    neuron_moments(3, TOKENS, D, w, readers, got);
    /* z of the token is sqrt(n - 1), all others are near zero */
    for (int i = 0; i < 2; i++) {
        assert_near(got[i].kurtosis, TOKENS - 2 + 1. / (TOKENS - 1), 1e-3);
        assert_near(got[i].skew, (i ? -1 : 1) * (TOKENS - 2) / sqrt(TOKENS - 1), 1e-3);
        assert_near(got[i].variance, (TOKENS - 1.) / TOKENS / TOKENS, 1e-7);
    }
    assert_true(got[2].variance == 0 && got[2].skew == 0 && got[2].kurtosis == 0);
}

static void
a_threshold_lets_through_the_share_it_says_and_finds_a_planted_neuron(void **state)
{
    (void)state;
    enum { F = 60, NULLS = 2000 };
    Model *m = model_new(
        (ModelSpec){ .vocab = V, .ctx = 2, .layers = 1, .heads = 1, .width = D },
        rng_seed(4));
    real *readers = neuron_readers(m), w[F * D];
    Moments got[F];
    int above = 0;
    for (int i = 0; i < F * D; i++) w[i] = (real)rng_normal(rng_seed(5), (uint64_t)i);
    double most = neuron_threshold(0.999, NULLS, F, V, D, w, readers, rng_seed(6)),
           half = neuron_threshold(0.5, NULLS, F, V, D, w, readers, rng_seed(6));
    assert_true(most > half && half > 2.8 && half < 3.1);
    neuron_moments(F, V, D, w, readers, got);
    for (int i = 0; i < F; i++) above += got[i].kurtosis > half;
    assert_in_range(above, F / 4, 3 * F / 4);
    for (int i = 0; i < F; i++) assert_true(got[i].kurtosis < most + 0.2);
    memcpy(w, readers + 9 * D, D * sizeof *w); /* one that speaks for word 9 */
    neuron_moments(1, V, D, w, readers, got);
    assert_true(got[0].kurtosis > most);
    free(readers), model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_direction_among_normal_readers_has_kurtosis_three_and_no_skew),
        cmocka_unit_test(
            a_threshold_lets_through_the_share_it_says_and_finds_a_planted_neuron),
        cmocka_unit_test(one_token_of_many_gives_kurtosis_near_their_number_and_the_sign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

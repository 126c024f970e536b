/* test_fourier.c - the basis is orthonormal, a planted frequency holds all the power and
 * noise spreads it, and what is kept and what is removed add up. */
#include "tests/check.h"
#include "core/base/rng.h"
#include "core/lens/fourier.h"

static const double TINY = sizeof(real) == 8 ? 1e-12 : 1e-5;

static void the_basis_is_orthonormal_for_odd_and_even_p(void **state)
{
    (void)state;
    for (int p = 1; p <= 60; p++) {
        double *f = alloc((size_t)(p * p), sizeof *f);
        fourier_basis(p, f);
        for (int r = 0; r < p; r++)
            for (int s = 0; s <= r; s++) {
                double dot = 0;
                for (int a = 0; a < p; a++) dot += f[r * p + a] * f[s * p + a];
                assert_near(dot, r == s, 1e-13);
            }
        free(f);
    }
}

static void a_planted_frequency_holds_all_the_power_and_noise_does_not(void **state)
{
    (void)state;
    enum { P = 59, D = 32 };
    real wave[P * D], noise[P * D];
    double power[P / 2 + 1], sum = 0, square = 0, top = 0;
    for (int a = 0; a < P; a++)
        for (int d = 0; d < D; d++)
            wave[a * D + d] = (real)(3 * cos(2 * M_PI * 7 * a / P + d));
    fourier_power(P, D, wave, power);
    for (int k = 0; k <= P / 2; k++) sum += power[k];
    assert_near(power[7] / sum, 1, TINY);
    rng_normals(rng_seed(1), noise, P * D);
    fourier_power(P, D, noise, power);
    for (int i = 0; i < P * D; i++) square += (double)noise[i] * (double)noise[i];
    sum = 0;
    for (int k = 0; k <= P / 2; k++) sum += power[k], top = fmax(top, power[k]);
    assert_near(sum / square, 1, 1e-12);
    assert_true(top / sum < 0.1);
}

static void the_alternating_row_of_an_even_p_is_its_last_frequency(void **state)
{
    (void)state;
    real x[8];
    double power[5];
    for (int a = 0; a < 8; a++) x[a] = a % 2 ? -1 : 1;
    fourier_power(8, 1, x, power);
    assert_near(power[4], 8, 1e-12);
    assert_near(power[0] + power[1] + power[2] + power[3], 0, 1e-12);
}

static void what_is_kept_and_what_is_removed_add_up(void **state)
{
    (void)state;
    enum { P = 13, D = 5 };
    const int some[] = { 0, 2, 6 };
    real x[P * D], kept[P * D], left[P * D];
    double power[P / 2 + 1], rest[P / 2 + 1];
    rng_normals(rng_seed(2), x, P * D);
    memcpy(kept, x, sizeof x), memcpy(left, x, sizeof x);
    fourier_filter(P, D, kept, COUNT(some), some, true);
    fourier_filter(P, D, left, COUNT(some), some, false);
    for (int i = 0; i < P * D; i++)
        assert_near((double)kept[i] + (double)left[i], (double)x[i], TINY);
    fourier_power(P, D, kept, power), fourier_power(P, D, left, rest);
    for (int k = 0; k <= P / 2; k++) {
        bool named = k == 0 || k == 2 || k == 6;
        assert_true((named ? rest[k] : power[k]) < TINY * TINY * 100);
        assert_true((named ? power[k] : rest[k]) > 0.1);
    }
    assert_dies(fourier_filter(P, D, x, 1, (int[]){ 7 }, true), "frequency 7 modulo 13");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_basis_is_orthonormal_for_odd_and_even_p),
        cmocka_unit_test(a_planted_frequency_holds_all_the_power_and_noise_does_not),
        cmocka_unit_test(the_alternating_row_of_an_even_p_is_its_last_frequency),
        cmocka_unit_test(what_is_kept_and_what_is_removed_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

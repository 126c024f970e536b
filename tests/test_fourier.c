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

static void shares_leave_out_the_constant_and_put_the_strongest_first(void **state)
{
    (void)state;
    enum { P = 13, D = 2 };
    real x[P * D], flat[P * D];
    double share[P / 2 + 1], sum = 0;
    int order[P / 2];
    for (int a = 0; a < P; a++) {
        x[a * D] = (real)(100 + 2 * cos(2 * M_PI * 5 * a / P));
        x[a * D + 1] = (real)sin(2 * M_PI * 3 * a / P);
        flat[a * D] = flat[a * D + 1] = 0;
    }
    fourier_shares(P, D, x, share, order);
    for (int k = 0; k <= P / 2; k++) sum += share[k];
    assert_near(sum, 1, 1e-12);
    assert_near(share[5], 0.8, TINY);
    assert_near(share[3], 0.2, TINY);
    assert_true(share[0] == 0 && order[0] == 5 && order[1] == 3);
    for (int i = 1; i < P / 2; i++) assert_true(share[order[i]] <= share[order[i - 1]]);
    assert_dies(fourier_shares(P, D, flat, share, order), "no frequencies");
}

static void a_planted_circle_is_seen_in_its_plane_and_in_no_other(void **state)
{
    (void)state;
    enum { P = 11, D = 4 };
    real x[P * D];
    double xy[P * 2];
    for (int a = 0; a < P; a++) {
        double angle = 2 * M_PI * 4 * a / P, c = 3 * cos(angle), s = 3 * sin(angle);
        x[a * D] = (real)(0.6 * c), x[a * D + 1] = (real)(0.8 * c);
        x[a * D + 2] = (real)s, x[a * D + 3] = 7;
    }
    fourier_plane(P, D, x, 4, xy);
    for (int a = 0; a < P; a++) {
        assert_near(xy[2 * a], cos(2 * M_PI * 4 * a / P), 10 * TINY);
        assert_near(xy[2 * a + 1], sin(2 * M_PI * 4 * a / P), 10 * TINY);
    }
    x[4] += 30;
    fourier_plane(P, D, x, 3, xy);
    double off = 0;
    for (int a = 0; a < P; a++)
        off = fmax(off, fabs(xy[2 * a] - cos(2 * M_PI * 3 * a / P)));
    assert_true(off > 0.5);
    assert_dies(fourier_plane(P, D, x, 6, xy), "frequency 6 modulo 11");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_basis_is_orthonormal_for_odd_and_even_p),
        cmocka_unit_test(a_planted_frequency_holds_all_the_power_and_noise_does_not),
        cmocka_unit_test(the_alternating_row_of_an_even_p_is_its_last_frequency),
        cmocka_unit_test(what_is_kept_and_what_is_removed_add_up),
        cmocka_unit_test(shares_leave_out_the_constant_and_put_the_strongest_first),
        cmocka_unit_test(a_planted_circle_is_seen_in_its_plane_and_in_no_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

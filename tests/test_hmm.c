/* test_hmm.c - hidden machines and their observer. */
#include "core/num/hmm.h"
#include "core/num/vmath.h"
#include "tests/check.h"

static const double third[3] = { 1 / 3., 1 / 3., 1 / 3. };

/* Mess3: stays with probability 1 - 2 x, then names its state with probability a. */
static HmmTree *mess3(double x, double a, int L)
{
    double T[3][3][3];
    for (int s = 0; s < 3; s++)
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++)
                T[s][i][j] = (i == j ? 1 - 2 * x : x) * (s == j ? a : (1 - a) / 2);
    return hmm_tree(3, 3, third, T[0][0], L);
}

/* Random-random-XOR: after two random bits, whether they differ. */
static HmmTree *rrxor(int L)
{
    static const double start[5] = { 1 / 3., 1 / 6., 1 / 6., 1 / 6., 1 / 6. };
    double T[2][5][5] = { { { 0 } } };
    for (int s = 0; s < 2; s++) {
        T[s][0][1 + s] = T[s][1][3 + s] = T[s][2][4 - s] = 0.5;
        T[s][3 + s][0] = 1;
    }
    return hmm_tree(5, 2, start, T[0][0], L);
}

static double entropy(const HmmTree *t, int length)
{
    double sum = 0;
    for (int i = 0; i < t->n * t->K; i++)
        if (t->length[i / t->K] == length && t->next[i] > 0)
            sum -= t->p[i / t->K] * t->next[i] * vmath_log(t->next[i]);
    return sum;
}

static void contexts_and_beliefs_are_laws(void **state)
{
    (void)state;
    for (int m = 0; m < 2; m++) {
        HmmTree *t = m ? rrxor(6) : mess3(0.05, 0.85, 6);
        double total[7] = { 0 };
        for (int a = 0; a < t->n; a++) {
            total[t->length[a]] += t->p[a];
            if (t->p[a] == 0) continue;
            double belief = 0, next = 0;
            for (int j = 0; j < t->S; j++) belief += t->belief[a * t->S + j];
            for (int s = 0; s < t->K; s++) next += t->next[a * t->K + s];
            assert_near(belief, 1, 1e-14);
            assert_near(next, 1, 1e-14);
        }
        for (int l = 0; l <= 6; l++) assert_near(total[l], 1, 1e-13);
        hmm_free(t);
    }
}

static void the_losses_of_the_observer_of_mess3_are_those_of_another_program(void **state)
{
    (void)state;
    HmmTree *t = mess3(0.05, 0.85, 8);
    assert_int_equal(t->n, 9841);
    assert_int_equal(t->n - t->full, 6561);
    static const double known[] = { 1.09861, 0.85772, 0.81336, 0.79812, 0.79474,
                                    0.79378, 0.79354, 0.79348, 0.79346 };
    for (int l = 0; l <= 8; l++) assert_near(entropy(t, l), known[l], 6e-6);
    hmm_free(t);
}

static void the_observer_of_rrxor_finds_the_beat_and_then_knows_every_third_bit(void **s)
{
    (void)s;
    HmmTree *t = rrxor(9);
    /* 0 1 0 0: 0 is not the sum of 0 and 1, nor of 1 and 0; so it is to be of 0 and 0 */
    int a = 0, word[] = { 0, 1, 0, 0 };
    for (int i = 0; i < 4; i++) a = 2 * a + 1 + word[i];
    assert_near(t->belief[a * 5 + 3], 1, 1e-14);
    assert_near(t->next[a * 2], 1, 1e-14);
    hmm_free(t);
}

static void draws_follow_the_law_of_the_contexts(void **state)
{
    (void)state;
    enum { RUNS = 40000 };
    HmmTree *t = mess3(0.1, 0.7, 3);
    int *count = alloc((size_t)t->n, sizeof *count), word[4];
    for (int r = 0; r < RUNS; r++) {
        hmm_draw(t, rng_child(rng_seed(3), (uint64_t)r), word);
        int a = 0;
        for (int i = 0; i < 3; i++) a = 3 * a + 1 + word[i];
        assert_true(a >= t->full && a < t->n);
        count[a]++;
    }
    for (int a = t->full; a < t->n; a++) {
        double sd = sqrt(t->p[a] * (1 - t->p[a]) / RUNS);
        assert_true(fabs((double)count[a] / RUNS - t->p[a]) < 5 * sd);
    }
    free(count);
    hmm_free(t);
}

static void both_halves_make_up_every_context_and_share_no_full_one(void **state)
{
    (void)state;
    HmmTree *t = mess3(0.05, 0.85, 5);
    double *fit = alloc((size_t)t->n, sizeof *fit), *test = alloc((size_t)t->n, 8);
    hmm_split(t, rng_seed(1), fit, test);
    for (int a = 1; a < t->n; a++) {
        assert_near(fit[a] + test[a], t->p[a], 1e-15);
        if (a >= t->full) assert_true((fit[a] == 0) != (test[a] == 0));
    }
    assert_true(fit[0] == 0 && test[0] == 0);
    free(fit), free(test);
    hmm_free(t);
}

static void the_last_word_comes_first_in_the_one_hot_words(void **state)
{
    (void)state;
    HmmTree *t = mess3(0.05, 0.85, 2);
    real *x = alloc((size_t)(t->n * 6), sizeof *x);
    hmm_words(t, x);
    int a = 3 * (1 + 2) + 1 + 0; /* word 2, then word 0 */
    static const real want[] = { 1, 0, 0, 0, 0, 1 };
    for (int i = 0; i < 6; i++) {
        assert_true(x[a * 6 + i] == want[i]);
        assert_true(x[i] == 0); /* the empty context */
    }
    free(x);
    hmm_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contexts_and_beliefs_are_laws),
        cmocka_unit_test(
            the_losses_of_the_observer_of_mess3_are_those_of_another_program),
        cmocka_unit_test(
            the_observer_of_rrxor_finds_the_beat_and_then_knows_every_third_bit),
        cmocka_unit_test(draws_follow_the_law_of_the_contexts),
        cmocka_unit_test(both_halves_make_up_every_context_and_share_no_full_one),
        cmocka_unit_test(the_last_word_comes_first_in_the_one_hot_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

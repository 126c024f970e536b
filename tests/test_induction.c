/* test_induction.c - what is measured on the small models, on a circuit wired by hand: it
 * solves the task, needs both heads, and looks where it should. */
#include "core/core.h"
#include "tests/check.h"
#include "tests/wired.h"

static Task *repeats(uint64_t seed)
{
    Task *k = task_new(50, CTX);
    task_repeats(k, V, 3, 6, rng_seed(seed));
    return k;
}

static void the_wired_circuit_solves_repeats_and_needs_both_heads(void **state)
{
    (void)state;
    Model *m = wired();
    Task *test = repeats(1), *choice = repeats(2);
    /* Place 0 has no place before it and notes itself, which misleads when it recurs. */
    assert_true(induction_accuracy(m, test) > 0.8);
    assert_int_equal(induction_best(m, choice), 0);
    for (int layer = 0; layer < 2; layer++) {
        assert_true(induction_without(m, test, NULL, layer, 0) < 0.6);
        assert_true(induction_without(m, test, choice, layer, 0) < 0.6);
    }
    task_free(test), task_free(choice), model_free(m);
}

static void a_pattern_is_that_of_the_layer_asked_for(void **state)
{
    (void)state;
    Model *m = wired();
    Task *k = repeats(3);
    double p[CTX * CTX];
    induction_pattern(m, k, 0, p);
    for (int t = 1; t < CTX; t++) assert_near(p[t * CTX + t - 1], 1, 1e-3);
    induction_pattern(m, k, 1, p);
    double last = 0;
    for (int s = 0; s < CTX - 1; s++)
        if (k->tok[s] == k->tok[CTX - 1]) last += p[(CTX - 1) * CTX + s + 1];
    assert_near(last, 1, 1e-3);
    task_free(k), model_free(m);
}

static void an_untrained_model_is_judged_as_one_that_knows_nothing(void **state)
{
    (void)state;
    Model *m = induction_model(16, 40, 2, 2, KEYS_PLAIN, rng_seed(4));
    Task *k = task_new(64, 40);
    task_permutations(k, 16, 0.7, rng_seed(5));
    Tape *t = tape_new();
    Induction x = induction_judge(m, t, k);
    assert_near(x.accuracy, 1. / 16, 0.05);
    assert_near(x.loss, log(16), 0.1);
    assert_near(x.gain, 0, 0.1);
    double sum = 0;
    for (int p = 0; p < 40; p++) sum += x.place[p] / 40;
    assert_near(x.loss, sum, 1e-12);
    assert_true(x.prefix < 0.2 && x.previous < 0.2);
    assert_true(induction_distance(m, k, 0) < induction_distance(m, k, 2));
    tape_free(t), task_free(k), model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_wired_circuit_solves_repeats_and_needs_both_heads),
        cmocka_unit_test(a_pattern_is_that_of_the_layer_asked_for),
        cmocka_unit_test(an_untrained_model_is_judged_as_one_that_knows_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

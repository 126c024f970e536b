/* test_task.c - sequences follow their rules, and only what can be known is asked. */
#include "core/lab/task.h"
#include "tests/check.h"
#include <math.h>
#include <string.h>

enum { V = 16, T = 40, B = 200 };

static void sequences_follow_a_permutation_as_often_as_told(void **state)
{
    (void)state;
    Task *k = task_new(B, T);
    task_permutations(k, V, 1, rng_seed(1));
    int different = 0;
    for (int b = 0; b < B; b++) {
        int next[V], n = 0;
        for (int v = 0; v < V; v++) next[v] = -1;
        for (int t = b * T; t < (b + 1) * T; t++) {
            if (t > b * T) assert_int_equal(k->tok[t], k->target[t - 1]);
            if (next[k->tok[t]] < 0) next[k->tok[t]] = k->target[t], n++;
            assert_int_equal(next[k->tok[t]], k->target[t]);
        }
        different += n != 1;
    }
    assert_in_range(different, B * 8 / 10, B);

    /* Against the most frequent follower: .7 and what the noise hits by chance. */
    Rng rule = rng_seed(7);
    int count[V][V] = { { 0 } }, top = 0;
    task_one_permutation(k, V, 0.7, rule, rng_seed(2));
    for (int i = 0; i < B * T; i++) count[k->tok[i]][k->target[i]]++;
    for (int v = 0; v < V; v++) {
        int best = 0;
        for (int w = 0; w < V; w++) best = count[v][w] > best ? count[v][w] : best;
        top += best;
    }
    assert_near((double)top / (B * T), 0.7 + 0.3 / V, 0.03);
    task_free(k);
}

static void what_is_asked_was_seen_before_and_nothing_else_is(void **state)
{
    (void)state;
    Task *k = task_new(B, T);
    task_permutations(k, V, 0.7, rng_seed(3));
    int asked = 0, noise = 0;
    for (int i = 0; i < B * T; i++) {
        bool seen = false;
        for (int s = i / T * T; s < i; s++)
            seen |= k->tok[s] == k->tok[i] && k->target[s] == k->target[i];
        if (k->ask[i]) assert_true(seen);
        asked += k->ask[i], noise += seen && !k->ask[i];
    }
    /* A step of pure noise that happens twice is seen, but no rule demands it. */
    assert_in_range(noise, 1, asked / 10);
    task_permutations(k, V, 0, rng_seed(3));
    for (int i = 0; i < B * T; i++) asked -= k->ask[i];
    assert_true(asked > 0);
    task_free(k);
}

static void repeats_have_different_tokens_and_their_period(void **state)
{
    (void)state;
    Task *k = task_new(B, T);
    task_repeats(k, V, 5, 15, rng_seed(4));
    int least = V, most = 0;
    for (int b = 0; b < B; b++) {
        const int *x = k->tok + b * T;
        int period = 1;
        while (x[period] != x[0]) period++;
        for (int t = 0; t < T; t++) {
            assert_int_equal(x[t], x[t % period]);
            assert_int_equal(k->ask[b * T + t], t >= period);
        }
        least = period < least ? period : least, most = period > most ? period : most;
    }
    assert_int_equal(least, 5);
    assert_int_equal(most, 15);
    assert_dies(task_repeats(k, V, 5, 17, rng_seed(4)), "periods from 5 to 17");
    task_free(k);
}

static void walks_step_as_their_chain_says(void **state)
{
    (void)state;
    Task *k = task_new(2, 20000);
    const double p[] = { .2, .8, .6, .4 };
    task_walks(k, 2, p, rng_seed(5));
    double from[2] = { 0 }, to[2][2] = { { 0 } };
    for (int t = 0; t < k->B * k->T; t++) {
        from[k->tok[t]]++, to[k->tok[t]][k->target[t]]++;
        assert_false(k->ask[t]);
    }
    for (int i = 0; i < 4; i++) assert_near(to[i / 2][i % 2] / from[i / 2], p[i], 0.01);
    task_free(k);
}

static void random_laws_have_the_moments_of_their_family(void **state)
{
    (void)state;
    enum { N = 20000, K = 4 };
    static const double alpha[] = { 0.3, 1, 3 };
    for (int a = 0; a < COUNT(alpha); a++) {
        double mean = 0, square = 0, p[K];
        for (int i = 0; i < N; i++) {
            task_law(K, alpha[a], rng_child(rng_seed(6), (uint64_t)i), p);
            assert_near(p[0] + p[1] + p[2] + p[3], 1, 1e-12);
            mean += p[1] / N, square += p[1] * p[1] / N;
        }
        assert_near(mean, 1. / K, 0.01);
        assert_near(square, (alpha[a] + 1) / (K * (K * alpha[a] + 1)), 0.01);
    }
}

static void chains_differ_between_sequences(void **state)
{
    (void)state;
    Task *k = task_new(2, 20000);
    task_chains(k, 2, 1, rng_seed(8));
    double ones[2] = { 0 };
    for (int i = 0; i < 2 * k->T; i++) ones[i / k->T] += (double)k->tok[i] / k->T;
    assert_true(fabs(ones[0] - ones[1]) > 0.02);
    task_free(k);
}

static void predictions_are_scored_where_they_are_asked(void **state)
{
    (void)state;
    Task *k = task_new(1, 6);
    const int tok[] = { 0, 1, 0, 1, 2, 2 }, target[] = { 1, 0, 1, 2, 2, 2 };
    memcpy(k->tok, tok, sizeof tok), memcpy(k->target, target, sizeof target);
    k->ask[2] = k->ask[5] = true;
    real logits[6 * 3] = { 0 };
    logits[2 * 3 + 1] = 1, logits[5 * 3 + 0] = 1;
    assert_near(task_accuracy(k, 3, logits), 0.5, 0);
    double loss[6], p[3];
    task_losses(k, 3, logits, loss);
    assert_near(loss[0], log(3), 1e-7);
    assert_near(loss[2], log(exp(1) + 2) - 1, 1e-7);
    assert_near(loss[5], log(exp(1) + 2), 1e-7);

    task_counts(k, 3, 0, 4, p);
    assert_near(p[1], 1. / 3, 0);
    task_counts(k, 3, 1, 3, p); /* two of 0, two of 1 */
    assert_near(p[0], 3. / 7, 1e-15);
    assert_near(p[2], 1. / 7, 1e-15);
    task_counts(k, 3, 2, 3, p); /* after 1 came 0, once */
    assert_near(p[0], 2. / 4, 1e-15);
    task_counts(k, 3, 2, 5, p); /* after 2 came 2, once */
    assert_near(p[2], 2. / 4, 1e-15);
    task_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequences_follow_a_permutation_as_often_as_told),
        cmocka_unit_test(what_is_asked_was_seen_before_and_nothing_else_is),
        cmocka_unit_test(repeats_have_different_tokens_and_their_period),
        cmocka_unit_test(walks_step_as_their_chain_says),
        cmocka_unit_test(random_laws_have_the_moments_of_their_family),
        cmocka_unit_test(chains_differ_between_sequences),
        cmocka_unit_test(predictions_are_scored_where_they_are_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_task.c - sequences follow their rules, and only what can be known is asked. */
#include "core/lab/task.h"
#include "tests/check.h"

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
    const double p[] = { .2, .8, 1, 0, .5, .5, .1, .9 };
    task_walks(k, 2, p, rng_seed(5));
    for (int b = 0; b < 2; b++) {
        double from[2] = { 0 }, to[2][2] = { { 0 } };
        for (int t = b * k->T; t < (b + 1) * k->T; t++) {
            from[k->tok[t]]++, to[k->tok[t]][k->target[t]]++;
            assert_false(k->ask[t]);
        }
        for (int i = 0; i < 4; i++)
            assert_near(to[i / 2][i % 2] / from[i / 2], p[4 * b + i], 0.02);
    }
    task_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequences_follow_a_permutation_as_often_as_told),
        cmocka_unit_test(what_is_asked_was_seen_before_and_nothing_else_is),
        cmocka_unit_test(repeats_have_different_tokens_and_their_period),
        cmocka_unit_test(walks_step_as_their_chain_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* test_alias.c - draws follow their law, and what has no weight is never drawn. */
#include "core/num/alias.h"
#include "core/base/rng.h"
#include "tests/check.h"

/* The law that the table encodes, slot by slot: exact, without a draw. */
static void assert_encodes(int n, const double *weight)
{
    Alias a = alias_new(n, weight);
    double *law = alloc((size_t)n, sizeof *law), total = 0;
    for (int i = 0; i < n; i++) {
        assert_in_range(a.other[i], 0, n - 1);
        law[i] += a.keep[i] / n;
        law[a.other[i]] += (1 - a.keep[i]) / n;
        total += weight[i];
    }
    for (int i = 0; i < n; i++) assert_near(law[i], weight[i] / total, 1e-14);
    free(law);
    alias_free(a);
}

static void the_table_encodes_the_law(void **state)
{
    (void)state;
    assert_encodes(1, (double[]){ 5 });
    assert_encodes(2, (double[]){ 0, 3 });
    assert_encodes(4, (double[]){ 1, 1, 1, 1 });
    assert_encodes(5, (double[]){ 1e-12, 1, 0, 1e6, 0.3 });
    double zipf[1000];
    for (int i = 0; i < 1000; i++) zipf[i] = 1.0 / (i + 1);
    assert_encodes(1000, zipf);
}

static void draws_follow_the_law(void **state)
{
    (void)state;
    enum { N = 6, TRIALS = 60000 };
    const double weight[N] = { 1, 2, 3, 0, 4, 20 };
    Alias a = alias_new(N, weight);
    int seen[N] = { 0 };
    for (int i = 0; i < TRIALS; i++)
        seen[alias_draw(&a, rng_u64(rng_seed(1), (uint64_t)i))]++;
    double sum = 0;
    for (int i = 0; i < N; i++) {
        double expected = TRIALS * weight[i] / 30;
        if (weight[i] > 0) sum += (seen[i] - expected) * (seen[i] - expected) / expected;
    }
    assert_int_equal(seen[3], 0);
    /* 4 degrees of freedom: above 18.5 with probability 0.001 */
    assert_true(sum < 18.5);
    alias_free(a);
}

static void every_word_of_bits_gives_a_choice(void **state)
{
    (void)state;
    Alias a = alias_new(3, (double[]){ 1, 1, 1 });
    assert_int_equal(alias_draw(&a, 0), 0);
    assert_int_equal(alias_draw(&a, UINT64_MAX), 2);
    alias_free(a);
}

static void what_is_no_law_is_fatal(void **state)
{
    (void)state;
    assert_dies(alias_new(2, (double[]){ 1, -1 }), "weight 1 is -1");
    assert_dies(alias_new(2, (double[]){ NAN, 1 }), "weight 0 is");
    assert_dies(alias_new(2, (double[]){ 1, INFINITY }), "weight 1 is inf");
    assert_dies(alias_new(2, (double[]){ 0, 0 }), "without a possible outcome");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_encodes_the_law),
        cmocka_unit_test(draws_follow_the_law),
        cmocka_unit_test(every_word_of_bits_gives_a_choice),
        cmocka_unit_test(what_is_no_law_is_fatal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

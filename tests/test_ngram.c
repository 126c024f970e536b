/* test_ngram.c - counts of phrases and their estimates, against counting by hand. */
#include "tests/check.h"
#include "core/base/rng.h"
#include "core/text/ngram.h"

enum { N = 3000, V = 7 };

static int *random_text(void)
{
    int *text = alloc(N, sizeof *text);
    for (int i = 0; i < N; i++) {
        int fresh = rng_below(rng_seed(4), (uint64_t)i, V - 1);
        text[i] = i % 3 ? (text[i - 1] + fresh / 3) % (V - 1) : fresh;
    }
    return text;
}

static int plain_count(const int *text, const int *s, int k)
{
    int count = 0;
    for (int i = 0; i < N - NGRAM_MOST; i++)
        count += !memcmp(text + i, s, (size_t)k * sizeof *s);
    return count;
}

static double plain_probability(const int *text, const int *w, int order)
{
    if (order == 0) return 1.0 / V;
    int k = order - 1, all = 0, kinds = 0, s[8];
    if (k) memcpy(s, w - k, (size_t)k * sizeof *s);
    for (int v = 0; v < V; v++) {
        s[k] = v;
        int c = plain_count(text, s, order);
        all += c, kinds += c > 0;
    }
    double d = k ? kinds : V, shorter = plain_probability(text, w, k);
    return d > 0 ? (plain_count(text, w - k, order) + d * shorter) / (all + d) : shorter;
}

static void phrases_are_counted_as_a_plain_loop_counts_them(void **state)
{
    (void)state;
    int *text = random_text();
    Ngrams *g = ngram_new(text, N, V);
    for (int i = 0; i < 400; i++) {
        int k = 1 + i % 6, s[6];
        for (int j = 0; j < k; j++)
            s[j] = rng_below(rng_seed(9), (uint64_t)(8 * i + j), V);
        assert_int_equal(ngram_count(g, s, k), plain_count(text, s, k));
        assert_true(ngram_count(g, text + i, NGRAM_MOST) >= 1);
    }
    ngram_free(g), free(text);
}

static void estimates_are_those_of_the_formula_and_sum_to_one(void **state)
{
    (void)state;
    int *text = random_text();
    Ngrams *g = ngram_new(text, N, V);
    for (int i = 0; i < 200; i++) {
        int order = i % 5, w[5];
        double sum = 0;
        for (int j = 0; j < 4; j++)
            w[j] = rng_below(rng_seed(11), (uint64_t)(8 * i + j), V);
        for (int v = 0; v < V; v++) {
            w[4] = v;
            double p = ngram_probability(g, w + 4, order);
            sum += p;
            assert_near(p, plain_probability(text, w + 4, order), 1e-12);
            assert_true(p > 0);
        }
        assert_near(sum, 1, 1e-12);
    }
    ngram_free(g), free(text);
}

/* A wrong estimate would not be noticed by the sum: a known one, by hand. */
static void a_repeated_phrase_is_expected(void **state)
{
    (void)state;
    int text[200];
    for (int i = 0; i < 200; i++) text[i] = i % 4;
    Ngrams *g = ngram_new(text, 200, 5);
    const int s[] = { 1, 2, 3, 4 };
    assert_int_equal(ngram_count(g, s, 3), 46);
    assert_true(ngram_probability(g, s + 2, 3) > 0.95);
    assert_true(ngram_probability(g, s + 3, 3) < 0.01);
    ngram_free(g);
}

static void a_text_or_a_phrase_out_of_range_dies(void **state)
{
    (void)state;
    int text[20] = { 0 };
    assert_dies(ngram_new(text, NGRAM_MOST, 3), "16 tokens of 3 kinds");
    Ngrams *g = ngram_new(text, 20, 3);
    assert_dies(ngram_count(g, text, 0), "a phrase of 0");
    assert_dies(ngram_count(g, text, NGRAM_MOST + 1), "a phrase of 17");
    ngram_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(phrases_are_counted_as_a_plain_loop_counts_them),
        cmocka_unit_test(estimates_are_those_of_the_formula_and_sum_to_one),
        cmocka_unit_test(a_repeated_phrase_is_expected),
        cmocka_unit_test(a_text_or_a_phrase_out_of_range_dies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
